//! Providers that check an address before they push to it.

#![allow(clippy::unwrap_used, reason = "a test may fail")]

mod house;

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use house::{hmac_hex, houses};
use http::StatusCode;
use serde_json::json;

#[tokio::test]
async fn facebook_is_echoed_its_challenge_for_the_right_token_only() {
    for house in houses().await {
        let fields = json!({"page_id": "1", "webhook_verify_token": "token"});
        let id = house.integration("facebook", fields).await;
        let (feed, path) = house.feed(id, json!({})).await;
        let widget = house.widget_config(id, feed).await;
        for path in [path, widget, format!("/api/webhooks/{id}")] {
            let asked = |token| {
                format!("{path}?hub.mode=subscribe&hub.verify_token={token}&hub.challenge=42")
            };
            let answer = house.send("GET", &asked("token"), &[], "").await;
            assert_eq!((answer.status, answer.body.as_str()), (StatusCode::OK, "42"));
            let kind = answer.headers["content-type"].to_str().unwrap();
            assert!(kind.starts_with("text/plain"), "{kind}");
            let refused = house.send("GET", &asked("guess"), &[], "").await;
            let said = (refused.status.as_u16(), refused.code());
            assert_eq!(said, (403, "webhook.handshake_failed".to_owned()));
            assert_eq!(refused.headers["content-type"], "application/problem+json");
            let head = house.send("HEAD", &asked("token"), &[], "").await;
            assert_ne!(head.status, StatusCode::INTERNAL_SERVER_ERROR);
        }
        assert_eq!(house.events("webhook.rejected").await.len(), 1);
        assert!(house.inbox().await.is_empty());
    }
}

#[tokio::test]
async fn slack_is_echoed_its_challenge_when_it_is_signed() {
    for house in houses().await {
        let id = house.integration("slack", json!({"signing_secret": "hush"})).await;
        let (_, path) = house.feed(id, json!({})).await;
        let body = r#"{"type":"url_verification","challenge":"c-42"}"#;
        let at = house.clock.now().secs().to_string();
        let signature = format!("v0={}", hmac_hex("hush", format!("v0:{at}:{body}")));
        let signed =
            [("x-slack-request-timestamp", at.as_str()), ("x-slack-signature", &signature)];
        let answer = house.post(&path, &signed, body).await;
        assert_eq!((answer.status, answer.body.as_str()), (StatusCode::OK, "c-42"));
        let unsigned = house.post(&path, &[], body).await;
        assert_eq!(unsigned.code(), "webhook.signature_missing");
        assert!(house.inbox().await.is_empty());
    }
}

#[tokio::test]
async fn x_is_answered_with_the_hmac_of_its_token() {
    for house in houses().await {
        let id = house.integration("x", json!({"consumer_secret": "hush"})).await;
        let (_, path) = house.feed(id, json!({})).await;
        let answer = house.send("GET", &format!("{path}?crc_token=abc_42"), &[], "").await;
        let key = hmac::Key::new(hmac::HMAC_SHA256, b"hush");
        let expected = format!("sha256={}", STANDARD.encode(hmac::sign(&key, b"abc_42")));
        assert_eq!(answer.json(), json!({"response_token": expected}));
    }
}

#[tokio::test]
async fn microsoft_is_echoed_its_token_and_thanked_in_its_own_way() {
    for house in houses().await {
        let id = house.integration("microsoft", json!({"client_state": "state"})).await;
        let (_, path) = house.feed(id, json!({})).await;
        let asked = format!("{path}?validationToken=Validation%3A+T%26x");
        let answer = house.post(&asked, &[], "").await;
        assert_eq!((answer.status, answer.body.as_str()), (StatusCode::OK, "Validation: T&x"));
        let body = json!({"value": [{"clientState": "state", "changeType": "created"}]});
        let push = house.post(&path, &[], body.to_string()).await;
        assert_eq!((push.status, push.body.as_str()), (StatusCode::ACCEPTED, ""));
        assert_eq!(house.inbox().await[0].event_type.as_deref(), Some("created"));
    }
}

#[tokio::test]
async fn the_first_secret_that_notion_brings_stays() {
    for house in houses().await {
        let id = house.integration("notion", json!({})).await;
        let (_, path) = house.feed(id, json!({})).await;
        let early = house.post(&path, &[("x-notion-signature", "sha256=00")], "{}").await;
        assert_eq!(early.code(), "webhook.not_configured");
        let brings = |token: &str| json!({"verification_token": token}).to_string();
        assert_eq!(house.post(&path, &[], brings("first")).await.status, StatusCode::OK);
        assert_eq!(house.post(&path, &[], brings("second")).await.status, 401);
        let body = r#"{"id":"1","type":"page.created"}"#;
        for (secret, status) in [("first", 200), ("second", 401)] {
            let signature = format!("sha256={}", hmac_hex(secret, body));
            let answer = house.post(&path, &[("x-notion-signature", &signature)], body).await;
            assert_eq!(answer.status, status, "{secret}: {answer:?}");
        }
        assert_eq!(house.inbox().await.len(), 1);
    }
}

#[tokio::test]
async fn what_is_no_handshake_is_told_how_to_push() {
    for house in houses().await {
        let id = house.integration("webhook", json!({"secret": "hush"})).await;
        let (_, path) = house.feed(id, json!({})).await;
        let answer = house.send("GET", &path, &[], "").await;
        assert_eq!(answer.code(), "request.method_not_allowed");
        assert_eq!(answer.headers["allow"], "POST, PUT");
        assert_eq!(house.send("DELETE", &path, &[], "").await.status, 405);
    }
}
