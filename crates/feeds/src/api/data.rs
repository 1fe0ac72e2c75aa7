//! `GET …/data`: the document and how it stands, from memory. A reader sends the version it has (as
//! `?version=N` or `If-None-Match`) and gets 304 while it is the newest.

use accounts::gate::{Answer, ApiPath, Caller, Failure, may, not_found};
use axum::body::Body;
use axum::extract::{FromRequestParts as _, Request, State};
use axum::response::Response;
use http::header::{
    ACCEPT_ENCODING, AUTHORIZATION, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, ETAG,
    HeaderValue, IF_NONE_MATCH, VARY,
};
use http::request::Parts;
use http::{HeaderMap, StatusCode};
use kernel::{FeedId, Problem, WidgetConfigId, WorkspaceId, codes};
use serde::Serialize;
use serde_json::Value;
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};

use crate::Feeds;
use crate::feed::Status;
use crate::served::Served;

/// A document and how it stands.
#[derive(Serialize, ToSchema)]
pub(crate) struct Data {
    /// The document; null before the first.
    data: Value,
    /// Counts up each time the document's content changes; 0 before the first.
    #[schema(example = 7)]
    version: u64,
    /// When the document was last seen to be so; null before the first.
    #[schema(value_type = Value)]
    fetched_at: String,
    /// When it is due again; null for a feed that is only pushed to.
    #[schema(value_type = Value)]
    refresh_at: String,
    status: Status,
    /// Whether the last attempt to renew it failed or is overdue.
    stale: bool,
    /// Why the last attempt failed, or null.
    #[schema(value_type = Value)]
    error_message: String,
}

/// How a document is asked for.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes a query that is read by hand")]
pub(crate) struct DataQuery {
    /// The version you have; answered with 304 while it is the newest.
    #[param(minimum = 0)]
    version: Option<u64>,
    /// For widgets with several integrations: the one whose data is wanted.
    integration_id: Option<String>,
    /// A player token, for readers that cannot set headers.
    token: Option<String>,
}

/// How changes are asked for.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes a query that is read by hand")]
pub(crate) struct EventsQuery {
    /// The version you have; what you missed since comes first.
    #[param(minimum = 0)]
    version: Option<u64>,
    /// For widgets with several integrations: the one whose data is wanted.
    integration_id: Option<String>,
    /// A player token, for readers that cannot set headers.
    token: Option<String>,
    /// `false` for the version alone, without the document.
    #[param(default = true)]
    data: Option<bool>,
}

/// Read a feed
///
/// The document as it stands, from memory.
#[utoipa::path(get, path = "/api/v1/feeds/{id}/data", tag = "Data",
    params(("id" = String, Path, description = "The feed's id"), DataQuery),
    responses((status = 200, body = Data), (status = 304, description = "It is the version you have")),
    security(("api_key" = ["feeds:read"])))]
pub(crate) async fn feed(
    State(feeds): State<Feeds>,
    ApiPath(id): ApiPath<FeedId>,
    request: Request,
) -> Answer<Response> {
    let (parts, _) = request.into_parts();
    let asked = Asked::of_document(&parts)?;
    let workspace = feeds.reader_of_feed(&parts, &asked).await?;
    let served = feeds.documents().get(workspace, id).await?.ok_or_else(|| not_found("feed"))?;
    Ok(respond(&served, &parts.headers, asked.version))
}

/// Read a widget
///
/// What a placed widget shows. A player's token reads exactly the widgets that it was given.
#[utoipa::path(get, path = "/api/v1/widget-configs/{id}/data", tag = "Data",
    params(("id" = String, Path, description = "The widget config's id"), DataQuery),
    responses((status = 200, body = Data), (status = 304, description = "It is the version you have")),
    security(("api_key" = ["widgets:read"]), ("player" = [])))]
pub(crate) async fn widget_config(
    State(feeds): State<Feeds>,
    ApiPath(id): ApiPath<WidgetConfigId>,
    request: Request,
) -> Answer<Response> {
    let (parts, _) = request.into_parts();
    let asked = Asked::of_document(&parts)?;
    let served = feeds.widget_data(&parts, &asked, id).await?;
    Ok(respond(&served, &parts.headers, asked.version))
}

/// Read a widget (by the path of the widget system)
#[utoipa::path(get, path = "/api/widgets-config/{id}/data", tag = "Data",
    params(("id" = String, Path, description = "The widget config's id"), DataQuery),
    responses((status = 200, body = Data), (status = 304, description = "It is the version you have")),
    security(("api_key" = ["widgets:read"]), ("player" = [])))]
pub(crate) async fn widget_config_by_spec(
    state: State<Feeds>,
    id: ApiPath<WidgetConfigId>,
    request: Request,
) -> Answer<Response> {
    widget_config(state, id, request).await
}

/// Read a widget (by the short path of the widget system)
#[utoipa::path(get, path = "/api/widgets/{id}/data", tag = "Data",
    params(("id" = String, Path, description = "The widget config's id"), DataQuery),
    responses((status = 200, body = Data), (status = 304, description = "It is the version you have")),
    security(("api_key" = ["widgets:read"]), ("player" = [])))]
pub(crate) async fn widget_by_spec(
    state: State<Feeds>,
    id: ApiPath<WidgetConfigId>,
    request: Request,
) -> Answer<Response> {
    widget_config(state, id, request).await
}

/// What a reader's query and headers say.
pub(crate) struct Asked<'a> {
    pub(crate) version: Option<u64>,
    pub(crate) integration: Option<&'a str>,
    pub(crate) player: Option<&'a str>,
    /// Whether the document is wanted in live messages; it is unless `data=false`.
    pub(crate) with_data: bool,
}

impl<'a> Asked<'a> {
    /// What a reader of the document itself asks for, who cannot do without it.
    fn of_document(parts: &'a Parts) -> Result<Self, Problem> {
        let asked = Self::read(parts)?;
        if asked.with_data { Ok(asked) } else { Err(unknown("data")) }
    }

    pub(crate) fn read(parts: &'a Parts) -> Result<Self, Problem> {
        let bearer = parts.headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
        let bearer = bearer.and_then(|text| text.strip_prefix("Bearer "));
        let mut asked = Self { version: None, integration: None, player: bearer, with_data: true };
        for pair in parts.uri.query().unwrap_or_default().split('&').filter(|pair| !pair.is_empty())
        {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            match name {
                "version" => {
                    let bad = |_| {
                        Problem::new(
                            &codes::BAD_QUERY,
                            "The parameter version must be a whole number.",
                        )
                    };
                    asked.version = Some(value.parse().map_err(bad)?);
                }
                "integration_id" => asked.integration = Some(value),
                "token" => asked.player = Some(value),
                "data" => {
                    let bad = |_| {
                        Problem::new(&codes::BAD_QUERY, "The parameter data must be true or false.")
                    };
                    asked.with_data = value.parse().map_err(bad)?;
                }
                _ => return Err(unknown(name)),
            }
        }
        asked.player = asked.player.filter(|token| token.starts_with("pl_"));
        Ok(asked)
    }
}

fn unknown(name: &str) -> Problem {
    Problem::new(&codes::BAD_QUERY, format!("There is no query parameter named {name}."))
}

impl Feeds {
    /// The workspace in which the caller may read feeds.
    pub(crate) async fn reader_of_feed(
        &self,
        parts: &Parts,
        asked: &Asked<'_>,
    ) -> Result<WorkspaceId, Failure> {
        if asked.player.is_some() {
            let detail = "A player's token reads its widgets, not feeds: use the widget's path.";
            return Err(Problem::new(&codes::MISSING_SCOPE, detail).into());
        }
        let mut parts = parts.clone();
        let caller = Caller::<may::FeedsRead>::from_request_parts(&mut parts, &()).await?;
        Ok(caller.workspace.id())
    }

    /// The widget's document, if the caller may read it.
    pub(crate) async fn widget_data(
        &self,
        parts: &Parts,
        asked: &Asked<'_>,
        id: WidgetConfigId,
    ) -> Result<Arc<Served>, Failure> {
        let (workspace, feed) = self.widget_feed(parts, asked, id).await?;
        let served = self.documents().get(workspace, feed).await?;
        served.ok_or_else(|| no_data().into())
    }

    /// The feed that a widget config shows, if the caller may read it.
    pub(crate) async fn widget_feed(
        &self,
        parts: &Parts,
        asked: &Asked<'_>,
        id: WidgetConfigId,
    ) -> Result<(WorkspaceId, FeedId), Failure> {
        let allowed = match asked.player {
            Some(token) => self.players().may_read(token, id).await?,
            None => {
                let mut parts = parts.clone();
                let caller =
                    Caller::<may::WidgetsRead>::from_request_parts(&mut parts, &()).await?;
                Some(caller.workspace.id())
            }
        };
        let allowed = allowed.ok_or_else(|| not_found("widget config"))?;
        let known = self.0.bindings.pin().get(&id).copied();
        let (workspace, feed) = match known {
            Some(known) if asked.integration.is_none() => known,
            _ => self.find_binding(allowed, id, asked.integration).await?,
        };
        if workspace != allowed {
            return Err(not_found("widget config").into());
        }
        Ok((workspace, feed))
    }

    async fn find_binding(
        &self,
        workspace: WorkspaceId,
        id: WidgetConfigId,
        integration: Option<&str>,
    ) -> Result<(WorkspaceId, FeedId), Failure> {
        let mut tx = self.db().workspace(workspace).read().await?;
        if crate::store::widgets::get_config(&mut tx, workspace, id).await?.is_none() {
            return Err(not_found("widget config").into());
        }
        let wanted = integration.map(str::parse).transpose();
        let wanted = wanted.map_err(|_| not_found("integration"))?;
        let feed = self.feed_of(&mut tx, workspace, id, wanted).await?.ok_or_else(no_data)?;
        if integration.is_none() {
            self.0.bindings.pin().insert(id, (workspace, feed));
        }
        Ok((workspace, feed))
    }
}

fn no_data() -> Problem {
    let detail = "The widget has no integration that brings data yet; give it one.";
    Problem::new(&codes::NOT_FOUND, detail)
}

/// The answer to a reader: 304 or the ready-made bytes in the best form it takes.
pub(crate) fn respond(served: &Served, headers: &HeaderMap, version: Option<u64>) -> Response {
    let known = version == Some(served.version) || matches(headers, &served.etag);
    let mut response = Response::new(Body::empty());
    let out = response.headers_mut();
    // Also for what is added on the way out: a map that grows is hashed anew.
    out.reserve(12);
    out.insert(ETAG, served.etag.clone());
    out.insert(CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    out.insert(VARY, HeaderValue::from_static("accept-encoding, authorization"));
    if known {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        return response;
    }
    out.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    let accepted = headers.get(ACCEPT_ENCODING).and_then(|value| value.to_str().ok());
    let accepted = accepted.unwrap_or_default();
    let encoded = if accepts(accepted, "br") {
        served.brotli().map(|bytes| ("br", bytes))
    } else if accepts(accepted, "gzip") {
        served.gzip().map(|bytes| ("gzip", bytes))
    } else {
        None
    };
    let body = match encoded {
        Some((name, bytes)) => {
            out.insert(CONTENT_ENCODING, HeaderValue::from_static(name));
            bytes
        }
        None => &served.body,
    };
    *response.body_mut() = Body::from(body.clone());
    response
}

/// `If-None-Match`, compared weakly (RFC 9110, 13.1.2).
fn matches(headers: &HeaderMap, etag: &HeaderValue) -> bool {
    let opaque = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
    let Ok(ours) = etag.to_str().map(opaque) else { return false };
    headers
        .get_all(IF_NONE_MATCH)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .any(|value| value.trim() == "*" || value.split(',').any(|theirs| opaque(theirs) == ours))
}

fn accepts(header: &str, coding: &str) -> bool {
    header.split(',').any(|item| {
        let (name, params) = item.split_once(';').unwrap_or((item, ""));
        let refused = params.trim().strip_prefix("q=").is_some_and(|q| q.parse() == Ok(0.0));
        name.trim().eq_ignore_ascii_case(coding) && !refused
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_is_compared_weakly() {
        let etag = HeaderValue::from_static("W/\"7\"");
        for (sent, is_known) in [
            ("W/\"7\"", true),
            ("\"7\"", true),
            ("\"6\", \"7\"", true),
            ("*", true),
            ("\"77\"", false),
        ] {
            let headers = HeaderMap::from_iter([(IF_NONE_MATCH, HeaderValue::from_static(sent))]);
            assert_eq!(matches(&headers, &etag), is_known, "{sent}");
        }
    }

    #[test]
    fn a_coding_may_be_refused_by_its_weight() {
        for (header, is_accepted) in [
            ("gzip, br", true),
            ("br;q=0.5", true),
            ("br;q=0", false),
            ("brotli", false),
            ("", false),
        ] {
            assert_eq!(accepts(header, "br"), is_accepted, "{header}");
        }
    }
}
