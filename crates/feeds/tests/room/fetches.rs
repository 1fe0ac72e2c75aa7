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
        // What has to be read first is read, so that nothing stands between the three and their request.
        world.origin.says("/warm", &json!(1));
        let warm = json!({ "integration_id": rest, "path": "/warm" });
        world.post("/api/v1/fetch", warm).await.expect(200);
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
