//! Secrets that end some day: people are warned ahead, asked on the day, and left alone when there are
//! others.

use db::testing::TestDb;
use db::{Worker, args};
use http::{Method, StatusCode};
use kernel::Timestamp;
use serde_json::{Value, json};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

use crate::api::call;
use crate::world::{World, worlds};

const DAY: Duration = Duration::from_secs(86_400);

/// Lets the jobs run that are due about credentials.
async fn settle(world: &World) {
    world.test.db.clock().advance(Duration::from_millis(1));
    let stop = CancellationToken::new();
    let worker = world.connect.work(Worker::new(world.test.db.clone()));
    let mut hand = worker.in_hand();
    let running = tokio::spawn(worker.run(stop.clone()));
    while due(&world.test).await > 0 {
        hand.changed().await.unwrap();
    }
    stop.cancel();
    running.await.unwrap().unwrap();
}

async fn due(test: &TestDb) -> i64 {
    let mut tx = test.db.system(false).await.unwrap();
    let sql = "SELECT count(*) AS n FROM jobs WHERE kind = 'credential.expiry' AND run_at <= $1";
    tx.fetch_all(sql, args![tx.now()]).await.unwrap()[0].int("n").unwrap()
}

async fn tasks(world: &World) -> Vec<(String, String)> {
    let path = "/api/v1/tasks?status=open";
    let (_, found) = call(world, Method::GET, path, Value::Null).await;
    let rows = found["data"].as_array().unwrap().iter();
    rows.map(|row| {
        let text = |name: &str| row[name].as_str().unwrap().to_owned();
        (text("kind"), text("title"))
    })
    .collect()
}

#[tokio::test]
async fn people_are_warned_and_asked_until_there_are_others() {
    for world in worlds().await {
        let key = "-----BEGIN PRIVATE KEY-----";
        let fields = json!({
            "team_id": "T", "key_id": "K", "private_key": key, "music_user_token": "first",
        });
        let it = world.integration("apple-music", json!({}), fields).await;
        settle(&world).await;
        let (_, found) = call(&world, Method::GET, "/api/v1/credentials", Value::Null).await;
        let credential = found["data"][0].clone();
        let path = format!("/api/v1/credentials/{}", credential["id"].as_str().unwrap());
        let ends_at = |it: &Value| Timestamp::parse(it["expires_at"].as_str().unwrap()).unwrap();
        let clock = world.test.db.clock();
        let half_a_year = Duration::from_secs(15_552_000);
        assert!(ends_at(&credential).since(clock.now()).abs_diff(half_a_year) < DAY);
        assert!(tasks(&world).await.is_empty());

        clock.advance(half_a_year - 10 * DAY);
        settle(&world).await;
        let [(kind, title)] = tasks(&world).await.try_into().unwrap();
        assert_eq!(kind, "credential.renew");
        assert!(title.contains("apple-music within 9 days"), "{title}");
        // Another key is no other token.
        let change = json!({ "credentials": { "key_id": "K2" } });
        let (status, same) = call(&world, Method::PATCH, &path, change).await;
        assert_eq!((status, ends_at(&same)), (StatusCode::OK, ends_at(&credential)), "{same}");

        clock.advance(10 * DAY);
        settle(&world).await;
        let asked = [("credential.reconnect".to_owned(), "Reconnect apple-music".to_owned())];
        assert_eq!(tasks(&world).await, asked);
        // A look at it more asks nobody again.
        let change = json!({ "name": "apple-music" });
        call(&world, Method::PATCH, &path, change).await;
        settle(&world).await;
        assert_eq!(tasks(&world).await, asked);

        let change = json!({ "credentials": { "music_user_token": "second" } });
        let (status, anew) = call(&world, Method::PATCH, &path, change).await;
        assert_eq!(status, StatusCode::OK, "{anew}");
        settle(&world).await;
        assert!(tasks(&world).await.is_empty());
        assert!(ends_at(&anew).since(clock.now()) > half_a_year - DAY);

        // A person may know better.
        let soon = clock.now().plus(3 * DAY);
        let change = json!({ "metadata": { "expires_at": soon } });
        let (_, said) = call(&world, Method::PATCH, &path, change).await;
        assert_eq!(ends_at(&said).secs(), soon.secs());
        clock.advance(2 * DAY);
        settle(&world).await;
        assert_eq!(tasks(&world).await[0].0, "credential.renew");
        let change = json!({ "metadata": { "expires_at": "soon" } });
        let (status, _) = call(&world, Method::PATCH, &path, change).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);

        let gone = format!("/api/v1/integrations/{}", it.id);
        call(&world, Method::DELETE, &gone, Value::Null).await;
    }
}
