//! A team's chat in the form of Slack's Web API: messages, changes, reactions. It keeps the last thousand.

use std::collections::{BTreeSet, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use axum::extract::State;
use axum::http::HeaderMap;
use axum::routing::{get, post};
use axum::{Json, Router};
use kernel::{Clock, Secret};
use serde::Deserialize;
use serde_json::{Value, json};

/// The channels that there are: id and name.
const CHANNELS: [(&str, &str); 2] = [("C1H9RESGL", "general"), ("C2NOTIFY01", "notifications")];
const MOST_KEPT: usize = 1_000;

pub(crate) struct Chat {
    clock: Clock,
    token: Secret<String>,
    messages: Mutex<VecDeque<Message>>,
}

struct Message {
    channel: &'static str,
    ts: String,
    text: String,
    thread_ts: Option<String>,
    reactions: BTreeSet<String>,
}

impl Chat {
    pub(crate) fn new(clock: Clock, token: Secret<String>) -> Self {
        Self { clock, token, messages: Mutex::default() }
    }

    fn is_open(&self, headers: &HeaderMap) -> bool {
        let given = headers.get("authorization").and_then(|value| value.to_str().ok());
        given.and_then(|value| value.strip_prefix("Bearer ")) == Some(self.token.expose())
    }

    fn with<T>(&self, work: impl FnOnce(&mut VecDeque<Message>) -> T) -> T {
        work(&mut self.messages.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

type Shared = State<Arc<Chat>>;

pub(crate) fn router(chat: Chat) -> Router {
    Router::new()
        .route("/api/auth.test", post(auth_test))
        .route("/api/conversations.list", get(list))
        .route("/api/conversations.history", get(history))
        .route("/api/chat.postMessage", post(post_message))
        .route("/api/chat.update", post(update))
        .route("/api/reactions.add", post(react))
        .with_state(Arc::new(chat))
}

fn refuse(error: &str) -> Json<Value> {
    Json(json!({"ok": false, "error": error}))
}

fn channel(named: &str) -> Option<&'static str> {
    let name = named.trim_start_matches('#');
    CHANNELS.iter().find(|(id, known)| *id == named || *known == name).map(|(id, _)| *id)
}

async fn auth_test(State(chat): Shared, headers: HeaderMap) -> Json<Value> {
    if !chat.is_open(&headers) {
        return refuse("invalid_auth");
    }
    Json(json!({"ok": true, "team": "Acme", "user": "patchbay", "team_id": "T1", "user_id": "U1"}))
}

async fn list(State(chat): Shared, headers: HeaderMap) -> Json<Value> {
    if !chat.is_open(&headers) {
        return refuse("invalid_auth");
    }
    let channels: Vec<_> =
        CHANNELS.iter().map(|(id, name)| json!({"id": id, "name": name})).collect();
    Json(json!({"ok": true, "channels": channels, "response_metadata": {"next_cursor": ""}}))
}

async fn history(State(chat): Shared, headers: HeaderMap) -> Json<Value> {
    if !chat.is_open(&headers) {
        return refuse("invalid_auth");
    }
    let messages: Vec<_> = chat.with(|kept| kept.iter().rev().map(shown).collect());
    Json(json!({"ok": true, "messages": messages, "has_more": false}))
}

#[derive(Deserialize)]
struct Posted {
    channel: String,
    #[serde(default)]
    text: String,
    blocks: Option<Value>,
    thread_ts: Option<String>,
}

async fn post_message(
    State(chat): Shared,
    headers: HeaderMap,
    Json(posted): Json<Posted>,
) -> Json<Value> {
    if !chat.is_open(&headers) {
        return refuse("invalid_auth");
    }
    let Some(channel) = channel(&posted.channel) else { return refuse("channel_not_found") };
    if posted.text.is_empty() && posted.blocks.is_none() {
        return refuse("no_text");
    }
    let now = chat.clock.now();
    let message = chat.with(|kept| {
        if kept.len() >= MOST_KEPT {
            kept.pop_front();
        }
        // Two of one microsecond are told apart by what came before.
        let micros = now.micros() + i64::try_from(kept.len()).unwrap_or_default();
        let ts = format!("{}.{:06}", micros / 1_000_000, micros % 1_000_000);
        let Posted { text, thread_ts, .. } = posted;
        let message = Message { channel, ts, text, thread_ts, reactions: BTreeSet::new() };
        let said = shown(&message);
        kept.push_back(message);
        said
    });
    Json(json!({"ok": true, "channel": channel, "ts": message["ts"], "message": message}))
}

#[derive(Deserialize)]
struct Changed {
    channel: String,
    ts: String,
    text: String,
}

async fn update(
    State(chat): Shared,
    headers: HeaderMap,
    Json(changed): Json<Changed>,
) -> Json<Value> {
    if !chat.is_open(&headers) {
        return refuse("invalid_auth");
    }
    let Some(channel) = channel(&changed.channel) else { return refuse("channel_not_found") };
    chat.with(|kept| {
        let found = kept.iter_mut().find(|it| it.channel == channel && it.ts == changed.ts);
        let Some(found) = found else { return refuse("message_not_found") };
        found.text.clone_from(&changed.text);
        Json(json!({"ok": true, "channel": channel, "ts": found.ts, "text": found.text}))
    })
}

#[derive(Deserialize)]
struct Reaction {
    channel: String,
    timestamp: String,
    name: String,
}

async fn react(
    State(chat): Shared,
    headers: HeaderMap,
    Json(reaction): Json<Reaction>,
) -> Json<Value> {
    if !chat.is_open(&headers) {
        return refuse("invalid_auth");
    }
    let Some(channel) = channel(&reaction.channel) else { return refuse("channel_not_found") };
    chat.with(|kept| {
        let found = kept.iter_mut().find(|it| it.channel == channel && it.ts == reaction.timestamp);
        match found.map(|message| message.reactions.insert(reaction.name)) {
            None => refuse("message_not_found"),
            Some(true) => Json(json!({"ok": true})),
            Some(false) => refuse("already_reacted"),
        }
    })
}

fn shown(message: &Message) -> Value {
    let reactions: Vec<_> =
        message.reactions.iter().map(|name| json!({"name": name, "count": 1})).collect();
    json!({
        "type": "message", "bot_id": "B1", "channel": message.channel, "ts": message.ts,
        "text": message.text, "thread_ts": message.thread_ts, "reactions": reactions,
    })
}
