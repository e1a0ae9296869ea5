//! The second step at sign-in, and its setting up: codes, apps, recovery codes. Whoever
//! changes how an account is protected has shown who they are within ten minutes.

use std::time::Duration;

use axum::{
    body::Body,
    http::{StatusCode, Uri},
    response::Response,
    routing::{get, post},
};
use pages::{
    CodeProblem, CodeView, ConfirmView, FactorAddView, Proof, RecoveryCodesView, RefusalKind,
};
use seam::Session;
use store::{FactorKind, Store};
use terms::{Micros, Secret};

use super::{
    account::{Changing, Owner},
    address,
    form::{self, Bound, Cookie, Form},
    listed::Listed,
    passkey,
    portal::{Visit, enter, onward},
};
use crate::{
    accounts::{
        AccountError,
        choice::Known,
        passkey::Keyed,
        second_factor::{Added, CodeAttempt, Coded, Offer},
        secret,
    },
    console,
};

/// How long somebody counts as present after they have shown who they are.
const PRESENT: Duration = Duration::from_secs(10 * 60);
/// Where second factors are looked after, below the prefix.
pub(super) const SECURITY: &str = "account/security";
/// Where an app is added.
pub(super) const ADD: &str = "account/second-factor";

/// The addresses below the prefix.
pub(super) fn routes() -> Listed {
    Listed::default()
        .route("/login/code", post(code))
        .route("/account/second-factor", get(offer).post(add))
        .route("/account/second-factor/remove", post(remove))
        .route("/account/second-factor/codes", post(renew_codes))
        .route("/account/confirm", get(ask_confirm).post(confirm))
}

/// Asks for a code behind a right password.
pub(super) async fn ask(
    visit: &Visit,
    request: Option<String>,
    half: Secret<String>,
    problem: Option<CodeProblem>,
    start: &Secret<String>,
    store: &Store,
) -> Result<Response, AccountError> {
    let start_hash = secret::hash(start.expose().as_bytes());
    let accounts = visit.accounts();
    let (codes, passkey) = accounts
        .ask_behind_password(half.expose(), start_hash)
        .await?;
    let view = CodeView {
        token: form::token(store, Bound::Start(start.expose())),
        request,
        half,
        portal: visit.known.authority.to_string(),
        codes,
        passkey,
        problem,
    };
    let page = visit
        .state
        .publisher
        .pages()
        .code(&view, visit.known.language);
    let status = match problem {
        None => StatusCode::OK,
        Some(_) => StatusCode::UNPROCESSABLE_ENTITY,
    };
    let mut answer = form::page(status, page);
    // It holds as long as the half does.
    Cookie::Start.set(start.expose(), &mut answer);
    Ok(answer)
}

async fn code(visit: Visit, body: Body) -> Response {
    let form = match visit.portal_form(body).await {
        Ok(form) => form,
        Err(refused) => return refused,
    };
    let done = entered(&visit, &form).await;
    done.unwrap_or_else(|error| visit.failed(&error))
}

async fn entered(visit: &Visit, form: &Form) -> Result<Response, AccountError> {
    let store = visit.accounts().store()?;
    let request = form::request(form);
    let Some(start) = form::started(form, &visit.headers, &store) else {
        return Ok(visit.refuse(RefusalKind::Forbidden));
    };
    if is_of_passkey(form) {
        return keyed(visit, form, &store, &start, request).await;
    }
    let site = visit.site().map_or("", |site| site.host.as_str());
    let attempt = CodeAttempt {
        half: form.text("half").to_owned(),
        code: form.secret("code"),
        start: secret::hash(start.expose().as_bytes()),
        device: form::device_cookie(&visit.headers),
        portal: site.to_owned(),
        from: visit.from(),
        language: visit.known.language,
    };
    let problem = match visit.accounts().sign_in_with_code(attempt).await? {
        Coded::Yes { begun, device } => {
            return enter(visit, &store, &begun, &device, request.as_deref()).await;
        }
        Coded::Wrong => CodeProblem::Wrong,
        Coded::Locked(until) => locked(visit, until),
        Coded::Stale => CodeProblem::Stale,
    };
    let half = form.secret("half");
    ask(visit, request, half, Some(problem), &start, &store).await
}

/// Whether a form is the one of two that sends a passkey.
fn is_of_passkey(form: &Form) -> bool {
    !form.text("sealed").is_empty()
}

/// A passkey behind a right password.
async fn keyed(
    visit: &Visit,
    form: &Form,
    store: &Store,
    start: &Secret<String>,
    request: Option<String>,
) -> Result<Response, AccountError> {
    let attempt = passkey::attempt(visit, form, start);
    let half = form.secret("half");
    let done = visit.accounts().sign_in_with_both(half.expose(), attempt);
    let problem = match done.await? {
        Keyed::Yes { begun, device } => {
            return enter(visit, store, &begun, &device, request.as_deref()).await;
        }
        Keyed::No => CodeProblem::Passkey,
        Keyed::Stale => CodeProblem::Stale,
    };
    ask(visit, request, half, Some(problem), start, store).await
}

/// Asks somebody who has signed in for their second factor, on the way to a page that
/// wants a fresh one; or has them switch it on.
pub(super) async fn step_up(
    visit: &Visit,
    store: &Store,
    session: &Session,
    request: String,
) -> Result<Response, AccountError> {
    let account = &session.person.account;
    if store.factors(account).await?.is_empty() {
        return Ok(form::see_other(&visit.path(ADD)));
    }
    let (codes, passkey) = visit.accounts().ask_to_confirm(session).await?;
    let view = ConfirmView {
        token: form::token(store, Bound::Session(session)),
        login: session.person.name.to_string(),
        proof: Proof::Code(codes),
        passkey,
        back: String::new(),
        request: Some(request),
        problem: None,
    };
    let pages = visit.state.publisher.pages();
    Ok(visit.page(pages.confirm(&view, visit.known.language)))
}

/// How long no code is taken, in minutes begun.
fn locked(visit: &Visit, until: Micros) -> CodeProblem {
    let seconds = until.since(visit.state.clock.now()).as_secs();
    CodeProblem::Locked {
        minutes: u32::try_from(seconds / 60 + 1).unwrap_or(u32::MAX),
    }
}

impl Owner {
    /// Whether they have shown who they are a short while ago: by a second factor, where
    /// they have one.
    ///
    /// # Errors
    /// The page where they have to show it first.
    pub(super) async fn is_present(&self, back: &str) -> Result<(), Response> {
        let factors = self.store.factors(&self.account.id).await;
        let factors = factors.map_err(|error| self.visit.failed(&error.into()))?;
        let fully = factors.is_empty() || self.session.has_second_factor();
        if fully && self.session.is_fresh(PRESENT, self.visit.state.clock.now()) {
            Ok(())
        } else {
            Err(self.to_confirm(back))
        }
    }

    /// To where they give their second factor, and back; or switch one on first, where they
    /// have none.
    pub(crate) async fn to_second_factor(&self, back: &str) -> Response {
        match self.store.factors(&self.account.id).await {
            Ok(factors) if factors.is_empty() => self.to_confirm(ADD),
            Ok(_) => self.to_confirm(back),
            Err(error) => self.visit.failed(&error.into()),
        }
    }

    pub(crate) fn to_confirm(&self, back: &str) -> Response {
        let back = back.replace('/', "%2F");
        let to = format!("account/confirm?return={back}");
        form::see_other(&self.visit.path(&to))
    }

    fn add_page(&self, offer: &Offer, name: &str, problem: Option<CodeProblem>) -> Response {
        let portal = self.visit.known.authority.to_string();
        let view = FactorAddView {
            token: self.token(),
            sealed: offer.sealed.clone(),
            seed: offer.seed.text(),
            uri: offer.seed.uri(&portal, self.account.name.as_str()),
            name: name.to_owned(),
            problem,
        };
        let page = self.pages().factor_add(&view, self.visit.known.language);
        let status = match problem {
            None => StatusCode::OK,
            Some(_) => StatusCode::UNPROCESSABLE_ENTITY,
        };
        form::page(status, page)
    }

    pub(super) fn codes_page(&self, codes: Vec<Secret<String>>) -> Response {
        let view = RecoveryCodesView { codes };
        self.answer(
            self.pages()
                .recovery_codes(&view, self.visit.known.language),
        )
    }
}

async fn offer(owner: Owner) -> Response {
    if let Err(first) = owner.is_present(ADD).await {
        return first;
    }
    match owner.visit.accounts().offer_app(&owner.session) {
        Ok(offer) => owner.add_page(&offer, "", None),
        Err(error) => owner.visit.failed(&error),
    }
}

async fn add(Changing { owner, form }: Changing) -> Response {
    if let Err(first) = owner.is_present(ADD).await {
        return first;
    }
    let done = added(&owner, &form).await;
    done.unwrap_or_else(|error| owner.visit.failed(&error))
}

async fn added(owner: &Owner, form: &Form) -> Result<Response, AccountError> {
    let accounts = owner.visit.accounts();
    let (sealed, code) = (form.secret("sealed"), form.secret("code"));
    // Whoever gives it no name hasn't many.
    let label = form::label(form).unwrap_or_else(|_| "Authenticator".to_owned());
    let done = accounts
        .add_app(
            &owner.account,
            &owner.session,
            &sealed,
            (&label, &code),
            &owner.visit.from(),
            owner.visit.known.language,
        )
        .await?;
    Ok(match done {
        Added::Yes(Some(codes)) => owner.codes_page(codes),
        Added::Yes(None) | Added::Before => form::see_other(&owner.visit.path(SECURITY)),
        Added::Wrong(offer) => owner.add_page(&offer, &label, Some(CodeProblem::Wrong)),
        Added::Stale => {
            let offer = accounts.offer_app(&owner.session)?;
            owner.add_page(&offer, &label, Some(CodeProblem::Stale))
        }
        // The page has no link to this any more.
        Added::Full => form::see_other(&owner.visit.path(SECURITY)),
    })
}

async fn remove(Changing { owner, form }: Changing) -> Response {
    if let Err(first) = owner.is_present(SECURITY).await {
        return first;
    }
    let accounts = owner.visit.accounts();
    let (from, actor) = (owner.visit.from(), owner.actor());
    let removed = accounts.remove_factor(
        &owner.account,
        form.text("id"),
        &from,
        owner.visit.known.language,
        &actor,
    );
    match removed.await {
        Ok(factor) if factor.kind == FactorKind::Passkey => {
            form::see_other(&owner.visit.path("account/security?done=passkey-removed"))
        }
        // Twice is as good as once.
        Ok(_) | Err(AccountError::Store(store::Error::Missing { .. })) => {
            form::see_other(&owner.visit.path("account/security?done=factor-removed"))
        }
        Err(error) => owner.visit.failed(&error),
    }
}

async fn renew_codes(Changing { owner, .. }: Changing) -> Response {
    if let Err(first) = owner.is_present(SECURITY).await {
        return first;
    }
    match owner.store.factors(&owner.account.id).await {
        Ok(factors) if factors.is_empty() => form::see_other(&owner.visit.path(SECURITY)),
        Ok(_) => match owner
            .visit
            .accounts()
            .renew_codes(
                &owner.account,
                &owner.visit.from(),
                owner.visit.known.language,
            )
            .await
        {
            Ok(codes) => owner.codes_page(codes),
            Err(error) => owner.visit.failed(&error),
        },
        Err(error) => owner.visit.failed(&error.into()),
    }
}

/// Where somebody may come back to, but for the account's own page.
const BACK: [&str; 16] = [
    ADD,
    address::ADDRESS,
    passkey::ADD,
    "admin/users",
    "admin/groups",
    "admin/sessions",
    "admin/tokens",
    "admin/addresses",
    "admin/origins",
    "admin/content",
    "admin/reflections",
    "admin/weaknesses",
    "admin/team",
    "admin/approvals",
    "admin/audit",
    "admin/threshold",
];

fn back(asked: &str) -> &'static str {
    let known = BACK.into_iter().find(|back| *back == asked);
    known.unwrap_or(SECURITY)
}

/// Asks who it still is before a change in the console, which goes on behind it.
pub(crate) async fn confirm_first(owner: &Owner, kept: String) -> Response {
    let page = confirm_page(owner, SECURITY, Some(kept), None).await;
    page.unwrap_or_else(|error| owner.visit.failed(&error))
}

async fn ask_confirm(owner: Owner, uri: Uri) -> Response {
    let asked = form::query(uri.query(), "return").unwrap_or_default();
    let page = confirm_page(&owner, back(&asked), None, None).await;
    page.unwrap_or_else(|error| owner.visit.failed(&error))
}

async fn confirm_page(
    owner: &Owner,
    back: &str,
    request: Option<String>,
    problem: Option<CodeProblem>,
) -> Result<Response, AccountError> {
    let factors = owner.store.factors(&owner.account.id).await?;
    let (codes, passkey) = owner
        .visit
        .accounts()
        .ask_to_confirm(&owner.session)
        .await?;
    let view = ConfirmView {
        token: owner.token(),
        login: owner.account.name.as_str().to_owned(),
        proof: if factors.is_empty() {
            Proof::Password
        } else {
            Proof::Code(codes)
        },
        passkey,
        back: back.to_owned(),
        request,
        problem,
    };
    let page = owner.pages().confirm(&view, owner.visit.known.language);
    let status = match problem {
        None => StatusCode::OK,
        Some(_) => StatusCode::UNPROCESSABLE_ENTITY,
    };
    Ok(form::page(status, page))
}

async fn confirm(Changing { owner, form }: Changing) -> Response {
    let done = confirmed(&owner, &form).await;
    done.unwrap_or_else(|error| owner.visit.failed(&error))
}

async fn confirmed(owner: &Owner, form: &Form) -> Result<Response, AccountError> {
    let accounts = owner.visit.accounts();
    let (account, from) = (&owner.account, owner.visit.from());
    let back = back(form.text("return"));
    let request = form::request(form);
    let factors = owner.store.factors(&account.id).await?;
    let shown = if factors.is_empty() {
        let password = form.secret("password");
        match accounts
            .confirms_password(account, &password, &from, owner.visit.known.language)
            .await?
        {
            Known::Yes => Ok(accounts
                .renew_session(account, &owner.session, &["pwd"])
                .await?),
            Known::No => Err(CodeProblem::Wrong),
            Known::Busy => return Ok(owner.visit.refuse(RefusalKind::Unavailable)),
        }
    } else if is_of_passkey(form) {
        let (said, by) = (passkey::said(form), (&from, owner.visit.known.language));
        let shown = accounts.confirm_by_passkey(account, &owner.session, &said, by);
        shown.await?.ok_or(CodeProblem::Passkey)
    } else {
        let language = owner.visit.known.language;
        let code = form.secret("code");
        let device = form::device_cookie(&owner.visit.headers);
        accounts
            .confirm_by_code(
                account,
                &owner.session,
                &code,
                device.as_ref(),
                (&from, language),
            )
            .await?
            .map_err(|coded| match coded {
                Coded::Locked(until) => locked(&owner.visit, until),
                _ => CodeProblem::Wrong,
            })
    };
    match shown {
        Ok(begun) => {
            let mut answer = match request {
                // The change or the page that asked for it comes next.
                Some(request) => match console::resumed(owner, &begun.session, &request).await {
                    Some(page) => page,
                    None => {
                        let (visit, store) = (&owner.visit, &owner.store);
                        onward(visit, store, &begun.session, Some(&request)).await?
                    }
                },
                None => form::see_other(&owner.visit.path(back)),
            };
            Cookie::Session.set(begun.secret.expose(), &mut answer);
            Ok(answer)
        }
        Err(problem) => confirm_page(owner, back, request, Some(problem)).await,
    }
}
