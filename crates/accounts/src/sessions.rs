//! Sessions in memory. A session lasts thirty days from signing in, however much it is used: reading
//! never writes, and a stolen cookie ends by itself.

use db::{DbError, args};
use kernel::{SessionId, Timestamp, UserId, WorkspaceId};
use papaya::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use vault::TokenHash;

use crate::limit::Window;
use crate::{Accounts, Role};

/// How long a login lasts.
pub(crate) const LIFETIME: Duration = Duration::from_secs(30 * 24 * 60 * 60);
/// How many sessions are remembered at once; the others are read from the table.
const MOST: usize = 10_000;

/// What is known of a session and its person.
pub(crate) struct SessionEntry {
    pub(crate) id: SessionId,
    pub(crate) user: UserId,
    pub(crate) email: String,
    pub(crate) name: String,
    pub(crate) instance_owner: bool,
    pub(crate) csrf_token: String,
    pub(crate) expires_at: Timestamp,
    /// The first is where they act unless they say otherwise.
    pub(crate) memberships: Vec<Membership>,
    pub(crate) window: Mutex<Window>,
}

/// A workspace that a person belongs to.
#[derive(Clone, Debug)]
pub(crate) struct Membership {
    pub(crate) workspace: WorkspaceId,
    pub(crate) name: String,
    pub(crate) slug: String,
    pub(crate) accent: Option<String>,
    pub(crate) role: Role,
    pub(crate) created_at: Timestamp,
}

#[derive(Default)]
pub(crate) struct Sessions {
    by_hash: HashMap<TokenHash, Arc<SessionEntry>>,
    /// Counts what was forgotten: an answer that was read before is not kept after.
    forgotten: AtomicU64,
}

impl Sessions {
    pub(crate) fn forget_user(&self, user: UserId) {
        self.forgotten.fetch_add(1, Ordering::SeqCst);
        self.by_hash.pin().retain(|_, entry| entry.user != user);
    }

    pub(crate) fn clear(&self) {
        self.forgotten.fetch_add(1, Ordering::SeqCst);
        self.by_hash.pin().clear();
    }

    fn find(&self, hash: &TokenHash) -> Option<Arc<SessionEntry>> {
        self.by_hash.pin().get(hash).cloned()
    }

    fn keep(&self, hash: TokenHash, entry: Arc<SessionEntry>, read_at: u64) {
        let known = self.by_hash.pin();
        if known.len() >= MOST {
            known.clear();
        }
        known.insert(hash, entry);
        if self.forgotten.load(Ordering::SeqCst) != read_at {
            known.remove(&hash);
        }
    }
}

impl Accounts {
    /// The session of a cookie, while it lasts.
    pub(crate) async fn session(&self, token: &str) -> Result<Option<Arc<SessionEntry>>, DbError> {
        let hash = TokenHash::of(token);
        let sessions = &self.0.sessions;
        let entry = match sessions.find(&hash) {
            Some(entry) => entry,
            None => {
                let read_at = sessions.forgotten.load(Ordering::SeqCst);
                let Some(entry) = self.read_session(hash).await? else { return Ok(None) };
                let entry = Arc::new(entry);
                sessions.keep(hash, entry.clone(), read_at);
                entry
            }
        };
        Ok((self.now() < entry.expires_at).then_some(entry))
    }

    async fn read_session(&self, hash: TokenHash) -> Result<Option<SessionEntry>, DbError> {
        let mut tx = self.0.db.system(false).await?;
        let row = tx
            .fetch_optional(
                "SELECT s.id, s.user_id, s.csrf_token, s.expires_at, u.email, u.name, \
                 u.instance_owner FROM sessions s JOIN users u ON u.id = s.user_id \
                 WHERE s.token_hash = $1",
                args![hash.to_hex()],
            )
            .await?;
        let Some(row) = row else { return Ok(None) };
        let user: UserId = row.parse("user_id")?;
        Ok(Some(SessionEntry {
            id: row.parse("id")?,
            user,
            email: row.text("email")?,
            name: row.text("name")?,
            instance_owner: row.flag("instance_owner")?,
            csrf_token: row.text("csrf_token")?,
            expires_at: row.time("expires_at")?,
            memberships: crate::store::member::of_user(&mut tx, user).await?,
            window: Mutex::default(),
        }))
    }
}
