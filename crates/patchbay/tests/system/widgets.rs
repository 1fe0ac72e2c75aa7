//! The widget integrations, with its examples as they are printed; only the addresses that
//! they call are the sandbox's.

use aws_lc_rs::hmac;
use kernel::MASK;
use sandbox::Service;
use serde_json::{Value, json};

use crate::running::eventually;
use crate::world::{World, created, path_of, text};

fn weather(endpoint: &str) -> Value {
    json!({
        "widget_id": "weather-widget",
        "name": "openweather",
        "description": "OpenWeather API Integration",
        "integration_type": "pull",
        "credential_scope": "organization",
        "credential_schema": {
            "api_key": {
                "type": "string", "required": true, "label": "OpenWeather API Key", "sensitive": true
            }
        },
        "config_schema": {
            "units": { "type": "string", "enum": ["metric", "imperial"], "default": "metric" }
        },
        "pull_endpoint": endpoint,
        "pull_interval_seconds": 1800,
        "pull_config": { "rate_limit": 60, "timeout": 5000 }
    })
}

fn facebook() -> Value {
    json!({
        "widget_id": "facebook-feed",
        "name": "facebook",
        "description": "Facebook Page Feed via Webhook",
        "integration_type": "push",
        "credential_scope": "widget",
        "credential_schema": {
            "page_id": { "type": "string", "required": true },
            "webhook_verify_token": { "type": "string", "required": true, "sensitive": true }
        },
        "push_webhook_path": "/facebook",
        "push_config": { "signature_header": "X-Hub-Signature", "verify_signature": true }
    })
}

fn rss() -> Value {
    json!({
        "widget_id": "rss-feed",
        "name": "rss",
        "description": "RSS Feed Integration",
        "integration_type": "pull",
        "credential_scope": "widget",
        "credential_schema": {},
        "config_schema": {
            "feed_url": { "type": "string", "required": true, "label": "RSS Feed URL" },
            "max_items": { "type": "number", "default": 10 }
        },
        "pull_interval_seconds": 300
    })
}

impl World {
    /// A widget with this integration; the integration.
    async fn widget_with(&self, integration: &Value) -> Value {
        let slug = text(&integration["widget_id"]);
        self.post("/api/v1/widgets", json!({ "slug": slug, "name": slug })).await;
        let path = self.organization(&format!("widgets/{slug}/integrations"));
        self.owner.post(&path, integration.clone()).await.expect(201)
    }

    async fn place(&self, slug: &str, options: Value) -> String {
        let body = json!({ "widget_id": slug, "name": "Lobby", "options": options });
        let placed = self.owner.post("/api/v1/widget-configs", body).await.expect(201);
        text(&placed["id"])
    }

    async fn shown(&self, config: &str) -> Value {
        self.owner.get(&format!("/api/widgets-config/{config}/data")).await.expect(200)
    }

    async fn shown_when(&self, config: &str, what: &str, fits: impl Fn(&Value) -> bool) -> Value {
        eventually(what, async || Some(self.shown(config).await).filter(|data| fits(data))).await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn weather_from_its_creation_to_the_player() {
    for world in World::all().await {
        let printed = weather(&format!("{}/data/2.5/weather", world.url(Service::Weather)));
        let made = world.widget_with(&printed).await;
        let by_id = world.organization(&format!("widget-integrations/{}", text(&made["id"])));
        let listed =
            world.owner.get(&world.organization("widgets/weather-widget/integrations")).await;
        let listed = listed.expect(200)["data"][0].clone();
        let found = world.owner.get(&by_id).await.expect(200);
        for view in [&made, &listed, &found] {
            for (field, value) in printed.as_object().unwrap() {
                assert_eq!(&view[field], value, "{field} of {view}");
            }
            assert_eq!(view["is_active"], true);
        }

        // Before the credentials, the widget says what it lacks.
        let config = world.place("weather-widget", json!({ "city": "London" })).await;
        let without = world.shown(&config).await;
        assert_eq!((&without["data"], &without["version"]), (&Value::Null, &json!(0)));
        let key = world.sandbox.credentials().weather_key.expose().clone();
        let path = format!("{by_id}/credentials");
        let body = json!({ "credentials": { "api_key": key } });
        let stored = world.owner.post(&path, body).await.expect(201);
        assert_eq!(stored["credentials"], json!({ "api_key": MASK }));
        let mask = json!({ "credentials": { "api_key": MASK } });
        let kept = world.owner.put(&path, mask).await.expect(200);
        assert_eq!(kept["id"], stored["id"]);
        let tested = world.owner.post(&format!("{by_id}/test"), json!({})).await.expect(200);
        assert_eq!(tested["ok"], true, "{tested}");

        world
            .owner
            .post(&format!("/api/widgets-config/{config}/refresh"), json!({}))
            .await
            .expect(202);
        let data =
            world.shown_when(&config, "the first weather", |data| data["version"] == 1).await;
        assert_eq!(data["data"]["name"], "London", "{data}");
        let fields: Vec<_> = data.as_object().unwrap().keys().cloned().collect();
        let expected =
            ["data", "version", "fetched_at", "refresh_at", "status", "stale", "error_message"];
        assert_eq!(fields, expected);
        assert_eq!((&data["status"], &data["stale"]), (&json!("ok"), &json!(false)));

        player_reads(&world, &config).await;
    }
}

/// A player reads the widget that it was given, and no other; 304 while it has the newest version.
async fn player_reads(world: &World, config: &str) {
    let other = world.place("weather-widget", json!({ "city": "Tokyo" })).await;
    let body = json!({ "name": "Screen", "widget_config_ids": [config] });
    let player = world.owner.post("/api/v1/players", body).await.expect(201);
    let token = text(&player["token"]);
    assert!(token.starts_with("pl_"));
    let screen = world.owner.key(&token);
    let path = format!("/api/widgets-config/{config}/data");
    let first = screen.get(&path).await;
    let etag = first.header("etag").to_owned();
    let version = first.expect(200)["version"].as_u64().unwrap();
    let by_version = screen.get(&format!("{path}?version={version}")).await;
    assert_eq!((by_version.status, by_version.body.len()), (304, 0));
    assert_eq!(screen.get(&format!("{path}?version={}", version - 1)).await.status, 200);
    let by_tag = screen.with("if-none-match", &etag).get(&path).await;
    assert_eq!((by_tag.status, by_tag.header("etag")), (304, etag.as_str()));
    let by_query = world.server.client.get(&format!("{path}?token={token}")).await;
    assert_eq!(by_query.status, 200);

    for (path, status) in [
        (format!("/api/widgets-config/{other}/data"), 404),
        (format!("/api/v1/widget-configs/{config}"), 401),
        ("/api/v1/feeds".to_owned(), 401),
        (format!("/api/widgets-config/{config}/data?version=x"), 400),
        (format!("/api/widgets-config/{config}/data?nosuch=1"), 400),
    ] {
        assert_eq!(screen.get(&path).await.status, status, "{path}");
    }
    let path = format!("/api/v1/players/{}", text(&player["id"]));
    created(world.owner.patch(&path, json!({ "enabled": false })).await);
    let refused = screen.get(&format!("/api/widgets-config/{config}/data")).await;
    assert!([401, 404].contains(&refused.status), "a player that is off: {}", refused.status);
}

#[tokio::test(flavor = "multi_thread")]
async fn news_without_credentials() {
    let world = World::new().await;
    world.widget_with(&rss()).await;
    let feed_url = format!("{}/feed.xml", world.url(Service::Rss));
    let missing = json!({ "widget_id": "rss-feed", "name": "x", "options": {} });
    let refused = world.owner.post("/api/v1/widget-configs", missing).await;
    assert_eq!(refused.status, 422, "feed_url is required: {}", refused.text());
    let config = world.place("rss-feed", json!({ "feed_url": feed_url, "max_items": 3 })).await;
    let data = world.shown_when(&config, "the first news", |data| data["version"] == 1).await;
    assert_eq!(data["data"]["items"].as_array().map(Vec::len), Some(3), "{data}");
    // Equal options share one fetch.
    let twin = world.place("rss-feed", json!({ "feed_url": feed_url, "max_items": 3 })).await;
    let path = |config: &str| format!("/api/v1/widget-configs/{config}");
    let feed = async |config: &str| {
        text(&world.owner.get(&path(config)).await.expect(200)["feeds"][0]["feed_id"])
    };
    assert_eq!(feed(&config).await, feed(&twin).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn facebook_shakes_hands_and_pushes() {
    for world in World::all().await {
        let made = world.widget_with(&facebook()).await;
        let config = world.place("facebook-feed", json!({})).await;
        let placed = world.owner.get(&format!("/api/v1/widget-configs/{config}")).await.expect(200);
        let address = path_of(placed["webhook_urls"][0].as_str().expect("an address for pushes"));
        let printed = format!("/api/webhooks/widgets/{}/{config}", text(&made["id"]));
        assert_eq!(address, printed);

        let body = r#"{"object":"page","entry":[{"id":"42","changes":[{"field":"feed"}]}]}"#;
        let sender = world.server.client.clone();
        let push = async |secret: &str| {
            let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, secret.as_bytes());
            let signature = format!("sha1={}", hex::encode(hmac::sign(&key, body.as_bytes())));
            let headers =
                [("content-type", "application/json"), ("x-hub-signature", signature.as_str())];
            sender.send("POST", &address, &headers, body).await
        };
        let refused = push("anything").await;
        assert_eq!((refused.status, refused.code().as_str()), (403, "webhook.not_configured"));

        let credentials = json!({
            "credentials": { "page_id": "42", "webhook_verify_token": "a-verify-token" },
        });
        let path = format!("/api/widgets-config/{config}/credentials");
        let stored = world.owner.post(&path, credentials).await.expect(201);
        let masked = json!({ "page_id": MASK, "webhook_verify_token": MASK });
        assert_eq!(stored["credentials"], masked);

        let shake = async |token: &str| {
            let query =
                format!("hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token={token}");
            sender.get(&format!("{address}?{query}")).await
        };
        let right = shake("a-verify-token").await;
        assert_eq!((right.status, right.text().as_str()), (200, "1158201444"));
        let wrong = shake("another").await;
        assert_eq!((wrong.status, wrong.code().as_str()), (403, "webhook.handshake_failed"));

        assert_eq!(push("a-verify-token").await.status, 200);
        let refused = push("another").await;
        assert_eq!((refused.status, refused.code().as_str()), (401, "webhook.signature_invalid"));
        let data =
            world.shown_when(&config, "the push is shown", |data| data["version"] == 1).await;
        assert_eq!(data["data"], serde_json::from_str::<Value>(body).unwrap());
        let inbox = world.owner.get("/api/v1/inbound-events").await.expect(200);
        assert_eq!(inbox["data"].as_array().map(Vec::len), Some(1));
        assert_eq!(inbox["data"][0]["payload"], data["data"]);
        assert_eq!(inbox["data"][0]["state"], "applied");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_switched_off_neither_pulls_nor_takes() {
    let world = World::new().await;
    let made = world.widget_with(&rss()).await;
    let by_id = world.organization(&format!("widget-integrations/{}", text(&made["id"])));
    let off = world.owner.put(&by_id, json!({ "is_active": false })).await.expect(200);
    assert_eq!(off["is_active"], false);
    let feed_url = format!("{}/feed.xml", world.url(Service::Rss));
    let config = world.place("rss-feed", json!({ "feed_url": feed_url })).await;
    let fetch = json!({ "sourceId": made["id"], "endpoint": "/" });
    let refused = world.owner.post("/api/fetch-data", fetch).await;
    assert_eq!((refused.status, refused.code().as_str()), (409, "integration.disabled"));
    let refused =
        world.owner.post(&format!("/api/widgets-config/{config}/refresh"), json!({})).await;
    assert_eq!((refused.status, refused.code().as_str()), (409, "integration.disabled"));
    assert_eq!(world.shown(&config).await["version"], 0);
    world.owner.put(&by_id, json!({ "is_active": true })).await.expect(200);
    world.shown_when(&config, "it is pulled again", |data| data["version"] == 1).await;

    let hook = world.webhook("hush", json!({})).await;
    let (_, path) = world.feed(&hook, json!({ "mode": "push" })).await;
    let body = json!({ "n": 1 });
    assert_eq!(crate::world::push(&world.owner, &path, "hush", &body).await.status, 200);
    let disable = json!({ "enabled": false });
    created(world.owner.patch(&format!("/api/v1/integrations/{hook}"), disable).await);
    let refused = crate::world::push(&world.owner, &path, "hush", &body).await;
    assert!([404, 409].contains(&refused.status), "{} {}", refused.status, refused.text());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_integration_comes_to_a_widget_and_goes() {
    for world in World::all().await {
        let mut places = Vec::new();
        for slug in ["left", "right"] {
            world.post("/api/v1/widgets", json!({ "slug": slug, "name": slug })).await;
            places.push(world.place(slug, json!({})).await);
        }
        let base = world.url(Service::Rest);
        let rest = json!({
            "name": "Echo", "provider": "rest", "config": { "base_url": base },
            "pull": { "path": "/rest/echo" },
        });
        let rest = text(&world.post("/api/v1/integrations", rest).await["id"]);
        let feeds = async |place: &str| {
            let path = format!("/api/v1/widget-configs/{place}");
            world.owner.get(&path).await.expect(200)["feeds"].as_array().unwrap().clone()
        };
        let mut last = None;
        for (widget, filled, empty) in [
            (json!("left"), Some(0), vec![1]),
            (json!("right"), Some(1), vec![0]),
            (Value::Null, None, vec![0, 1]),
        ] {
            let found = world.owner.get("/api/v1/widgets").await.expect(200);
            let found = found["data"].as_array().unwrap().iter();
            let id = found.clone().find(|it| it["slug"] == widget).map(|it| it["id"].clone());
            let body = json!({ "widget_id": id });
            let path = format!("/api/v1/integrations/{rest}");
            let changed = world.owner.patch(&path, body).await.expect(200);
            assert_eq!(changed["widget_id"], id.unwrap_or_default());
            if let Some(n) = filled {
                let what = format!("{widget} shows the integration");
                eventually(&what, async || {
                    let feeds = feeds(&places[n]).await;
                    let read = feeds.first().filter(|feed| feed["version"] != 0)?;
                    last = Some(text(&read["feed_id"]));
                    Some(())
                })
                .await;
            }
            for n in empty {
                let what = format!("place {n} shows nothing once it is {widget}");
                eventually(&what, async || feeds(&places[n]).await.is_empty().then_some(())).await;
            }
        }
        let gone = format!("/api/v1/feeds/{}", last.unwrap());
        assert_eq!(world.owner.get(&gone).await.status, 404, "no widget reads it any more");
    }
}
