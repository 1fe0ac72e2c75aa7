//! Schemes without a computation: the sender shows the secret itself.

use aws_lc_rs::constant_time::verify_slices_are_equal;
use catalog::push::{Equals as Spec, Part, Proof};
use kernel::Secret;
use serde_json::Value;

use super::{Invalid, Request, Verified};

/// A scheme with a shared token, made ready.
pub(super) struct Equals {
    proof: Proof,
    expected: Vec<(usize, Secret<String>)>,
}

impl Equals {
    pub(super) fn new(spec: &Spec, secrets: &[Secret<String>]) -> Self {
        let usable = secrets.iter().enumerate().filter(|(_, secret)| !secret.expose().is_empty());
        let expected = usable.map(|(index, secret)| (index, render(&spec.template, secret)));
        Self { proof: spec.proof.clone(), expected: expected.collect() }
    }

    pub(super) fn verify(&self, request: &Request<'_>) -> Result<Verified, Invalid> {
        if self.expected.is_empty() {
            return Err(Invalid::SecretMissing);
        }
        let document;
        let shown: Vec<&[u8]> = match &self.proof {
            Proof::Header(name) => vec![request.header(name)?.ok_or_else(|| missing(name))?],
            Proof::Query(name) => {
                document = Value::String(request.query(name)?.ok_or_else(|| missing(name))?.into());
                vec![text(&document)?]
            }
            Proof::Json { path, each } => {
                document = request.json().ok_or(Invalid::Body("is not JSON"))?;
                let holders = match each.as_ref().map(|each| each.find(&document)) {
                    None => vec![&document],
                    Some(Some(Value::Array(items))) => items.iter().collect(),
                    Some(_) => return Err(Invalid::Body("has no such list")),
                };
                let find = |holder| path.find(holder).ok_or_else(|| missing(path.as_str()));
                holders.into_iter().map(|holder| text(find(holder)?)).collect::<Result<_, _>>()?
            }
        };
        if shown.is_empty() {
            return Err(Invalid::Body("has nothing in it that proves anything"));
        }
        let matches = |secret: &Secret<String>| {
            let same =
                |shown: &&[u8]| verify_slices_are_equal(shown, secret.expose().as_bytes()).is_ok();
            shown.iter().all(same)
        };
        let matched = self.expected.iter().find(|(_, secret)| matches(secret));
        matched
            .map(|(index, _)| Verified { at: None, secret_index: *index })
            .ok_or(Invalid::Mismatch)
    }
}

fn render(template: &[Part], secret: &Secret<String>) -> Secret<String> {
    let pieces = template.iter().map(|part| match part {
        Part::Literal(text) => text.as_str(),
        _ => secret.expose().as_str(),
    });
    Secret::new(pieces.collect())
}

fn text(value: &Value) -> Result<&[u8], Invalid> {
    value.as_str().map(str::as_bytes).ok_or(Invalid::Mismatch)
}

fn missing(name: &str) -> Invalid {
    Invalid::Missing(name.to_owned())
}
