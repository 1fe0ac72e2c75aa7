//! What belongs to one workspace does not exist for another, at any operation that the server has.

mod table;

use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

use crate::client::Client;
use crate::document::operations;
use crate::running::{Plan, eventually};
use crate::socket::Socket;
use crate::world::{World, created, push, text};
use table::{Row, Rule};

#[tokio::test(flavor = "multi_thread")]
async fn what_is_theirs_does_not_exist_for_others_sqlite() {
    check(World::new().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_theirs_does_not_exist_for_others_postgres() {
    if let Some(plan) = Plan::on_postgres().await {
        check(World::of(plan).await).await;
    }
}

async fn check(world: World) {
    let theirs = theirs(&world).await;
    let (stranger, own) = stranger(&world).await;
    let ids: BTreeMap<String, String> = theirs.clone().into_iter().chain(own).collect();
    let rows = table::rows();
    let known: BTreeSet<_> = operations(&world.server.client).await.into_keys().collect();
    let covered: BTreeSet<_> = rows.iter().map(Row::operation).collect();
    let missing: Vec<_> = known.difference(&covered).collect();
    assert!(missing.is_empty(), "say in tenants/table.rs what these do to others: {missing:#?}");
    let gone: Vec<_> = covered.difference(&known).collect();
    assert!(gone.is_empty(), "these are no longer there: {gone:#?}");

    let before = seen_by_owner(&world, &rows, &ids).await;
    let mut leaks = Vec::new();
    for row in &rows {
        let (path, body) = (row.path(&ids), row.body(&ids));
        let ask = async || match &body {
            Some(body) => stranger.json(row.method, &path, body.clone()).await,
            None => stranger.send(row.method, &path, &[], "").await,
        };
        let wrong = match row.rule {
            Rule::Open(_) | Rule::Live => None,
            Rule::Hidden => {
                let answer = ask().await;
                let is_hidden = answer.status == 404 && answer.code() == "request.not_found";
                (!is_hidden).then_some(answer)
            }
            Rule::Refused => Some(ask().await).filter(|it| ![404, 422].contains(&it.status)),
            Rule::Denied => Some(ask().await).filter(|answer| answer.status != 403),
            Rule::List => {
                let answer = ask().await;
                let shown = answer.text();
                let leaks = theirs.values().any(|id| shown.contains(id.as_str()));
                (![200, 404].contains(&answer.status) || leaks).then_some(answer)
            }
        };
        if let Some(answer) = wrong {
            leaks.push(format!("{} {path}: {} {}", row.method, answer.status, answer.text()));
        }
    }
    assert!(leaks.is_empty(), "{}", leaks.join("\n"));
    assert_eq!(seen_by_owner(&world, &rows, &ids).await, before, "nothing of theirs has changed");
    live(&world, &stranger, &theirs).await;
}

/// What is read of one's own at the same paths: it is there, so the ids of the table are right.
async fn seen_by_owner(
    world: &World,
    rows: &[Row],
    ids: &BTreeMap<String, String>,
) -> BTreeMap<String, Value> {
    let mut seen = BTreeMap::new();
    for row in rows.iter().filter(|row| row.is_read_of_theirs()) {
        let path = row.path(ids);
        let answer = world.owner.get(&path).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.text());
        let found = answer.json();
        let lasting = ["id", "name", "role", "enabled", "config", "options", "version"];
        let lasting = lasting.map(|field| found[field].clone());
        seen.insert(path, json!(lasting));
    }
    seen
}

/// Events and sockets: what happens to others is not heard.
async fn live(world: &World, stranger: &Client, theirs: &BTreeMap<String, String>) {
    let mut events = stranger.open("/api/v1/events/stream").await;
    assert_eq!(events.status, 200);
    let mut socket = Socket::open(stranger).await;
    socket.subscribe(&[&theirs["feed"], &theirs["config"]]).await;
    for _ in 0..2 {
        let said = socket.next().await;
        assert_eq!((&said["type"], &said["code"]), (&json!("error"), &json!("request.not_found")));
    }
    let path = format!("/api/v1/feeds/{}", theirs["feed"]);
    created(world.owner.patch(&path, json!({ "name": "Renamed" })).await);
    let again = json!({ "slug": "again", "name": "Again" });
    created(world.owner.post("/api/v1/widgets", again.clone()).await);
    world.rest().await;
    let body =
        json!({ "name": "Heard", "provider": "rest", "config": { "base_url": "http://a.b" } });
    let ours = created(stranger.post("/api/v1/integrations", body).await);
    loop {
        let (_, data) = events.next().await.expect("the stream goes on");
        let shown = data.to_string();
        assert!(!shown.contains(&world.workspace), "{shown}");
        if shown.contains(ours["id"].as_str().unwrap()) {
            break;
        }
    }
}

/// One of everything in the first workspace.
async fn theirs(world: &World) -> BTreeMap<String, String> {
    let mut ids = BTreeMap::new();
    let mut keep = |name: &str, id: &str| {
        ids.insert(name.to_owned(), id.to_owned());
    };
    keep("org", &world.workspace);
    let rest = world.rest().await;
    keep("int", &rest);
    let token = json!({ "integration_id": rest, "credentials": { "token": "s3cret-of-theirs" } });
    keep("cred", &text(&world.post("/api/v1/credentials", token).await["id"]));
    let pull = json!({ "path": "/rest/echo", "interval_secs": 3600 });
    let (feed, _) = world.feed(&rest, json!({ "pull": pull })).await;
    world.data_when(&feed, "a first version", |data| data["version"] == 1).await;
    keep("feed", &feed);

    let hook = world.webhook("hush", json!({})).await;
    keep("hook", &hook);
    let (pushed, path) = world.feed(&hook, json!({ "mode": "push" })).await;
    keep("pushed", &pushed);
    let event = push(&world.owner, &path, "hush", &json!({ "n": 1 })).await.expect(200);
    keep("event", &text(&event["id"]));

    let widget = json!({ "slug": "board", "name": "Board" });
    keep("widget", &text(&world.post("/api/v1/widgets", widget).await["id"]));
    let printed = json!({
        "name": "weather of theirs", "integration_type": "pull", "credential_scope": "widget",
        "credential_schema": { "token": { "type": "string", "sensitive": true } },
        "pull_endpoint": format!("{}/rest/echo", world.url(sandbox::Service::Rest)),
        "pull_interval_seconds": 3600,
    });
    let path = world.organization("widgets/board/integrations");
    keep("wint", &text(&world.post(&path, printed).await["id"]));
    let place = json!({ "widget_id": "board", "name": "Lobby", "options": {} });
    let config = text(&world.post("/api/v1/widget-configs", place).await["id"]);
    keep("config", &config);
    let player = json!({ "name": "Screen", "widget_config_ids": [config] });
    keep("player", &text(&world.post("/api/v1/players", player).await["id"]));

    let member =
        json!({ "email": "carol@example.com", "role": "viewer", "password": "longenough1" });
    keep("member", &text(&world.post("/api/v1/members", member).await["id"]));
    let key = json!({ "name": "theirs", "scopes": ["feeds:read"] });
    keep("key", &text(&world.post("/api/v1/api-keys", key).await["id"]));
    let source = json!({ "name": "Source", "type": "api", "config": { "baseUrl": "http://a.b" } });
    keep("source", &text(&world.post("/api/data-sources", source).await["id"]));

    let oauth = world.oauth(json!({})).await;
    let connection = world.connected(&oauth, "aurel").await;
    keep("conn", &text(&connection["id"]));
    keep("oauth", &oauth);
    world.sandbox.platform(sandbox::Service::Oauth).unwrap().revoke(None);
    let path = format!("/api/v1/connections/{}/refresh", text(&connection["id"]));
    assert_eq!(world.owner.post(&path, json!({})).await.code(), "connection.expired");
    let tasks = world.owner.get("/api/v1/tasks").await.expect(200);
    keep("task", &text(&tasks["data"][0]["id"]));

    let hook = json!({ "url": "http://127.0.0.1:9/hooks", "events": ["custom.*"] });
    let hook = text(&world.post("/api/v1/webhooks", hook).await["id"]);
    keep("wh", &hook);
    let test = world.owner.send("POST", &format!("/api/v1/webhooks/{hook}/test"), &[], "").await;
    keep("dlv", &text(&created(test)["id"]));
    let asks = json!({ "name": "Theirs", "steps": [
        { "name": "ask", "type": "approval", "config": { "message": "May I?" } } ] });
    let flow = text(&world.post("/api/v1/workflows", asks).await["id"]);
    let path = format!("/api/v1/workflows/{flow}/execute");
    let run = text(&world.post(&path, json!({})).await["id"]);
    eventually("the run waits", async || {
        let run = world.owner.get(&format!("/api/v1/executions/{run}")).await.expect(200);
        (run["status"] == "waiting").then_some(())
    })
    .await;
    keep("flow", &flow);
    keep("run", &run);

    let failing = json!({ "path": "/rest/status/404", "notify_after": 1 });
    world.feed(&rest, json!({ "pull": failing })).await;
    let note = eventually("a notification of the failure", async || {
        let found = world.owner.get("/api/v1/notifications").await.expect(200);
        found["data"][0]["id"].as_str().map(str::to_owned)
    });
    keep("note", &note.await);
    ids
}

/// Somebody who owns a workspace of their own, and is nobody in the first; and one of what they have.
async fn stranger(world: &World) -> (Client, BTreeMap<String, String>) {
    let other = text(&world.post("/api/v1/workspaces", json!({ "name": "Other" })).await["id"]);
    let key = json!({ "name": "founding", "permissions": { "admin": true }, "workspaceId": other });
    let key = world.post("/api/v1/api-keys", key).await;
    let founder = world.owner.key(key["key"].as_str().unwrap());
    let bob = json!({ "email": "bob@example.com", "role": "owner", "password": "bobs password" });
    created(founder.post("/api/v1/members", bob).await);
    let login = json!({ "email": "bob@example.com", "password": "bobs password" });
    let session = world.server.client.post("/api/v1/session", login).await;
    let cookie = session.header("set-cookie").split(';').next().unwrap().to_owned();
    let csrf = session.expect(200)["csrf_token"].clone();
    let bob = world.server.client.with("cookie", &cookie).with("x-patchbay-csrf", &text(&csrf));
    let key = json!({ "name": "bob", "scopes": ["admin:full"] });
    let key = created(bob.post("/api/v1/api-keys", key).await);
    let bob = world.owner.key(key["key"].as_str().unwrap());

    let own = async |path: &str, body: Value| text(&created(bob.post(path, body).await)["id"]);
    let hook = json!({
        "name": "Own", "provider": "webhook", "config": {}, "credentials": { "secret": "own" },
    });
    let rest = json!({ "name": "Own", "provider": "rest", "config": { "base_url": "http://a.b" } });
    let widget = json!({ "slug": "own", "name": "Own" });
    let mut ids = BTreeMap::new();
    ids.insert("own_org".to_owned(), other);
    ids.insert("own_hook".to_owned(), own("/api/v1/integrations", hook).await);
    ids.insert("own_int".to_owned(), own("/api/v1/integrations", rest).await);
    ids.insert("own_widget".to_owned(), own("/api/v1/widgets", widget).await);
    let config = json!({ "widget_id": "own", "name": "Own" });
    ids.insert("own_config".to_owned(), own("/api/v1/widget-configs", config).await);
    let told = json!({ "url": "http://127.0.0.1:9/hooks", "events": ["*"] });
    ids.insert("own_wh".to_owned(), own("/api/v1/webhooks", told).await);
    let player = json!({ "name": "Own" });
    ids.insert("own_player".to_owned(), own("/api/v1/players", player).await);
    (bob, ids)
}
