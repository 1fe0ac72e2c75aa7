use connect::{Credentials, IntegrationDraft, PullConfig};
use kernel::codes;
use serde_json::{Map, Value, json};

use crate::world::{World, map, worlds};

/// The address, headers and body of a request, or the code of why there is none.
async fn built(
    world: &World,
    config: Value,
    credentials: Value,
    pull: Value,
    options: Value,
) -> String {
    let draft = IntegrationDraft {
        name: "it".into(),
        provider: config["provider"].as_str().unwrap_or("rest").into(),
        enabled: true,
        config: map(config.clone()),
        flexible: config.get("provider").is_some(),
        ..IntegrationDraft::default()
    };
    let it = world.connect.create_integration(&world.owner, draft).await.unwrap().integration;
    let pull = PullConfig::from_map(map(pull)).unwrap();
    let mut fields = map(credentials);
    if let Ok(stored) = world
        .connect
        .credentials(&world.workspace, &it, None, "test", &accounts::gate::Actor::House)
        .await
    {
        fields.extend(stored.expose().clone());
    }
    let credentials = Credentials::of(fields);
    match world.connect.request(&world.workspace, &it, &pull, &map(options), &credentials) {
        Err(problem) => problem.code.name.to_owned(),
        Ok(prepared) => {
            let header = |name: &str| {
                let value = prepared.request.headers.get(name)?;
                Some(format!(" {name}={}", value.to_str().unwrap()))
            };
            let headers: String = ["authorization", "x-api-key", "x-own"]
                .iter()
                .filter_map(|it| header(it))
                .collect();
            let body = String::from_utf8_lossy(&prepared.request.body).into_owned();
            let line =
                format!("{} {}{headers} {body}", prepared.request.method, prepared.request.url);
            line.trim_end().to_owned()
        }
    }
}

#[tokio::test]
async fn requests_are_built_and_secrets_stay_home() {
    let world = worlds().await.remove(0);
    let base = json!({"base_url": "https://api.example/v1"});
    let none = json!({});
    let token = json!({"token": "t0ken"});
    for (config, credentials, pull, options, wanted) in [
        (&base, &none, json!({}), &none, "GET https://api.example/v1"),
        (
            &base,
            &token,
            json!({"path": "/me"}),
            &none,
            "GET https://api.example/v1/me authorization=Bearer t0ken",
        ),
        (
            &base,
            &json!({"username": "u", "password": "p"}),
            json!({}),
            &none,
            "GET https://api.example/v1 authorization=Basic dTpw",
        ),
        (
            &base,
            &json!({"api_key": "k"}),
            json!({}),
            &none,
            "GET https://api.example/v1 x-api-key=k",
        ),
        (
            &base,
            &json!({"api_key": "k", "api_key_param": "key"}),
            json!({}),
            &none,
            "GET https://api.example/v1?key=k",
        ),
        (
            &base,
            &json!({"api_key": "k"}),
            json!({"query": {"appid": "{{credentials.api_key}}"}}),
            &none,
            "GET https://api.example/v1?appid=k",
        ),
        (
            &base,
            &token,
            json!({"headers": {"authorization": "own"}}),
            &none,
            "GET https://api.example/v1 authorization=own",
        ),
        (
            &base,
            &none,
            json!({"path": "/a/{{options.city}}"}),
            &json!({"city": "Bad/../x y"}),
            "GET https://api.example/v1/a/Bad%2F..%2Fx%20y",
        ),
        (&base, &none, json!({"path": "/a/{{options.city}}"}), &none, "feed.template_failed"),
        (
            &base,
            &none,
            json!({"method": "POST", "body": {"n": "{{options.n}}"}}),
            &json!({"n": 7}),
            "POST https://api.example/v1 {\"n\":7}",
        ),
        (
            &base,
            &none,
            json!({"headers": {"x-own": "{{options.h}}"}}),
            &json!({"h": "a\r\nb: c"}),
            "feed.template_failed",
        ),
        // Nothing climbs out, nothing goes elsewhere.
        (&base, &none, json!({"path": "/../admin"}), &none, "egress.bad_url"),
        (&base, &none, json!({"path": "/%2e%2e/admin"}), &none, "egress.bad_url"),
        (
            &base,
            &token,
            json!({"path": "//evil.example/x"}),
            &none,
            "GET https://api.example/v1/evil.example/x authorization=Bearer t0ken",
        ),
        (&base, &none, json!({"url": "https://evil.example/"}), &none, "egress.bad_url"),
        (&base, &token, json!({"path": "https://evil.example/"}), &none, "egress.bad_url"),
        (
            &base,
            &token,
            json!({"url": "https://api.example/v2"}),
            &none,
            "GET https://api.example/v2 authorization=Bearer t0ken",
        ),
        (&base, &token, json!({}), &json!({"base_url": "https://evil.example"}), "egress.bad_url"),
        (
            &base,
            &none,
            json!({}),
            &json!({"base_url": "http://127.0.0.1"}),
            "GET http://127.0.0.1/",
        ),
        // A source of any shape.
        (
            &json!({"provider": "my own"}),
            &none,
            json!({"url": "https://any.example/a"}),
            &none,
            "GET https://any.example/a",
        ),
        (
            &json!({"provider": "my own", "apiKey": "k"}),
            &none,
            json!({"url": "https://any.example/a"}),
            &none,
            "egress.bad_url",
        ),
        (
            &json!({"provider": "my own", "apiUrl": "https://a.example", "apiKey": "k"}),
            &none,
            json!({"path": "/b"}),
            &none,
            "GET https://a.example/b x-api-key=k",
        ),
        (
            &json!({"provider": "my own", "apiUrl": "https://a.example", "apiKey": "k", "authType": "bearer"}),
            &none,
            json!({}),
            &none,
            "GET https://a.example/ authorization=Bearer k",
        ),
        (
            &json!({"provider": "my own", "baseUrl": "https://a.example", "headers": {"Authorization": "Token z"}}),
            &none,
            json!({}),
            &none,
            "GET https://a.example/ authorization=Token z",
        ),
        (
            &json!({"provider": "spotify", "clientId": "a", "clientSecret": "b", "baseUrl": "https://a"}),
            &none,
            json!({}),
            &none,
            "connection.not_authorized",
        ),
        (
            &json!({"provider": "openweather", "apiKey": "k", "city": "Rome"}),
            &none,
            json!({}),
            &none,
            "GET https://api.openweathermap.org/data/2.5/weather?q=Rome&units=metric&appid=k",
        ),
        (
            &json!({"provider": "openweather", "apiKey": "k", "baseUrl": "http://127.0.0.1:9"}),
            &none,
            json!({"path": "/x"}),
            &none,
            "GET http://127.0.0.1:9/x?appid=k",
        ),
    ] {
        let told = format!("{config} {credentials} {pull} {options}");
        let found = built(&world, config.clone(), credentials.clone(), pull, options.clone()).await;
        assert_eq!(found, wanted, "{told}");
    }
}

#[tokio::test]
async fn graphql_asks_with_its_query_and_variables() {
    let world = worlds().await.remove(0);
    let config =
        json!({"endpoint": "https://api.example/graphql", "query": "{ a }", "variables": {"n": 1}});
    let it = world.integration("graphql", config, json!({"token": "t"})).await;
    let credentials = Credentials::of(map(json!({"token": "t"})));
    let prepared = world
        .connect
        .request(&world.workspace, &it, &PullConfig::default(), &Map::new(), &credentials)
        .unwrap();
    let body: Value = serde_json::from_slice(&prepared.request.body).unwrap();
    assert_eq!((&body["query"], &body["variables"]), (&json!("{ a }"), &json!({"n": 1})));
    assert_eq!(prepared.request.headers["content-type"], "application/json");
    assert!(prepared.request.hidden.iter().any(|secret| secret.expose() == "t"));
}

#[tokio::test]
async fn what_is_off_is_not_asked() {
    let world = worlds().await.remove(0);
    let mut it =
        world.integration("rss", json!({"feed_url": "https://a.example"}), json!(null)).await;
    it.enabled = false;
    let problem = world
        .connect
        .request(
            &world.workspace,
            &it,
            &PullConfig::default(),
            &Map::new(),
            &Credentials::default(),
        )
        .unwrap_err();
    assert_eq!(problem.code, &codes::INTEGRATION_DISABLED);
}
