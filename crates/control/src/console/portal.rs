//! The console's door on the portal: for members of `[admin] groups` who have signed in
//! with a second factor, from its `networks`; changes want one that is `fresh`.
//!
//! Whoever is stale is asked who they are, and then comes back to what they were about to
//! change: it waits in their own hands, sealed, and is done only once they say so again.

use std::sync::Arc;

use axum::{
    Router,
    body::Body,
    extract::{FromRequestParts as _, Request, State as Shared},
    http::request::Parts,
    middleware::{self, Next},
    response::Response,
    routing::get,
};
use pages::{ConsoleDoor, RefusalKind, ResumeView, ThresholdView};
use seam::Session;
use serde::{Deserialize, Serialize};
use store::{Cell, Purpose, Store};
use terms::{Micros, Secret};

use super::{
    not_so, nothing, rooms,
    visit::{Changing, Inside, Visit},
};
use crate::{
    accounts::admin::{Admission, Right},
    state::State,
    web::{
        account::Owner,
        form::{self, Bound, Form},
        second_factor,
    },
};

/// The page for trying the door.
const THRESHOLD: &str = "/threshold";
/// How long a change waits for whoever makes it.
const KEPT_LIFE: std::time::Duration = std::time::Duration::from_secs(10 * 60);
/// The longest that is kept, in bytes.
const KEPT_MAX: usize = 8 * 1024;
const KEPT_CELL: Cell<'_> = Cell {
    table: "request",
    column: "change",
    row: "",
};

/// The console below the prefix, on the portal.
pub(crate) fn on_portal(state: &State) -> Router<State> {
    let behind = |right| middleware::from_fn_with_state((state.clone(), right), inside);
    let rooms = rooms()
        .router()
        .fallback(nothing)
        .method_not_allowed_fallback(not_so)
        .layer(behind(Right::Console));
    let threshold = Router::new()
        .route(THRESHOLD, get(stand).post(knock))
        .layer(behind(Right::Threshold));
    Router::new().nest("/admin", threshold.merge(rooms))
}

/// Lets an administrator in, and what changes something only by a form of theirs.
async fn inside(
    Shared((state, right)): Shared<(State, Right)>,
    request: Request,
    next: Next,
) -> Response {
    let (mut parts, body) = request.into_parts();
    let owner = match Owner::from_request_parts(&mut parts, &state).await {
        Ok(owner) => owner,
        Err(first) => return first,
    };
    let visit = &owner.visit;
    let client = visit.known.client.ip();
    let (account, session) = (&owner.account, &owner.session);
    let admission = state.accounts.admission(account, session, client, right);
    match admission.await {
        Ok(Admission::Open) => {}
        Ok(Admission::FactorOwed) => return owner.to_second_factor(&room(&parts)).await,
        Ok(Admission::Elsewhere | Admission::NoRight) => {
            return visit.refuse(RefusalKind::Forbidden);
        }
        Err(error) => return visit.failed(&error),
    }
    let form = if parts.method.is_safe() {
        None
    } else {
        let form = match Form::read(&parts.headers, body).await {
            Ok(form) => form,
            Err(error) => return visit.refuse(error.into()),
        };
        if !form::has_token(&form, &owner.store, Bound::Session(&owner.session)) {
            return visit.refuse(RefusalKind::Forbidden);
        }
        if !state.accounts.is_fresh(&owner.session) {
            return stale(&owner, &room(&parts), parts.uri.path(), &form).await;
        }
        Some(Arc::new(form))
    };
    parts.extensions.insert(Inside {
        actor: owner.actor(),
        who: owner.account.name.to_string(),
        door: ConsoleDoor::Portal,
        language: visit.known.language,
        token: owner.token(),
        form,
    });
    next.run(Request::from_parts(parts, Body::empty())).await
}

/// The room that a request is about, below the prefix.
fn room(parts: &Parts) -> String {
    let room = parts.uri.path().split('/').find(|it| !it.is_empty());
    room.map_or_else(|| "admin".to_owned(), |room| format!("admin/{room}"))
}

/// Asks who it still is, and keeps what they were about to do.
async fn stale(owner: &Owner, room: &str, path: &str, form: &Form) -> Response {
    match Kept::of(owner, path, form) {
        Some(kept) => second_factor::confirm_first(owner, kept.seal(&owner.store)).await,
        None => owner.to_confirm(room),
    }
}

/// A change that waits.
#[derive(Serialize, Deserialize)]
struct Kept {
    account: String,
    /// Below the console's own path.
    path: String,
    fields: Vec<(String, String)>,
    at: i64,
}

impl Kept {
    /// `None` for one that isn't kept: with a password in it, or too long.
    fn of(owner: &Owner, path: &str, form: &Form) -> Option<Self> {
        let fields: Vec<_> = form
            .fields()
            .filter(|(name, _)| *name != "token")
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        let has_password = fields
            .iter()
            .any(|(name, value)| name == "password" && !value.is_empty());
        let length: usize = fields
            .iter()
            .map(|(name, value)| name.len() + value.len())
            .sum();
        (!has_password && length <= KEPT_MAX).then(|| Self {
            account: owner.account.id.clone(),
            path: path.to_owned(),
            fields,
            at: owner.visit.accounts().now().0,
        })
    }

    fn seal(&self, store: &Store) -> String {
        let text = serde_json::to_vec(self).unwrap_or_default();
        terms::base64url(&store.seal(Purpose::SignIn, KEPT_CELL, &text))
    }
}

/// The page on which a change that was kept goes on, for whoever began it; `None` where
/// `sealed` is none, is another's or is too old. `session` is the one that has been renewed.
pub(crate) async fn resumed(owner: &Owner, session: &Session, sealed: &str) -> Option<Response> {
    let bytes = terms::from_base64url(sealed.as_bytes())?;
    let plain = owner.store.unseal(Purpose::SignIn, KEPT_CELL, &bytes).await;
    let kept: Kept = serde_json::from_slice(plain.ok()?.expose()).ok()?;
    let fresh = owner.visit.accounts().now() < Micros(kept.at).after(KEPT_LIFE);
    if !fresh || kept.account != owner.account.id {
        return None;
    }
    let view = ResumeView {
        token: form::token(&owner.store, Bound::Session(session)),
        path: format!("admin{}", kept.path),
        fields: kept
            .fields
            .into_iter()
            .map(|(name, value)| (name, Secret::new(value)))
            .collect(),
    };
    let page = owner.pages().resume(&view, owner.visit.known.language);
    Some(owner.answer(page))
}

async fn stand(visit: Visit) -> Response {
    threshold(&visit, false)
}

/// Changes nothing: whoever gets here could have.
async fn knock(Changing { visit, .. }: Changing) -> Response {
    threshold(&visit, true)
}

fn threshold(visit: &Visit, knocked: bool) -> Response {
    let view = ThresholdView {
        token: visit.console().token,
        knocked,
    };
    visit.page(visit.pages().threshold(&view, visit.language))
}
