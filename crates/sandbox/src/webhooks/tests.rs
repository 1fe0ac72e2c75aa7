use std::net::SocketAddr;

use aws_lc_rs::hmac;
use axum::extract::ConnectInfo;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use base64::{Engine, prelude::BASE64_STANDARD};
use bytes::Bytes;
use serde_json::Value;

use super::*;
use crate::Faults;
use crate::probe::Probe;

/// Longer than any test: only [`Webhooks::fire`] sends.
const NEVER: Duration = Duration::from_secs(3600);

struct Received {
    from: SocketAddr,
    headers: HeaderMap,
    body: Bytes,
}

impl Received {
    fn header(&self, name: &str) -> &str {
        self.headers[name].to_str().unwrap()
    }

    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}

/// A receiver that answers 202 and hands over what came.
async fn receiver() -> (String, mpsc::UnboundedReceiver<Received>) {
    let (sender, received) = mpsc::unbounded_channel();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/hook?a=1", listener.local_addr().unwrap());
    let take =
        async move |ConnectInfo(from): ConnectInfo<SocketAddr>, headers: HeaderMap, body: Bytes| {
            sender.send(Received { from, headers, body }).unwrap();
            StatusCode::ACCEPTED
        };
    let router = axum::Router::new().route("/hook", post(take));
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    tokio::spawn(axum::serve(listener, service).into_future());
    (url, received)
}

#[tokio::test]
async fn github_events_are_numbered_signed_and_sent_on_one_connection() {
    let probe = Probe::start().await;
    let (url, mut received) = receiver().await;
    let secret = probe.sandbox.credentials().github_webhook_secret.clone();
    let webhooks = probe.sandbox.webhooks();
    let id = webhooks.subscribe(&url, &secret, Scheme::Github, NEVER).unwrap();
    let mut seen = Vec::new();
    for number in 1001..1004 {
        let delivery = webhooks.fire(id).await.unwrap();
        assert_eq!((delivery.number, &delivery.outcomes), (number, &vec![Outcome::Answered(202)]));
        let event = received.recv().await.unwrap();
        assert_eq!(event.header("x-github-event"), "workflow_run");
        assert_eq!(event.header("x-github-delivery"), delivery.id);
        assert_eq!(event.json()["workflow_run"]["run_number"], number);
        let key = hmac::Key::new(hmac::HMAC_SHA256, secret.expose().as_bytes());
        let signature = event.header("x-hub-signature-256").strip_prefix("sha256=").unwrap();
        hmac::verify(&key, &event.body, &hex::decode(signature).unwrap()).unwrap();
        seen.push((event.from, delivery.id));
    }
    assert!(seen.iter().all(|(from, _)| *from == seen[0].0), "one connection: {seen:?}");
    assert!(seen[0].1 != seen[1].1 && seen[1].1 != seen[2].1, "{seen:?}");
    let state = &webhooks.subscriptions()[0];
    assert_eq!((state.delivered, state.failed), (3, 0));
}

#[tokio::test]
async fn standard_events_are_signed_with_id_and_time() {
    let probe = Probe::start().await;
    let (url, mut received) = receiver().await;
    let secret = probe.sandbox.credentials().standard_webhook_secret.clone();
    let webhooks = probe.sandbox.webhooks();
    let id = webhooks.subscribe(&url, &secret, Scheme::Standard, NEVER).unwrap();
    webhooks.fire(id).await.unwrap();
    let event = received.recv().await.unwrap();
    let at = event.header("webhook-timestamp");
    assert_eq!(at, probe.clock.now().secs().to_string());
    let mut signed = format!("{}.{at}.", event.header("webhook-id")).into_bytes();
    signed.extend_from_slice(&event.body);
    let key = BASE64_STANDARD.decode(secret.expose().strip_prefix("whsec_").unwrap()).unwrap();
    let signature = event.header("webhook-signature").strip_prefix("v1,").unwrap();
    let signature = BASE64_STANDARD.decode(signature).unwrap();
    hmac::verify(&hmac::Key::new(hmac::HMAC_SHA256, &key), &signed, &signature).unwrap();
    assert_eq!(event.json()["type"], "order.placed");
}

#[tokio::test]
async fn events_come_by_themselves_until_unsubscribed() {
    let probe = Probe::start().await;
    let (url, mut received) = receiver().await;
    let secret = Secret::new("s".to_owned());
    let webhooks = probe.sandbox.webhooks();
    let often = Duration::from_millis(5);
    let id = webhooks.subscribe(&url, &secret, Scheme::Github, often).unwrap();
    for number in 1001..1004 {
        assert_eq!(received.recv().await.unwrap().json()["workflow_run"]["run_number"], number);
    }
    webhooks.unsubscribe(id).unwrap();
    assert!(webhooks.subscriptions().is_empty());
    let gone = webhooks.fire(id).await;
    assert!(matches!(gone, Err(SandboxError::UnknownSubscription(_))));
}

#[tokio::test]
async fn each_fault_of_the_sender_has_its_effect() {
    let probe = Probe::start().await;
    let (url, mut received) = receiver().await;
    let secret = probe.sandbox.credentials().standard_webhook_secret.clone();
    let webhooks = probe.sandbox.webhooks();
    let id = webhooks.subscribe(&url, &secret, Scheme::Standard, NEVER).unwrap();
    let set = |faults| probe.faults(Service::Webhooks, faults);
    let calm = Faults::default();

    set(Faults { duplicate: true, ..calm });
    assert_eq!(webhooks.fire(id).await.unwrap().outcomes.len(), 2);
    let (one, two) = (received.recv().await.unwrap(), received.recv().await.unwrap());
    assert_eq!((&one.headers, &one.body), (&two.headers, &two.body));

    set(Faults { late_ms: 3_600_000, ..calm });
    webhooks.fire(id).await.unwrap();
    let at = received.recv().await.unwrap().header("webhook-timestamp").to_owned();
    assert_eq!(at, (probe.clock.now().secs() - 3600).to_string());

    set(Faults { garbage: true, ..calm });
    webhooks.fire(id).await.unwrap();
    assert!(serde_json::from_slice::<Value>(&received.recv().await.unwrap().body).is_err());

    set(Faults { slow_ms: 30, ..calm });
    let begun = Instant::now();
    assert_eq!(webhooks.fire(id).await.unwrap().outcomes, [Outcome::Answered(202)]);
    assert!(begun.elapsed() >= Duration::from_millis(30));
    received.recv().await.unwrap();

    set(Faults { drop_connection: true, ..calm });
    let broken = webhooks.fire(id).await.unwrap();
    assert!(matches!(broken.outcomes[..], [Outcome::Failed(_)]), "{broken:?}");

    set(Faults { drop_connection: true, probability: 0.0, ..calm });
    assert_eq!(webhooks.fire(id).await.unwrap().outcomes, [Outcome::Answered(202)]);
    assert_eq!(received.recv().await.unwrap().json()["data"]["number"], 1006);
    let state = &webhooks.subscriptions()[0];
    assert_eq!((state.delivered, state.failed), (5, 1));
}

#[tokio::test]
async fn what_cannot_be_subscribed_is_refused() {
    let probe = Probe::start().await;
    let subscribe = |target: &str, secret: &str, every| {
        let secret = Secret::new(secret.to_owned());
        probe.sandbox.webhooks().subscribe(target, &secret, Scheme::Standard, every).unwrap_err()
    };
    for target in
        ["https://127.0.0.1/x", "http://example.com/x", "http://10.0.0.1/x", "/x", "ftp:x"]
    {
        let refused = subscribe(target, "whsec_c2VjcmV0", NEVER);
        assert!(matches!(refused, SandboxError::Target(_)), "{target}");
    }
    for secret in ["c2VjcmV0", "whsec_", "whsec_*"] {
        let refused = subscribe("http://localhost/x", secret, NEVER);
        assert!(matches!(refused, SandboxError::WebhookSecret), "{secret}");
    }
    let refused = subscribe("http://[::1]:80/x", "whsec_c2VjcmV0", Duration::ZERO);
    assert!(matches!(refused, SandboxError::TooOften));
}
