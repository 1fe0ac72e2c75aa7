//! What the sender has to tell, and how it is signed. Pure: the event of a number is always the same.

use aws_lc_rs::hmac;
use base64::{
    Engine, alphabet,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
    prelude::BASE64_STANDARD,
};
use kernel::{Secret, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::SandboxError;
use crate::seed::{Seed, round};

/// How events look and are signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scheme {
    /// As GitHub does: a finished build (`workflow_run`), HMAC-SHA256 of the body in
    /// `X-Hub-Signature-256`, the id in `X-GitHub-Delivery`, the kind in `X-GitHub-Event`.
    Github,
    /// Standard Webhooks: a placed order (`order.placed`), with `webhook-id`, `webhook-timestamp` and
    /// `webhook-signature` (`v1,` and the HMAC-SHA256 of id, time and body in base64). The secret is
    /// `whsec_` and base64.
    Standard,
}

/// An event, ready to be sent.
pub(super) struct Message {
    pub(super) id: String,
    pub(super) event: &'static str,
    pub(super) headers: Vec<(&'static str, String)>,
    pub(super) body: Vec<u8>,
}

/// What a subscription signs with.
pub(super) struct Signer {
    scheme: Scheme,
    key: hmac::Key,
}

impl Signer {
    pub(super) fn new(scheme: Scheme, secret: &Secret<String>) -> Result<Self, SandboxError> {
        let secret = secret.expose();
        let key = match scheme {
            Scheme::Github => secret.as_bytes().to_vec(),
            Scheme::Standard => {
                // The padding is optional in practice.
                let config = GeneralPurposeConfig::new()
                    .with_decode_padding_mode(DecodePaddingMode::Indifferent);
                secret
                    .strip_prefix("whsec_")
                    .and_then(|key| {
                        GeneralPurpose::new(&alphabet::STANDARD, config).decode(key).ok()
                    })
                    .filter(|key| !key.is_empty())
                    .ok_or(SandboxError::WebhookSecret)?
            }
        };
        Ok(Self { scheme, key: hmac::Key::new(hmac::HMAC_SHA256, &key) })
    }

    /// The event of this number, as it happened at that time. Cut in half it is garbage, but signed.
    pub(super) fn message(
        &self,
        seed: &Seed,
        line: u64,
        number: u64,
        at: Timestamp,
        garbage: bool,
    ) -> Message {
        let unique = seed.hex(&format!("event {line} {number}"));
        let mut body = match self.scheme {
            Scheme::Github => build_finished(seed, line, number, at),
            Scheme::Standard => order_placed(seed, line, number, at),
        };
        if garbage {
            body.truncate(body.len() / 2);
        }
        let (id, event, headers) = match self.scheme {
            Scheme::Github => {
                let id = format!(
                    "{}-{}-{}-{}-{}",
                    &unique[..8],
                    &unique[8..12],
                    &unique[12..16],
                    &unique[16..20],
                    &unique[20..]
                );
                let signature = hex::encode(hmac::sign(&self.key, &body));
                let headers = vec![
                    ("x-github-event", "workflow_run".to_owned()),
                    ("x-github-delivery", id.clone()),
                    ("x-github-hook-id", line.to_string()),
                    ("x-hub-signature-256", format!("sha256={signature}")),
                ];
                (id, "workflow_run", headers)
            }
            Scheme::Standard => {
                let id = format!("msg_{unique}");
                let mut signed = format!("{id}.{}.", at.secs()).into_bytes();
                signed.extend_from_slice(&body);
                let signature = BASE64_STANDARD.encode(hmac::sign(&self.key, &signed));
                let headers = vec![
                    ("webhook-id", id.clone()),
                    ("webhook-timestamp", at.secs().to_string()),
                    ("webhook-signature", format!("v1,{signature}")),
                ];
                (id, "order.placed", headers)
            }
        };
        Message { id, event, headers, body }
    }
}

fn build_finished(seed: &Seed, line: u64, number: u64, at: Timestamp) -> Vec<u8> {
    let label = |what: &str| format!("build {what} {line} {number}");
    let passed = seed.fraction(&label("result")) < 0.8;
    let who = seed.pick(&label("who"), &["ada", "tomas", "ingrid", "wei"]);
    let what = seed.pick(
        &label("what"),
        &["Fix the tide table", "Add a night mode", "Update dependencies", "Tidy the harbour map"],
    );
    let secs = 40 + (seed.fraction(&label("time")) * 200.0) as u64;
    let body = json!({
        "action": "completed",
        "workflow_run": {
            "id": 9_000_000 + number,
            "name": "Build",
            "run_number": number,
            "status": "completed",
            "conclusion": if passed { "success" } else { "failure" },
            "display_title": what,
            "head_branch": "main",
            "head_sha": seed.hex(&label("commit")),
            "run_started_at": at.minus(std::time::Duration::from_secs(secs)),
            "updated_at": at,
        },
        "repository": {"id": 4242, "name": "harbour", "full_name": "demo/harbour", "private": false},
        "sender": {"login": who, "type": "User"},
    });
    body.to_string().into_bytes()
}

fn order_placed(seed: &Seed, line: u64, number: u64, at: Timestamp) -> Vec<u8> {
    let label = |what: &str| format!("order {what} {line} {number}");
    let (item, price) = seed.pick(
        &label("item"),
        &[
            ("Sea salt", 6.5),
            ("Storm lantern", 48.0),
            ("Wool blanket", 89.9),
            ("Tide clock", 120.0),
        ],
    );
    let quantity = 1 + (seed.fraction(&label("quantity")) * 4.0) as u64;
    let body = json!({
        "type": "order.placed",
        "timestamp": at,
        "data": {
            "number": number,
            "customer": seed.pick(&label("customer"), &["Ada Q.", "Tomás R.", "Ingrid S.", "Wei C."]),
            "items": [{"name": item, "quantity": quantity, "price": price}],
            "total": round(price * quantity as f64, 2),
            "currency": "EUR",
        },
    });
    body.to_string().into_bytes()
}
