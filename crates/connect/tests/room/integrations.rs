use accounts::gate::Actor;
use connect::{IntegrationDraft, IntegrationPatch, Mode, PullConfig};
use db::EventFilter;
use kernel::{MASK, PageRequest, codes};
use serde_json::json;

use crate::world::{identity, map, worlds};

#[tokio::test]
async fn a_secret_in_a_config_is_sealed_and_its_mask_keeps_it() {
    for world in worlds().await {
        let config = json!({
            "base_url": "https://api.example/v1",
            "headers": {"Authorization": "Bearer MARKED-1", "X-Plain": "p"},
            "api_key": "MARKED-2",
        });
        let made = world.integration("rest", config, json!(null)).await;
        assert_eq!(
            serde_json::Value::Object(made.config.clone()),
            json!({
                "base_url": "https://api.example/v1",
                "headers": {"Authorization": MASK, "X-Plain": "p"},
            }),
        );
        let open = || async {
            let found =
                world.connect.integration(&world.workspace, made.id).await.unwrap().unwrap();
            let house = Actor::House;
            let opened =
                world.connect.credentials(&world.workspace, &found, None, "test", &house).await;
            opened.unwrap()
        };
        let first = open().await;
        assert_eq!(first.text("api_key"), Some("MARKED-2"));
        assert_eq!(first.text("/headers/Authorization"), Some("Bearer MARKED-1"));

        // The mask comes back with another setting beside it: the secrets stay, nothing is rotated.
        let mut config = made.config.clone();
        config.insert("path".into(), json!("/me"));
        let patch = IntegrationPatch { config: Some(config.clone()), ..Default::default() };
        world.connect.update_integration(&world.owner, made.id, patch).await.unwrap();
        let second = open().await;
        assert_eq!(second.expose(), first.expose());
        assert_eq!(second.version, 1);

        // A new value replaces the old one under the same id.
        config["headers"]["Authorization"] = json!("Bearer MARKED-3");
        let patch = IntegrationPatch { config: Some(config.clone()), ..Default::default() };
        world.connect.update_integration(&world.owner, made.id, patch).await.unwrap();
        let third = open().await;
        assert_eq!(third.text("/headers/Authorization"), Some("Bearer MARKED-3"));
        assert_eq!((third.id, third.version), (first.id, 2));

        // What leaves the config leaves the vault; what was posted as a credential stays.
        config.remove("headers");
        let patch = IntegrationPatch { config: Some(config), ..Default::default() };
        world.connect.update_integration(&world.owner, made.id, patch).await.unwrap();
        let names: Vec<_> = open().await.expose().keys().cloned().collect();
        assert_eq!(names, ["api_key"]);
        assert!(!world.texts().await.contains("MARKED"));
    }
}

#[tokio::test]
async fn bad_integrations_are_named() {
    for world in worlds().await {
        let plain = || IntegrationDraft {
            name: "x".into(),
            provider: "rss".into(),
            enabled: true,
            config: map(json!({"feed_url": "https://a.example/feed"})),
            ..IntegrationDraft::default()
        };
        let pull = |json| PullConfig::from_map(map(json)).unwrap();
        let cases = [
            (IntegrationDraft { name: " ".into(), ..plain() }, &codes::INVALID, "/name"),
            (
                IntegrationDraft { provider: "nosuch".into(), ..plain() },
                &codes::PROVIDER_UNKNOWN,
                "/provider",
            ),
            (IntegrationDraft { mode: Some(Mode::Push), ..plain() }, &codes::INVALID, "/mode"),
            (
                IntegrationDraft { config: map(json!({})), ..plain() },
                &codes::CONFIG_INVALID,
                "/config/feed_url",
            ),
            (
                IntegrationDraft {
                    config: map(json!({"feed_url": "https://a", "nosuch": 1})),
                    ..plain()
                },
                &codes::CONFIG_INVALID,
                "/config/nosuch",
            ),
            (
                IntegrationDraft { config: map(json!({"feed_url": MASK})), ..plain() },
                &codes::CONFIG_INVALID,
                "/config/feed_url",
            ),
            (
                IntegrationDraft { pull: pull(json!({"cron": "61 * * * *"})), ..plain() },
                &codes::BAD_SCHEDULE,
                "/pull/cron",
            ),
            (
                IntegrationDraft { pull: pull(json!({"transform": "|"})), ..plain() },
                &codes::BAD_TRANSFORM,
                "/pull/transform",
            ),
            (
                IntegrationDraft { credentials: Some(map(json!({"token": "x"}))), ..plain() },
                &codes::CREDENTIAL_INVALID,
                "/credentials/token",
            ),
            (
                IntegrationDraft {
                    provider: "webhook".into(),
                    config: map(json!({})),
                    pull: pull(json!({"path": "/x"})),
                    ..plain()
                },
                &codes::INVALID,
                "/pull",
            ),
            (
                IntegrationDraft { config_schema: Some(json!(7)), ..plain() },
                &codes::INVALID,
                "/config_schema",
            ),
        ];
        for (draft, code, pointer) in cases {
            let told = format!("{draft:?}");
            let problem = world.connect.create_integration(&world.owner, draft).await.unwrap_err();
            assert_eq!(
                (problem.code, problem.errors[0].pointer.as_str()),
                (code, pointer),
                "{told}"
            );
        }
    }
}

#[tokio::test]
async fn changes_are_seen_at_once_and_told() {
    for world in worlds().await {
        let made = world
            .integration("rss", json!({"feed_url": "https://a.example/feed"}), json!(null))
            .await;
        let seen = world.connect.integration(&world.workspace, made.id).await.unwrap().unwrap();
        assert!(seen.enabled);
        let patch = IntegrationPatch { enabled: Some(false), ..Default::default() };
        let off = world.connect.update_integration(&world.owner, made.id, patch).await.unwrap();
        assert_eq!(off.status(), "off");
        let seen = world.connect.integration(&world.workspace, made.id).await.unwrap().unwrap();
        assert!(!seen.enabled);

        let stranger = world.test.workspace("stranger").await;
        assert!(world.connect.integration(&stranger, made.id).await.unwrap().is_none());
        let (owner, _) = world.connect.integration_anywhere(made.id).await.unwrap().unwrap();
        assert_eq!(owner.id(), world.workspace.id());
        let theirs = identity(&stranger, false);
        let problem = world.connect.delete_integration(&theirs, made.id).await.unwrap_err();
        assert_eq!(problem.code, &codes::NOT_FOUND);

        world.connect.delete_integration(&world.owner, made.id).await.unwrap();
        assert!(world.connect.integration(&world.workspace, made.id).await.unwrap().is_none());
        assert!(world.connect.integration_anywhere(made.id).await.unwrap().is_none());
        let filter = EventFilter { kind: "integration.".into(), subject: made.id.to_string() };
        let events = world.workspace.events(&filter, &PageRequest::default()).await.unwrap();
        let mut kinds: Vec<_> = events.iter().map(|event| event.kind.as_str()).collect();
        kinds.sort_unstable();
        assert_eq!(
            kinds,
            [
                "integration.created",
                "integration.deleted",
                "integration.disabled",
                "integration.updated"
            ]
        );
        assert_eq!(
            world.audited(made.id).await,
            ["integration.created", "integration.deleted", "integration.updated"]
        );
    }
}

#[tokio::test]
async fn every_change_asks_for_a_job_in_its_own_transaction() {
    for world in worlds().await {
        let taken = async || {
            let mut tx = world.workspace.write().await.unwrap();
            let sql = "DELETE FROM jobs WHERE kind = 'integration.changed' RETURNING key, payload";
            let rows = tx.fetch_all(sql, db::args![]).await.unwrap();
            tx.commit().await.unwrap();
            let rows = rows.iter().map(|row| {
                let told: connect::IntegrationChanged = row.json("payload").unwrap();
                (row.text("key").unwrap(), told)
            });
            rows.collect::<Vec<_>>()
        };
        let told = |is_new, gone| connect::IntegrationChanged { is_new, gone };
        let made =
            world.integration("openweather", json!({}), json!({"api_key": "MARKED-1"})).await;
        let id = made.id;
        assert_eq!(taken().await, [(id.to_string(), told(true, vec![]))]);
        let changed = [(id.to_string(), told(false, vec![]))];
        let patch = IntegrationPatch { enabled: Some(false), ..Default::default() };
        world.connect.update_integration(&world.owner, id, patch).await.unwrap();
        assert_eq!(taken().await, changed);
        let fields = map(json!({"api_key": "MARKED-2"}));
        let stored = world.connect.put_credential(&world.owner, id, None, fields, None).await;
        assert_eq!(taken().await, changed);
        world.connect.delete_credential(&world.owner, stored.unwrap().id).await.unwrap();
        assert_eq!(taken().await, [], "without credentials there is nothing to do");

        let (now, entropy) = (world.test.db.clock().now(), world.test.db.entropy());
        let feed = kernel::FeedId::generate(now, entropy);
        let mut tx = world.workspace.write().await.unwrap();
        tx.execute(
            "INSERT INTO feeds (workspace_id, id, integration_id, name, mode, enabled, discriminator, \
               options, version, bytes, failures, created_at, updated_at) \
             VALUES ($1, $2, $3, 'f', 'pull', $4, 'own', '{}', 0, 0, 0, 0, 0)",
            db::args![world.workspace.id(), feed, id, true],
        )
        .await
        .unwrap();
        tx.commit().await.unwrap();
        world.connect.delete_integration(&world.owner, id).await.unwrap();
        assert_eq!(taken().await, [(id.to_string(), told(false, vec![feed]))]);
    }
}
