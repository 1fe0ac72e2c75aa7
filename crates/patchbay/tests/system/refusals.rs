//! What providers say when they should not, and what becomes of connections then: nothing is lost, and
//! every refusal says what to do.

use sandbox::{Faults, Service};
use serde_json::{Value, json};

use crate::running::eventually;
use crate::world::{World, path_of, text};

impl World {
    /// What a renewal of the connection answers.
    async fn renew(&self, id: &str) -> (u16, Value) {
        let path = format!("/api/v1/connections/{id}/refresh");
        let answer = self.owner.post(&path, json!({})).await;
        (answer.status, answer.json())
    }

    async fn ask(&self, id: &str) -> u16 {
        let body = json!({ "connection_id": id, "endpoint": "/me", "no_cache": true });
        self.owner.post("/api/v1/fetch", body).await.status
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_answer_that_is_none_is_no_expiry() {
    for world in World::all().await {
        let integration = world.oauth(json!({})).await;
        let id = text(&world.connected(&integration, "").await["id"]);
        for faults in [
            Faults { token_html: true, ..Faults::default() },
            Faults { token_empty: true, ..Faults::default() },
            Faults { token_huge: true, ..Faults::default() },
            Faults { token_ill_typed: true, ..Faults::default() },
        ] {
            world.faults(Service::Oauth, faults);
            let (status, problem) = world.renew(&id).await;
            assert_eq!((status, &problem["code"]), (422, &json!("connection.refresh_failed")));
            assert!(!problem.to_string().contains('<'), "{problem}");
            let kept = world.connection(&id).await;
            assert_eq!(kept["status"], "active", "the token that is there still serves: {kept}");
            assert_eq!(world.ask(&id).await, 200);
        }
        world.faults(Service::Oauth, Faults::default());
        assert_eq!(world.renew(&id).await.0, 200);
        let mended = world.connection(&id).await;
        assert_eq!((&mended["status"], &mended["failures"]), (&json!("active"), &json!(0)));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_refusal_is_asked_about_and_an_omitted_token_is_kept() {
    for world in World::all().await {
        let integration = world.oauth(json!({})).await;
        let id = text(&world.connected(&integration, "").await["id"]);
        world.faults(Service::Oauth, Faults { invalid_grant_once: true, ..Faults::default() });
        assert_eq!(world.renew(&id).await.0, 200);
        assert_eq!(world.connection(&id).await["status"], "active");

        let platform = world.sandbox.platform(Service::Oauth).unwrap();
        let mut rules = platform.rules();
        rules.model = sandbox::Model::Stable;
        platform.set_rules(rules);
        world.faults(Service::Oauth, Faults { refresh_omitted: true, ..Faults::default() });
        for _ in 0..3 {
            assert_eq!(world.renew(&id).await.0, 200, "with the refresh token from before");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mixed_up_provider_and_a_code_that_is_none_are_refused() {
    let world = World::new().await;
    let integration = world.oauth(json!({})).await;
    let nobody = world.owner.nobody();
    let url = world.begin(&integration, json!({})).await;
    let back = path_of(&world.back(&url, "auto=allow").await);
    let at = back.find("iss=").expect("the sandbox says who it is");
    let end = back[at..].find('&').map_or(back.len(), |end| at + end);
    let other = format!("{}iss=https%3A%2F%2Fevil.example{}", &back[..at], &back[end..]);
    let refused = nobody.get(&other).await;
    assert!(refused.status == 400 && refused.text().contains("oauth.issuer_mismatch"));

    let url = world.begin(&integration, json!({})).await;
    let back = path_of(&world.back(&url, "auto=allow").await);
    let elsewhere = back.replace("/api/v1/oauth/callback", "/auth/spotify/callback");
    let refused = nobody.get(&elsewhere).await;
    assert!(refused.status == 400 && refused.text().contains("oauth.issuer_mismatch"));

    let url = world.begin(&integration, json!({})).await;
    let back = path_of(&world.back(&url, "auto=allow").await);
    let at = back.find("code=").unwrap();
    let end = back[at..].find('&').map_or(back.len(), |end| at + end);
    let wrong = format!("{}code=nosuch{}", &back[..at], &back[end..]);
    let refused = nobody.get(&wrong).await;
    assert!(refused.status == 422 && refused.text().contains("oauth.exchange_failed"));
    for garbage in ["", "?state=", "?state=auth_1.x", "?code=a&code=b", "?state=%FF"] {
        let refused = nobody.get(&format!("/api/v1/oauth/callback{garbage}")).await;
        assert_eq!(refused.status, 400, "{garbage}: {}", refused.text());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn less_than_was_asked_for_is_said_and_a_wrong_app_is_told_from_an_expiry() {
    let world = World::new().await;
    let integration = world.oauth(json!({})).await;
    let url = world.begin(&integration, json!({})).await;
    let back = world.back(&url, "auto=allow&granted=profile").await;
    let landed = world.owner.nobody().get(&path_of(&back)).await;
    assert!(landed.status == 200 && landed.text().contains("Not granted"), "{}", landed.text());
    let list = world.owner.get("/api/v1/connections").await.expect(200);
    assert_eq!(list["data"][0]["missing_scopes"], json!(["offline_access"]));

    let id = text(&world.connected(&integration, "other").await["id"]);
    let credential = world.owner.get("/api/v1/credentials").await.expect(200);
    let credential = text(&credential["data"][0]["id"]);
    let wrong = json!({ "credentials": { "client_id": "app", "client_secret": "another" } });
    let path = format!("/api/v1/credentials/{credential}/rotate");
    assert_eq!(world.owner.post(&path, wrong).await.status, 200);
    let (status, problem) = world.renew(&id).await;
    assert_eq!((status, &problem["code"]), (422, &json!("connection.refresh_failed")));
    let degraded = world.connection(&id).await;
    assert_eq!(degraded["status"], "degraded", "{degraded}");
    assert_eq!(degraded["cause"]["code"], "oauth.client_refused");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_app_of_the_instance_is_shown_to_its_provider_alone() {
    let world = World::new().await;
    let shared = json!({
        "provider": "spotify", "scope": "network",
        "credentials": { "client_id": "of-the-instance", "client_secret": "never to be told" }
    });
    world.post("/api/v1/credentials", shared).await;
    let integration = async |config: Value| {
        let body = json!({
            "name": "Spotify", "provider": "spotify", "credential_scope": "network", "config": config
        });
        text(&world.post("/api/v1/integrations", body).await["id"])
    };
    let at_home = integration(json!({})).await;
    let url = world.begin(&at_home, json!({})).await;
    assert!(url.starts_with("https://accounts.spotify.com/authorize?"), "{url}");
    assert!(url.contains("client_id=of-the-instance"), "{url}");

    let elsewhere = integration(json!({ "auth_base": world.url(Service::Spotify) })).await;
    let path = format!("/api/v1/integrations/{elsewhere}/connect");
    let refused = world.owner.post(&path, json!({})).await;
    assert_eq!((refused.status, refused.code().as_str()), (422, "credential.owner"));
    assert_eq!(refused.json()["errors"][0]["pointer"], "/config/auth_base");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_provider_calls_expired_before_its_time_is_renewed_and_asked_again() {
    for world in World::all().await {
        let integration = world.oauth(json!({})).await;
        let platform = world.sandbox.platform(Service::Oauth).unwrap().clone();
        // It says eight seconds and means one.
        let rules = platform.rules();
        platform.set_rules(sandbox::TokenRules { access_secs: 1, told_secs: Some(8), ..rules });
        let id = text(&world.connected(&integration, "").await["id"]);
        let base = world.url(Service::Oauth).trim_start_matches("http://").parse().unwrap();
        eventually("the token to die", async || {
            let state = crate::client::Client::new(base).get("/sandbox/state").await.json();
            (state["counters"]["tokens_live"] == 0).then_some(())
        })
        .await;
        platform.set_rules(rules);
        let before = platform.counters().refreshes;
        // New tokens are not doubted within half of what they were said to hold.
        let served = eventually("an answer", async || (world.ask(&id).await == 200).then_some(()));
        served.await;
        assert_eq!(platform.counters().refreshes, before + 1);
        assert_eq!(world.connection(&id).await["status"], "active");
    }
}
