//! Players and the widget configs that each may read.

use accounts::gate::Sort;
use db::{Db, DbError, Row, Tx, Workspace, args};
use kernel::{PageRequest, PlayerId, Timestamp, WidgetConfigId, WorkspaceId};
use std::collections::HashMap;
use vault::TokenHash;

use super::places;
use crate::player::Player;

const COLUMNS: &str =
    "workspace_id, id, name, token_hash, preview, enabled, last_seen_at, created_at, updated_at";

pub(crate) async fn list(
    workspace: &Workspace,
    sort: Sort,
    page: &PageRequest,
) -> Result<Vec<Player>, DbError> {
    let (rest, order) = sort.sql("name", "id", 2);
    let sql = format!(
        "SELECT {COLUMNS} FROM players WHERE workspace_id = $1 AND {rest} \
         ORDER BY {order} LIMIT $4"
    );
    let mut tx = workspace.read().await?;
    let (last_name, last_id) = sort.after(page);
    let rows =
        tx.fetch_all(&sql, args![workspace.id(), last_name, last_id, page.limit + 1]).await?;
    with_widgets(&mut tx, rows).await
}

pub(crate) async fn get(
    tx: &mut Tx,
    workspace: WorkspaceId,
    id: PlayerId,
) -> Result<Option<Player>, DbError> {
    let sql = format!("SELECT {COLUMNS} FROM players WHERE workspace_id = $1 AND id = $2");
    let rows = tx.fetch_all(&sql, args![workspace, id]).await?;
    Ok(with_widgets(tx, rows).await?.pop())
}

/// By the hash of a token, in whichever workspace: a device names nothing else.
pub(crate) async fn by_token(db: &Db, hash: TokenHash) -> Result<Option<Player>, DbError> {
    let sql = format!("SELECT {COLUMNS} FROM players WHERE token_hash = $1");
    let mut tx = db.system(false).await?;
    let rows = tx.fetch_all(&sql, args![hash.to_hex()]).await?;
    Ok(with_widgets(&mut tx, rows).await?.pop())
}

pub(crate) async fn insert(tx: &mut Tx, player: &Player) -> Result<(), DbError> {
    tx.execute(
        "INSERT INTO players \
           (workspace_id, id, name, token_hash, preview, enabled, created_at, updated_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $7)",
        args![
            player.workspace,
            player.id,
            &player.name,
            player.token.to_hex(),
            &player.preview,
            player.enabled,
            player.created_at
        ],
    )
    .await?;
    set_widgets(tx, player).await
}

pub(crate) async fn update(tx: &mut Tx, player: &Player) -> Result<(), DbError> {
    tx.execute(
        "UPDATE players SET name = $3, enabled = $4, updated_at = $5 \
         WHERE workspace_id = $1 AND id = $2",
        args![player.workspace, player.id, &player.name, player.enabled, player.updated_at],
    )
    .await?;
    let sql = "DELETE FROM player_widgets WHERE workspace_id = $1 AND player_id = $2";
    tx.execute(sql, args![player.workspace, player.id]).await?;
    set_widgets(tx, player).await
}

async fn set_widgets(tx: &mut Tx, player: &Player) -> Result<(), DbError> {
    for config in &player.widget_configs {
        tx.execute(
            "INSERT INTO player_widgets (workspace_id, player_id, widget_config_id) \
             VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
            args![player.workspace, player.id, *config],
        )
        .await?;
    }
    Ok(())
}

pub(crate) async fn delete(
    tx: &mut Tx,
    workspace: WorkspaceId,
    id: PlayerId,
) -> Result<(), DbError> {
    let sql = "DELETE FROM players WHERE workspace_id = $1 AND id = $2";
    tx.execute(sql, args![workspace, id]).await.map(drop)
}

pub(crate) async fn seen(
    db: &Db,
    seen: &[(WorkspaceId, PlayerId, Timestamp)],
) -> Result<(), DbError> {
    let mut tx = db.system(true).await?;
    for (workspace, id, at) in seen {
        let sql = "UPDATE players SET last_seen_at = $3 WHERE workspace_id = $1 AND id = $2";
        tx.execute(sql, args![*workspace, *id, *at]).await?;
    }
    tx.commit().await
}

/// The players in these rows, all of one workspace, with what each may read.
async fn with_widgets(tx: &mut Tx, rows: Vec<Row>) -> Result<Vec<Player>, DbError> {
    let mut players = rows.iter().map(player).collect::<Result<Vec<_>, _>>()?;
    if players.is_empty() {
        return Ok(players);
    }
    let sql = format!(
        "SELECT player_id, widget_config_id FROM player_widgets \
         WHERE workspace_id = $1 AND player_id IN ({}) ORDER BY widget_config_id",
        places(2, players.len())
    );
    let mut values = args![players[0].workspace];
    values.extend(players.iter().flat_map(|player| args![player.id]));
    let mut shown: HashMap<PlayerId, Vec<WidgetConfigId>> = HashMap::new();
    for row in tx.fetch_all(&sql, values).await? {
        shown.entry(row.parse("player_id")?).or_default().push(row.parse("widget_config_id")?);
    }
    for player in &mut players {
        player.widget_configs = shown.remove(&player.id).unwrap_or_default();
    }
    Ok(players)
}

fn player(row: &Row) -> Result<Player, DbError> {
    let hash = row.text("token_hash")?;
    let unreadable =
        || DbError::Row { column: "token_hash".to_owned(), what: "not a hash".to_owned() };
    Ok(Player {
        workspace: row.parse("workspace_id")?,
        id: row.parse("id")?,
        name: row.text("name")?,
        token: TokenHash::from_hex(&hash).ok_or_else(unreadable)?,
        preview: row.text("preview")?,
        enabled: row.flag("enabled")?,
        widget_configs: Vec::new(),
        last_seen_at: row.opt_time("last_seen_at")?,
        created_at: row.time("created_at")?,
        updated_at: row.time("updated_at")?,
    })
}
