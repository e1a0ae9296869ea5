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

use bytes::Bytes;
use h1::{Asked, BodyDecoder, Framing, RequestHead, write};
use seam::{Refusal, RefusalPage, record::Outcome};
use terms::Moment;
use tokio::io::{AsyncRead, AsyncWrite};

use crate::{
    buffer::{Buffer, Outbox},
    handshake::Facts,
    harden::{Ending, finish_http1, harden},
    know::Visit,
    own,
    read::{Request, refused},
    record::{Notes, Tally, record},
    serve::{Answer, Forward, Length, Page, Plan},
    steps::decide,
    tunnel,
    upstream::{self, Conn, Fault, LATE, Step, Taken},
    watch::Late,
    worker::Worker,
};

/// Silence after which a stream that only the application can continue is cut.
pub(crate) const SILENCE: Duration = Duration::from_secs(3600);
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
                client.close().await;
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
        let length = match self.read_head(&local.codec, limits.idle, limits.head).await {
            Ok(Some(length)) => length,
            Ok(None) => return Then::Close,
            Err(refusal) => {
                let visit = Visit::begin(&self.facts, &self.worker, std::mem::take(notes));
                self.refuse(&visit, refusal).await;
                return Then::Close;
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
        let then = match plan {
            Plan::Refuse(refusal) => self.refuse(&visit, refusal).await,
            Plan::Page(page) => self.page(&visit, &page, keep).await,
            Plan::Own(head) => self.own(&visit, head, keep).await,
            Plan::Forward(forward) => self.forward(&visit, forward, keep).await,
        };
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
        let now = self.worker.clock.moment();
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
                    let now = self.worker.clock.moment();
                    self.facts.watch.until(Some(now.after(head)));
                }
                if self.facts.watch.check(cx) == Err(Late) {
                    return Poll::Ready(if begun {
                        Err(Refusal::new(RefusalPage::RequestTimeout, "head-late"))
                    } else {
                        Ok(None)
                    });
                }
                if !begun && self.worker.is_draining() {
                    return Poll::Ready(Ok(None));
                }
                match ready!(self.input.poll_fill(cx, &mut self.io, &self.worker.buffers)) {
                    Ok(0) | Err(_) => return Poll::Ready(Ok(None)),
                    Ok(_) => {}
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

    /// The application's answer.
    async fn forward(&mut self, visit: &Visit, forward: Forward, keep: bool) -> Then {
        let asked = Asked {
            head: visit.head_only,
            ..Asked::default()
        };
        let mut fresh = false;
        let (mut taken, length) = loop {
            let mut taken =
                match upstream::take(&self.worker, &visit.local, visit.site, fresh).await {
                    Ok(taken) => taken,
                    Err(fault) => return self.refuse(visit, fault.refusal()).await,
                };
            taken.conn.begin(&mut self.forward);
            match self.exchange(visit, &mut taken.conn, asked).await {
                Ok(length) => break (taken, length),
                Err(Stop::Fault(Fault::ClosedUnanswered))
                    if taken.conn.reused && forward.replayable && !fresh =>
                {
                    taken.conn.take_back(&mut self.forward);
                    fresh = true;
                }
                Err(Stop::Fault(fault)) => {
                    self.worker.counters.upstream_faults.add(1);
                    return self.refuse(visit, fault.refusal()).await;
                }
                Err(Stop::Refused(refusal)) => return self.refuse(visit, refusal).await,
                Err(Stop::Gone) => {
                    record(&self.worker, visit, &self.tally, Outcome::ClientGone);
                    return Then::Break;
                }
            }
        };
        let conn = &mut taken.conn;
        let asked_at = self.worker.clock.moment();
        self.tally.upstream_us = micros_since(asked_at, visit.began);
        let head = conn.view();
        let upgraded = head.status == 101;
        if upgraded && !(forward.upgrade && self.upload.is_done()) {
            self.worker.counters.upstream_faults.add(1);
            return self
                .refuse(visit, Fault::Broken("upgrade-unasked").refusal())
                .await;
        }
        let body = head.framing;
        let keep_upstream = head.keep_alive && !upgraded;
        // An answer that comes before the upload has ended ends the connection: the rest
        // of the body is not read as a request.
        let keep = keep && (self.upload.is_done() || upgraded);
        let answer = Answer::application(&head);
        self.tally.status = answer.status();
        let hardened = harden(&answer, visit, &self.worker, &mut self.out.bytes);
        let ending = finish_http1(&hardened, visit.version, keep, &mut self.out.bytes);
        conn.input.consume(length);
        if upgraded {
            let outcome = tunnel::run(self, &mut taken.conn).await;
            record(&self.worker, visit, &self.tally, outcome);
            return Then::Close;
        }
        let mut body = BodyDecoder::new(body, &visit.local.codec);
        let outcome = self.stream(&mut taken.conn, &mut body, ending, visit).await;
        self.keep_upstream(visit, taken, keep_upstream && body.is_done());
        record(&self.worker, visit, &self.tally, outcome);
        Then::after(outcome, keep && ending != Ending::Close)
    }

    fn keep_upstream(&self, visit: &Visit, taken: Taken, may: bool) {
        if may && self.upload.is_done() && taken.conn.is_clean() {
            let most = visit.local.limits.kept;
            let now = self.worker.clock.moment();
            visit
                .local
                .pools
                .keep(visit.site, taken.upstream, taken.conn, now, most);
        }
    }

    /// Sends the request and what there is of its body until the application's head is
    /// whole.
    async fn exchange(
        &mut self,
        visit: &Visit,
        conn: &mut Conn,
        asked: Asked,
    ) -> Result<usize, Stop> {
        let limits = visit.local.limits;
        let mut uploading = !self.upload.is_done();
        let first = if uploading {
            limits.stall
        } else {
            limits.answer
        };
        self.facts.watch.until(Some(visit.began.after(first)));
        let mut seen = 0;
        poll_fn(|cx| {
            if uploading {
                match self.poll_upload(cx, conn, visit.body_max) {
                    Poll::Ready(Ok(())) => {
                        uploading = false;
                        let now = self.worker.clock.moment();
                        self.facts.watch.until(Some(now.after(limits.answer)));
                    }
                    Poll::Ready(Err(UploadFault::Gone)) => return Poll::Ready(Err(Stop::Gone)),
                    Poll::Ready(Err(UploadFault::Malformed(refusal))) => {
                        return Poll::Ready(Err(Stop::Refused(refusal)));
                    }
                    // It may have answered and closed: its head is still to be read.
                    Poll::Ready(Err(UploadFault::Receiver)) => uploading = false,
                    Poll::Pending if self.tally.bytes_in != seen => {
                        seen = self.tally.bytes_in;
                        let now = self.worker.clock.moment();
                        self.facts.watch.until(Some(now.after(limits.stall)));
                    }
                    Poll::Pending => {}
                }
            } else if let Poll::Ready(Err(_)) = conn.poll_write(cx) {
                // Closed for writing; perhaps it has answered before.
            }
            if let Poll::Ready(result) = conn.poll_head(cx, asked, &visit.local.codec, &self.worker)
            {
                return Poll::Ready(result.map_err(Stop::Fault));
            }
            if !uploading && self.poll_gone(cx) {
                return Poll::Ready(Err(Stop::Gone));
            }
            if self.facts.watch.check(cx) == Err(Late) {
                // With bytes still waiting for it, it is the application that is slow.
                return Poll::Ready(Err(Stop::Refused(if uploading && conn.out.is_empty() {
                    BODY_LATE
                } else {
                    LATE
                })));
            }
            Poll::Pending
        })
        .await
    }

    /// Passes the answer's body on, and the rest of the upload the other way.
    async fn stream(
        &mut self,
        conn: &mut Conn,
        body: &mut BodyDecoder,
        ending: Ending,
        visit: &Visit,
    ) -> Outcome {
        let stall = visit.local.limits.stall;
        let mut uploading = !self.upload.is_done();
        let mut last = None;
        poll_fn(|cx| {
            if uploading {
                // Faults of the upload no longer matter: the answer is already on its
                // way, and the connection ends behind it.
                uploading = self.poll_upload(cx, conn, visit.body_max).is_pending();
            }
            if let Poll::Ready(outcome) = self.poll_stream(cx, conn, body, ending) {
                return Poll::Ready(outcome);
            }
            if !uploading && self.poll_gone(cx) {
                return Poll::Ready(Outcome::ClientGone);
            }
            if self.facts.watch.check(cx) == Err(Late) {
                return Poll::Ready(if self.out.is_empty() {
                    Outcome::UpstreamCut
                } else {
                    Outcome::ClientGone
                });
            }
            // A reader that takes nothing is cut; an application may be silent.
            let wait = (
                self.out.is_empty(),
                self.tally.bytes_out,
                self.tally.bytes_in,
            );
            if last != Some(wait) {
                last = Some(wait);
                let limit = if self.out.is_empty() { SILENCE } else { stall };
                self.facts
                    .watch
                    .until(Some(self.worker.clock.moment().after(limit)));
            }
            Poll::Pending
        })
        .await
    }

    fn poll_stream(
        &mut self,
        cx: &mut Context<'_>,
        conn: &mut Conn,
        body: &mut BodyDecoder,
        ending: Ending,
    ) -> Poll<Outcome> {
        let mut done = body.is_done();
        loop {
            if done {
                return self
                    .out
                    .poll_flush(cx, &mut self.io)
                    .map(|flushed| flushed.map_or(Outcome::ClientGone, |()| Outcome::Served));
            }
            if ready!(self.out.poll_room(cx, &mut self.io)).is_err() {
                return Poll::Ready(Outcome::ClientGone);
            }
            let out = &mut self.out.bytes;
            let sent = &mut self.tally.bytes_out;
            let step = conn.decode(body, |data| {
                *sent += u64::try_from(data.len()).unwrap_or(0);
                if ending == Ending::Chunked {
                    write::chunk(out, data);
                } else {
                    out.extend_from_slice(data);
                }
            });
            match step {
                Ok(Step::More) => {}
                Ok(Step::Done) => {
                    if ending == Ending::Chunked {
                        write::last_chunk(&mut self.out.bytes, trailers(body));
                    }
                    done = true;
                }
                Ok(Step::Starved) => {
                    // What is there leaves at once: server-sent events wait for nobody.
                    if let Poll::Ready(Err(_)) = self.out.poll_flush(cx, &mut self.io) {
                        return Poll::Ready(Outcome::ClientGone);
                    }
                    match ready!(conn.poll_fill(cx, &self.worker.buffers)) {
                        Ok(count) if count > 0 => {}
                        ended => {
                            if ended.is_err() || body.at_end_of_input().is_err() {
                                return Poll::Ready(Outcome::UpstreamCut);
                            }
                            *body = BodyDecoder::new(Framing::None, &h1::Limits::default());
                            if ending == Ending::Chunked {
                                write::last_chunk(&mut self.out.bytes, []);
                            }
                            done = true;
                        }
                    }
                }
                // The client sees a broken answer as broken: without its last chunk, or
                // short of its length.
                Err(_) => {
                    return self
                        .out
                        .poll_flush(cx, &mut self.io)
                        .map(|_| Outcome::UpstreamCut);
                }
            }
        }
    }

    /// Passes the request's body on.
    fn poll_upload(
        &mut self,
        cx: &mut Context<'_>,
        conn: &mut Conn,
        most: u64,
    ) -> Poll<Result<(), UploadFault>> {
        let chunked = self.chunked;
        loop {
            if self.upload.is_done() {
                return conn.poll_flush(cx).map_err(|_| UploadFault::Receiver);
            }
            ready!(conn.poll_room(cx)).map_err(|_| UploadFault::Receiver)?;
            let out = &mut conn.out.bytes;
            let step = ready!(self.poll_body(cx, most, |data| {
                if chunked {
                    write::chunk(out, data);
                } else {
                    out.extend_from_slice(data);
                }
            }));
            match step {
                Ok(true) => {
                    if chunked {
                        write::last_chunk(&mut conn.out.bytes, []);
                    }
                }
                Ok(false) => {
                    // What has arrived goes on at once.
                    if let Poll::Ready(Err(_)) = conn.poll_write(cx) {
                        return Poll::Ready(Err(UploadFault::Receiver));
                    }
                }
                Err(fault) => return Poll::Ready(Err(fault)),
            }
        }
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
            .until(Some(self.worker.clock.moment().after(limit)));
        poll_fn(|cx| {
            if self.facts.watch.check(cx) == Err(Late) {
                return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
            }
            self.out.poll_flush(cx, &mut self.io)
        })
        .await
    }

    /// Control's answer.
    async fn own(&mut self, visit: &Visit, head: http::Request<()>, keep: bool) -> Then {
        let most = visit.body_max;
        let mut exchange = match own::Exchange::begin(visit, head, &self.worker) {
            Ok(exchange) => exchange,
            Err(refusal) => return self.refuse(visit, refusal).await,
        };
        let limits = visit.local.limits;
        self.facts
            .watch
            .until(Some(visit.began.after(limits.answer)));
        let answered = poll_fn(|cx| {
            match exchange.poll_upload(cx, self, most) {
                Poll::Ready(Err(UploadFault::Gone)) => return Poll::Ready(Err(Stop::Gone)),
                Poll::Ready(Err(UploadFault::Malformed(refusal))) => {
                    return Poll::Ready(Err(Stop::Refused(refusal)));
                }
                Poll::Ready(_) => {
                    if self.poll_gone(cx) {
                        return Poll::Ready(Err(Stop::Gone));
                    }
                }
                Poll::Pending => {}
            }
            if let Poll::Ready(answer) = exchange.poll_answer(cx) {
                return Poll::Ready(answer.map_err(Stop::Refused));
            }
            if self.facts.watch.check(cx) == Err(Late) {
                return Poll::Ready(Err(Stop::Refused(own::CONTROL_LATE)));
            }
            Poll::Pending
        })
        .await;
        let head = match answered {
            Ok(head) => head,
            Err(Stop::Refused(refusal)) => return self.refuse(visit, refusal).await,
            Err(Stop::Gone | Stop::Fault(_)) => {
                record(&self.worker, visit, &self.tally, Outcome::ClientGone);
                return Then::Break;
            }
        };
        let keep = keep && self.upload.is_done();
        let answer = Answer::control(&head, visit.head_only);
        self.tally.status = answer.status();
        exchange.expect(answer.length());
        let bodiless = answer.length() == Length::NoBody;
        let hardened = harden(&answer, visit, &self.worker, &mut self.out.bytes);
        let ending = finish_http1(&hardened, visit.version, keep, &mut self.out.bytes);
        let outcome = if bodiless {
            self.flush()
                .await
                .map_or(Outcome::ClientGone, |()| Outcome::Served)
        } else {
            self.stream_own(exchange, ending, most).await
        };
        record(&self.worker, visit, &self.tally, outcome);
        Then::after(outcome, keep && ending != Ending::Close)
    }

    async fn stream_own(
        &mut self,
        mut exchange: own::Exchange,
        ending: Ending,
        most: u64,
    ) -> Outcome {
        let stall = self.worker.snapshot().limits.stall;
        let mut uploading = !self.upload.is_done();
        let mut done = false;
        let mut last = None;
        poll_fn(|cx| {
            loop {
                if uploading {
                    uploading = exchange.poll_upload(cx, self, most).is_pending();
                }
                let next = if self.out.has_room() && !done {
                    exchange.poll_data(cx)
                } else {
                    Poll::Pending
                };
                match next {
                    Poll::Ready(Some(Ok(data))) => {
                        self.append(&data, ending);
                        continue;
                    }
                    // Broken, as the client will see it: what is there goes out first.
                    Poll::Ready(Some(Err(_))) => {
                        let _ = self.out.poll_flush(cx, &mut self.io);
                        return Poll::Ready(Outcome::UpstreamCut);
                    }
                    Poll::Ready(None) => {
                        if ending == Ending::Chunked {
                            write::last_chunk(&mut self.out.bytes, []);
                        }
                        done = true;
                    }
                    Poll::Pending => {}
                }
                match self.out.poll_flush(cx, &mut self.io) {
                    Poll::Ready(Err(_)) => return Poll::Ready(Outcome::ClientGone),
                    Poll::Ready(Ok(())) if done => return Poll::Ready(Outcome::Served),
                    Poll::Ready(Ok(())) | Poll::Pending => {}
                }
                if !uploading && self.poll_gone(cx) {
                    return Poll::Ready(Outcome::ClientGone);
                }
                if self.facts.watch.check(cx) == Err(Late) {
                    return Poll::Ready(Outcome::ClientGone);
                }
                let wait = (
                    self.out.is_empty(),
                    self.tally.bytes_out,
                    self.tally.bytes_in,
                );
                if last != Some(wait) {
                    last = Some(wait);
                    let limit = if self.out.is_empty() { SILENCE } else { stall };
                    self.facts
                        .watch
                        .until(Some(self.worker.clock.moment().after(limit)));
                    // Room may have been made by the flush: ask again before waiting.
                    continue;
                }
                return Poll::Pending;
            }
        })
        .await
    }

    fn append(&mut self, data: &Bytes, ending: Ending) {
        self.tally.bytes_out += u64::try_from(data.len()).unwrap_or(0);
        if ending == Ending::Chunked {
            write::chunk(&mut self.out.bytes, data);
        } else {
            self.out.bytes.extend_from_slice(data);
        }
    }

    /// Ends the connection so that the last answer arrives: our direction first, then
    /// what the client still sends is read and thrown away for a moment.
    async fn close(&mut self) {
        let deadline = self.worker.clock.moment().after(LINGER);
        self.facts.watch.until(Some(deadline));
        let mut closed = false;
        let mut thrown = 0_usize;
        poll_fn(|cx| {
            if self.facts.watch.check(cx) == Err(Late) {
                return Poll::Ready(());
            }
            if !closed {
                match Pin::new(&mut self.io).poll_shutdown(cx) {
                    Poll::Ready(Err(_)) => return Poll::Ready(()),
                    Poll::Ready(Ok(())) => closed = true,
                    Poll::Pending => {}
                }
            }
            loop {
                thrown = thrown.saturating_add(self.input.filled().len());
                let count = self.input.filled().len();
                self.input.consume(count);
                if thrown > LINGER_BYTES {
                    return Poll::Ready(());
                }
                match self.input.poll_fill(cx, &mut self.io, &self.worker.buffers) {
                    Poll::Ready(Ok(count)) if count > 0 => {}
                    Poll::Ready(_) => return Poll::Ready(()),
                    Poll::Pending => return Poll::Pending,
                }
            }
        })
        .await;
    }
}

/// The trailers of an answer. Those of a request are dropped: names among them could be
/// ones that the application trusts only from us.
fn trailers(body: &BodyDecoder) -> impl Iterator<Item = (&str, &[u8])> {
    body.trailers()
        .iter()
        .map(|field| (field.name, field.value))
}

/// Why no head came.
enum Stop {
    Fault(Fault),
    Refused(Refusal),
    Gone,
}

pub(crate) fn micros_since(now: Moment, earlier: Moment) -> u32 {
    u32::try_from(now.since(earlier).as_micros()).unwrap_or(u32::MAX)
}
