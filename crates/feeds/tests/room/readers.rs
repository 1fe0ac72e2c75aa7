use crate::node::{Reply, owner, request, text, with_scopes};
use crate::world::{World, worlds};
use kernel::Scope;
use serde_json::{Value, json};
use std::io::Read as _;

/// A placed widget with a feed that says this, and the id of its config.
async fn placed(world: &World, slug: &str, document: &Value) -> String {
    let path = format!("/{slug}");
    world.origin.says(&path, document);
    let widget = world.widget(slug).await;
    let pull = json!({ "path": path }).as_object().cloned().unwrap();
    let pull = connect::PullConfig::from_map(pull).unwrap();
    let draft = connect::IntegrationDraft { widget_id: Some(widget), pull, ..world.draft("rest") };
    world.integration(draft).await;
    let place = world.place(slug, json!({})).await;
    assert_eq!(place["feeds"][0]["version"], 1, "{place}");
    text(&place["id"]).to_owned()
}

fn path(config: &str) -> String {
    format!("/api/widgets-config/{config}/data")
}

async fn with_token(world: &World, config: &str, token: &str) -> Reply {
    world.read(&path(config), &[("authorization", &format!("Bearer {token}"))]).await
}

#[tokio::test]
async fn the_envelope_has_exactly_its_fields() {
    for world in worlds().await {
        let config = placed(&world, "tides", &json!({ "n": 1.5 })).await;
        let read = world.get(&path(&config)).await;
        assert_eq!(read.header("content-type"), "application/json");
        assert_eq!(read.header("cache-control"), "private, no-cache");
        let body = read.expect(200);
        let names: Vec<_> = body.as_object().unwrap().keys().map(String::as_str).collect();
        let wanted =
            ["data", "version", "fetched_at", "refresh_at", "status", "stale", "error_message"];
        assert_eq!(names, wanted);
        let same = world.get(&format!("/api/v1/widget-configs/{config}/data")).await.expect(200);
        assert_eq!(same, body);
        let rest = [&body["data"], &body["version"], &body["status"], &body["stale"]];
        assert_eq!(rest, [&json!({ "n": 1.5 }), &json!(1), &json!("ok"), &json!(false)]);
        assert_eq!(body["error_message"], Value::Null);
    }
}

#[tokio::test]
async fn what_is_known_is_not_sent_again() {
    for world in worlds().await {
        let config = placed(&world, "tides", &json!({ "n": 1 })).await;
        let (_, token) = world.player(&[&config]).await;
        let path = path(&config);
        let tag = world.get(&path).await.header("etag").to_owned();
        for (query, tagged, status) in [
            ("?version=1", "", 304),
            ("?version=0", "", 200),
            ("?version=7", "", 200),
            ("", tag.as_str(), 304),
            ("", tag.trim_start_matches("W/"), 304),
            ("", "*", 304),
            ("", "\"other\"", 200),
            ("?version=one", "", 400),
            ("?version=-1", "", 400),
            ("?version=99999999999999999999", "", 400),
            ("?versoin=1", "", 400),
            ("?data=true", "", 200),
            ("?data=false", "", 400),
            ("?data=no", "", 400),
        ] {
            let auth = format!("Bearer {token}");
            let headers = [("authorization", auth.as_str()), ("if-none-match", tagged)];
            let read = world.read(&format!("{path}{query}"), &headers).await;
            assert_eq!(read.status, status, "{query} {tagged} {read:?}");
            assert!(status != 304 || read.bytes.is_empty());
            assert!(status == 400 || read.header("etag") == tag);
            if status == 400 {
                read.refused(400, "request.bad_query");
            }
        }
    }
}

#[tokio::test]
async fn every_encoding_says_the_same() {
    for world in worlds().await {
        let document = json!({ "text": "ebb and flood ".repeat(200) });
        let config = placed(&world, "tides", &document).await;
        let small = placed(&world, "small", &json!(1)).await;
        let (_, token) = world.player(&[&config, &small]).await;
        let read = async |config: &str, encodings: &str| {
            let auth = format!("Bearer {token}");
            let headers = [("authorization", auth.as_str()), ("accept-encoding", encodings)];
            world.read(&path(config), &headers).await
        };
        let plain = read(&config, "identity").await;
        assert_eq!(plain.header("content-encoding"), "");
        for (asked, answered) in
            [("gzip", "gzip"), ("gzip, deflate, br", "br"), ("br;q=0, gzip", "gzip"), ("*", "")]
        {
            let packed = read(&config, asked).await;
            assert_eq!(packed.header("content-encoding"), answered, "{asked}");
            assert!(packed.header("vary").contains("accept-encoding"));
            let mut bytes = Vec::new();
            match answered {
                "gzip" => flate2::read::GzDecoder::new(&packed.bytes[..]).read_to_end(&mut bytes),
                "br" => brotli::Decompressor::new(&packed.bytes[..], 4096).read_to_end(&mut bytes),
                _ => (&packed.bytes[..]).read_to_end(&mut bytes),
            }
            .unwrap();
            assert_eq!(bytes, plain.bytes, "{asked}");
        }
        assert_eq!(read(&small, "br, gzip").await.header("content-encoding"), "");
    }
}

#[tokio::test]
async fn a_player_reads_exactly_its_widgets() {
    for world in worlds().await {
        let one = placed(&world, "one", &json!(1)).await;
        let two = placed(&world, "two", &json!(2)).await;
        let (id, token) = world.player(&[&one]).await;
        let player = format!("/api/v1/players/{id}");
        let status = async |config: &str| with_token(&world, config, &token).await.status;
        assert_eq!((status(&one).await, status(&two).await), (200, 404));
        let by_query = format!("{}?token={token}", path(&one));
        assert_eq!(world.read(&by_query, &[]).await.status, 200);
        assert_eq!(with_token(&world, &one, "pl_guess").await.status, 404);
        assert_eq!(world.read(&path(&one), &[]).await.status, 401);

        let feed = world.get(&format!("/api/v1/widget-configs/{one}")).await.expect(200);
        let feed = text(&feed["feeds"][0]["feed_id"]).to_owned();
        let auth = format!("Bearer {token}");
        let by_feed =
            world.read(&format!("/api/v1/feeds/{feed}/data"), &[("authorization", &auth)]).await;
        by_feed.refused(403, "auth.missing_scope");

        // Each change holds for the next read.
        let changes = [
            (json!({ "widget_config_ids": [two] }), (404, 200)),
            (json!({ "widget_config_ids": [one, two] }), (200, 200)),
            (json!({ "enabled": false }), (404, 404)),
            (json!({ "enabled": true, "name": "Hall" }), (200, 200)),
        ];
        for (change, wanted) in changes {
            let shown = world.patch(&player, change.clone()).await.expect(200);
            assert!(shown.get("token").is_none(), "{shown}");
            let met =
                world.until(async || (status(&one).await, status(&two).await) == wanted).await;
            assert!(met, "{change}");
        }
        world.delete(&format!("/api/v1/widget-configs/{two}")).await.expect(204);
        assert!(world.until(async || status(&two).await == 404).await);
        world.delete(&player).await.expect(204);
        assert!(world.until(async || status(&one).await == 404).await);
        world.get(&player).await.refused(404, "request.not_found");
    }
}

#[tokio::test]
async fn a_player_is_seen() {
    for world in worlds().await {
        let config = placed(&world, "one", &json!(1)).await;
        let (id, token) = world.player(&[&config]).await;
        let player = format!("/api/v1/players/{id}");
        assert!(world.get(&player).await.expect(200).get("last_seen_at").is_none());
        let is_seen = async || {
            with_token(&world, &config, &token).await.expect(200);
            world.node.feeds.flush().await;
            world.get(&player).await.expect(200)["last_seen_at"] == world.clock.now().to_string()
        };
        assert!(world.until(is_seen).await);
    }
}

#[tokio::test]
async fn what_is_anothers_is_not_there() {
    for world in worlds().await {
        let config = placed(&world, "one", &json!(1)).await;
        let shown = world.get(&format!("/api/v1/widget-configs/{config}")).await.expect(200);
        let (feed, widget) = (text(&shown["feeds"][0]["feed_id"]), text(&shown["widget_id"]));
        let (player, _) = world.player(&[&config]).await;
        let other = world.test.workspace("other").await;
        // What a reader has warmed is no more open than what is cold.
        world.get(&path(&config)).await.expect(200);
        world.get(&format!("/api/v1/feeds/{feed}/data")).await.expect(200);
        let wishes = [
            ("GET", path(&config)),
            ("GET", format!("/api/v1/widget-configs/{config}/data")),
            ("GET", format!("/api/widgets-config/{config}/events")),
            ("GET", format!("/api/v1/widget-configs/{config}")),
            ("DELETE", format!("/api/v1/widget-configs/{config}")),
            ("POST", format!("/api/v1/widget-configs/{config}/refresh")),
            ("GET", format!("/api/v1/feeds/{feed}")),
            ("GET", format!("/api/v1/feeds/{feed}/data")),
            ("GET", format!("/api/v1/feeds/{feed}/events")),
            ("GET", format!("/api/v1/feeds/{feed}/versions")),
            ("GET", format!("/api/v1/feeds/{feed}/versions/1")),
            ("POST", format!("/api/v1/feeds/{feed}/refresh")),
            ("DELETE", format!("/api/v1/feeds/{feed}")),
            ("GET", format!("/api/v1/widgets/{widget}")),
            ("GET", "/api/v1/widgets/one".to_owned()),
            ("DELETE", format!("/api/v1/widgets/{widget}")),
            ("GET", format!("/api/v1/players/{player}")),
            ("DELETE", format!("/api/v1/players/{player}")),
        ];
        for (method, path) in &wishes {
            let ask = request(Some(owner(&other)), method, path, &[], &Value::Null);
            let reply = world.node.send(ask).await;
            assert_eq!(reply.status, 404, "{method} {path}");
        }
        for (path, name) in [
            (format!("/api/v1/feeds/{feed}"), "name"),
            (format!("/api/v1/widget-configs/{config}"), "name"),
            (format!("/api/v1/widgets/{widget}"), "name"),
            (format!("/api/v1/players/{player}"), "name"),
        ] {
            let body = json!({ name: "Mine" });
            let ask = request(Some(owner(&other)), "PATCH", &path, &[], &body);
            assert_eq!(world.node.send(ask).await.status, 404, "{path}");
        }
        for list in ["feeds", "widgets", "widget-configs", "players"] {
            let path = format!("/api/v1/{list}");
            let ask = request(Some(owner(&other)), "GET", &path, &[], &Value::Null);
            assert_eq!(world.node.send(ask).await.expect(200)["data"], json!([]), "{list}");
        }
    }
}

#[tokio::test]
async fn a_scope_opens_what_it_names() {
    for world in worlds().await {
        let config = placed(&world, "one", &json!(1)).await;
        let shown = world.get(&format!("/api/v1/widget-configs/{config}")).await.expect(200);
        let feed = format!("/api/v1/feeds/{}/data", text(&shown["feeds"][0]["feed_id"]));
        for (scope, by_feed, by_widget) in [
            (Scope::FeedsRead, 200, 403),
            (Scope::WidgetsRead, 403, 200),
            (Scope::EventsRead, 403, 403),
        ] {
            let ask = async |path: &str| {
                let who = Some(with_scopes(&world.workspace, &[scope]));
                world.node.send(request(who, "GET", path, &[], &Value::Null)).await.status
            };
            assert_eq!((ask(&feed).await, ask(&path(&config)).await), (by_feed, by_widget));
        }
    }
}

#[tokio::test]
async fn what_is_warm_is_read_without_a_statement() {
    for world in worlds().await {
        let config = placed(&world, "one", &json!({ "n": 1 })).await;
        let (_, token) = world.player(&[&config]).await;
        let read = async || with_token(&world, &config, &token).await.expect(200)["data"].clone();
        // What the making of all this set off has to come to rest first.
        let is_quiet = async || {
            let before = world.test.db.statements();
            for _ in 0..100 {
                assert_eq!(read().await, json!({ "n": 1 }));
                tokio::task::yield_now().await;
            }
            world.test.db.statements() == before
        };
        assert!(world.until(is_quiet).await);
        assert!(is_quiet().await, "a read of what is warm asks the database");
    }
}

#[tokio::test]
async fn what_is_overdue_is_stale() {
    for world in worlds().await {
        world.origin.says("/held", &json!(1));
        let rest = world.rest(json!({ "path": "/held" })).await;
        let feed = world.feed(rest, json!({})).await;
        world.origin.holds_one().await;
        world.origin.release();
        world.version(feed, 1).await;
        assert_eq!(world.data(feed).await["status"], "ok");
        // The next pull hangs.
        world.advance(std::time::Duration::from_secs(360)).await;
        let data = world.data(feed).await;
        assert_eq!((&data["status"], &data["stale"]), (&json!("stale"), &json!(true)));
        let listed = world.get("/api/v1/feeds?status=stale").await.expect(200);
        assert_eq!(listed["data"][0]["status"], "stale", "{listed}");
        let well = world.get("/api/v1/feeds?status=ok").await.expect(200);
        assert_eq!(well["data"], json!([]));
        world.origin.release();
        world.feed_when(feed, |view| view["status"] == "ok").await;
        assert!(world.until(async || world.data(feed).await["status"] == "ok").await);
    }
}
