//! Ranges from text: `192.0.2.7`, `192.0.2.0/24`, `192.0.2.1-192.0.2.9`, and the same of
//! IPv6 (RFC 4291 section 2.2). Strict: what two readers could read differently is
//! refused, with what was probably meant.

use std::{error, fmt, net::IpAddr, str::FromStr};

use crate::{IpRange, RangeError};

/// Why text is no range.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ParseRangeError {
    /// There is nothing.
    Empty,
    /// There is white space, at an end or within.
    Space,
    /// An address isn't one.
    Address,
    /// A number of an IPv4 address, or a length, has leading zeros: some read it as octal.
    LeadingZero,
    /// A zone id (`fe80::1%eth0`, RFC 4007): it means something on one machine only.
    Zone,
    /// What follows `/` is no number.
    Length,
    /// Address and length, or two addresses, are well written and yet no range.
    Range(RangeError),
}

/// No leading zeros, no zone, no white space, nothing left out.
///
/// In IPv6 addresses zeros before a group are right (RFC 4291 section 2.2).
impl FromStr for IpRange {
    type Err = ParseRangeError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.is_empty() {
            return Err(ParseRangeError::Empty);
        }
        if text.contains(char::is_whitespace) {
            return Err(ParseRangeError::Space);
        }
        if let Some((address, length)) = text.split_once('/') {
            let address = parse_address(address)?;
            return Self::from_prefix(address, parse_length(length, address)?)
                .map_err(ParseRangeError::Range);
        }
        if let Some((first, last)) = text.split_once('-') {
            return Self::new(parse_address(first)?, parse_address(last)?)
                .map_err(ParseRangeError::Range);
        }
        let address = parse_address(text)?;
        Self::new(address, address).map_err(ParseRangeError::Range)
    }
}

fn parse_address(text: &str) -> Result<IpAddr, ParseRangeError> {
    text.parse().map_err(|_| {
        if text.contains('%') {
            return ParseRangeError::Zone;
        }
        // Only the dotted part of an address, which is its last.
        let dotted = text.rsplit(':').next().unwrap_or(text);
        let numbers = || dotted.split('.');
        if numbers().count() == 4 && numbers().all(is_number) && numbers().any(has_leading_zero) {
            ParseRangeError::LeadingZero
        } else {
            ParseRangeError::Address
        }
    })
}

fn parse_length(digits: &str, address: IpAddr) -> Result<u8, ParseRangeError> {
    if !is_number(digits) {
        return Err(ParseRangeError::Length);
    }
    if has_leading_zero(digits) {
        return Err(ParseRangeError::LeadingZero);
    }
    // Digits alone that don't fit are too many.
    let most = if address.is_ipv4() { 32 } else { 128 };
    digits
        .parse()
        .map_err(|_| ParseRangeError::Range(RangeError::Prefix { most }))
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn has_leading_zero(digits: &str) -> bool {
    digits.len() > 1 && digits.starts_with('0')
}

impl fmt::Display for ParseRangeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Empty => {
                "nothing is there; expected an address, a prefix such as 192.0.2.0/24, or a \
                 range such as 192.0.2.1-192.0.2.9"
            }
            Self::Space => "white space in a range; expected none",
            Self::Address => {
                "no address; expected one such as 192.0.2.7 or 2001:db8::7, with /length or \
                 -last behind it for more than one"
            }
            Self::LeadingZero => {
                "a number with leading zeros, which some read as octal; expected it without"
            }
            Self::Zone => {
                "a zone id behind `%`, which means something on one machine only; expected \
                 the address alone"
            }
            Self::Length => {
                "the length behind `/` isn't one; expected 0 to 32 for IPv4, 0 to 128 for IPv6"
            }
            Self::Range(wrong) => return wrong.fmt(f),
        })
    }
}

impl error::Error for ParseRangeError {
    fn source(&self) -> Option<&(dyn error::Error + 'static)> {
        // Its words are this error's own: as a source they would be said twice.
        None
    }
}
