//! The open streams of a connection, and those that we closed a moment ago
//! (RFC 9113 §5.1).

use crate::window::{ReceiveWindow, SendWindow};

/// One open stream.
#[derive(Debug)]
pub(crate) struct Stream<T> {
    pub(crate) id: u32,
    pub(crate) send: SendWindow,
    pub(crate) receive: ReceiveWindow,
    /// Bytes handed out that the caller has not released yet.
    pub(crate) held: u32,
    /// The client has sent its last frame.
    pub(crate) ended_in: bool,
    /// The caller's own.
    pub(crate) data: T,
}

/// Streams that we closed ourselves and on which frames may still be under way.
const CLOSED: usize = 128;

/// Bytes of a body that are thrown away after its answer before the client is told to
/// stop: a client that is told at once may lose the answer (curl 7.88 does).
pub(crate) const THROWN: u32 = 64 * 1024;

/// A stream that we closed before the client had.
#[derive(Debug, Clone, Copy, Default)]
struct Closed {
    id: u32,
    /// Bytes that may still come before the client is told; 0 once it was.
    patience: u32,
}

/// By number, which grows: new streams are the last.
#[derive(Debug)]
pub(crate) struct Streams<T> {
    open: Vec<Stream<T>>,
    closed: [Closed; CLOSED],
    next_closed: usize,
}

impl<T> Streams<T> {
    pub(crate) const fn new() -> Self {
        Self {
            open: Vec::new(),
            closed: [Closed { id: 0, patience: 0 }; CLOSED],
            next_closed: 0,
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.open.len()
    }

    /// `stream` has a higher number than all before it.
    pub(crate) fn push(&mut self, stream: Stream<T>) {
        debug_assert!(self.open.last().is_none_or(|last| last.id < stream.id));
        self.open.push(stream);
    }

    fn place(&self, id: u32) -> Option<usize> {
        self.open.binary_search_by_key(&id, |stream| stream.id).ok()
    }

    pub(crate) fn get(&self, id: u32) -> Option<&Stream<T>> {
        self.open.get(self.place(id)?)
    }

    pub(crate) fn get_mut(&mut self, id: u32) -> Option<&mut Stream<T>> {
        let place = self.place(id)?;
        self.open.get_mut(place)
    }

    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Stream<T>> {
        self.open.iter_mut()
    }

    /// Takes a stream out that both sides have ended.
    pub(crate) fn remove(&mut self, id: u32) -> Option<Stream<T>> {
        let place = self.place(id)?;
        Some(self.open.remove(place))
    }

    /// Takes all out.
    pub(crate) fn drain(&mut self) -> impl Iterator<Item = Stream<T>> {
        self.open.drain(..)
    }

    /// Remembers that we closed a stream before the client had. `told`: it knows.
    pub(crate) fn note_closed(&mut self, id: u32, told: bool) {
        if let Some(place) = self.closed.get_mut(self.next_closed % CLOSED) {
            *place = Closed {
                id,
                patience: if told { 0 } else { THROWN },
            };
        }
        self.next_closed = self.next_closed.wrapping_add(1);
    }

    /// Whether frames on this stream may have been sent before ours arrived.
    pub(crate) fn was_closed_by_us(&self, id: u32) -> bool {
        self.closed.iter().any(|closed| closed.id == id)
    }

    /// Bytes of a body came for a stream that was answered; `true` when the client is to be
    /// told, which happens once.
    pub(crate) fn throw_away(&mut self, id: u32, bytes: u32, ended: bool) -> bool {
        let Some(closed) = self.closed.iter_mut().find(|closed| closed.id == id) else {
            return false;
        };
        if closed.patience == 0 {
            return false;
        }
        closed.patience = if ended {
            0
        } else {
            closed.patience.saturating_sub(bytes)
        };
        closed.patience == 0 && !ended
    }
}
