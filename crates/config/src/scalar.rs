//! Text of the file to typed values. Each parser says what it expected and, where it
//! can guess what was meant, how to write it.

use std::{
    net::{IpAddr, Ipv6Addr, SocketAddr},
    path::Path,
};

use guards::network::{Network, ParseNetworkError};

use crate::key::{DURATIONS, SIZES};

/// Why text can't be read.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Wrong {
    /// In place of what the key's form expects, where something closer can be said.
    pub(crate) expected: Option<String>,
    pub(crate) help: Option<String>,
}

impl Wrong {
    pub(crate) const PLAIN: Self = Self {
        expected: None,
        help: None,
    };

    pub(crate) fn expected(expected: impl Into<String>) -> Self {
        Self {
            expected: Some(expected.into()),
            help: None,
        }
    }

    pub(crate) fn help(help: impl Into<String>) -> Self {
        Self {
            expected: None,
            help: Some(help.into()),
        }
    }
}

/// An `https://` address without a fragment, as it is written.
pub(crate) fn https(text: &str) -> Result<String, Wrong> {
    let rest = text.strip_prefix("https://").ok_or(Wrong::PLAIN)?;
    let (place, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    authority(place, Some(443))?;
    let sound = |c: char| c.is_ascii_graphic() && !matches!(c, '#' | '"' | '<' | '>' | '\\');
    if path.chars().all(sound) {
        Ok(text.to_owned())
    } else {
        Err(Wrong::PLAIN)
    }
}

/// A host name for TLS and HTTP: ASCII letters, digits and `-` in labels of 1 to 63,
/// 253 in all (RFC 1123 section 2.1), lower-cased. No port, no wildcard, no address.
pub(crate) fn host(text: &str) -> Result<String, Wrong> {
    if !text.is_ascii() {
        return Err(Wrong::help(
            "write names with other letters in their ASCII form, which begins with `xn--`",
        ));
    }
    if text.contains("://") || text.contains('/') {
        return Err(Wrong::help("only the name: no `https://`, no path"));
    }
    if text.contains('*') {
        return Err(Wrong::help(
            "write each host on its own: wildcards aren't available",
        ));
    }
    if text.parse::<IpAddr>().is_ok() || text.starts_with('[') {
        return Err(Wrong::help(
            "browsers name no host when they connect to an address: give it a name",
        ));
    }
    if let Some((name, port)) = text.rsplit_once(':')
        && port.bytes().all(|byte| byte.is_ascii_digit())
    {
        return Err(Wrong::help(format!(
            "only the name: `{name}`; ports belong to `listen`"
        )));
    }
    if let Some(name) = text.strip_suffix('.') {
        return Err(Wrong::help(format!("without the dot at the end: `{name}`")));
    }
    let good = |label: &str| {
        (1..=63).contains(&label.len())
            && label
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let numeric = text
        .rsplit('.')
        .next()
        .is_some_and(|last| last.bytes().all(|byte| byte.is_ascii_digit()));
    if text.len() > 253 || !text.split('.').all(good) || numeric {
        return Err(Wrong::PLAIN);
    }
    Ok(text.to_ascii_lowercase())
}

/// `address:port`; IPv6 in brackets. `meant` is the address of somebody who gives only
/// a port.
pub(crate) fn socket(text: &str, meant: &str) -> Result<SocketAddr, Wrong> {
    if let Ok(address) = text.parse() {
        return Ok(address);
    }
    let port = |digits: &str| digits.parse::<u16>().ok();
    let bare = text.trim_start_matches('*').trim_start_matches(':');
    let help = if text.parse::<Ipv6Addr>().is_ok() {
        format!("write brackets and a port: `\"[{text}]:443\"`")
    } else if let Some(port) = port(bare) {
        format!("write `\"{meant}:{port}\"`")
    } else if let Some(port) = text.strip_prefix("localhost:").and_then(port) {
        format!("write the address: `\"127.0.0.1:{port}\"`")
    } else if text.parse::<IpAddr>().is_ok() {
        format!("the port is missing: `\"{text}:443\"`")
    } else {
        "names aren't resolved here: write the address".to_owned()
    };
    Err(Wrong::help(help))
}

/// The shortest prefixes that a range of one's own proxies may have: 10.0.0.0/8, fc00::/7.
const PROXIES_V4_MIN: u8 = 8;
const PROXIES_V6_MIN: u8 = 7;

/// A range of addresses.
pub(crate) fn network(text: &str) -> Result<Network, Wrong> {
    Network::parse(text).map_err(|error| match error {
        ParseNetworkError::HostBits { meant } => Wrong::help(format!(
            "write `\"{meant}\"` for the range, or the address alone"
        )),
        ParseNetworkError::Mapped => Wrong::help("write it as the IPv4 address that it is"),
        _ if host(text).is_ok() => {
            Wrong::help("names aren't resolved here: write the address or range")
        }
        _ => Wrong::PLAIN,
    })
}

/// A range of trusted proxies. One so wide that strangers are in it is refused: each of
/// them could give himself any address.
pub(crate) fn proxies(text: &str) -> Result<Network, Wrong> {
    let network = network(text)?;
    let least = if network.address().is_ipv4() {
        PROXIES_V4_MIN
    } else {
        PROXIES_V6_MIN
    };
    if network.prefix() < least {
        return Err(Wrong {
            expected: Some(format!(
                "the ranges of your own proxies, /{least} or narrower"
            )),
            help: Some("everyone in it could give himself any address".to_owned()),
        });
    }
    Ok(network)
}

/// The folder of own pages in every site: `/-/`.
pub(crate) fn prefix(text: &str) -> Result<String, Wrong> {
    let inner = text
        .strip_prefix('/')
        .and_then(|rest| rest.strip_suffix('/'));
    match inner {
        _ if text == "/" => Err(Wrong::help("`/` would hide the application")),
        Some(inner) if text.len() <= 64 && inner.split('/').all(segment) => Ok(text.to_owned()),
        None => {
            let name = text.trim_matches('/');
            Err(Wrong::help(format!(
                "it begins and ends with `/`: `\"/{name}/\"`"
            )))
        }
        Some(_) => Err(Wrong::PLAIN),
    }
}

/// A path of a route: begins with `/`, no `/` at the end but in `/` itself, which
/// becomes the empty prefix.
pub(crate) fn route_path(text: &str) -> Result<String, Wrong> {
    let Some(rest) = text.strip_prefix('/') else {
        return Err(Wrong::help(format!("it begins with `/`: `\"/{text}\"`")));
    };
    if rest.is_empty() {
        return Ok(String::new());
    }
    if let Some(shorter) = text.strip_suffix('/')
        && !shorter.is_empty()
    {
        return Err(Wrong::help(format!(
            "`\"{shorter}\"` holds for everything below it too"
        )));
    }
    if text.contains(['?', '#']) {
        return Err(Wrong::help(
            "a route is chosen by its path only: without `?` and `#`",
        ));
    }
    if text.contains('%') {
        return Err(Wrong::help("write the path unescaped: without `%`"));
    }
    if text.contains('*') {
        return Err(Wrong::help(
            "a route holds for everything below its path: without `*`",
        ));
    }
    if text.len() > 1024 || !rest.split('/').all(segment) {
        return Err(Wrong::PLAIN);
    }
    Ok(text.to_owned())
}

/// A path that is asked for, perhaps with a query.
pub(crate) fn request_path(text: &str) -> Result<String, Wrong> {
    if !text.starts_with('/') {
        return Err(Wrong::help(format!("it begins with `/`: `\"/{text}\"`")));
    }
    let printable = text
        .bytes()
        .all(|byte| byte.is_ascii_graphic() && !b"\"#<>\\^`{|}".contains(&byte));
    if text.len() > 1024 || !printable {
        return Err(Wrong::PLAIN);
    }
    Ok(text.to_owned())
}

fn segment(text: &str) -> bool {
    !text.is_empty()
        && text != "."
        && text != ".."
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-._~!$&'()+,;=:@".contains(&byte))
}

/// An address for mail: `name@host`, ASCII, no display name.
pub(crate) fn mail_address(text: &str) -> Result<String, Wrong> {
    if text.contains('<') {
        return Err(Wrong::help("only the address, without a name and `<>`"));
    }
    let Some((name, domain)) = text.rsplit_once('@') else {
        return Err(Wrong::PLAIN);
    };
    let dot_atom =
        |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~.".contains(&byte);
    if name.is_empty() || name.len() > 64 || !name.bytes().all(dot_atom) || host(domain).is_err() {
        return Err(Wrong::PLAIN);
    }
    Ok(text.to_owned())
}

/// A name or address that an outgoing connection goes to, and a port.
pub(crate) fn authority(text: &str, default_port: Option<u16>) -> Result<(String, u16), Wrong> {
    if text.contains('@') {
        return Err(Wrong::help("no user and password in an address"));
    }
    if let Some((_, rest)) = text.split_once('/') {
        let help = "without a path: it goes to the application as it came";
        return Err(if rest.is_empty() {
            Wrong::help("without the `/` at the end")
        } else {
            Wrong::help(help)
        });
    }
    let (name, port) = match text.rsplit_once(':') {
        Some((name, port)) if !name.contains(':') || name.ends_with(']') => (name, Some(port)),
        _ => (text, None),
    };
    let port = match port {
        Some(digits) => digits
            .parse::<u16>()
            .ok()
            .filter(|port| *port > 0)
            .ok_or_else(|| Wrong::expected("a port from 1 to 65535"))?,
        None => {
            default_port.ok_or_else(|| Wrong::help(format!("the port is missing: `{text}:587`")))?
        }
    };
    let bare = name
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'));
    if let Some(inner) = bare {
        let address: Ipv6Addr = inner
            .parse()
            .map_err(|_| Wrong::expected("an IPv6 address in brackets"))?;
        return Ok((address.to_string(), port));
    }
    if name.parse::<Ipv6Addr>().is_ok() {
        return Err(Wrong::help(format!(
            "IPv6 addresses stand in brackets: `[{name}]`"
        )));
    }
    if let Ok(address) = name.parse::<std::net::Ipv4Addr>() {
        return Ok((address.to_string(), port));
    }
    // Names inside a network (Docker's, for one) may bear an underscore.
    match host(&name.replace('_', "-")) {
        Ok(_) => Ok((name.to_ascii_lowercase(), port)),
        Err(_) if name.is_empty() => Err(Wrong::expected("a name or address behind `//`")),
        Err(wrong) => Err(wrong),
    }
}

/// `10s`, `3m`, `2h`, `30d` as seconds.
pub(crate) fn duration(text: &str) -> Result<u64, Wrong> {
    amount(text, &DURATIONS, "s, m, h or d", "10s")
}

/// `512B`, `16KiB`, `64MiB`, `1GiB` as bytes.
pub(crate) fn size(text: &str) -> Result<u64, Wrong> {
    amount(text, &SIZES, "B, KiB, MiB, GiB or TiB", "16KiB")
}

fn amount(text: &str, units: &[(&str, u64)], names: &str, like: &str) -> Result<u64, Wrong> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    let expected = || {
        Wrong::expected(format!(
            "a whole number and one of {names}, such as \"{like}\""
        ))
    };
    if number.is_empty() {
        return Err(expected());
    }
    if unit.is_empty() {
        let first = units.first().map_or("", |(unit, _)| unit);
        return Err(Wrong::help(format!(
            "the unit is missing: `\"{number}{first}\"`, with one of {names}"
        )));
    }
    let Some((_, size)) = units.iter().find(|(name, _)| *name == unit.trim_start()) else {
        return Err(expected());
    };
    // Too large for the type is too large for every key.
    Ok(number
        .parse::<u64>()
        .unwrap_or(u64::MAX)
        .saturating_mul(*size))
}

/// Whether an address stays on the machine or in its private network: loopback,
/// RFC 1918, RFC 4193, link-local.
pub(crate) fn reach(address: IpAddr) -> Reach {
    let address = address.to_canonical();
    if address.is_loopback() {
        return Reach::Loopback;
    }
    let private = match address {
        IpAddr::V4(v4) => v4.is_private() || v4.is_link_local(),
        IpAddr::V6(v6) => v6.is_unique_local() || v6.is_unicast_link_local(),
    };
    if private {
        Reach::Private
    } else {
        Reach::Beyond
    }
}

/// How far away an address is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reach {
    Loopback,
    Private,
    Beyond,
}

/// A path beside the file, unless it is absolute.
pub(crate) fn beside(folder: &Path, text: &str) -> std::path::PathBuf {
    folder.join(text)
}

#[cfg(test)]
mod tests;
