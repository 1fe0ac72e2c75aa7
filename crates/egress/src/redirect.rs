//! Where a redirect leads and what goes along. Pure. Sources: RFC 9110 section 15.4, the Fetch
//! standard's HTTP-redirect fetch.

use crate::error::EgressError;
use crate::redact::Redactor;
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use kernel::looks_secret;
use url::Url;

/// Redirects followed in one attempt.
const MOST_HOPS: usize = 5;

/// One request as it goes over the wire.
#[derive(Clone)]
pub(crate) struct Outgoing {
    pub(crate) method: Method,
    pub(crate) url: Url,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Outgoing {
    /// The request that this answer leads to; `None` if it is not a redirect.
    pub(crate) fn follow(
        &self,
        status: StatusCode,
        location: Option<&HeaderValue>,
        secrets: &Redactor,
    ) -> Result<Option<Self>, EgressError> {
        if !matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308) {
            return Ok(None);
        }
        let Some(location) = location else { return Ok(None) };
        let refuse = |why: &str| Err(EgressError::Redirect(format!("{} {why}", self.host())));
        let target = std::str::from_utf8(location.as_bytes());
        let Ok(Ok(mut url)) = target.map(|text| self.url.join(text)) else {
            return refuse("redirects to something that is not an address");
        };
        url.set_fragment(None);
        let mut next = Self { url, ..self.clone() };
        if becomes_get(status, &self.method) {
            next.method = Method::GET;
            next.body = Bytes::new();
            for about_body in
                [header::CONTENT_TYPE, header::CONTENT_ENCODING, header::CONTENT_LANGUAGE]
            {
                next.headers.remove(about_body);
            }
        }
        if next.url.origin() != self.url.origin() {
            if self.url.scheme() == "https" && next.url.scheme() == "http" && self.proves(secrets) {
                return refuse("redirects from https to http, which would expose the credentials");
            }
            if holds_secret(&next.body, secrets) {
                return refuse("redirects to another host, which must not see the credentials");
            }
            next.forget(secrets);
        }
        Ok(Some(next))
    }

    fn host(&self) -> &str {
        self.url.host_str().unwrap_or_default()
    }

    /// Whether the request says who asks.
    fn proves(&self, secrets: &Redactor) -> bool {
        self.headers.iter().any(|(name, value)| is_proof(name, value, secrets))
            || secrets.finds_in_url(&self.url)
            || holds_secret(&self.body, secrets)
    }

    /// Drops the headers that say who asks.
    fn forget(&mut self, secrets: &Redactor) {
        let proofs: Vec<HeaderName> = self
            .headers
            .iter()
            .filter(|(name, value)| is_proof(name, value, secrets))
            .map(|(name, _)| name.clone())
            .collect();
        proofs.iter().for_each(|name| {
            self.headers.remove(name);
        });
    }
}

/// What one attempt went through, to see where it goes in circles.
#[derive(Default)]
pub(crate) struct Trail(Vec<(Method, Url)>);

impl Trail {
    /// Notes a redirect from `from` to `to`.
    pub(crate) fn step(&mut self, from: &Outgoing, to: &Outgoing) -> Result<(), EgressError> {
        self.0.push((from.method.clone(), from.url.clone()));
        if self.0.iter().any(|(method, url)| *method == to.method && *url == to.url) {
            return Err(EgressError::Redirect(format!("{} redirects in a circle", from.host())));
        }
        if self.0.len() > MOST_HOPS {
            let why = format!("{} redirects more than {MOST_HOPS} times", self.start());
            return Err(EgressError::Redirect(why));
        }
        Ok(())
    }

    fn start(&self) -> &str {
        self.0.first().and_then(|(_, url)| url.host_str()).unwrap_or_default()
    }
}

fn becomes_get(status: StatusCode, method: &Method) -> bool {
    match status.as_u16() {
        303 => *method != Method::HEAD,
        301 | 302 => *method == Method::POST,
        _ => false,
    }
}

fn is_proof(name: &HeaderName, value: &HeaderValue, secrets: &Redactor) -> bool {
    // `Proxy-Authorization` and the many `X-…-Token` are found by their words.
    *name == header::COOKIE
        || looks_secret(name.as_str())
        || secrets.finds(&String::from_utf8_lossy(value.as_bytes()))
}

fn holds_secret(body: &[u8], secrets: &Redactor) -> bool {
    !body.is_empty() && secrets.finds(&String::from_utf8_lossy(body))
}

#[cfg(test)]
mod tests {
    use super::*;
    use kernel::Secret;

    fn outgoing(method: Method, url: &str) -> Outgoing {
        let mut headers = HeaderMap::new();
        for (name, value) in [
            ("authorization", "Bearer tok-12345"),
            ("cookie", "a=b"),
            ("x-api-key", "k"),
            ("x-shop", "pre tok-12345"),
            ("accept", "text/plain"),
            ("content-type", "text/plain"),
        ] {
            headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
        }
        Outgoing { method, url: url.parse().unwrap(), headers, body: Bytes::from_static(b"hello") }
    }

    fn follow(from: &Outgoing, status: u16, to: &str) -> Result<Option<Outgoing>, EgressError> {
        let secrets = Redactor::new(&[Secret::new("tok-12345".to_owned())]);
        let location = HeaderValue::from_str(to).unwrap();
        from.follow(StatusCode::from_u16(status).unwrap(), Some(&location), &secrets)
    }

    #[test]
    fn methods_change_as_the_standard_says() {
        for (status, before, after, body) in [
            (301, Method::POST, Method::GET, ""),
            (302, Method::POST, Method::GET, ""),
            (303, Method::PUT, Method::GET, ""),
            (303, Method::HEAD, Method::HEAD, "hello"),
            (301, Method::PUT, Method::PUT, "hello"),
            (307, Method::POST, Method::POST, "hello"),
            (308, Method::POST, Method::POST, "hello"),
        ] {
            let next = follow(&outgoing(before, "https://a.example/x"), status, "/y");
            let next = next.unwrap().unwrap();
            assert_eq!((next.method, &next.body[..]), (after, body.as_bytes()), "{status}");
            assert_eq!(next.url.as_str(), "https://a.example/y");
            assert_eq!(next.headers.contains_key("content-type"), !body.is_empty());
            assert!(next.headers.contains_key("authorization"));
        }
        assert!(follow(&outgoing(Method::GET, "https://a.example/"), 304, "/y").unwrap().is_none());
        assert!(follow(&outgoing(Method::GET, "https://a.example/"), 200, "/y").unwrap().is_none());
    }

    #[test]
    fn another_origin_does_not_learn_who_asks() {
        for to in ["https://b.example/", "https://a.example:444/", "//sub.a.example/"] {
            let next = follow(&outgoing(Method::GET, "https://a.example/x"), 302, to);
            let next = next.unwrap().unwrap();
            let mut left: Vec<_> = next.headers.keys().map(HeaderName::as_str).collect();
            left.sort_unstable();
            assert_eq!(left, ["accept", "content-type"], "{to}");
        }
    }

    #[test]
    fn what_would_expose_credentials_is_refused() {
        let get = outgoing(Method::GET, "https://a.example/x");
        assert!(follow(&get, 302, "http://a.example/x").is_err());
        let mut post = outgoing(Method::POST, "https://a.example/token");
        post.body = Bytes::from_static(b"client_secret=tok-12345");
        assert!(follow(&post, 307, "https://b.example/").is_err());
        assert!(follow(&post, 303, "https://b.example/").is_ok());
        let mut plain = get;
        plain.headers.clear();
        assert!(follow(&plain, 302, "http://a.example/x").is_ok());
        plain.url = "https://a.example/?v=tok-12345".parse().unwrap();
        assert!(follow(&plain, 302, "http://a.example/x").is_err());
        assert!(follow(&plain, 302, "http://[").is_err());
    }

    #[test]
    fn circles_and_long_trails_end() {
        let at = |path: usize| outgoing(Method::GET, &format!("https://a.example/{path}"));
        let mut trail = Trail::default();
        trail.step(&at(0), &at(1)).unwrap();
        assert!(trail.step(&at(1), &at(0)).unwrap_err().to_string().contains("circle"));
        let mut trail = Trail::default();
        for hop in 0..MOST_HOPS {
            trail.step(&at(hop), &at(hop + 1)).unwrap();
        }
        assert!(trail.step(&at(MOST_HOPS), &at(99)).unwrap_err().to_string().contains("5 times"));
    }
}
