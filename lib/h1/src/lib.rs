//! HTTP/1.1 both ways as a codec without I/O: strict, bounded, allocation-free once warm.
//!
//! Bytes in, a borrowed view or a [`Refusal`] out; heads and chunks out as bytes.
//! What this crate guarantees to a proxy:
//!
//! - **One reading.** A message that two parsers could read differently is refused,
//!   never repaired: framing given twice or malformed, bare LF or CR, folded lines,
//!   space around a field's name, control octets (RFC 9110, RFC 9112).
//! - **Cuts don't matter.** However the bytes arrive, the result is the same, and
//!   the work stays linear in the bytes.
//! - **Bounded.** Every line, head, count and section has a limit in [`Limits`].
//! - **No copies.** Heads keep positions, not bytes: [`RequestHead::view`] and
//!   [`AnswerHead::view`] borrow from the buffer they were parsed from.
//!
//! It doesn't read or write sockets, keep time, judge methods, decode paths or decide
//! who may see what. HTTP/2 heads, decoded elsewhere, go through [`grammar`].

mod answer;
mod body;
mod class;
mod fields;
mod framing;
pub mod grammar;
mod known;
mod refusal;
mod request;
pub mod write;

pub use answer::{Answer, AnswerHead, Asked};
pub use body::{BodyDecoder, Decoded};
pub use fields::{Field, Fields};
pub use known::Known;
pub use refusal::Refusal;
pub use request::{Request, RequestHead, Target};

/// How much of a message is accepted. All in bytes but `fields`.
///
/// A limit is inclusive: a line of exactly `line` bytes, its CRLF counted, passes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// The start line or one field line. Beyond it: 414 for a request line, else 431.
    pub line: usize,
    /// The whole head, an empty line before it and the one after it counted. Beyond it: 431.
    pub head: usize,
    /// Fields of one head or trailer section. Beyond it: 431.
    pub fields: usize,
    /// One chunk's size line with its extensions. All extensions of one body together
    /// may take 64 times as much. Beyond it: 400.
    pub chunk_line: usize,
    /// The trailer section. Beyond it: 431.
    pub trailers: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            line: 8 << 10,
            head: 16 << 10,
            fields: 100,
            chunk_line: 256,
            trailers: 4 << 10,
        }
    }
}

/// The version a message declares. Nothing else gets past the start line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Version {
    /// `HTTP/1.0`: no chunks, no upgrade, closes unless both sides say `keep-alive`.
    Http10,
    /// `HTTP/1.1`.
    Http11,
}

/// Where a message's body ends (RFC 9112 §6.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Framing {
    /// There is no body, whatever the fields say (an answer to HEAD, 204, 304).
    None,
    /// Exactly this many bytes.
    Length(u64),
    /// Chunks up to the last one and its trailer section.
    Chunked,
    /// Everything until the connection ends. Answers only.
    UntilClose,
}

impl Framing {
    /// Whether bytes of a body can follow: not for [`Framing::None`] or a length of 0.
    pub const fn has_body(self) -> bool {
        !matches!(self, Self::None | Self::Length(0))
    }
}
