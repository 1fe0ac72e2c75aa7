//! `POST /api/v1/connections/{id}/artist-candidates` and `PUT /api/v1/connections/{id}/artist`: which
//! artist an account stands for, on a platform where an account is a listener's.

use accounts::audit;
use accounts::gate::{Answer, ApiJson, ApiPath, Caller, Identity, may, not_found, present};
use axum::extract::State;
use catalog::jq::{self, Limits};
use catalog::metrics::ArtistSearch;
use connect::{Connection, Query};
use kernel::{ConnectionId, PageRequest, Problem, codes};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;
use utoipa::ToSchema;

use crate::Insight;
use crate::artist::{self, Candidate};
use crate::asking::Asker;
use crate::outcome::{Batch, SyncResult};

/// Longer than any name or id.
const MOST_TEXT: usize = 200;

/// Whom to look for.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "name": "Aurel" }))]
pub(super) struct ArtistName {
    /// The subject's name unless said, else the account's.
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false)]
    name: Option<String>,
}

/// Who may be meant.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({ "data": [{
    "id": "0C0XlULifJtAgn6ZNCW2eu", "name": "Aurel", "followers": 31204,
    "url": "https://open.spotify.com/artist/0C0XlULifJtAgn6ZNCW2eu", "score": 0.9
}] }))]
pub(super) struct Candidates {
    /// The likeliest first. None is chosen until somebody does.
    data: Vec<Candidate>,
}

/// Look for the artist of an account
///
/// Asks the platform for artists of that name and scores them. Nothing is chosen.
#[utoipa::path(
    post, path = "/api/v1/connections/{id}/artist-candidates",
    operation_id = "list_artist_candidates", tag = "metrics",
    params(("id" = String, Path, description = "The connection.")),
    request_body = Option<ArtistName>,
    responses((status = 200, description = "Who may be meant.", body = Candidates)),
    security(("api_key" = ["metrics:write"]), ("session" = []))
)]
pub(super) async fn candidates(
    State(insight): State<Insight>,
    caller: Caller<may::MetricsWrite>,
    ApiPath(id): ApiPath<ConnectionId>,
    body: Option<ApiJson<ArtistName>>,
) -> Answer<ApiJson<Candidates>> {
    let connection = found(&insight, &caller, id).await?;
    let search = search(&insight, &connection)?;
    let said = body.and_then(|ApiJson(body)| body.name);
    let subject = Some(connection.subject.clone()).filter(|subject| !subject.is_empty());
    let name = said.or(subject).or_else(|| connection.account.name.clone()).unwrap_or_default();
    let name = checked("/name", &name)?;
    let options = Map::from_iter([("artist_name".to_owned(), json!(name))]);
    let query = Query {
        connection: &connection,
        request: &search.request,
        captured: &Map::new(),
        options: &options,
        lane: egress::Lane::Interactive,
        purpose: "metrics.artist",
        actor: &caller.actor,
    };
    let answer = insight.connect().query(&caller.workspace, &query).await?;
    let found = jq::compile(&search.candidates)
        .and_then(|program| jq::run(&program, answer, Limits::default()))
        .map_err(|error| Problem::of(error.code(), &error))?;
    let known = known_ids(&insight, &caller, &connection).await?;
    Ok(ApiJson(Candidates { data: artist::candidates(&found, &name, &known) }))
}

/// Who was chosen.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "id": "0C0XlULifJtAgn6ZNCW2eu" }))]
pub(super) struct ChooseArtist {
    /// The platform's id of the artist.
    id: String,
}

/// Say which artist an account stands for
///
/// Keeps the choice, also over reconnects of the same account, and reads the numbers.
#[utoipa::path(
    put, path = "/api/v1/connections/{id}/artist", operation_id = "choose_artist", tag = "metrics",
    params(("id" = String, Path, description = "The connection.")),
    request_body = ChooseArtist,
    responses((status = 200, description = "It is kept; how reading went.", body = SyncResult)),
    security(("api_key" = ["connections:write"]), ("session" = []))
)]
pub(super) async fn choose(
    State(insight): State<Insight>,
    caller: Caller<may::ConnectionsWrite>,
    ApiPath(id): ApiPath<ConnectionId>,
    ApiJson(body): ApiJson<ChooseArtist>,
) -> Answer<ApiJson<SyncResult>> {
    let connection = found(&insight, &caller, id).await?;
    let name = search(&insight, &connection)?.captured_as.clone();
    let artist = checked("/id", &body.id)?;
    let workspace = &caller.workspace;
    let mut tx = workspace.write().await?;
    if !insight.connect().choose(&mut tx, workspace.id(), id, &name, &artist).await? {
        return Err(not_found("connection").into());
    }
    let detail = json!({ "artist": artist, "platform": connection.provider });
    audit::record(&mut tx, &caller, "connection.artist_chosen", id, detail.clone()).await?;
    tx.emit(workspace.id(), "connection.artist_chosen", id, detail).await?;
    tx.commit().await?;
    let connection = found(&insight, &caller, id).await?;
    let asker = Asker { actor: &caller.actor, lane: egress::Lane::Interactive };
    let (result, _) = insight.read(workspace, &connection, asker, &Batch::single()).await;
    Ok(ApiJson(result))
}

async fn found(
    insight: &Insight,
    identity: &Identity,
    id: ConnectionId,
) -> Result<Connection, Problem> {
    let found = insight.connect().known_connection(&identity.workspace, id).await?;
    found.ok_or_else(|| not_found("connection"))
}

fn search<'a>(insight: &'a Insight, it: &Connection) -> Result<&'a ArtistSearch, Problem> {
    let metrics = insight.provider(&it.provider).and_then(|provider| provider.metrics.as_ref());
    metrics.and_then(|metrics| metrics.artist.as_ref()).ok_or_else(|| {
        let detail = format!("An account of {:?} stands for itself.", it.provider);
        Problem::new(&codes::PROVIDER_UNSUPPORTED, detail)
    })
}

fn checked(pointer: &str, text: &str) -> Result<String, Problem> {
    let text = text.trim();
    if text.is_empty() || text.len() > MOST_TEXT {
        let detail = format!("It has from 1 to {MOST_TEXT} bytes.");
        return Err(Problem::new(&codes::INVALID, detail.clone()).field(pointer, detail));
    }
    Ok(text.to_owned())
}

/// Ids that are known to be of the subject: what its other connections captured, and their accounts.
async fn known_ids(
    insight: &Insight,
    identity: &Identity,
    it: &Connection,
) -> Result<BTreeSet<String>, Problem> {
    let page = PageRequest { limit: PageRequest::MAX_LIMIT, after: None };
    let subject = Some(it.subject.as_str());
    let others = insight.connect().connections_of(&identity.workspace, subject, &page).await?;
    let ids = others.into_iter().flat_map(|other| {
        let captured = other.captured.into_iter().map(|(_, value)| value);
        captured.chain(other.account.id.map(Value::from)).collect::<Vec<_>>()
    });
    Ok(ids.filter_map(|value| value.as_str().map(str::to_owned)).collect())
}
