//! Bytes between a socket and a parser: one bounded piece of memory, borrowed from the
//! worker only while something is in it.

use std::{
    cell::RefCell,
    io,
    pin::Pin,
    task::{Context, Poll, ready},
};

use tokio::io::{AsyncRead, ReadBuf};

/// Size of a buffer: twice the largest head, and two TLS records.
pub(crate) const SIZE: usize = 32 * 1024;
/// Free buffers a worker keeps; more are given back to the system.
const SPARE: usize = 1024;

/// A worker's free buffers.
#[derive(Default)]
pub(crate) struct Buffers(RefCell<Vec<Vec<u8>>>);

impl Buffers {
    fn take(&self) -> Vec<u8> {
        self.0.borrow_mut().pop().unwrap_or_else(|| vec![0; SIZE])
    }

    fn give(&self, bytes: Vec<u8>) {
        let mut spare = self.0.borrow_mut();
        if spare.len() < SPARE && bytes.len() == SIZE {
            spare.push(bytes);
        }
    }
}

/// Bytes that arrived and wait to be read.
#[derive(Default)]
pub(crate) struct Buffer {
    bytes: Vec<u8>,
    start: usize,
    end: usize,
}

impl Buffer {
    /// What waits.
    pub(crate) fn filled(&self) -> &[u8] {
        self.bytes.get(self.start..self.end).unwrap_or_default()
    }

    /// Whether nothing waits.
    pub(crate) const fn is_empty(&self) -> bool {
        self.start == self.end
    }

    /// Whether no more fits.
    pub(crate) const fn is_full(&self) -> bool {
        self.end - self.start == SIZE
    }

    /// Takes `count` bytes off the front.
    pub(crate) fn consume(&mut self, count: usize) {
        self.start = self.end.min(self.start.saturating_add(count));
        if self.start == self.end {
            (self.start, self.end) = (0, 0);
        }
    }

    /// Reads once from `io`. `Ok(0)` is the end of the stream. The memory goes back to
    /// the worker while nothing is there.
    pub(crate) fn poll_fill<IO: AsyncRead + Unpin>(
        &mut self,
        cx: &mut Context<'_>,
        io: &mut IO,
        buffers: &Buffers,
    ) -> Poll<io::Result<usize>> {
        if self.bytes.is_empty() {
            self.bytes = buffers.take();
        }
        if self.start > 0 && self.end == self.bytes.len() {
            self.bytes.copy_within(self.start..self.end, 0);
            (self.start, self.end) = (0, self.end - self.start);
        }
        let room = self.bytes.get_mut(self.end..).unwrap_or_default();
        if room.is_empty() {
            return Poll::Ready(Err(io::Error::other("the buffer is full")));
        }
        let mut read = ReadBuf::new(room);
        match Pin::new(io).poll_read(cx, &mut read) {
            Poll::Pending => {
                self.release(buffers);
                Poll::Pending
            }
            Poll::Ready(result) => {
                let count = read.filled().len();
                self.end += count;
                if count == 0 {
                    self.release(buffers);
                }
                Poll::Ready(result.map(|()| count))
            }
        }
    }

    /// Gives the memory back where nothing waits in it.
    pub(crate) fn release(&mut self, buffers: &Buffers) {
        if self.is_empty() && !self.bytes.is_empty() {
            (self.start, self.end) = (0, 0);
            buffers.give(std::mem::take(&mut self.bytes));
        }
    }
}

/// Bytes on their way out.
#[derive(Default)]
pub(crate) struct Outbox {
    /// What is to be written; append at will below [`Outbox::HIGH`].
    pub(crate) bytes: Vec<u8>,
    written: usize,
    /// What was written last may still stand in the TLS layer.
    unflushed: bool,
}

impl Outbox {
    /// More than this waits for the socket.
    pub(crate) const HIGH: usize = 64 * 1024;

    /// Whether everything has left, out of the TLS layer too.
    pub(crate) fn is_empty(&self) -> bool {
        self.written == self.bytes.len() && !self.unflushed
    }

    /// How much of it has left.
    pub(crate) const fn written(&self) -> usize {
        self.written
    }

    /// Whether more may be appended. What was written counts until all of it has left:
    /// else a reader that never quite catches up would make this grow with the body.
    pub(crate) const fn has_room(&self) -> bool {
        self.bytes.len() < Self::HIGH
    }

    /// Forgets everything (capacity stays, up to a limit).
    pub(crate) fn clear(&mut self) {
        self.written = 0;
        self.bytes.clear();
        if self.bytes.capacity() > 4 * Self::HIGH {
            self.bytes = Vec::new();
        }
    }

    /// Gives memory back before a wait of unknown length, unless it is little: a large
    /// answer leaves an idle connection no larger than a small one does.
    pub(crate) fn rest(&mut self) {
        if self.is_empty() && self.bytes.capacity() > SIZE {
            self.written = 0;
            self.bytes = Vec::new();
        }
    }

    /// Starts again from the first byte: for a retry on another connection.
    pub(crate) const fn rewind(&mut self) {
        self.written = 0;
    }

    /// Writes what waits and flushes what the TLS layer holds; ready when everything has
    /// left. The bytes stay, for [`Self::rewind`].
    pub(crate) fn poll_write<IO: tokio::io::AsyncWrite + Unpin>(
        &mut self,
        cx: &mut Context<'_>,
        io: &mut IO,
    ) -> Poll<io::Result<()>> {
        while let Some(rest) = self
            .bytes
            .get(self.written..)
            .filter(|rest| !rest.is_empty())
        {
            let count = ready!(Pin::new(&mut *io).poll_write(cx, rest))?;
            if count == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.written += count;
            self.unflushed = true;
        }
        if self.unflushed {
            ready!(Pin::new(io).poll_flush(cx))?;
            self.unflushed = false;
        }
        Poll::Ready(Ok(()))
    }

    /// Writes until there is room again.
    pub(crate) fn poll_room<IO: tokio::io::AsyncWrite + Unpin>(
        &mut self,
        cx: &mut Context<'_>,
        io: &mut IO,
    ) -> Poll<io::Result<()>> {
        if self.has_room() {
            return Poll::Ready(Ok(()));
        }
        ready!(self.poll_write(cx, io))?;
        self.clear();
        Poll::Ready(Ok(()))
    }

    /// Writes everything, and forgets it.
    pub(crate) fn poll_flush<IO: tokio::io::AsyncWrite + Unpin>(
        &mut self,
        cx: &mut Context<'_>,
        io: &mut IO,
    ) -> Poll<io::Result<()>> {
        ready!(self.poll_write(cx, io))?;
        self.clear();
        Poll::Ready(Ok(()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Takes a little and then wants to be asked again, as a slow reader's socket does.
    struct Slow {
        ready: bool,
        taken: usize,
    }

    impl tokio::io::AsyncWrite for Slow {
        fn poll_write(
            mut self: Pin<&mut Self>,
            _: &mut Context<'_>,
            bytes: &[u8],
        ) -> Poll<io::Result<usize>> {
            self.ready = !self.ready;
            if !self.ready {
                return Poll::Pending;
            }
            let count = bytes.len().min(20_000);
            self.taken += count;
            Poll::Ready(Ok(count))
        }

        fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }

        fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }
    }

    #[test]
    fn a_reader_that_never_catches_up_costs_bounded_memory() {
        let mut cx = Context::from_waker(std::task::Waker::noop());
        let mut out = Outbox::default();
        let mut slow = Slow {
            ready: false,
            taken: 0,
        };
        let piece = vec![b'x'; SIZE];
        while slow.taken < 100 * Outbox::HIGH {
            if out.poll_room(&mut cx, &mut slow).is_ready() {
                out.bytes.extend_from_slice(&piece);
            }
            assert!(out.bytes.len() <= Outbox::HIGH + SIZE);
            let _ = out.poll_write(&mut cx, &mut slow);
        }
    }

    /// Takes everything, but holds it back at first, as TLS over a full socket does.
    struct Holding(bool);

    impl tokio::io::AsyncWrite for Holding {
        fn poll_write(
            self: Pin<&mut Self>,
            _: &mut Context<'_>,
            bytes: &[u8],
        ) -> Poll<io::Result<usize>> {
            Poll::Ready(Ok(bytes.len()))
        }

        fn poll_flush(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            if std::mem::take(&mut self.0) {
                return Poll::Pending;
            }
            Poll::Ready(Ok(()))
        }

        fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }
    }

    #[test]
    fn what_the_tls_layer_holds_back_has_not_left() {
        let mut cx = Context::from_waker(std::task::Waker::noop());
        let (mut out, mut io) = (Outbox::default(), Holding(true));
        out.bytes.extend_from_slice(b"x");
        assert!(out.poll_flush(&mut cx, &mut io).is_pending());
        assert!(!out.is_empty());
        assert!(out.poll_flush(&mut cx, &mut io).is_ready());
        assert!(out.is_empty());
    }

    #[test]
    fn an_idle_box_keeps_little_memory_and_a_waiting_one_its_bytes() {
        let mut cx = Context::from_waker(std::task::Waker::noop());
        let mut out = Outbox::default();
        out.bytes.extend_from_slice(&[b'x'; 2 * SIZE]);
        out.rest();
        assert_eq!(out.bytes.len(), 2 * SIZE);
        assert!(out.poll_flush(&mut cx, &mut Vec::new()).is_ready());
        out.rest();
        assert_eq!(out.bytes.capacity(), 0);
    }

    #[test]
    fn what_was_written_can_be_written_again() {
        let mut cx = Context::from_waker(std::task::Waker::noop());
        let mut out = Outbox {
            bytes: b"GET".to_vec(),
            ..Outbox::default()
        };
        let mut first = Vec::new();
        assert!(out.poll_write(&mut cx, &mut first).is_ready());
        out.rewind();
        let mut second = Vec::new();
        assert!(out.poll_write(&mut cx, &mut second).is_ready());
        assert_eq!((&first[..], &second[..]), (&b"GET"[..], &b"GET"[..]));
    }
}
