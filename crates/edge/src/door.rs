//! The doors that connections come in by: TCP, and the Unix socket of drills.
//!
//! A drill of `block` has to come from addresses that nobody has. So there is one more
//! door, `proxy.sock` in the data folder, which only the server's own user can open:
//! whoever comes in by it says in a PROXY header (version 2) from which address, and only
//! the documentation ranges are believed. Behind it everything is as for anybody else.

use std::{
    io,
    net::IpAddr,
    pin::Pin,
    task::{Context, Poll},
};

use guards::{
    block::is_for_drills,
    proxy::{self, Start},
};
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, ReadBuf},
    net::{TcpStream, UnixStream},
};

/// Bytes of a header of version 2 before its addresses.
const START: usize = 16;
/// Bytes behind them that are read; a drill says its addresses and nothing else.
const REST_MAX: u16 = 216;

/// What a client's bytes come over.
pub(crate) enum Wire {
    Tcp(TcpStream),
    Unix(UnixStream),
}

macro_rules! each {
    ($self:expr, $wire:ident => $call:expr) => {
        match $self {
            Wire::Tcp($wire) => $call,
            Wire::Unix($wire) => $call,
        }
    };
}

impl AsyncRead for Wire {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        each!(self.get_mut(), wire => Pin::new(wire).poll_read(cx, buf))
    }
}

impl AsyncWrite for Wire {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        each!(self.get_mut(), wire => Pin::new(wire).poll_write(cx, bytes))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        pieces: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        each!(self.get_mut(), wire => Pin::new(wire).poll_write_vectored(cx, pieces))
    }

    fn is_write_vectored(&self) -> bool {
        each!(self, wire => wire.is_write_vectored())
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        each!(self.get_mut(), wire => Pin::new(wire).poll_flush(cx))
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        each!(self.get_mut(), wire => Pin::new(wire).poll_shutdown(cx))
    }
}

/// The address that a drill says it comes from.
pub(crate) async fn drill(stream: &mut UnixStream) -> io::Result<IpAddr> {
    let refused = || io::Error::from(io::ErrorKind::InvalidData);
    let mut header = vec![0; START];
    stream.read_exact(&mut header).await?;
    let [.., high, low] = header.as_slice() else {
        return Err(refused());
    };
    let rest = u16::from_be_bytes([*high, *low]);
    if rest > REST_MAX {
        return Err(refused());
    }
    header.resize(START + usize::from(rest), 0);
    stream
        .read_exact(header.get_mut(START..).unwrap_or_default())
        .await?;
    match proxy::start(&header) {
        Ok(Start::Whole {
            length,
            source: Some(source),
        }) if length == header.len() && is_for_drills(source) => Ok(source),
        _ => Err(refused()),
    }
}
