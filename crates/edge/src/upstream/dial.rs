//! New sockets to applications: TCP, Unix, and TLS by the application's own name.

use std::{io, net::SocketAddr};

use rustls::pki_types::ServerName;
use seam::snapshot::{Place, Protocol, Upstream};
use tokio::net::{TcpStream, UnixStream};
use tokio_rustls::TlsConnector;

use super::{Fault, Socket};
use crate::worker::Local;

/// A socket on which nothing was said yet.
pub(super) struct Dialled {
    pub(super) socket: Socket,
    /// HTTP/2 is spoken on it.
    pub(super) http2: bool,
}

/// Opens a socket, TLS included; the caller limits the wait. `http1`: nothing else will
/// do, where a handshake settles it.
pub(super) async fn dial(
    local: &Local,
    upstream: &Upstream,
    http1: bool,
) -> Result<Dialled, Fault> {
    let known = |socket| Dialled {
        socket,
        http2: upstream.protocol == Protocol::Http2,
    };
    let stream = match &upstream.place {
        Place::Unix(path) => {
            let stream = UnixStream::connect(path).await;
            return stream
                .map(|stream| known(Socket::Unix(stream)))
                .map_err(|error| Fault::Unreachable(why(&error)));
        }
        Place::Socket(address) => tcp(*address).await,
        Place::Name(name, port) => named(name, *port).await,
    };
    let stream = stream.map_err(|error| Fault::Unreachable(why(&error)))?;
    let Some(name) = &upstream.tls else {
        return Ok(known(Socket::Tcp(stream)));
    };
    let (Some(config), Ok(name)) = (&local.upstream_tls, ServerName::try_from(name.to_string()))
    else {
        return Err(Fault::Unreachable("upstream-tls-not-configured"));
    };
    let connector = TlsConnector::from(config.clone());
    let secured = if http1 {
        let connector = connector.with_alpn(vec![b"http/1.1".to_vec()]);
        connector.connect(name, stream).await
    } else {
        connector.connect(name, stream).await
    };
    let stream = secured.map_err(|_| Fault::Unreachable("upstream-tls-refused"))?;
    Ok(Dialled {
        http2: stream.get_ref().1.alpn_protocol() == Some(b"h2"),
        socket: Socket::Tls(Box::new(stream)),
    })
}

async fn tcp(address: SocketAddr) -> io::Result<TcpStream> {
    let stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

async fn named(name: &str, port: u16) -> io::Result<TcpStream> {
    let mut last = io::Error::from(io::ErrorKind::NotFound);
    for address in tokio::net::lookup_host((name, port)).await?.take(8) {
        match tcp(address).await {
            Ok(stream) => return Ok(stream),
            Err(error) => last = error,
        }
    }
    Err(last)
}

fn why(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::ConnectionRefused => "upstream-refused",
        io::ErrorKind::NotFound => "upstream-not-found",
        io::ErrorKind::TimedOut => "upstream-connect-late",
        _ => "upstream-unreachable",
    }
}
