//! Another address for an account: asked for by its owner, and confirmed by whoever reads
//! its mail. A GET shows, and takes nothing: programs that read mail follow links.

use axum::{
    body::Body,
    http::{StatusCode, Uri},
    response::Response,
    routing::get,
};
use pages::{AddressAskView, AddressConfirmView, FieldProblem, RefusalKind};
use terms::Secret;

use super::{
    account::{Changing, Owner},
    form::{self, Form},
    listed::Listed,
    portal::Visit,
};
use crate::accounts::{AccountError, address::AddressAsked};

/// Where it is asked for, below the prefix.
pub(super) const ADDRESS: &str = "account/address";

/// The addresses below the prefix.
pub(super) fn routes() -> Listed {
    Listed::default()
        .route("/account/address", get(ask).post(asked))
        .route("/address", get(ask_confirm).post(confirm))
}

fn ask_page(owner: &Owner, typed: &str, problem: Option<FieldProblem>) -> Response {
    let now = owner.account.email.as_ref();
    let view = AddressAskView {
        token: owner.token(),
        now: now.map_or_else(String::new, |email| email.expose().clone()),
        typed: typed.to_owned(),
        problem,
    };
    let status = match problem {
        None => StatusCode::OK,
        Some(_) => StatusCode::UNPROCESSABLE_ENTITY,
    };
    let pages = owner.pages();
    form::page(status, pages.address_ask(&view, owner.visit.known.language))
}

async fn ask(owner: Owner) -> Response {
    if !owner.visit.links() {
        return owner.visit.refuse(RefusalKind::NotFound);
    }
    match owner.is_present(ADDRESS).await {
        Ok(()) => ask_page(&owner, "", None),
        Err(first) => first,
    }
}

async fn asked(Changing { owner, form }: Changing) -> Response {
    if !owner.visit.links() {
        return owner.visit.refuse(RefusalKind::NotFound);
    }
    if let Err(first) = owner.is_present(ADDRESS).await {
        return first;
    }
    let done = sent(&owner, &form).await;
    done.unwrap_or_else(|error| owner.visit.failed(&error))
}

async fn sent(owner: &Owner, form: &Form) -> Result<Response, AccountError> {
    let typed = form.text("email");
    let new = match form::email(typed) {
        Ok(Some(new)) => new,
        Ok(None) => return Ok(ask_page(owner, typed, Some(FieldProblem::Missing))),
        Err(problem) => return Ok(ask_page(owner, typed, Some(problem))),
    };
    let language = owner.visit.known.language;
    let from = owner.visit.from();
    let accounts = owner.visit.accounts();
    let asked = accounts.ask_address(&owner.account, &new, (&from, language));
    Ok(match asked.await? {
        AddressAsked::Yes => owner.answer(owner.pages().address_sent(language)),
        AddressAsked::Same => ask_page(owner, typed, Some(FieldProblem::Same)),
        AddressAsked::Wait => ask_page(owner, typed, Some(FieldProblem::Wait)),
    })
}

async fn ask_confirm(visit: Visit, uri: Uri) -> Response {
    let link = form::query(uri.query(), "secret").filter(|_| visit.links());
    let Some(link) = link.map(Secret::new) else {
        return visit.refuse(RefusalKind::NotFound);
    };
    let pages = visit.state.publisher.pages();
    let language = visit.known.language;
    match visit.accounts().address_of_link(&link).await {
        Ok(Some((account, new))) => {
            let view = AddressConfirmView {
                // The link is what counts: it may be opened in another browser.
                token: Secret::new(String::new()),
                secret: link,
                login: account.name.to_string(),
                email: new.expose().clone(),
            };
            visit.page(pages.address_confirm(&view, language))
        }
        Ok(None) => form::page(StatusCode::GONE, pages.link_gone(language)),
        Err(error) => visit.failed(&error),
    }
}

async fn confirm(visit: Visit, body: Body) -> Response {
    let form = match visit.portal_form(body).await {
        Ok(form) => form,
        Err(refused) => return refused,
    };
    let pages = visit.state.publisher.pages();
    let language = visit.known.language;
    let (link, from) = (form.secret("secret"), visit.from());
    let changed = visit
        .accounts()
        .change_address_by_link(&link, &from, visit.session(), language);
    match changed.await {
        Ok(true) => visit.page(pages.address_done(language)),
        Ok(false) => form::page(StatusCode::GONE, pages.link_gone(language)),
        Err(error) => visit.failed(&error),
    }
}
