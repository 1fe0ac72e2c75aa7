//! One attempt: a request, the redirects it meets, and the whole answer, within one time limit. Each
//! hop is checked, counted by its host's circuit and logged by itself.

use crate::circuits::Permit;
use crate::door::Door;
use crate::error::{EgressError, Phase};
use crate::log::Draft;
use crate::redact::{Redactor, authority};
use crate::redirect::{Outgoing, Trail};
use crate::request::{Limits, Request};
use crate::response::{Response, ResponseHead};
use crate::{classify, target};
use bytes::{Bytes, BytesMut};
use http::{Method, StatusCode, header};
use tokio::time::{Instant, timeout_at};

/// One attempt at a request.
pub(crate) struct Attempt<'a> {
    pub(crate) door: &'a Door,
    pub(crate) request: &'a Request,
    pub(crate) secrets: &'a Redactor,
    pub(crate) limits: Limits,
    /// Which one it is, from 1.
    pub(crate) number: u32,
    /// Whether to go even where the circuit is open.
    pub(crate) insists: bool,
}

enum Hop {
    Answered(Response),
    Moved(Outgoing),
}

impl Attempt<'_> {
    /// Runs it. Errors are free of secrets.
    pub(crate) async fn run(&self) -> Result<Response, EgressError> {
        let started = Instant::now();
        let mut outgoing = Outgoing {
            method: self.request.method.clone(),
            url: self.request.url.clone(),
            headers: self.request.all_headers(),
            body: self.request.body.clone(),
        };
        outgoing.url.set_fragment(None);
        let mut trail = Trail::default();
        loop {
            self.sign(&mut outgoing);
            match self.hop(&outgoing, started).await? {
                Hop::Answered(response) => return Ok(response),
                Hop::Moved(next) => {
                    trail.step(&outgoing, &next).map_err(|error| error.hide(self.secrets))?;
                    outgoing = next;
                }
            }
        }
    }

    /// A proof is made anew for each hop, and for the origin alone that it is meant for.
    fn sign(&self, it: &mut Outgoing) {
        if let Some(sign) = &self.request.sign
            && it.url.origin() == self.request.url.origin()
            && let Some(proof) = sign(&it.method, &it.url, &it.headers, &it.body)
        {
            it.headers.insert(header::AUTHORIZATION, proof);
        }
    }

    async fn hop(&self, outgoing: &Outgoing, started: Instant) -> Result<Hop, EgressError> {
        let hide = |error: EgressError| error.hide(self.secrets);
        target::check(&outgoing.url, &self.door.guard).map_err(hide)?;
        let permit = self.permit(outgoing).map_err(hide)?;
        let mut draft = self.draft(outgoing);
        let deadline = started + self.limits.whole;
        let exchanged = timeout_at(deadline, self.exchange(outgoing, started, &mut draft)).await;
        let exchanged = exchanged.unwrap_or_else(|_| {
            let (host, after) = (authority(&outgoing.url), self.limits.whole);
            Err(EgressError::Timeout { host, phase: Phase::Whole, after })
        });
        match exchanged.map_err(hide) {
            Ok(hop) => {
                match &hop {
                    // A gateway that says so speaks for a host that is not there.
                    Hop::Answered(answer) if matches!(answer.head.status.as_u16(), 502..=504) => {
                        permit.failed(format!("status {}", answer.head.status.as_u16()));
                    }
                    _ => permit.succeeded(),
                }
                draft.answered(match &hop {
                    Hop::Answered(answer) => answer.body.len(),
                    Hop::Moved(_) => 0,
                });
                Ok(hop)
            }
            Err(error) => {
                if error.is_dead_host() {
                    permit.failed(error.to_string());
                } else if error.may_have_arrived() {
                    permit.succeeded();
                }
                draft.failed(&error);
                Err(error)
            }
        }
    }

    async fn exchange(
        &self,
        outgoing: &Outgoing,
        started: Instant,
        draft: &mut Draft<'_>,
    ) -> Result<Hop, EgressError> {
        let mut request = reqwest::Request::new(outgoing.method.clone(), outgoing.url.clone());
        *request.headers_mut() = outgoing.headers.clone();
        if !outgoing.body.is_empty() {
            *request.body_mut() = Some(outgoing.body.clone().into());
        }
        let mut answer = self.door.wire.exchange(request, self.limits.first_byte).await?;
        let first_byte = started.elapsed();
        draft.status(answer.status());
        let location = answer.headers().get(header::LOCATION).filter(|_| self.request.follows);
        if let Some(next) = outgoing.follow(answer.status(), location, self.secrets)? {
            return Ok(Hop::Moved(next));
        }
        let headers = std::mem::take(answer.headers_mut());
        let head = ResponseHead { status: answer.status(), headers };
        let body = self.body(outgoing, answer).await?;
        Ok(Hop::Answered(Response {
            head,
            body,
            final_url: outgoing.url.clone(),
            attempt: self.number,
            log_id: draft.id(),
            first_byte,
            duration: started.elapsed(),
        }))
    }

    /// Reads the body piece by piece as it is decompressed, so that a small answer that unpacks to a
    /// huge one is stopped at the limit.
    async fn body(
        &self,
        outgoing: &Outgoing,
        mut answer: reqwest::Response,
    ) -> Result<Bytes, EgressError> {
        let url = &outgoing.url;
        let status = answer.status();
        // Nothing follows, and nothing is to be unpacked, whatever the headers say.
        if outgoing.method == Method::HEAD
            || [StatusCode::NO_CONTENT, StatusCode::NOT_MODIFIED].contains(&status)
        {
            return Ok(Bytes::new());
        }
        let limit = self.limits.max_body;
        let too_large = || EgressError::TooLarge { host: authority(url), limit };
        let cuts = self.request.cuts;
        if !cuts && answer.content_length().is_some_and(|it| it > limit) {
            return Err(too_large());
        }
        let mut body = BytesMut::new();
        while let Some(piece) = answer
            .chunk()
            .await
            .map_err(|error| classify::classify(&error, url, self.door.config.connect_timeout))?
        {
            let room = usize::try_from(limit).unwrap_or(usize::MAX) - body.len();
            if piece.len() > room && !cuts {
                return Err(too_large());
            }
            body.extend_from_slice(&piece[..piece.len().min(room)]);
            if piece.len() > room {
                break;
            }
        }
        Ok(body.freeze())
    }

    fn permit(&self, outgoing: &Outgoing) -> Result<Permit, EgressError> {
        let (workspace, origin) = (self.request.workspace, outgoing.url.origin());
        let (circuits, origin) = (&self.door.circuits, origin.ascii_serialization());
        if self.insists {
            Ok(circuits.enter_anyway(workspace, &origin))
        } else {
            circuits.enter(workspace, &origin)
        }
    }

    fn draft(&self, outgoing: &Outgoing) -> Draft<'_> {
        Draft::new(
            &self.door.log,
            (&self.door.clock, &self.door.entropy),
            self.request,
            (
                outgoing.method.to_string(),
                self.secrets.authority(&outgoing.url),
                self.secrets.url(&outgoing.url),
            ),
            (self.number, &outgoing.body),
        )
    }
}
