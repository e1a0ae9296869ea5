//! Cutting controls, so that tests can show that a drill fails without its control.
//!
//! Without the cargo feature `teeth`, which no release has, [`cut`] is a constant
//! `false` and nothing of this remains in the binary.

#[cfg(feature = "teeth")]
mod cutting {
    use std::{io, sync::OnceLock};

    use tokio::io::AsyncWriteExt;

    use crate::door::Wire;

    /// Whether `WAARBORG_CUT` (words separated by commas) names this control.
    pub(crate) fn cut(control: &str) -> bool {
        static CUT: OnceLock<String> = OnceLock::new();
        CUT.get_or_init(|| std::env::var("WAARBORG_CUT").unwrap_or_default())
            .split(',')
            .any(|word| word == control)
    }

    /// Whether the client's first byte begins an HTTP request rather than a handshake.
    pub(crate) async fn is_plaintext(stream: &Wire) -> bool {
        let Wire::Tcp(stream) = stream else {
            return false;
        };
        let mut first = [0; 1];
        matches!(stream.peek(&mut first).await, Ok(1)) && first != [0x16]
    }

    /// Answers in plaintext, as an edge without the promise `tls` would.
    pub(crate) async fn answer_plaintext(mut stream: Wire) -> io::Error {
        let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok";
        match stream.write_all(answer).await {
            Ok(()) => io::Error::other("the control `tls` is cut"),
            Err(error) => error,
        }
    }
}

#[cfg(feature = "teeth")]
pub(crate) use cutting::{answer_plaintext, cut, is_plaintext};

#[cfg(not(feature = "teeth"))]
mod whole {
    use std::io;

    use crate::door::Wire;

    pub(crate) const fn cut(_control: &str) -> bool {
        false
    }

    pub(crate) async fn is_plaintext(_stream: &Wire) -> bool {
        false
    }

    pub(crate) async fn answer_plaintext(_stream: Wire) -> io::Error {
        io::ErrorKind::Unsupported.into()
    }
}

#[cfg(not(feature = "teeth"))]
pub(crate) use whole::{answer_plaintext, cut, is_plaintext};
