//! `/live`: server-sent events (HTML §9.2): the clock each second, and each new note.

use std::time::Duration;

use axum::{
    body::Body,
    extract::State,
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use http::{Method, StatusCode, header};
use serde::Serialize;
use terms::Micros;
use tokio::{
    sync::broadcast::error::RecvError,
    time::{MissedTickBehavior, interval},
};

use super::{
    App,
    flow::{Source, flow},
    identity::Visitor,
    pages::{self, clock_time, moment},
};

const TICK: Duration = Duration::from_secs(1);

/// A note was added, as the page's script shows it.
#[derive(Debug, Serialize)]
pub(super) struct NoteAdded<'a> {
    pub(super) customer: &'a str,
    pub(super) address: String,
    pub(super) author: &'a str,
    pub(super) at: String,
}

impl App {
    /// Tells all listeners of a note. With nobody listening it is no news.
    pub(super) fn announce(&self, customer: &str, id: u32, author: &str, at: Micros) {
        let note = NoteAdded {
            customer,
            address: format!("/customers/{id}#notes"),
            author,
            at: moment(at),
        };
        // Strings and no maps: serialising can't fail.
        if let Ok(json) = serde_json::to_string(&note) {
            let _ = self.0.news.send(event("note", &json));
        }
    }
}

/// One event. `data` is a single line: JSON or a time.
fn event(kind: &str, data: &str) -> Bytes {
    Bytes::from(format!("event: {kind}\ndata: {data}\n\n"))
}

/// `GET /live`.
pub(super) async fn listen(State(app): State<App>, visitor: Visitor, method: Method) -> Response {
    let Ok(place) = app.0.listeners.clone().try_acquire_owned() else {
        return pages::problem(
            visitor,
            StatusCode::SERVICE_UNAVAILABLE,
            "Too many listeners",
            "The live part has no place free. Try again in a moment.",
        );
    };
    let headers = [
        (header::CONTENT_TYPE, "text/event-stream"),
        (header::CACHE_CONTROL, "no-store"),
    ];
    if method == Method::HEAD {
        return headers.into_response();
    }
    let (source, body) = flow();
    let task = app.clone();
    app.0.tasks.spawn(async move {
        tell(&task, &source).await;
        drop(place);
    });
    (headers, Body::new(body)).into_response()
}

/// Sends events until the client goes or the application stops.
async fn tell(app: &App, to: &Source) {
    let mut news = app.0.news.subscribe();
    let mut ticks = interval(TICK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
    loop {
        let piece = tokio::select! {
            () = app.0.stop.cancelled() => return,
            () = to.closed() => return,
            _ = ticks.tick() => event("tick", &clock_time(app.0.clock.now())),
            received = news.recv() => match received {
                Ok(piece) => piece,
                // Too slow for some of the news: go on with what is left.
                Err(RecvError::Lagged(_)) => continue,
                Err(RecvError::Closed) => return,
            },
        };
        // A client that doesn't read holds this up, but never the stop.
        tokio::select! {
            () = app.0.stop.cancelled() => return,
            sent = to.send(Ok(piece)) => if sent.is_err() { return },
        }
    }
}
