//! A request of HTTP/1 and its answer, between a client and control.

use std::{future::poll_fn, task::Poll};

use bytes::Bytes;
use h1::write;
use seam::record::Outcome;
use tokio::io::{AsyncRead, AsyncWrite};

use super::{BODY_LATE, Client, Then, UploadFault, application::Stop};
use crate::{
    harden::{Ending, finish_http1, harden},
    know::Visit,
    own,
    pace::{For, Pace},
    record::record,
    serve::{Answer, Length},
    watch::Late,
};

impl<IO: AsyncRead + AsyncWrite + Unpin> Client<IO> {
    /// Control's answer.
    pub(super) async fn own(&mut self, visit: &Visit, head: http::Request<()>, keep: bool) -> Then {
        let most = visit.body_max;
        let mut exchange = match own::Exchange::begin(visit, head, &self.worker) {
            Ok(exchange) => exchange,
            Err(refusal) => return self.refuse(visit, refusal).await,
        };
        let limits = visit.local.limits;
        self.facts
            .watch
            .until(Some(visit.began.after(limits.answer)));
        let mut pace = Pace::new(&limits);
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
            // Control's time begins anew with every byte that it gets.
            self.wait(&mut pace, exchange.waits_for, self.tally.bytes_in, &limits);
            if self.facts.watch.check(cx) == Err(Late) {
                return Poll::Ready(Err(Stop::Refused(match exchange.waits_for {
                    For::Client => BODY_LATE,
                    For::Server(_) | For::Room(_) => own::CONTROL_LATE,
                })));
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
        let limits = self.worker.snapshot().limits;
        let mut uploading = !self.upload.is_done();
        let mut done = false;
        let mut pace = Pace::new(&limits);
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
                let wait = (
                    self.out.is_empty(),
                    self.tally.bytes_out,
                    self.tally.bytes_in,
                );
                if last != Some(wait) {
                    last = Some(wait);
                    // Room may have been made by the flush: ask again before waiting.
                    continue;
                }
                self.wait_under_way(&mut pace, &limits);
                if self.facts.watch.check(cx) == Err(Late) {
                    return Poll::Ready(Outcome::ClientGone);
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
}
