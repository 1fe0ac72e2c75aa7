//! The statements of this room, on both databases.

use db::testing::{START, databases_at};
use db::{Tx, Workspace, args};
use kernel::{Clock, ConnectionId, IntegrationId, RequestLogId, Timestamp};
use serde_json::{Value, json};
use std::time::Duration;

use super::{connections, drifts, kpis, series};
use crate::drift::Drift;
use crate::series::Day;
use crate::store::series::Span;

struct House {
    workspace: Workspace,
    connection: ConnectionId,
    integration: IntegrationId,
    _test: db::testing::TestDb,
}

/// A workspace with one connection, in each database.
async fn houses() -> Vec<House> {
    let mut houses = Vec::new();
    for test in databases_at(Clock::manual(START)).await {
        let workspace = test.workspace("acme").await;
        let integration = IntegrationId::generate(START, test.db.entropy());
        let connection = ConnectionId::generate(START, test.db.entropy());
        let mut tx = workspace.write().await.unwrap();
        insert_integration(&mut tx, &workspace, integration).await;
        insert_connection(&mut tx, &workspace, integration, connection).await;
        tx.commit().await.unwrap();
        houses.push(House { workspace, connection, integration, _test: test });
    }
    houses
}

async fn insert_connection(
    tx: &mut Tx,
    workspace: &Workspace,
    integration: IntegrationId,
    id: ConnectionId,
) {
    tx.execute(
        "INSERT INTO connections (workspace_id, id, integration_id, provider, subject, status, \
           status_since, account_id, account, captured, scopes, missing_scopes, sealed, generation, \
           can_refresh, granted_at, failures, created_at, updated_at) \
         VALUES ($1, $2, $3, 'instagram', 'aurel', 'active', $4, '17841', '{}', '{}', '[]', '[]', $5, \
           0, $6, $4, 0, $4, $4)",
        args![workspace.id(), id, integration, START, vec![0_u8], true],
    )
    .await
    .unwrap();
}

fn day(house: &House, date: &str, metrics: &Value) -> Day {
    Day {
        subject: "aurel".to_owned(),
        platform: "instagram".to_owned(),
        date: date.to_owned(),
        connection: house.connection,
        metrics: metrics.as_object().unwrap().clone(),
        estimated: json!({ "views": "a sum" }).as_object().unwrap().clone(),
        fetched_at: START,
    }
}

#[tokio::test]
async fn a_later_pull_of_a_day_corrects_the_row() {
    for house in houses().await {
        let workspace = house.workspace.id();
        let mut tx = house.workspace.write().await.unwrap();
        for (date, followers) in [("2026-01-01", 1), ("2026-01-02", 2), ("2026-01-02", 3)] {
            let row = day(&house, date, &json!({ "followers": followers }));
            series::put(&mut tx, workspace, &row, &json!({ "raw": true })).await.unwrap();
        }
        let span = |from: &str, to: &str| Span {
            from: from.to_owned(),
            to: to.to_owned(),
            ..Span::default()
        };
        let all = span("2025-01-01", "2027-01-01");
        let rows = series::between(&mut tx, workspace, &all, 10).await.unwrap();
        let expect = [("2026-01-01", 1), ("2026-01-02", 3)]
            .map(|(date, followers)| day(&house, date, &json!({ "followers": followers })));
        assert_eq!(rows, expect);
        let second = span("2026-01-02", "2026-01-02");
        let rows = series::between(&mut tx, workspace, &second, 10).await.unwrap();
        assert_eq!(rows, expect[1..]);
        for (subject, platform, count) in [
            (Some("aurel"), None, 2),
            (Some("aurel"), Some("instagram"), 2),
            (Some("aurel"), Some("tiktok"), 0),
            (Some(""), None, 0),
            (None, Some("instagram"), 2),
        ] {
            let (subject, platform) = (subject.map(str::to_owned), platform.map(str::to_owned));
            let span = Span { subject, platform, ..all.clone() };
            let rows = series::between(&mut tx, workspace, &span, 10).await.unwrap();
            assert_eq!(rows.len(), count, "{span:?}");
        }
        assert_eq!(
            series::get(&mut tx, workspace, &expect[0]).await.unwrap(),
            Some(expect[0].clone())
        );
        let platforms = connections::platforms(&mut tx, workspace, 10).await.unwrap();
        assert_eq!(platforms[0].last_date.as_deref(), Some("2026-01-02"));
    }
}

#[tokio::test]
async fn a_drift_keeps_the_time_it_was_first_seen() {
    for house in houses().await {
        let workspace = house.workspace.id();
        let mut tx = house.workspace.write().await.unwrap();
        let drift = |at: u64, problem: &str| Drift {
            connection: house.connection,
            platform: "instagram".to_owned(),
            subject: "aurel".to_owned(),
            metric: "followers".to_owned(),
            problem: problem.to_owned(),
            since: START.plus(Duration::from_secs(at)),
            seen_at: START.plus(Duration::from_secs(at)),
        };
        drifts::put(&mut tx, workspace, &drift(0, "gone")).await.unwrap();
        drifts::put(&mut tx, workspace, &drift(60, "no count")).await.unwrap();
        let known = drifts::of(&mut tx, workspace, house.connection).await.unwrap();
        assert_eq!(known, ["followers"]);
        let all = drifts::all(&mut tx, workspace, 10).await.unwrap();
        assert_eq!(all, [Drift { since: START, ..drift(60, "no count") }]);
        drifts::remove(&mut tx, workspace, house.connection, "followers").await.unwrap();
        assert_eq!(drifts::all(&mut tx, workspace, 10).await.unwrap(), []);
    }
}

#[tokio::test]
async fn an_account_is_found_by_its_id_at_its_own_platform() {
    for house in houses().await {
        let workspace = house.workspace.id();
        let mut tx = house.workspace.read().await.unwrap();
        for (provider, account, count) in
            [("instagram", "17841", 1), ("instagram", "1", 0), ("tiktok", "17841", 0)]
        {
            let found =
                connections::of_account(&mut tx, workspace, provider, account).await.unwrap();
            assert_eq!(found.len(), count, "{provider} {account}");
        }
        assert!(connections::is_there(&mut tx, workspace, house.connection).await.unwrap());
    }
}

#[tokio::test]
async fn facts_are_counted_from_the_logs_of_one_workspace_or_of_all() {
    for house in houses().await {
        let workspace = house.workspace.id();
        let mut tx = house.workspace.write().await.unwrap();
        for success in [true, true, false] {
            insert_request(&mut tx, &house, success).await;
        }
        let provider = "instagram";
        let hour = Timestamp::from_secs(START.secs() - 3_600);
        let weeks = Timestamp::from_secs(START.secs() - 40 * 86_400);
        for since in [hour, weeks] {
            let data = json!({ "provider": provider, "since": since });
            tx.emit(workspace, "connection.recovered", house.connection, data).await.unwrap();
        }
        for kind in ["connection.expired", "connection.revoked"] {
            let data = json!({ "provider": provider });
            tx.emit(workspace, kind, house.connection, data).await.unwrap();
        }
        tx.commit().await.unwrap();
        for whose in [Some(workspace), None] {
            let mut tx = match whose {
                Some(_) => house.workspace.read().await.unwrap(),
                None => house.workspace.db().system(false).await.unwrap(),
            };
            let facts = kpis::facts(&mut tx, whose).await.unwrap();
            let one = &facts[provider];
            assert_eq!((one.requests, one.good), (3, 2));
            assert_eq!((one.connections, one.oldest), (1, Some(START)));
            assert_eq!((one.troubles, one.recovered, one.ended), (4, 1, 1));
        }
        let mut tx = house.workspace.db().system(true).await.unwrap();
        assert_eq!(
            kpis::spenders(&mut tx, workspace).await.unwrap()[0].connection,
            house.connection
        );
        for (key, used, later) in [("a", 40, 60), ("b", 20, 60), ("c", 90, 0)] {
            let at = START.plus(Duration::from_secs(later));
            tx.execute(
                "INSERT INTO quotas (key, provider, resets_at, units, used, updated_at) \
                 VALUES ($1, $2, $3, 100, $4, $3)",
                args![key, provider, at, used],
            )
            .await
            .unwrap();
        }
        let budgets = kpis::budgets(&mut tx).await.unwrap();
        assert_eq!(budgets, [(provider.to_owned(), 40.0)].into());
    }
}

async fn insert_integration(tx: &mut Tx, workspace: &Workspace, id: IntegrationId) {
    tx.execute(
        "INSERT INTO integrations (workspace_id, id, name, description, provider, type, mode, enabled, \
           credential_scope, config, pull, push, created_at, updated_at) \
         VALUES ($1, $2, 'Instagram', '', 'instagram', 'instagram', 'pull', $3, 'workspace', '{}', '{}', \
           '{}', $4, $4)",
        args![workspace.id(), id, true, START],
    )
    .await
    .unwrap();
}

async fn insert_request(tx: &mut Tx, house: &House, success: bool) {
    let id = RequestLogId::generate(START, house.workspace.db().entropy());
    tx.execute(
        "INSERT INTO request_logs (workspace_id, id, integration_id, at, method, host, url, duration_us, \
           request_bytes, response_bytes, success, attempt, outcome) \
         VALUES ($1, $2, $3, $4, 'GET', 'a', 'https://a/', 1, 0, 0, $5, 1, 'sent')",
        args![house.workspace.id(), id, house.integration, START, success],
    )
    .await
    .unwrap();
}
