//! Evidence: what a run has done and seen, and its place in the ledger.

use axum::{
    Extension, Router,
    extract::{Path, State as Shared},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse as _, Response},
    routing::get,
};
use pages::{EvidenceView, LedgerProof, RefusalKind, TranscriptLine};
use promises::Step;
use seam::own::OwnKnown;
use store::DrillRun;
use terms::{Clause, PromiseId};

use crate::{
    proof::figures,
    state::{Kept, State},
};

/// The addresses below the prefix.
pub(super) fn routes() -> Router<State> {
    Router::new()
        .route("/security/evidence/{drill}", get(evidence))
        .fallback(nothing)
}

fn page_headers(content_type: &str, csp: String, cache: &str) -> [(header::HeaderName, String); 4] {
    [
        (header::CONTENT_TYPE, content_type.to_owned()),
        (header::CACHE_CONTROL, cache.to_owned()),
        (header::CONTENT_SECURITY_POLICY, csp),
        (header::VARY, "accept, accept-language".to_owned()),
    ]
}

async fn evidence(
    Shared(state): Shared<State>,
    Extension(known): Extension<OwnKnown>,
    headers: HeaderMap,
    Path(drill): Path<String>,
) -> Response {
    let Some(kept) = state.kept() else {
        return refuse(&state, &known, &headers, RefusalKind::Unavailable);
    };
    match view(&state, &kept, &drill).await {
        Ok(Some(view)) => {
            let page = state.publisher.pages().evidence(&view, known.language);
            let html = page_headers("text/html; charset=utf-8", page.csp, "no-cache");
            (html, page.html).into_response()
        }
        Ok(None) => refuse(&state, &known, &headers, RefusalKind::NotFound),
        Err(error) => {
            tracing::error!(%error, "evidence could not be read");
            refuse(&state, &known, &headers, RefusalKind::Unavailable)
        }
    }
}

async fn nothing(
    Shared(state): Shared<State>,
    Extension(known): Extension<OwnKnown>,
    headers: HeaderMap,
) -> Response {
    refuse(&state, &known, &headers, RefusalKind::NotFound)
}

/// A refusal page of control's, like the edge's own.
pub(super) fn refuse(
    state: &State,
    known: &OwnKnown,
    headers: &HeaderMap,
    kind: RefusalKind,
) -> Response {
    let pages = state.publisher.pages();
    let accept = headers
        .get(header::ACCEPT)
        .map_or(&b""[..], |value| value.as_bytes());
    let html = accept
        .windows(9)
        .any(|part| part.eq_ignore_ascii_case(b"text/html"));
    let (holed, content_type) = if html {
        (
            pages.refusal(kind, known.language),
            "text/html; charset=utf-8",
        )
    } else {
        (
            pages.refusal_json(kind, known.language),
            "application/problem+json",
        )
    };
    let body = format!("{}{}{}", holed.before, known.id, holed.after);
    let status = StatusCode::from_u16(kind.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = (
        status,
        page_headers(content_type, holed.csp, "no-store"),
        body,
    )
        .into_response();
    if let Some(seconds) = kind.retry_after() {
        response
            .headers_mut()
            .insert(header::RETRY_AFTER, seconds.into());
    }
    response
}

/// `{promise}-{run}` as a page. `None` when there is no such run.
async fn view(
    state: &State,
    kept: &Kept,
    drill: &str,
) -> Result<Option<EvidenceView>, store::Error> {
    let Some((promise, run)) = drill.rsplit_once('-') else {
        return Ok(None);
    };
    let Ok(promise) = promise.parse::<PromiseId>() else {
        return Ok(None);
    };
    let Some(entry) = promises::entry(promise) else {
        return Ok(None);
    };
    let rows: Vec<DrillRun> = kept
        .store
        .run(run)
        .await?
        .into_iter()
        .filter(|row| row.promise == promise)
        .collect();
    let Some(first) = rows.first() else {
        return Ok(None);
    };
    let parts = (entry.parts)(&state.publisher.reading());
    let clauses = rows.iter().filter_map(|row| {
        let part = parts.iter().find(|part| part.name == row.clause)?;
        let clause = part.said(&figures(&row.transcript));
        Some((clause, row.verdict))
    });
    let clauses: Vec<(Clause, _)> = clauses.collect();
    let ledger = match first.leaf {
        Some(leaf) => proof(kept, leaf).await,
        None => None,
    };
    Ok(Some(EvidenceView {
        drill: drill.to_owned(),
        promise,
        verdict: rows
            .iter()
            .map(|row| row.verdict)
            .fold(terms::Verdict::Pass, terms::Verdict::and),
        vantage: first.vantage,
        at: first.at,
        clauses,
        transcript: rows.iter().flat_map(lines).collect(),
        ledger,
    }))
}

fn lines(row: &DrillRun) -> Vec<TranscriptLine> {
    let steps = row.transcript.get("steps").cloned().unwrap_or_default();
    let steps: Vec<Step> = serde_json::from_value(steps).unwrap_or_default();
    steps
        .into_iter()
        .map(|step| {
            let mut fields = vec![("good".to_owned(), step.good.to_string())];
            if step.twin {
                fields.push(("twin".to_owned(), "true".to_owned()));
            }
            fields.extend(step.seen);
            TranscriptLine {
                step: format!("{}: {}", row.clause, step.step),
                fields,
            }
        })
        .collect()
}

async fn proof(kept: &Kept, index: u64) -> Option<LedgerProof> {
    let keeper = kept.keeper.lock().await;
    let latest = keeper.latest()?;
    let path = ledger::inclusion_proof(keeper.leaves(), index, latest.size).ok()?;
    let leaf = keeper.leaves().get(usize::try_from(index).ok()?)?;
    Some(LedgerProof {
        index,
        leaf_b64: terms::base64(leaf),
        path_b64: path.iter().map(|hash| terms::base64(hash)).collect(),
        size: latest.size,
        root_b64: terms::base64(&latest.root),
    })
}
