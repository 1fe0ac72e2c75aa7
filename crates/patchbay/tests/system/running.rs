//! The real binary: started, asked, stopped, killed.

use serde_json::Value;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Output, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::process::{Child, Command};
use tokio::task::JoinHandle;

use crate::client::Client;

/// How long the binary may take to be ready, or to be gone.
const PATIENCE: Duration = Duration::from_secs(30);
/// The owner's password, unless a test has one of its own.
pub(crate) const PASSWORD: &str = "correct horse battery staple";
pub(crate) const OWNER: &str = "ada@example.com";

/// How the binary is started: a data folder, flags, environment.
#[derive(Clone)]
pub(crate) struct Plan {
    _folder: Arc<TempDir>,
    data: PathBuf,
    args: Vec<String>,
    env: Vec<(String, String)>,
}

impl Plan {
    /// An empty data folder, and the sandbox may be called.
    pub(crate) fn new() -> Self {
        let folder = Arc::new(tempfile::tempdir().unwrap());
        let data = folder.path().to_owned();
        Self { _folder: folder, data, args: Vec::new(), env: Vec::new() }
            .flag("--allow-network", "127.0.0.0/8")
            .flag("--log-format", "json")
    }

    /// The same on a PostgreSQL database of its own; `None` where there is no server.
    pub(crate) async fn on_postgres() -> Option<Self> {
        let test = db::testing::databases().await.into_iter().find(|one| one.db.is_postgres())?;
        test.db.close().await;
        Some(Self::new().flag("--database-url", &test.url))
    }

    /// SQLite, and PostgreSQL where there is a server.
    pub(crate) async fn all() -> Vec<Self> {
        [Self::new()].into_iter().chain(Self::on_postgres().await).collect()
    }

    pub(crate) fn flag(mut self, name: &str, value: &str) -> Self {
        self.args.extend([name.to_owned(), value.to_owned()]);
        self
    }

    pub(crate) fn env(mut self, name: &str, value: &str) -> Self {
        self.env.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The same settings in another data folder that has the same master key: a second node.
    pub(crate) fn another_node(&self) -> Self {
        let folder = Arc::new(tempfile::tempdir().unwrap());
        std::fs::copy(self.data().join("master.key"), folder.path().join("master.key")).unwrap();
        Self { data: folder.path().to_owned(), _folder: folder, ..self.clone() }
    }

    /// The same with its data elsewhere.
    pub(crate) fn at(&self, data: &Path) -> Self {
        Self { data: data.to_owned(), ..self.clone() }
    }

    pub(crate) fn data(&self) -> &Path {
        &self.data
    }

    pub(crate) fn is_embedded(&self) -> bool {
        self.value_of("--database-url").is_none()
    }

    pub(crate) fn value_of(&self, flag: &str) -> Option<String> {
        let at = self.args.iter().position(|arg| arg == flag)?;
        self.args.get(at + 1).cloned()
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.data().join(name)
    }

    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_patchbay"));
        command.arg("--data").arg(self.data()).args(&self.args).args(args).kill_on_drop(true);
        command.envs(self.env.iter().map(|(name, value)| (name, value)));
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// Runs a command to its end.
    pub(crate) async fn run(&self, args: &[&str]) -> Output {
        let running = self.command(args).output();
        let output = tokio::time::timeout(PATIENCE, running).await;
        output.unwrap_or_else(|_| panic!("{args:?} did not end")).unwrap()
    }

    /// Runs a command that must succeed; what it printed, as JSON.
    pub(crate) async fn succeed(&self, args: &[&str]) -> Value {
        let output = self.run(args).await;
        assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice(&output.stdout).unwrap_or(Value::Null)
    }

    /// Sets up the owner; what `patchbay init` printed.
    pub(crate) async fn init(&self, password: &str) -> Value {
        let args = ["init", "--email", OWNER, "--password-stdin", "--workspace", "Acme"];
        let mut child = self.command(&args).stdin(Stdio::piped()).spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        stdin.write_all(format!("{password}\n").as_bytes()).await.unwrap();
        drop(stdin);
        let output = child.wait_with_output().await.unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice(&output.stdout).unwrap()
    }

    /// Starts the server and waits until it is ready, or says on what grounds it refused.
    pub(crate) async fn try_serve(&self) -> Result<Running, (ExitStatus, String)> {
        let has_listen = self.args.iter().any(|arg| arg == "--listen");
        let listen: &[&str] =
            if has_listen { &["serve"] } else { &["serve", "--listen", "127.0.0.1:0"] };
        let mut child = self.command(listen).stdout(Stdio::null()).spawn().unwrap();
        let stderr = child.stderr.take().unwrap();
        let log = Arc::new(Mutex::new(String::new()));
        let (ready, when_ready) = tokio::sync::oneshot::channel();
        let kept = log.clone();
        let reader = tokio::spawn(async move {
            let (mut lines, mut ready) = (BufReader::new(stderr).lines(), Some(ready));
            while let Ok(Some(line)) = lines.next_line().await {
                let said: Value = serde_json::from_str(&line).unwrap_or(Value::Null);
                let address = said["ready_ms"].as_u64().and(said["address"].as_str());
                kept.lock().unwrap().push_str(&format!("{line}\n"));
                if let Some(ready) = address.and_then(|_| ready.take()) {
                    // Whoever waited for it may have given up.
                    ready.send(address.unwrap().parse::<SocketAddr>()).ok();
                }
            }
        });
        let address = tokio::time::timeout(PATIENCE, when_ready).await.expect("ready or refused");
        match address {
            Ok(address) => {
                Ok(Running { child, client: Client::new(address.unwrap()), log, reader })
            }
            Err(_) => {
                let status = child.wait().await.unwrap();
                let said = log.lock().unwrap().clone();
                Err((status, said))
            }
        }
    }

    pub(crate) async fn serve(&self) -> Running {
        self.try_serve().await.unwrap_or_else(|(status, said)| panic!("{status}: {said}"))
    }
}

/// A running server.
pub(crate) struct Running {
    child: Child,
    /// Nobody yet, at its address.
    pub(crate) client: Client,
    log: Arc<Mutex<String>>,
    reader: JoinHandle<()>,
}

impl Running {
    /// What it has logged until now.
    pub(crate) fn log(&self) -> String {
        self.log.lock().unwrap().clone()
    }

    pub(crate) fn signal(&self, name: &str) {
        let id = self.child.id().expect("it runs").to_string();
        let sent = std::process::Command::new("kill").args(["-s", name, &id]).status();
        assert!(sent.unwrap().success());
    }

    /// Pulls the plug.
    pub(crate) async fn kill(mut self) {
        self.child.kill().await.unwrap();
    }

    /// Asks it to stop; how it ended, after how long, and all that it logged.
    pub(crate) async fn stop(self) -> (ExitStatus, Duration, String) {
        self.signal("TERM");
        self.ended().await
    }

    pub(crate) async fn ended(mut self) -> (ExitStatus, Duration, String) {
        let begun = std::time::Instant::now();
        let status = tokio::time::timeout(PATIENCE, self.child.wait()).await;
        let status = status.expect("it ends").unwrap();
        let took = begun.elapsed();
        self.reader.await.unwrap();
        let log = self.log.lock().unwrap().clone();
        (status, took, log)
    }
}

/// Asks again until it is so, where there is no event to wait for.
pub(crate) async fn eventually<T>(what: &str, mut ask: impl AsyncFnMut() -> Option<T>) -> T {
    let deadline = tokio::time::Instant::now() + PATIENCE;
    loop {
        if let Some(found) = ask().await {
            return found;
        }
        assert!(tokio::time::Instant::now() < deadline, "never so: {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
