//! The operations listener: health, readiness, metrics and the console, in plain http on
//! loopback. Only the console knows sessions.
//!
//! A request must name the listener itself as its host: else a page of any website
//! could reach it through a browser by DNS rebinding.

use std::{
    fmt::Write as _,
    io,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use axum::{
    Router,
    extract::{Request, State},
    http::{StatusCode, header},
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::get,
};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::{console, metrics::Metrics, state::State as Shared};

/// What the listener tells.
#[derive(Clone)]
pub(crate) struct Operations {
    pub(crate) state: Shared,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) ready: Arc<AtomicBool>,
    pub(crate) address: SocketAddr,
}

/// Answers until `stop`.
pub(crate) async fn serve(
    listener: TcpListener,
    operations: Operations,
    stop: CancellationToken,
) -> io::Result<()> {
    let service = router(operations).into_make_service_with_connect_info::<SocketAddr>();
    axum::serve(listener, service)
        .with_graceful_shutdown(stop.cancelled_owned())
        .await
}

/// Everything that the listener answers.
pub(crate) fn router(operations: Operations) -> Router {
    let prefix = operations.state.publisher.config().prefix.clone();
    let console = console::router(&prefix, operations.state.clone());
    Router::new()
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/readyz", get(ready))
        .route("/metrics", get(metrics))
        .with_state(operations.clone())
        .merge(console)
        .layer(middleware::from_fn_with_state(operations, own_host_only))
}

async fn own_host_only(
    State(operations): State<Operations>,
    request: Request,
    next: Next,
) -> Response {
    let host = request
        .headers()
        .get(header::HOST)
        .and_then(|host| host.to_str().ok());
    if host.is_some_and(|host| is_own(host, operations.address)) {
        return next.run(request).await;
    }
    let mut said = String::new();
    let written = writeln!(said, "expected the host {}", operations.address);
    debug_assert!(written.is_ok(), "writing to memory can't fail");
    (StatusCode::MISDIRECTED_REQUEST, said).into_response()
}

fn is_own(host: &str, address: SocketAddr) -> bool {
    let Some((name, port)) = host.rsplit_once(':') else {
        return false;
    };
    port.parse() == Ok(address.port())
        && (matches!(name, "127.0.0.1" | "[::1]" | "localhost")
            || name.trim_matches(['[', ']']).parse() == Ok(address.ip()))
}

async fn ready(State(operations): State<Operations>) -> (StatusCode, &'static str) {
    if operations.ready.load(Ordering::SeqCst) {
        (StatusCode::OK, "ready\n")
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, "not ready\n")
    }
}

async fn metrics(State(operations): State<Operations>) -> Response {
    let text = operations
        .metrics
        .render(&operations.state.publisher.expiries());
    (
        [(
            header::CONTENT_TYPE,
            "text/plain; version=0.0.4; charset=utf-8",
        )],
        text,
    )
        .into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_listener_itself_is_a_host() {
        let address = "127.0.0.1:9443".parse().unwrap();
        for host in ["127.0.0.1:9443", "localhost:9443", "[::1]:9443"] {
            assert!(is_own(host, address), "{host}");
        }
        for host in [
            "evil.example:9443",
            "127.0.0.1",
            "localhost:80",
            "",
            "127.0.0.1.evil:9443",
        ] {
            assert!(!is_own(host, address), "{host}");
        }
    }
}
