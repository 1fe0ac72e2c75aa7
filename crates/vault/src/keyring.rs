//! The data keys of all workspaces, unwrapped and in memory. Old versions stay until every row that
//! they sealed was sealed anew, so a rotation never stops a reader.

use kernel::{Entropy, Secret, WorkspaceId};
use papaya::HashMap;
use std::collections::BTreeMap;
use std::sync::Arc;

use crate::seal::{Key, Place, version_of};
use crate::{MasterKey, VaultError};

/// A data key as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WrappedKey {
    /// Whose.
    pub workspace: WorkspaceId,
    /// Counts up from 1 with each rotation.
    pub version: u32,
    /// The id of the master key that wrapped it.
    pub master_key_id: String,
    /// The key under the master key.
    pub wrapped: Vec<u8>,
}

#[derive(Clone, Default)]
struct DataKeys {
    versions: BTreeMap<u32, Arc<Key>>,
}

/// All data keys that this process may use.
#[derive(Clone, Default)]
pub struct Keyring {
    workspaces: Arc<HashMap<WorkspaceId, DataKeys>>,
    entropy: Entropy,
}

const WRAPPING: &str = "data_key";

impl Keyring {
    /// An empty ring.
    pub fn new(entropy: Entropy) -> Self {
        Self { workspaces: Arc::default(), entropy }
    }

    /// Makes a data key, wraps it, and takes it into use once [`Keyring::add`] is called with it: the
    /// caller stores the wrapped form first.
    ///
    /// # Errors
    /// When the cipher refuses, which it does not for keys of the right length.
    pub fn generate(
        &self,
        master: &MasterKey,
        workspace: WorkspaceId,
        version: u32,
    ) -> Result<WrappedKey, VaultError> {
        let bytes = Secret::new(self.entropy.bytes::<32>());
        self.wrap(master, workspace, version, bytes.expose())
    }

    /// Unwraps a stored data key and takes it into use.
    ///
    /// # Errors
    /// [`VaultError::WrongMasterKey`] when another master key wrapped it.
    pub fn add(&self, master: &MasterKey, stored: &WrappedKey) -> Result<(), VaultError> {
        let bytes = unwrap(master, stored)?;
        let key = Arc::new(Key::new(bytes.expose())?);
        let ring = self.workspaces.pin();
        let mut keys = ring.get(&stored.workspace).cloned().unwrap_or_default();
        keys.versions.insert(stored.version, key);
        ring.insert(stored.workspace, keys);
        Ok(())
    }

    /// The same data key under another master key.
    ///
    /// # Errors
    /// [`VaultError::WrongMasterKey`] when `from` is not what wrapped it.
    pub fn rewrap(
        &self,
        from: &MasterKey,
        to: &MasterKey,
        stored: &WrappedKey,
    ) -> Result<WrappedKey, VaultError> {
        let bytes = unwrap(from, stored)?;
        self.wrap(to, stored.workspace, stored.version, bytes.expose())
    }

    fn wrap(
        &self,
        master: &MasterKey,
        workspace: WorkspaceId,
        version: u32,
        bytes: &[u8; 32],
    ) -> Result<WrappedKey, VaultError> {
        let place = Place { workspace, noun: WRAPPING, id: &version };
        let wrapped = Key::new(master.bytes())?.seal(0, &place.bytes(), bytes, &self.entropy)?;
        Ok(WrappedKey { workspace, version, master_key_id: master.id().to_owned(), wrapped })
    }

    /// Seals with the newest key of the workspace.
    ///
    /// # Errors
    /// [`VaultError::NoKey`] for a workspace that was never given one.
    pub fn seal(&self, place: Place<'_>, plain: &[u8]) -> Result<Vec<u8>, VaultError> {
        let ring = self.workspaces.pin();
        let newest = ring.get(&place.workspace).and_then(|keys| keys.versions.last_key_value());
        let (version, key) =
            newest.ok_or(VaultError::NoKey { workspace: place.workspace, version: 0 })?;
        key.seal(*version, &place.bytes(), plain, &self.entropy)
    }

    /// Opens what was sealed for the same place.
    ///
    /// # Errors
    /// [`VaultError::DoesNotOpen`] when it was altered or belongs elsewhere.
    pub fn open(&self, place: Place<'_>, sealed: &[u8]) -> Result<Vec<u8>, VaultError> {
        let version = version_of(sealed)?;
        let ring = self.workspaces.pin();
        let key = ring.get(&place.workspace).and_then(|keys| keys.versions.get(&version));
        let key = key.ok_or(VaultError::NoKey { workspace: place.workspace, version })?;
        key.open(&place.bytes(), sealed)
    }

    /// The version that [`Keyring::seal`] would use.
    pub fn current_version(&self, workspace: WorkspaceId) -> Option<u32> {
        let ring = self.workspaces.pin();
        ring.get(&workspace)?.versions.last_key_value().map(|(version, _)| *version)
    }

    /// Whether the workspace has a key of this version here.
    pub fn has(&self, workspace: WorkspaceId, version: u32) -> bool {
        self.workspaces
            .pin()
            .get(&workspace)
            .is_some_and(|keys| keys.versions.contains_key(&version))
    }

    /// Which key version sealed this.
    ///
    /// # Errors
    /// [`VaultError::DoesNotOpen`] when it is not a sealed text.
    pub fn sealed_version(sealed: &[u8]) -> Result<u32, VaultError> {
        version_of(sealed)
    }
}

fn unwrap(master: &MasterKey, stored: &WrappedKey) -> Result<Secret<[u8; 32]>, VaultError> {
    let wrong = || VaultError::WrongMasterKey {
        expected: stored.master_key_id.clone(),
        given: master.id().to_owned(),
    };
    if stored.master_key_id != master.id() {
        return Err(wrong());
    }
    let place = Place { workspace: stored.workspace, noun: WRAPPING, id: &stored.version };
    let bytes = Key::new(master.bytes())?.open(&place.bytes(), &stored.wrapped)?;
    let bytes: [u8; 32] = bytes.as_slice().try_into().map_err(|_| wrong())?;
    Ok(Secret::new(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;
    use kernel::Timestamp;

    fn ring() -> (Keyring, MasterKey, WorkspaceId) {
        let entropy = Entropy::seeded(11);
        let ring = Keyring::new(entropy.clone());
        let master = MasterKey::generate(&entropy);
        let workspace = WorkspaceId::generate(Timestamp::from_secs(1), &entropy);
        ring.add(&master, &ring.generate(&master, workspace, 1).unwrap()).unwrap();
        (ring, master, workspace)
    }

    #[test]
    fn what_is_sealed_opens_in_its_own_row_alone() {
        let (ring, _, workspace) = ring();
        let place = Place { workspace, noun: "credential", id: &"cred_1" };
        let sealed = ring.seal(place, b"hunter2").unwrap();
        assert_eq!(ring.open(place, &sealed).unwrap(), b"hunter2");
        for other in [
            Place { workspace, noun: "credential", id: &"cred_2" },
            Place { workspace, noun: "snapshot", id: &"cred_1" },
        ] {
            assert_eq!(ring.open(other, &sealed), Err(VaultError::DoesNotOpen));
        }
        for cut in 0..sealed.len() {
            assert!(ring.open(place, &sealed[..cut]).is_err());
        }
    }

    #[test]
    fn a_rotation_leaves_old_rows_readable() {
        let (ring, master, workspace) = ring();
        let place = Place { workspace, noun: "credential", id: &"cred_1" };
        let old = ring.seal(place, b"kept").unwrap();
        ring.add(&master, &ring.generate(&master, workspace, 2).unwrap()).unwrap();
        let new = ring.seal(place, b"kept").unwrap();
        assert_eq!(Keyring::sealed_version(&old), Ok(1));
        assert_eq!(Keyring::sealed_version(&new), Ok(2));
        assert_eq!(ring.open(place, &old), ring.open(place, &new));
    }

    #[test]
    fn another_master_key_does_not_unwrap() {
        let (ring, master, workspace) = ring();
        let other = MasterKey::generate(&Entropy::seeded(12));
        let stored = ring.generate(&master, workspace, 2).unwrap();
        assert!(matches!(ring.add(&other, &stored), Err(VaultError::WrongMasterKey { .. })));
        let moved = ring.rewrap(&master, &other, &stored).unwrap();
        assert_eq!(ring.add(&other, &moved), Ok(()));
    }
}
