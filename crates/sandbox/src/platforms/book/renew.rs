//! How tokens are renewed: by a refresh token, stable or rotating, or by themselves.

use std::time::Duration;

use kernel::Timestamp;

use super::{Book, Dead, Denied, Issued, Kind};
use crate::platforms::rules::Model;
use crate::platforms::style::RefreshAnswer;

impl Book {
    /// Uses a refresh token. With `omit` the answer holds none, and the old one stays good.
    pub(in crate::platforms) fn refresh(
        &mut self,
        token: &str,
        client: &str,
        omit: bool,
        now: Timestamp,
    ) -> Result<Issued, Denied> {
        let refreshed = self.try_refresh(token, client, omit, now);
        match refreshed {
            Ok(_) => self.counters.refreshes += 1,
            Err(_) => self.counters.refreshes_refused += 1,
        }
        refreshed
    }

    fn try_refresh(
        &mut self,
        token: &str,
        client: &str,
        omit: bool,
        now: Timestamp,
    ) -> Result<Issued, Denied> {
        let invalid = |why| Err(Denied("invalid_grant", why));
        let Some(known) = self.tokens.get(token).filter(|known| known.kind == Kind::Refresh) else {
            return invalid("The refresh token is not known.");
        };
        let (id, used_at, expires_at) = (known.grant, known.used_at, known.expires_at);
        let Some(grant) = self.grants.get_mut(&id) else { return invalid("There is no grant.") };
        if grant.client != client {
            return invalid("The refresh token was given to another app.");
        }
        if !grant.alive {
            return invalid("The grant has been revoked.");
        }
        if expires_at.is_some_and(|end| now >= end) {
            return invalid("The refresh token has expired.");
        }
        let grace = Duration::from_secs(self.rules.reuse_grace_secs);
        let used = used_at.is_some_and(|used| now.since(used) >= grace);
        if used && self.rules.model != Model::Rotating {
            return invalid("The refresh token has been replaced.");
        }
        if used {
            self.counters.reuses += 1;
            self.kill(id);
            return invalid("The refresh token was used before; the grant is revoked.");
        }
        grant.refreshes += 1;
        let rotates = !omit
            && match (self.rules.model, self.style.refresh_answer) {
                (Model::Rotating, _) => true,
                // What was replaced already, and asks within the grace, is replaced again.
                (_, RefreshAnswer::Sometimes) => {
                    used_at.is_some() || grant.refreshes.is_multiple_of(3)
                }
                _ => false,
            };
        if rotates && used_at.is_some() {
            // What replaced it never arrived, or is replaced as well: it need not be remembered for ever.
            let others = grant.tokens.iter().filter(|other| *other != token);
            for other in others {
                let known = self.tokens.get_mut(other).filter(|it| it.kind == Kind::Refresh);
                known.map(|known| known.used_at.get_or_insert(now));
            }
        }
        if rotates && let Some(known) = self.tokens.get_mut(token) {
            known.used_at.get_or_insert(now);
        }
        let mut issued = self.issue(id, Kind::Access, rotates, now);
        if !rotates && !omit && self.style.refresh_answer == RefreshAnswer::Always {
            issued.refresh = Some(token.to_owned());
            issued.refresh_expires = expires_at;
        }
        Ok(issued)
    }

    /// Turns the short token into a long-lived one.
    pub(in crate::platforms) fn lengthen(
        &mut self,
        token: &str,
        now: Timestamp,
    ) -> Result<Issued, Dead> {
        let held = self.held(token, now)?;
        let grant = self.tokens.get(&held.token).map_or(0, |known| known.grant);
        Ok(self.issue(grant, Kind::Access, false, now))
    }

    /// Extends a long-lived token. `None`: it is too young, or not a long-lived one.
    pub(in crate::platforms) fn extend(
        &mut self,
        token: &str,
        now: Timestamp,
    ) -> Result<Option<Issued>, Dead> {
        let held = self.held(token, now);
        let known = self.tokens.get(token).map(|known| (known.kind, known.issued_at, known.grant));
        let least = Duration::from_secs(self.rules.min_age_secs);
        match (held, known) {
            (Ok(_), Some((Kind::Access, issued_at, grant))) if now.since(issued_at) >= least => {
                self.counters.refreshes += 1;
                Ok(Some(self.issue(grant, Kind::Access, false, now)))
            }
            (Ok(_), _) => {
                self.counters.refreshes_refused += 1;
                Ok(None)
            }
            (Err(dead), _) => {
                self.counters.refreshes_refused += 1;
                Err(dead)
            }
        }
    }
}
