//! The address of a client, as every guard and record sees it.

use std::{
    fmt,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
};

use serde::{Deserialize, Serialize};

/// The true address of a client: already behind the trusted proxies, and in the one
/// form that counts (IPv4-mapped and NAT64 addresses are IPv4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClientAddr(IpAddr);

impl ClientAddr {
    /// Brings an address into the one form: `::ffff:a.b.c.d` (RFC 4291 section 2.5.5.2)
    /// and `64:ff9b::a.b.c.d` (RFC 6052) are the IPv4 address they carry.
    pub const fn new(address: IpAddr) -> Self {
        let IpAddr::V6(v6) = address else {
            return Self(address);
        };
        let [a, b, c, d, e, f, g, h] = v6.segments();
        let mapped = matches!([a, b, c, d, e, f], [0, 0, 0, 0, 0, 0xffff]);
        let nat64 = matches!([a, b, c, d, e, f], [0x64, 0xff9b, 0, 0, 0, 0]);
        if mapped || nat64 {
            let [high, low] = [g.to_be_bytes(), h.to_be_bytes()];
            return Self(IpAddr::V4(Ipv4Addr::new(high[0], high[1], low[0], low[1])));
        }
        Self(address)
    }

    /// The address.
    pub const fn ip(self) -> IpAddr {
        self.0
    }

    /// What a record may keep of it; `None` where nothing may be kept.
    pub fn kept(self, keeping: AddressKeeping) -> Option<IpAddr> {
        match (keeping, self.0) {
            (AddressKeeping::Whole, address) => Some(address),
            (AddressKeeping::Truncated, IpAddr::V4(v4)) => {
                let [a, b, c, _] = v4.octets();
                Some(IpAddr::V4(Ipv4Addr::new(a, b, c, 0)))
            }
            (AddressKeeping::Truncated, IpAddr::V6(v6)) => {
                let [a, b, c, ..] = v6.segments();
                Some(IpAddr::V6(Ipv6Addr::new(a, b, c, 0, 0, 0, 0, 0)))
            }
            (AddressKeeping::None, _) => None,
        }
    }
}

impl fmt::Display for ClientAddr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// How much of a client's address a record keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AddressKeeping {
    /// All of it.
    Whole,
    /// IPv4 to /24, IPv6 to /48.
    Truncated,
    /// Nothing: for routes marked `anonymous`.
    None,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mapped_and_nat64_addresses_are_ipv4() {
        let check = |from: &str, to: &str| {
            assert_eq!(ClientAddr::new(from.parse().unwrap()).to_string(), to);
        };
        check("::ffff:192.0.2.7", "192.0.2.7");
        check("64:ff9b::192.0.2.7", "192.0.2.7");
        check("2001:db8::1", "2001:db8::1");
        check("::192.0.2.7", "::c000:207");
    }

    #[test]
    fn a_truncated_address_names_no_one() {
        let check = |from: &str, to: &str| {
            let kept = ClientAddr::new(from.parse().unwrap()).kept(AddressKeeping::Truncated);
            assert_eq!(kept, Some(to.parse().unwrap()));
        };
        check("192.0.2.77", "192.0.2.0");
        check("2001:db8:1:2:3::4", "2001:db8:1::");
        let whole = ClientAddr::new("192.0.2.77".parse().unwrap());
        assert_eq!(whole.kept(AddressKeeping::None), None);
    }
}
