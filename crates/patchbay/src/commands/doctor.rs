//! `patchbay doctor`: says what is well and what is not, and what to do about it.

use anyhow::Result;
use std::process::ExitCode;

use crate::settings::Settings;
use crate::{house, master};

pub(crate) async fn run(settings: &Settings) -> Result<ExitCode> {
    let mut well = true;
    let mut report = |name: &str, found: Result<String, String>| -> Result<()> {
        let (mark, text) = match &found {
            Ok(text) => ("ok  ", text),
            Err(text) => ("FAIL", text),
        };
        well &= found.is_ok();
        super::print(&format!("{mark} {name}: {text}\n"))
    };
    let findings = catalog::lint::embedded();
    report(
        "catalog",
        match findings.first() {
            None => Ok("sound".to_owned()),
            Some(finding) => Err(format!("{}: {}", finding.file, finding.message)),
        },
    )?;
    let networks = settings.allow_networks();
    report(
        "private networks",
        Ok(match networks.as_slice() {
            [] => "none may be called".to_owned(),
            some => format!("may be called: {some:?}"),
        }),
    )?;
    let source = master::Source::of(settings);
    match house::open(settings).await {
        Ok(vaulted) => {
            let bytes = vaulted.db.bytes().await?;
            report("database", Ok(format!("{}, {bytes} bytes", settings.shown_database())))?;
            let id = vaulted.master.id();
            report("master key", Ok(format!("{id}, from {}", source.name())))?;
            let workspaces = vaulted.db.workspaces().await?.len();
            report("workspaces", Ok(workspaces.to_string()))?;
            vaulted.db.close().await;
        }
        Err(error) => report("database and master key", Err(format!("{error:#}")))?,
    }
    Ok(if well { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
