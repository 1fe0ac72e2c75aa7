//! The world outside, on a thread and a runtime of its own: what it costs is not the house's, and its time is
//! that of the house.

use anyhow::{Context as _, Result};
use kernel::{Clock, Secret};
use sandbox::{Model, Platform, Sandbox, SandboxConfig, Service, TokenRules};
use std::sync::{Arc, mpsc};
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::sync::oneshot;

/// The name of its thread.
pub(crate) const THREAD: &str = "world";
const SEED: [u8; 32] = [7; 32];
const DAY: u64 = 86_400;

pub(crate) struct World {
    pub(crate) sandbox: Arc<Sandbox>,
    end: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl World {
    pub(crate) fn start(clock: Clock) -> Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let config = SandboxConfig::new(clock, Secret::new(SEED));
        let (tell, started) = mpsc::channel();
        let (end, ended) = oneshot::channel::<()>();
        let thread = std::thread::Builder::new().name(THREAD.to_owned());
        let thread = thread.spawn(move || {
            runtime.block_on(async {
                let sandbox = Sandbox::start(config).await.map(Arc::new);
                let running = sandbox.as_ref().ok().cloned();
                drop(tell.send(sandbox));
                if let Some(running) = running {
                    drop(ended.await);
                    running.shutdown().await;
                }
            });
        })?;
        let sandbox = started.recv().context("the world did not start")??;
        Ok(Self { sandbox, end: Some(end), thread: Some(thread) })
    }

    /// The platforms. Access tokens that something renews live so long, and a refresh token that was replaced
    /// is taken for the grace.
    pub(crate) fn platforms(
        &self,
        services: &[Service],
        token_life: Duration,
        grace: Duration,
    ) -> Vec<Arc<Platform>> {
        let platforms = services.iter().filter_map(|service| self.sandbox.platform(*service));
        platforms
            .map(|platform| {
                let mut rules =
                    TokenRules { reuse_grace_secs: grace.as_secs(), ..platform.rules() };
                match (rules.model, platform.service()) {
                    (_, Service::AppleMusic) => {}
                    // Half a year would not be seen to end.
                    (Model::Extending, _) => rules.refresh_secs = Some(40 * DAY),
                    (Model::Rotating | Model::Stable, _) => {
                        rules.access_secs = token_life.as_secs()
                    }
                }
                platform.set_rules(rules);
                platform.clone()
            })
            .collect()
    }
}

impl Drop for World {
    fn drop(&mut self) {
        self.end.take();
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
    }
}
