//! After `101 Switching Protocols`: bytes both ways until either side ends. Bytes that
//! came in the same read as a handshake belong to the tunnel and are passed on.

use std::{
    future::poll_fn,
    task::{Context, Poll},
};

use seam::record::Outcome;
use tokio::io::{AsyncRead, AsyncWrite};

use crate::{http1::Client, pace::SILENCE, upstream::Conn, watch::Late};

/// What a direction does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    Open,
    /// The sender has ended; the rest is on its way, then the end.
    Ending,
    Ended,
}

/// Runs the tunnel. The answer's head waits in the client's outbox.
pub(crate) async fn run<IO: AsyncRead + AsyncWrite + Unpin>(
    client: &mut Client<IO>,
    conn: &mut Conn,
) -> Outcome {
    let (mut up, mut down) = (Way::Open, Way::Open);
    let mut last = None;
    poll_fn(|cx| {
        loop {
            let before = progress(client, conn, up, down);
            if poll_up(cx, client, conn, &mut up).is_err() {
                return Poll::Ready(Outcome::Served);
            }
            if poll_down(cx, client, conn, &mut down).is_err() {
                return Poll::Ready(Outcome::Served);
            }
            if down == Way::Ended {
                return Poll::Ready(Outcome::Served);
            }
            // Until neither direction gets on: only then is each waited for where it
            // stands. An outbox that has just become empty makes room to read.
            if before == progress(client, conn, up, down) {
                break;
            }
        }
        if client.facts.watch.check(cx) == Err(Late) {
            return Poll::Ready(Outcome::Served);
        }
        let moved = (client.tally.bytes_in, client.tally.bytes_out);
        if last != Some(moved) {
            last = Some(moved);
            client
                .facts
                .watch
                .until(Some(client.worker.recent().after(SILENCE)));
        }
        Poll::Pending
    })
    .await
}

/// What changes while a tunnel gets on.
fn progress<IO>(
    client: &Client<IO>,
    conn: &Conn,
    up: Way,
    down: Way,
) -> (u64, u64, [bool; 4], Way, Way) {
    (
        client.tally.bytes_in,
        client.tally.bytes_out,
        [
            client.out.is_empty(),
            client.out.has_room(),
            conn.out.is_empty(),
            conn.out.has_room(),
        ],
        up,
        down,
    )
}

/// The connection broke: both directions end.
struct Broken;

fn poll_up<IO: AsyncRead + AsyncWrite + Unpin>(
    cx: &mut Context<'_>,
    client: &mut Client<IO>,
    conn: &mut Conn,
    way: &mut Way,
) -> Result<(), Broken> {
    if conn.out.has_room() && *way == Way::Open {
        let waiting = client.input.filled();
        if waiting.is_empty() {
            match client
                .input
                .poll_fill(cx, &mut client.io, &client.worker.buffers)
            {
                Poll::Ready(Ok(0)) => *way = Way::Ending,
                Poll::Ready(Err(_)) => return Err(Broken),
                Poll::Ready(Ok(_)) | Poll::Pending => {}
            }
        }
        let waiting = client.input.filled();
        let count = waiting.len();
        conn.out.bytes.extend_from_slice(waiting);
        client.tally.bytes_in += u64::try_from(count).unwrap_or(0);
        client.input.consume(count);
        client.input.release(&client.worker.buffers);
    }
    let flushed = match conn.poll_flush(cx) {
        Poll::Ready(Ok(())) => true,
        Poll::Ready(Err(_)) => return Err(Broken),
        Poll::Pending => false,
    };
    if flushed && *way == Way::Ending {
        match conn.poll_shutdown(cx) {
            Poll::Ready(Ok(())) => *way = Way::Ended,
            Poll::Ready(Err(_)) => return Err(Broken),
            Poll::Pending => {}
        }
    }
    Ok(())
}

fn poll_down<IO: AsyncRead + AsyncWrite + Unpin>(
    cx: &mut Context<'_>,
    client: &mut Client<IO>,
    conn: &mut Conn,
    way: &mut Way,
) -> Result<(), Broken> {
    if client.out.has_room() && *way == Way::Open {
        if conn.input.is_empty() {
            match conn.poll_fill(cx, &client.worker.buffers) {
                Poll::Ready(Ok(0)) => *way = Way::Ending,
                Poll::Ready(Err(_)) => return Err(Broken),
                Poll::Ready(Ok(_)) | Poll::Pending => {}
            }
        }
        let waiting = conn.input.filled();
        let count = waiting.len();
        client.out.bytes.extend_from_slice(waiting);
        client.tally.bytes_out += u64::try_from(count).unwrap_or(0);
        conn.input.consume(count);
        conn.input.release(&client.worker.buffers);
    }
    match client.out.poll_flush(cx, &mut client.io) {
        Poll::Ready(Ok(())) if *way == Way::Ending => *way = Way::Ended,
        Poll::Ready(Ok(())) | Poll::Pending => {}
        Poll::Ready(Err(_)) => return Err(Broken),
    }
    Ok(())
}
