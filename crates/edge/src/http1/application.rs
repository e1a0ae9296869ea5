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
    compress::{self, Encoder, Verdict},
    harden::{Ending, finish_http1, harden},
    know::Visit,
    pace::{For, Pace, SILENCE},
    record::record,
    serve::{Answer, Forward},
    trailers, tunnel,
    upstream::{self, Conn, Fault, LATE, Step, Taken},
    watch::Late,
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
        let (compression, mut encoder) = self.compression(visit, &head);
        let answer = Answer::application(&head, compression);
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
        let encoder = encoder.as_mut();
        let outcome = self
            .stream(&mut taken.conn, &mut body, ending, encoder, visit)
            .await;
        self.keep_upstream(visit, taken, keep_upstream && body.is_done());
        record(&self.worker, visit, &self.tally, outcome);
        Then::after(outcome, keep && ending != Ending::Close)
    }

    /// How the answer is compressed, and by what.
    fn compression(&self, visit: &Visit, head: &h1::Answer<'_>) -> (Verdict, Option<Encoder>) {
        // An older client is told the end of an answer of unknown length by the
        // connection's: better to keep that.
        if visit.version == Version::Http10 {
            return (Verdict::Plain, None);
        }
        compress::begin(visit, head, &self.worker)
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
                match self.poll_upload(cx, conn, visit.body_max) {
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
        mut encoder: Option<&mut Encoder>,
        visit: &Visit,
    ) -> Outcome {
        let limits = visit.local.limits;
        let mut uploading = !self.upload.is_done();
        let mut pace = Pace::new(&limits);
        poll_fn(|cx| {
            if uploading {
                // Faults of the upload no longer matter: the answer is already on its
                // way, and the connection ends behind it.
                uploading = self.poll_upload(cx, conn, visit.body_max).is_pending();
            }
            let encoder = encoder.as_deref_mut();
            if let Poll::Ready(outcome) = self.poll_stream(cx, conn, body, ending, encoder) {
                return Poll::Ready(outcome);
            }
            if !uploading && self.poll_gone(cx) {
                return Poll::Ready(Outcome::ClientGone);
            }
            self.wait_under_way(&mut pace, &limits);
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
        mut encoder: Option<&mut Encoder>,
    ) -> Poll<Outcome> {
        let mut done = body.is_done();
        let mut encoded = Vec::new();
        loop {
            if encoder.as_ref().is_some_and(|encoder| encoder.is_broken()) {
                return Poll::Ready(Outcome::UpstreamCut);
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
            let step = conn.decode(body, usize::MAX, |data| {
                let data = match &mut encoder {
                    Some(encoder) => {
                        encoded.clear();
                        encoder.encode(data, &mut encoded);
                        &encoded
                    }
                    None => data,
                };
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
                    if let Some(encoder) = &mut encoder {
                        self.finish_encoding(encoder);
                        // Without trailers: a digest among them would be of other bytes.
                        write::last_chunk(&mut self.out.bytes, []);
                    } else if ending == Ending::Chunked {
                        write::last_chunk(&mut self.out.bytes, trailers::of_answer(body));
                    }
                    done = true;
                }
                Ok(Step::Starved) => {
                    let filled = conn.poll_fill(cx, &self.worker.buffers);
                    if filled.is_pending() {
                        if let Some(encoder) = &mut encoder {
                            encoded.clear();
                            encoder.flush(&mut encoded);
                            self.tally.bytes_out += u64::try_from(encoded.len()).unwrap_or(0);
                            write::chunk(&mut self.out.bytes, &encoded);
                        }
                        // What is there leaves at once: server-sent events wait for
                        // nobody.
                        if let Poll::Ready(Err(_)) = self.out.poll_flush(cx, &mut self.io) {
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
                            if let Some(encoder) = &mut encoder {
                                self.finish_encoding(encoder);
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

    /// Appends the end of a compressed answer: it goes in chunks.
    fn finish_encoding(&mut self, encoder: &mut Encoder) {
        let mut encoded = Vec::new();
        encoder.finish(&mut encoded);
        self.tally.bytes_out += u64::try_from(encoded.len()).unwrap_or(0);
        write::chunk(&mut self.out.bytes, &encoded);
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
            let step = self.poll_body(cx, most, |data| {
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
