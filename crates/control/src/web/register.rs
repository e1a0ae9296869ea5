//! An account that somebody makes themselves, where the configuration lets them: an address
//! is asked for, then by a mailed link a name and a password. A GET shows, and takes
//! nothing: programs that read mail follow links.

use axum::{
    body::Body,
    http::{StatusCode, Uri},
    response::Response,
    routing::get,
};
use pages::{FieldProblem, RefusalKind, RegisterAskView, RegisterChooseView};
use terms::Secret;

use super::{
    form::{self, Bound, Cookie, Form},
    listed::Listed,
    portal::Visit,
};
use crate::accounts::{AccountError, choice::Choice, registration::Registered, reset::Asked};

/// The addresses below the prefix.
pub(super) fn routes() -> Listed {
    Listed::default()
        .route("/register", get(ask).post(asked))
        .route("/register/choose", get(choose).post(chosen))
}

impl Visit {
    /// Whether people make accounts here themselves.
    pub(super) fn registers(&self) -> bool {
        self.is_portal() && self.accounts().registers()
    }
}

/// What was typed into the first form, and what is wrong with it.
#[derive(Default)]
struct Tried<'a> {
    typed: &'a str,
    problem: Option<FieldProblem>,
    stale: bool,
}

fn ask_page(visit: &Visit, tried: &Tried<'_>) -> Result<Response, AccountError> {
    let store = visit.accounts().store()?;
    let start = visit.start();
    let view = RegisterAskView {
        token: form::token(&store, Bound::Start(start.expose())),
        typed: tried.typed.to_owned(),
        problem: tried.problem,
        stale: tried.stale,
    };
    let status = if tried.stale || tried.problem.is_some() {
        StatusCode::UNPROCESSABLE_ENTITY
    } else {
        StatusCode::OK
    };
    let pages = visit.state.publisher.pages();
    let mut answer = form::page(status, pages.register_ask(&view, visit.known.language));
    Cookie::Start.set(start.expose(), &mut answer);
    Ok(answer)
}

async fn ask(visit: Visit) -> Response {
    if !visit.registers() {
        return visit.refuse(RefusalKind::NotFound);
    }
    ask_page(&visit, &Tried::default()).unwrap_or_else(|error| visit.failed(&error))
}

async fn asked(visit: Visit, body: Body) -> Response {
    if !visit.registers() {
        return visit.refuse(RefusalKind::NotFound);
    }
    let Ok(form) = Form::read(&visit.headers, body).await else {
        return visit.refuse(RefusalKind::BadRequest);
    };
    let done = sent(&visit, &form).await;
    done.unwrap_or_else(|error| visit.failed(&error))
}

async fn sent(visit: &Visit, form: &Form) -> Result<Response, AccountError> {
    let store = visit.accounts().store()?;
    let typed = form.text("email");
    let mut tried = Tried {
        typed,
        ..Tried::default()
    };
    if form::started(form, &visit.headers, &store).is_none() {
        tried.stale = true;
        return ask_page(visit, &tried);
    }
    let email = match form::email(typed) {
        Ok(Some(email)) => email,
        Ok(None) => {
            tried.problem = Some(FieldProblem::Missing);
            return ask_page(visit, &tried);
        }
        Err(problem) => {
            tried.problem = Some(problem);
            return ask_page(visit, &tried);
        }
    };
    let language = visit.known.language;
    let asked = visit.accounts().ask_account(&email, visit.from(), language);
    Ok(match asked.await? {
        Asked::Yes => visit.page(visit.state.publisher.pages().register_sent(language)),
        Asked::Busy { retry_after_s } => visit.busy(retry_after_s),
    })
}

async fn choose(visit: Visit, uri: Uri) -> Response {
    let link = form::query(uri.query(), "secret").filter(|_| visit.registers());
    let Some(link) = link.map(Secret::new) else {
        return visit.refuse(RefusalKind::NotFound);
    };
    let shown = choose_page(&visit, &link, "", None, Choice::Busy).await;
    shown.unwrap_or_else(|error| visit.failed(&error))
}

/// The form for a link; `choice` is what came of the last try.
async fn choose_page(
    visit: &Visit,
    link: &Secret<String>,
    name: &str,
    name_problem: Option<FieldProblem>,
    choice: Choice,
) -> Result<Response, AccountError> {
    let accounts = visit.accounts();
    let store = accounts.store()?;
    let pages = visit.state.publisher.pages();
    let language = visit.known.language;
    let Some(email) = accounts.account_link(link).await? else {
        return Ok(form::page(StatusCode::GONE, pages.link_gone(language)));
    };
    let (problems, strength) = choice.refusal();
    let status = if name_problem.is_some() || !problems.is_empty() {
        StatusCode::UNPROCESSABLE_ENTITY
    } else {
        StatusCode::OK
    };
    let start = visit.start();
    let view = RegisterChooseView {
        token: form::token(&store, Bound::Start(start.expose())),
        secret: link.clone(),
        email: email.expose().clone(),
        name: name.to_owned(),
        name_problem,
        least: u32::from(visit.config.password.length),
        problems,
        strength,
    };
    let mut answer = form::page(status, pages.register_choose(&view, language));
    Cookie::Start.set(start.expose(), &mut answer);
    Ok(answer)
}

async fn chosen(visit: Visit, body: Body) -> Response {
    if !visit.registers() {
        return visit.refuse(RefusalKind::NotFound);
    }
    let Ok(form) = Form::read(&visit.headers, body).await else {
        return visit.refuse(RefusalKind::BadRequest);
    };
    let done = made(&visit, &form).await;
    done.unwrap_or_else(|error| visit.failed(&error))
}

/// What is wrong with a name for people.
fn name_problem(name: &str) -> Option<FieldProblem> {
    if name.is_empty() {
        return Some(FieldProblem::Missing);
    }
    let malformed = name.chars().any(char::is_control);
    form::length(name).or(malformed.then_some(FieldProblem::Malformed))
}

async fn made(visit: &Visit, form: &Form) -> Result<Response, AccountError> {
    let store = visit.accounts().store()?;
    if form::started(form, &visit.headers, &store).is_none() {
        return Ok(visit.refuse(RefusalKind::Forbidden));
    }
    let (link, name) = (form.secret("secret"), form.text("name").trim());
    let problem = name_problem(name);
    if problem.is_some() {
        return choose_page(visit, &link, name, problem, Choice::Busy).await;
    }
    let language = visit.known.language;
    let pages = visit.state.publisher.pages();
    let new = form.secret("new");
    let done = visit.accounts().complete_registration(&link, name, &new);
    Ok(match done.await? {
        Registered::Yes => visit.page(pages.register_done(language)),
        Registered::Refused(Choice::Busy) => visit.refuse(RefusalKind::Unavailable),
        Registered::Refused(choice) => choose_page(visit, &link, name, None, choice).await?,
        Registered::Gone => form::page(StatusCode::GONE, pages.link_gone(language)),
    })
}
