//! A provider's own description of its endpoints (RFC 8414, OpenID Connect Discovery), for integrations
//! that name an issuer and not all of the addresses.

use db::Workspace;
use http::Method;
use kernel::{Problem, Timestamp, codes};
use papaya::HashMap;
use serde_json::Value;
use std::sync::Arc;
use std::time::Duration;

use super::terms::Terms;
use crate::Connect;

/// What issuers said of themselves, for a while.
#[derive(Default)]
pub(crate) struct Metadata(HashMap<String, (Timestamp, Arc<Value>)>);

/// How long it is taken to hold.
const HOLDS: Duration = Duration::from_secs(600);
/// More issuers than these, and it begins anew.
const MOST: usize = 1_000;

impl Metadata {
    fn known(&self, issuer: &str, now: Timestamp) -> Option<Arc<Value>> {
        let known = self.0.pin().get(issuer).cloned();
        known.filter(|(at, _)| now.since(*at) < HOLDS).map(|(_, metadata)| metadata)
    }

    fn keep(&self, issuer: &str, now: Timestamp, metadata: Arc<Value>) {
        let kept = self.0.pin();
        if kept.len() >= MOST {
            kept.clear();
        }
        kept.insert(issuer.to_owned(), (now, metadata));
    }
}

/// Fills in the addresses that the terms lack from the issuer's metadata, and binds the answers in the
/// browser to that issuer.
///
/// # Errors
/// `oauth.unsupported` when there is no metadata, `oauth.issuer_mismatch` when it is somebody else's.
pub(crate) async fn discover(
    connect: &Connect,
    workspace: &Workspace,
    terms: &mut Terms,
) -> Result<(), Problem> {
    let text = |name: &str| terms.config.get(name).and_then(Value::as_str).map(str::to_owned);
    let Some(issuer) = text("issuer").filter(|text| !text.is_empty()) else { return Ok(()) };
    // What is entered by hand comes first; with both of these there is nothing left to ask for.
    if text("token_url").is_none() || text("authorize_url").is_none() {
        let metadata = match connect.0.metadata.known(&issuer, terms.now()) {
            Some(known) => known,
            None => {
                let fetched = Arc::new(fetch(connect, workspace, terms, &issuer).await?);
                connect.0.metadata.keep(&issuer, terms.now(), fetched.clone());
                fetched
            }
        };
        let said = |name: &str| metadata.get(name).and_then(Value::as_str).map(str::to_owned);
        for (ours, theirs) in [
            ("authorize_url", "authorization_endpoint"),
            ("token_url", "token_endpoint"),
            ("revoke_url", "revocation_endpoint"),
            ("userinfo_url", "userinfo_endpoint"),
            ("device_url", "device_authorization_endpoint"),
        ] {
            if let (false, Some(url)) = (terms.config.contains_key(ours), said(theirs)) {
                terms.config.insert(ours.to_owned(), Value::String(url));
            }
        }
    }
    // An issuer is compared as it is written; no template may read it.
    terms.issuer = Some(issuer);
    Ok(())
}

async fn fetch(
    connect: &Connect,
    workspace: &Workspace,
    terms: &Terms,
    issuer: &str,
) -> Result<Value, Problem> {
    let unreadable = |detail: String| Problem::new(&codes::OAUTH_UNSUPPORTED, detail);
    let base = url::Url::parse(issuer)
        .map_err(|_| unreadable(format!("The issuer {issuer:?} is no address.")))?;
    let mut last = None;
    for address in addresses(&base) {
        let mut request = egress::Request::new(workspace.id(), Method::GET, address);
        request.integration = Some(terms.integration.id);
        request.lane = egress::Lane::Interactive;
        match connect.0.egress.send(request).await {
            Ok(answer) if answer.head.status.is_success() => {
                let metadata: Value = match serde_json::from_slice(&answer.body) {
                    Ok(metadata) => metadata,
                    Err(_) => continue,
                };
                let said = metadata.get("issuer").and_then(Value::as_str).unwrap_or_default();
                // RFC 8414, 3.3: what another issuer says is not to be used.
                if said.trim_end_matches('/') != issuer.trim_end_matches('/') {
                    let detail = format!(
                        "The metadata at {issuer} is that of the issuer {said:?}; set that as the issuer."
                    );
                    return Err(Problem::new(&codes::OAUTH_ISSUER, detail));
                }
                return Ok(metadata);
            }
            Ok(answer) => last = Some(format!("it answered {}", answer.head.status)),
            Err(error) => return Err(error.problem()),
        }
    }
    let why = last.unwrap_or_else(|| "what it answers is no JSON".to_owned());
    Err(unreadable(format!(
        "The issuer {issuer} does not describe itself ({why}); set authorize_url and token_url instead."
    )))
}

/// Where the metadata can be: between host and path by RFC 8414, after the path by OpenID Connect.
fn addresses(issuer: &url::Url) -> Vec<url::Url> {
    let path = issuer.path().trim_end_matches('/');
    let at = |path: String| {
        let mut url = issuer.clone();
        url.set_path(&path);
        url.set_query(None);
        url
    };
    vec![
        at(format!("/.well-known/oauth-authorization-server{path}")),
        at(format!("{path}/.well-known/openid-configuration")),
    ]
}

#[cfg(test)]
mod tests {
    #[test]
    fn metadata_is_looked_for_where_both_standards_put_it() {
        let at = |issuer: &str| -> Vec<String> {
            let found = super::addresses(&issuer.parse().unwrap());
            found.iter().map(ToString::to_string).collect()
        };
        assert_eq!(
            at("https://id.example/tenant/"),
            [
                "https://id.example/.well-known/oauth-authorization-server/tenant",
                "https://id.example/tenant/.well-known/openid-configuration"
            ]
        );
    }
}
