//! Own pages: requests come through the seam, an axum router answers, bodies stream
//! both ways.

pub(crate) mod account;
mod address;
mod csp;
pub(crate) mod form;
mod language;
mod ledger;
mod listed;
pub(crate) mod listing;
mod lost_factor;
mod passkey;
mod portal;
mod register;
mod reset;
pub(crate) mod second_factor;
mod security;

use std::{
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, ready},
};

use axum::{Router, body::Body as AxumBody};
use bytes::Bytes;
use http::{Request, Response};
use http_body::{Body, Frame};
use http_body_util::BodyExt as _;
use seam::own::{Body as OwnBody, BodyCut, CHUNK, OwnAnswer, OwnReceiver, OwnRequest};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;

use crate::{console, teeth};

use listed::Listed;

/// What people ask for, beside the console.
fn people() -> Listed {
    portal::routes()
        .merge(account::routes())
        .merge(second_factor::routes())
        .merge(passkey::routes())
        .merge(reset::routes())
        .merge(address::routes())
        .merge(lost_factor::routes())
        .merge(register::routes())
}

/// Every address of it, below the prefix: for whoever tries them all.
pub(crate) fn addresses() -> Vec<&'static str> {
    people().list()
}

/// The router of everything that control answers itself, below the prefix.
pub(crate) fn router(prefix: &str, state: crate::state::State) -> Router {
    let people = people()
        .router()
        .merge(console::on_portal(&state))
        .layer(axum::middleware::from_fn(language::chosen));
    let own = Router::new()
        .merge(security::routes())
        .merge(csp::routes())
        .merge(ledger::routes())
        .merge(people);
    let at = prefix.trim_end_matches('/');
    let router = if at.is_empty() {
        own
    } else {
        Router::new().nest(at, own)
    };
    router.with_state(state)
}

/// Answers requests until `stop`, or until the edge is gone. While it is `reads_only`,
/// because another process has control, what might change something is left unanswered:
/// the edge then says 503.
pub(crate) async fn serve(
    mut requests: OwnReceiver,
    router: Router,
    reads_only: Arc<AtomicBool>,
    stop: CancellationToken,
) {
    loop {
        let request = tokio::select! {
            () = stop.cancelled() => return,
            request = requests.recv() => match request {
                Some(request) => request,
                None => return,
            },
        };
        if request.head.method().is_safe() || !reads_only.load(Ordering::SeqCst) {
            tokio::spawn(answer(request, router.clone()));
        }
    }
}

async fn answer(request: OwnRequest, router: Router) {
    let OwnRequest {
        known,
        head,
        body,
        mut reply,
    } = request;
    let (mut parts, ()) = head.into_parts();
    parts.extensions.insert(known);
    let request = Request::from_parts(parts, AxumBody::new(Upload(body)));
    // The client's leaving drops the handler and with it whatever it was doing.
    let response: Response<AxumBody> = tokio::select! {
        () = reply.closed() => return,
        response = router.oneshot(request) => match response {
            Ok(response) => response,
            Err(never) => match never {},
        },
    };
    let response = if teeth::cut("xss") {
        unescaped(response).await
    } else {
        response
    };
    let (parts, mut body) = response.into_parts();
    let (sender, receiver) = seam::own::body();
    let head = Response::from_parts(parts, ());
    if reply
        .send(OwnAnswer {
            head,
            body: receiver,
        })
        .is_err()
    {
        return;
    }
    loop {
        let frame = tokio::select! {
            // A client that left ends a silent stream too.
            () = sender.closed() => return,
            frame = body.frame() => frame,
        };
        let mut data = match frame {
            None => return,
            Some(Ok(frame)) => match frame.into_data() {
                Ok(data) => data,
                Err(_trailers) => continue,
            },
            Some(Err(error)) => {
                tracing::warn!(%error, "an own page broke off");
                // The edge shows the client that the answer is broken.
                let _ = sender.send(Err(BodyCut)).await;
                return;
            }
        };
        while !data.is_empty() {
            let piece = data.split_to(data.len().min(CHUNK));
            if sender.send(Ok(piece)).await.is_err() {
                return;
            }
        }
    }
}

/// A page as templates that escape nothing would write it: only where a test cuts the
/// control.
// promise: xss
async fn unescaped(response: Response<AxumBody>) -> Response<AxumBody> {
    let (mut parts, body) = response.into_parts();
    let bytes = body.collect().await.map(|it| it.to_bytes());
    let mut page = String::from_utf8_lossy(&bytes.unwrap_or_default()).into_owned();
    for (reference, raw) in [
        ("&#60;", "<"),
        ("&#62;", ">"),
        ("&#34;", "\""),
        ("&#39;", "'"),
    ] {
        page = page.replace(reference, raw);
    }
    parts.headers.remove(http::header::CONTENT_LENGTH);
    Response::from_parts(parts, AxumBody::from(page))
}

/// A request's body as it comes through the seam.
struct Upload(OwnBody);

impl Body for Upload {
    type Data = Bytes;
    type Error = BodyCut;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyCut>>> {
        Poll::Ready(ready!(self.0.poll_recv(cx)).map(|piece| piece.map(Frame::data)))
    }
}

#[cfg(test)]
mod tests;
