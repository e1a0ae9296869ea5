//! A client, or an application, of HTTP/2 whose frames are the test's own.

use http2::hpack::{Decoder, Encoder, FieldLimits, FieldList, Indexing};

use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
};
use tokio_rustls::client::TlsStream;

use super::{
    harness::Harness,
    wire::{Application, Wire},
};

pub(super) const DATA: u8 = 0;
pub(super) const HEADERS: u8 = 1;
pub(super) const RST_STREAM: u8 = 3;
pub(super) const SETTINGS: u8 = 4;
pub(super) const PING: u8 = 6;
pub(super) const GOAWAY: u8 = 7;
pub(super) const WINDOW_UPDATE: u8 = 8;
pub(super) const CONTINUATION: u8 = 9;
pub(super) const END_STREAM: u8 = 1;
pub(super) const END_HEADERS: u8 = 4;

const PREFACE: &str = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// A client whose frames are the test's own.
pub(super) type FrameClient = Framed<TlsStream<TcpStream>>;

/// An application whose frames are the test's own.
pub(super) type FramePeer = Framed<TcpStream>;

/// One end of a connection of HTTP/2.
pub(super) struct Framed<S> {
    pub(super) wire: Wire<S>,
    encoder: Encoder,
    decoder: Decoder,
}

/// One frame as it came; HEADERS with their fields.
#[derive(Debug)]
pub(super) struct Frame {
    pub(super) kind: u8,
    pub(super) flags: u8,
    pub(super) stream: u32,
    pub(super) payload: Vec<u8>,
    pub(super) fields: Vec<(String, String)>,
}

impl Frame {
    pub(super) fn field(&self, name: &str) -> Option<&str> {
        let found = self.fields.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }

    /// The code of a RST_STREAM or GOAWAY.
    pub(super) fn code(&self) -> u8 {
        self.payload[if self.kind == GOAWAY { 7 } else { 3 }]
    }
}

impl FrameClient {
    pub(super) async fn new(harness: &Harness) -> Self {
        let mut client = Self::of(harness.raw_http2().await);
        client.wire.say(PREFACE).await;
        client.frame(SETTINGS, 0, 0, &[]).await;
        client
    }
}

impl Application {
    /// The next connection to it, with the settings of the application said.
    pub(super) async fn http2(&self) -> FramePeer {
        self.http2_with(&[]).await
    }

    pub(super) async fn http2_with(&self, settings: &[u8]) -> FramePeer {
        let mut peer = Framed::of(self.accept().await);
        assert_eq!(peer.wire.take(24).await, PREFACE.as_bytes());
        peer.frame(SETTINGS, 0, 0, settings).await;
        peer
    }
}

impl FramePeer {
    /// The next request's head.
    pub(super) async fn asked(&mut self) -> Frame {
        let head = self.next().await;
        assert_eq!(head.kind, HEADERS, "{head:?}");
        head
    }

    /// A small honest answer.
    pub(super) async fn ok(&mut self, stream: u32) {
        self.head(stream, &[(":status", "200")], false).await;
        self.frame(DATA, END_STREAM, stream, b"ok").await;
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Framed<S> {
    pub(super) fn of(wire: Wire<S>) -> Self {
        Self {
            wire,
            encoder: Encoder::new(),
            decoder: Decoder::new(4096),
        }
    }

    pub(super) async fn try_frame(
        &mut self,
        kind: u8,
        flags: u8,
        stream: u32,
        payload: &[u8],
    ) -> std::io::Result<()> {
        let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
        let mut bytes = length[1..].to_vec();
        bytes.extend([kind, flags]);
        bytes.extend(stream.to_be_bytes());
        bytes.extend(payload);
        self.wire.try_say(bytes).await
    }

    pub(super) async fn frame(&mut self, kind: u8, flags: u8, stream: u32, payload: &[u8]) {
        self.try_frame(kind, flags, stream, payload)
            .await
            .expect("the other side reads");
    }

    /// Windows as large as they may be.
    pub(super) async fn open_windows(&mut self) {
        self.frame(SETTINGS, 0, 0, &[0, 4, 0x7f, 0xff, 0xff, 0xff])
            .await;
        self.frame(WINDOW_UPDATE, 0, 0, &[0x7f, 0, 0, 0]).await;
    }

    /// A head in as many frames as it takes.
    pub(super) async fn head(&mut self, stream: u32, fields: &[(&str, &str)], ended: bool) {
        let mut block = Vec::new();
        self.encoder.begin(&mut block);
        for (name, value) in fields {
            self.encoder
                .field(&mut block, name, value.as_bytes(), Indexing::No);
        }
        let mut pieces = block.chunks(16_384).peekable();
        let (mut kind, mut flags) = (HEADERS, u8::from(ended));
        while let Some(piece) = pieces.next() {
            if pieces.peek().is_none() {
                flags |= END_HEADERS;
            }
            // Beyond its limit the other side may have left.
            if self.try_frame(kind, flags, stream, piece).await.is_err() {
                return;
            }
            (kind, flags) = (CONTINUATION, 0);
        }
    }

    pub(super) async fn ask(
        &mut self,
        stream: u32,
        method: &str,
        more: &[(&str, &str)],
        ended: bool,
    ) {
        let fields = [
            (":method", method),
            (":scheme", "https"),
            (":authority", "app.test"),
            (":path", "/"),
        ];
        self.head(stream, &[&fields, more].concat(), ended).await;
    }

    pub(super) async fn any_frame(&mut self) -> Frame {
        let header = self.wire.take(9).await;
        let length = u32::from_be_bytes([0, header[0], header[1], header[2]]);
        let payload = self.wire.take(usize::try_from(length).unwrap()).await;
        let mut frame = Frame {
            kind: header[3],
            flags: header[4],
            stream: u32::from_be_bytes([header[5], header[6], header[7], header[8]]),
            payload,
            fields: Vec::new(),
        };
        if frame.kind == HEADERS {
            let limits = FieldLimits {
                bytes: 1 << 20,
                fields: 100,
            };
            let mut list = FieldList::new();
            self.decoder
                .decode(&frame.payload, &limits, &mut list)
                .unwrap();
            let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
            frame.fields = list.iter().map(|(n, v)| (text(n), text(v))).collect();
        }
        frame
    }

    /// The next frame that isn't about settings or windows.
    pub(super) async fn next(&mut self) -> Frame {
        loop {
            let frame = self.any_frame().await;
            if !matches!(frame.kind, SETTINGS | WINDOW_UPDATE) {
                return frame;
            }
        }
    }

    /// The body of an answer whose head has come.
    pub(super) async fn body(&mut self, stream: u32) -> Vec<u8> {
        let mut body = Vec::new();
        loop {
            let frame = self.next().await;
            assert_eq!((frame.kind, frame.stream), (DATA, stream), "{frame:?}");
            body.extend(frame.payload);
            if frame.flags & END_STREAM != 0 {
                return body;
            }
        }
    }
}
