//! What becomes of feeds when their integration changes: a job that commits with the change.

use crate::node::{Node, map, text};
use crate::world::{World, idle_worlds, worlds};
use connect::{IntegrationDraft, IntegrationPatch, PullConfig};
use db::{Db, Options, Worker};
use kernel::{FeedId, IntegrationId, WidgetId};
use serde_json::{Value, json};

const FEEDS: &str = "SELECT count(*) AS n FROM feeds";
const TO_FOLLOW: &str = "SELECT count(*) AS n FROM jobs WHERE kind = 'integration.changed'";
const JOBS: &str = "SELECT count(*) AS n FROM jobs";

/// An integration that asks the origin for `/tides` on behalf of a widget.
async fn tides(world: &World, widget: WidgetId) -> IntegrationId {
    world.origin.says("/tides", &json!("high"));
    let pull = PullConfig::from_map(map(json!({ "path": "/tides" }))).unwrap();
    world
        .integration(IntegrationDraft { widget_id: Some(widget), pull, ..world.draft("rest") })
        .await
}

fn data_of(config: &Value) -> String {
    format!("/api/v1/widget-configs/{}/data", text(&config["id"]))
}

#[tokio::test]
async fn a_change_waits_for_a_worker_and_outlives_a_crash() {
    for mut world in idle_worlds().await {
        let widget = world.widget("tides").await;
        let config = world.place("tides", json!({})).await;
        let integration = tides(&world, widget).await;
        let still = (world.count(TO_FOLLOW).await, world.count(FEEDS).await);
        assert_eq!(still, (1, 0), "it is written with the change, and nothing else is done");

        // The process ends here, before anybody has followed; another takes over.
        world.node = Node::new(&world.test.db);
        world.work();
        let reads = async || world.get(&data_of(&config)).await.status == 200;
        assert!(world.until(reads).await);
        assert!(world.until(async || world.count(TO_FOLLOW).await == 0).await);

        let owner = crate::node::owner(&world.workspace);
        world.node.connect.delete_integration(&owner, integration).await.unwrap();
        world.is_gone(&data_of(&config)).await;
        assert!(world.until(async || world.count(JOBS).await == 0).await, "a job stays");
    }
}

#[tokio::test]
async fn several_changes_are_followed_at_once() {
    for mut world in idle_worlds().await {
        let widget = world.widget("tides").await;
        world.place("tides", json!({})).await;
        let integration = tides(&world, widget).await;
        for enabled in [false, true, false] {
            let patch = IntegrationPatch { enabled: Some(enabled), ..Default::default() };
            world.change_integration(integration, patch).await;
        }
        assert_eq!(world.count(TO_FOLLOW).await, 1);
        world.work();
        assert!(world.until(async || world.count(JOBS).await == 0).await, "a pull waits");
        let feed = world.get("/api/v1/feeds").await.expect(200)["data"][0].clone();
        assert_eq!((text(&feed["status"]), world.origin.hits("/tides")), ("off", 0));
    }
}

#[tokio::test]
async fn one_node_follows_for_all() {
    for mut world in worlds().await.into_iter().filter(|world| world.test.db.is_postgres()) {
        let options = Options { clock: world.clock.clone(), ..Options::new(&world.test.url) };
        let db = Db::open(options).await.unwrap();
        db.unlock(&world.test.master).await.unwrap();
        let other = Node::new(&db);
        world.runs(other.feeds.work(Worker::new(db.clone())));
        world.origin.says("/tides", &json!("high"));
        let rest = world.rest(json!({ "path": "/tides" })).await;
        let feed = world.feed(rest, json!({})).await;
        world.version(feed, 1).await;
        for hits in 2..6 {
            world.advance(std::time::Duration::from_millis(1)).await;
            let patch = IntegrationPatch { name: Some(format!("{hits}")), ..Default::default() };
            world.change_integration(rest, patch).await;
            assert!(world.until(async || world.count(TO_FOLLOW).await == 0).await);
            let at_rest = "SELECT count(*) AS n FROM jobs WHERE lease_until IS NOT NULL \
                OR run_at <= (SELECT max(updated_at) FROM integrations)";
            assert!(world.until(async || world.count(at_rest).await == 0).await);
            assert_eq!(world.origin.hits("/tides"), hits, "one pull for a change");
        }
        db.close().await;
    }
}

#[tokio::test]
async fn an_integration_that_moves_to_another_widget_takes_its_feed_along() {
    for world in worlds().await {
        let (one, two) = (world.widget("one").await, world.widget("two").await);
        let integration = tides(&world, one).await;
        let (from, to) = (world.place("one", json!({})).await, world.place("two", json!({})).await);
        world.get(&data_of(&from)).await.expect(200);
        for (widget_id, reader) in [(Some(two), Some(&to)), (None, None), (Some(one), Some(&from))]
        {
            let patch = IntegrationPatch { widget_id: Some(widget_id), ..Default::default() };
            world.change_integration(integration, patch).await;
            for config in [&from, &to] {
                let wanted = if reader == Some(config) { 200 } else { 404 };
                let met = async || world.get(&data_of(config)).await.status == wanted;
                assert!(world.until(met).await, "{wanted} wanted");
            }
        }
    }
}

#[tokio::test]
async fn a_feed_is_not_swept_from_under_a_widget_that_comes_to_it() {
    for world in worlds().await {
        let widget = world.widget("tides").await;
        tides(&world, widget).await;
        let mut reader = world.place("tides", json!({})).await;
        for _ in 0..20 {
            let path = format!("/api/v1/widget-configs/{}", text(&reader["id"]));
            let (gone, placed) = tokio::join!(world.delete(&path), world.place("tides", json!({})));
            gone.expect(204);
            let feed: FeedId = text(&placed["feeds"][0]["feed_id"]).parse().unwrap();
            world.version(feed, 1).await;
            assert_eq!(world.get(&data_of(&placed)).await.expect(200)["data"], "high");
            reader = placed;
        }
        assert_eq!(world.count(FEEDS).await, 1);
    }
}
