//! Workspaces.

use db::{DbError, Row, Tx, args};
use kernel::{Timestamp, WorkspaceId};

/// A workspace as it is stored.
#[derive(Clone, Debug)]
pub(crate) struct Stored {
    pub(crate) id: WorkspaceId,
    pub(crate) name: String,
    pub(crate) slug: String,
    /// The colour that it goes by on pages for others, as `#rrggbb`.
    pub(crate) accent: Option<String>,
    pub(crate) created_at: Timestamp,
}

fn read(row: &Row) -> Result<Stored, DbError> {
    Ok(Stored {
        id: row.parse("id")?,
        name: row.text("name")?,
        slug: row.text("slug")?,
        accent: row.opt_text("accent")?,
        created_at: row.time("created_at")?,
    })
}

/// Adds one under a slug made of its name; the id's end tells it from others of that name.
pub(crate) async fn insert(tx: &mut Tx, id: WorkspaceId, name: &str) -> Result<Stored, DbError> {
    let created_at = tx.now();
    let mut slug = slug(name);
    let taken = "SELECT id FROM workspaces WHERE slug = $1";
    if slug.is_empty() || tx.fetch_optional(taken, args![&slug]).await?.is_some() {
        let id = id.to_string();
        let end = id.get(id.len().saturating_sub(8)..).unwrap_or_default();
        slug = format!("{slug}-{end}").trim_start_matches('-').to_owned();
    }
    tx.execute(
        "INSERT INTO workspaces (id, name, slug, created_at, updated_at) \
         VALUES ($1, $2, $3, $4, $4)",
        args![id, name, &slug, created_at],
    )
    .await?;
    Ok(Stored { id, name: name.to_owned(), slug, accent: None, created_at })
}

pub(crate) async fn find(tx: &mut Tx, id: WorkspaceId) -> Result<Option<Stored>, DbError> {
    let sql = "SELECT id, name, slug, accent, created_at FROM workspaces WHERE id = $1";
    tx.fetch_optional(sql, args![id]).await?.as_ref().map(read).transpose()
}

/// Changes how it is called and which colour it goes by.
pub(crate) async fn change(tx: &mut Tx, it: &Stored) -> Result<(), DbError> {
    let now = tx.now();
    let sql = "UPDATE workspaces SET name = $2, accent = $3, updated_at = $4 WHERE id = $1";
    tx.execute(sql, args![it.id, &it.name, it.accent.clone(), now]).await.map(drop)
}

/// Removes it with everything in it.
pub(crate) async fn delete(tx: &mut Tx, id: WorkspaceId) -> Result<(), DbError> {
    // What refers to the workspace by a foreign key goes with it; these do not.
    for table in ["jobs", "inbound_pending", "inbound_events", "request_logs", "events"] {
        let sql = format!("DELETE FROM {table} WHERE workspace_id = $1");
        tx.execute(&sql, args![id]).await?;
    }
    tx.execute("DELETE FROM workspaces WHERE id = $1", args![id]).await.map(drop)
}

fn slug(name: &str) -> String {
    let words = name.split(|letter: char| !letter.is_ascii_alphanumeric());
    let words: Vec<String> =
        words.filter(|word| !word.is_empty()).map(str::to_ascii_lowercase).collect();
    words.join("-").chars().take(60).collect()
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_slug_is_made_of_the_plain_letters() {
        for (name, expected) in
            [("Acme", "acme"), (" Ünder  the Sea! ", "nder-the-sea"), ("日本", "")]
        {
            assert_eq!(super::slug(name), expected, "{name}");
        }
    }
}
