//! The order of a list: by name or by age, up or down. `sort=-name` goes downward, like everywhere.

use kernel::{PageRequest, Problem, codes};
use serde::Deserialize;
use utoipa::ToSchema;

use super::page;

/// What comes first in a list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, ToSchema)]
pub enum Sort {
    /// By name, whatever its case; by age among equals.
    #[serde(rename = "name")]
    Name,
    /// The same from its end.
    #[serde(rename = "-name")]
    NameDown,
    /// The oldest.
    #[serde(rename = "created_at")]
    Oldest,
    /// The newest.
    #[default]
    #[serde(rename = "-created_at")]
    Newest,
}

/// Between the name and the id in a cursor.
const SEPARATOR: char = '\u{1f}';

impl Sort {
    /// What a list in this order is asked for; see [`page`].
    ///
    /// # Errors
    /// Those of [`page`], and `request.bad_cursor` for a cursor of another order.
    pub fn page(self, limit: Option<u32>, cursor: Option<&str>) -> Result<PageRequest, Problem> {
        let page = page(limit, cursor)?;
        let fits = |after: &String| after.contains(SEPARATOR) == self.is_by_name();
        if page.after.as_ref().is_some_and(|after| !fits(after)) {
            let detail = "The cursor belongs to a list in another order.";
            return Err(Problem::new(&codes::BAD_CURSOR, detail));
        }
        Ok(page)
    }

    /// What the page after this row continues after.
    pub fn key(self, name: &str, id: impl std::fmt::Display) -> String {
        match self.is_by_name() {
            true => format!("{name}{SEPARATOR}{id}"),
            false => id.to_string(),
        }
    }

    /// A condition for `WHERE` and the terms of `ORDER BY`, for a column of names and one of ids, which
    /// count up with time. The parameters `$at` and the one after it are [`Sort::after`].
    pub fn sql(self, name: &str, id: &str, at: usize) -> (String, String) {
        let (last_name, last_id) = (format!("${at}"), format!("${}", at + 1));
        let (beyond, way) = match self {
            Self::Name | Self::Oldest => (">", ""),
            Self::NameDown | Self::Newest => ("<", " DESC"),
        };
        if !self.is_by_name() {
            // PostgreSQL wants each parameter to be used.
            let rest = format!("{last_id} = '' OR {id} {beyond} {last_id}");
            return (format!("({rest}) AND {last_name} = ''"), format!("{id}{way}"));
        }
        // The database lower-cases both sides, since `lower` of SQLite knows ASCII only.
        let rest = format!(
            "{last_id} = '' OR lower({name}) {beyond} lower({last_name}) \
             OR (lower({name}) = lower({last_name}) AND {id} {beyond} {last_id})"
        );
        (format!("({rest})"), format!("lower({name}){way}, {id}{way}"))
    }

    /// The name and the id of the last row seen, empty at the beginning.
    pub fn after(self, page: &PageRequest) -> (String, String) {
        let after = page.after.clone().unwrap_or_default();
        match after.rsplit_once(SEPARATOR) {
            Some((name, id)) => (name.to_owned(), id.to_owned()),
            None => (String::new(), after),
        }
    }

    fn is_by_name(self) -> bool {
        matches!(self, Self::Name | Self::NameDown)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gate::List;

    #[test]
    fn a_cursor_continues_in_its_own_order_alone() {
        for sort in [Sort::Name, Sort::NameDown, Sort::Oldest, Sort::Newest] {
            let asked = sort.page(Some(1), None).unwrap();
            let rows = vec![("Ä\u{1f}b", "x_1"), ("c", "x_2")];
            let list = List::of(rows, &asked, |(name, id)| sort.key(name, id));
            let cursor = list.next_cursor.as_deref();
            let next = sort.page(None, cursor).unwrap();
            let name = if sort.is_by_name() { "Ä\u{1f}b" } else { "" };
            assert_eq!(sort.after(&next), (name.to_owned(), "x_1".to_owned()));
            let other = if sort.is_by_name() { Sort::Newest } else { Sort::Name };
            assert_eq!(other.page(None, cursor).unwrap_err().code, &codes::BAD_CURSOR);
        }
    }
}
