//! Time that stands still until it is moved: the clock that the house and the world outside read, and the
//! timers of the runtime, which move together.

use anyhow::Result;
use kernel::{Clock, Timestamp};
use std::sync::mpsc;
use std::time::Duration;
use tokio::sync::watch;

use crate::process::is_at_work;

/// How often [`Time::moment`] ends, by the clock on the wall.
const MOMENT: Duration = Duration::from_millis(3);

/// The thread that tells of the moments.
const TICKING: &str = "moments";

pub(crate) struct Time {
    clock: Clock,
    moments: watch::Receiver<()>,
    _still: mpsc::Sender<()>,
}

impl Time {
    /// Stops the time of this runtime, which has to be one of a single thread, at `at`.
    pub(crate) fn stopped(at: Timestamp) -> Result<Self> {
        tokio::time::pause();
        // Tokio would jump to the next timer as soon as every task waits, be it for an answer that is on its
        // way. While something blocking runs it does not.
        let (still, ended) = mpsc::channel::<()>();
        drop(tokio::task::spawn_blocking(move || ended.recv()));
        let (tell, moments) = watch::channel(());
        let ticking = std::thread::Builder::new().name(TICKING.to_owned());
        ticking.spawn(move || {
            while tell.send(()).is_ok() {
                std::thread::sleep(MOMENT);
            }
        })?;
        Ok(Self { clock: Clock::manual(at), moments, _still: still })
    }

    pub(crate) fn clock(&self) -> &Clock {
        &self.clock
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    pub(crate) async fn advance(&self, by: Duration) {
        self.clock.advance(by);
        tokio::time::advance(by).await;
    }

    /// Whether something in this process still computes, or waits for its turn to.
    pub(crate) fn is_busy(&self) -> Result<bool> {
        is_at_work(TICKING)
    }

    /// A moment of the real time.
    pub(crate) async fn moment(&mut self) {
        self.moments.mark_unchanged();
        drop(self.moments.changed().await);
    }
}
