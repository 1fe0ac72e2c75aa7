//! `patchbay init`: the owner and the first workspace, without a browser.

use anyhow::{Context as _, Result, bail};
use clap::Args;
use kernel::Secret;
use serde_json::json;
use std::io::Read as _;

use crate::house;
use crate::settings::Settings;

/// Who owns the instance.
#[derive(Args)]
pub(crate) struct Init {
    /// The owner's e-mail address
    #[arg(long)]
    email: String,
    /// Read the owner's password from standard input
    #[arg(long)]
    password_stdin: bool,
    /// The name of the first workspace
    #[arg(long)]
    workspace: String,
}

pub(crate) async fn run(settings: &Settings, init: Init) -> Result<()> {
    if !init.password_stdin {
        bail!("pass --password-stdin and write the password to standard input");
    }
    let mut password = String::new();
    std::io::stdin().read_to_string(&mut password).context("cannot read the password")?;
    let password = Secret::new(password.trim_end_matches(['\r', '\n']).to_owned());
    let vaulted = house::open(settings).await?;
    let house = house::build(settings, &vaulted, settings.listen()).await?;
    let owner = house.accounts.init_owner(&init.email, &password, &init.workspace).await?;
    let answer = json!({
        "workspace_id": owner.workspace_id,
        "user_id": owner.user_id,
        "api_key": owner.api_key.expose(),
    });
    super::print(&format!("{answer}\n"))?;
    house.db.close().await;
    Ok(())
}
