//! Applications that speak HTTP/2.

use bytes::Bytes;
use seam::snapshot::Protocol;

use super::{
    client::{Http1, Http2, collect, nothing, pieces, request},
    frames::FramePeer,
    harness::{Harness, Setting},
    wire::{Answer, Application},
};

mod bodies;
mod connections;
mod faults;
mod heads;
mod oracle;
mod secured;

const GET: &str = "GET / HTTP/1.1\r\nHost: app.test\r\n\r\n";

/// An edge before an application that is known to speak HTTP/2.
fn before(app: &Application) -> Harness {
    before_with(app, |_| {})
}

fn before_with(app: &Application, change: impl FnOnce(&mut Setting)) -> Harness {
    Harness::with(app.address, |setting| {
        setting.protocol = Protocol::Http2;
        change(setting);
    })
}

/// A client of either version.
enum Either {
    Http1(Box<Http1>),
    Http2(Http2),
}

impl Either {
    /// One of each.
    async fn both(harness: &Harness) -> [Self; 2] {
        [
            Self::Http1(Box::new(harness.http1().await)),
            Self::Http2(harness.http2().await),
        ]
    }

    async fn ask(&mut self, method: &str, body: &str) -> Answer {
        match self {
            Self::Http1(client) => {
                let length = body.len();
                let head = format!(
                    "{method} /a?b=c HTTP/1.1\r\nHost: app.test\r\nContent-Length: {length}\r\n\r\n"
                );
                client.say(head + body).await;
                client.answer_to(method).await
            }
            Self::Http2(client) => {
                let asked = request(method, "/a?b=c");
                if body.is_empty() {
                    return client.ask(asked.body(nothing()).unwrap()).await;
                }
                let (send, sent) = pieces();
                let asked = asked.header("content-length", body.len());
                let answer = client.spawn(asked.body(sent).unwrap()).await;
                send.send(Ok(Bytes::copy_from_slice(body.as_bytes())))
                    .await
                    .unwrap();
                drop(send);
                collect(answer.await.unwrap().unwrap()).await.unwrap()
            }
        }
    }
}

/// What clients of both versions get when the application says this to a request of
/// theirs; each has its own connection to it.
async fn answers<'f>(method: &str, said: impl AsyncFn(&mut FramePeer, u32)) -> Vec<Answer> {
    let mut answers = Vec::new();
    for version in 0..2 {
        let app = Application::start().await;
        let harness = before(&app);
        let mut both = Either::both(&harness).await;
        let serve = async {
            let mut peer = app.http2().await;
            let asked = peer.asked().await;
            said(&mut peer, asked.stream).await;
            peer
        };
        let (answer, _peer) = tokio::join!(both[version].ask(method, ""), serve);
        answers.push(answer);
    }
    answers
}
