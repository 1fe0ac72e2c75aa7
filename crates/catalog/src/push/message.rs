//! What exactly is signed: a template such as `v0:{ts}:{body}`, or one of the few shapes that no
//! template can say.

/// The bytes that a signature covers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message {
    /// These, one after the other.
    Parts(Vec<Part>),
    /// Twilio: the URL, then the form's fields sorted by name; a body that is no form is bound by the
    /// URL's `bodySHA256`. <https://www.twilio.com/docs/usage/security>
    Twilio,
    /// The query without the named parameters, sorted by name, encoded as a form (Shopify OAuth).
    QuerySortedEncoded {
        /// What is left out.
        exclude: Vec<String>,
    },
    /// The query without the named parameters, sorted, as `name=value` with nothing between (Shopify
    /// app proxy); values of one name are joined by commas.
    QuerySortedConcat {
        /// What is left out.
        exclude: Vec<String>,
    },
}

/// One part of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// Text as it stands.
    Literal(String),
    /// `{body}`: the raw bytes.
    Body,
    /// `{ts}`: the timestamp, spelled as it came.
    Ts,
    /// `{method}`: the HTTP method in capitals.
    Method,
    /// `{url}`: the whole public URL.
    Url,
    /// `{url:decoded}`: the same with the escapes undone that HubSpot undoes before it signs.
    UrlDecoded,
    /// `{secret}`: the secret itself, for hashes that are no HMAC and for equality.
    Secret,
    /// `{header:NAME}`.
    Header(String),
    /// `{query:NAME}`, decoded.
    Query(String),
}

impl Message {
    /// Reads a template, or the name of a shape.
    pub(super) fn read(text: &str, exclude: Vec<String>) -> Result<Self, String> {
        match text {
            "query_sorted_encoded" => return Ok(Self::QuerySortedEncoded { exclude }),
            "query_sorted_concat" => return Ok(Self::QuerySortedConcat { exclude }),
            _ if !exclude.is_empty() => {
                return Err("exclude has no effect but on a sorted query".to_owned());
            }
            "twilio" => return Ok(Self::Twilio),
            _ => {}
        }
        parts(text).map(Self::Parts)
    }

    /// Whether it holds this part.
    pub fn has(&self, part: &Part) -> bool {
        matches!(self, Self::Parts(parts) if parts.contains(part))
    }

    /// Whether the URL is in it.
    pub fn has_url(&self) -> bool {
        *self == Self::Twilio || self.has(&Part::Url) || self.has(&Part::UrlDecoded)
    }
}

/// Splits a template at its braces.
pub(super) fn parts(text: &str) -> Result<Vec<Part>, String> {
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        let (name, after) =
            after.split_once('}').ok_or_else(|| format!("a brace is not closed in {text:?}"))?;
        if !before.is_empty() {
            parts.push(Part::Literal(before.to_owned()));
        }
        parts.push(part(name)?);
        rest = after;
    }
    if !rest.is_empty() {
        parts.push(Part::Literal(rest.to_owned()));
    }
    if parts.iter().all(|part| matches!(part, Part::Literal(_))) {
        return Err(format!("{text:?} holds nothing of the request"));
    }
    Ok(parts)
}

fn part(name: &str) -> Result<Part, String> {
    Ok(match name {
        "body" => Part::Body,
        "ts" => Part::Ts,
        "method" => Part::Method,
        "url" => Part::Url,
        "url:decoded" => Part::UrlDecoded,
        "secret" => Part::Secret,
        _ => match name.split_once(':') {
            Some(("header", header)) if !header.is_empty() => Part::Header(header.to_owned()),
            Some(("query", parameter)) if !parameter.is_empty() => {
                Part::Query(parameter.to_owned())
            }
            _ => return Err(format!("a message has no part named {{{name}}}")),
        },
    })
}
