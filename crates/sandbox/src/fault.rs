//! Faults on demand: what can go wrong, for which service, and how often. This file decides; the
//! listener and the webhook sender carry it out.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{PoisonError, RwLock};

use serde::{Deserialize, Serialize};

use crate::seed::Seed;
use crate::{SandboxError, Service};

/// How a service misbehaves. The default is that it does not.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Faults {
    /// Answers 429 with `Retry-After`.
    pub rate_limited: bool,
    /// Waits this many milliseconds before it answers; the webhook sender waits between the head and
    /// the body of its request. At most two minutes.
    pub slow_ms: u64,
    /// Answers 503.
    pub server_error: bool,
    /// Answers 200 with a body that is not what it claims to be; the webhook sender signs and sends one.
    pub garbage: bool,
    /// Closes the connection without an answer; the webhook sender breaks off within the body.
    pub drop_connection: bool,
    /// The webhook sender sends each event twice under the same id.
    pub duplicate: bool,
    /// The webhook sender sends events that happened, and were signed, this many milliseconds ago. At
    /// most a week.
    pub late_ms: u64,
    /// The token endpoint waits this many milliseconds before it does anything. At most two minutes. A
    /// client that goes away meanwhile has changed nothing.
    pub token_slow_ms: u64,
    /// The token endpoint answers 200 with a web page, and grants nothing.
    pub token_html: bool,
    /// The token endpoint answers 200 with nothing, and grants nothing.
    pub token_empty: bool,
    /// The token endpoint answers with 64 MB, and grants nothing.
    pub token_huge: bool,
    /// The token endpoint answers JSON whose fields have the wrong types, and grants nothing.
    pub token_ill_typed: bool,
    /// A refresh happens, but the connection is cut before the answer.
    pub refresh_lost: bool,
    /// A refresh answers without a refresh token; the old one stays good.
    pub refresh_omitted: bool,
    /// The next refresh is refused with `invalid_grant`, though the grant is alive. Turns itself off.
    pub invalid_grant_once: bool,
    /// A field that metrics are made from is missing from the answers.
    pub field_removed: bool,
    /// That field has another name (`…_v2`).
    pub field_renamed: bool,
    /// The share of requests or events that the faults befall, `0.0` to `1.0`.
    pub probability: f64,
}

impl Default for Faults {
    fn default() -> Self {
        Self {
            rate_limited: false,
            slow_ms: 0,
            server_error: false,
            garbage: false,
            drop_connection: false,
            duplicate: false,
            late_ms: 0,
            token_slow_ms: 0,
            token_html: false,
            token_empty: false,
            token_huge: false,
            token_ill_typed: false,
            refresh_lost: false,
            refresh_omitted: false,
            invalid_grant_once: false,
            field_removed: false,
            field_renamed: false,
            probability: 1.0,
        }
    }
}

/// The name of one fault, as it is in [`Faults`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "each is described at the field of the same name in Faults")]
pub enum Knob {
    RateLimited,
    SlowMs,
    ServerError,
    Garbage,
    DropConnection,
    Duplicate,
    LateMs,
    TokenSlowMs,
    TokenHtml,
    TokenEmpty,
    TokenHuge,
    TokenIllTyped,
    RefreshLost,
    RefreshOmitted,
    InvalidGrantOnce,
    FieldRemoved,
    FieldRenamed,
    Probability,
}

impl Knob {
    /// Those of an authority. The first of them are those of services that do less.
    pub(crate) const OF_AN_AUTHORITY: &[Self] = &[
        Self::RateLimited,
        Self::SlowMs,
        Self::ServerError,
        Self::Garbage,
        Self::DropConnection,
        Self::Probability,
        Self::FieldRemoved,
        Self::FieldRenamed,
        Self::TokenSlowMs,
        Self::TokenHtml,
        Self::TokenEmpty,
        Self::TokenHuge,
        Self::TokenIllTyped,
        Self::InvalidGrantOnce,
        Self::RefreshLost,
        Self::RefreshOmitted,
    ];
    /// There is no refresh token to be left out.
    pub(crate) const OF_AN_EXTENDING_AUTHORITY: &[Self] = Self::OF_AN_AUTHORITY.split_at(15).0;
    /// There is no token endpoint.
    pub(crate) const OF_A_PLATFORM: &[Self] = Self::OF_AN_AUTHORITY.split_at(8).0;
    pub(crate) const OF_ANY: &[Self] = Self::OF_AN_AUTHORITY.split_at(6).0;
    pub(crate) const OF_THE_SENDER: &[Self] = &[
        Self::SlowMs,
        Self::Garbage,
        Self::DropConnection,
        Self::Duplicate,
        Self::LateMs,
        Self::Probability,
    ];
}

impl fmt::Display for Knob {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::RateLimited => "rate_limited",
            Self::SlowMs => "slow_ms",
            Self::ServerError => "server_error",
            Self::Garbage => "garbage",
            Self::DropConnection => "drop_connection",
            Self::Duplicate => "duplicate",
            Self::LateMs => "late_ms",
            Self::TokenSlowMs => "token_slow_ms",
            Self::TokenHtml => "token_html",
            Self::TokenEmpty => "token_empty",
            Self::TokenHuge => "token_huge",
            Self::TokenIllTyped => "token_ill_typed",
            Self::RefreshLost => "refresh_lost",
            Self::RefreshOmitted => "refresh_omitted",
            Self::InvalidGrantOnce => "invalid_grant_once",
            Self::FieldRemoved => "field_removed",
            Self::FieldRenamed => "field_renamed",
            Self::Probability => "probability",
        })
    }
}

impl Faults {
    /// Whether these can be set on the service.
    pub(crate) fn check(&self, service: Service) -> Result<(), SandboxError> {
        let turned = [
            (Knob::RateLimited, self.rate_limited),
            (Knob::SlowMs, self.slow_ms > 0),
            (Knob::ServerError, self.server_error),
            (Knob::Garbage, self.garbage),
            (Knob::DropConnection, self.drop_connection),
            (Knob::Duplicate, self.duplicate),
            (Knob::LateMs, self.late_ms > 0),
            (Knob::TokenSlowMs, self.token_slow_ms > 0),
            (Knob::TokenHtml, self.token_html),
            (Knob::TokenEmpty, self.token_empty),
            (Knob::TokenHuge, self.token_huge),
            (Knob::TokenIllTyped, self.token_ill_typed),
            (Knob::RefreshLost, self.refresh_lost),
            (Knob::RefreshOmitted, self.refresh_omitted),
            (Knob::InvalidGrantOnce, self.invalid_grant_once),
            (Knob::FieldRemoved, self.field_removed),
            (Knob::FieldRenamed, self.field_renamed),
        ];
        for (knob, on) in turned {
            if on && !service.knobs().contains(&knob) {
                return Err(SandboxError::UnsupportedKnob { service, knob });
            }
        }
        let within = |knob, fits, range| {
            if fits { Ok(()) } else { Err(SandboxError::KnobOutOfRange { knob, range }) }
        };
        within(Knob::SlowMs, self.slow_ms <= 120_000, "at most 120000")?;
        within(Knob::TokenSlowMs, self.token_slow_ms <= 120_000, "at most 120000")?;
        within(Knob::LateMs, self.late_ms <= 604_800_000, "at most 604800000")?;
        within(Knob::Probability, (0.0..=1.0).contains(&self.probability), "between 0 and 1")
    }
}

/// The faults of all services, and the dice.
#[derive(Debug)]
pub(crate) struct FaultDesk {
    seed: Seed,
    rows: [Row; Service::ALL.len()],
}

#[derive(Debug, Default)]
struct Row {
    faults: RwLock<Faults>,
    drawn: AtomicU64,
}

impl FaultDesk {
    pub(crate) fn new(seed: Seed) -> Self {
        Self { seed, rows: Default::default() }
    }

    pub(crate) fn get(&self, service: Service) -> Faults {
        *self.row(service).faults.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sets the faults and starts the dice anew, so that what befalls whom can be repeated.
    pub(crate) fn set(&self, service: Service, faults: Faults) -> Result<(), SandboxError> {
        faults.check(service)?;
        let row = self.row(service);
        let mut current = row.faults.write().unwrap_or_else(PoisonError::into_inner);
        row.drawn.store(0, Ordering::Relaxed);
        *current = faults;
        Ok(())
    }

    /// The faults of the next request or event: those that are set, or none when it is spared.
    pub(crate) fn draw(&self, service: Service) -> Faults {
        let faults = self.get(service);
        if faults.probability >= 1.0 {
            return faults;
        }
        let nth = self.row(service).drawn.fetch_add(1, Ordering::Relaxed);
        let hit = self.seed.fraction(&format!("fault {service} {nth}")) < faults.probability;
        if hit { faults } else { Faults::default() }
    }

    /// Turns `invalid_grant_once` off, and says whether it was on: of several at once, one is befallen.
    pub(crate) fn spend_invalid_grant(&self, service: Service) -> bool {
        let row = self.row(service);
        let mut current = row.faults.write().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut current.invalid_grant_once)
    }

    fn row(&self, service: Service) -> &Row {
        &self.rows[service as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_knob_without_effect_is_refused() {
        let desk = FaultDesk::new(Seed::new(&[1; 32]));
        let twice = Faults { duplicate: true, ..Faults::default() };
        let busy = Faults { rate_limited: true, ..Faults::default() };
        assert!(desk.set(Service::Webhooks, twice).is_ok());
        assert!(desk.set(Service::Weather, busy).is_ok());
        for (service, faults) in [(Service::Weather, twice), (Service::Webhooks, busy)] {
            let refused = desk.set(service, faults);
            assert!(matches!(refused, Err(SandboxError::UnsupportedKnob { .. })), "{service}");
        }
        for faults in [
            Faults { probability: 1.5, ..Faults::default() },
            Faults { probability: f64::NAN, ..Faults::default() },
            Faults { slow_ms: 120_001, ..Faults::default() },
        ] {
            let refused = desk.set(Service::Rest, faults);
            assert!(matches!(refused, Err(SandboxError::KnobOutOfRange { .. })), "{faults:?}");
        }
    }

    #[test]
    fn the_dice_repeat_themselves_and_keep_to_the_probability() {
        let desk = FaultDesk::new(Seed::new(&[1; 32]));
        let half = Faults { garbage: true, probability: 0.5, ..Faults::default() };
        let throw = || {
            desk.set(Service::Rest, half).unwrap();
            (0..400).map(|_| desk.draw(Service::Rest).garbage).collect::<Vec<_>>()
        };
        let first = throw();
        assert_eq!(first, throw());
        let hits = first.iter().filter(|hit| **hit).count();
        assert!((150..250).contains(&hits), "{hits} of 400");
    }

    #[test]
    fn unknown_knobs_are_refused_and_absent_ones_are_off() {
        let faults: Faults = serde_json::from_str(r#"{"garbage": true}"#).unwrap();
        assert_eq!(faults, Faults { garbage: true, ..Faults::default() });
        assert!(serde_json::from_str::<Faults>(r#"{"garbge": true}"#).is_err());
    }
}
