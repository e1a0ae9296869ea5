//! Which addresses may be connected to, and finding them.
//!
//! Names come from configuration, redirects and feeds, thus partly from strangers:
//! unless told otherwise only public addresses are dialled, else a redirect would make
//! us talk to the cloud's metadata service or to a neighbour's console.

use std::{
    fmt,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    time::Duration,
};

use terms::ClientAddr;

use crate::{
    fault::{Cause, Phase, VisitError},
    url::Host,
};

/// At most so many addresses of a name are looked at.
pub const MAX_ADDRESSES: usize = 8;

/// Why an address isn't an ordinary public one (IANA's special-purpose registries).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Special {
    /// This host: 127.0.0.0/8, ::1.
    Loopback,
    /// A private network: RFC 1918, RFC 6598 (carriers), fc00::/7.
    Private,
    /// This link: 169.254.0.0/16 (metadata services live here), fe80::/10.
    LinkLocal,
    /// To many or to all.
    Multicast,
    /// Set aside for documents and measurements, by a protocol (6to4, Teredo, local
    /// NAT64), or not given out.
    Reserved,
}

impl fmt::Display for Special {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Loopback => "this machine's own",
            Self::Private => "of a private network",
            Self::LinkLocal => "of the local link",
            Self::Multicast => "a multicast address",
            Self::Reserved => "reserved",
        })
    }
}

/// What is special about an address; `None` for a public one. IPv4-mapped and NAT64
/// addresses are what the IPv4 address within is.
pub const fn special(address: IpAddr) -> Option<Special> {
    match ClientAddr::new(address).ip() {
        IpAddr::V4(v4) => special_v4(v4),
        IpAddr::V6(v6) => special_v6(v6),
    }
}

const fn special_v4(address: Ipv4Addr) -> Option<Special> {
    Some(match address.octets() {
        [127, ..] => Special::Loopback,
        [10, ..] | [172, 16..=31, ..] | [192, 168, ..] | [100, 64..=127, ..] => Special::Private,
        [169, 254, ..] => Special::LinkLocal,
        [224..=239, ..] => Special::Multicast,
        [0 | 240..=255, ..]
        | [192, 0, 0 | 2, _]
        | [192, 88, 99, _]
        | [198, 18 | 19, ..]
        | [198, 51, 100, _]
        | [203, 0, 113, _] => Special::Reserved,
        _ => return None,
    })
}

const fn special_v6(address: Ipv6Addr) -> Option<Special> {
    Some(match address.segments() {
        [0, 0, 0, 0, 0, 0, 0, 1] => Special::Loopback,
        [0xfc00..=0xfdff, ..] => Special::Private,
        [0xfe80..=0xfebf, ..] => Special::LinkLocal,
        [0xff00..=0xffff, ..] => Special::Multicast,
        [0x2001, 0x0000..=0x01ff | 0x0db8, ..] | [0x2002, ..] | [0x3fff, 0x0000..=0x0fff, ..] => {
            Special::Reserved
        }
        // Only 2000::/3 is given out (RFC 4291 §2.4).
        [0x2000..=0x3fff, ..] => return None,
        _ => Special::Reserved,
    })
}

/// Which addresses are dialled.
#[derive(Debug, Clone)]
pub enum AddressPolicy {
    /// Public ones; others only for the hosts named here (names or addresses, as
    /// written in the configuration).
    Public {
        /// Hosts that may have any address.
        named: Vec<Host>,
    },
    /// All: for drills, whose target the operator configured.
    Any,
}

impl AddressPolicy {
    /// Public addresses, no exceptions.
    pub const fn public() -> Self {
        Self::Public { named: Vec::new() }
    }

    /// Admits an address that `host` was found to have (for an address in a URL:
    /// itself).
    ///
    /// # Errors
    /// When the address is special and the host isn't named.
    pub fn admit(&self, host: &Host, address: SocketAddr) -> Result<Checked, Cause> {
        let named = match self {
            Self::Any => true,
            Self::Public { named } => named.contains(host),
        };
        match special(address.ip()) {
            Some(special) if !named => Err(Cause::NotAdmitted {
                address: address.ip(),
                special,
            }),
            _ => Ok(Checked(address)),
        }
    }

    /// Admits an address given as such.
    ///
    /// # Errors
    /// When the address is special and isn't named.
    pub fn admit_address(&self, address: SocketAddr) -> Result<Checked, Cause> {
        self.admit(&Host::Ip(address.ip()), address)
    }
}

/// An address that a policy admitted: the only kind that is dialled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Checked(SocketAddr);

impl Checked {
    /// The address.
    pub const fn address(self) -> SocketAddr {
        self.0
    }
}

/// The addresses of a host that the policy admits, at most [`MAX_ADDRESSES`], in the
/// resolver's order. `localhost` and `*.localhost` are 127.0.0.1 and ::1 without asking
/// anybody (RFC 6761 §6.3); the policy judges them like others.
///
/// # Errors
/// When the name isn't found, the time is over, or no address is admitted.
pub async fn resolve(
    host: &Host,
    port: u16,
    policy: &AddressPolicy,
    deadline: Duration,
) -> Result<Vec<Checked>, VisitError> {
    let found = match host {
        Host::Ip(address) => Ok(vec![SocketAddr::new(*address, port)]),
        Host::Name(name) if name == "localhost" || name.ends_with(".localhost") => Ok(vec![
            SocketAddr::new(Ipv4Addr::LOCALHOST.into(), port),
            SocketAddr::new(Ipv6Addr::LOCALHOST.into(), port),
        ]),
        Host::Name(name) => {
            let look_up = tokio::net::lookup_host((name.as_str(), port));
            match tokio::time::timeout(deadline, look_up).await {
                Ok(Ok(found)) => Ok(found.take(MAX_ADDRESSES).collect()),
                Ok(Err(error)) => Err(Cause::Io(error)),
                Err(_) => Err(Cause::Deadline(deadline)),
            }
        }
    };
    found
        .and_then(|found| admitted(host, found, policy))
        .map_err(|cause| VisitError::new(Phase::Resolve, format!("{host}:{port}"), cause))
}

/// Those admitted; if none is, why the first wasn't.
fn admitted(
    host: &Host,
    found: Vec<SocketAddr>,
    policy: &AddressPolicy,
) -> Result<Vec<Checked>, Cause> {
    let mut checked = Vec::new();
    let mut refused = Cause::NoAddress;
    for address in found {
        match policy.admit(host, address) {
            Ok(address) => checked.push(address),
            Err(cause) if matches!(refused, Cause::NoAddress) => refused = cause,
            Err(_) => {}
        }
    }
    if checked.is_empty() {
        Err(refused)
    } else {
        Ok(checked)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn host(text: &str) -> Host {
        text.parse().unwrap()
    }

    #[test]
    fn special_addresses_are_known_and_their_public_neighbours_too() {
        let check = |address: &str, expected| {
            assert_eq!(special(address.parse().unwrap()), expected, "{address}");
        };
        check("127.0.0.1", Some(Special::Loopback));
        check("127.255.255.255", Some(Special::Loopback));
        check("::1", Some(Special::Loopback));
        check("::ffff:127.0.0.1", Some(Special::Loopback));
        check("64:ff9b::127.0.0.1", Some(Special::Loopback));
        check("10.0.0.1", Some(Special::Private));
        check("172.31.255.255", Some(Special::Private));
        check("192.168.1.1", Some(Special::Private));
        check("100.64.0.1", Some(Special::Private));
        check("fd00::1", Some(Special::Private));
        check("::ffff:10.1.2.3", Some(Special::Private));
        check("64:ff9b::10.1.2.3", Some(Special::Private));
        check("169.254.169.254", Some(Special::LinkLocal));
        check("fe80::1", Some(Special::LinkLocal));
        check("64:ff9b::169.254.169.254", Some(Special::LinkLocal));
        check("224.0.0.1", Some(Special::Multicast));
        check("ff02::1", Some(Special::Multicast));
        for reserved in [
            "0.0.0.0",
            "255.255.255.255",
            "240.0.0.1",
            "192.0.0.8",
            "192.0.2.1",
            "192.88.99.1",
            "198.18.0.1",
            "198.51.100.1",
            "203.0.113.1",
            "::",
            "::127.0.0.1",
            "64:ff9b:1::1",
            "100::1",
            "2001::1",
            "2001:db8::1",
            "2002:7f00:1::",
            "3fff::1",
            "5f00::1",
            "4000::1",
        ] {
            check(reserved, Some(Special::Reserved));
        }
        for public in [
            "1.1.1.1",
            "9.255.255.255",
            "11.0.0.0",
            "172.15.0.1",
            "172.32.0.1",
            "100.63.0.1",
            "100.128.0.1",
            "192.0.1.1",
            "198.17.0.1",
            "223.255.255.255",
            "::ffff:1.1.1.1",
            "64:ff9b::1.1.1.1",
            "2606:4700::1111",
            "2a00::1",
            "2001:200::1",
            "3fff:1000::1",
        ] {
            check(public, None);
        }
    }

    #[test]
    fn a_special_address_is_admitted_only_where_its_host_is_named() {
        let private = "10.0.0.9:443".parse().unwrap();
        let public = AddressPolicy::public();
        let named = AddressPolicy::Public {
            named: vec![host("intra.example"), host("10.0.0.9")],
        };
        assert!(matches!(
            public.admit(&host("intra.example"), private),
            Err(Cause::NotAdmitted {
                special: Special::Private,
                ..
            })
        ));
        assert!(named.admit(&host("Intra.Example."), private).is_ok());
        assert!(named.admit(&host("other.example"), private).is_err());
        assert!(named.admit_address(private).is_ok());
        assert!(
            named
                .admit_address("10.0.0.10:443".parse().unwrap())
                .is_err()
        );
        assert!(AddressPolicy::Any.admit_address(private).is_ok());
        assert!(public.admit_address("1.1.1.1:443".parse().unwrap()).is_ok());
    }

    #[tokio::test]
    async fn names_under_localhost_are_loopback_without_a_resolver_and_judged_like_others() {
        let name = host("no.such.thing.LOCALHOST");
        let limit = Duration::from_secs(5);
        let found = resolve(&name, 80, &AddressPolicy::Any, limit)
            .await
            .unwrap();
        let addresses: Vec<_> = found.iter().map(|checked| checked.address().ip()).collect();
        assert_eq!(
            addresses,
            [
                IpAddr::from(Ipv4Addr::LOCALHOST),
                Ipv6Addr::LOCALHOST.into()
            ]
        );
        let refused = resolve(&name, 80, &AddressPolicy::public(), limit)
            .await
            .unwrap_err();
        assert_eq!(refused.phase, Phase::Resolve);
        assert!(matches!(
            refused.cause,
            Cause::NotAdmitted {
                special: Special::Loopback,
                ..
            }
        ));
    }

    #[test]
    fn of_mixed_addresses_the_admitted_remain() {
        let found = vec!["10.0.0.1:1".parse().unwrap(), "1.1.1.1:1".parse().unwrap()];
        let kept = admitted(&host("a.example"), found, &AddressPolicy::public()).unwrap();
        assert_eq!(kept, [Checked("1.1.1.1:1".parse().unwrap())]);
        assert!(matches!(
            admitted(&host("a.example"), vec![], &AddressPolicy::public()),
            Err(Cause::NoAddress)
        ));
    }
}
