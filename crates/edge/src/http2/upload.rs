//! The body of a request of HTTP/2, on its way to the application or to control. A part
//! of it never looks whole to either.

use std::{
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use h1::{Framing, write};
use http_body::Body as _;
use hyper::body::Incoming;
use seam::{Refusal, RefusalPage};

use crate::{own, upstream::Conn};

/// The client reset its stream before its body was whole.
const BODY_CUT: Refusal = Refusal::new(RefusalPage::BadRequest, "body-cut");

/// The body of a request.
pub(super) struct Upload {
    incoming: Option<Incoming>,
    chunked: bool,
    /// Bytes that the head promised and that have not come.
    left: Option<u64>,
    pub(super) received: u64,
    most: u64,
    /// The end was passed on.
    ended: bool,
    /// It will never be whole: nothing after this may look like its end.
    broken: bool,
}

impl Upload {
    pub(super) fn new(incoming: Incoming, framing: Framing, most: u64) -> Self {
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
    pub(super) const fn is_done(&self) -> bool {
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
                // Trailers of a request are dropped, as over HTTP/1.
                Some(Ok(frame)) => {
                    let data = frame.into_data().unwrap_or_default();
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
    pub(super) fn poll_upstream(
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
    pub(super) fn poll_own(
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
