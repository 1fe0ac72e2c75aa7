use crate::node::{map, text};
use crate::world::{World, worlds};
use connect::{IntegrationDraft, Mode};
use kernel::{FeedId, IntegrationId};
use serde_json::{Value, json};

const JSON: &str = "application/json";

/// A feed that takes pushes in this way.
async fn pushed(world: &World, push: Value) -> (IntegrationId, FeedId) {
    let integration = world.webhook(push).await;
    let feed = world.feed(integration, json!({})).await;
    (integration, feed)
}

#[tokio::test]
async fn pushes_replace_merge_or_append() {
    for world in worlds().await {
        for (push, wanted) in [
            (json!({}), json!({ "b": { "c": null } })),
            (json!({ "apply": "merge" }), json!({ "a": 1, "b": {} })),
            (
                json!({ "apply": "append", "keep_last": 2 }),
                json!([{ "b": { "c": 2 } }, { "b": { "c": null } }]),
            ),
            (json!({ "transform": ".b" }), json!({ "c": null })),
        ] {
            let (integration, feed) = pushed(&world, push.clone()).await;
            for body in
                [json!({ "a": 1 }), json!({ "b": { "c": 2 } }), json!({ "b": { "c": null } })]
            {
                let id = world.push(integration, feed, JSON, body.to_string()).await;
                assert_eq!(world.settled(id).await.0, "applied");
            }
            let data = world.data_is(feed, wanted).await;
            assert_eq!((&data["status"], &data["refresh_at"]), (&json!("ok"), &Value::Null));
        }
    }
}

#[tokio::test]
async fn a_push_that_says_nothing_new_makes_no_version() {
    for world in worlds().await {
        let (integration, feed) = pushed(&world, json!({})).await;
        for (body, version) in [("{\"a\":1}", 1), (" {\"a\": 1} ", 1), ("{\"a\":2}", 2)] {
            let id = world.push(integration, feed, JSON, body).await;
            assert_eq!(world.settled(id).await.0, "applied");
            assert_eq!(world.view(feed).await["version"], version, "{body}");
        }
        let versions = world.get(&format!("/api/v1/feeds/{feed}/versions")).await.expect(200);
        let made = &versions["data"][0];
        assert_eq!(made["source"], "push");
        assert!(made["inbound_id"].is_string() && made.get("request_id").is_none(), "{made}");
    }
}

#[tokio::test]
async fn what_waits_is_applied_at_once_and_in_order() {
    for world in worlds().await {
        let (integration, feed) = pushed(&world, json!({ "apply": "append" })).await;
        for n in 0..20 {
            world.push_quietly(integration, feed, &n.to_string()).await;
        }
        world.push(integration, feed, JSON, "20").await;
        let view = world.version(feed, 1).await;
        assert_eq!(view["version"], 1, "one version of them all");
        world.data_is(feed, json!((0..=20).collect::<Vec<_>>())).await;
        let waiting = "SELECT count(*) AS n FROM inbound_pending";
        assert_eq!(world.count(waiting).await, 0);
        let jobs = "SELECT count(*) AS n FROM jobs";
        assert!(world.until(async || world.count(jobs).await == 0).await);
    }
}

#[tokio::test]
async fn what_cannot_be_read_is_marked_and_the_rest_applied() {
    for world in worlds().await {
        for apply in ["replace", "append"] {
            let (integration, feed) = pushed(&world, json!({ "apply": apply })).await;
            world.push_quietly(integration, feed, "1").await;
            world.push_quietly(integration, feed, "{\"deep\":").await;
            let last = world.push(integration, feed, JSON, "3").await;
            world.settled(last).await;
            let wanted = if apply == "replace" { json!(3) } else { json!([1, 3]) };
            world.data_is(feed, wanted.clone()).await;
            let bad = world.push(integration, feed, JSON, "{\"deep\":").await;
            let (state, error) = world.settled(bad).await;
            assert!(state == "failed" && !error.is_empty(), "{state} {error}");
            let data = world.data(feed).await;
            assert_eq!((&data["data"], &data["version"]), (&wanted, &json!(1)));
        }
    }
}

#[tokio::test]
async fn a_push_that_makes_the_document_too_large_fails_alone() {
    for world in worlds().await {
        let (integration, feed) = pushed(&world, json!({ "apply": "append" })).await;
        let large = json!("x".repeat(6 << 20)).to_string();
        world.push_quietly(integration, feed, "1").await;
        world.push_quietly(integration, feed, &large).await;
        let second = world.push(integration, feed, JSON, large).await;
        assert_eq!(world.settled(second).await.0, "failed");
        let last = world.push(integration, feed, JSON, "2").await;
        assert_eq!(world.settled(last).await.0, "applied");
        let bytes = world.view(feed).await["bytes"].as_u64().unwrap();
        assert!(bytes > 6 << 20, "the first large one is in it: {bytes}");
        let states = "SELECT count(*) AS n FROM inbound_events e WHERE state = 'applied' \
             AND NOT EXISTS (SELECT 1 FROM inbound_pending w WHERE w.id = e.id)";
        assert_eq!(world.count(states).await, 3);
    }
}

#[tokio::test]
async fn forms_and_xml_are_read_by_their_type() {
    for world in worlds().await {
        let (integration, feed) = pushed(&world, json!({})).await;
        for (content_type, body, wanted) in [
            (
                "application/x-www-form-urlencoded",
                "a=1&b=two+words",
                json!({ "a": "1", "b": "two words" }),
            ),
            ("application/json; charset=utf-8", "[1]", json!([1])),
            ("application/vnd.api+json", "{\"a\":1}", json!({ "a": 1 })),
        ] {
            let id = world.push(integration, feed, content_type, body).await;
            assert_eq!(world.settled(id).await.0, "applied", "{content_type}");
            world.data_is(feed, wanted).await;
        }
        let xml = "<order id=\"7\"><seat>A1</seat><seat>A2</seat></order>";
        let id = world.push(integration, feed, "application/xml", xml).await;
        assert_eq!(world.settled(id).await.0, "applied");
        world.version(feed, 4).await;
        let path = format!("/api/v1/feeds/{feed}/versions/4");
        let data = world.get(&path).await.expect(200)["data"].to_string();
        assert!(data.contains("A1") && data.contains("A2") && data.contains('7'), "{data}");

        let draft = IntegrationDraft { mode: Some(Mode::Push), ..world.draft("slack") };
        let slack = world.integration(draft).await;
        let feed = world.feed(slack, json!({})).await;
        let form = "payload=%7B%22a%22%3A%5B1%5D%7D&other=x";
        let id = world.push(slack, feed, "application/x-www-form-urlencoded", form).await;
        assert_eq!(world.settled(id).await.0, "applied");
        world.data_is(feed, json!({ "a": [1] })).await;
    }
}

#[tokio::test]
async fn pushes_find_the_feed_that_takes_them() {
    for world in worlds().await {
        let (integration, feed) = pushed(&world, json!({ "apply": "append" })).await;
        let feeds = &world.node.feeds;
        let target = feeds.target_of_feed(integration, feed).await.unwrap().unwrap();
        assert_eq!((target.feed, target.widget_config), (feed, None));
        assert_eq!(
            (&target.push["apply"], &target.push["unsigned"]),
            (&json!("append"), &json!(true))
        );
        let all = feeds.targets(world.workspace.id(), integration).await.unwrap();
        assert_eq!(all.len(), 1);
        let (other, _) = pushed(&world, json!({})).await;
        assert!(feeds.target_of_feed(other, feed).await.unwrap().is_none());
        let url = format!("https://bay.example/api/webhooks/{integration}/{feed}");
        assert_eq!(world.view(feed).await["webhook_url"], url);
        world
            .patch(&format!("/api/v1/feeds/{feed}"), json!({ "enabled": false }))
            .await
            .expect(200);
        assert!(feeds.target_of_feed(integration, feed).await.unwrap().is_none());
    }
}

#[tokio::test]
async fn a_push_does_not_hide_that_pulls_fail() {
    for world in worlds().await {
        world.origin.says("/a", &json!(1));
        let draft = IntegrationDraft {
            mode: Some(Mode::Both),
            pull: connect::PullConfig::from_map(map(json!({ "path": "/a" }))).unwrap(),
            push: connect::PushConfig::from_map(map(json!({ "unsigned": true }))).unwrap(),
            ..world.draft("rest")
        };
        let both = world.integration(draft).await;
        let feed = world.feed(both, json!({})).await;
        world.version(feed, 1).await;
        world.origin.answers("/a", 410, "{}");
        world.refreshed(feed).await;
        world.failures(feed, 1).await;
        let id = world.push(both, feed, JSON, "2").await;
        assert_eq!(world.settled(id).await.0, "applied");
        let data = world.data_is(feed, json!(2)).await;
        assert_eq!((text(&data["status"]), &data["stale"]), ("stale", &json!(true)), "{data}");
        let view = world.view(feed).await;
        assert_eq!(
            (&view["failures"], text(&view["error_code"])),
            (&json!(1), "feed.upstream_status")
        );

        // Once nothing is pulled any more, no pull fails.
        let pushed = json!({ "mode": "push", "pull": {} });
        world.patch(&format!("/api/v1/feeds/{feed}"), pushed).await.expect(200);
        world.push(both, feed, JSON, "3").await;
        world.data_is(feed, json!(3)).await;
        assert_eq!(world.view(feed).await["failures"], 0);
    }
}

#[tokio::test]
async fn a_feed_has_settings_of_its_own_over_those_of_its_integration() {
    for world in worlds().await {
        let (integration, _) =
            pushed(&world, json!({ "apply": "append", "keep_last": 3, "keep": 2 })).await;
        let fewer = world.feed(integration, json!({ "push": { "keep_last": 2 } })).await;
        let none = world.feed(integration, json!({ "push": { "apply": "replace" } })).await;
        for n in 0..4 {
            for feed in [fewer, none] {
                let id = world.push(integration, feed, JSON, n.to_string()).await;
                assert_eq!(world.settled(id).await.0, "applied");
            }
        }
        world.data_is(fewer, json!([2, 3])).await;
        world.data_is(none, json!(3)).await;
        let versions = world.get(&format!("/api/v1/feeds/{none}/versions")).await.expect(200);
        let versions = versions["data"].as_array().unwrap();
        assert_eq!(versions.len(), 2, "as many versions as `keep` says");
        let body = json!({ "push": { "apply": "merge", "keep_last": 2 } });
        let refused = world.patch(&format!("/api/v1/feeds/{fewer}"), body).await;
        assert_eq!(
            refused.refused(422, "request.invalid")["errors"][0]["pointer"],
            "/push/keep_last"
        );
    }
}
