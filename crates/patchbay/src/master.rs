//! Where the master key comes from: the environment, a command, or a file that is made at the first
//! start. A rotation of a key in a file writes the next key beside it first, so that a crash at any
//! point leaves the key that the database wants in one of the two.

use anyhow::{Context as _, Result};
use db::Db;
use kernel::{Entropy, Problem, Secret, codes};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use vault::MasterKey;

use crate::settings::{Settings, master_key_from_environment};

/// Where the master key is kept.
#[derive(Clone, Debug)]
pub(crate) enum Source {
    Environment,
    Command(String),
    File(PathBuf),
}

impl Source {
    pub(crate) fn of(settings: &Settings) -> Self {
        if master_key_from_environment().is_some() {
            return Self::Environment;
        }
        match (&settings.master_key_command, &settings.master_key_file) {
            (Some(command), _) => Self::Command(command.clone()),
            (None, Some(file)) => Self::File(file.clone()),
            (None, None) => Self::File(settings.data_dir().join("master.key")),
        }
    }

    /// The name in the API.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Environment => "environment",
            Self::Command(_) => "command",
            Self::File(_) => "file",
        }
    }

    /// Every key that may be the one in use: the one that is kept and, while a rotation is under way, the
    /// next.
    fn read_all(&self) -> Vec<MasterKey> {
        let next = match self {
            Self::File(path) => read_file(&next_to(path)).ok().flatten(),
            Self::Environment | Self::Command(_) => None,
        };
        self.read().ok().flatten().into_iter().chain(next).collect()
    }

    /// The key, if there is one yet.
    fn read(&self) -> Result<Option<MasterKey>> {
        match self {
            Self::Environment => {
                let text =
                    master_key_from_environment().context("PATCHBAY_MASTER_KEY is not set")?;
                Ok(Some(MasterKey::from_text(text.expose()).context("PATCHBAY_MASTER_KEY")?))
            }
            Self::Command(command) => {
                let done = std::process::Command::new("sh").arg("-c").arg(command).output();
                let done = done.context("cannot run the master key command")?;
                if !done.status.success() {
                    let what = format!("the master key command failed with {}", done.status);
                    return Err(no_key(what));
                }
                let text = Secret::new(String::from_utf8(done.stdout).unwrap_or_default());
                let key = MasterKey::from_text(text.expose());
                Ok(Some(key.context("what the master key command printed")?))
            }
            Self::File(path) => read_file(path),
        }
    }
}

/// Why there is no key, with the code that says so.
fn no_key(what: String) -> anyhow::Error {
    let problem = Problem::new(&codes::MASTER_KEY_BAD, "Nothing is opened without it.");
    anyhow::Error::new(problem).context(what)
}

fn read_file(path: &Path) -> Result<Option<MasterKey>> {
    match std::fs::read_to_string(path) {
        Ok(text) => {
            let text = Secret::new(text);
            let key = MasterKey::from_text(text.expose());
            Ok(Some(key.with_context(|| format!("the master key in {}", path.display()))?))
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).with_context(|| format!("cannot read {}", path.display())),
    }
}

fn next_to(path: &Path) -> PathBuf {
    PathBuf::from(format!("{}.next", path.display()))
}

/// Opens the data keys of a database, making the first master key of a new one.
pub(crate) async fn unlock(db: &Db, source: &Source) -> Result<Arc<MasterKey>> {
    let wanted = db.master_key_id().await?;
    let key = match (source.read()?, source) {
        (Some(key), Source::File(path)) if wanted.as_deref().is_some_and(|id| id != key.id()) => {
            take_next(path, wanted.as_deref())?.unwrap_or(key)
        }
        (Some(key), _) => key,
        (None, Source::File(path)) if wanted.is_none() => {
            let key = MasterKey::generate(&Entropy::System);
            write_file(path, &key)?;
            tracing::info!(file = %path.display(), "made the master key; keep a copy apart from backups");
            key
        }
        (None, Source::File(path)) => {
            return Err(no_key(format!(
                "{} is missing, and the database was made with a master key: put it back",
                path.display()
            )));
        }
        (None, _) => return Err(no_key("there is no master key".to_owned())),
    };
    db.unlock(&key).await?;
    let again = source.clone();
    db.set_key_source(Arc::new(move || again.read_all()));
    Ok(Arc::new(key))
}

/// Finishes a rotation that was cut off after the database had changed.
fn take_next(path: &Path, wanted: Option<&str>) -> Result<Option<MasterKey>> {
    let next = next_to(path);
    let key = read_file(&next)?.filter(|key| Some(key.id()) == wanted);
    if key.is_some() {
        std::fs::rename(&next, path).context("cannot finish the rotation of the master key")?;
    }
    Ok(key)
}

/// Writes a key where only its owner reads it, and makes sure that it is on the disk.
fn write_file(path: &Path, key: &MasterKey) -> Result<()> {
    use std::os::unix::fs::OpenOptionsExt as _;
    let failed = || format!("cannot write the master key to {}", path.display());
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).with_context(failed)?;
    }
    let mut options = std::fs::OpenOptions::new();
    let file = options.write(true).create_new(true).mode(0o600).open(path);
    let mut file = file.with_context(failed)?;
    writeln!(file, "{}", key.to_text().expose()).with_context(failed)?;
    file.sync_all().with_context(failed)
}

/// Wraps every data key with a new master key. `new` is needed where we cannot write the key ourselves.
pub(crate) async fn rotate(
    db: &Db,
    source: &Source,
    from: &MasterKey,
    new: Option<MasterKey>,
) -> Result<(Arc<MasterKey>, u64)> {
    let Source::File(path) = source else {
        let to = new.context(
            "the master key comes from outside: put the new one into a file, name it with \
             --new-key-file, and hand it to every node before the next start",
        )?;
        let count = db.rotate_master(from, &to).await?;
        return Ok((Arc::new(to), count));
    };
    let to = new.unwrap_or_else(|| MasterKey::generate(&Entropy::System));
    let next = next_to(path);
    if next.exists() {
        std::fs::remove_file(&next)
            .context("cannot remove the key of a rotation that was given up")?;
    }
    write_file(&next, &to)?;
    let count = db.rotate_master(from, &to).await?;
    std::fs::rename(&next, path).context("the new key is in use, but still in the .next file")?;
    Ok((Arc::new(to), count))
}
