//! The request log: one entry for each request that left, without its secrets.

use crate::error::EgressError;
use crate::request::Request;
use bytes::Bytes;
use http::StatusCode;
use kernel::{Clock, Entropy, FeedId, IntegrationId, RequestLogId, Timestamp, WorkspaceId};
use std::sync::Arc;
use tokio::time::Instant;

/// Where entries go. Recording must not block: an implementation hands the entry to a writer.
pub trait Log: Send + Sync {
    /// Takes an entry.
    fn record(&self, entry: RequestLogEntry);
}

/// One request that left.
#[derive(Clone, Debug, PartialEq)]
pub struct RequestLogEntry {
    /// Its id.
    pub id: RequestLogId,
    /// On whose behalf.
    pub workspace: WorkspaceId,
    /// Through which integration.
    pub integration: Option<IntegrationId>,
    /// For which feed.
    pub feed: Option<FeedId>,
    /// When it was sent.
    pub at: Timestamp,
    /// The method.
    pub method: String,
    /// Host and port.
    pub host: String,
    /// The URL without its secrets.
    pub url: String,
    /// The status of the answer, if there was one.
    pub status: Option<u16>,
    /// Until the answer was complete or the request had failed.
    pub duration_ms: u64,
    /// Bytes of body sent.
    pub request_bytes: u64,
    /// Bytes of body received, after decompression.
    pub response_bytes: u64,
    /// Whether the answer was complete and its status is below 400.
    pub success: bool,
    /// The code of what went wrong, when nothing was answered.
    pub error_code: Option<&'static str>,
    /// What went wrong, when nothing was answered.
    pub error: Option<String>,
    /// Which attempt it was, from 1. The hops of a redirect share one.
    pub attempt: u32,
    /// Whether the answer was 304, so that what is already there was used.
    pub not_modified: bool,
}

/// An entry for a request that is out. Dropped without an outcome, it says that it was given up.
pub(crate) struct Draft<'a> {
    log: &'a Arc<dyn Log>,
    started: Instant,
    id: RequestLogId,
    entry: Option<RequestLogEntry>,
}

impl<'a> Draft<'a> {
    pub(crate) fn new(
        log: &'a Arc<dyn Log>,
        (clock, entropy): (&Clock, &Entropy),
        request: &Request,
        (method, host, url): (String, String, String),
        (attempt, body): (u32, &Bytes),
    ) -> Self {
        let at = clock.now();
        let id = RequestLogId::generate(at, entropy);
        let entry = RequestLogEntry {
            id,
            workspace: request.workspace,
            integration: request.integration,
            feed: request.feed,
            at,
            method,
            host,
            url,
            status: None,
            duration_ms: 0,
            request_bytes: body.len() as u64,
            response_bytes: 0,
            success: false,
            error_code: None,
            error: None,
            attempt,
            not_modified: false,
        };
        Self { log, started: Instant::now(), id, entry: Some(entry) }
    }

    /// The id that the entry will have.
    pub(crate) fn id(&self) -> RequestLogId {
        self.id
    }

    /// The head of an answer came.
    pub(crate) fn status(&mut self, status: StatusCode) {
        if let Some(entry) = &mut self.entry {
            entry.status = Some(status.as_u16());
            entry.not_modified = status == StatusCode::NOT_MODIFIED;
        }
    }

    /// The answer is complete.
    pub(crate) fn answered(mut self, bytes: usize) {
        if let Some(entry) = &mut self.entry {
            entry.response_bytes = bytes as u64;
            entry.success = entry.status.is_some_and(|status| status < 400);
        }
        self.write();
    }

    /// There will be no answer, or no whole one.
    pub(crate) fn failed(mut self, error: &EgressError) {
        if let Some(entry) = &mut self.entry {
            entry.error_code = Some(error.code().name);
            entry.error = Some(error.to_string());
        }
        self.write();
    }

    fn write(&mut self) {
        if let Some(mut entry) = self.entry.take() {
            entry.duration_ms = self.started.elapsed().as_millis() as u64;
            self.log.record(entry);
        }
    }
}

impl Drop for Draft<'_> {
    fn drop(&mut self) {
        if let Some(entry) = &mut self.entry {
            entry.error = Some("it was given up before the answer was complete".to_owned());
        }
        self.write();
    }
}
