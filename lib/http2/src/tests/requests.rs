//! A server's bytes against our client's side, frame by frame.

use super::{client::frame_bytes, *};
use crate::{ConnectionError, Request};

/// A server that says exactly what it is told to.
struct Server {
    connection: Connection<()>,
    said: Vec<String>,
    failed: Option<ConnectionError>,
    encoder: Encoder,
    pending: Vec<u8>,
}

const LIMITS: Limits = Limits {
    streams: 3,
    head_bytes: 1024,
    fields: 20,
    block_bytes: 40_000,
    stream_window: 70_000,
    connection_window: 250_000,
    out: 64 * 1024,
};

impl Server {
    /// Has said nothing yet.
    fn silent() -> Self {
        Self {
            connection: Connection::client(LIMITS),
            said: Vec::new(),
            failed: None,
            encoder: Encoder::new(),
            pending: Vec::new(),
        }
    }

    /// Has said its settings and has heard ours; `asked` GETs were sent.
    fn asked(asked: usize) -> Self {
        let mut server = Self::silent();
        server.raw(kind::SETTINGS, 0, 0, &[]);
        for _ in 0..asked {
            server.get();
        }
        server.connection.out.clear();
        server.said.clear();
        server
    }

    fn open(&mut self, method: &str, ended: bool) -> u32 {
        let stream = self.connection.open_stream(()).expect("it may be opened");
        let mut head = self.connection.begin_head(stream).expect("it is open");
        head.request(&Request {
            method,
            scheme: "https",
            authority: "a.test",
            path: "/",
            protocol: None,
        });
        head.field("Accept", b"*/*", Indexing::Yes);
        head.finish(ended);
        stream
    }

    fn get(&mut self) -> u32 {
        self.open("GET", true)
    }

    fn bytes(&mut self, bytes: &[u8]) {
        self.pending.extend_from_slice(bytes);
        while self.failed.is_none() {
            let pending = std::mem::take(&mut self.pending);
            let taken = match self.connection.receive(&pending, Duration::ZERO) {
                Err(error) => {
                    self.failed = Some(error);
                    0
                }
                Ok((_, Event::Starved)) => {
                    self.pending = pending;
                    return;
                }
                Ok((taken, event)) => {
                    let dot = |ended: bool| if ended { "." } else { "" };
                    let word = match event {
                        Event::Answer { stream, ended } => {
                            let head = self.connection.answer();
                            let status = match head {
                                Ok(head) => head.status.to_string(),
                                Err(malformed) => malformed.code().to_owned(),
                            };
                            format!("answer {stream} {status}{}", dot(ended))
                        }
                        Event::Data {
                            stream,
                            data,
                            ended,
                        } => {
                            assert!(self.connection.stream(stream).is_some(), "found once more");
                            format!("data {stream} {}{}", data.len(), dot(ended))
                        }
                        Event::Ended { stream } => {
                            let count = self.connection.trailers().len();
                            format!("ended {stream} {count}")
                        }
                        Event::Reset { stream, code, .. } => format!("reset {stream} {code:?}"),
                        Event::Room { stream } => format!("room {stream}"),
                        other => format!("{other:?}").to_lowercase(),
                    };
                    self.said.push(word);
                    taken
                }
            };
            self.pending = pending[taken..].to_vec();
        }
    }

    fn raw(&mut self, kind: u8, flags: u8, stream: u32, payload: &[u8]) {
        self.bytes(&frame_bytes(kind, flags, stream, payload));
    }

    fn head(&mut self, stream: u32, fields: &[(&str, &str)], ended: bool) {
        let mut block = Vec::new();
        self.encoder.begin(&mut block);
        for (name, value) in fields {
            self.encoder
                .field(&mut block, name, value.as_bytes(), Indexing::Yes);
        }
        let flags = frame::END_HEADERS | if ended { frame::END_STREAM } else { 0 };
        self.raw(kind::HEADERS, flags, stream, &block);
    }

    fn ok(&mut self, stream: u32, ended: bool) {
        self.head(stream, &[(":status", "200"), ("server", "x")], ended);
    }

    fn data(&mut self, stream: u32, data: &[u8], ended: bool) {
        self.raw(kind::DATA, u8::from(ended), stream, data);
    }

    /// The kinds of the frames that were written since.
    fn written(&mut self) -> Vec<u8> {
        let bytes = std::mem::take(&mut self.connection.out);
        let mut rest = &bytes[..];
        let mut kinds = Vec::new();
        while let Some(header) = Header::read(rest) {
            kinds.push(header.kind);
            rest = &rest[frame::HEADER + header.length..];
        }
        assert!(rest.is_empty(), "whole frames only");
        kinds
    }
}

fn check(asked: usize, frames: impl FnOnce(&mut Server), expected: &[&str]) {
    let mut server = Server::asked(asked);
    frames(&mut server);
    assert_eq!(server.failed, None);
    assert_eq!(server.said, expected);
}

#[test]
fn our_own_server_reads_what_our_client_says_and_the_other_way_round() {
    let mut server: Connection<()> = Connection::new(super::LIMITS);
    let mut client = Server::silent();
    let settings = std::mem::take(&mut server.out);
    client.bytes(&settings);
    assert!(client.connection.is_ready() && client.connection.takes_tunnels());
    let stream = client.open("POST", false);
    client.connection.send_data(stream, b"hello", false);
    let mut section = client.connection.begin_head(stream).unwrap();
    section.field("x-sum", b"5", Indexing::No);
    section.finish(true);
    let mut asked = std::mem::take(&mut client.connection.out);
    let mut said = Vec::new();
    loop {
        let (taken, event) = server.receive(&asked, Duration::ZERO).expect("well-formed");
        let word = match event {
            Event::Starved => break,
            Event::Request { stream, ended } => {
                let head = server.head().unwrap();
                assert_eq!((head.method, head.path), ("POST", "/"));
                assert_eq!(head.authority, Some("a.test"));
                assert_eq!(head.fields.len(), 1);
                format!("request {stream} {ended}")
            }
            Event::Data { data, .. } => String::from_utf8_lossy(data).into_owned(),
            Event::Ended { .. } => format!("{:?}", server.trailers().iter().next()),
            _ => String::new(),
        };
        said.push(word);
        asked.drain(..taken);
    }
    said.retain(|word| !word.is_empty());
    assert_eq!(said[..2], ["request 1 false", "hello"]);
    assert!(
        said[2].contains("120, 45, 115, 117, 109"),
        "x-sum: {said:?}"
    );
    let mut head = server.begin_head(1).unwrap();
    HeadWriter::status(&mut head, 404);
    head.finish(false);
    server.send_data(1, b"no", true);
    let answer = std::mem::take(&mut server.out);
    client.said.clear();
    client.bytes(&answer);
    client
        .said
        .retain(|word| word != "handled" && !word.starts_with("room"));
    assert_eq!(client.said, ["answer 1 404", "data 1 2."]);
    assert_eq!(client.connection.open(), 0);
}

#[test]
fn nothing_is_asked_before_the_servers_settings() {
    let mut server = Server::silent();
    assert_eq!(server.connection.open_stream(()), None);
    server.raw(kind::SETTINGS, 0, 0, &[0, 3, 0, 0, 0, 2]);
    assert_eq!(server.connection.free(), 2, "the server's own limit");
    assert_eq!(server.get(), 1);
    assert_eq!(server.get(), 3);
    assert_eq!(server.connection.open_stream(()), None);
    server.raw(kind::SETTINGS, 0, 0, &[0, 3, 0, 0, 0, 200]);
    assert_eq!(server.connection.free(), 1, "ours");
    server.raw(kind::SETTINGS, 0, 0, &[0, 3, 0, 0, 0, 0]);
    assert_eq!(server.connection.free(), 0);
}

#[test]
fn an_answer_comes_in_parts_and_its_stream_is_over_with_both_ends() {
    check(
        1,
        |s| {
            s.head(1, &[(":status", "103"), ("link", "x")], false);
            s.ok(1, false);
            s.data(1, b"abc", false);
            s.head(1, &[("grpc-status", "0")], true);
            s.raw(kind::PING, 0, 0, &[0; 8]);
            assert_eq!(s.connection.free(), 3);
        },
        &[
            "answer 1 103",
            "answer 1 200",
            "data 1 3",
            "ended 1 1",
            "handled",
        ],
    );
    // Before the request has ended: it goes on.
    let mut server = Server::asked(0);
    let stream = server.open("POST", false);
    server.ok(stream, true);
    server.raw(kind::PING, 0, 0, &[0; 8]);
    assert!(matches!(server.connection.room(stream), Room::Now(_)));
    server.connection.send_data(stream, b"rest", true);
    assert_eq!(server.connection.room(stream), Room::Gone);
}

#[test]
fn a_stream_that_breaks_a_rule_is_reset_and_the_others_go_on() {
    let reset = "reset 1 Some(ProtocolError)";
    let closed = "reset 1 Some(StreamClosed)";
    for (word, frames) in [
        (reset, (|s| s.data(1, b"x", false)) as fn(&mut Server)),
        (reset, |s| s.head(1, &[(":status", "100")], true)),
        (reset, |s| {
            s.ok(1, false);
            s.head(1, &[("x-sum", "1")], false);
        }),
        (reset, |s| {
            s.ok(1, false);
            s.head(1, &[(":status", "200")], true);
        }),
        (reset, |s| {
            s.ok(1, false);
            s.head(1, &[("connection", "close")], true);
        }),
        (reset, |s| s.raw(kind::WINDOW_UPDATE, 0, 1, &[0; 4])),
        ("reset 1 Some(FlowControlError)", |s| {
            s.ok(1, false);
            for _ in 0..5 {
                s.data(1, &[0; 16_384], false);
            }
        }),
        ("reset 1 Some(RefusedStream)", |s| {
            s.raw(kind::RST_STREAM, 0, 1, &[0, 0, 0, 7]);
        }),
        ("reset 1 None", |s| {
            s.raw(kind::RST_STREAM, 0, 1, &[9, 0, 0, 7]);
        }),
    ] {
        let mut server = Server::asked(2);
        frames(&mut server);
        assert_eq!(server.said.last().map(String::as_str), Some(word));
        server.ok(3, true);
        assert_eq!(
            server.said.last().map(String::as_str),
            Some("answer 3 200.")
        );
    }
    let mut server = Server::asked(0);
    let stream = server.open("POST", false);
    server.ok(stream, true);
    server.data(stream, b"x", false);
    assert_eq!(server.said.last().map(String::as_str), Some(closed));
}

#[test]
fn heads_of_answers_are_judged_as_strictly_as_those_of_requests() {
    for (fields, code) in [
        (&[("server", "x")][..], "pseudo-header-missing"),
        (
            &[(":status", "200"), (":status", "200")],
            "pseudo-header-repeated",
        ),
        (&[("a", "b"), (":status", "200")], "pseudo-header-late"),
        (
            &[(":status", "200"), (":path", "/")],
            "pseudo-header-unknown",
        ),
        (&[(":status", "20")], "status-malformed"),
        (&[(":status", "099")], "status-malformed"),
        (&[(":status", "+20")], "status-malformed"),
        (&[(":status", "2000")], "status-malformed"),
        (&[(":status", "101")], "status-malformed"),
        (
            &[(":status", "200"), ("transfer-encoding", "chunked")],
            "connection-field-in-http2",
        ),
        (
            &[(":status", "200"), ("connection", "close")],
            "connection-field-in-http2",
        ),
        (&[(":status", "200"), ("a", " b")], "value-space"),
    ] {
        let mut server = Server::asked(1);
        server.head(1, fields, true);
        assert_eq!(server.said, [format!("answer 1 {code}.")]);
    }
    let mut server = Server::asked(1);
    // `:status: 200`, then a literal name `A`.
    server.raw(kind::HEADERS, 5, 1, &[0x88, 0, 1, b'A', 1, b'b']);
    assert_eq!(server.said, ["answer 1 field-name-upper-case."]);
}

#[test]
fn what_breaks_the_connection_is_told_by_its_code() {
    use Code::{EnhanceYourCalm, FlowControlError, FrameSizeError, ProtocolError};
    let p = ProtocolError;
    for (code, reason, frames) in [
        (
            p,
            "push-promise",
            (|s| s.raw(kind::PUSH_PROMISE, 4, 1, &[0, 0, 0, 2, 0x82])) as fn(&mut Server),
        ),
        (p, "headers-on-even-stream", |s| s.ok(2, true)),
        (p, "headers-on-idle-stream", |s| s.ok(5, true)),
        (p, "data-on-idle-stream", |s| s.data(5, b"x", false)),
        (p, "rst-stream-on-idle-stream", |s| {
            s.raw(kind::RST_STREAM, 0, 5, &[0; 4]);
        }),
        (p, "setting-enable-push", |s| {
            s.raw(kind::SETTINGS, 0, 0, &[0, 2, 0, 0, 0, 1]);
        }),
        (p, "setting-connect-protocol", |s| {
            s.raw(kind::SETTINGS, 0, 0, &[0, 8, 0, 0, 0, 2]);
        }),
        (p, "setting-connect-protocol", |s| {
            s.raw(kind::SETTINGS, 0, 0, &[0, 8, 0, 0, 0, 1]);
            s.raw(kind::SETTINGS, 0, 0, &[0, 8, 0, 0, 0, 0]);
        }),
        (p, "goaway-on-stream", |s| {
            s.raw(kind::GOAWAY, 0, 1, &[0; 8]);
        }),
        (FrameSizeError, "goaway-size", |s| {
            s.raw(kind::GOAWAY, 0, 0, &[0; 7]);
        }),
        (FlowControlError, "setting-initial-window", |s| {
            s.raw(kind::SETTINGS, 0, 0, &[0, 4, 0x80, 0, 0, 0]);
        }),
        (EnhanceYourCalm, "too-many-idle-frames", |s| {
            for _ in 0..2000 {
                s.raw(kind::PING, 0, 0, &[0; 8]);
            }
        }),
        (EnhanceYourCalm, "too-many-idle-frames", |s| {
            for _ in 0..2000 {
                s.head(1, &[(":status", "103")], false);
            }
        }),
        (EnhanceYourCalm, "block-too-large", |s| {
            s.raw(kind::HEADERS, 0, 1, &[0x88]);
            for _ in 0..70 {
                s.raw(kind::CONTINUATION, 0, 1, &[]);
            }
        }),
    ] {
        let mut server = Server::asked(1);
        frames(&mut server);
        let failed = server.failed.expect(reason);
        assert_eq!((failed.code, failed.reason), (code, reason));
        assert_eq!(server.written().last(), Some(&kind::GOAWAY), "{reason}");
    }
    let mut server = Server::silent();
    server.bytes(b"HTTP/1.1 400 Bad Request\r\n\r\n");
    assert!(server.failed.is_some(), "no HTTP/2");
    assert!(!server.connection.is_ready());
}

#[test]
fn a_server_that_leaves_says_which_streams_it_looked_at() {
    let mut server = Server::asked(3);
    server.raw(kind::GOAWAY, 0, 0, &[0x7f, 0xff, 0xff, 0xff, 0, 0, 0, 0]);
    assert_eq!(server.said, ["leaving"]);
    assert!(server.connection.is_leaving());
    assert_eq!(server.connection.unprocessed().len(), 0, "a first warning");
    server.raw(kind::GOAWAY, 0, 0, &[0, 0, 0, 1, 0, 0, 0, 0]);
    assert_eq!(server.connection.unprocessed().len(), 2);
    // It can't take that back, and what comes for them is nobody's.
    server.raw(kind::GOAWAY, 0, 0, &[0, 0, 0, 5, 0, 0, 0, 0]);
    assert_eq!(server.connection.unprocessed().len(), 0);
    server.ok(5, true);
    assert_eq!(server.said.last().map(String::as_str), Some("handled"));
    server.ok(1, true);
    assert_eq!(
        server.said.last().map(String::as_str),
        Some("answer 1 200.")
    );
    assert_eq!(server.connection.free(), 0);
}

#[test]
fn what_comes_for_a_cancelled_stream_is_thrown_away_and_the_window_stays() {
    let mut server = Server::asked(0);
    for _ in 0..100 {
        let stream = server.get();
        server.ok(stream, false);
        assert!(server.connection.reset(stream, Code::Cancel).is_some());
        assert_eq!(server.written().last(), Some(&kind::RST_STREAM));
        for _ in 0..4 {
            server.data(stream, &[0; 16_384], false);
        }
    }
    assert_eq!(server.failed, None, "what was on its way costs nothing");
    let stream = server.get();
    server.ok(stream, false);
    server.connection.reset(stream, Code::Cancel);
    for _ in 0..2000 {
        server.data(stream, b"more than it had", false);
        server.data(stream, &[0; 16_384], false);
    }
    let failed = server.failed.expect("it doesn't stop");
    assert_eq!(failed.reason, "too-many-idle-frames");
}

proptest! {
    #[test]
    fn whatever_a_server_sends_in_whatever_pieces_means_the_same(
        frames in vec((0_u8..11, any::<u8>(), 0_u32..8, vec(any::<u8>(), 0..40)), 0..30),
        cut in 1_usize..50,
    ) {
        let mut bytes = frame_bytes(kind::SETTINGS, 0, 0, &[]);
        for (kind, flags, stream, payload) in &frames {
            bytes.extend(frame_bytes(*kind, *flags, *stream, payload));
        }
        let mut whole = Server::asked(3);
        whole.bytes(&bytes);
        let mut cut_up = Server::asked(3);
        for piece in bytes.chunks(cut) {
            cut_up.bytes(piece);
        }
        prop_assert_eq!(&whole.said, &cut_up.said);
        prop_assert_eq!(whole.failed, cut_up.failed);
        prop_assert!(whole.connection.open() <= 3);
        prop_assert_eq!(whole.written(), cut_up.written());
    }
}
