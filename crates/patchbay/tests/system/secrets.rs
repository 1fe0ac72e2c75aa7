//! Secrets with marks in them go through everything that the house does with secrets; then whatever it
//! has written, logged or answered is searched for the marks, plain and in disguise.

use base64::Engine as _;
use base64::prelude::{BASE64_STANDARD_NO_PAD, BASE64_URL_SAFE_NO_PAD};
use kernel::Entropy;
use sandbox::{Faults, Service};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::client::{Client, Record};
use crate::running::{OWNER, Plan};
use crate::world::{World, path_of, push, text};

/// Secrets by what they are for.
#[derive(Default)]
struct Marks(BTreeMap<&'static str, String>);

impl Marks {
    /// A new secret. What stands around the mark is changed by every encoding.
    fn fresh(&mut self, what: &'static str) -> String {
        let mark = hex::encode(Entropy::System.bytes::<16>());
        self.0.insert(what, mark.clone());
        format!("{mark}/+=?")
    }

    /// A secret that the house made up.
    fn made(&mut self, what: &'static str, secret: &Value) -> String {
        let secret = text(secret);
        self.0.insert(what, secret.clone());
        secret
    }

    /// Fails if any of the marks is in `place`, in any form.
    fn search(&self, place: &str, bytes: &[u8], found: &mut Vec<String>) {
        for (what, mark) in &self.0 {
            for form in forms(mark) {
                if bytes.windows(form.len()).any(|window| window == form.as_bytes()) {
                    found.push(format!("{what} is in {place}, as {form}"));
                }
            }
        }
    }
}

/// Plain, hexadecimal, and in base64 at each of the three ways to begin in the middle of a text.
fn forms(mark: &str) -> Vec<String> {
    let mut forms = vec![mark.to_owned(), hex::encode(mark)];
    for before in 0..3 {
        let padded = [&vec![b' '; before][..], mark.as_bytes()].concat();
        // The characters that hold bits of the neighbours differ from place to place.
        let (from, to) = ((before * 8).div_ceil(6), padded.len() * 8 / 6);
        for alphabet in [BASE64_STANDARD_NO_PAD, BASE64_URL_SAFE_NO_PAD] {
            forms.push(alphabet.encode(&padded)[from..to].to_owned());
        }
    }
    forms
}

#[test]
fn every_disguise_is_seen_through() {
    let mut marks = Marks::default();
    let secret = marks.fresh("it");
    for disguise in [
        secret.clone(),
        format!("a {}", BASE64_STANDARD_NO_PAD.encode(format!("user:{secret}"))),
        BASE64_URL_SAFE_NO_PAD.encode(format!("ab{secret}")),
        BASE64_STANDARD_NO_PAD.encode(&secret),
        percent_encoding::utf8_percent_encode(&secret, percent_encoding::NON_ALPHANUMERIC)
            .to_string(),
    ] {
        let mut found = Vec::new();
        marks.search("here", disguise.as_bytes(), &mut found);
        assert!(!found.is_empty(), "{disguise}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_secret_is_written_logged_or_answered() {
    let mut marks = Marks::default();
    let password = marks.fresh("the owner's password");
    let all = "debug,sqlx=debug,hyper=debug,reqwest=debug,rustls=debug,hickory_resolver=debug";
    let plan = Plan::new().flag("--log", all);
    let made = plan.init(&password).await;
    let world = World::started(plan, &made).await;
    marks.made("the first key", &made["api_key"]);
    let record = Record::default();
    let owner = world.owner.recording(record.clone());

    people(&world, &owner, &mut marks, &password).await;
    pulls(&world, &owner, &mut marks).await;
    pushes(&world, &owner, &mut marks).await;
    connections(&world, &owner, &mut marks).await;
    // Whatever can be listed is.
    for path in [
        "integrations",
        "credentials",
        "connections",
        "tasks",
        "quotas",
        "kpis",
        "feeds",
        "inbound-events",
        "events",
        "audit",
        "notifications",
        "status",
        "graph",
        "players",
        "api-keys",
        "members",
        "workspaces",
        "instance",
        "widgets",
        "widget-configs",
        "providers",
    ] {
        owner.get(&format!("/api/v1/{path}")).await.expect(200);
    }
    owner.get("/api/data-sources").await.expect(200);
    for integration in ids(&owner, "integrations").await {
        for part in ["", "/requests", "/webhook"] {
            owner.get(&format!("/api/v1/integrations/{integration}{part}")).await;
        }
    }
    for credential in ids(&owner, "credentials").await {
        owner.get(&format!("/api/v1/credentials/{credential}/audit")).await.expect(200);
    }
    world.server.client.recording(record.clone()).get("/metrics").await;
    let backup = world.plan.file("a.backup");
    world.plan.succeed(&["backup", backup.to_str().unwrap()]).await;

    let mut found = Vec::new();
    for file in files(world.plan.data()) {
        if file.file_name().is_none_or(|name| name != "master.key") {
            marks.search(&file.display().to_string(), &std::fs::read(&file).unwrap(), &mut found);
        }
    }
    for (what, answer) in record.lock().unwrap().iter() {
        marks.search(what, answer, &mut found);
    }
    let data = world.plan.data().to_owned();
    let World { plan, server, .. } = world;
    let (_, _, log) = server.stop().await;
    assert!(log.contains("\"level\":\"DEBUG\""), "there is something to search");
    assert!(record.lock().unwrap().len() > 100, "there are answers to search");
    for line in log.lines() {
        marks.search(&format!("the log: {line}"), line.as_bytes(), &mut found);
    }
    for file in files(&data).into_iter().filter(|file| !file.ends_with("master.key")) {
        marks.search(&file.display().to_string(), &std::fs::read(&file).unwrap(), &mut found);
    }
    found.sort();
    found.dedup();
    assert!(found.is_empty(), "{}", found.join("\n"));
    drop(plan);
}

/// Logins that fail and succeed, members, keys, players.
async fn people(world: &World, owner: &Client, marks: &mut Marks, password: &str) {
    let login = |email: &str, password: &str| json!({ "email": email, "password": password });
    let guess = marks.fresh("a wrong password");
    let nobody = owner.nobody();
    nobody.post("/api/v1/session", login(OWNER, &guess)).await.expect(401);
    nobody.post("/api/v1/session", login("nobody@example.com", &guess)).await.expect(401);
    nobody.post("/api/v1/session", json!({ "email": OWNER, "password": guess, "x": 1 })).await;
    // The session's own cookie is told once, to the browser.
    let session = world.server.client.post("/api/v1/session", login(OWNER, password)).await;
    let cookie = session.header("set-cookie").split(';').next().unwrap().to_owned();
    marks.made("a session", &json!(cookie.split_once('=').unwrap().1));
    let person = owner.nobody().with("cookie", &cookie);
    person.get("/api/v1/session").await.expect(200);
    let member = json!({
        "email": "carol@example.com", "role": "editor", "password": marks.fresh("a member's password"),
    });
    owner.post("/api/v1/members", member).await.expect(201);
    let dave = json!({ "email": "dave@example.com", "role": "viewer" });
    let dave = world.owner.post("/api/v1/members", dave).await.expect(201);
    marks.made("an initial password", &dave["initial_password"]);
    let key = json!({ "name": "a key", "scopes": ["feeds:read"] });
    let key = world.owner.post("/api/v1/api-keys", key).await.expect(201);
    let reader = owner.key(&marks.made("a key", &key["key"]));
    reader.get("/api/v1/feeds").await.expect(200);
    reader.get("/api/v1/members").await.expect(403);
    let player = world.owner.post("/api/v1/players", json!({ "name": "Screen" })).await.expect(201);
    let token = marks.made("a player's token", &player["token"]);
    let data = "/api/widgets-config/wcfg_01h455vb4pex5vsknk084sn02q/data";
    nobody.get(&format!("{data}?token={token}")).await.expect(404);
    nobody
        .get(&format!("/api/v1/feeds?api_key={}", marks.fresh("a key in a query")))
        .await
        .expect(401);
}

/// Integrations of every way to prove oneself: tested, fetched through, failing, rotated.
async fn pulls(world: &World, owner: &Client, marks: &mut Marks) {
    let rest = world.url(Service::Rest);
    let dead = "http://127.0.0.1:9";
    for base_url in [rest, dead] {
        for (name, credentials) in [
            ("a bearer token", json!({ "token": marks.fresh("a bearer token") })),
            (
                "a basic password",
                json!({ "username": "u", "password": marks.fresh("a basic password") }),
            ),
            (
                "a key in a header",
                json!({
                    "auth": "api_key", "api_key": marks.fresh("an api key in a header"), "api_key_header": "X-Mine",
                }),
            ),
            (
                "a key in the query",
                json!({
                    "auth": "api_key_query", "api_key": marks.fresh("an api key in the query"),
                    "api_key_param": "key",
                }),
            ),
        ] {
            let body = json!({
                "name": name, "provider": "rest", "config": { "base_url": base_url },
                "credentials": credentials,
            });
            let made = owner.post("/api/v1/integrations", body.clone()).await.expect(201);
            let id = text(&made["id"]);
            let check = json!({
                "provider": "rest", "config": body["config"], "credentials": credentials,
            });
            owner.post("/api/v1/integrations/validate", check).await.expect(200);
            owner.post(&format!("/api/v1/integrations/{id}/test"), json!({})).await.expect(200);
            for path in
                ["/rest/bearer", "/rest/status/404", "/rest/private-redirect", "/rest/redirect/2"]
            {
                let fetch = json!({ "integration_id": id, "path": path, "max_age_secs": 0 });
                owner.post("/api/v1/fetch", fetch).await;
            }
            if base_url == dead {
                continue;
            }
            let path = format!("/api/v1/credentials?integration_id={id}");
            let credential = text(&owner.get(&path).await.expect(200)["data"][0]["id"]);
            let rotated = json!({ "credentials": { "token": marks.fresh("a rotated token") } });
            owner
                .post(&format!("/api/v1/credentials/{credential}/rotate"), rotated)
                .await
                .expect(200);
            let bad =
                json!({ "credentials": { "nosuch": marks.fresh("a secret in an unknown field") } });
            owner.post(&format!("/api/v1/credentials/{credential}/rotate"), bad).await.expect(422);
            let pull = json!({ "path": "/rest/status/401", "notify_after": 1 });
            let (feed, _) = world.feed(&id, json!({ "pull": pull })).await;
            crate::running::eventually("it has failed", async || {
                let view = owner.get(&format!("/api/v1/feeds/{feed}")).await.expect(200);
                view["error_code"].is_string().then_some(())
            })
            .await;
        }
    }
    // Secrets where the configuration is of any shape: those whose names say so.
    let config = json!({
        "provider": "mine", "baseUrl": rest, "authType": "bearer",
        "accessToken": marks.fresh("a token in a flexible config"),
        "headers": { "X-Api-Key": marks.fresh("a key in a header of a flexible config") },
    });
    let source = json!({ "name": "Flexible", "type": "api", "config": config });
    let source = owner.post("/api/data-sources", source).await.expect(201);
    for endpoint in ["/rest/bearer", "/rest/status/500"] {
        let fetch = json!({ "sourceId": source["id"], "endpoint": endpoint });
        owner.post("/api/fetch-data", fetch).await;
    }
    let config = json!({
        "base_url": rest, "headers": { "Authorization": format!("Bearer {}", marks.fresh("a header in a config")) },
        "query": { "api_key": marks.fresh("a parameter in a config") },
    });
    let body = json!({ "name": "By hand", "provider": "rest", "config": config });
    let by_hand = owner.post("/api/v1/integrations", body).await;
    let id = text(&by_hand.expect(201)["id"]);
    owner.post(&format!("/api/v1/integrations/{id}/test"), json!({})).await.expect(200);
    let fetch = json!({ "integration_id": id, "path": "/rest/status/404" });
    owner.post("/api/v1/fetch", fetch).await;
    world.faults(Service::Rest, Faults { drop_connection: true, ..Faults::default() });
    for id in ids(owner, "integrations").await {
        owner.post(&format!("/api/v1/integrations/{id}/test"), json!({})).await.expect(200);
    }
    world.faults(Service::Rest, Faults::default());
}

/// Webhooks: taken, refused, with a key in the header and in the query, with a new secret.
async fn pushes(world: &World, owner: &Client, marks: &mut Marks) {
    let secret = marks.fresh("a webhook's secret");
    let body = json!({
        "name": "Sender", "provider": "webhook", "config": {}, "credentials": { "secret": secret },
    });
    let id = text(&owner.post("/api/v1/integrations", body).await.expect(201)["id"]);
    let (_, path) = world.feed(&id, json!({ "mode": "push" })).await;
    push(owner, &path, &secret, &json!({ "n": 1 })).await.expect(200);
    push(owner, &path, "guess", &json!({ "n": 1 })).await.expect(401);
    owner.post(&format!("/api/v1/integrations/{id}/test"), json!({})).await.expect(200);

    let key = marks.fresh("a key that a sender brings");
    let key = key.trim_end_matches("/+=?");
    for place in ["header", "query"] {
        let body = json!({
            "name": place, "provider": "webhook", "config": {}, "credentials": { "api_key": key },
            "push": { "api_key": { "in": place, "name": "X-Sender" }, "secret_field": "api_key" },
        });
        let id = text(&owner.post("/api/v1/integrations", body).await.expect(201)["id"]);
        let (_, path) = world.feed(&id, json!({ "mode": "push" })).await;
        let nobody = owner.nobody();
        let answer = match place {
            "header" => nobody.with("x-sender", key).post(&path, json!({ "n": 1 })).await,
            _ => nobody.post(&format!("{path}?X-Sender={key}"), json!({ "n": 1 })).await,
        };
        answer.expect(200);
        let wrong = marks.fresh("a wrong key that a sender brings");
        nobody.with("x-sender", &wrong).post(&path, json!({ "n": 1 })).await.expect(401);
        let bearer = format!("Bearer {}", marks.fresh("what a sender brings besides"));
        let both = nobody.with("x-sender", key).with("authorization", &bearer);
        both.post(&path, json!({ "n": 2 })).await;
    }
}

async fn ids(owner: &Client, noun: &str) -> Vec<String> {
    let found = owner.get(&format!("/api/v1/{noun}?limit=200")).await.expect(200);
    found["data"].as_array().unwrap().iter().map(|one| text(&one["id"])).collect()
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

/// Connects an account, renews its tokens, asks with them, and loses the access.
async fn connections(world: &World, owner: &Client, marks: &mut Marks) {
    let secret = marks.fresh("the secret of an app");
    let platform = world.sandbox.platform(Service::Oauth).unwrap().clone();
    platform.register("app", &secret, Vec::new());
    let base = world.url(Service::Oauth);
    let body = json!({
        "name": "By the book", "provider": "oauth2",
        "config": {
            "issuer": base, "base_url": format!("{base}/api"),
            "scopes": ["profile", "offline_access"]
        },
        "oauth_client": { "client_id": "app", "client_secret": secret }
    });
    let made = owner.post("/api/v1/integrations", body).await.expect(201);
    let path = format!("/api/v1/integrations/{}/connect", text(&made["id"]));
    let begun = owner.post(&path, json!({})).await.expect(200);
    let back = world.back(&text(&begun["authorize_url"]), "auto=allow").await;
    let landed = owner.nobody().get(&path_of(&back)).await;
    assert_eq!(landed.status, 200, "{}", landed.text());
    let list = owner.get("/api/v1/connections").await.expect(200);
    let id = text(&list["data"][0]["id"]);
    let ask = json!({ "connection_id": id, "endpoint": "/me", "no_cache": true });
    let mut tokens = tokens_of(world);
    for _ in 0..2 {
        owner.post("/api/v1/fetch", ask.clone()).await.expect(200);
        let path = format!("/api/v1/connections/{id}/refresh");
        owner.post(&path, json!({})).await.expect(200);
        tokens.extend(tokens_of(world));
    }
    assert!(tokens.len() >= 6, "two tokens each time: {tokens:?}");
    owner.post(&format!("/api/v1/connections/{id}/test"), json!({})).await.expect(200);
    platform.revoke(None);
    owner.post(&format!("/api/v1/connections/{id}/refresh"), json!({})).await.expect(422);
    for token in tokens {
        let what: &'static str = Box::leak(format!("a token, {}", &token[..12]).into_boxed_str());
        marks.0.insert(what, token);
    }
}

/// The access and refresh tokens that the sandbox has granted.
fn tokens_of(world: &World) -> std::collections::BTreeSet<String> {
    let memory = world.sandbox.memory();
    let words =
        memory.expose().split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_');
    let is_token = |word: &&str| word.starts_with("access_") || word.starts_with("refresh_");
    words.filter(is_token).filter(|word| word.len() > 24).map(str::to_owned).collect()
}
