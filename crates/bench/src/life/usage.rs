//! What a simulation costs: time on a processor, the world outside left out; memory; disk.

use anyhow::{Context as _, Result};
use db::Db;
use serde::{Deserialize, Serialize};
use std::time::Instant;

use super::world;
use crate::process;

/// What was used since [`Meter::start`], or the most that was.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Usage {
    /// By the clock on the wall, in seconds.
    pub(crate) wall: f64,
    /// Of the house, in seconds; the simulation is in it.
    pub(crate) cpu: f64,
    /// Of the world outside, in seconds.
    pub(crate) world_cpu: f64,
    /// The most that the process has had in memory, the world outside included, in MB.
    pub(crate) peak_mb: f64,
    /// What the process has grown by, in MB.
    pub(crate) grown_mb: f64,
    /// What the database has grown by, in MB.
    pub(crate) disk_mb: f64,
    /// Statements that the database ran.
    pub(crate) statements: u64,
}

pub(crate) struct Meter {
    begin: Instant,
    cpu: (f64, f64),
    resident: f64,
    bytes: u64,
    statements: u64,
}

impl Meter {
    pub(crate) async fn start(db: &Db) -> Result<Self> {
        let (bytes, statements) = (db.bytes().await?, db.statements());
        let resident = process::memory_mb("self", "VmRSS:")?;
        Ok(Self { begin: Instant::now(), cpu: processor()?, resident, bytes, statements })
    }

    pub(crate) async fn read(&self, db: &Db) -> Result<Usage> {
        let (house, world) = processor()?;
        let mb = |bytes: u64| bytes as f64 / f64::from(1 << 20);
        Ok(Usage {
            wall: self.begin.elapsed().as_secs_f64(),
            cpu: house - self.cpu.0,
            world_cpu: world - self.cpu.1,
            peak_mb: process::memory_mb("self", "VmHWM:")?,
            grown_mb: process::memory_mb("self", "VmRSS:")? - self.resident,
            disk_mb: mb(db.bytes().await?) - mb(self.bytes),
            statements: db.statements() - self.statements,
        })
    }
}

/// Seconds on a processor: of the house, and of the world outside.
fn processor() -> Result<(f64, f64)> {
    let (mut all, mut outside) = (process::cpu("self")?.as_secs_f64(), 0.0);
    for task in std::fs::read_dir("/proc/self/task")? {
        let task = task?.file_name();
        let task = format!("self/task/{}", task.to_str().context("a thread without a number")?);
        // A thread may end while it is looked at.
        let name = std::fs::read_to_string(format!("/proc/{task}/comm")).unwrap_or_default();
        if name.trim_end() == world::THREAD {
            outside += process::cpu(&task)?.as_secs_f64();
        }
    }
    all -= outside;
    Ok((all, outside))
}
