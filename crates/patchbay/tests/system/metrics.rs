//! Numbers of accounts, against the sandbox's platforms: read, kept by day, missed when they are gone.

use sandbox::{Faults, Outcome, PushEvent, Service};
use serde_json::{Value, json};

use crate::client::Client;
use crate::running::eventually;
use crate::world::{World, path_of, text};

const VERIFY: &str = "made up by both";

impl World {
    /// An account of the artist Aurel on a platform, as the connection of a subject of that name.
    pub(crate) async fn platform(&self, service: Service, config: Value) -> (String, Value) {
        let platform = self.sandbox.platform(service).unwrap();
        let mut credentials = json!({
            "client_id": platform.client_id(), "client_secret": platform.client_secret().expose(),
        });
        if service == Service::Instagram {
            credentials["webhook_verify_token"] = json!(VERIFY);
        }
        let body = json!({
            "name": service.name(), "provider": service.name(), "config": config,
            "credentials": credentials,
        });
        let integration = text(&self.post("/api/v1/integrations", body).await["id"]);
        let url = self.begin(&integration, json!({ "subject": "aurel" })).await;
        let address = self.url(service).trim_start_matches("http://").parse().unwrap();
        let agreed = path_of(&format!("{url}&auto=allow&account=aurel"));
        let there = Client::new(address).get(&agreed).await;
        assert!((300..400).contains(&there.status), "{} {}", there.status, there.text());
        let landed = self.owner.nobody().get(&path_of(there.header("location"))).await;
        assert_eq!(landed.status, 200, "{}", landed.text());
        let path = format!("/api/v1/connections?integration_id={integration}");
        (integration, self.owner.get(&path).await.expect(200)["data"][0].clone())
    }

    async fn instagram(&self) -> (String, Value) {
        let base = self.url(Service::Instagram);
        let config = json!({ "auth_base": base, "oauth_base": base, "api_base": base });
        self.platform(Service::Instagram, config).await
    }

    async fn spotify(&self) -> (String, Value) {
        let base = self.url(Service::Spotify);
        self.platform(Service::Spotify, json!({ "auth_base": base, "api_base": base })).await
    }

    async fn sync(&self) -> Value {
        self.post("/api/v1/sync", json!({ "subject": "aurel" })).await["data"][0].clone()
    }

    async fn rows(&self) -> Vec<Value> {
        let found = self.owner.get("/api/v1/metrics?subject=aurel").await.expect(200);
        found["data"].as_array().unwrap().clone()
    }

    async fn drifts(&self) -> Value {
        self.owner.get("/api/v1/drifts").await.expect(200)["data"].clone()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn numbers_are_read_when_an_account_is_connected_and_kept_by_day() {
    for world in World::all().await {
        let (_, connection) = world.instagram().await;
        let first = eventually("the first numbers", async || world.rows().await.pop()).await;
        assert_eq!((&first["platform"], &first["subject"]), (&json!("instagram"), &json!("aurel")));
        let metrics = &first["metrics"];
        for name in ["followers", "following", "posts"] {
            assert!(metrics[name].is_u64(), "{name}: {first}");
        }
        assert!(metrics["engagement_rate"].is_number(), "{first}");
        assert!(first["estimated"]["engagement_rate"].is_string(), "{first}");
        assert!(metrics.get("streams").is_none(), "what is not told is absent: {first}");

        let synced = world.sync().await;
        assert_eq!((&synced["status"], &synced["message"]), (&json!("success"), &Value::Null));
        assert!(synced["metrics_updated"].as_u64() >= Some(4), "{synced}");
        let days: Vec<_> = world.rows().await.iter().map(|row| row["date"].clone()).collect();
        assert!(days.len() <= 2, "one row a day, also at midnight: {days:?}");
        let now = world.connection(&text(&connection["id"])).await;
        assert!(now["synced_at"].is_string(), "{now}");

        let subjects = world.owner.get("/api/v1/subjects").await.expect(200);
        let platform = &subjects["data"][0]["platforms"][0];
        assert_eq!(
            (&platform["platform"], &platform["status"]),
            (&json!("instagram"), &json!("active"))
        );
        assert_eq!(platform["last_date"], days[days.len() - 1]);
        let csv = world.owner.get("/api/v1/metrics.csv?subject=aurel").await;
        assert_eq!(csv.header("content-type"), "text/csv; charset=utf-8");
        assert!(csv.text().starts_with("date,platform,subject,followers,"), "{}", csv.text());
        let events = world.owner.get("/api/v1/events?kind=metrics.updated").await.expect(200);
        assert!(!events["data"].as_array().unwrap().is_empty());

        let kpis = world.owner.get("/api/v1/kpis").await.expect(200);
        let value = |name: &str, platform: Value| {
            let kpis = kpis["data"].as_array().unwrap();
            let fits = |it: &&Value| it["name"] == name && it["platform"] == platform;
            kpis.iter().find(fits).unwrap()["value"].clone()
        };
        assert!(value("freshness", json!("instagram")).as_f64().unwrap() < 1.0, "{kpis}");
        assert_eq!(value("manual_reconnects", Value::Null), 0.0, "{kpis}");
        assert_eq!(value("auto_recovery", Value::Null), Value::Null, "{kpis}");
        let gauge = "patchbay_kpi{kpi=\"freshness\",platform=\"instagram\"}";
        eventually("the gauges", async || {
            world.owner.get("/metrics").await.text().contains(gauge).then_some(())
        })
        .await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn which_artist_is_meant_is_for_a_person_to_say() {
    for world in World::all().await {
        let (_, connection) = world.spotify().await;
        let missed = world.sync().await;
        assert_eq!(
            (&missed["status"], &missed["code"]),
            (&json!("error"), &json!("metrics.artist_missing"))
        );

        let path = format!("/api/v1/connections/{}/artist", text(&connection["id"]));
        let found = world.post(&format!("{path}-candidates"), json!({ "name": "Aurel" })).await;
        let best = &found["data"][0];
        assert_eq!(best["name"], "Aurel", "{found}");
        assert!(best["score"].as_f64() >= Some(0.8), "{found}");
        let synced = world.owner.json("PUT", &path, json!({ "id": best["id"] })).await.expect(200);
        assert_eq!(synced["status"], "success", "{synced}");
        let rows = world.rows().await;
        let metrics = &rows[0]["metrics"];
        assert!(metrics["followers"].is_u64() && metrics["recent_releases"].is_u64(), "{rows:?}");
        assert!(metrics["top_track"].is_string() && metrics["genres"].is_array(), "{rows:?}");

        // The choice outlives a reconnect.
        let again = format!("/api/v1/connections/{}/reconnect", text(&connection["id"]));
        let url = text(&world.post(&again, json!({})).await["authorize_url"]);
        let address = world.url(Service::Spotify).trim_start_matches("http://").parse().unwrap();
        let there =
            Client::new(address).get(&path_of(&format!("{url}&auto=allow&account=aurel"))).await;
        let landed = world.owner.nobody().get(&path_of(there.header("location"))).await;
        assert_eq!(landed.status, 200, "{}", landed.text());
        assert_eq!(world.sync().await["status"], "success");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_number_that_is_gone_is_named_and_the_others_arrive() {
    for world in World::all().await {
        world.instagram().await;
        eventually("the first numbers", async || world.rows().await.pop()).await;
        assert_eq!(world.drifts().await, json!([]));
        world.faults(Service::Instagram, Faults { field_removed: true, ..Faults::default() });
        for _ in 0..2 {
            let synced = world.sync().await;
            assert_eq!(synced["status"], "success", "{synced}");
        }
        let rows = world.rows().await;
        let metrics = &rows.last().unwrap()["metrics"];
        assert!(metrics["posts"].is_u64() && metrics.get("followers").is_none(), "{rows:?}");
        let drifts = world.drifts().await;
        let one = &drifts[0];
        assert_eq!((&one["metric"], &one["platform"]), (&json!("followers"), &json!("instagram")));
        assert!(one["problem"].as_str().unwrap().contains(".account.followers_count"), "{drifts}");
        assert_eq!(drifts.as_array().unwrap().len(), 1, "{drifts}");
        let told = world.owner.get("/api/v1/notifications").await.expect(200);
        let told = told["data"].as_array().unwrap().clone();
        let drift = |it: &&Value| it["title"] == "Instagram no longer tells followers";
        assert_eq!(told.iter().filter(drift).count(), 1, "{told:?}");

        world.faults(Service::Instagram, Faults::default());
        assert_eq!(world.sync().await["status"], "success");
        assert_eq!(world.drifts().await, json!([]));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_access_that_ended_asks_for_a_person() {
    for world in World::all().await {
        let (_, connection) = world.instagram().await;
        eventually("the first numbers", async || world.rows().await.pop()).await;
        world.sandbox.platform(Service::Instagram).unwrap().revoke(None);
        let refused = world.sync().await;
        assert_eq!(refused["status"], "requires_reconnection", "{refused}");
        assert!(refused["message"].is_string(), "{refused}");
        let now = world.connection(&text(&connection["id"])).await;
        assert!(["expired", "revoked"].contains(&now["status"].as_str().unwrap()), "{now}");
        assert!(!world.rows().await.is_empty(), "what was read stays");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_platform_pushes_is_read_soon_and_once() {
    for world in World::all().await {
        let (integration, _) = world.instagram().await;
        eventually("the first numbers", async || world.rows().await.pop()).await;
        let updates = async || {
            let events = world.owner.get("/api/v1/events?kind=metrics.updated").await.expect(200);
            events["data"].as_array().unwrap().len()
        };
        assert_eq!(updates().await, 1);
        let callback = format!("http://{}/api/webhooks/{integration}", world.owner.address);
        let platform = world.sandbox.platform(Service::Instagram).unwrap();
        platform.register_webhook(&callback, VERIFY).await.unwrap();
        for _ in 0..3 {
            let told = platform.push("aurel", PushEvent::Comment).await.unwrap();
            assert!(told.iter().all(|one| one.outcome == Outcome::Answered(200)), "{told:?}");
        }
        eventually("new numbers", async || (updates().await > 1).then_some(())).await;
        assert_eq!(updates().await, 2, "three pushes, one question");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whose_numbers_to_read_must_be_said() {
    let world = World::new().await;
    for body in [
        json!({}),
        json!({ "workspace": true, "subject": "aurel" }),
        json!({ "workspace": true, "everything": true }),
        json!({ "workspace": true, "id": "no spaces" }),
    ] {
        let refused = world.owner.post("/api/v1/sync", body).await;
        assert_eq!((refused.status, refused.code().as_str()), (422, "request.invalid"));
    }
    let nothing = world.post("/api/v1/sync", json!({ "workspace": true })).await;
    assert_eq!(nothing["data"], json!([]));
    let refused = world.owner.get("/api/v1/metrics?from=soon").await;
    assert_eq!((refused.status, refused.code().as_str()), (400, "request.bad_query"));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_watches_sees_each_account_end() {
    for world in World::all().await {
        let (_, instagram) = world.instagram().await;
        eventually("the first numbers", async || world.rows().await.pop()).await;
        world.spotify().await;
        let mut stream = world.owner.open("/api/v1/events/stream").await;
        let body = json!({ "subject": "aurel", "id": "mine-1" });
        let synced = world.post("/api/v1/sync", body).await;
        assert_eq!(
            (&synced["id"], synced["data"].as_array().unwrap().len()),
            (&json!("mine-1"), 2)
        );
        let mut seen = Vec::new();
        while seen.len() < 2 {
            let event = stream
                .until(|name, event| {
                    name == "sync.progress" && event["data"]["sync_id"] == "mine-1"
                })
                .await;
            assert_eq!(event["data"]["total"], 2, "{event}");
            seen.push(event);
        }
        let mut done: Vec<_> = seen.iter().map(|it| it["data"]["done"].as_u64()).collect();
        done.sort_unstable();
        assert_eq!(done, [Some(1), Some(2)]);
        let of = |platform: &str| {
            let found = seen.iter().find(|it| it["data"]["platform"] == platform);
            found.unwrap_or_else(|| panic!("{seen:?}"))
        };
        let read = &of("instagram");
        assert_eq!(
            (&read["subject"], &read["data"]["status"]),
            (&instagram["id"], &json!("success"))
        );
        let refused = &of("spotify")["data"];
        assert_eq!(refused["status"], "error", "{refused}");
        assert_eq!(refused["code"], "metrics.artist_missing", "{refused}");
        let logged = world.owner.get("/api/v1/events?kind=sync.progress").await.expect(200);
        assert_eq!(logged["data"], json!([]), "it is kept nowhere");

        // The owner of the instance has everybody read; nobody waits for it.
        let queued = world.post("/api/v1/sync", json!({ "everything": true })).await;
        assert_eq!((&queued["queued"], &queued["data"]), (&json!(2), &json!([])));
        let event = stream
            .until(|name, event| name == "sync.progress" && event["data"]["sync_id"].is_null())
            .await;
        assert_eq!((&event["data"]["done"], &event["data"]["total"]), (&json!(1), &json!(1)));
    }
}
