//! Both sides of HTTP/2 (RFC 9113) as a codec without I/O: strict and bounded.
//!
//! Bytes in, one [`Event`] a frame out; what is to be written gathers in
//! [`Connection::out`]. [`Connection::new`] is a server's side, [`Connection::client`] a
//! client's; frames, tables, windows and stream states are the same code. What this crate
//! guarantees:
//!
//! - **Strict.** Framing, stream states, windows, settings and pseudo-header fields are
//!   judged as the RFC says. The other side's error ends its stream or its connection with
//!   the code that the RFC names; nothing is repaired.
//! - **Bounded.** Heads, blocks, continuations, streams, windows and what waits to be
//!   written have limits. What costs us and brings nothing (PING, SETTINGS, resets, empty
//!   frames) has a budget, and an empty budget ends the connection.
//! - **In step.** A head over its limit is decoded but not kept, so the caller can answer
//!   it and the connection goes on.
//!
//! It doesn't read or write sockets, keep time, or judge names, values, authorities and
//! paths: `waarborg-h1`'s grammar does. Not here: server push (RFC 9113 §8.4), priorities
//! (§5.3, ignored as it allows).
#![warn(clippy::indexing_slicing)]

mod calm;
mod connection;
mod frame;
mod head;
pub mod hpack;
mod send;
mod streams;
mod window;

pub use connection::{Connection, ConnectionError, Event, Room};
pub use frame::Code;
pub use head::{AnswerHead, Fields, Head, Malformed};
pub use hpack::Indexing;
pub use send::{HeadWriter, Request};

/// How much of everything the other side may make long or many.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Streams open at once. Beyond it: a client's stream is refused; a client opens none.
    pub streams: u32,
    /// Bytes of a head, names and values and 32 for each field (RFC 9113 §10.5.1). What is
    /// beyond isn't kept: [`Connection::head_is_over`].
    pub head_bytes: usize,
    /// Fields of a head, pseudo-header fields counted. What is beyond isn't kept.
    pub fields: usize,
    /// Bytes of a header block before it is decoded. Beyond it: the connection ends.
    pub block_bytes: usize,
    /// Bytes of a body that may wait for the caller, per stream. Beyond it: the stream ends.
    pub stream_window: u32,
    /// The same for all streams together, at least 65,535. Beyond it: the connection ends.
    pub connection_window: u32,
    /// Bytes that may wait to be written before [`Connection::room`] says no. The caller
    /// should receive nothing more beyond it: each frame received adds a little.
    pub out: usize,
}

#[cfg(test)]
mod tests;
