//! Flexible data sources: any JSON as configuration, and one-off reads through it.

use accounts::gate::{Answer, ApiJson, ApiQuery, Caller, may};
use axum::extract::State;
use feeds::Fetch;
use http::StatusCode;
use kernel::{IntegrationId, Page, PageRequest};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::House;

pub(crate) fn routes(house: &House) -> OpenApiRouter {
    OpenApiRouter::new()
        .routes(routes!(list, create, delete))
        .routes(routes!(fetch))
        .with_state(house.clone())
}

/// A data source.
#[derive(Serialize, ToSchema)]
pub(crate) struct Sources {
    /// Each with `id`, `name`, `type`, `config` and `created_at`; secrets are masked.
    #[schema(value_type = Vec<Object>)]
    sources: Vec<Value>,
}

/// A new data source.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "name": "Orders API", "type": "api",
    "config": { "baseUrl": "https://api.example.com/v1", "apiKey": "…" },
}))]
pub(crate) struct NewSource {
    #[schema(min_length = 1, max_length = 200)]
    name: String,
    /// `api`, `agent`, `database` or `custom`.
    r#type: String,
    #[schema(value_type = Object)]
    config: Map<String, Value>,
}

/// List data sources
#[utoipa::path(get, path = "/api/data-sources", tag = "Data sources",
    responses((status = 200, body = Sources)), security(("api_key" = ["integrations:read"])))]
pub(crate) async fn list(
    State(house): State<House>,
    caller: Caller<may::IntegrationsRead>,
) -> Answer<ApiJson<Sources>> {
    let mut sources = Vec::new();
    let filter = connect::IntegrationFilter::default();
    let mut page = PageRequest { limit: PageRequest::MAX_LIMIT, after: None };
    loop {
        let found = house.connect.integrations(&caller.workspace, &filter, &page).await?;
        let Page { data, next_cursor } =
            Page::of(found, page.limit, |one| one.integration.id.to_string());
        for one in data.iter().filter(|one| one.integration.widget_id.is_none()) {
            sources.push(connect::data_source_view(&one.integration));
        }
        match next_cursor {
            Some(after) => page.after = Some(after),
            None => return Ok(ApiJson(Sources { sources })),
        }
    }
}

/// Make a data source
///
/// Unknown fields are kept; fields whose names say that they hold a secret are sealed.
#[utoipa::path(post, path = "/api/data-sources", tag = "Data sources", request_body = NewSource,
    responses((status = 201, body = Object)), security(("api_key" = ["integrations:write"])))]
pub(crate) async fn create(
    State(house): State<House>,
    caller: Caller<may::IntegrationsWrite>,
    ApiJson(wanted): ApiJson<NewSource>,
) -> Answer<(StatusCode, ApiJson<Value>)> {
    let NewSource { name, r#type, config } = wanted;
    let made = house.connect.create_data_source(&caller, name, r#type, config).await?;
    Ok((StatusCode::CREATED, ApiJson(connect::data_source_view(&made))))
}

/// Which data source.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct SourceQuery {
    #[param(value_type = String)]
    id: IntegrationId,
}

/// Delete a data source
#[utoipa::path(delete, path = "/api/data-sources", tag = "Data sources", params(SourceQuery),
    responses((status = 200, body = Object)), security(("api_key" = ["integrations:write"])))]
pub(crate) async fn delete(
    State(house): State<House>,
    caller: Caller<may::IntegrationsWrite>,
    ApiQuery(query): ApiQuery<SourceQuery>,
) -> Answer<ApiJson<Value>> {
    house.connect.delete_integration(&caller, query.id).await?;
    Ok(ApiJson(json!({ "success": true })))
}

/// What a widget wants: the source's id and the endpoint, plain or inside `dataSource.config`.
#[derive(Deserialize, ToSchema)]
#[serde(untagged)]
#[schema(example = json!({ "sourceId": "int_01kce5v0g0f7nb4x1q2m3n4p5r", "endpoint": "/orders" }))]
pub(crate) enum Wanted {
    /// As a widget's data source.
    Nested {
        /// The data source with its `config`.
        #[serde(alias = "dataSource")]
        data_source: DataSource,
    },
    /// As it is.
    #[schema(value_type = Object)]
    Plain(Map<String, Value>),
}

/// A widget's reference to a data source.
#[derive(Deserialize, ToSchema)]
pub(crate) struct DataSource {
    #[serde(default)]
    #[schema(value_type = Object)]
    config: Map<String, Value>,
}

/// Fetch through a data source
#[utoipa::path(post, path = "/api/fetch-data", tag = "Data sources", request_body = Object,
    responses((status = 200, body = feeds::FetchedData)), security(("api_key" = ["fetch:execute"])))]
pub(crate) async fn fetch(
    State(house): State<House>,
    caller: Caller<may::FetchExecute>,
    ApiJson(wanted): ApiJson<Wanted>,
) -> Answer<ApiJson<feeds::FetchedData>> {
    let wanted = match wanted {
        Wanted::Nested { data_source } => data_source.config,
        Wanted::Plain(fields) => fields,
    };
    let wanted: Fetch = accounts::gate::parse(Value::Object(wanted))?;
    Ok(ApiJson(house.feeds.fetch(&caller.identity, wanted).await?))
}
