//! Forward-auth: another proxy asks about each of its own requests whether whoever sent it
//! may (nginx's `auth_request`, Caddy's `forward_auth`, Traefik's `forwardAuth`).
//!
//! It asks at `{prefix}auth` with the fields of that request, and says method and target in
//! fields of its own: nginx in `X-Original-Method` and `X-Original-URL`, the others in
//! `X-Forwarded-Method` and `X-Forwarded-Uri`. The question is then judged as if the request
//! itself had come. Only trusted proxies may ask; and since proxies pass on what clients
//! send, a question that is put in both ways, or in one of them twice, is refused.

use http::{HeaderName, HeaderValue, header};
use seam::{Refusal, RefusalPage};

use crate::{
    accept::Speaker, assertion, guard::Denied, handshake::Facts, know::Visit, read::Request,
    worker::Local, worker::Worker,
};

const ASSERTION: &str = "waarborg-assertion";

/// Who asks, by the fields it uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Caller {
    /// Understands 200, 401 and 403, and takes everything else for a fault of its own.
    Nginx,
    /// Hands on every answer but 2xx to whoever asked.
    Other,
}

/// A field that may stand there once.
#[derive(Default)]
struct Once<'a> {
    value: Option<&'a [u8]>,
    twice: bool,
}

impl<'a> Once<'a> {
    fn take(&mut self, value: &'a [u8]) {
        self.twice |= self.value.is_some();
        self.value = Some(value);
    }
}

/// The request that is asked about, where one is; every other request as it is.
pub(crate) fn asked<'a>(
    request: Request<'a>,
    facts: &Facts,
    local: &Local,
) -> Result<(Request<'a>, Option<Caller>), Refusal> {
    if request.path.strip_prefix(&*local.prefix) != Some("auth") {
        return Ok((request, None));
    }
    if facts.speaker != Speaker::Proxy {
        return Err(Refusal::new(RefusalPage::NotFound, "not-a-trusted-proxy"));
    }
    let refuse = |reason| Err(Refusal::new(RefusalPage::BadRequest, reason));
    let [mut url, mut uri, mut method, mut forwarded, mut host] = <[Once<'_>; 5]>::default();
    // Callers keep `Upgrade` to themselves, but not this.
    let mut socket = false;
    request.fields(|field| match field.name.len() {
        17 if field.name.eq_ignore_ascii_case("sec-websocket-key") => socket = true,
        14 if field.name.eq_ignore_ascii_case("x-original-url") => url.take(field.value),
        17 if field.name.eq_ignore_ascii_case("x-original-method") => method.take(field.value),
        15 if field.name.eq_ignore_ascii_case("x-forwarded-uri") => uri.take(field.value),
        16 if field.name.eq_ignore_ascii_case("x-forwarded-host") => host.take(field.value),
        18 if field.name.eq_ignore_ascii_case("x-forwarded-method") => {
            forwarded.take(field.value);
        }
        _ => {}
    });
    let all = [&url, &uri, &method, &forwarded, &host];
    if all.iter().any(|field| field.twice) {
        return refuse("question-twice");
    }
    let (caller, target, method) = match (url.value, uri.value) {
        (Some(target), None) => (Caller::Nginx, target, method.value),
        (None, Some(target)) => (Caller::Other, target, forwarded.value),
        (Some(_), Some(_)) => return refuse("question-in-two-ways"),
        (None, None) => return refuse("question-missing"),
    };
    let (Some(method), Some((authority, path, query))) = (method.and_then(token), read(target))
    else {
        return refuse("question-malformed");
    };
    let named = match caller {
        Caller::Nginx => authority,
        Caller::Other => authority.or(host.value.and_then(plain)),
    };
    let authority = named.unwrap_or(request.authority);
    if path.starts_with(&*local.prefix) {
        // The caller hands own pages on without asking; what it takes for another page
        // than the one that is named here (`/-/../x`) is nobody's own page.
        return Err(Refusal::new(RefusalPage::Forbidden, "question-of-own-page"));
    }
    let upgrade = if socket {
        Some("websocket")
    } else {
        request.upgrade
    };
    let request = request.about(method, authority, (path, query), upgrade);
    Ok((request, Some(caller)))
}

/// A method (RFC 9110 section 9.1).
fn token(value: &[u8]) -> Option<&str> {
    let fits = !value.is_empty() && value.len() <= 32 && value.iter().all(u8::is_ascii_uppercase);
    fits.then(|| plain(value)).flatten()
}

/// Visible ASCII.
fn plain(value: &[u8]) -> Option<&str> {
    let text = std::str::from_utf8(value).ok()?;
    text.bytes()
        .all(|byte| byte.is_ascii_graphic())
        .then_some(text)
}

type Target<'a> = (Option<&'a str>, &'a str, Option<&'a str>);

/// Authority, where it is said, path and query.
fn read(value: &[u8]) -> Option<Target<'_>> {
    let text = plain(value).filter(|text| !text.contains('#'))?;
    let whole = ["https://", "http://"];
    let rest = whole.iter().find_map(|scheme| text.strip_prefix(scheme));
    let (authority, target) = match rest {
        Some(rest) => {
            let slash = rest.find('/')?;
            let (authority, target) = rest.split_at_checked(slash)?;
            (Some(authority), target)
        }
        None => (None, text),
    };
    if !target.starts_with('/') {
        return None;
    }
    let (path, query) = match target.split_once('?') {
        Some((path, query)) => (path, Some(query)),
        None => (target, None),
    };
    Some((authority, path, query))
}

/// What is said to whoever may not, in words that the caller understands.
pub(crate) fn denied(denied: Denied, caller: Caller) -> Denied {
    match (denied, caller) {
        (Denied::Refused(refusal), Caller::Nginx)
            if !matches!(
                refusal.page,
                RefusalPage::Unauthorized
                    | RefusalPage::Forbidden
                    | RefusalPage::Blocked
                    | RefusalPage::Banned
            ) =>
        {
            Denied::Refused(Refusal::new(RefusalPage::Forbidden, refusal.reason))
        }
        (denied, _) => denied,
    }
}

/// 401 with the way to sign in, which nginx can be told to follow.
pub(crate) fn unknown(location: String) -> http::Response<()> {
    let mut head = crate::serve::see_other(location);
    *head.status_mut() = http::StatusCode::UNAUTHORIZED;
    head
}

/// Who it is, for whoever may. Each field is there, empty where nothing is known: callers
/// that copy one that is missing put their own text in its place, or leave the client's.
pub(crate) fn known(visit: &Visit) -> http::Response<()> {
    let mut head = http::Response::new(());
    let fields = head.headers_mut();
    for (name, value) in [
        (header::CACHE_CONTROL, "no-store"),
        (header::CONTENT_LENGTH, "0"),
        (header::CONTENT_SECURITY_POLICY, guards::csp::BARE),
    ] {
        fields.insert(name, HeaderValue::from_static(value));
    }
    let person = visit.session.as_ref().map(|session| &session.person);
    for (name, value) in [
        ("remote-user", person.map(|it| &it.name)),
        ("remote-name", person.map(|it| &it.display)),
        ("remote-email", person.map(|it| &it.email)),
        ("remote-groups", person.map(|it| &it.groups)),
        (ASSERTION, None),
    ] {
        let value = value.map_or(&b""[..], |value| value.as_bytes());
        if let Ok(value) = HeaderValue::from_bytes(value) {
            fields.insert(HeaderName::from_static(name), value);
        }
    }
    head
}

/// Adds the assertion, fresh, as the application would have got it.
pub(crate) async fn vouch(
    worker: &Worker,
    visit: &Visit,
    head: &mut http::Response<()>,
) -> Result<(), Refusal> {
    if let Some(assertion) = assertion::current(worker, visit).await?
        && let Ok(value) = HeaderValue::from_str(&assertion.text)
    {
        head.headers_mut().insert(ASSERTION, value);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_is_a_path_or_a_whole_address_and_nothing_else() {
        assert_eq!(read(b"/a?b=c?d"), Some((None, "/a", Some("b=c?d"))));
        assert_eq!(
            read(b"https://app.test:8443/a"),
            Some((Some("app.test:8443"), "/a", None))
        );
        for wrong in [
            &b""[..],
            b"a",
            b"//",
            b"https://app.test",
            b"ftp://app.test/",
            b"/a b",
            b"/a#b",
            b"/\xc3\xa9",
        ] {
            let expected = (wrong == b"//").then_some((None, "//", None));
            assert_eq!(read(wrong), expected, "{wrong:?}");
        }
        assert_eq!(token(b"GET"), Some("GET"));
        for wrong in [&b""[..], b"get", b"GET /", b"G\xff"] {
            assert_eq!(token(wrong), None);
        }
    }
}
