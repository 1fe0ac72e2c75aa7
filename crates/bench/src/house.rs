//! A house under test: the release binary beside this one, with a data directory that goes with it.

use anyhow::{Context as _, Result, bail};
use std::io::Write as _;
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

use crate::client::{Client, text};
use crate::process::Process;

/// A data directory with an owner and a workspace.
pub(crate) struct House {
    folder: TempDir,
    database_url: String,
    pub(crate) workspace: String,
    key: String,
}

/// One that answers.
pub(crate) struct Running {
    pub(crate) process: Process,
    pub(crate) client: Client,
    /// From the start of the process to the first good word from `/readyz`.
    pub(crate) ready_after: Duration,
}

/// A house that is not ready by then never will be.
const PATIENCE: Duration = Duration::from_secs(30);

impl House {
    /// Sets one up, on SQLite unless an address is given.
    pub(crate) fn new(database_url: Option<&str>) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let here = || format!("sqlite:{}", folder.path().join("patchbay.db").display());
        let database_url = database_url.map_or_else(here, str::to_owned);
        let mut house = Self { folder, database_url, workspace: String::new(), key: String::new() };
        let owner = ["init", "--email", "bench@example.com", "--password-stdin", "--workspace"];
        let mut init = house.command()?;
        let init = init.args(owner).arg("Bench").stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut init = init.spawn()?;
        let mut password = init.stdin.take().context("init has no standard input")?;
        password.write_all(b"correct horse battery staple\n")?;
        drop(password);
        let said = init.wait_with_output()?;
        if !said.status.success() {
            bail!("patchbay init failed: {}", String::from_utf8_lossy(&said.stderr));
        }
        let made = serde_json::from_slice(&said.stdout)?;
        house.workspace = text(&made, "workspace_id")?;
        house.key = text(&made, "api_key")?;
        Ok(house)
    }

    /// Starts it and waits until it is ready.
    pub(crate) async fn serve(&self) -> Result<Running> {
        let addr = free_address()?;
        let begin = Instant::now();
        let mut serve = self.command()?;
        serve.args(["serve", "--listen", &addr.to_string()]);
        // The sandbox that feeds are pulled from is on loopback.
        serve.args(["--allow-network", "127.0.0.0/8"]);
        let process = Process(serve.spawn()?);
        let client = Client { addr, key: self.key.clone() };
        while !is_ready(&client).await {
            if begin.elapsed() > PATIENCE {
                bail!("patchbay serve is not ready after {PATIENCE:?}");
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        Ok(Running { process, client, ready_after: begin.elapsed() })
    }

    /// Where its database is.
    pub(crate) fn database_url(&self) -> &str {
        &self.database_url
    }

    /// The write-ahead log of an embedded database.
    pub(crate) fn wal(&self) -> PathBuf {
        self.folder.path().join("patchbay.db-wal")
    }

    fn command(&self) -> Result<Command> {
        let mut command = Command::new(binary()?);
        command.args(["--log", "warn", "--data"]).arg(self.folder.path());
        command.arg("--database-url").arg(&self.database_url);
        Ok(command)
    }
}

impl Running {
    /// A counter of `/metrics`.
    pub(crate) async fn counter(&self, name: &str) -> Result<u64> {
        let answer = self.client.send("GET", "/metrics", &[], &[]).await?;
        let text = String::from_utf8(answer.body)?;
        let value = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        Ok(value.with_context(|| format!("/metrics has no {name}"))?.parse()?)
    }
}

async fn is_ready(client: &Client) -> bool {
    client.send("GET", "/readyz", &[], &[]).await.is_ok_and(|answer| answer.status == 200)
}

fn binary() -> Result<PathBuf> {
    let here = std::env::current_exe()?;
    let binary = here.parent().unwrap_or(Path::new(".")).join("patchbay");
    if !binary.exists() {
        bail!("{} is missing: build it first, with the same profile", binary.display());
    }
    Ok(binary)
}

/// A port that was free a moment ago.
pub(crate) fn free_address() -> Result<SocketAddr> {
    Ok(TcpListener::bind(("127.0.0.1", 0))?.local_addr()?)
}
