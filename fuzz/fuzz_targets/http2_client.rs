//! What a server sends to our client's side of HTTP/2: the same outcome however it is
//! cut, never more streams than we opened, whole frames out.
#![no_main]

use std::time::Duration;

use http2::{Code, Connection, Event, Indexing, Limits, Request};
use libfuzzer_sys::fuzz_target;

const LIMITS: Limits = Limits {
    streams: 4,
    head_bytes: 2048,
    fields: 30,
    block_bytes: 40_000,
    stream_window: 20_000,
    connection_window: 80_000,
    out: 64 * 1024,
};

fn ask(connection: &mut Connection<()>) {
    let Some(stream) = connection.open_stream(()) else {
        return;
    };
    if let Some(mut head) = connection.begin_head(stream) {
        head.request(&Request {
            method: "GET",
            scheme: "https",
            authority: "a.test",
            path: "/",
            protocol: None,
        });
        head.field("accept", b"*/*", Indexing::Yes);
        head.finish(true);
    }
}

/// What a caller does: asks as often as it may, resets what is malformed, releases each
/// body. Returns all that was written and how it ended.
fn drive(bytes: &[u8], cuts: usize) -> (Vec<u8>, bool) {
    let mut connection: Connection<()> = Connection::client(LIMITS);
    let mut written = std::mem::take(&mut connection.out);
    let mut pending = Vec::new();
    for piece in bytes.chunks(cuts.max(1)) {
        pending.extend_from_slice(piece);
        loop {
            let (taken, release) = match connection.receive(&pending, Duration::ZERO) {
                Err(_) => {
                    written.append(&mut connection.out);
                    return (written, true);
                }
                Ok((_, Event::Starved)) => break,
                Ok((taken, Event::Answer { stream, .. })) => {
                    if connection.answer().is_err() {
                        connection.reset(stream, Code::ProtocolError);
                    }
                    (taken, None)
                }
                Ok((taken, Event::Data { stream, data, .. })) => {
                    (taken, Some((stream, data.len())))
                }
                Ok((taken, Event::Leaving)) => {
                    connection.unprocessed();
                    (taken, None)
                }
                Ok((taken, _)) => (taken, None),
            };
            pending.drain(..taken);
            if let Some((stream, count)) = release {
                connection.release(stream, count);
            }
            ask(&mut connection);
            assert!(connection.open() <= 5);
            written.append(&mut connection.out);
        }
    }
    (written, false)
}

fuzz_target!(|input: (u8, &[u8])| {
    let (cut, frames) = input;
    let mut bytes = b"\0\0\0\x04\0\0\0\0\0".to_vec();
    bytes.extend_from_slice(frames);
    let whole = drive(&bytes, usize::MAX);
    assert_eq!(whole, drive(&bytes, usize::from(cut)));
    // Behind the preface.
    let mut rest = whole.0.get(24..).unwrap_or_default();
    while let [a, b, c, _, _, _, _, _, _, more @ ..] = rest {
        let length = u32::from_be_bytes([0, *a, *b, *c]);
        rest = &more[usize::try_from(length).unwrap()..];
    }
    assert!(rest.is_empty(), "whole frames only");
});
