//! One HTTP request over a connection of its own, with phase times, the peer's
//! certificates and limits on everything. hyper for HTTP/1.1 and HTTP/2.

use std::{net::SocketAddr, time::Duration};

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use serde::{Deserialize, Serialize};
use terms::Clock;
use tokio::{
    io::{AsyncRead, AsyncWrite, AsyncWriteExt},
    task::JoinSet,
};

use crate::{
    address::{AddressPolicy, resolve},
    fault::{Budget, Cause, Phase, VisitError},
    proxy::proxy_v2,
    raw::{Door, Wire},
    tls::{self, Peer, Trust},
    url::{Host, MalformedUrl, Scheme, Url},
};

/// Which HTTP is spoken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Protocol {
    /// HTTP/2 where the peer agrees to it by ALPN, else HTTP/1.1; without TLS HTTP/1.1.
    #[default]
    Either,
    /// HTTP/1.1.
    Http1,
    /// HTTP/2; without TLS with prior knowledge (RFC 9113 §3.3).
    Http2,
}

/// What a visit may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Time for everything, redirects included: 10 s.
    pub total: Duration,
    /// Bytes of body read, 1 MiB; more is cut off and marked, not an error.
    pub body: usize,
    /// Bytes of the answer's head, 64 KiB; more is an error.
    pub head: u32,
    /// Fields in the answer's head over HTTP/1, 128; more is an error.
    pub fields: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            total: Duration::from_secs(10),
            body: 1 << 20,
            head: 64 << 10,
            fields: 128,
        }
    }
}

/// How to get in, where it isn't by the URL's own name.
#[derive(Debug, Clone, Default)]
pub struct Entrance {
    /// Connect here instead of resolving the host.
    pub door: Option<Door>,
    /// Source and destination to announce by PROXY v2, before TLS.
    pub announce: Option<(SocketAddr, SocketAddr)>,
    /// The name in the handshake (SNI), which the certificate must cover, where it
    /// isn't the URL's host.
    pub server_name: Option<Host>,
}

/// A request.
#[derive(Debug, Clone)]
pub struct Request {
    /// The method.
    pub method: Method,
    /// Where to.
    pub url: Url,
    /// Fields. `Host` (HTTP/1) and `User-Agent` are added where they are missing.
    pub headers: HeaderMap,
    /// The body; its length is sent with it.
    pub body: Bytes,
    /// Which HTTP.
    pub protocol: Protocol,
    /// Redirects followed, 0 by default: then a redirect is an answer like others.
    pub redirects: u8,
    /// How to get in; for redirects within the same origin as well.
    pub entrance: Entrance,
    /// What it may take.
    pub limits: Limits,
}

impl Request {
    /// A request without body, with the default limits.
    pub fn new(method: Method, url: Url) -> Self {
        Self {
            method,
            url,
            headers: HeaderMap::new(),
            body: Bytes::new(),
            protocol: Protocol::default(),
            redirects: 0,
            entrance: Entrance::default(),
            limits: Limits::default(),
        }
    }

    /// A GET.
    pub fn get(url: Url) -> Self {
        Self::new(Method::GET, url)
    }
}

/// How long each phase took, in microseconds. After redirects: of the last hop, but
/// `total_us` of all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Phases {
    /// Finding the addresses; `None` where a door was given.
    pub resolve_us: Option<u64>,
    /// Connecting, with the PROXY header.
    pub connect_us: u64,
    /// The TLS handshake; `None` without TLS.
    pub tls_us: Option<u64>,
    /// From sending the request to the end of the answer's head.
    pub first_byte_us: u64,
    /// Everything.
    pub total_us: u64,
}

/// An answer.
#[derive(Debug)]
pub struct Response {
    /// The status.
    pub status: StatusCode,
    /// The version it came in.
    pub version: http::Version,
    /// The head's fields.
    pub headers: HeaderMap,
    /// The body as sent (nothing is decompressed), up to the limit.
    pub body: Bytes,
    /// The body was longer than the limit.
    pub truncated: bool,
    /// Times.
    pub phases: Phases,
    /// Who answered; `None` without TLS.
    pub peer: Option<Peer>,
    /// Where the connection went.
    pub door: Door,
    /// The URL that answered: another than asked for after redirects.
    pub url: Url,
}

/// Both directions of a connection, with or without TLS.
pub trait Duplex: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Duplex for T {}

/// A connection on which nothing was sent yet (but for the PROXY header and the
/// handshake): for bytes that no HTTP library would send, see [`crate::raw::converse`].
pub struct Opened {
    /// The connection.
    pub stream: Box<dyn Duplex>,
    /// Who answered; `None` without TLS.
    pub peer: Option<Peer>,
    /// Where it goes.
    pub door: Door,
    /// Times so far.
    pub phases: Phases,
}

/// A client: whom it believes and whither it goes. Cheap to clone; holds no connection.
#[derive(Debug, Clone)]
pub struct Visitor {
    clock: Clock,
    policy: AddressPolicy,
    trust: Trust,
}

impl Visitor {
    /// A client with these rules.
    pub const fn new(clock: Clock, policy: AddressPolicy, trust: Trust) -> Self {
        Self {
            clock,
            policy,
            trust,
        }
    }

    pub(crate) const fn clock(&self) -> &Clock {
        &self.clock
    }

    pub(crate) const fn trust(&self) -> &Trust {
        &self.trust
    }

    /// Where the URL's host is, by the policy: for drills that then use [`crate::raw`]
    /// or [`crate::hello`].
    ///
    /// # Errors
    /// As [`resolve`].
    pub async fn doors(&self, url: &Url, deadline: Duration) -> Result<Vec<Door>, VisitError> {
        let found = resolve(url.host(), url.port(), &self.policy, deadline).await?;
        Ok(found.into_iter().map(Door::Tcp).collect())
    }

    /// Connects to the URL's scheme, host and port, with TLS for https, and offers
    /// `alpn`.
    ///
    /// # Errors
    /// Whatever failed, with its phase.
    pub async fn open(
        &self,
        url: &Url,
        entrance: &Entrance,
        alpn: &[&[u8]],
        deadline: Duration,
    ) -> Result<Opened, VisitError> {
        self.open_within(url, entrance, alpn, &Budget::new(&self.clock, deadline))
            .await
    }

    async fn open_within(
        &self,
        url: &Url,
        entrance: &Entrance,
        alpn: &[&[u8]],
        budget: &Budget<'_>,
    ) -> Result<Opened, VisitError> {
        let target = url.to_string();
        let mut phases = Phases::default();
        let begin = budget.spent();
        let doors = match &entrance.door {
            Some(door) => vec![door.clone()],
            None => {
                let doors = self.doors(url, budget.left()).await?;
                phases.resolve_us = Some(micros(budget.spent().saturating_sub(begin)));
                doors
            }
        };
        let begin = budget.spent();
        let connected = async {
            let (mut wire, door) = dial(doors, budget).await?;
            if let Some((source, destination)) = entrance.announce {
                let header = proxy_v2(source, destination);
                budget.within(wire.write_all(&header)).await?;
            }
            Ok((wire, door))
        };
        let connected: Result<_, Cause> = connected.await;
        let (wire, door) =
            connected.map_err(|cause| VisitError::new(Phase::Connect, &*target, cause))?;
        phases.connect_us = micros(budget.spent().saturating_sub(begin));
        if url.scheme() == Scheme::Http {
            return Ok(Opened {
                stream: Box::new(wire),
                peer: None,
                door,
                phases,
            });
        }
        let begin = budget.spent();
        let host = entrance.server_name.as_ref().unwrap_or(url.host());
        let secured = match tls::config(budget.clock(), &self.trust, alpn) {
            Ok(config) => budget.within(tls::secure(wire, host, config)).await,
            Err(cause) => Err(cause),
        };
        let (stream, peer) = secured.map_err(|cause| VisitError::new(Phase::Tls, target, cause))?;
        phases.tls_us = Some(micros(budget.spent().saturating_sub(begin)));
        Ok(Opened {
            stream: Box::new(stream),
            peer: Some(peer),
            door,
            phases,
        })
    }

    /// Sends a request and reads the answer, following as many redirects as it allows.
    ///
    /// Each hop is resolved and checked anew. Towards another origin `Authorization`,
    /// `Cookie` and `Host` are left out, and a body isn't carried; from https to http
    /// nothing is followed. 303, and 301 and 302 after POST, turn into GET
    /// (RFC 9110 §15.4).
    ///
    /// # Errors
    /// Whatever failed, with its phase. A status such as 500 is an answer.
    pub async fn fetch(&self, request: &Request) -> Result<Response, VisitError> {
        let budget = Budget::new(&self.clock, request.limits.total);
        let mut hop = request.clone();
        for _ in 0..=request.redirects {
            let mut response = Box::pin(self.fetch_once(&hop, &budget)).await?;
            response.phases.total_us = micros(budget.spent());
            let followed = matches!(response.status.as_u16(), 301 | 302 | 303 | 307 | 308);
            if request.redirects == 0 || !followed {
                return Ok(response);
            }
            hop = redirected(&hop, &response)
                .map_err(|cause| VisitError::new(Phase::Redirect, hop.url.to_string(), cause))?;
        }
        let cause = Cause::TooManyRedirects(request.redirects);
        Err(VisitError::new(Phase::Redirect, hop.url.to_string(), cause))
    }

    /// A request to be sent several times.
    pub fn repeat(&self, request: Request) -> Repeated {
        Repeated {
            visitor: self.clone(),
            request,
            kept: None,
        }
    }

    /// Opens a connection that offers what the request's protocol asks for.
    async fn open_for(&self, request: &Request, budget: &Budget<'_>) -> Result<Opened, VisitError> {
        let alpn: &[&[u8]] = match request.protocol {
            Protocol::Either => &[b"h2", b"http/1.1"],
            Protocol::Http1 => &[b"http/1.1"],
            Protocol::Http2 => &[b"h2"],
        };
        self.open_within(&request.url, &request.entrance, alpn, budget)
            .await
    }

    async fn fetch_once(
        &self,
        request: &Request,
        budget: &Budget<'_>,
    ) -> Result<Response, VisitError> {
        let url = &request.url;
        let fail = |phase| move |cause: Cause| VisitError::new(phase, url.to_string(), cause);
        let opened = self.open_for(request, budget).await?;
        let second = is_second(request, opened.peer.as_ref());
        let Opened {
            stream,
            peer,
            door,
            mut phases,
        } = opened;
        let message = message(request, second)
            .map_err(Cause::Request)
            .map_err(fail(Phase::Head))?;
        let begin = budget.spent();
        // Dropping the set at the end stops the connection's task with it.
        let mut driver = JoinSet::new();
        let answer = async {
            let mut sender = Sender::begin(stream, second, request.limits, &mut driver).await?;
            sender.send(message).await
        };
        let answer = budget.within(answer).await.map_err(fail(Phase::Head))?;
        phases.first_byte_us = micros(budget.spent().saturating_sub(begin));
        let (head, incoming) = answer.into_parts();
        let reading = budget.within(read_body(incoming, request.limits.body));
        let (body, truncated) = reading.await.map_err(fail(Phase::Body))?;
        Ok(Response {
            status: head.status,
            version: head.version,
            headers: head.headers,
            body,
            truncated,
            phases,
            peer,
            door,
            url: url.clone(),
        })
    }
}

/// Whether HTTP/2 is spoken with this peer.
fn is_second(request: &Request, peer: Option<&Peer>) -> bool {
    match request.protocol {
        Protocol::Either => peer.and_then(|peer| peer.alpn.as_deref()) == Some(b"h2"),
        Protocol::Http1 => false,
        Protocol::Http2 => true,
    }
}

fn micros(span: Duration) -> u64 {
    u64::try_from(span.as_micros()).unwrap_or(u64::MAX)
}

/// Connects to the first door that opens. Each gets an equal share of what time is
/// left, so that one that doesn't answer leaves some for the next.
async fn dial(doors: Vec<Door>, budget: &Budget<'_>) -> Result<(Wire, Door), Cause> {
    let mut failed = Cause::NoAddress;
    let count = u32::try_from(doors.len()).unwrap_or(u32::MAX);
    for (door, to_come) in doors.into_iter().zip((1..=count).rev()) {
        let share = budget.left() / to_come;
        match tokio::time::timeout(share, Wire::connect(&door)).await {
            Ok(Ok(wire)) => return Ok((wire, door)),
            Ok(Err(error)) => failed = error.into(),
            Err(_) => failed = Cause::Deadline(share),
        }
    }
    Err(failed)
}

fn message(request: &Request, second: bool) -> Result<http::Request<Full<Bytes>>, http::Error> {
    let url = &request.url;
    // HTTP/2 takes scheme and authority from the URI, HTTP/1 sends the path only.
    let uri = if second {
        url.to_string()
    } else {
        url.path_and_query().to_string()
    };
    let body = Full::new(request.body.clone());
    let mut message = http::Request::builder()
        .method(&request.method)
        .uri(uri)
        .body(body)?;
    *message.headers_mut() = request.headers.clone();
    let fields = message.headers_mut();
    if !second && !fields.contains_key(header::HOST) {
        fields.insert(header::HOST, HeaderValue::from_str(&url.authority())?);
    }
    if !fields.contains_key(header::USER_AGENT) {
        let agent = concat!("waarborg/", env!("CARGO_PKG_VERSION"));
        fields.insert(header::USER_AGENT, HeaderValue::from_static(agent));
    }
    Ok(message)
}

/// A connection that takes several requests, one after the other.
enum Sender {
    Http1(hyper::client::conn::http1::SendRequest<Full<Bytes>>),
    Http2(hyper::client::conn::http2::SendRequest<Full<Bytes>>),
}

impl Sender {
    /// Begins to speak HTTP; the connection's task is put into `driver`.
    async fn begin(
        stream: Box<dyn Duplex>,
        second: bool,
        limits: Limits,
        driver: &mut JoinSet<()>,
    ) -> Result<Self, Cause> {
        let stream = TokioIo::new(stream);
        // A connection's own end is seen in the answer or in its body.
        if second {
            let mut builder = hyper::client::conn::http2::Builder::new(TokioExecutor::new());
            builder
                .timer(TokioTimer::new())
                .max_header_list_size(limits.head);
            let (sender, connection) = builder.handshake(stream).await.map_err(Cause::Http)?;
            driver.spawn(async move {
                let _ = connection.await;
            });
            return Ok(Self::Http2(sender));
        }
        let mut builder = hyper::client::conn::http1::Builder::new();
        builder.max_header_size(usize::try_from(limits.head).unwrap_or(usize::MAX));
        builder.max_headers(limits.fields);
        let (sender, connection) = builder.handshake(stream).await.map_err(Cause::Http)?;
        driver.spawn(async move {
            let _ = connection.await;
        });
        Ok(Self::Http1(sender))
    }

    /// Waits until a request can be sent.
    async fn ready(&mut self) -> Result<(), Cause> {
        match self {
            Self::Http1(sender) => sender.ready().await,
            Self::Http2(sender) => sender.ready().await,
        }
        .map_err(Cause::Http)
    }

    /// Sends a request and waits for the answer's head.
    async fn send(
        &mut self,
        message: http::Request<Full<Bytes>>,
    ) -> Result<http::Response<Incoming>, Cause> {
        match self {
            Self::Http1(sender) => sender.send_request(message).await,
            Self::Http2(sender) => sender.send_request(message).await,
        }
        .map_err(Cause::Http)
    }
}

/// A request that is sent as often as wanted, over one connection as long as the peer
/// keeps it.
pub struct Repeated {
    visitor: Visitor,
    request: Request,
    kept: Option<Kept>,
}

struct Kept {
    sender: Sender,
    second: bool,
    /// Dropping it stops the connection's task.
    _driver: JoinSet<()>,
}

impl Repeated {
    /// Sends the request once more; status and fields of the answer, whose body is read and
    /// thrown away. A redirect is an answer. The request's time holds for each.
    ///
    /// # Errors
    /// Whatever failed, with its phase.
    pub async fn again(&mut self) -> Result<(StatusCode, HeaderMap), VisitError> {
        let request = &self.request;
        let fail = |phase| {
            let url = request.url.to_string();
            move |cause: Cause| VisitError::new(phase, url, cause)
        };
        let budget = Budget::new(&self.visitor.clock, request.limits.total);
        let alive = match &mut self.kept {
            Some(kept) => budget.within(kept.sender.ready()).await.is_ok(),
            None => false,
        };
        if !alive {
            let opened = self.visitor.open_for(request, &budget).await?;
            let second = is_second(request, opened.peer.as_ref());
            let mut driver = JoinSet::new();
            let sender = Sender::begin(opened.stream, second, request.limits, &mut driver);
            self.kept = Some(Kept {
                sender: budget.within(sender).await.map_err(fail(Phase::Head))?,
                second,
                _driver: driver,
            });
        }
        let Some(kept) = &mut self.kept else {
            return Err(fail(Phase::Connect)(Cause::NoAddress));
        };
        let message = message(request, kept.second)
            .map_err(Cause::Request)
            .map_err(fail(Phase::Head))?;
        let answer = budget.within(kept.sender.send(message));
        let (head, incoming) = answer.await.map_err(fail(Phase::Head))?.into_parts();
        let reading = budget.within(read_body(incoming, request.limits.body));
        reading.await.map_err(fail(Phase::Body))?;
        Ok((head.status, head.headers))
    }
}

async fn read_body(mut incoming: Incoming, limit: usize) -> Result<(Bytes, bool), Cause> {
    let mut body = BytesMut::new();
    while let Some(frame) = incoming.frame().await {
        let Ok(mut data) = frame.map_err(Cause::Http)?.into_data() else {
            continue; // trailers
        };
        let room = limit.saturating_sub(body.len());
        if data.len() > room {
            data.truncate(room);
            body.extend_from_slice(&data);
            return Ok((body.freeze(), true));
        }
        body.extend_from_slice(&data);
    }
    Ok((body.freeze(), false))
}

/// The request that a redirect asks for.
fn redirected(request: &Request, response: &Response) -> Result<Request, Cause> {
    let location = response.headers.get(header::LOCATION);
    let location = location.ok_or(Cause::Location(MalformedUrl::Missing))?;
    let location = location
        .to_str()
        .map_err(|_| Cause::Location(MalformedUrl::Characters))?;
    let url = request.url.join(location).map_err(Cause::Location)?;
    if request.url.scheme() == Scheme::Https && url.scheme() == Scheme::Http {
        return Err(Cause::Downgrade(url.to_string()));
    }
    let mut next = request.clone();
    let as_get = match response.status.as_u16() {
        303 => request.method != Method::HEAD,
        301 | 302 => request.method == Method::POST,
        _ => false,
    };
    if as_get {
        next.method = Method::GET;
        next.body = Bytes::new();
        next.headers.remove(header::CONTENT_TYPE);
        next.headers.remove(header::CONTENT_LENGTH);
    }
    if !request.url.same_origin(&url) {
        if !next.body.is_empty() {
            return Err(Cause::BodyElsewhere(url.to_string()));
        }
        for secret in [header::AUTHORIZATION, header::COOKIE, header::HOST] {
            next.headers.remove(secret);
        }
        next.entrance = Entrance::default();
    }
    next.url = url;
    Ok(next)
}

#[cfg(test)]
mod tests;
