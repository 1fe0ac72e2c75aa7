//! What came back.

use bytes::Bytes;
use http::{HeaderMap, StatusCode, header};
use kernel::RequestLogId;
use std::fmt;
use std::time::Duration;
use url::Url;

/// The head of an answer.
#[derive(Clone)]
pub struct ResponseHead {
    /// The status.
    pub status: StatusCode,
    /// The headers; those of a compression that was undone are gone.
    pub headers: HeaderMap,
}

/// A whole answer, of any status but those that ask for fewer requests.
#[derive(Clone)]
pub struct Response {
    /// Status and headers.
    pub head: ResponseHead,
    /// The body, decompressed.
    pub body: Bytes,
    /// Where it came from in the end. It can hold secrets of the request.
    pub final_url: Url,
    /// Which attempt brought it, from 1.
    pub attempt: u32,
    /// Its entry in the request log.
    pub log_id: RequestLogId,
    /// Time to the head of the answer, redirects included.
    pub first_byte: Duration,
    /// Time of the whole attempt.
    pub duration: Duration,
}

impl Response {
    /// Whether the version that was asked about is still the current one.
    pub fn not_modified(&self) -> bool {
        self.head.status == StatusCode::NOT_MODIFIED
    }

    /// What to send along next time.
    pub fn validators(&self) -> crate::Validators {
        let text = |name| self.head.headers.get(name)?.to_str().ok().map(str::to_owned);
        crate::Validators { etag: text(header::ETAG), last_modified: text(header::LAST_MODIFIED) }
    }
}

// An answer can bring tokens: of what it holds, only its size is printed.
impl fmt::Debug for Response {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Response({}, {} bytes)", self.head.status, self.body.len())
    }
}

impl fmt::Debug for ResponseHead {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "ResponseHead({})", self.status)
    }
}
