//! How one feed's pushes are checked, from what its configuration says: a scheme of the provider by
//! name, an inline `signature`, an API key, the field map `{"signature_header": …, "verify_signature":
//! true}`, or nothing at all, which means the provider's default. Only `"unsigned": true` or
//! `"verify_signature": false`, said in so many words, switch the check off.

use serde_json::{Map, Value, json};

use super::{Push, SignatureSpec};

/// How pushes are checked.
#[derive(Clone, Debug, PartialEq)]
pub struct Check {
    /// What it is called in the inbox: the scheme's name, `custom`, `api-key` or `unsigned`.
    pub name: String,
    /// The check; `None` only if it was switched off explicitly.
    pub signature: Option<SignatureSpec>,
    /// The credential fields that may hold the secret; the first that is filled is the secret.
    pub secret_fields: Vec<String>,
}

/// A field of the configuration that cannot be taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {message}")]
pub struct ConfigError {
    /// The field's name.
    pub field: &'static str,
    /// What is wrong with it.
    pub message: String,
}

impl Check {
    /// Reads the fields of a push configuration that concern the check; all others are left alone.
    pub fn from_push_config(push: &Push, config: &Map<String, Value>) -> Result<Self, ConfigError> {
        let chosen: Vec<Choice> =
            CHOICES.iter().copied().filter(|(field, _)| said(config, field)).collect();
        let mut check = match chosen[..] {
            [] => Self::of_scheme(push, None)?,
            [(_, read)] => read(push, config)?,
            [_, (field, _), ..] => {
                let first = chosen[0].0;
                return Err(wrong(field, format!("it contradicts {first}: only one can decide")));
            }
        };
        for field in OF_HEADER {
            if config.contains_key(field) && !config.contains_key("signature_header") {
                return Err(wrong(field, "it has no effect without signature_header"));
            }
        }
        if let Some(field) = text(config, "secret_field")? {
            if check.signature.is_none() {
                return Err(wrong("secret_field", "it has no effect on an unsigned push"));
            }
            check.secret_fields = vec![field.to_owned()];
        }
        Ok(check)
    }

    /// The fields of a push configuration that concern the check.
    pub fn fields() -> impl Iterator<Item = &'static str> {
        CHOICES.iter().map(|(field, _)| *field).chain(["secret_field"]).chain(OF_HEADER)
    }

    fn of_scheme(push: &Push, name: Option<&str>) -> Result<Self, ConfigError> {
        let scheme = match name {
            Some(name) => push.scheme(name),
            None => push.default_scheme(),
        };
        let known = || push.schemes.iter().map(|scheme| scheme.name.as_str()).collect::<Vec<_>>();
        let unknown = || wrong("scheme", format!("the provider has: {}", known().join(", ")));
        let scheme = scheme.ok_or_else(unknown)?;
        Ok(Self {
            name: scheme.name.clone(),
            signature: Some(scheme.signature.clone()),
            secret_fields: scheme.secret_fields.clone(),
        })
    }

    fn custom(name: &str, push: &Push, signature: SignatureSpec) -> Self {
        let secret_fields = push.default_scheme().map(|scheme| scheme.secret_fields.clone());
        Self {
            name: name.to_owned(),
            signature: Some(signature),
            secret_fields: secret_fields.unwrap_or_default(),
        }
    }
}

/// What goes with `signature_header` alone.
const OF_HEADER: [&str; 3] = ["signature_algorithm", "signature_prefix", "signature_encoding"];

type Choice = (&'static str, fn(&Push, &Map<String, Value>) -> Result<Check, ConfigError>);

/// The fields that decide, one at a time.
const CHOICES: [Choice; 6] = [
    ("unsigned", |_, config| switched_off(config, "unsigned", true)),
    ("scheme", by_name),
    ("signature", inline),
    ("api_key", api_key),
    ("signature_header", field_map),
    ("verify_signature", |_, config| switched_off(config, "verify_signature", false)),
];

/// Whether a field says something. `"unsigned": false` and `"verify_signature": true` say nothing
/// that is not so anyway.
fn said(config: &Map<String, Value>, field: &str) -> bool {
    match (field, config.get(field)) {
        (_, None | Some(Value::Null)) => false,
        ("unsigned", Some(value)) => *value != Value::Bool(false),
        ("verify_signature", Some(value)) => *value != Value::Bool(true),
        _ => true,
    }
}

fn switched_off(
    config: &Map<String, Value>,
    field: &'static str,
    off: bool,
) -> Result<Check, ConfigError> {
    match config[field] == Value::Bool(off) {
        true => Ok(unsigned()),
        false => Err(wrong(field, "it must be true or false")),
    }
}

fn unsigned() -> Check {
    Check { name: "unsigned".to_owned(), signature: None, secret_fields: Vec::new() }
}

fn by_name(push: &Push, config: &Map<String, Value>) -> Result<Check, ConfigError> {
    match text(config, "scheme")? {
        Some("unsigned") => Ok(unsigned()),
        name => Check::of_scheme(push, name),
    }
}

fn inline(push: &Push, config: &Map<String, Value>) -> Result<Check, ConfigError> {
    spec("signature", config["signature"].clone()).map(|spec| Check::custom("custom", push, spec))
}

fn api_key(push: &Push, config: &Map<String, Value>) -> Result<Check, ConfigError> {
    if !config["api_key"].is_object() {
        return Err(wrong("api_key", "it must say in and name"));
    }
    let field = |name| config["api_key"].get(name).and_then(Value::as_str);
    let name = field("name").unwrap_or("X-API-Key");
    let written = match field("in").unwrap_or("header") {
        "header" => json!({"kind": "equals", "header": name}),
        "query" => json!({"kind": "equals", "query": name}),
        other => return Err(wrong("api_key", format!("in is header or query, not {other:?}"))),
    };
    spec("api_key", written).map(|spec| Check::custom("api-key", push, spec))
}

/// The printed field map: a header, and perhaps how what stands in it was made.
fn field_map(push: &Push, config: &Map<String, Value>) -> Result<Check, ConfigError> {
    let header = text(config, "signature_header")?.unwrap_or_default();
    if header.is_empty() {
        return Err(wrong("signature_header", "it must name a header"));
    }
    let encoding = text(config, "signature_encoding")?.unwrap_or("hex");
    let algorithm = text(config, "signature_algorithm")?;
    let prefix = text(config, "signature_prefix")?;
    let hashes: &[&str] = match algorithm.map(|name| name.trim_start_matches("hmac-")) {
        None if header.eq_ignore_ascii_case("X-Hub-Signature") => &["sha256", "sha1", "sha512"],
        None | Some("sha256") => &["sha256"],
        Some("sha1") => &["sha1"],
        Some("sha512") => &["sha512"],
        Some(_) => return Err(wrong("signature_algorithm", "it is sha1, sha256 or sha512")),
    };
    // Unless told, a signature may stand bare or after its method, as in WebSub: the method can only
    // name the hash that it was made with, so nothing is gained by writing another one there.
    let hub = header.to_ascii_lowercase().starts_with("x-hub-signature");
    let mut of = Vec::new();
    for hash in hashes {
        let named = format!("{hash}=");
        let prefixes = match prefix {
            Some(prefix) => vec![prefix],
            None if hub => vec![named.as_str()],
            None => vec!["", named.as_str()],
        };
        of.extend(prefixes.iter().map(|prefix| {
            let sig = json!({"header": header, "prefix": prefix, "encoding": encoding});
            json!({"kind": "hmac", "hash": hash, "sig": sig})
        }));
    }
    let written = if of.len() == 1 { of.remove(0) } else { json!({"kind": "any", "of": of}) };
    spec("signature_header", written).map(|spec| Check::custom("custom", push, spec))
}

fn text<'a>(
    config: &'a Map<String, Value>,
    field: &'static str,
) -> Result<Option<&'a str>, ConfigError> {
    match config.get(field) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(wrong(field, "it must be text")),
    }
}

fn spec(field: &'static str, written: Value) -> Result<SignatureSpec, ConfigError> {
    serde_json::from_value(written).map_err(|error| wrong(field, error.to_string()))
}

fn wrong(field: &'static str, message: impl Into<String>) -> ConfigError {
    ConfigError { field, message: message.into() }
}
