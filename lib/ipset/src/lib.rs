//! Millions of IPv4 and IPv6 address ranges with a tag each: immutable, compact, one quick
//! look-up.
//!
//! A set is built once, from ranges in any order, with duplicates, overlaps and nesting.
//! For every address it knows the most specific range around it, the tag that came with
//! that range (a list, a line, whatever a `u32` is to its owner) and the range's own
//! bounds. A changed list is a new set, swapped in whole.
//!
//! ```
//! use waarborg_ipset::{IpRange, IpSet};
//!
//! let set = IpSet::new([
//!     ("198.51.100.0/24".parse::<IpRange>()?, 1),
//!     ("198.51.100.64-198.51.100.99".parse()?, 2),
//!     ("2001:db8::/32".parse()?, 3),
//! ])?;
//! let found = set.get("198.51.100.70".parse()?).ok_or("listed")?;
//! assert_eq!((found.tag, found.range.to_string().as_str()), (2, "198.51.100.64-198.51.100.99"));
//! assert_eq!(set.get("198.51.100.7".parse()?).map(|found| found.tag), Some(1));
//! assert_eq!(set.get("::ffff:198.51.100.7".parse()?).map(|found| found.tag), Some(1));
//! assert_eq!(set.get("203.0.113.7".parse()?), None);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! - **The most specific range decides**: the one with the fewest addresses; of several as
//!   small, the one that was given first. Ranges that meet stay apart: what is found is
//!   always a range as it was given.
//! - **IPv4 in IPv6 notation** (`::ffff:198.51.100.7`) is IPv4, in look-ups as in ranges.
//!   Addresses translated by NAT64 (`64:ff9b::/96`, RFC 6052) are IPv6 here: whose network
//!   translates knows the prefix.
//! - **Bounded**: [`MAX_RANGES`] a set. A look-up takes time that grows with the logarithm
//!   of the ranges, whatever they are, and allocates nothing.
//!
//! # What it costs
//! 1,050,000 IPv4 and 200,000 IPv6 ranges, made up to resemble public lists, on one core
//! of a 2-vCPU AMD EPYC while compilers had the other and the shared cache (2026-11-30, two
//! dozen runs): 20.6 MiB, built in 0.1 to 0.3 s. A look-up waits for memory and hardly for
//! anything else, so it costs what memory costs in that minute:
//!
//! | addresses | at best, ns | where a read in 8 MiB cost over 100 ns |
//! |---|---|---|
//! | IPv4 at random, few listed | 18 (32 when each waits for the one before) | 19 to 34 (34 to 142) |
//! | IPv4 of listed ranges | 58 (169) | 64 to 82 (197 to 335) |
//! | IPv6 at random near listed ones | 74 (65) | 86 to 337 (115 to 232) |
//! | IPv6 of listed ranges | 63 (60) | 97 to 374 (92 to 312) |
//!
//! No I/O, no clock, no `unsafe`, nothing async. Lists in files or from feeds are read by
//! others, line by line, with [`IpRange`]'s `FromStr`, which is strict.
//!
//! Measure it: `taskset -c 1 cargo bench -p waarborg-ipset`.
#![forbid(unsafe_code)]

mod family;
mod parse;
mod range;
mod sweep;
mod touched;
mod v4;
mod v6;
mod value;

#[cfg(test)]
mod tests;

pub use parse::ParseRangeError;
pub use range::{IpRange, RangeError};

use std::{
    error, fmt,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
};

use range::Ends;
use sweep::Given;

/// Most ranges of one set, duplicates counted: 2^24, about twelve times the greatest set
/// of public lists that we know of. More are refused with [`TooManyRanges`]. So many IPv4
/// ranges take 150 MB, so many single IPv6 addresses 900 MB.
pub const MAX_RANGES: usize = 1 << 24;

/// An immutable set of address ranges.
#[derive(Default)]
pub struct IpSet {
    v4: v4::V4,
    v6: v6::V6,
}

/// What a set knows of an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Found {
    /// What came with the range.
    pub tag: u32,
    /// The range as it was given.
    pub range: IpRange,
}

/// More ranges than a set may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooManyRanges {
    /// How many it may have.
    pub most: usize,
}

impl IpSet {
    /// A set of these ranges, each with its tag. While it is built it takes about three
    /// times the memory that it takes then.
    ///
    /// # Errors
    /// [`TooManyRanges`] with more than [`MAX_RANGES`]; no more than those are taken from
    /// the iterator.
    pub fn new(ranges: impl IntoIterator<Item = (IpRange, u32)>) -> Result<Self, TooManyRanges> {
        Self::bounded(ranges, MAX_RANGES)
    }

    fn bounded(
        ranges: impl IntoIterator<Item = (IpRange, u32)>,
        most: usize,
    ) -> Result<Self, TooManyRanges> {
        let (mut v4, mut v6) = (Vec::new(), Vec::new());
        let too_many = TooManyRanges { most };
        for (place, (range, tag)) in ranges.into_iter().enumerate() {
            if place == most {
                return Err(too_many);
            }
            let place = u32::try_from(place).map_err(|_| too_many)?;
            match range.ends() {
                Ends::V4(first, last) => v4.push(Given {
                    first,
                    last,
                    tag,
                    place,
                }),
                Ends::V6(first, last) => v6.push(Given {
                    first,
                    last,
                    tag,
                    place,
                }),
            }
        }
        Ok(Self {
            v4: v4::V4::new(&sweep::pieces(v4)),
            v6: v6::V6::new(sweep::pieces(v6)),
        })
    }

    /// The most specific range around an address; IPv4 in IPv6 notation is IPv4.
    pub fn get(&self, address: IpAddr) -> Option<Found> {
        match address {
            IpAddr::V4(address) => self.get_v4(address),
            IpAddr::V6(address) => self.get_v6(address),
        }
    }

    /// The most specific range around an IPv4 address.
    pub fn get_v4(&self, address: Ipv4Addr) -> Option<Found> {
        self.v4.get(address)
    }

    /// The most specific range around an IPv6 address, or around the IPv4 address that it
    /// is in IPv6 notation.
    pub fn get_v6(&self, address: Ipv6Addr) -> Option<Found> {
        match address.to_ipv4_mapped() {
            Some(address) => self.v4.get(address),
            None => self.v6.get(address),
        }
    }

    /// How many different ranges decide at least one address. One that more specific ones
    /// hide altogether isn't in the set.
    pub const fn len(&self) -> usize {
        self.v4.len() + self.v6.len()
    }

    /// Whether no address is covered.
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many IPv4 addresses are covered: at most 2^32.
    pub const fn covered_v4(&self) -> u64 {
        self.v4.covered()
    }

    /// How many bytes the set takes, itself counted.
    pub fn memory(&self) -> usize {
        size_of_val(self) + self.v4.memory() + self.v6.memory()
    }

    /// Each of the ranges that [`Self::len`] counts, once: IPv4 first, then in the order of
    /// the first address that each decides.
    pub fn iter(&self) -> impl Iterator<Item = Found> + '_ {
        self.v4.iter().chain(self.v6.iter())
    }

    /// The first address of a range that the set covers.
    pub fn first_covered(&self, within: IpRange) -> Option<IpAddr> {
        self.first_common(self, within)
    }

    /// Whether the set covers an address of a range.
    pub fn intersects(&self, range: IpRange) -> bool {
        self.first_covered(range).is_some()
    }

    /// The first address of a range that both sets cover.
    ///
    /// The time grows with the number of times that the two sets alternate within the
    /// range, at most with the ranges of the smaller set.
    pub fn first_common(&self, other: &Self, within: IpRange) -> Option<IpAddr> {
        match within.ends() {
            Ends::V4(first, last) => common(
                first,
                last,
                |from| self.v4.covered_from(from),
                |from| other.v4.covered_from(from),
            )
            .map(|address| Ipv4Addr::from(address).into()),
            Ends::V6(first, last) => common(
                first,
                last,
                |from| self.v6.covered_from(from),
                |from| other.v6.covered_from(from),
            )
            .map(|address| Ipv6Addr::from(address).into()),
        }
    }
}

/// The first number that two sets have in common: each in turn goes on to where the
/// other one is.
fn common<N: Copy + Ord>(
    first: N,
    last: N,
    one: impl Fn(N) -> Option<N>,
    other: impl Fn(N) -> Option<N>,
) -> Option<N> {
    let mut from = first;
    loop {
        let there = one(from).filter(|there| *there <= last)?;
        from = other(there).filter(|there| *there <= last)?;
        if from == there {
            return Some(there);
        }
    }
}

impl fmt::Debug for IpSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IpSet")
            .field("len", &self.len())
            .field("covered_v4", &self.covered_v4())
            .field("memory", &self.memory())
            .finish_non_exhaustive()
    }
}

impl fmt::Display for TooManyRanges {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "too many ranges for one set; expected at most {}",
            self.most
        )
    }
}

impl error::Error for TooManyRanges {}
