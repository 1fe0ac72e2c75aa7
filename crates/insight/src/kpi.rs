//! How well the house keeps its promises, from what is in the logs. Where there is nothing to compute from
//! there is no value. Pure.

use kernel::Timestamp;
use std::collections::BTreeMap;

/// What the logs say of one platform.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Facts {
    /// Requests of the last seven days, and those that went well.
    pub(crate) requests: u64,
    pub(crate) good: u64,
    pub(crate) connections: u64,
    /// When the numbers of the account that waits longest were read.
    pub(crate) oldest: Option<Timestamp>,
    /// Connections of the last 30 days that a person had to mend.
    pub(crate) ended: u64,
    /// What went wrong with connections in that time, and what of it mended itself within a day.
    pub(crate) troubles: u64,
    pub(crate) recovered: u64,
}

/// A KPI of one platform, or of all together.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Kpi {
    pub(crate) goal: &'static Goal,
    pub(crate) platform: Option<String>,
    pub(crate) value: Option<f64>,
}

/// What is aimed at.
#[derive(Debug, PartialEq)]
pub(crate) struct Goal {
    pub(crate) name: &'static str,
    pub(crate) title: &'static str,
    pub(crate) unit: &'static str,
    pub(crate) target: f64,
    /// Whether more is better.
    pub(crate) at_least: bool,
}

const fn goal(
    name: &'static str,
    title: &'static str,
    unit: &'static str,
    target: f64,
    at_least: bool,
) -> Goal {
    Goal { name, title, unit, target, at_least }
}

static SUCCESS: Goal = goal("api_success", "Requests that went well, 7 days", "%", 99.0, true);
static FRESHNESS: Goal = goal("freshness", "Age of the oldest numbers", "h", 24.0, false);
static RECONNECTS: Goal =
    goal("manual_reconnects", "Connections mended by a person, 30 days", "%", 5.0, false);
static SHARE: Goal = goal("limit_share", "Largest share of a budget in use", "%", 10.0, false);
static RECOVERY: Goal =
    goal("auto_recovery", "Troubles that ended by themselves within a day", "%", 90.0, true);

impl Kpi {
    /// Whether it is as it should be; unknown without a value.
    pub(crate) fn is_met(&self) -> Option<bool> {
        let Goal { target, at_least, .. } = *self.goal;
        self.value.map(|value| if at_least { value >= target } else { value <= target })
    }
}

/// All KPIs: first those over all platforms, then each platform's. `shares` says how much of a platform's
/// limits is used, in per cent. Numbers are read of the `measured` platforms alone.
pub(crate) fn kpis(
    facts: &BTreeMap<String, Facts>,
    shares: &BTreeMap<String, f64>,
    measured: impl Fn(&str) -> bool,
    now: Timestamp,
) -> Vec<Kpi> {
    let mut all = Facts::default();
    let mut each = Vec::new();
    for (platform, known) in facts {
        let oldest = known.oldest.filter(|_| measured(platform));
        let known = Facts { oldest, ..known.clone() };
        all = all.plus(&known);
        each.extend(of(&known, Some(platform), shares.get(platform).copied(), now));
    }
    let share = shares.values().copied().reduce(f64::max);
    let mut kpis = of(&all, None, share, now);
    kpis.extend(each);
    kpis
}

fn of(facts: &Facts, platform: Option<&String>, share: Option<f64>, now: Timestamp) -> Vec<Kpi> {
    let per_cent = |part: u64, of: u64| (of > 0).then(|| part as f64 * 100.0 / of as f64);
    let hours = facts.oldest.map(|oldest| now.since(oldest).as_secs_f64() / 3_600.0);
    [
        (&SUCCESS, per_cent(facts.good, facts.requests)),
        (&FRESHNESS, hours),
        (&RECONNECTS, per_cent(facts.ended.min(facts.connections), facts.connections)),
        (&SHARE, share),
        (&RECOVERY, per_cent(facts.recovered, facts.troubles)),
    ]
    .into_iter()
    .map(|(goal, value)| {
        let value = value.map(|value| (value * 100.0).round() / 100.0);
        Kpi { goal, platform: platform.cloned(), value }
    })
    .collect()
}

impl Facts {
    fn plus(&self, other: &Self) -> Self {
        Self {
            requests: self.requests + other.requests,
            good: self.good + other.good,
            connections: self.connections + other.connections,
            oldest: [self.oldest, other.oldest].into_iter().flatten().min(),
            ended: self.ended + other.ended,
            troubles: self.troubles + other.troubles,
            recovered: self.recovered + other.recovered,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(kpis: &[Kpi], name: &str, platform: Option<&str>) -> (Option<f64>, Option<bool>) {
        let fits = |it: &&Kpi| it.goal.name == name && it.platform.as_deref() == platform;
        let found = kpis.iter().find(fits).unwrap();
        (found.value, found.is_met())
    }

    #[test]
    fn without_anything_to_compute_from_there_is_no_value() {
        let none = kpis(&BTreeMap::new(), &BTreeMap::new(), |_| true, Timestamp::from_secs(0));
        assert_eq!(none.len(), 5);
        assert!(none.iter().all(|it| it.value.is_none() && it.is_met().is_none()));
    }

    #[test]
    fn platforms_add_up() {
        let now = Timestamp::from_secs(200_000);
        let oldest = Some(Timestamp::from_secs(200_000 - 7_200));
        let spotify =
            Facts { requests: 300, good: 299, connections: 10, oldest, ..Facts::default() };
        let slack = Facts {
            requests: 100,
            good: 91,
            connections: 10,
            oldest: Some(Timestamp::from_secs(0)),
            ended: 2,
            troubles: 10,
            recovered: 8,
        };
        let facts = [("spotify".to_owned(), spotify), ("slack".to_owned(), slack)].into();
        let shares = [("spotify".to_owned(), 4.0)].into();
        let kpis = kpis(&facts, &shares, |platform| platform == "spotify", now);
        assert_eq!(value(&kpis, "api_success", None), (Some(97.5), Some(false)));
        assert_eq!(value(&kpis, "api_success", Some("spotify")), (Some(99.67), Some(true)));
        assert_eq!(value(&kpis, "freshness", None), (Some(2.0), Some(true)));
        assert_eq!(value(&kpis, "freshness", Some("slack")), (None, None));
        assert_eq!(value(&kpis, "manual_reconnects", None), (Some(10.0), Some(false)));
        assert_eq!(value(&kpis, "manual_reconnects", Some("spotify")), (Some(0.0), Some(true)));
        assert_eq!(value(&kpis, "auto_recovery", None), (Some(80.0), Some(false)));
        assert_eq!(value(&kpis, "limit_share", None), (Some(4.0), Some(true)));
        assert_eq!(value(&kpis, "limit_share", Some("slack")), (None, None));
    }
}
