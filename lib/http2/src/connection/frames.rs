//! What each frame does.

use std::time::Duration;

use super::{
    CONTINUATIONS, Connection, ConnectionError, Event, FAREWELL, Farewell, Phase, UPDATE_MIN,
    Unfinished, calm, flow, protocol, setting, size,
};
use crate::{
    frame::{self, Code, Header, PAYLOAD_MAX},
    head::judge_trailers,
    hpack::FieldLimits,
    streams::{Stream, Thrown},
    window::{self, ReceiveWindow, SendWindow},
};

impl<T: Default> Connection<T> {
    /// Refuses a stream that the client can't have opened.
    pub(super) fn must_be_known(
        &self,
        stream: u32,
        reason: &'static str,
    ) -> Result<(), ConnectionError> {
        if stream == 0 || stream > self.seen || stream.is_multiple_of(2) {
            return Err(protocol(reason));
        }
        Ok(())
    }

    pub(super) fn data<'b>(
        &mut self,
        header: Header,
        payload: &'b [u8],
        now: Duration,
    ) -> Result<Event<'b, T>, ConnectionError> {
        let stream = header.stream;
        self.must_be_known(stream, "data-on-idle-stream")?;
        let data = unpadded(header, payload)?;
        // The padding counts too (§6.9.1).
        let whole = u32::try_from(payload.len()).unwrap_or(u32::MAX);
        self.receive
            .take(whole)
            .map_err(|_| flow("connection-window-exceeded"))?;
        let Some(open) = self.streams.get_mut(stream) else {
            self.release_shared(whole);
            if self.requests.is_some() {
                return self.late_data(stream, whole, header.has(frame::END_STREAM), now);
            }
            if stream > self.last {
                self.charge(now)?;
                return Ok(Event::Handled);
            }
            if !self.streams.was_closed_by_us(stream) {
                return self.stream_error(stream, Code::StreamClosed, now);
            }
            let ended = header.has(frame::END_STREAM);
            match self.streams.throw_away(stream, whole, ended) {
                Thrown::Away if whole > 0 => {}
                Thrown::Away | Thrown::Told => self.charge(now)?,
                Thrown::Open(bytes) => frame::window_update(&mut self.out, stream, bytes),
                Thrown::Tell => frame::rst_stream(&mut self.out, stream, Code::NoError),
            }
            return Ok(Event::Handled);
        };
        if open.ended_in || open.receive.take(whole).is_err() {
            let code = if open.ended_in {
                Code::StreamClosed
            } else {
                Code::FlowControlError
            };
            self.release_shared(whole);
            return self.stream_error(stream, code, now);
        }
        if self.requests.is_some() && !open.answered {
            self.release_shared(whole);
            return self.stream_error(stream, Code::ProtocolError, now);
        }
        let ended = header.has(frame::END_STREAM);
        open.ended_in = ended;
        let kept = u32::try_from(data.len()).unwrap_or(u32::MAX);
        open.held = open.held.saturating_add(whole);
        if whole > kept {
            self.release(stream, usize::try_from(whole - kept).unwrap_or(0));
        }
        if data.is_empty() && !ended {
            self.charge(now)?;
        }
        if ended {
            self.both_ended(stream);
        }
        Ok(Event::Data {
            stream,
            data,
            ended,
        })
    }

    pub(super) fn headers<'b>(
        &mut self,
        header: Header,
        payload: &[u8],
        now: Duration,
    ) -> Result<Event<'b, T>, ConnectionError> {
        let stream = header.stream;
        if stream.is_multiple_of(2) {
            return Err(protocol("headers-on-even-stream"));
        }
        let mut fragment = unpadded(header, payload)?;
        if header.has(frame::PRIORITY_FLAG) {
            let (priority, rest) = fragment
                .split_at_checked(5)
                .ok_or(size("headers-priority-size"))?;
            if depends_on_itself(priority, stream) {
                return Err(protocol("priority-on-itself"));
            }
            fragment = rest;
        }
        let ended = header.has(frame::END_STREAM);
        if header.has(frame::END_HEADERS) {
            return self.block(stream, fragment, ended, now);
        }
        self.block.clear();
        self.block.extend_from_slice(fragment);
        self.unfinished = Some(Unfinished {
            stream,
            ended,
            frames: 0,
        });
        Ok(Event::Handled)
    }

    pub(super) fn continuation<'b>(
        &mut self,
        header: Header,
        payload: &[u8],
        now: Duration,
    ) -> Result<Event<'b, T>, ConnectionError> {
        let Some(mut block) = self.unfinished else {
            return Err(protocol("continuation-unasked"));
        };
        block.frames += 1;
        if self.block.len() + payload.len() > self.limits.block_bytes
            || block.frames > CONTINUATIONS
        {
            return Err(calm("block-too-large"));
        }
        self.unfinished = Some(block);
        self.block.extend_from_slice(payload);
        if !header.has(frame::END_HEADERS) {
            return Ok(Event::Handled);
        }
        self.unfinished = None;
        let whole = std::mem::take(&mut self.block);
        let event = self.block(block.stream, &whole, block.ended, now);
        // The memory is used again, unless a client made it large.
        if whole.capacity() <= 2 * PAYLOAD_MAX {
            self.block = whole;
        }
        event
    }

    /// A whole header block. Decoded whatever becomes of it: the table must stay in step.
    fn block<'b>(
        &mut self,
        stream: u32,
        block: &[u8],
        ended: bool,
        now: Duration,
    ) -> Result<Event<'b, T>, ConnectionError> {
        self.list.clear();
        let kept = FieldLimits {
            bytes: self.limits.head_bytes,
            fields: self.limits.fields,
        };
        self.decoder
            .decode(block, &kept, &mut self.list)
            .map_err(|_| ConnectionError {
                code: Code::CompressionError,
                reason: "block-malformed",
            })?;
        if self.requests.is_some() {
            return self.answered(stream, ended, now);
        }
        if stream <= self.last {
            return self.trailer_section(stream, ended, now);
        }
        self.seen = stream.max(self.seen);
        if self.farewell == Farewell::Final {
            self.charge(now)?;
            return Ok(Event::Handled);
        }
        self.last = stream;
        if self.streams.len() >= usize::try_from(self.limits.streams).unwrap_or(usize::MAX) {
            return self.stream_error(stream, Code::RefusedStream, now);
        }
        self.streams.push(Stream {
            id: stream,
            send: SendWindow::new(self.initial_send),
            receive: ReceiveWindow::new(self.limits.stream_window),
            held: 0,
            ended_in: ended,
            ended_out: false,
            answered: false,
            data: T::default(),
        });
        Ok(Event::Request { stream, ended })
    }

    fn trailer_section<'b>(
        &mut self,
        stream: u32,
        ended: bool,
        now: Duration,
    ) -> Result<Event<'b, T>, ConnectionError> {
        let Some(open) = self.streams.get_mut(stream) else {
            if self.streams.was_closed_by_us(stream) {
                self.charge(now)?;
                return Ok(Event::Handled);
            }
            return Err(ConnectionError {
                code: Code::StreamClosed,
                reason: "headers-on-closed-stream",
            });
        };
        if open.ended_in {
            return Err(ConnectionError {
                code: Code::StreamClosed,
                reason: "headers-after-end",
            });
        }
        if !ended || judge_trailers(&self.list).is_err() {
            return self.stream_error(stream, Code::ProtocolError, now);
        }
        open.ended_in = true;
        Ok(Event::Ended { stream })
    }

    pub(super) fn rst_stream<'b>(
        &mut self,
        header: Header,
        payload: &[u8],
        now: Duration,
    ) -> Result<Event<'b, T>, ConnectionError> {
        if payload.len() != 4 {
            return Err(size("rst-stream-size"));
        }
        let stream = header.stream;
        self.must_be_known(stream, "rst-stream-on-idle-stream")?;
        let Some(open) = self.streams.remove(stream) else {
            self.charge(now)?;
            return Ok(Event::Handled);
        };
        self.release_shared(open.held);
        // A server can reset no more than we open.
        if self.requests.is_none() {
            self.resets
                .charge(now)
                .map_err(|_| calm("too-many-resets"))?;
        }
        Ok(Event::Reset {
            stream,
            code: frame::number(payload).and_then(Code::of),
            data: open.data,
        })
    }

    pub(super) fn settings<'b>(
        &mut self,
        header: Header,
        payload: &[u8],
        now: Duration,
    ) -> Result<Event<'b, T>, ConnectionError> {
        if header.stream != 0 {
            return Err(protocol("settings-on-stream"));
        }
        let first = self.phase == Phase::Settings;
        if header.has(frame::ACK) {
            if !payload.is_empty() {
                return Err(size("settings-ack-size"));
            }
            if first {
                return Err(protocol("settings-not-first"));
            }
            self.charge(now)?;
            return Ok(Event::Handled);
        }
        let (values, rest) = payload.as_chunks::<6>();
        if !rest.is_empty() {
            return Err(size("settings-size"));
        }
        if first {
            self.phase = Phase::Frames;
        } else {
            self.charge(now)?;
        }
        let mut grown = false;
        for [n0, n1, value @ ..] in values {
            let value = u32::from_be_bytes(*value);
            let name = u16::from_be_bytes([*n0, *n1]);
            match name {
                setting::HEADER_TABLE_SIZE => self.encoder.set_table_size(value),
                setting::ENABLE_PUSH if value > u32::from(self.requests.is_none()) => {
                    return Err(protocol("setting-enable-push"));
                }
                setting::MAX_CONCURRENT_STREAMS | setting::ENABLE_CONNECT_PROTOCOL => {
                    self.server_setting(name, value)?;
                }
                setting::INITIAL_WINDOW_SIZE => {
                    if i64::from(value) > window::MAX {
                        return Err(flow("setting-initial-window"));
                    }
                    let by = i64::from(value) - i64::from(self.initial_send);
                    self.initial_send = value;
                    for open in self.streams.iter_mut() {
                        open.send.shift(by).map_err(|_| flow("window-too-large"))?;
                    }
                    grown |= by > 0;
                }
                setting::MAX_FRAME_SIZE => {
                    let value = usize::try_from(value).unwrap_or(0);
                    if !(PAYLOAD_MAX..1 << 24).contains(&value) {
                        return Err(protocol("setting-max-frame-size"));
                    }
                    // Larger frames would only make other streams wait.
                }
                _ => {}
            }
        }
        frame::settings_ack(&mut self.out);
        Ok(if grown && self.streams.len() > 0 {
            Event::Windows
        } else {
            Event::Handled
        })
    }

    pub(super) fn ping<'b>(
        &mut self,
        header: Header,
        payload: &[u8],
        now: Duration,
    ) -> Result<Event<'b, T>, ConnectionError> {
        if header.stream != 0 {
            return Err(protocol("ping-on-stream"));
        }
        if payload.len() != 8 {
            return Err(size("ping-size"));
        }
        self.charge(now)?;
        if !header.has(frame::ACK) {
            frame::ping(&mut self.out, payload, true);
        } else if payload == FAREWELL && self.farewell == Farewell::Announced {
            self.say_farewell();
        }
        Ok(Event::Handled)
    }

    pub(super) fn window_update<'b>(
        &mut self,
        header: Header,
        payload: &[u8],
        now: Duration,
    ) -> Result<Event<'b, T>, ConnectionError> {
        let (4, Some(increment)) = (payload.len(), frame::number(payload)) else {
            return Err(size("window-update-size"));
        };
        let increment = increment & 0x7fff_ffff;
        let stream = header.stream;
        match self.owed.checked_sub(u64::from(increment)) {
            Some(rest) if increment >= UPDATE_MIN => self.owed = rest,
            _ => self.charge(now)?,
        }
        if stream == 0 {
            if increment == 0 {
                return Err(protocol("window-update-of-nothing"));
            }
            self.send
                .shift(i64::from(increment))
                .map_err(|_| flow("window-too-large"))?;
            return Ok(Event::Room { stream: 0 });
        }
        self.must_be_known(stream, "window-update-on-idle-stream")?;
        let Some(open) = self.streams.get_mut(stream) else {
            return Ok(Event::Handled);
        };
        if increment == 0 {
            return self.stream_error(stream, Code::ProtocolError, now);
        }
        if open.send.shift(i64::from(increment)).is_err() {
            return self.stream_error(stream, Code::FlowControlError, now);
        }
        Ok(Event::Room { stream })
    }
}

/// The payload of DATA or HEADERS without its padding (§6.1).
fn unpadded(header: Header, payload: &[u8]) -> Result<&[u8], ConnectionError> {
    if !header.has(frame::PADDED) {
        return Ok(payload);
    }
    let (length, rest) = payload.split_first().ok_or(size("padding-missing"))?;
    let kept = rest
        .len()
        .checked_sub(usize::from(*length))
        .ok_or(protocol("padding-too-long"))?;
    Ok(rest.get(..kept).unwrap_or_default())
}

/// Whether a priority's dependency is the stream itself (RFC 7540 §5.3.1).
pub(super) fn depends_on_itself(priority: &[u8], stream: u32) -> bool {
    frame::number(priority).is_some_and(|on| on & 0x7fff_ffff == stream)
}
