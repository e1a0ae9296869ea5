//! Which bodies hold values, and which.

use super::{Place, decode, needles::Needles};

/// How much of a body is looked at, in bytes: what comes after it isn't.
pub const BODY_MAX: usize = 64 * 1024;

/// Longest boundary of a multipart body (RFC 2046 section 5.1.1).
const BOUNDARY_MAX: usize = 70;

/// A body that holds values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Body {
    /// `application/x-www-form-urlencoded`.
    Form,
    /// `multipart/form-data`, with its boundary.
    Multipart(Box<[u8]>),
    /// `application/json` and its kin.
    Json,
}

impl Body {
    /// What a `Content-Type` says; `None` where nobody looks. A multipart body allocates its
    /// boundary.
    pub fn of(content_type: &[u8]) -> Option<Self> {
        let (bare, parameters) = match content_type.iter().position(|byte| *byte == b';') {
            Some(at) => content_type.split_at_checked(at)?,
            None => (content_type, &b""[..]),
        };
        let bare = bare.trim_ascii();
        if bare.eq_ignore_ascii_case(b"application/x-www-form-urlencoded") {
            return Some(Self::Form);
        }
        if bare.eq_ignore_ascii_case(b"application/json")
            || bare
                .last_chunk::<5>()
                .is_some_and(|end| end.eq_ignore_ascii_case(b"+json"))
        {
            return Some(Self::Json);
        }
        if !bare.eq_ignore_ascii_case(b"multipart/form-data") {
            return None;
        }
        let boundary = parameters.split(|byte| *byte == b';').find_map(|one| {
            let (name, value) = one.trim_ascii().split_at_checked(9)?;
            let value = value.strip_prefix(b"\"").unwrap_or(value);
            let value = value.strip_suffix(b"\"").unwrap_or(value);
            let fits = (1..=BOUNDARY_MAX).contains(&value.len());
            (fits && name.eq_ignore_ascii_case(b"boundary=")).then_some(value)
        })?;
        Some(Self::Multipart(boundary.into()))
    }

    /// Looks at the values of a body, or of its beginning.
    pub(super) fn read(&self, body: &[u8], needles: &mut Needles) {
        let body = body.get(..BODY_MAX).unwrap_or(body);
        match self {
            Self::Form => needles.pairs(Place::Form, body),
            Self::Multipart(boundary) => multipart(body, boundary, needles),
            Self::Json => json(body, needles),
        }
    }
}

/// Every string, by the last key before it; keys too.
fn json(body: &[u8], needles: &mut Needles) {
    let mut key = Vec::new();
    let mut rest = body;
    while let Some(open) = memchr::memchr(b'"', rest) {
        rest = rest.get(open + 1..).unwrap_or_default();
        let close = string_end(rest);
        let text = rest.get(..close).unwrap_or(rest);
        rest = rest.get(close + 1..).unwrap_or_default();
        if rest.trim_ascii_start().first() == Some(&b':') {
            key = text.to_vec();
        }
        if decode::is_suspect(text) {
            needles.decoded(Place::Json, &key, &decode::json(text));
        }
    }
}

/// Where a JSON string ends: at its first quote without a backslash.
fn string_end(text: &[u8]) -> usize {
    let mut from = 0;
    while let Some(found) = text
        .get(from..)
        .and_then(|rest| memchr::memchr2(b'"', b'\\', rest))
    {
        let at = from + found;
        if text.get(at) == Some(&b'"') {
            return at;
        }
        from = at + 2;
    }
    text.len()
}

/// The fields of a form, and the names of its files; what is in the files isn't looked at.
fn multipart(body: &[u8], boundary: &[u8], needles: &mut Needles) {
    let delimiter = [b"--", boundary].concat();
    let finder = memchr::memmem::Finder::new(&delimiter);
    let mut rest = body;
    while let Some(at) = finder.find(rest) {
        rest = rest.get(at + delimiter.len()..).unwrap_or_default();
        let end = finder.find(rest).unwrap_or(rest.len());
        let part = rest.get(..end).unwrap_or(rest);
        let Some(middle) = memchr::memmem::find(part, b"\r\n\r\n") else {
            continue;
        };
        let (head, value) = part.split_at_checked(middle).unwrap_or_default();
        let name = parameter(head, b"name=\"").unwrap_or_default();
        let file = parameter(head, b"filename=\"");
        let value = file.unwrap_or_else(|| value.get(4..).unwrap_or_default());
        needles.value(Place::Form, name, value.trim_ascii_end(), false);
    }
}

/// A quoted parameter of a part's head.
fn parameter<'a>(head: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    let at = memchr::memmem::find_iter(head, name).find(|at| {
        let before = at.checked_sub(1).and_then(|before| head.get(before));
        !before.is_some_and(u8::is_ascii_alphanumeric)
    })?;
    let value = head.get(at + name.len()..)?;
    value.get(..string_end(value))
}
