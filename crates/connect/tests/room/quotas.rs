//! Daily quotas: what is counted together, what outlives a restart, and when the count begins anew.

use accounts::gate::Actor;
use connect::{Connect, Credentials, Integration, PullConfig, Question, RequestLogs, Whose};
use db::Workspace;
use db::testing::TestDb;
use egress::{Config, Egress};
use http::{Method, StatusCode};
use kernel::{Timestamp, codes};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;

use crate::api::call;
use crate::world::{World, identity, map, provider, worlds};

/// A process on the database, with what was written before it began.
struct Node {
    connect: Connect,
    egress: Egress,
}

impl Node {
    async fn new(test: &TestDb) -> Self {
        let allow_networks = vec!["127.0.0.0/8".parse().unwrap()];
        let config = Config { allow_networks, ..Config::default() };
        let (clock, entropy) = (test.db.clock().clone(), test.db.entropy().clone());
        let log = Arc::new(RequestLogs::start(test.db.clone()));
        let egress = Egress::new(config, clock, entropy, log).unwrap();
        let catalog = Arc::new(catalog::Catalog::embedded().unwrap());
        let url = "https://bay.example/";
        let connect = Connect::new(test.db.clone(), catalog, egress.clone(), url);
        connect.recover().await.unwrap();
        Self { connect, egress }
    }

    async fn asks(&self, world: &World, it: &Arc<Integration>, resource: &str) -> Option<String> {
        let question = Question {
            integration: it,
            pull: &PullConfig::default(),
            options: &map(json!({ "resource": resource })),
            whose: Whose::default(),
            purpose: "test",
            actor: &Actor::House,
        };
        let asked = self.connect.ask(&world.workspace, &question, |_| {}).await;
        asked.err().map(|problem| problem.code.name.to_owned())
    }

    fn used(&self, world: &World, it: &Integration) -> u64 {
        let now = world.test.db.clock().now();
        self.egress.budgets().used(&format!("youtube/{}", it.id), now)
    }
}

async fn youtube(world: &World) -> Arc<Integration> {
    let config = json!({ "api_base": provider().await.base });
    let key = json!({ "api_key": "good" });
    Arc::new(world.integration("youtube", config, key).await)
}

async fn rows(world: &World) -> Vec<(i64, Timestamp)> {
    let mut tx = world.test.db.system(false).await.unwrap();
    let rows = tx.fetch_all("SELECT used, resets_at FROM quotas", Vec::new()).await.unwrap();
    rows.iter().map(|row| (row.int("used").unwrap(), row.time("resets_at").unwrap())).collect()
}

#[tokio::test]
async fn processes_count_together_and_none_forgets() {
    for world in worlds().await {
        let it = youtube(&world).await;
        let (one, other) = (Node::new(&world.test).await, Node::new(&world.test).await);
        for _ in 0..3 {
            assert_eq!(one.asks(&world, &it, "channels").await, None);
        }
        assert_eq!(other.asks(&world, &it, "search").await, None);
        assert_eq!((one.used(&world, &it), other.used(&world, &it)), (3, 100));
        one.connect.flush_quotas().await.unwrap();
        other.connect.flush_quotas().await.unwrap();
        assert_eq!(other.used(&world, &it), 103);
        assert_eq!(one.asks(&world, &it, "channels").await, None);
        one.connect.flush_quotas().await.unwrap();
        assert_eq!(one.used(&world, &it), 104);

        let later = Node::new(&world.test).await;
        assert_eq!(later.used(&world, &it), 104);
        // A feed leaves the last tenth to people: of 10,000 units, 8,896 more are a feed's.
        for _ in 0..88 {
            assert_eq!(later.asks(&world, &it, "search").await, None);
        }
        let refused = later.asks(&world, &it, "search").await;
        assert_eq!(refused.as_deref(), Some(codes::EGRESS_QUOTA_SPENT.name));
        later.connect.flush_quotas().await.unwrap();
        let (used, resets_at) = rows(&world).await[0];
        assert_eq!(used, 8_904);

        let clock = world.test.db.clock();
        clock.advance(resets_at.since(clock.now()));
        assert_eq!(later.used(&world, &it), 0);
        assert_eq!(later.asks(&world, &it, "search").await, None);
        // Who is late with what was spent before the reset does not spoil the new day.
        assert_eq!(one.asks(&world, &it, "channels").await, None);
        later.connect.flush_quotas().await.unwrap();
        one.connect.flush_quotas().await.unwrap();
        let found = rows(&world).await;
        assert_eq!((found.len(), found[0].0), (1, 101));
        assert_eq!(found[0].1.since(resets_at), Duration::from_secs(86_400));
    }
}

#[tokio::test]
async fn an_app_is_one_budget_wherever_it_is_used() {
    let world = worlds().await.remove(0);
    let stranger = world.test.workspace("stranger").await;
    let (one, two) = (youtube(&world).await, youtube(&world).await);
    let keys = |it: &Integration, workspace: &Workspace, fields: Value| {
        let credentials = Credentials::of(map(fields));
        let pull = PullConfig::default();
        let prepared = world.connect.request(workspace, it, &pull, &map(json!({})), &credentials);
        let request = prepared.unwrap().request;
        assert_eq!(request.budgets[0].key, request.rate_limits[0].key);
        request.rate_limits[0].key.clone()
    };
    let app = json!({ "client_id": "app", "client_secret": "s3cret", "api_key": "k" });
    let ours = keys(&one, &world.workspace, app.clone());
    assert!(!ours.contains("s3cret") && ours.starts_with("youtube/app/"), "{ours}");
    assert_eq!(keys(&two, &world.workspace, app.clone()), ours);
    assert_eq!(keys(&two, &stranger, app), ours, "whoever has its secret has its quota");
    // The id is no secret, so it opens nobody's purse.
    for guessed in [
        json!({ "client_id": "app", "client_secret": "guess", "api_key": "k" }),
        json!({ "client_id": "app", "api_key": "k" }),
        json!({ "api_key": "k" }),
    ] {
        assert_ne!(keys(&two, &stranger, guessed), ours);
    }
    let alone = json!({ "api_key": "k" });
    assert_ne!(keys(&one, &world.workspace, alone.clone()), keys(&two, &world.workspace, alone));
}

#[tokio::test]
async fn limits_are_listed_with_what_is_used_of_them() {
    for world in worlds().await {
        let tube = youtube(&world).await;
        let weather = world.integration("openweather", json!({"city": "Rome"}), Value::Null).await;
        let get = async |query: &str| {
            let path = format!("/api/v1/quotas{query}");
            let (status, rows) = call(&world, Method::GET, &path, Value::Null).await;
            assert_eq!(status, StatusCode::OK, "{rows}");
            rows
        };
        let all = get("").await;
        let first = get("?limit=1").await;
        let rest =
            get(&format!("?limit=1&cursor={}", first["next_cursor"].as_str().unwrap())).await;
        let both = [&first["data"], &rest["data"]].map(|it| it.as_array().unwrap().clone());
        assert_eq!(json!(both.concat()), all["data"]);

        let daily = &get("?provider=youtube").await["data"][0];
        assert_eq!((&daily["daily"], &daily["limit"]), (&json!(true), &json!(10_000)));
        assert_eq!((&daily["used"], &daily["integration_id"]), (&json!(0), &json!(tube.id)));
        let window = &get(&format!("?integration_id={}", weather.id)).await["data"][0];
        assert_eq!((&window["daily"], &window["used"]), (&json!(false), &json!(0)));
        assert!(window["window_secs"].is_u64() && window["forecast"]["ends_at"].is_null());

        let stranger = world.test.workspace("stranger").await;
        let theirs = World { owner: identity(&stranger, false), workspace: stranger, ..world };
        let path = format!("/api/v1/quotas?integration_id={}", tube.id);
        for path in ["/api/v1/quotas", &path] {
            let (_, rows) = call(&theirs, Method::GET, path, Value::Null).await;
            assert_eq!(rows["data"], json!([]));
        }
    }
}

#[tokio::test]
async fn calls_of_a_class_are_paid_from_its_own() {
    let world = worlds().await.remove(0);
    let request = |it: &Integration, pull: Value| {
        let pull = serde_json::from_value(pull).unwrap();
        let fields = json!({ "token": "t", "bearer_token": "t", "api_key": "k" });
        let credentials = Credentials::of(map(fields));
        let prepared =
            world.connect.request(&world.workspace, it, &pull, &map(json!({})), &credentials);
        prepared.unwrap().request
    };
    let keys = |sent: &egress::Request| {
        let short = |key: &str| key.split_once('#').map_or("api", |(_, class)| class).to_owned();
        sent.rate_limits.iter().map(|it| (short(&it.key), it.learns)).collect::<Vec<_>>()
    };
    let is = |name: &str| (name.to_owned(), true);
    let github = world.integration("github", json!({}), Value::Null).await;
    for (path, class) in [
        ("/user", "api"),
        ("/search/issues", "search"),
        ("/search/code", "code_search"),
        ("/graphql", "graphql"),
    ] {
        assert_eq!(keys(&request(&github, json!({ "path": path }))), [is(class)], "{path}");
    }
    // One that is not apart counts against the whole as well, and what is reported is its own.
    let hubspot = world.integration("hubspot", json!({}), Value::Null).await;
    let search = json!({ "path": "/crm/v3/objects/contacts/search", "body": {} });
    assert_eq!(keys(&request(&hubspot, search)), [("api".to_owned(), false), is("search")]);
    // What is read and what is written are told apart by the method.
    let tweets = |method: &str| json!({ "path": "/tweets", "method": method });
    let x = world.integration("x", json!({}), json!({ "bearer_token": "t" })).await;
    assert_eq!(keys(&request(&x, tweets("GET"))), [is("posts")]);
    assert_eq!(keys(&request(&x, tweets("POST"))), [is("post")]);
    // Analytics is another API: it costs nothing of the day.
    let base = "https://tube.example";
    let config = json!({ "api_base": base, "analytics_base": base });
    let tube = world.integration("youtube", config, json!({ "api_key": "k" })).await;
    let report = request(&tube, json!({ "url": format!("{base}/v2/reports") }));
    assert!(report.budgets.is_empty() && keys(&report) == [is("analytics")]);

    let (_, rows) = call(&world, Method::GET, "/api/v1/quotas?provider=github", Value::Null).await;
    let classes: Vec<_> = rows["data"].as_array().unwrap().iter().map(|it| &it["class"]).collect();
    assert!(classes.is_empty(), "no account is connected: {rows}");
    let (_, rows) = call(&world, Method::GET, "/api/v1/quotas?provider=youtube", Value::Null).await;
    let classes: Vec<_> = rows["data"].as_array().unwrap().iter().map(|it| &it["class"]).collect();
    assert_eq!(classes, ["api", "analytics"]);
}

#[tokio::test]
async fn an_app_may_have_more_than_the_catalog_says() {
    for world in worlds().await {
        let made = async |provider: &str, quota: Value| {
            let body = json!({
                "name": "own", "provider": provider, "config": {}, "quota": quota,
                "credentials": { "api_key": "k" },
            });
            call(&world, Method::POST, "/api/v1/integrations", body).await
        };
        for (provider, quota) in [
            ("openweather", json!({ "daily_units": 5 })),
            ("youtube", json!({ "window_secs": 5 })),
            ("youtube", json!({ "requests": 0 })),
            ("youtube", json!({ "more": 1 })),
        ] {
            let (status, refused) = made(provider, quota.clone()).await;
            assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{quota} {refused}");
            assert!(refused["errors"][0]["pointer"].as_str().unwrap().starts_with("/quota"));
        }
        let (_, it) = made("youtube", json!({ "daily_units": 50_000, "requests": 300 })).await;
        assert_eq!(it["quota"], json!({ "daily_units": 50_000, "requests": 300 }));
        let limits = async || {
            let path = format!("/api/v1/quotas?integration_id={}", it["id"].as_str().unwrap());
            let (_, rows) = call(&world, Method::GET, &path, Value::Null).await;
            let rows = rows["data"].as_array().unwrap().clone();
            let of_all = rows.iter().filter(|row| row["class"] == "api");
            of_all.map(|row| row["limit"].as_u64().unwrap()).collect::<Vec<_>>()
        };
        assert_eq!(limits().await, [50_000, 300]);
        let path = format!("/api/v1/integrations/{}", it["id"].as_str().unwrap());
        let change = json!({ "quota": null });
        let (status, usual) = call(&world, Method::PATCH, &path, change).await;
        assert_eq!((status, usual.get("quota")), (StatusCode::OK, None), "{usual}");
        assert_eq!(limits().await, [10_000]);
    }
}
