//! Clients that go on asking, each request with a number of its own, and know whether
//! every one was answered. What they count is compared with what the application has
//! counted: a number that is missing there was lost, one that is there twice was doubled.

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    path::{Path, PathBuf},
};

use bytes::Bytes;
use http::{Method, Request, header};
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo};
use terms::Clock;
use tokio::{sync::watch, task::JoinSet};
use visitor::{
    address::AddressPolicy,
    http::{Entrance, Visitor},
    raw::Door,
    tls::Trust,
};

use crate::{PATIENCE, in_time, upstream::Upstream};

/// How a client connects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// HTTP/1.1, one connection for as long as it is kept.
    Kept,
    /// HTTP/1.1, a connection for each request.
    Fresh,
    /// HTTP/2, four requests at a time.
    Http2,
}

/// All of them.
pub const WAYS: [Way; 3] = [Way::Kept, Way::Fresh, Way::Http2];

/// Requests at a time on an HTTP/2 connection.
const STREAMS: u32 = 4;

/// What the clients were told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Told {
    Ask,
    /// The server will end: that a connection can't be made any more is no fault.
    Ends,
    Stop,
}

/// Clients that ask until they are told otherwise.
#[derive(Debug)]
pub struct Load {
    told: watch::Sender<Told>,
    answered: watch::Sender<u64>,
    clients: JoinSet<Result<Vec<String>, String>>,
}

impl Load {
    /// Starts `each` clients of each way, which ask `host` at `address` and trust the
    /// authority `ca`.
    pub fn start(address: SocketAddr, host: &str, ca: &Path, each: usize) -> Self {
        let (told, answered) = (watch::Sender::new(Told::Ask), watch::Sender::new(0));
        let mut clients = JoinSet::new();
        for way in WAYS {
            for number in 0..each {
                let client = Client {
                    name: format!("{way:?}-{number}"),
                    host: host.to_owned(),
                    address,
                    ca: ca.to_owned(),
                    told: told.subscribe(),
                    answered: answered.clone(),
                    asked: 0,
                    done: Vec::new(),
                };
                clients.spawn(client.run(way));
            }
        }
        Self {
            told,
            answered,
            clients,
        }
    }

    /// Waits until so many more requests have been answered.
    ///
    /// # Panics
    /// When a client fails, or they don't come.
    pub async fn goes_on(&mut self, more: u64) {
        let wanted = *self.answered.borrow() + more;
        let mut answered = self.answered.subscribe();
        let come = async {
            tokio::select! {
                come = answered.wait_for(|answered| *answered >= wanted) => {
                    come.expect("it counts on");
                }
                Some(ended) = self.clients.join_next() => {
                    panic!("a client ended: {:?}", ended.expect("no client panics"));
                }
            }
        };
        in_time("requests are answered", come).await;
    }

    /// From now on clients may find nobody to connect to; they end then.
    pub fn may_end(&self) {
        self.told.send_replace(Told::Ends);
    }

    /// Stops them and compares: the application has seen exactly what was answered, each
    /// once. Says how many by way.
    ///
    /// # Panics
    /// When a request was lost, doubled, cut or refused.
    pub async fn whole(mut self, upstream: &Upstream) -> BTreeMap<String, usize> {
        if *self.told.borrow() != Told::Ends {
            self.told.send_replace(Told::Stop);
        }
        let mut answered = Vec::new();
        while let Some(ended) = in_time("the clients end", self.clients.join_next()).await {
            match ended.expect("no client panics") {
                Ok(done) => answered.extend(done),
                Err(why) => panic!("{why}"),
            }
        }
        let mut counts = BTreeMap::new();
        for id in &answered {
            let way = id.split('-').next().unwrap_or_default().to_owned();
            *counts.entry(way).or_default() += 1;
        }
        let mut seen = upstream.ids();
        answered.sort_unstable();
        seen.sort_unstable();
        if answered != seen {
            let only = |these: &[String], others: &[String]| {
                let missing = these.iter().filter(|id| others.binary_search(id).is_err());
                missing.cloned().collect::<Vec<_>>()
            };
            let twice: Vec<_> = seen
                .windows(2)
                .filter(|two| two[0] == two[1])
                .map(|two| two[0].clone())
                .collect();
            panic!(
                "answered but not seen: {:?}; seen but not answered: {:?}; seen twice: {twice:?}",
                only(&answered, &seen),
                only(&seen, &answered),
            );
        }
        counts
    }
}

struct Client {
    name: String,
    host: String,
    address: SocketAddr,
    ca: PathBuf,
    told: watch::Receiver<Told>,
    answered: watch::Sender<u64>,
    asked: u64,
    done: Vec<String>,
}

enum Sender {
    Http1(http1::SendRequest<Full<Bytes>>),
    Http2(http2::SendRequest<Full<Bytes>>),
}

/// Why a request has no answer.
enum Stop {
    /// It never left: it is asked again elsewhere.
    NotSent,
    /// It left.
    Lost(String),
}

impl Client {
    async fn run(mut self, way: Way) -> Result<Vec<String>, String> {
        let trust = Trust::nobody().and_file(&self.ca).expect("the authority");
        let visitor = Visitor::new(Clock::System, AddressPolicy::Any, trust);
        let mut kept = None;
        loop {
            let told = *self.told.borrow();
            if told == Told::Stop {
                return Ok(self.done);
            }
            let mut sender = match kept.take() {
                Some(sender) => sender,
                None => match self.connect(&visitor, way).await {
                    Ok(sender) => sender,
                    Err(_) if told == Told::Ends => return Ok(self.done),
                    // It may have been told in between.
                    Err(_) if *self.told.borrow() == Told::Ends => return Ok(self.done),
                    Err(why) => return Err(format!("{}: can't connect: {why}", self.name)),
                },
            };
            let alive = match &mut sender {
                Sender::Http1(_) => self.ask_http1(&mut sender).await?,
                Sender::Http2(_) => self.ask_http2(&mut sender).await?,
            };
            if alive && way != Way::Fresh {
                kept = Some(sender);
            }
        }
    }

    async fn connect(&self, visitor: &Visitor, way: Way) -> Result<Sender, String> {
        let url = format!("https://{}:{}/", self.host, self.address.port());
        let door = AddressPolicy::Any.admit_address(self.address);
        let entrance = Entrance {
            door: Some(Door::Tcp(door.map_err(|error| error.to_string())?)),
            announce: None,
            server_name: Some(self.host.parse().expect("a host name")),
        };
        let alpn: &[u8] = if way == Way::Http2 {
            b"h2"
        } else {
            b"http/1.1"
        };
        let opened = visitor
            .open(&url.parse().expect("a URL"), &entrance, &[alpn], PATIENCE)
            .await
            .map_err(|error| error.to_string())?;
        let io = TokioIo::new(opened.stream);
        if way == Way::Http2 {
            let made = http2::handshake(TokioExecutor::new(), io).await;
            let (sender, connection) = made.map_err(|error| error.to_string())?;
            tokio::spawn(connection);
            return Ok(Sender::Http2(sender));
        }
        let made = http1::handshake(io).await;
        let (sender, connection) = made.map_err(|error| error.to_string())?;
        tokio::spawn(connection);
        Ok(Sender::Http1(sender))
    }

    /// The next request: every other one is a POST, which nobody may send twice.
    fn next(&mut self) -> (String, Request<Full<Bytes>>) {
        self.asked += 1;
        let id = format!("{}-{}", self.name, self.asked);
        let post = self.asked.is_multiple_of(2);
        let (method, body) = if post {
            (Method::POST, Bytes::from(id.clone()))
        } else {
            (Method::GET, Bytes::new())
        };
        let request = Request::builder()
            .method(method)
            .uri(format!("https://{}/id/{id}", self.host))
            .header(header::USER_AGENT, "waarborg-it")
            .body(Full::new(body));
        (id, request.expect("a request"))
    }

    fn book(&mut self, id: String) {
        self.done.push(id);
        self.answered.send_modify(|answered| *answered += 1);
    }

    /// Whether the connection may be used again.
    async fn ask_http1(&mut self, sender: &mut Sender) -> Result<bool, String> {
        let Sender::Http1(sender) = sender else {
            return Ok(false);
        };
        if sender.ready().await.is_err() {
            return Ok(false);
        }
        let (id, mut request) = self.next();
        // The form of HTTP/1.1: a path, and the host beside it.
        let host = self.host.parse().expect("a host");
        request.headers_mut().insert(header::HOST, host);
        *request.uri_mut() = format!("/id/{id}").parse().expect("a path");
        match answer(&id, sender.try_send_request(request).await).await {
            Ok(()) => self.book(id),
            Err(Stop::NotSent) => return Ok(false),
            Err(Stop::Lost(why)) => return Err(format!("{id}: {why}")),
        }
        Ok(true)
    }

    async fn ask_http2(&mut self, sender: &mut Sender) -> Result<bool, String> {
        let Sender::Http2(sender) = sender else {
            return Ok(false);
        };
        let mut under_way = JoinSet::new();
        for _ in 0..STREAMS {
            let (id, request) = self.next();
            let mut sender = sender.clone();
            under_way.spawn(async move {
                if sender.ready().await.is_err() {
                    return (id, Err(Stop::NotSent));
                }
                let answered = answer(&id, sender.try_send_request(request).await).await;
                (id, answered)
            });
        }
        let mut alive = true;
        while let Some(ended) = under_way.join_next().await {
            match ended.expect("no request panics") {
                (id, Ok(())) => self.book(id),
                (_, Err(Stop::NotSent)) => alive = false,
                (id, Err(Stop::Lost(why))) => return Err(format!("{id}: {why}")),
            }
        }
        Ok(alive)
    }
}

/// Reads an answer, which must say the request's id.
async fn answer(
    id: &str,
    answered: Result<
        http::Response<hyper::body::Incoming>,
        hyper::client::conn::TrySendError<Request<Full<Bytes>>>,
    >,
) -> Result<(), Stop> {
    let response = match answered {
        Ok(response) => response,
        Err(mut error) => {
            let why = format!("{:?}", error.error());
            // After GOAWAY a client knows which of its requests nobody looks at (RFC 9113
            // section 6.8); that the application saw none of them is compared at the end.
            let unsent = error.take_message().is_some()
                || (why.contains("GoAway(") && why.contains("NO_ERROR"));
            return Err(if unsent {
                Stop::NotSent
            } else {
                Stop::Lost(why)
            });
        }
    };
    let status = response.status();
    let body = response.into_body().collect().await;
    let body = body.map_err(|error| Stop::Lost(format!("{status}, then {error}")))?;
    if status != http::StatusCode::OK || body.to_bytes() != id.as_bytes() {
        return Err(Stop::Lost(format!("answered {status}")));
    }
    Ok(())
}
