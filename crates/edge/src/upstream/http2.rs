//! HTTP/2 towards applications: one task per connection reads and writes.
//!
//! To everything else a stream is a socket that speaks HTTP/1.1 ([`StreamSocket`]), so
//! streaming, limits, retries, compression and checks are the same code for both. What
//! an application sends is judged twice: as HTTP/2 by `lib/http2`, and then by `lib/h1`,
//! as every other answer.

use std::{
    future::poll_fn,
    pin::Pin,
    rc::Rc,
    task::{Context, Poll},
};

use http2::{Code, Connection, Event};
use terms::Moment;
use tokio::{io::AsyncWrite as _, task::spawn_local};

use super::{Fault, Socket};
use crate::{
    buffer::{Buffer, Outbox},
    worker::{Local, Worker},
};

mod flow;
mod link;
mod peer;
mod stream;

use link::{Link, Waiting};
pub(super) use peer::{Found, Peer, alone};
pub(crate) use stream::StreamSocket;

/// Streams of one connection at once, where the application allows as many.
const STREAMS: u32 = 128;
/// Window of one stream: bytes of an answer that may wait for a slow client.
const STREAM_WINDOW: u32 = 128 * 1024;
/// Window of a connection: all streams' together, so that slow clients never take it from
/// the others.
const CONNECTION_WINDOW: u32 = STREAMS * STREAM_WINDOW;
/// A header block this large ends the connection before it is decoded.
const BLOCK_MAX: usize = 256 * 1024;

/// What an application may make long.
fn limits(local: &Local) -> http2::Limits {
    http2::Limits {
        streams: STREAMS,
        head_bytes: local.codec.head,
        // `:status`, too.
        fields: local.codec.fields.saturating_add(1),
        block_bytes: BLOCK_MAX,
        stream_window: STREAM_WINDOW,
        connection_window: CONNECTION_WINDOW,
        out: Outbox::HIGH,
    }
}

/// Begins HTTP/2 on a new socket, and waits until the application has said its settings:
/// then it speaks HTTP/2, and its limits are known. The caller limits the wait; dropped
/// before its end, the connection ends too.
async fn begin(
    socket: Socket,
    worker: &Rc<Worker>,
    local: &Local,
    waiting: &Rc<Waiting>,
) -> Result<Rc<Link>, Fault> {
    // Of the way there: applications compare it with their own socket.
    let scheme = match &socket {
        Socket::Tls(_) => "https",
        Socket::Tcp(_) | Socket::Unix(_) | Socket::Stream(_) => "http",
    };
    let codec = Connection::client(limits(local));
    let link = Rc::new(Link::new(codec, scheme, waiting.clone(), worker.recent()));
    let mut unsettled = Unsettled {
        link: link.clone(),
        settled: false,
    };
    spawn_local(Box::pin(drive(socket, link.clone(), worker.clone())));
    unsettled.settled = poll_fn(|cx| link.poll_ready(cx)).await;
    if unsettled.settled {
        Ok(link)
    } else {
        Err(Fault::Unreachable("upstream-not-http2"))
    }
}

/// A connection whose settings haven't come: dropped, it is left.
struct Unsettled {
    link: Rc<Link>,
    settled: bool,
}

impl Drop for Unsettled {
    fn drop(&mut self) {
        if !self.settled {
            self.link.leave();
        }
    }
}

/// Reads and writes one connection until it is over.
async fn drive(io: Socket, link: Rc<Link>, worker: Rc<Worker>) {
    let mut driver = Driver {
        io,
        input: Buffer::default(),
        out: Outbox::default(),
        began: worker.recent(),
        said_farewell: false,
        link,
        worker,
    };
    poll_fn(|cx| driver.poll(cx)).await;
    // What was said last leaves if it can at once; nobody waits for it.
    poll_fn(|cx| {
        let _ = driver.write(cx);
        let _ = Pin::new(&mut driver.io).poll_shutdown(cx);
        Poll::Ready(())
    })
    .await;
    driver.link.end();
    driver.input.consume(usize::MAX);
    driver.input.release(&driver.worker.buffers);
}

/// The task of one connection.
struct Driver {
    io: Socket,
    input: Buffer,
    out: Outbox,
    began: Moment,
    said_farewell: bool,
    link: Rc<Link>,
    worker: Rc<Worker>,
}

impl Driver {
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.link.driven_by(cx);
        loop {
            let ended = self.read(cx);
            if self.link.is_over() && !std::mem::replace(&mut self.said_farewell, true) {
                self.link.codec().say_farewell();
            }
            let wrote = match self.write(cx) {
                Poll::Ready(Ok(wrote)) => wrote,
                Poll::Ready(Err(_)) => return Poll::Ready(()),
                Poll::Pending => false,
            };
            if ended || self.link.is_over() {
                return Poll::Ready(());
            }
            // There may be more to read that had waited for room to answer.
            if !wrote {
                return Poll::Pending;
            }
        }
    }

    /// Deals with all that has come. `true` once the connection can't go on.
    fn read(&mut self, cx: &mut Context<'_>) -> bool {
        let now = self.worker.recent();
        let age = now.since(self.began);
        let mut heard = false;
        let ended = loop {
            let mut failed = false;
            while self.link.may_read() {
                match self.event(age) {
                    Ok(true) => {}
                    Ok(false) => break,
                    Err(error) => {
                        tracing::debug!(%error, "an application broke the rules of HTTP/2");
                        self.link.fail(error.reason);
                        failed = true;
                        break;
                    }
                }
            }
            if failed || !self.link.may_read() {
                break failed;
            }
            match self.input.poll_fill(cx, &mut self.io, &self.worker.buffers) {
                Poll::Ready(Ok(count)) if count > 0 => heard = true,
                Poll::Ready(_) => break true,
                Poll::Pending => break false,
            }
        };
        if heard {
            self.link.heard(now);
        }
        ended
    }

    /// Deals with one frame; `false` where none is whole.
    fn event(&mut self, age: std::time::Duration) -> Result<bool, http2::ConnectionError> {
        let mut codec = self.link.codec();
        let (taken, event) = codec.receive(self.input.filled(), age)?;
        // Why a stream can't go on.
        let mut broken = None;
        let mut room = false;
        match event {
            Event::Starved => return Ok(false),
            // Only clients ask.
            Event::Handled | Event::Request { .. } => {}
            Event::Answer { stream, ended } => {
                if let Some(flow) = codec.stream(stream).cloned() {
                    let over = codec.head_is_over();
                    let begun = flow.begin(codec.answer(), over, ended);
                    broken = begun.err().map(|reason| (stream, flow, reason));
                }
            }
            Event::Data {
                stream,
                data,
                ended,
            } => {
                if let Some(flow) = codec.stream(stream) {
                    let kept = flow.receive(data, ended);
                    broken = kept.err().map(|reason| (stream, flow.clone(), reason));
                }
            }
            Event::Ended { stream } => {
                if let Some(flow) = codec.stream(stream).cloned() {
                    let over = codec.head_is_over();
                    let ended = flow.end_with(codec.trailers(), over);
                    broken = ended.err().map(|reason| (stream, flow, reason));
                }
            }
            Event::Reset { code, data, .. } => data.reset(code),
            Event::Room { stream: 0 } => room = true,
            Event::Room { stream } => {
                if let Some(flow) = codec.stream(stream) {
                    flow.wake();
                }
            }
            Event::Windows => codec.each().for_each(|flow| flow.wake()),
            Event::Leaving => {
                for flow in codec.unprocessed() {
                    flow.was_not_processed();
                }
            }
        }
        if let Some((stream, flow, reason)) = broken {
            flow.fail(Fault::Broken(reason));
            codec.reset(stream, Code::ProtocolError);
        }
        drop(codec);
        self.input.consume(taken);
        if room {
            self.link.room_for_all();
        }
        Ok(true)
    }

    /// Writes what is there. `true` when something left and nothing is left over.
    fn write(&mut self, cx: &mut Context<'_>) -> Poll<std::io::Result<bool>> {
        let mut wrote = false;
        loop {
            if self.out.is_empty() {
                self.out.clear();
                std::mem::swap(&mut self.out.bytes, &mut self.link.codec().out);
                if self.out.is_empty() {
                    self.out.rest();
                    return Poll::Ready(Ok(wrote));
                }
            }
            match self.out.poll_flush(cx, &mut self.io) {
                Poll::Ready(Ok(())) => {
                    wrote = true;
                    self.link.room_for_all();
                }
                Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
                Poll::Pending => return Poll::Pending,
            }
        }
    }
}
