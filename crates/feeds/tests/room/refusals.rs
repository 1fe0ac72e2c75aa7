use crate::node::{owner, text};
use crate::world::{World, worlds};
use axum::body::Body;
use http::Request;
use kernel::Problem;
use serde_json::{Value, json};
use std::sync::Arc;

async fn check(world: &World, method: &str, path: &str, body: Value, pointer: &str) {
    let sent = body.to_string();
    let reply = world.call(method, path, body).await;
    assert!((400..500).contains(&reply.status), "{method} {path} {sent}: {reply:?}");
    assert_eq!(reply.header("content-type"), "application/problem+json");
    let problem = reply.json();
    if pointer.is_empty() {
        return;
    }
    let empty = Vec::new();
    let errors = problem["errors"].as_array().unwrap_or(&empty);
    let pointers: Vec<_> = errors.iter().map(|it| text(&it["pointer"])).collect();
    assert!(pointers.contains(&pointer), "{method} {path} {sent}: {problem}");
}

#[tokio::test]
async fn what_makes_no_feed_is_named() {
    for world in worlds().await {
        let rest = world.rest(json!({})).await;
        let hook = world.webhook(json!({})).await;
        let feed = world.feed(rest, json!({})).await;
        let nobody = kernel::IntegrationId::generate(world.clock.now(), world.test.db.entropy());
        let pulls = [
            (json!({ "interval_secs": 0 }), "/pull/interval_secs"),
            (json!({ "interval_secs": "5" }), "/pull/interval_secs"),
            (json!({ "interval_secs": -1 }), "/pull/interval_secs"),
            (json!({ "interval": "0s" }), "/pull/interval"),
            (json!({ "cron": "61 * * * *" }), "/pull/cron"),
            (json!({ "cron": "* * * * *", "time_zone": "Mars/Crater" }), "/pull/time_zone"),
            (json!({ "cron": "* * * * *", "interval_secs": 5 }), "/pull/cron"),
            (json!({ "time_zone": "Europe/Rome" }), "/pull/time_zone"),
            (json!({ "transform": ".a |" }), "/pull/transform"),
            (json!({ "transform": ["."] }), "/pull/transform"),
            (json!({ "ignore": ["a"] }), "/pull/ignore/0"),
            (json!({ "ignore": "/a" }), "/pull/ignore"),
            (json!({ "keep": 0 }), "/pull/keep"),
            (json!({ "max_bytes": 0 }), "/pull/max_bytes"),
            (json!({ "notify_after": 0 }), "/pull/notify_after"),
            (json!({ "timeout": 0 }), "/pull/timeout"),
            (json!({ "rate_limit": 0 }), "/pull/rate_limit"),
            (json!({ "method": "BREW" }), "/pull/method"),
            (json!({ "format": "pdf" }), "/pull/format"),
            (json!({ "url": "ftp://a" }), "/pull/url"),
            (json!({ "query": { "q": "{{config.x" } }), "/pull/query/q"),
            (json!({ "method": "GET", "body": {} }), "/pull/body"),
            (json!({ "intervall": 5 }), "/pull/intervall"),
        ];
        let path = format!("/api/v1/feeds/{feed}");
        for (pull, pointer) in pulls {
            let body = json!({ "name": "A", "integration_id": rest, "pull": pull });
            check(&world, "POST", "/api/v1/feeds", body, pointer).await;
            check(&world, "PATCH", &path, json!({ "pull": pull }), pointer).await;
        }
        for (body, pointer) in [
            (json!({}), ""),
            (json!([]), ""),
            (json!({ "name": "A" }), ""),
            (json!({ "name": 5, "integration_id": rest }), "/name"),
            (json!({ "name": " ", "integration_id": rest }), "/name"),
            (json!({ "name": "x".repeat(201), "integration_id": rest }), "/name"),
            (json!({ "name": "A", "integration_id": "rest" }), "/integration_id"),
            (json!({ "name": "A", "integration_id": nobody }), ""),
            (json!({ "name": "A", "integration_id": rest, "mode": "pulls" }), "/mode"),
            (json!({ "name": "A", "integration_id": rest, "mode": "push" }), "/mode"),
            (json!({ "name": "A", "integration_id": hook, "mode": "both" }), "/mode"),
            (json!({ "name": "A", "integration_id": hook, "pull": { "path": "/a" } }), "/pull"),
            (json!({ "name": "A", "integration_id": rest, "push": { "apply": "merge" } }), "/push"),
            (json!({ "name": "A", "integration_id": rest, "options": [] }), "/options"),
            (json!({ "name": "A", "integration_id": rest, "enabled": "yes" }), "/enabled"),
            (json!({ "name": "A", "integration_id": rest, "pull": null }), "/pull"),
            (json!({ "name": "A", "integration_id": rest, "color": 1 }), "/color"),
            (
                json!({ "name": "A", "integration_id": hook, "push": { "apply": "add" } }),
                "/push/apply",
            ),
            (
                json!({ "name": "A", "integration_id": hook, "push": { "keep_last": 5 } }),
                "/push/keep_last",
            ),
            (
                json!({ "name": "A", "integration_id": hook, "push": { "scheme": "none" } }),
                "/push/scheme",
            ),
            (
                json!({ "name": "A", "integration_id": hook, "push": { "transform": "|" } }),
                "/push/transform",
            ),
            (
                json!({ "name": "A", "integration_id": hook, "push": { "ip_allowlist": ["here"] } }),
                "/push/ip_allowlist/0",
            ),
            (
                json!({ "name": "A", "integration_id": hook, "push": { "aply": "merge" } }),
                "/push/aply",
            ),
        ] {
            check(&world, "POST", "/api/v1/feeds", body, pointer).await;
        }
        for (body, pointer) in [
            (json!({ "name": "" }), "/name"),
            (json!({ "name": null }), "/name"),
            (json!({ "mode": "push" }), "/mode"),
            (json!({ "push": { "apply": "merge" } }), "/push"),
            (json!({ "integration_id": rest }), "/integration_id"),
            (json!({ "version": 9 }), "/version"),
        ] {
            check(&world, "PATCH", &path, body, pointer).await;
        }
        let push = world.feed(hook, json!({})).await;
        let refresh = world.post(&format!("/api/v1/feeds/{push}/refresh"), Value::Null).await;
        refresh.refused(409, "feed.not_pulled");
        assert_eq!(
            world.get("/api/v1/feeds").await.expect(200)["data"].as_array().unwrap().len(),
            2
        );
    }
}

#[tokio::test]
async fn what_makes_no_widget_or_player_is_named() {
    for world in worlds().await {
        let widget = world.widget("tides").await;
        world.widget("other").await;
        let strict = json!({
            "type": "object", "properties": { "harbour": { "type": "string" } }, "required": ["harbour"],
        });
        let it = connect::IntegrationDraft {
            widget_id: Some(widget),
            config_schema: Some(strict),
            enabled: false,
            ..world.draft("rest")
        };
        world.integration(it).await;
        let place = world.place("other", json!({})).await;
        let (player, _) = world.player(&[]).await;
        let config = format!("/api/v1/widget-configs/{}", text(&place["id"]));
        let player = format!("/api/v1/players/{player}");
        let nobody = kernel::WidgetConfigId::generate(world.clock.now(), world.test.db.entropy());
        let many: Vec<_> = (0..501).map(|_| nobody).collect();
        for (method, path, body, pointer) in [
            ("POST", "/api/v1/widgets", json!({ "name": "A" }), ""),
            ("POST", "/api/v1/widgets", json!({ "slug": "A b", "name": "A" }), "/slug"),
            ("POST", "/api/v1/widgets", json!({ "slug": "-a", "name": "A" }), "/slug"),
            ("POST", "/api/v1/widgets", json!({ "slug": "", "name": "A" }), "/slug"),
            ("POST", "/api/v1/widgets", json!({ "slug": "a", "name": "" }), "/name"),
            ("POST", "/api/v1/widgets", json!({ "slug": "tides", "name": "A" }), "/slug"),
            ("POST", "/api/v1/widgets", json!({ "slug": 1, "name": "A" }), "/slug"),
            ("POST", "/api/v1/widgets", json!({ "slug": "a", "name": "A", "x": 1 }), "/x"),
            (
                "POST",
                "/api/v1/widgets",
                json!({ "slug": "a", "name": "A", "description": "x".repeat(2001) }),
                "/description",
            ),
            ("PATCH", "/api/v1/widgets/other", json!({ "slug": "tides" }), "/slug"),
            ("PATCH", "/api/v1/widgets/other", json!({ "name": null }), "/name"),
            ("PATCH", "/api/v1/widgets/nobody", json!({ "name": "A" }), ""),
            ("POST", "/api/v1/widget-configs", json!({ "widget_id": "nobody", "name": "A" }), ""),
            (
                "POST",
                "/api/v1/widget-configs",
                json!({ "widget_id": "other", "name": "" }),
                "/name",
            ),
            (
                "POST",
                "/api/v1/widget-configs",
                json!({ "widget_id": "other", "name": "A", "options": 1 }),
                "/options",
            ),
            ("POST", "/api/v1/widget-configs", json!({ "widget_id": "other" }), ""),
            (
                "POST",
                "/api/v1/widget-configs",
                json!({ "widget_id": "tides", "name": "A" }),
                "/options/harbour",
            ),
            (
                "POST",
                "/api/v1/widget-configs",
                json!({ "widget_id": "tides", "name": "A", "options": { "harbour": 1 } }),
                "/options/harbour",
            ),
            ("PATCH", &config, json!({ "options": null }), "/options"),
            ("PATCH", &config, json!({ "widget_id": "tides" }), "/widget_id"),
            ("POST", "/api/v1/players", json!({}), ""),
            ("POST", "/api/v1/players", json!({ "name": "" }), "/name"),
            (
                "POST",
                "/api/v1/players",
                json!({ "name": "A", "widget_config_ids": [nobody] }),
                "/widget_config_ids/0",
            ),
            (
                "POST",
                "/api/v1/players",
                json!({ "name": "A", "widget_config_ids": ["x"] }),
                "/widget_config_ids/0",
            ),
            (
                "POST",
                "/api/v1/players",
                json!({ "name": "A", "widget_config_ids": many }),
                "/widget_config_ids",
            ),
            ("PATCH", &player, json!({ "enabled": 1 }), "/enabled"),
            ("PATCH", &player, json!({ "token": "pl_mine" }), "/token"),
            ("POST", "/api/v1/transform", json!({ "program": ".a |" }), ""),
            ("POST", "/api/v1/transform", json!({ "program": "error" }), ""),
            ("POST", "/api/v1/transform", json!({ "program": "[limit(1e9; repeat(1))]" }), ""),
            ("POST", "/api/v1/transform", json!({ "input": 1 }), ""),
        ] {
            check(&world, method, path, body, pointer).await;
        }
        let good = json!({ "program": "{t: .a}", "input": { "a": 1 } });
        let output = world.post("/api/v1/transform", good).await.expect(200);
        assert_eq!(output, json!({ "output": { "t": 1 } }));
    }
}

#[tokio::test]
async fn what_cannot_be_fetched_is_named() {
    for world in worlds().await {
        let rest = world.rest(json!({})).await;
        for (more, pointer) in [
            (json!({ "method": "BREW" }), "/method"),
            (json!({ "method": 1 }), "/method"),
            (json!({ "path": 1 }), "/path"),
            (json!({ "url": "ftp://a" }), "/url"),
            (json!({ "query": [] }), "/query"),
            (json!({ "query": { "q": "{{config.x" } }), "/query/q"),
            (json!({ "headers": { "Host": "a" } }), "/headers/Host"),
            (json!({ "headers": { "a b": "a" } }), "/headers/a b"),
            (json!({ "transform": ".a |" }), "/transform"),
            (json!({ "method": "GET", "body": {} }), "/body"),
            (json!({ "max_age_secs": -1 }), "/max_age_secs"),
            (json!({ "max_age_secs": 86_401 }), "/max_age_secs"),
            (json!({ "options": 1 }), "/options"),
            (json!({ "when": "now" }), "/when"),
        ] {
            let mut body = crate::node::map(json!({ "integration_id": rest }));
            body.extend(crate::node::map(more));
            check(&world, "POST", "/api/v1/fetch", body.into(), pointer).await;
        }
        check(&world, "POST", "/api/v1/fetch", json!({ "sourceId": "x" }), "").await;
    }
}

#[tokio::test]
async fn bad_ids_queries_and_bodies_are_refused() {
    for world in worlds().await {
        for (path, status) in [
            ("/api/v1/feeds/x", 404),
            ("/api/v1/feeds/feed_00000000000000000000000000", 404),
            ("/api/v1/feeds/x/data", 404),
            ("/api/v1/feeds/%ff/data", 400),
            ("/api/v1/widget-configs/feed_x", 404),
            ("/api/widgets-config/x/data", 404),
            ("/api/widgets-config/x/events", 404),
            ("/api/v1/widgets/nobody", 404),
            ("/api/v1/players/x", 404),
            ("/api/v1/feeds?limit=0", 400),
            ("/api/v1/feeds?limit=201", 400),
            ("/api/v1/feeds?limit=many", 400),
            ("/api/v1/feeds?cursor=!!", 400),
            ("/api/v1/feeds?status=good", 400),
            ("/api/v1/feeds?integration_id=x", 400),
            ("/api/v1/feeds?order=up", 400),
            ("/api/v1/widgets?limit=x", 400),
            ("/api/v1/widget-configs?widget_id=x", 400),
            ("/api/v1/players?search=x", 400),
            ("/api/v1/live", 400),
        ] {
            let reply = world.get(path).await;
            assert!((400..500).contains(&reply.status), "{path} {reply:?}");
            assert!(reply.status == status || path.contains('%'), "{path} {reply:?}");
        }
        let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
        for path in ["feeds", "widgets", "widget-configs", "players", "fetch", "transform"] {
            for (content_type, body, status) in [
                ("application/json", b"{".to_vec(), 400),
                ("application/json", b"\xff\xfe".to_vec(), 400),
                ("application/json", deep.clone().into_bytes(), 400),
                ("text/plain", b"{}".to_vec(), 415),
            ] {
                let request =
                    Request::post(format!("/api/v1/{path}")).header("content-type", content_type);
                let mut request = request.body(Body::from(body)).unwrap();
                let who = Arc::new(owner(&world.workspace));
                request.extensions_mut().insert(Ok::<_, Problem>(who));
                let reply = world.node.send(request).await;
                assert_eq!(reply.status, status, "{path} {content_type} {reply:?}");
            }
        }
    }
}
