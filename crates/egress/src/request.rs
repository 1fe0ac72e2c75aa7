//! What is to be sent, and the terms on which.

use crate::budget::Budget;
use crate::observe::{Observer, status_429};
use crate::retry::RetryPolicy;
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use kernel::{FeedId, IntegrationId, Secret, WorkspaceId};
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;
use url::Url;

/// A request that is complete: whatever proves who asks is in its headers, URL or body, or is made of them
/// by [`sign`](Self::sign).
#[derive(Clone)]
pub struct Request {
    /// On whose behalf.
    pub workspace: WorkspaceId,
    /// Through which integration, for the request log.
    pub integration: Option<IntegrationId>,
    /// For which feed, for the request log.
    pub feed: Option<FeedId>,
    /// The method.
    pub method: Method,
    /// Where to. `http` or `https`, no user and password in it.
    pub url: Url,
    /// The headers. `Host`, `Content-Length` and `Transfer-Encoding` are made from the rest.
    pub headers: HeaderMap,
    /// The body; empty for none.
    pub body: Bytes,
    /// Every secret that was rendered into URL, headers or body. Logs and errors are cleared of
    /// them, raw, percent-encoded and in base64; a redirect to another origin loses them.
    pub hidden: Vec<Secret<String>>,
    /// Makes the `Authorization` of each attempt, for proofs that work once.
    pub sign: Option<Signer>,
    /// Sends the validators of the answer that is already there.
    pub validators: Validators,
    /// Time and size; `None` is [`Config::limits`](crate::Config::limits).
    pub limits: Option<Limits>,
    /// When to try again.
    pub retry: RetryPolicy,
    /// Whether an identical GET or HEAD in flight of the same workspace may answer this one too.
    pub coalesce: bool,
    /// The buckets it takes a token from, each before it is sent.
    pub rate_limits: Vec<RateLimit>,
    /// The budgets it spends from.
    pub budgets: Vec<Budget>,
    /// Who goes first when a bucket is empty, and who is refused first when a budget runs low.
    pub lane: Lane,
    /// Whether a redirect is gone after. An answer that is not gone after is an answer like any other.
    pub follows: bool,
    /// Whether a body beyond [`Limits::max_body`] is cut there rather than refused.
    pub cuts: bool,
    /// Whether it goes even where the circuit is open. For one request at a time: the host is meant to be
    /// left alone.
    pub insists: bool,
    /// How long to wait for a token before giving up with `egress.rate_limited`.
    pub max_wait: Duration,
    /// Reads from an answer what the provider says about its limits.
    pub observer: Observer,
}

impl Request {
    /// A request with the usual terms.
    pub fn new(workspace: WorkspaceId, method: Method, url: Url) -> Self {
        Self {
            workspace,
            integration: None,
            feed: None,
            method,
            url,
            headers: HeaderMap::new(),
            body: Bytes::new(),
            hidden: Vec::new(),
            sign: None,
            validators: Validators::default(),
            limits: None,
            retry: RetryPolicy::default(),
            coalesce: true,
            rate_limits: Vec::new(),
            budgets: Vec::new(),
            lane: Lane::Background,
            follows: true,
            cuts: false,
            insists: false,
            max_wait: Duration::from_secs(30),
            observer: status_429(),
        }
    }

    /// The headers as they are sent.
    pub(crate) fn all_headers(&self) -> HeaderMap {
        let mut headers = self.headers.clone();
        // The connection's own business, made from URL and body.
        for ours in [header::HOST, header::CONTENT_LENGTH, header::TRANSFER_ENCODING] {
            headers.remove(ours);
        }
        let mut set = |name: HeaderName, value: &Option<String>| {
            if let Some(value) = value.as_ref().and_then(|text| HeaderValue::from_str(text).ok()) {
                headers.insert(name, value);
            }
        };
        set(header::IF_NONE_MATCH, &self.validators.etag);
        set(header::IF_MODIFIED_SINCE, &self.validators.last_modified);
        headers
    }

    /// Whether sending it twice is the same as sending it once.
    pub(crate) fn may_repeat(&self) -> bool {
        self.method.is_idempotent()
            || self.retry.repeat_unsafe
            || self.headers.contains_key("idempotency-key")
    }

    /// Two that look the same may be signed by different people.
    pub(crate) fn may_coalesce(&self) -> bool {
        self.coalesce
            && self.sign.is_none()
            && (self.method == Method::GET || self.method == Method::HEAD)
    }
}

/// From the method, address, headers and body of a request to its `Authorization`.
pub type Signer =
    Arc<dyn Fn(&Method, &Url, &HeaderMap, &[u8]) -> Option<HeaderValue> + Send + Sync>;

/// What an earlier answer said about its version.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Validators {
    /// Its `ETag`, quotes included.
    pub etag: Option<String>,
    /// Its `Last-Modified`.
    pub last_modified: Option<String>,
}

/// Time and size of one attempt. The time to connect is the same for all, see
/// [`Config::connect_timeout`](crate::Config::connect_timeout).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Limits {
    /// From the connection to the head of the answer.
    pub first_byte: Duration,
    /// From beginning to end, redirects and body included.
    pub whole: Duration,
    /// Bytes of body, after decompression.
    pub max_body: u64,
}

/// The longest that anything is waited for. Times are sums, which must not overflow.
pub(crate) const LONGEST_WAIT: Duration = Duration::from_secs(24 * 3600);

impl Limits {
    pub(crate) fn sane(self) -> Self {
        let (first_byte, whole) = (self.first_byte.min(LONGEST_WAIT), self.whole.min(LONGEST_WAIT));
        Self { first_byte, whole, ..self }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            first_byte: Duration::from_secs(15),
            whole: Duration::from_secs(30),
            max_body: 10 * 1024 * 1024,
        }
    }
}

/// Who goes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lane {
    /// Somebody is waiting for the answer.
    Interactive,
    /// Nobody is.
    Background,
}

/// A limit that a request counts against.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RateLimit {
    /// What is counted together: a connection, or a provider with one app. Keys are shared by all
    /// workspaces, so name the workspace in them unless the limit is common to all.
    pub key: String,
    /// Whose limit it is, for metrics.
    pub provider: String,
    /// Requests in a window; `None` holds back only when the provider's answers say so.
    pub requests: Option<NonZeroU32>,
    /// The window.
    pub window: Duration,
    /// Whether what the answers report is about this limit.
    pub learns: bool,
}
