//! What goes wrong in the world outside: every ten minutes a die says for each platform whether anything does,
//! and what. It befalls every request then, so that what happens does not hang on who asks first.

use anyhow::Result;
use kernel::Entropy;
use sandbox::{Faults, Platform, Sandbox};
use std::sync::Arc;
use std::time::Duration;

/// How long it lasts.
pub(crate) const SPELL: Duration = Duration::from_secs(600);
/// For how long a platform takes a token that it has replaced: answers that are lost can be asked for again
/// when a spell, or two of them, are over.
pub(crate) const GRACE: Duration = Duration::from_secs(3600);
/// The share of spells in which something goes wrong.
const BAD: f64 = 0.05;

pub(crate) struct Weather(Entropy);

impl Weather {
    pub(crate) fn new(seed: u64) -> Self {
        Self(Entropy::seeded(seed))
    }

    /// The next spell.
    pub(crate) fn change(&self, sandbox: &Sandbox, platforms: &[Arc<Platform>]) -> Result<()> {
        for platform in platforms {
            let name = platform.service().name();
            // Not every platform can do everything wrong.
            if sandbox.set_faults(name, self.faults()).is_err() {
                sandbox.set_faults(name, Faults::default())?;
            }
        }
        Ok(())
    }

    fn faults(&self) -> Faults {
        let none = Faults::default();
        if self.0.fraction() >= BAD {
            return none;
        }
        match (self.0.fraction() * 9.0) as u32 {
            0 => Faults { server_error: true, ..none },
            1 => Faults { drop_connection: true, ..none },
            2 => Faults { slow_ms: 20, ..none },
            3 => Faults { refresh_omitted: true, ..none },
            4 => Faults { refresh_lost: true, ..none },
            5 => Faults { token_html: true, ..none },
            6 => Faults { garbage: true, ..none },
            7 => Faults { rate_limited: true, ..none },
            _ => Faults { invalid_grant_once: true, ..none },
        }
    }
}
