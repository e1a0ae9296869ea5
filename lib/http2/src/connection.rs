//! A connection: frames in, events out, frames to be written.

use std::time::Duration;

use crate::{
    Limits,
    calm::Budget,
    frame::{self, Code, Header, PAYLOAD_MAX, kind},
    head::{Fields, Head, Malformed},
    hpack::{Decoder, Encoder, FieldList},
    streams::{Streams, THROWN, THROWN_WINDOW},
    window::{self, ReceiveWindow, SendWindow},
};

use client::Requests;

/// What a client sends first (RFC 9113 §3.4).
const PREFACE: &[u8; 24] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// The payload of the PING that goes out with the first GOAWAY: its echo tells that the
/// client has seen it.
const FAREWELL: [u8; 8] = *b"farewell";

/// Frames that bring nothing: this many at once, and so many a second.
const IDLE_FRAMES: (u32, u32) = (1000, 100);
/// Streams reset by the client, or because of its errors.
const RESETS: (u32, u32) = (200, 20);
/// What a frame of DATA that we sent gives back: the client answers with updates.
const REFUND: u32 = 2;
/// A window update of at least so many bytes costs nothing where they had been sent.
const UPDATE_MIN: u32 = 1024;
/// CONTINUATION frames of one block.
const CONTINUATIONS: u32 = 64;

mod client;
mod frames;

mod setting {
    pub(super) const HEADER_TABLE_SIZE: u16 = 1;
    pub(super) const ENABLE_PUSH: u16 = 2;
    pub(super) const MAX_CONCURRENT_STREAMS: u16 = 3;
    pub(super) const INITIAL_WINDOW_SIZE: u16 = 4;
    pub(super) const MAX_FRAME_SIZE: u16 = 5;
    pub(super) const MAX_HEADER_LIST_SIZE: u16 = 6;
    pub(super) const ENABLE_CONNECT_PROTOCOL: u16 = 8;
}

/// The connection has to end: its GOAWAY stands in [`Connection::out`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("HTTP/2 connection error {code:?}: {reason}")]
pub struct ConnectionError {
    /// The code that the other side is told.
    pub code: Code,
    /// One word, for logs and counters.
    pub reason: &'static str,
}

/// What a frame meant.
#[derive(Debug)]
pub enum Event<'b, T> {
    /// The bytes end in the middle of a frame.
    Starved,
    /// Nothing that the caller need know.
    Handled,
    /// A request: [`Connection::head`] until the next call. `ended`: no body follows.
    Request {
        /// Its stream.
        stream: u32,
        /// No body follows.
        ended: bool,
    },
    /// An answer, interim or not: [`Connection::answer`] until the next call. `ended`: no
    /// body follows. Only where we are the client.
    Answer {
        /// Its stream.
        stream: u32,
        /// No body follows.
        ended: bool,
    },
    /// Bytes of a body. [`Connection::release`] them once dealt with.
    Data {
        /// Its stream.
        stream: u32,
        /// The bytes; may be empty.
        data: &'b [u8],
        /// They are the last.
        ended: bool,
    },
    /// A body ended with a trailer section: [`Connection::trailers`] until the next call.
    Ended {
        /// Its stream.
        stream: u32,
    },
    /// A stream is gone, reset by the other side or for its error.
    Reset {
        /// Its stream.
        stream: u32,
        /// Why, where the code is one that the RFC knows.
        code: Option<Code>,
        /// What the caller had there.
        data: T,
    },
    /// More may be sent: on this stream, or on all that wait for what all share where it
    /// is 0.
    Room {
        /// The stream, or 0.
        stream: u32,
    },
    /// The other side made the windows of all streams larger: see [`Connection::each`].
    Windows,
    /// The other side leaves: a client asks nothing more, a server takes nothing more
    /// ([`Connection::unprocessed`]).
    Leaving,
}

/// What may be sent on a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Room {
    /// So many bytes now; never 0.
    Now(usize),
    /// Nothing until the client opens this stream's window.
    Stream,
    /// Nothing until the client opens the connection's window.
    Connection,
    /// Nothing until what is to be written has left.
    Out,
    /// The stream is gone.
    Gone,
}

/// Before the first request, by what must come next:
///
/// ```text
/// Preface ─▶ Settings ─▶ Frames
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Preface,
    Settings,
    Frames,
    Failed(ConnectionError),
}

/// A header block whose CONTINUATION is to come.
#[derive(Debug, Clone, Copy)]
struct Unfinished {
    stream: u32,
    ended: bool,
    frames: u32,
}

/// How far we are in ending the connection (RFC 9113 §6.8).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Farewell {
    /// Not at all.
    None,
    /// Announced; requests that were sent before the client knew are still served.
    Announced,
    /// Nothing after the last stream is served.
    Final,
}

/// One side of a connection. `T` is what the caller keeps per stream.
#[derive(Debug)]
pub struct Connection<T> {
    limits: Limits,
    phase: Phase,
    /// What only the client's side has; `None` on the server's.
    requests: Option<Requests>,
    decoder: Decoder,
    pub(crate) encoder: Encoder,
    list: FieldList,
    block: Vec<u8>,
    unfinished: Option<Unfinished>,
    pub(crate) streams: Streams<T>,
    /// The highest stream of the other side's that is served: none of a server's is.
    last: u32,
    /// The highest stream that the client has opened: later than `last` after a farewell.
    seen: u32,
    /// Bytes sent that the client has not given back: updates for them are its due.
    owed: u64,
    receive: ReceiveWindow,
    pub(crate) send: SendWindow,
    initial_send: u32,
    pub(crate) frame_max: usize,
    farewell: Farewell,
    idle: Budget,
    resets: Budget,
    /// Bytes to be written, in order. The caller takes them; see [`Limits::out`].
    pub out: Vec<u8>,
}

impl<T: Default> Connection<T> {
    /// A server's connection at its beginning; our settings stand in [`Self::out`].
    pub fn new(limits: Limits) -> Self {
        let mut out = Vec::new();
        let kept = u32::try_from(limits.head_bytes).unwrap_or(u32::MAX);
        frame::settings(
            &mut out,
            &[
                (setting::MAX_CONCURRENT_STREAMS, limits.streams),
                (setting::INITIAL_WINDOW_SIZE, limits.stream_window),
                (setting::MAX_HEADER_LIST_SIZE, kept),
                // RFC 8441: a head with `:protocol` is the caller's to take or refuse.
                (setting::ENABLE_CONNECT_PROTOCOL, 1),
            ],
        );
        Self::begin(limits, Phase::Preface, None, out)
    }

    fn begin(limits: Limits, phase: Phase, requests: Option<Requests>, mut out: Vec<u8>) -> Self {
        let window = limits.connection_window.max(window::INITIAL);
        if window > window::INITIAL {
            frame::window_update(&mut out, 0, window - window::INITIAL);
        }
        Self {
            phase,
            requests,
            decoder: Decoder::new(4096),
            encoder: Encoder::new(),
            list: FieldList::new(),
            block: Vec::new(),
            unfinished: None,
            streams: Streams::new(),
            last: 0,
            seen: 0,
            owed: 0,
            receive: ReceiveWindow::new(window),
            send: SendWindow::new(window::INITIAL),
            initial_send: window::INITIAL,
            frame_max: PAYLOAD_MAX,
            farewell: Farewell::None,
            idle: Budget::new(IDLE_FRAMES.0, IDLE_FRAMES.1),
            resets: Budget::new(RESETS.0, RESETS.1),
            limits,
            out,
        }
    }

    /// Reads one frame from the front of `bytes`: how many of them it took, and what it
    /// meant. The buffer must hold a whole frame: 16,393 bytes. `now` counts from the
    /// connection's start.
    ///
    /// # Errors
    /// When the connection has to end; a second call says the same.
    pub fn receive<'b>(
        &mut self,
        bytes: &'b [u8],
        now: Duration,
    ) -> Result<(usize, Event<'b, T>), ConnectionError> {
        if let Phase::Failed(error) = self.phase {
            return Err(error);
        }
        if self.requests.is_some() {
            self.settle();
        }
        self.frame(bytes, now).inspect_err(|error| {
            self.phase = Phase::Failed(*error);
            frame::goaway(&mut self.out, self.last, error.code);
        })
    }

    fn frame<'b>(
        &mut self,
        bytes: &'b [u8],
        now: Duration,
    ) -> Result<(usize, Event<'b, T>), ConnectionError> {
        if self.phase == Phase::Preface {
            let come = bytes.len().min(PREFACE.len());
            if bytes.get(..come) != PREFACE.get(..come) {
                return Err(protocol("preface-malformed"));
            }
            if come < PREFACE.len() {
                return Ok((0, Event::Starved));
            }
            self.phase = Phase::Settings;
            return Ok((come, Event::Handled));
        }
        let Some(header) = Header::read(bytes) else {
            return Ok((0, Event::Starved));
        };
        // All that the header alone forbids, before its payload is waited for.
        if header.length > PAYLOAD_MAX {
            return Err(size("frame-too-large"));
        }
        if self.phase == Phase::Settings && header.kind != kind::SETTINGS {
            return Err(protocol("settings-not-first"));
        }
        match self.unfinished {
            Some(block) if header.kind != kind::CONTINUATION || header.stream != block.stream => {
                return Err(protocol("block-interrupted"));
            }
            None if header.kind == kind::CONTINUATION => {
                return Err(protocol("continuation-unasked"));
            }
            _ => {}
        }
        let end = frame::HEADER + header.length;
        let Some(payload) = bytes.get(frame::HEADER..end) else {
            return Ok((0, Event::Starved));
        };
        let event = match header.kind {
            kind::DATA => self.data(header, payload, now)?,
            kind::HEADERS => self.headers(header, payload, now)?,
            kind::CONTINUATION => self.continuation(header, payload, now)?,
            kind::RST_STREAM => self.rst_stream(header, payload, now)?,
            kind::SETTINGS => self.settings(header, payload, now)?,
            kind::PING => self.ping(header, payload, now)?,
            kind::GOAWAY => {
                if header.stream != 0 {
                    return Err(protocol("goaway-on-stream"));
                }
                if payload.len() < 8 {
                    return Err(size("goaway-size"));
                }
                self.charge(now)?;
                self.told_farewell(payload);
                Event::Leaving
            }
            kind::WINDOW_UPDATE => self.window_update(header, payload, now)?,
            kind::PRIORITY => {
                if header.stream == 0 {
                    return Err(protocol("priority-on-connection"));
                }
                if payload.len() != 5 {
                    return Err(size("priority-size"));
                }
                if frames::depends_on_itself(payload, header.stream) {
                    return Err(protocol("priority-on-itself"));
                }
                self.charge(now)?;
                Event::Handled
            }
            // Nobody may: not a client, and a server only where we had let it (§8.4).
            kind::PUSH_PROMISE => return Err(protocol("push-promise")),
            // Of an extension that we don't speak: ignored (§4.1), but not without end.
            _ => {
                self.charge(now)?;
                Event::Handled
            }
        };
        Ok((end, event))
    }

    /// The head of the request whose [`Event::Request`] came last.
    ///
    /// # Errors
    /// Why it is malformed.
    pub fn head(&self) -> Result<Head<'_>, Malformed> {
        Head::of(&self.list)
    }

    /// Whether that head passed [`Limits::head_bytes`] or [`Limits::fields`]: the rest of
    /// it wasn't kept.
    pub fn head_is_over(&self) -> bool {
        self.list.is_over()
    }

    /// The trailer section whose [`Event::Ended`] came last; [`Self::head_is_over`] holds
    /// for it too.
    pub fn trailers(&self) -> Fields<'_> {
        Fields::all(&self.list)
    }

    /// What the caller keeps of a stream; `None` once it is gone.
    pub fn stream(&mut self, stream: u32) -> Option<&mut T> {
        self.streams.get_mut(stream).map(|stream| &mut stream.data)
    }

    /// What the caller keeps of each stream.
    pub fn each(&mut self) -> impl Iterator<Item = &mut T> {
        self.streams.iter_mut().map(|stream| &mut stream.data)
    }

    /// The method of the request whose [`Event::Request`] came last, also where its head is
    /// malformed or over.
    pub fn method(&self) -> Option<&[u8]> {
        let mut fields = self.list.iter();
        fields.find_map(|(name, value)| (name == b":method").then_some(value))
    }

    /// Takes out what the caller kept of all streams: the connection is over.
    pub fn into_streams(&mut self) -> impl Iterator<Item = T> {
        self.streams.drain().map(|stream| stream.data)
    }

    /// Streams under way.
    pub fn open(&self) -> usize {
        self.streams.len()
    }

    /// Whether part of a preface, or of a header block, has come and the rest is missing.
    pub fn is_in_head(&self) -> bool {
        self.unfinished.is_some() || matches!(self.phase, Phase::Preface | Phase::Settings)
    }

    /// Bytes of a body were dealt with: the client may send as many again.
    pub fn release(&mut self, stream: u32, bytes: usize) {
        let bytes = u32::try_from(bytes).unwrap_or(u32::MAX);
        let Some(open) = self.streams.get_mut(stream) else {
            return;
        };
        open.held = open.held.saturating_sub(bytes);
        if !open.ended_in
            && let Some(increment) = open.receive.give_back(bytes)
        {
            frame::window_update(&mut self.out, stream, increment);
        }
        self.release_shared(bytes);
    }

    fn release_shared(&mut self, bytes: u32) {
        if let Some(increment) = self.receive.give_back(bytes) {
            frame::window_update(&mut self.out, 0, increment);
        }
    }

    /// Announces the end: the client should open no more streams here. Call it once; when
    /// the client has seen it, or at the second call, later streams are left alone.
    /// A client needs to say it only once: nothing that it waits for is cut.
    pub fn say_farewell(&mut self) {
        match self.farewell {
            Farewell::None if self.requests.is_some() => {
                self.farewell = Farewell::Final;
                frame::goaway(&mut self.out, self.last, Code::NoError);
            }
            Farewell::None => {
                self.farewell = Farewell::Announced;
                frame::goaway(&mut self.out, 0x7fff_ffff, Code::NoError);
                frame::ping(&mut self.out, &FAREWELL, false);
            }
            Farewell::Announced => {
                self.farewell = Farewell::Final;
                frame::goaway(&mut self.out, self.last, Code::NoError);
            }
            Farewell::Final => {}
        }
    }

    /// Whether nothing more will be served here.
    pub fn is_over(&self) -> bool {
        self.farewell == Farewell::Final && self.streams.len() == 0
    }

    /// The client breaks a rule that only the caller can judge, such as a deadline: the
    /// connection ends.
    pub fn fail(&mut self, code: Code, reason: &'static str) {
        if !matches!(self.phase, Phase::Failed(_)) {
            self.phase = Phase::Failed(ConnectionError { code, reason });
            frame::goaway(&mut self.out, self.last, code);
        }
    }

    /// Ends a stream from our side whatever state it is in: with `code` where the client
    /// still waits for something, without a word where both have ended.
    pub fn reset(&mut self, stream: u32, code: Code) -> Option<T> {
        if self.is_client() {
            self.settle();
        }
        let closed = self.close(stream, true)?;
        frame::rst_stream(&mut self.out, stream, code);
        Some(closed)
    }

    fn close(&mut self, stream: u32, told: bool) -> Option<T> {
        let closed = self.streams.remove(stream)?;
        let patience = match &self.requests {
            // What the server has sent by then comes all the same.
            Some(_) => closed.receive.left(),
            None if told => 0,
            None => THROWN,
        };
        self.streams.note_closed(stream, patience);
        self.release_shared(closed.held);
        Some(closed.data)
    }

    /// Takes a stream out that was answered while the client still sends: what comes is
    /// thrown away.
    pub(crate) fn leave(&mut self, stream: u32) {
        let left = self.streams.get(stream).map(|open| open.receive.left());
        // A client that has used up its window would wait for it, and never be told.
        if let Some(missing @ 1..) = left.map(|left| THROWN_WINDOW.saturating_sub(left)) {
            frame::window_update(&mut self.out, stream, missing);
        }
        self.close(stream, false);
    }

    /// Takes a stream out that both sides have ended.
    pub(crate) fn retire(&mut self, stream: u32) {
        if let Some(ended) = self.streams.remove(stream) {
            self.release_shared(ended.held);
        }
    }

    /// DATA was sent: its client will give the window back, of the stream and of all.
    pub(crate) fn owe(&mut self, bytes: usize) {
        self.idle.refund(REFUND);
        let bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
        self.owed = self.owed.saturating_add(bytes.saturating_mul(2));
    }

    /// How much DATA may be appended for this stream.
    pub fn room(&self, stream: u32) -> Room {
        let Some(open) = self.streams.get(stream) else {
            return Room::Gone;
        };
        let own = open.send.room();
        if own == 0 {
            return Room::Stream;
        }
        let left = self.limits.out.saturating_sub(self.out.len());
        match own.min(self.send.room()).min(left).min(self.frame_max) {
            0 if left == 0 => Room::Out,
            0 => Room::Connection,
            bytes => Room::Now(bytes),
        }
    }

    fn charge(&mut self, now: Duration) -> Result<(), ConnectionError> {
        self.idle
            .charge(now)
            .map_err(|_| calm("too-many-idle-frames"))
    }

    /// The other side's error on one stream. Too many of a client's end the connection; a
    /// server can make none but on streams that we opened.
    fn stream_error<'b>(
        &mut self,
        stream: u32,
        code: Code,
        now: Duration,
    ) -> Result<Event<'b, T>, ConnectionError> {
        match &self.requests {
            None => self
                .resets
                .charge(now)
                .map_err(|_| calm("too-many-resets"))?,
            Some(_) if self.streams.get(stream).is_none() => self.charge(now)?,
            Some(_) => {}
        }
        frame::rst_stream(&mut self.out, stream, code);
        Ok(match self.close(stream, true) {
            Some(data) => Event::Reset {
                stream,
                code: Some(code),
                data,
            },
            None => {
                self.streams.note_closed(stream, 0);
                Event::Handled
            }
        })
    }
}

const fn protocol(reason: &'static str) -> ConnectionError {
    ConnectionError {
        code: Code::ProtocolError,
        reason,
    }
}

const fn size(reason: &'static str) -> ConnectionError {
    ConnectionError {
        code: Code::FrameSizeError,
        reason,
    }
}

const fn flow(reason: &'static str) -> ConnectionError {
    ConnectionError {
        code: Code::FlowControlError,
        reason,
    }
}

const fn calm(reason: &'static str) -> ConnectionError {
    ConnectionError {
        code: Code::EnhanceYourCalm,
        reason,
    }
}
