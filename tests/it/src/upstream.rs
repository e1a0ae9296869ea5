//! Small applications to stand behind the gateway: an honest one that tells what it
//! got, and one that says whatever it was given to say.

use std::{
    convert::Infallible,
    io::ErrorKind,
    net::SocketAddr,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll},
};

use bytes::Bytes;
use http::{HeaderValue, Request, Response, StatusCode, header};
use http_body_util::{BodyExt as _, Full, combinators::BoxBody};
use hyper::body::{Frame, Incoming};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    sync::{Semaphore, broadcast, mpsc, watch},
    task::JoinSet,
};

type Body = BoxBody<Bytes, Infallible>;

/// An application in this process. Its addresses:
///
/// - `/hold`: answers `held` once [`Upstream::release`] was called.
/// - `/events`: server-sent events, as told by [`Upstream::emit`].
/// - `/ws`: after the upgrade, every byte comes back.
/// - `/big`: as many bytes as the query says.
/// - `/text`: a text of some length, without a coding.
/// - `/gone`: closes the connection without an answer.
/// - `/id/…`: says what follows, and notes it for [`Upstream::ids`]; a POST must have it
///   as its body.
/// - all others: JSON that tells the request.
///
/// It answers the gateway's drills as everyone, but neither counts nor remembers them.
#[derive(Debug)]
pub struct Upstream {
    /// Where it listens.
    pub address: SocketAddr,
    shared: Arc<Shared>,
    _serving: JoinSet<()>,
}

#[derive(Debug)]
struct Shared {
    arrived: watch::Sender<u64>,
    heard: Mutex<Vec<Value>>,
    ids: Mutex<Vec<String>>,
    release: Semaphore,
    events: broadcast::Sender<String>,
    listeners: watch::Sender<u64>,
}

impl Upstream {
    /// Starts it on a free port.
    ///
    /// # Panics
    /// When there is none.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        Self::on(listener)
    }

    /// Starts it on a listener.
    ///
    /// # Panics
    /// When it has no address.
    pub fn on(listener: TcpListener) -> Self {
        let address = listener.local_addr().expect("it is bound");
        let shared = Arc::new(Shared {
            arrived: watch::Sender::new(0),
            heard: Mutex::default(),
            ids: Mutex::default(),
            release: Semaphore::new(0),
            events: broadcast::channel(64).0,
            listeners: watch::Sender::new(0),
        });
        let (mut serving, answering) = (JoinSet::new(), shared.clone());
        serving.spawn(async move {
            let mut open = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                open.spawn(serve(stream, answering.clone()));
                while open.try_join_next().is_some() {}
            }
        });
        Self {
            address,
            shared,
            _serving: serving,
        }
    }

    /// Its address as an `upstream` of a configuration.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Waits until so many requests have come in all.
    ///
    /// # Panics
    /// When they don't come.
    pub async fn arrived(&self, count: u64) {
        let mut arrived = self.shared.arrived.subscribe();
        let come = arrived.wait_for(|arrived| *arrived >= count);
        crate::in_time("requests arrive", come)
            .await
            .expect("it counts on");
    }

    /// How many requests have come.
    pub fn count(&self) -> u64 {
        *self.shared.arrived.borrow()
    }

    /// Takes what was told of the requests since the last time.
    pub fn heard(&self) -> Vec<Value> {
        let mut heard = self
            .shared
            .heard
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut *heard)
    }

    /// Takes the ids of all requests to `/id/…`, as they came.
    pub fn ids(&self) -> Vec<String> {
        let ids = self.shared.ids.lock();
        std::mem::take(&mut *ids.unwrap_or_else(PoisonError::into_inner))
    }

    /// Lets one held request be answered.
    pub fn release(&self) {
        self.shared.release.add_permits(1);
    }

    /// Sends an event to whoever listens.
    pub fn emit(&self, data: &str) {
        // With nobody there nobody hears it.
        let _ = self.shared.events.send(data.to_owned());
    }

    /// Waits until so many listen to events.
    ///
    /// # Panics
    /// When they don't come.
    pub async fn listened_to_by(&self, count: u64) {
        let mut listeners = self.shared.listeners.subscribe();
        let come = listeners.wait_for(|listeners| *listeners == count);
        crate::in_time("listeners come", come)
            .await
            .expect("it counts on");
    }
}

async fn serve(stream: TcpStream, shared: Arc<Shared>) {
    let service = hyper::service::service_fn(move |request| answer(request, shared.clone()));
    // Whoever breaks off breaks off.
    let _ = hyper::server::conn::http1::Builder::new()
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades()
        .await;
}

fn whole(text: impl Into<Bytes>) -> Body {
    Full::new(text.into()).boxed()
}

async fn answer(
    mut request: Request<Incoming>,
    shared: Arc<Shared>,
) -> Result<Response<Body>, std::io::Error> {
    let path = request.uri().path().to_owned();
    if let Some(id) = path.strip_prefix("/id/") {
        return identified(id, request, &shared).await;
    }
    let upgrade = (path == "/ws").then(|| hyper::upgrade::on(&mut request));
    let fields: Vec<Value> = request
        .headers()
        .iter()
        .map(|(name, value)| json!([name.as_str(), String::from_utf8_lossy(value.as_bytes())]))
        .collect();
    let mut told = json!({
        "method": request.method().as_str(),
        "target": request.uri().to_string(),
        "fields": fields,
    });
    // The gateway's own drills come when they come: tests don't count them.
    let agent = request.headers().get(header::USER_AGENT);
    let drill = agent.is_some_and(|agent| agent.as_bytes().starts_with(b"waarborg/"));
    if !drill {
        shared.arrived.send_modify(|count| *count += 1);
    }
    if let Some(upgrade) = upgrade {
        tokio::spawn(async move {
            if let Ok(upgraded) = upgrade.await {
                let (mut read, mut write) = tokio::io::split(TokioIo::new(upgraded));
                let _ = tokio::io::copy(&mut read, &mut write).await;
            }
        });
        let answer = Response::builder()
            .status(StatusCode::SWITCHING_PROTOCOLS)
            .header(header::CONNECTION, "upgrade")
            .header(header::UPGRADE, "websocket")
            // For the key of RFC 6455 section 1.3, which the tests send.
            .header("sec-websocket-accept", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")
            .body(whole(""));
        return Ok(answer.expect("constant fields"));
    }
    let query = request.uri().query().unwrap_or_default().to_owned();
    let body = match request.into_body().collect().await {
        Ok(body) => body.to_bytes(),
        Err(_) => return Err(ErrorKind::ConnectionReset.into()),
    };
    told["length"] = body.len().into();
    if body.len() <= 4096 {
        told["body"] = String::from_utf8_lossy(&body).into();
    }
    if !drill {
        let mut heard = shared.heard.lock().unwrap_or_else(PoisonError::into_inner);
        heard.push(told.clone());
    }
    if query == "missing" {
        let mut response = Response::new(whole("nothing is here"));
        *response.status_mut() = StatusCode::NOT_FOUND;
        return Ok(response);
    }
    Ok(match path.as_str() {
        "/hold" => {
            if let Ok(permit) = shared.release.acquire().await {
                permit.forget();
            }
            Response::new(whole("held"))
        }
        "/events" => events(&shared),
        "/gone" => return Err(ErrorKind::ConnectionReset.into()),
        "/big" => {
            let count = query.parse().unwrap_or(0);
            Response::new(whole(vec![b'x'; count]))
        }
        "/text" => {
            let lines: String = (0..500).map(|n| format!("line {n} of a text\n")).collect();
            let mut response = Response::new(whole(lines));
            response.headers_mut().insert(
                header::CONTENT_TYPE,
                HeaderValue::from_static("text/plain; charset=utf-8"),
            );
            response
        }
        _ => {
            let mut response = Response::new(whole(told.to_string()));
            response.headers_mut().insert(
                header::CONTENT_TYPE,
                HeaderValue::from_static("application/json"),
            );
            response
        }
    })
}

async fn identified(
    id: &str,
    request: Request<Incoming>,
    shared: &Shared,
) -> Result<Response<Body>, std::io::Error> {
    let ids = || shared.ids.lock().unwrap_or_else(PoisonError::into_inner);
    ids().push(id.to_owned());
    let post = request.method() == http::Method::POST;
    let body = request.into_body().collect().await;
    let body = body.map_err(|_| std::io::Error::from(ErrorKind::ConnectionReset))?;
    if post && body.to_bytes() != id.as_bytes() {
        ids().push(format!("{id} with another body"));
    }
    Ok(Response::new(whole(id.to_owned())))
}

fn events(shared: &Arc<Shared>) -> Response<Body> {
    let mut heard = shared.events.subscribe();
    let (sender, pieces) = mpsc::channel(1);
    let told = shared.clone();
    tokio::spawn(async move {
        // The head leaves with the first event.
        let mut next = Ok("welcome".to_owned());
        shared_count(&told, 1);
        while let Ok(data) = next {
            if sender
                .send(Bytes::from(format!("data: {data}\n\n")))
                .await
                .is_err()
            {
                break;
            }
            next = tokio::select! {
                next = heard.recv() => next,
                () = sender.closed() => break,
            };
        }
        shared_count(&told, -1);
    });
    let mut response = Response::new(Pieces(pieces).boxed());
    response.headers_mut().insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("text/event-stream"),
    );
    response
}

fn shared_count(shared: &Shared, by: i64) {
    shared
        .listeners
        .send_modify(|count| *count = count.saturating_add_signed(by));
}

/// A body that comes piece by piece.
struct Pieces(mpsc::Receiver<Bytes>);

impl hyper::body::Body for Pieces {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        self.0
            .poll_recv(cx)
            .map(|piece| piece.map(|data| Ok(Frame::data(data))))
    }
}

/// An application that reads a request's head, says the same bytes to everyone and
/// closes: an application that lies.
#[derive(Debug)]
pub struct Liar {
    /// Where it listens.
    pub address: SocketAddr,
    _serving: JoinSet<()>,
}

impl Liar {
    /// Starts it.
    ///
    /// # Panics
    /// When there is no free port.
    pub async fn start(says: &[u8]) -> Self {
        let says = Bytes::copy_from_slice(says);
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("it is bound");
        let mut serving = JoinSet::new();
        serving.spawn(async move {
            let mut open = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                open.spawn(lie(stream, says.clone()));
                while open.try_join_next().is_some() {}
            }
        });
        Self {
            address,
            _serving: serving,
        }
    }

    /// Its address as an `upstream` of a configuration.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

async fn lie(mut stream: TcpStream, says: Bytes) {
    let mut head = Vec::new();
    while !head.windows(4).any(|end| end == b"\r\n\r\n") {
        if !matches!(stream.read_buf(&mut head).await, Ok(count) if count > 0) {
            return;
        }
    }
    // The gateway may have had enough before the end.
    let _ = stream.write_all(&says).await;
    let _ = stream.shutdown().await;
}
