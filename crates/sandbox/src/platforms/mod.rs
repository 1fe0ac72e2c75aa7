//! An OAuth provider by the book and the eight platforms of artists, each at the paths of the real one
//! under one address. One engine keeps codes, grants and tokens ([`book`]); what a platform does
//! differently is a table in `api/`, where its data are as well. The same clock and seed make the same
//! tokens and the same numbers.
//!
//! Under `/sandbox/` each takes orders: see [`control`]. Faults never befall those paths.

mod api;
mod artist;
mod ask;
mod authorize;
mod book;
mod call;
mod control;
mod device;
mod graph;
mod hub;
mod oauth1;
mod page;
mod push;
mod quota;
mod refusal;
mod rules;
mod style;
mod token;
mod webhook;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use kernel::{Clock, Secret};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::fault::FaultDesk;
use crate::seed::Seed;
use crate::{SandboxError, Service};

pub use api::apple_music::DeveloperKey;
pub use artist::Account;
use artist::Artist;
use ask::Ask;
use book::{Book, Client, Memory};
use oauth1::Signing;
use push::Pushes;
pub use push::{PushDelivery, PushEvent};
use quota::Meter;
pub(crate) use refusal::{down, storm};
pub use rules::{Counters, Model, TokenRules};
use style::{Act, Style};

/// What the paths of the control begin with.
pub(crate) const CONTROL: &str = "/sandbox/";

/// How the authorize page is answered without anybody clicking.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Consent {
    /// Whether access is granted.
    pub allow: bool,
    /// Whose account it is; the first of the chooser unless given.
    #[serde(default)]
    pub account: Option<String>,
    /// What is granted of what is asked for; all of it unless given.
    #[serde(default)]
    pub scopes: Option<Vec<String>>,
}

/// What a platform keeps.
#[derive(Deserialize, Serialize)]
struct Kept {
    book: Memory,
    pushes: Pushes,
}

/// A platform with its authority: counters, orders, pushes.
#[derive(Debug)]
pub struct Platform {
    style: &'static Style,
    clock: Clock,
    seed: Seed,
    /// Where it listens, without a slash at the end.
    url: String,
    desk: Arc<FaultDesk>,
    client_id: String,
    client_secret: Secret<String>,
    book: Mutex<Book>,
    consent: Mutex<Option<Consent>>,
    meter: Mutex<Meter>,
    requests: Mutex<BTreeMap<String, u64>>,
    pushes: Mutex<Pushes>,
    signing: Mutex<Signing>,
}

impl Platform {
    pub(crate) fn new(
        service: Service,
        clock: Clock,
        seed: Seed,
        url: String,
        desk: Arc<FaultDesk>,
    ) -> Option<Arc<Self>> {
        let style = api::style(service)?;
        let client_id = match service {
            // Meta's app ids are numbers; they stand in paths.
            Service::Instagram | Service::Facebook => seed.number(&format!("{service} app"), 15),
            _ => format!("{service}-sandbox-client"),
        };
        let client_secret = seed.hex(&format!("{service} client secret"));
        let mut book = Book::new(seed.clone(), style);
        let client = Client { secret: client_secret.clone(), redirect_uris: Vec::new() };
        book.clients.insert(client_id.clone(), client);
        Some(Arc::new(Self {
            style,
            clock,
            url,
            desk,
            client_id,
            client_secret: Secret::new(client_secret),
            book: Mutex::new(book),
            consent: Mutex::default(),
            meter: Mutex::new(Meter::new(style.quota)),
            requests: Mutex::default(),
            pushes: Mutex::new(Pushes::default()),
            signing: Mutex::default(),
            seed,
        }))
    }

    /// The service that it is.
    pub fn service(&self) -> Service {
        self.style.service
    }

    /// The id of the app that is known from the start. It takes any callback.
    pub fn client_id(&self) -> &str {
        &self.client_id
    }

    /// The secret of that app; it signs the platform's pushes, too.
    pub fn client_secret(&self) -> &Secret<String> {
        &self.client_secret
    }

    /// What developer tokens are signed with; Apple Music alone has it.
    pub fn developer_key(&self) -> Option<DeveloperKey> {
        let is_apple = self.style.service == Service::AppleMusic;
        let key = is_apple.then(|| api::apple_music::developer_key(&self.seed)).flatten();
        key.map(|(key, _)| key)
    }

    /// All scopes that can be asked for.
    pub fn scopes(&self) -> &'static [&'static str] {
        self.style.scopes
    }

    /// Makes an app known. With `redirect_uris` only those are taken, compared to the letter; without,
    /// any.
    pub fn register(&self, id: &str, secret: &str, redirect_uris: Vec<String>) {
        let client = Client { secret: secret.to_owned(), redirect_uris };
        self.book().clients.insert(id.to_owned(), client);
    }

    /// Answers the authorize page from now on, or leaves it to people again.
    pub fn set_consent(&self, consent: Option<Consent>) {
        *lock(&self.consent) = consent;
    }

    /// How tokens live.
    pub fn rules(&self) -> TokenRules {
        self.book().rules
    }

    /// How tokens live that are granted from now on.
    pub fn set_rules(&self, rules: TokenRules) {
        self.book().rules = rules;
    }

    /// Grants access as if somebody had agreed in the browser, and gives the token answer. Without
    /// scopes all are granted. Apple Music gives `{"music_user_token"}`.
    pub fn grant(&self, account: &str, scopes: Option<Vec<String>>) -> Value {
        let scopes =
            scopes.unwrap_or_else(|| self.style.scopes.iter().map(|s| (*s).to_owned()).collect());
        let now = self.clock.now();
        let issued = self.book().grant_at_once(&self.client_id, account, scopes, now);
        token::answer(self, &issued, now)
    }

    /// Plays a person who comes to the authorize page with this address and agrees to all of it as this
    /// account; gives the address that the browser is sent back to.
    pub async fn agree(&self, authorize_url: &str, account: &str) -> Option<String> {
        let separator = if authorize_url.contains('?') { '&' } else { '?' };
        let uri = format!("{authorize_url}{separator}auto=allow&account={account}");
        let request = Request::get(uri).body(Body::empty()).ok()?;
        let ask = Ask::read(request, self.clock.now()).await.ok()?;
        let back = authorize::serve(self, &ask);
        back.headers().get(header::LOCATION)?.to_str().ok().map(str::to_owned)
    }

    /// Takes the grants of an account back, or all of them, as a person does in the settings of the
    /// platform. Gives how many there were.
    pub fn revoke(&self, account: Option<&str>) -> usize {
        self.book().revoke_account(account)
    }

    /// What has happened so far.
    pub fn counters(&self) -> Counters {
        let mut counters = self.book().counters(self.clock.now());
        counters.requests = lock(&self.requests).clone();
        let meter = lock(&self.meter);
        (counters.over_quota, counters.quota_peak) = (meter.refused, meter.peak);
        counters
    }

    /// How many requests (YouTube: units) a window allows from now on; what was used is forgotten.
    /// `None` brings the platform's own number back.
    pub fn set_quota(&self, limit: Option<u32>) {
        let mut quota = self.style.quota;
        quota.limit = limit.unwrap_or(quota.limit);
        *lock(&self.meter) = Meter::new(quota);
    }

    /// The account of this handle, with its id on this platform. There is one for any handle.
    pub fn account(&self, handle: &str) -> Account {
        self.artist(handle).account(self.style.service)
    }

    /// The accounts among which the authorize page lets people choose.
    pub fn accounts(&self) -> Vec<Account> {
        artist::HANDLES.iter().map(|handle| self.account(handle)).collect()
    }

    /// Registers a callback for pushes as on the platform's dashboard, after its handshake.
    ///
    /// # Errors
    /// [`SandboxError::Target`], [`SandboxError::Handshake`] when the callback does not answer as it
    /// must, [`SandboxError::NoPushes`].
    pub async fn register_webhook(
        &self,
        callback: &str,
        verify_token: &str,
    ) -> Result<(), SandboxError> {
        webhook::register(self, callback, verify_token).await.map(drop)
    }

    /// Tells all callbacks (YouTube: those subscribed to the channel) what has happened to an account.
    ///
    /// # Errors
    /// [`SandboxError::NoPushes`] where the platform sends none, or none of the kind.
    pub async fn push(
        &self,
        account: &str,
        event: PushEvent,
    ) -> Result<Vec<PushDelivery>, SandboxError> {
        push::send(self, account, event).await
    }

    pub(crate) fn memory(&self) -> Value {
        json!(Kept { book: self.book().memory(), pushes: lock(&self.pushes).clone() })
    }

    pub(crate) fn recall(&self, memory: &Value) -> Result<(), SandboxError> {
        let kept = Kept::deserialize(memory);
        let Kept { book, pushes } = kept.map_err(|_| SandboxError::Memory)?;
        self.book().recall(book);
        *lock(&self.pushes) = pushes;
        Ok(())
    }

    fn artist(&self, handle: &str) -> Artist {
        Artist::new(self.seed.clone(), handle)
    }

    fn book(&self) -> MutexGuard<'_, Book> {
        lock(&self.book)
    }

    fn state(&self) -> Value {
        json!({
            "service": self.style.service,
            "url": self.url,
            "client_id": self.client_id,
            "scopes": self.style.scopes,
            "rules": self.rules(),
            "faults": self.desk.get(self.style.service),
            "consent": *lock(&self.consent),
            "accounts": self.accounts(),
            "counters": self.counters(),
            "webhooks": lock(&self.pushes).list(),
        })
    }
}

pub(crate) fn router(platform: Arc<Platform>) -> Router {
    Router::new().fallback(serve).with_state(platform)
}

async fn serve(State(platform): State<Arc<Platform>>, request: Request) -> Response {
    let mut ask = match Ask::read(request, platform.clock.now()).await {
        Ok(ask) => ask,
        Err(refused) => return refused,
    };
    if ask.path.starts_with(CONTROL) {
        return control::serve(&platform, &ask).await;
    }
    let Some(act) = ask.route(platform.style.routes) else {
        return (StatusCode::NOT_FOUND, "There is no such path here.").into_response();
    };
    match act {
        Act::Authorize => authorize::serve(&platform, &ask),
        Act::Token => token::serve(&platform, &ask).await,
        Act::Device => device::serve(&platform, &ask),
        Act::Special(answer) => answer(&platform, &ask),
        Act::Webhook => webhook::serve(&platform, &ask).await,
        Act::Hub => hub::serve(&platform, &ask).await,
        Act::Graph => graph::serve(&platform, &ask).await,
        Act::Call(call) => call::serve(&platform, &ask, call),
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
