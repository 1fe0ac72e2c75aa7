//! Where in a request a value stands, written as `header:X-GitHub-Delivery` or `body:event.id`.

use serde::Deserialize;
use serde_json::Value;

/// A place in a request.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub enum Source {
    /// `header:NAME`, in any case.
    Header(String),
    /// `query:NAME`, a parameter of the URL.
    Query(String),
    /// `body:PATH`, in a JSON body.
    Body(Path),
    /// `form:NAME`, a field of a form body.
    Form(String),
    /// `sig:NAME`, an element of a signature header of the form `t=…,v1=…`; only for timestamps.
    Sig(String),
}

impl TryFrom<String> for Source {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let unknown = || {
            format!(
                "{text:?} is not a place: header:, query:, body:, form: or sig: and then a name"
            )
        };
        let (kind, name) = text.split_once(':').ok_or_else(unknown)?;
        if name.is_empty() {
            return Err(unknown());
        }
        let owned = name.to_owned();
        match kind {
            "header" => Ok(Self::Header(owned)),
            "query" => Ok(Self::Query(owned)),
            "body" => Ok(Self::Body(Path(owned))),
            "form" => Ok(Self::Form(owned)),
            "sig" => Ok(Self::Sig(owned)),
            _ => Err(unknown()),
        }
    }
}

/// A path into a JSON document, its steps parted by dots; a number steps into a list.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(transparent)]
pub struct Path(String);

impl Path {
    /// The value there.
    pub fn find<'a>(&self, document: &'a Value) -> Option<&'a Value> {
        self.0.split('.').try_fold(document, |inside, step| match inside {
            Value::Object(fields) => fields.get(step),
            Value::Array(items) => items.get(step.parse::<usize>().ok()?),
            _ => None,
        })
    }

    /// As it is written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}
