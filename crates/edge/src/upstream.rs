//! Connections to applications: a pool per worker, without a lock, and one exchange
//! over our own codec.

use std::{
    cell::RefCell,
    io,
    net::SocketAddr,
    pin::Pin,
    rc::Rc,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};

use h1::{Answer, AnswerHead, Asked, BodyDecoder};
use rustls::pki_types::ServerName;
use seam::{
    Refusal, RefusalPage,
    snapshot::{Place, Site, Upstream},
};
use terms::Moment;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::{TcpStream, UnixStream},
};
use tokio_rustls::{TlsConnector, client::TlsStream};

use crate::{
    buffer::{Buffer, Buffers, Outbox},
    worker::{Local, Worker},
};

/// A kept connection that has been idle for longer is not used again: applications
/// close theirs after 5 s (Node) to 75 s (nginx).
const KEPT_FOR: Duration = Duration::from_secs(55);

/// A socket to an application.
pub(crate) enum Socket {
    Tcp(TcpStream),
    Unix(UnixStream),
    Tls(Box<TlsStream<TcpStream>>),
}

macro_rules! each_socket {
    ($self:expr, $socket:ident => $call:expr) => {
        match $self.get_mut() {
            Socket::Tcp($socket) => $call,
            Socket::Unix($socket) => $call,
            Socket::Tls($socket) => $call,
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
            Self::Broken(reason) => Refusal::new(RefusalPage::UpstreamBroken, reason),
        }
    }
}

/// The application took too long.
pub(crate) const LATE: Refusal =
    Refusal::new(RefusalPage::UpstreamTimeout, "upstream-late").retry_after(30);

/// Kept connections: one list per application, in the order of the snapshot.
#[derive(Default)]
pub(crate) struct Pools(Vec<Vec<RefCell<Kept>>>);

/// Boxed, since a connection is handed on several times for each request.
type Kept = Vec<Box<Conn>>;

impl Pools {
    /// Empty lists for these sites.
    pub(crate) fn of(sites: &[Arc<Site>]) -> Self {
        Self(
            sites
                .iter()
                .map(|site| site.upstreams.iter().map(|_| RefCell::default()).collect())
                .collect(),
        )
    }

    fn list(&self, site: u16, upstream: usize) -> Option<&RefCell<Kept>> {
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
        if let Some(list) = self.list(site, upstream) {
            let mut list = list.borrow_mut();
            if list.len() < usize::from(most) {
                list.push(conn);
            }
        }
    }

    /// Drops connections that were idle for too long.
    pub(crate) fn tidy(&self, now: Moment) {
        for list in self.0.iter().flatten() {
            list.borrow_mut()
                .retain(|conn| now.since(conn.since) < KEPT_FOR);
        }
    }

    fn take(
        &self,
        site: u16,
        upstream: usize,
        now: Moment,
        buffers: &Buffers,
    ) -> Option<Box<Conn>> {
        let list = self.list(site, upstream)?;
        loop {
            let mut conn = list.borrow_mut().pop()?;
            if now.since(conn.since) < KEPT_FOR && conn.is_quiet(buffers) {
                return Some(conn);
            }
        }
    }
}

impl Conn {
    pub(crate) fn new(socket: Socket, now: Moment) -> Self {
        Self {
            socket,
            input: Buffer::default(),
            out: Outbox::default(),
            head: AnswerHead::new(),
            reused: false,
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

    /// Gives the unanswered head back, for another connection.
    pub(crate) fn take_back(&mut self, head: &mut Vec<u8>) {
        self.out.rewind();
        std::mem::swap(&mut self.out.bytes, head);
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
                Ok(0) | Err(_) if unanswered => return Poll::Ready(Err(Fault::ClosedUnanswered)),
                Ok(0) | Err(_) => return Poll::Ready(Err(Fault::Broken("upstream-head-cut"))),
                Ok(_) => {}
            }
        }
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

/// A kept connection, or a new one to the first application that can be reached, in the
/// order of their health. `fresh` asks for a new one.
pub(crate) async fn take(
    worker: &Rc<Worker>,
    local: &Local,
    site: u16,
    fresh: bool,
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
        match connect(local, upstream).await {
            Ok(socket) => {
                worker.counters.upstream_connects.add(1);
                local.accounts.reached(site, index);
                return Ok(Taken {
                    conn: Box::new(Conn::new(socket, now)),
                    upstream: index,
                });
            }
            Err(next) => {
                worker.counters.upstream_faults.add(1);
                local.accounts.failed(site, index, worker.now());
                fault = next;
            }
        }
    }
    Err(fault)
}

pub(crate) async fn connect(local: &Local, upstream: &Upstream) -> Result<Socket, Fault> {
    let attempt = async {
        let stream = match &upstream.place {
            Place::Unix(path) => {
                let stream = UnixStream::connect(path).await;
                return stream
                    .map(Socket::Unix)
                    .map_err(|error| Fault::Unreachable(why(&error)));
            }
            Place::Socket(address) => dial(*address).await,
            Place::Name(name, port) => dial_name(name, *port).await,
        };
        let stream = stream.map_err(|error| Fault::Unreachable(why(&error)))?;
        let Some(name) = &upstream.tls else {
            return Ok(Socket::Tcp(stream));
        };
        let (Some(config), Ok(name)) =
            (&local.upstream_tls, ServerName::try_from(name.to_string()))
        else {
            return Err(Fault::Unreachable("upstream-tls-not-configured"));
        };
        TlsConnector::from(config.clone())
            .connect(name, stream)
            .await
            .map(|stream| Socket::Tls(Box::new(stream)))
            .map_err(|_| Fault::Unreachable("upstream-tls-refused"))
    };
    tokio::time::timeout(local.limits.connect, attempt)
        .await
        .unwrap_or(Err(Fault::Unreachable("upstream-connect-late")))
}

async fn dial(address: SocketAddr) -> io::Result<TcpStream> {
    let stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

async fn dial_name(name: &str, port: u16) -> io::Result<TcpStream> {
    let mut last = io::Error::from(io::ErrorKind::NotFound);
    for address in tokio::net::lookup_host((name, port)).await?.take(8) {
        match dial(address).await {
            Ok(stream) => return Ok(stream),
            Err(error) => last = error,
        }
    }
    Err(last)
}

fn why(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::ConnectionRefused => "upstream-refused",
        io::ErrorKind::NotFound => "upstream-not-found",
        io::ErrorKind::TimedOut => "upstream-connect-late",
        _ => "upstream-unreachable",
    }
}
