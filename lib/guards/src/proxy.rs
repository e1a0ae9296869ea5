//! The header of the PROXY protocol, versions 1 and 2 (haproxy.org,
//! `proxy-protocol.txt`): how a proxy that passes bytes on unread says whose they are.
//!
//! Read strictly: what isn't exactly a header of a TCP connection is an error, and the
//! connection is to be closed. It can't be taken for the beginning of TLS, whose first
//! byte is another. Additional fields (TLVs) are skipped, not believed.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// A whole header is at most this long, in bytes: room for a client certificate's
/// names, which proxies may add. One that says it is longer is refused before it is read.
pub const LENGTH_MAX: usize = 4096;

/// Longest line of version 1, its CRLF counted (section 2.1).
const LINE_MAX: usize = 107;
const SIGNATURE: &[u8; 12] = b"\r\n\r\n\0\r\nQUIT\n";
const WORD: &[u8] = b"PROXY ";
/// Signature, command, family and length of version 2.
const FIXED: usize = 16;

/// What the first bytes of a connection are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Start {
    /// No header begins here.
    Other,
    /// The beginning of a header; the rest is still to come.
    More,
    /// A header.
    Whole {
        /// Its length in bytes; what is behind it belongs to the client.
        length: usize,
        /// Whose the connection is; `None` where the proxy speaks for itself (its own
        /// health check) or doesn't know.
        source: Option<IpAddr>,
    },
}

/// What begins like a header and isn't one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ProxyHeaderError {
    /// Version 1: not the line of section 2.1.
    #[error(
        "malformed line; expected `PROXY TCP4|TCP6 source destination port port` or `PROXY UNKNOWN`"
    )]
    Line,
    /// Version 2: neither version 2 nor a known command.
    #[error("unknown version or command; expected version 2, LOCAL or PROXY")]
    Command,
    /// Version 2: not a family that a TCP connection can have.
    #[error("unknown family; expected TCP over IPv4 or IPv6, a Unix stream, or none")]
    Family,
    /// Version 2: shorter than its addresses, or longer than [`LENGTH_MAX`].
    #[error("length out of range")]
    Length,
}

/// Reads the first bytes of a connection.
///
/// # Errors
/// [`ProxyHeaderError`] as soon as no header can come of it.
pub fn start(bytes: &[u8]) -> Result<Start, ProxyHeaderError> {
    if begins(bytes, SIGNATURE) {
        version_2(bytes)
    } else if begins(bytes, WORD) {
        version_1(bytes)
    } else {
        Ok(Start::Other)
    }
}

/// Whether `bytes` begin with `with`, as far as they go.
fn begins(bytes: &[u8], with: &[u8]) -> bool {
    let shared = bytes.len().min(with.len());
    shared > 0 && bytes.get(..shared) == with.get(..shared)
}

fn version_1(bytes: &[u8]) -> Result<Start, ProxyHeaderError> {
    let within = bytes.get(..LINE_MAX).unwrap_or(bytes);
    let Some(end) = within.iter().position(|byte| *byte == b'\n') else {
        return if within.len() < LINE_MAX {
            Ok(Start::More)
        } else {
            Err(ProxyHeaderError::Line)
        };
    };
    let line = within
        .get(WORD.len()..end)
        .and_then(|line| line.strip_suffix(b"\r"))
        .and_then(|line| std::str::from_utf8(line).ok())
        .ok_or(ProxyHeaderError::Line)?;
    let source = match line.split_once(' ') {
        Some(("TCP4", rest)) => Some(addresses::<Ipv4Addr>(rest)?.into()),
        Some(("TCP6", rest)) => Some(addresses::<Ipv6Addr>(rest)?.into()),
        // Whatever stands behind it is to be ignored (section 2.1).
        Some(("UNKNOWN", _)) => None,
        None if line == "UNKNOWN" => None,
        _ => return Err(ProxyHeaderError::Line),
    };
    Ok(Start::Whole {
        length: end + 1,
        source,
    })
}

/// `source destination port port`; returns the source.
fn addresses<A: std::str::FromStr>(rest: &str) -> Result<A, ProxyHeaderError> {
    let mut words = rest.split(' ');
    let mut address = || words.next()?.parse::<A>().ok();
    let (source, destination) = (address(), address());
    let mut port = || {
        let digits = words.next()?;
        let port = digits.parse::<u16>().ok()?;
        (port.to_string() == digits).then_some(port)
    };
    let (from, to) = (port(), port());
    match (source, destination, from, to, words.next()) {
        (Some(source), Some(_), Some(_), Some(_), None) => Ok(source),
        _ => Err(ProxyHeaderError::Line),
    }
}

fn version_2(bytes: &[u8]) -> Result<Start, ProxyHeaderError> {
    let Some((fixed, rest)) = bytes.split_first_chunk::<FIXED>() else {
        return Ok(Start::More);
    };
    let [.., command, family, high, low] = *fixed;
    let length = usize::from(u16::from_be_bytes([high, low]));
    let local = match command {
        0x20 => true,
        0x21 => false,
        _ => return Err(ProxyHeaderError::Command),
    };
    let addresses = match family {
        // Unspecified.
        0x00 => 0,
        // TCP over IPv4, TCP over IPv6, a Unix stream.
        0x11 => 12,
        0x21 => 36,
        0x31 => 216,
        _ if local => 0,
        _ => return Err(ProxyHeaderError::Family),
    };
    // A LOCAL header's addresses are ignored, whatever they are (section 2.2).
    if FIXED + length > LENGTH_MAX || (!local && length < addresses) {
        return Err(ProxyHeaderError::Length);
    }
    let Some(body) = rest.get(..length) else {
        return Ok(Start::More);
    };
    let source = match family {
        0x11 if !local => body.first_chunk::<4>().copied().map(IpAddr::from),
        0x21 if !local => body.first_chunk::<16>().copied().map(IpAddr::from),
        _ => None,
    };
    Ok(Start::Whole {
        length: FIXED + length,
        source,
    })
}

#[cfg(test)]
mod tests;
