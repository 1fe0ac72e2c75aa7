//! When tokens are renewed. Pure: the time and the dice come in, a decision comes out.

use catalog::oauth::{OAuth, RefreshModel};
use kernel::Timestamp;
use std::time::Duration;

use crate::connection::Connection;

/// The longest that the token endpoint is waited for.
pub(crate) const PATIENCE: Duration = Duration::from_secs(75);
/// Who asks for new tokens has them to himself for so long, and for as long again with each [`BEAT`]: a
/// slow token endpoint admits no second, and who died asking does not keep the others for long.
pub(crate) const LEASE: Duration = Duration::from_secs(30);
/// How often whoever asks says that he is still waiting for the answer.
pub(crate) const BEAT: Duration = Duration::from_secs(10);
/// Nothing is renewed twice in this time because an answer called a token expired: it may mean
/// something else by it.
pub(crate) const SETTLING: Duration = Duration::from_secs(30);
/// How long failures are taken for passing before a person is asked to look.
pub(crate) const ASK_AFTER: Duration = Duration::from_secs(3 * DAY);

const DAY: u64 = 86_400;
/// Tokens are renewed at most so long before their end unless the provider says otherwise.
const MARGIN: Duration = Duration::from_secs(300);
const FIRST_WAIT: Duration = Duration::from_secs(30);
const LONGEST_WAIT: Duration = Duration::from_secs(6 * 3600);

/// How long before its end a token is renewed.
pub(crate) fn margin(oauth: &OAuth, lifetime: Duration) -> Duration {
    if let Some(secs) = oauth.refresh.margin_secs {
        return Duration::from_secs(secs).min(lifetime);
    }
    match oauth.refresh.model {
        // It can only be renewed while it is alive: early, so that there is time for failures.
        RefreshModel::Extending => lifetime / 2,
        _ => MARGIN.min(lifetime / 10),
    }
}

/// Whether the access token can be used as it is.
pub(crate) fn is_fresh(oauth: &OAuth, it: &Connection, now: Timestamp) -> bool {
    let Some(end) = it.expires_at else { return true };
    let spare = match oauth.refresh.model {
        // It is renewed in the background; until it ends it is good.
        RefreshModel::Extending | RefreshModel::None => Duration::ZERO,
        _ if !it.can_refresh => Duration::ZERO,
        _ => margin(oauth, end.since(it.granted_at)),
    };
    now < end.minus(spare)
}

/// Whether the access token is alive.
pub(crate) fn is_alive(it: &Connection, now: Timestamp) -> bool {
    it.expires_at.is_none_or(|end| now < end)
}

/// Whether the token may be renewed at all by now.
pub(crate) fn may_renew(oauth: &OAuth, it: &Connection, now: Timestamp) -> bool {
    let age = now.since(it.granted_at);
    let old_enough = oauth.refresh.min_age_secs.is_none_or(|secs| age.as_secs() >= secs);
    let alive = oauth.refresh.model != RefreshModel::Extending || is_alive(it, now);
    it.can_refresh && old_enough && alive
}

/// When the tokens are renewed next in the background; `None` when that is left to whoever needs them.
/// `fraction`, from 0 to 1, spreads what was granted at one time.
pub(crate) fn renew_at(oauth: &OAuth, it: &Connection, fraction: f64) -> Option<Timestamp> {
    if !it.can_refresh || it.status.needs_person() {
        return None;
    }
    if it.failures > 0 {
        return Some(it.updated_at.plus(backoff(it.failures, fraction)));
    }
    let spread = |span: Duration| span.mul_f64(0.2 * fraction);
    match (oauth.refresh.model, it.expires_at) {
        (RefreshModel::None | RefreshModel::ClientCredentials, _) => None,
        (_, Some(end)) => {
            let margin = margin(oauth, end.since(it.granted_at));
            let due = end.minus(margin).plus(spread(margin));
            let earliest = oauth.refresh.min_age_secs.unwrap_or_default();
            Some(due.max(it.granted_at.plus(Duration::from_secs(earliest))))
        }
        // It never ends, but what would renew it may.
        (_, None) => {
            let end = it.refresh_expires_at?;
            let lifetime = end.since(it.granted_at);
            Some(it.granted_at.plus(lifetime / 2).plus(spread(lifetime / 2)))
        }
    }
}

/// How long to wait after so many failures in a row: full jitter under a bound that doubles.
pub(crate) fn backoff(failures: u32, fraction: f64) -> Duration {
    let doubled = FIRST_WAIT.saturating_mul(1u32 << failures.saturating_sub(1).min(16));
    let bound = doubled.min(LONGEST_WAIT);
    bound / 2 + (bound / 2).mul_f64(fraction)
}

/// When people are warned that an account must be connected again soon, where nothing renews it.
pub(crate) fn warn_at(oauth: &OAuth, it: &Connection) -> Option<Timestamp> {
    let ends = if it.can_refresh { it.refresh_expires_at } else { it.expires_at }?;
    let renews = it.can_refresh && oauth.refresh.model != RefreshModel::None;
    // What each renewal moves on needs no warning.
    if renews && renew_at(oauth, it, 0.0).is_some_and(|at| at < ends) {
        return None;
    }
    let ahead = oauth.refresh.warn_secs.unwrap_or(14 * DAY);
    Some(ends.minus(Duration::from_secs(ahead).min(ends.since(it.granted_at) / 2)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connection::{AccountInfo, ConnectionStatus};
    use catalog::oauth::Refresh;
    use kernel::{ConnectionId, Entropy, IntegrationId, WorkspaceId};

    const START: Timestamp = Timestamp::from_secs(1_800_000_000);

    fn connection(lifetime: Option<u64>) -> Connection {
        let entropy = Entropy::seeded(1);
        Connection {
            id: ConnectionId::generate(START, &entropy),
            workspace: WorkspaceId::generate(START, &entropy),
            integration_id: IntegrationId::generate(START, &entropy),
            provider: "x".to_owned(),
            subject: String::new(),
            status: ConnectionStatus::Active,
            cause: None,
            status_since: START,
            account: AccountInfo::default(),
            captured: Default::default(),
            scopes: Vec::new(),
            missing_scopes: Vec::new(),
            generation: 1,
            can_refresh: true,
            granted_at: START,
            expires_at: lifetime.map(|secs| START.plus(Duration::from_secs(secs))),
            refresh_expires_at: None,
            refreshed_at: None,
            failures: 0,
            failing_since: None,
            validated_at: None,
            synced_at: None,
            created_at: START,
            updated_at: START,
        }
    }

    fn oauth(model: RefreshModel) -> OAuth {
        OAuth { refresh: Refresh { model, ..Refresh::default() }, ..OAuth::default() }
    }

    fn after(secs: u64) -> Timestamp {
        START.plus(Duration::from_secs(secs))
    }

    #[test]
    fn an_hourly_token_is_renewed_five_minutes_before_its_end() {
        let (oauth, it) = (oauth(RefreshModel::Rotating), connection(Some(3600)));
        assert!(is_fresh(&oauth, &it, after(3299)) && !is_fresh(&oauth, &it, after(3300)));
        assert_eq!(renew_at(&oauth, &it, 0.0), Some(after(3300)));
        assert_eq!(renew_at(&oauth, &it, 1.0), Some(after(3360)));
    }

    #[test]
    fn a_short_token_has_a_short_margin() {
        let (oauth, it) = (oauth(RefreshModel::Rotating), connection(Some(30)));
        assert!(is_fresh(&oauth, &it, after(26)) && !is_fresh(&oauth, &it, after(27)));
    }

    #[test]
    fn a_token_that_extends_itself_waits_for_its_first_day_and_half_its_life() {
        let mut oauth = oauth(RefreshModel::Extending);
        oauth.refresh.min_age_secs = Some(DAY);
        let it = connection(Some(60 * DAY));
        assert!(!may_renew(&oauth, &it, after(DAY - 1)) && may_renew(&oauth, &it, after(DAY)));
        assert!(!may_renew(&oauth, &it, after(60 * DAY)));
        assert_eq!(renew_at(&oauth, &it, 0.0), Some(after(30 * DAY)));
        assert!(is_fresh(&oauth, &it, after(59 * DAY)));
        let young = connection(Some(DAY));
        assert_eq!(renew_at(&oauth, &young, 0.0), Some(after(DAY)), "never before its first day");
    }

    #[test]
    fn failures_wait_longer_each_time_and_six_hours_at_most() {
        let waits: Vec<_> = (1..=20).map(|n| backoff(n, 1.0)).collect();
        assert!(waits.is_sorted());
        assert_eq!(waits[0], Duration::from_secs(30));
        assert_eq!(waits[19], LONGEST_WAIT);
        assert_eq!(backoff(1, 0.0), Duration::from_secs(15));
    }

    #[test]
    fn people_are_warned_only_of_what_nothing_renews() {
        let none = oauth(RefreshModel::None);
        let mut it = connection(Some(180 * DAY));
        it.can_refresh = false;
        assert_eq!(warn_at(&none, &it), Some(after(166 * DAY)));
        assert_eq!(renew_at(&none, &it, 0.0), None);
        let rotating = oauth(RefreshModel::Rotating);
        let mut renewed = connection(Some(3600));
        renewed.refresh_expires_at = Some(after(180 * DAY));
        assert_eq!(warn_at(&rotating, &renewed), None);
    }

    #[test]
    fn what_never_ends_is_never_renewed_unless_its_refresh_token_does() {
        let stable = oauth(RefreshModel::Stable);
        let mut it = connection(None);
        assert!(is_fresh(&stable, &it, after(1000 * DAY)));
        assert_eq!(renew_at(&stable, &it, 0.0), None);
        it.refresh_expires_at = Some(after(100 * DAY));
        assert_eq!(renew_at(&stable, &it, 0.0), Some(after(50 * DAY)));
    }
}
