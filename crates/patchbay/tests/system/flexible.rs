//! The flexible data sources, with its examples as they are printed.

use kernel::MASK;
use sandbox::Service;
use serde_json::{Value, json};

use crate::world::{World, created, text};

/// The printed example, example 1.
fn spotify() -> Value {
    json!({
        "name": "Spotify API",
        "type": "api",
        "config": {
            "provider": "spotify",
            "clientId": "abc123",
            "clientSecret": "xyz789",
            "scopes": ["user-top-read"],
            "baseUrl": "https://api.spotify.com/v1",
            "authType": "oauth2"
        }
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn sources_are_made_listed_and_deleted_as_printed() {
    for world in World::all().await {
        let made = world.owner.post("/api/data-sources", spotify()).await.expect(201);
        let mut shown = spotify();
        shown["config"]["clientSecret"] = json!(MASK);
        let listed = world.owner.get("/api/data-sources").await.expect(200);
        for source in [&made, &listed["sources"][0]] {
            assert_eq!(source["id"], made["id"]);
            assert!(source["created_at"].is_string());
            for field in ["name", "type", "config"] {
                assert_eq!(source[field], shown[field], "{source}");
            }
        }
        assert_eq!(listed.as_object().unwrap().keys().collect::<Vec<_>>(), ["sources"]);

        // The widget of the description refers to it; what needs OAuth is not authorized yet.
        let widget = json!({
            "title": "My Top Tracks",
            "dataSource": {
                "type": "api",
                "config": { "sourceId": made["id"], "endpoint": "/me/top/tracks" }
            },
            "visualization": {}
        });
        for body in [&widget["dataSource"]["config"], &json!({"dataSource": widget["dataSource"]})]
        {
            let refused = world.owner.post("/api/fetch-data", body.clone()).await;
            assert_eq!(refused.code(), "connection.not_authorized", "{}", refused.text());
        }

        let path = format!("/api/data-sources?id={}", text(&made["id"]));
        created(world.owner.delete(&path).await);
        assert_eq!(world.owner.delete(&path).await.status, 404);
        assert_eq!(world.owner.get("/api/data-sources").await.json(), json!({ "sources": [] }));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn databases_and_agents_are_for_later() {
    let world = World::new().await;
    let database = json!({
        "name": "Analytics DB",
        "type": "database",
        "config": {
            "type": "postgresql", "host": "db.example.com", "port": 5432, "database": "analytics",
            "username": "user", "password": "encrypted_password", "ssl": true
        }
    });
    let agent = json!({
        "name": "Music Recommendation Agent",
        "type": "agent",
        "config": {
            "agentId": "music-rec-v1", "apiUrl": "https://api.langgraph.dev/run",
            "apiKey": "lg_api_key_123"
        }
    });
    for body in [database, agent] {
        let refused = world.owner.post("/api/data-sources", body).await;
        assert_eq!((refused.status, refused.code().as_str()), (422, "provider.unsupported"));
        assert!(!refused.text().contains("encrypted_password"));
    }
    for (body, pointer) in [
        (json!({ "name": "x", "type": "nosuch", "config": {} }), "/type"),
        (json!({ "name": "", "type": "api", "config": {} }), "/name"),
        (json!({ "name": "x", "type": "api" }), "/config"),
    ] {
        let refused = world.owner.post("/api/data-sources", body.clone()).await;
        assert_eq!((refused.status, refused.code().as_str()), (422, "request.invalid"), "{body}");
        assert_eq!(refused.json()["errors"][0]["pointer"], pointer, "{body}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn data_are_fetched_through_a_source_with_its_keys() {
    let world = World::new().await;
    let key = world.sandbox.credentials().rest_api_key.expose().clone();
    let body = json!({
        "name": "Playground", "type": "api",
        "config": {
            "provider": "playground", "baseUrl": world.url(Service::Rest),
            "authType": "apiKey", "apiKey": key, "colour": "blue"
        }
    });
    let source = world.owner.post("/api/data-sources", body).await.expect(201);
    assert_eq!(
        (&source["config"]["apiKey"], &source["config"]["colour"]),
        (&json!(MASK), &json!("blue"))
    );
    let fetch = |endpoint: &str| json!({ "sourceId": source["id"], "endpoint": endpoint });
    let guarded = world.owner.post("/api/fetch-data", fetch("/rest/api-key-header")).await;
    let guarded = guarded.expect(200);
    assert_eq!(
        (&guarded["data"]["authenticated"], &guarded["cached"]),
        (&json!(true), &json!(false))
    );
    let again =
        world.owner.post("/api/fetch-data", fetch("/rest/api-key-header")).await.expect(200);
    assert_eq!((&again["cached"], &again["data"]), (&json!(true), &guarded["data"]));

    let refused = world.owner.post("/api/fetch-data", fetch("/rest/status/404")).await;
    assert_eq!((refused.status, refused.code().as_str()), (422, "feed.upstream_status"));
    let away = world.owner.post("/api/fetch-data", fetch("/rest/private-redirect")).await;
    assert_eq!(away.code(), "egress.address_forbidden", "{}", away.text());
    let round = world.owner.post("/api/fetch-data", fetch("/rest/loop")).await;
    assert_eq!(round.code(), "egress.too_many_redirects", "{}", round.text());
    assert!(!guarded.to_string().contains(&key));
}
