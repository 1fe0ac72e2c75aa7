//! A process as Linux sees it from outside: what it uses, and how to end it.

use anyhow::{Context as _, Result};
use std::process::{Child, Command};
use std::time::Duration;

/// A child that does not outlive its owner.
pub(crate) struct Process(pub(crate) Child);

/// How often the kernel counts in a second, on every Linux we know of.
const TICKS: u64 = 100;

impl Process {
    /// The time that it has had on a processor.
    pub(crate) fn cpu(&self) -> Result<Duration> {
        cpu(&self.0.id().to_string())
    }

    /// Its resident memory in MB.
    pub(crate) fn resident_mb(&self) -> Result<f64> {
        memory_mb(&self.0.id().to_string(), "VmRSS:")
    }

    /// Asks it to end and waits until it has.
    pub(crate) fn end(mut self) -> Result<()> {
        Command::new("kill").arg(self.0.id().to_string()).status()?;
        self.0.wait()?;
        Ok(())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

/// The time on a processor of a folder in `/proc`: a process, or one of its threads.
pub(crate) fn cpu(folder: &str) -> Result<Duration> {
    let stat = std::fs::read_to_string(format!("/proc/{folder}/stat"))?;
    // The name in parentheses may hold anything, so what follows it is counted: utime and stime.
    let (_, fields) = stat.rsplit_once(')').context("/proc/…/stat without a name")?;
    let ticks = fields.split_whitespace().skip(11).take(2);
    let ticks: u64 = ticks.map(|field| field.parse::<u64>().unwrap_or_default()).sum();
    Ok(Duration::from_millis(ticks * 1000 / TICKS))
}

/// Whether a thread of this process runs or would like to, but for this one and those of that name. One that
/// waits for its turn on a busy machine is at work, too.
pub(crate) fn is_at_work(but: &str) -> Result<bool> {
    let own = std::fs::read_link("/proc/thread-self")?;
    for thread in std::fs::read_dir("/proc/self/task")? {
        let thread = thread?;
        if own.file_name() == Some(&thread.file_name()) {
            continue;
        }
        // A thread may have ended since the folder was read.
        let Ok(stat) = std::fs::read_to_string(thread.path().join("stat")) else { continue };
        let Some((name, fields)) = stat.rsplit_once(')') else { continue };
        let is_other = !name.ends_with(&format!("({but}"));
        if is_other && fields.trim_start().starts_with(['R', 'D']) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// A size from the status of a process, in MB.
pub(crate) fn memory_mb(process: &str, field: &str) -> Result<f64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix(field));
    let kb = line.and_then(|line| line.trim().strip_suffix(" kB"));
    Ok(kb.with_context(|| format!("/proc/…/status without {field}"))?.parse::<f64>()? / 1024.0)
}
