//! Accounts connected by OAuth, against the sandbox's authority: the way there and back, tokens that are
//! renewed, and what becomes of them when the provider says no.

use sandbox::{Faults, Service};
use serde_json::{Value, json};

use crate::client::{Answer, Client};
use crate::running::eventually;
use crate::world::{World, created, path_of, text};

const SECRET: &str = "a secret of the app";

impl World {
    /// An integration with the sandbox's OAuth provider by the book.
    pub(crate) async fn oauth(&self, more: Value) -> String {
        let base = self.url(Service::Oauth).to_owned();
        let platform = self.sandbox.platform(Service::Oauth).unwrap();
        let callback = format!("http://{}/api/v1/oauth/callback", self.owner.address);
        platform.register("app", SECRET, vec![callback]);
        let mut config = json!({
            "issuer": base, "base_url": format!("{base}/api"), "scopes": ["profile", "offline_access"],
        });
        for (name, value) in more.as_object().into_iter().flatten() {
            config[name] = value.clone();
        }
        let body = json!({
            "name": "By the book", "provider": "oauth2", "config": config,
            "oauth_client": { "client_id": "app", "client_secret": SECRET },
        });
        text(&self.post("/api/v1/integrations", body).await["id"])
    }

    /// Begins to connect; answers where the browser must go.
    pub(crate) async fn begin(&self, integration: &str, body: Value) -> String {
        let path = format!("/api/v1/integrations/{integration}/connect");
        text(&self.post(&path, body).await["authorize_url"])
    }

    /// Goes where a browser would, agreeing to everything; answers what the callback said.
    pub(crate) async fn agree(&self, authorize_url: &str, account: &str) -> Answer {
        let back = self.back(authorize_url, &format!("auto=allow&account={account}")).await;
        self.owner.nobody().get(&path_of(&back)).await
    }

    /// The address that the provider sends the browser back to.
    pub(crate) async fn back(&self, authorize_url: &str, choice: &str) -> String {
        let host = authorize_url.trim_start_matches("http://").split('/').next().unwrap();
        let there = Client::new(host.parse().unwrap())
            .get(&path_of(&format!("{authorize_url}&{choice}")))
            .await;
        assert!((300..400).contains(&there.status), "{} {}", there.status, there.text());
        there.header("location").to_owned()
    }

    /// A connected account.
    pub(crate) async fn connected(&self, integration: &str, subject: &str) -> Value {
        let url = self.begin(integration, json!({ "subject": subject })).await;
        let landed = self.agree(&url, "aurel").await;
        assert_eq!(landed.status, 200, "{}", landed.text());
        let path = format!("/api/v1/connections?integration_id={integration}&subject={subject}");
        self.owner.get(&path).await.expect(200)["data"][0].clone()
    }

    pub(crate) async fn connection(&self, id: &str) -> Value {
        self.owner.get(&format!("/api/v1/connections/{id}")).await.expect(200)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_is_connected_asked_and_disconnected() {
    for world in World::all().await {
        let integration = world.oauth(json!({})).await;
        let refused = world
            .owner
            .post("/api/v1/fetch", json!({ "integration_id": integration, "endpoint": "/me" }))
            .await;
        assert_eq!(refused.code(), "connection.not_authorized");
        let to_register = world.owner.get("/api/v1/instance").await.expect(200);
        let shown =
            world.owner.get(&format!("/api/v1/integrations/{integration}")).await.expect(200);
        assert_eq!(to_register["redirect_uri"], shown["redirect_uri"]);

        let connection = world.connected(&integration, "aurel").await;
        assert_eq!(connection["status"], "active", "{connection}");
        assert_eq!(connection["subject"], "aurel");
        assert!(connection["account"]["id"].is_string(), "{connection}");
        let id = text(&connection["id"]);
        let body = json!({ "connection_id": id, "endpoint": "/me", "no_cache": true });
        let me = world.post("/api/v1/fetch", body).await;
        assert_eq!(me["status"], 200, "{me}");

        let tested = world.post(&format!("/api/v1/connections/{id}/test"), json!({})).await;
        assert_eq!(tested["ok"], true, "{tested}");
        let path = format!("/api/v1/connections/{id}");
        assert_eq!(world.owner.delete(&path).await.status, 204);
        assert_eq!(world.owner.get(&path).await.status, 404);
        let counters = world.sandbox.platform(Service::Oauth).unwrap().counters();
        assert_eq!(counters.grants_live, 0, "it was given back");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_state_is_signed_used_once_and_bound_to_its_session() {
    for world in World::all().await {
        let integration = world.oauth(json!({})).await;
        let url = world.begin(&integration, json!({})).await;
        let back = path_of(&world.back(&url, "auto=allow").await);
        let nobody = world.owner.nobody();
        let forged = back.replace("state=auth_", "state=auth_0");
        assert_eq!(nobody.get(&forged).await.status, 400);
        let at = back.find("state=").unwrap() + "state=".len();
        let cut = back[at..].find('.').unwrap() + at;
        let end = back[cut..].find('&').map_or(back.len(), |end| cut + end);
        let resigned = format!("{}.AAAA{}", &back[..cut], &back[end..]);
        assert_eq!(nobody.get(&resigned).await.status, 400);

        assert_eq!(nobody.get(&back).await.status, 200);
        let again = nobody.get(&back).await;
        assert!(again.status == 400 && again.text().contains("oauth.state_invalid"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_says_no_is_taken_at_their_word() {
    let world = World::new().await;
    let integration = world.oauth(json!({})).await;
    let body = json!({ "return_url": "https://label.example/back?artist=1" });
    let url = world.begin(&integration, body).await;
    let back = world.back(&url, "auto=deny").await;
    let landed = world.owner.nobody().get(&path_of(&back)).await;
    assert_eq!(landed.status, 303);
    let to = landed.header("location");
    assert!(to.starts_with("https://label.example/back?artist=1&error=oauth.denied"), "{to}");
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens_are_renewed_once_however_many_ask() {
    for world in World::all().await {
        let integration = world.oauth(json!({})).await;
        let platform = world.sandbox.platform(Service::Oauth).unwrap().clone();
        let connection = world.connected(&integration, "aurel").await;
        let id = text(&connection["id"]);
        let before = platform.counters().refreshes;
        world.faults(Service::Oauth, Faults { token_slow_ms: 500, ..Faults::default() });
        let path = format!("/api/v1/connections/{id}/refresh");
        let all = (0..50).map(|_| world.owner.post(&path, json!({})));
        for answer in futures::future::join_all(all).await {
            assert_eq!(answer.status, 200, "{}", answer.text());
        }
        let counters = platform.counters();
        assert_eq!((counters.refreshes - before, counters.reuses), (1, 0));
        let after = world.connection(&id).await;
        assert_eq!(after["status"], "active");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revoked_grant_makes_one_task_that_reconnecting_closes() {
    for world in World::all().await {
        let integration = world.oauth(json!({})).await;
        let platform = world.sandbox.platform(Service::Oauth).unwrap().clone();
        let connection = world.connected(&integration, "aurel").await;
        let id = text(&connection["id"]);
        platform.revoke(None);
        for _ in 0..2 {
            let path = format!("/api/v1/connections/{id}/refresh");
            let refused = world.owner.post(&path, json!({})).await;
            assert_eq!(refused.code(), "connection.expired");
        }
        let expired = world.connection(&id).await;
        assert_eq!(expired["status"], "expired", "{expired}");
        let tasks = world.owner.get("/api/v1/tasks?status=open").await.expect(200);
        let tasks = tasks["data"].as_array().unwrap().clone();
        assert_eq!(tasks.len(), 1, "{tasks:?}");
        assert_eq!(
            (&tasks[0]["category"], &tasks[0]["priority"], &tasks[0]["impact_score"]),
            (&json!("business"), &json!("high"), &json!(8))
        );

        let path = format!("/api/v1/connections/{id}/reconnect");
        let url = text(&world.post(&path, json!({})).await["authorize_url"]);
        assert_eq!(world.agree(&url, "aurel").await.status, 200);
        let again = world.connection(&id).await;
        assert_eq!((&again["status"], &again["id"]), (&json!("active"), &json!(id)));
        let open = world.owner.get("/api/v1/tasks?status=open").await.expect(200);
        assert_eq!(open["data"], json!([]));

        // Another account under the same history would lie.
        let url = text(&world.post(&path, json!({})).await["authorize_url"]);
        let other = world.agree(&url, "mina-sol").await;
        assert!(other.status == 409 && other.text().contains("connection.other_account"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_short_token_is_renewed_in_the_background_and_a_feed_reads_on() {
    let world = World::new().await;
    let integration = world.oauth(json!({})).await;
    let platform = world.sandbox.platform(Service::Oauth).unwrap().clone();
    let mut rules = platform.rules();
    rules.access_secs = 3;
    platform.set_rules(rules);
    let connection = world.connected(&integration, "").await;
    let id = text(&connection["id"]);
    let body = json!({ "pull": { "path": "/me", "interval_secs": 1 } });
    let (feed, _) = world.feed(&integration, body).await;
    let shown = world.owner.get(&format!("/api/v1/feeds/{feed}")).await.expect(200);
    assert_eq!(shown["connection_id"], json!(id));
    world.data_when(&feed, "the account", |data| data["status"] == "ok").await;
    let renewed = eventually("a renewal", async || {
        let now = world.connection(&id).await;
        now["refreshed_at"].is_string().then_some(now)
    });
    assert_eq!(renewed.await["status"], "active");
    assert_eq!(world.data(&feed).await["status"], "ok");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connect_link_leads_a_person_there_and_is_bound_to_their_browser() {
    let world = World::new().await;
    let integration = world.oauth(json!({})).await;
    let path = format!("/api/v1/integrations/{integration}/connect");
    let begun = world.post(&path, json!({ "subject": "<b>aurel</b>" })).await;
    let link = path_of(&text(&begun["connect_link"]));
    let nobody = world.owner.nobody();
    let page = nobody.get(&link).await;
    assert_eq!(page.status, 200);
    assert!(page.text().contains("&lt;b&gt;aurel") && page.header("x-frame-options").is_empty());
    let gone = nobody.get(&format!("{link}x")).await;
    assert_eq!(gone.status, 410);

    let on = nobody.get(&format!("{link}/go")).await;
    assert_eq!(on.status, 303, "{}", on.text());
    let cookie = on.header("set-cookie").split(';').next().unwrap().to_owned();
    let back = path_of(&world.back(on.header("location"), "auto=allow").await);
    let elsewhere = nobody.get(&back).await;
    assert!(elsewhere.status == 400 && elsewhere.text().contains("oauth.other_browser"));
    let landed = nobody.with("cookie", &cookie).get(&back).await;
    assert_eq!(landed.status, 200, "{}", landed.text());
    created(world.owner.get("/api/v1/connections?subject=%3Cb%3Eaurel%3C%2Fb%3E").await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_agrees_on_another_device() {
    let world = World::new().await;
    let integration = world.oauth(json!({})).await;
    let path = format!("/api/v1/integrations/{integration}/connect/device");
    let shown = world.post(&path, json!({ "subject": "mina" })).await;
    let code = text(&shown["user_code"]);
    let address = text(&shown["verification_uri"]);
    let host = world.url(Service::Oauth).trim_start_matches("http://").parse().unwrap();
    let page = format!("{}?user_code={code}&auto=allow&account=mina-sol", path_of(&address));
    let agreed = Client::new(host).get(&page).await;
    assert!(agreed.status < 400, "{} {}", agreed.status, agreed.text());
    let connection = eventually("the connection", async || {
        let list = world.owner.get("/api/v1/connections?subject=mina").await.expect(200);
        Some(list["data"][0].clone()).filter(Value::is_object)
    });
    assert_eq!(connection.await["status"], "active");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flexible_source_is_connected_with_the_app_in_its_configuration() {
    let world = World::new().await;
    let platform = world.sandbox.platform(Service::Spotify).unwrap();
    let base = world.url(Service::Spotify).to_owned();
    let body = json!({
        "name": "Spotify API", "type": "api",
        "config": {
            "provider": "spotify", "clientId": platform.client_id(),
            "clientSecret": platform.client_secret().expose(), "scopes": ["user-top-read"],
            "authType": "oauth2", "auth_base": base, "api_base": base
        }
    });
    let source = text(&world.owner.post("/api/data-sources", body).await.expect(201)["id"]);
    let fetch = json!({ "sourceId": source, "endpoint": "/me/top/tracks" });
    let refused = world.owner.post("/api/fetch-data", fetch.clone()).await;
    assert_eq!(refused.code(), "connection.not_authorized");

    let url = world.begin(&source, json!({})).await;
    assert!(url.contains("scope=user-top-read&"), "{url}");
    let landed = world.agree(&url, "aurel").await;
    assert_eq!(landed.status, 200, "{}", landed.text());
    let fetched = world.owner.post("/api/fetch-data", fetch).await;
    assert_eq!(fetched.status, 200, "{}", fetched.text());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_app_is_connected_for_itself_and_asks_for_no_scopes_of_people() {
    for world in World::all().await {
        let platform = world.sandbox.platform(Service::Spotify).unwrap();
        let base = world.url(Service::Spotify);
        let secret = platform.client_secret().expose();
        let body = json!({
            "name": "The catalogue", "provider": "spotify",
            "config": { "grant": "client_credentials", "auth_base": base, "api_base": base },
            "oauth_client": { "client_id": platform.client_id(), "client_secret": secret },
        });
        let integration = text(&world.post("/api/v1/integrations", body).await["id"]);
        let path = format!("/api/v1/integrations/{integration}/connect");
        let connection = world.post(&path, json!({})).await["connection"].clone();
        assert_eq!(connection["scopes"], json!([]), "{connection}");
        let id = text(&connection["id"]);
        let query = json!({ "q": "aurel", "type": "artist" });
        let body = json!({ "connection_id": id, "endpoint": "/search", "query": query });
        assert_eq!(world.post("/api/v1/fetch", body).await["status"], 200);
        let tested = world.post(&format!("/api/v1/connections/{id}/test"), json!({})).await;
        assert_eq!(tested["ok"], true, "{tested}");
        assert_eq!(world.connection(&id).await["status"], "active");
    }
}
