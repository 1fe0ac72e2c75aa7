//! What happens to a push: who sends it is found out on its raw bytes, it is made durable, and only
//! then is it answered. Nothing is parsed before it is verified, but by a handshake; no statement runs
//! for a push but the batch that stores it.

use accounts::gate::{Failure, client_addr};
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use catalog::push::{Confirm, Push, Reply as Written};
use db::{Accepted, DbError, NewInbound};
use http::header::{ALLOW, CONTENT_LENGTH, CONTENT_TYPE};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use http_body_util::LengthLimitError;
use kernel::{InboundId, Problem, Timestamp, codes};
use serde_json::json;
use std::error::Error;
use std::net::IpAddr;
use std::time::Instant;

use crate::endpoint::{Endpoint, Ready};
use crate::endpoints::{Key, unknown};
use crate::envelope::{self, Envelope};
use crate::subscribe::agree_to_end;
use crate::verify::handshake::{self, Effect, Reply};
use crate::verify::{self, Invalid};
use crate::{Address, Hooks};

/// Answers a request to a webhook address.
pub(crate) async fn receive(hooks: Hooks, key: Key, request: Request) -> Response {
    match attempt(&hooks, key, request).await {
        Ok(response) => response,
        Err(problem) => {
            hooks.metrics().rejected(problem.code);
            Failure(problem).into_response()
        }
    }
}

async fn attempt(hooks: &Hooks, key: Key, request: Request) -> Result<Response, Problem> {
    let started = Instant::now();
    let Some(endpoint) = hooks.endpoint(key).await.map_err(not_now)? else {
        return said_goodbye(hooks, key, &request).ok_or_else(unknown);
    };
    if !endpoint.integration.enabled {
        let detail = "The integration behind this address is switched off.";
        return Err(Problem::new(&codes::INTEGRATION_DISABLED, detail));
    }
    let (parts, body) = request.into_parts();
    let push = Incoming {
        hooks,
        key,
        endpoint: &endpoint,
        client: client_addr(&parts, &hooks.config().trusted_proxies),
        url: format!("{}{}", hooks.config().public_url, path(&parts)),
        now: hooks.db().clock().now(),
        parts: &parts,
    };
    let ready = push.admit().await?;
    let body = read_body(&parts.headers, body, hooks.config().max_body).await?;
    if let Some(response) = push.shake_hands(ready, &body).await? {
        return Ok(response);
    }
    if !matches!(parts.method, Method::POST | Method::PUT) {
        return Ok(push_only());
    }
    push.verify(ready, &body).await?;
    push.store(ready, body, started).await
}

/// What the hub of a subscription that is no more wants to hear.
fn said_goodbye(hooks: &Hooks, (_, address): Key, request: &Request) -> Option<Response> {
    let path = request.uri().path_and_query()?.as_str();
    let url = format!("{}{path}", hooks.config().public_url);
    let (method, headers) = (request.method().as_str(), request.headers());
    let asked = verify::Request { method, url: &url, headers, body: &[] };
    let is_subscription = matches!(address, Address::Subscription(_));
    let challenge = is_subscription.then(|| agree_to_end(&asked)).flatten()?;
    Some(respond(Reply::echo(challenge)))
}

/// Whatever is wrong with us, the sender is to try again.
fn not_now<E>(_: E) -> Problem {
    let detail = "The push could not be stored; send it again.";
    Problem::new(&codes::UNAVAILABLE, detail).retry_after(5)
}

fn path(parts: &Parts) -> &str {
    parts.uri.path_and_query().map_or("/", |path| path.as_str())
}

async fn read_body(headers: &HeaderMap, body: Body, most: usize) -> Result<Bytes, Problem> {
    let too_large =
        || Problem::new(&codes::TOO_LARGE, format!("A push may have {most} bytes at most."));
    let said = headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok());
    if said.and_then(|text| text.parse::<u64>().ok()).is_some_and(|bytes| bytes > most as u64) {
        return Err(too_large());
    }
    to_bytes(body, most).await.map_err(|error| {
        if error.source().is_some_and(|source| source.is::<LengthLimitError>()) {
            return too_large();
        }
        Problem::new(&codes::TIMED_OUT, "The body broke off before its end.")
    })
}

/// A request to an endpoint, as far as it is known before its body.
struct Incoming<'a> {
    hooks: &'a Hooks,
    key: Key,
    endpoint: &'a Endpoint,
    parts: &'a Parts,
    client: Option<IpAddr>,
    /// The public URL as the sender knows it.
    url: String,
    now: Timestamp,
}

impl<'a> Incoming<'a> {
    /// What can be told from the head alone, so that who is not welcome is not read.
    async fn admit(&self) -> Result<&'a Ready, Problem> {
        let ready = match &self.endpoint.ready {
            Ok(ready) => ready,
            Err(reason) => {
                let detail = "The settings of this address cannot be used; see the dashboard.";
                let problem = Problem::new(&codes::WEBHOOK_NOT_CONFIGURED, detail);
                return Err(self.reject(problem, reason).await);
            }
        };
        if !ready.rules.admits(self.client) {
            let detail = "Pushes from this address are not accepted.";
            let problem = Problem::new(&codes::WEBHOOK_ADDRESS, detail);
            return Err(self.reject(problem, "the sender is not on the list of addresses").await);
        }
        if let Some(secs) = self.endpoint.failures.refused_for(self.client, self.now) {
            let detail = "Too many pushes from this address could not be verified.";
            return Err(Problem::new(&codes::RATE_LIMITED, detail).retry_after(secs));
        }
        Ok(ready)
    }

    /// The answer, if this is the provider checking the endpoint.
    async fn shake_hands(&self, ready: &Ready, body: &[u8]) -> Result<Option<Response>, Problem> {
        if let Some(it) = &self.endpoint.subscribed
            && it.way.confirm == Confirm::Websub
        {
            let (workspace, request) = (&self.endpoint.workspace, self.request(body));
            let service = self.endpoint.integration.service();
            let heard = self.hooks.confirm(workspace, service, &it.way, it.id, &request).await;
            return match heard {
                Ok(answer) => Ok(answer.map(|text| respond(Reply::echo(text)))),
                Err(problem) if problem.code.status < 500 => {
                    self.endpoint.failures.note(self.client, self.now);
                    let why = problem.detail.clone();
                    Err(self.reject(problem, &why).await)
                }
                Err(problem) => Err(not_now(problem)),
            };
        }
        let handshakes = &self.endpoint.push.handshakes;
        if handshakes.is_empty() {
            return Ok(None);
        }
        let request = self.request(body);
        let credential = |field: &str| self.endpoint.secret(field);
        let verifier = ready.verifier.as_ref();
        let answer = handshake::answer(handshakes, &request, &credential, verifier, self.now);
        let reply = match answer {
            None => return Ok(None),
            Some(Ok(reply)) => reply,
            Some(Err(refused)) => {
                self.endpoint.failures.note(self.client, self.now);
                let detail = format!(
                    "The handshake was refused: {refused}. Compare the credentials with what the \
                     provider was given, then let it check again."
                );
                let problem = Problem::new(&codes::HANDSHAKE_FAILED, detail);
                return Err(self.reject(problem, &refused.to_string()).await);
            }
        };
        if let Effect::CaptureSecret { field, secret } = &reply.effect
            && !self.hooks.capture(self.key, self.client, field, secret).await?
        {
            return Ok(None);
        }
        self.hooks.metrics().handshakes.inc();
        Ok(Some(respond(reply)))
    }

    async fn verify(&self, ready: &Ready, body: &[u8]) -> Result<(), Problem> {
        let Some(verifier) = &ready.verifier else { return Ok(()) };
        match verifier.verify(&self.request(body), self.now) {
            Ok(_) => Ok(()),
            Err(invalid) => {
                if invalid != Invalid::SecretMissing {
                    self.endpoint.failures.note(self.client, self.now);
                }
                let detail = format!("The push was refused: {invalid}.");
                let problem = Problem::new(invalid.code(), detail);
                Err(self.reject(problem, &invalid.to_string()).await)
            }
        }
    }

    async fn store(
        &self,
        ready: &Ready,
        body: Bytes,
        started: Instant,
    ) -> Result<Response, Problem> {
        let Self { hooks, endpoint, parts, now, .. } = *self;
        let envelope = Envelope::new(self.request(&body), &endpoint.push);
        let (event_id, event_type) =
            (envelope.id(&ready.rules.event_id), envelope.name(&endpoint.push.event_type));
        drop(envelope);
        let id = InboundId::generate(now, hooks.db().entropy());
        let bytes = body.len();
        let handed_over = Instant::now();
        let accepted = hooks.inbox().accept(NewInbound {
            workspace: endpoint.workspace.id(),
            id,
            integration: endpoint.integration.id,
            feed: endpoint.destination.feed,
            provider: endpoint.integration.provider.clone(),
            event_id,
            event_type,
            received_at: now,
            verified_by: ready.rules.check.name.clone(),
            content_type: envelope::content_type(&parts.headers),
            body: body.into(),
            headers: envelope::keep(&parts.headers, &ready.kept),
            remote_addr: self.client.map(|addr| addr.to_string()),
            job: endpoint.job(now),
        });
        let accepted = accepted.await;
        let metrics = hooks.metrics();
        metrics.answered(&accepted, handed_over.elapsed());
        let accepted = accepted.map_err(|error| self.not_stored(&error))?;
        let said = match accepted {
            Accepted::Stored => {
                metrics.accepted.inc();
                format!(r#"{{"status":"accepted","id":"{id}"}}"#)
            }
            Accepted::Duplicate => {
                metrics.duplicate.inc();
                r#"{"status":"duplicate"}"#.to_owned()
            }
        };
        metrics.stored(bytes, started.elapsed());
        Ok(thank(&endpoint.push, said))
    }

    fn request<'b>(&'b self, body: &'b [u8]) -> verify::Request<'b> {
        let Self { parts, url, .. } = self;
        verify::Request { method: parts.method.as_str(), url, headers: &parts.headers, body }
    }

    /// The sender is to try again: what was not stored was not accepted.
    fn not_stored(&self, error: &DbError) -> Problem {
        if self.hooks.troubles().is_first(self.endpoint.integration.id, self.now) {
            tracing::error!(error = error as &dyn Error, "a push could not be stored");
        }
        match error {
            DbError::Full => Problem::of(&codes::STORAGE_FULL, error).retry_after(60),
            _ => not_now(error),
        }
    }

    /// Tells the dashboard, once a minute at most: a flood of bad pushes does not fill the database.
    async fn reject(&self, problem: Problem, reason: &str) -> Problem {
        let Self { hooks, endpoint, client, now, .. } = self;
        let id = endpoint.integration.id;
        if hooks.storms().is_first(id, *now) {
            let data = json!({
                "code": problem.code.name,
                "reason": reason,
                "feed_id": endpoint.destination.feed,
                "remote_addr": client,
            });
            let told = async {
                let mut tx = endpoint.workspace.write().await?;
                tx.emit(endpoint.workspace.id(), "webhook.rejected", id, data).await?;
                tx.commit().await
            };
            if let Err(error) = told.await {
                tracing::warn!(%error, integration = %id, "cannot tell of a refused push");
            }
        }
        problem
    }
}

/// What the provider wants to hear once its push is stored, or else what we say.
fn thank(push: &Push, said: String) -> Response {
    if push.respond == Written::default() {
        return ([(CONTENT_TYPE, HeaderValue::from_static("application/json"))], said)
            .into_response();
    }
    respond(Reply::of(&push.respond, "", ""))
}

fn respond(reply: Reply) -> Response {
    let mut response = Response::new(Body::from(reply.body));
    *response.status_mut() = StatusCode::from_u16(reply.status).unwrap_or(StatusCode::OK);
    let kind = reply.content_type.map(|kind| (CONTENT_TYPE.to_string(), kind));
    for (name, value) in kind.into_iter().chain(reply.headers) {
        // What was echoed came in a header or is plain text; what a header cannot hold is left out.
        if let (Ok(name), Ok(value)) = (name.parse::<http::HeaderName>(), value.parse()) {
            response.headers_mut().insert(name, value);
        }
    }
    response
}

fn push_only() -> Response {
    let detail = "Pushes are sent here with POST or PUT.";
    let failure = Failure(Problem::new(&codes::METHOD_NOT_ALLOWED, detail));
    ([(ALLOW, HeaderValue::from_static("POST, PUT"))], failure).into_response()
}
