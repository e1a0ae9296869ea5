//! Bytes over TCP or a Unix socket, bounded in size and time, with the outcome as a
//! type: what a drill sends that no HTTP or TLS library would.

use std::{
    fmt, io,
    path::PathBuf,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use bytes::{Bytes, BytesMut};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf},
    net::{TcpStream, UnixStream},
    time::timeout,
};

use crate::{
    address::Checked,
    fault::{Phase, VisitError},
};

/// Where a connection goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Door {
    /// A TCP address that a policy admitted.
    Tcp(Checked),
    /// A Unix socket, such as `data/proxy.sock`.
    Unix(PathBuf),
}

impl fmt::Display for Door {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(address) => address.address().fmt(f),
            Self::Unix(path) => write!(f, "unix:{}", path.display()),
        }
    }
}

/// An open connection.
#[derive(Debug)]
pub enum Wire {
    /// Over TCP.
    Tcp(TcpStream),
    /// Over a Unix socket.
    Unix(UnixStream),
}

impl Wire {
    /// Connects; no deadline of its own.
    pub(crate) async fn connect(door: &Door) -> io::Result<Self> {
        match door {
            Door::Tcp(address) => {
                let stream = TcpStream::connect(address.address()).await?;
                // Single small writes are the rule here.
                stream.set_nodelay(true)?;
                Ok(Self::Tcp(stream))
            }
            Door::Unix(path) => UnixStream::connect(path).await.map(Self::Unix),
        }
    }
}

impl AsyncRead for Wire {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Tcp(stream) => Pin::new(stream).poll_read(cx, buf),
            Self::Unix(stream) => Pin::new(stream).poll_read(cx, buf),
        }
    }
}

impl AsyncWrite for Wire {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Tcp(stream) => Pin::new(stream).poll_write(cx, buf),
            Self::Unix(stream) => Pin::new(stream).poll_write(cx, buf),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Tcp(stream) => Pin::new(stream).poll_flush(cx),
            Self::Unix(stream) => Pin::new(stream).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Tcp(stream) => Pin::new(stream).poll_shutdown(cx),
            Self::Unix(stream) => Pin::new(stream).poll_shutdown(cx),
        }
    }
}

/// How an attempt to connect ended.
#[derive(Debug)]
pub enum Knock {
    /// Connected.
    Open(Wire),
    /// Refused at once: nobody listens.
    Refused,
    /// No answer in time: dropped by a firewall, or nothing is there.
    Filtered,
    /// A router or the own machine says that there is no way.
    Unreachable,
}

/// Tries to connect.
///
/// # Errors
/// When it isn't the network's answer but a fault here: no descriptors, no such socket
/// file, no permission.
pub async fn knock(door: &Door, deadline: Duration) -> Result<Knock, VisitError> {
    use io::ErrorKind as Kind;
    match timeout(deadline, Wire::connect(door)).await {
        Ok(Ok(wire)) => Ok(Knock::Open(wire)),
        Err(_) => Ok(Knock::Filtered),
        Ok(Err(error)) => match error.kind() {
            Kind::ConnectionRefused | Kind::ConnectionReset | Kind::ConnectionAborted => {
                Ok(Knock::Refused)
            }
            Kind::TimedOut => Ok(Knock::Filtered),
            Kind::HostUnreachable | Kind::NetworkUnreachable | Kind::AddrNotAvailable => {
                Ok(Knock::Unreachable)
            }
            _ => Err(VisitError::new(Phase::Connect, door.to_string(), error)),
        },
    }
}

/// How reading ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// Enough was read; the peer may have had more to say.
    Enough,
    /// The peer closed in order.
    Closed,
    /// The peer cut the connection.
    Reset,
    /// The time was over with the connection open.
    Deadline,
}

/// What came of an exchange.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// No connection: refused at once.
    Refused,
    /// No connection: no answer in time.
    Filtered,
    /// No connection: no way there.
    Unreachable,
    /// Connected, and closed by the peer without a byte.
    Closed,
    /// Connected, and cut by the peer without a byte.
    Reset,
    /// Connected, and nothing came in time.
    Silent,
    /// These bytes came.
    Answered {
        /// At most as many as asked for.
        bytes: Bytes,
        /// How it ended.
        end: End,
    },
}

/// Limits of an exchange.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Reading stops at so many bytes.
    pub bytes: usize,
    /// Time to connect, and again for the exchange.
    pub deadline: Duration,
}

/// Connects, sends `bytes` (put [`crate::proxy::proxy_v2`] before them to enter as
/// another client) and reads until the limit, the peer's close or the deadline.
///
/// # Errors
/// As [`knock`]: only faults here. What the network does is an [`Answer`].
pub async fn exchange(door: &Door, bytes: &[u8], limits: Limits) -> Result<Answer, VisitError> {
    exchange_until(door, bytes, limits, |_| false).await
}

/// As [`exchange`], and stops reading as soon as `enough` says so of all bytes so far.
///
/// # Errors
/// As [`exchange`].
pub async fn exchange_until(
    door: &Door,
    bytes: &[u8],
    limits: Limits,
    enough: impl FnMut(&[u8]) -> bool,
) -> Result<Answer, VisitError> {
    Ok(match knock(door, limits.deadline).await? {
        Knock::Open(mut wire) => converse(&mut wire, bytes, limits, enough).await,
        Knock::Refused => Answer::Refused,
        Knock::Filtered => Answer::Filtered,
        Knock::Unreachable => Answer::Unreachable,
    })
}

/// The same over a connection already open, also one with TLS.
///
/// Sending and reading go on side by side: a peer that answers before it has read
/// everything, or reads no further, is heard all the same.
pub async fn converse<S: AsyncRead + AsyncWrite + Unpin>(
    stream: &mut S,
    bytes: &[u8],
    limits: Limits,
    mut enough: impl FnMut(&[u8]) -> bool,
) -> Answer {
    let (mut reader, mut writer) = tokio::io::split(stream);
    let mut read = BytesMut::new();
    let ended = {
        let sending = async {
            writer.write_all(bytes).await?;
            writer.flush().await
        };
        let reading = async {
            loop {
                let room = limits.bytes.saturating_sub(read.len());
                if room == 0 || enough(&read) {
                    return End::Enough;
                }
                let mut part = (&mut reader).take(u64::try_from(room).unwrap_or(u64::MAX));
                match part.read_buf(&mut read).await {
                    Ok(0) => return End::Closed,
                    Ok(_) => {}
                    // TLS without its closing alert: the peer closed all the same.
                    Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                        return End::Closed;
                    }
                    Err(_) => return End::Reset,
                }
            }
        };
        let both = async {
            tokio::pin!(sending, reading);
            let mut done = false;
            loop {
                tokio::select! {
                    // A failed send says nothing yet: reading tells why.
                    _ = &mut sending, if !done => done = true,
                    end = &mut reading => return end,
                }
            }
        };
        timeout(limits.deadline, both)
            .await
            .unwrap_or(End::Deadline)
    };
    match ended {
        End::Closed if read.is_empty() => Answer::Closed,
        End::Reset if read.is_empty() => Answer::Reset,
        End::Deadline if read.is_empty() => Answer::Silent,
        end => Answer::Answered {
            bytes: read.freeze(),
            end,
        },
    }
}

#[cfg(test)]
mod tests;
