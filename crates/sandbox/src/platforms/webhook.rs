//! The callbacks of an app: the handshake by which the platform makes sure of an address, and the paths
//! by which an app registers one itself (Meta's subscriptions, X's webhooks).

use aws_lc_rs::hmac::HMAC_SHA256;
use axum::Json;
use axum::http::{HeaderMap, Method};
use axum::response::{IntoResponse, Response};
use base64::{Engine, prelude::BASE64_STANDARD};
use bytes::Bytes;
use serde_json::{Value, json};
use url::Url;

use super::ask::Ask;
use super::call::held;
use super::push::{Callback, sign};
use super::refusal::{self, Refusal};
use super::{Platform, lock};
use crate::{SandboxError, Service, outcall};

/// Checks an address and writes it down.
pub(super) async fn register(
    platform: &Platform,
    url: &str,
    verify_token: &str,
) -> Result<Callback, SandboxError> {
    outcall::authority(url)?;
    match platform.style.service {
        Service::Instagram | Service::Facebook => {
            let challenge = platform.seed.number(url, 10);
            let fields = [
                ("hub.mode", "subscribe"),
                ("hub.challenge", &challenge),
                ("hub.verify_token", verify_token),
            ];
            shake(url, &fields, |body| body == challenge.as_bytes()).await?;
        }
        Service::X => check_crc(platform, url).await?,
        Service::Tiktok => {}
        service => return Err(SandboxError::NoPushes(service)),
    }
    let callback = Callback {
        id: String::new(),
        url: url.to_owned(),
        created_at: platform.clock.now(),
        topic: None,
        secret: None,
        ends_at: None,
    };
    Ok(lock(&platform.pushes).put(callback))
}

/// The paths of the app itself; its own token opens them.
pub(super) async fn serve(platform: &Platform, ask: &Ask) -> Response {
    match obey(platform, ask).await {
        Ok(body) => Json(body).into_response(),
        Err(refused) => refusal::answer(platform.style.service, &refused),
    }
}

async fn obey(platform: &Platform, ask: &Ask) -> Result<Value, Refusal> {
    if held(platform, ask)?.account.is_some() {
        return Err(Refusal::NoPerson);
    }
    let said = |callback: &Callback| {
        let Callback { id, url, created_at, .. } = callback;
        json!({"id": id, "url": url, "created_at": created_at, "valid": true})
    };
    let bad = |error: SandboxError| Refusal::Bad(error.to_string());
    let all = lock(&platform.pushes).callbacks.clone();
    let with_id = |id: &str| all.iter().find(|known| known.id == id).ok_or(Refusal::NotFound);
    match ask.method.as_str() {
        "GET" => {
            let all: Vec<Value> = all.iter().map(said).collect();
            Ok(json!({"meta": {"result_count": all.len()}, "data": all}))
        }
        "POST" if platform.style.service == Service::X => {
            let url = ask.field("url").unwrap_or_default();
            let callback = register(platform, url, "").await.map_err(bad)?;
            Ok(json!({"data": said(&callback)}))
        }
        "POST" => {
            let url = ask.field("callback_url").unwrap_or_default();
            let verify_token = ask.field("verify_token").unwrap_or_default();
            register(platform, url, verify_token).await.map_err(bad)?;
            Ok(json!({"success": true}))
        }
        // X checks again when asked to.
        "PUT" => {
            check_crc(platform, &with_id(ask.param(0))?.url).await.map_err(bad)?;
            Ok(json!({"data": {"valid": true}}))
        }
        _ => {
            lock(&platform.pushes).remove(&with_id(ask.param(0))?.url, None);
            Ok(json!({"data": {"deleted": true}}))
        }
    }
}

/// X's challenge-response check.
async fn check_crc(platform: &Platform, url: &str) -> Result<(), SandboxError> {
    let token = platform.seed.hex(&format!("crc {url} {}", platform.clock.now().micros()));
    let signature = sign(HMAC_SHA256, platform.client_secret.expose(), &token);
    let want = format!("sha256={}", BASE64_STANDARD.encode(signature));
    let signed = |body: &[u8]| {
        let body: Value = serde_json::from_slice(body).unwrap_or_default();
        body["response_token"] == want.as_str()
    };
    shake(url, &[("crc_token", &token)], signed).await
}

/// Asks the address, and is content with a 2xx whose body fits.
pub(super) async fn shake(
    url: &str,
    fields: &[(&str, &str)],
    fits: impl Fn(&[u8]) -> bool,
) -> Result<(), SandboxError> {
    let failed = |why: String| SandboxError::Handshake { callback: url.to_owned(), why };
    let mut target = Url::parse(url).map_err(|error| failed(error.to_string()))?;
    target.query_pairs_mut().extend_pairs(fields);
    let (headers, body) = (HeaderMap::new(), Bytes::new());
    match outcall::call(Method::GET, target.as_str(), headers, body).await {
        Ok((200..300, body)) if fits(&body) => Ok(()),
        Ok((200..300, _)) => Err(failed("the answer does not fit the challenge".to_owned())),
        Ok((status, _)) => Err(failed(format!("it answered {status}"))),
        Err(reason) => Err(failed(reason)),
    }
}
