//! No operation is open without a key, and none to a key without its scope, unless it is meant to be.

use serde_json::Value;

use crate::document::operations;
use crate::world::World;

/// What anybody may call: before there is a key, or because the path proves the caller in another way.
const FOR_ANYBODY: [&str; 13] = [
    "GET /api/v1/providers/{id}/icon",
    "POST /api/v1/session",
    "GET /api/v1/setup",
    "POST /api/v1/setup",
    // Pushes bring a signature.
    "/api/webhooks/subscriptions/{integration_id}/{subscription_id}",
    "/api/webhooks/widgets/{integration_id}/{widget_config_id}",
    "/api/webhooks/{integration_id}",
    "/api/webhooks/{integration_id}/{feed_id}",
    "GET /api/v1/openapi",
    // Browsers come back from providers with a signed state, and follow links that end in a secret.
    "GET /api/v1/oauth/callback",
    "GET /auth/{provider}/callback",
    "GET /connect/{token}",
    "GET /connect/{token}/go",
];

#[tokio::test(flavor = "multi_thread")]
async fn every_operation_wants_a_key_with_its_scope() {
    let world = World::new().await;
    let (nobody, useless) = (world.server.client.clone(), world.key(&["tickets:read"]).await);
    let mut wrong = Vec::new();
    for ((method, path), operation) in operations(&nobody).await {
        let name = format!("{method} {path}");
        let filled = fill(&path);
        let ask = async |client: &crate::client::Client| {
            let headers = [("content-type", "application/json")];
            client.send(&method, &filled, &headers, if method == "GET" { "" } else { "{}" }).await
        };
        let ways = operation["security"].as_array().cloned().unwrap_or_default();
        let is_open = ways.is_empty() || ways.iter().any(|way| way.as_object().unwrap().is_empty());
        if is_open {
            if !FOR_ANYBODY.contains(&name.as_str()) && !FOR_ANYBODY.contains(&path.as_str()) {
                wrong.push(format!("{name} is open to anybody"));
            }
            continue;
        }
        let answer = ask(&nobody).await;
        if (answer.status, answer.code().as_str()) != (401, "auth.unauthenticated") {
            wrong.push(format!("{name} without a key: {} {}", answer.status, answer.text()));
        }
        let answer = ask(&nobody.key("sk_nosuchkey")).await;
        if answer.status != 401 {
            wrong.push(format!("{name} with an unknown key: {} {}", answer.status, answer.text()));
        }
        let scope = ways.iter().find_map(|way| way["api_key"].as_array());
        let answer = ask(&useless).await;
        match scope.map(|scopes| scopes.iter().filter_map(Value::as_str).collect::<Vec<_>>()) {
            // For people with a session alone.
            None if answer.status != 401 => {
                wrong.push(format!("{name} with a key, not a session: {}", answer.text()));
            }
            Some(scopes) if scopes.is_empty() => {
                let refused = [401, 403].contains(&answer.status);
                let told = || format!("{name} wants no scope, yet: {}", answer.text());
                wrong.extend(refused.then(told));
            }
            Some(scopes) => {
                let problem = answer.json();
                let detail = problem["detail"].as_str().unwrap_or_default();
                let names_it = scopes.iter().all(|scope| detail.contains(scope));
                if (answer.status, problem["code"].as_str()) != (403, Some("auth.missing_scope"))
                    || !names_it
                {
                    wrong.push(format!("{name} without {scopes:?}: {}", answer.text()));
                }
            }
            None => {}
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The path with ids that are well formed and lead nowhere.
fn fill(path: &str) -> String {
    let about = |noun: &str| match noun {
        "feeds" | "feed_id" => "feed",
        "integrations" | "widget-integrations" | "integration_id" => "int",
        "api-keys" => "key",
        "connections" => "conn",
        "credentials" => "cred",
        "inbound-events" => "in",
        "members" => "mem",
        "notifications" => "ntf",
        "players" => "play",
        "tasks" => "task",
        "widgets-config" | "widget-configs" | "widget_config_id" => "wcfg",
        "widgets" | "widget" => "wgt",
        "workspaces" | "organizations" | "org" => "ws",
        _ => "",
    };
    if path == "/api/widgets/{id}/data" {
        return fill("/api/widgets-config/{id}/data");
    }
    let mut noun = "";
    let mut filled = Vec::new();
    for segment in path.split('/') {
        let Some(name) = segment.strip_prefix('{').map(|name| name.trim_end_matches('}')) else {
            noun = segment;
            filled.push(segment.to_owned());
            continue;
        };
        let prefix = if about(name).is_empty() { about(noun) } else { about(name) };
        filled.push(match (name, prefix) {
            ("version", _) => "1".to_owned(),
            (_, "") => "rest".to_owned(),
            (_, prefix) => format!("{prefix}_01h455vb4pex5vsknk084sn02q"),
        });
    }
    let query = if path == "/api/data-sources" { "?id=int_01h455vb4pex5vsknk084sn02q" } else { "" };
    filled.join("/") + query
}
