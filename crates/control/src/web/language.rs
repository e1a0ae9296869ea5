//! The language that a visitor chose on a page of ours, kept by their browser: a form is
//! answered in it too, and so is the next page.

use axum::{
    extract::Request,
    http::{HeaderMap, HeaderValue, header},
    middleware::Next,
    response::Response,
};
use seam::{own::OwnKnown, sessions::LANGUAGE_COOKIE};
use terms::Language;

use super::form;

/// Sets the language of a request: what its address asks for, else what was chosen before,
/// else what the browser prefers. A choice is kept for 400 days.
pub(super) async fn chosen(mut request: Request, next: Next) -> Response {
    let asked = request.uri().query().and_then(Language::asked);
    let language = asked.or_else(|| kept(request.headers()));
    if let (Some(language), Some(known)) =
        (language, request.extensions_mut().get_mut::<OwnKnown>())
    {
        known.language = language;
    }
    let mut answer = next.run(request).await;
    if let Some(language) = asked {
        let cookie = format!(
            "{LANGUAGE_COOKIE}={}; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=34560000",
            language.tag()
        );
        if let Ok(cookie) = HeaderValue::try_from(cookie) {
            answer.headers_mut().append(header::SET_COOKIE, cookie);
        }
    }
    answer
}

fn kept(headers: &HeaderMap) -> Option<Language> {
    let tag = form::cookie(headers, LANGUAGE_COOKIE)?;
    Language::ALL
        .into_iter()
        .find(|ours| ours.tag().as_bytes() == tag)
}
