//! The demo: a simulated outside world on loopback, and a workspace that uses all of it. The workspace is
//! filled through the API's own routes, so it shows nothing that a user could not make.

mod artists;
mod content;
mod knobs;

use anyhow::{Context as _, Result};
use kernel::{Entropy, Secret};
use sandbox::{Sandbox, SandboxConfig};
use serde::{Deserialize, Serialize};
use server::House;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use utoipa_axum::router::OpenApiRouter;

use crate::settings::Settings;

/// The running demo.
#[derive(Clone)]
pub(crate) struct Demo {
    sandbox: Arc<Sandbox>,
    house: House,
    kept: Arc<Mutex<Kept>>,
    path: PathBuf,
}

/// What must be the same after a restart, or the stored addresses, keys and tokens would lead nowhere.
#[derive(Serialize, Deserialize)]
struct Kept {
    seed: String,
    first_port: u16,
    /// What the platforms have granted. It holds tokens.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    memory: Option<String>,
}

/// Where the world's ports may begin, below those that the system hands out by itself. The first free
/// stretch is taken at the first start, and again from then on.
const FIRST_PORTS: std::ops::Range<u16> = 20_300..32_000;
/// How far apart the stretches are.
const STRETCH: usize = 20;
/// How often is looked whether the platforms have granted something.
const KEEP_EVERY: Duration = Duration::from_secs(2);

impl Demo {
    /// Starts the world as it was the last time.
    pub(crate) async fn start(settings: &Settings, house: &House) -> Result<Self> {
        let path = settings.data_dir().join("demo.json");
        let (sandbox, kept) = match read(&path)? {
            Some(kept) => {
                let sandbox = start(house, &kept).await.with_context(|| {
                    format!("the demo's ports from {} on are taken; free them", kept.first_port)
                })?;
                (sandbox, kept)
            }
            None => first_start(house).await?,
        };
        write(&path, &kept).context("cannot write demo.json")?;
        let (sandbox, kept) = (Arc::new(sandbox), Arc::new(Mutex::new(kept)));
        let demo = Self { sandbox, house: house.clone(), kept, path };
        tokio::spawn(demo.clone().keep_memory());
        Ok(demo)
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

    /// A token that was renewed a moment before a crash would be known here and not there.
    async fn keep_memory(self) {
        loop {
            tokio::time::sleep(KEEP_EVERY).await;
            self.remember();
        }
    }

    /// Writes down what the platforms have granted, if that has changed.
    fn remember(&self) {
        let memory = self.sandbox.memory();
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.memory.as_ref() == Some(memory.expose()) {
            return;
        }
        kept.memory = Some(memory.expose().clone());
        if let Err(error) = write(&self.path, &kept) {
            tracing::warn!(%error, "demo.json cannot be written; connections of the demo may end");
        }
    }

    /// Ends the world.
    pub(crate) async fn stop(self) {
        self.remember();
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

async fn first_start(house: &House) -> Result<(Sandbox, Kept)> {
    let seed = hex(&Entropy::System.bytes::<32>());
    for first_port in FIRST_PORTS.step_by(STRETCH) {
        let kept = Kept { seed: seed.clone(), first_port, memory: None };
        let Ok(sandbox) = start(house, &kept).await else { continue };
        return Ok((sandbox, kept));
    }
    anyhow::bail!("no free ports for the demo's world between {FIRST_PORTS:?}")
}

async fn start(house: &House, kept: &Kept) -> Result<Sandbox> {
    let seed = unhex(&kept.seed).context("the seed in demo.json is damaged; remove the file")?;
    let mut config = SandboxConfig::new(house.db.clock().clone(), Secret::new(seed));
    config.first_port = Some(kept.first_port);
    config.memory = kept.memory.clone().map(Secret::new);
    Ok(Sandbox::start(config).await?)
}

/// The seed makes the demo's keys: nobody else is to read it. A crash leaves the old file or the new one.
fn write(path: &Path, kept: &Kept) -> std::io::Result<()> {
    use std::io::Write as _;
    use std::os::unix::fs::OpenOptionsExt as _;
    let beside = path.with_extension("json.new");
    let mut options = std::fs::OpenOptions::new();
    options
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&beside)?
        .write_all(&serde_json::to_vec(kept)?)?;
    std::fs::rename(beside, path)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(text: &str) -> Option<[u8; 32]> {
    let byte = |at: usize| u8::from_str_radix(text.get(2 * at..2 * at + 2)?, 16).ok();
    let bytes: Option<Vec<u8>> = (0..32).map(byte).collect();
    bytes?.try_into().ok()
}
