//! One end of a connection that reads and writes exact bytes: a client's over TLS, an
//! application's over TCP.

use std::{io, net::SocketAddr};

use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
};

/// An end with what has arrived and was not asked for yet.
pub(super) struct Wire<S> {
    pub(super) stream: S,
    pub(super) waiting: Vec<u8>,
}

/// How a connection ended.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum End {
    /// In order: an application sees the end, a TLS client `close_notify`.
    Clean,
    /// Any other way.
    Cut,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Wire<S> {
    pub(super) const fn new(stream: S) -> Self {
        Self {
            stream,
            waiting: Vec::new(),
        }
    }

    pub(super) async fn say(&mut self, bytes: impl AsRef<[u8]>) {
        self.try_say(bytes).await.expect("the other side reads");
    }

    /// For what the other side may refuse to read.
    pub(super) async fn try_say(&mut self, bytes: impl AsRef<[u8]>) -> io::Result<()> {
        self.stream.write_all(bytes.as_ref()).await?;
        self.stream.flush().await
    }

    async fn fill(&mut self) -> io::Result<usize> {
        self.stream.read_buf(&mut self.waiting).await
    }

    /// Everything up to and with `end`.
    pub(super) async fn until(&mut self, end: &[u8]) -> String {
        loop {
            let found = self.waiting.windows(end.len()).position(|part| part == end);
            if let Some(at) = found {
                let rest = self.waiting.split_off(at + end.len());
                let bytes = std::mem::replace(&mut self.waiting, rest);
                return String::from_utf8(bytes).expect("text");
            }
            let count = self.fill().await.expect("it goes on");
            assert!(count > 0, "ended after {}", self.seen());
        }
    }

    /// A head with its empty line.
    pub(super) async fn head(&mut self) -> String {
        self.until(b"\r\n\r\n").await
    }

    pub(super) async fn take(&mut self, count: usize) -> Vec<u8> {
        while self.waiting.len() < count {
            let read = self.fill().await.expect("it goes on");
            assert!(read > 0, "ended after {}", self.seen());
        }
        let rest = self.waiting.split_off(count);
        std::mem::replace(&mut self.waiting, rest)
    }

    /// Waits for the end and says what came before it.
    pub(super) async fn end(&mut self) -> (Vec<u8>, End) {
        let end = loop {
            match self.fill().await {
                Ok(0) => break End::Clean,
                Ok(_) => {}
                Err(_) => break End::Cut,
            }
        };
        (std::mem::take(&mut self.waiting), end)
    }

    pub(super) async fn answer(&mut self) -> Answer {
        self.answer_to("GET").await
    }

    /// A whole answer, read as its framing says.
    pub(super) async fn answer_to(&mut self, method: &str) -> Answer {
        let head = self.head().await;
        let mut answer = Answer::of(&head);
        let status = answer.status;
        if method == "HEAD" || status < 200 || status == 204 || status == 304 {
            return answer;
        }
        if answer.field("transfer-encoding") == Some("chunked") {
            loop {
                let line = self.until(b"\r\n").await;
                let size = usize::from_str_radix(line.trim_end(), 16).expect("a size");
                if size == 0 {
                    break;
                }
                answer.body.extend(self.take(size).await);
                assert_eq!(self.take(2).await, b"\r\n");
            }
            loop {
                let line = self.until(b"\r\n").await;
                let Some((name, value)) = line.trim_end().split_once(": ") else {
                    assert_eq!(line, "\r\n");
                    break;
                };
                answer.trailers.push((name.to_owned(), value.to_owned()));
            }
        } else if let Some(length) = answer.field("content-length") {
            let length = length.parse().expect("a length");
            answer.body = self.take(length).await;
        } else {
            let (body, end) = self.end().await;
            assert_eq!(end, End::Clean);
            answer.body = body;
        }
        answer
    }

    fn seen(&self) -> String {
        String::from_utf8_lossy(&self.waiting).into_owned()
    }
}

/// An answer, whichever protocol brought it.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) fields: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
    pub(super) trailers: Vec<(String, String)>,
}

impl Answer {
    /// A head of HTTP/1 without a body so far.
    pub(super) fn of(head: &str) -> Self {
        let mut lines = head.trim_end().split("\r\n");
        let status = lines.next().expect("a status line");
        assert!(status.starts_with("HTTP/1.1 "), "{status}");
        Self {
            status: status[9..12].parse().expect("a status"),
            fields: lines
                .map(|line| line.split_once(": ").expect("a field"))
                .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
                .collect(),
            body: Vec::new(),
            trailers: Vec::new(),
        }
    }

    pub(super) fn all(&self, name: &str) -> Vec<&str> {
        let named = self.fields.iter().filter(|(known, _)| known == name);
        named.map(|(_, value)| value.as_str()).collect()
    }

    /// A field that is there once or not at all.
    pub(super) fn field(&self, name: &str) -> Option<&str> {
        let all = self.all(name);
        assert!(all.len() < 2, "{name} is there more than once: {all:?}");
        all.first().copied()
    }

    pub(super) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).expect("text")
    }

    /// The id on the answer.
    pub(super) fn id(&self) -> &str {
        let id = self.field("x-request-id").expect("an id");
        assert_eq!(id.len(), 32, "{id}");
        id
    }

    /// What every answer of ours carries, whatever made it.
    pub(super) fn assert_hardened(&self) {
        let once = |name| {
            self.field(name)
                .unwrap_or_else(|| panic!("{name}: {self:?}"))
        };
        assert!(once("strict-transport-security").starts_with("max-age="));
        assert_eq!(once("x-content-type-options"), "nosniff");
        assert!(!once("referrer-policy").is_empty());
        assert!(!self.all("content-security-policy").is_empty());
        let date = once("date");
        assert!(date.ends_with(" GMT") && date.len() == 29, "{date}");
        assert_eq!(self.field("server"), None);
        self.id();
    }
}

/// An application that says what a test tells it to.
pub(super) struct Application {
    listener: TcpListener,
    pub(super) address: SocketAddr,
}

impl Application {
    pub(super) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        Self { listener, address }
    }

    /// The next connection to it.
    pub(super) async fn accept(&self) -> Wire<TcpStream> {
        let (stream, _) = self.listener.accept().await.expect("a connection");
        stream.set_nodelay(true).expect("an open socket");
        Wire::new(stream)
    }

    /// The next connection and the head of its request.
    pub(super) async fn asked(&self) -> (Wire<TcpStream>, String) {
        let mut peer = self.accept().await;
        let head = peer.head().await;
        (peer, head)
    }

    /// One request, answered with these bytes.
    pub(super) async fn answer_one(&self, answer: impl AsRef<[u8]>) -> (Wire<TcpStream>, String) {
        let (mut peer, head) = self.asked().await;
        peer.say(answer).await;
        (peer, head)
    }

    /// Answers every request without a body alike, for ever.
    pub(super) fn always(self, answer: &'static [u8]) {
        tokio::spawn(async move {
            loop {
                let mut peer = self.accept().await;
                tokio::spawn(async move {
                    loop {
                        while !peer.waiting.windows(4).any(|end| end == b"\r\n\r\n") {
                            if !matches!(peer.fill().await, Ok(1..)) {
                                return;
                            }
                        }
                        peer.head().await;
                        if peer.try_say(answer).await.is_err() {
                            return;
                        }
                    }
                });
            }
        });
    }
}

/// A small honest answer.
pub(super) const OK: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";
