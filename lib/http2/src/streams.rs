//! The open streams of a connection, and those that we closed a moment ago
//! (RFC 9113 §5.1).

use std::collections::VecDeque;

use crate::window::{ReceiveWindow, SendWindow};

/// One open stream.
#[derive(Debug)]
pub(crate) struct Stream<T> {
    pub(crate) id: u32,
    pub(crate) send: SendWindow,
    pub(crate) receive: ReceiveWindow,
    /// Bytes handed out that the caller has not released yet.
    pub(crate) held: u32,
    /// The other side has sent its last frame.
    pub(crate) ended_in: bool,
    /// We have, and wait for the answer; a server's stream is gone by then.
    pub(crate) ended_out: bool,
    /// The head of an answer has come that isn't interim.
    pub(crate) answered: bool,
    /// The caller's own.
    pub(crate) data: T,
}

/// Streams that we closed ourselves and on which frames may still be under way.
const CLOSED: usize = 1024;

/// Bytes of a body that are thrown away after its answer before the client is told to
/// stop: many clients read no answer before they have sent all, and some that are told at
/// once lose it (curl 7.88 does).
pub(crate) const THROWN: u32 = 4 * 1024 * 1024;

/// The window such a client is given: at most as much again is on its way.
pub(crate) const THROWN_WINDOW: u32 = 64 * 1024;

/// A stream that we closed before the other side had.
#[derive(Debug, Clone, Copy)]
struct Closed {
    id: u32,
    /// Bytes that may still come before the client is told; 0 once it was.
    patience: u32,
    /// Bytes that came since its window was last opened.
    unannounced: u32,
}

/// What is to be done about bytes that nobody wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Thrown {
    /// Nothing.
    Away,
    /// The stream's window is to be opened by so much.
    Open(u32),
    /// The client is to be told to stop; it happens once.
    Tell,
    /// It has been told.
    Told,
}

/// By number, which grows: new streams are the last.
#[derive(Debug)]
pub(crate) struct Streams<T> {
    open: Vec<Stream<T>>,
    closed: VecDeque<Closed>,
}

impl<T> Streams<T> {
    pub(crate) const fn new() -> Self {
        Self {
            open: Vec::new(),
            closed: VecDeque::new(),
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

    /// The numbers above this one.
    pub(crate) fn above(&self, id: u32) -> Vec<u32> {
        let from = self.open.partition_point(|stream| stream.id <= id);
        let above = self.open.get(from..).unwrap_or_default();
        above.iter().map(|stream| stream.id).collect()
    }

    /// Takes all out.
    pub(crate) fn drain(&mut self) -> impl Iterator<Item = Stream<T>> {
        self.open.drain(..)
    }

    /// Remembers that we closed a stream before the other side had. So many bytes may still
    /// come: none where it was told and should have stopped.
    pub(crate) fn note_closed(&mut self, id: u32, patience: u32) {
        if self.closed.len() >= CLOSED {
            self.closed.pop_front();
        }
        self.closed.push_back(Closed {
            id,
            patience,
            unannounced: 0,
        });
    }

    /// Whether frames on this stream may have been sent before ours arrived.
    pub(crate) fn was_closed_by_us(&self, id: u32) -> bool {
        self.closed.iter().any(|closed| closed.id == id)
    }

    /// Bytes of a body came for a stream that was answered.
    pub(crate) fn throw_away(&mut self, id: u32, bytes: u32, ended: bool) -> Thrown {
        let closed = self.closed.iter_mut().find(|closed| closed.id == id);
        let Some(closed) = closed.filter(|closed| closed.patience > 0) else {
            return Thrown::Told;
        };
        if ended {
            closed.patience = 0;
            return Thrown::Away;
        }
        closed.patience = closed.patience.saturating_sub(bytes);
        closed.unannounced = closed.unannounced.saturating_add(bytes);
        if closed.patience == 0 {
            return Thrown::Tell;
        }
        if closed.unannounced < THROWN_WINDOW / 2 {
            return Thrown::Away;
        }
        Thrown::Open(std::mem::take(&mut closed.unannounced))
    }
}
