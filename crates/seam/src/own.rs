//! Own pages: the edge hands a request to control and streams both ways.
//!
//! Bodies cross in chunks of at most [`CHUNK`] bytes, at most [`CHUNKS`] in flight each
//! way, so a 1 GiB upload takes half a megabyte. Dropping either side cancels the
//! other. The queue holds [`QUEUE`] requests; when it is full the edge answers 503.

use std::sync::Arc;

use bytes::Bytes;
use terms::{ClientAddr, Language, RequestId};
use tokio::sync::{mpsc, oneshot};

use crate::Session;

/// Chunks in flight, each way.
pub const CHUNKS: usize = 8;
/// Largest chunk in bytes.
pub const CHUNK: usize = 64 * 1024;
/// Requests that may wait for control.
pub const QUEUE: usize = 1024;

/// What the edge knows of the request (step 4).
#[derive(Debug, Clone)]
pub struct OwnKnown {
    /// Its id.
    pub id: RequestId,
    /// The site it came in on.
    pub site: u16,
    /// The authority (RFC 9110 section 7.2) it was sent to, in lower case and without the
    /// port 443: what stands behind `https://` in the browser.
    pub authority: Box<str>,
    /// The true client.
    pub client: ClientAddr,
    /// The session, where the request carries one.
    pub session: Option<Arc<Session>>,
    /// The language to answer in.
    pub language: Language,
}

/// The stream ended before its message did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the other side went away before the end of the body")]
pub struct BodyCut;

/// Body bytes, either way. The end of the channel is the end of the body; a cut is told.
pub type Body = mpsc::Receiver<Result<Bytes, BodyCut>>;

/// A request to an own page.
#[derive(Debug)]
pub struct OwnRequest {
    /// Who and where.
    pub known: OwnKnown,
    /// Method, path and query (never the authority), fields.
    pub head: http::Request<()>,
    /// The body.
    pub body: Body,
    /// Where the answer goes; closed when the client is gone.
    pub reply: oneshot::Sender<OwnAnswer>,
}

/// Control's answer.
#[derive(Debug)]
pub struct OwnAnswer {
    /// Status and fields; the edge adds its own headers.
    pub head: http::Response<()>,
    /// The body; dropping the receiver tells control that the client is gone.
    pub body: Body,
}

/// The edge's end of the queue.
#[derive(Debug, Clone)]
pub struct OwnSender(mpsc::Sender<OwnRequest>);

/// Why control can't take a request now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum OwnRefused {
    /// [`QUEUE`] requests wait already.
    #[error("control's queue is full")]
    Full,
    /// Control has stopped.
    #[error("control has stopped")]
    Stopped,
}

impl OwnSender {
    /// Hands over without waiting.
    ///
    /// # Errors
    /// [`OwnRefused`]: the caller answers 503.
    pub fn send(&self, request: OwnRequest) -> Result<(), OwnRefused> {
        self.0.try_send(request).map_err(|refused| match refused {
            mpsc::error::TrySendError::Full(_) => OwnRefused::Full,
            mpsc::error::TrySendError::Closed(_) => OwnRefused::Stopped,
        })
    }
}

/// Control's end of the queue.
pub type OwnReceiver = mpsc::Receiver<OwnRequest>;

/// A new queue.
pub fn queue() -> (OwnSender, OwnReceiver) {
    let (sender, receiver) = mpsc::channel(QUEUE);
    (OwnSender(sender), receiver)
}

/// A new body channel.
pub fn body() -> (mpsc::Sender<Result<Bytes, BodyCut>>, Body) {
    mpsc::channel(CHUNKS)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request() -> (OwnRequest, oneshot::Receiver<OwnAnswer>) {
        let (reply, answer) = oneshot::channel();
        let request = OwnRequest {
            known: OwnKnown {
                id: RequestId([7; 16]),
                site: 0,
                authority: "app.test".into(),
                client: ClientAddr::new("192.0.2.1".parse().unwrap()),
                session: None,
                language: Language::En,
            },
            head: http::Request::new(()),
            body: body().1,
            reply,
        };
        (request, answer)
    }

    #[tokio::test]
    async fn a_full_queue_refuses_and_a_drained_one_takes_again() {
        let (sender, mut receiver) = queue();
        for _ in 0..QUEUE {
            sender.send(request().0).expect("room");
        }
        assert_eq!(sender.send(request().0), Err(OwnRefused::Full));
        receiver.recv().await.expect("one waits");
        assert_eq!(sender.send(request().0), Ok(()));
        drop(receiver);
        assert_eq!(sender.send(request().0), Err(OwnRefused::Stopped));
    }

    #[tokio::test]
    async fn a_client_that_left_is_noticed() {
        let (sender, mut receiver) = queue();
        let (request, answer) = request();
        sender.send(request).expect("room");
        let mut taken = receiver.recv().await.expect("it waits");
        drop(answer);
        taken.reply.closed().await;
    }
}
