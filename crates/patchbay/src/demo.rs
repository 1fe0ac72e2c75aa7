//! The demo: a simulated outside world on loopback, and a workspace that uses all of it. The workspace is
//! filled through the API's own routes, so it shows nothing that a user could not make.

mod content;
mod knobs;

use anyhow::{Context as _, Result};
use kernel::{Entropy, Secret};
use sandbox::{Sandbox, SandboxConfig};
use serde::{Deserialize, Serialize};
use server::House;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use utoipa_axum::router::OpenApiRouter;

use crate::settings::Settings;

/// The running demo.
#[derive(Clone)]
pub(crate) struct Demo {
    sandbox: Arc<Sandbox>,
    house: House,
}

/// What must be the same after a restart, or the stored addresses and keys would lead nowhere.
#[derive(Serialize, Deserialize)]
struct Kept {
    seed: String,
    first_port: u16,
}

/// Where the world's ports may begin, below those that the system hands out by itself. The first free
/// stretch is taken at the first start, and again from then on.
const FIRST_PORTS: std::ops::Range<u16> = 20_300..32_000;
/// How far apart the stretches are.
const STRETCH: usize = 20;

impl Demo {
    /// Starts the world as it was the last time.
    pub(crate) async fn start(settings: &Settings, house: &House) -> Result<Self> {
        let path = settings.data_dir().join("demo.json");
        let kept = read(&path)?;
        let sandbox = match &kept {
            Some(kept) => start(house, &kept.seed, kept.first_port).await.with_context(|| {
                format!("the demo's ports from {} on are taken; free them", kept.first_port)
            })?,
            None => first_start(house, &path).await?,
        };
        Ok(Self { sandbox: Arc::new(sandbox), house: house.clone() })
    }

    /// The knobs of the world.
    pub(crate) fn routes(&self) -> OpenApiRouter {
        knobs::routes(self.sandbox.clone())
    }

    /// Fills the first workspace as soon as there is one, and keeps the senders of webhooks at work.
    pub(crate) fn fill(&self, router: axum::Router) {
        let demo = self.clone();
        tokio::spawn(async move {
            if let Err(error) = demo.fill_when_there_is_one(router).await {
                tracing::warn!(
                    error = format!("{error:#}"),
                    "the demo could not fill the workspace"
                );
            }
        });
    }

    async fn fill_when_there_is_one(&self, router: axum::Router) -> Result<()> {
        let mut signals = self.house.db.signals();
        loop {
            if let Some(workspace) = self.house.db.workspaces().await?.first().copied() {
                return content::fill(&self.house, &self.sandbox, router, workspace).await;
            }
            // A new workspace announces its data key, among other things.
            if signals.recv().await.is_err() {
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
        }
    }

    /// Ends the world.
    pub(crate) async fn stop(self) {
        if let Some(sandbox) = Arc::into_inner(self.sandbox) {
            sandbox.shutdown().await;
        }
    }
}

fn read(path: &PathBuf) -> Result<Option<Kept>> {
    match std::fs::read_to_string(path) {
        Ok(text) => Ok(Some(serde_json::from_str(&text).context("demo.json cannot be read")?)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).context("demo.json cannot be read"),
    }
}

async fn first_start(house: &House, path: &PathBuf) -> Result<Sandbox> {
    let seed = hex(&Entropy::System.bytes::<32>());
    for first_port in FIRST_PORTS.step_by(STRETCH) {
        let Ok(sandbox) = start(house, &seed, first_port).await else { continue };
        let kept = Kept { seed, first_port };
        let text = serde_json::to_string(&kept)?;
        write_private(path, &text).context("cannot write demo.json")?;
        return Ok(sandbox);
    }
    anyhow::bail!("no free ports for the demo's world between {FIRST_PORTS:?}")
}

async fn start(house: &House, seed: &str, first_port: u16) -> Result<Sandbox> {
    let seed = unhex(seed).context("the seed in demo.json is damaged; remove the file")?;
    let mut config = SandboxConfig::new(house.db.clock().clone(), Secret::new(seed));
    config.first_port = Some(first_port);
    Ok(Sandbox::start(config).await?)
}

/// The seed makes the demo's keys: nobody else is to read it.
fn write_private(path: &PathBuf, text: &str) -> std::io::Result<()> {
    use std::io::Write as _;
    use std::os::unix::fs::OpenOptionsExt as _;
    let mut options = std::fs::OpenOptions::new();
    options
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(path)?
        .write_all(text.as_bytes())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(text: &str) -> Option<[u8; 32]> {
    let byte = |at: usize| u8::from_str_radix(text.get(2 * at..2 * at + 2)?, 16).ok();
    let bytes: Option<Vec<u8>> = (0..32).map(byte).collect();
    bytes?.try_into().ok()
}
