//! Who reads what: the cables between feeds, placed widgets and players.

use db::{DbError, Row, Workspace, args};

/// Names and pairs of ids, as texts: they are drawn, not followed.
pub(crate) struct Cables {
    pub(crate) configs: Vec<(String, String)>,
    pub(crate) players: Vec<(String, String, bool)>,
    /// Feed and widget config.
    pub(crate) reads: Vec<(String, String)>,
    /// Player and widget config.
    pub(crate) shows: Vec<(String, String)>,
}

pub(crate) async fn of(workspace: &Workspace, most: u32) -> Result<Cables, DbError> {
    let mut tx = workspace.read().await?;
    let pair = |row: &Row| Ok::<_, DbError>((row.text("a")?, row.text("b")?));
    let configs = tx
        .fetch_all(
            "SELECT id AS a, name AS b FROM widget_configs WHERE workspace_id = $1 \
             ORDER BY id DESC LIMIT $2",
            args![workspace.id(), most],
        )
        .await?;
    let players = tx
        .fetch_all(
            "SELECT id AS a, name AS b, enabled FROM players WHERE workspace_id = $1 \
             ORDER BY id DESC LIMIT $2",
            args![workspace.id(), most],
        )
        .await?;
    let reads = tx
        .fetch_all(
            "SELECT feed_id AS a, widget_config_id AS b FROM widget_feeds \
             WHERE workspace_id = $1 ORDER BY widget_config_id DESC LIMIT $2",
            args![workspace.id(), most * 2],
        )
        .await?;
    let shows = tx
        .fetch_all(
            "SELECT player_id AS a, widget_config_id AS b FROM player_widgets \
             WHERE workspace_id = $1 ORDER BY widget_config_id DESC LIMIT $2",
            args![workspace.id(), most * 2],
        )
        .await?;
    let player =
        |row: &Row| Ok::<_, DbError>((row.text("a")?, row.text("b")?, row.flag("enabled")?));
    Ok(Cables {
        configs: configs.iter().map(pair).collect::<Result<_, _>>()?,
        players: players.iter().map(player).collect::<Result<_, _>>()?,
        reads: reads.iter().map(pair).collect::<Result<_, _>>()?,
        shows: shows.iter().map(pair).collect::<Result<_, _>>()?,
    })
}
