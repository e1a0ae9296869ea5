//! The client's side: streams opened, answers received, a server's farewell.

use std::time::Duration;

use super::{Connection, ConnectionError, Event, PREFACE, Phase, REFUND, protocol, setting};
use crate::{
    Limits,
    frame::{self, Code},
    head::{AnswerHead, Malformed, judge_trailers},
    streams::{Stream, Thrown},
    window::{ReceiveWindow, SendWindow},
};

/// The highest number that a stream of ours may have.
const STREAM_MAX: u32 = 0x7fff_ffff;

/// What a client knows of its server.
#[derive(Debug)]
pub(super) struct Requests {
    /// Streams that the server allows at once.
    streams: u32,
    /// It takes an extended CONNECT (RFC 8441).
    tunnels: bool,
    /// It leaves: streams above this number were not looked at, and no more may be opened.
    farewell: Option<u32>,
    /// A stream that both have ended. It is taken out at the next frame, so that the caller
    /// finds it once more.
    finished: Option<u32>,
}

impl<T: Default> Connection<T> {
    /// A client's connection at its beginning; preface and settings stand in
    /// [`Self::out`].
    pub fn client(limits: Limits) -> Self {
        let mut out = PREFACE.to_vec();
        let kept = u32::try_from(limits.head_bytes).unwrap_or(u32::MAX);
        frame::settings(
            &mut out,
            &[
                (setting::ENABLE_PUSH, 0),
                (setting::INITIAL_WINDOW_SIZE, limits.stream_window),
                (setting::MAX_HEADER_LIST_SIZE, kept),
            ],
        );
        let requests = Requests {
            streams: u32::MAX,
            tunnels: false,
            farewell: None,
            finished: None,
        };
        Self::begin(limits, Phase::Settings, Some(requests), out)
    }

    pub(crate) const fn is_client(&self) -> bool {
        self.requests.is_some()
    }

    /// Whether the server's settings have come and the connection hasn't failed.
    pub fn is_ready(&self) -> bool {
        self.phase == Phase::Frames
    }

    /// Whether the server takes an extended CONNECT.
    pub fn takes_tunnels(&self) -> bool {
        self.requests.as_ref().is_some_and(|known| known.tunnels)
    }

    /// How many streams more may be opened now; 0 for good once the server leaves or all
    /// numbers are used up ([`Self::is_leaving`]).
    pub fn free(&self) -> usize {
        let Some(known) = &self.requests else {
            return 0;
        };
        if !self.is_ready() || self.is_leaving() {
            return 0;
        }
        let most = known.streams.min(self.limits.streams);
        let most = usize::try_from(most).unwrap_or(usize::MAX);
        most.saturating_sub(self.streams.len())
    }

    /// Whether no stream can be opened here any more.
    pub fn is_leaving(&self) -> bool {
        let left = |known: &Requests| known.farewell.is_some();
        self.requests.as_ref().is_some_and(left) || self.seen >= STREAM_MAX
    }

    /// Opens a stream: its number. The caller sends the head next, before anything else is
    /// opened. `None` where [`Self::free`] is 0.
    pub fn open_stream(&mut self, data: T) -> Option<u32> {
        if self.free() == 0 {
            return None;
        }
        let id = if self.seen == 0 { 1 } else { self.seen + 2 };
        self.seen = id;
        self.idle.refund(REFUND);
        self.streams.push(Stream {
            id,
            send: SendWindow::new(self.initial_send),
            receive: ReceiveWindow::new(self.limits.stream_window),
            held: 0,
            ended_in: false,
            ended_out: false,
            answered: false,
            data,
        });
        Some(id)
    }

    /// The head of the answer whose [`Event::Answer`] came last.
    ///
    /// # Errors
    /// Why it is malformed: the stream is to be reset.
    pub fn answer(&self) -> Result<AnswerHead<'_>, Malformed> {
        AnswerHead::of(&self.list)
    }

    /// Takes out what the caller kept of streams that the server, leaving, did not look at:
    /// they may be asked again elsewhere.
    pub fn unprocessed(&mut self) -> Vec<T> {
        let last = self.requests.as_ref().and_then(|known| known.farewell);
        let last = last.unwrap_or(STREAM_MAX);
        let mut taken = Vec::new();
        for id in self.streams.above(last) {
            taken.extend(self.close(id, true));
        }
        taken
    }

    /// A GOAWAY came. One that takes back what an earlier one said changes nothing.
    pub(super) fn told_farewell(&mut self, payload: &[u8]) {
        if let (Some(known), Some(last)) = (&mut self.requests, frame::number(payload)) {
            let last = last & STREAM_MAX;
            known.farewell = Some(known.farewell.map_or(last, |before| before.min(last)));
        }
    }

    /// A setting that only a server's mean something in.
    pub(super) fn server_setting(&mut self, name: u16, value: u32) -> Result<(), ConnectionError> {
        let Some(known) = &mut self.requests else {
            return Ok(());
        };
        if name == setting::MAX_CONCURRENT_STREAMS {
            known.streams = value;
            return Ok(());
        }
        // RFC 8441 §3: never taken back.
        match value {
            0 if !known.tunnels => {}
            1 => known.tunnels = true,
            _ => return Err(protocol("setting-connect-protocol")),
        }
        Ok(())
    }

    /// A whole header block of a server's, decoded: an answer's head or its trailers.
    pub(super) fn answered<'b>(
        &mut self,
        stream: u32,
        ended: bool,
        now: Duration,
    ) -> Result<Event<'b, T>, ConnectionError> {
        self.must_be_known(stream, "headers-on-idle-stream")?;
        let Some(open) = self.streams.get_mut(stream) else {
            if self.streams.was_closed_by_us(stream) {
                self.charge(now)?;
                return Ok(Event::Handled);
            }
            return self.stream_error(stream, Code::StreamClosed, now);
        };
        if open.ended_in {
            return self.stream_error(stream, Code::StreamClosed, now);
        }
        if open.answered {
            if !ended || judge_trailers(&self.list).is_err() {
                return self.stream_error(stream, Code::ProtocolError, now);
            }
            open.ended_in = true;
            self.both_ended(stream);
            return Ok(Event::Ended { stream });
        }
        let interim = AnswerHead::of(&self.list).is_ok_and(|head| head.status < 200);
        if interim && ended {
            return self.stream_error(stream, Code::ProtocolError, now);
        }
        open.answered = !interim;
        open.ended_in = ended;
        if interim {
            self.charge(now)?;
        }
        if ended {
            self.both_ended(stream);
        }
        Ok(Event::Answer { stream, ended })
    }

    /// DATA of a server came for a stream that is gone.
    pub(super) fn late_data<'b>(
        &mut self,
        stream: u32,
        bytes: u32,
        ended: bool,
        now: Duration,
    ) -> Result<Event<'b, T>, ConnectionError> {
        if !self.streams.was_closed_by_us(stream) {
            return self.stream_error(stream, Code::StreamClosed, now);
        }
        // It may use up the window it had.
        if self.streams.throw_away(stream, bytes, ended) == Thrown::Told {
            self.charge(now)?;
        }
        Ok(Event::Handled)
    }

    /// The server has ended a stream: it is over where we have too.
    pub(super) fn both_ended(&mut self, stream: u32) {
        let ended = |open: &Stream<T>| open.ended_out;
        if let Some(known) = &mut self.requests
            && self.streams.get(stream).is_some_and(ended)
        {
            known.finished = Some(stream);
        }
    }

    /// Takes out the stream that was over with the last frame.
    pub(super) fn settle(&mut self) {
        let finished = self
            .requests
            .as_mut()
            .and_then(|known| known.finished.take());
        if let Some(stream) = finished {
            self.retire(stream);
        }
    }
}
