//! What every own page with a form needs: its fields, its token, its cookies, its answer.

use std::time::Duration;

use axum::{
    body::{Body, to_bytes},
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse as _, Response},
};
use pages::{EXPIRY_DAYS, FieldProblem, Page, RefusalKind};
use seam::{
    Session,
    sessions::{DEVICE_COOKIE, SESSION_COOKIE, START_COOKIE, is_secret},
};
use store::{MAX_DISPLAY_BYTES, Purpose, Store};
use terms::Secret;

use crate::{mail::mailbox, socket::accounts::TOKEN_NAME_MAX, teeth};

/// Largest form, in bytes: a password of a megabyte is none.
const FORM_MAX: usize = 64 * 1024;
/// Fields of a form.
const FIELDS_MAX: usize = 256;

/// The fields of a form (`application/x-www-form-urlencoded`). Wiped when dropped.
pub(crate) struct Form(Vec<(String, Secret<String>)>);

/// Why a form can't be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FormError {
    /// Longer than [`FORM_MAX`]: 413.
    TooLong,
    /// Of another type, or broken: 400.
    Malformed,
}

impl From<FormError> for RefusalKind {
    fn from(error: FormError) -> Self {
        match error {
            FormError::TooLong => Self::PayloadTooLarge,
            FormError::Malformed => Self::BadRequest,
        }
    }
}

impl Form {
    /// Reads a request's body.
    pub(crate) async fn read(headers: &HeaderMap, body: Body) -> Result<Self, FormError> {
        let kind = headers
            .get(header::CONTENT_TYPE)
            .and_then(|kind| kind.to_str().ok())
            .and_then(|kind| kind.split(';').next());
        if !kind.is_some_and(|kind| {
            kind.trim()
                .eq_ignore_ascii_case("application/x-www-form-urlencoded")
        }) {
            return Err(FormError::Malformed);
        }
        let stated = headers
            .get(header::CONTENT_LENGTH)
            .and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
        if stated.is_some_and(|length| length > FORM_MAX) {
            return Err(FormError::TooLong);
        }
        match to_bytes(body, FORM_MAX).await {
            Ok(bytes) => Self::parse(&bytes).ok_or(FormError::Malformed),
            // Cut, or beyond the limit; whoever is still there hears of the limit.
            Err(_) => Err(FormError::TooLong),
        }
    }

    fn parse(bytes: &[u8]) -> Option<Self> {
        let mut fields = Vec::new();
        for pair in bytes
            .split(|byte| *byte == b'&')
            .filter(|it| !it.is_empty())
        {
            if fields.len() == FIELDS_MAX {
                return None;
            }
            let equals = pair.iter().position(|byte| *byte == b'=');
            let (name, value) = pair.split_at_checked(equals.unwrap_or(pair.len()))?;
            let value = value.strip_prefix(b"=").unwrap_or_default();
            fields.push((decoded(name)?, Secret::new(decoded(value)?)));
        }
        Some(Self(fields))
    }

    /// A field that stands there once; empty where it is missing.
    pub(crate) fn text(&self, name: &str) -> &str {
        let mut found = self.0.iter().filter(|(field, _)| field == name);
        match (found.next(), found.next()) {
            (Some((_, value)), None) => value.expose(),
            _ => "",
        }
    }

    /// A field whose value must not be seen.
    pub(crate) fn secret(&self, name: &str) -> Secret<String> {
        Secret::new(self.text(name).to_owned())
    }

    /// Every field, in their order.
    pub(crate) fn fields(&self) -> impl Iterator<Item = (&str, &str)> {
        let fields = self.0.iter();
        fields.map(|(name, value)| (name.as_str(), value.expose().as_str()))
    }

    /// Every value of a field.
    pub(crate) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        let named = self.0.iter().filter(move |(field, _)| field == name);
        named.map(|(_, value)| value.expose().as_str())
    }
}

/// What a token or app password is called, in the field `name`.
pub(crate) fn label(form: &Form) -> Result<String, FieldProblem> {
    let label = form.text("name").trim();
    if label.is_empty() {
        return Err(FieldProblem::Missing);
    }
    if label.chars().count() > TOKEN_NAME_MAX {
        let most = u32::try_from(TOKEN_NAME_MAX).unwrap_or(u32::MAX);
        return Err(FieldProblem::TooLong { most });
    }
    if label.chars().any(char::is_control) {
        return Err(FieldProblem::Malformed);
    }
    Ok(label.to_owned())
}

/// How long it holds: one of the choices of the field `days`.
pub(crate) fn days(form: &Form) -> Result<Duration, FieldProblem> {
    let days = form.text("days").parse::<u16>().ok();
    let days = days.filter(|days| EXPIRY_DAYS.contains(days));
    let days = days.ok_or(FieldProblem::Unknown)?;
    Ok(Duration::from_secs(u64::from(days) * 86_400))
}

/// Whether a text is longer than a name for people, or an address, may be.
pub(crate) fn length(text: &str) -> Option<FieldProblem> {
    let most = u32::try_from(MAX_DISPLAY_BYTES).unwrap_or(u32::MAX);
    (text.len() > MAX_DISPLAY_BYTES).then_some(FieldProblem::TooLong { most })
}

/// An address to which mail may go; `None` where nothing was typed.
pub(crate) fn email(text: &str) -> Result<Option<Secret<String>>, FieldProblem> {
    if text.trim().is_empty() {
        return Ok(None);
    }
    if let Some(problem) = length(text.trim()) {
        return Err(problem);
    }
    match mailbox(text) {
        Some(kept) => Ok(Some(kept)),
        None => Err(FieldProblem::Malformed),
    }
}

/// `+` and percent-encoding undone (WHATWG URL section 5.1); `None` for what isn't UTF-8.
pub(crate) fn decoded(text: &[u8]) -> Option<String> {
    let digit = |byte: Option<&u8>| char::from(*byte?).to_digit(16);
    let mut bytes = Vec::with_capacity(text.len());
    let mut at = 0;
    while let Some(&byte) = text.get(at) {
        at += 1;
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => {
                let (high, low) = (digit(text.get(at))?, digit(text.get(at + 1))?);
                at += 2;
                u8::try_from(high * 16 + low).ok()?
            }
            other => other,
        });
    }
    String::from_utf8(bytes).ok()
}

/// A value of a query, where it stands there once.
pub(crate) fn query(query: Option<&str>, name: &str) -> Option<String> {
    let pairs = query?.split('&').filter_map(|pair| pair.split_once('='));
    let mut found = pairs.filter(|(field, _)| *field == name);
    match (found.next(), found.next()) {
        (Some((_, value)), None) => decoded(value.as_bytes()),
        _ => None,
    }
}

/// A cookie of ours, where it stands there once.
pub(super) fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a [u8]> {
    let fields = headers.get_all(header::COOKIE).iter();
    let pairs = fields.flat_map(|field| field.as_bytes().split(|byte| *byte == b';'));
    let mut found = pairs.filter_map(|pair| {
        let rest = pair.trim_ascii_start().strip_prefix(name.as_bytes())?;
        rest.strip_prefix(b"=").map(<[u8]>::trim_ascii_end)
    });
    match (found.next(), found.next()) {
        (Some(value), None) => Some(value),
        _ => None,
    }
}

/// The secret of a cookie of ours, byte for byte.
pub(crate) fn secret_cookie(headers: &HeaderMap, name: &str) -> Option<Secret<String>> {
    let secret = cookie(headers, name).filter(|it| is_secret(it))?;
    Some(Secret::new(std::str::from_utf8(secret).ok()?.to_owned()))
}

/// The cookie of a browser that begins to sign in.
pub(crate) fn start_cookie(headers: &HeaderMap) -> Option<Secret<String>> {
    secret_cookie(headers, START_COOKIE)
}

/// The start cookie of a browser whose form bears the token that belongs to it.
pub(crate) fn started(form: &Form, headers: &HeaderMap, store: &Store) -> Option<Secret<String>> {
    start_cookie(headers).filter(|start| has_token(form, store, Bound::Start(start.expose())))
}

/// Where somebody goes on to, as the form before had it.
pub(crate) fn request(form: &Form) -> Option<String> {
    Some(form.text("request").to_owned()).filter(|it| !it.is_empty())
}

/// The cookie of a browser that has signed in before.
pub(crate) fn device_cookie(headers: &HeaderMap) -> Option<Secret<String>> {
    secret_cookie(headers, DEVICE_COOKIE)
}

/// A `Set-Cookie` of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cookie {
    /// The session: until the browser ends, or the session does.
    Session,
    /// The session is over.
    SessionGone,
    /// For ten minutes; a cross-site POST brings it along.
    Start,
    /// For 400 days, the longest there is (RFC 6265bis section 5.5).
    Device,
}

impl Cookie {
    /// The field's value.
    fn value(self, secret: &str) -> String {
        let (name, rest) = match self {
            Self::Session => (SESSION_COOKIE, "SameSite=Lax"),
            Self::SessionGone => (SESSION_COOKIE, "SameSite=Lax; Max-Age=0"),
            Self::Start => (START_COOKIE, "SameSite=None; Max-Age=600"),
            Self::Device => (DEVICE_COOKIE, "SameSite=Lax; Max-Age=34560000"),
        };
        format!("{name}={secret}; Path=/; Secure; HttpOnly; {rest}")
    }

    /// Adds it to an answer.
    pub(crate) fn set(self, secret: &str, answer: &mut Response) {
        if let Ok(value) = HeaderValue::try_from(self.value(secret)) {
            answer.headers_mut().append(header::SET_COOKIE, value);
        }
    }
}

/// What a form's token is bound to.
#[derive(Clone, Copy)]
pub(crate) enum Bound<'a> {
    /// A session.
    Session(&'a Session),
    /// A browser that hasn't signed in, by its start cookie.
    Start(&'a str),
}

/// The token of a form: an HMAC, so that nothing is kept of it.
pub(crate) fn token(store: &Store, bound: Bound<'_>) -> Secret<String> {
    let text = match bound {
        Bound::Session(session) => format!("form of session {}", session.public_name()),
        Bound::Start(secret) => format!("form of browser {secret}"),
    };
    Secret::new(terms::base64url(&store.keyed_hash(Purpose::SignIn, &text)))
}

/// Whether a form bears its token.
pub(crate) fn has_token(form: &Form, store: &Store, bound: Bound<'_>) -> bool {
    bears(form, &token(store, bound))
}

/// Whether a form bears this token; told in constant time.
// promise: csrf
pub(crate) fn bears(form: &Form, token: &Secret<String>) -> bool {
    let (given, expected) = (form.text("token").as_bytes(), token.expose().as_bytes());
    aws_lc_rs::constant_time::verify_slices_are_equal(given, expected).is_ok() || teeth::cut("csrf")
}

/// A page for one visitor: nobody keeps it.
pub(crate) fn page(status: StatusCode, page: Page) -> Response {
    let headers = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8".to_owned()),
        (header::CACHE_CONTROL, "no-store".to_owned()),
        (header::CONTENT_SECURITY_POLICY, page.csp),
    ];
    (status, headers, page.html).into_response()
}

/// 303 to another page.
pub(crate) fn see_other(location: &str) -> Response {
    let headers = [
        (header::LOCATION, location),
        (header::CACHE_CONTROL, "no-store"),
        (header::CONTENT_SECURITY_POLICY, guards::csp::BARE),
    ];
    let fields: Vec<(HeaderName, String)> = headers
        .into_iter()
        .map(|(name, value)| (name, value.to_owned()))
        .collect();
    let mut answer = StatusCode::SEE_OTHER.into_response();
    for (name, value) in fields {
        if let Ok(value) = HeaderValue::try_from(value) {
            answer.headers_mut().insert(name, value);
        }
    }
    answer
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_is_read_as_browsers_write_it_and_a_field_twice_is_none() {
        let form = Form::parse(b"name=a%20b+c&x=%C3%A9&empty=&twice=1&twice=2&&bare").unwrap();
        assert_eq!(form.text("name"), "a b c");
        assert_eq!(form.text("x"), "é");
        for absent in ["empty", "twice", "bare", "nothing"] {
            assert_eq!(form.text(absent), "", "{absent}");
        }
        assert_eq!(form.all("twice").collect::<Vec<_>>(), ["1", "2"]);
        for broken in [&b"a=%"[..], b"a=%f", b"a=%ff", b"a=%zz"] {
            assert!(Form::parse(broken).is_none());
        }
        let many = "a=1&".repeat(FIELDS_MAX + 1);
        assert!(Form::parse(many.as_bytes()).is_none());
    }

    #[test]
    fn a_cookie_counts_once_and_byte_for_byte() {
        let secret = "A".repeat(43);
        let read = |fields: &[String]| {
            let mut headers = HeaderMap::new();
            for field in fields {
                headers.append(header::COOKIE, field.parse().unwrap());
            }
            start_cookie(&headers).map(|it| it.expose().clone())
        };
        let ours = format!("__Host-Http-waarborg-start={secret}");
        assert_eq!(read(&[format!("a=1; {ours}")]), Some(secret));
        assert_eq!(read(&[format!("{ours}; {ours}")]), None);
        assert_eq!(read(&[ours.to_lowercase()]), None);
        assert_eq!(read(&[format!("{ours}A")]), None);
        assert_eq!(read(&[ours.clone(), ours]), None);
    }

    #[test]
    fn an_address_has_one_sign_with_something_on_both_sides() {
        for good in ["a@b", " Ada@Example.com "] {
            let kept = email(good).unwrap().unwrap();
            assert_eq!(*kept.expose(), good.trim().to_lowercase());
        }
        assert_eq!(email("  "), Ok(None));
        for bad in ["ada", "@b", "a@", "a@b@c", "a b@c", "a@b\nBcc: x@y"] {
            assert_eq!(email(bad), Err(FieldProblem::Malformed), "{bad}");
        }
        let long = format!("{}@b", "a".repeat(MAX_DISPLAY_BYTES));
        assert!(matches!(email(&long), Err(FieldProblem::TooLong { .. })));
    }

    #[test]
    fn a_query_field_counts_once() {
        assert_eq!(query(Some("a=1&b=%2Fx%3Fy"), "b").as_deref(), Some("/x?y"));
        assert_eq!(query(Some("b=1&b=2"), "b"), None);
        assert_eq!(query(Some("b"), "b"), None);
        assert_eq!(query(None, "b"), None);
    }

    #[test]
    fn cookies_are_for_this_host_only_and_no_script_reads_them() {
        for kind in [
            Cookie::Session,
            Cookie::SessionGone,
            Cookie::Start,
            Cookie::Device,
        ] {
            let value = kind.value("x");
            assert!(value.starts_with("__Host-Http-waarborg"), "{value}");
            assert!(
                value.contains("; Path=/; Secure; HttpOnly; SameSite="),
                "{value}"
            );
            assert!(!value.contains("Domain"), "{value}");
        }
    }
}
