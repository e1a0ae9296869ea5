//! What the task of a connection and those of its requests share.

use std::{
    cell::{Cell, RefCell, RefMut},
    collections::VecDeque,
    task::{Context, Poll, Waker},
};

use http2::{Connection, Limits, Room};
use seam::Refusal;
use tokio::task::{AbortHandle, JoinHandle};

use crate::{
    buffer::Outbox,
    waking::{Driver, remember},
};

/// A trailer section as lines of HTTP/1, or why it is refused.
pub(super) type Trailers = Result<Vec<u8>, Refusal>;

/// What is kept of a stream while it is open.
#[derive(Default)]
pub(super) struct Stream {
    /// Bytes of the request's body that wait: at most a stream's window.
    inbox: VecDeque<u8>,
    ended: bool,
    /// The trailer section that it ended with.
    trailers: Option<Box<Trailers>>,
    /// It waits until what is to be written has left, not for the client's windows.
    awaits_out: bool,
    waker: Option<Waker>,
    task: Option<AbortHandle>,
}

impl Stream {
    /// Bytes of the body came.
    pub(super) fn receive(&mut self, data: &[u8], ended: bool) {
        self.inbox.extend(data);
        self.ended |= ended;
        self.wake();
    }

    /// The body ended with these trailers.
    pub(super) fn end_with(&mut self, trailers: Trailers) {
        self.trailers = Some(Box::new(trailers));
        self.receive(&[], true);
    }

    /// Wakes the request.
    pub(super) fn wake(&mut self) {
        if let Some(waker) = self.waker.take() {
            waker.wake();
        }
    }

    fn woken_by(&mut self, cx: &Context<'_>) {
        remember(&mut self.waker, cx);
    }

    /// The client wants no answer any more.
    pub(super) fn cut(self) {
        if let Some(task) = self.task {
            task.abort();
        }
    }
}

/// What there is of a request's body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Taken {
    /// So many bytes were taken; more may follow.
    Some(usize),
    /// All of it has come.
    Ended,
    /// The stream is gone.
    Gone,
}

/// See the module.
pub(super) struct Link {
    codec: RefCell<Connection<Stream>>,
    driver: Driver,
    /// Streams that wait for room that all share, first come first served.
    waiting: RefCell<VecDeque<u32>>,
    /// How often all that was to be written has left.
    flushed: Cell<u64>,
    /// Bytes of bodies that came, on all streams.
    received: Cell<u64>,
    /// Bytes of answers that were appended, on all streams.
    sent: Cell<u64>,
}

impl Link {
    pub(super) fn new(limits: Limits) -> Self {
        Self {
            codec: RefCell::new(Connection::new(limits)),
            driver: Driver::default(),
            waiting: RefCell::default(),
            flushed: Cell::new(0),
            received: Cell::new(0),
            sent: Cell::new(0),
        }
    }

    /// The connection's state. Never held across a wait.
    pub(super) fn codec(&self) -> RefMut<'_, Connection<Stream>> {
        self.codec.borrow_mut()
    }

    /// Notes the task that reads and writes.
    pub(super) fn driven_by(&self, cx: &Context<'_>) {
        self.driver.runs(cx);
    }

    /// There is something to write.
    pub(super) fn wake(&self) {
        self.driver.wake();
    }

    /// Whether what comes next can be answered: a client that sends without reading is
    /// read no further.
    pub(super) fn may_read(&self) -> bool {
        self.codec().out.len() < Outbox::HIGH
    }

    /// Remembers the task of a stream, so that it ends with it.
    pub(super) fn run(&self, stream: u32, task: &JoinHandle<()>) {
        match self.codec().stream(stream) {
            Some(own) => own.task = Some(task.abort_handle()),
            None => task.abort(),
        }
    }

    /// Ends the tasks of all streams.
    pub(super) fn cut(&self) {
        for stream in self.codec().into_streams() {
            stream.cut();
        }
    }

    /// All that was to be written has left.
    pub(super) fn flushed(&self) {
        self.flushed.set(self.flushed.get().wrapping_add(1));
        self.room_for_all();
    }

    /// How often that happened, where this stream waits for it.
    pub(super) fn flushed_beside(&self, stream: u32) -> Option<u64> {
        let mut codec = self.codec();
        let waits = codec.stream(stream).is_some_and(|own| own.awaits_out);
        waits.then(|| self.flushed.get())
    }

    /// Bytes of an answer were appended.
    pub(super) fn has_sent(&self, count: usize) {
        let count = u64::try_from(count).unwrap_or(u64::MAX);
        self.sent.set(self.sent.get().saturating_add(count));
    }

    /// How many so far, on all streams.
    pub(super) fn sent(&self) -> u64 {
        self.sent.get()
    }

    /// Bytes of a body came.
    pub(super) fn has_received(&self, count: usize) {
        let count = u64::try_from(count).unwrap_or(u64::MAX);
        self.received.set(self.received.get().saturating_add(count));
    }

    /// How many came so far, on all streams.
    pub(super) fn received(&self) -> u64 {
        self.received.get()
    }

    /// Wakes those that wait for what all share. They stay in the queue until they get
    /// some, so that none that has just sent goes before them.
    pub(super) fn room_for_all(&self) {
        let mut codec = self.codec();
        self.waiting.borrow_mut().retain(|stream| {
            let own = codec.stream(*stream);
            let open = own.is_some();
            own.into_iter().for_each(Stream::wake);
            open
        });
    }

    /// How many bytes of DATA may be appended; `None` once the stream is gone. `again`:
    /// it has just sent some, so those that wait come first.
    pub(super) fn poll_room(
        &self,
        cx: &Context<'_>,
        stream: u32,
        again: bool,
    ) -> Poll<Option<usize>> {
        let mut codec = self.codec();
        let mut waiting = self.waiting.borrow_mut();
        let room = codec.room(stream);
        let place = waiting.iter().position(|other| *other == stream);
        let queued = match room {
            Room::Now(_) => again && !waiting.is_empty(),
            Room::Connection | Room::Out => true,
            Room::Stream | Room::Gone => false,
        };
        match place {
            None if queued => waiting.push_back(stream),
            Some(place) if !queued => {
                waiting.remove(place);
            }
            _ => {}
        }
        match room {
            Room::Now(bytes) if !queued => return Poll::Ready(Some(bytes)),
            Room::Gone => return Poll::Ready(None),
            Room::Now(_) | Room::Connection | Room::Out | Room::Stream => {}
        }
        if let Some(own) = codec.stream(stream) {
            own.awaits_out = matches!(room, Room::Now(_) | Room::Out);
            own.woken_by(cx);
        }
        Poll::Pending
    }

    /// The trailers of a body that has ended; none where it has none.
    pub(super) fn trailers(&self, stream: u32) -> Trailers {
        let mut codec = self.codec();
        let own = codec.stream(stream);
        own.and_then(|own| own.trailers.take())
            .map_or_else(|| Ok(Vec::new()), |trailers| *trailers)
    }

    /// Takes at most `most` bytes of a request's body; `each` gets them in one piece or
    /// two.
    pub(super) fn poll_body(
        &self,
        cx: &Context<'_>,
        stream: u32,
        most: usize,
        mut each: impl FnMut(&[u8]),
    ) -> Poll<Taken> {
        let mut codec = self.codec();
        let Some(own) = codec.stream(stream) else {
            return Poll::Ready(Taken::Gone);
        };
        let count = own.inbox.len().min(most);
        if count == 0 {
            if own.ended {
                return Poll::Ready(Taken::Ended);
            }
            own.woken_by(cx);
            return Poll::Pending;
        }
        let (first, second) = own.inbox.as_slices();
        let first = first.get(..count).unwrap_or(first);
        let second = second.get(..count - first.len()).unwrap_or_default();
        each(first);
        if !second.is_empty() {
            each(second);
        }
        own.inbox.drain(..count);
        if own.inbox.is_empty() {
            own.inbox = VecDeque::new();
        }
        let before = codec.out.len();
        codec.release(stream, count);
        let announced = codec.out.len() > before;
        drop(codec);
        if announced {
            self.wake();
        }
        Poll::Ready(Taken::Some(count))
    }
}
