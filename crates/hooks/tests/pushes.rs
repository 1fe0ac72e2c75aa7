//! A push from the socket to the disk, on SQLite and on PostgreSQL.

#![allow(clippy::unwrap_used, reason = "a test may fail")]

mod house;

use db::InboundState;
use house::{Answer, House, hmac_hex, houses, houses_with};
use http::StatusCode;
use kernel::IntegrationId;
use serde_json::{Value, json};
use std::time::Duration;

const BODY: &str = r#"{"type":"sold","seats":2}"#;

/// An integration of the generic webhook with the secret `hush`, and a feed on it.
async fn generic(house: &House, push: Value) -> (IntegrationId, String) {
    let id = house.integration("webhook", json!({"secret": "hush"})).await;
    let (_, path) = house.feed(id, push).await;
    (id, path)
}

/// The first push makes an address ready for those that follow.
async fn settle(house: &House, path: &str) {
    assert_eq!(house.post_signed(path, "hush", BODY).await.status, StatusCode::OK);
}

fn assert_refused(answer: &Answer, status: u16, code: &str) {
    assert_eq!((answer.status.as_u16(), answer.code().as_str()), (status, code), "{answer:?}");
}

#[tokio::test]
async fn a_signed_push_is_stored_before_it_is_answered() {
    for house in houses().await {
        let (id, path) = generic(&house, json!({})).await;
        let answer = house.post_signed(&path, "hush", BODY).await;
        assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
        let inbox = house.inbox().await;
        let [event] = &inbox[..] else { panic!("{inbox:?}") };
        assert_eq!(answer.json(), json!({"status": "accepted", "id": event.id}));
        assert_eq!((event.integration, event.state), (id, InboundState::Pending));
        assert_eq!(event.verified_by, "generic-hmac-sha256-hex");
        assert_eq!(event.event_type.as_deref(), Some("sold"));
        assert_eq!(event.remote_addr.as_deref(), Some("10.0.0.1"));
        assert_eq!(event.headers, json!({"content-type": "application/json"}));
        assert_eq!(house.workspace.inbound_body(event).await.unwrap(), BODY.as_bytes());
        let jobs = house.count("SELECT count(*) AS n FROM jobs WHERE kind = 'feed.apply'").await;
        assert_eq!(jobs, 1, "what is to be done with it is committed with it");
        let signature = hmac_hex("hush", "x");
        let put = house.send("PUT", &path, &[("x-webhook-signature", &signature)], "x").await;
        assert_eq!(put.status, StatusCode::OK);
    }
}

#[tokio::test]
async fn a_push_reaches_a_widget_and_an_integration_alone_too() {
    for house in houses().await {
        let id = house.integration("webhook", json!({"secret": "hush"})).await;
        let (feed, _) = house.feed(id, json!({})).await;
        let widget = house.widget_config(id, feed).await;
        assert_eq!(house.post_signed(&widget, "hush", "1").await.status, StatusCode::OK);
        let alone = format!("/api/webhooks/{id}");
        house.clock.advance(Duration::from_millis(1));
        assert_eq!(house.post_signed(&alone, "hush", "2").await.status, StatusCode::OK);
        let inbox = house.inbox().await;
        assert_eq!((inbox[1].feed, inbox[1].state), (Some(feed), InboundState::Pending));
        assert_eq!((inbox[0].feed, inbox[0].state), (None, InboundState::Stored));
    }
}

#[tokio::test]
async fn what_proves_nothing_is_refused_and_not_stored() {
    for house in houses().await {
        let (id, path) = generic(&house, json!({})).await;
        let missing = house.post(&path, &[], BODY).await;
        assert_refused(&missing, 401, "webhook.signature_missing");
        let invalid = house.post_signed(&path, "guess", BODY).await;
        assert_refused(&invalid, 401, "webhook.signature_invalid");
        assert!(house.inbox().await.is_empty());
        let told = house.events("webhook.rejected").await;
        assert_eq!(told.len(), 1, "one event a minute, however many are refused");
        assert_eq!(told[0].subject, id.to_string());
        assert_eq!(told[0].data["code"], "webhook.signature_missing");
        house.clock.advance(Duration::from_secs(61));
        house.post_signed(&path, "guess", BODY).await;
        assert_eq!(house.events("webhook.rejected").await.len(), 2);
    }
}

#[tokio::test]
async fn without_a_secret_pushes_are_refused_unless_that_is_said() {
    for house in houses().await {
        let id = house.integration("webhook", json!({})).await;
        let (feed, path) = house.feed(id, json!({})).await;
        assert_refused(&house.post(&path, &[], BODY).await, 403, "webhook.not_configured");
        let address = hooks::Address::Feed(feed);
        house.place(id, address, feed, json!({"unsigned": true})).await;
        assert_eq!(house.post(&path, &[], BODY).await.status, StatusCode::OK);
        assert_eq!(house.inbox().await[0].verified_by, "unsigned");
        house.place(id, address, feed, json!({"scheme": "no such"})).await;
        assert_refused(&house.post(&path, &[], BODY).await, 403, "webhook.not_configured");
    }
}

#[tokio::test]
async fn an_event_id_is_accepted_once() {
    for house in houses().await {
        let id = house.integration("github", json!({"webhook_secret": "hush"})).await;
        let (_, path) = house.feed(id, json!({})).await;
        let signature = format!("sha256={}", hmac_hex("hush", BODY));
        let headers = |delivery| {
            [
                ("x-hub-signature-256", signature.clone()),
                ("x-github-delivery", String::from(delivery)),
                ("x-github-event", "push".to_owned()),
                ("authorization", "Bearer not kept".to_owned()),
            ]
        };
        for (delivery, status) in [("a", "accepted"), ("a", "duplicate"), ("b", "accepted")] {
            let headers = headers(delivery);
            let headers: Vec<_> =
                headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
            let answer = house.post(&path, &headers, BODY).await;
            house.clock.advance(Duration::from_millis(1));
            assert_eq!((answer.status, &answer.json()["status"]), (StatusCode::OK, &json!(status)));
        }
        let inbox = house.inbox().await;
        assert_eq!(inbox.len(), 2);
        let kept = json!({"x-github-delivery": "b", "x-github-event": "push"});
        assert_eq!(inbox[0].headers, kept);
        assert_eq!(inbox[0].event_type.as_deref(), Some("push"));
    }
}

#[tokio::test]
async fn an_event_id_can_be_looked_for_elsewhere() {
    for house in houses().await {
        let (_, path) = generic(&house, json!({"event_id": "body:order.id"})).await;
        for (body, status) in [
            (r#"{"order":{"id":7}}"#, "accepted"),
            (r#"{"order":{"id":7},"again":true}"#, "duplicate"),
            ("not JSON", "accepted"),
            ("not JSON", "accepted"),
            ("{\"order\":{\"id\":\"a\\u0000b\"}}", "accepted"),
        ] {
            let answer = house.post_signed(&path, "hush", body).await;
            assert_eq!(answer.json()["status"], status, "{body}");
        }
    }
}

#[tokio::test]
async fn a_body_is_bounded() {
    for house in houses_with(|config| hooks::HooksConfig { max_body: 1024, ..config }).await {
        let (_, path) = generic(&house, json!({})).await;
        let fits = "x".repeat(1024);
        assert_eq!(house.post_signed(&path, "hush", &fits).await.status, StatusCode::OK);
        let large = "x".repeat(1025);
        assert_refused(&house.post_signed(&path, "hush", &large).await, 413, "request.too_large");
        let said = house.post(&path, &[("content-length", "99999999")], "x").await;
        assert_refused(&said, 413, "request.too_large");
        assert_eq!(house.inbox().await.len(), 1);
    }
}

#[tokio::test]
async fn any_body_that_is_proven_is_kept_as_it_came() {
    for house in houses().await {
        let (_, path) = generic(&house, json!({})).await;
        // Bodies of any kind, each newer than the one before.
        for body in [&b"\xff\xfe\x00\x01"[..], b"", b"<a/>", b"a=1&b=%00", b"{\"deep\":"] {
            let signature = hmac_hex("hush", body);
            let answer = house.post(&path, &[("x-webhook-signature", &signature)], body).await;
            assert_eq!(answer.status, StatusCode::OK, "{body:?} {answer:?}");
            let stored = &house.inbox().await[0];
            house.clock.advance(Duration::from_millis(1));
            assert_eq!(house.workspace.inbound_body(stored).await.unwrap(), body);
        }
    }
}

#[tokio::test]
async fn a_list_of_addresses_looks_behind_trusted_proxies_only() {
    let trusting = |config| hooks::HooksConfig {
        trusted_proxies: vec!["10.0.0.0/8".parse().unwrap()],
        ..config
    };
    for house in houses_with(trusting).await {
        let (_, path) = generic(&house, json!({"ip_allowlist": ["203.0.113.0/24"]})).await;
        let signature = hmac_hex("hush", BODY);
        for (via, admitted) in [
            ("203.0.113.7", true),
            ("198.51.100.1", false),
            ("203.0.113.7, 198.51.100.1", false),
            ("", false),
        ] {
            let headers = [("x-webhook-signature", signature.as_str()), ("x-forwarded-for", via)];
            let answer = house.post(&path, &headers, BODY).await;
            assert_eq!(answer.status == StatusCode::OK, admitted, "{via}: {answer:?}");
            if !admitted {
                assert_refused(&answer, 403, "webhook.address_not_allowed");
            }
        }
    }
    for house in houses().await {
        let (_, path) = generic(&house, json!({"ip_allowlist": ["203.0.113.0/24"]})).await;
        let signature = hmac_hex("hush", BODY);
        let headers =
            [("x-webhook-signature", signature.as_str()), ("x-forwarded-for", "203.0.113.7")];
        let answer = house.post(&path, &headers, BODY).await;
        assert_refused(&answer, 403, "webhook.address_not_allowed");
    }
}

#[tokio::test]
async fn a_replay_window_tightens_the_scheme() {
    for house in houses().await {
        let push = json!({"scheme": "generic-t-comma-v1", "replay_window_secs": 60});
        let (_, path) = generic(&house, push).await;
        let sent = house.clock.now().secs();
        let signature = hmac_hex("hush", format!("{sent},{BODY}"));
        let header = format!("t={sent},v1={signature}");
        let headers = [("x-webhook-signature", header.as_str())];
        assert_eq!(house.post(&path, &headers, BODY).await.status, StatusCode::OK);
        house.clock.advance(Duration::from_secs(61));
        let late = house.post(&path, &headers, BODY).await;
        assert_refused(&late, 401, "webhook.timestamp_outside_window");
    }
}

#[tokio::test]
async fn an_address_that_names_nothing_says_no_more_than_that() {
    for house in houses().await {
        let (id, path) = generic(&house, json!({})).await;
        let other = house.integration("webhook", json!({"secret": "hush"})).await;
        let (theirs, _) = house.feed(other, json!({})).await;
        let unknown = IntegrationId::generate(house.clock.now(), house.test.db.entropy());
        let expected = house.post("/api/webhooks/nothing", &[], BODY).await;
        assert_refused(&expected, 404, "request.not_found");
        for path in [
            format!("/api/webhooks/{unknown}"),
            format!("/api/webhooks/{id}/{theirs}"),
            format!("/api/webhooks/{unknown}/{theirs}"),
            format!("/api/webhooks/{id}/feed_nothing"),
            format!("/api/webhooks/widgets/{id}/{theirs}"),
            path.replace(&id.to_string(), &other.to_string()),
        ] {
            let answer = house.post_signed(&path, "hush", BODY).await;
            assert_eq!((answer.status, &answer.body), (expected.status, &expected.body), "{path}");
        }
    }
}

#[tokio::test]
async fn what_is_switched_off_or_gone_takes_nothing() {
    for house in houses().await {
        let id = house.integration("webhook", json!({"secret": "hush"})).await;
        let (feed, path) = house.feed(id, json!({})).await;
        assert_eq!(house.post_signed(&path, "hush", BODY).await.status, StatusCode::OK);
        house.set_enabled(id, false).await;
        let off = house.post_signed(&path, "hush", BODY).await;
        assert_refused(&off, 409, "integration.disabled");
        house.set_enabled(id, true).await;
        assert_eq!(house.post_signed(&path, "hush", BODY).await.status, StatusCode::OK);
        house.remove(id, feed).await;
        let gone = house.post_signed(&path, "hush", BODY).await;
        assert_refused(&gone, 404, "request.not_found");
        assert_eq!(house.inbox().await.len(), 2);
    }
}

/// On another node, that is: nobody here knows but from the signal, and only the receivers have heard it.
#[tokio::test]
async fn what_changes_elsewhere_counts_as_soon_as_it_is_heard() {
    for house in houses().await {
        let (id, path) = generic(&house, json!({})).await;
        for (is_on, status) in [(true, 200), (false, 409), (true, 200)] {
            let mut tx = house.workspace.write().await.unwrap();
            let sql = "UPDATE integrations SET enabled = $2 WHERE id = $1";
            tx.execute(sql, db::args![id, is_on]).await.unwrap();
            tx.changed(db::Change::noun("integration", house.workspace.id(), id));
            tx.commit().await.unwrap();
            for n in 0..2 {
                let answer = house.post_signed(&path, "hush", BODY).await;
                assert_eq!(
                    answer.status.as_u16(),
                    status,
                    "{n} {is_on} {} {answer:?}",
                    house.test.db.is_postgres()
                );
            }
        }
    }
}

#[tokio::test]
async fn a_rotated_secret_counts_at_once() {
    for house in houses().await {
        let (id, path) = generic(&house, json!({})).await;
        settle(&house, &path).await;
        assert_eq!(house.post_signed(&path, "guess", BODY).await.status, 401, "told of, this once");
        let statements = house.test.db.statements();
        assert_eq!(house.post_signed(&path, "guess", BODY).await.status, 401);
        assert_eq!(house.test.db.statements(), statements, "a known address costs no statement");
        house.rotate(&house.workspace, id, json!({"secret": "anew"})).await;
        let old = house.post_signed(&path, "hush", BODY).await;
        assert_refused(&old, 401, "webhook.signature_invalid");
        assert_eq!(house.post_signed(&path, "anew", BODY).await.status, StatusCode::OK);
    }
}

#[tokio::test]
async fn what_cannot_be_stored_is_never_acknowledged() {
    for house in houses().await {
        let (_, path) = generic(&house, json!({})).await;
        assert_eq!(house.post_signed(&path, "hush", BODY).await.status, StatusCode::OK);
        house.test.db.close().await;
        let answer = house.post_signed(&path, "hush", BODY).await;
        assert_refused(&answer, 503, "server.unavailable");
        assert!(answer.headers.contains_key("retry-after"));
    }
}

#[tokio::test]
async fn who_guesses_is_held_back_and_who_knows_is_not() {
    let trusting = |config| hooks::HooksConfig {
        trusted_proxies: vec!["10.0.0.0/8".parse().unwrap()],
        ..config
    };
    for house in houses_with(trusting).await {
        let (_, path) = generic(&house, json!({})).await;
        settle(&house, &path).await;
        let guess = [("x-webhook-signature", "00"), ("x-forwarded-for", "192.0.2.1")];
        for _ in 0..100 {
            assert_eq!(house.post(&path, &guess, BODY).await.status, 401);
        }
        let held = house.post(&path, &guess, BODY).await;
        assert_refused(&held, 429, "request.rate_limited");
        assert!(held.headers.contains_key("retry-after"));
        assert_eq!(house.post_signed(&path, "hush", BODY).await.status, StatusCode::OK);
        house.clock.advance(Duration::from_secs(60));
        assert_eq!(house.post(&path, &guess, BODY).await.status, 401);
    }
}
