use accounts::gate::Actor;
use connect::{CredentialChange, CredentialDraft, CredentialScope, IntegrationPatch};
use kernel::{MASK, codes};
use serde_json::json;

use crate::world::{identity, map, worlds};

#[tokio::test]
async fn rotation_keeps_the_id_and_a_use_is_audited() {
    for world in worlds().await {
        let connect = &world.connect;
        let weather =
            world.integration("openweather", json!({}), json!({"api_key": "MARKED-1"})).await;
        let key = || async {
            let house = Actor::House;
            connect
                .credentials(&world.workspace, &weather, None, "feed.pull", &house)
                .await
                .unwrap()
        };
        let first = key().await;
        let id = first.id.unwrap();
        assert_eq!(first.text("api_key"), Some("MARKED-1"));
        assert_eq!(format!("{first:?}"), format!("Credentials(Some({id}))"));

        connect.mark_credential(&world.workspace, id, true).await.unwrap();
        let fields = map(json!({"api_key": "MARKED-2"}));
        let rotated = connect.rotate_credential(&world.owner, id, fields).await.unwrap();
        assert_eq!((rotated.id, rotated.version, rotated.is_valid), (id, 2, false));
        assert!(rotated.rotated_at.is_some() && rotated.validated_at.is_none());
        assert_eq!(key().await.text("api_key"), Some("MARKED-2"));

        let kept = map(json!({"api_key": MASK}));
        connect.rotate_credential(&world.owner, id, kept).await.unwrap();
        assert_eq!(key().await.text("api_key"), Some("MARKED-2"));
        let wrong = map(json!({"token": MASK}));
        let problem = connect.rotate_credential(&world.owner, id, wrong).await.unwrap_err();
        assert_eq!(problem.code, &codes::CREDENTIAL_INVALID);

        let uses = until_uses(&world, id).await;
        assert_eq!(uses, 3);
        connect.delete_credential(&world.owner, id).await.unwrap();
        let house = Actor::House;
        let missing =
            connect.credentials(&world.workspace, &weather, None, "feed.pull", &house).await;
        assert_eq!(missing.unwrap_err().code, &codes::CREDENTIAL_MISSING);
        assert!(!world.texts().await.contains("MARKED"));
    }
}

/// How many uses the audit log tells of, once the writer has caught up: a later use waits behind them.
async fn until_uses(world: &crate::world::World, id: kernel::CredentialId) -> i64 {
    loop {
        let mut tx = world.workspace.read().await.unwrap();
        let rows = tx
            .fetch_all(
                "SELECT detail FROM audit_entries WHERE action = 'credential.used' AND subject = $1",
                db::args![id],
            )
            .await
            .unwrap();
        let details = rows.iter().map(|row| row.json::<serde_json::Value>("detail").unwrap());
        let uses: i64 = details.map(|detail| detail["uses"].as_i64().unwrap()).sum();
        if uses >= 3 {
            return uses;
        }
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn there_is_exactly_one_owner() {
    for world in worlds().await {
        let (_, config) = world.widget("w").await;
        let it = world.integration("openweather", json!({}), json!(null)).await;
        let fields = map(json!({"api_key": "k"}));
        let plain = || CredentialDraft {
            integration_id: Some(it.id),
            fields: fields.clone(),
            ..CredentialDraft::default()
        };
        for (draft, code) in [
            (
                CredentialDraft { scope: Some(CredentialScope::Widget), ..plain() },
                &codes::CREDENTIAL_OWNER,
            ),
            (
                CredentialDraft {
                    scope: Some(CredentialScope::Workspace),
                    widget_config_id: Some(config),
                    ..plain()
                },
                &codes::CREDENTIAL_OWNER,
            ),
            // The integration does not ask for a widget's own.
            (
                CredentialDraft { widget_config_id: Some(config), ..plain() },
                &codes::CREDENTIAL_OWNER,
            ),
            (CredentialDraft { integration_id: None, ..plain() }, &codes::INVALID),
            (CredentialDraft { fields: map(json!({})), ..plain() }, &codes::CREDENTIAL_INVALID),
            (
                CredentialDraft { metadata: map(json!({"api_key": "x"})), ..plain() },
                &codes::CREDENTIAL_INVALID,
            ),
        ] {
            let told = format!("{:?} {:?}", draft.scope, draft.widget_config_id);
            let problem = world.connect.create_credential(&world.owner, draft).await.unwrap_err();
            assert_eq!(problem.code, code, "{told}");
        }
        world.connect.create_credential(&world.owner, plain()).await.unwrap();
        let second = world.connect.create_credential(&world.owner, plain()).await.unwrap_err();
        assert_eq!(second.code, &codes::CONFLICT);
    }
}

#[tokio::test]
async fn a_widgets_own_come_before_the_workspaces() {
    for world in worlds().await {
        let (_, config) = world.widget("w").await;
        let it = world.integration("openweather", json!({}), json!({"api_key": "shared"})).await;
        let patch = IntegrationPatch {
            credential_scope: Some(CredentialScope::Widget),
            ..IntegrationPatch::default()
        };
        let it =
            world.connect.update_integration(&world.owner, it.id, patch).await.unwrap().integration;
        let key = || async {
            let house = Actor::House;
            let found = world
                .connect
                .credentials(&world.workspace, &it, Some(config), "test", &house)
                .await
                .unwrap();
            found.text("api_key").unwrap().to_owned()
        };
        assert_eq!(key().await, "shared");
        let own = map(json!({"api_key": "own"}));
        let owner = &world.owner;
        world.connect.put_credential(owner, it.id, Some(config), own, None).await.unwrap();
        assert_eq!(key().await, "own");
    }
}

#[tokio::test]
async fn the_network_shares_with_every_workspace() {
    for world in worlds().await {
        let draft = || CredentialDraft {
            provider: Some("openweather".into()),
            scope: Some(CredentialScope::Network),
            fields: map(json!({"api_key": "for all"})),
            ..CredentialDraft::default()
        };
        let tenant = identity(&world.test.workspace("tenant").await, false);
        let refused = world.connect.create_credential(&tenant, draft()).await.unwrap_err();
        assert_eq!(refused.code, &codes::MISSING_ROLE);

        let it = world.integration("openweather", json!({}), json!(null)).await;
        let patch = IntegrationPatch {
            credential_scope: Some(CredentialScope::Network),
            ..IntegrationPatch::default()
        };
        let it =
            world.connect.update_integration(&world.owner, it.id, patch).await.unwrap().integration;
        let ours = || async {
            let house = Actor::House;
            world.connect.credentials(&tenant.workspace, &it, None, "test", &house).await
        };
        assert_eq!(ours().await.unwrap_err().code, &codes::CREDENTIAL_MISSING);
        let shared = world.connect.create_credential(&world.owner, draft()).await.unwrap();
        assert_eq!(ours().await.unwrap().text("api_key"), Some("for all"));
        let again = map(json!({"api_key": "for all, anew"}));
        world.connect.rotate_credential(&world.owner, shared.id, again).await.unwrap();
        assert_eq!(ours().await.unwrap().text("api_key"), Some("for all, anew"));
    }
}

#[tokio::test]
async fn one_by_itself_is_attached_later() {
    for world in worlds().await {
        let draft = CredentialDraft {
            name: Some("Slack Bot".into()),
            kind: "oauth".into(),
            provider: Some("openweather".into()),
            fields: map(json!({"api_key": "k"})),
            ..CredentialDraft::default()
        };
        let loose = world.connect.create_credential(&world.owner, draft).await.unwrap();
        assert_eq!((loose.kind.as_str(), loose.integration_id), ("oauth", None));
        let it = world.integration("openweather", json!({}), json!(null)).await;
        let change = CredentialChange { integration_id: Some(it.id), ..Default::default() };
        world.connect.change_credential(&world.owner, loose.id, change).await.unwrap();
        let house = Actor::House;
        let found =
            world.connect.credentials(&world.workspace, &it, None, "t", &house).await.unwrap();
        assert_eq!(found.id, Some(loose.id));
    }
}
