//! `GET /api/v1/integrations/{id}/actions`.

use accounts::gate::{Answer, ApiJson, ApiPath, Caller, List, may, not_found};
use axum::extract::State;
use kernel::IntegrationId;

use super::view::ActionView;
use crate::Actions;

/// What an integration can do
///
/// The actions of its provider, with the schemas of what they take and give, and examples.
#[utoipa::path(
    get, path = "/api/v1/integrations/{id}/actions", operation_id = "list_actions", tag = "actions",
    params(("id" = String, Path, description = "The integration.", example = "int_01h455vb4pex5vsknk084sn02q")),
    responses((status = 200, description = "All of them.", body = List<ActionView>)),
    security(("api_key" = ["integrations:read"]), ("session" = []))
)]
pub(super) async fn list(
    State(actions): State<Actions>,
    caller: Caller<may::IntegrationsRead>,
    ApiPath(id): ApiPath<IntegrationId>,
) -> Answer<ApiJson<List<ActionView>>> {
    let found = actions.connect().integration(&caller.workspace, id).await?;
    let found = found.ok_or_else(|| not_found("integration"))?;
    let data = found.provider_def.actions.values().map(|it| ActionView::of(it)).collect();
    Ok(ApiJson(List { data, next_cursor: None }))
}
