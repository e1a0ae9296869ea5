//! Promise `hsts`: from the first visit a browser is told to use HTTPS only.
//!
//! Source: RFC 6797; for `preload` the rules of hstspreload.org, which isn't part of
//! the RFC. A [`Policy`] that a browser or the preload list would reject can't be
//! built. [`merge`] decides what leaves when the application sends a value of its own:
//! never less than either side asked for. That the header is on every answer is the
//! edge's work, not this file's.

use std::fmt;

/// What the preload list asks for: one year, in seconds.
pub const PRELOAD_MAX_AGE_MIN_S: u64 = 31_536_000;

/// Two years in seconds: the default.
pub const MAX_AGE_DEFAULT_S: u64 = 63_072_000;

/// For which hosts a policy holds. Preloading always covers the subdomains, so the
/// three cases are all there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Scope {
    /// This host only.
    #[default]
    Host,
    /// This host and everything below it (`includeSubDomains`).
    Subdomains,
    /// As [`Scope::Subdomains`], and the owner consents to being built into browsers
    /// (`preload`).
    Preload,
}

/// A policy that is never less than it says, with its header value made once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    max_age_s: u64,
    scope: Scope,
    value: Box<str>,
}

/// The preload list wouldn't take this policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "max-age is {max_age_s} s; preloading asks for at least {PRELOAD_MAX_AGE_MIN_S} s (one year)"
)]
pub struct TooShortToPreload {
    /// The max-age that was asked for.
    pub max_age_s: u64,
}

impl Policy {
    /// A policy that browsers remember for `max_age_s` seconds after each answer; 0
    /// makes them forget it.
    ///
    /// # Errors
    /// [`Scope::Preload`] with less than a year.
    pub fn new(max_age_s: u64, scope: Scope) -> Result<Self, TooShortToPreload> {
        if scope == Scope::Preload && max_age_s < PRELOAD_MAX_AGE_MIN_S {
            return Err(TooShortToPreload { max_age_s });
        }
        Ok(Self::made(max_age_s, scope))
    }

    fn made(max_age_s: u64, scope: Scope) -> Self {
        let rest = match scope {
            Scope::Host => "",
            Scope::Subdomains => "; includeSubDomains",
            Scope::Preload => "; includeSubDomains; preload",
        };
        Self {
            max_age_s,
            scope,
            value: format!("max-age={max_age_s}{rest}").into(),
        }
    }

    /// How long browsers remember, in seconds.
    pub const fn max_age_s(&self) -> u64 {
        self.max_age_s
    }

    /// For which hosts.
    pub const fn scope(&self) -> Scope {
        self.scope
    }

    /// The value of `Strict-Transport-Security`: visible ASCII and spaces.
    pub fn header_value(&self) -> &str {
        &self.value
    }
}

/// Two years, this host only, no preload: safe for an owner who hasn't thought about
/// the other hosts of the domain yet.
impl Default for Policy {
    fn default() -> Self {
        Self::made(MAX_AGE_DEFAULT_S, Scope::Host)
    }
}

impl fmt::Display for Policy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.value)
    }
}

/// A header value as a browser reads it. Unlike a [`Policy`] it may be foolish, such
/// as `preload` without `includeSubDomains`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Seen {
    /// Seconds; a number beyond 64 bits is the largest.
    pub max_age_s: u64,
    /// Whether `includeSubDomains` stands there.
    pub include_subdomains: bool,
    /// Whether `preload` stands there.
    pub preload: bool,
}

impl Seen {
    /// Whether every protection of `policy` is in here too.
    pub fn at_least(&self, policy: &Policy) -> bool {
        self.max_age_s >= policy.max_age_s
            && (self.include_subdomains || policy.scope == Scope::Host)
            && (self.preload || policy.scope != Scope::Preload)
    }
}

/// A value that a browser must ignore (RFC 6797 section 6.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Malformed {
    /// No `max-age`: it is required.
    #[error("`max-age` is missing; expected `max-age=` and seconds")]
    NoMaxAge,
    /// `max-age` isn't a number of seconds.
    #[error("`max-age` isn't a number; expected one or more digits")]
    BadMaxAge,
    /// A directive stands there twice.
    #[error("a directive stands there twice; expected each at most once")]
    Twice,
    /// `includeSubDomains` or `preload` has a value.
    #[error("`includeSubDomains` or `preload` has a value; expected the bare word")]
    UnexpectedValue,
    /// Not `name` or `name=value`, separated by `;`.
    #[error("no directive can be read at byte {at}; expected `name` or `name=value` between `;`")]
    Syntax {
        /// Bytes from the start of the value.
        at: usize,
    },
    /// More directives than anybody needs.
    #[error("more than {DIRECTIVES_MAX} directives; expected at most three")]
    TooMany,
}

/// Directives looked at in one value; more is [`Malformed::TooMany`].
pub const DIRECTIVES_MAX: usize = 16;

/// Reads a value strictly by RFC 6797 section 6.1: names in any case, each at most
/// once (unknown ones too), values as tokens or quoted strings, empty directives
/// allowed. Doesn't allocate.
///
/// # Errors
/// What a browser would have to ignore, and why.
pub fn parse(value: &str) -> Result<Seen, Malformed> {
    let mut names = [""; DIRECTIVES_MAX];
    let mut count = 0;
    let (mut max_age_s, mut include_subdomains, mut preload) = (None, false, false);
    let mut rest = Rest { value, at: 0 };
    loop {
        rest.skip_space();
        if let Some(name) = rest.token() {
            let before = names.get(..count).unwrap_or_default();
            if before.iter().any(|known| known.eq_ignore_ascii_case(name)) {
                return Err(Malformed::Twice);
            }
            *names.get_mut(count).ok_or(Malformed::TooMany)? = name;
            count += 1;
            let given = rest.directive_value()?;
            if name.eq_ignore_ascii_case("max-age") {
                max_age_s = Some(seconds(given.ok_or(Malformed::BadMaxAge)?)?);
            } else if name.eq_ignore_ascii_case("includeSubDomains") {
                include_subdomains = bare(given)?;
            } else if name.eq_ignore_ascii_case("preload") {
                preload = bare(given)?;
            }
        }
        rest.skip_space();
        if rest.done() {
            break;
        }
        rest.expect(b';')?;
    }
    Ok(Seen {
        max_age_s: max_age_s.ok_or(Malformed::NoMaxAge)?,
        include_subdomains,
        preload,
    })
}

fn bare(given: Option<&str>) -> Result<bool, Malformed> {
    given.map_or(Ok(true), |_| Err(Malformed::UnexpectedValue))
}

fn seconds(digits: &str) -> Result<u64, Malformed> {
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(Malformed::BadMaxAge);
    }
    // Only digits: the one way to fail is a number too large.
    Ok(digits.parse().unwrap_or(u64::MAX))
}

/// What of a value hasn't been read yet.
struct Rest<'v> {
    value: &'v str,
    at: usize,
}

impl<'v> Rest<'v> {
    fn next(&self) -> Option<u8> {
        self.value.as_bytes().get(self.at).copied()
    }

    const fn done(&self) -> bool {
        self.at >= self.value.len()
    }

    /// Spaces and tabs (`OWS`; RFC 6797 allows `LWS`, whose folds don't exist any more).
    fn skip_space(&mut self) {
        while matches!(self.next(), Some(b' ' | b'\t')) {
            self.at += 1;
        }
    }

    fn expect(&mut self, byte: u8) -> Result<(), Malformed> {
        if self.next() != Some(byte) {
            return Err(Malformed::Syntax { at: self.at });
        }
        self.at += 1;
        Ok(())
    }

    /// RFC 9110 section 5.6.2; `None` where none begins.
    fn token(&mut self) -> Option<&'v str> {
        let from = self.at;
        while self
            .next()
            .is_some_and(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte))
        {
            self.at += 1;
        }
        self.value
            .get(from..self.at)
            .filter(|token| !token.is_empty())
    }

    /// `= token` or `= "quoted"`, or nothing. Of a quoted string the text between the
    /// quotes, escapes left as they are: a number never needs one.
    fn directive_value(&mut self) -> Result<Option<&'v str>, Malformed> {
        self.skip_space();
        if self.next() != Some(b'=') {
            return Ok(None);
        }
        self.at += 1;
        self.skip_space();
        if self.next() == Some(b'"') {
            return self.quoted().map(Some);
        }
        self.token()
            .map(Some)
            .ok_or(Malformed::Syntax { at: self.at })
    }

    /// RFC 9110 section 5.6.4.
    fn quoted(&mut self) -> Result<&'v str, Malformed> {
        self.expect(b'"')?;
        let from = self.at;
        loop {
            match self.next() {
                Some(b'"') => {
                    let text = self.value.get(from..self.at).unwrap_or_default();
                    self.at += 1;
                    return Ok(text);
                }
                Some(b'\\') => {
                    self.at += 1;
                    match self.next() {
                        Some(b'\t' | b' '..=b'~' | 0x80..) => self.at += 1,
                        _ => return Err(Malformed::Syntax { at: self.at }),
                    }
                }
                Some(b'\t' | b' '..=b'~' | 0x80..) => self.at += 1,
                _ => return Err(Malformed::Syntax { at: self.at }),
            }
        }
    }
}

/// What leaves on an answer of the application: always exactly one field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sent<'a> {
    /// Our policy's value.
    Ours,
    /// The application's own value, byte for byte: it asks for at least as much.
    Theirs(&'a str),
    /// Each side asks for something that the other doesn't: all of both.
    Both(Policy),
}

/// Decides between the application's value and ours, so that neither is weakened.
///
/// `theirs` is the application's *first* field line, the only one that a browser reads
/// (RFC 6797 section 8.1); every line of it is to be replaced by the outcome. A
/// malformed first line counts as none, as a browser would take it. Allocates only for
/// [`Sent::Both`].
pub fn merge<'a>(theirs: Option<&'a [u8]>, ours: &Policy) -> Sent<'a> {
    let Some((text, seen)) = theirs
        .and_then(|bytes| std::str::from_utf8(bytes).ok())
        .and_then(|text| Some((text, parse(text).ok()?)))
    else {
        return Sent::Ours;
    };
    if seen.at_least(ours) {
        return Sent::Theirs(text);
    }
    let max_age_s = seen.max_age_s.max(ours.max_age_s);
    let wanted = match (seen.include_subdomains, seen.preload) {
        // A value that forgets (`max-age=0`) asks for no scope either.
        _ if seen.max_age_s == 0 => Scope::Host,
        (true, true) if max_age_s >= PRELOAD_MAX_AGE_MIN_S => Scope::Preload,
        (true, _) => Scope::Subdomains,
        (false, _) => Scope::Host,
    };
    let joined = Policy::made(max_age_s, wanted.max(ours.scope));
    if joined == *ours {
        Sent::Ours
    } else {
        Sent::Both(joined)
    }
}

#[cfg(test)]
mod tests;
