//! A push as it came: raw, with the URL under which the sender knows us.

use catalog::push::Source;
use http::HeaderMap;
use serde_json::Value;
use std::borrow::Cow;
use url::form_urlencoded;

use super::Invalid;

/// The parts of a request that signatures cover.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// In capitals.
    pub method: &'a str,
    /// The public URL, whole: scheme, host, path and query as the sender wrote them.
    pub url: &'a str,
    /// All headers.
    pub headers: &'a HeaderMap,
    /// The raw bytes.
    pub body: &'a [u8],
}

impl<'a> Request<'a> {
    /// The value of a header that must not contradict itself.
    pub(super) fn header(&self, name: &str) -> Result<Option<&'a [u8]>, Invalid> {
        let values = self.headers.get_all(name).into_iter().map(|value| value.as_bytes());
        one(values, name)
    }

    /// The value of a query parameter that must not contradict itself.
    pub(super) fn query(&self, name: &str) -> Result<Option<Cow<'a, str>>, Invalid> {
        one(fields(self.query_text().as_bytes(), name), name)
    }

    /// The query as it stands in the URL.
    pub(super) fn query_text(&self) -> &'a str {
        let address = self.url.split_once('#').map_or(self.url, |(address, _)| address);
        address.split_once('?').map_or("", |(_, query)| query)
    }

    /// The body as JSON, if it is.
    pub(super) fn json(&self) -> Option<Value> {
        serde_json::from_slice(self.body).ok()
    }
}

/// What stands in the first of these places that holds anything: text, a number or a truth value.
/// `json` is the body, where it is JSON.
pub fn read(places: &[Source], request: &Request<'_>, json: Option<&Value>) -> Option<String> {
    places.iter().find_map(|place| read_one(place, request, json))
}

fn read_one(place: &Source, request: &Request<'_>, json: Option<&Value>) -> Option<String> {
    let text = match place {
        Source::Header(name) => {
            std::str::from_utf8(request.header(name).ok()??).ok().map(str::to_owned)
        }
        Source::Query(name) => request.query(name).ok()?.map(Cow::into_owned),
        Source::Form(name) => one(fields(request.body, name), name).ok()?.map(Cow::into_owned),
        Source::Body(path) => match path.find(json?)? {
            Value::String(text) => Some(text.clone()),
            scalar @ (Value::Number(_) | Value::Bool(_)) => Some(scalar.to_string()),
            _ => None,
        },
        Source::Sig(_) => None,
    };
    text.filter(|text| !text.is_empty())
}

fn fields<'a>(encoded: &'a [u8], name: &str) -> impl Iterator<Item = Cow<'a, str>> {
    form_urlencoded::parse(encoded).filter(move |(key, _)| key == name).map(|(_, value)| value)
}

/// The only value, however often it is repeated.
pub(super) fn one<T: PartialEq>(
    mut values: impl Iterator<Item = T>,
    name: &str,
) -> Result<Option<T>, Invalid> {
    let Some(first) = values.next() else { return Ok(None) };
    match values.all(|value| value == first) {
        true => Ok(Some(first)),
        false => Err(Invalid::Ambiguous(name.to_owned())),
    }
}
