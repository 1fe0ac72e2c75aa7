use serde_json::json;

use super::*;
use crate::Faults;

fn calm() -> Faults {
    Faults::default()
}

#[tokio::test]
async fn the_token_endpoint_breaks_in_each_way() {
    let probe = Probe::start().await;
    let x = Service::X;
    let first = platform(&probe, x).grant("aurel", None);
    let kept = first["refresh_token"].as_str().unwrap();
    probe.faults(x, Faults { token_html: true, ..calm() });
    let html = refresh(&probe, x, kept).await;
    assert_eq!((html.status, html.header("content-type")), (200, "text/html; charset=utf-8"));
    probe.faults(x, Faults { token_empty: true, ..calm() });
    assert_eq!(refresh(&probe, x, kept).await.body, b"");
    probe.faults(x, Faults { token_huge: true, ..calm() });
    assert!(refresh(&probe, x, kept).await.body.len() > 64 << 20);
    probe.faults(x, Faults { token_ill_typed: true, ..calm() });
    assert_eq!(refresh(&probe, x, kept).await.json()["access_token"], 12_345);
    probe.faults(x, Faults { invalid_grant_once: true, ..calm() });
    assert_eq!(refresh(&probe, x, kept).await.json()["error"], "invalid_grant");
    probe.faults(x, Faults { token_slow_ms: 30, ..calm() });
    let begun = tokio::time::Instant::now();
    // None of these has used the token up.
    let second = refresh(&probe, x, kept).await.json();
    assert!(begun.elapsed() >= Duration::from_millis(30));
    probe.faults(x, Faults { refresh_omitted: true, ..calm() });
    let kept = second["refresh_token"].as_str().unwrap();
    assert_eq!(refresh(&probe, x, kept).await.json().get("refresh_token"), None);

    probe.faults(x, Faults { refresh_lost: true, ..calm() });
    let fields = [("grant_type", "refresh_token"), ("refresh_token", kept)];
    let (headers, body) = token_request(&probe, x, &fields);
    let headers: Vec<(&str, &str)> = headers.iter().map(|(n, v)| (*n, v.as_str())).collect();
    assert!(probe.send("POST", x, paths(x).token, &headers, &body).await.is_err());
    assert_eq!(platform(&probe, x).counters().refreshes, 3, "the lost one has happened");
    probe.faults(x, calm());
    assert_eq!(refresh(&probe, x, kept).await.json()["error"], "invalid_grant");
    assert_eq!(platform(&probe, x).counters().reuses, 1);
}

#[tokio::test]
async fn the_spared_once_is_once_and_shown_as_over() {
    let probe = Probe::start().await;
    let spotify = Service::Spotify;
    let first = platform(&probe, spotify).grant("aurel", None);
    let kept = first["refresh_token"].as_str().unwrap();
    probe.faults(spotify, Faults { invalid_grant_once: true, ..calm() });
    assert_eq!(refresh(&probe, spotify, kept).await.status, 400);
    assert_eq!(refresh(&probe, spotify, kept).await.status, 200);
    let state = probe.get(spotify, "/sandbox/state", &[]).await.json();
    assert_eq!(state["faults"]["invalid_grant_once"], false);
}

#[tokio::test]
async fn storms_are_the_platforms_own_and_spare_the_control() {
    let probe = Probe::start().await;
    for (service, status, header, value) in [
        (Service::Oauth, 429, "retry-after", "5"),
        (Service::Spotify, 429, "retry-after", "5"),
        (Service::X, 429, "x-rate-limit-remaining", "0"),
        (
            Service::Facebook,
            400,
            "x-app-usage",
            r#"{"call_count":100,"total_time":50,"total_cputime":25}"#,
        ),
        (
            Service::Instagram,
            400,
            "x-app-usage",
            r#"{"call_count":100,"total_time":50,"total_cputime":25}"#,
        ),
        (Service::Tiktok, 429, "retry-after", ""),
        (Service::Youtube, 403, "retry-after", ""),
        (Service::Soundcloud, 429, "retry-after", ""),
        (Service::AppleMusic, 429, "retry-after", ""),
    ] {
        probe.faults(service, Faults { rate_limited: true, ..calm() });
        let answer = probe.get(service, "/me", &[]).await;
        assert_eq!((answer.status, answer.header(header)), (status, value), "{service}");
        let down = if status == 400 { 500 } else { 503 };
        probe.faults(service, Faults { server_error: true, ..calm() });
        assert_eq!(probe.get(service, "/me", &[]).await.status, down, "{service}");
        assert_eq!(probe.get(service, "/sandbox/state", &[]).await.status, 200, "{service}");
    }
}

#[tokio::test]
async fn a_field_goes_or_is_renamed() {
    let probe = Probe::start().await;
    let instagram = Service::Instagram;
    let token = platform(&probe, instagram).grant("aurel", None)["access_token"].clone();
    let fields = async |faults| {
        probe.faults(instagram, faults);
        let path = "/v23.0/me?fields=followers_count,media_count";
        let me = api(&probe, instagram, path, &token).await.json();
        me.as_object().unwrap().keys().cloned().collect::<Vec<_>>().join(" ")
    };
    assert_eq!(fields(calm()).await, "id followers_count media_count");
    assert_eq!(fields(Faults { field_removed: true, ..calm() }).await, "id media_count");
    let renamed = fields(Faults { field_renamed: true, ..calm() }).await;
    assert_eq!(renamed, "id media_count followers_count_v2");
    let apple = Faults { refresh_lost: true, ..calm() };
    assert!(probe.sandbox.set_faults("apple-music", apple).is_err(), "it has no token endpoint");
}

#[tokio::test]
async fn quotas_end_and_begin_anew() {
    let probe = Probe::start().await;
    let token = |service| platform(&probe, service).grant("aurel", None)["access_token"].clone();
    let x = token(Service::X);
    platform(&probe, Service::X).set_quota(Some(2));
    for (status, left) in [(200, "1"), (200, "0"), (429, "0")] {
        let answer = api(&probe, Service::X, "/2/users/me", &x).await;
        let said = (answer.status, answer.header("x-rate-limit-remaining"));
        assert_eq!(said, (status, left));
        let reset: i64 = answer.header("x-rate-limit-reset").parse().unwrap();
        assert!((1..=900).contains(&(reset - probe.clock.now().secs())));
    }
    probe.clock.advance(Duration::from_secs(900));
    assert_eq!(whoami(&probe, Service::X, &x).await, 200);

    let youtube = token(Service::Youtube);
    platform(&probe, Service::Youtube).set_quota(Some(150));
    let search = "/youtube/v3/search?part=snippet&type=channel&q=aurel";
    assert_eq!(api(&probe, Service::Youtube, search, &youtube).await.status, 200);
    let spent = api(&probe, Service::Youtube, search, &youtube).await;
    let reason = spent.json()["error"]["errors"][0]["reason"].clone();
    assert_eq!((spent.status, reason), (403, json!("quotaExceeded")));
    let cheap = api(&probe, Service::Youtube, paths(Service::Youtube).whoami, &youtube).await;
    assert_eq!(cheap.status, 200, "fifty units are left");

    let meta = token(Service::Instagram);
    platform(&probe, Service::Instagram).set_quota(Some(1));
    assert_eq!(whoami(&probe, Service::Instagram, &meta).await, 200);
    let over = api(&probe, Service::Instagram, "/me?fields=id", &meta).await;
    assert_eq!((over.status, &over.json()["error"]["code"]), (400, &json!(80_002)));
    let usage: Value = serde_json::from_str(over.header("x-business-use-case-usage")).unwrap();
    let id = platform(&probe, Service::Instagram).account("aurel").id;
    assert!(usage[&id][0]["estimated_time_to_regain_access"].as_i64().unwrap() > 0, "{usage}");
}

#[tokio::test]
async fn the_control_takes_orders() {
    let probe = Probe::start().await;
    let x = Service::X;
    let order = async |method: &str, name: &str, body: Value| {
        let path = format!("/sandbox/{name}");
        let answer = probe.send(method, x, &path, &[], &body.to_string()).await.unwrap();
        (answer.status, answer.json())
    };
    let (_, state) = order("PUT", "rules", json!({"access_secs": 7})).await;
    assert_eq!(
        (&state["rules"]["access_secs"], &state["rules"]["code_secs"]),
        (&json!(7), &json!(30))
    );
    let (_, tokens) = order("POST", "grant", json!({"account": "artist-17"})).await;
    assert_eq!(tokens["expires_in"], 7);
    assert_eq!(whoami(&probe, x, &tokens["access_token"]).await, 200);
    let (_, state) = order("GET", "state", Value::Null).await;
    assert_eq!(state["counters"]["requests"]["artist-17"], 1);
    let (_, revoked) = order("POST", "revoke", json!({"account": "artist-17"})).await;
    assert_eq!(revoked, json!({"revoked": 1}));
    let (_, state) = order("PUT", "consent", json!({"allow": false})).await;
    assert_eq!(state["consent"]["allow"], false);
    assert_eq!(order("PUT", "consent", Value::Null).await.1["consent"], Value::Null);
    assert_eq!(order("PUT", "faults", json!({"slow_ms": 1})).await.1["faults"]["slow_ms"], 1);
    for (method, name, body, status) in [
        ("PUT", "faults", json!({"late_ms": 1}), 422),
        ("PUT", "rules", json!({"acess_secs": 7}), 422),
        ("POST", "push", json!({"account": "aurel", "event": "comment"}), 422),
        ("POST", "dance", json!({}), 404),
    ] {
        assert_eq!(order(method, name, body).await.0, status, "{name}");
    }
}
