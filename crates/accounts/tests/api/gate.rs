//! What the gate does for every room.

use crate::world::{Reply, Who, World};
use axum::body::Body;
use http::Request;
use serde_json::json;
use std::time::Duration;

#[tokio::test]
async fn a_post_with_an_idempotency_key_is_done_once() {
    for world in World::all().await {
        let (owner, _) = world.init().await;
        let once = owner.clone().with("idempotency-key", "abc");
        let body = json!({ "name": "CI", "scopes": ["feeds:read"] });
        let post = async |who: &Who, body| world.post(who, "/api/v1/api-keys", body).await;
        let first = post(&once, body.clone()).await;
        assert_eq!(first.header("idempotency-replayed"), "");
        let first = first.expect(201);
        let again = post(&once, body.clone()).await;
        assert_eq!(again.header("idempotency-replayed"), "true");
        assert_eq!(again.header("content-type"), "application/json");
        assert_eq!(again.expect(201), first);
        let other = json!({ "name": "other", "scopes": ["feeds:read"] });
        post(&once, other).await.expect_problem(422, "request.idempotency_mismatch");
        world.clock.advance(Duration::from_secs(24 * 60 * 60));
        let later = post(&once, body.clone()).await.expect(201);
        assert_ne!(later["id"], first["id"]);

        let twice = owner.clone().with("idempotency-key", "two");
        let both = tokio::join!(post(&twice, body.clone()), post(&twice, body.clone()));
        let mut statuses = [both.0.status.as_u16(), both.1.status.as_u16()];
        statuses.sort_unstable();
        assert!(matches!(statuses, [201, 409] | [201, 201]), "{statuses:?}");
        let keys = world.get(&owner, "/api/v1/api-keys").await.expect(200);
        assert_eq!(keys["data"].as_array().unwrap().len(), 4, "init, two at first, one of both");
        let empty = owner.with("idempotency-key", "");
        post(&empty, body).await.expect_problem(422, "request.invalid");
    }
}

async fn raw(world: &World, who: &Who, media: &str, body: impl Into<Body>) -> Reply {
    let request = Request::post("/api/v1/api-keys")
        .header("authorization", who.header("authorization"))
        .header("content-type", media);
    world.send(request.body(body.into()).unwrap()).await
}

#[tokio::test]
async fn bad_input_is_named() {
    for world in World::all().await {
        let (owner, _) = world.init().await;
        let json = "application/json";
        let deep = "[".repeat(100_000);
        let deep_value = format!("{{\"name\":{}{}}}", "[".repeat(200), "]".repeat(200));
        for (media, body, status, code) in [
            (json, "{".as_bytes(), 400, "request.bad_json"),
            (json, b"", 400, "request.bad_json"),
            (json, b"{\"name\":\"\xff\xfe\"}", 400, "request.bad_json"),
            (json, deep.as_bytes(), 400, "request.bad_json"),
            (json, deep_value.as_bytes(), 400, "request.bad_json"),
            (json, b"[]", 422, "request.invalid"),
            (json, b"null", 422, "request.invalid"),
            (json, b"{\"name\":7}", 422, "request.invalid"),
            (json, b"{\"name\":\"a\\u0000\",\"scopes\":[\"feeds:read\"]}", 422, "request.invalid"),
            ("text/plain", b"{}", 415, "request.unsupported_media_type"),
            ("application/json; charset=utf-8", b"{}", 422, "request.invalid"),
        ] {
            raw(&world, &owner, media, body.to_vec()).await.expect_problem(status, code);
        }
        let huge = format!("{{\"name\":\"{}\"}}", "a".repeat(3 * 1024 * 1024));
        raw(&world, &owner, json, huge).await.expect_problem(413, "request.too_large");
        for (path, status, code) in [
            ("/api/v1/api-keys?limit=0", 400, "request.bad_query"),
            ("/api/v1/api-keys?limit=x", 400, "request.bad_query"),
            ("/api/v1/api-keys?colour=red", 400, "request.bad_query"),
            ("/api/v1/api-keys?search=%00", 400, "request.bad_query"),
            ("/api/v1/api-keys?cursor=%25", 400, "request.bad_cursor"),
            ("/api/v1/api-keys/7", 404, "request.not_found"),
            ("/api/v1/api-keys/%FF", 404, "request.not_found"),
            ("/api/v1/api-keys/key_%00", 404, "request.not_found"),
            ("/api/v1/api-keys/mem_01h455vb4pex5vsknk084sn02q", 404, "request.not_found"),
            ("/api/v1/api-keys/key_01h455vb4pex5vsknk084sn02q", 404, "request.not_found"),
        ] {
            world.get(&owner, path).await.expect_problem(status, code);
        }
        assert_eq!(world.get(&owner, "/api/v1/api-keys?search=%25").await.status, 200);
    }
}

#[tokio::test]
async fn nobody_is_refused_before_the_body_is_read() {
    for world in World::all().await {
        world.init().await;
        let request = Request::post("/api/v1/api-keys").header("content-type", "application/json");
        let reply = world.send(request.body(Body::from("{")).unwrap()).await;
        assert_eq!(reply.header("www-authenticate"), "Bearer realm=\"patchbay\"");
        reply.expect_problem(401, "auth.unauthenticated");
        for token in ["sk_wrong", "pl_player", ""] {
            let who = Who::default().with("authorization", &format!("Bearer {token}"));
            world.get(&who, "/api/v1/scopes").await.expect_problem(401, "auth.unauthenticated");
        }
    }
}

#[tokio::test]
async fn lists_are_paged() {
    for world in World::all().await {
        let (owner, _) = world.init().await;
        for n in 0..4 {
            let body = json!({ "name": format!("Key {n}"), "scopes": ["feeds:read"] });
            world.make_key(&owner, body).await;
            world.clock.advance(Duration::from_millis(1));
        }
        let mut names = Vec::new();
        let mut path = "/api/v1/api-keys?limit=2&search=kEy".to_owned();
        loop {
            let page = world.get(&owner, &path).await.expect(200);
            let data = page["data"].as_array().unwrap();
            names.extend(data.iter().map(|key| key["name"].as_str().unwrap().to_owned()));
            let Some(next) = page["next_cursor"].as_str() else { break };
            path = format!("/api/v1/api-keys?limit=2&search=kEy&cursor={next}");
        }
        assert_eq!(names, ["Key 3", "Key 2", "Key 1", "Key 0"]);
    }
}

#[tokio::test]
async fn a_known_key_costs_no_statement() {
    for world in World::all().await {
        let (owner, _) = world.init().await;
        world.get(&owner, "/api/v1/scopes").await.expect(200);
        let before = world.db.db.statements();
        world.get(&owner, "/api/v1/scopes").await.expect(200);
        assert_eq!(world.db.db.statements(), before);
    }
}

#[tokio::test]
async fn people_are_told() {
    for world in World::all().await {
        let (owner, id) = world.init().await;
        let workspace = world.db.db.workspace(id.parse().unwrap());
        let mut tx = workspace.write().await.unwrap();
        let severity = accounts::Severity::Warning;
        let told = accounts::notify(&mut tx, &workspace, severity, "Late", "Very late.", "feed_1");
        let told = told.await.unwrap();
        tx.commit().await.unwrap();
        let unread = world.get(&owner, "/api/v1/notifications?unread=true").await.expect(200);
        assert_eq!(unread["data"][0]["severity"], "warning");
        let path = format!("/api/v1/notifications/{told}/read");
        let read = world.post(&owner, &path, serde_json::Value::Null).await.expect(200);
        assert_eq!(read["read_at"], "2026-01-01T00:00:00Z");
        let unread = world.get(&owner, "/api/v1/notifications?unread=true").await.expect(200);
        assert_eq!(unread["data"], json!([]));
        let events = world.get(&owner, "/api/v1/events?kind=notification.").await.expect(200);
        assert_eq!(events["data"][0]["subject"], told.to_string());
    }
}

#[tokio::test]
async fn the_document_has_one_type_each() {
    for world in World::all().await {
        let (_, document) = world.accounts.routes().split_for_parts();
        let document = serde_json::to_string(&document).unwrap();
        assert!(!document.contains("\"type\":["), "{document}");
    }
}
