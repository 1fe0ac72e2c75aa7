//! Which addresses may be called. Everything that is not plainly the public internet is refused
//! unless the operator opened its network. Pure: it looks at addresses, never at names.
//! Sources: the IANA IPv4 and IPv6 special-purpose address registries, RFC 6052, RFC 8215.

use ipnet::IpNet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The networks that are open, on top of the public internet.
#[derive(Clone, Debug, Default)]
pub struct Guard {
    allow: Vec<IpNet>,
}

/// Why an address may not be called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The address.
    pub address: IpAddr,
    /// What it is, to follow the word "is": "a private address".
    pub what: &'static str,
    /// The network to open for it to be allowed.
    pub network: IpNet,
}

impl Guard {
    /// A guard that lets the public internet and these networks pass.
    pub fn new(allow: Vec<IpNet>) -> Self {
        Self { allow }
    }

    /// Whether this address may be called.
    pub fn check(&self, address: IpAddr) -> Result<(), Refusal> {
        let reached = reached(address);
        if self.allows(address) || self.allows(reached) {
            return Ok(());
        }
        match closed(reached) {
            Some((network, what)) => Err(Refusal { address, what, network }),
            None => Ok(()),
        }
    }

    /// Those of a name's addresses that may be dialled. One closed address closes the name: a name
    /// that points both outside and inside is how rebinding begins.
    pub fn admit(&self, host: &str, addresses: &[IpAddr]) -> Result<Vec<IpAddr>, Refusal> {
        // `localhost` is one machine under two addresses; opening one of them is meant for the name.
        if is_localhost(host) {
            let open: Vec<_> =
                addresses.iter().copied().filter(|it| self.check(*it).is_ok()).collect();
            if !open.is_empty() {
                return Ok(open);
            }
        }
        addresses.iter().map(|address| self.check(*address).map(|()| *address)).collect()
    }

    fn allows(&self, address: IpAddr) -> bool {
        self.allow.iter().any(|network| network.contains(&address))
    }
}

/// Whether the name means this machine by definition (RFC 6761).
pub(crate) fn is_localhost(host: &str) -> bool {
    let host = host.strip_suffix('.').unwrap_or(host).to_ascii_lowercase();
    host == "localhost" || host.ends_with(".localhost")
}

/// The address that a packet to `address` ends up at: IPv4 written inside IPv6 is IPv4.
fn reached(address: IpAddr) -> IpAddr {
    let IpAddr::V6(six) = address else { return address };
    if let Some(four) = six.to_ipv4_mapped() {
        return four.into();
    }
    match six.segments() {
        // The well-known NAT64 prefix; the IPv4 address is the last 32 bits.
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] => {
            Ipv4Addr::from(u32::from(high) << 16 | u32::from(low)).into()
        }
        _ => address,
    }
}

fn closed(address: IpAddr) -> Option<(IpNet, &'static str)> {
    let listed = CLOSED.iter().find(|(network, _)| network.contains(&address)).copied();
    listed.or_else(|| match address {
        IpAddr::V6(six) if six.segments()[0] & 0xe000 != 0x2000 => {
            Some((IpNet::new_assert(address, 128), "not an address of the public internet"))
        }
        _ => None,
    })
}

const fn v4(a: u8, b: u8, c: u8, d: u8, prefix: u8) -> IpNet {
    IpNet::new_assert(IpAddr::V4(Ipv4Addr::new(a, b, c, d)), prefix)
}

const fn v6(a: u16, b: u16, c: u16, prefix: u8) -> IpNet {
    IpNet::new_assert(IpAddr::V6(Ipv6Addr::new(a, b, c, 0, 0, 0, 0, 0)), prefix)
}

/// What is closed, the narrow before the wide where they overlap.
const CLOSED: &[(IpNet, &str)] = &[
    (v4(0, 0, 0, 0, 8), "an address of this network itself"),
    (v4(10, 0, 0, 0, 8), "a private address"),
    (v4(100, 64, 0, 0, 10), "a carrier's shared address"),
    (v4(127, 0, 0, 0, 8), "a loopback address"),
    (v4(168, 63, 129, 16, 32), "the host service of a cloud"),
    (v4(169, 254, 0, 0, 16), "a link-local address, where clouds keep machine credentials"),
    (v4(172, 16, 0, 0, 12), "a private address"),
    (v4(192, 0, 0, 0, 24), "reserved for protocols"),
    (v4(192, 0, 2, 0, 24), "a documentation address"),
    (v4(192, 88, 99, 0, 24), "a 6to4 relay address"),
    (v4(192, 168, 0, 0, 16), "a private address"),
    (v4(198, 18, 0, 0, 15), "a benchmark address"),
    (v4(198, 51, 100, 0, 24), "a documentation address"),
    (v4(203, 0, 113, 0, 24), "a documentation address"),
    (v4(224, 0, 0, 0, 4), "a multicast address"),
    (v4(255, 255, 255, 255, 32), "the broadcast address"),
    (v4(240, 0, 0, 0, 4), "a reserved address"),
    (IpNet::new_assert(IpAddr::V6(Ipv6Addr::UNSPECIFIED), 128), "the unspecified address"),
    (IpNet::new_assert(IpAddr::V6(Ipv6Addr::LOCALHOST), 128), "a loopback address"),
    (IpNet::new_assert(IpAddr::V6(Ipv6Addr::UNSPECIFIED), 96), "an IPv4 address in old IPv6 dress"),
    (v6(0x64, 0xff9b, 1, 48), "a local NAT64 address"),
    (v6(0x100, 0, 0, 64), "a discard address"),
    (v6(0x2001, 0, 0, 32), "a Teredo address"),
    (v6(0x2001, 0x10, 0, 28), "an ORCHID, which is not routed"),
    (v6(0x2001, 0x20, 0, 28), "an ORCHID, which is not routed"),
    (v6(0x2001, 0xdb8, 0, 32), "a documentation address"),
    (v6(0x2001, 0, 0, 23), "reserved for protocols"),
    (v6(0x2002, 0, 0, 16), "a 6to4 address"),
    (v6(0x3fff, 0, 0, 20), "a documentation address"),
    (v6(0x5f00, 0, 0, 16), "a segment routing address"),
    (v6(0xfc00, 0, 0, 7), "a private address"),
    (v6(0xfe80, 0, 0, 10), "a link-local address"),
    (v6(0xfec0, 0, 0, 10), "a site-local address"),
    (v6(0xff00, 0, 0, 8), "a multicast address"),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn guard(allow: &[&str]) -> Guard {
        Guard::new(allow.iter().map(|network| network.parse().unwrap()).collect())
    }

    #[test]
    fn only_the_public_internet_is_open() {
        for open in [
            "1.1.1.1",
            "8.8.8.8",
            "93.184.216.34",
            "172.15.255.255",
            "172.32.0.0",
            "100.63.255.255",
            "100.128.0.0",
            "11.0.0.0",
            "128.0.0.1",
            "192.0.1.1",
            "198.17.255.255",
            "223.255.255.255",
            "2606:4700::1111",
            "2a00:1450:4001::200e",
            "::ffff:8.8.8.8",
            "64:ff9b::808:808",
        ] {
            assert_eq!(guard(&[]).check(open.parse().unwrap()), Ok(()), "{open}");
        }
        for closed in [
            "0.0.0.0",
            "0.1.2.3",
            "10.0.0.5",
            "10.255.255.255",
            "100.64.0.1",
            "100.100.100.200",
            "127.0.0.1",
            "127.255.255.254",
            "169.254.169.254",
            "168.63.129.16",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.8",
            "192.0.2.1",
            "192.88.99.1",
            "192.168.1.1",
            "198.18.0.1",
            "198.19.255.255",
            "198.51.100.7",
            "203.0.113.9",
            "224.0.0.1",
            "239.255.255.250",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::7f00:1",
            "::10.0.0.1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.5",
            "::ffff:169.254.169.254",
            "64:ff9b::7f00:1",
            "64:ff9b::a9fe:a9fe",
            "64:ff9b:1::1",
            "64:ff9b:1:808::",
            "100::1",
            "2001::1",
            "2001:10::1",
            "2001:20::1",
            "2001:db8::1",
            "2002:7f00:1::",
            "2002:808:808::1",
            "3fff::1",
            "5f00::1",
            "fc00::1",
            "fd12:3456::1",
            "fe80::1",
            "fec0::1",
            "ff02::1",
            "4000::1",
            "1::1",
            "::ffff:0:7f00:1",
        ] {
            assert!(guard(&[]).check(closed.parse().unwrap()).is_err(), "{closed}");
        }
    }

    #[test]
    fn an_opened_network_is_open_in_every_spelling() {
        let guard = guard(&["127.0.0.0/8", "fd00::/8"]);
        for open in ["127.0.0.1", "::ffff:127.0.0.1", "64:ff9b::7f00:1", "fd00::1"] {
            assert_eq!(guard.check(open.parse().unwrap()), Ok(()), "{open}");
        }
        for closed in ["10.0.0.1", "::1", "fc00::1"] {
            assert!(guard.check(closed.parse().unwrap()).is_err(), "{closed}");
        }
    }

    #[test]
    fn one_closed_address_closes_the_name() {
        let (public, private) = ("1.1.1.1".parse().unwrap(), "10.0.0.5".parse().unwrap());
        let refusal = guard(&[]).admit("two.example", &[public, private]).unwrap_err();
        assert_eq!((refusal.address, refusal.what), (private, "a private address"));
        assert_eq!(refusal.network.to_string(), "10.0.0.0/8");
        assert_eq!(guard(&["10.0.0.0/8"]).admit("x", &[public, private]).unwrap().len(), 2);
    }

    #[test]
    fn localhost_is_one_machine() {
        let both = ["127.0.0.1".parse().unwrap(), "::1".parse().unwrap()];
        assert_eq!(guard(&["127.0.0.0/8"]).admit("localhost", &both), Ok(vec![both[0]]));
        assert!(guard(&["127.0.0.0/8"]).admit("other.example", &both).is_err());
        assert!(guard(&[]).admit("api.localhost.", &both).is_err());
    }
}
