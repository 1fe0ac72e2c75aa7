use crate::node::{map, text};
use crate::world::{World, worlds};
use connect::{CredentialScope, IntegrationDraft};
use kernel::{FeedId, IntegrationId};
use serde_json::{Value, json};

const FEEDS: &str = "SELECT count(*) AS n FROM feeds";
const JOBS: &str = "SELECT count(*) AS n FROM jobs";

/// A widget `tides` with an integration that asks the origin for `/tides`.
async fn tides(
    world: &World,
    draft: impl Fn(IntegrationDraft) -> IntegrationDraft,
) -> IntegrationId {
    world.origin.says("/tides", &json!({ "height": 3 }));
    let widget = world.widget("tides").await;
    let pull = json!({ "path": "/tides", "query": { "harbour": "{{config.harbour}}" } });
    let pull = connect::PullConfig::from_map(map(pull)).unwrap();
    let schema = json!({
        "type": "object", "additionalProperties": true,
        "properties": { "harbour": { "type": "string" } },
    });
    let it = IntegrationDraft {
        widget_id: Some(widget),
        config_schema: Some(schema),
        pull,
        ..world.draft("rest")
    };
    world.integration(draft(it)).await
}

fn feed_of(config: &Value) -> FeedId {
    text(&config["feeds"][0]["feed_id"]).parse().unwrap()
}

fn id(config: &Value) -> String {
    text(&config["id"]).to_owned()
}

#[tokio::test]
async fn equal_options_share_a_feed_and_its_fetch() {
    for world in worlds().await {
        tides(&world, |draft| draft).await;
        let one = world.place("tides", json!({ "harbour": "Dover", "big": true })).await;
        let two = world.place("tides", json!({ "big": true, "harbour": "Dover" })).await;
        let other = world.place("tides", json!({ "harbour": "Calais" })).await;
        assert_eq!(feed_of(&one), feed_of(&two));
        assert_ne!(feed_of(&one), feed_of(&other));
        assert_eq!(one["feeds"][0]["version"], 1, "the first fetch is waited for: {one}");
        assert_eq!((world.origin.hits("/tides"), world.count(FEEDS).await), (2, 2));
        let readers = world.view(feed_of(&one)).await["readers"].clone();
        let readers = readers.as_array().unwrap();
        assert!(readers.len() == 2 && readers.contains(&one["id"]) && readers.contains(&two["id"]));
        let data =
            world.get(&format!("/api/v1/widget-configs/{}/data", id(&two))).await.expect(200);
        assert_eq!(data["data"], json!({ "height": 3 }));
    }
}

#[tokio::test]
async fn those_that_come_at_once_share_too() {
    for world in worlds().await {
        tides(&world, |draft| draft).await;
        let options = || json!({ "harbour": "Dover" });
        let (one, two, three) = tokio::join!(
            world.place("tides", options()),
            world.place("tides", options()),
            world.place("tides", options()),
        );
        assert_eq!((feed_of(&one), feed_of(&one)), (feed_of(&two), feed_of(&three)));
        assert_eq!(world.count(FEEDS).await, 1);
    }
}

#[tokio::test]
async fn what_belongs_to_one_widget_is_not_shared() {
    for world in worlds().await {
        let own = |draft| IntegrationDraft { credential_scope: CredentialScope::Widget, ..draft };
        tides(&world, own).await;
        let one = world.place("tides", json!({ "harbour": "Dover" })).await;
        let two = world.place("tides", json!({ "harbour": "Dover" })).await;
        assert_ne!(feed_of(&one), feed_of(&two));
    }
}

#[tokio::test]
async fn other_options_read_another_feed() {
    for world in worlds().await {
        tides(&world, |draft| draft).await;
        let one = world.place("tides", json!({ "harbour": "Dover" })).await;
        let two = world.place("tides", json!({ "harbour": "Dover" })).await;
        let path = format!("/api/v1/widget-configs/{}", id(&one));
        let data = world.get(&format!("{path}/data")).await;
        let tag = data.header("etag").to_owned();

        let changed = json!({ "options": { "harbour": "Calais" } });
        let changed = world.patch(&path, changed).await.expect(200);
        assert_ne!(feed_of(&changed), feed_of(&one));
        assert_eq!(world.count(FEEDS).await, 2, "the other widget reads it still");
        let who = Some(crate::node::owner(&world.workspace));
        let again = crate::node::request(
            who,
            "GET",
            &format!("{path}/data"),
            &[("if-none-match", &tag)],
            &Value::Null,
        );
        let again = world.node.send(again).await;
        assert_eq!(
            again.status, 200,
            "the tag of another feed's version says nothing of this one's"
        );
        let (data, again) = (data.json(), again.json());
        let (before, after) = (&data["version"], &again["version"]);
        assert!(after.as_u64() >= before.as_u64(), "versions go up alone: {before} to {after}");

        let path = format!("/api/v1/widget-configs/{}", id(&two));
        world.patch(&path, json!({ "options": { "harbour": "Calais" } })).await.expect(200);
        assert_eq!((world.count(FEEDS).await, world.count(JOBS).await), (1, 1), "no orphans");
        world.is_gone(&format!("/api/v1/feeds/{}/data", feed_of(&two))).await;
        world.patch(&path, json!({ "name": "Foyer" })).await.expect(200);
        assert_eq!(world.get(&path).await.expect(200)["name"], "Foyer");
    }
}

#[tokio::test]
async fn a_place_that_goes_takes_what_nobody_else_reads() {
    for world in worlds().await {
        tides(&world, |draft| draft).await;
        let one = world.place("tides", json!({ "harbour": "Dover" })).await;
        let two = world.place("tides", json!({ "harbour": "Dover" })).await;
        let (feed, data) = (feed_of(&one), |it| format!("/api/v1/widget-configs/{it}/data"));
        world.get(&data(id(&one))).await.expect(200);
        world.delete(&format!("/api/v1/widget-configs/{}", id(&one))).await.expect(204);
        world.is_gone(&data(id(&one))).await;
        world.get(&data(id(&two))).await.expect(200);
        world.delete(&format!("/api/v1/widget-configs/{}", id(&two))).await.expect(204);
        assert_eq!((world.count(FEEDS).await, world.count(JOBS).await), (0, 0));
        world.is_gone(&format!("/api/v1/feeds/{feed}/data")).await;
        assert_eq!(world.events("feed.deleted").await.len(), 1);
        let versions = "SELECT count(*) AS n FROM feed_versions";
        assert_eq!(world.count(versions).await, 0);
    }
}

#[tokio::test]
async fn a_widget_goes_with_all_that_is_its_own() {
    for world in worlds().await {
        tides(&world, |draft| draft).await;
        let one = world.place("tides", json!({ "harbour": "Dover" })).await;
        let path = format!("/api/v1/widget-configs/{}/data", id(&one));
        world.get(&path).await.expect(200);
        world.delete("/api/v1/widgets/tides").await.expect(204);
        world.is_gone(&path).await;
        for table in ["feeds", "jobs", "widget_configs", "widget_feeds", "integrations"] {
            let sql = format!("SELECT count(*) AS n FROM {table}");
            assert!(world.until(async || world.count(&sql).await == 0).await, "{table}");
        }
    }
}

#[tokio::test]
async fn an_integration_goes_with_its_feeds() {
    for world in worlds().await {
        let integration = tides(&world, |draft| draft).await;
        let one = world.place("tides", json!({ "harbour": "Dover" })).await;
        let by_feed = format!("/api/v1/feeds/{}/data", feed_of(&one));
        let by_place = format!("/api/v1/widget-configs/{}/data", id(&one));
        world.get(&by_feed).await.expect(200);
        world.get(&by_place).await.expect(200);
        let owner = crate::node::owner(&world.workspace);
        world.node.connect.delete_integration(&owner, integration).await.unwrap();
        for path in [by_feed, by_place] {
            world.is_gone(&path).await;
        }
        assert!(world.until(async || world.count(JOBS).await == 0).await, "its jobs stay");
        assert_eq!(world.count(FEEDS).await, 0);
        let config = world.get(&format!("/api/v1/widget-configs/{}", id(&one))).await.expect(200);
        assert_eq!(config["feeds"], json!([]));
    }
}

#[tokio::test]
async fn an_integration_that_comes_later_is_read_too() {
    for world in worlds().await {
        let widget = world.widget("late").await;
        let place = world.place("late", json!({})).await;
        let path = format!("/api/v1/widget-configs/{}", id(&place));
        world.get(&format!("{path}/data")).await.refused(404, "request.not_found");
        world.origin.says("/late", &json!("at last"));
        let pull = connect::PullConfig::from_map(map(json!({ "path": "/late" }))).unwrap();
        let it = IntegrationDraft { widget_id: Some(widget), pull, ..world.draft("rest") };
        let integration = world.integration(it).await;
        let is_there = async || world.get(&format!("{path}/data")).await.status == 200;
        assert!(world.until(is_there).await);
        let place = world.get(&path).await.expect(200);
        world.version(feed_of(&place), 1).await;
        world.advance(std::time::Duration::from_millis(1)).await;
        world.origin.says("/late", &json!("again"));
        let refreshed = world.post(&format!("{path}/refresh"), json!({})).await;
        assert_eq!(refreshed.status, 202, "{refreshed:?}");
        world.version(feed_of(&place), 2).await;
        let target = world.node.feeds.target_of_config(integration, id(&place).parse().unwrap());
        assert!(target.await.unwrap().is_none(), "it is pulled alone");
    }
}

#[tokio::test]
async fn those_who_share_see_the_version_move_once() {
    for world in worlds().await {
        tides(&world, |draft| draft).await;
        let one = world.place("tides", json!({ "harbour": "Dover" })).await;
        let two = world.place("tides", json!({ "harbour": "Calais" })).await;
        for (height, version) in [(4, 2), (5, 3)] {
            world.origin.says("/tides", &json!({ "height": height }));
            world.refreshed(feed_of(&one)).await;
            world.version(feed_of(&one), version).await;
        }
        world.origin.answers("/tides", 410, "{}");
        world.refreshed(feed_of(&two)).await;
        world.failures(feed_of(&two), 1).await;

        let path = format!("/api/v1/widget-configs/{}", id(&one));
        let calais = json!({ "options": { "harbour": "Calais" } });
        world.patch(&path, calais).await.expect(200);
        let feed = feed_of(&two);
        let view = world.version(feed, 4).await;
        assert_eq!(view["failures"], 1, "that pulls fail stays to be seen");
        assert!(world.until(async || world.data(feed).await["version"] == 4).await);
        assert_eq!(world.data(feed).await["data"], json!({ "height": 3 }));
        let moved = world.events("feed.updated").await;
        let versions: Vec<_> = moved
            .iter()
            .filter(|event| event.subject == feed.to_string())
            .map(|event| event.data["version"].clone())
            .collect();
        assert_eq!(versions, [json!(4), json!(1)], "newest first");
        let versions = world.get(&format!("/api/v1/feeds/{feed}/versions")).await.expect(200);
        assert_eq!(text(&versions["data"][0]["source"]), "rebind");
        let read = format!("{path}/data?version=3");
        assert_eq!(world.get(&read).await.expect(200)["data"], json!({ "height": 3 }));
    }
}

#[tokio::test]
async fn no_document_yet_is_pending_whatever_the_version() {
    for world in worlds().await {
        world.origin.says("/held", &json!("slack"));
        let widget = world.widget("tides").await;
        let pull = json!({ "path": "/held", "query": { "harbour": "{{config.harbour}}" } });
        let pull = connect::PullConfig::from_map(map(pull)).unwrap();
        world
            .integration(IntegrationDraft { widget_id: Some(widget), pull, ..world.draft("rest") })
            .await;
        let release = async {
            world.origin.holds_one().await;
            world.origin.release();
        };
        let place = world.place("tides", json!({ "harbour": "Dover" }));
        let (config, ()) = tokio::join!(place, release);
        assert_eq!(config["feeds"][0]["version"], 1);

        let path = format!("/api/v1/widget-configs/{}", id(&config));
        let look = async {
            world.origin.holds_one().await;
            let data = world.get(&format!("{path}/data?version=1")).await.expect(200);
            let standing = (&data["data"], &data["version"], text(&data["status"]));
            assert_eq!(standing, (&Value::Null, &json!(2), "pending"), "{data}");
            let seen = world.get(&format!("{path}/data?version=2")).await;
            assert_eq!(seen.status, 304, "{seen:?}");
            let pending = world.get("/api/v1/feeds?status=pending").await.expect(200);
            assert_eq!(text(&pending["data"][0]["status"]), "pending");
            let status = world.get("/api/v1/status").await.expect(200);
            assert_eq!(status["totals"]["feeds"]["pending"], 1);
            world.origin.release();
        };
        let options = json!({ "options": { "harbour": "Calais" } });
        let (changed, ()) = tokio::join!(world.patch(&path, options), look);
        let changed = changed.expect(200);
        assert_eq!(changed["feeds"][0]["version"], 3, "{changed}");
        world.data_is(feed_of(&changed), json!("slack")).await;
    }
}
