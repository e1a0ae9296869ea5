//! Decoded heads: pseudo-header fields first, then fields (RFC 9113 §8.2, §8.3).

use crate::hpack::FieldList;

/// Why a head is malformed (RFC 9113 §8.1.1). The stream is to be refused; the connection
/// may go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum Malformed {
    /// A pseudo-header field that has no business there.
    #[error("expected only the pseudo-header fields of a request, or of an answer")]
    PseudoUnknown,
    /// A pseudo-header field twice.
    #[error("expected each pseudo-header field once")]
    PseudoRepeated,
    /// A pseudo-header field behind a field.
    #[error("expected pseudo-header fields before all others")]
    PseudoLate,
    /// `:method`, `:scheme`, `:path` or `:status` is missing, or is there where it may not
    /// be.
    #[error("expected :method, :scheme and :path, or :status")]
    PseudoMissing,
    /// A pseudo-header field in a trailer section.
    #[error("expected no pseudo-header field among trailers")]
    PseudoInTrailers,
    /// A name with a capital letter.
    #[error("expected names in lower case")]
    UpperCase,
    /// White space at the beginning or end of a value.
    #[error("expected no white space around a value")]
    ValueSpace,
    /// A field of HTTP/1 connections.
    #[error("expected no field of HTTP/1 connections")]
    ConnectionField,
    /// `te` with another value than `trailers`.
    #[error("expected `te` to say `trailers` only")]
    Te,
    /// `:status` isn't one of HTTP/2's.
    #[error("expected a status of three digits, other than 101")]
    Status,
    /// A pseudo-header value that isn't ASCII.
    #[error("expected ASCII in pseudo-header fields")]
    NotAscii,
}

impl Malformed {
    /// One word, for logs and counters.
    pub const fn code(self) -> &'static str {
        match self {
            Self::PseudoUnknown => "pseudo-header-unknown",
            Self::PseudoRepeated => "pseudo-header-repeated",
            Self::PseudoLate => "pseudo-header-late",
            Self::PseudoMissing => "pseudo-header-missing",
            Self::PseudoInTrailers => "pseudo-header-in-trailers",
            Self::UpperCase => "field-name-upper-case",
            Self::ValueSpace => "value-space",
            Self::ConnectionField => "connection-field-in-http2",
            Self::Te => "te-in-http2",
            Self::Status => "status-malformed",
            Self::NotAscii => "pseudo-header-not-ascii",
        }
    }
}

/// A request's head, borrowed from the connection. Names and values are judged no further
/// than this type says: tokens, values, authority and path are the caller's to judge.
#[derive(Debug, Clone, Copy)]
pub struct Head<'a> {
    /// `:method`.
    pub method: &'a str,
    /// `:scheme`; empty only for CONNECT.
    pub scheme: &'a str,
    /// `:authority`.
    pub authority: Option<&'a str>,
    /// `:path`; empty only for CONNECT.
    pub path: &'a str,
    /// `:protocol` (RFC 8441).
    pub protocol: Option<&'a str>,
    /// The fields behind them.
    pub fields: Fields<'a>,
}

/// Fields in their order, names in lower case.
#[derive(Debug, Clone, Copy)]
pub struct Fields<'a> {
    list: &'a FieldList,
    from: usize,
}

impl<'a> Fields<'a> {
    pub(crate) const fn all(list: &'a FieldList) -> Self {
        Self { list, from: 0 }
    }

    /// All of them.
    pub fn iter(self) -> impl Iterator<Item = (&'a [u8], &'a [u8])> {
        self.list.iter().skip(self.from)
    }

    /// How many there are.
    pub fn len(self) -> usize {
        self.list.len().saturating_sub(self.from)
    }

    /// Whether there are none.
    pub fn is_empty(self) -> bool {
        self.len() == 0
    }
}

impl<'a> Head<'a> {
    /// Judges a decoded block as a request's head.
    pub(crate) fn of(list: &'a FieldList) -> Result<Self, Malformed> {
        let (mut method, mut scheme, mut authority, mut path, mut protocol) =
            (None, None, None, None, None);
        let mut from = 0;
        for (name, value) in list.iter() {
            let Some(b':') = name.first() else { break };
            let place = match name {
                b":method" => &mut method,
                b":scheme" => &mut scheme,
                b":authority" => &mut authority,
                b":path" => &mut path,
                b":protocol" => &mut protocol,
                _ => return Err(Malformed::PseudoUnknown),
            };
            if !value.is_ascii() {
                return Err(Malformed::NotAscii);
            }
            let text = std::str::from_utf8(value).map_err(|_| Malformed::NotAscii)?;
            if place.replace(text).is_some() {
                return Err(Malformed::PseudoRepeated);
            }
            from += 1;
        }
        let fields = Fields { list, from };
        for (name, value) in fields.iter() {
            judge(name, value)?;
        }
        let method = method.ok_or(Malformed::PseudoMissing)?;
        // RFC 9113 §8.5: CONNECT has neither, but with `:protocol` (RFC 8441 §4) both.
        let tunnel = method == "CONNECT" && protocol.is_none();
        let (scheme, path) = match (scheme, path) {
            (None, None) if tunnel && authority.is_some() => ("", ""),
            (Some(scheme), Some(path)) if !tunnel => (scheme, path),
            _ => return Err(Malformed::PseudoMissing),
        };
        if protocol.is_some() && method != "CONNECT" {
            return Err(Malformed::PseudoUnknown);
        }
        Ok(Self {
            method,
            scheme,
            authority,
            path,
            protocol,
            fields,
        })
    }
}

/// An answer's head, borrowed from the connection; names and values are judged no further
/// than [`Head`]'s.
#[derive(Debug, Clone, Copy)]
pub struct AnswerHead<'a> {
    /// `:status`, 100 to 999, but not 101.
    pub status: u16,
    /// The fields behind it.
    pub fields: Fields<'a>,
}

impl<'a> AnswerHead<'a> {
    /// Judges a decoded block as an answer's head.
    pub(crate) fn of(list: &'a FieldList) -> Result<Self, Malformed> {
        let mut status = None;
        let mut from = 0;
        for (name, value) in list.iter() {
            let Some(b':') = name.first() else { break };
            if name != b":status" {
                return Err(Malformed::PseudoUnknown);
            }
            let [a @ b'1'..=b'9', b @ b'0'..=b'9', c @ b'0'..=b'9'] = *value else {
                return Err(Malformed::Status);
            };
            let digit = |byte: u8| u16::from(byte - b'0');
            let read = digit(a) * 100 + digit(b) * 10 + digit(c);
            // §8.6: HTTP/2 doesn't switch protocols.
            if read == 101 {
                return Err(Malformed::Status);
            }
            if status.replace(read).is_some() {
                return Err(Malformed::PseudoRepeated);
            }
            from += 1;
        }
        let fields = Fields { list, from };
        for (name, value) in fields.iter() {
            judge(name, value)?;
        }
        let status = status.ok_or(Malformed::PseudoMissing)?;
        Ok(Self { status, fields })
    }
}

/// Judges a trailer section (RFC 9113 §8.1).
pub(crate) fn judge_trailers(list: &FieldList) -> Result<(), Malformed> {
    for (name, value) in list.iter() {
        if name.first() == Some(&b':') {
            return Err(Malformed::PseudoInTrailers);
        }
        judge(name, value)?;
    }
    Ok(())
}

#[inline]
fn judge(name: &[u8], value: &[u8]) -> Result<(), Malformed> {
    if name.first() == Some(&b':') {
        return Err(Malformed::PseudoLate);
    }
    if name.iter().any(u8::is_ascii_uppercase) {
        return Err(Malformed::UpperCase);
    }
    let is_space = |byte: Option<&u8>| matches!(byte, Some(b' ' | b'\t'));
    if is_space(value.first()) || is_space(value.last()) {
        return Err(Malformed::ValueSpace);
    }
    match name {
        b"connection" | b"keep-alive" | b"proxy-connection" | b"transfer-encoding" | b"upgrade" => {
            Err(Malformed::ConnectionField)
        }
        b"te" if value != b"trailers" => Err(Malformed::Te),
        _ => Ok(()),
    }
}
