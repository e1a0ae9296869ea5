//! WebSockets and server-sent events that are held open while something happens, and
//! show that they were not cut.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use visitor::http::Duplex;

use crate::{gateway::Gateway, in_time, upstream::Upstream};

/// Opened at a time: more than a listener's queue would be connections refused.
const AT_ONCE: usize = 50;

/// Lets this process and what it starts have as many descriptors as the system allows.
///
/// # Panics
/// When that isn't at least `wanted`.
pub fn allow_descriptors(wanted: u64) {
    let limit = getrlimit(Resource::Nofile);
    let most = limit.maximum.unwrap_or(u64::MAX);
    assert!(
        most >= wanted,
        "this test needs {wanted} descriptors, and `ulimit -Hn` allows {most}"
    );
    let raised = Rlimit {
        current: limit.maximum,
        maximum: limit.maximum,
    };
    setrlimit(Resource::Nofile, raised).expect("up to the hard limit is allowed");
}

/// Reads until `mark` has come.
///
/// # Panics
/// When the stream ends before.
pub async fn read_until(stream: &mut (impl Duplex + ?Sized), mark: &str) -> String {
    let mut bytes = Vec::new();
    while !String::from_utf8_lossy(&bytes).contains(mark) {
        let read = in_time(&format!("`{mark}` comes"), stream.read_buf(&mut bytes)).await;
        assert!(
            read.is_ok_and(|count| count > 0),
            "the stream ended before `{mark}`: {}",
            String::from_utf8_lossy(&bytes)
        );
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Writes, and flushes: else a part may wait in the TLS layer for the next write.
///
/// # Panics
/// When the other side has closed.
pub async fn say(stream: &mut (impl Duplex + ?Sized), what: &str) {
    let written = async {
        stream.write_all(what.as_bytes()).await?;
        stream.flush().await
    };
    let written = in_time("the other side reads", written).await;
    written.unwrap_or_else(|error| panic!("`{what}`: {error}"));
}

/// Server-sent events of `host`, whose first has come.
///
/// # Panics
/// When it doesn't.
pub async fn open_events(gateway: &Gateway, host: &str) -> Box<dyn Duplex> {
    let mut stream = gateway.tls(host).await;
    let request = format!("GET /events HTTP/1.1\r\nHost: {host}\r\n\r\n");
    say(&mut *stream, &request).await;
    read_until(&mut *stream, "data: welcome").await;
    stream
}

/// A WebSocket of `host`, after its handshake: every byte comes back.
///
/// # Panics
/// When it is refused.
pub async fn open_socket(gateway: &Gateway, host: &str) -> Box<dyn Duplex> {
    let mut stream = gateway.tls(host).await;
    let request = format!(
        "GET /ws HTTP/1.1\r\nHost: {host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    );
    say(&mut *stream, &request).await;
    let head = read_until(&mut *stream, "\r\n\r\n").await;
    assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
    stream
}

/// Many of both.
pub struct Streams {
    sockets: Vec<Box<dyn Duplex>>,
    events: Vec<Box<dyn Duplex>>,
}

impl Streams {
    /// Opens so many WebSockets and streams of events.
    pub async fn open(gateway: &Gateway, host: &str, sockets: usize, events: usize) -> Self {
        let mut all = Self {
            sockets: Vec::with_capacity(sockets),
            events: Vec::with_capacity(events),
        };
        while all.sockets.len() < sockets {
            let count = AT_ONCE.min(sockets - all.sockets.len());
            let opening = (0..count).map(|_| open_socket(gateway, host));
            all.sockets.extend(together(opening).await);
        }
        while all.events.len() < events {
            let count = AT_ONCE.min(events - all.events.len());
            let opening = (0..count).map(|_| open_events(gateway, host));
            all.events.extend(together(opening).await);
        }
        all
    }

    /// Has every WebSocket echo a word of its own and every stream hear an event: what
    /// was cut in between fails.
    ///
    /// # Panics
    /// When one doesn't.
    pub async fn are_whole(&mut self, upstream: &Upstream, mark: &str) {
        upstream.emit(mark);
        let words: Vec<_> = (0..self.sockets.len())
            .map(|number| format!("{mark}-{number};"))
            .collect();
        for (socket, word) in self.sockets.iter_mut().zip(&words) {
            say(&mut **socket, word).await;
        }
        for (socket, word) in self.sockets.iter_mut().zip(&words) {
            assert_eq!(&read_until(&mut **socket, ";").await, word);
        }
        let event = format!("data: {mark}\n\n");
        for events in &mut self.events {
            read_until(&mut **events, &event).await;
        }
    }
}

/// Runs them all at once.
async fn together<T>(futures: impl Iterator<Item = impl Future<Output = T>>) -> Vec<T> {
    let mut waiting: Vec<_> = futures.map(|future| (Box::pin(future), None)).collect();
    std::future::poll_fn(|cx| {
        for (future, done) in &mut waiting {
            if done.is_none()
                && let std::task::Poll::Ready(value) = future.as_mut().poll(cx)
            {
                *done = Some(value);
            }
        }
        if waiting.iter().all(|(_, done)| done.is_some()) {
            return std::task::Poll::Ready(());
        }
        std::task::Poll::Pending
    })
    .await;
    waiting.into_iter().filter_map(|(_, done)| done).collect()
}
