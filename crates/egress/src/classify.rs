//! From what the HTTP client says to what a person can act on.

use crate::error::{EgressError, Phase};
use crate::redact::authority;
use crate::resolve::Undialable;
use rustls::CertificateError;
use std::error::Error;
use std::io;
use std::iter::successors;
use std::time::Duration;
use url::Url;

/// What an error of the client means.
pub(crate) fn classify(error: &reqwest::Error, url: &Url, connect: Duration) -> EgressError {
    let host = authority(url);
    if let Some(undialable) = find::<Undialable>(error) {
        return undialed(undialable, url);
    }
    if let Some(tls) = find::<rustls::Error>(error) {
        return EgressError::Tls { host, detail: tls_detail(tls) };
    }
    if error.is_connect() {
        if error.is_timeout() {
            return EgressError::Timeout { host, phase: Phase::Connect, after: connect };
        }
        let detail = find::<io::Error>(error).map_or_else(|| deepest(error), io_detail);
        return EgressError::Connect { host, detail };
    }
    EgressError::Broken { host, detail: broken_detail(error) }
}

/// What a name that may not or can not be dialled means.
pub(crate) fn undialed(why: &Undialable, url: &Url) -> EgressError {
    let host = url.host_str().unwrap_or_default();
    match why {
        Undialable::Closed(refusal) => EgressError::forbidden(host, refusal),
        Undialable::Unknown(failure) => EgressError::Dns {
            host: host.to_owned(),
            detail: failure.detail.clone(),
            temporary: failure.temporary,
        },
    }
}

/// What went wrong below HTTP.
pub(crate) fn io_detail(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::ConnectionRefused => {
            "it was refused; nothing listens on that port".to_owned()
        }
        io::ErrorKind::ConnectionReset => "it was reset by the other side".to_owned(),
        io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable => {
            "the network does not reach it".to_owned()
        }
        io::ErrorKind::UnexpectedEof => "it was closed by the other side".to_owned(),
        _ => error.to_string(),
    }
}

/// What is wrong with a certificate or a handshake.
pub(crate) fn tls_detail(error: &rustls::Error) -> String {
    use CertificateError as Bad;
    let rustls::Error::InvalidCertificate(certificate) = error else {
        return match error {
            rustls::Error::InvalidMessage(_) => {
                "it does not speak TLS on this port; is it http rather than https?".to_owned()
            }
            other => format!("the TLS handshake failed: {other}"),
        };
    };
    match certificate {
        Bad::Expired | Bad::ExpiredContext { .. } => "its certificate has expired".to_owned(),
        Bad::NotValidYet | Bad::NotValidYetContext { .. } => {
            "its certificate is not valid yet".to_owned()
        }
        Bad::NotValidForName | Bad::NotValidForNameContext { .. } => {
            "its certificate is for another host name".to_owned()
        }
        Bad::UnknownIssuer => {
            "its certificate was issued by an authority that this machine does not know".to_owned()
        }
        Bad::Revoked => "its certificate was revoked".to_owned(),
        other => format!("its certificate was not accepted: {other}"),
    }
}

fn broken_detail(error: &reqwest::Error) -> String {
    let below = || find::<io::Error>(error).map_or_else(|| deepest(error), io_detail);
    match find::<hyper::Error>(error) {
        Some(http) if http.is_parse_too_large() => "its headers are too large".to_owned(),
        Some(http) if http.is_parse() => "it is not HTTP".to_owned(),
        Some(http) if http.is_incomplete_message() => {
            "the connection was closed before it was complete".to_owned()
        }
        // Whatever came over the wire came whole.
        None if error.is_decode() => "it cannot be decompressed".to_owned(),
        _ => below(),
    }
}

/// The innermost error of this kind.
fn find<T: Error + 'static>(error: &reqwest::Error) -> Option<&T> {
    chain(error).filter_map(|link| link.downcast_ref()).last()
}

fn deepest(error: &reqwest::Error) -> String {
    chain(error).last().map(ToString::to_string).unwrap_or_default()
}

fn chain(error: &reqwest::Error) -> impl Iterator<Item = &(dyn Error + 'static)> {
    successors(Some(error as &(dyn Error + 'static)), |link| {
        // An I/O error leaves the error it was made of out of its own chain.
        let wrapped = link.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        wrapped.map(|inside| inside as &(dyn Error + 'static)).or_else(|| Error::source(*link))
    })
}
