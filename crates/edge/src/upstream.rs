//! Connections to applications: a pool per worker, without a lock, and one exchange
//! over our own codec. HTTP/2 is spoken below this: see `upstream/http2.rs`.

use std::{
    cell::RefCell,
    io,
    pin::Pin,
    rc::Rc,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};

use h1::{Answer, AnswerHead, Asked, BodyDecoder};
use seam::{
    Refusal, RefusalPage,
    snapshot::{Protocol, Site, Upstream},
};
use terms::Moment;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::{TcpStream, UnixStream},
};
use tokio_rustls::client::TlsStream;

use crate::{
    buffer::{Buffer, Buffers, Outbox},
    serve::Forward,
    worker::{Local, Worker},
};

mod dial;
mod http2;

use dial::dial;
use http2::{Found, Peer, StreamSocket};

/// A kept connection that has been idle for longer is not used again: applications
/// close theirs after 5 s (Node) to 75 s (nginx).
const KEPT_FOR: Duration = Duration::from_secs(55);

/// How often a request is sent again that an application says it didn't look at: often
/// enough for one that leaves its connections after a few requests each.
pub(crate) const AGAIN: u8 = 4;

/// A socket to an application.
pub(crate) enum Socket {
    Tcp(TcpStream),
    Unix(UnixStream),
    Tls(Box<TlsStream<TcpStream>>),
    /// One stream of HTTP/2, which speaks HTTP/1 here.
    Stream(Box<StreamSocket>),
}

macro_rules! each_socket {
    ($self:expr, $socket:ident => $call:expr) => {
        match $self.get_mut() {
            Socket::Tcp($socket) => $call,
            Socket::Unix($socket) => $call,
            Socket::Tls($socket) => $call,
            Socket::Stream($socket) => $call,
        }
    };
}

impl AsyncRead for Socket {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        each_socket!(self, socket => Pin::new(socket).poll_read(cx, buf))
    }
}

impl AsyncWrite for Socket {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        each_socket!(self, socket => Pin::new(socket).poll_write(cx, bytes))
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        each_socket!(self, socket => Pin::new(socket).poll_flush(cx))
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        each_socket!(self, socket => Pin::new(socket).poll_shutdown(cx))
    }
}

/// A connection to an application with what is under way on it.
pub(crate) struct Conn {
    socket: Socket,
    pub(crate) input: Buffer,
    pub(crate) out: Outbox,
    head: AnswerHead,
    /// It has served before: the application may have closed it meanwhile.
    pub(crate) reused: bool,
    since: Moment,
}

/// Why an application gave no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// No connection could be made.
    Unreachable(&'static str),
    /// It closed before the first byte of an answer.
    ClosedUnanswered,
    /// It says itself that it didn't look at the request: it may be sent again, whatever
    /// it asks.
    Unprocessed,
    /// It takes no more requests at once, and none of those before ended in time.
    Busy,
    /// A WebSocket was asked for; only HTTP/2 is spoken with it, and it takes none there.
    NoUpgrade,
    /// What it sent can't be read.
    Broken(&'static str),
}

impl Fault {
    /// What the client gets.
    pub(crate) const fn refusal(self) -> Refusal {
        match self {
            Self::Unreachable(reason) => {
                Refusal::new(RefusalPage::UpstreamDown, reason).retry_after(5)
            }
            Self::ClosedUnanswered => {
                Refusal::new(RefusalPage::UpstreamDown, "upstream-closed-unanswered").retry_after(5)
            }
            Self::Unprocessed => {
                Refusal::new(RefusalPage::UpstreamDown, "upstream-unprocessed").retry_after(5)
            }
            Self::Busy => Refusal::new(RefusalPage::Unavailable, "upstream-busy").retry_after(5),
            Self::NoUpgrade => Refusal::new(
                RefusalPage::NotImplemented,
                "websocket-to-http2-application",
            ),
            Self::Broken(reason) => Refusal::new(RefusalPage::UpstreamBroken, reason),
        }
    }
}

/// The application took too long.
pub(crate) const LATE: Refusal =
    Refusal::new(RefusalPage::UpstreamTimeout, "upstream-late").retry_after(30);

/// Connections that may be used again, of each application in the order of the snapshot.
#[derive(Default)]
pub(crate) struct Pools(Vec<Vec<Pool>>);

/// Boxed, since a connection is handed on several times for each request.
type Kept = Vec<Box<Conn>>;

/// Those of one application.
#[derive(Default)]
struct Pool {
    /// Of HTTP/1, idle.
    kept: RefCell<Kept>,
    /// Of HTTP/2, shared.
    peer: Peer,
}

impl Pools {
    /// Empty lists for these sites.
    pub(crate) fn of(sites: &[Arc<Site>]) -> Self {
        Self(
            sites
                .iter()
                .map(|site| site.upstreams.iter().map(|_| Pool::default()).collect())
                .collect(),
        )
    }

    fn pool(&self, site: u16, upstream: usize) -> Option<&Pool> {
        self.0.get(usize::from(site))?.get(upstream)
    }

    /// Keeps a connection for the next request.
    pub(crate) fn keep(
        &self,
        site: u16,
        upstream: usize,
        mut conn: Box<Conn>,
        worker: &Worker,
        most: u16,
    ) {
        conn.reused = true;
        conn.since = worker.recent();
        conn.out.rest();
        conn.input.release(&worker.buffers);
        if let Some(pool) = self.pool(site, upstream) {
            let mut list = pool.kept.borrow_mut();
            if list.len() < usize::from(most) {
                list.push(conn);
            }
        }
    }

    /// Drops connections that were idle for too long.
    pub(crate) fn tidy(&self, now: Moment) {
        for pool in self.0.iter().flatten() {
            pool.kept
                .borrow_mut()
                .retain(|conn| now.since(conn.since) < KEPT_FOR);
            pool.peer.tidy(now, KEPT_FOR);
        }
    }

    fn take(
        &self,
        site: u16,
        upstream: usize,
        now: Moment,
        buffers: &Buffers,
    ) -> Option<Box<Conn>> {
        let pool = self.pool(site, upstream)?;
        loop {
            let mut conn = pool.kept.borrow_mut().pop()?;
            if now.since(conn.since) < KEPT_FOR && conn.is_quiet(buffers) {
                return Some(conn);
            }
        }
    }
}

impl Conn {
    fn new(socket: Socket, now: Moment) -> Self {
        let reused = match &socket {
            Socket::Stream(stream) => stream.is_reused(),
            Socket::Tcp(_) | Socket::Unix(_) | Socket::Tls(_) => false,
        };
        Self {
            socket,
            input: Buffer::default(),
            out: Outbox::default(),
            head: AnswerHead::new(),
            reused,
            since: now,
        }
    }

    /// Whether an idle connection is still open and silent. Bytes that nobody asked
    /// for, or an end that has already arrived, make it useless.
    fn is_quiet(&mut self, buffers: &Buffers) -> bool {
        let mut cx = Context::from_waker(std::task::Waker::noop());
        self.input
            .poll_fill(&mut cx, &mut self.socket, buffers)
            .is_pending()
    }

    /// Starts an exchange: `head` are the bytes of the request's head, and gets the
    /// connection's spare memory in return.
    pub(crate) fn begin(&mut self, head: &mut Vec<u8>) {
        self.out.clear();
        std::mem::swap(&mut self.out.bytes, head);
        self.head.clear();
    }

    /// Gives back what is unanswered, for another connection: the head, and what was sent
    /// of a body. `false` where not all of it is known any more.
    pub(crate) fn take_back(&mut self, head: &mut Vec<u8>) -> bool {
        if let Socket::Stream(stream) = &mut self.socket {
            let Some(mut sent) = stream.replay() else {
                return false;
            };
            sent.extend_from_slice(self.out.bytes.get(self.out.written()..).unwrap_or_default());
            *head = sent;
            return true;
        }
        self.out.rewind();
        std::mem::swap(&mut self.out.bytes, head);
        true
    }

    /// Writes what waits, and keeps it for [`Self::take_back`].
    pub(crate) fn poll_write(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.out.poll_write(cx, &mut self.socket)
    }

    /// Writes and flushes everything.
    pub(crate) fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.out.poll_flush(cx, &mut self.socket)
    }

    /// Writes until more may be appended.
    pub(crate) fn poll_room(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.out.poll_room(cx, &mut self.socket)
    }

    /// Reads once.
    pub(crate) fn poll_fill(
        &mut self,
        cx: &mut Context<'_>,
        buffers: &Buffers,
    ) -> Poll<io::Result<usize>> {
        self.input.poll_fill(cx, &mut self.socket, buffers)
    }

    /// Closes our direction: the client has ended its own (tunnels).
    pub(crate) fn poll_shutdown(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_shutdown(cx)
    }

    /// Reads until a head that isn't interim is whole; returns its length. Interim
    /// heads (RFC 9110 section 15.2) are taken off and forgotten: ours went out before.
    pub(crate) fn poll_head(
        &mut self,
        cx: &mut Context<'_>,
        asked: Asked,
        codec: &h1::Limits,
        worker: &Worker,
    ) -> Poll<Result<usize, Fault>> {
        loop {
            match self.head.parse(self.input.filled(), codec, asked) {
                Err(refusal) => return Poll::Ready(Err(Fault::Broken(refusal.code()))),
                Ok(Some(length)) => {
                    let status = self.head.status();
                    if !(100..200).contains(&status) || status == 101 {
                        return Poll::Ready(Ok(length));
                    }
                    self.input.consume(length);
                    self.head.clear();
                    // It has said something: not a connection that was closed meanwhile.
                    self.reused = false;
                    continue;
                }
                Ok(None) => {}
            }
            let unanswered = self.input.is_empty();
            match ready!(self.poll_fill(cx, &worker.buffers)) {
                Ok(0) | Err(_) if unanswered => return Poll::Ready(Err(self.unanswered())),
                Ok(0) | Err(_) => return Poll::Ready(Err(Fault::Broken("upstream-head-cut"))),
                Ok(_) => {}
            }
        }
    }

    #[cold]
    fn unanswered(&self) -> Fault {
        let told = match &self.socket {
            Socket::Stream(stream) => stream.fault(),
            Socket::Tcp(_) | Socket::Unix(_) | Socket::Tls(_) => None,
        };
        told.unwrap_or(Fault::ClosedUnanswered)
    }

    /// The head that [`Self::poll_head`] found.
    pub(crate) fn view(&self) -> Answer<'_> {
        self.head.view(self.input.filled())
    }

    /// The next run of body bytes, at most `most` of them: `each` gets them.
    pub(crate) fn decode(
        &mut self,
        body: &mut BodyDecoder,
        most: usize,
        mut each: impl FnMut(&[u8]),
    ) -> Result<Step, &'static str> {
        let filled = self.input.filled();
        let filled = filled.get(..most).unwrap_or(filled);
        let decoded = body.decode(filled).map_err(|refusal| refusal.code())?;
        let data = filled.get(decoded.data).unwrap_or_default();
        let some = !data.is_empty();
        if some {
            each(data);
        }
        self.input.consume(decoded.consumed);
        Ok(match (decoded.done, some || decoded.consumed > 0) {
            (true, _) => Step::Done,
            (false, true) => Step::More,
            (false, false) => Step::Starved,
        })
    }

    /// Whether nothing is left over, so that the connection may be kept.
    pub(crate) fn is_clean(&self) -> bool {
        self.input.is_empty() && self.out.is_empty()
    }
}

/// How far a body decoder got.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    /// There may be more in the buffer.
    More,
    /// It needs more bytes.
    Starved,
    /// The body is complete.
    Done,
}

/// A connection for a request, and the index of its application.
pub(crate) struct Taken {
    pub(crate) conn: Box<Conn>,
    pub(crate) upstream: usize,
}

/// A connection for this request: a kept one, a stream, or a new one, of the first
/// application that can be reached, in the order of their health. `fresh` asks for a new
/// one.
pub(crate) async fn take(
    worker: &Rc<Worker>,
    local: &Local,
    site: u16,
    fresh: bool,
    plan: &Forward,
) -> Result<Taken, Fault> {
    let mut fault = Fault::Unreachable("no-application");
    let Some(known) = local.sites.get(usize::from(site)) else {
        return Err(fault);
    };
    let order = local
        .accounts
        .order(known, worker.recent(), local.limits.connect);
    for index in order {
        let Some(upstream) = known.upstreams.get(index) else {
            continue;
        };
        let now = worker.recent();
        if !fresh && let Some(conn) = local.pools.take(site, index, now, &worker.buffers) {
            return Ok(Taken {
                conn,
                upstream: index,
            });
        }
        let found = match upstream.protocol {
            Protocol::Http1 => connect(worker, local, upstream).await,
            Protocol::Negotiated | Protocol::Http2 => {
                let pool = local.pools.pool(site, index);
                shared(worker, local, upstream, pool, plan).await
            }
        };
        match found {
            Ok(socket) => {
                local.accounts.reached(site, index);
                return Ok(Taken {
                    conn: Box::new(Conn::new(socket, now)),
                    upstream: index,
                });
            }
            // It is there: another one isn't asked in its place.
            Err(next @ (Fault::Busy | Fault::NoUpgrade)) => return Err(next),
            Err(next) => {
                worker.counters.upstream_faults.add(1);
                local.accounts.failed(site, index, worker.now());
                fault = next;
            }
        }
    }
    Err(fault)
}

/// A new connection of HTTP/1.
async fn connect(worker: &Rc<Worker>, local: &Local, upstream: &Upstream) -> Result<Socket, Fault> {
    let attempt = dial(local, upstream, true);
    let dialled = tokio::time::timeout(local.limits.connect, attempt).await;
    let dialled = dialled.unwrap_or(Err(Fault::Unreachable("upstream-connect-late")))?;
    worker.counters.upstream_connects.add(1);
    Ok(dialled.socket)
}

/// A stream of HTTP/2, or a new connection where the application speaks HTTP/1.
async fn shared(
    worker: &Rc<Worker>,
    local: &Local,
    upstream: &Upstream,
    pool: Option<&Pool>,
    plan: &Forward,
) -> Result<Socket, Fault> {
    if plan.upgrade && upstream.protocol != Protocol::Http2 {
        return connect(worker, local, upstream).await;
    }
    let Some(pool) = pool else {
        return Err(Fault::Unreachable("no-application"));
    };
    match pool.peer.find(worker, local, upstream, plan.te).await? {
        Found::Http1(socket) => Ok(socket),
        Found::Stream(stream) if plan.upgrade && !stream.takes_tunnels() => Err(Fault::NoUpgrade),
        Found::Stream(stream) => {
            worker.counters.upstream_http2.add(1);
            Ok(Socket::Stream(Box::new(stream)))
        }
    }
}

/// A connection of its own, such as for a check.
pub(crate) async fn alone(
    worker: &Rc<Worker>,
    local: &Local,
    upstream: &Upstream,
) -> Result<Conn, Fault> {
    let socket = match http2::alone(worker, local, upstream).await? {
        Found::Http1(socket) => socket,
        Found::Stream(stream) => Socket::Stream(Box::new(stream)),
    };
    Ok(Conn::new(socket, worker.now()))
}
