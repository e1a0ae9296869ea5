//! A second factor that somebody has lost: the page where its owner stops what was begun in
//! their name, and the one where they are let in once, by a mailed link and their password.

use axum::{
    body::Body,
    http::{StatusCode, Uri, header},
    response::Response,
    routing::get,
};
use pages::{LostFactorView, LostStopView, RefusalKind, SignInProblem};
use store::Actor;
use terms::Secret;

use super::{
    form::{self, Bound, Cookie, Form},
    listed::Listed,
    portal::{Visit, problem_status, taken_in},
    second_factor::ADD,
};
use crate::accounts::{
    AccountError,
    lost_factor::LetIn,
    secret,
    sign_in::{Attempt, SignedIn},
};

/// The addresses below the prefix.
pub(super) fn routes() -> Listed {
    Listed::default()
        .route("/lost-factor", get(ask).post(enter))
        .route("/lost-factor/stop", get(ask_stop).post(stop))
}

fn gone(visit: &Visit) -> Response {
    let pages = visit.state.publisher.pages();
    form::page(StatusCode::GONE, pages.link_gone(visit.known.language))
}

async fn ask_stop(visit: Visit, uri: Uri) -> Response {
    let link = form::query(uri.query(), "secret").filter(|_| visit.is_portal());
    let Some(link) = link.map(Secret::new) else {
        return visit.refuse(RefusalKind::NotFound);
    };
    match visit.accounts().lost_stopped_by(&link).await {
        Ok(Some(account)) => {
            let view = LostStopView {
                // The link is what counts: whoever opens it may not have been here before.
                token: Secret::new(String::new()),
                secret: link,
                login: account.name.to_string(),
            };
            let pages = visit.state.publisher.pages();
            visit.page(pages.lost_stop(&view, visit.known.language))
        }
        Ok(None) => gone(&visit),
        Err(error) => visit.failed(&error),
    }
}

async fn stop(visit: Visit, body: Body) -> Response {
    let form = match visit.portal_form(body).await {
        Ok(form) => form,
        Err(refused) => return refused,
    };
    let done = stopped(&visit, &form.secret("secret")).await;
    done.unwrap_or_else(|error| visit.failed(&error))
}

async fn stopped(visit: &Visit, link: &Secret<String>) -> Result<Response, AccountError> {
    let accounts = visit.accounts();
    let Some(account) = accounts.lost_stopped_by(link).await? else {
        return Ok(gone(visit));
    };
    let actor = Actor::account(&account.id);
    if !accounts.stop_lost(&account, &actor).await? {
        return Ok(gone(visit));
    }
    let pages = visit.state.publisher.pages();
    Ok(visit.page(pages.lost_stopped(visit.known.language)))
}

async fn ask(visit: Visit, uri: Uri) -> Response {
    let link = form::query(uri.query(), "secret").filter(|_| visit.is_portal());
    let Some(link) = link.map(Secret::new) else {
        return visit.refuse(RefusalKind::NotFound);
    };
    let shown = ask_page(&visit, link, None).await;
    shown.unwrap_or_else(|error| visit.failed(&error))
}

/// The form for a link; `problem` is what came of the last try.
async fn ask_page(
    visit: &Visit,
    link: Secret<String>,
    problem: Option<SignInProblem>,
) -> Result<Response, AccountError> {
    let Some(account) = visit.accounts().lost_entered_by(&link).await? else {
        return Ok(gone(visit));
    };
    let store = visit.accounts().store()?;
    let start = visit.start();
    let view = LostFactorView {
        token: form::token(&store, Bound::Start(start.expose())),
        secret: link,
        login: account.name.to_string(),
        problem,
    };
    let pages = visit.state.publisher.pages();
    let page = pages.lost_factor(&view, visit.known.language);
    let mut answer = form::page(problem_status(problem), page);
    if let Some(SignInProblem::Busy { retry_after_s }) = problem {
        let headers = answer.headers_mut();
        headers.insert(header::RETRY_AFTER, retry_after_s.into());
    }
    Cookie::Start.set(start.expose(), &mut answer);
    Ok(answer)
}

async fn enter(visit: Visit, body: Body) -> Response {
    let form = match visit.portal_form(body).await {
        Ok(form) => form,
        Err(refused) => return refused,
    };
    let done = entered(&visit, &form).await;
    done.unwrap_or_else(|error| visit.failed(&error))
}

async fn entered(visit: &Visit, form: &Form) -> Result<Response, AccountError> {
    let store = visit.accounts().store()?;
    let link = form.secret("secret");
    let Some(start) = form::started(form, &visit.headers, &store) else {
        return ask_page(visit, link, Some(SignInProblem::Stale)).await;
    };
    let site = visit.site().map_or("", |site| site.host.as_str());
    let attempt = Attempt {
        // The link says whose.
        name: String::new(),
        password: form.secret("password"),
        device: form::device_cookie(&visit.headers),
        start: secret::hash(start.expose().as_bytes()),
        portal: site.to_owned(),
        from: visit.from(),
        language: visit.known.language,
    };
    let let_in = visit.accounts().sign_in_without_factor(&link, attempt);
    let problem = match let_in.await? {
        LetIn::Yes { begun, device } => {
            // Where another second factor is switched on.
            let next = form::see_other(&visit.path(ADD));
            return taken_in(visit, &begun, &device, next).await;
        }
        LetIn::Gone => return Ok(gone(visit)),
        LetIn::No(SignedIn::Busy { retry_after_s }) => SignInProblem::Busy { retry_after_s },
        LetIn::No(SignedIn::TooLong) => SignInProblem::TooLong,
        LetIn::No(_) => SignInProblem::Wrong,
    };
    ask_page(visit, link, Some(problem)).await
}
