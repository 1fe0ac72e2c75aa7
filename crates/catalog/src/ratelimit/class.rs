//! Endpoint classes: calls that a service counts apart from the others, as GitHub does with its search.

use serde::{Deserialize, Serialize};

use super::{Daily, HeaderNames, LimitScope, RateLimitSpec};

/// Calls with a limit of their own.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Class {
    /// What it is called in lists of limits.
    pub name: String,
    /// Its paths, each with what is below it; `*` stands for one segment. The path that is the most
    /// particular decides which class a call is of.
    pub paths: Vec<String>,
    /// Its methods; none listed means any.
    #[serde(default)]
    pub methods: Vec<String>,
    /// So many requests …
    #[serde(default)]
    pub requests: Option<u32>,
    /// … in so many seconds.
    #[serde(default)]
    pub window_secs: Option<u64>,
    /// Whose limit it is; as that of the provider unless said.
    #[serde(default)]
    pub scope: Option<LimitScope>,
    /// The headers that report, where they are not those of the provider.
    #[serde(default)]
    pub headers: Option<HeaderNames>,
    /// A limit a day.
    #[serde(default)]
    pub daily: Option<Daily>,
    /// Whether its calls do not count against the provider's overall limit.
    #[serde(default)]
    pub apart: bool,
}

impl RateLimitSpec {
    /// The class of a call; `None` for one that is of none.
    pub fn class(&self, method: &str, path: &str) -> Option<&Class> {
        let particular = |class: &Class| {
            let listed = class.methods.iter().any(|known| known.eq_ignore_ascii_case(method));
            (class.methods.is_empty() || listed).then_some(())?;
            let fitting = class.paths.iter().filter_map(|pattern| fits(pattern, path)).max()?;
            Some((fitting, listed))
        };
        let found = self.classes.iter().filter_map(|class| Some((particular(class)?, class)));
        found.max_by_key(|(particular, _)| *particular).map(|(_, class)| class)
    }
}

/// How particular a pattern is that a path, or one above it, fits: by its segments, then by how many of
/// them are no `*`.
pub(super) fn fits(pattern: &str, path: &str) -> Option<(usize, usize)> {
    let mut there = segments(path);
    let (mut all, mut named) = (0, 0);
    for wanted in segments(pattern) {
        let found = there.next()?;
        if wanted != "*" {
            (wanted == found).then_some(())?;
            named += 1;
        }
        all += 1;
    }
    Some((all, named))
}

fn segments(text: &str) -> impl Iterator<Item = &str> {
    text.split('/').filter(|segment| !segment.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_most_particular_path_decides_the_class() {
        let spec: RateLimitSpec = serde_json::from_value(json!({"classes": [
            {"name": "users", "paths": ["/2/users"]},
            {"name": "posts", "paths": ["/2/users/*/tweets"]},
            {"name": "me", "paths": ["/2/users/me/"]},
            {"name": "write", "paths": ["/2/tweets"], "methods": ["POST"]},
            {"name": "read", "paths": ["/2/tweets"]},
        ]}))
        .unwrap();
        let class = |method: &str, path: &str| spec.class(method, path).map(|it| &*it.name);
        for (method, path, expected) in [
            ("GET", "/2/users/7", Some("users")),
            ("GET", "/2/users", Some("users")),
            ("GET", "/2/users/7/tweets", Some("posts")),
            ("GET", "/2/users/7/tweets/more", Some("posts")),
            ("GET", "/2/users/me", Some("me")),
            ("POST", "/2/tweets", Some("write")),
            ("post", "/2/tweets/", Some("write")),
            ("GET", "/2/tweets", Some("read")),
            ("GET", "/2/usersmany", None),
            ("GET", "/", None),
        ] {
            assert_eq!(class(method, path), expected, "{method} {path}");
        }
    }
}
