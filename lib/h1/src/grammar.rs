//! What single words of a message must look like; also for heads decoded elsewhere (HTTP/2).
//!
//! RFC 9110 §5 and §7.2, RFC 3986 §3. Stricter where servers are known to differ.

use std::net::{Ipv4Addr, Ipv6Addr};

use crate::{Refusal, class, known::Known};

/// The longest method, in bytes.
pub const METHOD_LEN_MAX: usize = 32;

/// Whether `text` is a token: a method, a field's name (RFC 9110 §5.6.2).
pub fn is_token(text: &[u8]) -> bool {
    !text.is_empty() && class::all(text, class::TOKEN)
}

/// Whether `value` may be a field's value: no control but HTAB, no DEL. Bytes from 0x80
/// up pass (RFC 9110 §5.5). White space at its ends is not judged.
pub fn is_field_value(value: &[u8]) -> bool {
    class::value_run(value, 0) == value.len()
}

/// Judges one field as [`crate::RequestHead`] would, for heads that were decoded elsewhere.
///
/// # Errors
/// A name that is no token or stands for a framing field under another spelling, a value
/// with control characters.
pub fn judge_field(name: &[u8], value: &[u8]) -> Result<(), Refusal> {
    if name.is_empty() {
        return Err(Refusal::EmptyName);
    }
    if !class::all(name, class::TOKEN) {
        return Err(Refusal::NameByte);
    }
    if is_framing_alias(name) {
        return Err(Refusal::FramingAlias);
    }
    if !is_field_value(value) {
        return Err(Refusal::ValueByte);
    }
    Ok(())
}

/// Judges a method.
///
/// # Errors
/// No token, or longer than [`METHOD_LEN_MAX`].
pub fn judge_method(method: &[u8]) -> Result<(), Refusal> {
    if method.len() > METHOD_LEN_MAX {
        return Err(Refusal::MethodTooLong);
    }
    if is_token(method) {
        Ok(())
    } else {
        Err(Refusal::Method)
    }
}

/// Judges a target in origin-form (`:path` of HTTP/2) and splits it at its first `?`.
///
/// Raw `|`, `^`, `{`, `}`, `[`, `]` pass, since browsers send them, in the query `\` and
/// `` ` `` too. Percent signs aren't judged: browsers send a lone `%` too.
///
/// # Errors
/// It doesn't begin with `/`, or holds a byte that can't stand where it does.
pub fn path_and_query(target: &str) -> Result<(&str, Option<&str>), Refusal> {
    let (path, query) = match target.split_once('?') {
        Some((path, query)) => (path, Some(query)),
        None => (target, None),
    };
    if !class::all(path.as_bytes(), class::PATH)
        || !class::all(query.unwrap_or_default().as_bytes(), class::QUERY)
    {
        return Err(Refusal::TargetByte);
    }
    if !path.starts_with('/') {
        return Err(Refusal::Target);
    }
    Ok((path, query))
}

/// A judged `host[:port]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Authority<'a> {
    /// As it came: any case, perhaps with a dot at its end; IPv6 with its brackets.
    pub host: &'a str,
    /// 1 to 65535, if given.
    pub port: Option<u16>,
}

/// Judges the value of `Host` or `:authority`.
///
/// A host is a name of letters, digits, `-`, `_` and dots (at most 255 bytes, labels of 1
/// to 63), a dotted IPv4 address or an IPv6 address in brackets. What a URL parser would
/// take for a number in disguise (`0x7f.1`, `2130706433`) is refused, and so is anything
/// percent-encoded.
///
/// # Errors
/// [`Refusal::Authority`] for anything else: user information, an empty host, a port that
/// is empty, 0, over 65535 or written with leading zeros.
pub fn authority(text: &str) -> Result<Authority<'_>, Refusal> {
    parse_authority(text).ok_or(Refusal::Authority)
}

fn parse_authority(text: &str) -> Option<Authority<'_>> {
    if text.starts_with('[') {
        let (address, rest) = text.get(1..)?.split_once(']')?;
        address.parse::<Ipv6Addr>().ok()?;
        let host = text.get(..address.len() + 2)?;
        let port = match rest.strip_prefix(':') {
            Some(port) => Some(parse_port(port)?),
            None if rest.is_empty() => None,
            None => return None,
        };
        return Some(Authority { host, port });
    }
    let end = class::run(text.as_bytes(), 0, class::HOST);
    let (host, rest) = text.split_at_checked(end)?;
    let port = match rest.strip_prefix(':') {
        Some(port) => Some(parse_port(port)?),
        None if rest.is_empty() => None,
        None => return None,
    };
    is_host_name(host).then_some(Authority { host, port })
}

fn parse_port(digits: &str) -> Option<u16> {
    let plain = matches!(digits.as_bytes(), [b'1'..=b'9', rest @ ..]
        if rest.len() < 5 && rest.iter().all(u8::is_ascii_digit));
    if plain { digits.parse().ok() } else { None }
}

/// `host` holds nothing but letters, digits, `-`, `_` and dots.
fn is_host_name(host: &str) -> bool {
    let name = host.strip_suffix('.').unwrap_or(host);
    if name.is_empty() || host.len() > 255 {
        return false;
    }
    let mut last = &name.as_bytes()[..0];
    for label in name.as_bytes().split(|&byte| byte == b'.') {
        if label.is_empty() || label.len() > 63 {
            return false;
        }
        last = label;
    }
    // A name that ends in a number is an IPv4 address or nothing (URL Standard §3.5).
    let numeric = match last {
        [b'0', b'x' | b'X', rest @ ..] => rest.iter().all(u8::is_ascii_hexdigit),
        _ => last.iter().all(u8::is_ascii_digit),
    };
    !numeric || host.parse::<Ipv4Addr>().is_ok()
}

/// Whether two names are one to a server that folds case and takes `_` and `.` for `-`,
/// as CGI, WSGI and PHP do.
pub fn same_folded(a: &[u8], b: &[u8]) -> bool {
    let fold = |byte: &u8| match byte {
        b'_' | b'.' => b'-',
        _ => byte.to_ascii_lowercase(),
    };
    a.len() == b.len() && a.iter().map(fold).eq(b.iter().map(fold))
}

/// Whether `name` is another spelling of a framing field.
#[inline]
pub(crate) fn is_framing_alias(name: &[u8]) -> bool {
    // Lengths first: this runs for every field that isn't known.
    let framing = match name.len() {
        14 => Known::ContentLength.name(),
        17 => Known::TransferEncoding.name(),
        _ => return false,
    };
    let framing = framing.as_bytes();
    same_folded(name, framing) && !name.eq_ignore_ascii_case(framing)
}

/// Whether a field may stand among the trailers: nothing that frames, routes,
/// authenticates, describes the content, sets conditions or belongs to the connection
/// (RFC 9110 §6.5.1), nor what a security header or proxy says.
pub fn is_trailer(name: &[u8]) -> bool {
    const FORBIDDEN: &[&str] = &[
        "Age",
        "Expires",
        "If-Match",
        "If-Modified-Since",
        "If-None-Match",
        "If-Range",
        "If-Unmodified-Since",
        "Max-Forwards",
        "Pragma",
        "Retry-After",
        "Warning",
        "Content-Location",
        "Clear-Site-Data",
        "Cross-Origin-Embedder-Policy",
        "Cross-Origin-Opener-Policy",
        "Cross-Origin-Resource-Policy",
        "Permissions-Policy",
        "Referrer-Policy",
    ];
    if is_framing_alias(name) {
        return false;
    }
    match Known::recognise(name) {
        // An entity tag can be known only once the content is.
        Some(known) => known == Known::Etag,
        None => {
            let forbidden = |known: &&str| known.as_bytes().eq_ignore_ascii_case(name);
            !FORBIDDEN.iter().any(forbidden)
                && !Known::ALL
                    .iter()
                    .any(|known| same_folded(known.name().as_bytes(), name))
        }
    }
}

#[cfg(test)]
mod tests;
