//! `patchbay backup` and `patchbay restore` of the embedded database.

use anyhow::{Context as _, Result, bail};
use db::{Db, Options};
use serde_json::json;
use std::path::{Path, PathBuf};

use crate::settings::Settings;

pub(crate) async fn backup(settings: &Settings, file: &Path) -> Result<()> {
    let db = Db::open(Options::new(settings.database_url())).await?;
    let report = db.backup(file).await?;
    db.close().await;
    let answer = json!({ "file": file, "bytes": report.bytes, "workspaces": report.workspaces });
    super::print(&format!("{answer}\n"))
}

pub(crate) async fn restore(settings: &Settings, file: &Path) -> Result<()> {
    let Some(target) = settings.sqlite_file() else {
        bail!("PostgreSQL is restored with pg_restore");
    };
    let report = db::check_backup(file).await?;
    if let Some(folder) = target.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let beside = |suffix: &str| PathBuf::from(format!("{}{suffix}", target.display()));
    let (incoming, old) = (beside(".restoring"), beside(".before-restore"));
    std::fs::copy(file, &incoming).context("cannot copy the backup into the data directory")?;
    std::fs::File::open(&incoming)?.sync_all()?;
    if target.exists() {
        // This folds the WAL into the file as well.
        if db::is_in_use(&target).await? {
            drop(std::fs::remove_file(&incoming));
            bail!("the database is in use: stop patchbay before restoring");
        }
        std::fs::rename(&target, &old).context("cannot set the old database aside")?;
    }
    for leftover in ["-wal", "-shm"] {
        drop(std::fs::remove_file(beside(leftover)));
    }
    std::fs::rename(&incoming, &target).context("cannot put the backup in place")?;
    let answer = json!({
        "restored": target, "before": old, "bytes": report.bytes, "workspaces": report.workspaces,
    });
    super::print(&format!("{answer}\n"))
}
