//! Frames as bytes (RFC 9113 §4 and §6), and the codes of §7.

/// The bytes before a frame's payload.
pub(crate) const HEADER: usize = 9;

/// The largest payload we take: the protocol's default, never raised.
pub(crate) const PAYLOAD_MAX: usize = 16_384;

/// Flag of DATA and HEADERS: the sender's last frame of this stream but for the block's
/// own continuations.
pub(crate) const END_STREAM: u8 = 0x1;
/// Flag of SETTINGS and PING.
pub(crate) const ACK: u8 = 0x1;
/// Flag of HEADERS and CONTINUATION: the block is whole.
pub(crate) const END_HEADERS: u8 = 0x4;
/// Flag of DATA and HEADERS.
pub(crate) const PADDED: u8 = 0x8;
/// Flag of HEADERS.
pub(crate) const PRIORITY_FLAG: u8 = 0x20;

/// A frame's type; the numbers are the protocol's.
pub(crate) mod kind {
    pub(crate) const DATA: u8 = 0;
    pub(crate) const HEADERS: u8 = 1;
    pub(crate) const PRIORITY: u8 = 2;
    pub(crate) const RST_STREAM: u8 = 3;
    pub(crate) const SETTINGS: u8 = 4;
    pub(crate) const PUSH_PROMISE: u8 = 5;
    pub(crate) const PING: u8 = 6;
    pub(crate) const GOAWAY: u8 = 7;
    pub(crate) const WINDOW_UPDATE: u8 = 8;
    pub(crate) const CONTINUATION: u8 = 9;
}

/// Why a stream or a connection ends (RFC 9113 §7).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u32)]
pub enum Code {
    /// Nothing is wrong.
    NoError = 0,
    /// The other side broke a rule.
    ProtocolError = 1,
    /// A fault of ours.
    InternalError = 2,
    /// More bytes than the window allowed.
    FlowControlError = 3,
    /// Our settings were never acknowledged.
    SettingsTimeout = 4,
    /// A frame on a stream that had ended.
    StreamClosed = 5,
    /// A frame of a forbidden size.
    FrameSizeError = 6,
    /// Not looked at: may be sent again.
    RefusedStream = 7,
    /// Not wanted any more.
    Cancel = 8,
    /// The compression's state is lost.
    CompressionError = 9,
    /// A tunnel broke.
    ConnectError = 10,
    /// Too much of what brings nothing.
    EnhanceYourCalm = 11,
    /// The TLS below is too weak.
    InadequateSecurity = 12,
    /// To be asked over HTTP/1.1.
    Http11Required = 13,
}

impl Code {
    const fn number(self) -> u32 {
        self as u32
    }

    /// The code of this number, where the RFC knows it.
    pub(crate) fn of(number: u32) -> Option<Self> {
        const ALL: [Code; 14] = [
            Code::NoError,
            Code::ProtocolError,
            Code::InternalError,
            Code::FlowControlError,
            Code::SettingsTimeout,
            Code::StreamClosed,
            Code::FrameSizeError,
            Code::RefusedStream,
            Code::Cancel,
            Code::CompressionError,
            Code::ConnectError,
            Code::EnhanceYourCalm,
            Code::InadequateSecurity,
            Code::Http11Required,
        ];
        ALL.into_iter().find(|code| code.number() == number)
    }
}

/// The nine bytes before a payload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) length: usize,
    pub(crate) kind: u8,
    pub(crate) flags: u8,
    pub(crate) stream: u32,
}

impl Header {
    /// Reads it from the front of `bytes`, once all of it is there. The reserved bit is
    /// ignored, as §4.1 demands.
    #[inline]
    pub(crate) fn read(bytes: &[u8]) -> Option<Self> {
        let [a, b, c, kind, flags, s0, s1, s2, s3] = *bytes.first_chunk()?;
        let length = u32::from_be_bytes([0, a, b, c]);
        Some(Self {
            length: usize::try_from(length).ok()?,
            kind,
            flags,
            stream: u32::from_be_bytes([s0, s1, s2, s3]) & 0x7fff_ffff,
        })
    }

    /// As bytes. Lengths are at most [`PAYLOAD_MAX`] where we write.
    #[inline]
    pub(crate) fn bytes(self) -> [u8; HEADER] {
        let [_, a, b, c] = u32::try_from(self.length).unwrap_or(0).to_be_bytes();
        let [s0, s1, s2, s3] = self.stream.to_be_bytes();
        [a, b, c, self.kind, self.flags, s0, s1, s2, s3]
    }

    pub(crate) const fn has(self, flag: u8) -> bool {
        self.flags & flag != 0
    }
}

/// A four-byte number at the front of a payload.
pub(crate) fn number(payload: &[u8]) -> Option<u32> {
    payload
        .first_chunk()
        .map(|bytes| u32::from_be_bytes(*bytes))
}

fn small(out: &mut Vec<u8>, kind: u8, flags: u8, stream: u32, payload: &[u8]) {
    let header = Header {
        length: payload.len(),
        kind,
        flags,
        stream,
    };
    out.extend_from_slice(&header.bytes());
    out.extend_from_slice(payload);
}

pub(crate) fn rst_stream(out: &mut Vec<u8>, stream: u32, code: Code) {
    small(
        out,
        kind::RST_STREAM,
        0,
        stream,
        &code.number().to_be_bytes(),
    );
}

pub(crate) fn window_update(out: &mut Vec<u8>, stream: u32, increment: u32) {
    small(
        out,
        kind::WINDOW_UPDATE,
        0,
        stream,
        &increment.to_be_bytes(),
    );
}

pub(crate) fn ping(out: &mut Vec<u8>, payload: &[u8], ack: bool) {
    small(out, kind::PING, if ack { ACK } else { 0 }, 0, payload);
}

pub(crate) fn settings_ack(out: &mut Vec<u8>) {
    small(out, kind::SETTINGS, ACK, 0, &[]);
}

pub(crate) fn settings(out: &mut Vec<u8>, values: &[(u16, u32)]) {
    let mut payload = Vec::with_capacity(values.len() * 6);
    for (name, value) in values {
        payload.extend_from_slice(&name.to_be_bytes());
        payload.extend_from_slice(&value.to_be_bytes());
    }
    small(out, kind::SETTINGS, 0, 0, &payload);
}

pub(crate) fn goaway(out: &mut Vec<u8>, last: u32, code: Code) {
    let mut payload = [0; 8];
    let (first, second) = payload.split_at_mut(4);
    first.copy_from_slice(&last.to_be_bytes());
    second.copy_from_slice(&code.number().to_be_bytes());
    small(out, kind::GOAWAY, 0, 0, &payload);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_reads_as_it_was_written_and_ignores_the_reserved_bit() {
        let header = Header {
            length: 0x01_0203,
            kind: kind::HEADERS,
            flags: END_HEADERS,
            stream: 0x7fff_ffff,
        };
        let mut bytes = header.bytes();
        assert_eq!(Header::read(&bytes), Some(header));
        bytes[5] |= 0x80;
        assert_eq!(Header::read(&bytes), Some(header));
        assert_eq!(Header::read(&bytes[..8]), None);
    }
}
