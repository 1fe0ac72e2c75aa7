//! `patchbay webhooks verify`: checks recorded requests against signature schemes.

use anyhow::{Context as _, Result};
use catalog::Catalog;
use clap::Subcommand;
use kernel::Clock;
use std::path::PathBuf;
use std::process::ExitCode;

/// What is done with webhooks.
#[derive(Subcommand)]
pub(crate) enum Webhooks {
    /// Check each recorded request in a file; prints `ID valid|invalid reason` a line
    Verify {
        /// A JSON list of vectors
        file: PathBuf,
    },
}

pub(crate) fn run(command: Webhooks) -> Result<ExitCode> {
    let Webhooks::Verify { file } = command;
    let text = std::fs::read_to_string(&file);
    let text = text.with_context(|| format!("cannot read {}", file.display()))?;
    let catalog = Catalog::embedded()?;
    let push = |provider: &str| catalog.get(provider).and_then(|known| known.push.clone());
    let outcomes = hooks::verify::vectors::run(&text, &push, Clock::System.now())?;
    let mut lines = String::new();
    for outcome in outcomes {
        lines.push_str(&format!("{outcome}\n"));
    }
    super::print(&lines)?;
    Ok(ExitCode::SUCCESS)
}
