//! The commands.

mod backup;
mod doctor;
mod init;
mod keys;
mod webhooks;

use anyhow::Result;
use clap::{Parser, Subcommand};
use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;
use tokio_util::sync::CancellationToken;
use utoipa_axum::router::OpenApiRouter;

use crate::settings::{Settings, TEMPLATE};
use crate::{house, logging};

/// One self-hosted place where outside services meet what you build.
#[derive(Parser)]
#[command(name = "patchbay", version, max_term_width = 100)]
pub(crate) struct Cli {
    #[command(flatten)]
    settings: Settings,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Answer requests and run jobs
    Serve,
    /// Set up the owner and the first workspace; prints ids and an API key as JSON
    Init(init::Init),
    /// Rotate keys
    #[command(subcommand)]
    Keys(keys::Keys),
    /// Write a consistent copy of the embedded database while it is in use
    Backup {
        /// Where to; must not exist
        file: PathBuf,
    },
    /// Put a backup in the place of the embedded database; the old file is kept beside it
    Restore {
        /// What backup wrote
        file: PathBuf,
    },
    /// Check the settings, the database, the keys and the way out
    Doctor,
    /// Work on the provider catalog
    #[command(subcommand)]
    Catalog(Catalog),
    /// Print the OpenAPI document
    Openapi,
    /// Bring the database up to date and end
    Migrate,
    /// Check webhook signatures
    #[command(subcommand)]
    Webhooks(webhooks::Webhooks),
    /// Print the config file with every setting and its default
    Config,
}

#[derive(Subcommand)]
enum Catalog {
    /// Check provider files: those of a folder, or the built-in ones
    Lint {
        /// The folder `providers`, with one folder per provider, or the one that holds it
        dir: Option<PathBuf>,
    },
}

/// Does what was asked.
pub(crate) async fn run(cli: Cli) -> Result<ExitCode> {
    match cli.command {
        Command::Config => {
            print(TEMPLATE)?;
            return Ok(ExitCode::SUCCESS);
        }
        Command::Catalog(Catalog::Lint { dir }) => return lint(dir),
        Command::Webhooks(command) => return webhooks::run(command),
        Command::Openapi => return openapi().await,
        _ => {}
    }
    let settings = cli.settings.with_file()?;
    logging::start(&settings);
    match cli.command {
        Command::Serve => house::serve(settings, stop_on_signal()?).await?,
        Command::Init(init) => init::run(&settings, init).await?,
        Command::Keys(command) => keys::run(&settings, command).await?,
        Command::Backup { file } => backup::backup(&settings, &file).await?,
        Command::Restore { file } => backup::restore(&settings, &file).await?,
        Command::Doctor => return doctor::run(&settings).await,
        Command::Migrate => {
            let db = db::Db::open(db::Options::new(settings.database_url())).await?;
            db.close().await;
            tracing::info!("the database is up to date");
        }
        Command::Config | Command::Catalog(_) | Command::Webhooks(_) | Command::Openapi => {}
    }
    Ok(ExitCode::SUCCESS)
}

/// The document is made from routes, and routes need a house: an empty one, gone at the end.
async fn openapi() -> Result<ExitCode> {
    let data = std::env::temp_dir().join(format!("patchbay-openapi-{}", std::process::id()));
    let settings = Settings { data: Some(data.clone()), ..Settings::default() };
    let vaulted = house::open(&settings).await?;
    let house = house::build(&settings, &vaulted, settings.listen()).await?;
    let text = server::document(&house, OpenApiRouter::new()).to_pretty_json()?;
    house.db.close().await;
    std::fs::remove_dir_all(data)?;
    print(&format!("{text}\n"))?;
    Ok(ExitCode::SUCCESS)
}

/// SIGTERM and SIGINT end the house in good order; a second one ends it at once.
fn stop_on_signal() -> Result<CancellationToken> {
    use tokio::signal::unix::{SignalKind, signal};
    let stop = CancellationToken::new();
    let (mut term, mut int) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let stopping = stop.clone();
    tokio::spawn(async move {
        loop {
            tokio::select! { _ = term.recv() => {} _ = int.recv() => {} }
            if stopping.is_cancelled() {
                std::process::exit(130);
            }
            tracing::info!("stopping: finishing what is in flight");
            stopping.cancel();
        }
    });
    Ok(stop)
}

fn lint(dir: Option<PathBuf>) -> Result<ExitCode> {
    let findings = match &dir {
        Some(dir) => catalog::lint::dir(dir)?,
        None => catalog::lint::embedded(),
    };
    for finding in &findings {
        print(&format!("{} {}: {}\n", finding.file, finding.pointer, finding.message))?;
    }
    if findings.is_empty() {
        print("the catalog is sound\n")?;
        return Ok(ExitCode::SUCCESS);
    }
    Ok(ExitCode::FAILURE)
}

/// Writes to standard output. A reader that has seen enough is no error.
pub(crate) fn print(text: &str) -> Result<()> {
    match std::io::stdout().write_all(text.as_bytes()) {
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
        other => Ok(other?),
    }
}

/// Says on standard error why a command failed: the sentence first, then what caused it.
pub(crate) fn complain(error: &anyhow::Error) {
    let mut out = std::io::stderr();
    let code = error.chain().find_map(|cause| {
        let of_db = cause.downcast_ref::<db::DbError>().map(db::DbError::code);
        let of_vault = || cause.downcast_ref::<vault::VaultError>().map(vault::VaultError::code);
        let of_file = || cause.is::<toml::de::Error>().then_some(&kernel::codes::SETTING_INVALID);
        let of_problem = || cause.downcast_ref::<kernel::Problem>().map(|problem| problem.code);
        of_db.or_else(of_vault).or_else(of_file).or_else(of_problem)
    });
    let code = code.map(|code| format!(" [{}]", code.name)).unwrap_or_default();
    drop(writeln!(out, "patchbay: {error}{code}"));
    error.chain().skip(1).for_each(|cause| drop(writeln!(out, "  because: {cause}")));
}
