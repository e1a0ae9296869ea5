//! Lists of addresses from files, in whichever of the usual forms: netset and plain
//! lines, hosts style, CSV, and the JSON lines of Spamhaus DROP.
//!
//! Strict: a line that can't be read spoils the file, since nobody knows what else is
//! wrong with it. So does what shows that it isn't whole, isn't a list, or would refuse
//! half the world.

use std::{fmt, net::IpAddr, ops::RangeInclusive};

use guards::block::{Entry, IpRange, ParseRangeError, RANGES_MAX, RangeError};
use serde::Deserialize;

use crate::{
    key::MIB,
    reader::{harmless, quoted},
};

/// Bytes read of a list; a larger one is refused.
pub const LIST_MAX: u64 = 64 * MIB;

/// IPv4 addresses that one file may cover: half of all.
const COVERED_MAX: u64 = 1 << 31;

/// Why a file isn't taken as a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListError {
    /// The line that is wrong, from 1; `None` where it is the whole.
    pub line: Option<u32>,
    /// What is wrong.
    pub what: String,
    /// What was expected.
    pub expected: String,
    /// What to do.
    pub help: Option<String>,
}

impl ListError {
    fn whole(what: &str, expected: &str) -> Self {
        Self {
            line: None,
            what: what.to_owned(),
            expected: expected.to_owned(),
            help: None,
        }
    }

    fn at(line: u32, what: String) -> Self {
        Self {
            line: Some(line),
            what,
            expected: "an address or range such as 198.51.100.0/24".to_owned(),
            help: None,
        }
    }

    fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

impl fmt::Display for ListError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(line) = self.line {
            write!(f, "line {line}: ")?;
        }
        write!(f, "{}; expected {}", self.what, self.expected)
    }
}

impl std::error::Error for ListError {}

/// Why text is no entry of a list.
#[derive(Debug)]
pub(super) enum Malformed {
    Parse(ParseRangeError),
    /// An IPv4 address that NAT64 translates.
    Translated,
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Parse(error) => error.fmt(f),
            Self::Translated => {
                f.write_str("an IPv4 address translated by NAT64; expected it as IPv4")
            }
        }
    }
}

/// An address or a range.
pub(super) fn range(text: &str) -> Result<IpRange, Malformed> {
    let range: IpRange = text.parse().map_err(Malformed::Parse)?;
    if super::is_translated(range) {
        return Err(Malformed::Translated);
    }
    Ok(range)
}

/// How a file is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    /// An address or range a line; names may follow.
    Lines,
    /// The first column.
    Csv,
    /// An object a line.
    Json,
}

/// The entries of a list, each with its line.
///
/// # Errors
/// [`ListError`]; nothing is repaired or left out.
pub fn read(bytes: &[u8]) -> Result<Vec<Entry>, ListError> {
    let text = std::str::from_utf8(bytes)
        .map_err(|_| ListError::whole("bytes that aren't text", "a list in UTF-8"))?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if text.trim_start().starts_with('<') {
        let error = ListError::whole("it is a web page", "a list of addresses");
        return Err(error.help("look at it in a browser: the source may want something first"));
    }
    let mut lines = (1..).zip(text.lines()).filter(|(_, line)| !is_empty(line));
    let Some((first, line)) = lines.next() else {
        return Err(ListError::whole("it is empty", "at least one address"));
    };
    if !text.ends_with('\n') {
        let error = ListError::whole("its last line has no end", "a list that is whole");
        return Err(error.help("it may have been cut off; if it is whole, end it with a new line"));
    }
    let form = match line.trim_start() {
        json if json.starts_with('{') => Form::Json,
        csv if csv
            .split(['#', ';'])
            .next()
            .is_some_and(|it| it.contains(',')) =>
        {
            Form::Csv
        }
        _ => Form::Lines,
    };
    let lines = std::iter::once((first, line)).chain(lines);
    let entries = match form {
        Form::Json => json(lines)?,
        Form::Csv => csv(lines)?,
        Form::Lines => plain(lines)?,
    };
    if entries.is_empty() {
        return Err(ListError::whole("it has no entry", "at least one address"));
    }
    if covered(&entries) > COVERED_MAX {
        let error = ListError::whole(
            "it has more than half of all IPv4 addresses",
            "a list of some",
        );
        return Err(error.help("to let in only a few, write `deny` and `allow` yourself"));
    }
    Ok(entries)
}

/// Whether a line says nothing.
fn is_empty(line: &str) -> bool {
    let line = line.trim();
    line.is_empty() || line.starts_with(['#', ';'])
}

/// Adds an entry.
fn add(entries: &mut Vec<Entry>, number: u32, text: &str) -> Result<(), ListError> {
    let range = range(text).map_err(|malformed| {
        let error = ListError::at(number, format!("{} is none: {malformed}", quoted(text)));
        match malformed {
            Malformed::Parse(ParseRangeError::Range(RangeError::HostBits { meant })) => {
                error.help(format!("the range around it is {meant}"))
            }
            _ => error,
        }
    })?;
    if is_too_wide(range) {
        let error = ListError::at(number, format!("{range} is far too many addresses"));
        return Err(error.help("a list that refuses everybody isn't taken"));
    }
    if entries.len() == RANGES_MAX {
        return Err(ListError::whole(
            "it has too many entries",
            &format!("at most {RANGES_MAX}"),
        ));
    }
    entries.push(Entry { range, number });
    Ok(())
}

/// Whether a range has more than an eighth of all IPv4 addresses, or more of the IPv6
/// addresses that are given out than a regional registry has.
fn is_too_wide(range: IpRange) -> bool {
    match (range.first(), range.last()) {
        (IpAddr::V4(first), IpAddr::V4(last)) => {
            u64::from(last.to_bits() - first.to_bits()) >= 1 << 29
        }
        (IpAddr::V6(first), IpAddr::V6(last)) => {
            let (first, last) = (first.to_bits(), last.to_bits());
            first < IN_USE.1 && last > IN_USE.0 && last - first >= WIDE_V6
        }
        _ => false,
    }
}

/// `2000::/4`: where all addresses are that have been given out (IANA, November 2026).
const IN_USE: (u128, u128) = (0x2000 << 112, (0x3000 << 112) - 1);
/// As many addresses as a `/11` has: a regional registry has a `/12`.
const WIDE_V6: u128 = (1 << 117) - 1;

type Line<'a> = (u32, &'a str);

fn plain<'a>(lines: impl Iterator<Item = Line<'a>>) -> Result<Vec<Entry>, ListError> {
    let mut entries = Vec::new();
    for (number, line) in lines {
        let said = line.split(['#', ';']).next().unwrap_or_default();
        let mut words = said.split_whitespace();
        let Some(first) = words.next() else { continue };
        let mut names = words.peekable();
        if names.peek().is_some() {
            // The first column of such lists says where the names are to lead.
            let nowhere = first
                .parse()
                .is_ok_and(|address: IpAddr| address.is_unspecified() || address.is_loopback());
            if nowhere {
                let what = "names that are to lead nowhere, as for a resolver".to_owned();
                let error = ListError::at(number, what);
                return Err(error.help("such a list says nothing of who may ask"));
            }
            if let Some(other) = names.find(|name| !is_name(name)) {
                let what = format!("{} behind {}", quoted(other), quoted(first));
                return Err(ListError {
                    expected: "one address or range a line, with names behind it at most"
                        .to_owned(),
                    ..ListError::at(number, what)
                });
            }
        }
        add(&mut entries, number, first)?;
    }
    Ok(entries)
}

/// Whether a word behind an address is a name rather than a part of a range.
fn is_name(word: &str) -> bool {
    let letter = |byte: u8| byte.is_ascii_alphabetic();
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_');
    word.bytes().any(letter) && word.bytes().all(fits)
}

fn csv<'a>(lines: impl Iterator<Item = Line<'a>>) -> Result<Vec<Entry>, ListError> {
    let mut entries = Vec::new();
    for (place, (number, line)) in lines.enumerate() {
        let mut columns = line.split(',').map(|column| {
            let column = column.trim();
            let inner = column.strip_prefix('"').and_then(|it| it.strip_suffix('"'));
            inner.unwrap_or(column)
        });
        let first = columns.next().unwrap_or_default();
        let is_title = first.starts_with(|it: char| it.is_ascii_alphabetic())
            && !first.contains(['.', ':', '/']);
        if place == 0 && is_title {
            continue;
        }
        if columns
            .next()
            .is_some_and(|it| it.parse::<IpAddr>().is_ok())
        {
            let what = "an address in the second column too".to_owned();
            let error = ListError::at(number, what);
            return Err(error.help("write a range from one to another as `first-last`"));
        }
        add(&mut entries, number, first)?;
    }
    Ok(entries)
}

/// A line of Spamhaus DROP. What else stands in it means nothing here.
#[derive(Deserialize)]
struct Object {
    cidr: Option<String>,
    /// Only lists of Spamhaus have it, and they end with a count.
    sblid: Option<serde::de::IgnoredAny>,
    r#type: Option<String>,
    records: Option<usize>,
}

fn json<'a>(lines: impl Iterator<Item = Line<'a>>) -> Result<Vec<Entry>, ListError> {
    let mut entries = Vec::new();
    let (mut counted, mut ended) = (false, None);
    for (number, line) in lines {
        let object: Object = serde_json::from_str(line).map_err(|error| {
            let what = format!("it can't be read: {}", harmless(&error.to_string()));
            ListError {
                expected: "an object with `cidr` a line".to_owned(),
                ..ListError::at(number, what)
            }
        })?;
        if ended.is_some() {
            let what = "it goes on behind its own end".to_owned();
            return Err(ListError::at(number, what));
        }
        counted |= object.sblid.is_some();
        match object.cidr {
            Some(cidr) => add(&mut entries, number, &cidr)?,
            None if object.r#type.as_deref() == Some("metadata") => ended = Some(object.records),
            None => {
                return Err(ListError {
                    expected: "an object with `cidr`".to_owned(),
                    ..ListError::at(number, "there is no `cidr`".to_owned())
                });
            }
        }
    }
    let said = ended.flatten();
    let is_short = match ended {
        Some(_) => said.is_some_and(|records| records != entries.len()),
        None => counted,
    };
    if is_short {
        let expected = said.map_or_else(
            || "a last line with a count".to_owned(),
            |records| format!("{records}, as its last line says"),
        );
        let what = format!("it was cut off after {} entries", entries.len());
        return Err(ListError::whole(&what, &expected).help("fetch it again"));
    }
    Ok(entries)
}

/// How many IPv4 addresses entries cover together.
fn covered(entries: &[Entry]) -> u64 {
    let ends = |entry: &Entry| match (entry.range.first(), entry.range.last()) {
        (IpAddr::V4(first), IpAddr::V4(last)) => {
            Some(u64::from(first.to_bits())..=u64::from(last.to_bits()))
        }
        _ => None,
    };
    let mut ranges: Vec<RangeInclusive<u64>> = entries.iter().filter_map(ends).collect();
    ranges.sort_unstable_by_key(|range| *range.start());
    let (mut sum, mut next) = (0, 0);
    for range in ranges {
        let first = next.max(*range.start());
        if first <= *range.end() {
            sum += range.end() - first + 1;
            next = range.end() + 1;
        }
    }
    sum
}

#[cfg(test)]
mod tests;
