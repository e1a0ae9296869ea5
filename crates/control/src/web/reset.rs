//! Another password by a mailed link: asked for, then chosen. A GET shows, and takes
//! nothing: programs that read mail follow links.

use axum::{
    body::Body,
    http::{StatusCode, Uri},
    response::Response,
    routing::get,
};
use pages::{RefusalKind, ResetAskView, ResetChooseView};
use terms::Secret;

use super::{
    form::{self, Bound, Cookie, Form},
    listed::Listed,
    portal::Visit,
};
use crate::accounts::{
    AccountError,
    choice::Choice,
    reset::{Asked, Chosen},
};

/// The addresses below the prefix.
pub(super) fn routes() -> Listed {
    Listed::default()
        .route("/reset", get(ask).post(asked))
        .route("/reset/choose", get(choose).post(chosen))
}

impl Visit {
    /// Whether a mail can bring a link to this host.
    pub(super) fn links(&self) -> bool {
        self.is_portal() && self.config.mail.is_some()
    }
}

fn ask_page(visit: &Visit, stale: bool) -> Result<Response, AccountError> {
    let store = visit.accounts().store()?;
    let start = visit.start();
    let view = ResetAskView {
        token: form::token(&store, Bound::Start(start.expose())),
        stale,
    };
    let pages = visit.state.publisher.pages();
    let page = pages.reset_ask(&view, visit.known.language);
    let status = if stale {
        StatusCode::UNPROCESSABLE_ENTITY
    } else {
        StatusCode::OK
    };
    let mut answer = form::page(status, page);
    Cookie::Start.set(start.expose(), &mut answer);
    Ok(answer)
}

async fn ask(visit: Visit) -> Response {
    if !visit.links() {
        return visit.refuse(RefusalKind::NotFound);
    }
    ask_page(&visit, false).unwrap_or_else(|error| visit.failed(&error))
}

async fn asked(visit: Visit, body: Body) -> Response {
    if !visit.links() {
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
    let fresh = form::started(form, &visit.headers, &store).is_some();
    let name = form.text("name");
    if !fresh || name.len() > store::MAX_DISPLAY_BYTES {
        return ask_page(visit, true);
    }
    let language = visit.known.language;
    let asked = visit.accounts().ask_reset(name, visit.from(), language);
    Ok(match asked.await? {
        Asked::Yes => visit.page(visit.state.publisher.pages().reset_sent(language)),
        Asked::Busy { retry_after_s } => visit.busy(retry_after_s),
    })
}

async fn choose(visit: Visit, uri: Uri) -> Response {
    let link = form::query(uri.query(), "secret").filter(|_| visit.links());
    let Some(link) = link.map(Secret::new) else {
        return visit.refuse(RefusalKind::NotFound);
    };
    let shown = choose_page(&visit, &link, Choice::Busy, StatusCode::OK).await;
    shown.unwrap_or_else(|error| visit.failed(&error))
}

/// The form for a link; `choice` is what came of the last try.
async fn choose_page(
    visit: &Visit,
    link: &Secret<String>,
    choice: Choice,
    status: StatusCode,
) -> Result<Response, AccountError> {
    let accounts = visit.accounts();
    let store = accounts.store()?;
    let pages = visit.state.publisher.pages();
    let language = visit.known.language;
    let Some(account) = accounts.link_account(link).await? else {
        return Ok(form::page(StatusCode::GONE, pages.link_gone(language)));
    };
    let (problems, strength) = choice.refusal();
    let start = visit.start();
    let view = ResetChooseView {
        token: form::token(&store, Bound::Start(start.expose())),
        secret: link.clone(),
        login: account.name.as_str().to_owned(),
        least: u32::from(visit.config.password.length),
        problems,
        strength,
    };
    let mut answer = form::page(status, pages.reset_choose(&view, language));
    Cookie::Start.set(start.expose(), &mut answer);
    Ok(answer)
}

async fn chosen(visit: Visit, body: Body) -> Response {
    if !visit.links() {
        return visit.refuse(RefusalKind::NotFound);
    }
    let Ok(form) = Form::read(&visit.headers, body).await else {
        return visit.refuse(RefusalKind::BadRequest);
    };
    let done = kept(&visit, &form).await;
    done.unwrap_or_else(|error| visit.failed(&error))
}

async fn kept(visit: &Visit, form: &Form) -> Result<Response, AccountError> {
    let store = visit.accounts().store()?;
    let fresh = form::started(form, &visit.headers, &store).is_some();
    if !fresh {
        return Ok(visit.refuse(RefusalKind::Forbidden));
    }
    let (link, new) = (form.secret("secret"), form.secret("new"));
    let language = visit.known.language;
    let pages = visit.state.publisher.pages();
    let from = visit.from();
    let done = visit
        .accounts()
        .choose_by_link(&link, &new, &from, language);
    Ok(match done.await? {
        Chosen::Yes => visit.page(pages.reset_done(language)),
        Chosen::Refused(Choice::Busy) => visit.refuse(RefusalKind::Unavailable),
        Chosen::Refused(choice) => {
            let status = StatusCode::UNPROCESSABLE_ENTITY;
            choose_page(visit, &link, choice, status).await?
        }
        Chosen::Gone => form::page(StatusCode::GONE, pages.link_gone(language)),
    })
}
