//! Passkeys: somebody signs in with one, and looks after theirs in the account.

use axum::{body::Body, http::StatusCode, response::Response, routing::get};
use pages::{PasskeyAddView, PasskeyProblem, RefusalKind, SignInProblem};
use terms::Secret;

use super::{
    account::{Changing, Owner},
    form::{self, Form},
    listed::Listed,
    portal::{Visit, enter, login, on_portal},
    second_factor::SECURITY,
};
use crate::accounts::{
    AccountError,
    passkey::{Keyed, PasskeyAdded, PasskeyAttempt, Said},
    secret,
};

/// Where a passkey is added, below the prefix.
pub(super) const ADD: &str = "account/passkey";

/// The addresses below the prefix.
pub(super) fn routes() -> Listed {
    Listed::default()
        // Whoever chooses another language behind a failure comes back by GET.
        .route("/login/passkey", get(login).post(sign_in))
        .route("/account/passkey", get(offer).post(add))
}

/// What a browser said to the question in its form.
pub(super) fn said(form: &Form) -> Said {
    Said {
        sealed: form.text("sealed").to_owned(),
        answer: form.secret("answer"),
    }
}

/// A passkey that is shown at this browser.
pub(super) fn attempt(visit: &Visit, form: &Form, start: &Secret<String>) -> PasskeyAttempt {
    let site = visit.site().map_or("", |site| site.host.as_str());
    PasskeyAttempt {
        said: said(form),
        start: secret::hash(start.expose().as_bytes()),
        device: form::device_cookie(&visit.headers),
        portal: site.to_owned(),
        from: visit.from(),
        language: visit.known.language,
    }
}

async fn sign_in(visit: Visit, body: Body) -> Response {
    let form = match visit.portal_form(body).await {
        Ok(form) => form,
        Err(refused) => return refused,
    };
    let done = signed_in(&visit, &form).await;
    done.unwrap_or_else(|error| visit.failed(&error))
}

async fn signed_in(visit: &Visit, form: &Form) -> Result<Response, AccountError> {
    let store = visit.accounts().store()?;
    let request = form::request(form);
    let Some(start) = form::started(form, &visit.headers, &store) else {
        return on_portal(visit, request, Some(SignInProblem::Stale), "").await;
    };
    let attempt = attempt(visit, form, &start);
    match visit.accounts().sign_in_with_passkey(attempt).await? {
        Keyed::Yes { begun, device } => {
            enter(visit, &store, &begun, &device, request.as_deref()).await
        }
        Keyed::No | Keyed::Stale => {
            on_portal(visit, request, Some(SignInProblem::Passkey), "").await
        }
    }
}

async fn offer(owner: Owner) -> Response {
    if let Err(first) = owner.is_present(ADD).await {
        return first;
    }
    let page = add_page(&owner, "", None).await;
    page.unwrap_or_else(|error| owner.visit.failed(&error))
}

async fn add_page(
    owner: &Owner,
    name: &str,
    problem: Option<PasskeyProblem>,
) -> Result<Response, AccountError> {
    let accounts = owner.visit.accounts();
    let ask = accounts
        .offer_passkey(&owner.account, &owner.session)
        .await?;
    let Some(ask) = ask else {
        return Ok(owner.visit.refuse(RefusalKind::NotFound));
    };
    let view = PasskeyAddView {
        token: owner.token(),
        ask,
        name: name.to_owned(),
        problem,
    };
    let page = owner.pages().passkey_add(&view, owner.visit.known.language);
    let status = match problem {
        None => StatusCode::OK,
        Some(_) => StatusCode::UNPROCESSABLE_ENTITY,
    };
    Ok(form::page(status, page))
}

async fn add(Changing { owner, form }: Changing) -> Response {
    if let Err(first) = owner.is_present(ADD).await {
        return first;
    }
    let done = added(&owner, &form).await;
    done.unwrap_or_else(|error| owner.visit.failed(&error))
}

async fn added(owner: &Owner, form: &Form) -> Result<Response, AccountError> {
    // Whoever gives it no name hasn't many.
    let label = form::label(form).unwrap_or_else(|_| "Passkey".to_owned());
    let from = owner.visit.from();
    let done = owner
        .visit
        .accounts()
        .add_passkey(
            &owner.account,
            &owner.session,
            &said(form),
            &label,
            (&from, owner.visit.known.language),
        )
        .await?;
    match done {
        PasskeyAdded::Yes(Some(codes)) => Ok(owner.codes_page(codes)),
        PasskeyAdded::Refused => add_page(owner, &label, Some(PasskeyProblem::Refused)).await,
        PasskeyAdded::Stale => add_page(owner, &label, Some(PasskeyProblem::Stale)).await,
        // Of one more than there may be the page has no link any more.
        PasskeyAdded::Yes(None) | PasskeyAdded::Before | PasskeyAdded::Full => {
            Ok(form::see_other(&owner.visit.path(SECURITY)))
        }
    }
}
