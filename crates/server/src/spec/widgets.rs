//! Widget integrations: what a widget is fed by, as the widget system describes it.

use accounts::gate::{Answer, ApiJson, ApiPath, Caller, Failure, may, not_found};
use axum::extract::State;
use connect::{CredentialView, Integration};
use db::Workspace;
use http::StatusCode;
use kernel::{IntegrationId, WidgetConfigId, WorkspaceId};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use std::sync::Arc;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::House;

pub(crate) fn routes(house: &House) -> OpenApiRouter {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(get, change))
        .routes(routes!(set_credentials, replace_credentials))
        .routes(routes!(set_widget_credentials, replace_widget_credentials))
        .routes(routes!(test))
        .routes(routes!(refresh))
        .with_state(house.clone())
}

/// The organization of a path must be the caller's workspace, by id or by slug.
async fn check(house: &House, workspace: &Workspace, organization: &str) -> Result<(), Failure> {
    let is_ours = match organization.parse::<WorkspaceId>() {
        Ok(id) => id == workspace.id(),
        Err(_) => house.accounts.slug(workspace).await? == organization,
    };
    if is_ours { Ok(()) } else { Err(not_found("organization").into()) }
}

async fn find(house: &House, workspace: &Workspace, id: IntegrationId) -> Answer<Arc<Integration>> {
    let found = house.connect.integration(workspace, id).await?;
    found.ok_or_else(|| not_found("integration").into())
}

/// List a widget's integrations
#[utoipa::path(get, path = "/api/organizations/{org}/widgets/{widget}/integrations",
    tag = "Widget integrations",
    params(("org" = String, Path, description = "The workspace's id or slug"),
        ("widget" = String, Path, description = "The widget's id or slug")),
    responses((status = 200, body = Integrations)), security(("api_key" = ["integrations:read"])))]
pub(crate) async fn list(
    State(house): State<House>,
    caller: Caller<may::IntegrationsRead>,
    ApiPath((org, widget)): ApiPath<(String, String)>,
) -> Answer<ApiJson<Integrations>> {
    check(&house, &caller.workspace, &org).await?;
    let widget = house.feeds.widget(&caller.workspace, &widget).await?;
    let found = house.connect.of_widget(&caller.workspace, widget.id).await?;
    let data = found.iter().map(|one| widget_view(one, &widget.slug)).collect();
    Ok(ApiJson(Integrations { data }))
}

/// A widget's integrations, as they were described when they were made.
#[derive(Serialize, ToSchema)]
pub(crate) struct Integrations {
    #[schema(value_type = Vec<Object>)]
    data: Vec<Value>,
}

/// Give a widget an integration
///
/// Takes the description as the widget system prints it. Every placed widget of this kind gets its data
/// from it at once.
#[utoipa::path(post, path = "/api/organizations/{org}/widgets/{widget}/integrations",
    tag = "Widget integrations", request_body = Object,
    params(("org" = String, Path, description = "The workspace's id or slug"),
        ("widget" = String, Path, description = "The widget's id or slug")),
    responses((status = 201, body = Object)), security(("api_key" = ["integrations:write"])))]
pub(crate) async fn create(
    State(house): State<House>,
    caller: Caller<may::IntegrationsWrite>,
    ApiPath((org, widget)): ApiPath<(String, String)>,
    ApiJson(wanted): ApiJson<Map<String, Value>>,
) -> Answer<(StatusCode, ApiJson<Value>)> {
    check(&house, &caller.workspace, &org).await?;
    let widget = house.feeds.widget(&caller.workspace, &widget).await?;
    let made =
        house.connect.create_widget_integration(&caller, widget.id, Value::Object(wanted)).await?;
    let mut tx = caller.workspace.write().await?;
    house.feeds.bind_integration(&mut tx, caller.workspace.id(), &made).await?;
    tx.commit().await?;
    let view = widget_view(&made, &widget.slug);
    Ok((StatusCode::CREATED, ApiJson(view)))
}

/// Get a widget integration
#[utoipa::path(get, path = "/api/organizations/{org}/widget-integrations/{id}",
    tag = "Widget integrations",
    params(("org" = String, Path, description = "The workspace's id or slug"),
        ("id" = String, Path, description = "The integration's id")),
    responses((status = 200, body = Object)), security(("api_key" = ["integrations:read"])))]
pub(crate) async fn get(
    State(house): State<House>,
    caller: Caller<may::IntegrationsRead>,
    ApiPath((org, id)): ApiPath<(String, IntegrationId)>,
) -> Answer<ApiJson<Value>> {
    check(&house, &caller.workspace, &org).await?;
    let found = find(&house, &caller.workspace, id).await?;
    Ok(ApiJson(view(&house, &caller.workspace, &found).await?))
}

/// The integration as it was described, with the widget by the name that people gave it.
fn widget_view(found: &Integration, slug: &str) -> Value {
    let mut view = connect::widget_integration_view(found);
    if let Some(fields) = view.as_object_mut() {
        fields.insert("widget_id".to_owned(), slug.into());
    }
    view
}

async fn view(house: &House, workspace: &Workspace, found: &Integration) -> Answer<Value> {
    let widget = match found.widget_id {
        Some(id) => house.feeds.widget(workspace, &id.to_string()).await?.slug,
        None => String::new(),
    };
    Ok(widget_view(found, &widget))
}

/// Change a widget integration
#[utoipa::path(put, path = "/api/organizations/{org}/widget-integrations/{id}",
    tag = "Widget integrations", request_body = Object,
    params(("org" = String, Path, description = "The workspace's id or slug"),
        ("id" = String, Path, description = "The integration's id")),
    responses((status = 200, body = Object)), security(("api_key" = ["integrations:write"])))]
pub(crate) async fn change(
    State(house): State<House>,
    caller: Caller<may::IntegrationsWrite>,
    ApiPath((org, id)): ApiPath<(String, IntegrationId)>,
    ApiJson(wanted): ApiJson<Map<String, Value>>,
) -> Answer<ApiJson<Value>> {
    check(&house, &caller.workspace, &org).await?;
    let changed =
        house.connect.update_widget_integration(&caller, id, Value::Object(wanted)).await?;
    let mut tx = caller.workspace.write().await?;
    house.feeds.bind_integration(&mut tx, caller.workspace.id(), &changed).await?;
    tx.commit().await?;
    Ok(ApiJson(view(&house, &caller.workspace, &changed).await?))
}

/// Secrets, as the provider's credential schema names them.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "credentials": { "api_key": "…" } }))]
pub(crate) struct NewCredentials {
    #[schema(value_type = Object)]
    credentials: Map<String, Value>,
    /// Which integration, where the widget has several.
    #[serde(default)]
    #[schema(value_type = Option<String>, nullable = false)]
    integration_id: Option<IntegrationId>,
}

/// Store an organization's credentials
#[utoipa::path(post, path = "/api/organizations/{org}/widget-integrations/{id}/credentials",
    tag = "Widget integrations", request_body = NewCredentials,
    params(("org" = String, Path, description = "The workspace's id or slug"),
        ("id" = String, Path, description = "The integration's id")),
    responses((status = 201, body = Object)), security(("api_key" = ["credentials:write"])))]
pub(crate) async fn set_credentials(
    State(house): State<House>,
    caller: Caller<may::CredentialsWrite>,
    ApiPath((org, id)): ApiPath<(String, IntegrationId)>,
    ApiJson(wanted): ApiJson<NewCredentials>,
) -> Answer<(StatusCode, ApiJson<Value>)> {
    check(&house, &caller.workspace, &org).await?;
    find(&house, &caller.workspace, id).await?;
    let stored = house.connect.put_credential(&caller, id, None, wanted.credentials, None).await?;
    Ok((StatusCode::CREATED, ApiJson(json!(CredentialView::of(stored)))))
}

/// Replace an organization's credentials
#[utoipa::path(put, path = "/api/organizations/{org}/widget-integrations/{id}/credentials",
    tag = "Widget integrations", request_body = NewCredentials,
    params(("org" = String, Path, description = "The workspace's id or slug"),
        ("id" = String, Path, description = "The integration's id")),
    responses((status = 200, body = Object)), security(("api_key" = ["credentials:write"])))]
pub(crate) async fn replace_credentials(
    state: State<House>,
    caller: Caller<may::CredentialsWrite>,
    path: ApiPath<(String, IntegrationId)>,
    body: ApiJson<NewCredentials>,
) -> Answer<ApiJson<Value>> {
    Ok(set_credentials(state, caller, path, body).await?.1)
}

/// Store a placed widget's own credentials
#[utoipa::path(post, path = "/api/widgets-config/{id}/credentials", tag = "Widget integrations",
    request_body = NewCredentials,
    params(("id" = String, Path, description = "The widget config's id")),
    responses((status = 201, body = Object)), security(("api_key" = ["credentials:write"])))]
pub(crate) async fn set_widget_credentials(
    State(house): State<House>,
    caller: Caller<may::CredentialsWrite>,
    ApiPath(id): ApiPath<WidgetConfigId>,
    ApiJson(wanted): ApiJson<NewCredentials>,
) -> Answer<(StatusCode, ApiJson<Value>)> {
    let config = house.feeds.widget_config(&caller.workspace, id).await?;
    let integrations = house.connect.of_widget(&caller.workspace, config.widget).await?;
    let integration = match wanted.integration_id {
        Some(id) => integrations.iter().find(|one| one.id == id),
        None => {
            let own = |one: &&Arc<Integration>| {
                one.credential_scope == connect::CredentialScope::Widget && one.wants_credentials()
            };
            integrations.iter().find(own).or(integrations.first())
        }
    };
    let integration = integration.ok_or_else(|| not_found("integration of this widget"))?;
    let stored = house
        .connect
        .put_credential(&caller, integration.id, Some(id), wanted.credentials, None)
        .await?;
    Ok((StatusCode::CREATED, ApiJson(json!(CredentialView::of(stored)))))
}

/// Replace a placed widget's own credentials
#[utoipa::path(put, path = "/api/widgets-config/{id}/credentials", tag = "Widget integrations",
    request_body = NewCredentials,
    params(("id" = String, Path, description = "The widget config's id")),
    responses((status = 200, body = Object)), security(("api_key" = ["credentials:write"])))]
pub(crate) async fn replace_widget_credentials(
    state: State<House>,
    caller: Caller<may::CredentialsWrite>,
    path: ApiPath<WidgetConfigId>,
    body: ApiJson<NewCredentials>,
) -> Answer<ApiJson<Value>> {
    Ok(set_widget_credentials(state, caller, path, body).await?.1)
}

/// Test a widget integration
#[utoipa::path(post, path = "/api/organizations/{org}/widget-integrations/{id}/test",
    tag = "Widget integrations",
    params(("org" = String, Path, description = "The workspace's id or slug"),
        ("id" = String, Path, description = "The integration's id")),
    responses((status = 200, body = Object)), security(("api_key" = ["integrations:write"])))]
pub(crate) async fn test(
    State(house): State<House>,
    caller: Caller<may::IntegrationsWrite>,
    ApiPath((org, id)): ApiPath<(String, IntegrationId)>,
) -> Answer<ApiJson<Value>> {
    check(&house, &caller.workspace, &org).await?;
    find(&house, &caller.workspace, id).await?;
    let report = house.connect.test(&caller, id, Map::new(), None).await?;
    Ok(ApiJson(json!(report)))
}

/// Refresh a placed widget (by the path of the widget system)
#[utoipa::path(post, path = "/api/widgets-config/{id}/refresh", tag = "Widget integrations",
    params(("id" = String, Path, description = "The widget config's id")),
    responses((status = 202, body = Object)), security(("api_key" = ["feeds:write"])))]
pub(crate) async fn refresh(
    State(house): State<House>,
    caller: Caller<may::FeedsWrite>,
    ApiPath(id): ApiPath<WidgetConfigId>,
) -> Answer<(StatusCode, ApiJson<Value>)> {
    house.feeds.refresh_config(&caller.identity, id).await?;
    Ok((StatusCode::ACCEPTED, ApiJson(json!({ "status": "refreshing" }))))
}
