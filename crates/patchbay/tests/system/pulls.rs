//! Feeds that are pulled: when the version moves, what a reader sees while the provider is down, and
//! what is refused before it is kept.

use sandbox::{Faults, Service};
use serde_json::{Value, json};

use crate::running::eventually;
use crate::world::{World, created, text};

#[tokio::test(flavor = "multi_thread")]
async fn the_version_moves_with_the_content_alone() {
    for world in World::all().await {
        let integration = guarded(&world).await;
        // The answer tells the time: another document each second, unless that is ignored.
        let pull = json!({ "path": "/rest/bearer", "interval_secs": 1, "keep": 2 });
        let (moving, _) = world.feed(&integration, json!({ "pull": pull })).await;
        let mut pull = pull.clone();
        pull["ignore"] = json!(["/at"]);
        let (resting, _) = world.feed(&integration, json!({ "pull": pull })).await;
        let first = world.data_when(&resting, "a first version", |data| data["version"] == 1).await;
        world.data_when(&moving, "a third", |data| data["version"].as_u64() >= Some(3)).await;
        let rested = world.data_when(&resting, "it is seen again", |data| {
            data["fetched_at"].as_str() > first["fetched_at"].as_str()
        });
        let rested = rested.await;
        assert_eq!((&rested["version"], &rested["data"]), (&json!(1), &first["data"]));

        let path = format!("/api/v1/feeds/{moving}/versions");
        let kept = world.owner.get(&path).await.expect(200)["data"].clone();
        let kept = kept.as_array().unwrap();
        assert_eq!(kept.len(), 2, "{kept:?}");
        assert_eq!(kept[0]["source"], "pull");
        let newest = kept[0]["version"].as_u64().unwrap();
        let one = world.owner.get(&format!("{path}/{newest}")).await.expect(200);
        assert!(one.to_string().contains("authenticated"), "{one}");
        assert_eq!(world.owner.get(&format!("{path}/1")).await.status, 404);
        // Each version names the request that made it.
        let log = format!("/api/v1/integrations/{integration}/requests");
        let request = text(&kept[0]["request_id"]);
        eventually("the request is in the log", async || {
            world.owner.get(&log).await.text().contains(&request).then_some(())
        })
        .await;
    }
}

/// An integration with what wants a bearer token.
async fn guarded(world: &World) -> String {
    let token = world.sandbox.credentials().rest_token.expose().clone();
    let body = json!({
        "name": "Guarded", "provider": "rest", "config": { "base_url": world.url(Service::Rest) },
        "credentials": { "token": token },
    });
    text(&world.post("/api/v1/integrations", body).await["id"])
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_is_down_leaves_the_last_good_document() {
    for world in World::all().await {
        let integration = world.rest().await;
        let pull = json!({ "path": "/rest/echo", "interval_secs": 1, "notify_after": 1 });
        let (feed, _) = world.feed(&integration, json!({ "pull": pull })).await;
        let good = world.data_when(&feed, "a first version", |data| data["version"] == 1).await;

        world.faults(Service::Rest, Faults { server_error: true, ..Faults::default() });
        let stale = world.data_when(&feed, "it is stale", |data| data["stale"] == true).await;
        assert_eq!((&stale["data"], &stale["version"]), (&good["data"], &json!(1)));
        assert!(stale["error_message"].is_string(), "{stale}");
        let view = world.owner.get(&format!("/api/v1/feeds/{feed}")).await.expect(200);
        assert_eq!(view["error_code"], "feed.upstream_status");
        let status = world.owner.get("/api/v1/status").await.expect(200);
        assert_eq!(status["integrations"][0]["status"], "failing", "{status}");
        let notes = world.owner.get("/api/v1/notifications").await.expect(200);
        assert_eq!(notes["data"].as_array().map(Vec::len), Some(1), "{notes}");
        assert!(happened(&world, "feed.failed").await >= 1);

        // One that is broken delays no other.
        let (other, _) =
            world.feed(&weather(&world).await, json!({ "options": { "city": "London" } })).await;
        world.data_when(&other, "another feed is pulled", |data| data["version"] == 1).await;

        world.faults(Service::Rest, Faults::default());
        let path = format!("/api/v1/feeds/{feed}/refresh");
        eventually("it recovers", async || {
            created(world.owner.post(&path, json!({})).await);
            let data = world.data(&feed).await;
            (data["stale"] == false).then_some(data)
        })
        .await;
        assert_eq!(world.data(&feed).await["version"], 1, "it is the same document");
        assert_eq!(happened(&world, "feed.recovered").await, 1);
    }
}

async fn weather(world: &World) -> String {
    let key = world.sandbox.credentials().weather_key.expose().clone();
    let body = json!({
        "name": "Weather", "provider": "openweather", "credentials": { "api_key": key },
        "pull": { "url": format!("{}/data/2.5/weather", world.url(Service::Weather)) },
    });
    text(&world.post("/api/v1/integrations", body).await["id"])
}

async fn happened(world: &World, kind: &str) -> usize {
    let found = world.owner.get(&format!("/api/v1/events?kind={kind}")).await.expect(200);
    found["data"].as_array().map_or(0, Vec::len)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_goes_wrong_has_a_code() {
    let world = World::new().await;
    let integration = world.rest().await;
    let failing = async |pull: Value, code: &str| {
        let (feed, _) = world.feed(&integration, json!({ "pull": pull })).await;
        let path = format!("/api/v1/feeds/{feed}");
        let found = eventually("it has failed", async || {
            let view = world.owner.get(&path).await.expect(200);
            view["error_code"].is_string().then_some(view)
        });
        assert_eq!(found.await["error_code"], code, "{pull}");
    };
    failing(json!({ "path": "/rest/status/404" }), "feed.upstream_status").await;
    failing(json!({ "path": "/rest/loop" }), "egress.too_many_redirects").await;
    failing(json!({ "path": "/rest/private-redirect" }), "egress.address_forbidden").await;
    failing(
        json!({ "path": "/rest/echo", "transform": ".method | error" }),
        "feed.transform_failed",
    )
    .await;
    failing(json!({ "path": "/rest/bytes/20000", "max_bytes": 1000 }), "egress.body_too_large")
        .await;
    failing(json!({ "path": "/rest/slow/60000", "timeout": 100 }), "egress.timeout").await;
    failing(json!({ "path": "/rest/{{config.nosuch}}" }), "feed.template_failed").await;

    for (pull, code) in [
        (json!({ "cron": "99 * * * *" }), "feed.bad_schedule"),
        (json!({ "cron": "* * * * *", "time_zone": "Mars/Olympus" }), "feed.bad_schedule"),
        (json!({ "transform": ".a |" }), "feed.bad_transform"),
        (json!({ "nosuch": 1 }), "request.invalid"),
        (json!({ "interval_secs": "often" }), "request.invalid"),
        (json!({ "interval_secs": 0 }), "request.invalid"),
    ] {
        let body = json!({ "name": "x", "integration_id": integration, "pull": pull });
        let refused = world.owner.post("/api/v1/feeds", body).await;
        assert_eq!(refused.status, 422, "{pull}: {}", refused.text());
        assert!([code, "request.invalid"].contains(&refused.code().as_str()), "{}", refused.text());
    }
}
