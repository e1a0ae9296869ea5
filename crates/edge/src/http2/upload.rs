//! The body of a request of HTTP/2, on its way to the application or to control. A part
//! of it never looks whole to either.

use std::{
    rc::Rc,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use h1::{Framing, write};
use seam::{Refusal, RefusalPage};

use super::link::{Link, Taken};
use crate::{buffer, know::Visit, own, pace::For, trailers, upstream::Conn, xss::Copied};

/// The client reset its stream before its body was whole.
const BODY_CUT: Refusal = Refusal::new(RefusalPage::BadRequest, "body-cut");

/// The body of a request.
pub(super) struct Upload {
    link: Rc<Link>,
    stream: u32,
    chunked: bool,
    /// Bytes that the head promised and that have not come.
    left: Option<u64>,
    pub(super) received: u64,
    most: u64,
    /// Where its beginning is kept, to be looked at later.
    copy: Option<Rc<Copied>>,
    /// A tunnel's: raw bytes, whose end is the end of the application's connection.
    tunnel: bool,
    /// The end was passed on.
    ended: bool,
    /// The application's connection was closed behind it.
    closed: bool,
    /// The trailers it ended with, as lines.
    trailers: Vec<u8>,
    /// Why it will never be whole: nothing after this may look like its end.
    broken: Option<Refusal>,
}

impl Upload {
    pub(super) fn new(link: Rc<Link>, stream: u32, framing: Framing, visit: &Visit) -> Self {
        let left = if let Framing::Length(length) = framing {
            Some(length)
        } else {
            None
        };
        Self {
            link,
            stream,
            chunked: matches!(framing, Framing::Chunked),
            left,
            received: 0,
            most: if matches!(framing, Framing::UntilClose) {
                u64::MAX
            } else {
                visit.body_max
            },
            copy: visit.suspect.as_ref().and_then(|it| it.copy().cloned()),
            tunnel: matches!(framing, Framing::UntilClose),
            ended: matches!(framing, Framing::None),
            closed: false,
            trailers: Vec::new(),
            broken: None,
        }
    }

    /// What its pace goes by: its own bytes, and a share of all that the client sends on
    /// this connection, since one that sends its bodies one after the other isn't idle.
    pub(super) fn moved(&self) -> u64 {
        self.received.saturating_add(self.link.received() / 16)
    }

    /// Whether all of it was passed on, up to its end.
    pub(super) const fn is_done(&self) -> bool {
        self.ended && self.broken.is_none()
    }

    /// Whether it is half of a tunnel.
    pub(super) const fn is_tunnel(&self) -> bool {
        self.tunnel
    }

    /// What comes is not for the application: it didn't agree to a tunnel.
    pub(super) const fn forgo(&mut self) {
        if self.tunnel {
            (self.ended, self.tunnel) = (true, false);
        }
    }

    /// Hands on the next bytes: `Ok(false)` at the end of a well-formed body.
    fn poll_some(
        &mut self,
        cx: &Context<'_>,
        each: impl FnMut(&[u8]),
    ) -> Poll<Result<bool, Refusal>> {
        if let Some(refusal) = self.broken {
            return Poll::Ready(Err(refusal));
        }
        // Never more than was promised: what is beyond is not passed on.
        let most = self.left.unwrap_or(u64::MAX).min(self.most - self.received);
        let some = usize::try_from(most).map_or(buffer::SIZE, |most| most.min(buffer::SIZE));
        let beyond = some == 0;
        let some = some.max(1);
        let taken = if beyond {
            ready!(self.link.poll_body(cx, self.stream, some, |_| {}))
        } else {
            ready!(self.link.poll_body(cx, self.stream, some, each))
        };
        let refusal = match taken {
            Taken::Some(_) if beyond && self.left == Some(0) => Self::misstated(),
            Taken::Some(_) if beyond => {
                Refusal::new(RefusalPage::PayloadTooLarge, "body-too-large")
            }
            Taken::Some(count) => {
                let count = u64::try_from(count).unwrap_or(u64::MAX);
                self.received = self.received.saturating_add(count);
                self.left = self.left.map(|left| left.saturating_sub(count));
                return Poll::Ready(Ok(true));
            }
            Taken::Ended if self.left.is_some_and(|left| left > 0) => Self::misstated(),
            Taken::Ended => match self.link.trailers(self.stream) {
                Ok(lines) => {
                    self.trailers = lines;
                    return Poll::Ready(Ok(false));
                }
                Err(refusal) => refusal,
            },
            Taken::Gone => BODY_CUT,
        };
        self.broken = Some(refusal);
        Poll::Ready(Err(refusal))
    }

    const fn misstated() -> Refusal {
        Refusal::new(RefusalPage::BadRequest, "content-length-misstated")
    }

    /// Adds the next bytes to a beginning that is looked into before any of it goes on.
    pub(super) fn poll_begin(
        &mut self,
        cx: &Context<'_>,
        beginning: &mut Vec<u8>,
    ) -> Poll<Result<(), Refusal>> {
        if self.ended {
            return Poll::Ready(Ok(()));
        }
        let copy = self.copy.clone();
        let more = ready!(self.poll_some(cx, |data| {
            if let Some(copy) = &copy {
                copy.add(data);
            }
            beginning.extend_from_slice(data);
        }))?;
        self.ended = !more;
        Poll::Ready(Ok(()))
    }

    /// A beginning as the application gets it, with the body's end where that has come.
    pub(super) fn frame(&self, beginning: &[u8], out: &mut Vec<u8>) {
        if self.chunked {
            write::chunk(out, beginning);
        } else {
            out.extend_from_slice(beginning);
        }
        if self.chunked && self.ended {
            trailers::last_chunk(out, &self.trailers);
        }
    }

    /// Passes the body to the application. `Err(None)`: it takes no more.
    pub(super) fn poll_upstream(
        &mut self,
        cx: &mut Context<'_>,
        conn: &mut Conn,
    ) -> Poll<Result<(), Option<Refusal>>> {
        loop {
            if self.ended {
                ready!(conn.poll_flush(cx)).map_err(|_| None)?;
                if self.tunnel && !self.closed {
                    ready!(conn.poll_shutdown(cx)).map_err(|_| None)?;
                    self.closed = true;
                }
                return Poll::Ready(Ok(()));
            }
            ready!(conn.poll_room(cx)).map_err(|_| None)?;
            let chunked = self.chunked;
            let out = &mut conn.out.bytes;
            let copy = self.copy.clone();
            let step = self.poll_some(cx, |data| {
                if let Some(copy) = &copy {
                    copy.add(data);
                }
                if chunked {
                    write::chunk(out, data);
                } else {
                    out.extend_from_slice(data);
                }
            });
            match step {
                Poll::Ready(Ok(true)) => {}
                Poll::Ready(Ok(false)) => {
                    if self.chunked {
                        trailers::last_chunk(&mut conn.out.bytes, &self.trailers);
                    }
                    self.ended = true;
                }
                Poll::Ready(Err(refusal)) => return Poll::Ready(Err(Some(refusal))),
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
            exchange.waits_for = For::Client;
            let mut piece = Vec::new();
            match ready!(self.poll_some(cx, |data| piece.extend_from_slice(data))) {
                Ok(true) => exchange.send(Bytes::from(piece)),
                Ok(false) => self.ended = true,
                Err(refusal) => {
                    exchange.cut();
                    return Poll::Ready(Err(refusal));
                }
            }
        }
    }
}
