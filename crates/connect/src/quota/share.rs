//! How much of the limits that a connection counts against is used, and when it is less again.

use accounts::gate::Actor;
use db::Workspace;
use kernel::{ConnectionId, IntegrationId, Problem, Timestamp};
use std::time::Duration;

use super::{Pot, Purse};
use crate::Connect;

/// How full the tightest limit is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Share {
    /// What is used of it, from 0 to 1.
    pub used: f64,
    /// When no limit is fuller than was asked about, if nothing more is sent; `None` when nobody knows.
    pub eases_at: Option<Timestamp>,
}

impl Connect {
    /// How full the tightest limit is that a connection counts against, and when none is fuller than
    /// `most`. `None` when no limit is known.
    ///
    /// # Errors
    /// When the integration or its credentials cannot be read.
    pub async fn share_used(
        &self,
        workspace: &Workspace,
        integration: IntegrationId,
        connection: ConnectionId,
        most: f64,
        actor: &Actor,
    ) -> Result<Option<Share>, Problem> {
        let found = self.integration(workspace, integration).await?;
        let Some(integration) = found.filter(|it| it.provider_def.rate_limit.is_some()) else {
            return Ok(None);
        };
        let app = self.app(workspace, &integration, actor).await?;
        let purse = Purse::with(&integration, app, Some(connection));
        let now = self.0.db.clock().now();
        let shares = purse.pots().flat_map(|pot| self.shares(&pot, most, now));
        Ok(shares.reduce(|a, b| Share {
            used: a.used.max(b.used),
            eases_at: a.eases_at.zip(b.eases_at).map(|(a, b)| a.max(b)),
        }))
    }

    fn shares(&self, pot: &Pot<'_>, most: f64, now: Timestamp) -> Vec<Share> {
        let daily = pot.daily().map(|daily| {
            let spent = self.0.egress.budgets().used(pot.key(), now);
            let used = spent as f64 / daily.units.max(1) as f64;
            let eases_at = if used < most { Some(now) } else { daily.next_reset(now) };
            Share { used, eases_at }
        });
        let window = self.0.egress.standing(&pot.limit()).map(|standing| {
            let spent = standing.limit.saturating_sub(standing.remaining);
            let used = spent as f64 / standing.limit.max(1) as f64;
            Share { used, eases_at: eases_at(used, most, standing.resets_at, now) }
        });
        daily.into_iter().chain(window).collect()
    }
}

/// When it is down to `most`, coming back steadily until `full_at`.
fn eases_at(used: f64, most: f64, full_at: Option<Timestamp>, now: Timestamp) -> Option<Timestamp> {
    if used < most {
        return Some(now);
    }
    let part = (used - most) / used.max(f64::MIN_POSITIVE);
    let wait = full_at?.since(now).as_secs_f64() * part;
    Some(now.plus(Duration::try_from_secs_f64(wait).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_eases_as_it_comes_back() {
        let now = Timestamp::from_secs(1_000);
        let full = Some(Timestamp::from_secs(1_100));
        assert_eq!(eases_at(0.05, 0.1, full, now), Some(now));
        assert_eq!(eases_at(0.2, 0.1, full, now), Some(Timestamp::from_secs(1_050)));
        assert_eq!(eases_at(1.0, 0.1, full, now), Some(Timestamp::from_secs(1_090)));
        assert_eq!(eases_at(1.0, 0.1, None, now), None);
    }
}
