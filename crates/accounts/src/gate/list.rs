//! Lists: `limit` and an opaque `cursor` in, `data` and `next_cursor` out.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use kernel::{Page, PageRequest, Problem, codes};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa::openapi::schema::{AnyOfBuilder, ObjectBuilder, Schema, SchemaType, Type};

/// One page of a list as it is answered.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct List<T> {
    /// The rows.
    pub data: Vec<T>,
    /// Pass it as `cursor` to get what follows; null on the last page.
    #[schema(schema_with = text_or_null, required)]
    pub next_cursor: Option<String>,
}

/// As two alternatives: a type of several names is what common generators cannot read.
fn text_or_null() -> Schema {
    let of = |kind| ObjectBuilder::new().schema_type(SchemaType::new(kind));
    AnyOfBuilder::new().item(of(Type::String)).item(of(Type::Null)).build().into()
}

impl<T> List<T> {
    /// Of the `limit + 1` rows that were asked for, with what the next page continues after.
    pub fn of(rows: Vec<T>, page: &PageRequest, key: impl Fn(&T) -> String) -> Self {
        Page::of(rows, page.limit, key).into()
    }
}

impl<T> From<Page<T>> for List<T> {
    fn from(page: Page<T>) -> Self {
        let next_cursor = page.next_cursor.map(|key| URL_SAFE_NO_PAD.encode(key));
        Self { data: page.data, next_cursor }
    }
}

/// What a list is asked for, from its query parameters.
///
/// # Errors
/// `request.bad_query` for a limit outside 1 to 200, `request.bad_cursor` for a cursor of another make.
pub fn page(limit: Option<u32>, cursor: Option<&str>) -> Result<PageRequest, Problem> {
    let limit = limit.unwrap_or(PageRequest::DEFAULT_LIMIT);
    if !(1..=PageRequest::MAX_LIMIT).contains(&limit) {
        let detail = format!("limit must be from 1 to {}.", PageRequest::MAX_LIMIT);
        return Err(Problem::new(&codes::BAD_QUERY, detail));
    }
    let bad =
        || Problem::new(&codes::BAD_CURSOR, "Take next_cursor of the page before, unchanged.");
    let decode = |text: &str| {
        let key = String::from_utf8(URL_SAFE_NO_PAD.decode(text).ok()?).ok()?;
        (!key.is_empty() && !key.contains('\0')).then_some(key)
    };
    let after = cursor.map(|text| decode(text).ok_or_else(bad)).transpose()?;
    Ok(PageRequest { limit, after })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_leads_on_to_the_next_page() {
        let asked = page(Some(2), None).unwrap();
        let list = List::of(vec!["a", "b", "c"], &asked, |row| row.to_string());
        assert_eq!(list.data, ["a", "b"]);
        let next = page(None, list.next_cursor.as_deref()).unwrap();
        assert_eq!((next.limit, next.after.as_deref()), (50, Some("b")));
    }

    #[test]
    fn limits_and_cursors_of_another_make_are_refused() {
        for limit in [0, 201, u32::MAX] {
            assert_eq!(page(Some(limit), None).unwrap_err().code, &codes::BAD_QUERY);
        }
        for cursor in ["", "%%%", "_w", "AA"] {
            assert_eq!(page(None, Some(cursor)).unwrap_err().code, &codes::BAD_CURSOR, "{cursor}");
        }
    }
}
