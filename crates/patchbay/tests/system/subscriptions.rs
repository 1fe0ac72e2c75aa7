//! Pushes that are asked for: subscribed to when an account is connected, renewed before they end, ended
//! with it, against the sandbox's hub and its Graph.

use sandbox::{Faults, Outcome, PushEvent, Service};
use serde_json::{Value, json};

use crate::client::{Answer, Client};
use crate::running::eventually;
use crate::world::{World, path_of, text};

impl World {
    /// An artist's channel, whose subscription at the hub lasts so long.
    async fn channel(&self, lease_secs: u64) -> (String, Value) {
        let base = self.url(Service::Youtube);
        let config = json!({
            "auth_base": base, "oauth_base": base, "api_base": base, "analytics_base": base,
            "hub_base": base, "hub_lease_secs": lease_secs,
        });
        self.platform(Service::Youtube, config).await
    }

    async fn subscriptions(&self, integration: &str) -> Value {
        let path = format!("/api/v1/integrations/{integration}/subscriptions");
        self.owner.get(&path).await.expect(200)
    }

    /// The only one, as soon as it is so.
    async fn subscription_when(
        &self,
        integration: &str,
        what: &str,
        fits: impl Fn(&Value) -> bool,
    ) -> Value {
        eventually(what, async || {
            let list = self.subscriptions(integration).await;
            let all = list["data"].as_array().unwrap().clone();
            assert!(all.len() <= 1, "{list}");
            all.into_iter().next().filter(|one| fits(one))
        })
        .await
    }

    async fn active(&self, integration: &str) -> Value {
        self.subscription_when(integration, "active", |one| one["state"] == "active").await
    }

    /// What the sandbox knows of a platform.
    async fn known_there(&self, service: Service) -> Value {
        let there = Client::new(self.url(service).trim_start_matches("http://").parse().unwrap());
        there.get("/sandbox/state").await.expect(200)
    }

    /// The addresses that a platform pushes to.
    async fn callbacks(&self, service: Service) -> Vec<String> {
        let state = self.known_there(service).await;
        state["webhooks"].as_array().unwrap().iter().map(|one| text(&one["url"])).collect()
    }

    async fn updates(&self) -> usize {
        let events = self.owner.get("/api/v1/events?kind=metrics.updated").await.expect(200);
        events["data"].as_array().unwrap().len()
    }

    /// The open tasks about something.
    async fn tasks_about(&self, id: &str) -> Vec<Value> {
        let path = format!("/api/v1/tasks?status=open&about={id}");
        self.owner.get(&path).await.expect(200)["data"].as_array().unwrap().clone()
    }

    /// Pushes to a callback with this signature.
    async fn forge(&self, callback: &str, signature: &str) -> Answer {
        let headers = [("content-type", "application/atom+xml"), ("x-hub-signature", signature)];
        let nobody = self.owner.nobody();
        nobody.send("POST", &path_of(callback), &headers, "<feed/>".to_owned()).await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_channel_is_subscribed_to_when_it_is_connected_and_its_pushes_are_read_once() {
    for world in World::all().await {
        let (integration, connection) = world.channel(86_400).await;
        let one = world.active(&integration).await;
        assert_eq!((&one["connection_id"], &one["name"]), (&connection["id"], &json!("channel")));
        assert!(one["topic"].as_str().unwrap().contains("channel_id=UC"), "{one}");
        assert!(one["expires_at"].is_string() && one["error"].is_null(), "{one}");

        eventually("the first numbers", async || (world.updates().await == 1).then_some(())).await;
        let platform = world.sandbox.platform(Service::Youtube).unwrap();
        for _ in 0..3 {
            let told = platform.push("aurel", PushEvent::Post).await.unwrap();
            assert_eq!(told.len(), 1);
            assert_eq!(told[0].outcome, Outcome::Answered(200));
        }
        eventually("new numbers", async || (world.updates().await > 1).then_some(())).await;
        assert_eq!(world.updates().await, 2, "three pushes, one question");
        let inbox = format!("/api/v1/inbound-events?integration_id={integration}");
        let inbox = world.owner.get(&inbox).await.expect(200);
        assert_eq!(inbox["data"][0]["verified_by"], "websub", "{inbox}");

        // Nobody else knows the secret, and there is nothing to be guessed at.
        let callback = world.callbacks(Service::Youtube).await.remove(0);
        let refused = world.forge(&callback, &format!("sha1={}", "0".repeat(40))).await;
        assert_eq!((refused.status, refused.code().as_str()), (401, "webhook.signature_invalid"));
        let elsewhere = callback.replace("/sub_01", "/sub_00");
        assert_eq!(world.forge(&elsewhere, "sha1=00").await.status, 404);
        let other_topic = format!(
            "{}?hub.mode=subscribe&hub.topic=other&hub.challenge=7&hub.lease_seconds=9",
            path_of(&callback)
        );
        let refused = world.owner.nobody().get(&other_topic).await;
        assert_eq!((refused.status, refused.code().as_str()), (403, "webhook.handshake_failed"));

        let path = format!("/api/v1/connections/{}", text(&connection["id"]));
        assert_eq!(world.owner.delete(&path).await.status, 204);
        eventually("the hub forgot us", async || {
            world.callbacks(Service::Youtube).await.is_empty().then_some(())
        })
        .await;
        assert_eq!(world.subscriptions(&integration).await["data"], json!([]));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lease_is_renewed_before_it_ends_and_a_hub_that_is_down_makes_one_task() {
    for world in World::all().await {
        let (integration, _) = world.channel(5).await;
        let first = world.active(&integration).await;
        let later = |one: &Value| one["expires_at"].as_str() > first["expires_at"].as_str();
        let renewed = world.subscription_when(&integration, "renewed", later).await;
        assert_eq!(renewed["state"], "active");
        assert!(renewed["confirmed_at"].as_str() < first["expires_at"].as_str(), "{renewed}");

        world.faults(Service::Youtube, Faults { server_error: true, ..Faults::default() });
        let failed = |one: &Value| one["state"] == "failed";
        let failed = world.subscription_when(&integration, "failed", failed).await;
        assert!(failed["failures"].as_u64() >= Some(3), "{failed}");
        assert_eq!(failed["error"]["code"], "subscription.refused", "{failed}");
        let id = text(&failed["id"]);
        eventually("another attempt", async || {
            let now = world.subscriptions(&integration).await["data"][0].clone();
            (now["failures"].as_u64() > failed["failures"].as_u64()).then_some(())
        })
        .await;
        let tasks = world.tasks_about(&id).await;
        assert_eq!(tasks.len(), 1, "{tasks:?}");
        assert_eq!(tasks[0]["title"], "YouTube does not push");

        world.faults(Service::Youtube, Faults::default());
        let path = format!("/api/v1/integrations/{integration}/subscriptions/{id}/renew");
        world.post(&path, json!({})).await;
        let again = world.active(&integration).await;
        assert_eq!((&again["failures"], &again["error"]), (&json!(0), &Value::Null));
        assert_eq!(world.tasks_about(&id).await, Vec::<Value>::new());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_switched_off_is_ended_and_asked_for_again_when_it_is_wanted() {
    let world = World::new().await;
    let (integration, connection) = world.channel(86_400).await;
    let one = world.active(&integration).await;
    let list = format!("/api/v1/integrations/{integration}/subscriptions");
    let path = format!("{list}/{}", text(&one["id"]));
    assert_eq!(world.owner.delete(&path).await.status, 204);
    let gone = async || world.callbacks(Service::Youtube).await.is_empty().then_some(());
    eventually("the hub forgot us", gone).await;
    let refused = world.owner.post(&format!("{path}/renew"), json!({})).await;
    assert_eq!((refused.status, refused.code().as_str()), (409, "request.conflict"));
    assert_eq!(world.subscriptions(&integration).await["data"][0]["state"], "off");

    world.post(&list, json!({ "connection_id": connection["id"] })).await;
    world.active(&integration).await;

    let path = format!("/api/v1/integrations/{integration}");
    world.owner.json("PATCH", &path, json!({ "enabled": false })).await.expect(200);
    eventually("the hub forgot us", gone).await;
    world.owner.json("PATCH", &path, json!({ "enabled": true })).await.expect(200);
    world.active(&integration).await;
    assert_eq!(world.owner.delete(&path).await.status, 204);
    eventually("the hub forgot us", gone).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn graph_is_asked_for_what_is_watched_and_the_subscription_is_prolonged() {
    for world in World::all().await {
        let base = world.url(Service::Microsoft);
        let config = json!({
            "auth_base": base, "api_base": base, "watch": "me/events", "watch_secs": 5,
        });
        let (integration, connection) = world.platform(Service::Microsoft, config).await;
        let first = world.active(&integration).await;
        assert_eq!((&first["topic"], &first["name"]), (&json!("me/events"), &json!("changes")));

        let platform = world.sandbox.platform(Service::Microsoft).unwrap();
        let told = platform.push("aurel", PushEvent::Post).await.unwrap();
        assert_eq!(told[0].outcome, Outcome::Answered(202), "{told:?}");
        let inbox = format!("/api/v1/inbound-events?integration_id={integration}");
        let inbox = world.owner.get(&inbox).await.expect(200);
        assert_eq!(inbox["data"][0]["verified_by"], "ms-graph-clientstate", "{inbox}");
        let callback = world.callbacks(Service::Microsoft).await.remove(0);
        let forged = json!({ "value": [{ "clientState": "guessed", "changeType": "created" }] });
        let refused = world.owner.nobody().post(&path_of(&callback), forged).await;
        assert_eq!(refused.status, 401, "{}", refused.text());

        let later = |one: &Value| one["expires_at"].as_str() > first["expires_at"].as_str();
        let renewed = world.subscription_when(&integration, "prolonged", later).await;
        assert_eq!((&renewed["state"], &renewed["id"]), (&json!("active"), &first["id"]));
        assert_eq!(world.callbacks(Service::Microsoft).await, [callback], "it is the same one");

        // Another resource is another subscription there.
        let path = format!("/api/v1/integrations/{integration}");
        let config = json!({
            "auth_base": base, "api_base": base, "watch": "me/messages", "watch_secs": 500,
        });
        world.owner.json("PATCH", &path, json!({ "config": config })).await.expect(200);
        let moved = |one: &Value| one["topic"] == "me/messages" && one["state"] == "active";
        world.subscription_when(&integration, "moved", moved).await;
        assert_eq!(world.callbacks(Service::Microsoft).await.len(), 1);

        let path = format!("/api/v1/connections/{}", text(&connection["id"]));
        assert_eq!(world.owner.delete(&path).await.status, 204);
        assert_eq!(world.callbacks(Service::Microsoft).await, Vec::<String>::new());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_person_sets_up_says_so() {
    let world = World::new().await;
    let body = json!({ "name": "Meetings", "provider": "zoom", "config": {}, "credentials": { "secret_token": "s" } });
    let integration = text(&world.post("/api/v1/integrations", body).await["id"]);
    let list = world.subscriptions(&integration).await;
    assert_eq!((&list["data"], &list["offered"]), (&json!([]), &json!([])));
    assert!(list["by_hand"]["url"].as_str().unwrap().starts_with("https://"), "{list}");
    let path = format!("/api/v1/integrations/{integration}/subscriptions");
    let refused = world.owner.post(&path, json!({})).await;
    assert_eq!((refused.status, refused.code().as_str()), (409, "subscription.by_hand"));
}
