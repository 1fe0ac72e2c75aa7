//! Where a request really came from. Only a proxy that the operator named is believed.

use axum::extract::ConnectInfo;
use http::HeaderMap;
use http::request::Parts;
use ipnet::IpNet;
use std::net::{IpAddr, SocketAddr};

/// The address of the client: the peer itself, or, when the peer is a trusted proxy, the last address
/// in `Forwarded` (RFC 7239) or `X-Forwarded-For` that is not one.
pub fn client_addr(parts: &Parts, trusted: &[IpNet]) -> Option<IpAddr> {
    let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>()?.0.ip().to_canonical();
    Some(behind_proxies(peer, &parts.headers, trusted))
}

fn behind_proxies(peer: IpAddr, headers: &HeaderMap, trusted: &[IpNet]) -> IpAddr {
    let trusts = |addr: &IpAddr| trusted.iter().any(|net| net.contains(addr));
    let mut client = peer;
    for hop in hops(headers).iter().rev() {
        if !trusts(&client) {
            break;
        }
        // What cannot be read was not written by a proxy of ours: the one before it is the last known.
        let Some(addr) = hop else { break };
        client = *addr;
    }
    client
}

fn hops(headers: &HeaderMap) -> Vec<Option<IpAddr>> {
    let values = |name: &str| {
        let all = headers.get_all(name).iter();
        all.map(|value| value.to_str().unwrap_or_default()).collect::<Vec<_>>().join(",")
    };
    let forwarded = values("forwarded");
    if !forwarded.is_empty() {
        return forwarded.split(',').map(forwarded_for).collect();
    }
    let list = values("x-forwarded-for");
    list.split(',').filter(|hop| !hop.trim().is_empty()).map(read_addr).collect()
}

fn forwarded_for(element: &str) -> Option<IpAddr> {
    let mut pairs = element.split(';').filter_map(|pair| pair.split_once('='));
    pairs
        .find(|(name, _)| name.trim().eq_ignore_ascii_case("for"))
        .and_then(|(_, it)| read_addr(it))
}

/// `192.0.2.1`, `192.0.2.1:80`, `2001:db8::1`, `"[2001:db8::1]:80"`.
fn read_addr(text: &str) -> Option<IpAddr> {
    let text = text.trim().trim_matches('"');
    let bare = text.trim_start_matches('[').trim_end_matches(']');
    let whole = text.parse::<SocketAddr>().map(|addr| addr.ip());
    whole.or_else(|_| bare.parse()).ok().map(|addr: IpAddr| addr.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(peer: &str, name: &'static str, value: &str, client: &str) {
        let trusted = ["10.0.0.0/8", "::1/128"].map(|net| net.parse().unwrap());
        let mut headers = HeaderMap::new();
        headers.insert(name, value.parse().unwrap());
        let found = behind_proxies(peer.parse().unwrap(), &headers, &trusted);
        assert_eq!(found, client.parse::<IpAddr>().unwrap(), "{peer} {name}: {value}");
    }

    #[test]
    fn only_trusted_proxies_are_believed() {
        check("192.0.2.9", "x-forwarded-for", "203.0.113.1", "192.0.2.9");
        check("10.0.0.1", "x-forwarded-for", "203.0.113.1", "203.0.113.1");
        check("10.0.0.1", "x-forwarded-for", "6.6.6.6, 203.0.113.1, 10.0.0.2", "203.0.113.1");
        check("10.0.0.1", "x-forwarded-for", "203.0.113.1, junk", "10.0.0.1");
        check(
            "10.0.0.1",
            "forwarded",
            "for=6.6.6.6, for=\"[2001:db8::1]:80\";proto=https",
            "2001:db8::1",
        );
        check("::1", "x-forwarded-for", "203.0.113.1:4711", "203.0.113.1");
        check("10.0.0.1", "x-forwarded-for", "10.0.0.3, 10.0.0.2", "10.0.0.3");
    }
}
