//! Connections over days that pass in minutes: tokens that live an hour, numbers read daily, and nothing but
//! the clock pretended. Each size runs in a process of its own, so that its memory is its own as well.

mod house;
mod run;
#[cfg(test)]
mod tests;
mod time;
mod usage;
mod weather;
mod world;

use anyhow::{Result, bail};
use clap::Args;
use sandbox::Service;
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::table::{Table, Target};
use run::{Plan, Report};

/// The platforms whose tokens a refresh token renews: here all of them hourly.
const HOURLY: [Service; 5] =
    [Service::Tiktok, Service::X, Service::Soundcloud, Service::Youtube, Service::Spotify];
/// All that numbers are read of.
const EVERY: [Service; 8] = [
    Service::Instagram,
    Service::Facebook,
    Service::Tiktok,
    Service::X,
    Service::Youtube,
    Service::Spotify,
    Service::Soundcloud,
    Service::AppleMusic,
];
const HOUR: Duration = Duration::from_secs(3600);
/// So many artists share an app on each platform.
const ARTISTS_OF_AN_APP: usize = 50;

/// What is simulated: the arguments of `bench life`.
#[derive(Args)]
pub(crate) struct Life {
    /// How many connections
    #[arg(long)]
    connections: usize,
    /// Over how many hours
    #[arg(long)]
    hours: u64,
    /// On every platform, with this seed of what goes wrong
    #[arg(long)]
    weather: Option<u64>,
}

impl Life {
    /// The other side of [`measure`]: prints what came of it as JSON.
    pub(crate) fn run(&self) -> Result<()> {
        let services = if self.weather.is_some() { &EVERY[..] } else { &HOURLY[..] };
        let plan = Plan {
            artists: self.connections / services.len(),
            services: services.to_vec(),
            artists_of_an_app: ARTISTS_OF_AN_APP,
            hours: self.hours,
            token_life: HOUR,
            weather: self.weather,
        };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        Table::default().line(&serde_json::to_string(&runtime.block_on(run::run(&plan))?)?)
    }
}

pub(crate) fn measure(table: &mut Table, quick: bool, days: u64) -> Result<()> {
    table.section("Connections: hourly tokens, daily numbers, the clock as a parameter")?;
    let hours = if quick { [24, 6, 1] } else { [72, 24, 24 * days] };
    let mut costs = Vec::new();
    for (connections, hours) in [100, 1_000, 10_000].into_iter().zip(hours) {
        let report = simulated(connections, hours)?;
        let cost = report.usage.cpu * 1000.0 / report.connection_days();
        costs.push(cost);
        table.note(
            &format!("{connections} for {hours} h: CPU of a connection and day"),
            format!("{cost:.1} ms"),
        )?;
        if connections == 10_000 {
            tell(table, &report)?;
        }
    }
    let growth = costs.last().copied().unwrap_or(f64::NAN) / costs[0];
    table.figure("cost of one from 100 to 10,000", growth, "×", Target::AtMost(1.5))
}

fn tell(table: &mut Table, report: &Report) -> Result<()> {
    let Report { usage, .. } = report;
    let (refreshes, hours) = (report.refreshed() as f64, report.hours as f64);
    table.note(
        "of 10,000: tokens renewed, numbers kept",
        format!("{refreshes}, {}", report.syncs),
    )?;
    table.note("renewals a second while it ran", format!("{:.0}/s", refreshes / usage.wall))?;
    table
        .note("it ran for, on a processor for", format!("{:.0}, {:.0} s", usage.wall, usage.cpu))?;
    let busy = usage.cpu / (hours * 3600.0) * 100.0;
    table.note("in real time that is of one core", format!("{busy:.2} %"))?;
    table.note("memory at most, the world in it", format!("{:.0} MB", usage.peak_mb))?;
    table.note("memory, grown by", format!("{:.0} MB", usage.grown_mb))?;
    let disk = usage.disk_mb * 1024.0 / report.connection_days();
    table.note("disk of a connection and day", format!("{disk:.1} kB"))?;
    table.figure("reconnects", report.reconnects() as f64, "", Target::AtMost(0.0))?;
    table.figure("tokens used twice", report.reuses as f64, "", Target::AtMost(0.0))?;
    table.figure("calls over a quota", report.over_quota as f64, "", Target::AtMost(0.0))?;
    table.figure("oldest numbers at any hour", report.oldest, " h", Target::AtMost(24.0))?;
    for (platform, share) in &report.share {
        let name = format!("share of a limit of {platform} at most");
        table.figure(&name, *share, " %", Target::AtMost(10.0))?;
    }
    Ok(())
}

fn simulated(connections: usize, hours: u64) -> Result<Report> {
    let size = [connections.to_string(), hours.to_string()];
    let mut command = Command::new(std::env::current_exe()?);
    command.args(["life", "--connections", &size[0], "--hours", &size[1]]);
    let done = command.stderr(Stdio::inherit()).output()?;
    if !done.status.success() {
        bail!("the simulation of {connections} connections failed");
    }
    Ok(serde_json::from_slice(&done.stdout)?)
}
