//! The providers by id: those built into the binary, or those of a folder.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use kernel::{Code, codes};
use rust_embed::RustEmbed;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::action::Action;
use crate::provider::{Mode, Provider, Sample};

/// Why the catalog cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum CatalogError {
    /// A file that cannot be read.
    #[error("{file} cannot be read")]
    Io {
        /// Which.
        file: String,
        /// Why.
        source: std::io::Error,
    },
    /// A file that does not say what it should.
    #[error("{file}: {message}")]
    File {
        /// Which.
        file: String,
        /// What is wrong with it.
        message: String,
    },
}

impl CatalogError {
    /// The stable code.
    pub fn code(&self) -> &'static Code {
        &codes::SETTING_INVALID
    }

    /// The file it is about.
    pub fn file(&self) -> &str {
        match self {
            Self::Io { file, .. } | Self::File { file, .. } => file,
        }
    }
}

/// Every provider there is.
#[derive(Clone, Debug, Default)]
pub struct Catalog {
    providers: BTreeMap<String, Arc<Provider>>,
}

impl Catalog {
    /// The providers in the binary.
    pub fn embedded() -> Result<Self, CatalogError> {
        Self::load(&Folder::embedded())
    }

    /// The providers of a folder that looks like `catalog/`.
    pub fn from_dir(path: impl AsRef<Path>) -> Result<Self, CatalogError> {
        Self::load(&Folder::read(path.as_ref())?)
    }

    fn load(folder: &Folder) -> Result<Self, CatalogError> {
        let mut providers = BTreeMap::new();
        for id in folder.ids() {
            let provider = folder.provider(id)?;
            if provider.id != id {
                return Err(CatalogError::File {
                    file: format!("providers/{id}/provider.yaml"),
                    message: format!("its id is `{}`; it must be the folder's name", provider.id),
                });
            }
            providers.insert(provider.id.clone(), Arc::new(provider));
        }
        Ok(Self { providers })
    }

    /// A provider by its id.
    pub fn get(&self, id: &str) -> Option<&Arc<Provider>> {
        self.providers.get(id)
    }

    /// All of them, by id.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<Provider>> {
        self.providers.values()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.providers.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.providers.is_empty()
    }

    /// Those whose name, summary or categories hold every word of the text, in the category and of the
    /// mode; names that begin with the text come first.
    pub fn search(
        &self,
        text: &str,
        category: Option<&str>,
        mode: Option<Mode>,
    ) -> Vec<&Arc<Provider>> {
        let text = text.trim().to_lowercase();
        let wanted = |provider: &&Arc<Provider>| {
            let hay =
                [&provider.id, &provider.name, &provider.summary, &provider.categories.join(" ")]
                    .map(|part| part.to_lowercase())
                    .join(" ");
            text.split_whitespace().all(|word| hay.contains(word))
                && category.is_none_or(|one| provider.categories.iter().any(|known| known == one))
                && mode.is_none_or(|mode| provider.modes.contains(&mode))
        };
        let mut found: Vec<_> = self.iter().filter(wanted).collect();
        found.sort_by_key(|provider| !provider.name.to_lowercase().starts_with(&text));
        found
    }
}

#[derive(RustEmbed)]
#[folder = "../../catalog/providers"]
#[prefix = "providers/"]
struct Embedded;

/// The files of a catalog by their path within it.
pub(crate) struct Folder {
    files: BTreeMap<String, Cow<'static, [u8]>>,
}

/// What stands in files of its own beside `provider.yaml`.
pub(crate) const PARTS: [&str; 3] = ["push", "oauth", "metrics"];
/// Larger files are no part of a catalog.
const MAX_FILE: u64 = 4 << 20;

impl Folder {
    pub(crate) fn embedded() -> Self {
        let file = |name: Cow<'static, str>| {
            let data = Embedded::get(&name)?.data;
            Some((name.into_owned(), data))
        };
        Self { files: Embedded::iter().filter_map(file).collect() }
    }

    pub(crate) fn read(root: &Path) -> Result<Self, CatalogError> {
        let mut files = BTreeMap::new();
        // A folder that looks like `catalog/`, or the one of providers in it.
        let inner = root.join("providers");
        let (root, start) = match (inner.is_dir(), root.parent()) {
            (false, Some(parent)) if root.ends_with("providers") => (parent, root.to_path_buf()),
            _ => (root, inner),
        };
        let mut open = vec![start];
        while let Some(folder) = open.pop() {
            let error = |source| CatalogError::Io { file: folder.display().to_string(), source };
            for entry in std::fs::read_dir(&folder).map_err(error)? {
                let entry = entry.map_err(error)?;
                let kind = entry.file_type().map_err(error)?;
                let path = entry.path();
                if kind.is_dir() {
                    open.push(path);
                } else if kind.is_file() && entry.metadata().map_err(error)?.len() <= MAX_FILE {
                    let name = path.strip_prefix(root).unwrap_or(&path).to_string_lossy();
                    let name = name.replace(std::path::MAIN_SEPARATOR, "/");
                    files.insert(name, Cow::Owned(std::fs::read(&path).map_err(error)?));
                }
            }
        }
        Ok(Self { files })
    }

    /// The folders under `providers/`, each the id of one.
    pub(crate) fn ids(&self) -> Vec<&str> {
        let mut ids: Vec<&str> = self
            .files
            .keys()
            .filter_map(|file| Some(file.strip_prefix("providers/")?.split_once('/')?.0))
            .collect();
        ids.dedup();
        ids
    }

    pub(crate) fn files(&self) -> impl Iterator<Item = &str> {
        self.files.keys().map(String::as_str)
    }

    pub(crate) fn text(&self, file: &str) -> Result<Option<&str>, CatalogError> {
        let Some(bytes) = self.files.get(file) else { return Ok(None) };
        std::str::from_utf8(bytes).map(Some).map_err(|error| wrong(file, &error))
    }

    /// `provider.yaml` with what stands beside it: `push.yaml` as its `push`, and so on.
    pub(crate) fn document(&self, id: &str) -> Result<Value, CatalogError> {
        let file = format!("providers/{id}/provider.yaml");
        let text = self.text(&file)?.ok_or_else(|| wrong(&file, &"it is missing"))?;
        let mut provider: Value = yaml(&file, text)?;
        for part in PARTS {
            let file = format!("providers/{id}/{part}.yaml");
            if let (Some(text), Value::Object(map)) = (self.text(&file)?, &mut provider) {
                let mut said: Value = yaml(&file, text)?;
                let said = said.get_mut(part).map(Value::take).unwrap_or(said);
                map.insert(part.to_owned(), said);
            }
        }
        Ok(provider)
    }

    pub(crate) fn provider(&self, id: &str) -> Result<Provider, CatalogError> {
        let file = format!("providers/{id}/provider.yaml");
        let mut provider: Provider =
            serde_json::from_value(self.document(id)?).map_err(|error| wrong(&file, &error))?;
        let icon = format!("providers/{id}/{}", provider.icon);
        provider.icon_svg = self.text(&icon)?.unwrap_or_default().to_owned();
        provider.samples = self.samples(id)?;
        provider.actions = self.actions(id)?;
        Ok(provider)
    }

    fn samples(&self, id: &str) -> Result<Vec<Sample>, CatalogError> {
        let mut samples: Vec<Sample> = Vec::new();
        for (file, sample) in self.json(&format!("providers/{id}/samples/"))? {
            samples.push(Sample { file: file.to_owned(), ..sample });
        }
        Ok(samples)
    }

    /// The files of `actions/` by the name of the action.
    pub(crate) fn actions(&self, id: &str) -> Result<BTreeMap<String, Arc<Action>>, CatalogError> {
        let mut actions = BTreeMap::new();
        let folder = format!("providers/{id}/actions/");
        for file in self.files() {
            let name = file.strip_prefix(&folder).and_then(|name| name.strip_suffix(".yaml"));
            let (Some(name), Some(text)) = (name, self.text(file)?) else { continue };
            let action: Action = yaml(file, text)?;
            if action.action != name {
                let message = format!("its action is `{}`; it is the file's name", action.action);
                return Err(wrong(file, &message));
            }
            actions.insert(action.action.clone(), Arc::new(action));
        }
        Ok(actions)
    }

    /// The JSON files of a folder, without those of folders in it.
    pub(crate) fn json<T: DeserializeOwned>(
        &self,
        folder: &str,
    ) -> Result<Vec<(&str, T)>, CatalogError> {
        let within = |file: &&str| {
            let name = file.strip_prefix(folder).and_then(|name| name.strip_suffix(".json"));
            name.is_some_and(|name| !name.contains('/'))
        };
        let read = |file| {
            let text = self.text(file)?.unwrap_or_default();
            serde_json::from_str(text).map(|read| (file, read)).map_err(|error| wrong(file, &error))
        };
        self.files().filter(within).map(read).collect()
    }
}

pub(crate) fn yaml<T: DeserializeOwned>(file: &str, text: &str) -> Result<T, CatalogError> {
    serde_saphyr::from_str(text).map_err(|error| wrong(file, &error))
}

fn wrong(file: &str, message: &dyn ToString) -> CatalogError {
    CatalogError::File { file: file.to_owned(), message: message.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn providers_are_found_by_what_they_are() {
        let catalog = Catalog::embedded().unwrap();
        let ids = |text, category, mode| -> Vec<String> {
            let found = catalog.search(text, category, mode);
            found.iter().map(|provider| provider.id.clone()).collect()
        };
        assert_eq!(ids("openw", None, None), ["openweather"]);
        assert!(ids("", Some("weather"), Some(Mode::Pull)).contains(&"openweather".to_owned()));
        assert!(!ids("", None, Some(Mode::Pull)).contains(&"webhook".to_owned()));
        assert!(ids("no such thing", None, None).is_empty());
        assert_eq!(ids("", None, None).len(), catalog.len());
        assert!(catalog.get("github").unwrap().pulls());
    }

    #[test]
    fn a_folder_is_read_like_the_binary() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../catalog");
        let catalog = Catalog::from_dir(&root).unwrap();
        assert_eq!(catalog.len(), Catalog::embedded().unwrap().len());
        assert!(Catalog::from_dir(root.join("nowhere")).is_err());
    }
}
