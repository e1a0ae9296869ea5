//! Heads, DATA and trailers of one stream, appended to what is to be written.

use crate::{
    connection::Connection,
    frame::{self, Header, kind},
    hpack::Indexing,
};

/// A header block under way: one head at a time, finished before anything else is sent.
#[derive(Debug)]
pub struct HeadWriter<'c, T> {
    connection: &'c mut Connection<T>,
    stream: u32,
    start: usize,
}

/// What a request's pseudo-header fields say.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// `:method`.
    pub method: &'a str,
    /// `:scheme`.
    pub scheme: &'a str,
    /// `:authority`.
    pub authority: &'a str,
    /// `:path`, perhaps with a query.
    pub path: &'a str,
    /// `:protocol`, of CONNECT only.
    pub protocol: Option<&'a str>,
}

impl<T: Default> Connection<T> {
    /// Begins the head of a request or an answer, an interim one or a trailer section;
    /// `None` once the stream is gone.
    pub fn begin_head(&mut self, stream: u32) -> Option<HeadWriter<'_, T>> {
        self.streams.get(stream)?;
        let start = self.out.len();
        self.out.extend_from_slice(&[0; frame::HEADER]);
        self.encoder.begin(&mut self.out);
        Some(HeadWriter {
            connection: self,
            stream,
            start,
        })
    }

    /// Appends bytes of a body: at most as many as [`Connection::room`] just said, and
    /// none only with `end`.
    pub fn send_data(&mut self, stream: u32, data: &[u8], end: bool) {
        let Some(open) = self.streams.get_mut(stream) else {
            return;
        };
        debug_assert!(data.len() <= self.frame_max, "room never says more");
        open.send.spend(data.len());
        self.send.spend(data.len());
        let header = Header {
            length: data.len(),
            kind: kind::DATA,
            flags: if end { frame::END_STREAM } else { 0 },
            stream,
        };
        self.out.extend_from_slice(&header.bytes());
        self.out.extend_from_slice(data);
        self.owe(data.len());
        if end {
            self.ended(stream);
        }
    }

    /// We have sent our last frame on this stream. Should a client still be sending, it is
    /// told to stop after a while (§8.1).
    fn ended(&mut self, stream: u32) {
        let waits = self.is_client();
        match self.streams.get_mut(stream) {
            Some(open) if open.ended_in => self.retire(stream),
            Some(open) if waits => open.ended_out = true,
            Some(_) => self.leave(stream),
            None => {}
        }
    }
}

impl<T: Default> HeadWriter<'_, T> {
    /// The pseudo-header fields of a request, which come first. CONNECT with `protocol` is
    /// RFC 8441's.
    pub fn request(&mut self, request: &Request<'_>) {
        let mut put = |name, value: &str, indexing| {
            self.field(name, value.as_bytes(), indexing);
        };
        put(":method", request.method, Indexing::Yes);
        put(":scheme", request.scheme, Indexing::Yes);
        put(":authority", request.authority, Indexing::Yes);
        put(":path", request.path, Indexing::No);
        if let Some(protocol) = request.protocol {
            put(":protocol", protocol, Indexing::Yes);
        }
    }

    /// `:status`, which comes first.
    pub fn status(&mut self, status: u16) {
        self.connection
            .encoder
            .status(&mut self.connection.out, status);
    }

    /// One field. Its name is written in lower case.
    pub fn field(&mut self, name: &str, value: &[u8], indexing: Indexing) {
        self.connection
            .encoder
            .field(&mut self.connection.out, name, value, indexing);
    }

    /// Ends the block; with `end` the stream too.
    pub fn finish(self, end: bool) {
        let Self {
            connection,
            stream,
            start,
        } = self;
        let most = connection.frame_max;
        let length = connection.out.len().saturating_sub(start + frame::HEADER);
        let mut header = Header {
            length: length.min(most),
            kind: kind::HEADERS,
            flags: if end { frame::END_STREAM } else { 0 },
            stream,
        };
        if length <= most {
            header.flags |= frame::END_HEADERS;
        }
        if let Some(place) = connection.out.get_mut(start..start + frame::HEADER) {
            place.copy_from_slice(&header.bytes());
        }
        if length > most {
            // Rare: what doesn't fit goes on in CONTINUATION frames.
            let rest = connection.out.split_off(start + frame::HEADER + most);
            let mut pieces = rest.chunks(most).peekable();
            while let Some(piece) = pieces.next() {
                let last = pieces.peek().is_none();
                let header = Header {
                    length: piece.len(),
                    kind: kind::CONTINUATION,
                    flags: if last { frame::END_HEADERS } else { 0 },
                    stream,
                };
                connection.out.extend_from_slice(&header.bytes());
                connection.out.extend_from_slice(piece);
            }
        }
        if end {
            connection.ended(stream);
        }
    }
}
