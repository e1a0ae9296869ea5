//! What the fields say about the body's end and about the connection.
//!
//! RFC 9112 §6 and §9, RFC 9110 §7.6.1, §7.8. Anything two parsers could read
//! differently is refused.

use crate::{
    Framing, Refusal, Version, class,
    fields::{Line, Section},
    known::Known,
};

/// How many names `Connection` may hold in all. Honest ones hold up to three; each one
/// costs a search through the fields.
const NAMES_MAX: u8 = 16;

/// Whose message the fields belong to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    Request,
    Answer,
}

/// Collected while the fields go by.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Facts {
    pub(crate) length: Option<u64>,
    pub(crate) chunked: bool,
    close: bool,
    keep_alive: bool,
    upgrade_named: bool,
    /// Names in `Connection` other than `close`, `keep-alive` and `upgrade`.
    nominations: u8,
}

impl Facts {
    /// Before the first field.
    pub(crate) const NONE: Self = Self {
        length: None,
        chunked: false,
        close: false,
        keep_alive: false,
        upgrade_named: false,
        nominations: 0,
    };

    /// Judges one field. Call it before the field joins `section`, so that a second one
    /// is noticed.
    #[inline(always)]
    pub(crate) fn take(
        &mut self,
        side: Side,
        version: Version,
        line: &Line,
        bytes: &[u8],
        section: &Section,
    ) -> Result<(), Refusal> {
        let Some(known) = line.known else {
            return Ok(());
        };
        match known {
            Known::ContentLength => {
                if self.chunked {
                    return Err(Refusal::LengthAndCoding);
                }
                if self.length.is_some() {
                    return Err(Refusal::LengthTwice);
                }
                self.length = Some(length(line.value.of(bytes))?);
            }
            Known::TransferEncoding => {
                if self.length.is_some() {
                    return Err(Refusal::LengthAndCoding);
                }
                if self.chunked {
                    return Err(Refusal::CodingTwice);
                }
                if version == Version::Http10 {
                    return Err(Refusal::CodingInHttp10);
                }
                coding(line.value.of(bytes))?;
                self.chunked = true;
            }
            Known::Connection => self.connection(side, line.value.of(bytes))?,
            Known::Upgrade => {
                let value = line.value.of(bytes);
                if section.has(Known::Upgrade)
                    || value.is_empty()
                    || !class::all(value, class::PROTOCOLS)
                {
                    return Err(Refusal::Upgrade);
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn connection(&mut self, side: Side, value: &[u8]) -> Result<(), Refusal> {
        for name in list(value) {
            if name.eq_ignore_ascii_case(b"keep-alive") {
                self.keep_alive = true;
            } else if name.eq_ignore_ascii_case(b"close") {
                self.close = true;
            } else if name.eq_ignore_ascii_case(b"upgrade") {
                self.upgrade_named = true;
            } else if !class::all(name, class::TOKEN) {
                return Err(Refusal::Connection);
            } else {
                self.nominations += 1;
                if self.nominations > NAMES_MAX {
                    return Err(Refusal::ConnectionTooLong);
                }
                let foreign = match Known::recognise(name) {
                    // Some servers name it (Akamai's do), and it is theirs to name; in a
                    // request it is a smuggler's.
                    Some(Known::TransferEncoding) => side == Side::Request,
                    Some(known) => known.is_end_to_end(),
                    None => false,
                };
                if foreign {
                    return Err(Refusal::Nomination);
                }
            }
        }
        Ok(())
    }

    /// Whether [`Section::nominate`] has anything to do.
    pub(crate) fn nominates(&self) -> bool {
        self.nominations > 0
    }

    /// Whether `Connection` and the version allow another message (RFC 9112 §9.3).
    pub(crate) fn keep_alive(&self, version: Version) -> bool {
        match version {
            Version::Http11 => !self.close,
            Version::Http10 => self.keep_alive && !self.close,
        }
    }

    /// Whether `Upgrade` counts: HTTP/1.1 and named by `Connection` (RFC 9110 §7.8).
    pub(crate) fn upgrades(&self, version: Version, section: &Section) -> bool {
        self.upgrade_named && version == Version::Http11 && section.has(Known::Upgrade)
    }

    /// What the fields alone say; `otherwise` if they say nothing.
    pub(crate) fn framing(&self, otherwise: Framing) -> Framing {
        match self.length {
            _ if self.chunked => Framing::Chunked,
            Some(length) => Framing::Length(length),
            None => otherwise,
        }
    }
}

/// The names in a comma-separated list. Empty ones are skipped (RFC 9110 §5.6.1.2).
pub(crate) fn list(value: &[u8]) -> impl Iterator<Item = &[u8]> {
    value
        .split(|&byte| byte == b',')
        .map(class::trim)
        .filter(|name| !name.is_empty())
}

/// Digits only, and few enough for the signed 64 bits many servers count in.
fn length(value: &[u8]) -> Result<u64, Refusal> {
    if value.is_empty() || value.len() > 19 {
        return Err(Refusal::Length);
    }
    let mut length = 0_u64;
    for &byte in value {
        if !byte.is_ascii_digit() {
            return Err(Refusal::Length);
        }
        // 19 digits stay below 10^19, which fits.
        length = length * 10 + u64::from(byte - b'0');
    }
    if length > i64::MAX as u64 {
        Err(Refusal::Length)
    } else {
        Ok(length)
    }
}

/// Passes `chunked` alone, in any case; says whether anything else is another coding or
/// malformed.
fn coding(value: &[u8]) -> Result<(), Refusal> {
    if value.eq_ignore_ascii_case(b"chunked") {
        return Ok(());
    }
    let mut chunked_before = false;
    for coding in value.split(|&byte| byte == b',').map(class::trim) {
        // Parameters (`gzip;q=1`) are no part of a token: with them it is malformed here.
        if chunked_before || coding.is_empty() || !class::all(coding, class::TOKEN) {
            return Err(Refusal::Coding);
        }
        chunked_before = coding.eq_ignore_ascii_case(b"chunked");
    }
    Err(Refusal::CodingUnknown)
}
