//! Provider files: the input is a `provider.yaml`, linted and loaded as one of an operator's own would be.
//! What the linter finds nothing wrong with can be loaded.
#![no_main]

use catalog::{Catalog, lint};
use libfuzzer_sys::fuzz_target;
use std::path::PathBuf;
use std::sync::LazyLock;

/// A catalog of one provider, in memory where there is such a place.
static FOLDER: LazyLock<PathBuf> = LazyLock::new(|| {
    let memory = PathBuf::from("/dev/shm");
    let base = if memory.is_dir() { memory } else { std::env::temp_dir() };
    let folder = base.join(format!("patchbay-fuzz-{}", std::process::id()));
    std::fs::create_dir_all(folder.join("providers/fuzz")).expect("a folder of our own");
    folder
});

fuzz_target!(|input: &[u8]| {
    if input.len() > 16 << 10 {
        return;
    }
    let file = FOLDER.join("providers/fuzz/provider.yaml");
    std::fs::write(file, input).expect("a file in it");
    let findings = lint::dir(&*FOLDER);
    let loaded = Catalog::from_dir(&*FOLDER);
    if findings.is_ok_and(|findings| findings.is_empty()) {
        loaded.expect("what is sound can be loaded");
    }
});
