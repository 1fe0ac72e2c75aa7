use crate::node::{map, owner, request, with_scopes};
use crate::world::worlds;
use connect::IntegrationPatch;
use kernel::Scope;
use serde_json::json;
use std::time::Duration;

#[tokio::test]
async fn what_was_fetched_serves_again_for_a_while() {
    for world in worlds().await {
        world.origin.says("/me", &json!({ "name": "Ada" }));
        let rest = world.rest(json!({})).await;
        let fetch = async |more: serde_json::Value| {
            let mut body = map(json!({ "integration_id": rest, "path": "/me" }));
            body.extend(map(more));
            world.post("/api/v1/fetch", body.into()).await.expect(200)
        };
        let first = fetch(json!({})).await;
        assert_eq!((&first["data"], &first["status"]), (&json!({ "name": "Ada" }), &json!(200)));
        assert_eq!(first["cached"], false);
        let again = fetch(json!({})).await;
        assert_eq!((&again["cached"], &again["fetched_at"]), (&json!(true), &first["fetched_at"]));
        assert_eq!(fetch(json!({ "max_age_secs": 0 })).await["cached"], false);
        assert_eq!(fetch(json!({ "transform": ".name" })).await["data"], "Ada");
        assert_eq!(world.origin.hits("/me"), 3);
        world.advance(Duration::from_secs(31)).await;
        assert_eq!(fetch(json!({})).await["cached"], false);
        assert_eq!(fetch(json!({ "max_age_secs": 60 })).await["cached"], true);

        // Other names for the same.
        let spec = json!({ "sourceId": rest, "endpoint": "/me" });
        assert_eq!(world.post("/api/v1/fetch", spec).await.expect(200)["cached"], true);
        let whole = json!({ "source_id": rest, "url": format!("{}/me", world.origin.base) });
        assert_eq!(world.post("/api/v1/fetch", whole).await.expect(200)["data"]["name"], "Ada");

        // Other settings of the integration, another answer.
        let config = Some(map(json!({ "base_url": world.origin.base, "query": { "v": "2" } })));
        world.advance(Duration::from_millis(1)).await;
        world.change_integration(rest, IntegrationPatch { config, ..Default::default() }).await;
        assert_eq!(fetch(json!({})).await["cached"], false);
    }
}

#[tokio::test]
async fn those_who_ask_at_once_are_answered_together() {
    for world in worlds().await {
        world.origin.says("/held", &json!("slow"));
        let rest = world.rest(json!({})).await;
        // What has to be read first is read, so that nothing stands between the three and their request;
        // twice, for what is read while the news of the integration spreads is not kept.
        world.origin.says("/warm", &json!(1));
        let warm = json!({ "integration_id": rest, "path": "/warm", "max_age_secs": 0 });
        for _ in 0..2 {
            world.post("/api/v1/fetch", warm.clone()).await.expect(200);
        }
        let fetch = || async {
            let body = json!({ "integration_id": rest, "path": "/held" });
            world.post("/api/v1/fetch", body).await.expect(200)
        };
        let release = async {
            world.origin.holds_one().await;
            world.origin.release();
        };
        let (one, two, three, ()) = tokio::join!(fetch(), fetch(), fetch(), release);
        assert!(one["data"] == "slow" && two["data"] == "slow" && three["data"] == "slow");
        assert_eq!(world.origin.hits("/held"), 1);
    }
}

#[tokio::test]
async fn what_cannot_be_fetched_is_said() {
    for world in worlds().await {
        world.origin.says("/me", &json!(1));
        let rest = world.rest(json!({})).await;
        let fetch = async |body| world.post("/api/v1/fetch", body).await;
        let unknown = json!({ "sourceId": kernel::IntegrationId::generate(
            world.clock.now(), world.test.db.entropy()) });
        fetch(unknown).await.refused(404, "request.not_found");
        let nowhere = json!({ "integration_id": rest, "path": "/nowhere" });
        fetch(nowhere).await.refused(422, "feed.upstream_status");
        let inside = json!({ "integration_id": rest, "url": "http://10.0.0.1/" });
        fetch(inside).await.refused(422, "egress.bad_url");

        let other = world.test.workspace("other").await;
        let body = json!({ "integration_id": rest, "path": "/me" });
        fetch(body.clone()).await.expect(200);
        let foreign = request(Some(owner(&other)), "POST", "/api/v1/fetch", &[], &body);
        world.node.send(foreign).await.refused(404, "request.not_found");
        let reader = with_scopes(&world.workspace, &[Scope::FeedsRead]);
        let reader = request(Some(reader), "POST", "/api/v1/fetch", &[], &body);
        world.node.send(reader).await.refused(403, "auth.missing_scope");

        let off = IntegrationPatch { enabled: Some(false), ..Default::default() };
        world.change_integration(rest, off).await;
        fetch(body).await.refused(409, "integration.disabled");
    }
}

#[tokio::test]
async fn what_may_change_something_is_sent_each_time() {
    for world in worlds().await {
        world.origin.says("/order", &json!({ "data": { "ok": true } }));
        let rest = world.rest(json!({})).await;
        let mut hits = 0;
        for method in ["POST", "PUT", "PATCH", "DELETE"] {
            let body = json!({ "integration_id": rest, "path": "/order", "method": method });
            for _ in 0..2 {
                let fetched = world.post("/api/v1/fetch", body.clone()).await.expect(200);
                hits += 1;
                assert_eq!(fetched["cached"], false, "{method}");
                assert_eq!(world.origin.hits("/order"), hits, "{method}");
            }
        }
        // GraphQL asks by POST, too.
        let config = map(json!({
            "endpoint": format!("{}/order", world.origin.base), "query": "{ orders }",
        }));
        let draft = connect::IntegrationDraft { config, ..world.draft("graphql") };
        let graphql = world.integration(draft).await;
        for (body, cached) in [
            (json!({}), true),
            (json!({ "body": { "query": "mutation { order(seat: 7) }" } }), false),
        ] {
            let mut wanted = map(body);
            wanted.insert("integration_id".to_owned(), json!(graphql));
            let wanted = serde_json::Value::Object(wanted);
            world.post("/api/v1/fetch", wanted.clone()).await.expect(200);
            let again = world.post("/api/v1/fetch", wanted.clone()).await.expect(200);
            assert_eq!(again["cached"], cached, "{wanted}");
        }
    }
}
