//! A client that says exactly what it is told to, and keeps what it was told.

use super::*;
use crate::ConnectionError;

pub(super) const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

pub(super) fn frame_bytes(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let header = Header {
        length: payload.len(),
        kind,
        flags,
        stream,
    };
    [&header.bytes(), payload].concat()
}

pub(super) struct Frame {
    pub(super) header: Header,
    pub(super) payload: Vec<u8>,
}

pub(super) struct Client {
    pub(super) connection: Connection<()>,
    pub(super) said: Vec<String>,
    pub(super) failed: Option<ConnectionError>,
    pub(super) now: Duration,
    encoder: Encoder,
    pending: Vec<u8>,
}

impl Client {
    /// Has said nothing yet.
    pub(super) fn silent(limits: Limits) -> Self {
        let mut client = Self {
            connection: Connection::new(limits),
            said: Vec::new(),
            failed: None,
            now: Duration::ZERO,
            encoder: Encoder::new(),
            pending: Vec::new(),
        };
        client.sent();
        client
    }

    /// Has said its preface and settings, and heard ours.
    pub(super) fn new(limits: Limits) -> Self {
        let mut client = Self::silent(limits);
        client.bytes(PREFACE);
        client.raw(kind::SETTINGS, 0, 0, &[]);
        client.said.clear();
        client.sent();
        client
    }

    pub(super) fn bytes(&mut self, bytes: &[u8]) {
        self.pending.extend_from_slice(bytes);
        while self.failed.is_none() {
            let pending = std::mem::take(&mut self.pending);
            let taken = match self.connection.receive(&pending, self.now) {
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
                    self.said.push(match event {
                        Event::Starved => unreachable!("matched above"),
                        Event::Answer { .. } => unreachable!("only servers answer"),
                        Event::Handled => "handled".into(),
                        Event::Request { stream, ended } => {
                            format!("request {stream}{}", dot(ended))
                        }
                        Event::Data {
                            stream,
                            data,
                            ended,
                        } => {
                            let data = String::from_utf8_lossy(data);
                            format!("data {stream} {data}{}", dot(ended))
                        }
                        Event::Ended { stream } => format!("ended {stream}"),
                        Event::Reset { stream, .. } => format!("reset {stream}"),
                        Event::Room { stream } => format!("room {stream}"),
                        Event::Windows => "windows".into(),
                        Event::Leaving => "leaving".into(),
                    });
                    taken
                }
            };
            self.pending = pending[taken..].to_vec();
        }
    }

    pub(super) fn raw(&mut self, kind: u8, flags: u8, stream: u32, payload: &[u8]) {
        self.bytes(&frame_bytes(kind, flags, stream, payload));
    }

    pub(super) fn head(&mut self, stream: u32, fields: &[(&str, &str)], ended: bool) {
        let mut block = Vec::new();
        self.encoder.begin(&mut block);
        for (name, value) in fields {
            if name.bytes().any(|byte| byte.is_ascii_uppercase()) {
                // Our encoder would write it in lower case.
                block.extend([0, u8::try_from(name.len()).unwrap()]);
                block.extend(name.bytes());
                block.push(u8::try_from(value.len()).unwrap());
                block.extend(value.bytes());
                continue;
            }
            self.encoder
                .field(&mut block, name, value.as_bytes(), Indexing::Yes);
        }
        let flags = frame::END_HEADERS | if ended { frame::END_STREAM } else { 0 };
        self.raw(kind::HEADERS, flags, stream, &block);
    }

    pub(super) fn get(&mut self, stream: u32) {
        self.ask(stream, "GET", true);
    }

    /// Its body is to follow.
    pub(super) fn post(&mut self, stream: u32) {
        self.ask(stream, "POST", false);
    }

    fn ask(&mut self, stream: u32, method: &str, ended: bool) {
        let fields = [
            (":method", method),
            (":scheme", "https"),
            (":authority", "a.test"),
            (":path", "/"),
            ("accept", "*/*"),
        ];
        self.head(stream, &fields, ended);
    }

    pub(super) fn answer(&mut self, stream: u32, end: bool) {
        let mut head = self.connection.begin_head(stream).expect("an open stream");
        HeadWriter::status(&mut head, 200);
        HeadWriter::field(&mut head, "Server-Timing", b"a;dur=1", Indexing::Yes);
        head.finish(end);
    }

    /// What the connection has written since the last call.
    pub(super) fn sent(&mut self) -> Vec<Frame> {
        let bytes = std::mem::take(&mut self.connection.out);
        let mut rest = &bytes[..];
        let mut frames = Vec::new();
        while let Some(header) = Header::read(rest) {
            let (frame, more) = rest.split_at(frame::HEADER + header.length);
            frames.push(Frame {
                header,
                payload: frame[frame::HEADER..].to_vec(),
            });
            rest = more;
        }
        assert!(rest.is_empty(), "whole frames only");
        frames
    }
}
