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
    Probability,
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
