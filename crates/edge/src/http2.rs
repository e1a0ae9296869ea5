//! HTTP/2 towards clients: hyper and h2 frame, our steps decide. Every answer is ours;
//! what h2 refuses itself it refuses by resetting the stream.

use std::{
    cell::Cell,
    convert::Infallible,
    future::poll_fn,
    pin::{Pin, pin},
    rc::Rc,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use h1::{Asked, BodyDecoder, Framing, write};
use http::{
    HeaderMap, Request as HttpRequest, Response,
    header::{HeaderName, HeaderValue},
};
use http_body::{Body, Frame, SizeHint};
use hyper::{body::Incoming, server::conn::http2, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use seam::{Refusal, RefusalPage, own::BodyCut, record::Outcome};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    task::spawn_local,
};

use crate::{
    handshake::Facts,
    harden::{MapSink, harden},
    http1::{BODY_LATE, SILENCE, micros_since},
    know::Visit,
    own,
    read::Request,
    record::{Notes, Tally, record},
    serve::{Answer, Forward, Length, Plan},
    steps::decide,
    upstream::{self, Conn, Fault, LATE, Step},
    watch::{Late, Watch},
    worker::Worker,
};

/// Window of one stream.
const STREAM_WINDOW: u32 = 256 * 1024;
/// Window of a connection: several streams' worth, so that one upload can't starve the
/// others.
const CONNECTION_WINDOW: u32 = 4 * STREAM_WINDOW;
/// h2's own limit on a head lies this many times above ours, so that the answer is ours.
/// Far beyond it h2 answers a bare 431, and beyond four times that it ends the connection.
const HEAD_SLACK: u32 = 4;
/// Bytes an answer may wait for its client, per stream.
const SEND_BUFFER: usize = 128 * 1024;

/// Runs hyper's tasks on this thread.
#[derive(Clone, Copy)]
struct Here;

impl<F: Future<Output = ()> + 'static> hyper::rt::Executor<F> for Here {
    fn execute(&self, future: F) {
        spawn_local(future);
    }
}

/// Requests under way on one connection.
#[derive(Default)]
struct Streams(Cell<u32>);

struct Stream(Rc<Streams>);

impl Streams {
    fn open(self: &Rc<Self>) -> Stream {
        self.0.set(self.0.get().saturating_add(1));
        Stream(self.clone())
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        self.0.0.set(self.0.0.get().saturating_sub(1));
    }
}

/// Serves one connection until either side ends it.
pub(crate) async fn serve<IO: AsyncRead + AsyncWrite + Unpin + 'static>(
    io: IO,
    facts: Facts,
    worker: Rc<Worker>,
) {
    let limits = worker.snapshot().limits;
    let facts = Rc::new(facts);
    let streams = Rc::new(Streams::default());
    let service = service_fn({
        let (facts, worker, streams) = (facts.clone(), worker.clone(), streams.clone());
        move |request| {
            let stream = streams.open();
            let (facts, worker) = (facts.clone(), worker.clone());
            async move { Ok::<_, Infallible>(answer(request, &facts, worker, stream).await) }
        }
    });
    let connection = http2::Builder::new(Here)
        .timer(TokioTimer::new())
        .max_concurrent_streams(limits.streams)
        .initial_stream_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW)
        .max_header_list_size(limits.head_bytes.saturating_mul(HEAD_SLACK))
        .max_send_buf_size(SEND_BUFFER)
        .auto_date_header(false)
        .serve_connection(TokioIo::new(io), service);
    let mut connection = pin!(connection);
    let mut ending = false;
    let mut idle_since = None;
    let served = poll_fn(|cx| {
        loop {
            if let Poll::Ready(result) = connection.as_mut().poll(cx) {
                return Poll::Ready(result);
            }
            let busy = streams.0.get() > 0;
            let late = facts.watch.check(cx) == Err(Late);
            if !ending && (worker.is_draining() || (late && !busy)) {
                ending = true;
                connection.as_mut().graceful_shutdown();
                // A client that doesn't close its end is left after one more idle time.
                facts
                    .watch
                    .until(Some(worker.clock.moment().after(limits.idle)));
                continue;
            }
            if late && ending && !busy {
                return Poll::Ready(Ok(()));
            }
            let quiet = (!busy).then_some(());
            if idle_since != Some(quiet) {
                idle_since = Some(quiet);
                let deadline = quiet.map(|()| worker.clock.moment().after(limits.idle));
                facts.watch.until(deadline);
                continue;
            }
            return Poll::Pending;
        }
    })
    .await;
    if let Err(error) = served {
        tracing::debug!(%error, "an HTTP/2 connection ended early");
    }
}

/// One request: the same steps as HTTP/1.
async fn answer(
    request: HttpRequest<Incoming>,
    facts: &Rc<Facts>,
    worker: Rc<Worker>,
    stream: Stream,
) -> Response<Http2Body> {
    let (parts, incoming) = request.into_parts();
    let limits = worker.snapshot().limits;
    let mut forward = Vec::new();
    let read = Request::http2(&parts, incoming.is_end_stream(), &limits);
    let framing = read
        .as_ref()
        .map_or(Framing::None, |request| request.framing);
    let (visit, plan) = decide(read, facts, &worker, Notes::default(), &mut forward);
    drop(parts);
    let watch = worker.watches.add();
    watch.until(Some(visit.began.after(limits.answer)));
    let mut served = Served {
        upload: Upload::new(incoming, framing, visit.body_max),
        watch,
        tally: Tally::default(),
        visit,
        worker,
        open: true,
        _stream: stream,
    };
    match plan {
        Plan::Refuse(refusal) => served.refuse(refusal),
        Plan::Page(page) => {
            let answer = Answer::page(&page);
            let head = served.head(&answer);
            let body = if served.visit.head_only || page.unchanged {
                Bytes::new()
            } else {
                page.document.body.clone()
            };
            served.whole(head, body, Outcome::Served)
        }
        Plan::Own(head) => served.own(head).await,
        Plan::Forward(plan) => served.forward(plan, forward).await,
    }
}

/// A request under way; writes its record when it is over, however it ends.
struct Served {
    upload: Upload,
    watch: Rc<Watch>,
    tally: Tally,
    visit: Visit,
    worker: Rc<Worker>,
    /// No record was written yet.
    open: bool,
    _stream: Stream,
}

impl Drop for Served {
    fn drop(&mut self) {
        self.end(Outcome::ClientGone);
    }
}

impl Served {
    fn end(&mut self, outcome: Outcome) {
        if self.open {
            self.open = false;
            self.tally.bytes_in = self.upload.received;
            record(&self.worker, &self.visit, &self.tally, outcome);
        }
    }

    fn head(&mut self, answer: &Answer<'_>) -> Response<()> {
        self.tally.status = answer.status();
        let mut head = Response::new(());
        harden(answer, &self.visit, &self.worker, &mut MapSink(&mut head));
        head
    }

    /// An answer that is already here.
    fn whole(
        mut self,
        head: Response<()>,
        body: Bytes,
        outcome: Outcome,
    ) -> Response<Http2Body> {
        self.tally.bytes_out = u64::try_from(body.len()).unwrap_or(u64::MAX);
        // Without a body the head ends the stream, and nothing is polled after it.
        let served = if body.is_empty() {
            self.end(outcome);
            None
        } else {
            Some(Box::new(self))
        };
        head.map(|()| Http2Body::Whole {
            body,
            served,
            outcome,
        })
    }

    fn refuse(mut self, refusal: Refusal) -> Response<Http2Body> {
        self.worker.counters.refused(refusal.page);
        let page = own::refusal_page(&self.visit, refusal);
        let answer = page.answer(refusal);
        let mut head = Response::new(());
        harden(&answer, &self.visit, &self.worker, &mut MapSink(&mut head));
        let mut body = Vec::new();
        if !self.visit.head_only {
            page.write(&self.visit, &mut body);
        }
        self.tally.status = refusal.page.status();
        self.whole(head, body.into(), Outcome::Refused(refusal.reason))
    }

    async fn own(mut self, head: HttpRequest<()>) -> Response<Http2Body> {
        let mut exchange = match own::Exchange::begin(&self.visit, head, &self.worker) {
            Ok(exchange) => exchange,
            Err(refusal) => return self.refuse(refusal),
        };
        let answered = poll_fn(|cx| {
            if let Poll::Ready(Err(refusal)) = self.upload.poll_own(cx, &mut exchange) {
                return Poll::Ready(Err(refusal));
            }
            if let Poll::Ready(answer) = exchange.poll_answer(cx) {
                return Poll::Ready(answer);
            }
            if self.watch.check(cx) == Err(Late) {
                return Poll::Ready(Err(own::CONTROL_LATE));
            }
            Poll::Pending
        })
        .await;
        let head = match answered {
            Ok(head) => head,
            Err(refusal) => return self.refuse(refusal),
        };
        let answer = Answer::control(&head, self.visit.head_only);
        exchange.expect(answer.length());
        let bodiless = answer.length() == Length::NoBody;
        let head = self.head(&answer);
        if bodiless {
            return self.whole(head, Bytes::new(), Outcome::Served);
        }
        self.watch
            .until(Some(self.worker.clock.moment().after(SILENCE)));
        head.map(|()| Http2Body::Own {
            exchange,
            served: Box::new(self),
        })
    }

    async fn forward(mut self, plan: Forward, mut head: Vec<u8>) -> Response<Http2Body> {
        let asked = Asked {
            head: self.visit.head_only,
            ..Asked::default()
        };
        let mut fresh = false;
        let (mut taken, length) = loop {
            let taken =
                upstream::take(&self.worker, &self.visit.local, self.visit.site, fresh).await;
            let mut taken = match taken {
                Ok(taken) => taken,
                Err(fault) => return self.refuse(fault.refusal()),
            };
            taken.conn.begin(&mut head);
            match self.exchange(&mut taken.conn, asked).await {
                Ok(length) => break (taken, length),
                Err(Stop::Fault(Fault::ClosedUnanswered))
                    if taken.conn.reused && plan.replayable && !fresh =>
                {
                    taken.conn.take_back(&mut head);
                    fresh = true;
                }
                Err(Stop::Fault(fault)) => {
                    self.worker.counters.upstream_faults.add(1);
                    return self.refuse(fault.refusal());
                }
                Err(Stop::Refused(refusal)) => return self.refuse(refusal),
            }
        };
        let now = self.worker.clock.moment();
        self.tally.upstream_us = micros_since(now, self.visit.began);
        let view = taken.conn.view();
        if view.status == 101 {
            self.worker.counters.upstream_faults.add(1);
            return self.refuse(Fault::Broken("upgrade-unasked").refusal());
        }
        let framing = view.framing;
        let keep = view.keep_alive;
        let answer = Answer::application(&view);
        self.tally.status = answer.status();
        let mut head = Response::new(());
        harden(&answer, &self.visit, &self.worker, &mut MapSink(&mut head));
        taken.conn.input.consume(length);
        let mut body = BodyDecoder::new(framing, &self.visit.local.codec);
        // A short answer is usually here already: no state to keep, and the connection
        // is free for the next stream.
        if let Some(whole) = short(&mut taken.conn, &mut body, framing) {
            if keep && self.upload.is_done() && taken.conn.is_clean() {
                let most = self.visit.local.limits.kept;
                let local = self.visit.local.clone();
                local
                    .pools
                    .keep(self.visit.site, taken.upstream, taken.conn, now, most);
            }
            return self.whole(head, whole, Outcome::Served);
        }
        self.watch.until(Some(now.after(SILENCE)));
        head.map(|()| {
            Http2Body::Stream(Box::new(Streaming {
                taken: Some(taken),
                body,
                keep,
                left: if let Framing::Length(length) = framing {
                    Some(length)
                } else {
                    None
                },
                served: self,
            }))
        })
    }

    async fn exchange(&mut self, conn: &mut Conn, asked: Asked) -> Result<usize, Stop> {
        let limits = self.visit.local.limits;
        let mut uploading = !self.upload.is_done();
        let mut seen = 0;
        poll_fn(|cx| {
            if uploading {
                match self.upload.poll_upstream(cx, conn) {
                    Poll::Ready(Ok(())) => {
                        uploading = false;
                        let now = self.worker.clock.moment();
                        self.watch.until(Some(now.after(limits.answer)));
                    }
                    Poll::Ready(Err(Some(refusal))) => {
                        return Poll::Ready(Err(Stop::Refused(refusal)));
                    }
                    Poll::Ready(Err(None)) => uploading = false,
                    Poll::Pending if self.upload.received != seen => {
                        seen = self.upload.received;
                        let now = self.worker.clock.moment();
                        self.watch.until(Some(now.after(limits.stall)));
                    }
                    Poll::Pending => {}
                }
            } else if let Poll::Ready(Err(_)) = conn.poll_write(cx) {
                // Closed for writing; perhaps it has answered before.
            }
            let codec = &self.visit.local.codec;
            if let Poll::Ready(result) = conn.poll_head(cx, asked, codec, &self.worker) {
                return Poll::Ready(result.map_err(Stop::Fault));
            }
            if self.watch.check(cx) == Err(Late) {
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
}

enum Stop {
    Fault(Fault),
    Refused(Refusal),
}

/// The whole body, where it is already in the buffer.
fn short(conn: &mut Conn, body: &mut BodyDecoder, framing: Framing) -> Option<Bytes> {
    if body.is_done() {
        return Some(Bytes::new());
    }
    let Framing::Length(length) = framing else {
        return None;
    };
    let length = usize::try_from(length).ok()?;
    if conn.input.filled().len() < length {
        return None;
    }
    let mut whole = Bytes::new();
    let step = conn.decode(body, |data| whole = Bytes::copy_from_slice(data));
    (step == Ok(Step::Done)).then_some(whole)
}

/// The client reset its stream before its body was whole.
const BODY_CUT: Refusal = Refusal::new(RefusalPage::BadRequest, "body-cut");

/// The body of a request.
struct Upload {
    incoming: Option<Incoming>,
    chunked: bool,
    /// Bytes that the head promised and that have not come.
    left: Option<u64>,
    received: u64,
    most: u64,
    /// The end was passed on.
    ended: bool,
    /// It will never be whole: nothing after this may look like its end.
    broken: bool,
}

impl Upload {
    fn new(incoming: Incoming, framing: Framing, most: u64) -> Self {
        let left = if let Framing::Length(length) = framing {
            Some(length)
        } else {
            None
        };
        let some = !matches!(framing, Framing::None);
        Self {
            incoming: if some { Some(incoming) } else { None },
            chunked: matches!(framing, Framing::Chunked),
            left,
            received: 0,
            most,
            ended: !some,
            broken: false,
        }
    }

    /// Whether all of it was passed on, up to its end.
    const fn is_done(&self) -> bool {
        self.ended && !self.broken
    }

    /// The next piece; `None` at the end of a well-formed body.
    fn poll_piece(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, Refusal>>> {
        if self.broken {
            return Poll::Ready(Some(Err(BODY_CUT)));
        }
        let piece = self.poll_next(cx);
        self.broken = matches!(piece, Poll::Ready(Some(Err(_))));
        piece
    }

    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, Refusal>>> {
        loop {
            let Some(incoming) = &mut self.incoming else {
                return Poll::Ready(None);
            };
            match ready!(Pin::new(&mut *incoming).poll_frame(cx)) {
                Some(Ok(frame)) => match frame.into_data() {
                    Ok(data) => {
                        let count = u64::try_from(data.len()).unwrap_or(u64::MAX);
                        self.received = self.received.saturating_add(count);
                        if self.received > self.most {
                            return Poll::Ready(Some(Err(Refusal::new(
                                RefusalPage::PayloadTooLarge,
                                "body-too-large",
                            ))));
                        }
                        if let Some(left) = &mut self.left {
                            let Some(rest) = left.checked_sub(count) else {
                                return Poll::Ready(Some(Err(Self::misstated())));
                            };
                            *left = rest;
                        }
                        if !data.is_empty() {
                            return Poll::Ready(Some(Ok(data)));
                        }
                    }
                    // Trailers of a request are dropped, as over HTTP/1.
                    Err(_) => {}
                },
                Some(Err(_)) => return Poll::Ready(Some(Err(BODY_CUT))),
                // hyper takes a stream that was reset without an error for an ended one.
                None if !incoming.is_end_stream() => return Poll::Ready(Some(Err(BODY_CUT))),
                None => {
                    self.incoming = None;
                    if self.left.is_some_and(|left| left > 0) {
                        return Poll::Ready(Some(Err(Self::misstated())));
                    }
                }
            }
        }
    }

    const fn misstated() -> Refusal {
        Refusal::new(RefusalPage::BadRequest, "content-length-misstated")
    }

    /// Passes the body to the application. `Err(None)`: it takes no more.
    fn poll_upstream(
        &mut self,
        cx: &mut Context<'_>,
        conn: &mut Conn,
    ) -> Poll<Result<(), Option<Refusal>>> {
        loop {
            if self.ended {
                return conn.poll_flush(cx).map_err(|_| None);
            }
            ready!(conn.poll_room(cx)).map_err(|_| None)?;
            match self.poll_piece(cx) {
                Poll::Ready(Some(Ok(data))) => {
                    if self.chunked {
                        write::chunk(&mut conn.out.bytes, &data);
                    } else {
                        conn.out.bytes.extend_from_slice(&data);
                    }
                }
                Poll::Ready(Some(Err(refusal))) => return Poll::Ready(Err(Some(refusal))),
                Poll::Ready(None) => {
                    if self.chunked {
                        write::last_chunk(&mut conn.out.bytes, []);
                    }
                    self.ended = true;
                }
                Poll::Pending => {
                    if let Poll::Ready(Err(_)) = conn.poll_write(cx) {
                        return Poll::Ready(Err(None));
                    }
                    return Poll::Pending;
                }
            }
        }
    }

    /// Passes the body to control.
    fn poll_own(
        &mut self,
        cx: &mut Context<'_>,
        exchange: &mut own::Exchange,
    ) -> Poll<Result<(), Refusal>> {
        loop {
            if self.ended {
                exchange.end();
                return Poll::Ready(Ok(()));
            }
            if !ready!(exchange.poll_room(cx)) {
                self.ended = true;
                return Poll::Ready(Ok(()));
            }
            match ready!(self.poll_piece(cx)) {
                Some(Ok(mut data)) => {
                    // h2's frames are at most 16 KiB by default: one chunk holds them.
                    let rest = data.split_off(data.len().min(seam::own::CHUNK));
                    debug_assert!(rest.is_empty(), "frames are smaller than a chunk");
                    exchange.send(data);
                }
                Some(Err(refusal)) => {
                    exchange.cut();
                    return Poll::Ready(Err(refusal));
                }
                None => self.ended = true,
            }
        }
    }
}

/// The body of an answer.
enum Http2Body {
    /// All of it is here.
    Whole {
        body: Bytes,
        served: Option<Box<Served>>,
        outcome: Outcome,
    },
    /// It comes from control.
    Own {
        exchange: own::Exchange,
        served: Box<Served>,
    },
    /// It comes from the application.
    Stream(Box<Streaming>),
}

struct Streaming {
    taken: Option<upstream::Taken>,
    body: BodyDecoder,
    keep: bool,
    left: Option<u64>,
    served: Served,
}

impl Body for Http2Body {
    type Data = Bytes;
    type Error = BodyCut;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyCut>>> {
        match &mut *self {
            Self::Whole {
                body,
                served,
                outcome,
            } => {
                if let Some(mut served) = served.take() {
                    served.end(*outcome);
                }
                let body = std::mem::take(body);
                Poll::Ready((!body.is_empty()).then(|| Ok(Frame::data(body))))
            }
            Self::Own { exchange, served } => {
                // What is left of the upload goes on beside the answer.
                let _ = served.upload.poll_own(cx, exchange);
                if served.watch.check(cx) == Err(Late) {
                    return Poll::Ready(Some(Err(BodyCut)));
                }
                match ready!(exchange.poll_data(cx)) {
                    Some(Ok(data)) => {
                        served.tally.bytes_out += u64::try_from(data.len()).unwrap_or(0);
                        let now = served.worker.clock.moment();
                        served.watch.until(Some(now.after(SILENCE)));
                        Poll::Ready(Some(Ok(Frame::data(data))))
                    }
                    Some(Err(cut)) => {
                        served.end(Outcome::UpstreamCut);
                        Poll::Ready(Some(Err(cut)))
                    }
                    None => {
                        served.end(Outcome::Served);
                        Poll::Ready(None)
                    }
                }
            }
            Self::Stream(streaming) => streaming.poll_frame(cx),
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Whole { body, served, .. } => body.is_empty() && served.is_none(),
            Self::Own { .. } | Self::Stream(_) => false,
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Whole { body, .. } => {
                SizeHint::with_exact(u64::try_from(body.len()).unwrap_or(0))
            }
            Self::Own { .. } => SizeHint::default(),
            Self::Stream(streaming) => streaming
                .left
                .map_or_else(SizeHint::default, SizeHint::with_exact),
        }
    }
}

impl Streaming {
    fn poll_frame(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BodyCut>>> {
        loop {
            let Some(taken) = &mut self.taken else {
                return Poll::Ready(None);
            };
            if !self.served.upload.is_done() {
                // The answer is under way: the upload's faults no longer matter.
                let _ = self.served.upload.poll_upstream(cx, &mut taken.conn);
            }
            if self.body.is_done() {
                return Poll::Ready(self.finish());
            }
            let mut piece = Bytes::new();
            let step = taken
                .conn
                .decode(&mut self.body, |data| piece = Bytes::copy_from_slice(data));
            if !piece.is_empty() {
                let count = u64::try_from(piece.len()).unwrap_or(0);
                self.served.tally.bytes_out += count;
                self.left = self.left.map(|left| left.saturating_sub(count));
                return Poll::Ready(Some(Ok(Frame::data(piece))));
            }
            match step {
                Ok(Step::More | Step::Done) => {}
                Ok(Step::Starved) => {
                    if self.served.watch.check(cx) == Err(Late) {
                        return Poll::Ready(Some(self.cut()));
                    }
                    match ready!(taken.conn.poll_fill(cx, &self.served.worker.buffers)) {
                        Ok(count) if count > 0 => {
                            let now = self.served.worker.clock.moment();
                            self.served.watch.until(Some(now.after(SILENCE)));
                        }
                        ended => {
                            if ended.is_err() || self.body.at_end_of_input().is_err() {
                                return Poll::Ready(Some(self.cut()));
                            }
                            self.keep = false;
                            return Poll::Ready(self.finish());
                        }
                    }
                }
                Err(_) => return Poll::Ready(Some(self.cut())),
            }
        }
    }

    fn cut(&mut self) -> Result<Frame<Bytes>, BodyCut> {
        self.taken = None;
        self.served.end(Outcome::UpstreamCut);
        Err(BodyCut)
    }

    /// The answer is whole: its trailers, if it has any, are the last frame.
    fn finish(&mut self) -> Option<Result<Frame<Bytes>, BodyCut>> {
        let served = &mut self.served;
        served.end(Outcome::Served);
        let taken = self.taken.take()?;
        if self.keep && served.upload.is_done() && taken.conn.is_clean() {
            let now = served.worker.clock.moment();
            let limits = served.visit.local.limits;
            let pools = &served.visit.local.pools;
            pools.keep(
                served.visit.site,
                taken.upstream,
                taken.conn,
                now,
                limits.kept,
            );
        }
        let mut trailers = HeaderMap::new();
        for field in self.body.trailers().iter() {
            if let (Ok(name), Ok(value)) = (
                HeaderName::from_bytes(field.name.as_bytes()),
                HeaderValue::from_bytes(field.value),
            ) {
                // Refused only beyond 32,768 fields.
                let _ = trailers.try_append(name, value);
            }
        }
        (!trailers.is_empty()).then(|| Ok(Frame::trailers(trailers)))
    }
}
