//! Lines of JSON over a Unix socket, each with at most one descriptor. The kernel hands a
//! descriptor over no later than the first byte it was sent with, so descriptors and the
//! lines that name them come in the same order.

use std::{
    collections::VecDeque,
    io::{self, IoSlice, IoSliceMut},
    mem::MaybeUninit,
    os::fd::{BorrowedFd, OwnedFd},
};

use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer,
    SendAncillaryMessage, SendFlags, recvmsg, sendmsg,
};
use serde::{Serialize, de::DeserializeOwned};
use tokio::{io::Interest, net::UnixStream};

use super::HandoverError;
use crate::prober::line;

/// Longest line, in bytes: the longest is a refusal.
const LINE_MAX: usize = 4096;
/// Bytes read at a time.
const READ: usize = 512;
/// Descriptors in one message at most: ours have one each.
const DESCRIPTORS: usize = 4;

/// One end.
#[derive(Debug)]
pub(super) struct Channel {
    stream: UnixStream,
    /// What has come and was not a whole line yet.
    text: Vec<u8>,
    descriptors: VecDeque<OwnedFd>,
}

impl Channel {
    pub(super) fn new(stream: UnixStream) -> Self {
        Self {
            stream,
            text: Vec::new(),
            descriptors: VecDeque::new(),
        }
    }

    /// Says something, with a descriptor where it names one.
    pub(super) async fn say(
        &self,
        what: &impl Serialize,
        descriptor: Option<BorrowedFd<'_>>,
    ) -> Result<(), HandoverError> {
        let text = line(what);
        let (mut left, mut descriptor) = (text.as_bytes(), descriptor);
        while !left.is_empty() {
            let sent = self
                .stream
                .async_io(Interest::WRITABLE, || send(&self.stream, left, descriptor))
                .await;
            let sent = match sent {
                Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {
                    return Err(HandoverError::Ended);
                }
                other => other?,
            };
            descriptor = None;
            left = left.get(sent..).unwrap_or_default();
        }
        Ok(())
    }

    /// What the other side says next. May be dropped while it waits.
    pub(super) async fn hear<T: DeserializeOwned>(&mut self) -> Result<T, HandoverError> {
        loop {
            if let Some(end) = self.text.iter().position(|byte| *byte == b'\n') {
                let rest = self.text.split_off(end + 1);
                let whole = std::mem::replace(&mut self.text, rest);
                return serde_json::from_slice(&whole)
                    .map_err(|error| HandoverError::Unexpected(error.to_string()));
            }
            if self.text.len() >= LINE_MAX {
                return Err(HandoverError::Unexpected("a line without end".to_owned()));
            }
            let mut bytes = [0; READ];
            let (stream, descriptors) = (&self.stream, &mut self.descriptors);
            let got = stream
                .async_io(Interest::READABLE, || {
                    receive(stream, &mut bytes, descriptors)
                })
                .await;
            let count = match got {
                Err(error) if error.kind() == io::ErrorKind::ConnectionReset => 0,
                other => other?,
            };
            if count == 0 {
                return Err(HandoverError::Ended);
            }
            self.text
                .extend_from_slice(bytes.get(..count).unwrap_or_default());
        }
    }

    /// The descriptor that came with what was heard last.
    pub(super) fn descriptor(&mut self) -> Result<OwnedFd, HandoverError> {
        let missing = || HandoverError::Unexpected("a line without its descriptor".to_owned());
        self.descriptors.pop_front().ok_or_else(missing)
    }
}

fn send(
    stream: &UnixStream,
    bytes: &[u8],
    descriptor: Option<BorrowedFd<'_>>,
) -> io::Result<usize> {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut beside = SendAncillaryBuffer::new(&mut space);
    let descriptors = descriptor.as_slice();
    if !descriptors.is_empty() && !beside.push(SendAncillaryMessage::ScmRights(descriptors)) {
        return Err(io::Error::other("there is no room for a descriptor"));
    }
    Ok(sendmsg(
        stream,
        &[IoSlice::new(bytes)],
        &mut beside,
        SendFlags::NOSIGNAL,
    )?)
}

fn receive(
    stream: &UnixStream,
    bytes: &mut [u8],
    descriptors: &mut VecDeque<OwnedFd>,
) -> io::Result<usize> {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(DESCRIPTORS))];
    let mut beside = RecvAncillaryBuffer::new(&mut space);
    let got = recvmsg(
        stream,
        &mut [IoSliceMut::new(bytes)],
        &mut beside,
        RecvFlags::CMSG_CLOEXEC,
    )?;
    for message in beside.drain() {
        if let RecvAncillaryMessage::ScmRights(came) = message {
            descriptors.extend(came);
        }
    }
    if descriptors.len() > super::MAX_SOCKETS {
        return Err(io::Error::other("too many descriptors came"));
    }
    Ok(got.bytes)
}
