use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use serde_json::json;

use super::*;

/// The answer to a call with a token that may do everything.
async fn ask(probe: &Probe, service: Service, path: &str) -> Answer {
    let token = platform(probe, service).grant("mina-sol", None)["access_token"].clone();
    let id = platform(probe, service).account("mina-sol").id;
    api(probe, service, &path.replace("{id}", &id), &token).await
}

#[tokio::test]
async fn numbers_stand_where_the_documents_say_and_grow() {
    let probe = Probe::start().await;
    let cases = [
        (Service::Oauth, "/api/numbers", "/followers"),
        (Service::Instagram, "/v23.0/me?fields=followers_count", "/followers_count"),
        (
            Service::Instagram,
            "/v23.0/{id}/insights?metric=views,reach&period=day&metric_type=total_value",
            "/data/0/total_value/value",
        ),
        (Service::Instagram, "/me/insights?metric=reach&period=day", "/data/0/values/1/value"),
        (Service::Instagram, "/{id}/media?fields=like_count,timestamp", "/data/0/like_count"),
        (Service::Facebook, "/v22.0/{id}?fields=followers_count", "/followers_count"),
        (
            Service::Facebook,
            "/v22.0/{id}/insights?metric=page_media_view,page_follows&period=day",
            "/data/1/values/1/value",
        ),
        (
            Service::Facebook,
            "/v22.0/{id}/posts?fields=shares,likes.summary(true)",
            "/data/0/likes/summary/total_count",
        ),
        (
            Service::Tiktok,
            "/v2/user/info/?fields=open_id,follower_count,likes_count",
            "/data/user/follower_count",
        ),
        (
            Service::X,
            "/2/users/me?user.fields=public_metrics",
            "/data/public_metrics/followers_count",
        ),
        (
            Service::X,
            "/2/users/{id}/tweets?tweet.fields=public_metrics",
            "/data/0/public_metrics/impression_count",
        ),
        (
            Service::Youtube,
            "/youtube/v3/channels?part=statistics&mine=true",
            "/items/0/statistics/subscriberCount",
        ),
        (Service::Spotify, "/v1/artists/{id}", "/followers/total"),
        (Service::Soundcloud, "/me", "/followers_count"),
        (
            Service::Soundcloud,
            "/me/tracks?linked_partitioning=true&limit=2",
            "/collection/0/playback_count",
        ),
    ];
    let read = async |service, path, pointer: &str| {
        let answer = ask(&probe, service, path).await;
        let body = answer.json();
        assert_eq!(answer.status, 200, "{service} {path} {body}");
        let value = body.pointer(pointer).unwrap_or_else(|| panic!("{path} {pointer} {body}"));
        // YouTube's counts are text.
        value.as_u64().or_else(|| value.as_str()?.parse().ok()).unwrap()
    };
    let mut before = Vec::new();
    for (service, path, pointer) in cases {
        let value = read(service, path, pointer).await;
        assert_eq!(value, read(service, path, pointer).await, "{service} {path}");
        before.push(value);
    }
    probe.clock.advance(DAY * 3);
    for ((service, path, pointer), before) in cases.into_iter().zip(before) {
        let now = read(service, path, pointer).await;
        let grows = !path.contains("insights") || path.contains("page_follows");
        assert!(now != before && (now > before || !grows), "{service} {path} {before} {now}");
    }
}

#[tokio::test]
async fn metrics_that_were_given_up_are_refused() {
    let probe = Probe::start().await;
    for (service, path) in [
        (Service::Instagram, "/me/insights?metric=impressions&period=day"),
        (Service::Instagram, "/me/insights?metric=views&period=day"),
        (Service::Facebook, "/{id}/insights?metric=page_impressions&period=day"),
        (Service::Tiktok, "/v2/user/info/"),
        (Service::Spotify, "/v1/search?q=aurel&type=artist&limit=20"),
        (Service::Youtube, "/youtube/v3/channels?part=snippet"),
    ] {
        assert_eq!(ask(&probe, service, path).await.status, 400, "{service} {path}");
    }
}

#[tokio::test]
async fn lists_are_paged_as_each_platform_does() {
    let probe = Probe::start().await;
    for (service, path, items, next) in [
        (Service::Instagram, "/{id}/media?limit=2", "/data", "/paging/next"),
        (Service::X, "/2/users/{id}/tweets?max_results=5", "/data", "/meta/next_token"),
        (Service::Spotify, "/v1/artists/{id}/albums?limit=2", "/items", "/next"),
        (
            Service::Soundcloud,
            "/me/tracks?limit=2&linked_partitioning=true",
            "/collection",
            "/next_href",
        ),
        (
            Service::Youtube,
            "/youtube/v3/search?part=snippet&maxResults=2",
            "/items",
            "/nextPageToken",
        ),
    ] {
        let answer = ask(&probe, service, path).await.json();
        let first = answer.pointer(items).unwrap().clone();
        assert!(!first.as_array().unwrap().is_empty(), "{service} {answer}");
        let next = answer.pointer(next).unwrap().as_str().unwrap();
        let path = match service {
            Service::X => format!("{path}&pagination_token={next}"),
            Service::Youtube => format!("{path}&pageToken={next}"),
            _ => next.strip_prefix(probe.sandbox.url(service).unwrap()).unwrap().to_owned(),
        };
        let second = ask(&probe, service, &path).await.json();
        assert_ne!(second.pointer(items), Some(&first), "{service} {second}");
    }
}

#[tokio::test]
async fn youtubes_reports_are_columns() {
    let probe = Probe::start().await;
    let path = "/v2/reports?ids=channel==MINE&startDate=2026-11-10&endDate=2026-11-12\
                &metrics=views,estimatedMinutesWatched";
    let by_day = ask(&probe, Service::Youtube, &format!("{path}&dimensions=day")).await.json();
    assert_eq!(by_day["columnHeaders"][0]["name"], "day");
    assert_eq!(by_day["rows"][2][0], "2026-11-12");
    let in_all = ask(&probe, Service::Youtube, path).await.json();
    let views: u64 = (0..3).map(|row| by_day["rows"][row][1].as_u64().unwrap()).sum();
    assert_eq!(in_all["rows"][0][0], views);
}

#[tokio::test]
async fn tiktoks_videos_are_listed_by_post() {
    let probe = Probe::start().await;
    let tiktok = platform(&probe, Service::Tiktok);
    let token = tiktok.grant("aurel", None)["access_token"].as_str().unwrap().to_owned();
    let bearer = format!("Bearer {token}");
    let list = async |cursor: &Value| {
        let body = json!({"max_count": 3, "cursor": cursor}).to_string();
        let path = "/v2/video/list/?fields=id,view_count";
        let headers = [("authorization", bearer.as_str()), ("content-type", "application/json")];
        probe.send("POST", Service::Tiktok, path, &headers, &body).await.unwrap().json()["data"]
            .clone()
    };
    let first = list(&Value::Null).await;
    assert_eq!((first["videos"].as_array().unwrap().len(), &first["has_more"]), (3, &json!(true)));
    let second = list(&first["cursor"]).await;
    assert_ne!(first["videos"], second["videos"]);

    let basic = tiktok.grant("aurel", Some(vec!["user.info.basic".to_owned()]));
    let path = "/v2/user/info/?fields=follower_count";
    let refused = api(&probe, Service::Tiktok, path, &basic["access_token"]).await;
    let code = refused.json()["error"]["code"].clone();
    assert_eq!((refused.status, code), (401, json!("scope_not_authorized")));
}

#[tokio::test]
async fn apple_music_wants_two_tokens() {
    let probe = Probe::start().await;
    let apple = platform(&probe, Service::AppleMusic);
    let key = apple.developer_key().unwrap();
    let pem = key.private_key.expose().lines().filter(|line| !line.starts_with('-'));
    let pkcs8 = BASE64_STANDARD.decode(pem.collect::<String>()).unwrap();
    let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &pkcs8).unwrap();
    let now = probe.clock.now().secs();
    let minted = |kid: &str, iss: &str, exp: i64| {
        let part = |value: Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
        let head = part(json!({"alg": "ES256", "kid": kid}));
        let signed = format!("{head}.{}", part(json!({"iss": iss, "iat": now, "exp": exp})));
        let signature = pair.sign(&SystemRandom::new(), signed.as_bytes()).unwrap();
        format!("Bearer {signed}.{}", BASE64_URL_SAFE_NO_PAD.encode(signature))
    };
    let (kid, iss) = (key.key_id.as_str(), key.team_id.as_str());
    let good = minted(kid, iss, now + 3_600);
    let user = apple.grant("aurel", None)["music_user_token"].as_str().unwrap().to_owned();
    let get = async |path: &str, bearer: &str, user: &str| {
        let mut headers = vec![("authorization", bearer)];
        headers.extend((!user.is_empty()).then_some(("music-user-token", user)));
        probe.get(Service::AppleMusic, path, &headers).await
    };
    let artist = format!("/v1/catalog/us/artists/{}?views=top-songs", apple.account("aurel").id);
    let answer = get(&artist, &good, "").await.json();
    assert_eq!(answer["data"][0]["attributes"]["name"], "Aurel");
    assert!(answer["data"][0]["views"]["top-songs"]["data"][0]["attributes"]["name"].is_string());
    assert_eq!(get("/v1/me/storefront", &good, &user).await.json()["data"][0]["id"], "us");
    assert_eq!(get("/v1/me/storefront", &good, "").await.status, 403);
    for bad in [
        minted("OTHER", iss, now + 3_600),
        minted(kid, "OTHER", now + 3_600),
        minted(kid, iss, now),
        minted(kid, iss, now + 15_777_001),
        format!("{good}x"),
        "Bearer nonsense".to_owned(),
    ] {
        assert_eq!(get(&artist, &bad, "").await.status, 401, "{bad}");
    }
    apple.revoke(Some("aurel"));
    assert_eq!(get("/v1/me/storefront", &good, &user).await.status, 403);
}

#[tokio::test]
async fn instagram_is_at_facebook_as_well() {
    let probe = Probe::start().await;
    let path = "/v23.0/me/accounts?fields=id,name,instagram_business_account{id,username}";
    let path = path.replace('{', "%7B").replace('}', "%7D");
    let page = ask(&probe, Service::Facebook, &path).await.json()["data"][0].clone();
    assert_eq!(page.as_object().unwrap().len(), 3, "{page}");
    assert_eq!(page["instagram_business_account"]["username"], "mina_sol");
    let id = page["instagram_business_account"]["id"].as_str().unwrap().to_owned();
    let path = format!("/v22.0/{id}?fields=username,followers_count");
    let here = ask(&probe, Service::Facebook, &path).await.json();
    let there = ask(&probe, Service::Instagram, &path).await.json();
    assert_eq!(here, there);
}
