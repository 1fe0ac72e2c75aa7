//! Accounts connected by OAuth 1.0a: the sandbox checks every signature.

use sandbox::Service;
use serde_json::{Value, json};

use crate::world::{World, path_of, text};

impl World {
    /// An integration with X that signs.
    async fn signing(&self, client_secret: &str) -> String {
        let platform = self.sandbox.platform(Service::X).unwrap();
        let base = self.url(Service::X);
        let body = json!({
            "name": "X", "provider": "x",
            "config": { "grant": "oauth1", "auth_base": base, "api_base": base },
            "oauth_client": { "client_id": platform.client_id(), "client_secret": client_secret },
        });
        text(&self.post("/api/v1/integrations", body).await["id"])
    }

    async fn fetched(&self, connection: &str, more: Value) -> Value {
        let mut body = json!({ "connection_id": connection, "no_cache": true });
        for (name, value) in more.as_object().into_iter().flatten() {
            body[name] = value.clone();
        }
        self.post("/api/v1/fetch", body).await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_is_connected_and_every_request_of_it_is_signed() {
    for world in World::all().await {
        let platform = world.sandbox.platform(Service::X).unwrap().clone();
        let integration = world.signing(platform.client_secret().expose()).await;
        let connection = world.connected(&integration, "aurel").await;
        assert_eq!(connection["status"], "active", "{connection}");
        assert_eq!(connection["account"]["name"], "aurel", "the account was asked for, signed");
        assert_eq!(
            (&connection["expires_at"], &connection["can_refresh"]),
            (&Value::Null, &json!(false))
        );
        let id = text(&connection["id"]);

        // What is hard to encode is in the query, in the path and in a form.
        let query = json!({ "user.fields": "public_metrics,created_at", "note": "a b+c~d*é&=%" });
        let me = world.fetched(&id, json!({ "endpoint": "/users/me", "query": query })).await;
        assert_eq!(me["status"], 200, "{me}");
        let by_name =
            world.fetched(&id, json!({ "endpoint": "/users/by/username/mina_sol" })).await;
        assert_eq!(by_name["data"]["data"]["username"], "mina_sol", "{by_name}");
        let form = json!({
            "endpoint": "/account_activity/webhooks/7/subscriptions/all", "method": "POST",
            "query": { "one": "1" }, "body": { "$form": { "status": "Ladies + Gentlemen, 100 %" } },
        });
        let posted = world.fetched(&id, form).await;
        assert_eq!(posted["data"]["data"]["subscribed"], true, "{posted}");

        let tested = world.post(&format!("/api/v1/connections/{id}/test"), json!({})).await;
        assert_eq!(tested["ok"], true, "{tested}");
        let path = format!("/api/v1/connections/{id}");
        assert_eq!(world.owner.delete(&path).await.status, 204);
        assert_eq!(platform.counters().grants_live, 0, "it was given back");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_secret_and_a_person_who_refuses_are_told_apart() {
    for world in World::all().await {
        let platform = world.sandbox.platform(Service::X).unwrap().clone();
        let wrong = world.signing("not the secret").await;
        let path = format!("/api/v1/integrations/{wrong}/connect");
        let refused = world.owner.post(&path, json!({})).await;
        assert_eq!(refused.code(), "oauth.client_refused", "{}", refused.text());
        assert!(refused.text().contains("check its id and secret"), "{}", refused.text());

        let integration = world.signing(platform.client_secret().expose()).await;
        let url = world.begin(&integration, json!({})).await;
        let back = world.back(&url, "auto=deny").await;
        let landed = world.owner.nobody().get(&path_of(&back)).await;
        assert!(
            landed.status == 422 && landed.text().contains("oauth.denied"),
            "{}",
            landed.text()
        );

        // A token that was taken back is the account's matter and no fault of the app.
        let id = text(&world.connected(&integration, "").await["id"]);
        platform.revoke(None);
        let body = json!({ "connection_id": id, "endpoint": "/users/me", "no_cache": true });
        assert_eq!(world.owner.post("/api/v1/fetch", body).await.code(), "feed.upstream_status");
        assert_eq!(world.connection(&id).await["status"], "expired");
    }
}
