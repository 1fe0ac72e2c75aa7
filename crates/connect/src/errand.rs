//! Errands at a provider for the room that takes pushes: it says what is asked, in the catalog's words, and
//! this room adds who asks. It is told here, too, when there may be another errand to run.

use accounts::gate::Actor;
use catalog::{Request, jq, template};
use db::{DbError, Tx, Workspace};
use futures::future::BoxFuture;
use kernel::{
    ConnectionId, IntegrationId, JobKind, Lane, NewJob, PageRequest, Problem, WorkspaceId, codes,
};
use serde_json::{Map, Value, json};
use std::sync::Arc;

use crate::oauth::terms::{Terms, Values};
use crate::store::connections::{self, Filter};
use crate::{Connect, Connection, Integration, Whose, masking};

/// Follows the integration or the connection whose id is the key: what is pushed for it may have to be
/// asked for, or no longer. This room knows only the name of the job.
pub const FOLLOW_PUSHES: JobKind = JobKind { name: "subscription.follow", lane: Lane::Fast };

/// Who runs errands for an integration or one of its connections. It holds secrets: not to be kept.
pub struct Errand {
    terms: Terms,
    values: Values,
    with_token: bool,
}

/// Who has something to settle at the provider before a connection goes, or a whole integration, while its
/// tokens still open something.
pub trait Farewell: Send + Sync {
    /// The connection is about to go or to be switched off; without one, all of the integration is.
    fn leaving<'a>(
        &'a self,
        workspace: &'a Workspace,
        integration: IntegrationId,
        connection: Option<ConnectionId>,
    ) -> BoxFuture<'a, ()>;
}

impl Connect {
    /// Makes ready for errands in the name of an integration, or of a connection behind it. `with_token`:
    /// the fresh token of the connection goes along.
    ///
    /// # Errors
    /// Those of [`Connect::access`].
    pub async fn errand(
        &self,
        workspace: &Workspace,
        integration: &Arc<Integration>,
        connection: Option<&Connection>,
        with_token: bool,
        purpose: &'static str,
    ) -> Result<Errand, Problem> {
        let (actor, integration) = (&Actor::House, integration.clone());
        let (Some(it), true) = (connection, with_token) else {
            let terms = self.terms(workspace, integration, purpose, actor).await?;
            let connection = connection.map(Connection::values).unwrap_or_default();
            let values = Values { connection, ..Values::default() };
            return Ok(Errand { terms, values, with_token: false });
        };
        let whose = Whose { connection: Some(it.id), ..Whose::default() };
        let credentials = self.access(workspace, &integration, &whose, purpose, actor).await?;
        let token = credentials.access.as_ref().map(|access| access.token.clone());
        let values = Values {
            id: Some(it.id),
            token: token.unwrap_or_default(),
            connection: it.values(),
            ..Values::default()
        };
        let terms = Terms::new(self, workspace, integration, credentials).await?;
        Ok(Errand { terms, values, with_token: true })
    }

    /// Runs one: sends the request, with `subscription` as what templates see under that name, and reads
    /// the answer.
    ///
    /// # Errors
    /// `subscription.refused` with the provider's words, and what the way there said.
    pub async fn run_errand(
        &self,
        workspace: &Workspace,
        errand: &Errand,
        request: &Request,
        subscription: Map<String, Value>,
    ) -> Result<Value, Problem> {
        let Errand { terms, values, with_token } = errand;
        let values = Values { subscription, ..values.clone() };
        let heard = self.call(workspace, terms, request, &values, *with_token).await?;
        if (200..300).contains(&heard.status) {
            return Ok(heard.body);
        }
        let program = terms.integration.provider_def.error_message.as_deref();
        let said = match (program, heard.body) {
            (_, Value::String(text)) => Some(text),
            (Some(program), body) => jq::compile(program)
                .and_then(|program| jq::run(&program, body, jq::Limits::default()))
                .ok()
                .and_then(|said| said.as_str().map(str::to_owned)),
            (None, _) => None,
        };
        let said: String = said.unwrap_or_default().trim().chars().take(300).collect();
        let mut said = Value::from(said);
        masking::redact(&mut said, &secrets(terms, &values));
        let said = said.as_str().unwrap_or_default();
        let end = if said.is_empty() { ".".to_owned() } else { format!(": {said}") };
        let detail = format!("{} answered {}{end}", terms.integration.service(), heard.status);
        Err(Problem::new(&codes::SUBSCRIPTION_REFUSED, detail))
    }

    /// Has somebody told before anything goes. The first one stays.
    pub fn before_leaving(&self, who: Arc<dyn Farewell>) {
        drop(self.0.farewell.set(who));
    }

    /// Tells them.
    pub(crate) async fn tell_leaving(
        &self,
        workspace: &Workspace,
        integration: IntegrationId,
        connection: Option<ConnectionId>,
    ) {
        if let Some(who) = self.0.farewell.get() {
            who.leaving(workspace, integration, connection).await;
        }
    }

    /// A page of the connections behind an integration, newest first and one more than asked.
    ///
    /// # Errors
    /// When the table cannot be read.
    pub async fn connections_behind(
        &self,
        workspace: &Workspace,
        integration: IntegrationId,
        page: &PageRequest,
    ) -> Result<Vec<Connection>, DbError> {
        let filter = Filter { integration: Some(integration), ..Filter::default() };
        let mut tx = workspace.read().await?;
        connections::list(&mut tx, workspace.id(), &filter, page).await
    }
}

impl Errand {
    /// Fills in one template.
    ///
    /// # Errors
    /// `feed.template_failed` for a value that is not there.
    pub fn text(&self, template: &str) -> Result<String, Problem> {
        template::text("/subscribe", template, &self.terms.context(&self.values))
            .map_err(|error| Problem::of(error.code(), &error))
    }

    /// The address that a request goes to.
    ///
    /// # Errors
    /// As above.
    pub fn address(
        &self,
        request: &Request,
        subscription: Map<String, Value>,
    ) -> Result<url::Url, Problem> {
        let values = Values { subscription, ..self.values.clone() };
        let base = crate::home::base_url(&self.terms.integration, request);
        let context = self.terms.context(&values);
        template::render(request, base.as_deref(), None, &context)
            .map(|rendered| rendered.url)
            .map_err(|error| Problem::of(error.code(), &error))
    }
}

/// What no text of the provider's may repeat.
fn secrets(terms: &Terms, values: &Values) -> Vec<String> {
    let mut secrets = terms.secrets();
    let own = values.subscription.get("secret");
    values.token.values().chain(own).for_each(|it| masking::collect_texts(it, &mut secrets));
    secrets.retain(|text| !text.is_empty());
    secrets
}

impl Connect {
    /// Says that there may be an errand for it, where its provider can be asked to push.
    pub(crate) async fn follow_pushes(
        &self,
        tx: &mut Tx,
        workspace: WorkspaceId,
        provider: &str,
        id: impl ToString,
    ) -> Result<(), DbError> {
        let known = self.catalog().get(&provider.to_lowercase());
        let push = known.and_then(|provider| provider.push.as_ref());
        if push.is_none_or(|push| push.subscribe.is_none()) {
            return Ok(());
        }
        let (kind, key, run_at) = (FOLLOW_PUSHES, id.to_string(), tx.now());
        tx.enqueue(workspace, NewJob { kind, key, run_at, payload: json!({}) }).await
    }
}
