//! The console: the same rooms behind two doors.
//!
//! On the operations listener, in plain http on loopback, it is for whoever may run
//! commands on this machine: everything below `{prefix}admin` needs a session that a link
//! from the command line has opened; only the door (`enter`) is in front of it. A request
//! must name the listener by a name of loopback and come over loopback. On the portal it
//! is for administrators ([`portal`]).
//!
//! Deny by default: an address that doesn't exist is behind the door too. What changes
//! something needs our own Origin and the session's token besides.

mod addresses;
mod approvals;
mod audit;
mod content;
mod door;
mod groups;
mod origins;
mod portal;
mod reflections;
mod rooms;
mod sessions;
mod team;
mod tokens;
mod users;
mod visit;
mod weaknesses;

use std::{net::SocketAddr, sync::Arc};

use axum::{
    Router,
    body::Body,
    extract::{ConnectInfo, Request, State as Shared},
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, header},
    middleware::{self, Next},
    response::Response,
    routing::{get, post},
};
use guards::csp::BARE;
use pages::{ConsoleDoor, ConsoleEnterView, RefusalKind};
use seam::sessions::is_secret;
use store::{Actor, Entry};
use terms::Secret;

pub(crate) use self::{
    door::Door,
    portal::{on_portal, resumed},
};
use self::{
    rooms::Rooms,
    visit::{Changing, Inside, Visit, gone, language, refuse},
};
use crate::{
    accounts::AccountError,
    state::State,
    web::form::{self, Form},
};

/// What every answer carries; the edge isn't in the way here. No HSTS: this is http.
const HEADERS: [(HeaderName, &str); 6] = [
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "same-origin"),
    (header::CACHE_CONTROL, "no-store"),
    (
        HeaderName::from_static("cross-origin-opener-policy"),
        "same-origin",
    ),
    (
        HeaderName::from_static("cross-origin-resource-policy"),
        "same-origin",
    ),
    (header::CONTENT_SECURITY_POLICY, BARE),
];

/// Every room.
fn rooms() -> Rooms {
    let rooms = Rooms::default().get("/", first);
    let rooms = users::rooms(rooms);
    let rooms = groups::rooms(rooms);
    let rooms = sessions::rooms(rooms);
    let rooms = tokens::rooms(rooms);
    let rooms = addresses::rooms(rooms);
    let rooms = origins::rooms(rooms);
    let rooms = content::rooms(rooms);
    let rooms = team::rooms(rooms);
    let rooms = approvals::rooms(rooms);
    let rooms = reflections::rooms(rooms);
    let rooms = weaknesses::rooms(rooms);
    audit::rooms(rooms)
}

/// Method and path of every room, below the console's own path: for whoever tries them all.
pub(crate) fn addresses() -> Vec<(Method, &'static str)> {
    rooms().list()
}

/// The console below the prefix, on the operations listener.
pub(crate) fn router(prefix: &str, state: State) -> Router {
    let rooms = rooms()
        .router()
        .route("/leave", post(leave))
        .fallback(nothing)
        .method_not_allowed_fallback(not_so)
        .layer(middleware::from_fn_with_state(state.clone(), inside));
    let console = Router::new()
        .route("/enter", get(ask).post(enter))
        .merge(rooms)
        .layer(middleware::from_fn_with_state(state.clone(), hardened));
    Router::new()
        .nest(&format!("{prefix}admin"), console)
        .with_state(state)
}

/// Lets in who came over loopback to a name of it, and hardens whatever is answered.
async fn hardened(Shared(state): Shared<State>, request: Request, next: Next) -> Response {
    let host = request.headers().get(header::HOST);
    let host = host.and_then(|host| host.to_str().ok());
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>();
    let ours = host.is_some_and(|host| state.door.is_own(host))
        && peer.is_some_and(|peer| peer.0.ip().to_canonical().is_loopback());
    let mut answer = if ours {
        next.run(request).await
    } else {
        let language = language(request.uri().query(), request.headers());
        refuse(&state, language, RefusalKind::Misdirected)
    };
    for (name, value) in HEADERS {
        let headers = answer.headers_mut();
        // A page brings its own policy.
        headers
            .entry(name)
            .or_insert(HeaderValue::from_static(value));
    }
    answer
}

/// Lets a session in, and what changes something only by a form of it.
async fn inside(Shared(state): Shared<State>, request: Request, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    let language = language(parts.uri.query(), &parts.headers);
    let known = cookie(&state, &parts.headers).and_then(|it| state.door.find(it.expose()));
    let Some(known) = known else {
        return gone(&state, language, StatusCode::FORBIDDEN);
    };
    let form = if parts.method.is_safe() {
        None
    } else {
        match own_form(&parts.headers, body).await {
            Ok(form) if form::bears(&form, &known.token) => Some(Arc::new(form)),
            Ok(_) => return refuse(&state, language, RefusalKind::Forbidden),
            Err(kind) => return refuse(&state, language, kind),
        }
    };
    parts.extensions.insert(Inside {
        who: known.actor.as_str().to_owned(),
        actor: known.actor,
        door: ConsoleDoor::Machine,
        language,
        token: known.token,
        form,
    });
    next.run(Request::from_parts(parts, Body::empty())).await
}

/// A form that our own page sent.
async fn own_form(headers: &HeaderMap, body: Body) -> Result<Form, RefusalKind> {
    let host = headers.get(header::HOST).and_then(|it| it.to_str().ok());
    let origin = headers.get(header::ORIGIN).and_then(|it| it.to_str().ok());
    // The layer in front has judged the host.
    let own = origin
        .and_then(|origin| origin.strip_prefix("http://"))
        .is_some_and(|origin| Some(origin) == host);
    if !own {
        return Err(RefusalKind::Forbidden);
    }
    Ok(Form::read(headers, body).await?)
}

fn cookie(state: &State, headers: &HeaderMap) -> Option<Secret<String>> {
    form::secret_cookie(headers, &state.door.cookie_name())
}

/// Sets the cookie, or with an empty secret takes it away.
fn set_cookie(state: &State, secret: &str, answer: &mut Response) {
    let (name, prefix) = (
        state.door.cookie_name(),
        state.publisher.config().prefix.clone(),
    );
    let end = if secret.is_empty() { "; Max-Age=0" } else { "" };
    let value = format!("{name}={secret}; Path={prefix}admin; HttpOnly; SameSite=Strict{end}");
    if let Ok(value) = HeaderValue::try_from(value) {
        answer.headers_mut().append(header::SET_COOKIE, value);
    }
}

/// A button that POSTs: what opens a link without being asked must not use it up.
async fn ask(Shared(state): Shared<State>, headers: HeaderMap, uri: Uri) -> Response {
    let language = language(uri.query(), &headers);
    let secret = form::query(uri.query(), "secret").map(Secret::new);
    match secret.filter(|it| is_secret(it.expose().as_bytes())) {
        Some(secret) => {
            let view = ConsoleEnterView {
                secret,
                // The link is what counts: there is no session yet.
                token: Secret::new(String::new()),
            };
            let page = state.publisher.pages().console_enter(&view, language);
            form::page(StatusCode::OK, page)
        }
        None => gone(&state, language, StatusCode::OK),
    }
}

/// The link becomes a session; one that this browser had before ends.
async fn enter(Shared(state): Shared<State>, headers: HeaderMap, uri: Uri, body: Body) -> Response {
    let language = language(uri.query(), &headers);
    let form = match own_form(&headers, body).await {
        Ok(form) => form,
        Err(kind) => return refuse(&state, language, kind),
    };
    let Some(actor) = state.door.take(form.text("secret")) else {
        return gone(&state, language, StatusCode::FORBIDDEN);
    };
    if let Err(error) = record(&state, &actor).await {
        tracing::error!(%error, "the console needs the store");
        return refuse(&state, language, RefusalKind::Unavailable);
    }
    if let Some(before) = cookie(&state, &headers) {
        state.door.leave(before.expose());
    }
    let secret = state.door.begin(actor);
    let mut answer = form::see_other(&format!("{}admin/users", state.publisher.config().prefix));
    set_cookie(&state, secret.expose(), &mut answer);
    answer
}

/// Who entered stands in the trail before they are in.
async fn record(state: &State, actor: &Actor) -> Result<(), AccountError> {
    let mut change = state.accounts.store()?.change(actor).await?;
    change.record(Entry::new("console.enter", "console"))?;
    change.commit().await?;
    Ok(())
}

async fn first(visit: Visit) -> Response {
    form::see_other(&visit.path("users"))
}

async fn leave(headers: HeaderMap, Changing { visit, .. }: Changing) -> Response {
    if let Some(cookie) = cookie(&visit.state, &headers) {
        visit.state.door.leave(cookie.expose());
    }
    let mut answer = form::see_other(&visit.path("enter"));
    set_cookie(&visit.state, "", &mut answer);
    answer
}

async fn nothing(visit: Visit) -> Response {
    visit.refuse(RefusalKind::NotFound)
}

async fn not_so(visit: Visit) -> Response {
    visit.refuse(RefusalKind::MethodNotAllowed)
}

#[cfg(test)]
mod tests;
