//! hyper's server of HTTP/2, which nobody here wrote, as the application.

use std::{
    convert::Infallible,
    pin::Pin,
    task::{Context, Poll},
};

use http::{Request, Response};
use http_body::{Body, Frame};
use hyper::{body::Incoming, server::conn::http2, service::service_fn};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::io::{AsyncRead, AsyncWrite};

use super::*;
use crate::tests::wire::Application;

/// Sends a request's body back, with its trailers.
struct Echo(Incoming);

impl Body for Echo {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<hyper::Result<Frame<Bytes>>>> {
        Pin::new(&mut self.0).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.0.is_end_stream()
    }
}

async fn echo(request: Request<Incoming>) -> Result<Response<Echo>, Infallible> {
    let path = request.uri().path().to_owned();
    let builder = Response::builder().header("x-path", path);
    let builder = match request.headers().get("content-length") {
        Some(length) => builder.header("content-length", length),
        None => builder,
    };
    Ok(builder.body(Echo(request.into_body())).expect("an answer"))
}

/// Serves one connection.
pub(super) async fn serve(io: impl AsyncRead + AsyncWrite + Unpin + Send + 'static) {
    // However it ends: the clients' side says.
    let _ = http2::Builder::new(TokioExecutor::new())
        .serve_connection(TokioIo::new(io), service_fn(echo))
        .await;
}

async fn application() -> (std::net::SocketAddr, Harness) {
    let app = Application::start().await;
    let (address, harness) = (app.address, before(&app));
    tokio::spawn(async move {
        loop {
            tokio::spawn(serve(app.accept().await.stream));
        }
    });
    (address, harness)
}

/// Bytes in which every place looks different from its neighbours.
fn large(count: usize) -> Vec<u8> {
    let mut word = 1_u64;
    std::iter::repeat_with(|| {
        word = word.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        word.to_be_bytes()
    })
    .take(count / 8)
    .flatten()
    .collect()
}

#[tokio::test]
async fn large_bodies_go_both_ways_at_once_byte_by_byte() {
    let (_, harness) = application().await;
    let body = large(4 << 20);
    let length = body.len();
    let mut client = harness.http1().await;
    client
        .say(format!(
            "POST /up HTTP/1.1\r\nHost: app.test\r\nContent-Length: {length}\r\n\r\n"
        ))
        .await;
    let Http1 { stream, .. } = client;
    let (read, mut write) = tokio::io::split(stream);
    let up = async {
        use tokio::io::AsyncWriteExt as _;
        write.write_all(&body).await.unwrap();
        write.flush().await.unwrap();
        write
    };
    let down = async {
        let mut reader = crate::tests::wire::Wire::new(tokio::io::join(read, tokio::io::empty()));
        reader.answer().await
    };
    let (_write, answer) = tokio::join!(up, down);
    assert_eq!(answer.field("x-path"), Some("/up"));
    assert!(answer.body == body, "over HTTP/1");

    let mut client = harness.http2().await;
    let (send, sent) = pieces();
    let answer = client
        .spawn(request("POST", "/up").body(sent).unwrap())
        .await;
    let up = async {
        for piece in body.chunks(50_000) {
            send.send(Ok(Bytes::copy_from_slice(piece))).await.unwrap();
        }
        drop(send);
    };
    let down = async { collect(answer.await.unwrap().unwrap()).await.unwrap() };
    let ((), answer) = tokio::join!(up, down);
    assert!(answer.body == body, "over HTTP/2");
}

#[tokio::test]
async fn five_hundred_requests_at_once_get_each_its_own_answer() {
    let (_, harness) = application().await;
    let mut asking = Vec::new();
    for connection in 0..10 {
        let mut client = harness.http2().await;
        for index in 0..50 {
            let path = format!("/{connection}/{index}");
            let answer = client
                .spawn(request("GET", &path).body(nothing()).unwrap())
                .await;
            asking.push((path, answer));
        }
    }
    for (path, answer) in asking {
        let answer = collect(answer.await.unwrap().unwrap()).await.unwrap();
        assert_eq!(answer.field("x-path"), Some(&*path));
    }
    let connects = harness.counters.upstream_connects.get();
    assert!((1..=16).contains(&connects), "{connects}");
}
