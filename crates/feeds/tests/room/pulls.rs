use crate::node::text;
use crate::world::worlds;
use connect::{IntegrationDraft, IntegrationPatch, PullConfig};
use kernel::{Secret, Timestamp};
use sandbox::{Faults, Sandbox, SandboxConfig, Service};
use serde_json::{Value, json};
use std::time::Duration;

#[tokio::test]
async fn the_version_moves_only_with_the_content() {
    for world in worlds().await {
        world.origin.says("/news", &json!({ "items": [1], "took": 5 }));
        let rest = world.rest(json!({ "path": "/news", "ignore": ["/took"] })).await;
        let feed = world.feed(rest, json!({})).await;
        let first = world.version(feed, 1).await;
        assert_eq!((text(&first["status"]), &first["stale"]), ("ok", &json!(false)), "{first}");

        world.origin.says("/news", &json!({ "took": 9, "items": [1] }));
        let same = world.pulled_again(feed).await;
        assert_eq!(same["version"], 1, "the order of keys and what is ignored say nothing");
        assert_ne!(same["fetched_at"], first["fetched_at"]);
        assert_eq!(same["changed_at"], first["changed_at"]);

        world.origin.says("/news", &json!({ "items": [1, 2], "took": 9 }));
        world.pulled_to(feed, 2).await;
        world.data_is(feed, json!({ "items": [1, 2], "took": 9 })).await;
        assert_eq!(world.events("feed.updated").await.len(), 2);
    }
}

#[tokio::test]
async fn what_the_provider_says_is_unchanged_is_not_read_again() {
    for world in worlds().await {
        world.origin.says("/tagged", &json!({ "n": 1 }));
        let rest = world.rest(json!({ "path": "/tagged" })).await;
        let feed = world.feed(rest, json!({})).await;
        let first = world.version(feed, 1).await;
        let second = world.pulled_again(feed).await;
        assert_eq!((&second["version"], world.origin.hits("/tagged")), (&json!(1), 2));
        assert_ne!(second["fetched_at"], first["fetched_at"]);
        world.origin.says("/tagged", &json!({ "n": 2 }));
        world.pulled_to(feed, 2).await;

        // Other settings may make another document of the same answer, the feed's as the integration's.
        let body = json!({ "pull": { "transform": ".n" } });
        world.patch(&format!("/api/v1/feeds/{feed}"), body).await.expect(200);
        world.version(feed, 3).await;
        world.data_is(feed, json!(2)).await;
        world.patch(&format!("/api/v1/feeds/{feed}"), json!({ "pull": {} })).await.expect(200);
        world.version(feed, 4).await;
        let pull = json!({ "path": "/tagged", "transform": "[.n]" });
        let pull = Some(PullConfig::from_map(crate::node::map(pull)).unwrap());
        world.change_integration(rest, IntegrationPatch { pull, ..Default::default() }).await;
        world.version(feed, 5).await;
        world.data_is(feed, json!([2])).await;
    }
}

#[tokio::test]
async fn a_failure_keeps_the_last_good_document() {
    for world in worlds().await {
        world.origin.says("/a", &json!({ "good": true }));
        let rest = world.rest(json!({ "path": "/a", "interval": "2s", "notify_after": 3 })).await;
        let feed = world.feed(rest, json!({ "name": "Tides" })).await;
        world.version(feed, 1).await;
        world.data(feed).await;
        world.origin.answers("/a", 410, r#"{"message":"no more of that"}"#);
        for failures in 1..=4 {
            world.pulled_again(feed).await;
            let view = world.failures(feed, failures).await;
            let refresh = Timestamp::parse(text(&view["refresh_at"])).unwrap();
            let wait = refresh.since(world.clock.now());
            let least = Duration::from_secs(1 << failures) / 2;
            assert!(wait >= least && wait <= least * 2 + Duration::from_secs(1), "{wait:?}");
            assert_eq!((text(&view["status"]), &view["version"]), ("stale", &json!(1)));
            assert_eq!(text(&view["error_code"]), "feed.upstream_status");
            let told = world.count("SELECT count(*) AS n FROM notifications").await;
            assert_eq!(told, i64::from(failures >= 3), "once, after the third");
        }
        let fresh = world.until(async || world.data(feed).await["status"] == "stale").await;
        let data = world.data(feed).await;
        assert!(fresh, "{data}");
        assert_eq!((&data["data"], &data["stale"]), (&json!({ "good": true }), &json!(true)));
        assert!(text(&data["error_message"]).contains("no more of that"), "{data}");

        world.origin.answers("/a", 403, "{}");
        world.pulled_again(feed).await;
        assert_eq!(world.events("feed.failed").await.len(), 1, "one for the row, whatever status");
        world.origin.says("/a", &json!({ "good": true }));
        let well = world.pulled_again(feed).await;
        assert_eq!((text(&well["status"]), &well["version"]), ("ok", &json!(1)));
        assert!(well.get("error_message").is_none() && well["failures"] == 0, "{well}");
        let recovered = &world.events("feed.recovered").await[0];
        assert_eq!(
            (recovered.subject.clone(), &recovered.data["failures"]),
            (feed.to_string(), &json!(5))
        );
        assert_eq!(world.events("feed.failing").await.len(), 1);
    }
}

#[tokio::test]
async fn a_document_that_is_too_large_is_asked_for_less_and_less() {
    for world in worlds().await {
        world.origin.says("/a", &json!(1));
        let pull = json!({
            "path": "/a", "interval": "1s", "transform": "[range(5000)]", "max_bytes": 1000,
        });
        let rest = world.rest(pull).await;
        let feed = world.feed(rest, json!({})).await;
        for failures in 1..=4 {
            let view = world.failures(feed, failures).await;
            assert_eq!(text(&view["error_code"]), "feed.document_too_large");
            let refresh = Timestamp::parse(text(&view["refresh_at"])).unwrap();
            let wait = refresh.since(world.clock.now());
            assert!(wait >= Duration::from_secs(1 << failures) / 2, "{failures}: {wait:?}");
            world.pulled_again(feed).await;
        }
    }
}

#[tokio::test]
async fn each_way_of_failing_has_its_code() {
    for world in worlds().await {
        world.origin.says("/large", &json!("x".repeat(3000)));
        world.origin.says("/json", &json!({ "list": [1, 2] }));
        world.origin.answers("/html", 200, "<html>");
        let rest = world.rest(json!({})).await;
        for (pull, code) in [
            (json!({ "path": "/nowhere" }), "feed.upstream_status"),
            (json!({ "path": "/html" }), "feed.unreadable"),
            (json!({ "path": "/large", "max_bytes": 1000 }), "egress.body_too_large"),
            (
                json!({ "path": "/json", "transform": "[range(5000)]", "max_bytes": 1000 }),
                "feed.document_too_large",
            ),
            (json!({ "path": "/json", "transform": ".list.name" }), "feed.transform_failed"),
            (
                json!({ "path": "/json", "transform": "[limit(1e9; repeat(1))]" }),
                "feed.transform_failed",
            ),
            (
                json!({ "path": "/json", "query": { "q": "{{config.none}}" }, "headers": {
                "x-a": "{{config.none}}" } }),
                "feed.template_failed",
            ),
            (json!({ "url": "http://10.1.2.3/" }), "egress.bad_url"),
        ] {
            let feed = world.feed(rest, json!({ "pull": pull })).await;
            let view = world.failures(feed, 1).await;
            assert_eq!(text(&view["error_code"]), code, "{pull} {view}");
            assert_eq!((text(&view["status"]), &view["version"]), ("failing", &json!(0)));
            let data = world.data(feed).await;
            assert_eq!((&data["data"], &data["stale"]), (&Value::Null, &json!(true)), "{data}");
            assert_eq!(data["fetched_at"], Value::Null);
        }
        for (base, code) in [
            ("http://127.0.0.1:1", "egress.connect_failed"),
            ("http://10.1.2.3", "egress.address_forbidden"),
        ] {
            let config = crate::node::map(json!({ "base_url": base }));
            let rest = world.integration(IntegrationDraft { config, ..world.draft("rest") }).await;
            let feed = world.feed(rest, json!({})).await;
            assert_eq!(text(&world.failures(feed, 1).await["error_code"]), code);
        }
        let config = crate::node::map(json!({ "city": "London" }));
        let draft = IntegrationDraft { config, ..world.draft("openweather") };
        let weather = world.integration(draft).await;
        let feed = world.feed(weather, json!({})).await;
        assert_eq!(text(&world.failures(feed, 1).await["error_code"]), "credential.missing");
    }
}

#[tokio::test]
async fn a_document_is_what_the_transform_makes_of_the_answer() {
    for world in worlds().await {
        world.origin.says("/weather", &json!({ "main": { "temp": 15.3 }, "dt": 7 }));
        let rest = world.rest(json!({ "path": "/weather" })).await;
        let feed = world.feed(rest, json!({ "pull": { "transform": "{t: .main.temp}" } })).await;
        world.version(feed, 1).await;
        let data = world.data(feed).await;
        assert_eq!(data["data"], json!({ "t": 15.3 }));
    }
}

#[tokio::test]
async fn what_is_switched_off_is_not_pulled() {
    const JOBS: &str = "SELECT count(*) AS n FROM jobs WHERE kind = 'feed.pull'";
    for world in worlds().await {
        world.origin.says("/a", &json!(1));
        let rest = world.rest(json!({ "path": "/a" })).await;
        let feed = world.feed(rest, json!({})).await;
        world.version(feed, 1).await;
        let path = format!("/api/v1/feeds/{feed}");
        let off = world.patch(&path, json!({ "enabled": false })).await.expect(200);
        assert_eq!((text(&off["status"]), world.count(JOBS).await), ("off", 0), "{off}");
        assert!(world.until(async || world.data(feed).await["status"] == "off").await);
        world.post(&format!("{path}/refresh"), json!({})).await.refused(409, "request.conflict");
        world.origin.says("/a", &json!(2));
        world.patch(&path, json!({ "enabled": true })).await.expect(200);
        world.version(feed, 2).await;

        let switch = |enabled| IntegrationPatch { enabled: Some(enabled), ..Default::default() };
        world.change_integration(rest, switch(false)).await;
        let refused = world.post(&format!("{path}/refresh"), json!({})).await;
        refused.refused(409, "integration.disabled");
        assert!(world.until(async || world.count(JOBS).await == 0).await);
        assert_eq!(text(&world.view(feed).await["status"]), "off");
        assert!(world.until(async || world.data(feed).await["status"] == "off").await);
        world.origin.says("/a", &json!(3));
        world.change_integration(rest, switch(true)).await;
        world.version(feed, 3).await;
        assert!(world.until(async || world.data(feed).await["status"] == "ok").await);
    }
}

#[tokio::test]
async fn the_last_versions_are_kept_with_the_request_that_made_each() {
    for world in worlds().await {
        let rest = world.rest(json!({ "path": "/a" })).await;
        world.origin.says("/a", &json!({ "n": 1 }));
        let feed = world.feed(rest, json!({ "pull": { "keep": 3 } })).await;
        world.version(feed, 1).await;
        for n in 2..=5 {
            world.origin.says("/a", &json!({ "n": n }));
            world.pulled_to(feed, n).await;
        }
        let path = format!("/api/v1/feeds/{feed}/versions");
        let list = world.get(&path).await.expect(200);
        let numbers: Vec<_> =
            list["data"].as_array().unwrap().iter().map(|it| &it["version"]).collect();
        assert_eq!(numbers, [5, 4, 3]);
        for version in list["data"].as_array().unwrap() {
            assert_eq!(version["source"], "pull");
            assert!(text(&version["request_id"]).starts_with("req_"), "{version}");
            assert_eq!(version["bytes"], 7);
        }
        let page = world.get(&format!("{path}?limit=2")).await.expect(200);
        let next = format!("{path}?limit=2&cursor={}", text(&page["next_cursor"]));
        assert_eq!(world.get(&next).await.expect(200)["data"][0]["version"], 3);
        let third = world.get(&format!("{path}/3")).await.expect(200);
        assert_eq!(third, json!({ "version": 3, "data": { "n": 3 } }));
        world.get(&format!("{path}/2")).await.refused(404, "request.not_found");
        world.get(&format!("{path}/x")).await.refused(404, "request.not_found");
    }
}

#[tokio::test]
async fn another_schedule_holds_from_now_on() {
    for world in worlds().await {
        world.origin.says("/a", &json!(1));
        let rest = world.rest(json!({ "path": "/a", "interval": "1h" })).await;
        let feed = world.feed(rest, json!({})).await;
        world.version(feed, 1).await;
        let due = |view: &Value| Timestamp::parse(text(&view["refresh_at"])).unwrap();
        let wait = due(&world.view(feed).await).since(world.clock.now()).as_secs();
        assert!((3590..=3610).contains(&wait), "{wait}");

        let path = format!("/api/v1/feeds/{feed}");
        let cron = json!({ "pull": { "cron": "0 9 * * *", "time_zone": "Europe/Berlin" } });
        world.patch(&path, cron).await.expect(200);
        let at_eight = |view: &Value| due(view).to_string().starts_with("2026-01-01T08:00:0");
        world.feed_when(feed, at_eight).await;

        let patch = IntegrationPatch {
            pull: Some(PullConfig::from_map(crate::node::map(json!({ "path": "/a" }))).unwrap()),
            ..Default::default()
        };
        world.patch(&path, json!({ "pull": {} })).await.expect(200);
        world.change_integration(rest, patch).await;
        // The provider's own interval is five minutes.
        let soon = |view: &Value| due(view).since(world.clock.now()).as_secs() <= 310;
        world.feed_when(feed, soon).await;
    }
}

#[tokio::test]
async fn a_feed_that_hangs_delays_no_other() {
    for world in worlds().await {
        world.origin.says("/held", &json!(1));
        world.origin.says("/a", &json!(1));
        let rest = world.rest(json!({})).await;
        let held = world.feed(rest, json!({ "pull": { "path": "/held" } })).await;
        world.origin.holds_one().await;
        let quick = world.feed(rest, json!({ "pull": { "path": "/a", "interval": "1s" } })).await;
        world.version(quick, 1).await;
        for n in 2..=3 {
            world.origin.says("/a", &json!(n));
            world.pulled_to(quick, n).await;
        }
        assert_eq!(text(&world.view(held).await["status"]), "pending");
        world.origin.release();
        world.version(held, 1).await;
    }
}

#[tokio::test]
async fn news_is_read_as_it_appears_and_garbage_is_not() {
    for world in worlds().await {
        let config = SandboxConfig::new(world.clock.clone(), Secret::new([7; 32]));
        let sandbox = Sandbox::start(config).await.unwrap();
        let feed_url = format!("{}/feed.xml", sandbox.url(Service::Rss).unwrap());
        let config = crate::node::map(json!({ "feed_url": feed_url }));
        let rss = world.integration(IntegrationDraft { config, ..world.draft("rss") }).await;
        let feed = world.feed(rss, json!({ "pull": { "interval": "40s" } })).await;
        world.version(feed, 1).await;
        let titles = |data: &Value| text(&data["data"]["items"][0]["title"]).to_owned();
        let first = titles(&world.data(feed).await);
        // There is news every half minute; until then it is told that there is none.
        let same = world.refreshed(feed).await;
        assert_eq!((&same["version"], &same["failures"]), (&json!(1), &json!(0)));
        world.pulled_to(feed, 2).await;
        assert!(world.until(async || titles(&world.data(feed).await) != first).await);

        let garbage = Faults { garbage: true, ..Faults::default() };
        sandbox.set_faults(Service::Rss.name(), garbage).unwrap();
        world.pulled_again(feed).await;
        let view = world.failures(feed, 1).await;
        assert_eq!(text(&view["error_code"]), "feed.unreadable");
        sandbox.set_faults(Service::Rss.name(), Faults::default()).unwrap();
        world.pulled_to(feed, 3).await;
        sandbox.shutdown().await;
    }
}
