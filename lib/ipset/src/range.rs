//! One range of addresses: a prefix (RFC 4632, RFC 4291 section 2.3), any two ends, or
//! one address.
//!
//! A range is of one family. An IPv4 address that is written as an IPv6 one
//! (`::ffff:192.0.2.1`, RFC 4291 section 2.5.5.2) is the IPv4 address everywhere here:
//! none is given as the end of a range, and an IPv6 prefix that reaches over them
//! (`::/80`) doesn't contain them.

use std::{
    error, fmt,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
};

use crate::family::Number;

/// Addresses from a first one to a last one, both of which belong to it.
///
/// Ordered by family (IPv4 first), then by first address, then by last.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct IpRange(Ends);

/// The ends of a range, as numbers.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Ends {
    V4(u32, u32),
    V6(u128, u128),
}

/// Why two ends, or an address and a length, are no range.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum RangeError {
    /// One end is IPv4, the other IPv6.
    Families,
    /// The last address comes before the first.
    Reversed {
        /// The range with its ends in order.
        meant: IpRange,
    },
    /// The prefix is longer than an address.
    Prefix {
        /// The longest prefix of that family, in bits: 32 or 128.
        most: u8,
    },
    /// Bits behind the prefix are set, so one address or the whole range could be meant.
    HostBits {
        /// The range of that length around the address.
        meant: IpRange,
    },
    /// An end, or the address, is an IPv4 address in IPv6 notation.
    Mapped {
        /// The same range as IPv4, if there is one.
        meant: Option<IpRange>,
    },
}

impl IpRange {
    /// Every IPv4 address: `0.0.0.0/0`.
    pub const ALL_V4: Self = Self(Ends::V4(0, u32::MAX));

    /// Every IPv6 address: `::/0`.
    pub const ALL_V6: Self = Self(Ends::V6(0, u128::MAX));

    /// The addresses from `first` to `last`, both counted in.
    ///
    /// # Errors
    /// [`RangeError::Mapped`], [`RangeError::Families`] or [`RangeError::Reversed`].
    pub fn new(first: IpAddr, last: IpAddr) -> Result<Self, RangeError> {
        if is_mapped(first) || is_mapped(last) {
            let meant = Self::new(first.to_canonical(), last.to_canonical()).ok();
            return Err(RangeError::Mapped { meant });
        }
        let ends = match (first, last) {
            (IpAddr::V4(first), IpAddr::V4(last)) => Ends::V4(first.into(), last.into()),
            (IpAddr::V6(first), IpAddr::V6(last)) => Ends::V6(first.into(), last.into()),
            _ => return Err(RangeError::Families),
        };
        match ends {
            Ends::V4(first, last) if last < first => Err(RangeError::Reversed {
                meant: Self(Ends::V4(last, first)),
            }),
            Ends::V6(first, last) if last < first => Err(RangeError::Reversed {
                meant: Self(Ends::V6(last, first)),
            }),
            ends => Ok(Self(ends)),
        }
    }

    /// The addresses that share their first `bits` bits with `address`, which is the first
    /// of them.
    ///
    /// # Errors
    /// [`RangeError::Mapped`], [`RangeError::Prefix`] or [`RangeError::HostBits`].
    pub fn from_prefix(address: IpAddr, bits: u8) -> Result<Self, RangeError> {
        let around = Self::around(address, bits)?;
        if around.first() == address {
            Ok(around)
        } else {
            Err(RangeError::HostBits { meant: around })
        }
    }

    /// The addresses that share their first `bits` bits with `address`, wherever it lies
    /// among them: the /64 of a client, for one.
    ///
    /// # Errors
    /// [`RangeError::Mapped`] or [`RangeError::Prefix`].
    pub fn around(address: IpAddr, bits: u8) -> Result<Self, RangeError> {
        if is_mapped(address) {
            let meant = bits
                .checked_sub(96)
                .and_then(|bits| Self::around(address.to_canonical(), bits).ok());
            return Err(RangeError::Mapped { meant });
        }
        match address {
            IpAddr::V4(_) if 32 < bits => Err(RangeError::Prefix { most: 32 }),
            IpAddr::V6(_) if 128 < bits => Err(RangeError::Prefix { most: 128 }),
            IpAddr::V4(address) => {
                let host = u32::MAX.checked_shr(bits.into()).unwrap_or(0);
                let first = u32::from(address) & !host;
                Ok(Self(Ends::V4(first, first | host)))
            }
            IpAddr::V6(address) => {
                let host = u128::MAX.checked_shr(bits.into()).unwrap_or(0);
                let first = u128::from(address) & !host;
                Ok(Self(Ends::V6(first, first | host)))
            }
        }
    }

    /// Its first address.
    pub fn first(self) -> IpAddr {
        match self.0 {
            Ends::V4(first, _) => Ipv4Addr::from(first).into(),
            Ends::V6(first, _) => Ipv6Addr::from(first).into(),
        }
    }

    /// Its last address. Of an IPv6 prefix that ends with the IPv4 ones (`::/80`) it is one
    /// of those, and so not contained.
    pub fn last(self) -> IpAddr {
        match self.0 {
            Ends::V4(_, last) => Ipv4Addr::from(last).into(),
            Ends::V6(_, last) => Ipv6Addr::from(last).into(),
        }
    }

    /// How many bits all its addresses share, if it is exactly those that share them.
    pub fn prefix(self) -> Option<u8> {
        match self.0 {
            Ends::V4(first, last) => prefix(first, last, u32::BITS),
            Ends::V6(first, last) => prefix(first, last, u128::BITS),
        }
    }

    /// Whether an address lies in it.
    pub fn contains(self, address: IpAddr) -> bool {
        match (self.0, address.to_canonical()) {
            (Ends::V4(first, last), IpAddr::V4(v4)) => (first..=last).contains(&v4.into()),
            (Ends::V6(first, last), IpAddr::V6(v6)) => (first..=last).contains(&v6.into()),
            _ => false,
        }
    }

    pub(crate) const fn v4(first: u32, last: u32) -> Self {
        Self(Ends::V4(first, last))
    }

    pub(crate) const fn v6(first: u128, last: u128) -> Self {
        Self(Ends::V6(first, last))
    }

    pub(crate) const fn ends(self) -> Ends {
        self.0
    }
}

/// One address; an IPv4 one in IPv6 notation is taken as IPv4.
impl From<IpAddr> for IpRange {
    fn from(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V4(address) => Self::v4(address.into(), address.into()),
            IpAddr::V6(address) => Self::v6(address.into(), address.into()),
        }
    }
}

fn is_mapped(address: IpAddr) -> bool {
    address.to_canonical() != address
}

/// The length of the prefix that reaches from `first` to `last`, of `all` bits.
fn prefix<N: Number>(first: N, last: N, all: u32) -> Option<u8> {
    let shared = first.shared_bits(last);
    (first.trailing_zeros() >= all - shared && last.trailing_ones() >= all - shared)
        .then(|| u8::try_from(shared).ok())
        .flatten()
}

/// As it is read back: one address alone, `first/prefix` where it is one, else
/// `first-last`.
impl fmt::Display for IpRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (first, last) = (self.first(), self.last());
        match self.prefix() {
            _ if first == last => write!(f, "{first}"),
            Some(bits) => write!(f, "{first}/{bits}"),
            None => write!(f, "{first}-{last}"),
        }
    }
}

impl fmt::Debug for IpRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for RangeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Families => {
                f.write_str("one end is IPv4, the other IPv6; expected both of one family")
            }
            Self::Reversed { meant } => {
                write!(
                    f,
                    "the last address comes before the first; is {meant} meant?"
                )
            }
            Self::Prefix { most } => {
                write!(
                    f,
                    "the prefix is longer than an address; expected 0 to {most} bits"
                )
            }
            Self::HostBits { meant } => write!(
                f,
                "bits behind the prefix are set; is the whole range meant, {meant}, or one \
                 address, without a prefix?"
            ),
            Self::Mapped { meant: Some(meant) } => {
                write!(f, "IPv4 in IPv6 notation; expected it as IPv4: {meant}")
            }
            Self::Mapped { meant: None } => {
                f.write_str("an IPv4 address in IPv6 notation; expected it as IPv4")
            }
        }
    }
}

impl error::Error for RangeError {}
