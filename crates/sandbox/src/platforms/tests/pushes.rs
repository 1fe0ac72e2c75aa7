use aws_lc_rs::hmac;
use axum::extract::Query;
use axum::http::HeaderMap;
use axum::routing::get;
use axum::{Json, Router};
use bytes::Bytes;
use kernel::Secret;
use serde_json::json;
use tokio::sync::mpsc;

use super::*;
use crate::{Outcome, PushEvent, SandboxError};

struct Received {
    headers: HeaderMap,
    body: Bytes,
}

impl Received {
    fn header(&self, name: &str) -> &str {
        self.headers[name].to_str().unwrap()
    }
}

/// A subscriber that answers handshakes: Meta's and the hub's by the echo, X's with this secret.
async fn subscriber(secret: &Secret<String>) -> (String, mpsc::UnboundedReceiver<Received>) {
    let (sender, received) = mpsc::unbounded_channel();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/hook", listener.local_addr().unwrap());
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.expose().as_bytes());
    let shake =
        async move |Query(query): Query<BTreeMap<String, String>>| match query.get("crc_token") {
            Some(token) => {
                let answer = BASE64_STANDARD.encode(hmac::sign(&key, token.as_bytes()));
                json!({"response_token": format!("sha256={answer}")}).to_string()
            }
            None => query.get("hub.challenge").cloned().unwrap_or_default(),
        };
    let take = async move |headers: HeaderMap, body: Bytes| {
        sender.send(Received { headers, body }).unwrap();
        Json(json!({}))
    };
    let router = Router::new().route("/hook", get(shake).post(take));
    tokio::spawn(axum::serve(listener, router).into_future());
    (url, received)
}

fn signature(algorithm: hmac::Algorithm, secret: &str, message: &[u8]) -> hmac::Tag {
    hmac::sign(&hmac::Key::new(algorithm, secret.as_bytes()), message)
}

#[tokio::test]
async fn pushes_are_signed_as_each_platform_signs() {
    let probe = Probe::start().await;
    for (service, event, header) in [
        (Service::Instagram, PushEvent::Comment, "x-hub-signature-256"),
        (Service::Facebook, PushEvent::Post, "x-hub-signature-256"),
        (Service::X, PushEvent::Follow, "x-twitter-webhooks-signature"),
        (Service::Tiktok, PushEvent::Post, "tiktok-signature"),
    ] {
        let platform = platform(&probe, service);
        let secret = platform.client_secret();
        let (url, mut received) = subscriber(secret).await;
        platform.register_webhook(&url, "a token").await.unwrap();
        let deliveries = platform.push("aurel", event).await.unwrap();
        assert_eq!(deliveries[0].outcome, Outcome::Answered(200), "{service}");
        let push = received.recv().await.unwrap();
        let (at, body) = (probe.clock.now().secs(), &push.body);
        let sign = |message: &[u8]| signature(hmac::HMAC_SHA256, secret.expose(), message);
        let want = match service {
            Service::X => format!("sha256={}", BASE64_STANDARD.encode(sign(body))),
            Service::Tiktok => {
                let message = [format!("{at}.").as_bytes(), body].concat();
                format!("t={at},s={}", hex::encode(sign(&message)))
            }
            _ => format!("sha256={}", hex::encode(sign(body))),
        };
        assert_eq!(push.header(header), want, "{service}");
        let id = platform.account("aurel").id;
        assert!(std::str::from_utf8(body).unwrap().contains(&id), "{service}");
    }
}

#[tokio::test]
async fn callbacks_that_fail_the_handshake_are_not_told() {
    let probe = Probe::start().await;
    let (wrong, _received) = subscriber(&Secret::new("wrong".to_owned())).await;
    let refused = platform(&probe, Service::X).register_webhook(&wrong, "").await;
    assert!(matches!(refused, Err(SandboxError::Handshake { .. })), "{refused:?}");
    assert_eq!(platform(&probe, Service::X).push("aurel", PushEvent::Post).await.unwrap(), []);
    let away = platform(&probe, Service::X).register_webhook("http://10.0.0.1/x", "").await;
    assert!(matches!(away, Err(SandboxError::Target(_))), "{away:?}");
    let none = platform(&probe, Service::Spotify).push("aurel", PushEvent::Post).await;
    assert!(matches!(none, Err(SandboxError::NoPushes(Service::Spotify))), "{none:?}");
}

#[tokio::test]
async fn an_app_registers_at_x_with_its_own_token() {
    let probe = Probe::start().await;
    let x = platform(&probe, Service::X);
    let (url, _received) = subscriber(x.client_secret()).await;
    let own = token(&probe, Service::X, &[("grant_type", "client_credentials")]).await.json();
    let bearer = format!("Bearer {}", own["access_token"].as_str().unwrap());
    let body = json!({ "url": url }).to_string();
    let order = async |method: &str, path: &str, body: &str| {
        let headers = [("authorization", bearer.as_str()), ("content-type", "application/json")];
        probe.send(method, Service::X, path, &headers, body).await.unwrap()
    };
    let made = order("POST", "/2/webhooks", &body).await.json();
    assert_eq!((&made["data"]["url"], &made["data"]["valid"]), (&json!(url), &json!(true)));
    let path = format!("/2/webhooks/{}", made["data"]["id"].as_str().unwrap());
    assert_eq!(order("PUT", &path, "").await.json()["data"]["valid"], true);
    assert_eq!(order("DELETE", &path, "").await.status, 200);
    assert_eq!(order("GET", "/2/webhooks", "").await.json()["meta"]["result_count"], 0);
    let person = x.grant("aurel", None)["access_token"].clone();
    assert_eq!(api(&probe, Service::X, "/2/webhooks", &person).await.status, 403);
}

#[tokio::test]
async fn the_hub_verifies_signs_and_forgets() {
    let probe = Probe::start().await;
    let youtube = platform(&probe, Service::Youtube);
    let (url, mut received) = subscriber(&Secret::new(String::new())).await;
    let id = youtube.account("aurel").id;
    let topic = format!("https://www.youtube.com/xml/feeds/videos.xml?channel_id={id}");
    let order = async |mode: &str| {
        let fields = [
            ("hub.mode", mode),
            ("hub.topic", topic.as_str()),
            ("hub.callback", &url),
            ("hub.secret", "hush"),
            ("hub.lease_seconds", "1000"),
            ("hub.verify", "sync"),
        ];
        probe
            .send("POST", Service::Youtube, "/subscribe", &[], &form(&fields))
            .await
            .unwrap()
            .status
    };
    assert_eq!(order("subscribe").await, 204);
    assert_eq!(youtube.push("mina-sol", PushEvent::Post).await.unwrap(), [], "another channel");
    assert_eq!(youtube.push("aurel", PushEvent::Post).await.unwrap().len(), 1);
    let push = received.recv().await.unwrap();
    let want = signature(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, "hush", &push.body);
    assert_eq!(push.header("x-hub-signature"), format!("sha1={}", hex::encode(want)));
    assert!(std::str::from_utf8(&push.body).unwrap().contains(&format!("<yt:channelId>{id}<")));
    assert_eq!(order("unsubscribe").await, 204);
    assert_eq!(youtube.push("aurel", PushEvent::Post).await.unwrap(), []);
    assert_eq!(order("subscribe").await, 204);
    probe.clock.advance(Duration::from_secs(1000));
    assert_eq!(youtube.push("aurel", PushEvent::Post).await.unwrap(), [], "the lease has ended");
    assert_eq!(order("dance").await, 400);
}
