//! The control of a platform, as JSON under `/sandbox/`:
//!
//! | call | does |
//! |---|---|
//! | `GET state` | counters, rules, faults, accounts, callbacks |
//! | `PUT rules` | changes how tokens live; fields that are left out stay |
//! | `PUT faults` | sets the faults |
//! | `PUT consent` | answers the authorize page by itself; `null` leaves it to people again |
//! | `PUT quota` | `{limit}`; `null` brings the platform's own back |
//! | `POST client` | `{id, secret, redirect_uris}` makes an app known |
//! | `POST grant` | `{account, scopes}` gives a token answer without a browser |
//! | `POST revoke` | `{account}`, or all |
//! | `POST webhook` | `{callback, verify_token}` registers a callback, after its handshake |
//! | `POST push` | `{account, event}` tells the callbacks |

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::ask::Ask;
use super::{CONTROL, Consent, Platform, PushEvent, TokenRules};
use crate::Faults;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewClient {
    id: String,
    secret: String,
    #[serde(default)]
    redirect_uris: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewGrant {
    account: String,
    scopes: Option<Vec<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Revocation {
    account: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewQuota {
    limit: Option<u32>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewWebhook {
    callback: String,
    #[serde(default)]
    verify_token: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewPush {
    account: String,
    event: PushEvent,
}

pub(super) async fn serve(platform: &Platform, ask: &Ask) -> Response {
    let name = ask.path.strip_prefix(CONTROL).unwrap_or_default();
    match obey(platform, ask, name).await {
        Ok(answer) => Json(answer).into_response(),
        Err((status, message)) => (status, Json(json!({"message": message}))).into_response(),
    }
}

type Refused = (StatusCode, String);

async fn obey(platform: &Platform, ask: &Ask, name: &str) -> Result<Value, Refused> {
    let no = |error: crate::SandboxError| (StatusCode::UNPROCESSABLE_ENTITY, error.to_string());
    match (ask.method.as_str(), name) {
        ("GET", "state") => {}
        ("PUT", "rules") => platform.set_rules(merged(platform.rules(), &ask.json)?),
        ("PUT", "faults") => {
            let faults: Faults = body(ask)?;
            platform.desk.set(platform.style.service, faults).map_err(no)?;
        }
        ("PUT", "consent") => platform.set_consent(body::<Option<Consent>>(ask)?),
        ("PUT", "quota") => platform.set_quota(body::<NewQuota>(ask)?.limit),
        ("POST", "client") => {
            let NewClient { id, secret, redirect_uris } = body(ask)?;
            platform.register(&id, &secret, redirect_uris);
        }
        ("POST", "grant") => {
            let NewGrant { account, scopes } = body(ask)?;
            return Ok(platform.grant(&account, scopes));
        }
        ("POST", "revoke") => {
            let Revocation { account } = body(ask)?;
            return Ok(json!({"revoked": platform.revoke(account.as_deref())}));
        }
        ("POST", "webhook") => {
            let NewWebhook { callback, verify_token } = body(ask)?;
            platform.register_webhook(&callback, &verify_token).await.map_err(no)?;
        }
        ("POST", "push") => {
            let NewPush { account, event } = body(ask)?;
            let deliveries = platform.push(&account, event).await.map_err(no)?;
            return Ok(json!({"deliveries": deliveries}));
        }
        _ => return Err((StatusCode::NOT_FOUND, "There is no such control.".to_owned())),
    }
    Ok(platform.state())
}

fn body<T: DeserializeOwned>(ask: &Ask) -> Result<T, Refused> {
    T::deserialize(&ask.json).map_err(unfit)
}

/// The rules with the fields of the patch in place of their own.
fn merged(rules: TokenRules, patch: &Value) -> Result<TokenRules, Refused> {
    let mut all = serde_json::to_value(rules).map_err(unfit)?;
    for (name, value) in patch.as_object().into_iter().flatten() {
        all[name] = value.clone();
    }
    serde_json::from_value(all).map_err(unfit)
}

fn unfit(error: serde_json::Error) -> Refused {
    (StatusCode::UNPROCESSABLE_ENTITY, error.to_string())
}
