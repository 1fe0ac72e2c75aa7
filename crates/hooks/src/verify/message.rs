//! The bytes that were signed, handed on piece by piece so that a body is never copied.

use aws_lc_rs::digest;
use catalog::push::{Message as Spec, Part};
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use url::form_urlencoded;

use super::{Invalid, Request};

/// A message, in one of the forms that its spec allows.
pub(super) enum Message {
    Parts(Vec<Part>),
    Twilio { port: bool },
    QuerySortedEncoded(Vec<String>),
    QuerySortedConcat(Vec<String>),
}

impl Message {
    /// The forms of a spec. Twilio signs the URL with its port at times and at times without.
    pub(super) fn forms(spec: &Spec) -> Vec<Self> {
        match spec {
            Spec::Parts(parts) => vec![Self::Parts(parts.clone())],
            Spec::Twilio => vec![Self::Twilio { port: false }, Self::Twilio { port: true }],
            Spec::QuerySortedEncoded { exclude } => vec![Self::QuerySortedEncoded(exclude.clone())],
            Spec::QuerySortedConcat { exclude } => vec![Self::QuerySortedConcat(exclude.clone())],
        }
    }

    /// Gives the message to `feed`.
    pub(super) fn feed(
        &self,
        request: &Request<'_>,
        ts: &[u8],
        secret: &str,
        feed: &mut dyn FnMut(&[u8]),
    ) -> Result<(), Invalid> {
        match self {
            Self::Parts(parts) => {
                return parts
                    .iter()
                    .try_for_each(|part| feed_part(part, request, ts, secret, feed));
            }
            Self::Twilio { port } => return feed_twilio(*port, request, feed),
            Self::QuerySortedEncoded(exclude) => {
                let mut encoded = form_urlencoded::Serializer::new(String::new());
                for (name, values) in sorted_query(request, exclude) {
                    encoded.extend_pairs(values.iter().map(|value| (&name, value)));
                }
                feed(encoded.finish().as_bytes());
            }
            Self::QuerySortedConcat(exclude) => {
                for (name, values) in sorted_query(request, exclude) {
                    feed(format!("{name}={}", values.join(",")).as_bytes());
                }
            }
        }
        Ok(())
    }
}

fn feed_part(
    part: &Part,
    request: &Request<'_>,
    ts: &[u8],
    secret: &str,
    feed: &mut dyn FnMut(&[u8]),
) -> Result<(), Invalid> {
    let missing = |name: &String| Invalid::Missing(name.clone());
    match part {
        Part::Literal(text) => feed(text.as_bytes()),
        Part::Body => feed(request.body),
        Part::Ts => feed(ts),
        Part::Method => feed(request.method.as_bytes()),
        Part::Url => feed(request.url.as_bytes()),
        Part::UrlDecoded => feed(hubspot_decoded(request.url).as_bytes()),
        Part::Secret => feed(secret.as_bytes()),
        Part::Header(name) => feed(request.header(name)?.ok_or_else(|| missing(name))?),
        Part::Query(name) => feed(request.query(name)?.ok_or_else(|| missing(name))?.as_bytes()),
    }
    Ok(())
}

type Query<'a> = BTreeMap<Cow<'a, str>, Vec<Cow<'a, str>>>;

fn sorted_query<'a>(request: &Request<'a>, exclude: &[String]) -> Query<'a> {
    let mut sorted = Query::new();
    for (name, value) in form_urlencoded::parse(request.query_text().as_bytes()) {
        if !exclude.iter().any(|excluded| *excluded == name) {
            sorted.entry(name).or_default().push(value);
        }
    }
    sorted
}

/// A form is signed field by field, each value once; anything else by its hash in the URL.
fn feed_twilio(
    port: bool,
    request: &Request<'_>,
    feed: &mut dyn FnMut(&[u8]),
) -> Result<(), Invalid> {
    feed(with_port(request.url, port).as_bytes());
    let hash = request.query("bodySHA256")?;
    let form = match request.header("content-type")? {
        Some(kind) => kind.to_ascii_lowercase().starts_with(b"application/x-www-form-urlencoded"),
        None => hash.is_none(),
    };
    if form {
        let mut fields: BTreeMap<_, BTreeSet<_>> = BTreeMap::new();
        for (name, value) in form_urlencoded::parse(request.body) {
            fields.entry(name).or_default().insert(value);
        }
        for (name, values) in &fields {
            for value in values {
                feed(name.as_bytes());
                feed(value.as_bytes());
            }
        }
        return Ok(());
    }
    let same = match &hash {
        Some(hash) => *hash == hex::encode(digest::digest(&digest::SHA256, request.body)),
        None => request.body.is_empty(),
    };
    if same { Ok(()) } else { Err(Invalid::Body("is not the one whose hash is in the URL")) }
}

/// The URL with its port spelled out, or without.
fn with_port(url: &str, wanted: bool) -> Cow<'_, str> {
    let Some((scheme, rest)) = url.split_once("://") else { return Cow::Borrowed(url) };
    let (authority, path) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
    let bracket = authority.rfind(']').map_or(0, |at| at + 1);
    let colon = authority[bracket..].rfind(':').map(|at| at + bracket);
    match (colon, wanted) {
        (Some(colon), false) => Cow::Owned(format!("{scheme}://{}{path}", &authority[..colon])),
        (None, true) => {
            let port = if scheme.eq_ignore_ascii_case("https") { 443 } else { 80 };
            Cow::Owned(format!("{scheme}://{authority}:{port}{path}"))
        }
        _ => Cow::Borrowed(url),
    }
}

/// HubSpot's v3 undoes these escapes, and no others, before it signs a URL.
/// <https://developers.hubspot.com/docs/apps/legacy-apps/authentication/validating-requests>
fn hubspot_decoded(url: &str) -> String {
    const UNDONE: &[u8] = b":/?@!$'()*,;";
    let mut decoded = String::with_capacity(url.len());
    let mut rest = url;
    while let Some((before, after)) = rest.split_once('%') {
        decoded.push_str(before);
        let byte = after.get(..2).and_then(|code| u8::from_str_radix(code, 16).ok());
        match byte.filter(|byte| UNDONE.contains(byte)) {
            Some(byte) => {
                decoded.push(char::from(byte));
                rest = &after[2..];
            }
            None => {
                decoded.push('%');
                rest = after;
            }
        }
    }
    decoded + rest
}
