//! The device flow (RFC 8628): a device shows a short code, a person enters it on the page, and the
//! device asks until they have.

use std::time::Duration;

use axum::Json;
use axum::response::{IntoResponse, Response};
use kernel::Timestamp;
use serde_json::json;

use super::ask::Ask;
use super::book::{Agreement, Book, Denied, Issued};
use super::{Consent, Platform, authorize, lock, page, refusal, token};
use crate::Service;

/// For how long a code can be entered, in seconds.
const LIFE_SECS: u64 = 600;

/// How long a device waits between two questions, in seconds.
const INTERVAL_SECS: u64 = 5;

/// A device that waits.
#[derive(Debug)]
pub(super) struct Device {
    client: String,
    user_code: String,
    scopes: Vec<String>,
    asked_at: Timestamp,
    polled_at: Option<Timestamp>,
    verdict: Option<Consent>,
}

/// Gives a device its codes.
pub(super) fn begin(platform: &Platform, ask: &Ask) -> Response {
    let google = platform.style.service == Service::Youtube;
    let client = match token::known_client(platform, ask, platform.style.client_auth) {
        Ok(client) => client,
        Err(denied) => match ask.field("client_id") {
            // Google wants the secret only with the device code.
            Some(id) if google && platform.book().clients.contains_key(id) => id.to_owned(),
            _ => return refusal::token(platform.style.service, denied),
        },
    };
    let scopes = authorize::scopes(platform, ask.field("scope").unwrap_or_default());
    let mut book = platform.book();
    let device_code = book.word("device", ask.now);
    let letters = platform.seed.letters(&device_code, 8).to_uppercase();
    let user_code = format!("{}-{}", &letters[..4], &letters[4..]);
    let device = Device {
        client,
        user_code: user_code.clone(),
        scopes,
        asked_at: ask.now,
        polled_at: None,
        verdict: None,
    };
    book.devices.insert(device_code.clone(), device);
    let page = format!("{}/device", platform.url);
    Json(json!({
        "device_code": device_code,
        "user_code": user_code,
        (if google { "verification_url" } else { "verification_uri" }): page,
        "verification_uri_complete": format!("{page}?user_code={user_code}"),
        "expires_in": LIFE_SECS,
        "interval": INTERVAL_SECS,
    }))
    .into_response()
}

/// The page on which a person enters the code and decides.
pub(super) fn serve(platform: &Platform, ask: &Ask) -> Response {
    let Some(code) = ask.field("user_code") else { return page::user_code().into_response() };
    let mut book = platform.book();
    let waits = |device: &&mut Device| {
        device.user_code.eq_ignore_ascii_case(code)
            && device.verdict.is_none()
            && !device.is_over(ask.now)
    };
    let Some(device) = book.devices.values_mut().find(waits) else {
        drop(book);
        return page::refused(platform, "No device waits for this code.");
    };
    let verdict = match ask.method.as_str() {
        "POST" => Some(authorize::decision(&ask.form)),
        _ => authorize::auto(&ask.query).or_else(|| lock(&platform.consent).clone()),
    };
    let Some(verdict) = verdict else {
        let hidden = [("user_code", code)];
        return page::consent(platform, &device.client, &hidden, &device.scopes).into_response();
    };
    let allowed = verdict.allow;
    device.verdict = Some(verdict);
    book.counters.denied += u64::from(!allowed);
    let text = if allowed { "Your device is connected." } else { "Your device has no access." };
    page::told("Done", text).into_response()
}

/// Answers a device that asks whether somebody has decided.
pub(super) fn poll(
    book: &mut Book,
    code: &str,
    client: &str,
    now: Timestamp,
) -> Result<Issued, Denied> {
    let Some(device) = book.devices.get_mut(code).filter(|device| device.client == client) else {
        return Err(Denied("invalid_grant", "No device waits with this code."));
    };
    if device.is_over(now) {
        return Err(Denied("expired_token", "The code has expired."));
    }
    let Some(verdict) = device.verdict.clone() else {
        let last = device.polled_at.replace(now);
        let hasty = |last| now.since(last) < Duration::from_secs(INTERVAL_SECS);
        return Err(if last.is_some_and(hasty) {
            Denied("slow_down", "Wait five seconds between two questions.")
        } else {
            Denied("authorization_pending", "Nobody has decided yet.")
        });
    };
    let scopes = authorize::granted(&device.scopes, &verdict);
    book.devices.remove(code);
    if !verdict.allow {
        return Err(Denied("access_denied", "The person has refused access."));
    }
    let agreement = Agreement {
        client: client.to_owned(),
        account: verdict.account.unwrap_or_else(|| super::artist::HANDLES[0].to_owned()),
        scopes,
        redirect_uri: String::new(),
        challenge: None,
        offline: true,
    };
    let code = book.agree(agreement, now);
    book.redeem(&code, client, Some(""), None, now)
}

impl Device {
    fn is_over(&self, now: Timestamp) -> bool {
        now.since(self.asked_at) >= Duration::from_secs(LIFE_SECS)
    }
}
