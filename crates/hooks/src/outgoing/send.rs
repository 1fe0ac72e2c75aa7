//! One attempt: signed anew, sent once, and what came of it.

use bytes::Bytes;
use db::Workspace;
use egress::{EgressError, Lane, Limits, Observation, RateLimit, Request, RetryPolicy};
use http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use kernel::{Event, MASK, Secret, Timestamp, WebhookId};
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;
use url::Url;

use super::Outgoing;
use super::schedule::Outcome;
use super::store::attempts::Attempt;
use super::webhook::{Secrets, Settings, Webhook};

/// Bytes of an answer that are kept.
const KEPT: u64 = 16 << 10;
/// How long an attempt waits for its turn under the webhook's rate limit before it is put off.
const MAX_WAIT: Duration = Duration::from_secs(5);

/// A webhook made ready to be told.
pub(crate) struct Endpoint {
    workspace: Workspace,
    pub(crate) id: WebhookId,
    pub(crate) settings: Settings,
    secrets: Secrets,
    /// What must not be written down.
    hidden: Vec<Secret<String>>,
}

/// How eagerly an attempt is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Zeal {
    /// Others may go first.
    Again,
    /// It goes before further attempts of others.
    First,
    /// The same, even where the host is being left alone.
    Insisting,
}

/// What came of it.
pub(crate) enum Sent {
    Tried(Attempt, Outcome),
    /// Nothing was sent: the host is left alone, or the rate limit is used up, for that long.
    Held(Hold, Duration),
}

/// What holds an attempt back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Hold {
    Circuit,
    Rate,
}

impl Endpoint {
    pub(crate) async fn open(
        workspace: &Workspace,
        webhook: &Webhook,
    ) -> Result<Self, db::DbError> {
        let secrets = webhook.secrets(workspace).await?;
        Ok(Self {
            workspace: workspace.clone(),
            id: webhook.id,
            settings: webhook.settings.clone(),
            hidden: secrets.headers.values().cloned().collect(),
            secrets,
        })
    }

    /// Tells it of an event.
    pub(crate) async fn send(&self, room: &Outgoing, event: &Event, zeal: Zeal) -> Sent {
        let clock = room.0.db.clock();
        let at = clock.now();
        let started = tokio::time::Instant::now();
        let answer = match self.request(room, event, zeal, at) {
            Ok(request) => room.0.egress.send(request).await,
            Err(error) => Err(error),
        };
        let mut attempt = Attempt {
            at,
            url: self.settings.url.clone(),
            status_code: None,
            duration_ms: u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX),
            error: None,
            response: None,
        };
        match answer {
            Ok(answer) => {
                let status = answer.head.status.as_u16();
                let retry_after = egress::retry_after(&answer.head, clock.now());
                attempt.status_code = Some(status);
                attempt.response = self.kept(&answer.body);
                if !(200..300).contains(&status) {
                    let told = format!("The endpoint answered with status {status}.");
                    attempt.error = Some(("webhook.refused".to_owned(), told));
                }
                Sent::Tried(attempt, Outcome::Answered { status, retry_after })
            }
            Err(EgressError::Circuit { retry_after, .. }) => Sent::Held(Hold::Circuit, retry_after),
            Err(EgressError::RateLimited { by_provider: false, retry_after }) => {
                Sent::Held(Hold::Rate, retry_after.unwrap_or(MAX_WAIT))
            }
            Err(error) => {
                let problem = error.problem();
                attempt.error = Some((problem.code.name.to_owned(), problem.detail));
                Sent::Tried(attempt, Outcome::Failed)
            }
        }
    }

    fn request(
        &self,
        room: &Outgoing,
        event: &Event,
        zeal: Zeal,
        at: Timestamp,
    ) -> Result<Request, EgressError> {
        let Settings { url, format, signing, timeout, rate, .. } = &self.settings;
        let url = Url::parse(url).map_err(|error| EgressError::BadUrl(error.to_string()))?;
        let id = event.id.to_string();
        let body = format.body(event, &room.0.public_url);
        let mut headers = self.headers();
        let mut set = |name: &'static str, value: &str| {
            // Of letters, digits and signs of base64: this does not fail.
            if let Ok(value) = HeaderValue::from_str(value) {
                headers.insert(HeaderName::from_static(name), value);
            }
        };
        set("content-type", format.content_type());
        set("webhook-id", &id);
        set("webhook-timestamp", &at.secs().to_string());
        set("webhook-signature", &signing.sign(self.secrets.signing(at), &id, at, &body));
        let requests = rate.and_then(|rate| NonZeroU32::new(rate.requests));
        let limit = rate.zip(requests).map(|(rate, requests)| RateLimit {
            key: format!("webhook {}", self.id),
            provider: "webhook".to_owned(),
            requests: Some(requests),
            window: Duration::from_secs(u64::from(rate.window_secs)),
            learns: false,
        });
        Ok(Request {
            headers,
            body: Bytes::from(body),
            hidden: self.hidden.clone(),
            limits: Some(Limits { first_byte: *timeout, whole: *timeout, max_body: KEPT }),
            retry: RetryPolicy::never(),
            coalesce: false,
            rate_limits: limit.into_iter().collect(),
            lane: if zeal == Zeal::Again { Lane::Background } else { Lane::Interactive },
            follows: false,
            cuts: true,
            insists: zeal == Zeal::Insisting,
            max_wait: MAX_WAIT,
            // What an answer means is decided by the schedule alone.
            observer: Arc::new(|_, _| Observation::default()),
            ..Request::new(self.workspace.id(), Method::POST, url)
        })
    }

    /// The headers that a person added.
    fn headers(&self) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT, HeaderValue::from_static("*/*"));
        for (name, shown) in &self.settings.headers {
            let value = self.secrets.headers.get(name).map_or(shown, |secret| secret.expose());
            if let (Ok(name), Ok(value)) =
                (HeaderName::try_from(name), HeaderValue::try_from(value))
            {
                headers.insert(name, value);
            }
        }
        headers
    }

    /// The beginning of an answer as it is kept: text without secrets that it may repeat.
    fn kept(&self, body: &[u8]) -> Option<String> {
        if body.is_empty() {
            return None;
        }
        // PostgreSQL stores no U+0000.
        let text = String::from_utf8_lossy(body).replace('\0', "\u{fffd}");
        let without = |text: String, secret: &Secret<String>| text.replace(secret.expose(), MASK);
        Some(self.hidden.iter().filter(|it| !it.expose().is_empty()).fold(text, without))
    }
}
