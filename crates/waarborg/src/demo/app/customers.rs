//! The list of customers, one customer, and the forms for notes. A form that was
//! taken answers with 303, so that reloading doesn't send it again; one that wasn't
//! comes back with the reason and what was typed.

use axum::{
    Form,
    extract::{
        Query, State,
        rejection::{FormRejection, QueryRejection},
    },
    response::{IntoResponse, Redirect, Response},
};
use http::StatusCode;
use serde::Deserialize;

use super::{
    App,
    book::Unkept,
    identity::Visitor,
    pages::{self, At, CustomerPage, ListPage, NotePage, clock_time, page},
};

/// Longest search, in characters; the rest is ignored.
const MAX_SEARCH_CHARS: usize = 100;

/// The search form.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Search {
    #[serde(default)]
    q: String,
}

/// The note form.
#[derive(Debug, Deserialize)]
pub(super) struct NoteForm {
    text: String,
}

impl App {
    /// Whether there is such a customer.
    pub(super) fn has(&self, customer: u32) -> bool {
        self.book().customer(customer).is_some()
    }
}

/// `GET /`, with `?q=` to search.
pub(super) async fn list(
    State(app): State<App>,
    visitor: Visitor,
    search: Result<Query<Search>, QueryRejection>,
) -> Response {
    // A query that can't be read asks for nothing in particular.
    let Query(search) = search.unwrap_or_default();
    let wanted: String = search.q.trim().chars().take(MAX_SEARCH_CHARS).collect();
    let template = {
        let book = app.book();
        ListPage {
            visitor,
            found: book.search(&wanted),
            total: book.len(),
            latest: book.latest(),
            wanted,
            now: clock_time(app.0.clock.now()),
        }
    };
    page(StatusCode::OK, &template)
}

/// `GET /customers/{customer}`.
pub(super) async fn show(
    State(app): State<App>,
    visitor: Visitor,
    At(customer): At<u32>,
) -> Response {
    show_with(&app, visitor, customer, StatusCode::OK, |_| {}).await
}

/// The customer's page with `status`, after `fill` has put in what went wrong.
pub(super) async fn show_with(
    app: &App,
    visitor: Visitor,
    customer: u32,
    status: StatusCode,
    fill: impl FnOnce(&mut CustomerPage),
) -> Response {
    let found = app.book().customer(customer).cloned();
    let Some(customer) = found else {
        return pages::not_found(visitor).await;
    };
    let mut template = CustomerPage {
        visitor,
        customer,
        draft: String::new(),
        note_error: String::new(),
        upload_error: String::new(),
    };
    fill(&mut template);
    page(status, &template)
}

fn status_of(unkept: Unkept) -> StatusCode {
    match unkept {
        Unkept::Unknown => StatusCode::NOT_FOUND,
        Unkept::Empty | Unkept::TooLong => StatusCode::UNPROCESSABLE_ENTITY,
        Unkept::NotesFull | Unkept::FilesFull => StatusCode::INSUFFICIENT_STORAGE,
    }
}

fn to_notes(customer: u32) -> Response {
    Redirect::to(&format!("/customers/{customer}#notes")).into_response()
}

fn refused(visitor: Visitor, rejection: &FormRejection) -> Response {
    pages::problem(
        visitor,
        rejection.status(),
        "Not understood",
        "This wasn't the form that the page has. Go back and try again.",
    )
}

/// `POST /customers/{customer}/notes`.
pub(super) async fn add_note(
    State(app): State<App>,
    visitor: Visitor,
    At(customer): At<u32>,
    form: Result<Form<NoteForm>, FormRejection>,
) -> Response {
    let text = match form {
        Ok(Form(form)) => form.text,
        Err(rejection) => return refused(visitor, &rejection),
    };
    let (author, at) = (visitor.shown(), app.0.clock.now());
    let added = {
        let mut book = app.book();
        book.add_note(customer, author.clone(), &text, at)
            .map(|_| book.customer(customer).map_or("", |found| found.name))
    };
    match added {
        Ok(name) => {
            app.announce(name, customer, &author, at);
            to_notes(customer)
        }
        Err(unkept) => {
            show_with(&app, visitor, customer, status_of(unkept), |page| {
                page.note_error = unkept.to_string();
                page.draft = text;
            })
            .await
        }
    }
}

/// `GET /customers/{customer}/notes/{note}`.
pub(super) async fn edit_note(
    State(app): State<App>,
    visitor: Visitor,
    At((customer, note)): At<(u32, u64)>,
) -> Response {
    note_page(&app, visitor, (customer, note), None).await
}

/// The form for a note; with a text that wasn't taken, and why.
async fn note_page(
    app: &App,
    visitor: Visitor,
    (customer, note): (u32, u64),
    refused: Option<(String, Unkept)>,
) -> Response {
    let found = app.book().customer(customer).cloned();
    let found = found.and_then(|customer| {
        let note = customer.notes.iter().find(|kept| kept.id == note).cloned();
        Some((customer, note?))
    });
    let Some((customer, note)) = found else {
        return pages::not_found(visitor).await;
    };
    let (status, text, error) = match refused {
        Some((text, unkept)) => (status_of(unkept), text, unkept.to_string()),
        None => (StatusCode::OK, note.text.clone(), String::new()),
    };
    let template = NotePage {
        visitor,
        customer,
        note,
        text,
        error,
    };
    page(status, &template)
}

/// `POST /customers/{customer}/notes/{note}`.
pub(super) async fn save_note(
    State(app): State<App>,
    visitor: Visitor,
    At((customer, note)): At<(u32, u64)>,
    form: Result<Form<NoteForm>, FormRejection>,
) -> Response {
    let text = match form {
        Ok(Form(form)) => form.text,
        Err(rejection) => return refused(visitor, &rejection),
    };
    let saved = app.book().edit_note(customer, note, &text);
    match saved {
        Ok(()) => to_notes(customer),
        Err(unkept) => note_page(&app, visitor, (customer, note), Some((text, unkept))).await,
    }
}

/// `POST /customers/{customer}/notes/{note}/delete`.
pub(super) async fn delete_note(
    State(app): State<App>,
    visitor: Visitor,
    At((customer, note)): At<(u32, u64)>,
) -> Response {
    let deleted = app.book().delete_note(customer, note);
    match deleted {
        Ok(()) => to_notes(customer),
        Err(_) => pages::not_found(visitor).await,
    }
}
