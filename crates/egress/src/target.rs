//! What can be said against a URL before anything is resolved.

use crate::error::EgressError;
use crate::guard::Guard;
use std::net::IpAddr;
use url::{Host, Url};

/// Whether the URL may be called. Addresses that it spells out are checked here, because the
/// connector does not resolve those; names are checked where they are resolved.
pub(crate) fn check(url: &Url, guard: &Guard) -> Result<(), EgressError> {
    let bad = |why: &str| Err(EgressError::BadUrl(why.to_owned()));
    if !matches!(url.scheme(), "http" | "https") {
        return bad(&format!("{}: addresses cannot be called, only http and https", url.scheme()));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return bad("the address holds a user or a password; put them into the credentials");
    }
    if url.port() == Some(0) {
        return bad("port 0 cannot be called");
    }
    let address: IpAddr = match url.host() {
        Some(Host::Ipv4(address)) => address.into(),
        Some(Host::Ipv6(address)) => address.into(),
        Some(Host::Domain(name)) if !name.is_empty() => return Ok(()),
        Some(Host::Domain(_)) | None => return bad("the address has no host"),
    };
    let host = url.host_str().unwrap_or_default();
    guard.check(address).map_err(|refusal| EgressError::forbidden(host, &refusal))
}

#[cfg(test)]
mod tests {
    use super::*;
    use kernel::codes;

    #[test]
    fn odd_spellings_are_the_same_address() {
        for url in [
            "http://127.0.0.1/",
            "http://2130706433/",
            "http://0x7f.1/",
            "http://0177.0.0.1/",
            "http://127.1/",
            "http://127.0.0.1./",
            "http://[::ffff:127.0.0.1]/",
            "http://[::1]/",
            "http://[::]/",
            "http://0/",
            "http://①②⑦.0.0.1/",
            "http://169.254.169.254/latest/meta-data",
            "http://[64:ff9b::a9fe:a9fe]/",
        ] {
            let error = check(&url.parse().unwrap(), &Guard::default()).unwrap_err();
            assert_eq!(error.code(), &codes::EGRESS_FORBIDDEN, "{url}");
        }
    }

    #[test]
    fn only_plain_web_addresses_are_called() {
        for url in [
            "ftp://a.example/",
            "file:///etc/passwd",
            "gopher://a.example/",
            "http://user@a.example/",
            "http://:secret@a.example/",
            "http://a.example:0/",
            "data:text/plain,x",
        ] {
            let error = check(&url.parse().unwrap(), &Guard::default()).unwrap_err();
            assert_eq!(error.code(), &codes::EGRESS_URL, "{url}");
        }
        for url in ["http://a.example/", "https://a.example:8443/x?y", "https://1.1.1.1/"] {
            assert_eq!(check(&url.parse().unwrap(), &Guard::default()), Ok(()), "{url}");
        }
    }

    #[test]
    fn the_refusal_says_what_to_do() {
        let error = check(&"http://10.0.0.5/".parse().unwrap(), &Guard::default()).unwrap_err();
        assert_eq!(
            error.to_string(),
            "10.0.0.5 is a private address; start with --allow-network 10.0.0.0/8 to allow it"
        );
    }
}
