//! Microsoft Graph's subscriptions to changes: the address is asked to send a token back before anything is
//! pushed there, every subscription ends unless it is prolonged, and only who made one sees it.

use std::time::Duration;

use axum::Json;
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use kernel::Timestamp;
use serde_json::{Value, json};
use url::Url;

use super::ask::Ask;
use super::call::held;
use super::push::Callback;
use super::refusal::{self, Refusal};
use super::{Platform, lock};
use crate::outcall;

/// The longest life: under three days.
const LONGEST: Duration = Duration::from_secs(4_230 * 60);

pub(super) async fn serve(platform: &Platform, ask: &Ask) -> Response {
    match obey(platform, ask).await {
        Ok((status, Value::Null)) => status.into_response(),
        Ok((status, body)) => (status, Json(body)).into_response(),
        Err(refused) => refusal::answer(platform.style.service, &refused),
    }
}

async fn obey(platform: &Platform, ask: &Ask) -> Result<(StatusCode, Value), Refusal> {
    let account = held(platform, ask)?.account.ok_or(Refusal::NoPerson)?;
    let owner = format!("{}/", platform.account(&account).id);
    let is_alive = |it: &Callback| it.ends_at.is_none_or(|end| ask.now < end);
    let is_ours = |it: &Callback| it.topic.as_ref().is_some_and(|topic| topic.starts_with(&owner));
    let id = ask.param(0);
    let find = || {
        let all = lock(&platform.pushes).callbacks.clone();
        let found = all.into_iter().find(|it| it.id == id && is_ours(it) && is_alive(it));
        found.ok_or(Refusal::NotFound)
    };
    match ask.method.as_str() {
        "POST" => {
            let field = |name: &'static str| {
                let absent = || Refusal::Bad(format!("{name} is required."));
                ask.field(name).filter(|text| !text.is_empty()).ok_or_else(absent)
            };
            let (url, resource) = (field("notificationUrl")?, field("resource")?);
            field("changeType")?;
            let ends_at = end(ask)?;
            validate(platform, url).await?;
            let callback = Callback {
                id: String::new(),
                url: url.to_owned(),
                created_at: ask.now,
                topic: Some(format!("{owner}{resource}")),
                secret: ask.field("clientState").map(str::to_owned),
                ends_at: Some(ends_at),
            };
            let made = lock(&platform.pushes).put(callback);
            Ok((StatusCode::CREATED, shown(&made)))
        }
        "GET" => Ok((StatusCode::OK, shown(&find()?))),
        "PATCH" => {
            let ends_at = end(ask)?;
            let prolonged = Callback { ends_at: Some(ends_at), ..find()? };
            let mut pushes = lock(&platform.pushes);
            let known = pushes.callbacks.iter_mut().find(|it| it.id == id);
            *known.ok_or(Refusal::NotFound)? = prolonged.clone();
            Ok((StatusCode::OK, shown(&prolonged)))
        }
        _ => {
            let gone = find()?;
            lock(&platform.pushes).remove(&gone.url, gone.topic.as_deref());
            Ok((StatusCode::NO_CONTENT, Value::Null))
        }
    }
}

fn end(ask: &Ask) -> Result<Timestamp, Refusal> {
    let bad = |why: &str| Refusal::Bad(format!("expirationDateTime {why}."));
    let said = ask.field("expirationDateTime").ok_or_else(|| bad("is required"))?;
    let end = Timestamp::parse(said).ok_or_else(|| bad("is no time"))?;
    if end <= ask.now || end > ask.now.plus(LONGEST) {
        return Err(bad("is in the past or too far ahead"));
    }
    Ok(end)
}

/// The address must send the token back, decoded and as plain text.
async fn validate(platform: &Platform, url: &str) -> Result<(), Refusal> {
    let failed =
        |why: String| Refusal::Bad(format!("Subscription validation request failed: {why}"));
    let token = format!("Validation: Testing client {}", platform.seed.number(url, 12));
    let mut target = Url::parse(url).map_err(|error| failed(error.to_string()))?;
    target.query_pairs_mut().append_pair("validationToken", &token);
    let (headers, body) = (HeaderMap::new(), Bytes::new());
    match outcall::call(Method::POST, target.as_str(), headers, body).await {
        Ok((200, body)) if body == token.as_bytes() => Ok(()),
        Ok((status, _)) => Err(failed(format!("it answered {status}, or something else"))),
        Err(reason) => Err(failed(reason)),
    }
}

fn shown(it: &Callback) -> Value {
    let resource = it.topic.as_deref().and_then(|topic| topic.split_once('/'));
    json!({
        "id": it.id, "notificationUrl": it.url, "expirationDateTime": it.ends_at,
        "resource": resource.map(|(_, resource)| resource), "clientState": null,
    })
}

/// What is pushed of one change.
pub(super) fn notification(it: &Callback, now: Timestamp) -> String {
    let resource = it.topic.as_deref().and_then(|topic| topic.split_once('/'));
    let id = now.micros().to_string();
    json!({"value": [{
        "subscriptionId": it.id, "clientState": it.secret, "changeType": "created",
        "resource": resource.map(|(_, resource)| format!("{resource}/{id}")),
        "subscriptionExpirationDateTime": it.ends_at, "resourceData": {"id": id},
    }]})
    .to_string()
}
