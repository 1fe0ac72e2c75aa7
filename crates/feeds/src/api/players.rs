//! Players: devices that read exactly the widgets they were given.

use accounts::audit;
use accounts::gate::{
    Answer, ApiJson, ApiPath, ApiQuery, Caller, List, Sort, may, not_found, present,
};
use axum::extract::State;
use db::{Tx, Workspace};
use http::StatusCode;
use kernel::{PlayerId, Problem, Timestamp, WidgetConfigId, codes};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::{IntoParams, ToSchema};
use vault::{TokenHash, new_token, preview};

use crate::player::{NOUN, Player};
use crate::{Feeds, store};

/// A player.
#[derive(Serialize, ToSchema)]
pub(crate) struct PlayerView {
    #[schema(value_type = String)]
    id: PlayerId,
    #[schema(example = "Screen in the lobby")]
    name: String,
    /// The token; answered once, when the player is made.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "pl_…")]
    token: Option<String>,
    #[schema(example = "pl_a1b2…wxyz")]
    token_preview: String,
    #[schema(value_type = Vec<String>)]
    widget_config_ids: Vec<WidgetConfigId>,
    enabled: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, nullable = false, format = DateTime)]
    last_seen_at: Option<Timestamp>,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    updated_at: Timestamp,
}

impl From<Player> for PlayerView {
    fn from(player: Player) -> Self {
        Self {
            id: player.id,
            name: player.name,
            token: None,
            token_preview: player.preview,
            widget_config_ids: player.widget_configs,
            enabled: player.enabled,
            last_seen_at: player.last_seen_at,
            created_at: player.created_at,
            updated_at: player.updated_at,
        }
    }
}

/// A new player.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "name": "Screen in the lobby", "widget_config_ids": [] }))]
pub(crate) struct NewPlayer {
    #[schema(min_length = 1, max_length = 200)]
    name: String,
    #[serde(default)]
    #[schema(value_type = Vec<String>, max_items = 500)]
    widget_config_ids: Vec<WidgetConfigId>,
}

/// Changes to a player; what is absent stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PlayerChange {
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false, min_length = 1, max_length = 200)]
    name: Option<String>,
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false)]
    enabled: Option<bool>,
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<Vec<String>>, nullable = false, max_items = 500)]
    widget_config_ids: Option<Vec<WidgetConfigId>>,
}

/// Which players are wanted.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct PlayerQuery {
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
    cursor: Option<String>,
    #[serde(default)]
    #[param(inline, default = "-created_at")]
    sort: Sort,
}

/// List players
///
/// Newest first unless said, a page at a time.
#[utoipa::path(get, path = "/api/v1/players", tag = "Players", params(PlayerQuery),
    responses((status = 200, body = List<PlayerView>)), security(("api_key" = ["widgets:read"])))]
pub(crate) async fn list(
    caller: Caller<may::WidgetsRead>,
    ApiQuery(query): ApiQuery<PlayerQuery>,
) -> Answer<ApiJson<List<PlayerView>>> {
    let sort = query.sort;
    let page = sort.page(query.limit, query.cursor.as_deref())?;
    let found = store::players::list(&caller.workspace, sort, &page).await?;
    let views = found.into_iter().map(PlayerView::from).collect();
    Ok(ApiJson(List::of(views, &page, |view: &PlayerView| sort.key(&view.name, view.id))))
}

/// Make a player
///
/// The answer holds its token, this once.
#[utoipa::path(post, path = "/api/v1/players", tag = "Players", request_body = NewPlayer,
    responses((status = 201, body = PlayerView)), security(("api_key" = ["widgets:write"])))]
pub(crate) async fn create(
    State(feeds): State<Feeds>,
    caller: Caller<may::WidgetsWrite>,
    ApiJson(wanted): ApiJson<NewPlayer>,
) -> Answer<(StatusCode, ApiJson<PlayerView>)> {
    let token = new_token("pl_", feeds.entropy());
    let now = feeds.db().clock().now();
    let player = Player {
        workspace: caller.workspace.id(),
        id: PlayerId::generate(now, feeds.entropy()),
        name: wanted.name,
        token: TokenHash::of(token.expose()),
        preview: preview(&token),
        enabled: true,
        widget_configs: wanted.widget_config_ids,
        last_seen_at: None,
        created_at: now,
        updated_at: now,
    };
    let mut tx = caller.workspace.write().await?;
    check(&mut tx, &caller.workspace, &player).await?;
    store::players::insert(&mut tx, &player).await?;
    audit::record(&mut tx, &caller, "player.created", player.id, json!({ "name": player.name }))
        .await?;
    tx.changed(db::Change::noun(NOUN, caller.workspace.id(), player.id));
    tx.commit().await?;
    let view = PlayerView { token: Some(token.expose().clone()), ..player.into() };
    Ok((StatusCode::CREATED, ApiJson(view)))
}

/// Get a player
#[utoipa::path(get, path = "/api/v1/players/{id}", tag = "Players",
    params(("id" = String, Path, description = "The player's id")),
    responses((status = 200, body = PlayerView)), security(("api_key" = ["widgets:read"])))]
pub(crate) async fn get(
    caller: Caller<may::WidgetsRead>,
    ApiPath(id): ApiPath<PlayerId>,
) -> Answer<ApiJson<PlayerView>> {
    let mut tx = caller.workspace.read().await?;
    let player = store::players::get(&mut tx, caller.workspace.id(), id).await?;
    Ok(ApiJson(player.ok_or_else(|| not_found("player"))?.into()))
}

/// Change a player
///
/// What its token may read changes at once.
#[utoipa::path(patch, path = "/api/v1/players/{id}", tag = "Players", request_body = PlayerChange,
    params(("id" = String, Path, description = "The player's id")),
    responses((status = 200, body = PlayerView)), security(("api_key" = ["widgets:write"])))]
pub(crate) async fn change(
    State(feeds): State<Feeds>,
    caller: Caller<may::WidgetsWrite>,
    ApiPath(id): ApiPath<PlayerId>,
    ApiJson(wanted): ApiJson<PlayerChange>,
) -> Answer<ApiJson<PlayerView>> {
    let mut tx = caller.workspace.write().await?;
    let known = store::players::get(&mut tx, caller.workspace.id(), id).await?;
    let known = known.ok_or_else(|| not_found("player"))?;
    let player = Player {
        name: wanted.name.unwrap_or(known.name),
        enabled: wanted.enabled.unwrap_or(known.enabled),
        widget_configs: wanted.widget_config_ids.unwrap_or(known.widget_configs),
        updated_at: tx.now(),
        ..known
    };
    check(&mut tx, &caller.workspace, &player).await?;
    store::players::update(&mut tx, &player).await?;
    audit::record(&mut tx, &caller, "player.updated", id, json!({ "name": player.name })).await?;
    tx.changed(db::Change::noun(NOUN, caller.workspace.id(), id));
    tx.commit().await?;
    feeds.players().forget(&id.to_string());
    Ok(ApiJson(player.into()))
}

/// Delete a player
///
/// Its token is worthless at once.
#[utoipa::path(delete, path = "/api/v1/players/{id}", tag = "Players",
    params(("id" = String, Path, description = "The player's id")),
    responses((status = 204, description = "It is gone")), security(("api_key" = ["widgets:write"])))]
pub(crate) async fn delete(
    State(feeds): State<Feeds>,
    caller: Caller<may::WidgetsWrite>,
    ApiPath(id): ApiPath<PlayerId>,
) -> Answer<StatusCode> {
    let workspace = caller.workspace.id();
    let mut tx = caller.workspace.write().await?;
    if store::players::get(&mut tx, workspace, id).await?.is_none() {
        return Err(not_found("player").into());
    }
    store::players::delete(&mut tx, workspace, id).await?;
    audit::record(&mut tx, &caller, "player.deleted", id, json!({})).await?;
    tx.changed(db::Change::noun(NOUN, workspace, id));
    tx.commit().await?;
    feeds.players().forget(&id.to_string());
    Ok(StatusCode::NO_CONTENT)
}

async fn check(tx: &mut Tx, workspace: &Workspace, player: &Player) -> Result<(), Problem> {
    let invalid = |pointer: String, message: &str| {
        Problem::new(&codes::INVALID, "The player cannot be so.").field(pointer, message)
    };
    if player.name.trim().is_empty() || player.name.chars().count() > 200 {
        return Err(invalid("/name".to_owned(), "must have 1 to 200 characters"));
    }
    if player.widget_configs.len() > 500 {
        return Err(invalid("/widget_config_ids".to_owned(), "must have at most 500 entries"));
    }
    for (at, config) in player.widget_configs.iter().enumerate() {
        if store::widgets::get_config(tx, workspace.id(), *config).await?.is_none() {
            let pointer = format!("/widget_config_ids/{at}");
            return Err(invalid(pointer, "is no widget config of this workspace"));
        }
    }
    Ok(())
}
