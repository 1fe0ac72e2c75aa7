//! Lists are read a page at a time: `limit` and an opaque `cursor` in, `next_cursor` out.

use serde::{Deserialize, Serialize};

/// What a list is asked for.
#[derive(Clone, Debug)]
pub struct PageRequest {
    /// Rows wanted, 1 to 200.
    pub limit: u32,
    /// The id of the last row seen; `None` at the beginning.
    pub after: Option<String>,
}

impl PageRequest {
    /// The rows a page has when the caller does not say.
    pub const DEFAULT_LIMIT: u32 = 50;
    /// The most rows a page can have.
    pub const MAX_LIMIT: u32 = 200;
}

impl Default for PageRequest {
    fn default() -> Self {
        Self { limit: Self::DEFAULT_LIMIT, after: None }
    }
}

/// One page of a list.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Page<T> {
    /// The rows.
    pub data: Vec<T>,
    /// Pass it as `cursor` to get what follows; absent on the last page.
    pub next_cursor: Option<String>,
}

impl<T> Page<T> {
    /// Makes a page of `limit + 1` rows that were asked for: the extra one says that more follow.
    pub fn of(mut rows: Vec<T>, limit: u32, key: impl Fn(&T) -> String) -> Self {
        let more = rows.len() > limit as usize;
        rows.truncate(limit as usize);
        let next_cursor = if more { rows.last().map(key) } else { None };
        Self { data: rows, next_cursor }
    }

    /// The same page with its rows turned into something else.
    pub fn map<U>(self, each: impl FnMut(T) -> U) -> Page<U> {
        Page { data: self.data.into_iter().map(each).collect(), next_cursor: self.next_cursor }
    }
}
