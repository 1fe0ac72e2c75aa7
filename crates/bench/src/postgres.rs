//! A PostgreSQL of our own whose commits are durable, started by the script that the tests use.

use anyhow::{Context as _, Result, bail};
use std::path::PathBuf;
use std::process::Command;

/// It ends when this is dropped.
pub(crate) struct Postgres {
    pub(crate) url: String,
    folder: String,
}

impl Postgres {
    /// Starts one.
    ///
    /// # Errors
    /// When PostgreSQL is not installed.
    pub(crate) fn start() -> Result<Self> {
        let done = Command::new(script()).arg("start").env("PATCHBAY_TEST_FSYNC", "on").output()?;
        if !done.status.success() {
            bail!("{}", String::from_utf8_lossy(&done.stderr).trim());
        }
        let said = String::from_utf8(done.stdout)?;
        let variable = |name: &str| {
            let prefix = format!("export {name}=");
            let value = said.lines().find_map(|line| line.strip_prefix(&prefix));
            value.map(str::to_owned).with_context(|| format!("the script set no {name}"))
        };
        Ok(Self {
            url: variable("PATCHBAY_TEST_POSTGRES")?,
            folder: variable("PATCHBAY_POSTGRES_DIR")?,
        })
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        let mut stop = Command::new(script());
        drop(stop.arg("stop").env("PATCHBAY_POSTGRES_DIR", &self.folder).status());
    }
}

fn script() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../scripts/postgres.sh")
}
