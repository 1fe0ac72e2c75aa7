//! Where an integration is at home: the beginning that every address of its requests must have, so that
//! neither a feed's settings nor a widget's options can send its secrets elsewhere.

use catalog::{Request, template};
use kernel::{Problem, codes};
use serde_json::{Map, Value};
use url::Url;

use crate::{CredentialScope, Integration, PullConfig, aliases, schemas};

/// What the path hangs on.
pub(crate) fn base_url(integration: &Integration, request: &Request) -> Option<String> {
    let own = aliases::config(&integration.config).contains_key("base_url");
    match (&integration.pull.url, request.url.is_none()) {
        (Some(url), true) => Some(url.clone()),
        _ if own && integration.is_flexible() => Some("{{config.base_url}}".to_owned()),
        _ => integration.provider_def.base_url.clone(),
    }
}

/// Where the integration itself sends its requests, as far as that is settled without a feed or a widget:
/// the beginning that every address must have.
pub(crate) fn of(
    integration: &Integration,
    request: &Request,
    base: Option<&str>,
    own: &template::Context<'_>,
) -> Option<Url> {
    let of_provider = integration.provider_def.request.as_ref().and_then(|it| it.url.as_deref());
    // An address that the catalog itself asks for numbers, or acts at, is as much the provider's as its base.
    let metrics = integration.provider_def.metrics.iter().flat_map(|it| it.calls.values());
    let actions = integration.provider_def.actions.values();
    let mut by_catalog = metrics
        .map(|call| &call.request)
        .chain(actions.filter_map(|action| action.request.as_ref()))
        .filter_map(|request| request.url.as_deref());
    let of_catalog = by_catalog.find(|url| request.url.as_deref() == Some(url));
    let said = of_catalog.or(integration.pull.url.as_deref());
    let of_test = request.url.as_deref().filter(|_| said.is_none() && base.is_none());
    let written =
        said.or(base).or(of_provider).or(of_test.filter(|url| Some(*url) == of_provider))?;
    // `https://host/{{config.x}}` is settled up to the first value.
    let fixed = written.split("{{").next().unwrap_or_default();
    let authority = fixed.split_once("://").map(|(_, rest)| rest);
    if authority.is_some_and(|rest| rest.contains(['/', '?'])) || !written.contains("{{") {
        return Url::parse(fixed).ok();
    }
    Url::parse(template::text("/url", written, own).ok()?.trim()).ok()
}

/// Refuses an address that secrets must not be sent to, or that leaves what the integration was set up
/// for.
pub(crate) fn check(
    integration: &Integration,
    pull: &PullConfig,
    url: &Url,
    home: Option<&Url>,
    secret: bool,
) -> Result<(), Problem> {
    let refuse = |detail: String| Err(Problem::new(&codes::EGRESS_URL, detail));
    let own_path = pull.path.as_deref().filter(|path| !path.contains("://"));
    if own_path.is_some_and(climbs) {
        return refuse("A path cannot climb with `..`.".to_owned());
    }
    let own_url = pull.url.is_some() && pull.url != integration.pull.url;
    let asked_elsewhere = own_url || pull.path.is_some();
    match home {
        Some(home) if secret || asked_elsewhere => {
            if home.origin() != url.origin() {
                return refuse(format!(
                    "{:?} asks {} and nothing else; make another integration for {}.",
                    integration.name,
                    home.origin().ascii_serialization(),
                    url.origin().ascii_serialization(),
                ));
            }
            let below = home.path().trim_end_matches('/');
            let inside = url.path().strip_prefix(below).is_some_and(|rest| {
                rest.is_empty() || rest.starts_with('/') || integration.pull.url.is_some()
            });
            match own_path.is_none() || inside {
                true => Ok(()),
                false => {
                    refuse(format!("The path leaves {below}, which the integration is set up for."))
                }
            }
        }
        // Who stores the credentials of a widget also writes its options.
        None if secret && integration.credential_scope != CredentialScope::Widget => {
            refuse(format!(
                "{:?} has credentials but no address of its own; give it a base URL, so that they \
                 are sent nowhere else.",
                integration.name
            ))
        }
        _ => Ok(()),
    }
}

fn climbs(path: &str) -> bool {
    let path = path.split(['?', '#']).next().unwrap_or_default();
    path.split(['/', '\\']).any(|step| {
        let step = step.to_ascii_lowercase().replace("%2e", ".");
        step == ".." || step.contains("%2f..") || step.contains("..%2f")
    })
}

/// Refuses to send what the instance shares to another host than the provider's own.
pub(crate) fn check_shared(
    integration: &Integration,
    url: &Url,
    own: &template::Context<'_>,
) -> Result<(), Problem> {
    let provider = &integration.provider_def;
    let by_provider = provider.request.as_ref().and_then(|request| request.url.as_ref());
    let base = provider.base_url.as_ref().or(by_provider);
    let base = base.and_then(|base| template::text("/base_url", base, own).ok());
    let home = base.and_then(|base| Url::parse(&base).ok());
    if home.is_some_and(|home| home.origin() == url.origin()) {
        return Ok(());
    }
    let detail = format!(
        "What the instance shares is sent to {} alone; store credentials of your own to ask {}.",
        provider.name,
        url.origin().ascii_serialization()
    );
    Err(Problem::new(&codes::CREDENTIAL_OWNER, detail))
}

/// What the instance shares is shown to the provider's own hosts alone: whoever could name others would
/// be told it.
pub(crate) fn keep_usual(config: &Map<String, Value>, rules: &Value) -> Result<(), Problem> {
    for (name, rule) in schemas::fields(rules) {
        let usual = rule.get("default");
        let is_address = rule.get("format").is_some_and(|format| format == "uri")
            || usual.and_then(Value::as_str).is_some_and(|text| text.contains("://"));
        if is_address && config.get(name) != usual {
            let detail = format!(
                "What the instance shares is sent to the provider's own addresses only; leave {name:?} \
                 out, or store credentials of your own."
            );
            return Err(Problem::new(&codes::CREDENTIAL_OWNER, detail)
                .field(format!("/config/{name}"), "it is not the provider's own"));
        }
    }
    Ok(())
}
