//! Test vectors in a file, as `patchbay webhooks verify FILE` reads them: requests that a scheme must
//! accept or refuse, handshakes with the answer that is expected, and signatures of our own.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use catalog::push::{HandshakeKind, Push, SignatureSpec};
use http::{HeaderMap, HeaderName, HeaderValue};
use kernel::{Secret, Timestamp};
use serde::Deserialize;
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use vault::outbound;

use super::handshake::{self, Effect, Reply};
use super::{Request, Verifier};

/// The verdict on one vector.
#[derive(Debug)]
pub struct Outcome {
    /// The vector's id.
    pub id: String,
    /// Valid, or why not.
    pub verdict: Result<(), String>,
}

impl std::fmt::Display for Outcome {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.verdict {
            Ok(()) => write!(out, "{} valid", self.id),
            Err(reason) => write!(out, "{} invalid {reason}", self.id),
        }
    }
}

/// A file that is no list of vectors.
#[derive(Debug, thiserror::Error)]
#[error("this is not a list of vectors: {0}")]
pub struct BadFile(#[from] serde_json::Error);

/// Judges every vector of a file. `provider` gives the `push` part of a provider of the catalog; `now`
/// is the time for vectors that name none.
pub fn run(
    file: &str,
    provider: &dyn Fn(&str) -> Option<Push>,
    now: Timestamp,
) -> Result<Vec<Outcome>, BadFile> {
    let list: Vec<Value> = serde_json::from_str(file)?;
    Ok(list.into_iter().enumerate().map(|(at, value)| outcome(at, value, provider, now)).collect())
}

fn outcome(
    at: usize,
    value: Value,
    provider: &dyn Fn(&str) -> Option<Push>,
    now: Timestamp,
) -> Outcome {
    let id = value["id"].as_str().map_or_else(|| format!("#{at}"), str::to_owned);
    let verdict = Vector::deserialize(value)
        .map_err(|error| format!("the vector cannot be read: {error}"))
        .and_then(|vector| vector.judge(provider, now));
    Outcome { id, verdict }
}

/// One vector; fields that only explain are not looked at.
#[derive(Deserialize)]
struct Vector {
    #[serde(default)]
    provider: String,
    #[serde(default)]
    scheme: String,
    #[serde(default)]
    secret: Secrets,
    #[serde(default = "post")]
    method: String,
    #[serde(default)]
    url: String,
    #[serde(default)]
    headers: BTreeMap<String, OneOrMany>,
    #[serde(default)]
    body: String,
    now: Option<f64>,
    spec: Option<SignatureSpec>,
    input: Option<Input>,
    expect: Option<Map<String, Value>>,
}

fn post() -> String {
    "POST".to_owned()
}

/// One secret, or several while they are being rotated. `-` stands for none.
#[derive(Default, Deserialize)]
#[serde(untagged)]
enum Secrets {
    #[default]
    None,
    One(Secret<String>),
    Many(Vec<Secret<String>>),
}

#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

/// What a signature of our own is made of.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Input {
    method: String,
    url: String,
    params: BTreeMap<String, String>,
    code_verifier: String,
    email: String,
}

impl Vector {
    fn judge(&self, provider: &dyn Fn(&str) -> Option<Push>, now: Timestamp) -> Result<(), String> {
        if let Some(input) = &self.input {
            return self.judge_outbound(input);
        }
        let headers = self.headers()?;
        let body = self.body.as_bytes();
        let request = Request { method: &self.method, url: &self.url, headers: &headers, body };
        let now = self.now.map_or(now, |secs| Timestamp::from_micros((secs * 1e6).round() as i64));
        if let Some(kind) = self.scheme.strip_prefix("handshake:") {
            return self.judge_handshake(kind, &self.push(provider)?, &request, now);
        }
        let spec = match &self.spec {
            Some(spec) => spec.clone(),
            None => {
                let push = self.push(provider)?;
                let scheme = push.scheme(&self.scheme).ok_or_else(|| {
                    format!("{} has no scheme named {}", self.provider, self.scheme)
                })?;
                scheme.signature.clone()
            }
        };
        let verified = Verifier::new(&spec, &self.secrets()).verify(&request, now);
        verified.map(|_| ()).map_err(|invalid| invalid.to_string())
    }

    fn push(&self, provider: &dyn Fn(&str) -> Option<Push>) -> Result<Push, String> {
        // In the vectors a sender that is no provider of its own is called generic.
        let id = if self.provider == "generic" { "webhook" } else { &self.provider };
        provider(id).ok_or_else(|| format!("the catalog has no provider {id} that pushes"))
    }

    fn secrets(&self) -> Vec<Secret<String>> {
        let all = match &self.secret {
            Secrets::None => &[][..],
            Secrets::One(secret) => std::slice::from_ref(secret),
            Secrets::Many(secrets) => secrets,
        };
        all.iter().filter(|secret| secret.expose() != "-").cloned().collect()
    }

    fn headers(&self) -> Result<HeaderMap, String> {
        let mut headers = HeaderMap::new();
        for (name, values) in &self.headers {
            let bad = || format!("the header {name} could not be sent");
            let header = HeaderName::from_bytes(name.as_bytes()).map_err(|_| bad())?;
            let values = match values {
                OneOrMany::One(value) => std::slice::from_ref(value),
                OneOrMany::Many(values) => values,
            };
            for value in values {
                let value = HeaderValue::from_bytes(value.as_bytes()).map_err(|_| bad())?;
                headers.append(&header, value);
            }
        }
        Ok(headers)
    }

    fn judge_handshake(
        &self,
        kind: &str,
        push: &Push,
        request: &Request<'_>,
        now: Timestamp,
    ) -> Result<(), String> {
        let named = |kind_there: HandshakeKind| kind_there.name() == kind;
        let handshakes: Vec<_> =
            push.handshakes.iter().filter(|handshake| named(handshake.kind)).cloned().collect();
        let secrets = self.secrets();
        let credential = |_: &str| secrets.first().cloned();
        let spec = push.default_scheme().map(|scheme| &scheme.signature);
        let verifier = spec.map(|spec| Verifier::new(spec, &secrets));
        let reply = handshake::answer(&handshakes, request, &credential, verifier.as_ref(), now)
            .ok_or("it is not a handshake that the provider's file knows")?
            .map_err(|refused| format!("the handshake is refused: {refused}"))?;
        let difference = self.expect.as_ref().and_then(|expect| differs(&reply, expect));
        difference.map_or(Ok(()), Err)
    }

    fn judge_outbound(&self, input: &Input) -> Result<(), String> {
        let secrets = self.secrets();
        let secret = secrets.first().map_or("", |secret| secret.expose().as_str());
        let (name, made) = match self.scheme.as_str() {
            "oauth1-hmac-sha1" => {
                let Input { method, url, params, .. } = input;
                ("signature", outbound::oauth1_hmac_sha1(secret, method, url, pairs(params)))
            }
            "lastfm-api_sig" => {
                let is_signed = |(name, _): &(&str, &str)| !["format", "callback"].contains(name);
                let signed = pairs(&input.params).filter(is_signed);
                ("api_sig", outbound::lastfm_api_sig(secret, signed))
            }
            "pkce-s256" => ("code_challenge", outbound::pkce_s256(&input.code_verifier)),
            "basic-token" => {
                let pair = STANDARD.encode(format!("{}/token:{secret}", input.email));
                ("Authorization", format!("Basic {pair}"))
            }
            other => return Err(format!("{other} is no signature that is made here")),
        };
        match self.expect.as_ref().and_then(|expect| expect.get(name)) {
            Some(expected) if *expected == made => Ok(()),
            Some(_) => Err(format!("{name} comes out different")),
            None => Err(format!("the vector does not say what {name} to expect")),
        }
    }
}

/// How a reply differs from what a vector expects.
fn differs(reply: &Reply, expect: &Map<String, Value>) -> Option<String> {
    let difference = |(name, expected): (&String, &Value)| {
        let same = match name.as_str() {
            "status" => expected.as_u64() == Some(reply.status.into()),
            "content_type" => {
                let kind = reply.content_type.as_deref().unwrap_or_default();
                expected.as_str().is_some_and(|expected| kind.starts_with(expected))
            }
            "body" => expected.as_str() == Some(&reply.body),
            "json" => {
                serde_json::from_str::<Value>(&reply.body).is_ok_and(|body| body == *expected)
            }
            "headers" => expected.as_object().is_some_and(|expected| {
                expected.iter().all(|(name, value)| {
                    let same = |(there, held): &(String, String)| {
                        there.eq_ignore_ascii_case(name) && *value == *held
                    };
                    reply.headers.iter().any(same)
                })
            }),
            "store_secret_from" => matches!(reply.effect, Effect::CaptureSecret { .. }),
            _ => false,
        };
        (!same).then(|| format!("the answer's {name} is not the one expected"))
    };
    expect.iter().find_map(difference)
}

fn pairs(params: &BTreeMap<String, String>) -> impl Iterator<Item = (&str, &str)> {
    params.iter().map(|(name, value)| (name.as_str(), value.as_str()))
}
