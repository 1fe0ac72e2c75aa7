//! Signing people up and in: passwords, owners, workspaces.

use db::{DbError, Tx};
use kernel::{MemberId, Problem, Secret, SessionId, UserId, WorkspaceId, codes};
use vault::{PasswordHash, TokenHash, WrappedKey, check_password, hash_password, new_token};

use crate::audit::{self, By};
use crate::store::{member, session, setting, user, workspace};
use crate::{Accounts, Role};

/// The hash that a login with an unknown address is checked against, so that it takes as long as one
/// with a known address. Of a random password that nobody kept.
const NOBODY: &str = "$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$\
    S2z2m1rWm7nGk3e9vQ0b7o2Yb0G9mQm0n3l2q1c8x5E";

const PASSWORD: std::ops::RangeInclusive<usize> = 8..=1024;
/// The longest path of an address, RFC 5321 section 4.5.3.1.3.
const MOST_EMAIL: usize = 254;
const MOST_NAME: usize = 200;

/// The first owner and what was made for them.
#[derive(Debug)]
pub struct Owner {
    /// The workspace.
    pub workspace_id: WorkspaceId,
    /// The person.
    pub user_id: UserId,
    /// A key with `admin:full`, shown this once.
    pub api_key: Secret<String>,
}

/// A login: what the cookie says, and the token that goes with changes.
pub(crate) struct Login {
    pub(crate) cookie: Secret<String>,
}

impl Accounts {
    /// The workspace's name in paths.
    ///
    /// # Errors
    /// [`DbError`] when it cannot be read.
    pub async fn slug(&self, workspace: &db::Workspace) -> Result<String, DbError> {
        let mut tx = workspace.read().await?;
        let found = crate::store::workspace::find(&mut tx, workspace.id()).await?;
        Ok(found.map(|found| found.slug).unwrap_or_default())
    }

    /// Sets up the first owner with a workspace and a key that may do everything in it.
    ///
    /// # Errors
    /// `auth.setup_done` when there is somebody already, `request.invalid` for an unusable address,
    /// password or name.
    pub async fn init_owner(
        &self,
        email: &str,
        password: &Secret<String>,
        workspace: &str,
    ) -> Result<Owner, Problem> {
        let (mut tx, founded) = self.found(email, password, workspace, None).await?;
        let (id, api_key) = self.init_key(&mut tx, &founded).await?;
        let owner = Owner { workspace_id: founded.workspace.id, user_id: founded.user, api_key };
        audit::write(
            &mut tx,
            &self.db().workspace(owner.workspace_id),
            By::HOUSE,
            "api_key.created",
            id,
            serde_json::json!({ "name": "init", "scopes": ["admin:full"] }),
        )
        .await?;
        tx.commit().await?;
        self.use_key(&founded.key).await?;
        self.reload_key(owner.workspace_id, id).await?;
        Ok(owner)
    }

    /// Prepares the first owner and the first workspace; the caller commits.
    pub(crate) async fn found(
        &self,
        email: &str,
        password: &Secret<String>,
        name: &str,
        person: Option<&str>,
    ) -> Result<(Tx, Founded), Problem> {
        let email = read_email(email)?;
        check_new_password(password, "/password")?;
        let name = read_name(name, "/workspace")?;
        let person = person.map(|name| read_name(name, "/name")).transpose()?;
        let done = || Problem::new(&codes::SETUP_DONE, "Sign in instead.");
        if !user::none(&mut self.0.db.system(false).await?).await? {
            return Err(done());
        }
        let password = self.hash(password).await?;
        let (now, entropy) = (self.now(), self.0.db.entropy());
        let id = UserId::generate(now, entropy);
        let person = person.unwrap_or_else(|| name_of(&email));
        let mut tx = self.0.db.system(true).await?;
        if !user::none(&mut tx).await? {
            return Err(done());
        }
        let user = user::User { id, email, password };
        user::insert(&mut tx, &user, &person, true).await?;
        let (workspace, key) = self.new_workspace(&mut tx, &name, id, By::HOUSE).await?;
        match setting::settle_home(&mut tx, workspace.id).await {
            Err(DbError::Conflict) => return Err(done()),
            settled => settled?,
        }
        Ok((tx, Founded { user: id, workspace, key }))
    }

    /// Adds a workspace with its data key and its first owner. After the commit the caller takes the
    /// key into use with [`Accounts::use_key`].
    pub(crate) async fn new_workspace(
        &self,
        tx: &mut Tx,
        name: &str,
        owner: UserId,
        by: By,
    ) -> Result<(workspace::Stored, WrappedKey), DbError> {
        let (now, entropy) = (self.now(), self.0.db.entropy());
        let id = WorkspaceId::generate(now, entropy);
        let key = self.0.db.keyring().generate(&*self.0.db.master().await?, id, 1)?;
        let stored = workspace::insert(tx, id, name).await?;
        tx.insert_data_key(&key).await?;
        let membership = MemberId::generate(now, entropy);
        member::insert(tx, id, membership, owner, Role::Owner).await?;
        let detail = serde_json::json!({ "name": name, "owner": owner });
        let handle = self.0.db.workspace(id);
        audit::write(tx, &handle, by, "workspace.created", id, detail.clone()).await?;
        tx.emit(id, "workspace.created", id, detail).await?;
        Ok((stored, key))
    }

    pub(crate) async fn use_key(&self, key: &WrappedKey) -> Result<(), DbError> {
        let master = self.0.db.master().await?;
        Ok(self.0.db.keyring().add(&master, key)?)
    }

    /// Begins a session.
    pub(crate) async fn begin_session(&self, tx: &mut Tx, user: UserId) -> Result<Login, DbError> {
        let entropy = self.0.db.entropy();
        let id = SessionId::generate(self.now(), entropy);
        let (cookie, csrf_token) = (new_token("", entropy), new_token("", entropy));
        let hash = TokenHash::of(cookie.expose());
        session::insert(tx, id, user, hash, csrf_token.expose()).await?;
        Ok(Login { cookie })
    }

    /// Commits a change of what sessions know of a person; it holds for the very next request here.
    pub(crate) async fn commit_person(&self, mut tx: Tx, user: UserId) -> Result<(), DbError> {
        self.person_changed(&mut tx, user);
        tx.commit().await?;
        self.0.sessions.forget_user(user);
        Ok(())
    }

    pub(crate) async fn hash(&self, password: &Secret<String>) -> Result<PasswordHash, Problem> {
        let (password, entropy) = (password.clone(), self.0.db.entropy().clone());
        let hashed = self.hashing(move || hash_password(&password, &entropy)).await?;
        Ok(hashed.map_err(DbError::from)?)
    }

    /// Whether it is the password of that person; as slow when there is no such person.
    pub(crate) async fn verify(
        &self,
        password: &Secret<String>,
        known: Option<&PasswordHash>,
    ) -> Result<bool, Problem> {
        let password = password.clone();
        let hash = known.cloned().unwrap_or_else(|| PasswordHash(NOBODY.to_owned()));
        let matches = self.hashing(move || check_password(&password, &hash)).await?;
        Ok(matches && known.is_some())
    }

    async fn hashing<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Problem> {
        let closing = || Problem::new(&codes::UNAVAILABLE, "The server is stopping.");
        let _turn = self.0.hashing.acquire().await.map_err(|_| closing())?;
        tokio::task::spawn_blocking(work).await.map_err(|_| closing())
    }
}

/// What [`Accounts::found`] prepared.
pub(crate) struct Founded {
    pub(crate) user: UserId,
    pub(crate) workspace: workspace::Stored,
    pub(crate) key: WrappedKey,
}

/// An e-mail address as it is kept: trimmed, in lower case.
pub(crate) fn read_email(text: &str) -> Result<String, Problem> {
    let email = text.trim().to_lowercase();
    let parts = email.split_once('@');
    let fits = parts.is_some_and(|(local, host)| !local.is_empty() && !host.is_empty());
    let plain = !email.contains(|letter: char| letter.is_whitespace() || letter.is_control());
    if fits && plain && email.len() <= MOST_EMAIL {
        return Ok(email);
    }
    Err(refuse("/email", "expected an e-mail address"))
}

pub(crate) fn check_new_password(password: &Secret<String>, pointer: &str) -> Result<(), Problem> {
    if PASSWORD.contains(&password.expose().chars().count()) {
        return Ok(());
    }
    Err(refuse(pointer, "expected 8 to 1024 characters"))
}

/// A name that people give: trimmed, not empty, not endless.
pub(crate) fn read_name(text: &str, pointer: &str) -> Result<String, Problem> {
    let name = text.trim();
    if (1..=MOST_NAME).contains(&name.chars().count()) {
        return Ok(name.to_owned());
    }
    Err(refuse(pointer, "expected 1 to 200 characters"))
}

pub(crate) fn refuse(pointer: &str, message: &str) -> Problem {
    Problem::new(&codes::INVALID, format!("{pointer}: {message}")).field(pointer, message)
}

/// What somebody is called who did not say.
pub(crate) fn name_of(email: &str) -> String {
    email.split('@').next().unwrap_or(email).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_kept_in_one_form() {
        assert_eq!(read_email(" Ada@Example.COM ").unwrap(), "ada@example.com");
        for text in ["", "ada", "@example.com", "ada@", "a b@example.com", "a@b\n.c"] {
            assert!(read_email(text).is_err(), "{text}");
        }
        assert!(read_email(&format!("{}@example.com", "a".repeat(250))).is_err());
    }

    #[test]
    fn a_login_of_nobody_takes_as_long_as_one_of_somebody() {
        let password = Secret::new("correct horse".to_owned());
        let known = hash_password(&password, &kernel::Entropy::seeded(1)).unwrap();
        // The same parameters, and lengths that argon2 does not refuse at a glance.
        let form = |hash: &str| {
            let parts: Vec<_> = hash.split('$').map(str::to_owned).collect();
            (parts[..4].to_vec(), parts[4].len(), parts[5].len())
        };
        assert_eq!(form(&known.0), form(NOBODY));
        let begin = std::time::Instant::now();
        assert!(!check_password(&password, &PasswordHash(NOBODY.to_owned())));
        assert!(begin.elapsed().as_millis() >= 1, "it was not even tried");
    }
}
