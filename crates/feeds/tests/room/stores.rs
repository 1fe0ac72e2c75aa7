//! Lists, counts and pictures: the statements that nothing else asks.

use crate::node::{map, text};
use crate::world::{World, worlds};
use connect::IntegrationDraft;
use db::args;
use kernel::RequestLogId;
use serde_json::{Value, json};

async fn names(world: &World, path: &str) -> Vec<String> {
    let list = world.get(path).await.expect(200);
    list["data"].as_array().unwrap().iter().map(|it| text(&it["name"]).to_owned()).collect()
}

/// Every name in pages of two, and each page as long as it should be.
async fn in_pages(world: &World, path: &str) -> Vec<String> {
    let (mut all, mut cursor) = (Vec::new(), String::new());
    loop {
        let more = if path.contains('?') { '&' } else { '?' };
        let page = world.get(&format!("{path}{more}limit=2{cursor}")).await.expect(200);
        let names = page["data"].as_array().unwrap();
        all.extend(names.iter().map(|it| text(&it["name"]).to_owned()));
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return all,
        }
        assert_eq!(names.len(), 2);
    }
}

#[tokio::test]
async fn lists_page_and_search() {
    for world in worlds().await {
        let hook = world.webhook(json!({})).await;
        let other = world.webhook(json!({})).await;
        let mut made = Vec::new();
        for name in ["Tides", "Ferries", "100% Sure", "tides again", "Last"] {
            world.advance(std::time::Duration::from_millis(1)).await;
            let feed = world.feed(hook, json!({ "name": name })).await;
            let slug = format!("w{}", made.len());
            let body = json!({ "slug": slug, "name": name, "description": "d" });
            world.post("/api/v1/widgets", body).await.expect(201);
            let body = json!({ "widget_id": slug, "name": name });
            world.post("/api/v1/widget-configs", body).await.expect(201);
            world.post("/api/v1/players", json!({ "name": name })).await.expect(201);
            made.push((name, feed));
        }
        let newest = ["Last", "tides again", "100% Sure", "Ferries", "Tides"];
        for path in ["feeds", "widgets", "widget-configs", "players"] {
            assert_eq!(in_pages(&world, &format!("/api/v1/{path}")).await, newest, "{path}");
            for (sort, wanted) in [
                ("-created_at", newest),
                ("created_at", ["Tides", "Ferries", "100% Sure", "tides again", "Last"]),
                ("name", ["100% Sure", "Ferries", "Last", "Tides", "tides again"]),
                ("-name", ["tides again", "Tides", "Last", "Ferries", "100% Sure"]),
            ] {
                let sorted = format!("/api/v1/{path}?sort={sort}");
                assert_eq!(in_pages(&world, &sorted).await, wanted, "{path} {sort}");
            }
            let wrong = world.get(&format!("/api/v1/{path}?sort=age")).await;
            wrong.refused(400, "request.bad_query");
            let by_age = world.get(&format!("/api/v1/{path}?limit=2")).await.expect(200);
            let cursor = text(&by_age["next_cursor"]);
            let by_name = world.get(&format!("/api/v1/{path}?sort=name&cursor={cursor}")).await;
            by_name.refused(400, "request.bad_cursor");
        }
        for path in ["feeds", "widgets", "widget-configs"] {
            let found = names(&world, &format!("/api/v1/{path}?search=TIDES")).await;
            assert_eq!(found, ["tides again", "Tides"], "{path}");
            let sure = names(&world, &format!("/api/v1/{path}?search=0%25")).await;
            assert_eq!(sure, ["100% Sure"], "{path}: a percent sign is a letter like others");
        }
        let of = |id| format!("/api/v1/feeds?integration_id={id}");
        assert_eq!(names(&world, &of(hook)).await.len(), 5);
        assert_eq!(names(&world, &of(other)).await.len(), 0);
        let widget = world.get("/api/v1/widgets/w0").await.expect(200);
        let by_id =
            world.get(&format!("/api/v1/widgets/{}", text(&widget["id"]))).await.expect(200);
        assert_eq!(widget, by_id);
        let places = format!("/api/v1/widget-configs?widget_id={}", text(&widget["id"]));
        assert_eq!(names(&world, &places).await, ["Tides"]);

        let change = json!({ "slug": "tides", "name": "Tides!", "description": "" });
        world.patch("/api/v1/widgets/w0", change).await.expect(200);
        assert_eq!(world.get("/api/v1/widgets/tides").await.expect(200)["name"], "Tides!");
    }
}

#[tokio::test]
async fn a_page_asks_as_much_as_a_row() {
    for world in worlds().await {
        world.widget("tides").await;
        world.widget("sun").await;
        let hook = world.webhook(json!({})).await;
        for slug in ["tides", "sun", "tides"] {
            let place = world.place(slug, json!({})).await;
            world.player(&[text(&place["id"])]).await;
            world.feed(hook, json!({})).await;
        }
        for path in ["feeds", "widgets", "widget-configs", "players"] {
            let asks = async |limit| {
                let before = world.test.db.statements();
                world.get(&format!("/api/v1/{path}?limit={limit}")).await.expect(200);
                world.test.db.statements() - before
            };
            let (one, three) = (asks(1).await, asks(3).await);
            assert_eq!(one, three, "{path}");
        }
    }
}

#[tokio::test]
async fn feeds_are_counted_by_how_they_stand() {
    for world in worlds().await {
        world.origin.says("/a", &json!(1));
        world.origin.says("/b", &json!(1));
        world.origin.says("/held", &json!(1));
        let rest = world.rest(json!({})).await;
        let feed = async |path: &str| {
            world.feed(rest, json!({ "name": path, "pull": { "path": path } })).await
        };
        let (ok, stale, failing) = (feed("/a").await, feed("/b").await, feed("/none").await);
        let (off, _pending) = (feed("/a").await, feed("/held").await);
        for feed in [ok, stale, off] {
            world.version(feed, 1).await;
        }
        world.failures(failing, 1).await;
        world.origin.answers("/b", 410, "{}");
        world.refreshed(stale).await;
        world.patch(&format!("/api/v1/feeds/{off}"), json!({ "enabled": false })).await.expect(200);
        world.origin.holds_one().await;
        for (state, name) in [
            ("ok", "/a"),
            ("stale", "/b"),
            ("failing", "/none"),
            ("off", "/a"),
            ("pending", "/held"),
        ] {
            assert_eq!(
                names(&world, &format!("/api/v1/feeds?status={state}")).await,
                [name],
                "{state}"
            );
        }

        let status = world.get("/api/v1/status").await.expect(200);
        let counts = json!({ "ok": 1, "stale": 1, "failing": 1, "pending": 1, "off": 1 });
        assert_eq!(status["totals"]["feeds"], counts);
        assert_eq!(status["integrations"][0]["feeds"], counts);
        assert_eq!(status["freshness"]["fresh_share"], 0.5);
        assert!(status["freshness"]["oldest_ms"].is_u64(), "{status}");
        world.origin.release();
    }
}

#[tokio::test]
async fn what_passes_is_counted_by_the_minute() {
    for world in worlds().await {
        let hook = world.webhook(json!({})).await;
        let feed = world.feed(hook, json!({})).await;
        for n in 0..3 {
            world.push(hook, feed, "application/json", n.to_string()).await;
        }
        let mut tx = world.workspace.write().await.unwrap();
        for (success, ago) in [(true, 0), (false, 0), (true, 120), (true, 7200)] {
            let at = world.clock.now().minus(std::time::Duration::from_secs(ago));
            tx.execute(
                "INSERT INTO request_logs (workspace_id, id, at, method, host, url, duration_us, \
                   request_bytes, response_bytes, success, attempt, outcome) \
                 VALUES ($1, $2, $3, 'GET', 'a', 'a', 1, 0, 0, $4, 1, 'sent')",
                args![
                    world.workspace.id(),
                    RequestLogId::generate(at, world.test.db.entropy()),
                    at,
                    success
                ],
            )
            .await
            .unwrap();
        }
        tx.commit().await.unwrap();
        let status = world.get("/api/v1/status").await.expect(200);
        let minutes = status["throughput"].as_array().unwrap();
        assert_eq!(minutes.len(), 61, "an hour and the minute that is");
        let is_busy = |it: &&Value| it["pulls"] != 0 || it["pushes"] != 0;
        let minutes: Vec<_> = minutes.iter().filter(is_busy).collect();
        let numbers =
            |it: &Value| (it["pulls"].clone(), it["pushes"].clone(), it["errors"].clone());
        assert_eq!(minutes.len(), 2, "{minutes:?}");
        assert_eq!(numbers(minutes[0]), (json!(1), json!(0), json!(0)));
        assert_eq!(numbers(minutes[1]), (json!(2), json!(3), json!(1)));
        assert_eq!(minutes[1]["minute"], "2026-01-01T00:00:00Z");
        assert_eq!(
            (&status["totals"]["inbound_events"], &status["totals"]["players"]),
            (&json!(3), &json!(0))
        );
    }
}

#[tokio::test]
async fn the_graph_shows_every_cable() {
    for world in worlds().await {
        world.origin.says("/tides", &json!(1));
        let widget = world.widget("tides").await;
        let pull = connect::PullConfig::from_map(map(json!({ "path": "/tides" }))).unwrap();
        let it = IntegrationDraft { widget_id: Some(widget), pull, ..world.draft("rest") };
        let integration = world.integration(it).await.to_string();
        let place = world.place("tides", json!({})).await;
        let (config, feed) = (text(&place["id"]), text(&place["feeds"][0]["feed_id"]));
        let (player, _) = world.player(&[config]).await;
        let graph = world.get("/api/v1/graph").await.expect(200);
        let node = |id: &str| {
            let nodes = graph["nodes"].as_array().unwrap();
            let node = nodes.iter().find(|node| node["id"] == id).unwrap();
            (text(&node["kind"]).to_owned(), text(&node["state"]).to_owned())
        };
        let named = |kind: &str, state: &str| (kind.to_owned(), state.to_owned());
        assert_eq!(node(&integration), named("integration", "ok"));
        assert_eq!(node(feed), named("feed", "ok"));
        assert_eq!(node(config), named("widget", "ok"));
        assert_eq!(node(&player), named("player", "ok"));
        let edges: Vec<_> = graph["edges"]
            .as_array()
            .unwrap()
            .iter()
            .map(|edge| (text(&edge["from"]), text(&edge["to"]), text(&edge["state"])))
            .collect();
        let wanted = [
            (integration.as_str(), feed, "ok"),
            (feed, config, "ok"),
            (config, player.as_str(), "ok"),
        ];
        assert_eq!(edges, wanted);
        assert_eq!(graph["truncated"], false);
    }
}
