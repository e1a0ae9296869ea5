//! One stream to an application, as a socket that speaks HTTP/1.1.
//!
//! What is written is a request's head, as `forward.rs` makes it, and its body; what is
//! read is one answer and then the end. A WebSocket's handshake becomes an extended
//! CONNECT, and consent to it a 101. An answer that isn't whole never looks whole: a
//! stated length is handed out up to its last byte only once the application has ended the
//! stream, and everything else by chunks whose last one is the stream's end.

use std::{
    io,
    pin::Pin,
    rc::Rc,
    task::{Context, Poll, ready},
    time::Duration,
};

use h1::{BodyDecoder, RequestHead, Target, write};
use http2::{HeadWriter, Indexing, Request};
use terms::Moment;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::{
    flow::{Come, Expected, Flow},
    link::Link,
};
use crate::{
    forward::{KEY, websocket_accept},
    upstream::Fault,
};

/// Bytes of a request that are kept, to be sent elsewhere should the application say that
/// it didn't look at it. A larger request isn't sent again.
const REPLAY_MAX: usize = 64 * 1024;
/// Bytes of a request's body that wait for the application's windows.
const WAITING_MAX: usize = 16 * 1024;

/// Our own heads are read back with these: they are never longer than what we write.
const OWN: h1::Limits = h1::Limits {
    line: 1 << 20,
    head: 1 << 20,
    fields: 4096,
    chunk_line: 256,
    trailers: 64 << 10,
};

/// What is written next.
enum Writing {
    /// A head, whole: the stream is opened with it.
    Head,
    /// The body.
    Body(Box<BodyDecoder>),
    /// Bytes of a tunnel, whose end is that of the writing.
    Tunnel,
    /// Nothing: all of it was sent.
    Ended,
}

/// What is read next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reading {
    Head,
    /// The body; of a chunk so many bytes are left.
    Body(usize),
    Ended,
}

/// See the module. Dropped, what isn't whole is cancelled.
pub(crate) struct StreamSocket {
    link: Rc<Link>,
    flow: Rc<Flow>,
    /// 0 until it is opened.
    stream: u32,
    opened: Moment,
    /// How long an application may say nothing at all before it is doubted.
    patience: Duration,
    /// The client takes trailers, and the application is told so.
    te: bool,
    writing: Writing,
    /// Bytes of the body that wait, and how many of them were sent.
    waiting: Vec<u8>,
    sent: usize,
    /// What was written so far; `None` once it is too much, or answered.
    replay: Option<Vec<u8>>,
    reading: Reading,
    /// Bytes of HTTP/1 to be read, and how many of them were.
    text: Vec<u8>,
    read: usize,
}

impl StreamSocket {
    /// In a place that was reserved on the link.
    pub(super) fn new(link: Rc<Link>, te: bool, patience: Duration) -> Self {
        let opened = link.now();
        Self {
            link,
            flow: Rc::default(),
            stream: 0,
            opened,
            patience,
            te,
            writing: Writing::Head,
            waiting: Vec::new(),
            sent: 0,
            replay: Some(Vec::new()),
            reading: Reading::Head,
            text: Vec::new(),
            read: 0,
        }
    }

    /// Whether the application takes a WebSocket on a stream (RFC 8441).
    pub(crate) fn takes_tunnels(&self) -> bool {
        self.link.codec().takes_tunnels()
    }

    /// Whether its connection carried an answer before.
    pub(crate) fn is_reused(&self) -> bool {
        self.link.has_served()
    }

    /// Why nothing more can be read.
    pub(crate) fn fault(&self) -> Option<Fault> {
        self.flow.come().fault
    }

    /// What was written, to be written to another; `None` where that isn't known any more.
    pub(crate) fn replay(&mut self) -> Option<Vec<u8>> {
        self.replay.take()
    }

    fn remember(&mut self, bytes: &[u8]) {
        if let Some(replay) = &mut self.replay {
            if replay.len() + bytes.len() > REPLAY_MAX {
                self.replay = None;
            } else {
                replay.extend_from_slice(bytes);
            }
        }
    }

    /// Opens the stream with the head at the front of `bytes`: how long it is.
    fn open(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut head = RequestHead::new();
        let length = match head.parse(bytes, &OWN) {
            Ok(Some(length)) => length,
            Ok(None) | Err(_) => return Err(io::Error::other("a head that isn't ours")),
        };
        let view = head.view(bytes);
        let target;
        let path = match view.target {
            Target::Origin { path, query: None } => path,
            Target::Origin {
                path,
                query: Some(query),
            } => {
                target = format!("{path}?{query}");
                &target
            }
            Target::Asterisk => "*",
            Target::Authority(_) => return Err(io::Error::other("a head that isn't ours")),
        };
        let tunnel = view.upgrade.is_some();
        {
            let mut come = self.flow.come();
            come.head_only = view.method == "HEAD";
            let key = view.fields.get(KEY).filter(|_| tunnel);
            come.accept = key.map(websocket_accept);
        }
        let Some(stream) = self.link.open(&self.flow) else {
            self.flow.was_not_processed();
            // The place is given back already.
            self.stream = u32::MAX;
            return Err(io::ErrorKind::ConnectionAborted.into());
        };
        self.stream = stream;
        self.opened = self.link.now();
        let ends = !tunnel && !view.framing.has_body();
        if let Some(mut writer) = self.link.codec().begin_head(stream) {
            writer.request(&Request {
                method: if tunnel { "CONNECT" } else { view.method },
                scheme: self.link.scheme,
                authority: view.authority,
                path,
                protocol: tunnel.then_some("websocket"),
            });
            for field in view.fields.iter() {
                let is = |name| field.name.eq_ignore_ascii_case(name);
                let ours = field.hop || is("host") || (tunnel && is(KEY));
                if !ours {
                    let indexing = indexing(field.name);
                    HeadWriter::field(&mut writer, field.name, field.value, indexing);
                }
            }
            if self.te {
                HeadWriter::field(&mut writer, "te", b"trailers", Indexing::Yes);
            }
            writer.finish(ends);
        }
        self.link.wake();
        self.writing = if tunnel {
            Writing::Tunnel
        } else if ends {
            Writing::Ended
        } else {
            Writing::Body(Box::new(BodyDecoder::new(view.framing, &OWN)))
        };
        Ok(length)
    }

    /// Sends what waits of the body, and its end. Ready when nothing waits.
    fn poll_send(&mut self, cx: &Context<'_>) -> Poll<io::Result<()>> {
        let (done, trailers) = match &self.writing {
            Writing::Body(decoder) => {
                let done = decoder.is_done();
                (done, done && !decoder.trailers().is_empty())
            }
            Writing::Tunnel => (false, false),
            Writing::Head | Writing::Ended => return Poll::Ready(Ok(())),
        };
        while let Some(rest) = self
            .waiting
            .get(self.sent..)
            .filter(|rest| !rest.is_empty())
        {
            let room = match self.link.poll_room(self.stream) {
                Poll::Ready(Some(room)) => room,
                Poll::Ready(None) => return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into())),
                Poll::Pending => {
                    self.flow.come().woken_by(cx);
                    return Poll::Pending;
                }
            };
            let piece = rest.get(..room).unwrap_or(rest);
            self.sent += piece.len();
            let ends = done && !trailers && self.sent == self.waiting.len();
            self.link.codec().send_data(self.stream, piece, ends);
            self.link.wake();
            if ends {
                self.writing = Writing::Ended;
            }
        }
        self.waiting.clear();
        self.sent = 0;
        if let Writing::Body(decoder) = &self.writing
            && done
        {
            let mut codec = self.link.codec();
            if trailers {
                if let Some(mut section) = codec.begin_head(self.stream) {
                    for field in decoder.trailers().iter() {
                        HeadWriter::field(&mut section, field.name, field.value, Indexing::No);
                    }
                    section.finish(true);
                }
            } else {
                codec.send_data(self.stream, &[], true);
            }
            drop(codec);
            self.link.wake();
            self.writing = Writing::Ended;
        }
        Poll::Ready(Ok(()))
    }

    /// Makes the next bytes to be read, or says that there are none: `false`.
    fn advance(&mut self, come: &mut Come) -> io::Result<bool> {
        self.text.clear();
        self.read = 0;
        let cut = |come: &Come| match come.fault {
            Some(_) => Err(io::ErrorKind::ConnectionReset.into()),
            None => Ok(false),
        };
        match self.reading {
            Reading::Head => {
                // Where nothing may follow, it is known only at the end that nothing does.
                let whole = come.ended || come.expected != Expected::Nothing;
                match come.head.take_if(|_| whole) {
                    None => return cut(come),
                    Some(head) => {
                        self.text = head;
                        self.replay = None;
                        self.reading = match come.expected {
                            Expected::Nothing => Reading::Ended,
                            Expected::Bytes(_) | Expected::Unknown | Expected::Tunnel => {
                                Reading::Body(0)
                            }
                        };
                    }
                }
            }
            Reading::Body(0) if come.expected == Expected::Unknown => {
                if come.body.is_empty() && !come.ended {
                    return cut(come);
                }
                if come.body.is_empty() {
                    self.text.extend_from_slice(b"0\r\n");
                    self.text.append(&mut come.trailers);
                    self.text.extend_from_slice(b"\r\n");
                    self.reading = Reading::Ended;
                } else {
                    let count = come.body.len();
                    write::hex(&mut self.text, u64::try_from(count).unwrap_or(u64::MAX));
                    self.text.extend_from_slice(b"\r\n");
                    self.reading = Reading::Body(count);
                }
            }
            Reading::Body(0) => {
                // The last byte of a stated length, until the end.
                let held = usize::from(!come.ended && come.expected == Expected::Bytes(0));
                match come.body.len().saturating_sub(held) {
                    0 if come.ended => self.reading = Reading::Ended,
                    0 => return cut(come),
                    count => self.reading = Reading::Body(count),
                }
            }
            Reading::Body(_) | Reading::Ended => return Ok(false),
        }
        Ok(true)
    }
}

/// Secrets are in nobody's table, and neither is what differs with each request.
fn indexing(name: &str) -> Indexing {
    let is = |known: &str| name.eq_ignore_ascii_case(known);
    match name.len() {
        6 if is("cookie") => Indexing::Never,
        13 if is("authorization") => Indexing::Never,
        9 if is("forwarded") => Indexing::No,
        11 if is("traceparent") => Indexing::No,
        12 if is("x-request-id") => Indexing::No,
        14 if is("content-length") => Indexing::No,
        15 if is("x-forwarded-for") => Indexing::No,
        _ => Indexing::Yes,
    }
}

impl AsyncRead for StreamSocket {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let flow = this.flow.clone();
        let before = buf.filled().len();
        let mut taken = 0;
        let mut come = flow.come();
        let ready = loop {
            let room = buf.remaining();
            if room == 0 {
                break Ok(true);
            }
            if let Some(rest) = this.text.get(this.read..).filter(|rest| !rest.is_empty()) {
                let piece = rest.get(..room).unwrap_or(rest);
                buf.put_slice(piece);
                this.read += piece.len();
                continue;
            }
            if let Reading::Body(left @ 1..) = this.reading {
                let (first, second) = come.body.as_slices();
                let run = if first.is_empty() { second } else { first };
                let count = run.len().min(left).min(room);
                buf.put_slice(run.get(..count).unwrap_or_default());
                come.body.drain(..count);
                taken += count;
                this.reading = Reading::Body(left - count);
                if left == count && come.expected == Expected::Unknown {
                    this.text.clear();
                    this.text.extend_from_slice(b"\r\n");
                    this.read = 0;
                }
                continue;
            }
            match this.advance(&mut come) {
                Ok(true) => {}
                Ok(false) => break Ok(this.reading == Reading::Ended),
                Err(error) => break Err(error),
            }
        };
        if come.body.is_empty() {
            come.body = std::collections::VecDeque::new();
        }
        let some = buf.filled().len() > before;
        let waits = matches!(ready, Ok(false)) && !some;
        if waits {
            come.woken_by(cx);
        }
        drop(come);
        if taken > 0 {
            this.link.release(this.stream, taken);
        }
        match ready {
            _ if some => Poll::Ready(Ok(())),
            Ok(true) => Poll::Ready(Ok(())),
            Ok(false) => Poll::Pending,
            Err(error) => Poll::Ready(Err(error)),
        }
    }
}

impl AsyncWrite for StreamSocket {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        if this.flow.come().fault.is_some() {
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        }
        if matches!(this.writing, Writing::Head) {
            return Poll::Ready(this.open(bytes).inspect(|length| {
                this.remember(bytes.get(..*length).unwrap_or_default());
            }));
        }
        if let Poll::Ready(Err(error)) = this.poll_send(cx) {
            return Poll::Ready(Err(error));
        }
        if this.waiting.len() - this.sent >= WAITING_MAX {
            return Poll::Pending;
        }
        let some = bytes.get(..WAITING_MAX).unwrap_or(bytes);
        let decoder = match &mut this.writing {
            Writing::Body(decoder) => decoder,
            Writing::Tunnel => {
                this.waiting.extend_from_slice(some);
                return match this.poll_send(cx) {
                    Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
                    Poll::Ready(Ok(())) | Poll::Pending => Poll::Ready(Ok(some.len())),
                };
            }
            Writing::Head | Writing::Ended => {
                return Poll::Ready(Err(io::Error::other("more than a request")));
            }
        };
        let decoded = match decoder.decode(some) {
            Ok(decoded) if decoded.consumed > 0 => decoded,
            Ok(_) | Err(_) => return Poll::Ready(Err(io::Error::other("a body that isn't ours"))),
        };
        let data = some.get(decoded.data).unwrap_or_default();
        this.waiting.extend_from_slice(data);
        this.remember(some.get(..decoded.consumed).unwrap_or_default());
        if let Poll::Ready(Err(error)) = this.poll_send(cx) {
            return Poll::Ready(Err(error));
        }
        Poll::Ready(Ok(decoded.consumed))
    }

    /// What was written has left for the connection, which may hold it until the
    /// application reads.
    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.get_mut().poll_send(cx)
    }

    /// Ends our half of a tunnel.
    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        ready!(this.poll_send(cx))?;
        if matches!(this.writing, Writing::Tunnel) {
            this.link.codec().send_data(this.stream, &[], true);
            this.link.wake();
            this.writing = Writing::Ended;
        }
        Poll::Ready(Ok(()))
    }
}

impl Drop for StreamSocket {
    fn drop(&mut self) {
        match self.stream {
            0 => self.link.give_up(),
            u32::MAX => {}
            stream => {
                let come = self.flow.come();
                let (spoke, fault) = (come.spoke, come.fault);
                drop(come);
                let unanswered = (!spoke && fault.is_none()).then_some(self.opened);
                self.link.done(stream, unanswered, self.patience);
            }
        }
    }
}
