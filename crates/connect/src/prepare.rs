//! From an integration, the settings of a pull, a widget's options and credentials to a request that can
//! be sent, complete with what proves who asks. Where it may go is decided in [`crate::home`].

use catalog::answer::Reading;
use catalog::{Auth, AuthKind, Place, Request, schema, template};
use db::Workspace;
use http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use kernel::{Problem, Secret, codes, looks_secret};
use serde_json::{Map, Value, json};
use std::num::NonZeroU32;
use std::time::Duration;

use crate::oauth::signed::signer;
use crate::prepared::Prepared;
use crate::quota::Purse;
use crate::{Connect, Credentials, Integration, PullConfig, aliases, home, masking, schemas};

/// The header of an API key, where the credentials name none.
const USUAL_HEADER: &str = "X-API-Key";

/// What templates see beside the integration and its credentials.
#[derive(Clone, Copy, Default)]
pub(crate) struct Given<'a> {
    /// As `{{config.…}}`, over the integration's.
    pub(crate) options: Option<&'a Map<String, Value>>,
    /// As `{{input.…}}`.
    pub(crate) input: Option<&'a Map<String, Value>>,
}

impl<'a> Given<'a> {
    pub(crate) fn options(options: &'a Map<String, Value>) -> Self {
        Self { options: Some(options), input: None }
    }
}

impl Connect {
    /// Builds the request of a pull. `pull` are the feed's own settings, alone or already laid over the
    /// integration's.
    ///
    /// # Errors
    /// A problem that names the template, field or address that does not fit; `integration.disabled`;
    /// `connection.not_authorized` for what needs OAuth.
    pub fn request(
        &self,
        workspace: &Workspace,
        integration: &Integration,
        pull: &PullConfig,
        options: &Map<String, Value>,
        credentials: &Credentials,
    ) -> Result<Prepared, Problem> {
        if !integration.enabled {
            let detail = format!("Switch {:?} on first.", integration.name);
            return Err(Problem::new(&codes::INTEGRATION_DISABLED, detail));
        }
        if !integration.mode.pulls() {
            let detail = format!(
                "{:?} is filled by pushes alone; there is nothing to ask.",
                integration.name
            );
            return Err(Problem::new(&codes::FEED_NOT_PULLED, detail));
        }
        let pull = laid_over(&integration.pull, pull);
        let request = shape(integration, &pull);
        self.prepare(workspace, integration, &pull, request, Given::options(options), credentials)
    }

    /// Builds the cheap request that shows whether the credentials work.
    pub(crate) fn test_request(
        &self,
        workspace: &Workspace,
        integration: &Integration,
        options: &Map<String, Value>,
        credentials: &Credentials,
    ) -> Result<Prepared, Problem> {
        let pull = &integration.pull;
        let own_address = pull.url.is_some() || pull.path.is_some();
        let request = match &integration.provider_def.test {
            Some(test) if !own_address => test.clone(),
            // The same resource at an address of the integration's own is asked as cheaply.
            Some(test) if asks_for(pull, test) => {
                let mut request = shape(integration, pull);
                request.query.extend(test.query.clone());
                request
            }
            _ => shape(integration, pull),
        };
        self.prepare(workspace, integration, pull, request, Given::options(options), credentials)
    }

    pub(crate) fn prepare(
        &self,
        workspace: &Workspace,
        integration: &Integration,
        pull: &PullConfig,
        request: Request,
        given: Given<'_>,
        credentials: &Credentials,
    ) -> Result<Prepared, Problem> {
        let nothing = Map::new();
        let (options, input) = (given.options.unwrap_or(&nothing), given.input.unwrap_or(&nothing));
        let (config, mut hidden) = masking::reveal(&integration.config, &credentials.fields);
        let is_granted = credentials.access.is_some();
        if !is_granted && aliases::needs_authorization(&integration.config, &credentials.fields) {
            let detail = format!(
                "{:?} needs somebody to authorize it at the provider (OAuth), which was not done yet.",
                integration.name
            );
            return Err(Problem::new(&codes::NOT_AUTHORIZED, detail));
        }
        let rules = integration.config_rules();
        let credential_rules = integration.credential_rules();
        let known = aliases::credentials(&credentials.fields, &config);
        let own = with_defaults(aliases::config(&config), &rules);
        if credentials.is_shared {
            home::keep_usual(&own, &rules)?;
        }
        let mut merged = aliases::config(&config);
        merged.extend(options.clone());
        let merged = with_defaults(merged, &rules);
        let (token, connection) = match &credentials.access {
            Some(access) => (&access.token, &access.connection),
            None => (&nothing, &nothing),
        };
        let context = |config| template::Context {
            credentials_schema: Some(&credential_rules),
            config_schema: Some(&rules),
            input,
            token,
            connection,
            ..template::Context::new(&known, config, self.0.db.clock().now())
        };
        let by_token = credentials.access.as_ref().and_then(|_| token_auth(integration));
        let auth = by_token.or_else(|| known_auth(integration, &known));
        let auth = authentication(integration, &request, auth);
        // A signature takes the place of the token.
        let oauth = integration.provider_def.oauth.as_ref();
        let sign = auth.as_ref().and_then(|_| signer(oauth, &known, token, &self.0.db));
        let auth = auth.filter(|_| sign.is_none());
        let known_with_header;
        let context_of_all = match &auth {
            Some(auth) if needs_usual_header(auth, &known) => {
                let mut more = known.clone();
                more.insert("api_key_header".to_owned(), json!(USUAL_HEADER));
                known_with_header = more;
                template::Context { credentials: &known_with_header, ..context(&merged) }
            }
            _ => context(&merged),
        };
        let base = home::base_url(integration, &request);
        let rendered = template::render(&request, base.as_deref(), auth.as_ref(), &context_of_all)
            .map_err(|error| unfilled(&error))?;
        let home = home::of(integration, &request, base.as_deref(), &context(&own));
        if credentials.is_shared {
            home::check_shared(integration, &rendered.url, &context(&own))?;
        }
        let secret = !hidden.is_empty() || !credentials.is_empty();
        home::check(integration, pull, &rendered.url, home.as_ref(), secret)?;

        let (mut closed, open) = by_openness(&known, &credential_rules);
        token.values().for_each(|value| masking::collect_texts(value, &mut closed));
        let mut sent = outgoing(workspace, &rendered)?;
        hidden.extend(rendered.secrets.into_iter().filter(|text| !open.contains(text)));
        hidden.extend(closed);
        sent.integration = Some(integration.id);
        sent.sign = sign;
        hidden.sort_unstable();
        hidden.dedup();
        sent.hidden = hidden.iter().cloned().map(Secret::new).collect();
        let limits = limits(self.0.egress.limits(), pull);
        sent.limits = Some(limits);
        let connection = credentials.access.as_ref().map(|it| it.stored.connection.id);
        let purse = Purse::of(integration, &credentials.fields, connection);
        purse.pay(&mut sent, self.0.db.clock());
        sent.rate_limits.extend(own_limit(integration, pull));
        let program = |text: Option<&String>| text.map(|text| self.program(text)).transpose();
        let provider = &integration.provider_def;
        Ok(Prepared {
            request: sent,
            reading: Reading {
                transform: program(pull.transform.as_ref().or(provider.transform.as_ref()))?,
                success: program(provider.success.as_ref())?,
                error_message: program(provider.error_message.as_ref())?,
                config: Value::Object(merged),
                max_bytes: usize::try_from(limits.max_body).unwrap_or(usize::MAX),
                ..Reading::new(pull.format.unwrap_or(provider.format))
            },
            proves: !credentials.is_empty(),
            hidden,
        })
    }
}

/// A feed's settings over the integration's; what is said above is what counts.
pub(crate) fn laid_over(below: &PullConfig, above: &PullConfig) -> PullConfig {
    let mut map = below.to_map();
    map.extend(above.to_map());
    // A path of the feed's own hangs on the address of the integration.
    PullConfig::from_map(map).unwrap_or_else(|_| above.clone())
}

/// Whether the settings lead to the resource that the provider is tested with.
fn asks_for(pull: &PullConfig, test: &Request) -> bool {
    let own = pull.url.as_ref().or(pull.path.as_ref());
    own.zip(test.path.as_ref()).is_some_and(|(own, test)| !test.is_empty() && own.ends_with(test))
}

/// The provider's request with the settings laid over it.
fn shape(integration: &Integration, pull: &PullConfig) -> Request {
    let mut request = integration.provider_def.request.clone().unwrap_or_default();
    let own_url = pull.url.as_ref().filter(|url| integration.pull.url.as_ref() != Some(url));
    let elsewhere = own_url.is_some() || pull.path.is_some();
    if elsewhere {
        // Parameters of one resource say nothing about another; those spread from the config do.
        request.query.retain(|name, _| name == "*");
        request.body = request.body.filter(|_| pull.method.is_none());
    }
    match (own_url, &pull.path, &pull.url) {
        (Some(url), _, _) | (None, None, Some(url)) => request.url = Some(url.clone()),
        (None, Some(path), _) if path.contains("://") => request.url = Some(path.clone()),
        (None, Some(path), _) => {
            request.url = None;
            request.path = Some(path.clone());
        }
        (None, None, None) => {}
    }
    if let Some(method) = &pull.method {
        request.method = Some(method.clone());
    }
    for (name, value) in &pull.query {
        request.query.insert(name.clone(), value.clone());
    }
    for (name, value) in &pull.headers {
        request.headers.retain(|known, _| !known.eq_ignore_ascii_case(name));
        request.headers.insert(name.clone(), value.clone());
    }
    if let Some(body) = &pull.body {
        request.body = Some(body.clone());
        request.method.get_or_insert_with(|| "POST".to_owned());
        if request.method.as_deref() == Some("GET") {
            request.method = Some("POST".to_owned());
        }
    }
    request
}

pub(crate) fn with_defaults(config: Map<String, Value>, rules: &Value) -> Map<String, Value> {
    let mut config = Value::Object(config);
    schema::apply_defaults(rules, &mut config);
    match config {
        Value::Object(config) => config,
        _ => Map::new(),
    }
}

/// The provider's way of authentication that the credentials choose.
fn known_auth(integration: &Integration, known: &Map<String, Value>) -> Option<Auth> {
    let provider = &integration.provider_def;
    let chosen = provider.auth_for(known).filter(|auth| auth.kind != AuthKind::None);
    let in_header =
        |auth: &&Auth| auth.kind == AuthKind::ApiKey && auth.place != Some(Place::Query);
    let usual = || {
        let key = known.contains_key("api_key") && !known.contains_key("auth");
        provider.auth.iter().find(in_header).filter(|_| key && integration.is_generic())
    };
    chosen.or_else(usual).cloned()
}

/// How a token goes along.
fn token_auth(integration: &Integration) -> Option<Auth> {
    integration.provider_def.auth.iter().find(|auth| auth.kind == AuthKind::OAuth2).cloned()
}

fn needs_usual_header(auth: &Auth, known: &Map<String, Value>) -> bool {
    auth.name.as_deref() == Some("{{credentials.api_key_header}}")
        && !known.contains_key("api_key_header")
}

/// That way, unless the request itself already says where the credentials go.
fn authentication(
    integration: &Integration,
    request: &Request,
    auth: Option<Auth>,
) -> Option<Auth> {
    let auth = auth?;
    let has = |map: &Map<String, Value>, name: &str| {
        map.keys().any(|known| known.eq_ignore_ascii_case(name))
    };
    let name = auth.name.as_deref().unwrap_or_default();
    let said = match (auth.kind, auth.place) {
        (AuthKind::ApiKey, Some(Place::Query)) => has(&request.query, name),
        (AuthKind::ApiKey, _) => has(&request.headers, name),
        _ => has(&request.headers, "authorization"),
    };
    let placed = integration.is_generic() && {
        let mut texts = Vec::new();
        let values = request.query.values().chain(request.headers.values()).chain(&request.body);
        values.for_each(|value| masking::collect_texts(value, &mut texts));
        texts.extend(request.url.iter().chain(&request.path).cloned());
        let fields = texts.iter().flat_map(|text| template::referenced(text));
        fields.into_iter().any(|field| field.starts_with("credentials."))
    };
    (!said && !placed).then_some(auth)
}

fn unfilled(error: &template::TemplateError) -> Problem {
    if let template::TemplateError::Missing { name, .. } = error
        && let Some(field) = name.strip_prefix("credentials.")
    {
        let detail = format!("The credentials have no {field}, which the request needs.");
        return Problem::new(&codes::CREDENTIAL_MISSING, detail);
    }
    Problem::of(error.code(), error).field(error.pointer(), error.to_string())
}

/// What was filled in, as it is sent.
pub(crate) fn outgoing(
    workspace: &Workspace,
    rendered: &template::Rendered,
) -> Result<egress::Request, Problem> {
    let method = Method::from_bytes(rendered.method.as_bytes())
        .map_err(|_| Problem::new(&codes::FEED_TEMPLATE, "The method cannot be read."))?;
    let mut request = egress::Request::new(workspace.id(), method, rendered.url.clone());
    let body = rendered.body.as_ref();
    request.headers = headers(&rendered.headers, body.map(template::Body::content_type))?;
    request.body = body.map(|body| body.encoded().into()).unwrap_or_default();
    Ok(request)
}

/// The headers as they are sent, with those that every request has.
pub(crate) fn headers(
    rendered: &[(String, String)],
    body: Option<&'static str>,
) -> Result<HeaderMap, Problem> {
    let mut headers = HeaderMap::new();
    for (name, value) in rendered {
        let unfit = || {
            let detail = format!("The header {name:?} cannot be sent with this value.");
            Problem::new(&codes::FEED_TEMPLATE, detail)
        };
        let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| unfit())?;
        headers.append(name, HeaderValue::from_str(value).map_err(|_| unfit())?);
    }
    if let (Some(body), false) = (body, headers.contains_key(header::CONTENT_TYPE)) {
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(body));
    }
    if !headers.contains_key(header::ACCEPT) {
        let json_first = HeaderValue::from_static("application/json, */*;q=0.8");
        headers.insert(header::ACCEPT, json_first);
    }
    Ok(headers)
}

/// The texts among the credentials that must not be seen, and those that may: of fields that the schema
/// names without calling them secret.
fn by_openness(known: &Map<String, Value>, rules: &Value) -> (Vec<String>, Vec<String>) {
    let (named, secret) = (schemas::fields(rules), schema::sensitive(rules));
    let (mut closed, mut open) = (Vec::new(), Vec::new());
    for (name, value) in known {
        let is_secret = secret.contains(&format!("/{name}")) || looks_secret(name);
        let is_open = named.contains_key(name) && !is_secret;
        masking::collect_texts(value, if is_open { &mut open } else { &mut closed });
    }
    (closed, open)
}

fn limits(usual: egress::Limits, pull: &PullConfig) -> egress::Limits {
    let whole = pull.timeout.map_or(usual.whole, Duration::from_millis);
    egress::Limits {
        whole,
        first_byte: usual.first_byte.min(whole).max(pull.timeout.map_or(Duration::ZERO, |_| whole)),
        max_body: pull.max_bytes.unwrap_or(usual.max_body),
    }
}

/// The integration's own setting, beside the provider's limits.
fn own_limit(integration: &Integration, pull: &PullConfig) -> Option<egress::RateLimit> {
    pull.rate_limit.and_then(NonZeroU32::new).map(|requests| egress::RateLimit {
        key: format!("{}/{requests}", integration.id),
        provider: integration.provider_def.id.clone(),
        requests: Some(requests),
        window: Duration::from_secs(60),
        learns: false,
    })
}
