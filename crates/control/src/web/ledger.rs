//! The ledger for others' tools: checkpoint, key and tiles (C2SP tlog-tiles).

use axum::{
    Router,
    body::Body,
    extract::{Path, State as Shared},
    http::{StatusCode, header},
    response::{IntoResponse as _, Response},
    routing::get,
};
use ledger::TilePath;

use crate::state::{Kept, State};

/// The addresses below the prefix.
pub(super) fn routes() -> Router<State> {
    Router::new()
        .route("/ledger/checkpoint", get(checkpoint))
        .route("/ledger/key", get(key))
        .route("/ledger/tile/{*path}", get(tile))
}

const TEXT: &str = "text/plain; charset=utf-8";
const BYTES: &str = "application/octet-stream";
/// A full tile never changes.
const FOREVER: &str = "public, max-age=31536000, immutable";
const NOW: &str = "no-cache";

fn answer(content_type: &'static str, cache: &'static str, body: impl Into<Body>) -> Response {
    (
        [
            (header::CONTENT_TYPE, content_type),
            (header::CACHE_CONTROL, cache),
        ],
        body.into(),
    )
        .into_response()
}

/// The ledger can't be read now: the store is away. Programs ask for it, so a status is
/// enough.
fn unavailable() -> Response {
    (
        StatusCode::SERVICE_UNAVAILABLE,
        [(header::RETRY_AFTER, "5")],
    )
        .into_response()
}

async fn checkpoint(Shared(state): Shared<State>) -> Response {
    let Some(Kept { keeper, .. }) = state.kept() else {
        return unavailable();
    };
    let keeper = keeper.lock().await;
    match keeper.latest() {
        Some(latest) => answer(TEXT, NOW, latest.note.clone()),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

async fn key(Shared(state): Shared<State>) -> Response {
    let Some(Kept { keeper, .. }) = state.kept() else {
        return unavailable();
    };
    let text = format!("{}\n", keeper.lock().await.verifier());
    answer(TEXT, NOW, text)
}

async fn tile(Shared(state): Shared<State>, Path(path): Path<String>) -> Response {
    let Some(Kept { store, keeper }) = state.kept() else {
        return unavailable();
    };
    let Ok(wanted) = ledger::parse_tile_path(&format!("tile/{path}")) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let (TilePath::Hashes(tile) | TilePath::Entries(tile)) = wanted;
    let published = keeper.lock().await.latest().map_or(0, |latest| latest.size);
    let Some(needed) = tile.leaves_needed().filter(|needed| *needed <= published) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    match wanted {
        TilePath::Hashes(tile) => {
            let keeper = keeper.lock().await;
            match ledger::tile(keeper.leaves(), tile) {
                Ok(bytes) => answer(BYTES, FOREVER, bytes),
                Err(_) => StatusCode::NOT_FOUND.into_response(),
            }
        }
        TilePath::Entries(tile) => {
            let first = needed.saturating_sub(u64::from(tile.width));
            match store.leaf_hashes(first..needed).await {
                Ok(commitments) => answer(BYTES, FOREVER, ledger::entry_bundle(&commitments)),
                Err(error) => {
                    tracing::error!(%error, "the ledger could not be read");
                    unavailable()
                }
            }
        }
    }
}
