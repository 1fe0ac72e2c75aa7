use accounts::gate::Identity;
use axum::body::Body;
use http::{Method, Request, StatusCode};
use http_body_util::BodyExt;
use kernel::{MASK, Problem};
use serde_json::{Value, json};
use std::sync::Arc;
use tower::ServiceExt;

use crate::world::{World, identity, worlds};

pub(crate) async fn call(
    world: &World,
    method: Method,
    path: &str,
    body: Value,
) -> (StatusCode, Value) {
    call_as(world, world.owner.clone(), method, path, body).await
}

async fn call_as(
    world: &World,
    who: Identity,
    method: Method,
    path: &str,
    body: Value,
) -> (StatusCode, Value) {
    let app = connect::routes(world.connect.clone()).split_for_parts().0;
    let mut request = Request::builder().method(method).uri(path);
    let body = match body {
        Value::Null => Body::empty(),
        body => {
            request = request.header("content-type", "application/json");
            Body::from(body.to_string())
        }
    };
    let mut request = request.body(body).unwrap();
    request.extensions_mut().insert::<Result<Arc<Identity>, Problem>>(Ok(Arc::new(who)));
    let response = app.oneshot(request).await.unwrap();
    let status = response.status();
    let bytes = response.into_body().collect().await.unwrap().to_bytes();
    (status, serde_json::from_slice(&bytes).unwrap_or(Value::Null))
}

#[tokio::test]
async fn an_integration_lives_and_goes() {
    for world in worlds().await {
        let post = json!({
            "name": "Weather", "provider": "openweather", "config": {"city": "Rome"},
            "credentials": {"api_key": "MARKED-1"}, "pull": {"interval": "5m"}
        });
        let (status, made) = call(&world, Method::POST, "/api/v1/integrations", post).await;
        assert_eq!(status, StatusCode::CREATED, "{made}");
        assert_eq!(made["credential"]["state"], "unverified");
        assert_eq!((&made["type"], &made["status"]), (&json!("openweather"), &json!("new")));
        let path = format!("/api/v1/integrations/{}", made["id"].as_str().unwrap());
        let (_, got) = call(&world, Method::GET, &path, Value::Null).await;
        assert_eq!(got, made);
        let (status, off) = call(&world, Method::PATCH, &path, json!({"enabled": false})).await;
        assert_eq!((status, &off["status"]), (StatusCode::OK, &json!("off")));
        let (_, camel) =
            call(&world, Method::PATCH, &path, json!({"credentialScope": "organization"})).await;
        assert_eq!(camel["credential_scope"], "workspace");
        let stranger = identity(&world.test.workspace("stranger").await, true);
        for method in [Method::GET, Method::DELETE] {
            let (status, _) = call_as(&world, stranger.clone(), method, &path, Value::Null).await;
            assert_eq!(status, StatusCode::NOT_FOUND);
        }
        let (status, _) = call(&world, Method::GET, &format!("{path}/requests"), Value::Null).await;
        assert_eq!(status, StatusCode::OK);

        let (_, list) = call(&world, Method::GET, "/api/v1/credentials", Value::Null).await;
        assert_eq!(list["data"][0]["credentials"], json!({"api_key": MASK}));
        let credential = format!("/api/v1/credentials/{}", list["data"][0]["id"].as_str().unwrap());
        let rotate = json!({"credentials": {"api_key": "MARKED-2"}});
        let (_, rotated) =
            call(&world, Method::POST, &format!("{credential}/rotate"), rotate).await;
        assert_eq!(rotated["version"], 2, "{rotated}");
        let (_, log) = call(&world, Method::GET, &format!("{credential}/audit"), Value::Null).await;
        let rows = log["data"].as_array().unwrap().iter();
        let mut actions: Vec<_> = rows.map(|it| it["action"].as_str().unwrap()).collect();
        actions.sort_unstable();
        assert_eq!(actions, ["credential.created", "credential.rotated"]);
        let (status, _) = call(&world, Method::DELETE, &path, Value::Null).await;
        assert_eq!(status, StatusCode::NO_CONTENT);
        let (status, _) = call(&world, Method::GET, &credential, Value::Null).await;
        assert_eq!(status, StatusCode::NOT_FOUND, "the credential goes with its integration");
        assert!(!world.texts().await.contains("MARKED"));
    }
}

#[tokio::test]
async fn the_printed_forms_are_taken() {
    for world in worlds().await {
        let zapier = json!({
            "name": "Zapier Connection", "type": "zapier",
            "config": {"webhookId": "zap-123", "apiKey": "xxx-yyy-zzz"}, "enabled": true
        });
        let (status, made) = call(&world, Method::POST, "/api/v1/integrations", zapier).await;
        assert_eq!(status, StatusCode::CREATED, "{made}");
        assert_eq!(made["config"], json!({"webhookId": "zap-123", "apiKey": MASK}));
        assert_eq!((&made["mode"], &made["provider"]), (&json!("push"), &json!("zapier")));
        let slack = json!({
            "name": "Slack Bot", "type": "oauth", "provider": "somewhere",
            "data": {"bot_token": "xoxb-xxxxx"}
        });
        let (status, made) = call(&world, Method::POST, "/api/v1/credentials", slack).await;
        assert_eq!(status, StatusCode::CREATED, "{made}");
        assert_eq!(made["credentials"], json!({"bot_token": MASK}));
    }
}

#[tokio::test]
async fn lists_are_searched_sorted_and_paged() {
    for world in worlds().await {
        for name in ["beta", "Alpha", "gamma_1", "delta"] {
            let post = json!({
                "name": name, "provider": "rss", "config": {"feed_url": "https://a.example"}
            });
            call(&world, Method::POST, "/api/v1/integrations", post).await;
            world.test.db.clock().advance(std::time::Duration::from_secs(1));
        }
        let names = |page: &Value| -> Vec<String> {
            let rows = page["data"].as_array().unwrap().iter();
            rows.map(|row| row["name"].as_str().unwrap().to_owned()).collect()
        };
        let get = |query: String| {
            let world = &world;
            async move {
                let path = format!("/api/v1/integrations?{query}");
                call(world, Method::GET, &path, Value::Null).await.1
            }
        };
        let first = get("sort=name&limit=3".into()).await;
        assert_eq!(names(&first), ["Alpha", "beta", "delta"]);
        let cursor = first["next_cursor"].as_str().unwrap();
        let rest = get(format!("sort=name&limit=3&cursor={cursor}")).await;
        assert_eq!((names(&rest), &rest["next_cursor"]), (vec!["gamma_1".into()], &Value::Null));
        let backwards = get("sort=-name&limit=2".into()).await;
        assert_eq!(names(&backwards), ["gamma_1", "delta"]);
        let cursor = backwards["next_cursor"].as_str().unwrap();
        let rest = get(format!("sort=-name&limit=3&cursor={cursor}")).await;
        assert_eq!(names(&rest), ["beta", "Alpha"]);
        let other = get(format!("sort=created_at&cursor={cursor}")).await;
        assert_eq!(other["code"], "request.bad_cursor");
        let made = ["beta", "Alpha", "gamma_1", "delta"];
        let oldest = get("sort=created_at&limit=3".into()).await;
        assert_eq!(names(&oldest), made[..3]);
        let cursor = oldest["next_cursor"].as_str().unwrap();
        let rest = get(format!("sort=created_at&cursor={cursor}")).await;
        assert_eq!(names(&rest), made[3..]);
        let mut newest = names(&get("sort=-created_at".into()).await);
        newest.reverse();
        assert_eq!(newest, made);
        assert_eq!(names(&get("search=ALPH".into()).await), ["Alpha"]);
        assert_eq!(names(&get("search=_".into()).await), ["gamma_1"]);
        assert_eq!(names(&get("status=ok".into()).await), [""; 0]);
        assert_eq!(
            names(&get("status=new&provider=rss&mode=pull&enabled=true".into()).await).len(),
            4
        );
        let newest = get("limit=2".into()).await;
        let older =
            get(format!("limit=2&cursor={}", newest["next_cursor"].as_str().unwrap())).await;
        assert_eq!(names(&newest).len() + names(&older).len(), 4);
    }
}

#[tokio::test]
async fn bad_requests_are_named() {
    let world = worlds().await.remove(0);
    for (method, path, body, status, code) in [
        (Method::POST, "/api/v1/integrations", json!({"name": "x"}), 422, "request.invalid"),
        (Method::POST, "/api/v1/integrations", json!({"name": 1}), 422, "request.invalid"),
        (
            Method::POST,
            "/api/v1/integrations",
            json!({"name": "x", "type": "database"}),
            422,
            "provider.unsupported",
        ),
        (
            Method::POST,
            "/api/v1/integrations",
            json!({"name": "x", "type": "nosuch"}),
            422,
            "provider.unknown",
        ),
        (
            Method::POST,
            "/api/v1/integrations",
            json!({"name": "x", "provider": "rss", "foo": 1}),
            422,
            "request.invalid",
        ),
        (
            Method::POST,
            "/api/v1/integrations",
            json!({"name": "x", "provider": "rss", "widget_id": "wid_00000000000000000000000000"}),
            422,
            "request.invalid",
        ),
        (Method::GET, "/api/v1/integrations?limit=0", Value::Null, 400, "request.bad_query"),
        (Method::GET, "/api/v1/integrations?sort=size", Value::Null, 400, "request.bad_query"),
        (Method::GET, "/api/v1/integrations?cursor=%25", Value::Null, 400, "request.bad_cursor"),
        (Method::GET, "/api/v1/integrations/nosuch", Value::Null, 404, "request.not_found"),
        (Method::GET, "/api/v1/providers/nosuch", Value::Null, 404, "request.not_found"),
        (Method::POST, "/api/v1/credentials", json!({"provider": "x"}), 422, "request.invalid"),
        (
            Method::POST,
            "/api/v1/integrations/validate",
            json!({"provider": "nosuch"}),
            422,
            "provider.unknown",
        ),
    ] {
        let (found, answer) = call(&world, method, path, body.clone()).await;
        assert_eq!(
            (found.as_u16(), answer["code"].as_str()),
            (status, Some(code)),
            "{path} {body} {answer}"
        );
    }
    let body = json!({"provider": "rss", "config": {}});
    let (_, answer) = call(&world, Method::POST, "/api/v1/integrations/validate", body).await;
    assert_eq!(answer["errors"][0]["pointer"], "/config/feed_url");
    let (_, providers) =
        call(&world, Method::GET, "/api/v1/providers?mode=push&search=git", Value::Null).await;
    assert_eq!(providers["data"][0]["id"], "github");
}
