//! `/chat`: a page, and under the same address the WebSocket (RFC 6455) behind it.
//! What one says comes to all, the speaker included, with the name the gateway gave.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use axum::{
    extract::{
        State, WebSocketUpgrade,
        ws::{
            CloseFrame, Message, Utf8Bytes, WebSocket, close_code,
            rejection::WebSocketUpgradeRejection,
        },
    },
    response::{IntoResponse, Response},
};
use http::{HeaderMap, StatusCode, header};
use serde_json::json;
use tokio::{
    sync::broadcast::{self, error::RecvError},
    time::timeout,
};

use super::{
    App,
    identity::Visitor,
    pages::{self, clock_time},
};

/// Characters of one message. A longer one is cut.
const MAX_MESSAGE_CHARS: usize = 500;
/// Bytes of one WebSocket message. A longer one ends the socket.
const MAX_MESSAGE_BYTES: usize = 4096;
/// Messages that a newcomer gets to read.
const HISTORY: usize = 20;
/// Messages that a slow reader may be behind; beyond, it misses the oldest.
const BEHIND: usize = 64;
/// A reader that doesn't take a message for so long is gone.
const SEND_LIMIT: Duration = Duration::from_secs(10);

/// The one room.
#[derive(Debug)]
pub(super) struct Room {
    said: broadcast::Sender<Utf8Bytes>,
    history: Mutex<VecDeque<Utf8Bytes>>,
}

impl Room {
    pub(super) fn new() -> Self {
        Self {
            said: broadcast::channel(BEHIND).0,
            history: Mutex::default(),
        }
    }

    /// What was said lately, and what is said from now on: together nothing twice,
    /// because both change under one lock.
    fn enter(&self) -> (Vec<Utf8Bytes>, broadcast::Receiver<Utf8Bytes>) {
        let history = self.history.lock().unwrap_or_else(PoisonError::into_inner);
        (history.iter().cloned().collect(), self.said.subscribe())
    }

    fn say(&self, message: Utf8Bytes) {
        let mut history = self.history.lock().unwrap_or_else(PoisonError::into_inner);
        if HISTORY <= history.len() {
            history.pop_front();
        }
        history.push_back(message.clone());
        // With nobody there it is said into the empty room.
        let _ = self.said.send(message);
    }
}

/// `GET /chat`: the socket for who asks for one, else the page.
pub(super) async fn open(
    State(app): State<App>,
    visitor: Visitor,
    headers: HeaderMap,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Response {
    let upgrade = match upgrade {
        Ok(upgrade) => upgrade,
        Err(rejection) if headers.contains_key(header::UPGRADE) => {
            return rejection.into_response();
        }
        Err(_) => return pages::chat(visitor),
    };
    let Ok(place) = Arc::clone(&app.0.chatters).try_acquire_owned() else {
        return pages::problem(
            visitor,
            StatusCode::SERVICE_UNAVAILABLE,
            "The chat is full",
            "Try again in a moment.",
        );
    };
    // Held until the socket ends, so that a stop waits for its closing handshake.
    let token = app.0.tasks.token();
    upgrade
        .max_message_size(MAX_MESSAGE_BYTES)
        .max_frame_size(MAX_MESSAGE_BYTES)
        .on_upgrade(move |socket| async move {
            talk(&app, &visitor.shown(), socket).await;
            drop((place, token));
        })
}

async fn talk(app: &App, name: &str, mut socket: WebSocket) {
    let (history, mut said) = app.0.room.enter();
    for message in history {
        if !send(&mut socket, Message::Text(message)).await {
            return;
        }
    }
    loop {
        tokio::select! {
            () = app.0.stop.cancelled() => {
                close(&mut socket, close_code::AWAY, "the application stops").await;
                return;
            }
            received = said.recv() => match received {
                Ok(message) => if !send(&mut socket, Message::Text(message)).await {
                    return;
                },
                Err(RecvError::Lagged(_)) => {}
                Err(RecvError::Closed) => return,
            },
            received = socket.recv() => match received {
                Some(Ok(Message::Text(text))) => hear(app, name, &text),
                Some(Ok(Message::Binary(_))) => {
                    close(&mut socket, close_code::UNSUPPORTED, "expected text").await;
                    return;
                }
                // Pings are answered below us.
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                Some(Ok(Message::Close(_)) | Err(_)) | None => return,
            },
        }
    }
}

fn hear(app: &App, name: &str, text: &str) {
    let text: String = text
        .chars()
        .filter(|c| !c.is_control())
        .take(MAX_MESSAGE_CHARS)
        .collect();
    let text = text.trim();
    if !text.is_empty() {
        let at = clock_time(app.0.clock.now());
        let message = json!({ "from": name, "text": text, "at": at });
        app.0.room.say(message.to_string().into());
    }
}

/// Whether the message left in time.
async fn send(socket: &mut WebSocket, message: Message) -> bool {
    matches!(timeout(SEND_LIMIT, socket.send(message)).await, Ok(Ok(())))
}

async fn close(socket: &mut WebSocket, code: u16, reason: &'static str) {
    let frame = CloseFrame {
        code,
        reason: Utf8Bytes::from_static(reason),
    };
    send(socket, Message::Close(Some(frame))).await;
}
