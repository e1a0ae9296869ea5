//! What a browser gets to see: templates (escaped by askama), static files, and the
//! answers to what isn't there.

use askama::Template;
use axum::{
    extract::{FromRequestParts, Path},
    response::{Html, IntoResponse, Response},
};
use http::{StatusCode, header, request::Parts};
use serde::de::DeserializeOwned;
use terms::Micros;

use super::{
    book::{Customer, Figures, Kept, MAX_NOTE_CHARS, Note},
    identity::Visitor,
};

/// The list of customers, with the live part beside it.
#[derive(Template)]
#[template(path = "list.html", config = "src/demo/app/askama.toml")]
pub(super) struct ListPage {
    pub(super) visitor: Visitor,
    /// What was searched for; empty for all.
    pub(super) wanted: String,
    pub(super) found: Vec<Customer>,
    pub(super) total: usize,
    pub(super) latest: Vec<(Customer, Note)>,
    pub(super) now: String,
}

/// One customer.
#[derive(Template)]
#[template(path = "customer.html", config = "src/demo/app/askama.toml")]
pub(super) struct CustomerPage {
    pub(super) visitor: Visitor,
    pub(super) customer: Customer,
    /// The text of a note that wasn't taken, to be mended.
    pub(super) draft: String,
    /// Why not; empty when nothing was wrong.
    pub(super) note_error: String,
    /// Why a file wasn't taken.
    pub(super) upload_error: String,
}

/// The form in which a note is changed.
#[derive(Template)]
#[template(path = "note.html", config = "src/demo/app/askama.toml")]
pub(super) struct NotePage {
    pub(super) visitor: Visitor,
    pub(super) customer: Customer,
    pub(super) note: Note,
    pub(super) text: String,
    pub(super) error: String,
}

/// The figures of the book, for the staff.
#[derive(Template)]
#[template(path = "office.html", config = "src/demo/app/askama.toml")]
pub(super) struct OfficePage {
    pub(super) visitor: Visitor,
    pub(super) figures: Figures,
}

#[derive(Template)]
#[template(path = "chat.html", config = "src/demo/app/askama.toml")]
struct ChatPage {
    visitor: Visitor,
}

#[derive(Template)]
#[template(path = "problem.html", config = "src/demo/app/askama.toml")]
struct ProblemPage {
    visitor: Visitor,
    title: &'static str,
    detail: &'static str,
}

/// What the address names, such as a customer's number. An address that can't name
/// one is not found, like every other that names nothing.
#[derive(Debug)]
pub(super) struct At<T>(pub(super) T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for At<T> {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Response> {
        match Path::from_request_parts(parts, state).await {
            Ok(Path(named)) => Ok(Self(named)),
            Err(_) => Err(not_found(Visitor::of(&parts.headers)).await),
        }
    }
}

/// A page with this status. What it shows may be somebody's: no cache keeps it.
pub(super) fn page(status: StatusCode, template: &impl Template) -> Response {
    match template.render() {
        Ok(html) => (status, [(header::CACHE_CONTROL, "no-store")], Html(html)).into_response(),
        Err(error) => {
            tracing::error!(%error, "a page of the sample application can't be rendered");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

/// A page that says what is wrong.
pub(super) fn problem(
    visitor: Visitor,
    status: StatusCode,
    title: &'static str,
    detail: &'static str,
) -> Response {
    page(
        status,
        &ProblemPage {
            visitor,
            title,
            detail,
        },
    )
}

/// The chat's page.
pub(super) fn chat(visitor: Visitor) -> Response {
    page(StatusCode::OK, &ChatPage { visitor })
}

/// 404, for every unknown address.
pub(super) async fn not_found(visitor: Visitor) -> Response {
    problem(
        visitor,
        StatusCode::NOT_FOUND,
        "Not found",
        "There is nothing at this address. It may have been deleted.",
    )
}

/// 405, for a known address with another method.
pub(super) async fn method_not_allowed(visitor: Visitor) -> Response {
    problem(
        visitor,
        StatusCode::METHOD_NOT_ALLOWED,
        "Not like this",
        "This address doesn't take requests of this method.",
    )
}

/// `GET /health`: 200 while the application serves.
pub(super) async fn health() -> Response {
    ([(header::CACHE_CONTROL, "no-store")], "ok\n").into_response()
}

/// `GET /static/{name}`: the style, the script, the icon.
pub(super) async fn asset(visitor: Visitor, At(name): At<String>) -> Response {
    let (kind, text) = match name.as_str() {
        "app.js" => (
            "text/javascript; charset=utf-8",
            include_str!("static/app.js"),
        ),
        "style.css" => ("text/css; charset=utf-8", include_str!("static/style.css")),
        "icon.svg" => ("image/svg+xml", include_str!("static/icon.svg")),
        _ => return not_found(visitor).await,
    };
    // Short, so that another version of the demo isn't shown in an old style for long.
    let headers = [
        (header::CONTENT_TYPE, kind),
        (header::CACHE_CONTROL, "public, max-age=300"),
    ];
    (headers, text).into_response()
}

/// `2026-11-23 14:05 UTC`.
pub(super) fn moment(at: Micros) -> String {
    let text = at.to_string();
    let (day, time) = text.split_once('T').unwrap_or((&text, ""));
    format!("{day} {} UTC", time.get(..5).unwrap_or_default())
}

/// `14:05:09 UTC`.
pub(super) fn clock_time(at: Micros) -> String {
    let text = at.to_string();
    let time = text.split_once('T').map_or("", |(_, time)| time);
    format!("{} UTC", time.get(..8).unwrap_or_default())
}

impl Note {
    fn when(&self) -> String {
        moment(self.at)
    }
}

impl Kept {
    fn when(&self) -> String {
        moment(self.at)
    }

    /// Its size with one decimal, in binary units.
    fn size(&self) -> String {
        const UNITS: [&str; 3] = ["KiB", "MiB", "GiB"];
        if self.bytes < 1024 {
            return format!("{} bytes", self.bytes);
        }
        // In tenths of a unit, rounded: no float, no surprise at 1023.95.
        let mut tenths = self.bytes.saturating_mul(10);
        let mut shown = "";
        for unit in UNITS {
            tenths = (tenths + 512) / 1024;
            shown = unit;
            if tenths < 10 * 1024 {
                break;
            }
        }
        format!("{}.{} {shown}", tenths / 10, tenths % 10)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_shown_in_utc() {
        let at = Micros(1_795_442_709_123_456);
        assert_eq!(moment(at), "2026-11-23 14:05 UTC");
        assert_eq!(clock_time(at), "14:05:09 UTC");
    }

    #[test]
    fn sizes_are_shown_in_binary_units() {
        let check = |bytes, expected: &str| {
            let kept = Kept {
                id: 1,
                name: String::new(),
                bytes,
                by: String::new(),
                at: Micros(0),
            };
            assert_eq!(kept.size(), expected);
        };
        check(0, "0 bytes");
        check(1023, "1023 bytes");
        check(1024, "1.0 KiB");
        check(1536, "1.5 KiB");
        check(1 << 20, "1.0 MiB");
        check(1 << 30, "1.0 GiB");
    }

    #[test]
    fn what_a_visitor_wrote_is_escaped() {
        let evil = "<script>alert('x')</script>";
        let mut book = super::super::book::Book::sample(Micros(0));
        book.add_note(1, evil.to_owned(), evil, Micros(0)).unwrap();
        let customer = book.customer(1).unwrap().clone();
        let page = CustomerPage {
            visitor: Visitor::default(),
            customer,
            draft: format!("</textarea>{evil}"),
            note_error: String::new(),
            upload_error: String::new(),
        };
        let html = page.render().unwrap();
        assert!(!html.contains("<script>"));
        assert_eq!(html.matches("</textarea>").count(), 1);
        assert!(html.contains("&#60;script&#62;"));
    }
}
