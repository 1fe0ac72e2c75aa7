//! How the house starts, how it refuses to, and how it stops.

use db::{Db, Options, args};
use serde_json::json;
use std::time::Duration;

use crate::running::{PASSWORD, Plan};
use crate::world::{World, push};

#[tokio::test(flavor = "multi_thread")]
async fn it_stops_in_good_order_with_streams_open_and_a_pull_in_flight() {
    for world in World::all().await {
        let integration = world.rest().await;
        let hook = world.webhook("hush", json!({})).await;
        let (pushed, path) = world.feed(&hook, json!({ "mode": "push" })).await;
        let mut events = world.owner.open(&format!("/api/v1/feeds/{pushed}/events")).await;
        assert!(events.next().await.is_some());
        let slow = json!({ "pull": { "path": "/rest/slow/60000", "timeout": 90_000 } });
        let (slow, _) = world.feed(&integration, slow).await;
        push(&world.owner, &path, "hush", &json!({ "n": 1 })).await.expect(200);
        assert_eq!(events.next().await.unwrap().1["version"], 1);

        let World { plan, server, owner, .. } = world;
        let (status, took, log) = server.stop().await;
        assert_eq!(status.code(), Some(0), "{log}");
        assert!(took < Duration::from_secs(10), "{took:?}");
        assert!(!log.contains("\"level\":\"ERROR\""), "{log}");
        // What was in flight is handed back: it is neither lost nor called a failure.
        let server = plan.serve().await;
        let owner = owner.at(server.client.address);
        let feed = owner.get(&format!("/api/v1/feeds/{slow}")).await.expect(200);
        assert_eq!((&feed["failures"], &feed["status"]), (&json!(0), &json!("pending")), "{feed}");
        let data = owner.get(&format!("/api/v1/feeds/{pushed}/data")).await.expect(200);
        assert_eq!(data["data"], json!({ "n": 1 }));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn it_says_how_it_is() {
    for world in World::all().await {
        let nobody = &world.server.client;
        assert_eq!(nobody.get("/healthz").await.text(), "ok\n");
        assert_eq!(nobody.get("/readyz").await.text(), "ok\n");
        let metrics = nobody.get("/metrics").await;
        assert!(metrics.header("content-type").starts_with("application/openmetrics-text"));
        let metrics = metrics.text();
        assert!(metrics.contains("# TYPE ") && metrics.ends_with("# EOF\n"), "{metrics}");
        assert_eq!(nobody.get("/api/v1/setup").await.json(), json!({ "needed": false }));
        let again = json!({ "email": "eve@example.com", "password": PASSWORD, "workspace": "Eve" });
        let again = nobody.post("/api/v1/setup", again).await;
        assert_eq!((again.status, again.code().as_str()), (409, "auth.setup_done"));
        let doctor = world.plan.run(&["doctor"]).await;
        assert!(doctor.status.success(), "{}", String::from_utf8_lossy(&doctor.stdout));
        assert_eq!(nobody.get("/docs/errors/request.not_found").await.status, 200);
        let nothing = nobody.get("/api/v1/nosuch").await;
        assert_eq!((nothing.status, nothing.code().as_str()), (404, "request.not_found"));
        let method = nobody.put("/api/v1/feeds", json!({})).await;
        assert_eq!((method.status, method.code().as_str()), (405, "request.method_not_allowed"));
    }
}

/// Refuses to start, on grounds that it names, and soon.
async fn refuses(plan: &Plan, names: &[&str]) {
    match plan.try_serve().await {
        Ok(_) => panic!("it starts, though it should say {names:?}"),
        Err((status, said)) => {
            assert!(!status.success() && status.code().is_some(), "{status}: {said}");
            assert!(said.starts_with("patchbay: ") || said.contains("\npatchbay: "), "{said}");
            for name in names {
                assert!(said.contains(name), "{name} is not in: {said}");
            }
            assert!(!said.contains("panicked"), "{said}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_or_missing_master_key_is_refused_and_nothing_is_lost() {
    for plan in Plan::all().await {
        let made = plan.init(PASSWORD).await;
        let file = plan.file("master.key");
        let right = std::fs::read_to_string(&file).unwrap();
        let other = "b".repeat(64);
        std::fs::write(&file, &other).unwrap();
        refuses(&plan, &["[vault.wrong_master_key]"]).await;
        std::fs::write(&file, "short").unwrap();
        refuses(&plan, &["[vault.bad_master_key]"]).await;
        std::fs::remove_file(&file).unwrap();
        refuses(&plan, &["master.key is missing", "[vault."]).await;
        assert!(!file.exists(), "no other key is made in its place");
        refuses(&plan.clone().env("PATCHBAY_MASTER_KEY", &other), &["[vault.wrong_master_key]"])
            .await;
        refuses(&plan.clone().flag("--master-key-command", "exit 3"), &["[vault."]).await;
        std::fs::write(&file, &right).unwrap();
        let server = plan.serve().await;
        let owner = server.client.key(made["api_key"].as_str().unwrap());
        assert_eq!(owner.get("/api/v1/workspaces").await.status, 200);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_newer_database_is_refused_and_left_alone() {
    for plan in Plan::all().await {
        plan.init(PASSWORD).await;
        let url = format!("sqlite:{}", plan.file("patchbay.db").display());
        let url = plan.value_of("--database-url").unwrap_or(url);
        let execute = async |sql: &'static str| {
            let db = Db::open(Options::new(&url)).await.unwrap();
            let mut tx = db.system(true).await.unwrap();
            tx.execute(sql, args![vec![0u8]]).await.unwrap();
            tx.commit().await.unwrap();
            db.close().await;
        };
        execute(
            "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
             VALUES (99, 'from the future', true, $1, 0)",
        )
        .await;
        refuses(&plan, &["newer version", "migration 99", "[db.newer]"]).await;
        let migrate = plan.run(&["migrate"]).await;
        assert!(!migrate.status.success());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_that_cannot_be_used_are_refused() {
    let plan = Plan::new();
    let file = plan.file("a-file");
    std::fs::write(&file, b"").unwrap();
    refuses(&plan.at(&file), &["[db.read_only]"]).await;
    let nowhere = plan.clone().flag("--database-url", "postgres://nobody@127.0.0.1:1/none");
    refuses(&nowhere, &["[db.unreachable]"]).await;
    refuses(&plan.clone().flag("--database-url", "mysql://x"), &["[config.invalid]"]).await;
    refuses(&plan.clone().flag("--public-url", "example.com"), &["public_url"]).await;
    refuses(&plan.clone().flag("--log", "patchbay=loud"), &["log"]).await;
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = listener.local_addr().unwrap().to_string();
    refuses(&plan.clone().flag("--listen", &taken), &["cannot listen on", &taken]).await;

    for (text, names) in [
        ("lissten = \"127.0.0.1:1\"", "lissten"),
        ("allow_network = [\"10.0.0.0/99\"]", "allow_network"),
        ("listen = 3003", "listen"),
        ("listen =", "patchbay.toml"),
    ] {
        std::fs::write(plan.file("patchbay.toml"), text).unwrap();
        refuses(&plan, &["patchbay.toml", names]).await;
    }
    std::fs::remove_file(plan.file("patchbay.toml")).unwrap();
    refuses(&plan.clone().flag("--config", "/nowhere/patchbay.toml"), &["/nowhere/patchbay.toml"])
        .await;
    for flag in ["--allow-network", "--trusted-proxy"] {
        let output = Plan::new().flag(flag, "10.0.0.0/99").run(&["serve"]).await;
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success() && said.contains("10.0.0.0/99"), "{said}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_data_folder_that_cannot_be_written_is_refused() {
    let plan = Plan::new();
    plan.init(PASSWORD).await;
    let Some(_locked) = Immutable::of(plan.data()) else { return };
    refuses(&plan, &["cannot be written", "[db.read_only]"]).await;
}

/// A folder that not even root can write into, where the file system knows such.
struct Immutable(Vec<std::path::PathBuf>);

impl Immutable {
    fn of(folder: &std::path::Path) -> Option<Self> {
        let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        let all: Vec<_> = files.chain([folder.to_owned()]).collect();
        let done = std::process::Command::new("chattr").arg("+i").args(&all).output();
        let locked = Self(all);
        done.is_ok_and(|done| done.status.success()).then_some(locked)
    }
}

impl Drop for Immutable {
    fn drop(&mut self) {
        drop(std::process::Command::new("chattr").arg("-i").args(&self.0).output());
    }
}
