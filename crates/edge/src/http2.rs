//! HTTP/2 towards clients: hyper and h2 frame, our steps decide. Every answer is ours;
//! what h2 refuses itself it refuses by resetting the stream.

use std::{cell::Cell, convert::Infallible, future::poll_fn, pin::pin, rc::Rc, task::Poll};

use bytes::Bytes;
use h1::{Asked, BodyDecoder, Framing};
use http::{Request as HttpRequest, Response};
use http_body::Body as _;
use hyper::{body::Incoming, server::conn::http2, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use seam::{Refusal, record::Outcome};
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
    upstream::{self, Conn, Fault, LATE},
    watch::{Late, Watch},
    worker::Worker,
};

mod answer;
mod upload;

use answer::{Http2Body, Streaming, short};
use upload::Upload;

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
            // Boxed: hyper would move the large future several times.
            Box::pin(
                async move { Ok::<_, Infallible>(answer(request, &facts, worker, stream).await) },
            )
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
    fn whole(mut self, head: Response<()>, body: Bytes, outcome: Outcome) -> Response<Http2Body> {
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
        // The application's fields and ours, without growing in between.
        head.headers_mut().reserve(24);
        harden(&answer, &self.visit, &self.worker, &mut MapSink(&mut head));
        taken.conn.input.consume(length);
        let mut body = BodyDecoder::new(framing, &self.visit.local.codec);
        // A short answer is usually here already: no state to keep, and the connection
        // is free for the next stream.
        if let Some(whole) = short(&mut taken.conn, &mut body, framing) {
            if keep && self.upload.is_done() && taken.conn.is_clean() {
                let most = self.visit.local.limits.kept;
                let local = self.visit.local.clone();
                local.pools.keep(
                    self.visit.site,
                    taken.upstream,
                    taken.conn,
                    &self.worker,
                    most,
                );
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
