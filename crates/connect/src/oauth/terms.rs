//! The terms on which an integration uses OAuth: what the catalog says of the provider, what the
//! integration says over it, and the app's own credentials.

use accounts::gate::Actor;
use catalog::oauth::{ClientAuth, Grant, OAuth, Pkce};
use catalog::{Request, template};
use db::Workspace;
use kernel::{ConnectionId, Problem, Timestamp, codes};
use serde_json::{Map, Value, json};
use std::sync::Arc;

use super::metadata;
use crate::connection::{Connection, Tokens};
use crate::{Connect, Credentials, Integration, aliases, home, masking, schemas};

/// The terms of one integration. They hold the client's secret: not to be kept.
pub(crate) struct Terms {
    pub(crate) integration: Arc<Integration>,
    pub(crate) oauth: OAuth,
    pub(crate) config: Map<String, Value>,
    pub(crate) client: Map<String, Value>,
    /// Who must have answered, when the answer says who did.
    pub(crate) issuer: Option<String>,
    credential_rules: Value,
    config_rules: Value,
    now: Timestamp,
}

/// What templates speak of beside client and configuration.
#[derive(Clone, Debug, Default)]
pub(crate) struct Values {
    /// Whose they are, once there is a connection.
    pub(crate) id: Option<ConnectionId>,
    pub(crate) token: Map<String, Value>,
    pub(crate) connection: Map<String, Value>,
    /// A subscription to pushes, while one is asked for.
    pub(crate) subscription: Map<String, Value>,
}

impl Values {
    pub(crate) fn of(connection: &Connection, tokens: &Tokens) -> Self {
        let (id, connection) = (Some(connection.id), connection.values());
        Self { id, token: tokens.expose(), connection, ..Self::default() }
    }
}

impl Connect {
    /// The terms of an integration, with its client's secret opened for this use.
    ///
    /// # Errors
    /// `oauth.unsupported` when the provider has no OAuth, `oauth.client_missing` without a client.
    pub(crate) async fn terms(
        &self,
        workspace: &Workspace,
        integration: Arc<Integration>,
        purpose: &'static str,
        actor: &Actor,
    ) -> Result<Terms, Problem> {
        let opened = self.credentials(workspace, &integration, None, purpose, actor).await;
        let client = match opened {
            Ok(credentials) => credentials,
            Err(problem) if problem.code == &codes::CREDENTIAL_MISSING => Credentials::default(),
            Err(problem) => return Err(problem),
        };
        Terms::new(self, workspace, integration, client).await
    }
}

impl Terms {
    /// The terms with the app's own credentials.
    pub(crate) async fn new(
        connect: &Connect,
        workspace: &Workspace,
        integration: Arc<Integration>,
        client: Credentials,
    ) -> Result<Self, Problem> {
        let Some(oauth) = integration.provider_def.oauth.clone() else {
            let detail = format!("{} is not connected by OAuth.", integration.provider_def.name);
            return Err(Problem::new(&codes::OAUTH_UNSUPPORTED, detail));
        };
        let credential_rules = integration.credential_rules();
        let config_rules = integration.config_rules();
        // A flexible configuration may hold the app among its own fields.
        let (config, _) = masking::reveal(&integration.config, &client.fields);
        let known = aliases::credentials(&client.fields, &config);
        let mut terms = Self {
            config: crate::prepare::with_defaults(aliases::config(&config), &config_rules),
            now: connect.0.db.clock().now(),
            issuer: None,
            integration,
            oauth,
            client: known,
            credential_rules,
            config_rules,
        };
        if client.is_shared {
            home::keep_usual(&terms.config, &terms.config_rules)?;
        }
        terms.lay_over()?;
        if let Some(issuer) = terms.oauth.issuer.clone() {
            let values = Values::default();
            terms.issuer = template::text("/issuer", &issuer, &terms.context(&values)).ok();
        }
        metadata::discover(connect, workspace, &mut terms).await?;
        Ok(terms)
    }

    /// What the configuration says goes over what the catalog says.
    fn lay_over(&mut self) -> Result<(), Problem> {
        let own = self.config.get("scopes").and_then(list);
        let of_grant = || self.grant().map(|grant| self.oauth.scopes.of(grant).to_vec()).ok();
        if let Some(scopes) = own.or_else(of_grant) {
            self.oauth.scopes.default = scopes;
        }
        if let Some(second) = &mut self.oauth.scopes.second
            && let Some(scopes) = self.config.get(&second.name).and_then(list)
        {
            second.default = scopes;
        }
        match self.config.get("pkce") {
            Some(Value::Bool(false)) => self.oauth.pkce = Pkce::None,
            Some(Value::Bool(true)) => self.oauth.pkce = Pkce::S256,
            Some(Value::String(said)) => {
                self.oauth.pkce = match said.to_ascii_lowercase().as_str() {
                    "s256" => Pkce::S256,
                    "plain" => Pkce::Plain,
                    "none" => Pkce::None,
                    _ => return Err(unfit("pkce", "it is s256, plain or none")),
                };
            }
            _ => {}
        }
        if let Some(said) = self.config.get("client_auth").and_then(Value::as_str) {
            self.oauth.client.auth = match said {
                "basic" => ClientAuth::Basic,
                "post" => ClientAuth::Post,
                "none" => ClientAuth::None,
                _ => return Err(unfit("client_auth", "it is basic, post or none")),
            };
        }
        Ok(())
    }

    /// The grant that is asked for.
    pub(crate) fn grant(&self) -> Result<Grant, Problem> {
        let wanted = self.config.get("grant").and_then(Value::as_str);
        let known = self.oauth.grants.iter().copied();
        let found = match wanted {
            None => known.clone().next(),
            Some(wanted) => known.clone().find(|grant| json!(grant) == json!(wanted)),
        };
        found.ok_or_else(|| {
            let detail = "The provider does not grant access in the way that `grant` names.";
            Problem::new(&codes::OAUTH_UNSUPPORTED, detail)
        })
    }

    /// What access is asked for: the usual, and more.
    pub(crate) fn asked(&self, more: &[String]) -> Vec<String> {
        let mut all = self.oauth.scopes.default.clone();
        for scope in more {
            if !all.contains(scope) {
                all.push(scope.clone());
            }
        }
        all
    }

    /// The app's id.
    ///
    /// # Errors
    /// `oauth.client_missing`.
    pub(crate) fn client_id(&self) -> Result<&str, Problem> {
        self.oauth.client.id(&self.client).ok_or_else(|| self.no_client())
    }

    /// The app's secret; empty for a public client.
    pub(crate) fn client_secret(&self) -> &str {
        self.oauth.client.secret(&self.client).unwrap_or_default()
    }

    fn no_client(&self) -> Problem {
        let detail = format!(
            "Register an app at {} and store its client id and secret with {:?}, or let the owner of the \
             instance share theirs.",
            self.integration.provider_def.name, self.integration.name
        );
        Problem::new(&codes::OAUTH_CLIENT, detail)
    }

    pub(crate) fn context<'a>(&'a self, values: &'a Values) -> template::Context<'a> {
        template::Context {
            token: &values.token,
            connection: &values.connection,
            subscription: &values.subscription,
            credentials_schema: Some(&self.credential_rules),
            config_schema: Some(&self.config_rules),
            ..template::Context::new(&self.client, &self.config, self.now)
        }
    }

    /// Fills in an address that must be there.
    pub(crate) fn url(
        &self,
        name: &str,
        template: Option<&String>,
        values: &Values,
    ) -> Result<url::Url, Problem> {
        let Some(template) = template else {
            let detail = format!("The provider has no {name}; set it in the configuration.");
            return Err(Problem::new(&codes::OAUTH_UNSUPPORTED, detail));
        };
        let request = Request { url: Some(template.clone()), ..Request::default() };
        self.address(name, &request, values)
    }

    /// Fills in where a call goes.
    pub(crate) fn address(
        &self,
        name: &str,
        request: &Request,
        values: &Values,
    ) -> Result<url::Url, Problem> {
        let base = home::base_url(&self.integration, request);
        let bare = Request { headers: Map::new(), body: None, ..request.clone() };
        let rendered = template::render(&bare, base.as_deref(), None, &self.context(values));
        rendered.map(|it| it.url).map_err(|error| unfit(name, &error.to_string()))
    }

    /// Fills in parameters; what hangs on an absent optional value is left out.
    pub(crate) fn params(
        &self,
        params: &Map<String, Value>,
        values: &Values,
    ) -> Result<Vec<(String, String)>, Problem> {
        let context = self.context(values);
        let anywhere = Request {
            url: Some("https://localhost/".to_owned()),
            query: params.clone(),
            ..Request::default()
        };
        let rendered = template::render(&anywhere, None, None, &context)
            .map_err(|error| unfit("parameters", &error.to_string()))?;
        let pairs = rendered.url.query_pairs();
        Ok(pairs.map(|(name, value)| (name.into_owned(), value.into_owned())).collect())
    }

    /// When the terms were made.
    pub(crate) fn now(&self) -> Timestamp {
        self.now
    }

    /// Fills in an object.
    pub(crate) fn object(
        &self,
        wanted: &Map<String, Value>,
    ) -> Result<Map<String, Value>, Problem> {
        let values = Values::default();
        let anywhere = Request {
            url: Some("https://localhost/".to_owned()),
            body: Some(Value::Object(wanted.clone())),
            ..Request::default()
        };
        let rendered = template::render(&anywhere, None, None, &self.context(&values))
            .map_err(|error| unfit("settings", &error.to_string()))?;
        match rendered.body {
            Some(template::Body::Json(Value::Object(map))) => Ok(map),
            _ => Ok(Map::new()),
        }
    }

    /// Every secret of the client, for the request log to hide.
    pub(crate) fn secrets(&self) -> Vec<String> {
        let open = schemas::fields(&self.credential_rules);
        let secret = catalog::schema::sensitive(&self.credential_rules);
        let is_secret = |name: &String| {
            secret.contains(&format!("/{name}"))
                || kernel::looks_secret(name)
                || !open.contains_key(name)
        };
        let fields = self.client.iter().filter(|(name, _)| is_secret(name));
        fields.filter_map(|(_, value)| value.as_str().map(str::to_owned)).collect()
    }
}

/// A list, or text with spaces or commas between.
fn list(value: &Value) -> Option<Vec<String>> {
    match value {
        Value::Array(items) => {
            Some(items.iter().filter_map(|item| item.as_str().map(str::to_owned)).collect())
        }
        Value::String(text) if !text.trim().is_empty() => {
            let words = text.split([' ', ',']).filter(|word| !word.is_empty());
            Some(words.map(str::to_owned).collect())
        }
        _ => None,
    }
}

fn unfit(what: &str, why: &str) -> Problem {
    let detail = format!("The {what} of the OAuth settings cannot be used: {why}.");
    Problem::new(&codes::CONFIG_INVALID, detail).field(format!("/config/{what}"), why.to_owned())
}
