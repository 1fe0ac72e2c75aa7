//! What is said with `null`, to which widget an integration belongs, and tests before anything is saved.

use http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::api::call;
use crate::world::{World, provider, worlds};

const DRAFT: &str = "/api/v1/integrations/test";

async fn made(world: &World, body: Value) -> (String, Value) {
    let (status, made) = call(world, Method::POST, "/api/v1/integrations", body).await;
    assert_eq!(status, StatusCode::CREATED, "{made}");
    (format!("/api/v1/integrations/{}", made["id"].as_str().unwrap()), made)
}

#[tokio::test]
async fn null_clears_what_can_be_cleared_and_is_refused_elsewhere() {
    for world in worlds().await {
        let (widget, _) = world.widget("board").await;
        let config = json!({"feed_url": "https://a.example"});
        let schema = json!({"type": "object", "properties": {"feed_url": {"type": "string"}}});
        let said = json!({
            "description": "d", "widget_id": widget, "config_schema": schema,
            "credential_schema": {"token": {"type": "string"}}, "pull": {"timeout": 1000},
        });
        let empty = json!({
            "description": null, "widget_id": null, "config_schema": null,
            "credential_schema": null, "pull": null, "push": null,
        });
        let with = |more: &Value| {
            let mut body = json!({"name": "x", "provider": "rss", "config": config});
            body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            body
        };
        let (_, plain) = made(&world, with(&json!({}))).await;
        let (path, full) = made(&world, with(&said)).await;
        assert_eq!(full["widget_id"], json!(widget));
        let shape = |view: &Value| {
            let fields =
                ["description", "widget_id", "config_schema", "credential_schema", "pull_config"];
            fields.map(|field| view[field].clone())
        };
        let (_, of_nulls) = made(&world, with(&empty)).await;
        assert_eq!(shape(&of_nulls), shape(&plain));
        let (_, same) = call(&world, Method::PATCH, &path, json!({})).await;
        assert_eq!(shape(&same), shape(&full), "what is left out stays");
        let (status, cleared) = call(&world, Method::PATCH, &path, empty.clone()).await;
        assert_eq!((status, shape(&cleared)), (StatusCode::OK, shape(&plain)), "{cleared}");

        for field in ["name", "enabled", "mode", "config", "credentials", "credential_scope"] {
            let body = json!({ field: null });
            let (status, answer) = call(&world, Method::PATCH, &path, body.clone()).await;
            let pointer = answer["errors"][0]["pointer"].as_str();
            assert_eq!((status.as_u16(), pointer), (422, Some(format!("/{field}").as_str())));
            let (status, answer) =
                call(&world, Method::POST, "/api/v1/integrations", with(&body)).await;
            let pointer = answer["errors"][0]["pointer"].as_str();
            assert_eq!((status.as_u16(), pointer), (422, Some(format!("/{field}").as_str())));
        }
    }
}

#[tokio::test]
async fn a_widget_that_is_not_there_is_named() {
    for world in worlds().await {
        let config = json!({"feed_url": "https://a.example"});
        let body = json!({"name": "x", "provider": "rss", "config": config});
        let (path, _) = made(&world, body).await;
        let nowhere = json!({"widget_id": "wgt_01h455vb4pex5vsknk084sn02q"});
        let (status, answer) = call(&world, Method::PATCH, &path, nowhere).await;
        assert_eq!(status, StatusCode::NOT_FOUND);
        assert_eq!(answer["errors"][0]["pointer"], "/widget_id");
    }
}

#[tokio::test]
async fn what_a_widget_leaves_open_is_wanted_without_it() {
    for world in worlds().await {
        let (widget, _) = world.widget("board").await;
        let body = json!({"name": "x", "provider": "rss", "config": {}, "widget_id": widget});
        let (path, _) = made(&world, body).await;
        let (status, answer) = call(&world, Method::PATCH, &path, json!({"widget_id": null})).await;
        assert_eq!((status.as_u16(), &answer["code"]), (422, &json!("integration.config_invalid")));
        assert_eq!(answer["errors"][0]["pointer"], "/config/feed_url");
    }
}

#[tokio::test]
async fn a_draft_is_tested_and_nothing_of_it_stays() {
    for world in worlds().await {
        let provider = provider().await;
        let config = json!({"base_url": provider.base, "test_path": "/private"});
        for (token, ok, status) in [("MARKED-good", true, 200), ("MARKED-bad", false, 401)] {
            let body =
                json!({"provider": "rest", "config": config, "credentials": {"token": token}});
            let (answered, report) = call(&world, Method::POST, DRAFT, body).await;
            assert_eq!(answered, StatusCode::OK, "{report}");
            assert_eq!((&report["ok"], &report["status"]), (&json!(ok), &json!(status)));
            let names = report["steps"].as_array().unwrap().iter();
            let names: Vec<_> = names.map(|step| step["name"].as_str().unwrap()).collect();
            assert_eq!(names[..4], ["dns", "connect", "request", "status"], "{report}");
            assert!(!report.to_string().contains("MARKED"), "{report}");
        }
        // The guard of the door holds here too.
        let body = json!({"provider": "rest", "config": {"base_url": "http://10.0.0.1/"}});
        let (_, report) = call(&world, Method::POST, DRAFT, body).await;
        assert_eq!(report["code"], "egress.address_forbidden");
        // What needs credentials says so before anything is sent.
        let body = json!({"provider": "openweather", "config": {"city": "Rome"}});
        let (_, report) = call(&world, Method::POST, DRAFT, body).await;
        assert_eq!((&report["code"], &report["steps"]), (&json!("credential.missing"), &json!([])));
        // It has no address yet.
        let body = json!({"provider": "webhook", "credentials": {"secret": "MARKED"}});
        let (_, report) = call(&world, Method::POST, DRAFT, body).await;
        assert_eq!(report["ok"], true);
        assert!(!report.to_string().contains("int_"), "{report}");

        let mut tx = world.workspace.read().await.unwrap();
        for table in ["integrations", "credentials", "audit_entries", "events"] {
            let sql = format!("SELECT * FROM {table}");
            assert_eq!(tx.fetch_all(&sql, Vec::new()).await.unwrap().len(), 0, "{table}");
        }
        drop(tx);
        assert!(!world.texts().await.contains("MARKED"));
    }
}

#[tokio::test]
async fn a_draft_that_does_not_fit_is_named() {
    let world = worlds().await.remove(0);
    for (body, code, pointer) in [
        (json!({"provider": "nosuch"}), "provider.unknown", "/provider"),
        (json!({"provider": "rss"}), "integration.config_invalid", "/config/feed_url"),
        (
            json!({"provider": "openweather", "config": {"city": "Rome"},
                "credentials": {"wrong": "x"}}),
            "credential.invalid",
            "/credentials/api_key",
        ),
        (
            json!({"provider": "rest", "config": {"base_url": "http://a.b"},
                "credentials": {"token": kernel::MASK}}),
            "credential.invalid",
            "/credentials/token",
        ),
        (json!({"provider": "rss", "name": "x"}), "request.invalid", "/name"),
    ] {
        let (status, answer) = call(&world, Method::POST, DRAFT, body.clone()).await;
        let pointers: Vec<_> = answer["errors"].as_array().unwrap().iter().collect();
        assert_eq!((status.as_u16(), answer["code"].as_str()), (422, Some(code)), "{answer}");
        assert!(pointers.iter().any(|it| it["pointer"] == pointer), "{body} {answer}");
    }
}
