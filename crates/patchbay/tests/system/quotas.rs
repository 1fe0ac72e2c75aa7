//! Daily quotas, against the sandbox's YouTube: what is counted, what a spent quota holds back, and that
//! a restart does not forget it.

use sandbox::Service;
use serde_json::{Value, json};

use crate::client::{Answer, Client};
use crate::running::eventually;
use crate::world::{World, path_of, text};

/// A YouTube integration with the sandbox's own app and a connected channel, whose numbers have been read
/// for the first time: what else is asked is asked by the test.
async fn youtube(world: &World) -> (String, String) {
    let base = world.url(Service::Youtube);
    let platform = world.sandbox.platform(Service::Youtube).unwrap();
    let body = json!({
        "name": "Tube", "provider": "youtube",
        "config": { "auth_base": base, "oauth_base": base, "api_base": base },
        "oauth_client": {
            "client_id": platform.client_id(), "client_secret": platform.client_secret().expose(),
        },
    });
    let integration = text(&world.post("/api/v1/integrations", body).await["id"]);
    let path = format!("/api/v1/integrations/{integration}/connect");
    let begun = world.post(&path, json!({ "subject": "aurel" })).await;
    let back = platform.agree(&text(&begun["authorize_url"]), "aurel").await.unwrap();
    let landed = world.owner.nobody().get(&path_of(&back)).await;
    assert_eq!(landed.status, 200, "{}", landed.text());
    let path = format!("/api/v1/connections?integration_id={integration}");
    let synced = eventually("the first numbers are read", async || {
        let connection = world.owner.get(&path).await.expect(200)["data"][0].clone();
        Some(connection).filter(|it| it["synced_at"].is_string())
    });
    (integration, text(&synced.await["id"]))
}

/// Asks as a person who waits, for something else each time.
async fn ask(client: &Client, connection: &str, endpoint: &str, number: u32) -> Answer {
    let query = json!({ "q": number.to_string() });
    let body = json!({
        "connection_id": connection, "endpoint": endpoint, "query": query, "no_cache": true,
    });
    client.post("/api/v1/fetch", body).await
}

/// The daily quota of the integration.
async fn quota(client: &Client, integration: &str) -> Value {
    let path = format!("/api/v1/quotas?integration_id={integration}");
    let rows = client.get(&path).await.expect(200);
    let daily = rows["data"].as_array().unwrap().iter().find(|row| row["daily"] == true);
    daily.unwrap_or_else(|| panic!("{rows}")).clone()
}

/// Requests that reached the platform.
fn reached(world: &World) -> u64 {
    let counters = world.sandbox.platform(Service::Youtube).unwrap().counters();
    counters.requests.values().sum()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_quota_is_counted_held_to_and_not_forgotten() {
    for mut world in World::all().await {
        let (integration, connection) = youtube(&world).await;
        let begun = quota(&world.owner, &integration).await;
        let before = begun["used"].as_u64().unwrap();
        assert!(before > 0, "whose channel it is, and its numbers");
        assert_eq!((&begun["limit"], &begun["scope"]), (&json!(10_000), &json!("app")));

        let found = ask(&world.owner, &connection, "/search", 0).await;
        assert_eq!(found.status, 200, "{}", found.text());
        ask(&world.owner, &connection, "/channels", 0).await.expect(200);
        let now = quota(&world.owner, &integration).await;
        assert_eq!(now["used"], before + 101);
        assert!(now["forecast"]["text"].as_str().unwrap().contains("YouTube"), "{now}");
        let of_connection = format!("/api/v1/quotas?connection_id={connection}");
        assert_eq!(
            world.owner.get(&of_connection).await.expect(200)["data"][0]["used"],
            now["used"]
        );

        let left = u32::try_from(now["remaining"].as_u64().unwrap() / 100).unwrap();
        let searches = (1..=left).map(|number| ask(&world.owner, &connection, "/search", number));
        for found in futures::future::join_all(searches).await {
            assert_eq!(found.status, 200, "{}", found.text());
        }
        let sent = reached(&world);
        let refused = ask(&world.owner, &connection, "/search", left + 1).await;
        assert_eq!((refused.status, &*refused.code()), (429, "egress.quota_spent"));
        let wait: u64 = refused.header("retry-after").parse().unwrap();
        assert!(wait > 0 && wait <= 25 * 3600, "{wait}");

        // What is left is kept from feeds, which wait for the reset.
        let pull = json!({ "mode": "pull", "options": { "resource": "channels" } });
        let (feed, _) = world.feed(&integration, pull).await;
        let path = format!("/api/v1/feeds/{feed}");
        let waiting = eventually("the feed is refused", async || {
            Some(world.owner.get(&path).await.expect(200)).filter(|it| it["failures"] == 1)
        })
        .await;
        assert_eq!(waiting["error_code"], "egress.quota_spent", "{waiting}");
        let resets_at = text(&quota(&world.owner, &integration).await["resets_at"]);
        // As far as whole seconds go, texts are in the order of time.
        assert!(text(&waiting["refresh_at"])[..19] >= resets_at[..19], "{waiting}, {resets_at}");
        assert_eq!(reached(&world), sent, "nothing of it was sent");

        let metrics = world.owner.get("/metrics").await.text();
        assert!(
            metrics.contains("patchbay_quota_share_used{provider=\"youtube\"} 0.99"),
            "{metrics}"
        );

        let used = quota(&world.owner, &integration).await["used"].clone();
        world.server.stop().await;
        world.server = world.plan.serve().await;
        let owner = world.owner.at(world.server.client.address);
        assert_eq!(quota(&owner, &integration).await["used"], used);
        let refused = ask(&owner, &connection, "/search", left + 2).await;
        assert_eq!(refused.code(), "egress.quota_spent", "{}", refused.text());
        assert_eq!(reached(&world), sent);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_says_spent_is_believed_until_the_reset() {
    for world in World::all().await {
        let (integration, connection) = youtube(&world).await;
        // The same app is used elsewhere too.
        world.sandbox.platform(Service::Youtube).unwrap().set_quota(Some(0));
        let before = reached(&world);
        for number in 0..3 {
            let refused = ask(&world.owner, &connection, "/channels", number).await;
            assert_eq!((refused.status, &*refused.code()), (429, "egress.quota_spent"));
        }
        let sent = reached(&world) - before;
        assert!(sent <= 1, "the first was sent and not repeated, and no other: {sent}");
        let quota = quota(&world.owner, &integration).await;
        assert_eq!((&quota["used"], &quota["remaining"]), (&json!(10_000), &json!(0)));
        assert!(quota["forecast"]["text"].as_str().unwrap().contains("used up"), "{quota}");
        // It says nothing of the channel or its tokens.
        let path = format!("/api/v1/connections/{connection}");
        assert_eq!(world.owner.get(&path).await.expect(200)["status"], "active");
        let tested = world.post(&format!("{path}/test"), json!({})).await;
        assert_eq!((&tested["ok"], &tested["code"]), (&json!(false), &json!("egress.quota_spent")));
    }
}
