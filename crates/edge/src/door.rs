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

#[cfg(test)]
mod tests {
    use tokio::io::AsyncWriteExt as _;

    use super::*;

    /// The header of a source, as the prober writes it.
    fn header(source: &str) -> Vec<u8> {
        let mut header = b"\r\n\r\n\0\r\nQUIT\n\x21".to_vec();
        match source.parse().unwrap() {
            IpAddr::V4(v4) => {
                header.extend([0x11, 0, 12]);
                header.extend(v4.octets());
                header.extend([127, 0, 0, 1]);
            }
            IpAddr::V6(v6) => {
                header.extend([0x21, 0, 36]);
                header.extend(v6.octets());
                header.extend([0; 16]);
            }
        }
        header.extend([1, 2, 3, 4]);
        header
    }

    async fn said(bytes: &[u8]) -> (Option<IpAddr>, Vec<u8>) {
        let (mut ours, mut theirs) = UnixStream::pair().unwrap();
        theirs.write_all(bytes).await.unwrap();
        drop(theirs);
        let source = drill(&mut ours).await.ok();
        let mut rest = Vec::new();
        ours.read_to_end(&mut rest).await.unwrap();
        (source, rest)
    }

    #[tokio::test]
    async fn a_drill_comes_from_the_documentation_ranges_and_from_nowhere_else() {
        for source in ["198.51.100.7", "203.0.113.255", "2001:db8:ffff::1"] {
            let bytes = [&header(source)[..], b"\x16rest"].concat();
            let expected = (source.parse().ok(), b"\x16rest".to_vec());
            assert_eq!(said(&bytes).await, expected, "{source}");
        }
        for source in [
            "192.0.2.1",
            "198.51.101.1",
            "127.0.0.1",
            "10.0.0.1",
            "2001:db9::1",
            "::ffff:192.0.2.1",
            "::1",
        ] {
            assert_eq!(said(&header(source)).await.0, None, "{source}");
        }
    }

    #[tokio::test]
    async fn what_is_no_header_of_version_2_with_a_source_is_refused() {
        let mut long = header("198.51.100.7");
        long[14..16].copy_from_slice(&[0xff, 0xff]);
        let mut cut = header("198.51.100.7");
        cut.truncate(20);
        for bytes in [
            b"PROXY TCP4 198.51.100.7 203.0.113.9 4660 443\r\n".to_vec(),
            b"\r\n\r\n\0\r\nQUIT\n\x20\0\0\0".to_vec(),
            b"\x16\x03\x01 a handshake without a header".to_vec(),
            long,
            cut,
            Vec::new(),
        ] {
            assert_eq!(said(&bytes).await.0, None, "{bytes:?}");
        }
    }
}
