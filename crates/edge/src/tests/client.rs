//! Clients: bytes of HTTP/1 over TLS, and hyper's HTTP/2.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Bytes;
use http::{Request, Response};
use http_body::{Body, Frame};
use hyper::{
    body::Incoming,
    client::conn::http2::{SendRequest, handshake},
};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::pki_types::ServerName;
use seam::own::BodyCut;
use tokio::{io::AsyncWriteExt as _, net::TcpStream, sync::mpsc};
use tokio_rustls::{TlsConnector, client::TlsStream};

use super::{
    harness::Harness,
    wire::{Answer, Wire},
};

pub(super) type Http1 = Wire<TlsStream<TcpStream>>;

impl Harness {
    async fn tls(&self, name: &str, protocol: &[u8]) -> io::Result<TlsStream<TcpStream>> {
        self.tls_behind(&[], name, protocol).await
    }

    /// With bytes before the handshake, each of these in a packet of its own.
    async fn tls_behind(
        &self,
        before: &[&[u8]],
        name: &str,
        protocol: &[u8],
    ) -> io::Result<TlsStream<TcpStream>> {
        let mut stream = TcpStream::connect(self.address).await?;
        stream.set_nodelay(true)?;
        for piece in before {
            stream.write_all(piece).await?;
            tokio::task::yield_now().await;
        }
        let name = ServerName::try_from(name.to_owned()).expect("a name");
        let connector = TlsConnector::from(self.client_config(protocol));
        connector.connect(name, stream).await
    }

    /// A client that asked for `name` in its handshake.
    pub(super) async fn try_http1(&self, name: &str) -> io::Result<Http1> {
        self.tls(name, b"http/1.1").await.map(Wire::new)
    }

    /// A client behind a proxy that announces it by these bytes.
    pub(super) async fn http1_behind(&self, header: &[&[u8]]) -> io::Result<Http1> {
        let stream = self.tls_behind(header, "app.test", b"http/1.1").await;
        stream.map(Wire::new)
    }

    pub(super) async fn http1(&self) -> Http1 {
        self.try_http1("app.test").await.expect("a handshake")
    }

    /// A client of HTTP/2 whose frames are the test's own.
    pub(super) async fn raw_http2(&self) -> Http1 {
        let stream = self.tls("app.test", b"h2").await;
        Wire::new(stream.expect("a handshake"))
    }

    pub(super) async fn http2(&self) -> Http2 {
        let stream = self.tls("app.test", b"h2").await.expect("a handshake");
        let (send, connection) = handshake(TokioExecutor::new(), TokioIo::new(stream))
            .await
            .expect("an HTTP/2 connection");
        let ended = tokio::spawn(async move { connection.await.is_ok() });
        Http2 { send, ended }
    }
}

/// A connection of HTTP/2.
pub(super) struct Http2 {
    send: SendRequest<Sent>,
    /// Ends with the connection; whether it ended well.
    pub(super) ended: tokio::task::JoinHandle<bool>,
}

/// The body of a request, as a channel.
pub(super) struct Sent(mpsc::Receiver<Result<Bytes, BodyCut>>);

impl Body for Sent {
    type Data = Bytes;
    type Error = BodyCut;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyCut>>> {
        self.0
            .poll_recv(cx)
            .map(|piece| piece.map(|data| data.map(Frame::data)))
    }

    fn is_end_stream(&self) -> bool {
        self.0.is_closed() && self.0.is_empty()
    }
}

/// No body.
pub(super) fn nothing() -> Sent {
    let (_, body) = mpsc::channel(1);
    Sent(body)
}

/// A body that the test sends piece by piece.
pub(super) fn pieces() -> (mpsc::Sender<Result<Bytes, BodyCut>>, Sent) {
    let (send, body) = mpsc::channel(1);
    (send, Sent(body))
}

/// A request to `app.test`.
pub(super) fn request(method: &str, path: &str) -> http::request::Builder {
    Request::builder()
        .method(method)
        .uri(format!("https://app.test{path}"))
}

impl Http2 {
    pub(super) async fn begin(
        &mut self,
        request: Request<Sent>,
    ) -> hyper::Result<Response<Incoming>> {
        self.send.ready().await?;
        self.send.send_request(request).await
    }

    /// Sends a request beside what the test does next.
    pub(super) async fn spawn(
        &mut self,
        request: Request<Sent>,
    ) -> tokio::task::JoinHandle<hyper::Result<Response<Incoming>>> {
        self.send.ready().await.expect("an open connection");
        tokio::spawn(self.send.send_request(request))
    }

    pub(super) async fn ask(&mut self, request: Request<Sent>) -> Answer {
        let response = self.begin(request).await.expect("an answer");
        collect(response).await.expect("a whole body")
    }

    pub(super) async fn get(&mut self, path: &str) -> Answer {
        self.ask(request("GET", path).body(nothing()).expect("a request"))
            .await
    }
}

/// Reads an answer to its end; its head has no body yet where it was cut.
pub(super) async fn collect(response: Response<Incoming>) -> hyper::Result<Answer> {
    let (head, mut body) = response.into_parts();
    let fields = |map: &http::HeaderMap| {
        map.iter()
            .map(|(name, value)| {
                let value = String::from_utf8_lossy(value.as_bytes());
                (name.to_string(), value.into_owned())
            })
            .collect()
    };
    let mut answer = Answer {
        status: head.status.as_u16(),
        fields: fields(&head.headers),
        body: Vec::new(),
        trailers: Vec::new(),
    };
    while let Some(frame) = next(&mut body).await {
        match frame?.into_data() {
            Ok(data) => answer.body.extend(data),
            Err(frame) => answer.trailers = fields(&frame.into_trailers().expect("trailers")),
        }
    }
    Ok(answer)
}

/// The next frame of a body.
pub(super) async fn next(body: &mut Incoming) -> Option<hyper::Result<Frame<Bytes>>> {
    std::future::poll_fn(|cx| Pin::new(&mut *body).poll_frame(cx)).await
}
