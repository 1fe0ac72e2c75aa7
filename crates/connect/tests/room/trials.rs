use connect::{CredentialState, IntegrationFilter};
use kernel::{MASK, PageRequest};
use serde_json::{Map, json};

use crate::world::{provider, worlds};

#[tokio::test]
async fn a_test_says_what_happened() {
    for world in worlds().await {
        let provider = provider().await;
        let state = |it: &connect::Integration| {
            let it = it.clone();
            let world = &world;
            async move { world.connect.credential_note(&world.workspace, &it).await.unwrap().state }
        };
        for (path, credentials, ok, code, status, judged) in [
            ("/", json!({"token": "good"}), true, None, Some(200), CredentialState::Valid),
            ("/private", json!({"token": "good"}), true, None, Some(200), CredentialState::Valid),
            (
                "/private",
                json!({"token": "MARKED-bad"}),
                false,
                Some("feed.upstream_status"),
                Some(401),
                CredentialState::Invalid,
            ),
            (
                "/html",
                json!({"token": "good"}),
                false,
                Some("feed.unreadable"),
                Some(200),
                CredentialState::Unverified,
            ),
        ] {
            let config = json!({"base_url": provider.base, "test_path": path});
            let it = world.integration("rest", config, credentials).await;
            let report = world.connect.test(&world.owner, it.id, Map::new(), None).await.unwrap();
            assert_eq!((report.ok, report.code, report.status), (ok, code, status), "{report:?}");
            assert_eq!(state(&it).await, judged, "{path}");
            let text = serde_json::to_string(&report).unwrap();
            assert!(!text.contains("MARKED") && !text.contains("Bearer good"), "{text}");
            if status == Some(401) {
                assert!(report.message.starts_with("The key was refused."), "{}", report.message);
            }
            if path == "/private" && ok {
                let echo = &report.sample.as_ref().unwrap()["echo"];
                assert_eq!(*echo, json!(format!("authorization=Bearer {MASK}")));
                let names: Vec<_> = report.steps.iter().map(|step| step.name).collect();
                assert_eq!(names, ["dns", "connect", "request", "status", "decode"]);
            }
        }
    }
}

#[tokio::test]
async fn a_test_of_the_base_url_says_that_it_was_no_more_than_that() {
    for world in worlds().await {
        let provider = provider().await;
        for (more, is_said) in [
            (json!({}), true),
            (json!({"query": {"a": "1"}}), true),
            (json!({"test_path": "/private"}), false),
        ] {
            let mut config = json!({"base_url": provider.base});
            config.as_object_mut().unwrap().extend(more.as_object().cloned().unwrap());
            let it = world.integration("rest", config, json!({"token": "good"})).await;
            let report = world.connect.test(&world.owner, it.id, Map::new(), None).await.unwrap();
            assert_eq!(report.message.contains("set test_path"), is_said, "{report:?}");
        }
    }
}

#[tokio::test]
async fn a_host_that_is_not_there_is_named() {
    for world in worlds().await {
        let config = json!({"base_url": "http://127.0.0.1:1"});
        let it = world.integration("rest", config, json!(null)).await;
        let report = world.connect.test(&world.owner, it.id, Map::new(), None).await.unwrap();
        assert_eq!(report.code, Some("egress.connect_failed"), "{report:?}");
        let private = json!({"base_url": "http://10.0.0.1/"});
        let it = world.integration("rest", private, json!(null)).await;
        let report = world.connect.test(&world.owner, it.id, Map::new(), None).await.unwrap();
        assert_eq!(report.code, Some("egress.address_forbidden"), "{report:?}");
    }
}

#[tokio::test]
async fn an_integration_that_is_only_pushed_to_says_its_address() {
    for world in worlds().await {
        let it = world.integration("webhook", json!({}), json!(null)).await;
        let report = world.connect.test(&world.owner, it.id, Map::new(), None).await.unwrap();
        assert!(!report.ok && report.message.contains("https://bay.example/api/webhooks/int_"));
        let it = world.integration("webhook", json!({}), json!({"secret": "s"})).await;
        let report = world.connect.test(&world.owner, it.id, Map::new(), None).await.unwrap();
        assert!(report.ok, "{report:?}");
    }
}

#[tokio::test]
async fn how_exchanges_went_is_noted() {
    for world in worlds().await {
        let it =
            world.integration("rss", json!({"feed_url": "https://a.example"}), json!(null)).await;
        let status = || async {
            let filter = IntegrationFilter::default();
            let page = PageRequest::default();
            let all = world.connect.integrations(&world.workspace, &filter, &page).await.unwrap();
            all[0].status()
        };
        assert_eq!(status().await, "new");
        world.connect.note_sync(&world.workspace, it.id, Ok(())).await.unwrap();
        assert_eq!(status().await, "ok");
        let problem = kernel::Problem::new(&kernel::codes::EGRESS_TIMEOUT, "slow");
        world.connect.note_sync(&world.workspace, it.id, Err(&problem)).await.unwrap();
        assert_eq!(status().await, "failing");
        world.connect.note_sync(&world.workspace, it.id, Ok(())).await.unwrap();
        assert_eq!(status().await, "ok", "a success after a failure is never left out");
    }
}

#[tokio::test]
async fn what_left_is_in_the_request_log_without_its_secrets() {
    for world in worlds().await {
        let provider = provider().await;
        let config = json!({"base_url": provider.base, "test_path": "/private"});
        let credentials = json!({"api_key": "MARKED-good", "api_key_param": "code"});
        let it = world.integration("rest", config, credentials).await;
        world.connect.test(&world.owner, it.id, Map::new(), None).await.unwrap();
        let row = loop {
            let mut tx = world.workspace.read().await.unwrap();
            let sql = "SELECT url, status, integration_id FROM request_logs";
            match tx.fetch_optional(sql, Vec::new()).await.unwrap() {
                Some(row) => break row,
                // The writer has it; nothing else tells when it is done.
                None => tokio::task::yield_now().await,
            }
        };
        assert_eq!(row.text("integration_id").unwrap(), it.id.to_string());
        assert_eq!(row.int("status").unwrap(), 401);
        assert_eq!(row.text("url").unwrap(), format!("{}/private?code={MASK}", provider.base));
        assert!(!world.texts().await.contains("MARKED"));
    }
}
