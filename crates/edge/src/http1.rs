//! HTTP/1 towards clients: our own codec, one task per connection, no allocation on a
//! kept connection.

use std::{
    future::poll_fn,
    io,
    pin::Pin,
    rc::Rc,
    task::{Context, Poll, ready},
    time::Duration,
};

use h1::{BodyDecoder, Framing, RequestHead};
use seam::{Refusal, RefusalPage, record::Outcome};
use terms::Moment;
use tokio::io::{AsyncRead, AsyncWrite};

use crate::{
    buffer::{Buffer, Outbox},
    handshake::Facts,
    harden::{finish_http1, harden},
    know::Visit,
    own,
    read::{Request, refused},
    record::{Notes, Tally, record},
    serve::{Answer, Page, Plan},
    steps::decide,
    vouch,
    watch::Late,
    worker::Worker,
};

pub(crate) mod application;
mod control;

/// How long a refused client may go on sending before the connection is torn down; its
/// answer would be lost if we closed while bytes are still arriving.
const LINGER: Duration = Duration::from_secs(2);
/// Bytes that are read and thrown away while lingering.
const LINGER_BYTES: usize = 4 * 1024 * 1024;

/// The client's body stopped coming.
pub(crate) const BODY_LATE: Refusal = Refusal::new(RefusalPage::RequestTimeout, "body-late");

/// A client's connection.
pub(crate) struct Client<IO> {
    pub(crate) io: IO,
    pub(crate) input: Buffer,
    pub(crate) out: Outbox,
    pub(crate) facts: Facts,
    pub(crate) worker: Rc<Worker>,
    /// Body of the present request.
    pub(crate) upload: BodyDecoder,
    pub(crate) tally: Tally,
    /// The present request's body came in chunks, and goes on so.
    chunked: bool,
    head: RequestHead,
    forward: Vec<u8>,
}

/// How a request left the connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Then {
    Next,
    Close,
    /// At once and without the end of the TLS stream: the client sees that its answer
    /// isn't whole, also where nothing but that end tells (HTTP/1.0).
    Break,
}

impl Then {
    fn after(outcome: Outcome, keep: bool) -> Self {
        match outcome {
            Outcome::Served if keep => Self::Next,
            Outcome::Served | Outcome::Refused(_) => Self::Close,
            Outcome::UpstreamCut | Outcome::ClientGone => Self::Break,
        }
    }
}

/// Why an upload stopped.
pub(crate) enum UploadFault {
    /// The client left.
    Gone,
    /// The client's body is malformed or too large.
    Malformed(Refusal),
    /// The other side takes no more.
    Receiver,
}

/// Serves one connection until either side ends it.
pub(crate) async fn serve<IO: AsyncRead + AsyncWrite + Unpin>(
    io: IO,
    facts: Facts,
    worker: Rc<Worker>,
) {
    let mut client = Client {
        io,
        input: Buffer::default(),
        out: Outbox::default(),
        facts,
        worker,
        upload: BodyDecoder::new(Framing::None, &h1::Limits::default()),
        tally: Tally::default(),
        chunked: false,
        head: RequestHead::new(),
        forward: Vec::new(),
    };
    let mut notes = Notes::default();
    loop {
        match client.request(&mut notes).await {
            Then::Next => {}
            Then::Close => {
                let Client {
                    io,
                    input,
                    facts,
                    worker,
                    ..
                } = &mut client;
                close(io, input, facts, worker).await;
                break;
            }
            Then::Break => break,
        }
    }
    client.input.consume(usize::MAX);
    client.input.release(&client.worker.buffers);
}

impl<IO: AsyncRead + AsyncWrite + Unpin> Client<IO> {
    /// One request from its first byte to its record.
    async fn request(&mut self, notes: &mut Notes) -> Then {
        let local = self.worker.snapshot();
        let limits = local.limits;
        self.tally = Tally::default();
        self.head.clear();
        self.out.rest();
        let length = match self.read_head(&local.codec, limits.idle, limits.head).await {
            Ok(Some(length)) => length,
            Ok(None) => return Then::Close,
            Err(refusal) => {
                let visit = Visit::begin(&self.facts, &self.worker, std::mem::take(notes));
                let unfinished = Unfinished::of(&visit, &self.worker);
                let then = self.refuse(&visit, refusal).await;
                unfinished.end();
                return then;
            }
        };
        let view = self.head.view(self.input.filled());
        let (framing, keep) = (view.framing, view.keep_alive && !self.worker.is_draining());
        let expects = view.expect_continue;
        let (visit, plan) = decide(
            Request::http1(&view),
            &self.facts,
            &self.worker,
            std::mem::take(notes),
            &mut self.forward,
        );
        self.input.consume(length);
        self.upload = BodyDecoder::new(framing, &local.codec);
        self.chunked = framing == Framing::Chunked;
        if expects && !self.upload.is_done() && matches!(plan, Plan::Own(_) | Plan::Forward(_)) {
            self.out
                .bytes
                .extend_from_slice(b"HTTP/1.1 100 Continue\r\n\r\n");
            // It leaves with the first wait: every wait below flushes.
        }
        let unfinished = Unfinished::of(&visit, &self.worker);
        let then = match plan {
            Plan::Refuse(refusal) => self.refuse(&visit, refusal).await,
            Plan::Redirect(head) => self.redirect(&visit, &head, keep).await,
            Plan::Vouch(mut head) => match vouch::vouch(&self.worker, &visit, &mut head).await {
                Ok(()) => self.redirect(&visit, &head, keep).await,
                Err(refusal) => self.refuse(&visit, refusal).await,
            },
            Plan::Page(page) => self.page(&visit, &page, keep).await,
            Plan::Own(head) => self.own(&visit, head, keep).await,
            Plan::Forward(forward) => {
                self.facts.watch.belongs_to(visit.session.as_ref());
                let then = self.forward(&visit, forward, keep).await;
                self.facts.watch.belongs_to(None);
                then
            }
        };
        unfinished.end();
        *notes = visit.notes;
        then
    }

    /// Reads until a head is whole. `None` when the client ended instead of asking.
    async fn read_head(
        &mut self,
        codec: &h1::Limits,
        idle: Duration,
        head: Duration,
    ) -> Result<Option<usize>, Refusal> {
        let now = self.worker.recent();
        let mut begun = !self.input.is_empty();
        self.facts
            .watch
            .until(Some(now.after(if begun { head } else { idle })));
        poll_fn(|cx| {
            loop {
                match self.head.parse(self.input.filled(), codec) {
                    Err(refusal) => return Poll::Ready(Err(refused(refusal))),
                    Ok(Some(length)) => return Poll::Ready(Ok(Some(length))),
                    Ok(None) => {}
                }
                if !begun && !self.input.is_empty() {
                    begun = true;
                    let now = self.worker.recent();
                    self.facts.watch.until(Some(now.after(head)));
                }
                if self.facts.watch.check(cx) == Err(Late) {
                    return Poll::Ready(if begun {
                        Err(Refusal::new(RefusalPage::RequestTimeout, "head-late"))
                    } else {
                        Ok(None)
                    });
                }
                match self.input.poll_fill(cx, &mut self.io, &self.worker.buffers) {
                    Poll::Ready(Ok(0) | Err(_)) => return Poll::Ready(Ok(None)),
                    Poll::Ready(Ok(_)) => {}
                    // Only what has not asked yet may be closed.
                    Poll::Pending if !begun && !self.worker.may_idle() => {
                        return Poll::Ready(Ok(None));
                    }
                    Poll::Pending => return Poll::Pending,
                }
            }
        })
        .await
    }

    /// Answers with a refusal page and ends the connection: what follows a refused head
    /// can't be trusted to be a request.
    async fn refuse(&mut self, visit: &Visit, refusal: Refusal) -> Then {
        self.worker.counters.refused(refusal.page);
        self.tally.status = refusal.page.status();
        self.out.clear();
        let page = own::refusal_page(visit, refusal);
        let answer = page.answer(refusal);
        let hardened = harden(&answer, visit, &self.worker, &mut self.out.bytes);
        finish_http1(&hardened, visit.version, false, &mut self.out.bytes);
        if !visit.head_only {
            page.write(visit, &mut self.out.bytes);
            self.tally.bytes_out = page.length();
        }
        // A client that doesn't wait for its refusal loses only that.
        let _ = self.flush().await;
        record(
            &self.worker,
            visit,
            &self.tally,
            Outcome::Refused(refusal.reason),
        );
        Then::Close
    }

    async fn page(&mut self, visit: &Visit, page: &Page, keep: bool) -> Then {
        let keep = keep && self.upload.is_done();
        let answer = Answer::page(page);
        self.tally.status = answer.status();
        let hardened = harden(&answer, visit, &self.worker, &mut self.out.bytes);
        finish_http1(&hardened, visit.version, keep, &mut self.out.bytes);
        if !visit.head_only && !page.unchanged {
            let body = &page.document.body;
            self.out.bytes.extend_from_slice(body);
            self.tally.bytes_out = u64::try_from(body.len()).unwrap_or(u64::MAX);
        }
        let outcome = self
            .flush()
            .await
            .map_or(Outcome::ClientGone, |()| Outcome::Served);
        record(&self.worker, visit, &self.tally, outcome);
        Then::after(outcome, keep)
    }

    /// Sends somebody elsewhere.
    async fn redirect(&mut self, visit: &Visit, head: &http::Response<()>, keep: bool) -> Then {
        let keep = keep && self.upload.is_done();
        let answer = Answer::control(head, visit.head_only);
        self.tally.status = answer.status();
        let hardened = harden(&answer, visit, &self.worker, &mut self.out.bytes);
        finish_http1(&hardened, visit.version, keep, &mut self.out.bytes);
        let outcome = self
            .flush()
            .await
            .map_or(Outcome::ClientGone, |()| Outcome::Served);
        record(&self.worker, visit, &self.tally, outcome);
        Then::after(outcome, keep)
    }

    /// The next run of the request's body: `Ok(true)` when it is complete.
    pub(crate) fn poll_body(
        &mut self,
        cx: &mut Context<'_>,
        most: u64,
        each: impl FnOnce(&[u8]),
    ) -> Poll<Result<bool, UploadFault>> {
        loop {
            let filled = self.input.filled();
            let decoded = match self.upload.decode(filled) {
                Ok(decoded) => decoded,
                Err(refusal) => {
                    return Poll::Ready(Err(UploadFault::Malformed(refused(refusal))));
                }
            };
            let data = filled.get(decoded.data).unwrap_or_default();
            if decoded.consumed > 0 || decoded.done {
                self.tally.bytes_in += u64::try_from(data.len()).unwrap_or(0);
                if self.tally.bytes_in > most {
                    return Poll::Ready(Err(UploadFault::Malformed(Refusal::new(
                        RefusalPage::PayloadTooLarge,
                        "body-too-large",
                    ))));
                }
                if !data.is_empty() {
                    each(data);
                }
                self.input.consume(decoded.consumed);
                return Poll::Ready(Ok(decoded.done));
            }
            // The interim answer, if one is owed.
            if let Poll::Ready(Err(_)) = self.out.poll_flush(cx, &mut self.io) {
                return Poll::Ready(Err(UploadFault::Gone));
            }
            match ready!(self.input.poll_fill(cx, &mut self.io, &self.worker.buffers)) {
                Ok(0) | Err(_) => return Poll::Ready(Err(UploadFault::Gone)),
                Ok(_) => {}
            }
        }
    }

    /// Whether the client has left while it waits for its answer. What it sends ahead
    /// (pipelining) stays in the buffer.
    pub(crate) fn poll_gone(&mut self, cx: &mut Context<'_>) -> bool {
        while !self.input.is_full() {
            match self.input.poll_fill(cx, &mut self.io, &self.worker.buffers) {
                Poll::Ready(Ok(count)) if count > 0 => {}
                Poll::Ready(_) => return true,
                Poll::Pending => return false,
            }
        }
        false
    }

    /// Writes everything within the stall limit.
    async fn flush(&mut self) -> io::Result<()> {
        let limit = self.worker.snapshot().limits.stall;
        self.facts
            .watch
            .until(Some(self.worker.recent().after(limit)));
        poll_fn(|cx| {
            if self.facts.watch.check(cx) == Err(Late) {
                return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
            }
            self.out.poll_flush(cx, &mut self.io)
        })
        .await
    }
}

/// Ends a connection so that the last answer arrives: our direction first, then what the
/// client still sends is read and thrown away for a moment.
pub(crate) async fn close<IO: AsyncRead + AsyncWrite + Unpin>(
    io: &mut IO,
    input: &mut Buffer,
    facts: &Facts,
    worker: &Worker,
) {
    let deadline = worker.recent().after(LINGER);
    facts.watch.until(Some(deadline));
    let mut closed = false;
    let mut thrown = 0_usize;
    poll_fn(|cx| {
        if facts.watch.check(cx) == Err(Late) {
            return Poll::Ready(());
        }
        if !closed {
            match Pin::new(&mut *io).poll_shutdown(cx) {
                Poll::Ready(Err(_)) => return Poll::Ready(()),
                Poll::Ready(Ok(())) => closed = true,
                Poll::Pending => {}
            }
        }
        loop {
            let count = input.filled().len();
            thrown = thrown.saturating_add(count);
            input.consume(count);
            if thrown > LINGER_BYTES {
                return Poll::Ready(());
            }
            match input.poll_fill(cx, io, &worker.buffers) {
                Poll::Ready(Ok(count)) if count > 0 => {}
                Poll::Ready(_) => return Poll::Ready(()),
                Poll::Pending => return Poll::Pending,
            }
        }
    })
    .await;
}

/// A request that isn't recorded yet. Should its connection be dropped under it, at the
/// limit of a drain, a record is left all the same; how much had moved isn't known then.
struct Unfinished<'a> {
    visit: &'a Visit,
    /// `None` once the request was recorded.
    worker: Option<Rc<Worker>>,
}

impl<'a> Unfinished<'a> {
    fn of(visit: &'a Visit, worker: &Rc<Worker>) -> Self {
        Self {
            visit,
            worker: Some(worker.clone()),
        }
    }

    fn end(mut self) {
        self.worker = None;
    }
}

impl Drop for Unfinished<'_> {
    fn drop(&mut self) {
        if let Some(worker) = &self.worker {
            record(worker, self.visit, &Tally::default(), Outcome::ClientGone);
        }
    }
}

pub(crate) fn micros_since(now: Moment, earlier: Moment) -> u32 {
    u32::try_from(now.since(earlier).as_micros()).unwrap_or(u32::MAX)
}
