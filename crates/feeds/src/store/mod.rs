//! The room's SQL, a file per noun.

pub(crate) mod cables;
pub(crate) mod feeds;
pub(crate) mod outcome;
pub(crate) mod players;
pub(crate) mod throughput;
pub(crate) mod versions;
pub(crate) mod widgets;

/// What finds `search` anywhere in lower-cased text by `LIKE … ESCAPE '\'`; empty for nothing.
fn pattern(search: &str) -> String {
    if search.is_empty() {
        return String::new();
    }
    let text = search.to_lowercase().replace('\\', r"\\").replace('%', r"\%").replace('_', r"\_");
    format!("%{text}%")
}

/// The parameters `$first` and the `count - 1` after it, for `IN (…)`.
fn places(first: usize, count: usize) -> String {
    let all: Vec<_> = (first..first + count).map(|at| format!("${at}")).collect();
    all.join(", ")
}
