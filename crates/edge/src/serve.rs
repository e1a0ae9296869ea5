//! Step 6, serve: a prebuilt page, an own page by control, or the application.
//!
//! What is decided here needs no I/O; the protocol drivers carry the [`Plan`] out.

use guards::csrf::is_origin_of;
use h1::Framing;
use http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use seam::{
    Refusal, RefusalPage,
    prebuilt::{Document, Holed},
    snapshot::Tokens,
};
use terms::Language;

use crate::{
    compress,
    filters::Change,
    forward::write_head,
    guard::Admitted,
    handshake::Facts,
    know::{OwnPath, Visit},
    read::{Request, content_length},
    teeth,
};

/// What is to be done with a request.
pub(crate) enum Plan {
    /// Refused, by whichever step.
    Refuse(Refusal),
    /// Whoever asks is sent to another page.
    Redirect(http::Response<()>),
    /// Another proxy hears who asks.
    Vouch(http::Response<()>),
    /// A prebuilt page.
    Page(Page),
    /// A page that control answers: the head without authority.
    Own(http::Request<()>),
    /// The application's: its head stands in the forward buffer.
    Forward(Forward),
}

/// A prebuilt page for one visitor.
pub(crate) struct Page {
    pub(crate) document: Document,
    /// The client has it already (RFC 9110 section 13.1.2).
    pub(crate) unchanged: bool,
}

/// How a request goes to the application.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Forward {
    /// A WebSocket handshake.
    pub(crate) upgrade: bool,
    /// The client takes trailers: it says `te: trailers`.
    pub(crate) te: bool,
    /// May be sent again on another connection while nothing was answered: idempotent
    /// (RFC 9110 section 9.2.2) and without a body.
    pub(crate) replayable: bool,
}

/// Decides what serves an admitted request.
pub(crate) fn plan(
    admitted: &Admitted<'_>,
    visit: &Visit,
    facts: &Facts,
    forward: &mut Vec<u8>,
) -> Plan {
    let known = admitted.known();
    let request = known.request();
    match known.own() {
        // To an extended CONNECT a page's 200 would say that a tunnel stands.
        OwnPath::Ours if request.upgrade.is_some() => Plan::Refuse(Refusal::new(
            RefusalPage::BadRequest,
            "websocket-to-own-page",
        )),
        OwnPath::Ours => own(request, visit),
        OwnPath::Application if known.site().upstreams.is_empty() => {
            match portal_page(request, visit) {
                Some(location) => Plan::Redirect(see_other(location)),
                None => Plan::Refuse(Refusal::new(RefusalPage::NotFound, "no-application")),
            }
        }
        OwnPath::Application => {
            let te = write_head(request, known.site(), visit, facts, forward);
            let idempotent = matches!(
                request.method,
                "GET" | "HEAD" | "OPTIONS" | "PUT" | "DELETE"
            );
            Plan::Forward(Forward {
                upgrade: request.upgrade.is_some(),
                te,
                // Nothing of a tunnel goes on before it stands.
                replayable: idempotent
                    && matches!(request.framing, Framing::None | Framing::UntilClose),
            })
        }
    }
}

/// Whether what is at this path is published: always, unless a test cuts the control.
// promise: tls-report
fn is_published(path: &str) -> bool {
    let is_report = path.ends_with("security/tls") || path.ends_with("security/tls.json");
    !(teeth::cut("tls-report") && is_report)
}

fn own(request: &Request<'_>, visit: &Visit) -> Plan {
    if !is_published(request.path) {
        return Plan::Refuse(Refusal::new(RefusalPage::NotFound, "no-such-page"));
    }
    if let Some(page) = visit.local.prebuilt.page(request.path, visit.at) {
        if !matches!(request.method, "GET" | "HEAD") {
            return Plan::Refuse(Refusal::new(
                RefusalPage::MethodNotAllowed,
                "page-is-read-only",
            ));
        }
        let asked = request.query.and_then(Language::asked);
        let language = asked.unwrap_or_else(|| visit.language());
        let document = page.in_language(language).clone();
        let unchanged = has_it(request, &document.etag);
        return Plan::Page(Page {
            document,
            unchanged,
        });
    }
    match own_head(request) {
        Some(head) => Plan::Own(head),
        None => Plan::Refuse(Refusal::new(RefusalPage::BadRequest, "head-malformed")),
    }
}

/// Whether `If-None-Match` names this document, by the weak comparison (RFC 9110
/// section 13.1.2).
fn has_it(request: &Request<'_>, etag: &str) -> bool {
    let mut has = false;
    request.fields(|field| {
        if field.name.len() == 13 && field.name.eq_ignore_ascii_case("if-none-match") {
            has |= field
                .value
                .split(|byte| *byte == b',')
                .map(<[u8]>::trim_ascii)
                .any(|tag| {
                    tag == b"*" || tag.strip_prefix(b"W/").unwrap_or(tag) == etag.as_bytes()
                });
        }
    });
    has
}

/// What the portal, which has no application, has at addresses that people and password
/// managers know (<https://w3c.github.io/webappsec-change-password-url/>).
fn portal_page(request: &Request<'_>, visit: &Visit) -> Option<String> {
    let portal = visit.local.portal.as_deref()?;
    if !is_origin_of(portal.as_bytes(), request.authority) {
        return None;
    }
    let below = match (request.method, request.path) {
        ("GET" | "HEAD", "/") => "account",
        ("GET" | "HEAD", "/.well-known/change-password") => "account/security",
        _ => return None,
    };
    Some(format!("{}{below}", visit.local.prefix))
}

/// The head as control gets it: without hop-by-hop fields.
fn own_head(request: &Request<'_>) -> Option<http::Request<()>> {
    let mut target = request.path.to_owned();
    if let Some(query) = request.query {
        target.push('?');
        target.push_str(query);
    }
    let mut fields = HeaderMap::new();
    let mut whole = true;
    request.fields(|field| {
        if field.hop {
            return;
        }
        match (
            HeaderName::from_bytes(field.name.as_bytes()),
            HeaderValue::from_bytes(field.value),
        ) {
            (Ok(name), Ok(value)) => whole &= fields.try_append(name, value).is_ok(),
            _ => whole = false,
        }
    });
    let mut head = http::Request::new(());
    *head.method_mut() = Method::from_bytes(request.method.as_bytes()).ok()?;
    *head.uri_mut() = target.parse().ok()?;
    *head.headers_mut() = fields;
    whole.then_some(head)
}

/// 303 to a page of ours, for this one visitor.
pub(crate) fn see_other(location: String) -> http::Response<()> {
    let mut head = http::Response::new(());
    *head.status_mut() = http::StatusCode::SEE_OTHER;
    // Percent-encoded: a valid value.
    if let Ok(location) = HeaderValue::try_from(location) {
        head.headers_mut().insert(header::LOCATION, location);
    }
    let fields = [
        (header::CACHE_CONTROL, "no-store"),
        (header::CONTENT_LENGTH, "0"),
        (header::CONTENT_SECURITY_POLICY, guards::csp::BARE),
    ];
    for (name, value) in fields {
        head.headers_mut()
            .insert(name, HeaderValue::from_static(value));
    }
    head
}

/// What goes back to the client before it is hardened. Only the functions here make one.
pub(crate) struct Answer<'a> {
    status: u16,
    source: Source<'a>,
    length: Length,
    change: Change,
}

/// Where an answer's fields come from.
pub(crate) enum Source<'a> {
    /// The application's head.
    Application(h1::Fields<'a>),
    /// Control's head.
    Control(&'a HeaderMap),
    /// A prebuilt page or refusal.
    Prebuilt(Static<'a>),
}

/// The fields of prebuilt bytes.
pub(crate) struct Static<'a> {
    pub(crate) content_type: &'static str,
    pub(crate) csp: &'a str,
    pub(crate) cache_control: &'static str,
    pub(crate) etag: Option<&'a str>,
    pub(crate) retry_after: Option<u32>,
    pub(crate) allow: bool,
    /// Which credentials would do (RFC 9110 section 11.6.1).
    pub(crate) challenge: Option<&'static str>,
    pub(crate) varies: bool,
}

/// How long an answer's body is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Length {
    /// None follows; a length that is stated for HEAD or 304 stays.
    NoBody,
    /// This many bytes.
    Known(u64),
    /// Until it ends.
    Unknown,
}

impl<'a> Answer<'a> {
    /// The application's.
    pub(crate) const fn application(head: &h1::Answer<'a>, change: Change) -> Self {
        Self {
            status: head.status,
            source: Source::Application(head.fields),
            length: match head.framing {
                Framing::None => Length::NoBody,
                Framing::Length(length) if !change.is_other_bytes() => Length::Known(length),
                Framing::Length(_) | Framing::Chunked | Framing::UntilClose => Length::Unknown,
            },
            change,
        }
    }

    /// The application's consent to a WebSocket, as HTTP/2 says it (RFC 8441 section 5).
    pub(crate) const fn tunnel(head: &h1::Answer<'a>) -> Self {
        Self {
            status: 200,
            source: Source::Application(head.fields),
            length: Length::Unknown,
            change: Change::NONE,
        }
    }

    /// Control's, to a request whose method is HEAD or isn't.
    pub(crate) fn control(head: &'a http::Response<()>, head_only: bool) -> Self {
        let status = head.status().as_u16();
        // RFC 9112 section 6.3: these have no body, whatever their fields say.
        let length = if head_only || matches!(status, 204 | 304) {
            Length::NoBody
        } else {
            head.headers()
                .get(header::CONTENT_LENGTH)
                .and_then(|value| content_length(value.as_bytes()))
                .map_or(Length::Unknown, Length::Known)
        };
        Self {
            status,
            source: Source::Control(head.headers()),
            length,
            change: Change::NONE,
        }
    }

    /// A prebuilt page, or 304 where the client has it.
    pub(crate) fn page(page: &'a Page) -> Self {
        let document = &page.document;
        let length = u64::try_from(document.body.len()).unwrap_or(u64::MAX);
        Self {
            status: if page.unchanged { 304 } else { 200 },
            source: Source::Prebuilt(Static {
                content_type: document.content_type,
                csp: &document.csp,
                cache_control: document.cache_control,
                etag: Some(&document.etag),
                retry_after: None,
                allow: false,
                challenge: None,
                varies: true,
            }),
            length: if page.unchanged {
                Length::NoBody
            } else {
                Length::Known(length)
            },
            change: Change::NONE,
        }
    }

    /// A refusal, by its page where there is one.
    pub(crate) fn refusal(
        refusal: Refusal,
        page: Option<&'a Holed>,
        length: u64,
        tokens: Tokens,
    ) -> Self {
        Self {
            status: refusal.page.status(),
            source: Source::Prebuilt(Static {
                content_type: page.map_or("text/plain; charset=utf-8", |page| page.content_type),
                csp: page.map_or(guards::csp::BARE, |page| &page.csp),
                cache_control: "no-store",
                etag: None,
                retry_after: refusal.retry_after,
                allow: refusal.page == RefusalPage::MethodNotAllowed,
                challenge: (refusal.page == RefusalPage::Unauthorized).then_some(match tokens {
                    // A browser would ask for a name and password by `Basic`.
                    Tokens::Basic => "Basic realm=\"app password\", charset=\"UTF-8\"",
                    Tokens::None | Tokens::Bearer => "Bearer",
                }),
                varies: false,
            }),
            length: Length::Known(length),
            change: Change::NONE,
        }
    }

    pub(crate) const fn compression(&self) -> compress::Verdict {
        self.change.compression
    }

    pub(crate) const fn change(&self) -> Change {
        self.change
    }

    pub(crate) const fn status(&self) -> u16 {
        self.status
    }

    pub(crate) const fn source(&self) -> &Source<'a> {
        &self.source
    }

    pub(crate) const fn length(&self) -> Length {
        self.length
    }
}
