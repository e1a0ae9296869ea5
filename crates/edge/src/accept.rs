//! Step 1, accept: listeners of one worker, and the connection as it comes in.
//!
//! A trusted proxy may say by the PROXY protocol whose connection it passes on; nobody
//! else is asked. Then the client's connections are counted, over all workers. Whoever has
//! too many is closed before the TLS handshake, and so is whoever promise `block` drops.

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
    net::{TcpListener, TcpStream, UnixStream},
};

use crate::{
    block,
    crowd::Seat,
    door::{self, Wire},
    watch::Watch,
    worker::Worker,
};

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

/// An address that is listened on, and the sockets that share it. It keeps them open
/// beside the workers, so that they can be handed to another process.
#[derive(Debug)]
pub struct Listening {
    /// As the configuration names it.
    pub configured: SocketAddr,
    /// As the system gave it: its port, and `0.0.0.0` for `[::]` where there is no IPv6.
    pub actual: SocketAddr,
    /// One per worker at least.
    pub sockets: Vec<StdListener>,
}

impl Listening {
    /// Whether a configuration that says `address` means this one.
    fn is_meant_by(&self, address: SocketAddr) -> bool {
        self.configured == address || self.actual == address
    }

    /// Binds one more socket. Port 0 is chosen once; `[::]` falls back to `0.0.0.0` on a
    /// machine without IPv6.
    fn bind(&mut self) -> io::Result<()> {
        let listener = match listen(self.actual) {
            Err(refused)
                if refused.raw_os_error() == Some(AF_NOT_SUPPORTED)
                    && self.actual.ip() == IpAddr::from([0_u16; 8]) =>
            {
                listen((Ipv4Addr::UNSPECIFIED, self.actual.port()).into())
            }
            other => other,
        }?;
        self.actual = listener.local_addr()?;
        self.sockets.push(listener);
        Ok(())
    }
}

/// One worker's listeners, bound but not yet served.
#[derive(Debug)]
pub struct Listeners(Vec<StdListener>);

impl Listeners {
    /// Makes `workers` sets of listeners that share their addresses (`SO_REUSEPORT`).
    ///
    /// Of what another process has `handed` over, every socket of these addresses is
    /// served by some worker: connections may wait in it already. Sockets that are
    /// missing are bound, those of other addresses closed.
    ///
    /// # Errors
    /// [`BindError`] names the address.
    pub fn bind(
        addresses: &[SocketAddr],
        workers: usize,
        mut handed: Vec<Listening>,
    ) -> Result<(Vec<Self>, Vec<Listening>), BindError> {
        let workers = workers.max(1);
        let mut sets: Vec<_> = (0..workers).map(|_| Self(Vec::new())).collect();
        let mut all = Vec::new();
        for address in addresses {
            let failed = |source| BindError {
                address: *address,
                source,
            };
            let known = handed.iter().position(|one| one.is_meant_by(*address));
            let mut listening = match known {
                Some(place) => handed.remove(place),
                None => Listening {
                    configured: *address,
                    actual: *address,
                    sockets: Vec::new(),
                },
            };
            listening.configured = *address;
            while listening.sockets.len() < workers {
                listening.bind().map_err(failed)?;
            }
            for (socket, worker) in listening.sockets.iter().zip((0..workers).cycle()) {
                if let Some(set) = sets.get_mut(worker) {
                    set.0.push(socket.try_clone().map_err(failed)?);
                }
            }
            all.push(listening);
        }
        Ok((sets, all))
    }

    /// Makes them part of the worker's runtime.
    pub(crate) fn serve(self) -> io::Result<Vec<TcpListener>> {
        self.0.into_iter().map(TcpListener::from_std).collect()
    }
}

/// Takes what waits in the kernel before a listener is closed: closing it would reset
/// those connections.
pub(crate) fn take_waiting(listener: TcpListener, worker: &Rc<Worker>) -> Vec<Connection> {
    let Ok(listener) = listener.into_std() else {
        return Vec::new();
    };
    let mut taken = Vec::new();
    for _ in 0..BACKLOG {
        let Ok((stream, peer)) = listener.accept() else {
            break;
        };
        let stream = stream
            .set_nonblocking(true)
            .and_then(|()| TcpStream::from_std(stream));
        taken.extend(
            stream
                .ok()
                .and_then(|stream| Connection::admit(stream, peer, worker)),
        );
    }
    taken
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
    stream: Wire,
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
        // An answer is written in one piece; waiting for an acknowledgement only delays it.
        // One that is gone already shows when it is read.
        let _ = stream.set_nodelay(true);
        Self::open(Wire::Tcp(stream), peer.ip(), worker)
    }

    /// The same at the door of drills, where the client is yet to be said.
    pub(crate) fn admit_drill(stream: UnixStream, worker: &Rc<Worker>) -> Option<Self> {
        Self::open(Wire::Unix(stream), Ipv4Addr::UNSPECIFIED.into(), worker)
    }

    fn open(stream: Wire, peer: IpAddr, worker: &Rc<Worker>) -> Option<Self> {
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
        Some(Self {
            stream,
            client: ClientAddr::new(peer),
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
        let limit = local.limits.handshake;
        match &mut self.stream {
            Wire::Unix(stream) => match tokio::time::timeout(limit, door::drill(stream)).await {
                Ok(Ok(source)) => self.client = ClientAddr::new(source),
                Ok(Err(_)) | Err(_) => {
                    worker.counters.connections_refused.add(1);
                    return None;
                }
            },
            Wire::Tcp(stream) if trusted.contains(self.client.ip()) => {
                let said = tokio::time::timeout(limit, announced(stream));
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
            Wire::Tcp(_) => {}
        }
        if block::drops(self.client, &local, &worker.counters) {
            return None;
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
    pub(crate) fn into_parts(self) -> (Wire, ClientAddr, Speaker, Rc<Watch>, Open) {
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

    fn any_port() -> SocketAddr {
        "127.0.0.1:0".parse().unwrap()
    }

    /// How many sockets each worker serves.
    fn shares(sets: &[Listeners]) -> Vec<usize> {
        sets.iter().map(|set| set.0.len()).collect()
    }

    #[test]
    fn workers_share_one_chosen_port() {
        let (sets, bound) = Listeners::bind(&[any_port()], 3, Vec::new()).unwrap();
        assert_eq!(shares(&sets), [1, 1, 1]);
        for set in &sets {
            assert_eq!(set.0[0].local_addr().unwrap(), bound[0].actual);
        }
    }

    #[test]
    fn what_waits_in_a_socket_is_served_whatever_the_number_of_workers() {
        for (before, after, expected) in
            [(2, 2, vec![1, 1]), (3, 2, vec![2, 1]), (1, 2, vec![1, 1])]
        {
            let (old, handed) = Listeners::bind(&[any_port()], before, Vec::new()).unwrap();
            let address = handed[0].actual;
            let clients: Vec<_> = (0..20)
                .map(|_| std::net::TcpStream::connect(address).unwrap())
                .collect();
            let (sets, bound) = Listeners::bind(&[any_port()], after, handed).unwrap();
            drop(old);
            assert_eq!((shares(&sets), bound[0].actual), (expected, address));
            let mut accepted = 0;
            for listener in sets.iter().flat_map(|set| &set.0) {
                while listener.accept().is_ok() {
                    accepted += 1;
                }
            }
            assert_eq!(accepted, clients.len());
        }
    }

    #[test]
    fn an_address_that_nobody_wants_any_more_is_closed_and_a_new_one_bound() {
        let (old, handed) = Listeners::bind(&[any_port()], 1, Vec::new()).unwrap();
        let gone = handed[0].actual;
        let other = "127.0.0.2:0".parse().unwrap();
        let (_sets, bound) = Listeners::bind(&[other], 1, handed).unwrap();
        drop(old);
        assert!(std::net::TcpStream::connect(gone).is_err());
        std::net::TcpStream::connect(bound[0].actual).unwrap();
    }

    #[test]
    fn a_taken_address_is_named() {
        let taken = StdListener::bind("127.0.0.1:0").unwrap();
        let address = taken.local_addr().unwrap();
        let refused = Listeners::bind(&[address], 1, Vec::new()).unwrap_err();
        assert!(refused.to_string().contains(&address.to_string()));
    }
}
