//! The form in which a signature scheme is written down. Reading it checks it: what could not work,
//! or would have no effect, is refused with a sentence that says why.

use serde::Deserialize;

use super::message::{self, Message, Part};
use super::source::{Path, Source};

/// How a push is proven to be its sender's.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(try_from = "Written")]
pub enum SignatureSpec {
    /// Something in the request was computed from it and a key.
    Signed(Signed),
    /// Something in the request equals the secret.
    Equals(Equals),
    /// Any one of these will do (`kind: any`).
    Any(Vec<SignatureSpec>),
}

impl SignatureSpec {
    /// Whether the URL is part of what is signed.
    pub fn needs_public_url(&self) -> bool {
        match self {
            Self::Signed(signed) => signed.message.has_url(),
            Self::Equals(_) => false,
            Self::Any(specs) => specs.iter().any(Self::needs_public_url),
        }
    }
}

/// A signature over a message.
#[derive(Clone, Debug, PartialEq)]
pub struct Signed {
    /// The computation.
    pub how: How,
    /// How the secret's text becomes the key.
    pub key: KeyForm,
    /// What is signed.
    pub message: Message,
    /// Where the signature stands and how it is spelled.
    pub sig: Sig,
    /// When it was made, if the scheme says.
    pub ts: Option<TimeRule>,
}

/// The computation behind a signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    /// `kind: hmac`.
    Hmac(Hash),
    /// `kind: hash`: a plain hash over a message that holds the secret.
    Hash(Hash),
    /// `kind: ed25519`: the secret is the sender's public key.
    Ed25519,
}

/// A hash function.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Hash {
    /// Only because some senders still use it.
    Sha1,
    /// The usual one.
    Sha256,
    /// The long one.
    Sha512,
}

/// `key`: `utf8`, `base64`, `hex`, or `strip:PREFIX:` before one of them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct KeyForm {
    /// Taken off the front of the secret if it is there.
    pub strip: String,
    /// What the rest is.
    pub coding: KeyCoding,
}

/// How key bytes are written as text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum KeyCoding {
    /// The text's own bytes.
    #[default]
    Utf8,
    /// Base64, padded or not.
    Base64,
    /// Hexadecimal.
    Hex,
}

/// Where the signature stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sig {
    /// The header or the query parameter.
    pub place: Place,
    /// Which part of the value it is.
    pub pick: Pick,
    /// What stands before it.
    pub prefix: String,
    /// How its bytes are spelled.
    pub encoding: Encoding,
}

/// A header or a query parameter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// One of these headers.
    Headers(Vec<String>),
    /// This query parameter.
    Query(String),
}

/// How signatures are taken out of a value. There may be several, while a secret is being rotated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Pick {
    /// The value is the signature.
    Whole,
    /// `parse: kv`: `t=…,v1=…`, the elements of this name.
    Kv(String),
    /// `parse: list`: `v1,… v1a,…`, the elements of this version.
    List(String),
}

/// How the bytes of a signature are spelled.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Encoding {
    /// Hexadecimal, in either case.
    #[default]
    Hex,
    /// The standard alphabet, padded.
    Base64,
}

/// How old a push may be.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TimeRule {
    /// Where the timestamp stands.
    pub from: Source,
    /// What it counts.
    #[serde(default)]
    pub unit: TimeUnit,
    /// How far from now it may be, in seconds. 0 leaves the age unjudged: the sender gives no limit.
    #[serde(default = "five_minutes")]
    pub tolerance_s: u32,
    /// Whether times beyond the tolerance in the future pass too.
    #[serde(default)]
    pub future: Future,
}

fn five_minutes() -> u32 {
    300
}

/// What a timestamp counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TimeUnit {
    /// Seconds since 1970.
    #[default]
    S,
    /// Milliseconds since 1970.
    Ms,
    /// RFC 3339 text.
    Rfc3339,
}

/// What to do with a time that has not come yet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Future {
    /// Refused beyond the tolerance.
    #[default]
    Reject,
    /// Accepted.
    Accept,
}

/// Something that equals the secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Equals {
    /// Where it stands.
    pub proof: Proof,
    /// What it is compared with: literals and `{secret}`.
    pub template: Vec<Part>,
}

/// Where that which must equal the secret stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Proof {
    /// In a header.
    Header(String),
    /// In a query parameter.
    Query(String),
    /// In a JSON body.
    Json {
        /// The field.
        path: Path,
        /// The list of which every item must have it; an empty list proves nothing.
        each: Option<Path>,
    },
}

/// A spec as it is written.
#[derive(Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase", deny_unknown_fields)]
enum Written {
    Hmac(WrittenSigned),
    Hash(WrittenSigned),
    Ed25519(WrittenSigned),
    Equals(WrittenEquals),
    Any(WrittenAny),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenSigned {
    hash: Option<Hash>,
    #[serde(default)]
    key: KeyForm,
    message: Option<String>,
    #[serde(default)]
    exclude: Vec<String>,
    sig: WrittenSig,
    ts: Option<TimeRule>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenSig {
    header: Option<OneOrMany>,
    query: Option<String>,
    #[serde(default)]
    prefix: String,
    parse: Option<Parse>,
    pick: Option<String>,
    #[serde(default)]
    encoding: Encoding,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Parse {
    Kv,
    List,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenEquals {
    header: Option<String>,
    query: Option<String>,
    json: Option<Path>,
    each: Option<Path>,
    template: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenAny {
    of: Vec<SignatureSpec>,
}

impl TryFrom<Written> for SignatureSpec {
    type Error = String;

    fn try_from(written: Written) -> Result<Self, String> {
        match written {
            Written::Hmac(signed) => signed.with_hash(How::Hmac),
            Written::Hash(signed) => signed.with_hash(How::Hash),
            Written::Ed25519(WrittenSigned { hash: Some(_), .. }) => {
                Err("ed25519 has its own hash: leave hash out".to_owned())
            }
            Written::Ed25519(signed) => signed.checked(How::Ed25519),
            Written::Equals(equals) => equals.checked(),
            Written::Any(any) if any.of.is_empty() => Err("of must not be empty".to_owned()),
            Written::Any(any) => Ok(Self::Any(any.of)),
        }
    }
}

impl WrittenSigned {
    fn with_hash(self, how: fn(Hash) -> How) -> Result<SignatureSpec, String> {
        let hash = self.hash.ok_or("hash must be sha1, sha256 or sha512")?;
        self.checked(how(hash))
    }

    fn checked(self, how: How) -> Result<SignatureSpec, String> {
        let message = Message::read(self.message.as_deref().unwrap_or("{body}"), self.exclude)?;
        let sig = self.sig.checked()?;
        let from = self.ts.as_ref().map(|rule| &rule.from);
        let refuse = |why: &str| Err(why.to_owned());
        if matches!(how, How::Hash(_)) != message.has(&Part::Secret) {
            return refuse("a hash, and nothing else, must have the {secret} in its message");
        }
        if message.has(&Part::Ts) && from.is_none() {
            return refuse("the message has {ts}, but ts does not say where to find it");
        }
        if message.has(&Part::Ts) && matches!(from, Some(Source::Body(_) | Source::Form(_))) {
            return refuse("a timestamp inside the body cannot be in the message a second time");
        }
        if matches!(from, Some(Source::Sig(_))) && !matches!(sig.pick, Pick::Kv(_)) {
            return refuse("a timestamp comes from the signature header only with parse: kv");
        }
        Ok(SignatureSpec::Signed(Signed { how, key: self.key, message, sig, ts: self.ts }))
    }
}

impl WrittenSig {
    fn checked(self) -> Result<Sig, String> {
        let headers = match self.header {
            Some(OneOrMany::One(header)) if header == "-" => Vec::new(),
            Some(OneOrMany::One(header)) => vec![header],
            Some(OneOrMany::Many(headers)) => headers,
            None => Vec::new(),
        };
        let place = match self.query {
            Some(query) if headers.is_empty() => Place::Query(query),
            None if !headers.is_empty() => Place::Headers(headers),
            _ => return Err("sig must have either a header or a query".to_owned()),
        };
        let pick = match (self.parse, self.pick) {
            (None, None) => Pick::Whole,
            (Some(Parse::Kv), Some(name)) => Pick::Kv(name),
            (Some(Parse::List), Some(version)) => Pick::List(version),
            _ => return Err("parse and pick go together".to_owned()),
        };
        Ok(Sig { place, pick, prefix: self.prefix, encoding: self.encoding })
    }
}

impl WrittenEquals {
    fn checked(self) -> Result<SignatureSpec, String> {
        let proof = match (self.header, self.query, self.json, self.each) {
            (Some(header), None, None, None) => Proof::Header(header),
            (None, Some(query), None, None) => Proof::Query(query),
            (None, None, Some(path), each) => Proof::Json { path, each },
            _ => return Err("equals must have one of header, query and json".to_owned()),
        };
        let template = message::parts(self.template.as_deref().unwrap_or("{secret}"))?;
        let plain = |part: &Part| matches!(part, Part::Literal(_) | Part::Secret);
        if !template.iter().all(plain) {
            return Err("the template of equals may hold {secret} and text".to_owned());
        }
        Ok(SignatureSpec::Equals(Equals { proof, template }))
    }
}

impl TryFrom<String> for KeyForm {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let (strip, coding) = match text.strip_prefix("strip:") {
            Some(rest) => rest.rsplit_once(':').ok_or("strip: takes a prefix and a coding")?,
            None => ("", text.as_str()),
        };
        let coding = match coding {
            "utf8" => KeyCoding::Utf8,
            "base64" => KeyCoding::Base64,
            "hex" => KeyCoding::Hex,
            _ => return Err(format!("a key is utf8, base64 or hex, not {coding:?}")),
        };
        Ok(Self { strip: strip.to_owned(), coding })
    }
}
