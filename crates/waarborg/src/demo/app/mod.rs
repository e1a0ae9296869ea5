//! The sample application behind the demo: a customer book with notes, files, a live
//! part and a chat, rendered on the server.
//!
//! It is an honest application of the kind that Waarborg stands before. Of Waarborg it
//! knows the identity headers only, and it leaves to the gateway what the gateway
//! promises: TLS, sign-in, throttling, CSRF, security headers. It sets no cookie, so a
//! forged request carries nothing of its own. It escapes everything it shows, has no
//! inline script or style, and keeps all in memory within limits; notes and files are
//! gone when it starts anew.
//!
//! It speaks plain HTTP/1.1 and belongs on loopback; how many connect to it is for the
//! gateway to limit.

mod book;
mod chat;
mod customers;
mod download;
mod flow;
mod identity;
mod live;
mod multipart;
mod office;
mod pages;
mod space;
#[cfg(test)]
mod tests;
mod upload;

use std::{
    io,
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use axum::{
    Router,
    extract::DefaultBodyLimit,
    routing::{get, post},
    serve::ListenerExt as _,
};
use bytes::Bytes;
use terms::Clock;
use tokio::{
    net::TcpListener,
    sync::{Semaphore, broadcast},
    time::timeout,
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use self::{book::Book, chat::Room, space::Space};

/// Largest body of a plain form. A longer one gets 413.
const MAX_FORM_BYTES: usize = 64 * 1024;
/// Uploads in progress at once. One more gets 503.
const MAX_UPLOADS: usize = 8;
/// Pages listening to `/live` and sockets in the chat at once, each. One more gets 503.
const MAX_LISTENERS: usize = 256;
/// News that a slow listener may be behind; beyond, it misses the oldest.
const NEWS_BEHIND: usize = 64;
/// How long answers in progress may take once the application is told to stop.
const GRACE: Duration = Duration::from_secs(5);

/// What all handlers share.
#[derive(Clone)]
struct App(Arc<Shared>);

struct Shared {
    clock: Clock,
    /// Held for look-ups and small changes only, never across an await.
    book: Mutex<Book>,
    space: Arc<Space>,
    /// Events for `/live`, in the format of server-sent events already.
    news: broadcast::Sender<Bytes>,
    room: Room,
    uploads: Semaphore,
    listeners: Arc<Semaphore>,
    chatters: Arc<Semaphore>,
    stop: CancellationToken,
    /// Everything that outlives its handler: bodies being sent, sockets.
    tasks: TaskTracker,
}

impl App {
    async fn open(data: PathBuf, clock: Clock, stop: CancellationToken) -> io::Result<Self> {
        Ok(Self(Arc::new(Shared {
            book: Mutex::new(Book::sample(clock.now())),
            clock,
            space: Space::open(data).await?,
            news: broadcast::channel(NEWS_BEHIND).0,
            room: Room::new(),
            uploads: Semaphore::new(MAX_UPLOADS),
            listeners: Arc::new(Semaphore::new(MAX_LISTENERS)),
            chatters: Arc::new(Semaphore::new(MAX_LISTENERS)),
            stop,
            tasks: TaskTracker::new(),
        })))
    }

    fn book(&self) -> MutexGuard<'_, Book> {
        // A panic while the lock was held can't have left a half-made entry: each
        // change is one push or one removal.
        self.0.book.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn router(self) -> Router {
        Router::new()
            .route("/", get(customers::list))
            .route("/customers/{customer}", get(customers::show))
            .route("/customers/{customer}/notes", post(customers::add_note))
            .route(
                "/customers/{customer}/notes/{note}",
                get(customers::edit_note).post(customers::save_note),
            )
            .route(
                "/customers/{customer}/notes/{note}/delete",
                post(customers::delete_note),
            )
            .route("/customers/{customer}/files", post(upload::receive))
            .route("/customers/{customer}/files/{file}", get(download::send))
            .route(
                "/customers/{customer}/files/{file}/delete",
                post(upload::delete),
            )
            .route("/office", get(office::show))
            .route("/live", get(live::listen))
            .route("/chat", get(chat::open))
            .route("/whoami", get(identity::whoami))
            .route("/health", get(pages::health))
            .route("/static/{name}", get(pages::asset))
            .fallback(pages::not_found)
            .method_not_allowed_fallback(pages::method_not_allowed)
            .layer(DefaultBodyLimit::max(MAX_FORM_BYTES))
            .with_state(self)
    }
}

/// Serves the sample application on `listener` until `stop`, keeping uploads in the
/// folder `data` (made if missing; uploads of an earlier run in it are removed).
///
/// After `stop` no connection is accepted, live streams and sockets are closed, and
/// answers in progress get 5 seconds to end.
///
/// # Errors
/// When `data` can't be made or emptied, or the listener fails for good.
pub(crate) async fn serve(
    listener: TcpListener,
    data: PathBuf,
    stop: CancellationToken,
) -> io::Result<()> {
    let app = App::open(data, Clock::System, stop.clone()).await?;
    let tasks = app.0.tasks.clone();
    let listener = listener.tap_io(|stream| {
        // Small answers should leave at once; where the option is refused they still leave.
        let _ = stream.set_nodelay(true);
    });
    let serving = axum::serve(listener, app.router())
        .with_graceful_shutdown(stop.clone().cancelled_owned())
        .into_future();
    let overdue = async {
        stop.cancelled().await;
        tokio::time::sleep(GRACE).await;
    };
    tokio::select! {
        ended = serving => ended?,
        () = overdue => {}
    }
    tasks.close();
    // What doesn't end in time is cut by the end of the runtime.
    let _ = timeout(GRACE, tasks.wait()).await;
    Ok(())
}
