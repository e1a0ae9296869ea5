//! Ranges of addresses in CIDR notation (RFC 4632, RFC 4291 section 2.3), and lists of
//! them that are short enough to be read from end to end.
//!
//! An IPv4-mapped address (`::ffff:192.0.2.1`) is the IPv4 address everywhere here.

use std::{fmt, net::IpAddr};

/// Bits before an IPv4 address that is written as an IPv6 one.
const MAPPED: u8 = 96;

/// A range of addresses: `192.0.2.0/24`, `2001:db8::/32`, or one address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Network {
    address: IpAddr,
    /// In the notation of `address`: at most 32 for IPv4, at most 128 for IPv6.
    prefix: u8,
}

/// Why text is no range.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ParseNetworkError {
    /// The part before `/` is no address.
    #[error("no address; expected one such as 192.0.2.0/24 or 2001:db8::/32")]
    Address,
    /// The part behind `/` is no length of a prefix.
    #[error("the length behind `/` isn't one; expected 0 to 32 for IPv4, 0 to 128 for IPv6")]
    Prefix,
    /// Bits behind the prefix are set, so two ranges could be meant.
    #[error("bits behind the prefix are set; expected the first address of the range: {meant}")]
    HostBits {
        /// The range of that length around the address.
        meant: Network,
    },
    /// An IPv4 range in IPv6 notation.
    #[error("an IPv4 range in IPv6 notation; expected it as IPv4")]
    Mapped,
}

impl Network {
    /// Reads `address/prefix`, or an address alone.
    ///
    /// # Errors
    /// [`ParseNetworkError`]; nothing is repaired.
    pub fn parse(text: &str) -> Result<Self, ParseNetworkError> {
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().map_err(|_| ParseNetworkError::Address)?;
        if address.to_canonical() != address {
            return Err(ParseNetworkError::Mapped);
        }
        let most = if address.is_ipv4() { 32 } else { 128 };
        let prefix = match prefix {
            None => most,
            Some(digits) => digits
                .parse()
                .ok()
                .filter(|prefix: &u8| *prefix <= most && prefix.to_string() == digits)
                .ok_or(ParseNetworkError::Prefix)?,
        };
        let whole = Self { address, prefix };
        let first = whole.first();
        if first != address {
            let meant = Self {
                address: first,
                prefix,
            };
            return Err(ParseNetworkError::HostBits { meant });
        }
        Ok(whole)
    }

    /// The first address of the range around the address.
    fn first(self) -> IpAddr {
        let bits = bits(self.address) & self.mask();
        let first = std::net::Ipv6Addr::from(bits);
        match self.address {
            IpAddr::V4(_) => IpAddr::V6(first).to_canonical(),
            IpAddr::V6(_) => IpAddr::V6(first),
        }
    }

    fn mask(self) -> u128 {
        let length = if self.address.is_ipv4() {
            MAPPED + self.prefix
        } else {
            self.prefix
        };
        u128::MAX.checked_shl(128 - u32::from(length)).unwrap_or(0)
    }

    /// Bits that all its addresses share, in the notation of its first.
    pub const fn prefix(self) -> u8 {
        self.prefix
    }

    /// Its first address.
    pub const fn address(self) -> IpAddr {
        self.address
    }

    /// Its last address.
    pub fn last(self) -> IpAddr {
        let last = std::net::Ipv6Addr::from(bits(self.address) | !self.mask());
        match self.address {
            IpAddr::V4(_) => IpAddr::V6(last).to_canonical(),
            IpAddr::V6(_) => IpAddr::V6(last),
        }
    }

    /// Whether an address lies in it.
    pub fn contains(self, address: IpAddr) -> bool {
        // An IPv6 range so wide that it reaches the mapped addresses means none of them.
        self.address.is_ipv4() == address.to_canonical().is_ipv4()
            && bits(address) & self.mask() == bits(self.address)
    }
}

/// Both families in one number: IPv4 as its mapped address.
fn bits(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(v4) => v4.to_ipv6_mapped().into(),
        IpAddr::V6(v6) => v6.into(),
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.prefix)
    }
}

/// A short list of ranges.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Networks(Box<[Network]>);

impl Networks {
    /// Most ranges of one list: each look-up reads them all.
    pub const MAX: usize = 512;

    /// The first [`Self::MAX`] of them.
    pub fn new(networks: impl IntoIterator<Item = Network>) -> Self {
        Self(networks.into_iter().take(Self::MAX).collect())
    }

    /// Whether one of them contains the address.
    pub fn contains(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.contains(address))
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = Network> {
        self.0.iter().copied()
    }

    /// Whether there are none.
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_range_is_read_or_refused() {
        use ParseNetworkError as E;
        let check = |text: &str, expected: Result<&str, E>| {
            let read = Network::parse(text);
            assert_eq!(
                read.map(|network| network.to_string()),
                expected.map(str::to_owned),
                "{text}"
            );
        };
        let meant = |text| E::HostBits {
            meant: Network::parse(text).unwrap(),
        };
        check("192.0.2.0/24", Ok("192.0.2.0/24"));
        check("192.0.2.7", Ok("192.0.2.7/32"));
        check("2001:db8::/32", Ok("2001:db8::/32"));
        check("2001:db8::1", Ok("2001:db8::1/128"));
        check("0.0.0.0/0", Ok("0.0.0.0/0"));
        check("::/0", Ok("::/0"));
        check("192.0.2.7/24", Err(meant("192.0.2.0/24")));
        check("2001:db8::1/64", Err(meant("2001:db8::/64")));
        check("192.0.2.0/33", Err(E::Prefix));
        check("192.0.2.0/", Err(E::Prefix));
        check("192.0.2.0/024", Err(E::Prefix));
        check("192.0.2.0/+24", Err(E::Prefix));
        check("192.0.2/24", Err(E::Address));
        check("192.0.2.00/24", Err(E::Address));
        check("app.example.com", Err(E::Address));
        check("", Err(E::Address));
        check("::ffff:192.0.2.0/120", Err(E::Mapped));
    }

    #[test]
    fn only_what_lies_in_it_is_contained() {
        let check = |network: &str, address: &str, expected| {
            let network = Network::parse(network).unwrap();
            assert_eq!(
                network.contains(address.parse().unwrap()),
                expected,
                "{network} {address}"
            );
        };
        check("192.0.2.0/24", "192.0.2.255", true);
        check("192.0.2.0/24", "192.0.3.0", false);
        check("192.0.2.0/24", "::ffff:192.0.2.9", true);
        check("192.0.2.7", "192.0.2.7", true);
        check("192.0.2.7", "192.0.2.8", false);
        check("2001:db8::/32", "2001:db8:ffff::1", true);
        check("2001:db8::/32", "2001:db9::", false);
        check("::/0", "2001:db8::1", true);
        check("::/0", "192.0.2.1", false);
        check("::/0", "::ffff:192.0.2.1", false);
        check("0.0.0.0/0", "192.0.2.1", true);
        check("0.0.0.0/0", "2001:db8::1", false);
    }

    proptest! {
        #[test]
        fn a_range_contains_what_shares_its_first_bits(address: u32, other: u32, prefix in 0_u8..=32) {
            let mask = u32::MAX.checked_shl(32 - u32::from(prefix)).unwrap_or(0);
            let first = std::net::Ipv4Addr::from(address & mask);
            let network = Network::parse(&format!("{first}/{prefix}")).unwrap();
            let inside = IpAddr::V4(std::net::Ipv4Addr::from(other));
            prop_assert_eq!(network.contains(inside), other & mask == address & mask);
        }
    }
}
