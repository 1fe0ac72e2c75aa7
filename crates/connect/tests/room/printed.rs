use accounts::gate::Actor;
use connect::{Mode, PullConfig, data_source_view, widget_integration_view};
use kernel::{MASK, codes};
use serde_json::{Value, json};

use crate::world::{map, worlds};

#[tokio::test]
async fn data_sources_are_taken_as_printed() {
    for world in worlds().await {
        let config = json!({
            "provider": "spotify",
            "clientId": "abc123",
            "clientSecret": "xyz789",
            "scopes": ["user-top-read"],
            "baseUrl": "https://api.spotify.com/v1",
            "authType": "oauth2"
        });
        let create = |name: &str, kind: &str, config: &Value| {
            let (name, kind, config) = (name.to_owned(), kind.to_owned(), map(config.clone()));
            world.connect.create_data_source(&world.owner, name, kind, config)
        };
        let made = create("Spotify API", "api", &config).await.unwrap();
        let mut shown = config.clone();
        shown["clientSecret"] = json!(MASK);
        let view = data_source_view(&made);
        assert_eq!((&view["config"], &view["type"]), (&shown, &json!("api")));
        assert_eq!(made.provider, "spotify");
        assert_eq!(made.provider_def.id, "spotify");
        let credentials = world
            .connect
            .credentials(&world.workspace, &made, None, "fetch", &Actor::House)
            .await
            .unwrap();
        assert_eq!(credentials.text("clientSecret"), Some("xyz789"));
        let pull = PullConfig::from_map(map(json!({"path": "/me/top/tracks"}))).unwrap();
        let asked =
            world.connect.request(&world.workspace, &made, &pull, &map(json!({})), &credentials);
        assert_eq!(asked.unwrap_err().code, &codes::NOT_AUTHORIZED);

        let postgres = json!({"type": "postgresql", "host": "db.example.com", "password": "p"});
        for (kind, config) in [("database", &postgres), ("agent", &json!({"apiKey": "k"}))] {
            let problem = create("x", kind, config).await.unwrap_err();
            assert_eq!(problem.code, &codes::PROVIDER_UNSUPPORTED);
        }
        assert_eq!(create("x", "nosuch", &config).await.unwrap_err().code, &codes::INVALID);
    }
}

fn weather() -> Value {
    json!({
        "widget_id": "weather-widget",
        "name": "openweather",
        "description": "OpenWeather API Integration",
        "integration_type": "pull",
        "credential_scope": "organization",
        "credential_schema": {
            "api_key": {
                "type": "string", "required": true, "label": "OpenWeather API Key", "sensitive": true
            }
        },
        "config_schema": {
            "units": {"type": "string", "enum": ["metric", "imperial"], "default": "metric"}
        },
        "pull_endpoint": "https://api.openweathermap.org/data/2.5/weather",
        "pull_interval_seconds": 1800,
        "pull_config": {"rate_limit": 60, "timeout": 5000}
    })
}

fn facebook() -> Value {
    json!({
        "widget_id": "facebook-feed",
        "name": "facebook",
        "description": "Facebook Page Feed via Webhook",
        "integration_type": "push",
        "credential_scope": "widget",
        "credential_schema": {
            "page_id": {"type": "string", "required": true},
            "webhook_verify_token": {"type": "string", "required": true, "sensitive": true}
        },
        "push_webhook_path": "/facebook",
        "push_config": {"signature_header": "X-Hub-Signature", "verify_signature": true}
    })
}

fn rss() -> Value {
    json!({
        "widget_id": "rss-feed",
        "name": "rss",
        "description": "RSS Feed Integration",
        "integration_type": "pull",
        "credential_scope": "widget",
        "credential_schema": {},
        "config_schema": {
            "feed_url": {"type": "string", "required": true, "label": "RSS Feed URL"},
            "max_items": {"type": "number", "default": 10}
        },
        "pull_interval_seconds": 300
    })
}

#[tokio::test]
async fn widget_integrations_are_taken_and_shown_as_printed() {
    for world in worlds().await {
        for (printed, mode) in
            [(weather(), Mode::Pull), (facebook(), Mode::Push), (rss(), Mode::Pull)]
        {
            let slug = printed["widget_id"].as_str().unwrap();
            let (widget, _) = world.widget(slug).await;
            let made = world
                .connect
                .create_widget_integration(&world.owner, widget, printed.clone())
                .await
                .unwrap();
            assert_eq!(
                (made.mode, made.provider_def.id.as_str()),
                (mode, printed["name"].as_str().unwrap())
            );
            let view = widget_integration_view(&made);
            for (name, value) in printed.as_object().unwrap() {
                if name != "widget_id" {
                    assert_eq!(&view[name], value, "{slug} {name}");
                }
            }
            assert_eq!(view["is_active"], true);
            let of_widget = world.connect.of_widget(&world.workspace, widget).await.unwrap();
            assert_eq!(of_widget[0].id, made.id);
        }
    }
}

#[tokio::test]
async fn the_printed_weather_asks_the_printed_address() {
    for world in worlds().await {
        let (widget, _) = world.widget("weather-widget").await;
        let made =
            world.connect.create_widget_integration(&world.owner, widget, weather()).await.unwrap();
        let put = |fields: Value| {
            world.connect.put_credential(&world.owner, made.id, None, map(fields), None)
        };
        let first = put(json!({"api_key": "s3cret"})).await.unwrap();
        assert_eq!(put(json!({"api_key": MASK})).await.unwrap().id, first.id);
        assert!(put(json!({})).await.is_err());

        let options = map(json!({"city": "London", "units": "imperial", "title": "of the widget"}));
        assert_eq!(world.connect.check_options(&made, &options), []);
        let wrong = world.connect.check_options(&made, &map(json!({"units": "kelvin"})));
        assert_eq!(wrong[0].pointer, "/options/units");
        let house = Actor::House;
        let credentials =
            world.connect.credentials(&world.workspace, &made, None, "t", &house).await.unwrap();
        let prepared = world
            .connect
            .request(&world.workspace, &made, &PullConfig::default(), &options, &credentials)
            .unwrap();
        assert_eq!(
            prepared.request.url.as_str(),
            "https://api.openweathermap.org/data/2.5/weather?q=London&units=imperial&appid=s3cret"
        );
        assert_eq!(prepared.request.limits.unwrap().whole.as_millis(), 5000);
        assert_eq!(prepared.request.rate_limits[1].requests.unwrap().get(), 60);
    }
}

#[tokio::test]
async fn what_does_not_fit_is_named_as_printed() {
    for world in worlds().await {
        let (widget, _) = world.widget("w").await;
        for (field, value, pointer) in [
            ("nosuch", json!(1), "/nosuch"),
            ("pull_interval_seconds", json!(0), "/pull_interval_seconds"),
            ("pull_endpoint", json!("ftp://x"), "/pull_endpoint"),
            ("pull_config", json!({"timeout": 0}), "/pull_config/timeout"),
            ("pull_config", json!({"nosuch": 0}), "/pull_config/nosuch"),
            ("integration_type", json!("pull?"), "/integration_type"),
            ("credential_scope", json!("galaxy"), "/credential_scope"),
            ("config_schema", json!({"a": {"type": "strnig"}}), "/config_schema/a/type"),
            ("name", json!(""), "/name"),
        ] {
            let mut printed = weather();
            printed[field] = value;
            let problem = world
                .connect
                .create_widget_integration(&world.owner, widget, printed)
                .await
                .unwrap_err();
            assert_eq!(problem.errors[0].pointer, pointer, "{problem}");
        }
        // A name that the catalog does not know is any HTTP API.
        let mut printed = weather();
        printed["name"] = json!("my own");
        let made =
            world.connect.create_widget_integration(&world.owner, widget, printed).await.unwrap();
        assert_eq!(made.provider_def.id, "rest");
        let patch = json!({"is_active": false, "pull_config": {"timeout": 100}});
        let changed =
            world.connect.update_widget_integration(&world.owner, made.id, patch).await.unwrap();
        assert!(!changed.enabled);
        assert_eq!(changed.pull.interval_secs, Some(1800));
        assert_eq!((changed.pull.timeout, changed.pull.rate_limit), (Some(100), None));
    }
}
