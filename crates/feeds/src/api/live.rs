//! Changes as they happen: Server-Sent Events for one feed or widget, a WebSocket for many. A reader
//! that is slow misses versions in between, never the newest.

use accounts::gate::{Answer, ApiPath, Caller, Ended, Failure, Standing, may, not_found};
use axum::extract::ws::{CloseFrame, Message, Utf8Bytes, WebSocket, WebSocketUpgrade, close_code};
use axum::extract::{FromRequestParts as _, Request, State};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures::{Stream, StreamExt as _, stream};
use http::request::Parts;
use kernel::{FeedId, Problem, WidgetConfigId, WorkspaceId, codes};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;
use tokio::time::timeout;
use utoipa::ToSchema;

use super::data::{Asked, EventsQuery};
use crate::Feeds;
use crate::served::Served;

/// A Server-Sent Event.
#[derive(Serialize, ToSchema)]
pub(crate) struct LiveEvent {
    /// `update`.
    event: String,
    /// The version.
    id: String,
    /// What the data path would answer, as JSON text; `{"version"}` alone with `data=false`.
    data: String,
}

/// Follow a feed
///
/// `update` events: one with the document as it stands, then one for each new version.
#[utoipa::path(get, path = "/api/v1/feeds/{id}/events", tag = "Live",
    params(("id" = String, Path, description = "The feed's id"), EventsQuery),
    responses((status = 200, content_type = "text/event-stream", body = LiveEvent)),
    security(("api_key" = ["feeds:read"])))]
pub(crate) async fn feed_events(
    State(feeds): State<Feeds>,
    ApiPath(id): ApiPath<FeedId>,
    request: Request,
) -> Answer<Response> {
    feeds.events(Followed::Feed(id), request).await
}

/// Follow a widget
///
/// The same as for a feed; a player's token follows exactly the widgets that it was given.
#[utoipa::path(get, path = "/api/widgets-config/{id}/events", tag = "Live",
    params(("id" = String, Path, description = "The widget config's id"), EventsQuery),
    responses((status = 200, content_type = "text/event-stream", body = LiveEvent)),
    security(("api_key" = ["widgets:read"]), ("player" = [])))]
pub(crate) async fn widget_config_events(
    State(feeds): State<Feeds>,
    ApiPath(id): ApiPath<WidgetConfigId>,
    request: Request,
) -> Answer<Response> {
    feeds.events(Followed::Config(id), request).await
}

impl Feeds {
    async fn events(&self, what: Followed, request: Request) -> Answer<Response> {
        let (parts, _) = request.into_parts();
        let asked = Asked::read(&parts)?;
        let last = parts.headers.get("last-event-id").and_then(|id| id.to_str().ok()?.parse().ok());
        let (known, with_data) = (asked.version.or(last), asked.with_data);
        let ended = Standing::of(&parts).ended();
        let following = Following::open(self.clone(), parts, what, known).await?;
        let events = following.stream().map(move |served| {
            let event = Event::default().event("update").id(served.version.to_string());
            let text = std::str::from_utf8(&served.body).unwrap_or_default();
            let short = format!("{{\"version\":{}}}", served.version);
            Ok::<_, Infallible>(event.data(if with_data { text } else { &short }))
        });
        let events = events.take_until(ended);
        Ok(Sse::new(events).keep_alive(KeepAlive::default()).into_response())
    }
}

/// What a reader follows. Which feed a widget config shows may change meanwhile.
#[derive(Clone, Copy)]
enum Followed {
    Feed(FeedId),
    Config(WidgetConfigId),
}

/// A reader that is told of changes for as long as it may read them.
struct Following {
    feeds: Feeds,
    parts: Parts,
    what: Followed,
    access: watch::Receiver<()>,
    feed: FeedId,
    changes: watch::Receiver<Option<Arc<Served>>>,
    newest: Option<Arc<Served>>,
    /// The version that was told last.
    known: Option<u64>,
}

impl Following {
    /// Begins with the document as it stands, unless its version is the one that is known.
    async fn open(
        feeds: Feeds,
        parts: Parts,
        what: Followed,
        known: Option<u64>,
    ) -> Result<Self, Failure> {
        let access = feeds.access();
        let (workspace, feed) = what.find(&feeds, &parts).await?;
        let changes = feeds.documents().watch(feed).await;
        let newest = feeds.documents().get(workspace, feed).await?;
        let newest = Some(newest.ok_or_else(|| not_found("feed"))?);
        Ok(Self { feeds, parts, what, access, feed, changes, newest, known })
    }

    /// Every document that differs in its version from the one before; those in between may be missed.
    fn stream(self) -> impl Stream<Item = Arc<Served>> {
        stream::unfold(self, async |mut following| Some((following.next().await?, following)))
    }

    async fn next(&mut self) -> Option<Arc<Served>> {
        loop {
            let told = self.newest.take().filter(|it| Some(it.version) != self.known);
            if let Some(served) = told {
                self.known = Some(served.version);
                return Some(served);
            }
            tokio::select! {
                changed = self.changes.changed() => {
                    changed.ok()?;
                    self.newest = self.changes.borrow_and_update().clone();
                    if self.newest.is_none() {
                        // The feed is gone; another may have taken its place.
                        self.look_again().await?;
                    }
                }
                changed = self.access.changed() => {
                    changed.ok()?;
                    self.look_again().await?;
                }
            }
        }
    }

    /// `None` when there is nothing any more that the reader may read.
    async fn look_again(&mut self) -> Option<()> {
        let (feeds, parts) = (self.feeds.clone(), self.parts.clone());
        let now = Self::open(feeds, parts, self.what, self.known).await.ok()?;
        // The same number of another feed is another version.
        let known = self.known.filter(|_| now.feed == self.feed);
        *self = Self { known, ..now };
        Some(())
    }
}

impl Followed {
    async fn find(self, feeds: &Feeds, parts: &Parts) -> Result<(WorkspaceId, FeedId), Failure> {
        let asked = Asked::read(parts)?;
        match self {
            Self::Feed(id) => Ok((feeds.reader_of_feed(parts, &asked).await?, id)),
            Self::Config(id) => feeds.widget_feed(parts, &asked, id).await,
        }
    }
}

/// Follow many
///
/// A WebSocket. Send `{"subscribe": ["feed_…", "wcfg_…"]}` or `{"unsubscribe": […]}`; receive
/// `{"type": "update", "id", "payload"}` with what the data path would answer, and
/// `{"type": "error", "id", "code", "detail"}`. A key needs `feeds:read` to follow feeds and `widgets:read`
/// to follow widgets.
#[utoipa::path(get, path = "/api/v1/live", tag = "Live",
    params(("token" = Option<String>, Query, description = "A player token, for browsers")),
    responses((status = 101, description = "The socket is open")),
    security(("api_key" = []), ("player" = [])))]
pub(crate) async fn socket(State(feeds): State<Feeds>, request: Request) -> Answer<Response> {
    let (mut parts, _) = request.into_parts();
    let asked = Asked::read(&parts)?;
    if asked.player.is_none() {
        let mut parts = parts.clone();
        Caller::<may::Any>::from_request_parts(&mut parts, &()).await?;
    }
    let upgrade = WebSocketUpgrade::from_request_parts;
    let upgrade = upgrade(&mut parts, &()).await.map_err(|error| {
        Problem::new(&codes::BAD_QUERY, format!("This path speaks WebSocket: {error}"))
    })?;
    let upgrade = upgrade.max_message_size(64 * 1024);
    Ok(upgrade.on_upgrade(move |socket| Session::new(feeds, parts).run(socket)))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Command {
    #[serde(default)]
    subscribe: Vec<String>,
    #[serde(default)]
    unsubscribe: Vec<String>,
}

/// One open socket.
struct Session {
    feeds: Feeds,
    parts: Parts,
    following: HashMap<String, JoinHandle<()>>,
}

/// How much one socket may follow.
const MOST: usize = 500;
/// How many messages may wait for a slow socket before those who send them wait too.
const WAITING: usize = 64;
/// How long a socket may take to hear that it is closed.
const LAST_WORD: Duration = Duration::from_millis(200);

impl Session {
    fn new(feeds: Feeds, parts: Parts) -> Self {
        Self { feeds, parts, following: HashMap::new() }
    }

    async fn run(mut self, mut socket: WebSocket) {
        let ended = Standing::of(&self.parts).ended();
        let over = tokio::select! {
            () = self.talk(&mut socket) => None,
            why = ended => Some(farewell(why)),
        };
        self.following.into_values().for_each(|task| task.abort());
        if let Some(farewell) = over {
            // Who does not listen any more is not waited for.
            drop(timeout(LAST_WORD, socket.send(farewell)).await);
        }
    }

    /// Until the other side has had enough.
    async fn talk(&mut self, socket: &mut WebSocket) {
        let (to, mut messages) = mpsc::channel::<String>(WAITING);
        loop {
            let sent = tokio::select! {
                Some(text) = messages.recv() => socket.send(Message::text(text)).await,
                received = socket.recv() => match received {
                    Some(Ok(Message::Text(text))) => {
                        for answer in self.obey(&text, &to).await {
                            if socket.send(Message::text(answer)).await.is_err() {
                                return;
                            }
                        }
                        Ok(())
                    }
                    Some(Ok(Message::Close(_)) | Err(_)) | None => return,
                    Some(Ok(_)) => Ok(()),
                },
            };
            if sent.is_err() {
                return;
            }
        }
    }

    /// Does as it is told and returns what is to be said about it.
    async fn obey(&mut self, text: &str, to: &mpsc::Sender<String>) -> Vec<String> {
        let command: Command = match serde_json::from_str(text) {
            Ok(command) => command,
            Err(error) => {
                let detail = format!("Send {{\"subscribe\": [ids]}}: {error}");
                return vec![complaint("", &Problem::new(&codes::BAD_JSON, detail))];
            }
        };
        for id in command.unsubscribe {
            if let Some(task) = self.following.remove(&id) {
                task.abort();
            }
        }
        let mut complaints = Vec::new();
        for id in command.subscribe {
            if let Err(Failure(problem)) = self.follow(&id, to).await {
                complaints.push(complaint(&id, &problem));
            }
        }
        complaints
    }

    async fn follow(&mut self, id: &str, to: &mpsc::Sender<String>) -> Result<(), Failure> {
        if self.following.get(id).is_some_and(|task| !task.is_finished()) {
            return Ok(());
        }
        if self.following.len() >= MOST {
            let detail = format!("One socket follows at most {MOST}; open another.");
            return Err(Problem::new(&codes::RATE_LIMITED, detail).into());
        }
        let what = match (id.parse(), id.parse()) {
            (Ok(feed), _) => Followed::Feed(feed),
            (_, Ok(config)) => Followed::Config(config),
            _ => return Err(not_found("feed or widget config").into()),
        };
        let (feeds, parts) = (self.feeds.clone(), self.parts.clone());
        let following = Following::open(feeds, parts, what, None).await?;
        let (name, to) = (id.to_owned(), to.clone());
        let task = tokio::spawn(async move {
            let mut versions = std::pin::pin!(following.stream());
            while let Some(served) = versions.next().await {
                let body = std::str::from_utf8(&served.body).unwrap_or("null");
                let version = served.version;
                let text = format!(
                    "{{\"type\":\"update\",\"id\":\"{name}\",\"version\":{version},\"payload\":{body}}}"
                );
                if to.send(text).await.is_err() {
                    return;
                }
            }
            drop(to.send(complaint(&name, &not_found("feed or widget config"))).await);
        });
        self.following.insert(id.to_owned(), task);
        Ok(())
    }
}

/// RFC 6455, section 7.4.1.
fn farewell(why: Ended) -> Message {
    let (code, reason) = match why {
        Ended::Revoked => (close_code::POLICY, "the key or session has changed or ended"),
        Ended::Closing => (close_code::AWAY, "the server is stopping"),
    };
    Message::Close(Some(CloseFrame { code, reason: Utf8Bytes::from_static(reason) }))
}

fn complaint(id: &str, problem: &Problem) -> String {
    serde_json::json!({
        "type": "error", "id": id, "code": problem.code.name, "detail": problem.detail,
    })
    .to_string()
}
