//! Own pages: prebuilt bytes, and the way to control and back.

use std::task::{Context, Poll, ready};

use bytes::Bytes;
use seam::{
    Refusal, RefusalPage,
    own::{Body, BodyCut, CHUNK, OwnAnswer, OwnKnown, OwnRefused, OwnRequest},
    prebuilt::Holed,
    snapshot::Tokens,
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    sync::{mpsc, oneshot},
};
use tokio_util::sync::PollSender;

use crate::{
    http1::{Client, UploadFault},
    know::Visit,
    pace::For,
    serve::{Answer, Length},
    worker::Worker,
};

/// Control didn't answer in time.
pub(crate) const CONTROL_LATE: Refusal =
    Refusal::new(RefusalPage::Unavailable, "control-late").retry_after(5);

/// Control gave an answer that can't be one.
const CONTROL_BROKEN: Refusal = Refusal::new(RefusalPage::Internal, "control-broken");

/// An exchange with control.
pub(crate) struct Exchange {
    /// `None` once the request's body is whole, or nobody wants the rest.
    upload: Option<Upload>,
    reply: oneshot::Receiver<OwnAnswer>,
    body: Option<Body>,
    /// Bytes of the answer that its head promises and that have not come.
    left: Option<u64>,
    /// Whom the exchange waits for while there is no answer.
    pub(crate) waits_for: For,
    /// How long control may take for its answer.
    patience: For,
}

/// The way of a request's body to control. Dropped before its [`end`](Upload::end), it
/// says that the body was cut: a part is never taken for the whole.
struct Upload {
    sender: PollSender<Result<Bytes, BodyCut>>,
    /// The place in the channel that is kept for that word.
    cut: Option<mpsc::OwnedPermit<Result<Bytes, BodyCut>>>,
}

impl Upload {
    fn end(mut self) {
        self.cut = None;
    }
}

impl Drop for Upload {
    fn drop(&mut self) {
        if let Some(place) = self.cut.take() {
            place.send(Err(BodyCut));
        }
    }
}

/// As browsers write an origin's.
fn authority(host: &str) -> Box<str> {
    let host = host.to_ascii_lowercase();
    host.strip_suffix(":443").unwrap_or(&host).into()
}

impl Exchange {
    /// Hands the request over.
    pub(crate) fn begin(
        visit: &Visit,
        head: http::Request<()>,
        worker: &Worker,
    ) -> Result<Self, Refusal> {
        let (upload, body) = seam::own::body();
        let cut = upload.clone().try_reserve_owned().ok();
        let (reply, answer) = oneshot::channel();
        let request = OwnRequest {
            known: OwnKnown {
                id: visit.id,
                site: visit.site,
                authority: authority(visit.notes.host()),
                client: visit.client,
                session: visit.session.clone(),
                language: visit.language(),
            },
            head,
            body,
            reply,
        };
        worker.own.send(request).map_err(|refused| {
            let reason = match refused {
                OwnRefused::Full => "control-busy",
                OwnRefused::Stopped => "control-stopped",
            };
            Refusal::new(RefusalPage::Unavailable, reason).retry_after(5)
        })?;
        Ok(Self {
            upload: Some(Upload {
                sender: PollSender::new(upload),
                cut,
            }),
            reply: answer,
            body: None,
            left: None,
            waits_for: For::Server(visit.local.limits.answer),
            patience: For::Server(visit.local.limits.answer),
        })
    }

    /// Passes an HTTP/1 request's body to control.
    pub(crate) fn poll_upload<IO: AsyncRead + AsyncWrite + Unpin>(
        &mut self,
        cx: &mut Context<'_>,
        client: &mut Client<IO>,
        most: u64,
    ) -> Poll<Result<(), UploadFault>> {
        loop {
            if client.upload.is_done() {
                self.end();
                return Poll::Ready(Ok(()));
            }
            if !ready!(self.poll_room(cx)) {
                // Control reads no further: its answer says why.
                return Poll::Ready(Err(UploadFault::Receiver));
            }
            let mut piece = Bytes::new();
            self.waits_for = For::Client;
            match ready!(client.poll_body(cx, most, |data| piece = Bytes::copy_from_slice(data))) {
                Ok(_) if piece.is_empty() => {}
                Ok(_) => self.send(piece),
                Err(fault) => {
                    self.cut();
                    return Poll::Ready(Err(fault));
                }
            }
        }
    }

    /// Room for one more piece of the body; `false` when control reads no further.
    pub(crate) fn poll_room(&mut self, cx: &mut Context<'_>) -> Poll<bool> {
        self.waits_for = self.patience;
        let Some(upload) = &mut self.upload else {
            return Poll::Ready(false);
        };
        let room = ready!(upload.sender.poll_reserve(cx)).is_ok();
        if !room {
            self.upload = None;
        }
        Poll::Ready(room)
    }

    /// Sends a piece for which there is room.
    pub(crate) fn send(&mut self, piece: Bytes) {
        debug_assert!(piece.len() <= CHUNK, "buffers are smaller than a chunk");
        // Fails only when control has gone: the next call notices.
        if let Some(upload) = &mut self.upload {
            let _ = upload.sender.send_item(Ok(piece));
        }
    }

    /// The request's body is whole.
    pub(crate) fn end(&mut self) {
        self.waits_for = self.patience;
        if let Some(upload) = self.upload.take() {
            upload.end();
        }
    }

    /// The client went away in the middle of its body.
    pub(crate) fn cut(&mut self) {
        self.upload = None;
    }

    /// Control's head.
    pub(crate) fn poll_answer(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Result<http::Response<()>, Refusal>> {
        let answer = ready!(std::pin::Pin::new(&mut self.reply).poll(cx));
        Poll::Ready(match answer {
            // Only the final answer comes this way.
            Ok(OwnAnswer { head, .. }) if head.status().is_informational() => Err(CONTROL_BROKEN),
            Ok(OwnAnswer { head, body }) => {
                self.body = Some(body);
                Ok(head)
            }
            Err(_) => Err(Refusal::new(RefusalPage::Unavailable, "control-stopped").retry_after(5)),
        })
    }

    /// How long the answer's body is: a shorter or longer one is a cut one, since the
    /// client would take the next answer for its rest.
    pub(crate) const fn expect(&mut self, length: Length) {
        if let Length::Known(length) = length {
            self.left = Some(length);
        }
    }

    /// The next piece of control's answer.
    pub(crate) fn poll_data(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, BodyCut>>> {
        let Some(body) = &mut self.body else {
            return Poll::Ready(None);
        };
        let piece = ready!(body.poll_recv(cx));
        Poll::Ready(match (piece, &mut self.left) {
            (Some(Ok(data)), Some(left)) => {
                let count = u64::try_from(data.len()).unwrap_or(u64::MAX);
                let rest = left.checked_sub(count);
                *left = rest.unwrap_or(0);
                Some(rest.map(|_| data).ok_or(BodyCut))
            }
            (None, Some(left)) if *left > 0 => Some(Err(BodyCut)),
            (piece, _) => piece,
        })
    }
}

/// A refusal's page, chosen for its reader.
pub(crate) struct RefusalBytes<'a> {
    holed: Option<&'a Holed>,
    tokens: Tokens,
    /// Until when it holds, where its page says so.
    until: [u8; UNTIL],
}

/// Bytes of that moment, for people as for programs.
const UNTIL: usize = 20;

/// The moment that a refusal ends: `2026-12-01 05:07 UTC`, or by RFC 3339.
fn until(visit: &Visit) -> [u8; UNTIL] {
    let text = visit.until.unwrap_or(visit.at).to_string();
    // RFC 3339 in UTC has its parts at fixed places.
    let part = |from: usize, to: usize| text.get(from..to).unwrap_or_default();
    let said = if visit.wants_html() {
        format!("{} {} UTC", part(0, 10), part(11, 16))
    } else {
        format!("{}Z", part(0, 19))
    };
    let mut bytes = [b' '; UNTIL];
    for (byte, given) in bytes.iter_mut().zip(said.bytes()) {
        *byte = given;
    }
    bytes
}

/// Finds the page of a refusal.
pub(crate) fn refusal_page(visit: &Visit, refusal: Refusal) -> RefusalBytes<'_> {
    let document = visit.local.prebuilt.refusal(refusal.page, visit.language());
    let ends = refusal.page == RefusalPage::Banned;
    RefusalBytes {
        tokens: visit.tokens,
        until: if ends { until(visit) } else { [b' '; UNTIL] },
        holed: document.map(|document| {
            if visit.wants_html() {
                &document.html
            } else {
                &document.json
            }
        }),
    }
}

impl RefusalBytes<'_> {
    pub(crate) fn length(&self) -> u64 {
        // The id takes 32 bytes.
        let whole = self.holed.map_or(0, |page| {
            let lead = page.lead.as_ref().map_or(0, |lead| lead.len() + UNTIL);
            lead + page.before.len() + 32 + page.after.len()
        });
        u64::try_from(whole).unwrap_or(u64::MAX)
    }

    pub(crate) fn answer(&self, refusal: Refusal) -> Answer<'_> {
        Answer::refusal(refusal, self.holed, self.length(), self.tokens)
    }

    pub(crate) fn write(&self, visit: &Visit, out: &mut Vec<u8>) {
        if let Some(page) = self.holed {
            if let Some(lead) = &page.lead {
                out.extend_from_slice(lead);
                out.extend_from_slice(&self.until);
            }
            out.extend_from_slice(&page.before);
            out.extend_from_slice(&visit.id.hex());
            out.extend_from_slice(&page.after);
        }
    }
}
