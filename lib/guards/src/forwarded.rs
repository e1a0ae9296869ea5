//! Who the client is, as trusted proxies say: `X-Forwarded-For`, and `Forwarded`
//! (RFC 7239).
//!
//! Both are read from the right, where the nearest proxy wrote, as long as what is read
//! is itself a trusted proxy. The first address that isn't is the client: whatever stands
//! left of it was written by the client or by somebody whom nobody vouches for. An entry
//! that can't be read ends the search at the address to its right.

use std::net::IpAddr;

use crate::network::Networks;

/// Proxies that are walked through; nobody has more.
const HOPS_MAX: usize = 32;

/// Field lines of one kind that are kept; of more, the last ones.
pub const LINES_MAX: usize = 8;

/// The field lines of a request that name clients, in the order in which they came.
#[derive(Debug, Default)]
pub struct Told<'a> {
    x_forwarded_for: Lines<'a>,
    forwarded: Lines<'a>,
}

/// The last lines of one kind.
#[derive(Debug, Default)]
struct Lines<'a> {
    kept: [&'a [u8]; LINES_MAX],
    seen: usize,
}

impl<'a> Lines<'a> {
    fn add(&mut self, line: &'a [u8]) {
        if let Some(place) = self.kept.get_mut(self.seen % LINES_MAX) {
            *place = line;
        }
        self.seen += 1;
    }

    /// From the last to the first that is kept.
    fn rev(&self) -> impl Iterator<Item = &'a [u8]> {
        (self.seen.saturating_sub(LINES_MAX)..self.seen)
            .rev()
            .filter_map(|index| self.kept.get(index % LINES_MAX).copied())
    }
}

/// `X-Forwarded-For` and `Forwarded` name different clients. One of them came from the
/// client: which, only the owner of the proxy knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Disagree;

impl<'a> Told<'a> {
    /// Notes a field line of `X-Forwarded-For`.
    pub fn x_forwarded_for(&mut self, line: &'a [u8]) {
        self.x_forwarded_for.add(line);
    }

    /// Notes a field line of `Forwarded`.
    pub fn forwarded(&mut self, line: &'a [u8]) {
        self.forwarded.add(line);
    }

    /// The client of a request that came from `peer`, a trusted proxy.
    ///
    /// # Errors
    /// [`Disagree`] where both kinds are there and name different ones.
    pub fn client(&self, peer: IpAddr, trusted: &Networks) -> Result<IpAddr, Disagree> {
        let entries = self.x_forwarded_for.rev().flat_map(|line| {
            line.rsplit(|byte| *byte == b',')
                .map(|entry| std::str::from_utf8(entry).ok().and_then(node))
        });
        let by_list = walk(peer, entries, trusted);
        let elements = self.forwarded.rev().flat_map(elements);
        let by_standard = walk(peer, elements, trusted);
        match (self.x_forwarded_for.seen, self.forwarded.seen) {
            (_, 0) => Ok(by_list),
            (0, _) => Ok(by_standard),
            _ if by_list == by_standard => Ok(by_list),
            _ => Err(Disagree),
        }
    }
}

fn walk(peer: IpAddr, entries: impl Iterator<Item = Option<IpAddr>>, trusted: &Networks) -> IpAddr {
    let mut client = peer;
    for entry in entries.take(HOPS_MAX) {
        let Some(address) = entry else { break };
        client = address;
        if !trusted.contains(address) {
            break;
        }
    }
    client
}

/// An address, perhaps with a port: `192.0.2.1`, `192.0.2.1:80`, `2001:db8::1`,
/// `[2001:db8::1]:80`. Not `unknown`, not `_hidden`.
fn node(text: &str) -> Option<IpAddr> {
    let text = text.trim_matches([' ', '\t']);
    if let Some(rest) = text.strip_prefix('[') {
        let (address, port) = rest.split_once(']')?;
        let port = port.strip_prefix(':').or(port.is_empty().then_some("0"));
        return address
            .parse()
            .ok()
            .filter(|_| port.is_some_and(is_port))
            .map(IpAddr::V6);
    }
    let bare = match text.split_once(':') {
        Some((address, port)) if is_port(port) && !address.is_empty() => address,
        _ => text,
    };
    bare.parse().ok()
}

fn is_port(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit()) && text.parse::<u16>().is_ok()
}

/// The `for` of each element of a `Forwarded` line, from the last to the first. A line
/// that can't be read gives one entry that can't either.
fn elements(line: &[u8]) -> impl Iterator<Item = Option<IpAddr>> {
    let text = std::str::from_utf8(line)
        .ok()
        // No address needs an escape; with one, quotes couldn't be told from the right.
        .filter(|text| !text.contains('\\') && text.matches('"').count() % 2 == 0);
    let unreadable = text.is_none();
    text.into_iter()
        .flat_map(|text| from_the_right(text, ','))
        .map(|element| {
            let mut named = from_the_right(element, ';').filter_map(|pair| {
                let (name, value) = pair.split_once('=')?;
                let name = name.trim_matches([' ', '\t']);
                name.eq_ignore_ascii_case("for").then_some(value)
            });
            let (one, other) = (named.next(), named.next());
            one.filter(|_| other.is_none()).and_then(quoted_node)
        })
        .chain(unreadable.then_some(None))
}

fn quoted_node(value: &str) -> Option<IpAddr> {
    let value = value.trim_matches([' ', '\t']);
    let Some(rest) = value.strip_prefix('"') else {
        // An IPv6 address must be quoted (RFC 7239 section 6).
        return node(value).filter(IpAddr::is_ipv4);
    };
    node(rest.strip_suffix('"')?)
}

/// The parts of a text between separators that aren't in quotes, from the last to the
/// first.
fn from_the_right(text: &str, separator: char) -> impl Iterator<Item = &str> {
    let mut quoted = false;
    text.rsplit(move |letter| {
        quoted ^= letter == '"';
        letter == separator && !quoted
    })
}

#[cfg(test)]
mod tests;
