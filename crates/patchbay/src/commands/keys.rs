//! `patchbay keys rotate`: both rotations, while the house may be open.

use anyhow::{Context as _, Result};
use clap::Subcommand;
use kernel::{Secret, WorkspaceId};
use serde_json::json;
use std::path::PathBuf;
use vault::MasterKey;

use crate::house;
use crate::master;
use crate::settings::Settings;

/// What is done with keys.
#[derive(Subcommand)]
pub(crate) enum Keys {
    /// Rotate a key online
    #[command(subcommand)]
    Rotate(Rotate),
}

/// Which key.
#[derive(Subcommand)]
pub(crate) enum Rotate {
    /// The master key: every data key is wrapped anew
    Master {
        /// A file with the new key; without it one is made, where the key is kept in a file
        #[arg(long, value_name = "FILE")]
        new_key_file: Option<PathBuf>,
    },
    /// The data keys of one workspace or all: every secret and document is sealed anew
    Workspace {
        /// Which one; all when absent
        id: Option<WorkspaceId>,
    },
}

pub(crate) async fn run(settings: &Settings, command: Keys) -> Result<()> {
    let Keys::Rotate(command) = command;
    let vaulted = house::open(settings).await?;
    let answer = match command {
        Rotate::Master { new_key_file } => {
            let read = |path: PathBuf| -> Result<MasterKey> {
                let text = std::fs::read_to_string(&path);
                let text = text.with_context(|| format!("cannot read {}", path.display()))?;
                Ok(MasterKey::from_text(Secret::new(text).expose())?)
            };
            let new = new_key_file.map(read).transpose()?;
            let (key, count) =
                master::rotate(&vaulted.db, &vaulted.source, &vaulted.master, new).await?;
            json!({ "master_key_id": key.id(), "data_keys": count })
        }
        Rotate::Workspace { id } => {
            let workspaces = match id {
                Some(id) => vec![id],
                None => vaulted.db.workspaces().await?,
            };
            let mut rotated = Vec::new();
            for workspace in workspaces {
                let version = vaulted.db.rotate_workspace(workspace).await?;
                let mut rows = 0;
                loop {
                    let progress = vaulted.db.seal_anew(workspace).await?;
                    rows += progress.done;
                    if progress.done == 0 && progress.left == 0 {
                        break;
                    }
                }
                rotated
                    .push(json!({ "workspace_id": workspace, "version": version, "rows": rows }));
            }
            json!({ "rotated": rotated })
        }
    };
    super::print(&format!("{answer}\n"))?;
    vaulted.db.close().await;
    Ok(())
}
