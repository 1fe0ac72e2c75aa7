//! Guards of the house: what ARCHITECTURE.md says of the code, checked on the code.

use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

/// From the top to the bottom; a room may lean on what stands in a later line, never on its neighbours.
const FLOORS: [&[&str]; 10] = [
    &["patchbay"],
    &["server"],
    &["feeds", "hooks", "flows", "insight"],
    &["actions"],
    &["connect"],
    &["accounts"],
    &["egress"],
    &["db"],
    &["vault", "catalog"],
    &["kernel"],
];
/// Outside the house: the world that it is tested against, and what measures it.
const OUTSIDE: [&str; 2] = ["sandbox", "bench"];
/// A file longer than this is two ideas.
const MOST_LINES: usize = 600;

#[test]
fn arrows_point_down() {
    let floor = |name: &str| FLOORS.iter().position(|floor| floor.contains(&name));
    for (room, arrows) in rooms() {
        for (other, is_for_tests) in arrows {
            let allowed = match (room.as_str(), other.as_str()) {
                // The outside world leans on the kernel alone, and only the binary may start it.
                ("sandbox", "kernel") | ("patchbay", "sandbox") => true,
                // What measures the house may lean on all of it, and nobody on that.
                ("bench", _) => true,
                (_, "sandbox") => is_for_tests,
                (same, other) if same == other => is_for_tests,
                _ => match (floor(&room), floor(&other)) {
                    (Some(from), Some(to)) => from < to,
                    _ => false,
                },
            };
            assert!(allowed, "{room} must not lean on {other}");
        }
    }
}

#[test]
fn every_room_has_its_place() {
    let rooms: BTreeSet<String> = rooms().into_keys().collect();
    let places: BTreeSet<_> = FLOORS.iter().copied().flatten().chain(&OUTSIDE).collect();
    for room in &rooms {
        assert!(places.contains(&room.as_str()), "{room} has no place in the house");
    }
    for floor in FLOORS.iter().copied().flatten() {
        assert!(rooms.contains(*floor), "{floor} is gone");
    }
}

#[test]
fn one_door_leads_out_and_one_to_the_database() {
    for (library, home) in [("reqwest", "egress"), ("sqlx", "db")] {
        for package in packages() {
            let name = package["name"].as_str().unwrap();
            let leans = dependencies(&package)
                .any(|one| one["name"] == library && one["kind"] != "dev" && name != home);
            let leans = leans && !OUTSIDE.contains(&name);
            assert!(!leans, "{library} lives in {home}, not in {name}");
        }
    }
}

#[test]
fn every_code_has_its_page_and_every_page_its_code() {
    let pages: BTreeSet<String> = std::fs::read_dir(root().join("docs/errors"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| !name.starts_with('.') && name != "README.md")
        .collect();
    let codes: BTreeSet<String> =
        kernel::codes::ALL.iter().map(|code| format!("{}.md", code.name)).collect();
    let missing: Vec<_> = codes.difference(&pages).collect();
    let left_over: Vec<_> = pages.difference(&codes).collect();
    assert!(missing.is_empty() && left_over.is_empty(), "missing {missing:?}, over {left_over:?}");
    for page in pages {
        let text = std::fs::read_to_string(root().join("docs/errors").join(&page)).unwrap();
        assert!(text.contains(page.trim_end_matches(".md")), "{page} does not name its code");
    }
}

#[test]
fn files_are_one_idea_and_nothing_is_left_undone() {
    // Put together here, so that this file does not find itself.
    let undone = ["TO".to_owned() + "DO", "FIX".to_owned() + "ME", "todo".to_owned() + "!("];
    let undone = undone.into_iter().chain(["unimplemented".to_owned() + "!("]).collect::<Vec<_>>();
    for file in sources(&root().join("crates")) {
        let text = std::fs::read_to_string(&file).unwrap();
        let lines = text.lines().count();
        assert!(lines <= MOST_LINES, "{} has {lines} lines", file.display());
        for mark in &undone {
            assert!(!text.contains(mark), "{} holds {mark}", file.display());
        }
        let stem = file.file_stem().and_then(|stem| stem.to_str()).unwrap();
        let vague = ["utils", "util", "helpers", "helper", "common", "manager", "misc"];
        assert!(!vague.contains(&stem), "{} does not say what it is", file.display());
    }
}

#[test]
fn the_linter_knows_the_bans() {
    let rules = std::fs::read_to_string(root().join("clippy.toml")).unwrap();
    for banned in [
        "std::time::SystemTime::now",
        "jiff::Timestamp::now",
        "reqwest::Client::new",
        "reqwest::Client::builder",
        "reqwest::get",
        "uuid::Uuid::new_v4",
        "getrandom::fill",
    ] {
        assert!(rules.contains(&format!("\"{banned}\"")), "{banned} is not banned");
    }
    let manifest = std::fs::read_to_string(root().join("Cargo.toml")).unwrap();
    for lint in ["disallowed_methods", "unwrap_used", "dbg_macro", "missing_docs", "unsafe_code"] {
        assert!(manifest.contains(&format!("\n{lint} = ")), "{lint} is not on");
    }
    for package in packages() {
        let path = PathBuf::from(package["manifest_path"].as_str().unwrap());
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.contains("[lints]\nworkspace = true"), "{} has no lints", path.display());
    }
}

#[test]
fn both_databases_have_the_same_tables_and_columns() {
    let folder = root().join("crates/db/migrations");
    let names = |kind: &str| -> BTreeSet<String> {
        let files = std::fs::read_dir(folder.join(kind)).unwrap();
        files.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    };
    assert_eq!(names("sqlite"), names("postgres"));
    let tables = |kind: &str| -> BTreeMap<String, BTreeSet<String>> {
        let mut tables = BTreeMap::new();
        for name in names(kind) {
            let sql = std::fs::read_to_string(folder.join(kind).join(name)).unwrap();
            tables.extend(read_tables(&sql));
        }
        tables
    };
    let (sqlite, postgres) = (tables("sqlite"), tables("postgres"));
    assert!(sqlite.len() > 10, "the tables were read: {:?}", sqlite.keys());
    assert_eq!(sqlite, postgres);
}

#[test]
fn the_catalog_is_sound() {
    assert_eq!(catalog::lint::embedded(), []);
}

#[test]
fn printed_without_a_house() {
    let run = |args: &[&str]| {
        let done = Command::new(env!("CARGO_BIN_EXE_patchbay")).args(args).output().unwrap();
        assert!(done.status.success(), "{args:?}: {}", String::from_utf8_lossy(&done.stderr));
        String::from_utf8(done.stdout).unwrap()
    };
    let template = std::fs::read_to_string(root().join("docs/patchbay.toml")).unwrap();
    assert_eq!(run(&["config"]), template);
    let document: Value = serde_json::from_str(&run(&["openapi"])).unwrap();
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1"));
    assert_eq!(run(&["catalog", "lint"]), "the catalog is sound\n");
    assert!(run(&["--version"]).starts_with("patchbay "));
}

/// Each crate of the workspace with the others that it leans on, and whether only its tests do.
fn rooms() -> BTreeMap<String, BTreeSet<(String, bool)>> {
    let packages = packages();
    let all: BTreeSet<String> =
        packages.iter().map(|one| one["name"].as_str().unwrap().to_owned()).collect();
    let arrows = |package: &Value| {
        dependencies(package)
            .filter(|one| all.contains(one["name"].as_str().unwrap()))
            .map(|one| (one["name"].as_str().unwrap().to_owned(), one["kind"] == "dev"))
            .collect()
    };
    packages.iter().map(|one| (one["name"].as_str().unwrap().to_owned(), arrows(one))).collect()
}

fn dependencies(package: &Value) -> impl Iterator<Item = &Value> {
    package["dependencies"].as_array().unwrap().iter()
}

fn packages() -> Vec<Value> {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let args = ["metadata", "--no-deps", "--offline", "--format-version", "1"];
    let done = Command::new(cargo).args(args).current_dir(root()).output().unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let found: Value = serde_json::from_slice(&done.stdout).unwrap();
    found["packages"].as_array().unwrap().clone()
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|end| end == "rs") {
            found.push(path);
        }
    }
    found
}

/// Tables with their columns, from `CREATE TABLE` as the migrations write it: a column a line.
fn read_tables(sql: &str) -> BTreeMap<String, BTreeSet<String>> {
    let mut tables = BTreeMap::<String, BTreeSet<String>>::new();
    let mut current = None;
    for line in sql.lines().map(str::trim) {
        if let Some(rest) = line.strip_prefix("CREATE TABLE ") {
            let name = rest.trim_start_matches("IF NOT EXISTS ");
            let name = name.split([' ', '(']).next().unwrap_or_default().to_owned();
            tables.entry(name.clone()).or_default();
            current = Some(name);
        } else if line.starts_with(')') {
            current = None;
        } else if let Some(table) = &current {
            let word = line.split_whitespace().next().unwrap_or_default();
            if !word.is_empty() && word.chars().all(|letter| letter.is_lowercase() || letter == '_')
            {
                tables.entry(table.clone()).or_default().insert(word.to_owned());
            }
        }
    }
    tables
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}
