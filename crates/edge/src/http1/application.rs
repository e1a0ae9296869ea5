//! A request of HTTP/1 and its answer, between a client and the application.

use std::{
    future::poll_fn,
    task::{Context, Poll, ready},
};

use h1::{Asked, BodyDecoder, Framing, write};
use seam::{
    Refusal,
    record::{Outcome, Version},
    snapshot::Limits,
};
use tokio::io::{AsyncRead, AsyncWrite};

use super::{BODY_LATE, Client, Then, UploadFault, micros_since};
use crate::{
    assertion,
    filters::{Filters, Stopped},
    harden::{Ending, finish_http1, harden},
    know::Visit,
    pace::{For, Pace, SILENCE},
    record::record,
    serve::{Answer, Forward},
    trailers, tunnel,
    upstream::{self, Conn, Fault, LATE, Step, Taken},
    watch::Late,
    xss,
};

impl<IO: AsyncRead + AsyncWrite + Unpin> Client<IO> {
    /// The application's answer.
    pub(super) async fn forward(&mut self, visit: &Visit, forward: Forward, keep: bool) -> Then {
        let asked = Asked {
            head: visit.head_only,
            ..Asked::default()
        };
        if let Err(refusal) = assertion::add(&self.worker, visit, &mut self.forward).await {
            return self.refuse(visit, refusal).await;
        }
        match self.look_for_token(visit).await {
            Ok(()) => {}
            Err(Stop::Refused(refusal)) => return self.refuse(visit, refusal).await,
            Err(Stop::Gone | Stop::Fault(_)) => {
                record(&self.worker, visit, &self.tally, Outcome::ClientGone);
                return Then::Break;
            }
        }
        let (mut fresh, mut again) = (false, 0);
        let (mut taken, length) = loop {
            let (local, site) = (&visit.local, visit.site);
            let taken = upstream::take(&self.worker, local, site, fresh, &forward).await;
            let mut taken = match taken {
                Ok(taken) => taken,
                Err(fault) => return self.refuse(visit, fault.refusal()).await,
            };
            taken.conn.begin(&mut self.forward);
            match self.exchange(visit, &mut taken.conn, asked).await {
                Ok(length) => break (taken, length),
                Err(Stop::Fault(Fault::ClosedUnanswered))
                    if taken.conn.reused
                        && forward.replayable
                        && !fresh
                        && taken.conn.take_back(&mut self.forward) =>
                {
                    fresh = true;
                }
                Err(Stop::Fault(Fault::Unprocessed))
                    if again < upstream::AGAIN && taken.conn.take_back(&mut self.forward) =>
                {
                    again += 1;
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
        let asked_at = self.worker.now();
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
        // An older client is told the end of an answer of unknown length by the
        // connection's: better to keep that than to compress.
        let compresses = visit.version != Version::Http10;
        let (change, mut filters) = match Filters::of(visit, &head, &self.worker, compresses) {
            Ok(found) => found,
            Err(refusal) => return self.refuse(visit, refusal).await,
        };
        let answer = Answer::application(&head, change);
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
        let outcome = self
            .stream(&mut taken.conn, &mut body, ending, filters.as_mut(), visit)
            .await;
        if let Some(filters) = &mut filters {
            filters.report(visit, &self.worker);
        }
        if matches!(outcome, Outcome::Refused(_)) {
            if filters.is_some_and(|filters| filters.head_is_held()) {
                return self.refuse(visit, xss::REFLECTED).await;
            }
            self.worker.counters.refused(xss::REFLECTED.page);
            record(&self.worker, visit, &self.tally, outcome);
            // Cut, so that the client sees that it isn't whole.
            return Then::Break;
        }
        self.keep_upstream(visit, taken, keep_upstream && body.is_done());
        record(&self.worker, visit, &self.tally, outcome);
        Then::after(outcome, keep && ending != Ending::Close)
    }

    /// Reads on until the token is there that the body has to bear, where it has to. What
    /// was read goes on behind the head.
    async fn look_for_token(&mut self, visit: &Visit) -> Result<(), Stop> {
        let Some(issued) = visit.csrf.as_ref().filter(|it| it.wanted.is_some()) else {
            return Ok(());
        };
        let limits = visit.local.limits;
        let mut pace = Pace::new(&limits);
        let mut body = Vec::new();
        poll_fn(|cx| {
            loop {
                match issued.look(&body, self.upload.is_done()) {
                    Some(Ok(())) => return Poll::Ready(Ok(())),
                    Some(Err(refusal)) => return Poll::Ready(Err(Stop::Refused(refusal))),
                    None => {}
                }
                match self.poll_body(cx, visit.body_max, |data| body.extend_from_slice(data)) {
                    Poll::Ready(Ok(_)) => {}
                    Poll::Ready(Err(UploadFault::Malformed(refusal))) => {
                        return Poll::Ready(Err(Stop::Refused(refusal)));
                    }
                    Poll::Ready(Err(UploadFault::Gone | UploadFault::Receiver)) => {
                        return Poll::Ready(Err(Stop::Gone));
                    }
                    Poll::Pending => break,
                }
            }
            self.wait(&mut pace, For::Client, self.tally.bytes_in, &limits);
            if self.facts.watch.check(cx) == Err(Late) {
                return Poll::Ready(Err(Stop::Refused(BODY_LATE)));
            }
            Poll::Pending
        })
        .await?;
        if let Some(copy) = visit.suspect.as_ref().and_then(|suspect| suspect.copy()) {
            copy.add(&body);
        }
        if self.chunked {
            write::chunk(&mut self.forward, &body);
        } else {
            self.forward.extend_from_slice(&body);
        }
        if self.chunked && self.upload.is_done() {
            write::last_chunk(&mut self.forward, trailers::of_request(&self.upload));
        }
        Ok(())
    }

    fn keep_upstream(&self, visit: &Visit, taken: Taken, may: bool) {
        if may && self.upload.is_done() && taken.conn.is_clean() {
            let most = visit.local.limits.kept;
            visit
                .local
                .pools
                .keep(visit.site, taken.upstream, taken.conn, &self.worker, most);
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
        let mut pace = Pace::new(&limits);
        self.facts
            .watch
            .until(Some(visit.began.after(limits.answer)));
        poll_fn(|cx| {
            if uploading {
                match self.poll_upload(cx, conn, visit) {
                    Poll::Ready(Ok(())) => {
                        uploading = false;
                        let now = self.worker.recent();
                        self.facts.watch.until(Some(now.after(limits.answer)));
                    }
                    Poll::Ready(Err(UploadFault::Gone)) => return Poll::Ready(Err(Stop::Gone)),
                    Poll::Ready(Err(UploadFault::Malformed(refusal))) => {
                        return Poll::Ready(Err(Stop::Refused(refusal)));
                    }
                    // It may have answered and closed: its head is still to be read.
                    Poll::Ready(Err(UploadFault::Receiver)) => uploading = false,
                    Poll::Pending => {
                        let whom = upload_waits_for(conn, &limits);
                        self.wait(&mut pace, whom, self.tally.bytes_in, &limits);
                    }
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
        mut filters: Option<&mut Filters>,
        visit: &Visit,
    ) -> Outcome {
        let limits = visit.local.limits;
        let mut uploading = !self.upload.is_done();
        let mut pace = Pace::new(&limits);
        poll_fn(|cx| {
            if uploading {
                // Faults of the upload no longer matter: the answer is already on its
                // way, and the connection ends behind it.
                uploading = self.poll_upload(cx, conn, visit).is_pending();
            }
            let step = filters.as_deref_mut();
            if let Poll::Ready(outcome) = self.poll_stream(cx, conn, body, ending, step) {
                return Poll::Ready(outcome);
            }
            if !uploading && self.poll_gone(cx) {
                return Poll::Ready(Outcome::ClientGone);
            }
            if filters.as_ref().is_some_and(|it| it.head_is_held()) {
                // What waits isn't the client's to take yet.
                self.wait(
                    &mut pace,
                    For::Server(SILENCE),
                    self.tally.bytes_in,
                    &limits,
                );
            } else {
                self.wait_under_way(&mut pace, &limits);
            }
            if self.facts.watch.check(cx) == Err(Late) {
                return Poll::Ready(if self.out.is_empty() {
                    Outcome::UpstreamCut
                } else {
                    Outcome::ClientGone
                });
            }
            Poll::Pending
        })
        .await
    }

    /// Sets the deadline of a wait while an answer is under way: a reader that takes
    /// nothing, or too little, is cut; whoever answers may be silent.
    pub(super) fn wait_under_way(&self, pace: &mut Pace, limits: &Limits) {
        let whom = if self.out.is_empty() {
            For::Server(SILENCE)
        } else {
            For::Client
        };
        // What the client has taken: nearly, for some of what waits is a head or frames
        // chunks. One that still sends isn't idle.
        let waiting = self.out.bytes.len() - self.out.written();
        let waiting = u64::try_from(waiting).unwrap_or(u64::MAX);
        let taken = self.tally.bytes_out.saturating_sub(waiting);
        let moved = taken.saturating_add(self.tally.bytes_in);
        self.wait(pace, whom, moved, limits);
    }

    /// Sets the deadline of a wait of a body.
    pub(super) fn wait(&self, pace: &mut Pace, whom: For, moved: u64, limits: &Limits) {
        let deadline = pace.deadline(whom, moved, self.worker.recent(), limits);
        if deadline.is_some() {
            self.facts.watch.until(deadline);
        }
    }

    fn poll_stream(
        &mut self,
        cx: &mut Context<'_>,
        conn: &mut Conn,
        body: &mut BodyDecoder,
        ending: Ending,
        mut filters: Option<&mut Filters>,
    ) -> Poll<Outcome> {
        let mut done = body.is_done();
        let mut filtered = Vec::new();
        loop {
            if let Some(filters) = &mut filters
                && (done || !self.out.has_room())
            {
                filters.release_head();
            }
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
            let mut stopped = Ok(());
            let step = conn.decode(body, usize::MAX, |data| {
                let data = match &mut filters {
                    Some(filters) => {
                        filtered.clear();
                        stopped = filters.push(data, &mut filtered);
                        if stopped.is_err() {
                            return;
                        }
                        &filtered
                    }
                    None => data,
                };
                *sent += u64::try_from(data.len()).unwrap_or(0);
                append(out, data, ending);
            });
            if let Err(stopped) = stopped {
                return Poll::Ready(self.stop(cx, stopped, filters));
            }
            match step {
                Ok(Step::More) => {}
                Ok(Step::Done) => {
                    let mut keeps_trailers = true;
                    if let Some(filters) = &mut filters {
                        if let Err(stopped) = self.finish_filters(filters, ending) {
                            return Poll::Ready(self.stop(cx, stopped, Some(filters)));
                        }
                        // A digest among them would be of other bytes.
                        keeps_trailers = filters.keeps_trailers();
                    }
                    if ending == Ending::Chunked && keeps_trailers {
                        write::last_chunk(&mut self.out.bytes, trailers::of_answer(body));
                    } else if ending == Ending::Chunked {
                        write::last_chunk(&mut self.out.bytes, []);
                    }
                    done = true;
                }
                Ok(Step::Starved) => {
                    let filled = conn.poll_fill(cx, &self.worker.buffers);
                    if filled.is_pending() {
                        if let Some(filters) = &mut filters {
                            filtered.clear();
                            filters.flush(&mut filtered);
                            self.tally.bytes_out += u64::try_from(filtered.len()).unwrap_or(0);
                            append(&mut self.out.bytes, &filtered, ending);
                            if filters.has_read() {
                                filters.release_head();
                            }
                        }
                        let held = filters.as_ref().is_some_and(|it| it.head_is_held());
                        // What is there leaves at once: server-sent events wait for
                        // nobody.
                        if !held && let Poll::Ready(Err(_)) = self.out.poll_flush(cx, &mut self.io)
                        {
                            return Poll::Ready(Outcome::ClientGone);
                        }
                    }
                    match ready!(filled) {
                        Ok(count) if count > 0 => {}
                        ended => {
                            if ended.is_err() || body.at_end_of_input().is_err() {
                                // What came before it goes out, as far as the client
                                // takes it now.
                                let _ = self.out.poll_flush(cx, &mut self.io);
                                return Poll::Ready(Outcome::UpstreamCut);
                            }
                            *body = BodyDecoder::new(Framing::None, &h1::Limits::default());
                            if let Some(filters) = &mut filters
                                && let Err(stopped) = self.finish_filters(filters, ending)
                            {
                                return Poll::Ready(self.stop(cx, stopped, Some(filters)));
                            }
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

    /// Appends what filters still hold at the end of an answer.
    fn finish_filters(&mut self, filters: &mut Filters, ending: Ending) -> Result<(), Stopped> {
        let mut last = Vec::new();
        filters.finish(&mut last)?;
        self.tally.bytes_out += u64::try_from(last.len()).unwrap_or(0);
        append(&mut self.out.bytes, &last, ending);
        Ok(())
    }

    /// An answer that can't go on.
    fn stop(
        &mut self,
        cx: &mut Context<'_>,
        stopped: Stopped,
        filters: Option<&mut Filters>,
    ) -> Outcome {
        if !filters.is_some_and(|filters| filters.head_is_held()) {
            // What came before it goes out, as far as the client takes it now.
            let _ = self.out.poll_flush(cx, &mut self.io);
        }
        match stopped {
            Stopped::Broken => Outcome::UpstreamCut,
            Stopped::Refused(refusal) => Outcome::Refused(refusal.reason),
        }
    }

    /// Passes the request's body on.
    fn poll_upload(
        &mut self,
        cx: &mut Context<'_>,
        conn: &mut Conn,
        visit: &Visit,
    ) -> Poll<Result<(), UploadFault>> {
        let chunked = self.chunked;
        let copy = visit.suspect.as_ref().and_then(|suspect| suspect.copy());
        loop {
            if self.upload.is_done() {
                return conn.poll_flush(cx).map_err(|_| UploadFault::Receiver);
            }
            ready!(conn.poll_room(cx)).map_err(|_| UploadFault::Receiver)?;
            let out = &mut conn.out.bytes;
            let step = self.poll_body(cx, visit.body_max, |data| {
                if let Some(copy) = copy {
                    copy.add(data);
                }
                if chunked {
                    write::chunk(out, data);
                } else {
                    out.extend_from_slice(data);
                }
            });
            match step {
                Poll::Ready(Ok(true)) => {
                    if chunked {
                        let trailers = trailers::of_request(&self.upload);
                        write::last_chunk(&mut conn.out.bytes, trailers);
                    }
                }
                Poll::Ready(Ok(false)) => {}
                Poll::Ready(Err(fault)) => return Poll::Ready(Err(fault)),
                Poll::Pending => {
                    // What has arrived goes on at once, the head too.
                    if let Poll::Ready(Err(_)) = conn.poll_write(cx) {
                        return Poll::Ready(Err(UploadFault::Receiver));
                    }
                    return Poll::Pending;
                }
            }
        }
    }
}

/// Appends a run of an answer's body.
fn append(out: &mut Vec<u8>, data: &[u8], ending: Ending) {
    if ending == Ending::Chunked {
        write::chunk(out, data);
    } else {
        out.extend_from_slice(data);
    }
}

/// Whom an upload waits for: bytes that the application hasn't taken are its own delay.
pub(crate) fn upload_waits_for(conn: &Conn, limits: &Limits) -> For {
    if conn.out.is_empty() {
        For::Client
    } else {
        For::Server(limits.answer)
    }
}

/// Why no head came.
pub(super) enum Stop {
    Fault(Fault),
    Refused(Refusal),
    Gone,
}
