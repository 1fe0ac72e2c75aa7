//! `make bench`: what Patchbay costs beside the ceiling of the machine it runs on. Both sides of every
//! ratio are measured in the same run with the same generator, so that a busy machine slows both. The
//! house under test is the release binary in a process of its own, spoken to from outside.

mod bare;
mod ceiling;
mod client;
mod feeds;
mod house;
mod life;
mod load;
mod postgres;
mod process;
mod pushes;
mod reads;
mod table;
mod tick;

use anyhow::Result;
use clap::{Parser, Subcommand, ValueEnum};
use std::process::ExitCode;

use table::Table;

// What the binary under test runs on: the bare route must not differ in this.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Measures Patchbay.
#[derive(Parser)]
struct Cli {
    /// Less of everything: a few minutes, and noisier
    #[arg(long)]
    quick: bool,
    /// Only these
    #[arg(long, value_enum, value_delimiter = ',')]
    only: Vec<Subject>,
    /// How many days 10,000 connections live through; 30 take some hours
    #[arg(long, default_value_t = 1)]
    days: u64,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Serve one answer, given as JSON on standard input: what readers are compared with
    #[command(hide = true)]
    Bare,
    /// Simulate connections and print what came of it as JSON
    #[command(hide = true)]
    Life(life::Life),
}

/// What can be measured.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Subject {
    Reads,
    Pushes,
    Tick,
    Feeds,
    Connections,
}

fn main() -> Result<ExitCode> {
    let cli = Cli::parse();
    match &cli.command {
        Some(Command::Bare) => {
            let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
            return runtime.block_on(bare::serve()).map(|()| ExitCode::SUCCESS);
        }
        Some(Command::Life(life)) => return life.run().map(|()| ExitCode::SUCCESS),
        None => {}
    }
    // One thread sends for both sides and leaves the other cores to who answers.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(measure(&cli))
}

async fn measure(cli: &Cli) -> Result<ExitCode> {
    let is_wanted = |subject| cli.only.is_empty() || cli.only.contains(&subject);
    let mut table = Table::default();
    if is_wanted(Subject::Reads) {
        reads::measure(&mut table, cli.quick).await?;
    }
    if is_wanted(Subject::Pushes) {
        pushes::measure(&mut table, cli.quick).await?;
    }
    if is_wanted(Subject::Tick) {
        tick::measure(&mut table, cli.quick).await?;
    }
    if is_wanted(Subject::Feeds) {
        feeds::measure(&mut table, cli.quick).await?;
    }
    if is_wanted(Subject::Connections) {
        life::measure(&mut table, cli.quick, cli.days)?;
    }
    Ok(if table.end()? { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
