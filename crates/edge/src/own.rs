//! Own pages: prebuilt bytes, and the way to control and back.

use std::task::{Context, Poll, ready};

use bytes::Bytes;
use seam::{
    Refusal, RefusalPage,
    own::{Body, BodyCut, CHUNK, OwnAnswer, OwnKnown, OwnRefused, OwnRequest},
    prebuilt::{Document, Holed},
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    sync::{mpsc, oneshot},
};
use tokio_util::sync::PollSender;

use crate::{
    http1::{Client, UploadFault},
    know::Visit,
    serve::{Answer, Length, Source, Static},
    worker::Worker,
};

/// Control didn't answer in time.
pub(crate) const CONTROL_LATE: Refusal =
    Refusal::new(RefusalPage::Unavailable, "control-late").retry_after(10);

/// An exchange with control.
pub(crate) struct Exchange {
    /// `None` once the request's body is whole.
    upload: Option<PollSender<Result<Bytes, BodyCut>>>,
    reply: oneshot::Receiver<OwnAnswer>,
    body: Option<Body>,
}

impl Exchange {
    /// Hands the request over.
    pub(crate) fn begin(
        visit: &Visit,
        head: http::Request<()>,
        worker: &Worker,
    ) -> Result<Self, Refusal> {
        let (upload, body) = seam::own::body();
        let (reply, answer) = oneshot::channel();
        let request = OwnRequest {
            known: OwnKnown {
                id: visit.id,
                site: visit.site,
                client: visit.client,
                session: None,
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
            Refusal::new(RefusalPage::Unavailable, reason).retry_after(10)
        })?;
        Ok(Self {
            upload: Some(PollSender::new(upload)),
            reply: answer,
            body: None,
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
            let Some(sender) = &mut self.upload else {
                return Poll::Ready(Ok(()));
            };
            if client.upload.is_done() {
                self.upload = None;
                return Poll::Ready(Ok(()));
            }
            if ready!(sender.poll_reserve(cx)).is_err() {
                // Control reads no further: its answer says why.
                self.upload = None;
                return Poll::Ready(Err(UploadFault::Receiver));
            }
            let mut piece = Bytes::new();
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
        match &mut self.upload {
            Some(sender) => sender.poll_reserve(cx).map(|room| room.is_ok()),
            None => Poll::Ready(false),
        }
    }

    /// Sends a piece for which there is room.
    pub(crate) fn send(&mut self, piece: Bytes) {
        debug_assert!(piece.len() <= CHUNK, "buffers are smaller than a chunk");
        // Fails only when control has gone: the next call notices.
        if let Some(sender) = &mut self.upload {
            let _ = sender.send_item(Ok(piece));
        }
    }

    /// The request's body is whole.
    pub(crate) fn end(&mut self) {
        self.upload = None;
    }

    /// The client went away in the middle of its body.
    pub(crate) fn cut(&mut self) {
        if let Some(mut sender) = self.upload.take() {
            // Room is reserved where a cut is noticed; a control that left needs no word.
            let _ = sender.send_item(Err(BodyCut));
        }
    }

    /// Control's head.
    pub(crate) fn poll_answer(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Result<http::Response<()>, Refusal>> {
        let answer = ready!(std::pin::Pin::new(&mut self.reply).poll(cx));
        Poll::Ready(match answer {
            Ok(OwnAnswer { head, body }) => {
                self.body = Some(body);
                Ok(head)
            }
            Err(_) => {
                Err(Refusal::new(RefusalPage::Unavailable, "control-stopped").retry_after(10))
            }
        })
    }

    /// The next piece of control's answer.
    pub(crate) fn poll_data(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, BodyCut>>> {
        match &mut self.body {
            Some(body) => mpsc::Receiver::poll_recv(body, cx),
            None => Poll::Ready(None),
        }
    }
}

/// The answer of a prebuilt page.
pub(crate) fn page_answer(page: &Document) -> Answer<'_> {
    Answer {
        status: 200,
        source: Source::Prebuilt(Static {
            content_type: page.content_type,
            csp: &page.csp,
            cache_control: page.cache_control,
            etag: Some(&page.etag),
            retry_after: None,
            allow: false,
            varies: true,
        }),
        length: Length::Known(u64::try_from(page.body.len()).unwrap_or(u64::MAX)),
    }
}

/// A refusal's page, chosen for its reader.
pub(crate) struct RefusalBytes<'a> {
    holed: Option<&'a Holed>,
}

/// Finds the page of a refusal.
pub(crate) fn refusal_page(visit: &Visit, refusal: Refusal) -> RefusalBytes<'_> {
    let document = visit.local.prebuilt.refusal(refusal.page, visit.language());
    RefusalBytes {
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
        let whole = self
            .holed
            .map_or(0, |page| page.before.len() + 32 + page.after.len());
        u64::try_from(whole).unwrap_or(u64::MAX)
    }

    pub(crate) fn answer(&self, refusal: Refusal) -> Answer<'_> {
        Answer {
            status: refusal.page.status(),
            source: Source::Prebuilt(Static {
                content_type: self
                    .holed
                    .map_or("text/plain; charset=utf-8", |page| page.content_type),
                csp: self.holed.map_or("default-src 'none'", |page| &page.csp),
                cache_control: "no-store",
                etag: None,
                retry_after: refusal.retry_after,
                allow: refusal.page == RefusalPage::MethodNotAllowed,
                varies: false,
            }),
            length: Length::Known(self.length()),
        }
    }

    pub(crate) fn write(&self, visit: &Visit, out: &mut Vec<u8>) {
        if let Some(page) = self.holed {
            out.extend_from_slice(&page.before);
            out.extend_from_slice(&visit.id.hex());
            out.extend_from_slice(&page.after);
        }
    }
}
