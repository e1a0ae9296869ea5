//! What has come of one answer over HTTP/2: its head as HTTP/1 says it, its body, its
//! trailers. The connection's task puts it in, the request's takes it out.

use std::{
    cell::{RefCell, RefMut},
    collections::VecDeque,
    task::{Context, Waker},
};

use h1::{grammar, write};
use http2::{AnswerHead, Code, Fields, Malformed};

use crate::{read::content_length, upstream::Fault, waking::remember};

/// How much of a body is still to come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Expected {
    /// Nothing: there is none.
    Nothing,
    /// So many bytes.
    Bytes(u64),
    /// Until it ends.
    Unknown,
    /// A tunnel's bytes, until it ends.
    Tunnel,
}

/// See the module. One task reads, so one is woken.
#[derive(Debug, Default)]
pub(super) struct Flow(RefCell<Come>);

/// What has come.
#[derive(Debug)]
pub(super) struct Come {
    /// The method was HEAD: no body follows whatever the fields say.
    pub(super) head_only: bool,
    /// What consent to a WebSocket says in HTTP/1, where one was asked for.
    pub(super) accept: Option<String>,
    /// The head as bytes of HTTP/1; taken once.
    pub(super) head: Option<Vec<u8>>,
    pub(super) expected: Expected,
    /// Bytes of the body that wait: at most a stream's window.
    pub(super) body: VecDeque<u8>,
    /// The trailer section, as lines.
    pub(super) trailers: Vec<u8>,
    /// All of it has come.
    pub(super) ended: bool,
    /// Nothing more will come, and why.
    pub(super) fault: Option<Fault>,
    /// Something came, be it an interim head.
    pub(super) spoke: bool,
    waker: Option<Waker>,
}

impl Default for Come {
    fn default() -> Self {
        Self {
            head_only: false,
            accept: None,
            head: None,
            expected: Expected::Nothing,
            body: VecDeque::new(),
            trailers: Vec::new(),
            ended: false,
            fault: None,
            spoke: false,
            waker: None,
        }
    }
}

impl Come {
    /// Whom to wake when more comes, or more may be sent.
    pub(super) fn woken_by(&mut self, cx: &Context<'_>) {
        remember(&mut self.waker, cx);
    }
}

impl Flow {
    pub(super) fn come(&self) -> RefMut<'_, Come> {
        self.0.borrow_mut()
    }

    /// Wakes the request.
    pub(super) fn wake(&self) {
        let waker = self.come().waker.take();
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    /// A head came. `over`: part of it wasn't kept.
    pub(super) fn begin(
        &self,
        head: Result<AnswerHead<'_>, Malformed>,
        over: bool,
        ended: bool,
    ) -> Result<(), &'static str> {
        let mut come = self.come();
        come.spoke = true;
        if over {
            return Err("head-too-large");
        }
        let head = head.map_err(Malformed::code)?;
        if head.status < 200 {
            // Ours went out before.
            return Ok(());
        }
        let mut bytes = Vec::with_capacity(512);
        // RFC 8441 section 5: any 2xx is consent.
        let accept = come.accept.take();
        let accept = accept.filter(|_| (200..300).contains(&head.status));
        let status = if accept.is_some() { 101 } else { head.status };
        write::status_line(&mut bytes, status);
        let mut length = None;
        for (name, value) in head.fields.iter() {
            grammar::judge_field(name, value).map_err(h1::Refusal::code)?;
            if name == b"content-length" {
                let stated = content_length(value).ok_or("content-length-malformed")?;
                if length.replace(stated).is_some() {
                    return Err("content-length-repeated");
                }
            }
            // A token, as was judged: ASCII.
            let name = std::str::from_utf8(name).unwrap_or_default();
            write::field(&mut bytes, name, value);
        }
        come.ended = ended;
        if let Some(accept) = accept {
            come.expected = Expected::Tunnel;
            bytes.extend_from_slice(b"connection: upgrade\r\nupgrade: websocket\r\n");
            write::field(&mut bytes, "sec-websocket-accept", accept.as_bytes());
            bytes.extend_from_slice(b"\r\n");
            come.head = Some(bytes);
            drop(come);
            self.wake();
            return Ok(());
        }
        come.expected = if come.head_only || matches!(head.status, 204 | 304) {
            Expected::Nothing
        } else if let Some(length) = length {
            match length {
                0 => Expected::Nothing,
                _ if ended => return Err("content-length-misstated"),
                _ => Expected::Bytes(length),
            }
        } else if ended {
            write::field_number(&mut bytes, "content-length", 0);
            Expected::Nothing
        } else {
            bytes.extend_from_slice(b"transfer-encoding: chunked\r\n");
            Expected::Unknown
        };
        // Of this stream there is no second answer.
        bytes.extend_from_slice(b"connection: close\r\n\r\n");
        come.head = Some(bytes);
        drop(come);
        self.wake();
        Ok(())
    }

    /// Bytes of the body came.
    pub(super) fn receive(&self, data: &[u8], ended: bool) -> Result<(), &'static str> {
        let mut come = self.come();
        let count = u64::try_from(data.len()).unwrap_or(u64::MAX);
        come.expected = match come.expected {
            Expected::Nothing if count > 0 => return Err("body-forbidden"),
            Expected::Bytes(left) => {
                let left = left.checked_sub(count).ok_or("content-length-misstated")?;
                if ended && left > 0 {
                    return Err("content-length-misstated");
                }
                Expected::Bytes(left)
            }
            other => other,
        };
        come.body.extend(data);
        come.ended = ended;
        drop(come);
        self.wake();
        Ok(())
    }

    /// The body ended with a trailer section. `over`: part of it wasn't kept.
    pub(super) fn end_with(&self, section: Fields<'_>, over: bool) -> Result<(), &'static str> {
        let mut lines = Vec::new();
        for (name, value) in section.iter() {
            grammar::judge_field(name, value).map_err(h1::Refusal::code)?;
            let name = std::str::from_utf8(name).unwrap_or_default();
            write::field(&mut lines, name, value);
        }
        if over {
            return Err("trailers-too-large");
        }
        self.come().trailers = lines;
        self.receive(&[], true)
    }

    /// The application reset the stream.
    pub(super) fn reset(&self, code: Option<Code>) {
        let answered = self.come().spoke;
        match code {
            Some(Code::RefusedStream) if !answered => self.was_not_processed(),
            Some(Code::Http11Required) => self.fail(Fault::Broken("upstream-http1-required")),
            _ => self.fail(Fault::Broken("upstream-stream-reset")),
        }
    }

    /// The application did not look at the request, and never will.
    pub(super) fn was_not_processed(&self) {
        self.fail(Fault::Unprocessed);
    }

    /// Nothing more will come. What has come whole stays so.
    pub(super) fn fail(&self, fault: Fault) {
        let mut come = self.come();
        if !come.ended {
            come.fault.get_or_insert(fault);
        }
        drop(come);
        self.wake();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_whole_stays_whole_and_what_isnt_is_broken_once() {
        let flow = Flow::default();
        flow.fail(Fault::Unprocessed);
        flow.fail(Fault::ClosedUnanswered);
        assert_eq!(flow.come().fault, Some(Fault::Unprocessed));
        let flow = Flow::default();
        flow.come().expected = Expected::Bytes(3);
        assert_eq!(flow.receive(b"ab", false), Ok(()));
        assert_eq!(flow.receive(b"cd", false), Err("content-length-misstated"));
        assert_eq!(flow.receive(b"", true), Err("content-length-misstated"));
        assert_eq!(flow.receive(b"c", true), Ok(()));
        flow.fail(Fault::ClosedUnanswered);
        assert_eq!(flow.come().fault, None);
        let flow = Flow::default();
        assert_eq!(flow.receive(b"x", true), Err("body-forbidden"));
        assert_eq!(flow.receive(b"", true), Ok(()));
    }
}
