//! One connection of HTTP/2 to an application, as its task and the requests share it.

use std::{
    cell::{Cell, RefCell, RefMut},
    collections::VecDeque,
    rc::Rc,
    task::{Context, Poll, Waker},
    time::Duration,
};

use http2::{Code, Connection, Room};
use terms::Moment;
use tokio::sync::Notify;

use super::flow::Flow;
use crate::{buffer::Outbox, upstream::Fault, waking::Driver};

/// Requests that wait for a stream of an application.
#[derive(Default)]
pub(super) struct Waiting {
    pub(super) count: Cell<usize>,
    pub(super) changed: Notify,
}

impl Waiting {
    /// A stream may be free now, or a connection be there.
    pub(super) fn look_again(&self) {
        if self.count.get() > 0 {
            self.changed.notify_waiters();
        }
    }
}

/// See the module.
pub(super) struct Link {
    codec: RefCell<Connection<Rc<Flow>>>,
    /// `:scheme` of what is asked here.
    pub(super) scheme: &'static str,
    driver: Driver,
    /// Who waits for the settings.
    beginner: RefCell<Option<Waker>>,
    waiting: Rc<Waiting>,
    /// Streams that wait for room that all share, first come first served.
    queue: RefCell<VecDeque<u32>>,
    /// Requests that have a place and haven't opened their stream yet.
    reserved: Cell<usize>,
    /// No further request may begin here.
    leaving: Cell<bool>,
    /// Its task has ended.
    ended: Cell<bool>,
    /// What rule the application broke.
    broken: Cell<Option<&'static str>>,
    /// It has carried an answer: the application may have closed it meanwhile.
    served: Cell<bool>,
    /// When something came last, and the last moment that was read.
    heard: Cell<Moment>,
    now: Cell<Moment>,
    /// Since when it carries no request.
    idle: Cell<Option<Moment>>,
}

impl Link {
    pub(super) fn new(
        codec: Connection<Rc<Flow>>,
        scheme: &'static str,
        waiting: Rc<Waiting>,
        now: Moment,
    ) -> Self {
        Self {
            codec: RefCell::new(codec),
            scheme,
            driver: Driver::default(),
            beginner: RefCell::default(),
            waiting,
            queue: RefCell::default(),
            reserved: Cell::new(0),
            leaving: Cell::new(false),
            ended: Cell::new(false),
            broken: Cell::new(None),
            served: Cell::new(false),
            heard: Cell::new(now),
            now: Cell::new(now),
            idle: Cell::new(None),
        }
    }

    /// The connection's state. Never held across a wait, nor while something is woken that
    /// may run at once.
    pub(super) fn codec(&self) -> RefMut<'_, Connection<Rc<Flow>>> {
        self.codec.borrow_mut()
    }

    /// Notes the task that reads and writes.
    pub(super) fn driven_by(&self, cx: &Context<'_>) {
        self.driver.runs(cx);
    }

    /// There is something to write, or to end.
    pub(super) fn wake(&self) {
        self.driver.wake();
    }

    /// Whether what comes next can be answered: an application that sends without reading
    /// is read no further.
    pub(super) fn may_read(&self) -> bool {
        self.codec().out.len() < Outbox::HIGH
    }

    /// Ready once the application has said its settings, or can't: `false`.
    pub(super) fn poll_ready(&self, cx: &Context<'_>) -> Poll<bool> {
        if self.codec().is_ready() {
            return Poll::Ready(true);
        }
        if self.ended.get() {
            return Poll::Ready(false);
        }
        *self.beginner.borrow_mut() = Some(cx.waker().clone());
        Poll::Pending
    }

    /// Something came.
    pub(super) fn heard(&self, now: Moment) {
        self.heard.set(now);
        self.look_again();
    }

    fn look_again(&self) {
        if let Some(beginner) = self.beginner.borrow_mut().take() {
            beginner.wake();
        }
        self.waiting.look_again();
    }

    /// Whether a further request may begin here some time.
    pub(super) fn is_open(&self) -> bool {
        !self.leaving.get() && !self.ended.get() && !self.codec().is_leaving()
    }

    /// Whether its task is to end: it is left, and carries nothing.
    pub(super) fn is_over(&self) -> bool {
        let left = self.leaving.get() || self.codec().is_leaving();
        left && self.reserved.get() == 0 && self.codec().open() == 0
    }

    /// A place for a request, where there is one; [`Self::give_up`] or [`Self::open`] it.
    pub(super) fn reserve(&self) -> bool {
        let free = self.codec().free() > self.reserved.get();
        if free {
            self.reserved.set(self.reserved.get() + 1);
        }
        free
    }

    /// A place that isn't wanted any more.
    pub(super) fn give_up(&self) {
        self.reserved.set(self.reserved.get().saturating_sub(1));
        self.look_again();
        self.wake();
    }

    /// Opens a stream in a place that was reserved; `None` where the application has left
    /// or allows fewer now.
    pub(super) fn open(&self, flow: &Rc<Flow>) -> Option<u32> {
        let stream = self.codec().open_stream(flow.clone());
        self.reserved.set(self.reserved.get().saturating_sub(1));
        stream
    }

    /// Whether an answer came before.
    pub(super) fn has_served(&self) -> bool {
        self.served.get()
    }

    /// A request here is over. `opened` is when its stream was opened, if it never got an
    /// answer.
    pub(super) fn done(&self, stream: u32, unanswered: Option<Moment>, patience: Duration) {
        let cancelled = self.codec().reset(stream, Code::Cancel).is_some();
        if cancelled {
            self.wake();
        }
        match unanswered {
            None => self.served.set(true),
            // Given up after a while in which nothing came at all: nobody may be there any
            // more. Others don't join; those that wait already do so to their own limits.
            Some(opened) => {
                let silent = self.heard.get() <= opened;
                if silent && self.now.get().since(opened) >= patience {
                    self.leave();
                }
            }
        }
        if self.is_over() {
            self.wake();
        }
        self.look_again();
    }

    /// The last moment that was read.
    pub(super) fn now(&self) -> Moment {
        self.now.get()
    }

    /// Ends it where it carried nothing for so long.
    pub(super) fn tidy(&self, now: Moment, most: Duration) {
        self.now.set(now);
        if self.reserved.get() > 0 || self.codec().open() > 0 {
            self.idle.set(None);
            return;
        }
        let since = self.idle.get().unwrap_or(now);
        self.idle.set(Some(since));
        if now.since(since) >= most {
            self.leave();
        }
    }

    /// No further request begins here; it ends with the last one.
    pub(super) fn leave(&self) {
        self.leaving.set(true);
        self.wake();
        self.look_again();
    }

    /// The application broke a rule.
    pub(super) fn fail(&self, reason: &'static str) {
        self.broken.set(Some(reason));
    }

    /// Its task has ended, and so has whatever it carried.
    pub(super) fn end(&self) {
        self.leaving.set(true);
        self.ended.set(true);
        let flows: Vec<_> = self.codec().into_streams().collect();
        let fault = self
            .broken
            .get()
            .map_or(Fault::ClosedUnanswered, Fault::Broken);
        for flow in flows {
            flow.fail(fault);
        }
        self.look_again();
    }

    /// Wakes those that wait for what all share.
    pub(super) fn room_for_all(&self) {
        let waiting = std::mem::take(&mut *self.queue.borrow_mut());
        let mut codec = self.codec();
        for stream in waiting {
            if let Some(flow) = codec.stream(stream) {
                flow.wake();
            }
        }
    }

    /// How many bytes of DATA may be appended; `None` once the stream is gone. Whoever
    /// waits notes its waker in its flow.
    pub(super) fn poll_room(&self, stream: u32) -> Poll<Option<usize>> {
        match self.codec().room(stream) {
            Room::Now(bytes) => Poll::Ready(Some(bytes)),
            Room::Gone => Poll::Ready(None),
            Room::Stream => Poll::Pending,
            Room::Connection | Room::Out => {
                let mut queue = self.queue.borrow_mut();
                if !queue.contains(&stream) {
                    queue.push_back(stream);
                }
                Poll::Pending
            }
        }
    }

    /// Bytes of a body were taken: the application may send as many again.
    pub(super) fn release(&self, stream: u32, bytes: usize) {
        let mut codec = self.codec();
        let before = codec.out.len();
        codec.release(stream, bytes);
        let announced = codec.out.len() > before;
        drop(codec);
        if announced {
            self.wake();
        }
    }
}
