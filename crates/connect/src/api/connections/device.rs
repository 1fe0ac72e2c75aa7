//! `POST /api/v1/integrations/{id}/connect/device`.

use accounts::gate::{Answer, ApiJson, ApiPath, Caller, may, present};
use axum::extract::State;
use kernel::IntegrationId;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::oauth::device::DeviceCode;
use crate::{Connect, ConnectDraft};

/// Who is to be connected.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "subject": "aurel" }))]
pub(in crate::api) struct ConnectOnDevice {
    /// Whose account it is; absent for the workspace's own.
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false, max_length = 200)]
    subject: Option<String>,
    /// What to ask for beyond what the integration asks for.
    #[serde(default)]
    scopes: Vec<String>,
    /// Whether another account than the one that was connected may take its place.
    #[serde(default, alias = "anyAccount")]
    any_account: bool,
}

/// Begin to connect an account on another device
///
/// Show the person the code and the address. Once they have agreed there, the connection appears.
#[utoipa::path(
    post, path = "/api/v1/integrations/{id}/connect/device", operation_id = "connect_on_device",
    tag = "connections",
    params(("id" = String, Path, description = "The integration.")),
    request_body = Option<ConnectOnDevice>,
    responses((status = 200, description = "What the person is shown.", body = DeviceCode)),
    security(("api_key" = ["connections:write"]), ("session" = []))
)]
pub(in crate::api) async fn begin(
    State(connect): State<Connect>,
    caller: Caller<may::ConnectionsWrite>,
    ApiPath(id): ApiPath<IntegrationId>,
    body: Option<ApiJson<ConnectOnDevice>>,
) -> Answer<ApiJson<DeviceCode>> {
    let body = body.map(|ApiJson(body)| body).unwrap_or_default();
    let draft = ConnectDraft {
        subject: body.subject.unwrap_or_default(),
        return_url: None,
        scopes: body.scopes,
        any_account: body.any_account,
    };
    Ok(ApiJson(connect.begin_on_device(&caller, id, &draft).await?))
}
