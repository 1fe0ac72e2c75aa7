//! One-off reads through an integration: the same way out as feeds, answered from memory for a while.

use accounts::gate::{Answer, ApiJson, Caller, may, not_found, present};
use axum::extract::State;
use connect::{Integration, PullConfig, Question, Whose};
use http::Method;
use kernel::{ConnectionId, FieldError, IntegrationId, Problem, Timestamp, WorkspaceId, codes};
use moka::sync::Cache;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use std::sync::Arc;
use std::time::Duration;
use utoipa::ToSchema;
use vault::TokenHash;

use crate::Feeds;
use crate::pull::Found;

/// What is to be fetched, through an integration or with the access of one connection. `integration_id`, `source_id` and `sourceId` mean the same, so do `path`,
/// `endpoint` and `url`.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "integration_id": "int_01kce5v0g0f7nb4x1q2m3n4p5r", "path": "/me/top/tracks", "max_age_secs": 60,
}))]
pub struct Fetch {
    #[serde(
        default,
        deserialize_with = "present",
        alias = "source_id",
        alias = "sourceId",
        alias = "integrationId"
    )]
    #[schema(value_type = String, required = false)]
    integration_id: Option<IntegrationId>,
    /// The connection whose account is asked; its integration need not be named.
    #[serde(default, deserialize_with = "present", alias = "connectionId")]
    #[schema(value_type = String, required = false)]
    connection_id: Option<ConnectionId>,
    /// The artist or end user whose connection of the integration is used.
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false)]
    subject: Option<String>,
    #[serde(default, deserialize_with = "present", alias = "endpoint")]
    #[schema(nullable = false)]
    path: Option<String>,
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false)]
    url: Option<String>,
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false)]
    method: Option<String>,
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<Object>, nullable = false)]
    query: Option<Map<String, Value>>,
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<Object>, nullable = false)]
    headers: Option<Map<String, Value>>,
    #[schema(value_type = Option<Value>)]
    body: Option<Value>,
    /// A jq program over the answer.
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false)]
    transform: Option<String>,
    /// What templates see as `{{config.…}}`.
    #[serde(default)]
    #[schema(value_type = Object)]
    options: Map<String, Value>,
    /// An answer up to this old will do; 30 when absent, 0 asks anew. What may change something is always
    /// sent.
    #[serde(default, deserialize_with = "present", alias = "maxAgeSecs")]
    #[schema(nullable = false, maximum = 86400)]
    max_age_secs: Option<u64>,
    /// The same as 0 seconds.
    #[serde(default, alias = "noCache")]
    no_cache: bool,
}

/// What was fetched.
#[derive(Clone, Serialize, ToSchema)]
pub struct FetchedData {
    #[schema(value_type = Value)]
    data: Value,
    /// The status of the provider's answer.
    status: u16,
    #[schema(value_type = String, format = DateTime)]
    fetched_at: Timestamp,
    /// Whether it came from memory.
    cached: bool,
    /// How long it took.
    duration_ms: u64,
}

/// Answers that may serve again, up to 64 MiB of them.
pub(crate) struct Fetched(Cache<Key, Arc<Weighed>>);

type Key = (WorkspaceId, [u8; 32]);
/// An answer and its size.
type Weighed = (FetchedData, usize);

const MEMORY: u64 = 64 * 1024 * 1024;
const MAX_AGE: u64 = 30;
const OLDEST: Duration = Duration::from_secs(86_400);

impl Default for Fetched {
    fn default() -> Self {
        let weigh =
            |_: &_, value: &Arc<(FetchedData, usize)>| u32::try_from(value.1).unwrap_or(u32::MAX);
        Self(Cache::builder().max_capacity(MEMORY).weigher(weigh).time_to_live(OLDEST).build())
    }
}

/// Fetch once
///
/// Calls the provider as a feed would and answers with what it says. Answers to GET and HEAD, and to
/// GraphQL queries, serve again for a while.
#[utoipa::path(post, path = "/api/v1/fetch", tag = "Data", request_body = Fetch,
    responses((status = 200, body = FetchedData)), security(("api_key" = ["fetch:execute"])))]
pub(crate) async fn fetch(
    State(feeds): State<Feeds>,
    caller: Caller<may::FetchExecute>,
    ApiJson(wanted): ApiJson<Fetch>,
) -> Answer<ApiJson<FetchedData>> {
    Ok(ApiJson(feeds.fetch(&caller.identity, wanted).await?))
}

impl Feeds {
    /// Fetches once through an integration.
    ///
    /// # Errors
    /// A problem that says what the provider or the way to it said.
    pub async fn fetch(
        &self,
        identity: &accounts::gate::Identity,
        wanted: Fetch,
    ) -> Answer<FetchedData> {
        let started = self.db().clock().now();
        let workspace = &identity.workspace;
        let integration = self.fetched_through(workspace, &wanted).await?;
        if !integration.enabled {
            let detail = "Switch the integration on before fetching through it.";
            return Err(Problem::new(&codes::INTEGRATION_DISABLED, detail).into());
        }
        let config = PullConfig::from_map(wanted.settings())?;
        wanted.check(&config)?;
        let key = (workspace.id(), wanted.fingerprint(&integration));
        let secs = wanted.max_age_secs.unwrap_or(MAX_AGE);
        let max_age = Duration::from_secs(if wanted.no_cache { 0 } else { secs });
        let known = self.fetched().0.get(&key).map(|known| known.0.clone());
        if let Some(known) = known.filter(|known| started.since(known.fetched_at) < max_age) {
            return Ok(FetchedData { cached: true, duration_ms: 0, ..known });
        }
        let question = Question {
            integration: &integration,
            pull: &config,
            options: &wanted.options,
            whose: Whose {
                connection: wanted.connection_id,
                subject: wanted.subject.clone(),
                ..Whose::default()
            },
            purpose: "fetch",
            actor: &identity.actor,
        };
        let dress = |request: &mut egress::Request| request.lane = egress::Lane::Interactive;
        let (found, request) = self.ask(workspace, &question, dress).await?;
        let changes_nothing = changes_nothing(&integration, &request);
        let (data, status) = match found {
            Found::Document { document, status, .. } => (document, status),
            // Nothing was asked about, so a provider that says this says nothing.
            Found::NotModified => (Value::Null, 304),
        };
        let now = self.db().clock().now();
        let duration_ms = now.since(started).as_millis() as u64;
        let found = FetchedData { data, status, fetched_at: now, cached: false, duration_ms };
        if changes_nothing {
            let bytes = found.data.to_string().len();
            self.fetched().0.insert(key, Arc::new((found.clone(), bytes)));
        }
        Ok(found)
    }

    /// The integration that is named, or that of the connection that is.
    async fn fetched_through(
        &self,
        workspace: &db::Workspace,
        wanted: &Fetch,
    ) -> Result<Arc<Integration>, Problem> {
        let id = match (wanted.integration_id, wanted.connection_id) {
            (Some(id), _) => id,
            (None, Some(connection)) => {
                let found = self.connect().integration_behind(workspace, connection).await?;
                found.ok_or_else(|| not_found("connection"))?
            }
            (None, None) => {
                let message = "name the integration, or a connection".to_owned();
                let error = FieldError { pointer: "/integration_id".to_owned(), message };
                let problem =
                    Problem::new(&codes::INVALID, "It is not said through what to fetch.");
                return Err(Problem { errors: vec![error], ..problem });
            }
        };
        let found = self.connect().integration(workspace, id).await?;
        found.ok_or_else(|| not_found("integration"))
    }
}

/// Whether sending a request once for several who ask comes to the same: methods that are safe (RFC 9110,
/// 9.2.1), and GraphQL that asks without changing anything, which goes by POST all the same.
fn changes_nothing(integration: &Integration, request: &egress::Request) -> bool {
    match request.method {
        Method::GET | Method::HEAD => true,
        Method::POST if integration.provider_def.id == "graphql" => {
            let body = serde_json::from_slice::<Value>(&request.body).unwrap_or_default();
            // A field may be named so, too; then it is only asked once more.
            body["query"].as_str().is_some_and(|query| !query.contains("mutation"))
        }
        _ => false,
    }
}

impl Fetch {
    /// Refuses what cannot be used or would have no effect.
    fn check(&self, config: &PullConfig) -> Result<(), Problem> {
        let mut errors = config.problems("");
        if self.max_age_secs.is_some_and(|secs| Duration::from_secs(secs) > OLDEST) {
            let message = "it is at most a day, 86400".to_owned();
            errors.push(FieldError { pointer: "/max_age_secs".to_owned(), message });
        }
        if errors.is_empty() {
            return Ok(());
        }
        Err(Problem { errors, ..Problem::new(&codes::INVALID, "The request cannot be sent so.") })
    }

    /// The same request through the same integration has the same fingerprint.
    fn fingerprint(&self, integration: &Integration) -> [u8; 32] {
        let mut settings = Value::Object(self.settings());
        settings.sort_all_objects();
        let options = Value::Object(self.options.clone());
        let (id, at) = (integration.id, integration.updated_at);
        let whose = json!([self.connection_id, self.subject]);
        TokenHash::of(&format!("{id}|{at}|{whose}|{settings}|{options}")).0
    }

    fn settings(&self) -> Map<String, Value> {
        let text = |text: &Option<String>| text.clone().map(Value::String);
        let object = |map: &Option<Map<String, Value>>| map.clone().map(Value::Object);
        // "endpoint" may be a whole address, as clients of the flexible sources write it.
        let is_address = |text: &&String| text.contains("://");
        let address = self.url.as_ref().or(self.path.as_ref().filter(is_address));
        let path = self.path.as_ref().filter(|path| !is_address(path));
        [
            ("url", address.cloned().map(Value::String)),
            ("path", path.cloned().map(Value::String)),
            ("method", text(&self.method)),
            ("query", object(&self.query)),
            ("headers", object(&self.headers)),
            ("body", self.body.clone()),
            ("transform", text(&self.transform)),
        ]
        .into_iter()
        .filter_map(|(name, value)| Some((name.to_owned(), value?)))
        .collect()
    }
}
