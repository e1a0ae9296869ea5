//! Unknown addresses: ranges that aren't anybody's, so that nobody can come from them
//! over the Internet.
//!
//! From IANA's registries of special-purpose addresses (RFC 6890), of the IPv4 address
//! space and of IPv6 and its global unicast space, as of November 2026. Left out:
//!
//! - **Local** ranges, of which the owner of a network has his own: loopback, private,
//!   shared and link-local ones. Whoever comes from there is on a network of the owner's
//!   or behind a proxy of his.
//! - **198.51.100.0/24, 203.0.113.0/24 and 2001:db8::/32**, the documentation ranges from
//!   which drills come.
//! - What is globally reachable (AS112, AMT, ORCHID, Teredo, 6to4).
//! - Space inside what a regional registry has, but has given to nobody: that changes by
//!   the day, and takes a list of bogons.

use ipset::IpRange;

/// Ranges in which nobody is, and IANA's name for each.
pub const RANGES: &[(&str, &str)] = &[
    ("0.0.0.0/8", "this network"),
    ("192.0.0.0/24", "IETF protocol assignments"),
    ("192.0.2.0/24", "documentation (TEST-NET-1)"),
    ("192.88.99.0/24", "deprecated (6to4 relay anycast)"),
    ("198.18.0.0/15", "benchmarking"),
    ("224.0.0.0/4", "multicast"),
    ("240.0.0.0/4", "reserved"),
    ("::/128", "unspecified address"),
    ("64:ff9b:1::/48", "IPv4-IPv6 translation, local use"),
    ("100::/64", "discard-only"),
    ("200::/7", "deprecated (OSI NSAP)"),
    ("400::/6", "reserved by the IETF"),
    ("800::/5", "reserved by the IETF"),
    ("1000::/4", "reserved by the IETF"),
    ("2001:2::/48", "benchmarking"),
    ("2001:10::/28", "deprecated (ORCHID)"),
    ("2d00::/8", "unallocated"),
    ("2e00::/7", "unallocated"),
    ("3000::/4", "unallocated, and documentation (3fff::/20)"),
    ("4000::/3", "reserved by the IETF"),
    ("6000::/3", "reserved by the IETF"),
    ("8000::/3", "reserved by the IETF"),
    ("a000::/3", "reserved by the IETF"),
    ("c000::/3", "reserved by the IETF"),
    ("e000::/4", "reserved by the IETF"),
    ("f000::/5", "reserved by the IETF"),
    ("f800::/6", "reserved by the IETF"),
    ("fe00::/9", "reserved by the IETF"),
    ("fec0::/10", "deprecated (site-local)"),
    ("ff00::/8", "multicast"),
];

/// The ranges of [`RANGES`], in that order.
///
/// # Panics
/// Never: a test reads them all.
pub fn ranges() -> Vec<IpRange> {
    let parsed = RANGES.iter().map(|(range, _)| range.parse());
    parsed
        .collect::<Result<_, _>>()
        .expect("each is a range: a test reads them")
}

/// IANA's name for the range of a number, from 1.
pub fn name(number: u32) -> Option<&'static str> {
    let place = usize::try_from(number).ok()?.checked_sub(1)?;
    RANGES.get(place).map(|(_, name)| *name)
}
