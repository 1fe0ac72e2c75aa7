use std::time::Duration;

use kernel::Secret;
use serde_json::{Value, json};

use super::*;
use crate::{Consent, Model, Sandbox, SandboxConfig, SandboxError, TokenRules};

#[tokio::test]
async fn somebody_agrees_and_the_app_learns_who() {
    let probe = Probe::start().await;
    for Paths { service, whoami, id, .. } in &PATHS {
        let service = *service;
        let path = authorize_path(&probe, service, &[("auto", "allow"), ("account", "mina-sol")]);
        let back = came_back(&probe.get(service, &path, &[]).await);
        assert_eq!(back["state"], "a state", "{service}");
        let issuer = probe.sandbox.url(service).filter(|_| service == Service::Oauth);
        assert_eq!(back.get("iss").map(String::as_str), issuer, "{service}");

        let answer = exchange(&probe, service, &back["code"]).await;
        assert_eq!((answer.status, answer.header("cache-control")), (200, "no-store"), "{service}");
        let tokens = answer.json();
        let me = api(&probe, service, whoami, &tokens["access_token"]).await;
        assert_eq!(me.status, 200, "{service} {}", me.text());
        let account = platform(&probe, service).account("mina-sol");
        let want = if service == Service::Spotify { account.name } else { account.id };
        assert_eq!(me.json().pointer(id), Some(&Value::from(want)), "{service} {}", me.text());
        assert_eq!(platform(&probe, service).counters().requests["mina-sol"], 1);

        // A code works once; the second use takes back what the first gave.
        let again = exchange(&probe, service, &back["code"]).await;
        let text = again.text();
        let said = text.contains("invalid_grant") || text.contains("The code has been used");
        assert!(said, "{service} {text}");
        assert_ne!(super::whoami(&probe, service, &tokens["access_token"]).await, 200, "{service}");
    }
}

#[tokio::test]
async fn what_does_not_fit_is_refused() {
    let probe = Probe::start().await;
    let oauth = Service::Oauth;
    for (more, error) in [
        (vec![("auto", "deny")], "access_denied"),
        (vec![("response_type", "token")], "unsupported_response_type"),
        (vec![("scope", "profile everything")], "invalid_scope"),
    ] {
        let back = came_back(&probe.get(oauth, &authorize_path(&probe, oauth, &more), &[]).await);
        assert_eq!((back["error"].as_str(), back["state"].as_str()), (error, "a state"));
    }
    for service in [Service::X, Service::Soundcloud] {
        let path = authorize_path(&probe, service, &[("code_challenge", "")]);
        assert_eq!(came_back(&probe.get(service, &path, &[]).await)["error"], "invalid_request");
    }
    for more in [("client_id", "nobody"), ("redirect_uri", "nowhere"), ("redirect_uri", "")] {
        let page = probe.get(oauth, &authorize_path(&probe, oauth, &[more]), &[]).await;
        assert_eq!((page.status, page.header("location")), (400, ""), "{more:?}");
    }
    let id = platform(&probe, oauth).client_id().to_owned();
    let secret = platform(&probe, oauth).client_secret().expose().clone();
    platform(&probe, oauth).register(&id, &secret, vec!["http://127.0.0.1:9/other".to_owned()]);
    let page = probe.get(oauth, &authorize_path(&probe, oauth, &[]), &[]).await;
    assert_eq!(page.status, 400, "a callback that is not registered");
    platform(&probe, oauth).register(&id, &secret, vec![CALLBACK.to_owned()]);

    let tried = async |code: &str, uri: &str, verifier: &str| {
        let fields = [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", uri),
            ("code_verifier", verifier),
        ];
        token(&probe, oauth, &fields).await.json()["error"].clone()
    };
    let fresh = code(&probe, oauth, &[]).await;
    assert_eq!(tried("guessed", CALLBACK, VERIFIER).await, "invalid_grant");
    assert_eq!(tried(&fresh, "http://127.0.0.1:9/callback", VERIFIER).await, "invalid_grant");
    assert_eq!(tried(&fresh, CALLBACK, "another").await, "invalid_grant");
    assert_eq!(tried(&fresh, CALLBACK, VERIFIER).await, Value::Null);
    for (service, secs) in [(oauth, 60), (Service::X, 30)] {
        let late = code(&probe, service, &[]).await;
        probe.clock.advance(Duration::from_secs(secs));
        assert_eq!(exchange(&probe, service, &late).await.json()["error"], "invalid_grant");
    }
    let bare = code(&probe, oauth, &[]).await;
    let fields =
        [("grant_type", "authorization_code"), ("code", &bare), ("redirect_uri", CALLBACK)];
    let unproven = token(&probe, oauth, &fields).await.json();
    assert_eq!(unproven["error"], "invalid_grant", "a challenge wants a verifier");
    for service in [oauth, Service::Youtube, Service::Soundcloud] {
        let fields = [
            ("grant_type", "refresh_token"),
            ("refresh_token", "any"),
            ("client_id", platform(&probe, service).client_id()),
            ("client_secret", "guessed"),
        ];
        let path = paths(service).token;
        let answer = probe.send("POST", service, path, &[], &form(&fields)).await.unwrap();
        let error = answer.json()["error"].clone();
        assert_eq!((answer.status, error), (401, json!("invalid_client")), "{service}");
    }
    // Basic and post are not the same to those who want one of them.
    let posted = form(&[("grant_type", "refresh_token"), ("client_id", "spotify-sandbox-client")]);
    let answer = probe.send("POST", Service::Spotify, "/api/token", &[], &posted).await.unwrap();
    assert_eq!((answer.status, &answer.json()["error"]), (401, &json!("invalid_client")));
}

#[tokio::test]
async fn a_rotating_token_works_once_and_its_reuse_kills_the_grant() {
    let probe = Probe::start().await;
    for service in [Service::Oauth, Service::Tiktok, Service::X, Service::Soundcloud] {
        let code = code(&probe, service, &[]).await;
        let first = exchange(&probe, service, &code).await.json();
        probe.clock.advance(HOUR * 2);
        assert_eq!(whoami(&probe, service, &first["access_token"]).await, 401, "{service}");
        let second =
            refresh(&probe, service, first["refresh_token"].as_str().unwrap()).await.json();
        assert_eq!(whoami(&probe, service, &second["access_token"]).await, 200, "{service}");
        assert_ne!(first["refresh_token"], second["refresh_token"], "{service}");

        let reused = refresh(&probe, service, first["refresh_token"].as_str().unwrap()).await;
        let status = if service == Service::Tiktok { 200 } else { 400 };
        assert_eq!((reused.status, &reused.json()["error"]), (status, &json!("invalid_grant")));
        assert_eq!(whoami(&probe, service, &second["access_token"]).await, 401, "{service}");
        let dead = refresh(&probe, service, second["refresh_token"].as_str().unwrap()).await.json();
        assert_eq!(dead["error"], "invalid_grant", "{service}");
        let counters = platform(&probe, service).counters();
        assert_eq!((counters.refreshes, counters.reuses, counters.refreshes_refused), (1, 1, 2));
        assert_eq!((counters.grants_live, counters.tokens_live), (0, 0), "{service}");
    }
}

#[tokio::test]
async fn a_grace_and_the_model_can_be_set() {
    let probe = Probe::start().await;
    let oauth = platform(&probe, Service::Oauth);
    oauth.set_rules(TokenRules { reuse_grace_secs: 30, ..oauth.rules() });
    let first = oauth.grant("aurel", None);
    let token = first["refresh_token"].as_str().unwrap();
    assert_eq!(refresh(&probe, Service::Oauth, token).await.status, 200);
    assert_eq!(refresh(&probe, Service::Oauth, token).await.status, 200);
    probe.clock.advance(Duration::from_secs(30));
    assert_eq!(refresh(&probe, Service::Oauth, token).await.status, 400);

    oauth.set_rules(TokenRules { model: Model::Stable, access_secs: 30, ..oauth.rules() });
    let first = oauth.grant("aurel", None);
    assert_eq!(first["expires_in"], 30);
    let token = first["refresh_token"].as_str().unwrap();
    for _ in 0..30 {
        assert_eq!(refresh(&probe, Service::Oauth, token).await.json()["refresh_token"], token);
    }
}

#[tokio::test]
async fn stable_tokens_stay_and_are_sometimes_replaced() {
    let probe = Probe::start().await;
    let google =
        exchange(&probe, Service::Youtube, &code(&probe, Service::Youtube, &[]).await).await;
    let kept = google.json()["refresh_token"].as_str().unwrap().to_owned();
    for _ in 0..3 {
        let answer = refresh(&probe, Service::Youtube, &kept).await.json();
        assert_eq!(
            (answer["expires_in"].as_u64(), answer.get("refresh_token")),
            (Some(3_599), None)
        );
    }
    // The second time Google gives none, unless it is asked to ask.
    for (prompt, given) in [("none", false), ("consent", true)] {
        let code = code(&probe, Service::Youtube, &[("prompt", prompt)]).await;
        let answer = exchange(&probe, Service::Youtube, &code).await.json();
        assert_eq!(answer.get("refresh_token").is_some(), given, "{prompt}");
    }
    let spotify = platform(&probe, Service::Spotify).grant("aurel", None);
    let kept = spotify["refresh_token"].as_str().unwrap();
    let mut replaced = Value::Null;
    for nth in 1..=3 {
        replaced = refresh(&probe, Service::Spotify, kept).await.json();
        assert_eq!(replaced.get("refresh_token").is_some(), nth == 3, "{replaced}");
    }
    assert_eq!(refresh(&probe, Service::Spotify, kept).await.status, 400, "it was replaced");
    let next = refresh(&probe, Service::Spotify, replaced["refresh_token"].as_str().unwrap()).await;
    assert_eq!((next.status, platform(&probe, Service::Spotify).counters().reuses), (200, 0));
}

#[tokio::test]
async fn instagrams_tokens_extend_themselves_while_they_live() {
    let probe = Probe::start().await;
    let instagram = Service::Instagram;
    let short = exchange(&probe, instagram, &code(&probe, instagram, &[]).await).await.json();
    assert_eq!(short.get("expires_in"), None);
    let secret = platform(&probe, instagram).client_secret().expose().clone();
    let lengthen = async |secret: &str| {
        let fields = [
            ("grant_type", "ig_exchange_token"),
            ("client_secret", secret),
            ("access_token", short["access_token"].as_str().unwrap()),
        ];
        probe.get(instagram, &format!("/access_token?{}", form(&fields)), &[]).await
    };
    assert_eq!(lengthen("guessed").await.status, 401);
    let long = lengthen(&secret).await.json();
    assert_eq!(long["expires_in"], 5_183_944);
    let extend = async |token: &Value| {
        let token = token.as_str().unwrap();
        let fields = [("grant_type", "ig_refresh_token"), ("access_token", token)];
        probe.get(instagram, &format!("/refresh_access_token?{}", form(&fields)), &[]).await
    };
    assert_eq!(extend(&long["access_token"]).await.status, 400, "too young");
    probe.clock.advance(DAY);
    assert_eq!(whoami(&probe, instagram, &short["access_token"]).await, 400, "it was a short one");
    let extended = extend(&long["access_token"]).await.json();
    assert_eq!(extended["expires_in"], 5_183_944, "{extended}");
    probe.clock.advance(DAY * 60);
    let dead = extend(&extended["access_token"]).await;
    assert_eq!((dead.status, &dead.json()["error"]["code"]), (400, &json!(190)));
    assert_eq!(platform(&probe, instagram).counters().refreshes, 1);
}

#[tokio::test]
async fn facebooks_pages_have_tokens_of_their_own() {
    let probe = Probe::start().await;
    let facebook = Service::Facebook;
    let short = exchange(&probe, facebook, &code(&probe, facebook, &[]).await).await.json();
    let exchanged = async |token: &Value| {
        let token = token.as_str().unwrap();
        let fields = [("grant_type", "fb_exchange_token"), ("fb_exchange_token", token)];
        super::token(&probe, facebook, &fields).await.json()
    };
    let long = exchanged(&short["access_token"]).await;
    assert_eq!(exchanged(&long["access_token"]).await["access_token"], long["access_token"]);
    let pages = api(&probe, facebook, "/v22.0/me/accounts", &long["access_token"]).await.json();
    let page = pages["data"][0].clone();
    probe.clock.advance(DAY * 61);
    assert_eq!(whoami(&probe, facebook, &long["access_token"]).await, 400);
    let path = format!("/v22.0/{}?fields=name,followers_count", page["id"].as_str().unwrap());
    let fresh = api(&probe, facebook, &path, &page["access_token"]).await;
    assert_eq!((fresh.status, &fresh.json()["name"]), (200, &json!("Mina Sol")));
    platform(&probe, facebook).revoke(Some("mina-sol"));
    let gone = api(&probe, facebook, &path, &page["access_token"]).await.json();
    assert_eq!(gone["error"]["error_subcode"], 458);
}

#[tokio::test]
async fn a_person_decides_on_the_page_and_grants_less() {
    let probe = Probe::start().await;
    let x = Service::X;
    let path = authorize_path(&probe, x, &[]);
    let page = probe.get(x, &path, &[]).await;
    for part in ["x-sandbox-client", "value=\"aurel\"", "value=\"tweet.read\"", "Allow", "Deny"] {
        assert!(page.text().contains(part), "{part} {}", page.text());
    }
    let request = path.split_once('?').unwrap().1;
    let decide = async |fields: &[(&str, &str)]| {
        let mut all = vec![("request", request)];
        all.extend(fields);
        came_back(&probe.send("POST", x, paths(x).authorize, &[], &form(&all)).await.unwrap())
    };
    assert_eq!(decide(&[("decision", "deny")]).await["error"], "access_denied");
    let less = [("decision", "allow"), ("account", "aurel"), ("granted", "users.read")];
    let tokens = exchange(&probe, x, &decide(&less).await["code"]).await.json();
    // Without offline.access there is no refresh token.
    assert_eq!((&tokens["scope"], tokens.get("refresh_token")), (&json!("users.read"), None));
    let id = platform(&probe, x).account("aurel").id;
    let posts = api(&probe, x, &format!("/2/users/{id}/tweets"), &tokens["access_token"]).await;
    assert_eq!(posts.status, 403);

    let consent =
        Consent { allow: true, account: Some("night-bus-choir".to_owned()), scopes: None };
    platform(&probe, x).set_consent(Some(consent));
    let back = came_back(&probe.get(x, &path, &[]).await);
    let tokens = exchange(&probe, x, &back["code"]).await.json();
    let me = api(&probe, x, "/2/users/me", &tokens["access_token"]).await.json();
    assert_eq!(me["data"]["username"], "night_bus_choir");
}

#[tokio::test]
async fn a_device_waits_for_a_person() {
    let probe = Probe::start().await;
    let oauth = Service::Oauth;
    let ask = async || {
        let (headers, body) = token_request(&probe, oauth, &[("scope", "profile read")]);
        let headers: Vec<(&str, &str)> = headers.iter().map(|(n, v)| (*n, v.as_str())).collect();
        let path = "/device_authorization";
        probe.send("POST", oauth, path, &headers, &body).await.unwrap().json()
    };
    let poll = async |device: &Value| {
        let fields = [
            ("grant_type", "urn:ietf:params:oauth:grant-type:device_code"),
            ("device_code", device["device_code"].as_str().unwrap()),
        ];
        token(&probe, oauth, &fields).await.json()
    };
    let device = ask().await;
    assert_eq!(poll(&device).await["error"], "authorization_pending");
    assert_eq!(poll(&device).await["error"], "slow_down");
    probe.clock.advance(Duration::from_secs(5));
    assert_eq!(poll(&device).await["error"], "authorization_pending");
    let page = format!("/device?user_code={}", device["user_code"].as_str().unwrap());
    assert!(probe.get(oauth, &page, &[]).await.text().contains("Allow"));
    assert_eq!(probe.get(oauth, &format!("{page}&auto=allow"), &[]).await.status, 200);
    let tokens = poll(&device).await;
    assert_eq!(whoami(&probe, oauth, &tokens["access_token"]).await, 200);
    assert_eq!(poll(&device).await["error"], "invalid_grant");

    let (refused, late) = (ask().await, ask().await);
    let page = format!("/device?auto=deny&user_code={}", refused["user_code"].as_str().unwrap());
    probe.get(oauth, &page, &[]).await;
    assert_eq!(poll(&refused).await["error"], "access_denied");
    probe.clock.advance(Duration::from_secs(600));
    assert_eq!(poll(&late).await["error"], "expired_token");
}

#[tokio::test]
async fn google_begins_a_device_without_the_secret() {
    let probe = Probe::start().await;
    let youtube = Service::Youtube;
    let fields =
        [("client_id", platform(&probe, youtube).client_id()), ("scope", paths(youtube).scopes)];
    let begun = probe.send("POST", youtube, "/device/code", &[], &form(&fields)).await.unwrap();
    let device = begun.json();
    let page = device["verification_url"].as_str().unwrap();
    assert!(page.ends_with("/device"), "{page}");
    let path = format!("/device?auto=allow&user_code={}", device["user_code"].as_str().unwrap());
    assert_eq!(probe.get(youtube, &path, &[]).await.status, 200);
    let fields = [
        ("grant_type", "urn:ietf:params:oauth:grant-type:device_code"),
        ("device_code", device["device_code"].as_str().unwrap()),
    ];
    let tokens = token(&probe, youtube, &fields).await.json();
    assert_eq!(whoami(&probe, youtube, &tokens["access_token"]).await, 200);
}

#[tokio::test]
async fn apps_have_tokens_of_their_own_and_access_is_given_back() {
    let probe = Probe::start().await;
    let spotify = Service::Spotify;
    let own = token(&probe, spotify, &[("grant_type", "client_credentials")]).await.json();
    let id = platform(&probe, spotify).account("aurel").id;
    let artist = api(&probe, spotify, &format!("/v1/artists/{id}"), &own["access_token"]).await;
    assert_eq!((artist.status, &artist.json()["name"]), (200, &json!("Aurel")));
    assert_eq!(whoami(&probe, spotify, &own["access_token"]).await, 401);

    for (service, path) in [
        (Service::Oauth, "/revoke"),
        (Service::Tiktok, "/v2/oauth/revoke/"),
        (Service::X, "/2/oauth2/revoke"),
        (Service::Youtube, "/revoke"),
    ] {
        let tokens = platform(&probe, service).grant("aurel", None);
        let given = [("token", tokens["refresh_token"].as_str().unwrap())];
        let (headers, body) = token_request(&probe, service, &given);
        let headers: Vec<(&str, &str)> = headers.iter().map(|(n, v)| (*n, v.as_str())).collect();
        assert_eq!(probe.send("POST", service, path, &headers, &body).await.unwrap().status, 200);
        assert_eq!(whoami(&probe, service, &tokens["access_token"]).await, 401, "{service}");
        assert_eq!(platform(&probe, service).counters().revocations, 1, "{service}");
    }
    let metadata = probe.get(Service::Oauth, "/.well-known/oauth-authorization-server", &[]).await;
    let url = probe.sandbox.url(Service::Oauth).unwrap();
    assert_eq!(metadata.json()["issuer"], url);
    assert_eq!(metadata.json()["token_endpoint"], format!("{url}/token"));
}

#[tokio::test]
async fn what_was_granted_outlives_the_sandbox() {
    let probe = Probe::start().await;
    let first = platform(&probe, Service::X).grant("aurel", None);
    let old = first["refresh_token"].as_str().unwrap();
    let second = refresh(&probe, Service::X, old).await.json();
    let mut config = SandboxConfig::new(probe.clock.clone(), Secret::new([7; 32]));
    config.memory = Some(probe.sandbox.memory());
    let next = Probe { clock: probe.clock.clone(), sandbox: Sandbox::start(config).await.unwrap() };
    assert_eq!(platform(&next, Service::X).counters(), platform(&probe, Service::X).counters());
    assert_eq!(whoami(&next, Service::X, &second["access_token"]).await, 200);
    assert_eq!(refresh(&next, Service::X, old).await.json()["error"], "invalid_grant");
    assert_eq!(platform(&next, Service::X).counters().reuses, 1, "it is known as an old one");
    let mut config = SandboxConfig::new(probe.clock.clone(), Secret::new([7; 32]));
    config.memory = Some(Secret::new(json!({"x": {"book": 1}}).to_string()));
    let damaged = Sandbox::start(config).await.unwrap_err();
    assert!(matches!(damaged, SandboxError::Memory), "{damaged}");
}
