//! Request id and trace context.

use std::{fmt, str::FromStr};

use crate::Rng;

/// The id of one request: 128 random bits, 32 lower-case hex digits in `X-Request-Id`,
/// in the access log, on refusal pages. It is also the trace id of a request that
/// came without a trace context.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct RequestId(pub [u8; 16]);

impl RequestId {
    /// The 32 hex digits, without allocation.
    pub const fn hex(self) -> [u8; 32] {
        let mut out = [0; 32];
        write_hex(&self.0, &mut out);
        out
    }
}

/// Four bytes at a time: their eight digits side by side in one word.
const fn write_hex(from: &[u8], to: &mut [u8]) {
    const EACH: u64 = 0x0101_0101_0101_0101;
    let (words, rest) = from.as_chunks::<4>();
    let (digits, last) = to.as_chunks_mut::<8>();
    let mut at = 0;
    while at < words.len() {
        // Each nibble into a byte of its own.
        let mut word = u32::from_be_bytes(words[at]) as u64;
        word = (word | word << 16) & 0x0000_ffff_0000_ffff;
        word = (word | word << 8) & 0x00ff_00ff_00ff_00ff;
        word = (word | word << 4) & (EACH * 0x0f);
        // Bit 4 is set where the nibble is ten or more: those digits are letters.
        let letters = ((word + EACH * 6) >> 4) & EACH;
        digits[at] = (word + EACH * 0x30 + letters * 0x27).to_be_bytes();
        at += 1;
    }
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut at = 0;
    while at < rest.len() {
        last[2 * at] = DIGITS[(rest[at] >> 4) as usize];
        last[2 * at + 1] = DIGITS[(rest[at] & 15) as usize];
        at += 1;
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// The text is not 32 lower-case hex digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected 32 lower-case hex digits")]
pub struct MalformedRequestId;

impl FromStr for RequestId {
    type Err = MalformedRequestId;

    fn from_str(text: &str) -> Result<Self, MalformedRequestId> {
        hex(text.as_bytes()).map(Self).ok_or(MalformedRequestId)
    }
}

/// A W3C trace context (Trace Context level 1, `traceparent` version 00).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TraceParent {
    /// The whole trace; never all zero.
    pub trace: [u8; 16],
    /// The caller's span; never all zero.
    pub parent: [u8; 8],
    /// Trace flags: bit 0 is *sampled*.
    pub flags: u8,
}

/// A `traceparent` that the specification tells to ignore.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a traceparent: expected 00-<32 hex>-<16 hex>-<2 hex>, neither id all zero")]
pub struct MalformedTraceparent;

impl TraceParent {
    /// Starts a trace that bears the request's id.
    pub const fn begin(id: RequestId, span: [u8; 8]) -> Self {
        Self {
            trace: id.0,
            parent: span,
            flags: 0,
        }
    }

    /// The same trace with our own span as parent, for the next hop.
    #[must_use]
    pub const fn child(self, span: [u8; 8]) -> Self {
        Self {
            parent: span,
            ..self
        }
    }

    /// A span id that isn't all zero.
    pub fn span(rng: &Rng) -> [u8; 8] {
        let mut span = rng.bytes::<8>();
        span[7] |= 1;
        span
    }

    /// The header's 55 bytes, without allocation.
    pub const fn header(self) -> [u8; 55] {
        let mut out = *b"00-00000000000000000000000000000000-0000000000000000-00";
        let (_, rest) = out.split_at_mut(3);
        let (trace, rest) = rest.split_at_mut(32);
        write_hex(&self.trace, trace);
        let (_, rest) = rest.split_at_mut(1);
        let (parent, rest) = rest.split_at_mut(16);
        write_hex(&self.parent, parent);
        let (_, flags) = rest.split_at_mut(1);
        write_hex(&[self.flags], flags);
        out
    }

    /// Reads a header value. A version above 00 is read by its first four fields, as
    /// the specification asks; `ff` is invalid.
    ///
    /// # Errors
    /// [`MalformedTraceparent`] for anything else: the caller then starts a trace.
    pub fn parse(value: &[u8]) -> Result<Self, MalformedTraceparent> {
        let malformed = MalformedTraceparent;
        let (version, rest) = value.split_at_checked(2).ok_or(malformed)?;
        let [version] = hex::<1>(version).ok_or(malformed)?;
        if version == 0xff || (version == 0 && value.len() != 55) {
            return Err(malformed);
        }
        let rest = rest.strip_prefix(b"-").ok_or(malformed)?;
        let (trace, rest) = rest.split_at_checked(32).ok_or(malformed)?;
        let rest = rest.strip_prefix(b"-").ok_or(malformed)?;
        let (parent, rest) = rest.split_at_checked(16).ok_or(malformed)?;
        let rest = rest.strip_prefix(b"-").ok_or(malformed)?;
        let (flags, rest) = rest.split_at_checked(2).ok_or(malformed)?;
        if !rest.is_empty() && !rest.starts_with(b"-") {
            return Err(malformed);
        }
        let parsed = Self {
            trace: hex(trace).ok_or(malformed)?,
            parent: hex(parent).ok_or(malformed)?,
            flags: hex::<1>(flags).ok_or(malformed)?[0],
        };
        if parsed.trace == [0; 16] || parsed.parent == [0; 8] {
            return Err(malformed);
        }
        Ok(parsed)
    }
}

/// `2 × N` lower-case hex digits.
fn hex<const N: usize>(text: &[u8]) -> Option<[u8; N]> {
    if text.len() != 2 * N {
        return None;
    }
    let digit = |byte: u8| match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    };
    let mut out = [0; N];
    for (to, pair) in out.iter_mut().zip(text.chunks_exact(2)) {
        *to = digit(*pair.first()?)? << 4 | digit(*pair.last()?)?;
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_traceparent_is_read_as_the_specification_says() {
        let good = b"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
        let parsed = TraceParent::parse(good).unwrap();
        assert_eq!(&parsed.header(), good);
        let refused: [&[u8]; 8] = [
            b"",
            b"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-",
            b"00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",
            b"00-00000000000000000000000000000000-b7ad6b7169203331-01",
            b"00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
            b"ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            b"00-0af7651916cd43dd8448eb211c80319c_b7ad6b7169203331-01",
            b"01-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01x",
        ];
        for value in refused {
            assert_eq!(TraceParent::parse(value), Err(MalformedTraceparent));
        }
        let later = b"cc-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-what-comes";
        assert!(TraceParent::parse(later).is_ok());
    }

    proptest! {
        #[test]
        fn nothing_makes_it_panic(value in prop::collection::vec(any::<u8>(), 0..80)) {
            let _ = TraceParent::parse(&value);
        }

        #[test]
        fn what_is_written_is_read_back(trace in any::<[u8; 16]>(), parent in any::<[u8; 8]>(), flags: u8) {
            prop_assume!(trace != [0; 16] && parent != [0; 8]);
            let context = TraceParent { trace, parent, flags };
            prop_assert_eq!(TraceParent::parse(&context.header()), Ok(context));
        }
    }
}
