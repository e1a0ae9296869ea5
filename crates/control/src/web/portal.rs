//! Sign-in on the portal, the way to a site and back: the flow of SIGN-IN, step by step.
//!
//! ```text
//! site  /-/login?return=P   start cookie            303 ▶ portal
//! portal /-/login?request=R  form, then a new session  200 ▶ form to the site
//! site  /-/callback          code + start cookie, new session  200 ▶ P
//! ```
//! R is sealed: the portal takes site and P from nowhere else.

use axum::{
    body::Body,
    extract::{FromRequestParts, State as Shared},
    http::{HeaderMap, HeaderValue, StatusCode, Uri, header, request::Parts},
    response::{IntoResponse as _, Response},
    routing::get,
};
use config::{Config, Role, Site};
use guards::strike::Strike;
use pages::{
    HandoverView, Nonce, NotForYouView, OwnPath, RefusalKind, SignInProblem, SignInView,
    SignOutView, SiteOrigin,
};
use seam::{Session, own::OwnKnown};
use serde::{Deserialize, Serialize};
use store::{Actor, Cell, Purpose, Store};
use terms::{Micros, Secret};

use super::{
    form::{self, Bound, Cookie, Form, FormError},
    listed::Listed,
    second_factor,
    security::refuse,
};
use crate::{
    accounts::{
        AccountError, Accounts, secret,
        session::{Begun, From},
        sign_in::{Attempt, SignedIn},
    },
    state::State,
};

/// How long somebody may take to sign in.
const REQUEST_LIFE: std::time::Duration = std::time::Duration::from_secs(30 * 60);
/// Longest address to come back to.
const RETURN_MAX: usize = 2048;

/// The addresses below the prefix.
pub(super) fn routes() -> Listed {
    Listed::default()
        .route("/login", get(login).post(sign_in))
        .route("/callback", axum::routing::post(callback))
        .route("/logout", get(ask_logout).post(logout))
        .route("/jwks.json", get(jwks))
}

/// What one request is about.
pub(crate) struct Visit {
    pub(crate) state: State,
    pub(crate) known: OwnKnown,
    pub(crate) headers: HeaderMap,
    pub(crate) config: std::sync::Arc<Config>,
}

impl FromRequestParts<State> for Visit {
    type Rejection = StatusCode;

    async fn from_request_parts(parts: &mut Parts, state: &State) -> Result<Self, StatusCode> {
        // Put there by whoever took the request from the edge.
        let known = parts.extensions.get::<OwnKnown>().cloned();
        Ok(Self {
            state: state.clone(),
            known: known.ok_or(StatusCode::INTERNAL_SERVER_ERROR)?,
            headers: parts.headers.clone(),
            config: state.publisher.config(),
        })
    }
}

impl Visit {
    /// Counts a wrong name or password against where it comes from.
    // promise: block
    fn strike(&self, store: &Store, name: &str) {
        if self.known.session.is_some() {
            return;
        }
        let name = store.keyed_hash(Purpose::SignIn, &name.trim().to_lowercase());
        let name = name.first_chunk().copied().unwrap_or_default();
        let strike = Strike::Guessed(u64::from_be_bytes(name));
        let (client, at) = (self.known.client.ip(), self.state.clock.now());
        self.state.strikes.add(client, strike, at, self.known.id);
    }

    pub(crate) fn accounts(&self) -> &Accounts {
        &self.state.accounts
    }

    pub(crate) fn refuse(&self, kind: RefusalKind) -> Response {
        refuse(&self.state, &self.known, &self.headers, kind)
    }

    /// What the store's absence looks like to a visitor.
    pub(crate) fn failed(&self, error: &AccountError) -> Response {
        tracing::error!(%error, request = %self.known.id, "an own page needs the store");
        self.refuse(RefusalKind::Unavailable)
    }

    /// There is no place in the queue of sign-ins: they may come back after so many seconds.
    pub(crate) fn busy(&self, retry_after_s: u32) -> Response {
        let mut answer = self.refuse(RefusalKind::Unavailable);
        let headers = answer.headers_mut();
        headers.insert(header::RETRY_AFTER, retry_after_s.into());
        answer
    }

    pub(crate) fn site(&self) -> Option<&Site> {
        self.config.sites.get(usize::from(self.known.site))
    }

    pub(crate) fn is_portal(&self) -> bool {
        self.site().is_some_and(|site| site.role == Role::Portal)
    }

    /// A form of the portal's: on a site there is no such page.
    ///
    /// # Errors
    /// The refusal.
    pub(super) async fn portal_form(&self, body: Body) -> Result<Form, Response> {
        if !self.is_portal() {
            return Err(self.refuse(RefusalKind::NotFound));
        }
        let form = Form::read(&self.headers, body).await;
        form.map_err(|_| self.refuse(RefusalKind::BadRequest))
    }

    /// The live session of this host.
    pub(crate) fn session(&self) -> Option<&Session> {
        self.known.session.as_deref()
    }

    pub(crate) fn from(&self) -> From {
        let agent = self.headers.get(header::USER_AGENT);
        From {
            client: self.known.client,
            agent: agent
                .and_then(|agent| agent.to_str().ok())
                .unwrap_or_default()
                .to_owned(),
        }
    }

    /// The start cookie, or a new one.
    pub(crate) fn start(&self) -> Secret<String> {
        let start = form::start_cookie(&self.headers);
        start.unwrap_or_else(|| secret::made(&self.state.rng).text)
    }

    pub(crate) fn page(&self, page: pages::Page) -> Response {
        form::page(StatusCode::OK, page)
    }

    pub(crate) fn path(&self, below: &str) -> String {
        format!("{}{below}", self.config.prefix)
    }
}

/// R: where somebody wants to go, sealed.
#[derive(Serialize, Deserialize)]
struct Wanted {
    /// Host, and port where it isn't 443, as the browser knows it.
    authority: String,
    /// P.
    path: String,
    /// SHA-256 of the start cookie, hex.
    start: String,
    at: i64,
    /// The flow has begun anew once already.
    again: bool,
    /// The page asks for a second factor that is no older, in seconds.
    within_s: Option<u64>,
}

const REQUEST_CELL: Cell<'_> = Cell {
    table: "request",
    column: "sign-in",
    row: "",
};

impl Wanted {
    fn seal(&self, store: &Store) -> String {
        let text = serde_json::to_vec(self).unwrap_or_default();
        terms::base64url(&store.seal(Purpose::SignIn, REQUEST_CELL, &text))
    }

    async fn open(text: &str, store: &Store, now: Micros) -> Option<Self> {
        let sealed = terms::from_base64url(text.as_bytes())?;
        let plain = store
            .unseal(Purpose::SignIn, REQUEST_CELL, &sealed)
            .await
            .ok()?;
        let wanted: Self = serde_json::from_slice(plain.expose()).ok()?;
        let fresh = now < Micros(wanted.at).after(REQUEST_LIFE);
        fresh.then_some(wanted)
    }

    fn start(&self) -> Option<seam::TokenHash> {
        let bytes = terms::from_base64url(self.start.as_bytes())?;
        bytes.try_into().ok().map(seam::TokenHash)
    }

    /// The site of its host.
    fn site<'a>(&self, config: &'a Config) -> Option<&'a Site> {
        let host = self
            .authority
            .rsplit_once(':')
            .map_or(&*self.authority, |(host, _)| host);
        config.sites.iter().find(|site| {
            site.role == Role::Application
                && (site.host == host || site.aliases.iter().any(|alias| alias == host))
        })
    }
}

/// Whether an address leads to a page of the same site, whoever reads it.
fn is_local(path: &str) -> bool {
    let mut bytes = path.bytes();
    let rooted = bytes.next() == Some(b'/') && !matches!(bytes.next(), Some(b'/' | b'\\'));
    rooted && path.len() <= RETURN_MAX && !path.chars().any(char::is_control)
}

/// Whether somebody gets anywhere on a site.
pub(super) fn may_enter(session: &Session, site: &Site) -> bool {
    let mut routes = site.routes.iter();
    routes.any(|route| route.access.admits(&session.person))
}

/// The keys by which applications check assertions.
async fn jwks(Shared(state): Shared<State>) -> Response {
    let headers = [
        (header::CONTENT_TYPE, "application/jwk-set+json"),
        (header::CACHE_CONTROL, "max-age=300"),
        (header::CONTENT_SECURITY_POLICY, guards::csp::BARE),
    ];
    (headers, state.accounts.signer.jwks().to_string()).into_response()
}

pub(super) async fn login(visit: Visit, uri: Uri) -> Response {
    let shown = if visit.is_portal() {
        on_portal(&visit, form::query(uri.query(), "request"), None, "").await
    } else {
        on_site(&visit, &uri)
    };
    shown.unwrap_or_else(|error| visit.failed(&error))
}

/// Step 2: on a site, somebody begins to sign in.
fn on_site(visit: &Visit, uri: &Uri) -> Result<Response, AccountError> {
    let Some(portal) = visit.config.portal_origin() else {
        return Ok(visit.refuse(RefusalKind::NotFound));
    };
    let path = form::query(uri.query(), "return").filter(|path| is_local(path));
    let path = path.unwrap_or_else(|| "/".to_owned());
    let again = form::query(uri.query(), "again").is_some();
    let within = form::query(uri.query(), "within").and_then(|text| text.parse().ok());
    begin(visit, &portal, path, again, within)
}

/// Sends a browser to the portal.
fn begin(
    visit: &Visit,
    portal: &str,
    path: String,
    again: bool,
    within_s: Option<u64>,
) -> Result<Response, AccountError> {
    let store = visit.accounts().store()?;
    // Tabs that begin side by side share the cookie.
    let start = visit.start();
    let hash = secret::hash(start.expose().as_bytes());
    let wanted = Wanted {
        authority: visit.known.authority.to_string(),
        path,
        start: terms::base64url(&hash.0),
        at: visit.state.clock.now().0,
        again,
        within_s,
    };
    let request = wanted.seal(&store);
    let mut answer = form::see_other(&format!(
        "{portal}{}?request={request}",
        visit.path("login")
    ));
    Cookie::Start.set(start.expose(), &mut answer);
    Ok(answer)
}

/// Step 3: the portal's form, or straight on for who has signed in.
pub(super) async fn on_portal(
    visit: &Visit,
    request: Option<String>,
    problem: Option<SignInProblem>,
    name: &str,
) -> Result<Response, AccountError> {
    let store = visit.accounts().store()?;
    if problem.is_none()
        && let Some(session) = visit.session()
    {
        return onward(visit, &store, session, request.as_deref()).await;
    }
    let now = visit.state.clock.now();
    let wanted = match &request {
        Some(text) => Wanted::open(text, &store, now).await,
        None => None,
    };
    let start = visit.start();
    let start_hash = secret::hash(start.expose().as_bytes());
    let view = SignInView {
        token: form::token(&store, Bound::Start(start.expose())),
        toward: wanted.map(|wanted| wanted.authority),
        request,
        name: name.to_owned(),
        resets: visit.config.mail.is_some(),
        registers: visit.registers(),
        passkey: visit.accounts().ask_passkey(start_hash)?,
        problem,
    };
    let pages = visit.state.publisher.pages();
    let page = pages.sign_in(&view, visit.known.language);
    let status = problem_status(problem);
    let mut answer = form::page(status, page);
    if let Some(SignInProblem::Busy { retry_after_s }) = problem {
        answer
            .headers_mut()
            .insert(header::RETRY_AFTER, retry_after_s.into());
    }
    Cookie::Start.set(start.expose(), &mut answer);
    Ok(answer)
}

/// The status of a form that signs nobody in.
pub(super) const fn problem_status(problem: Option<SignInProblem>) -> StatusCode {
    match problem {
        None => StatusCode::OK,
        Some(SignInProblem::Wrong | SignInProblem::Stale | SignInProblem::Passkey) => {
            StatusCode::UNPROCESSABLE_ENTITY
        }
        Some(SignInProblem::Busy { .. }) => StatusCode::SERVICE_UNAVAILABLE,
        Some(SignInProblem::TooLong) => StatusCode::PAYLOAD_TOO_LARGE,
    }
}

/// Step 4: whoever has signed in goes on to where they wanted, or to their account.
pub(super) async fn onward(
    visit: &Visit,
    store: &Store,
    session: &Session,
    request: Option<&str>,
) -> Result<Response, AccountError> {
    let pages = visit.state.publisher.pages();
    let language = visit.known.language;
    let now = visit.state.clock.now();
    let wanted = match request {
        Some(text) => Wanted::open(text, store, now).await,
        None => None,
    };
    let Some(wanted) = wanted else {
        return Ok(form::see_other(&visit.path("account")));
    };
    let parts = (
        wanted.site(&visit.config),
        wanted.start(),
        SiteOrigin::new(&format!("https://{}", wanted.authority)),
        OwnPath::new(&visit.path("callback")),
        Nonce::new(&terms::base64url(&visit.state.rng.bytes::<24>())),
    );
    let (Some(site), Some(start), Some(origin), Some(callback), Some(nonce)) = parts else {
        return Ok(form::see_other(&visit.path("account")));
    };
    if !may_enter(session, site) {
        let view = NotForYouView {
            token: form::token(store, Bound::Session(session)),
            who: session.person.name.to_string(),
            site: site.host.clone(),
        };
        return Ok(form::page(
            StatusCode::FORBIDDEN,
            pages.not_for_you(&view, language),
        ));
    }
    // promise: two-factor
    let due = visit.accounts().factor_due(session).await?;
    if due.is_some_and(|due| due <= visit.accounts().now()) {
        return Ok(form::see_other(&visit.path("account/security")));
    }
    if let Some(within_s) = wanted.within_s {
        let within = std::time::Duration::from_secs(within_s);
        if !session.has_second_factor() || !session.is_fresh(within, now) {
            return second_factor::step_up(visit, store, session, wanted.seal(store)).await;
        }
    }
    let code = visit.accounts().hand_over(session, &site.host, start);
    let view = HandoverView {
        site: origin,
        host: wanted.authority.clone(),
        callback,
        code: code.await?,
        hidden: vec![("request".to_owned(), wanted.seal(store))],
        nonce,
    };
    let mut answer = visit.page(pages.handover(&view, language));
    // The site compares our origin: `same-origin` would hide it.
    answer.headers_mut().insert(
        header::REFERRER_POLICY,
        HeaderValue::from_static("strict-origin"),
    );
    Ok(answer)
}

async fn sign_in(visit: Visit, body: Body) -> Response {
    if !visit.is_portal() {
        return visit.refuse(RefusalKind::MethodNotAllowed);
    }
    let form = match Form::read(&visit.headers, body).await {
        Ok(form) => form,
        Err(FormError::TooLong) => {
            let problem = Some(SignInProblem::TooLong);
            let shown = on_portal(&visit, None, problem, "").await;
            return shown.unwrap_or_else(|error| visit.failed(&error));
        }
        Err(FormError::Malformed) => return visit.refuse(RefusalKind::BadRequest),
    };
    let done = signed_in(&visit, &form).await;
    done.unwrap_or_else(|error| visit.failed(&error))
}

async fn signed_in(visit: &Visit, form: &Form) -> Result<Response, AccountError> {
    let store = visit.accounts().store()?;
    let request = form::request(form);
    let name = form.text("name");
    let Some(start) = form::started(form, &visit.headers, &store) else {
        return on_portal(visit, request, Some(SignInProblem::Stale), name).await;
    };
    let site = visit.site().map_or("", |site| site.host.as_str());
    let attempt = Attempt {
        name: name.to_owned(),
        password: form.secret("password"),
        device: form::device_cookie(&visit.headers),
        start: secret::hash(start.expose().as_bytes()),
        portal: site.to_owned(),
        from: visit.from(),
        language: visit.known.language,
    };
    let outcome = visit.accounts().sign_in(attempt).await?;
    let (begun, device) = match outcome {
        SignedIn::Yes { begun, device } => (begun, device),
        SignedIn::Half(half) => {
            return second_factor::ask(visit, request, half, None, &start, &store).await;
        }
        SignedIn::No => {
            visit.strike(&store, name);
            return on_portal(visit, request, Some(SignInProblem::Wrong), name).await;
        }
        SignedIn::TooLong => {
            return on_portal(visit, request, Some(SignInProblem::TooLong), name).await;
        }
        SignedIn::Busy { retry_after_s } => {
            let problem = SignInProblem::Busy { retry_after_s };
            return on_portal(visit, request, Some(problem), name).await;
        }
    };
    enter(visit, &store, &begun, &device, request.as_deref()).await
}

/// The portal's session has begun: the browser gets its cookies, and goes on.
pub(super) async fn enter(
    visit: &Visit,
    store: &Store,
    begun: &Begun,
    device: &Secret<String>,
    request: Option<&str>,
) -> Result<Response, AccountError> {
    let answer = onward(visit, store, &begun.session, request).await?;
    taken_in(visit, begun, device, answer).await
}

/// The same, with the answer that leads on.
pub(super) async fn taken_in(
    visit: &Visit,
    begun: &Begun,
    device: &Secret<String>,
    mut answer: Response,
) -> Result<Response, AccountError> {
    // Whoever was signed in here before isn't any more: nobody can plant a session.
    if let Some(before) = visit.session() {
        let sid = before.public_name();
        let actor = Actor::account(&before.person.account);
        visit.accounts().end(&sid, &actor).await?;
    }
    Cookie::Session.set(begun.secret.expose(), &mut answer);
    Cookie::Device.set(device.expose(), &mut answer);
    Ok(answer)
}

/// Step 5: on the site, the code becomes a session.
async fn callback(visit: Visit, body: Body) -> Response {
    if visit.is_portal() {
        return visit.refuse(RefusalKind::NotFound);
    }
    let Ok(form) = Form::read(&visit.headers, body).await else {
        return visit.refuse(RefusalKind::BadRequest);
    };
    let arrived = arrive(&visit, &form).await;
    arrived.unwrap_or_else(|error| visit.failed(&error))
}

async fn arrive(visit: &Visit, form: &Form) -> Result<Response, AccountError> {
    let store = visit.accounts().store()?;
    let pages = visit.state.publisher.pages();
    let language = visit.known.language;
    let begin_again = OwnPath::new(&format!("{}?return=%2F", visit.path("login")));
    let Some(start) = form::start_cookie(&visit.headers) else {
        return Ok(match begin_again {
            Some(again) => form::page(StatusCode::FORBIDDEN, pages.no_cookie(&again, language)),
            None => visit.refuse(RefusalKind::Forbidden),
        });
    };
    let hash = secret::hash(start.expose().as_bytes());
    let now = visit.state.clock.now();
    let wanted = Wanted::open(form.text("request"), &store, now).await;
    // Begun in this browser, for this very host: else somebody else's sign-in is offered.
    let wanted = wanted.filter(|wanted| {
        wanted.start() == Some(hash) && *wanted.authority == *visit.known.authority
    });
    let Some(wanted) = wanted else {
        return Ok(visit.refuse(RefusalKind::Forbidden));
    };
    let site = visit.site().map_or("", |site| site.host.as_str());
    let code = form.text("code");
    let begun = visit
        .accounts()
        .arrive(code, site, hash, &visit.from())
        .await?;
    let Some(begun) = begun else {
        // Too late, or a second time: once more from the beginning, and not for ever.
        return match visit.config.portal_origin() {
            Some(portal) if !wanted.again => {
                begin(visit, &portal, wanted.path, true, wanted.within_s)
            }
            _ => Ok(visit.refuse(RefusalKind::Forbidden)),
        };
    };
    let to = OwnPath::encoding(&wanted.path).or_else(|| OwnPath::new("/"));
    let Some(to) = to else {
        return Ok(visit.refuse(RefusalKind::BadRequest));
    };
    let mut answer = visit.page(pages.arrived(&to, language));
    Cookie::Session.set(begun.secret.expose(), &mut answer);
    Ok(answer)
}

async fn ask_logout(visit: Visit) -> Response {
    let store = match visit.accounts().store() {
        Ok(store) => store,
        Err(error) => return visit.failed(&error),
    };
    let pages = visit.state.publisher.pages();
    let Some(session) = visit.session() else {
        return visit.page(pages.signed_out(visit.known.language));
    };
    let view = SignOutView {
        token: form::token(&store, Bound::Session(session)),
        who: session.person.name.to_string(),
    };
    visit.page(pages.sign_out(&view, visit.known.language))
}

/// Step 6: the portal session and all that hangs on it end. The device stays known.
async fn logout(visit: Visit, body: Body) -> Response {
    let Ok(form) = Form::read(&visit.headers, body).await else {
        return visit.refuse(RefusalKind::BadRequest);
    };
    let done = logged_out(&visit, &form).await;
    done.unwrap_or_else(|error| visit.failed(&error))
}

async fn logged_out(visit: &Visit, form: &Form) -> Result<Response, AccountError> {
    let pages = visit.state.publisher.pages();
    if let Some(session) = visit.session() {
        let store = visit.accounts().store()?;
        if !form::has_token(form, &store, Bound::Session(session)) {
            return Ok(visit.refuse(RefusalKind::Forbidden));
        }
        let sid = session.public_name();
        let actor = Actor::account(&session.person.account);
        visit.accounts().end(&sid, &actor).await?;
    }
    let mut answer = visit.page(pages.signed_out(visit.known.language));
    Cookie::SessionGone.set("", &mut answer);
    Ok(answer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_pages_of_the_same_site_are_come_back_to() {
        for good in ["/", "/a?b=c#d", "/a//b", "/é"] {
            assert!(is_local(good), "{good}");
        }
        let long = format!("/{}", "a".repeat(RETURN_MAX));
        for bad in [
            "",
            "a",
            "//evil.example",
            "/\\evil.example",
            "https://evil.example",
            "javascript:alert(1)",
            "/a\nb",
            "/\t/evil.example",
            &long,
        ] {
            assert!(!is_local(bad), "{bad}");
        }
    }
}
