//! API keys: what they may do, how often, until when.

use crate::world::{PASSWORD, Who, World};
use accounts::{Accounts, AccountsConfig};
use db::{Signal, Worker};
use serde_json::{Value, json};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

#[tokio::test]
async fn a_key_works_until_it_is_switched_off_or_deleted() {
    for world in World::all().await {
        let (owner, _) = world.init().await;
        let body = json!({ "name": "CI", "scopes": ["events:read"] });
        let made = world.post(&owner, "/api/v1/api-keys", body).await.expect(201);
        let (key, path) =
            (Who::key(&made["key"]), format!("/api/v1/api-keys/{}", made["id"].as_str().unwrap()));
        assert!(made["key_preview"].as_str().unwrap().starts_with("sk_"));
        world.get(&key, "/api/v1/events").await.expect(200);
        let shown = world.get(&owner, &path).await.expect(200);
        assert!(shown.get("key").is_none() && shown["usage_count"] == 1, "{shown}");

        world.patch(&owner, &path, json!({ "enabled": false })).await.expect(200);
        world.get(&key, "/api/v1/events").await.expect_problem(401, "auth.key_disabled");
        world.patch(&owner, &path, json!({ "enabled": true })).await.expect(200);
        world.get(&key, "/api/v1/events").await.expect(200);
        world.clock.advance(Duration::from_millis(1));
        world.delete(&owner, &path).await.expect(204);
        world.get(&key, "/api/v1/events").await.expect_problem(401, "auth.unauthenticated");
        world.get(&owner, &path).await.expect_problem(404, "request.not_found");
        let audit = world.get(&owner, "/api/v1/audit").await.expect(200);
        let actions: Vec<_> = audit["data"]
            .as_array()
            .unwrap()
            .iter()
            .map(|it| it["action"].as_str().unwrap())
            .collect();
        assert_eq!(actions[0], "api_key.deleted");
        assert_eq!(actions.iter().filter(|action| **action == "api_key.changed").count(), 2);
    }
}

#[tokio::test]
async fn a_key_expires() {
    for world in World::all().await {
        let (owner, _) = world.init().await;
        let body = json!({ "name": "a", "permissions": {"admin": true}, "expiresInDays": 1 });
        let (key, _) = world.make_key(&owner, body).await;
        world.get(&key, "/api/v1/scopes").await.expect(200);
        world.clock.advance(Duration::from_secs(24 * 60 * 60));
        world.get(&key, "/api/v1/scopes").await.expect_problem(401, "auth.key_expired");
    }
}

#[tokio::test]
async fn a_missing_scope_is_named() {
    for world in World::all().await {
        let (owner, _) = world.init().await;
        let body = json!({ "name": "a", "scopes": ["feeds:read"] });
        let (key, _) = world.make_key(&owner, body).await;
        let problem = world.get(&key, "/api/v1/events").await;
        let problem = problem.expect_problem(403, "auth.missing_scope");
        assert!(problem["detail"].as_str().unwrap().contains("events:read"), "{problem}");
        let body = json!({ "name": "b", "scopes": ["feeds:read"] });
        let problem = world.post(&key, "/api/v1/api-keys", body).await;
        problem.expect_problem(403, "auth.missing_scope");
        let (admin, _) = world.member(&owner, "grace@example.com", "admin").await;
        let body = json!({ "name": "c", "permissions": { "admin": true } });
        let problem = world.post(&admin, "/api/v1/api-keys", body).await;
        let problem = problem.expect_problem(403, "auth.missing_scope");
        assert!(problem["detail"].as_str().unwrap().contains("admin:full"), "{problem}");
    }
}

#[tokio::test]
async fn what_cannot_be_a_key_is_refused() {
    for world in World::all().await {
        let (owner, _) = world.init().await;
        for (body, pointer) in [
            (json!({ "name": "a" }), "/scopes"),
            (json!({ "name": "a", "scopes": [] }), "/scopes"),
            (json!({ "name": "a", "scopes": ["feeds:eat"] }), "/scopes/0"),
            (json!({ "name": "a", "scopes": null }), "/scopes"),
            (json!({ "name": "", "scopes": ["feeds:read"] }), "/name"),
            (
                json!({ "name": "a", "permissions": { "feeds:eat": true } }),
                "/permissions/feeds:eat",
            ),
            (json!({ "name": "a", "permissions": { "admin": false } }), "/scopes"),
            (
                json!({ "name": "a", "scopes": ["feeds:read"], "expires_in_days": 0 }),
                "/expires_in_days",
            ),
            (
                json!({ "name": "a", "scopes": ["feeds:read"], "expires_in_days": 366 }),
                "/expires_in_days",
            ),
            (
                json!({ "name": "a", "scopes": ["feeds:read"], "expires_at": "2025-01-01T00:00:00Z" }),
                "/expires_at",
            ),
            (
                json!({ "name": "a", "scopes": ["feeds:read"], "rate_limit": { "requests": 1 } }),
                "/rate_limit",
            ),
            (
                json!({ "name": "a", "scopes": ["feeds:read"], "rate_limit": { "requests": 0, "window": 1 } }),
                "/rate_limit/requests",
            ),
            (
                json!({ "name": "a", "scopes": ["feeds:read"], "workspace_id": "ws_x" }),
                "/workspace_id",
            ),
            (json!({ "name": "a", "scopes": ["feeds:read"], "color": "red" }), "/color"),
        ] {
            let reply = world.post(&owner, "/api/v1/api-keys", body.clone()).await;
            let problem = reply.expect_problem(422, "request.invalid");
            assert_eq!(problem["errors"][0]["pointer"], pointer, "{body} {problem}");
        }
    }
}

#[tokio::test]
async fn a_key_keeps_to_its_rate() {
    for world in World::all().await {
        let (owner, _) = world.init().await;
        let rate = json!({ "requests": 2, "window": 60_000 });
        let body = json!({ "name": "a", "scopes": ["events:read"], "rate_limit": rate });
        let (key, id) = world.make_key(&owner, body).await;
        for remaining in ["1", "0"] {
            let reply = world.get(&key, "/api/v1/events").await;
            assert_eq!(reply.header("x-ratelimit-remaining"), remaining);
            assert_eq!(reply.header("x-ratelimit-limit"), "2");
            assert_eq!(reply.header("ratelimit-policy"), "\"key\";q=2;w=60");
            assert!(reply.header("ratelimit").starts_with(&format!("\"key\";r={remaining};t=")));
            reply.expect(200);
        }
        let reply = world.get(&key, "/api/v1/events").await;
        assert_eq!(reply.header("retry-after"), reply.header("x-ratelimit-reset"));
        reply.expect_problem(429, "request.rate_limited");
        world.clock.advance(Duration::from_secs(60));
        world.get(&key, "/api/v1/events").await.expect(200);
        let path = format!("/api/v1/api-keys/{id}");
        let free = world.patch(&owner, &path, json!({ "rate_limit": null })).await.expect(200);
        assert!(free.get("rate_limit").is_none());
        let reply = world.get(&key, "/api/v1/events").await;
        assert!(reply.header("ratelimit-policy").starts_with("\"default\""));
    }
}

#[tokio::test]
async fn usage_is_counted_by_endpoint_before_and_after_it_is_written() {
    for world in World::all().await {
        let (owner, _) = world.init().await;
        let body = json!({ "name": "a", "scopes": ["events:read"] });
        let (key, id) = world.make_key(&owner, body).await;
        let path = format!("/api/v1/api-keys/{id}/usage");
        let none = world.get(&owner, &path).await.expect(200);
        assert_eq!((&none["total"], &none["success_rate"]), (&json!(0), &json!(1.0)));
        for _ in 0..3 {
            world.get(&key, "/api/v1/events").await.expect(200);
        }
        world.get(&key, "/api/v1/api-keys/key_x").await.expect_problem(403, "auth.missing_scope");
        let check = async || {
            let usage = world.get(&owner, &path).await.expect(200);
            let numbers = [&usage["total"], &usage["success"], &usage["errors"]];
            assert_eq!(numbers, [4, 3, 1], "{usage}");
            assert_eq!(usage["success_rate"], 0.75);
            assert_eq!(usage["by_endpoint"][1]["path"], "/api/v1/events");
            assert_eq!(usage["by_endpoint"][1]["requests"], 3);
            let key = world.get(&owner, &format!("/api/v1/api-keys/{id}")).await.expect(200);
            assert_eq!(key["usage_count"], 4);
            assert_eq!(key["last_used_at"], "2026-01-01T00:00:00Z");
        };
        check().await;
        world.accounts.flush_usage().await.unwrap();
        check().await;
        world.accounts.flush_usage().await.unwrap();
        let idle = world.db.db.statements();
        world.accounts.flush_usage().await.unwrap();
        assert_eq!(world.db.db.statements(), idle, "an empty flush runs nothing");
    }
}

#[tokio::test]
async fn a_key_reaches_only_where_its_person_is() {
    for world in World::all().await {
        let (owner, first) = world.init().await;
        let body = json!({ "name": "Second" });
        let second = world.post(&owner, "/api/v1/workspaces", body).await.expect(201);
        let body = json!({
            "name": "there", "workspaceId": second["id"], "permissions": { "admin": true }
        });
        let (there, _) = world.make_key(&owner, body).await;
        let list = world.get(&there, "/api/v1/workspaces").await.expect(200);
        assert_eq!(list["data"][0]["id"], second["id"]);
        let path = format!("/api/v1/workspaces/{first}");
        world.get(&there, &path).await.expect_problem(404, "request.not_found");
        world.delete(&there, &path).await.expect_problem(404, "request.not_found");

        // A person who is in the second workspace alone.
        let (grace, _) = world.member(&there, "grace@example.com", "owner").await;
        let body = json!({ "name": "a", "workspace_id": first, "scopes": ["feeds:read"] });
        let reply = world.post(&grace, "/api/v1/api-keys", body).await;
        reply.expect_problem(404, "request.not_found");
        for (name, list) in [("api-keys", "/api/v1/api-keys"), ("members", "/api/v1/members")] {
            let foreign = world.get(&owner, list).await.expect(200)["data"][0]["id"].clone();
            let path = format!("/api/v1/{name}/{}", foreign.as_str().unwrap());
            world.delete(&grace, &path).await.expect_problem(404, "request.not_found");
        }
        let path = format!("/api/v1/workspaces/{}", second["id"].as_str().unwrap());
        world.delete(&there, &path).await.expect(204);
        world.get(&there, &path).await.expect_problem(401, "auth.unauthenticated");
    }
}

#[tokio::test]
async fn another_node_hears_of_a_deleted_key() {
    for world in World::all().await {
        if !world.db.db.is_postgres() {
            continue;
        }
        let (owner, _) = world.init().await;
        let body = json!({ "name": "a", "scopes": ["events:read"] });
        let (key, id) = world.make_key(&owner, body).await;
        let options = db::Options { clock: world.clock.clone(), ..db::Options::new(&world.db.url) };
        let there = db::Db::open(options).await.unwrap();
        let mut signals = there.signals();
        let there = Accounts::new(there, AccountsConfig::default()).await.unwrap();
        let there = there.guard(there.routes().split_for_parts().0);
        world.get_from(&there, &key, "/api/v1/scopes").await.expect(200);
        world.delete(&owner, &format!("/api/v1/api-keys/{id}")).await.expect(204);
        while !matches!(signals.recv().await.unwrap(), Signal::Changed(_)) {}
        // The room's own listener has the same signal, and reads the table before it forgets the key.
        while world.get_from(&there, &key, "/api/v1/scopes").await.status != 401 {
            tokio::task::yield_now().await;
        }
    }
}

#[tokio::test]
async fn a_rotation_seals_every_row_anew() {
    for world in World::all().await {
        let (owner, id) = world.init().await;
        let once = owner.clone().with("idempotency-key", "one");
        world.post(&once, "/api/v1/workspaces", json!({ "name": "x" })).await.expect(201);
        let path = format!("/api/v1/workspaces/{id}/rotate-key");
        let before = world.get(&owner, &path).await.expect(200);
        assert_eq!((&before["version"], &before["state"]), (&json!(1), &json!("done")));
        let mut signals = world.db.db.signals();
        let begun = world.post(&owner, &path, Value::Null).await.expect(202);
        assert_eq!((&begun["version"], &begun["state"]), (&json!(2), &json!("running")));
        world.clock.advance(Duration::from_millis(1));
        let stop = CancellationToken::new();
        let worker = Worker::new(world.db.db.clone())
            .handle(accounts::jobs::reseal::Reseal::new(world.db.db.clone()));
        let running = tokio::spawn(worker.run(stop.clone()));
        loop {
            if let Signal::Event(event) = signals.recv().await.unwrap()
                && event.data["finished"] == true
            {
                break;
            }
        }
        let after = world.get(&owner, &path).await.expect(200);
        assert_eq!((&after["state"], &after["done"]), (&json!("done"), &json!(1)), "{after}");
        let reply = world.post(&once, "/api/v1/workspaces", json!({ "name": "x" })).await;
        assert_eq!(reply.header("idempotency-replayed"), "true");
        stop.cancel();
        running.await.unwrap().unwrap();
    }
}

#[tokio::test]
async fn a_persons_session_makes_keys_too() {
    for world in World::all().await {
        world.init().await;
        let who = world.sign_in("ada@example.com", PASSWORD).await;
        let (key, _) = world.make_key(&who, json!({ "name": "a", "scopes": ["admin:full"] })).await;
        world.get(&key, "/api/v1/members").await.expect(200);
        let again = Who::default().with("x-api-key", &key.header("authorization")[7..]);
        world.get(&again, "/api/v1/members").await.expect(200);
    }
}
