//! The eight platforms of an artist, from the first connect to the last reconnect: each with its own way of
//! granting, renewing and ending access, and all of them in one vocabulary.

mod cases;

use db::{Db, Options, args};
use kernel::{Clock, Entropy};
use sandbox::{Sandbox, SandboxConfig, Service};
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;
use std::time::Duration;

use self::cases::{Case, Renewal, cases, fits};
use crate::client::Client;
use crate::running::{Plan, Running};
use crate::world::{World, path_of, text};

const SUBJECT: &str = "aurel";
const FOUND_BY_NAME: [Service; 2] = [Service::Spotify, Service::AppleMusic];
const HOUR: Duration = Duration::from_secs(3600);

#[tokio::test(flavor = "multi_thread")]
async fn each_platform_is_connected_read_renewed_refused_and_connected_again() {
    let Some(plan) = Plan::on_postgres().await else { return live(Plan::new()).await };
    tokio::join!(live(Plan::new()), live(plan));
}

/// Two days of the accounts of an artist.
async fn live(plan: Plan) {
    let mut world = World::of(plan).await;
    let clock = Clock::manual(Clock::System.now());
    let config = SandboxConfig::fresh(clock.clone(), &Entropy::System);
    world.sandbox = Sandbox::start(config).await.unwrap();

    let mut accounts = Vec::new();
    for case in cases() {
        accounts.push(Account::connect(&world, case).await);
    }
    check_numbers(&world, &accounts).await;

    let world = a_day_later(world, &clock).await;
    for account in &accounts {
        account.check_renewal(&world).await;
    }
    check_numbers(&world, &accounts).await;

    for account in &accounts {
        world.sandbox.platform(account.case.service).unwrap().revoke(None);
    }
    let world = a_day_later(world, &clock).await;
    for account in &accounts {
        account.check_the_end(&world).await;
    }
    check_numbers(&world, &accounts).await;
}

struct Account {
    case: Case,
    integration: String,
    id: String,
    artist: Option<String>,
}

impl Account {
    async fn connect(world: &World, case: Case) -> Self {
        let integration =
            text(&world.post("/api/v1/integrations", set_up(world, &case)).await["id"]);
        let path = format!("/api/v1/integrations/{integration}/connect");
        agree(world, &case, &path, json!({ "subject": SUBJECT })).await;
        let path = format!("/api/v1/connections?integration_id={integration}");
        let found = world.owner.get(&path).await.expect(200)["data"][0].clone();
        assert_eq!(
            (&found["status"], &found["subject"], &found["provider"]),
            (&json!("active"), &json!(SUBJECT), &json!(case.service.name())),
            "{found}"
        );
        let mut account = Self { case, integration, id: text(&found["id"]), artist: None };
        if FOUND_BY_NAME.contains(&account.case.service) {
            let path = format!("/api/v1/connections/{}/artist", account.id);
            let found = world.post(&format!("{path}-candidates"), json!({ "name": "Aurel" })).await;
            let best = text(&found["data"][0]["id"]);
            world.owner.json("PUT", &path, json!({ "id": best })).await.expect(200);
            account.artist = Some(best);
        }
        account
    }

    /// Asks the platform itself, through the connection.
    async fn ask(&self, world: &World, endpoint: &str, query: &Value) -> (u16, Value) {
        let body = json!({
            "connection_id": self.id, "endpoint": endpoint, "query": query, "no_cache": true,
        });
        let answer = world.owner.post("/api/v1/fetch", body).await;
        (answer.status, answer.json())
    }

    /// The row of the day: exactly what the platform tells, in the words of the vocabulary, and what it
    /// told is what it says itself.
    async fn check_row(&self, world: &World, row: &Value) {
        let (metrics, estimated) = (row["metrics"].as_object().unwrap(), fields(&row["estimated"]));
        let names = |list: &[&'static str]| list.iter().map(|it| (*it).to_owned()).collect();
        let expected: BTreeSet<String> = names(&[self.case.told, self.case.estimated].concat());
        let found: BTreeSet<String> = metrics.keys().cloned().collect();
        assert_eq!(found, expected, "{row}");
        let computed: BTreeSet<String> = estimated.keys().cloned().collect();
        assert_eq!(computed, names(self.case.estimated), "{row}");
        assert!(estimated.values().all(|formula| formula.as_str().is_some_and(|it| it.len() > 10)));
        for (name, value) in metrics {
            assert!(fits(name, value), "{name}: {row}");
        }

        let (name, endpoint, query, pointer) = &self.case.proof;
        let connection = world.connection(&self.id).await;
        let endpoint = endpoint
            .replace("{artist}", self.artist.as_deref().unwrap_or_default())
            .replace("{account}", connection["account"]["id"].as_str().unwrap_or_default());
        let (status, answer) = self.ask(world, &endpoint, query).await;
        assert_eq!(status, 200, "{}: {answer}", self.case.title);
        let said = answer["data"].pointer(pointer).unwrap_or_else(|| panic!("{pointer}: {answer}"));
        // Some platforms write their numbers as texts.
        let said = said
            .as_str()
            .and_then(|said| said.parse().ok())
            .map_or(said.clone(), |n: u64| json!(n));
        assert_eq!(metrics[*name], said, "{}: {name}", self.case.title);
    }

    async fn check_renewal(&self, world: &World) {
        let platform = world.sandbox.platform(self.case.service).unwrap();
        let refresh = format!("/api/v1/connections/{}/refresh", self.id);
        match self.case.renewal {
            Renewal::OnUse => {
                let all = (0..10).map(|_| {
                    let (_, endpoint, query, _) = &self.case.proof;
                    self.ask(world, endpoint, query)
                });
                futures::future::join_all(all).await;
            }
            Renewal::Ahead => {
                world.post(&refresh, json!({})).await;
            }
            Renewal::Signed => {
                let (_, endpoint, query, _) = &self.case.proof;
                self.ask(world, endpoint, query).await;
            }
            Renewal::ByPerson => {
                let refused = world.owner.post(&refresh, json!({})).await;
                assert_eq!(refused.status, 422, "{}", refused.text());
            }
        }
        let counters = platform.counters();
        let at_the_platform = matches!(self.case.renewal, Renewal::OnUse | Renewal::Ahead);
        assert_eq!(
            (counters.refreshes, counters.refreshes_refused, counters.reuses),
            (u64::from(at_the_platform), 0, 0),
            "{}",
            self.case.title
        );
        let now = world.connection(&self.id).await;
        assert_eq!(now["status"], "active", "{now}");
        assert_eq!(
            now["refreshed_at"].is_string(),
            self.case.renewal != Renewal::ByPerson,
            "{now}"
        );
        assert_eq!(self.tasks(world).await, Vec::<Value>::new());
    }

    /// A person has taken the access back at the platform: one task, however often it is noticed, which
    /// connecting again closes.
    async fn check_the_end(&self, world: &World) {
        for _ in 0..2 {
            let missed = self.notice(world).await;
            assert_eq!(missed["status"], "requires_reconnection", "{}: {missed}", self.case.title);
        }
        let now = world.connection(&self.id).await;
        let ended = ["expired", "revoked"].map(Value::from);
        assert!(ended.contains(&now["status"]) && now["cause"]["message"].is_string(), "{now}");
        let tasks = self.tasks(world).await;
        assert_eq!(tasks.len(), 1, "{}: {tasks:?}", self.case.title);
        let title = tasks[0]["title"].as_str().unwrap();
        assert!(title.starts_with(&format!("Reconnect {}", self.case.title)), "{title}");

        let path = format!("/api/v1/connections/{}/reconnect", self.id);
        if self.case.service == Service::AppleMusic {
            self.hand_in_a_user_token(world).await;
        }
        agree(world, &self.case, &path, json!({})).await;
        let again = world.connection(&self.id).await;
        assert_eq!(
            (&again["id"], &again["status"]),
            (&json!(self.id), &json!("active")),
            "{again}"
        );
        assert_eq!(self.tasks(world).await, Vec::<Value>::new());
    }

    /// What a sync says of the account. Apple Music tells its numbers to the app alone: there it is a
    /// question about the listener that is refused.
    async fn notice(&self, world: &World) -> Value {
        if self.case.service == Service::AppleMusic {
            let (status, answer) = self.ask(world, "/me/recent/played/tracks", &json!({})).await;
            assert_eq!(status, 422, "{answer}");
        }
        sync(world).await.into_iter().find(|it| it["connection_id"] == json!(self.id)).unwrap()
    }

    /// MusicKit gives one in the browser; here the sandbox does.
    async fn hand_in_a_user_token(&self, world: &World) {
        let path = format!("/api/v1/credentials?integration_id={}", self.integration);
        let credential = world.owner.get(&path).await.expect(200)["data"][0]["id"].clone();
        let path = format!("/api/v1/credentials/{}/rotate", text(&credential));
        world.post(&path, json!({ "credentials": credentials(world, &self.case) })).await;
    }

    async fn tasks(&self, world: &World) -> Vec<Value> {
        let path = format!("/api/v1/tasks?status=open&about={}", self.id);
        world.owner.get(&path).await.expect(200)["data"].as_array().unwrap().clone()
    }
}

/// All accounts are read, and all rows are right.
async fn check_numbers(world: &World, accounts: &[Account]) {
    let synced = sync(world).await;
    assert_eq!(synced.len(), accounts.len());
    for one in &synced {
        assert_eq!(one["status"], "success", "{one}");
    }
    let path = format!("/api/v1/metrics?subject={SUBJECT}");
    let rows = world.owner.get(&path).await.expect(200)["data"].as_array().unwrap().clone();
    for account in accounts {
        let of = |row: &&Value| row["platform"] == account.case.service.name();
        // Two at midnight; the newest is last.
        account.check_row(world, rows.iter().rfind(of).unwrap()).await;
    }
    assert_eq!(world.owner.get("/api/v1/drifts").await.expect(200)["data"], json!([]));
}

async fn sync(world: &World) -> Vec<Value> {
    let synced = world.post("/api/v1/sync", json!({ "subject": SUBJECT })).await;
    synced["data"].as_array().unwrap().clone()
}

/// The integration with all its addresses in the sandbox.
fn set_up(world: &World, case: &Case) -> Value {
    let known = catalog::Catalog::embedded().unwrap();
    let fields = known.get(case.service.name()).unwrap().config["properties"].clone();
    let bases = fields.as_object().unwrap().keys().filter(|name| name.ends_with("_base"));
    let config: Value = bases.map(|name| (name.clone(), json!(world.url(case.service)))).collect();
    json!({
        "name": case.title, "provider": case.service.name(), "config": config,
        "credentials": credentials(world, case),
    })
}

fn credentials(world: &World, case: &Case) -> Value {
    let platform = world.sandbox.platform(case.service).unwrap();
    match platform.developer_key() {
        Some(key) => json!({
            "team_id": key.team_id, "key_id": key.key_id, "private_key": key.private_key.expose(),
            "music_user_token": platform.grant(SUBJECT, None)["music_user_token"],
        }),
        None => json!({
            "client_id": platform.client_id(), "client_secret": platform.client_secret().expose(),
        }),
    }
}

/// Begins, agrees to everything where anybody is asked, and comes back.
async fn agree(world: &World, case: &Case, path: &str, body: Value) {
    let begun = world.post(path, body).await;
    let Some(url) = begun["authorize_url"].as_str() else {
        assert_eq!(case.renewal, Renewal::Signed);
        return;
    };
    let address = world.url(case.service).trim_start_matches("http://").parse().unwrap();
    let there =
        Client::new(address).get(&path_of(&format!("{url}&auto=allow&account={SUBJECT}"))).await;
    assert!((300..400).contains(&there.status), "{} {}", there.status, there.text());
    let landed = world.owner.nobody().get(&path_of(there.header("location"))).await;
    assert_eq!(landed.status, 200, "{}: {}", case.title, landed.text());
}

/// A day goes by. The house has the system's clock, so what it wrote down is made a day older while it is
/// down. For the platforms it is three hours, after which all their short tokens have ended: what the house
/// signs for Apple is dated by the system's clock and holds for a day, so theirs must stay near it.
async fn a_day_later(world: World, clock: &Clock) -> World {
    let World { plan, server, sandbox, owner, workspace } = world;
    server.stop().await;
    clock.advance(3 * HOUR);
    // What is old enough to be extended here must be so there.
    let instagram = sandbox.platform(Service::Instagram).unwrap();
    let mut rules = instagram.rules();
    rules.min_age_secs = HOUR.as_secs();
    instagram.set_rules(rules);

    let url = format!("sqlite:{}", plan.file("patchbay.db").display());
    let db = Db::open(Options::new(plan.value_of("--database-url").unwrap_or(url))).await.unwrap();
    let mut tx = db.system(true).await.unwrap();
    let day = i64::try_from((25 * HOUR).as_micros()).unwrap();
    let older = "UPDATE connections SET granted_at = granted_at - $1, expires_at = expires_at - $1";
    tx.execute(older, args![day]).await.unwrap();
    tx.commit().await.unwrap();
    db.close().await;

    let server: Running = plan.serve().await;
    let owner = owner.at(server.client.address);
    World { plan, server, sandbox, owner, workspace }
}

fn fields(value: &Value) -> Map<String, Value> {
    value.as_object().cloned().unwrap_or_default()
}
