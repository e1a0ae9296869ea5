//! HTTP/2 towards clients: `lib/http2` frames, our steps decide.
//!
//! One task per connection reads and writes; each request that waits for something has a
//! task of its own. They meet in the [`Link`].

use std::{
    future::poll_fn,
    rc::Rc,
    task::{Context, Poll},
};

use h1::Framing;
use http2::Event;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    task::spawn_local,
};

use crate::{
    buffer::{Buffer, Outbox},
    handshake::Facts,
    http1,
    pace::{For, Pace, SILENCE},
    read::Request,
    record::Notes,
    serve::Plan,
    steps::decide,
    trailers,
    watch::Late,
    worker::Worker,
};

mod answer;
mod link;
mod upload;

use answer::Served;
use link::Link;

/// Window of one stream.
const STREAM_WINDOW: u32 = 256 * 1024;
/// Window of a connection: several streams' worth, so that one upload can't starve the
/// others.
const CONNECTION_WINDOW: u32 = 4 * STREAM_WINDOW;
/// A head this large is still read and answered with our 431; a larger one ends the
/// connection.
const BLOCK_MAX: usize = 256 * 1024;
/// Pseudo-header fields, which don't count among a head's fields.
const PSEUDO: usize = 5;

/// Serves one connection until either side ends it.
pub(crate) async fn serve<IO: AsyncRead + AsyncWrite + Unpin>(
    io: IO,
    facts: Facts,
    worker: Rc<Worker>,
) {
    let limits = worker.snapshot().limits;
    let link = Rc::new(Link::new(http2::Limits {
        streams: limits.streams,
        head_bytes: usize::try_from(limits.head_bytes).unwrap_or(usize::MAX),
        fields: usize::from(limits.fields) + PSEUDO,
        block_bytes: BLOCK_MAX,
        stream_window: STREAM_WINDOW,
        connection_window: CONNECTION_WINDOW,
        out: Outbox::HIGH,
    }));
    let mut driver = Driver {
        io,
        input: Buffer::default(),
        out: Outbox::default(),
        began: worker.recent(),
        facts: Rc::new(facts),
        worker,
        link,
        wait: None,
        pace: Pace::new(&limits),
        written: 0,
        frames: 0,
        leaving: false,
        failed: false,
    };
    let end = poll_fn(|cx| driver.poll(cx)).await;
    driver.link.cut();
    let Driver {
        mut io,
        mut input,
        facts,
        worker,
        ..
    } = driver;
    if end == End::Close {
        http1::close(&mut io, &mut input, &facts, &worker).await;
    }
    input.consume(usize::MAX);
    input.release(&worker.buffers);
}

/// How a connection is left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    /// All that was to be said has left.
    Close,
    /// The client is gone, or takes nothing.
    Break,
}

/// What a connection waits for; each has its own limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wait {
    /// The client takes what was written; how much it has taken so far.
    Write(u64),
    /// The rest of a preface or of a head.
    Head,
    /// The rest of a frame while there are no requests; how many were whole so far.
    Frame(u64),
    /// A request.
    Idle,
    /// The client leaves, as it was asked to.
    Farewell,
    /// Requests under way, which have limits of their own.
    Requests,
}

/// The task of one connection.
struct Driver<IO> {
    io: IO,
    input: Buffer,
    out: Outbox,
    began: terms::Moment,
    facts: Rc<Facts>,
    worker: Rc<Worker>,
    link: Rc<Link>,
    wait: Option<Wait>,
    /// Of all that the client takes.
    pace: Pace,
    /// Bytes that have left.
    written: u64,
    /// Frames that came whole.
    frames: u64,
    /// The worker drains, and the client was told.
    leaving: bool,
    /// A connection error: what was said of it is still to leave.
    failed: bool,
}

impl<IO: AsyncRead + AsyncWrite + Unpin> Driver<IO> {
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<End> {
        self.link.driven_by(cx);
        let mut ended = false;
        loop {
            if !self.failed && !ended {
                ended = self.read(cx);
            }
            match self.write(cx) {
                // There may be more to read that had waited for room to answer.
                Poll::Ready(Ok(true)) if !self.failed && !ended => continue,
                Poll::Ready(Ok(_)) => {}
                Poll::Ready(Err(_)) => return Poll::Ready(End::Break),
                Poll::Pending if ended => return Poll::Ready(End::Break),
                Poll::Pending => {}
            }
            if ended {
                return Poll::Ready(End::Break);
            }
            let flushed = self.out.is_empty();
            if flushed && (self.failed || self.link.codec().is_over()) {
                return Poll::Ready(End::Close);
            }
            if self.facts.watch.check(cx) == Err(Late) {
                match self.wait.take() {
                    Some(Wait::Write(_)) => return Poll::Ready(End::Break),
                    Some(Wait::Head | Wait::Frame(_)) => {
                        self.failed = true;
                        self.link
                            .codec()
                            .fail(http2::Code::ProtocolError, "head-late");
                        continue;
                    }
                    Some(Wait::Idle | Wait::Farewell) => {
                        self.link.codec().say_farewell();
                        self.begin_wait(Wait::Farewell);
                        continue;
                    }
                    Some(Wait::Requests) | None => {}
                }
            }
            if self.worker.is_draining() && !std::mem::replace(&mut self.leaving, true) {
                self.link.codec().say_farewell();
                continue;
            }
            let wait = self.next_wait();
            if self.wait == Some(wait) {
                return Poll::Pending;
            }
            self.begin_wait(wait);
        }
    }

    fn next_wait(&self) -> Wait {
        let codec = self.link.codec();
        if !self.out.is_empty() {
            Wait::Write(self.written)
        } else if codec.is_in_head() {
            Wait::Head
        } else if codec.open() == 0 && !self.input.is_empty() {
            Wait::Frame(self.frames)
        } else if codec.open() > 0 {
            Wait::Requests
        } else if self.wait == Some(Wait::Farewell) {
            Wait::Farewell
        } else {
            Wait::Idle
        }
    }

    fn begin_wait(&mut self, wait: Wait) {
        let limits = self.worker.snapshot().limits;
        let now = self.worker.recent();
        let (whom, limit) = match wait {
            Wait::Write(_) => (For::Client, None),
            Wait::Head | Wait::Frame(_) => (For::Server(limits.head), Some(limits.head)),
            Wait::Idle | Wait::Farewell => (For::Server(limits.idle), Some(limits.idle)),
            Wait::Requests => (For::Server(SILENCE), None),
        };
        let pace = self.pace.deadline(whom, self.written, now, &limits);
        self.facts.watch.until(match wait {
            Wait::Write(_) => pace,
            _ => limit.map(|limit| now.after(limit)),
        });
        self.wait = Some(wait);
    }

    /// Deals with all that has come, as long as there is room for the answers. `true`
    /// once the client's direction has ended.
    fn read(&mut self, cx: &mut Context<'_>) -> bool {
        let now = self.worker.recent().since(self.began);
        loop {
            while self.link.may_read() {
                match self.event(now) {
                    Ok(true) => {}
                    Ok(false) => break,
                    Err(error) => {
                        tracing::debug!(%error, "an HTTP/2 connection ended early");
                        self.failed = true;
                        return false;
                    }
                }
            }
            if !self.link.may_read() {
                return false;
            }
            match self.input.poll_fill(cx, &mut self.io, &self.worker.buffers) {
                Poll::Ready(Ok(count)) if count > 0 => {}
                Poll::Ready(_) => return true,
                Poll::Pending => return false,
            }
        }
    }

    /// Deals with one frame; `false` where none is whole.
    fn event(&mut self, now: std::time::Duration) -> Result<bool, http2::ConnectionError> {
        let mut codec = self.link.codec();
        let (taken, event) = codec.receive(self.input.filled(), now)?;
        let mut request = None;
        let mut room = false;
        match event {
            Event::Starved => return Ok(false),
            // Only servers answer.
            Event::Handled | Event::Leaving | Event::Answer { .. } => {}
            Event::Request { stream, ended } => request = Some((stream, ended)),
            Event::Data {
                stream,
                data,
                ended,
            } => {
                self.link.has_received(data.len());
                if let Some(own) = codec.stream(stream) {
                    own.receive(data, ended);
                }
            }
            Event::Ended { stream } => {
                let (section, over) = (codec.trailers(), codec.head_is_over());
                let lines = trailers::lines(section, over, &self.worker.snapshot().codec);
                if let Some(own) = codec.stream(stream) {
                    own.end_with(lines);
                }
            }
            Event::Reset { data, .. } => data.cut(),
            Event::Room { stream: 0 } => room = true,
            Event::Windows => codec.each().for_each(link::Stream::wake),
            Event::Room { stream } => {
                if let Some(own) = codec.stream(stream) {
                    own.wake();
                }
            }
        }
        drop(codec);
        self.input.consume(taken);
        self.frames = self.frames.wrapping_add(1);
        if room {
            self.link.room_for_all();
        }
        if let Some((stream, ended)) = request {
            self.request(stream, ended);
        }
        Ok(true)
    }

    /// Writes what is there. `true` when something left and nothing is left over.
    fn write(&mut self, cx: &mut Context<'_>) -> Poll<std::io::Result<bool>> {
        let mut wrote = false;
        loop {
            if self.out.is_empty() {
                self.out.clear();
                std::mem::swap(&mut self.out.bytes, &mut self.link.codec().out);
                if self.out.is_empty() {
                    self.out.rest();
                    return Poll::Ready(Ok(wrote));
                }
            }
            let (before, whole) = (self.out.written(), self.out.bytes.len());
            let flushed = self.out.poll_flush(cx, &mut self.io);
            let done = matches!(flushed, Poll::Ready(Ok(())));
            let after = if done { whole } else { self.out.written() };
            let moved = after.saturating_sub(before);
            self.written = self
                .written
                .wrapping_add(u64::try_from(moved).unwrap_or(u64::MAX));
            if done {
                wrote = true;
                self.link.flushed();
                continue;
            }
            return flushed.map_ok(|()| wrote);
        }
    }

    /// A new request: decided at once, and served at once where nothing is to be waited
    /// for.
    fn request(&self, stream: u32, ended: bool) {
        let local = self.worker.snapshot();
        let mut forward = self.worker.spare_head();
        let codec = self.link.codec();
        let read = Request::http2(codec.head(), codec.head_is_over(), ended, &local.limits);
        let (framing, expects) = read.as_ref().map_or((Framing::None, false), |request| {
            (request.framing, request.expects && !ended)
        });
        let (mut visit, plan) = decide(
            read,
            &self.facts,
            &self.worker,
            Notes::default(),
            &mut forward,
        );
        // What is refused before its method was looked at may be a HEAD all the same.
        visit.head_only |= codec.method() == Some(b"HEAD");
        drop(codec);
        let served = Served::new(stream, framing, visit, &self.link, &self.worker);
        match plan {
            Plan::Refuse(refusal) => served.refuse(refusal),
            Plan::Redirect(head) => served.redirect(&head),
            Plan::Vouch(head) => {
                let task = spawn_local(Box::pin(served.vouch(head)));
                self.link.run(stream, &task);
            }
            Plan::Page(page) => served.page(&page),
            Plan::Own(head) => {
                served.proceed(expects);
                let task = spawn_local(Box::pin(served.own(head)));
                self.link.run(stream, &task);
            }
            Plan::Forward(plan) => {
                served.proceed(expects);
                // Boxed: a task moves its future seven times.
                let task = spawn_local(Box::pin(served.forward(plan, forward)));
                self.link.run(stream, &task);
            }
        }
    }
}
