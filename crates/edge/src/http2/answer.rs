//! The body of an answer of HTTP/2, as hyper asks for it: piece by piece, as its client
//! has room.

use std::{
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use h1::{BodyDecoder, Framing};
use http::{
    HeaderMap,
    header::{HeaderName, HeaderValue},
};
use http_body::{Body, Frame, SizeHint};
use seam::{own::BodyCut, record::Outcome};

use super::Served;
use crate::{
    http1::SILENCE,
    own,
    upstream::{self, Conn, Step},
    watch::Late,
};

/// The body of an answer.
pub(super) enum Http2Body {
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

pub(super) struct Streaming {
    pub(super) taken: Option<upstream::Taken>,
    pub(super) body: BodyDecoder,
    pub(super) keep: bool,
    pub(super) left: Option<u64>,
    pub(super) served: Served,
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
            let most = served.visit.local.limits.kept;
            let pools = &served.visit.local.pools;
            let site = served.visit.site;
            pools.keep(site, taken.upstream, taken.conn, &served.worker, most);
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

/// The whole body, where it is already in the buffer.
pub(super) fn short(conn: &mut Conn, body: &mut BodyDecoder, framing: Framing) -> Option<Bytes> {
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
