//! What a platform tells by itself: events signed as the platform signs, sent to the callbacks that were
//! registered. There are no retries.

use aws_lc_rs::hmac;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method};
use base64::{Engine, prelude::BASE64_STANDARD};
use bytes::Bytes;
use kernel::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::artist::day_of;
use super::{Platform, graph, lock, page};
use crate::{Outcome, SandboxError, Service, outcall};

/// What has happened to an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PushEvent {
    /// It has posted something: Facebook, Microsoft, TikTok, X, YouTube.
    Post,
    /// Somebody has commented: Instagram, Facebook.
    Comment,
    /// It has a new follower: X.
    Follow,
    /// The person has taken the access back, which is also done: TikTok.
    Removed,
}

/// What came of telling one callback.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PushDelivery {
    /// The callback.
    pub target: String,
    /// What came of it.
    pub outcome: Outcome,
}

/// The callbacks of the platform.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub(super) struct Pushes {
    pub(super) callbacks: Vec<Callback>,
    serial: u64,
}

/// Who is told.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(super) struct Callback {
    pub(super) id: String,
    pub(super) url: String,
    pub(super) created_at: Timestamp,
    /// The channel, where a subscription is to one.
    pub(super) topic: Option<String>,
    /// What the subscriber wants to see signed with; otherwise the app's secret signs.
    pub(super) secret: Option<String>,
    pub(super) ends_at: Option<Timestamp>,
}

impl Pushes {
    /// The callbacks without their secrets.
    pub(super) fn list(&self) -> Value {
        let shown = |callback: &Callback| {
            let Callback { id, url, created_at, topic, ends_at, .. } = callback;
            json!({
                "id": id, "url": url, "created_at": created_at, "topic": topic, "ends_at": ends_at,
            })
        };
        self.callbacks.iter().map(shown).collect()
    }

    /// Writes a callback down, in place of an older one to the same address and topic.
    pub(super) fn put(&mut self, mut callback: Callback) -> Callback {
        self.remove(&callback.url, callback.topic.as_deref());
        self.serial += 1;
        callback.id = self.serial.to_string();
        self.callbacks.push(callback.clone());
        callback
    }

    pub(super) fn remove(&mut self, url: &str, topic: Option<&str>) {
        self.callbacks.retain(|known| known.url != url || known.topic.as_deref() != topic);
    }
}

pub(super) async fn send(
    platform: &Platform,
    account: &str,
    event: PushEvent,
) -> Result<Vec<PushDelivery>, SandboxError> {
    let now = platform.clock.now();
    let message = message(platform, account, event, now)?;
    if event == PushEvent::Removed {
        platform.revoke(Some(account));
    }
    let callbacks = lock(&platform.pushes).callbacks.clone();
    let told = callbacks.into_iter().filter(|callback| {
        callback.ends_at.is_none_or(|end| now < end)
            && callback.topic.as_ref().is_none_or(|topic| topic.contains(&message.account))
    });
    let mut deliveries = Vec::new();
    for callback in told {
        let secret = callback.secret.as_deref().unwrap_or(platform.client_secret.expose());
        let mut headers = HeaderMap::new();
        let signed = signature(platform.style.service, secret, &message.body, now);
        let media_type = ("content-type", message.media_type.to_owned());
        for (name, value) in signed.into_iter().chain([media_type]) {
            if let Ok(value) = HeaderValue::from_str(&value) {
                headers.insert(HeaderName::from_static(name), value);
            }
        }
        let body = match platform.style.service {
            Service::Microsoft => graph::notification(&callback, now).into(),
            _ => Bytes::from(message.body.clone()),
        };
        let outcome = match outcall::call(Method::POST, &callback.url, headers, body).await {
            Ok((status, _)) => Outcome::Answered(status),
            Err(reason) => Outcome::Failed(reason),
        };
        deliveries.push(PushDelivery { target: callback.url, outcome });
    }
    Ok(deliveries)
}

struct Message {
    /// The account's id on the platform.
    account: String,
    media_type: &'static str,
    body: String,
}

fn message(
    platform: &Platform,
    account: &str,
    event: PushEvent,
    now: Timestamp,
) -> Result<Message, SandboxError> {
    let service = platform.style.service;
    let artist = platform.artist(account);
    let id = artist.id(service);
    let work = artist.works(day_of(now)).into_iter().next();
    let work_id = |digits| {
        work.as_ref().map(|work| artist.work_number(service, work, digits)).unwrap_or_default()
    };
    let title = work.as_ref().map_or("", |work| work.title);
    let secs = now.secs();
    let body = match (service, event) {
        (Service::Instagram, PushEvent::Comment) => json!({
            "object": "instagram",
            "entry": [{"id": id, "time": secs, "changes": [{"field": "comments", "value": {
                "id": secs.to_string(), "text": "What a tune", "media": {"id": work_id(17)},
                "from": {"id": "1000", "username": "a_listener"},
            }}]}],
        }),
        (Service::Facebook, PushEvent::Post | PushEvent::Comment) => {
            let item = if event == PushEvent::Post { "status" } else { "comment" };
            json!({
                "object": "page",
                "entry": [{"id": id, "time": secs, "changes": [{"field": "feed", "value": {
                    "item": item, "verb": "add", "post_id": format!("{id}_{}", work_id(15)),
                    "from": {"id": id, "name": artist.name}, "message": title,
                    "created_time": secs,
                }}]}],
            })
        }
        (Service::Tiktok, PushEvent::Post | PushEvent::Removed) => {
            let (event, content) = match event {
                PushEvent::Post => ("video.publish.completed", json!({"share_id": work_id(18)})),
                _ => ("authorization.removed", json!({"reason": 1})),
            };
            json!({
                "client_key": platform.client_id, "event": event, "create_time": secs,
                "user_openid": id, "content": content.to_string(),
            })
        }
        (Service::X, PushEvent::Post) => json!({
            "for_user_id": id,
            "tweet_create_events": [{
                "id_str": work_id(18), "text": format!("{title} is out now"),
                "created_at": now, "user": {"id_str": id, "name": artist.name},
            }],
        }),
        (Service::X, PushEvent::Follow) => json!({
            "for_user_id": id,
            "follow_events": [{
                "type": "follow", "created_timestamp": now.millis().to_string(),
                "target": {"id": id}, "source": {"id": "1000"},
            }],
        }),
        (Service::Youtube, PushEvent::Post) => {
            let video = work.as_ref().map(|work| artist.work_letters(service, work, 11));
            let video = video.unwrap_or_default();
            let body = format!(
                "<?xml version='1.0' encoding='UTF-8'?>\n\
                 <feed xmlns:yt=\"http://www.youtube.com/xml/schemas/2015\" \
                 xmlns=\"http://www.w3.org/2005/Atom\"><title>YouTube video feed</title>\
                 <updated>{now}</updated><entry><id>yt:video:{video}</id>\
                 <yt:videoId>{video}</yt:videoId><yt:channelId>{id}</yt:channelId>\
                 <title>{}</title><link rel=\"alternate\" \
                 href=\"https://www.youtube.com/watch?v={video}\"/>\
                 <author><name>{}</name></author><published>{now}</published>\
                 <updated>{now}</updated></entry></feed>",
                page::escape(title),
                page::escape(&artist.name),
            );
            return Ok(Message { account: id, media_type: "application/atom+xml", body });
        }
        // Each subscription is told under its own id.
        (Service::Microsoft, PushEvent::Post) => Value::Null,
        _ => return Err(SandboxError::NoPushes(service)),
    };
    Ok(Message { account: id, media_type: "application/json", body: body.to_string() })
}

/// The signature headers of the platform.
fn signature(
    service: Service,
    secret: &str,
    body: &str,
    now: Timestamp,
) -> Vec<(&'static str, String)> {
    let sha256 = |message: &str| sign(hmac::HMAC_SHA256, secret, message);
    let sha1 = || hex::encode(sign(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, secret, body));
    match service {
        Service::Tiktok => {
            let at = now.secs();
            let signature = hex::encode(sha256(&format!("{at}.{body}")));
            vec![("tiktok-signature", format!("t={at},s={signature}"))]
        }
        Service::X => {
            let signature = BASE64_STANDARD.encode(sha256(body));
            vec![("x-twitter-webhooks-signature", format!("sha256={signature}"))]
        }
        // What it shows stands in the body.
        Service::Microsoft => Vec::new(),
        Service::Youtube => vec![("x-hub-signature", format!("sha1={}", sha1()))],
        _ => vec![
            ("x-hub-signature-256", format!("sha256={}", hex::encode(sha256(body)))),
            ("x-hub-signature", format!("sha1={}", sha1())),
        ],
    }
}

pub(super) fn sign(algorithm: hmac::Algorithm, secret: &str, message: &str) -> hmac::Tag {
    hmac::sign(&hmac::Key::new(algorithm, secret.as_bytes()), message.as_bytes())
}
