//! Where browsers report what a site's policy stops, or would stop.
// promise: csp

use axum::{
    Extension, Router,
    body::{Body, to_bytes},
    extract::State as Shared,
    http::{HeaderMap, StatusCode, header},
    routing::post,
};
use guards::csp::{Mode, REPORT_PATH};
use seam::own::OwnKnown;

use crate::{
    csp::{BODY_MAX, Kind},
    state::State,
};

/// The address below the prefix.
pub(super) fn routes() -> Router<State> {
    Router::new().route(&format!("/{REPORT_PATH}"), post(take))
}

/// Says the same whether a report counts or not: nobody learns from it what is known.
async fn take(
    Shared(state): Shared<State>,
    Extension(known): Extension<OwnKnown>,
    headers: HeaderMap,
    body: Body,
) -> StatusCode {
    // Before it is judged: some clients wait for ever where an answer overtakes their body.
    let Ok(body) = to_bytes(body, BODY_MAX).await else {
        return StatusCode::PAYLOAD_TOO_LARGE;
    };
    let kind = headers.get(header::CONTENT_TYPE);
    let Some(kind) = kind.and_then(|kind| Kind::of(kind.to_str().ok()?)) else {
        return StatusCode::UNSUPPORTED_MEDIA_TYPE;
    };
    let config = state.publisher.config();
    let site = config.sites.get(usize::from(known.site));
    let Some(site) = site.filter(|site| site.csp.mode != Mode::Off) else {
        return StatusCode::NO_CONTENT;
    };
    let taken = state
        .tallies
        .csp
        .take(&site.host, kind, &body, state.clock.now());
    match taken {
        Some(()) => StatusCode::NO_CONTENT,
        None => StatusCode::BAD_REQUEST,
    }
}
