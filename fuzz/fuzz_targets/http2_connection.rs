//! A connection of HTTP/2: the same outcome however it is cut, never more streams or
//! bytes waiting than the limits say, whole frames out.
#![no_main]

use std::time::Duration;

use http2::{Connection, Event, Indexing, Limits, Room};
use libfuzzer_sys::fuzz_target;

const LIMITS: Limits = Limits {
    streams: 8,
    head_bytes: 2048,
    fields: 30,
    block_bytes: 40_000,
    stream_window: 20_000,
    connection_window: 70_000,
    out: 64 * 1024,
};

/// What a caller does: answers each request, releases each body. Returns all that was
/// written and how it ended.
fn drive(bytes: &[u8], cuts: usize) -> (Vec<u8>, bool) {
    let mut connection: Connection<()> = Connection::new(LIMITS);
    let mut written = std::mem::take(&mut connection.out);
    let mut pending = Vec::new();
    for piece in bytes.chunks(cuts.max(1)) {
        pending.extend_from_slice(piece);
        loop {
            let (taken, answer) = match connection.receive(&pending, Duration::ZERO) {
                Err(_) => {
                    written.append(&mut connection.out);
                    return (written, true);
                }
                Ok((_, Event::Starved)) => break,
                Ok((taken, Event::Request { stream, .. })) => {
                    let status = if connection.head().is_ok() { 200 } else { 400 };
                    (taken, Some((stream, status)))
                }
                Ok((taken, Event::Data { stream, data, .. })) => {
                    let count = data.len();
                    connection.release(stream, count);
                    (taken, None)
                }
                Ok((taken, _)) => (taken, None),
            };
            pending.drain(..taken);
            if let Some((stream, status)) = answer {
                if let Some(mut head) = connection.begin_head(stream) {
                    head.status(status);
                    head.field("content-type", b"text/plain", Indexing::Yes);
                    head.finish(false);
                }
                if let Room::Now(room) = connection.room(stream) {
                    connection.send_data(stream, &vec![b'x'; room.min(100)], true);
                }
            }
            assert!(connection.open() <= 8);
            written.append(&mut connection.out);
        }
    }
    (written, false)
}

fuzz_target!(|input: (u8, &[u8])| {
    let (cut, frames) = input;
    let mut bytes = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0".to_vec();
    bytes.extend_from_slice(frames);
    let whole = drive(&bytes, usize::MAX);
    assert_eq!(whole, drive(&bytes, usize::from(cut)));
    let mut rest = &whole.0[..];
    while let [a, b, c, _, _, _, _, _, _, more @ ..] = rest {
        let length = u32::from_be_bytes([0, *a, *b, *c]);
        rest = &more[usize::try_from(length).unwrap()..];
    }
    assert!(rest.is_empty(), "whole frames only");
});
