//! A request of HTTP/2 and its answer.

use std::{
    future::poll_fn,
    rc::Rc,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use h1::{Asked, BodyDecoder, Framing};
use http2::{Code, HeadWriter, Indexing};
use seam::{Refusal, record::Outcome};

use super::{
    link::{Link, Stream},
    upload::Upload,
};
use crate::{
    assertion, buffer,
    filters::{Filters, Stopped},
    forward::accepts_websocket,
    harden::{HeadSink, Kept, harden},
    http1::{BODY_LATE, application::upload_waits_for, micros_since},
    know::Visit,
    own,
    pace::{For, Pace, SILENCE},
    record::{Tally, record},
    serve::{Answer, Forward, Length, Page},
    upstream::{self, Conn, Fault, LATE, Step},
    vouch,
    watch::{Late, Watch},
    worker::Worker,
    xss,
};

/// How much of an answer waits behind a head that is held, in bytes.
const HELD_MAX: usize = 64 * 1024;

/// A head of HTTP/2 under way.
impl HeadSink for HeadWriter<'_, Stream> {
    fn status(&mut self, status: u16) {
        HeadWriter::status(self, status);
    }

    fn field(&mut self, name: &str, value: &[u8]) {
        let is = |known: &str| name.eq_ignore_ascii_case(known);
        let indexing = match name.len() {
            // The handshake of HTTP/1 is over where it was made: between the application
            // and us (RFC 8441 section 5).
            20 if is("sec-websocket-accept") => return,
            10 if is("set-cookie") => Indexing::Never,
            // Another one each time: in the table they would only push others out.
            4 if is("etag") => Indexing::No,
            8 if is("location") => Indexing::No,
            12 if is("x-request-id") => Indexing::No,
            13 if is("last-modified") || is("content-range") => Indexing::No,
            14 if is("content-length") => Indexing::No,
            _ => Indexing::Yes,
        };
        HeadWriter::field(self, name, value, indexing);
    }

    fn longer_field(&mut self, name: &str, value: &[u8], more: &str) {
        HeadSink::field(self, name, &[value, more.as_bytes()].concat());
    }
}

/// A request under way; writes its record when it is over, however it ends.
pub(super) struct Served {
    stream: u32,
    link: Rc<Link>,
    upload: Upload,
    watch: Option<Rc<Watch>>,
    tally: Tally,
    visit: Visit,
    worker: Rc<Worker>,
    /// How it ended; `None` while it hasn't.
    ended: Option<Outcome>,
    /// What it means that the client leaves.
    lost: Outcome,
}

impl Drop for Served {
    fn drop(&mut self) {
        // Whatever the client still waits for it won't get: it sees a broken answer as
        // broken.
        if self
            .link
            .codec()
            .reset(self.stream, Code::InternalError)
            .is_some()
        {
            self.link.wake();
        }
        if self.ended.is_none() {
            self.end(self.lost);
        }
    }
}

impl Served {
    pub(super) fn new(
        stream: u32,
        framing: Framing,
        visit: Visit,
        link: &Rc<Link>,
        worker: &Rc<Worker>,
    ) -> Self {
        Self {
            stream,
            upload: Upload::new(link.clone(), stream, framing, &visit),
            link: link.clone(),
            watch: None,
            tally: Tally::default(),
            visit,
            worker: worker.clone(),
            ended: None,
            lost: Outcome::ClientGone,
        }
    }

    fn end(&mut self, outcome: Outcome) {
        self.ended = Some(outcome);
        self.tally.bytes_in = self.upload.received;
        record(&self.worker, &self.visit, &self.tally, outcome);
    }

    /// Sets the limit of the wait that begins now.
    fn until(&mut self, deadline: terms::Moment) {
        let watches = &self.worker.watches;
        self.watch
            .get_or_insert_with(|| watches.add())
            .until(Some(deadline));
    }

    fn is_late(&self, cx: &Context<'_>) -> bool {
        self.watch
            .as_ref()
            .is_some_and(|watch| watch.check(cx) == Err(Late))
    }

    /// Waits on, until the deadline of this wait.
    fn wait(&mut self, pace: &mut Pace, whom: For, moved: u64) {
        let limits = self.visit.local.limits;
        let now = self.worker.recent();
        if let Some(deadline) = pace.deadline(whom, moved, now, &limits) {
            self.until(deadline);
        }
    }

    /// What its pace goes by: bytes that went either way, since a tunnel may be silent in
    /// one direction for ever, and a share of what all streams of the connection get, which
    /// it may have to wait for.
    fn moved(&self) -> u64 {
        let own = self.tally.bytes_out.saturating_add(self.upload.received);
        own.saturating_add(self.link.sent() / 16)
    }

    /// The client has to make room: the stream's own, or what all share.
    fn wait_for_client(&mut self, cx: &Context<'_>, pace: &mut Pace) -> Poll<Outcome> {
        let flushed = self.link.flushed_beside(self.stream);
        let moved = self.moved();
        let whom = if self.upload.is_tunnel() {
            // A socket may rest, as it may over HTTP/1.
            For::Server(SILENCE)
        } else {
            flushed.map_or(For::Client, For::Room)
        };
        self.wait(pace, whom, moved);
        if self.is_late(cx) {
            return Poll::Ready(Outcome::ClientGone);
        }
        Poll::Pending
    }

    /// The next piece has to come from the other side, which may be silent for long.
    fn wait_for_server(&mut self, cx: &Context<'_>, pace: &mut Pace) -> Poll<Outcome> {
        let moved = self.moved();
        self.wait(pace, For::Server(SILENCE), moved);
        if self.is_late(cx) {
            return Poll::Ready(Outcome::UpstreamCut);
        }
        Poll::Pending
    }

    /// The interim answer to `Expect: 100-continue`.
    pub(super) fn proceed(&self, expected: bool) {
        if expected && let Some(mut head) = self.link.codec().begin_head(self.stream) {
            HeadWriter::status(&mut head, 100);
            head.finish(false);
        }
    }

    /// Sends an answer's head; with `end` it is all there is.
    fn head(&mut self, answer: &Answer<'_>, end: bool) {
        self.tally.status = answer.status();
        if let Some(mut head) = self.link.codec().begin_head(self.stream) {
            harden(answer, &self.visit, &self.worker, &mut head);
            head.finish(end);
        }
        self.link.wake();
    }

    /// A refusal's page.
    pub(super) fn refuse(mut self, refusal: Refusal) {
        self.worker.counters.refused(refusal.page);
        let mut body = Vec::new();
        let page = own::refusal_page(&self.visit, refusal);
        if !self.visit.head_only {
            page.write(&self.visit, &mut body);
        }
        let (end, status) = (body.is_empty(), refusal.page.status());
        // The page borrows what `head` changes; both are ours and apart.
        if let Some(mut head) = self.link.codec().begin_head(self.stream) {
            harden(&page.answer(refusal), &self.visit, &self.worker, &mut head);
            head.finish(end);
        }
        self.tally.status = status;
        self.whole(body.into(), Outcome::Refused(refusal.reason));
    }

    /// A prebuilt page.
    pub(super) fn page(mut self, page: &Page) {
        let body = if self.visit.head_only || page.unchanged {
            Bytes::new()
        } else {
            page.document.body.clone()
        };
        self.head(&Answer::page(page), body.is_empty());
        self.whole(body, Outcome::Served);
    }

    /// Sends somebody elsewhere.
    pub(super) fn redirect(mut self, head: &http::Response<()>) {
        self.head(&Answer::control(head, self.visit.head_only), true);
        self.end(Outcome::Served);
    }

    /// Tells another proxy who asks.
    pub(super) async fn vouch(self, mut head: http::Response<()>) {
        match vouch::vouch(&self.worker, &self.visit, &mut head).await {
            Ok(()) => self.redirect(&head),
            Err(refusal) => self.refuse(refusal),
        }
    }

    /// Sends a body that is all here: at once as far as there is room, the rest in a task.
    fn whole(mut self, body: Bytes, outcome: Outcome) {
        self.link.wake();
        let mut rest = body;
        let mut cx = Context::from_waker(std::task::Waker::noop());
        if self.poll_whole(&mut cx, &mut rest).is_ready() {
            self.end(outcome);
            return;
        }
        let (link, stream) = (self.link.clone(), self.stream);
        let task = tokio::task::spawn_local(async move {
            let mut pace = Pace::new(&self.visit.local.limits);
            let outcome = poll_fn(|cx| match self.poll_whole(cx, &mut rest) {
                Poll::Ready(true) => Poll::Ready(outcome),
                Poll::Ready(false) => Poll::Ready(Outcome::ClientGone),
                Poll::Pending => self.wait_for_client(cx, &mut pace),
            })
            .await;
            self.end(outcome);
        });
        link.run(stream, &task);
    }

    /// `false` once the stream is gone.
    fn poll_whole(&mut self, cx: &mut Context<'_>, rest: &mut Bytes) -> Poll<bool> {
        let mut again = false;
        while !rest.is_empty() {
            let Some(room) = ready!(self.link.poll_room(cx, self.stream, again)) else {
                return Poll::Ready(false);
            };
            again = true;
            let piece = rest.split_to(room.min(rest.len()));
            self.data(&piece, rest.is_empty());
        }
        Poll::Ready(true)
    }

    fn data(&mut self, piece: &[u8], end: bool) {
        self.tally.bytes_out += u64::try_from(piece.len()).unwrap_or(0);
        self.link.has_sent(piece.len());
        self.link.codec().send_data(self.stream, piece, end);
        self.link.wake();
    }

    /// Control's answer.
    pub(super) async fn own(mut self, head: http::Request<()>) {
        let mut exchange = match own::Exchange::begin(&self.visit, head, &self.worker) {
            Ok(exchange) => exchange,
            Err(refusal) => return self.refuse(refusal),
        };
        let limits = self.visit.local.limits;
        self.until(self.visit.began.after(limits.answer));
        let mut pace = Pace::new(&limits);
        let answered = poll_fn(|cx| {
            if let Poll::Ready(Err(refusal)) = self.upload.poll_own(cx, &mut exchange) {
                return Poll::Ready(Err(refusal));
            }
            if let Poll::Ready(answer) = exchange.poll_answer(cx) {
                return Poll::Ready(answer);
            }
            // Control's time begins anew with every byte that it gets.
            let moved = self.upload.moved();
            self.wait(&mut pace, exchange.waits_for, moved);
            if self.is_late(cx) {
                return Poll::Ready(Err(match exchange.waits_for {
                    For::Client => BODY_LATE,
                    For::Server(_) | For::Room(_) => own::CONTROL_LATE,
                }));
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
        self.head(&answer, bodiless);
        if bodiless {
            return self.end(Outcome::Served);
        }
        let outcome = self.stream_own(exchange).await;
        self.end(outcome);
    }

    async fn stream_own(&mut self, mut exchange: own::Exchange) -> Outcome {
        let mut piece = Bytes::new();
        let mut pace = Pace::new(&self.visit.local.limits);
        poll_fn(|cx| {
            // What is left of the upload goes on beside the answer.
            let _ = self.upload.poll_own(cx, &mut exchange);
            loop {
                if self.poll_whole_piece(cx, &mut piece).is_pending() {
                    return self.wait_for_client(cx, &mut pace);
                }
                match exchange.poll_data(cx) {
                    Poll::Ready(Some(Ok(data))) => piece = data,
                    Poll::Ready(Some(Err(_))) => return Poll::Ready(Outcome::UpstreamCut),
                    Poll::Ready(None) => {
                        self.data(&[], true);
                        return Poll::Ready(Outcome::Served);
                    }
                    Poll::Pending => return self.wait_for_server(cx, &mut pace),
                }
            }
        })
        .await
    }

    /// Sends a piece that more may follow. Ready, too, where the stream is gone: its task
    /// is about to end.
    fn poll_whole_piece(&mut self, cx: &mut Context<'_>, piece: &mut Bytes) -> Poll<()> {
        let mut again = false;
        while !piece.is_empty() {
            let Some(room) = ready!(self.link.poll_room(cx, self.stream, again)) else {
                piece.clear();
                break;
            };
            again = true;
            let part = piece.split_to(room.min(piece.len()));
            self.data(&part, false);
        }
        Poll::Ready(())
    }

    /// Reads on until the token is there that the body has to bear, where it has to. What
    /// was read goes on behind the head.
    async fn look_for_token(&mut self, head: &mut Vec<u8>) -> Result<(), Refusal> {
        if self
            .visit
            .csrf
            .as_ref()
            .is_none_or(|it| it.wanted.is_none())
        {
            return Ok(());
        }
        let mut pace = Pace::new(&self.visit.local.limits);
        let mut body = Vec::new();
        poll_fn(|cx| {
            loop {
                let issued = self.visit.csrf.as_ref();
                if let Some(looked) = issued.and_then(|it| it.look(&body, self.upload.is_done())) {
                    return Poll::Ready(looked);
                }
                match self.upload.poll_begin(cx, &mut body) {
                    Poll::Ready(Ok(())) => {}
                    Poll::Ready(Err(refusal)) => return Poll::Ready(Err(refusal)),
                    Poll::Pending => break,
                }
            }
            let moved = self.upload.moved();
            self.wait(&mut pace, For::Client, moved);
            if self.is_late(cx) {
                return Poll::Ready(Err(BODY_LATE));
            }
            Poll::Pending
        })
        .await?;
        self.upload.frame(&body, head);
        Ok(())
    }

    /// The application's answer. `head` is the request's head as bytes.
    pub(super) async fn forward(mut self, plan: Forward, mut head: Vec<u8>) {
        let asked = Asked {
            head: self.visit.head_only,
            ..Asked::default()
        };
        if self.visit.session.is_some() {
            let watch = self.worker.watches.add();
            watch.belongs_to(self.visit.session.as_ref());
            self.watch = Some(watch);
        }
        if let Err(refusal) = assertion::add(&self.worker, &self.visit, &mut head).await {
            return self.refuse(refusal);
        }
        if let Err(refusal) = self.look_for_token(&mut head).await {
            return self.refuse(refusal);
        }
        let (mut fresh, mut again) = (false, 0);
        let (mut taken, length) = loop {
            let (local, site) = (&self.visit.local, self.visit.site);
            let taken = upstream::take(&self.worker, local, site, fresh, &plan).await;
            let mut taken = match taken {
                Ok(taken) => taken,
                Err(fault) => return self.refuse(fault.refusal()),
            };
            taken.conn.begin(&mut head);
            match self.exchange(&mut taken.conn, asked, plan.upgrade).await {
                Ok(length) => break (taken, length),
                Err(Stop::Fault(Fault::ClosedUnanswered))
                    if taken.conn.reused
                        && plan.replayable
                        && !fresh
                        && taken.conn.take_back(&mut head) =>
                {
                    fresh = true;
                }
                Err(Stop::Fault(Fault::Unprocessed))
                    if again < upstream::AGAIN && taken.conn.take_back(&mut head) =>
                {
                    again += 1;
                }
                Err(Stop::Fault(fault)) => {
                    self.worker.counters.upstream_faults.add(1);
                    return self.refuse(fault.refusal());
                }
                Err(Stop::Refused(refusal)) => return self.refuse(refusal),
            }
        };
        self.worker.keep_head(head);
        let now = self.worker.now();
        self.tally.upstream_us = micros_since(now, self.visit.began);
        let view = taken.conn.view();
        if view.status == 101 {
            let fault = if !plan.upgrade {
                Some("upgrade-unasked")
            } else if !accepts_websocket(&self.visit, &view) {
                Some("websocket-not-accepted")
            } else {
                None
            };
            if let Some(reason) = fault {
                self.worker.counters.upstream_faults.add(1);
                return self.refuse(Fault::Broken(reason).refusal());
            }
            self.head(&Answer::tunnel(&view), false);
            taken.conn.input.consume(length);
            return self.tunnel(&mut taken.conn).await;
        }
        // To an extended CONNECT any 2xx says that the tunnel stands (RFC 8441 section 5):
        // a page would be read as messages.
        if plan.upgrade && (200..300).contains(&view.status) {
            self.worker.counters.upstream_faults.add(1);
            return self.refuse(Fault::Broken("websocket-not-accepted").refusal());
        }
        self.upload.forgo();
        let (framing, keep) = (view.framing, view.keep_alive);
        let (change, filters) = match Filters::of(&self.visit, &view, &self.worker, true) {
            Ok(found) => found,
            Err(refusal) => return self.refuse(refusal),
        };
        let answer = Answer::application(&view, change);
        let mut kept = None;
        if filters.as_ref().is_some_and(Filters::head_is_held) {
            self.tally.status = answer.status();
            let mut head = Kept::default();
            harden(&answer, &self.visit, &self.worker, &mut head);
            kept = Some(head);
        } else {
            self.head(&answer, !framing.has_body());
        }
        taken.conn.input.consume(length);
        let mut body = BodyDecoder::new(framing, &self.visit.local.codec);
        let outcome = match filters {
            Some(mut filters) => {
                let outcome = self
                    .stream_filtered(&mut taken.conn, &mut body, &mut filters, kept)
                    .await;
                filters.report(&self.visit, &self.worker);
                if matches!(outcome, Outcome::Refused(_)) {
                    if filters.head_is_held() {
                        return self.refuse(xss::REFLECTED);
                    }
                    self.worker.counters.refused(xss::REFLECTED.page);
                }
                outcome
            }
            None => self.stream(&mut taken.conn, &mut body, framing).await,
        };
        if keep
            && outcome == Outcome::Served
            && self.upload.is_done()
            && body.is_done()
            && taken.conn.is_clean()
        {
            let most = self.visit.local.limits.kept;
            self.visit.local.pools.keep(
                self.visit.site,
                taken.upstream,
                taken.conn,
                &self.worker,
                most,
            );
        }
        self.end(outcome);
    }

    /// A WebSocket: bytes both ways until either side ends.
    async fn tunnel(mut self, conn: &mut Conn) {
        // Clients leave a socket as they like.
        self.lost = Outcome::Served;
        let mut body = BodyDecoder::new(Framing::UntilClose, &self.visit.local.codec);
        let outcome = self.stream(conn, &mut body, Framing::UntilClose).await;
        self.end(match outcome {
            Outcome::UpstreamCut | Outcome::ClientGone => Outcome::Served,
            other => other,
        });
    }

    /// `hold`: no byte of what the client sends goes on before the answer.
    async fn exchange(&mut self, conn: &mut Conn, asked: Asked, hold: bool) -> Result<usize, Stop> {
        let limits = self.visit.local.limits;
        let mut uploading = !hold && !self.upload.is_done();
        let mut pace = Pace::new(&limits);
        self.until(self.visit.began.after(limits.answer));
        poll_fn(|cx| {
            if uploading {
                match self.upload.poll_upstream(cx, conn) {
                    Poll::Ready(Ok(())) => {
                        uploading = false;
                        self.until(self.worker.recent().after(limits.answer));
                    }
                    Poll::Ready(Err(Some(refusal))) => {
                        return Poll::Ready(Err(Stop::Refused(refusal)));
                    }
                    Poll::Ready(Err(None)) => uploading = false,
                    Poll::Pending => {
                        let (whom, moved) = (upload_waits_for(conn, &limits), self.upload.moved());
                        self.wait(&mut pace, whom, moved);
                    }
                }
            } else if let Poll::Ready(Err(_)) = conn.poll_write(cx) {
                // Closed for writing; perhaps it has answered before.
            }
            let codec = &self.visit.local.codec;
            if let Poll::Ready(result) = conn.poll_head(cx, asked, codec, &self.worker) {
                return Poll::Ready(result.map_err(Stop::Fault));
            }
            if self.is_late(cx) {
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
        framing: Framing,
    ) -> Outcome {
        if !framing.has_body() {
            return Outcome::Served;
        }
        let mut left = if let Framing::Length(length) = framing {
            Some(length)
        } else {
            None
        };
        let mut pace = Pace::new(&self.visit.local.limits);
        let mut uploading = !self.upload.is_done();
        poll_fn(|cx| {
            if uploading {
                // The answer is under way: the upload's faults no longer matter.
                uploading = self.upload.poll_upstream(cx, conn).is_pending();
            }
            let mut again = false;
            loop {
                let room = match self.link.poll_room(cx, self.stream, again) {
                    Poll::Ready(Some(room)) => room,
                    Poll::Ready(None) => return Poll::Ready(Outcome::ClientGone),
                    Poll::Pending => return self.wait_for_client(cx, &mut pace),
                };
                let step = conn.decode(body, room, |data| {
                    let count = u64::try_from(data.len()).unwrap_or(u64::MAX);
                    left = left.map(|left| left.saturating_sub(count));
                    again = true;
                    self.data(data, left == Some(0));
                });
                match step {
                    Ok(Step::More) => {}
                    Ok(Step::Done) => {
                        if left != Some(0) {
                            self.finish(body);
                        }
                        return Poll::Ready(Outcome::Served);
                    }
                    Ok(Step::Starved) => {
                        let Poll::Ready(filled) = conn.poll_fill(cx, &self.worker.buffers) else {
                            return self.wait_for_server(cx, &mut pace);
                        };
                        let broken = filled.is_err();
                        if !filled.is_ok_and(|count| count > 0) {
                            if broken || body.at_end_of_input().is_err() {
                                return Poll::Ready(Outcome::UpstreamCut);
                            }
                            self.data(&[], true);
                            return Poll::Ready(Outcome::Served);
                        }
                    }
                    Err(_) => return Poll::Ready(Outcome::UpstreamCut),
                }
            }
        })
        .await
    }

    /// As [`Self::stream`], through filters. `kept` is a head that waits for them.
    async fn stream_filtered(
        &mut self,
        conn: &mut Conn,
        body: &mut BodyDecoder,
        filters: &mut Filters,
        mut kept: Option<Kept>,
    ) -> Outcome {
        let mut pace = Pace::new(&self.visit.local.limits);
        let mut uploading = !self.upload.is_done();
        // What came out and wasn't sent: at most a buffer's worth and what the filters make
        // of it; behind a head that is held, at most two buffers more.
        let mut filtered = Vec::new();
        let mut rest = Bytes::new();
        let mut done = false;
        poll_fn(|cx| {
            if uploading {
                uploading = self.upload.poll_upstream(cx, conn).is_pending();
            }
            loop {
                if self.poll_whole_piece(cx, &mut rest).is_pending() {
                    return self.wait_for_client(cx, &mut pace);
                }
                if done {
                    if filters.keeps_trailers() {
                        self.finish(body);
                    } else {
                        self.data(&[], true);
                    }
                    return Poll::Ready(Outcome::Served);
                }
                let mut held = filters.head_is_held();
                let mut stopped = Ok(());
                let step = conn.decode(body, buffer::SIZE, |data| {
                    stopped = filters.push(data, &mut filtered);
                });
                if stopped.is_ok() {
                    match step {
                        Ok(Step::More) => held &= filtered.len() < HELD_MAX,
                        Ok(Step::Done) => {
                            stopped = filters.finish(&mut filtered);
                            (done, held) = (true, false);
                        }
                        Ok(Step::Starved) => match conn.poll_fill(cx, &self.worker.buffers) {
                            Poll::Ready(Ok(count)) if count > 0 => {}
                            Poll::Ready(ended) => {
                                if ended.is_err() || body.at_end_of_input().is_err() {
                                    return Poll::Ready(Outcome::UpstreamCut);
                                }
                                stopped = filters.finish(&mut filtered);
                                (done, held) = (true, false);
                            }
                            // Nothing waits in the filters while the application thinks.
                            Poll::Pending if filters.flush(&mut filtered) => held = false,
                            Poll::Pending if held && filters.has_read() => held = false,
                            Poll::Pending => return self.wait_for_server(cx, &mut pace),
                        },
                        Err(_) => return Poll::Ready(Outcome::UpstreamCut),
                    }
                }
                match stopped {
                    Ok(()) => {}
                    Err(Stopped::Broken) => return Poll::Ready(Outcome::UpstreamCut),
                    Err(Stopped::Refused(refusal)) => {
                        return Poll::Ready(Outcome::Refused(refusal.reason));
                    }
                }
                if held {
                    continue;
                }
                filters.release_head();
                if let Some(kept) = kept.take() {
                    self.write_kept(&kept);
                }
                rest = Bytes::from(std::mem::take(&mut filtered));
            }
        })
        .await
    }

    /// A head that was held.
    fn write_kept(&self, kept: &Kept) {
        if let Some(mut head) = self.link.codec().begin_head(self.stream) {
            kept.write(&mut head);
            head.finish(false);
        }
        self.link.wake();
    }

    /// The end of a body whose length wasn't known: with its trailers, where it has any.
    fn finish(&mut self, body: &BodyDecoder) {
        let trailers = body.trailers();
        if trailers.is_empty() {
            return self.data(&[], true);
        }
        if let Some(mut section) = self.link.codec().begin_head(self.stream) {
            for field in trailers.iter() {
                HeadWriter::field(&mut section, field.name, field.value, Indexing::No);
            }
            section.finish(true);
        }
        self.link.wake();
    }
}

enum Stop {
    Fault(Fault),
    Refused(Refusal),
}
