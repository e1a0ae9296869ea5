//! Step 1, accept: listeners of one worker, and the connection as it comes in.
//!
//! A trusted proxy may say by the PROXY protocol whose connection it passes on; nobody
//! else is asked. Then the client's connections are counted, over all workers. Whoever has
//! too many is closed before the TLS handshake, and so will be `drop` entries (promise
//! `block`).

use std::{
    io,
    net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener as StdListener},
    rc::Rc,
};

use guards::proxy::{self, Start};
use socket2::{Domain, Protocol, Socket, Type};
use terms::ClientAddr;
use tokio::{
    io::AsyncReadExt as _,
    net::{TcpListener, TcpStream},
};

use crate::{crowd::Seat, watch::Watch, worker::Worker};

/// Connections that may wait in the kernel for this worker.
const BACKLOG: i32 = 4096;

/// Bytes of one connection that wait in the kernel and have not left: more would hide for
/// a long time whether a slow client takes anything (a socket counts as full until half of
/// it has left).
const UNSENT: u32 = 64 * 1024;

/// A listening address can't be had.
#[derive(Debug, thiserror::Error)]
#[error("can't listen on {address}: {source}")]
pub struct BindError {
    /// The address of the configuration.
    pub address: SocketAddr,
    /// Why.
    #[source]
    pub source: io::Error,
}

/// One worker's listeners, bound but not yet served.
#[derive(Debug)]
pub struct Listeners(Vec<StdListener>);

impl Listeners {
    /// Binds `workers` sets of listeners that share their addresses (`SO_REUSEPORT`).
    /// Port 0 is chosen once and shared. `[::]` falls back to `0.0.0.0` on a machine
    /// without IPv6.
    ///
    /// # Errors
    /// [`BindError`] names the address.
    pub fn bind(
        addresses: &[SocketAddr],
        workers: usize,
    ) -> Result<(Vec<Self>, Vec<SocketAddr>), BindError> {
        let mut sets: Vec<_> = (0..workers).map(|_| Self(Vec::new())).collect();
        let mut bound = Vec::new();
        for address in addresses {
            let mut actual = *address;
            for set in &mut sets {
                let listener = match listen(actual) {
                    Err(refused)
                        if refused.raw_os_error() == Some(AF_NOT_SUPPORTED)
                            && actual.ip() == IpAddr::from([0_u16; 8]) =>
                    {
                        actual = (Ipv4Addr::UNSPECIFIED, actual.port()).into();
                        listen(actual)
                    }
                    other => other,
                }
                .and_then(|listener| Ok((listener.local_addr()?, listener)))
                .map_err(|source| BindError {
                    address: *address,
                    source,
                });
                let (local, listener) = listener?;
                actual = local;
                set.0.push(listener);
            }
            bound.push(actual);
        }
        Ok((sets, bound))
    }

    /// Makes them part of the worker's runtime.
    pub(crate) fn serve(self) -> io::Result<Vec<TcpListener>> {
        self.0.into_iter().map(TcpListener::from_std).collect()
    }
}

/// `EAFNOSUPPORT` on Linux.
const AF_NOT_SUPPORTED: i32 = 97;

fn listen(address: SocketAddr) -> io::Result<StdListener> {
    let socket = Socket::new(
        Domain::for_address(address),
        Type::STREAM,
        Some(Protocol::TCP),
    )?;
    if address.is_ipv6() {
        // `[::]` answers IPv4 too; a second, explicit IPv4 address would then clash.
        socket.set_only_v6(address.ip() != IpAddr::from([0_u16; 8]))?;
    }
    socket.set_reuse_address(true)?;
    socket.set_reuse_port(true)?;
    // Accepted sockets have it from here.
    socket.set_tcp_notsent_lowat(UNSENT)?;
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    Ok(socket.into())
}

/// A connection that was let in; its TLS handshake comes next.
pub(crate) struct Connection {
    stream: TcpStream,
    client: ClientAddr,
    speaker: Speaker,
    watch: Rc<Watch>,
    open: Open,
}

/// Who writes what comes over a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Speaker {
    /// The client itself.
    Client,
    /// A trusted proxy, for many clients: it names the client in each request.
    Proxy,
}

/// Counts a connection as open until dropped.
pub(crate) struct Open {
    worker: Rc<Worker>,
    /// Its place among its client's connections, kept until then.
    seat: Option<Seat>,
}

impl Drop for Open {
    fn drop(&mut self) {
        self.worker.counters.connections.lower();
    }
}

impl Connection {
    /// Lets a connection in, or closes it where the worker has as many as it may.
    pub(crate) fn admit(stream: TcpStream, peer: SocketAddr, worker: &Rc<Worker>) -> Option<Self> {
        worker.counters.accepted.add(1);
        let limit = u64::from(worker.snapshot().limits.connections);
        if worker.counters.connections.get() >= limit {
            worker.counters.connections_refused.add(1);
            return None;
        }
        worker.counters.connections.add(1);
        let open = Open {
            worker: worker.clone(),
            seat: None,
        };
        // An answer is written in one piece; waiting for an acknowledgement only delays it.
        stream.set_nodelay(true).ok()?;
        Some(Self {
            stream,
            client: ClientAddr::new(peer.ip()),
            speaker: Speaker::Client,
            watch: worker.watches.add(),
            open,
        })
    }

    /// Learns whose the connection is, and seats it among the client's others. `None`
    /// closes it: the client has as many as it may, or a trusted proxy sent what is no
    /// PROXY header, or nothing in time.
    pub(crate) async fn seat(mut self, worker: &Worker) -> Option<Self> {
        let local = worker.snapshot();
        let trusted = &local.trusted_proxies;
        if trusted.contains(self.client.ip()) {
            let said = tokio::time::timeout(local.limits.handshake, announced(&mut self.stream));
            match said.await {
                Ok(Ok(Announced::Nothing)) => self.speaker = Speaker::Proxy,
                Ok(Ok(Announced::Source(source))) => {
                    self.client = ClientAddr::new(source);
                    // A proxy before the proxy that passes bytes on.
                    if trusted.contains(self.client.ip()) {
                        self.speaker = Speaker::Proxy;
                    }
                }
                // Whoever it is, the proxy passes its bytes on unread.
                Ok(Ok(Announced::NoSource)) => {}
                Ok(Err(_)) | Err(_) => {
                    worker.counters.connections_refused.add(1);
                    return None;
                }
            }
            if self.speaker == Speaker::Proxy {
                // It has the connections of all its clients.
                return Some(self);
            }
        }
        let most = local.limits.connections_per_client;
        let seat = worker.crowd.seat(self.client, most);
        if seat.is_none() {
            worker.counters.connections_refused.add(1);
            return None;
        }
        self.open.seat = seat;
        Some(self)
    }

    /// Splits off what the protocol drivers need; the connection counts as open until
    /// [`Open`] is dropped.
    pub(crate) fn into_parts(self) -> (TcpStream, ClientAddr, Speaker, Rc<Watch>, Open) {
        (
            self.stream,
            self.client,
            self.speaker,
            self.watch,
            self.open,
        )
    }
}

/// What a trusted proxy says of a connection.
enum Announced {
    /// No header: it speaks HTTP over TLS itself.
    Nothing,
    /// A header without an address: the proxy's own check, or a client it can't name.
    NoSource,
    /// Whose connection it is.
    Source(IpAddr),
}

/// Takes a PROXY header off the front of the stream, where there is one, and not a byte
/// more: what follows belongs to TLS.
async fn announced(stream: &mut TcpStream) -> io::Result<Announced> {
    // Bounded: `start` refuses what would be longer than a header may be.
    let mut header = Vec::new();
    let mut ahead = [0; 512];
    loop {
        let count = stream.peek(&mut ahead).await?;
        let seen = ahead.get(..count).unwrap_or_default();
        if seen.is_empty() {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let before = header.len();
        header.extend_from_slice(seen);
        let start = proxy::start(&header).map_err(io::Error::other)?;
        let (taken, source) = match start {
            Start::Whole { length, source } => (length - before, Some(source)),
            Start::More => (count, None),
            _ => return Ok(Announced::Nothing),
        };
        stream
            .read_exact(ahead.get_mut(..taken).unwrap_or_default())
            .await?;
        if let Some(source) = source {
            return Ok(source.map_or(Announced::NoSource, Announced::Source));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn workers_share_one_chosen_port() {
        let (sets, bound) = Listeners::bind(&["127.0.0.1:0".parse().unwrap()], 3).unwrap();
        assert_eq!(sets.len(), 3);
        for set in &sets {
            assert_eq!(set.0[0].local_addr().unwrap(), bound[0]);
        }
    }

    #[test]
    fn a_taken_address_is_named() {
        let taken = StdListener::bind("127.0.0.1:0").unwrap();
        let address = taken.local_addr().unwrap();
        let refused = Listeners::bind(&[address], 1).unwrap_err();
        assert!(refused.to_string().contains(&address.to_string()));
    }
}
