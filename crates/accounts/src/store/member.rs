//! Who belongs to which workspace.

use db::{DbError, Row, Tx, args};
use kernel::{MemberId, PageRequest, Timestamp, UserId, WorkspaceId};

use crate::Role;
use crate::gate::Sort;
use crate::sessions::Membership;

/// A member as it is stored, with the person.
#[derive(Clone, Debug)]
pub(crate) struct Stored {
    pub(crate) id: MemberId,
    pub(crate) user: UserId,
    pub(crate) email: String,
    pub(crate) name: String,
    pub(crate) role: Role,
    pub(crate) created_at: Timestamp,
}

fn read(row: &Row) -> Result<Stored, DbError> {
    Ok(Stored {
        id: row.parse("id")?,
        user: row.parse("user_id")?,
        email: row.text("email")?,
        name: row.text("name")?,
        role: row.parse("role")?,
        created_at: row.time("created_at")?,
    })
}

const SELECT: &str = "SELECT m.id, m.user_id, u.email, u.name, m.role, m.created_at \
    FROM members m JOIN users u ON u.id = m.user_id WHERE m.workspace_id = $1";

/// Adds one; [`DbError::Conflict`] when the person is a member already.
pub(crate) async fn insert(
    tx: &mut Tx,
    workspace: WorkspaceId,
    id: MemberId,
    user: UserId,
    role: Role,
) -> Result<(), DbError> {
    let now = tx.now();
    tx.execute(
        "INSERT INTO members (workspace_id, id, user_id, role, created_at) \
         VALUES ($1, $2, $3, $4, $5)",
        args![workspace, id, user, role.name(), now],
    )
    .await
    .map(drop)
}

/// In this order, `limit + 1` of them.
pub(crate) async fn list(
    tx: &mut Tx,
    workspace: WorkspaceId,
    search: &str,
    sort: Sort,
    page: &PageRequest,
) -> Result<Vec<Stored>, DbError> {
    let (rest, order) = sort.sql("u.name", "m.id", 4);
    let sql = format!(
        "{SELECT} AND ($2 = '' OR LOWER(u.email) LIKE $3 OR LOWER(u.name) LIKE $3) AND {rest} \
         ORDER BY {order} LIMIT $6"
    );
    let ((name, id), like) = (sort.after(page), super::like(search));
    let values = args![workspace, search, like, name, id, page.limit + 1];
    let rows = tx.fetch_all(&sql, values).await?;
    rows.iter().map(read).collect()
}

pub(crate) async fn find(
    tx: &mut Tx,
    workspace: WorkspaceId,
    id: MemberId,
) -> Result<Option<Stored>, DbError> {
    let sql = format!("{SELECT} AND m.id = $2");
    tx.fetch_optional(&sql, args![workspace, id]).await?.as_ref().map(read).transpose()
}

/// How many owners there are. In PostgreSQL their rows are locked, so that of two owners who leave at
/// once one stays.
pub(crate) async fn owners(tx: &mut Tx, workspace: WorkspaceId) -> Result<usize, DbError> {
    let lock = tx.dialect("", " FOR UPDATE");
    let sql = format!("SELECT id FROM members WHERE workspace_id = $1 AND role = 'owner'{lock}");
    Ok(tx.fetch_all(&sql, args![workspace]).await?.len())
}

pub(crate) async fn set_role(
    tx: &mut Tx,
    workspace: WorkspaceId,
    id: MemberId,
    role: Role,
) -> Result<(), DbError> {
    let sql = "UPDATE members SET role = $3 WHERE workspace_id = $1 AND id = $2";
    tx.execute(sql, args![workspace, id, role.name()]).await.map(drop)
}

pub(crate) async fn delete(
    tx: &mut Tx,
    workspace: WorkspaceId,
    id: MemberId,
) -> Result<(), DbError> {
    let sql = "DELETE FROM members WHERE workspace_id = $1 AND id = $2";
    tx.execute(sql, args![workspace, id]).await.map(drop)
}

/// The role of a person in a workspace, if any.
pub(crate) async fn role_of(
    tx: &mut Tx,
    workspace: WorkspaceId,
    user: UserId,
) -> Result<Option<Role>, DbError> {
    let sql = "SELECT role FROM members WHERE workspace_id = $1 AND user_id = $2";
    let row = tx.fetch_optional(sql, args![workspace, user]).await?;
    row.map(|row| row.parse("role")).transpose()
}

/// Everyone in a workspace.
pub(crate) async fn users(tx: &mut Tx, workspace: WorkspaceId) -> Result<Vec<UserId>, DbError> {
    let sql = "SELECT user_id FROM members WHERE workspace_id = $1";
    tx.fetch_all(sql, args![workspace]).await?.iter().map(|row| row.parse("user_id")).collect()
}

/// The people with at least this role, and where to write to them.
pub(crate) async fn mailable(
    tx: &mut Tx,
    workspace: WorkspaceId,
    least: Role,
) -> Result<Vec<(UserId, String)>, DbError> {
    let sql = "SELECT u.id, u.email, m.role FROM members m JOIN users u ON u.id = m.user_id \
               WHERE m.workspace_id = $1 ORDER BY m.id LIMIT 100";
    let mut people = Vec::new();
    for row in tx.fetch_all(sql, args![workspace]).await? {
        if row.parse::<Role>("role")? >= least {
            people.push((row.parse("id")?, row.text("email")?));
        }
    }
    Ok(people)
}

/// The workspaces of a person, the one they joined first at the beginning.
pub(crate) async fn of_user(tx: &mut Tx, user: UserId) -> Result<Vec<Membership>, DbError> {
    let rows = tx
        .fetch_all(
            "SELECT w.id, w.name, w.slug, w.accent, w.created_at, m.role FROM members m \
             JOIN workspaces w ON w.id = m.workspace_id WHERE m.user_id = $1 ORDER BY m.id",
            args![user],
        )
        .await?;
    rows.iter()
        .map(|row| {
            Ok(Membership {
                workspace: row.parse("id")?,
                name: row.text("name")?,
                slug: row.text("slug")?,
                accent: row.opt_text("accent")?,
                role: row.parse("role")?,
                created_at: row.time("created_at")?,
            })
        })
        .collect()
}
