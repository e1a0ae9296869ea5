//! A response body fed by a task: what the client doesn't take yet isn't made yet.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll},
};

use axum::body::HttpBody;
use bytes::Bytes;
use http_body::Frame;
use tokio::sync::mpsc;

/// Pieces made ahead of the client; the feeding task waits when it is that far.
const PIECES_AHEAD: usize = 2;

/// The body's end of the pipe. An error in it cuts the connection, so that a part is
/// never taken for the whole.
#[derive(Debug)]
pub(super) struct Flow(mpsc::Receiver<io::Result<Bytes>>);

/// The feeding task's end; closed when the client is gone.
pub(super) type Source = mpsc::Sender<io::Result<Bytes>>;

/// A body and where to feed it.
pub(super) fn flow() -> (Source, Flow) {
    let (source, receiver) = mpsc::channel(PIECES_AHEAD);
    (source, Flow(receiver))
}

impl HttpBody for Flow {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        self.0
            .poll_recv(context)
            .map(|piece| piece.map(|piece| piece.map(Frame::data)))
    }
}
