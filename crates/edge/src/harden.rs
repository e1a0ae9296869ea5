//! Step 7, harden: the headers that every answer leaves with.
// promise: hsts csp

use std::{fmt, io::Write as _};

use guards::{
    csp::{self, BARE},
    hsts::Sent,
    throttle::Standing,
};
use seam::record::Version;

use crate::{
    compress,
    csrf::{COOKIE, Issued},
    forward::sets_our_cookie,
    know::Visit,
    serve::{Answer, Length, Source, Static},
    teeth,
    throttle::seconds,
    weaknesses,
    worker::Worker,
};

/// A head that may leave: only [`harden`] makes one.
pub(crate) struct Hardened {
    status: u16,
    length: Length,
}

/// Where a hardened head is written: bytes for HTTP/1, a compressed block for HTTP/2.
pub(crate) trait HeadSink {
    /// The status; comes first.
    fn status(&mut self, status: u16);
    /// One field. Name and value are already valid.
    fn field(&mut self, name: &str, value: &[u8]);
    /// One field whose value goes on with `more`.
    fn longer_field(&mut self, name: &str, value: &[u8], more: &str);
}

/// An HTTP/1 head under way.
impl HeadSink for Vec<u8> {
    fn status(&mut self, status: u16) {
        h1::write::status_line(self, status);
    }

    fn field(&mut self, name: &str, value: &[u8]) {
        h1::write::field(self, name, value);
    }

    fn longer_field(&mut self, name: &str, value: &[u8], more: &str) {
        h1::write::field(self, name, value);
        // Before the end of the line.
        self.truncate(self.len() - 2);
        self.extend_from_slice(more.as_bytes());
        self.extend_from_slice(b"\r\n");
    }
}

/// A head that waits until it is known whether it may leave.
#[derive(Default)]
pub(crate) struct Kept {
    status: u16,
    fields: Vec<(String, Vec<u8>)>,
}

impl Kept {
    /// Writes it.
    pub(crate) fn write(&self, sink: &mut impl HeadSink) {
        sink.status(self.status);
        for (name, value) in &self.fields {
            sink.field(name, value);
        }
    }
}

impl HeadSink for Kept {
    fn status(&mut self, status: u16) {
        self.status = status;
    }

    fn field(&mut self, name: &str, value: &[u8]) {
        self.fields.push((name.to_owned(), value.to_owned()));
    }

    fn longer_field(&mut self, name: &str, value: &[u8], more: &str) {
        self.field(name, &[value, more.as_bytes()].concat());
    }
}

/// What the application said itself.
#[derive(Default)]
struct Said {
    nosniff: bool,
    referrer: bool,
    date: bool,
    /// It decides itself who may frame it.
    framing: bool,
    /// The same by `X-Frame-Options`, as a policy says it.
    frame_options: Option<&'static [u8]>,
    /// It says so in a policy, or in a way that browsers don't read: one of ours holds beside
    /// it.
    open_framing: bool,
    /// It has some policy of its own.
    objects: bool,
    /// It decides itself who may keep hold of its windows.
    opener: bool,
    /// What it sends is shown as a page.
    page: bool,
    /// It states limits of its own.
    limits: bool,
    /// Caches that many share may keep it.
    shared: bool,
}

/// Writes the head: the answer's own fields without those that are the connection's or
/// ours, then the headers that every answer carries. The application's own headers are
/// never weakened.
pub(crate) fn harden(
    answer: &Answer<'_>,
    visit: &Visit,
    worker: &Worker,
    sink: &mut impl HeadSink,
) -> Hardened {
    sink.status(answer.status());
    let mut said = Said::default();
    let mut hsts = None;
    match answer.source() {
        Source::Application(fields) => {
            let stores = !is_nonced_page(visit, fields) && !answer.change().filled;
            for field in fields.iter() {
                if !field.hop && (stores || !lets_keep(field.name)) {
                    weaknesses::field(visit, field.name, field.value, worker);
                    application(field.name, field.value, answer, &mut said, &mut hsts, sink);
                }
            }
        }
        Source::Control(fields) => {
            let mut referrer = false;
            let mut policy = teeth::cut("csp");
            for (name, value) in *fields {
                match name.as_str() {
                    // The connection's, or written below.
                    "connection"
                    | "keep-alive"
                    | "transfer-encoding"
                    | "upgrade"
                    | "strict-transport-security"
                    | "x-content-type-options"
                    | "x-request-id" => {
                        continue;
                    }
                    "content-length" if answer.length() != Length::NoBody => continue,
                    "content-security-policy" if teeth::cut("csp") => continue,
                    "content-security-policy" => policy = true,
                    "date" if said.date => continue,
                    "date" => said.date = true,
                    "referrer-policy" => referrer = true,
                    _ => {}
                }
                sink.field(name.as_str(), value.as_bytes());
            }
            own_page(referrer, sink);
            if !policy {
                sink.field(POLICY, BARE.as_bytes());
            }
            said = Said {
                date: said.date,
                ..Said::all()
            };
        }
        Source::Prebuilt(page) => {
            prebuilt(page, sink);
            own_page(false, sink);
            said = Said::all();
        }
    }
    if !said.date {
        sink.field("date", worker.date().as_bytes());
    }
    if let (Length::Known(length), false) =
        (answer.length(), visit.head_only && is_application(answer))
    {
        let mut digits = [0; 20];
        sink.field("content-length", decimal(length, &mut digits));
    }
    if !said.nosniff {
        sink.field("x-content-type-options", b"nosniff");
    }
    if !said.referrer {
        sink.field("referrer-policy", b"strict-origin-when-cross-origin");
    }
    if is_application(answer) && !teeth::cut("csp") {
        policies(answer, visit, &said, sink);
    }
    if let compress::Verdict::Compressed(coding) = answer.compression() {
        sink.field("content-encoding", coding.token().as_bytes());
    }
    if answer.compression() != compress::Verdict::Plain {
        sink.field("vary", b"accept-encoding");
    }
    if answer.change().filled {
        // promise: csrf
        sink.field("cache-control", b"private, no-store");
    }
    if answer.change().isolated {
        // promise: xss
        sink.field("cross-origin-opener-policy", b"same-origin");
        sink.field("cross-origin-resource-policy", b"same-origin");
        if said.open_framing {
            sink.field("content-security-policy", b"frame-ancestors 'self'");
        }
    } else if said.page && !said.opener {
        // Sign-in by a pop-up window goes on working.
        sink.field("cross-origin-opener-policy", b"same-origin-allow-popups");
    }
    if let Some(issued) = &visit.csrf
        && issued.told
        && is_application(answer)
        && !said.shared
    {
        csrf_cookie(issued, sink);
    }
    if let (Some(standing), false) = (visit.standing, said.limits) {
        rate_limit(standing, sink);
    }
    sink.field("x-request-id", &visit.id.hex());
    if !teeth::cut("hsts") {
        strict_transport(visit, hsts, sink);
        worker.counters.hsts.add(1);
    }
    Hardened {
        status: answer.status(),
        length: answer.length(),
    }
}

impl Said {
    /// Own pages bring all of it themselves.
    const fn all() -> Self {
        Self {
            nosniff: true,
            referrer: true,
            date: false,
            framing: true,
            frame_options: None,
            open_framing: false,
            objects: true,
            opener: true,
            page: false,
            limits: false,
            shared: false,
        }
    }
}

const fn is_application(answer: &Answer<'_>) -> bool {
    matches!(answer.source(), Source::Application(_))
}

const POLICY: &str = "content-security-policy";
const REPORT_ONLY: &str = "content-security-policy-report-only";

/// Writes the site's policy as a header of its own, beside those of the application, which
/// stay as they are: browsers allow what all of them allow (CSP level 3, section 8.1).
/// Where none is enforced, what every page has that states nothing of it itself.
fn policies(answer: &Answer<'_>, visit: &Visit, said: &Said, sink: &mut impl HeadSink) {
    let sent = visit.site().map(|site| &site.csp);
    let sent = sent.unwrap_or(&csp::Sent::Nothing);
    let (name, value) = match sent {
        csp::Sent::Enforced(value) => {
            // Browsers pass over `X-Frame-Options` where a policy states `frame-ancestors`
            // (section 6.4.2), so it is said once more as one.
            if let Some(framing) = said.frame_options {
                sink.field(POLICY, framing);
            }
            (POLICY, value)
        }
        csp::Sent::ReportOnly(value) => {
            floor(said, sink);
            if !said.page {
                return;
            }
            (REPORT_ONLY, value)
        }
        csp::Sent::Nothing => return floor(said, sink),
    };
    match (value.after(), &visit.nonce) {
        (None, _) => sink.field(name, value.before().as_bytes()),
        // The page that the client has keeps its own header, with the nonce that is in it
        // (RFC 9111 section 3.2).
        (Some(_), _) if answer.status() == 304 => return,
        (Some(after), nonce) => {
            let nonce = nonce.as_deref().unwrap_or_default();
            let whole = [value.before(), nonce, after].concat();
            sink.field(name, whole.as_bytes());
            if said.page && !answer.change().filled {
                sink.field("cache-control", b"no-store");
            }
        }
    }
    if said.page {
        sink.field("reporting-endpoints", value.endpoints().as_bytes());
    }
}

fn floor(said: &Said, sink: &mut impl HeadSink) {
    match (said.framing, said.objects) {
        (false, false) => sink.field(POLICY, b"frame-ancestors 'self'; object-src 'none'"),
        (false, true) => sink.field(POLICY, b"frame-ancestors 'self'"),
        (true, false) => sink.field(POLICY, b"object-src 'none'"),
        (true, true) => {}
    }
}

/// Whether it is a page that may bear this answer's nonce: kept anywhere, it would bring
/// an old one.
fn is_nonced_page(visit: &Visit, fields: &h1::Fields<'_>) -> bool {
    visit.nonce.is_some() && fields.get("content-type").is_some_and(is_page)
}

/// Fields by which a page is kept, or asked for again; some are for caches of one kind
/// (RFC 9213).
fn lets_keep(name: &str) -> bool {
    [
        "cache-control",
        "cdn-cache-control",
        "surrogate-control",
        "expires",
        "pragma",
        "etag",
        "last-modified",
    ]
    .iter()
    .any(|known| name.eq_ignore_ascii_case(known))
}

/// Writes the site's policy, or what the application asks for beyond it.
fn strict_transport(visit: &Visit, theirs: Option<&[u8]>, sink: &mut impl HeadSink) {
    const NAME: &str = "strict-transport-security";
    let Some(site) = visit.site() else {
        // Outside every site: browsers note the policy per host, so it binds nobody else.
        return sink.field(NAME, visit.local.hsts.header_value().as_bytes());
    };
    match guards::hsts::merge(theirs, &site.hsts) {
        Sent::Ours => sink.field(NAME, site.hsts.header_value().as_bytes()),
        Sent::Theirs(value) => sink.field(NAME, value.as_bytes()),
        Sent::Both(policy) => sink.field(NAME, policy.header_value().as_bytes()),
    }
}

fn application<'a>(
    name: &str,
    value: &'a [u8],
    answer: &Answer<'_>,
    said: &mut Said,
    hsts: &mut Option<&'a [u8]>,
    sink: &mut impl HeadSink,
) {
    let is = |known: &str| name.eq_ignore_ascii_case(known);
    let other = answer.change().is_other_bytes();
    let isolated = answer.change().isolated;
    match name.len() {
        // The bytes are others now: the tag is a weak one (RFC 9110 section 8.8.1), and
        // what counts or sums up bytes is gone.
        4 if other && is("etag") && value.first() == Some(&b'"') => {
            return sink.field(name, &[b"W/", value].concat());
        }
        6 if other && is("digest") => return,
        11 if other && (is("content-md5") || is("repr-digest")) => return,
        13 if other && is("accept-ranges") => return,
        14 if other && is("content-digest") => return,
        4 if is("date") => {
            if said.date {
                return;
            }
            said.date = true;
        }
        6 if is("server") => return,
        10 if is("set-cookie") => {
            if !sets_our_cookie(value) {
                cookie(name, value, sink);
            }
            return;
        }
        12 if is("content-type") => said.page = is_page(value),
        12 if is("x-powered-by") || is("x-request-id") => return,
        // Written by us where a body follows; stated without one for HEAD and 304, and
        // never on 1xx and 204 (RFC 9110 section 8.6).
        14 if is("content-length")
            && (answer.length() != Length::NoBody || matches!(answer.status(), ..200 | 204)) =>
        {
            return;
        }
        9 if is("ratelimit") => said.limits = true,
        13 if is("cache-control") => said.shared = is_shared(value),
        15 if is("referrer-policy") => said.referrer = true,
        16 if is("ratelimit-policy") => said.limits = true,
        15 if is("x-frame-options") => {
            said.framing = true;
            let stated = |word: &[u8]| value.trim_ascii().eq_ignore_ascii_case(word);
            if stated(b"deny") {
                said.frame_options = Some(b"frame-ancestors 'none'");
            } else if stated(b"sameorigin") {
                said.frame_options.get_or_insert(b"frame-ancestors 'self'");
            }
            said.open_framing |= ![&b"deny"[..], b"sameorigin"]
                .iter()
                .any(|known| value.eq_ignore_ascii_case(known));
        }
        22 if is("x-content-type-options") => {
            said.nosniff = value.eq_ignore_ascii_case(b"nosniff");
            if !said.nosniff {
                return;
            }
        }
        23 if is("content-security-policy") => {
            said.objects |= states(value, b"object-src") || states(value, b"default-src");
            let ancestors = states(value, b"frame-ancestors");
            said.framing |= ancestors;
            said.open_framing |= ancestors;
        }
        25 if is("strict-transport-security") => {
            // Several of them: the first counts (RFC 6797 section 8.1).
            hsts.get_or_insert(value);
            return;
        }
        26 if isolated && is("cross-origin-opener-policy") => return,
        26 if is("cross-origin-opener-policy") => said.opener = true,
        28 if isolated && is("cross-origin-resource-policy") => return,
        _ => {}
    }
    sink.field(name, value);
}

/// Whether caches that many people share may keep an answer (RFC 9111 section 5.2.2).
fn is_shared(cache_control: &[u8]) -> bool {
    let mut directives = cache_control.split(|byte| *byte == b',');
    directives.any(|directive| {
        let word = directive.split(|byte| *byte == b'=').next();
        let word = word.unwrap_or_default().trim_ascii();
        word.eq_ignore_ascii_case(b"public") || word.eq_ignore_ascii_case(b"s-maxage")
    })
}

/// Tells the scripts of the site's own pages the token of important actions.
fn csrf_cookie(issued: &Issued, sink: &mut impl HeadSink) {
    const REST: &str = "; Path=/; Secure; SameSite=Strict";
    let value = [COOKIE.as_bytes(), b"=", issued.token.text()].concat();
    sink.longer_field("set-cookie", &value, REST);
}

/// Whether a browser shows this type as a page, in a window of its own.
fn is_page(content_type: &[u8]) -> bool {
    [&b"text/html"[..], b"application/xhtml+xml"]
        .iter()
        .any(|page| {
            content_type
                .split_at_checked(page.len())
                .is_some_and(|(kind, rest)| {
                    kind.eq_ignore_ascii_case(page)
                        && matches!(rest.first(), None | Some(b';' | b' ' | b'\t'))
                })
        })
}

/// A cookie of the application, with `Secure`, and with `SameSite=Lax` where it says
/// nothing of that (draft-ietf-httpbis-rfc6265bis section 5.6): all traffic is encrypted
/// here, and browsers don't agree on what its absence means.
fn cookie(name: &str, value: &[u8], sink: &mut impl HeadSink) {
    let (mut secure, mut same_site) = (false, false);
    for attribute in value.split(|byte| *byte == b';').skip(1) {
        let word = attribute.split(|byte| *byte == b'=').next();
        let word = word.unwrap_or_default().trim_ascii();
        secure |= word.eq_ignore_ascii_case(b"secure");
        same_site |= word.eq_ignore_ascii_case(b"samesite");
    }
    match (secure, same_site) {
        (true, true) => sink.field(name, value),
        (true, false) => sink.longer_field(name, value, "; SameSite=Lax"),
        (false, true) => sink.longer_field(name, value, "; Secure"),
        (false, false) => sink.longer_field(name, value, "; Secure; SameSite=Lax"),
    }
}

fn states(policy: &[u8], directive: &[u8]) -> bool {
    policy
        .split(|byte| *byte == b';' || *byte == b',')
        .map(<[u8]>::trim_ascii)
        .any(|part| {
            part.get(..directive.len())
                .is_some_and(|start| start.eq_ignore_ascii_case(directive))
                && part
                    .get(directive.len())
                    .is_none_or(u8::is_ascii_whitespace)
        })
}

fn prebuilt(page: &Static<'_>, sink: &mut impl HeadSink) {
    sink.field("content-type", page.content_type.as_bytes());
    if !teeth::cut("csp") {
        sink.field(POLICY, page.csp.as_bytes());
    }
    sink.field("cache-control", page.cache_control.as_bytes());
    if let Some(etag) = page.etag {
        sink.field("etag", etag.as_bytes());
    }
    if page.varies {
        sink.field("vary", b"accept, accept-language");
    }
    if let Some(seconds) = page.retry_after {
        let mut digits = [0; 20];
        sink.field("retry-after", decimal(u64::from(seconds), &mut digits));
    }
    if let Some(challenge) = page.challenge {
        sink.field("www-authenticate", challenge.as_bytes());
    }
    if page.allow {
        sink.field("allow", b"GET, HEAD");
    }
}

/// How much a client may still ask for (draft-ietf-httpapi-ratelimit-headers-10): the whole
/// burst, the time in which it is there again, what is left of it, and when there is more.
fn rate_limit(standing: Standing, sink: &mut impl HeadSink) {
    let Standing {
        class,
        pace,
        remaining,
        ..
    } = standing;
    let (word, burst) = (class.word(), pace.burst());
    let (whole, wait) = (seconds(pace.whole()), seconds(standing.wait));
    let mut space = [0; LIMIT_MAX];
    let policy = format_args!("\"{word}\";q={burst};w={whole}");
    sink.field("ratelimit-policy", written(policy, &mut space));
    let left = format_args!("\"{word}\";r={remaining};t={wait}");
    sink.field("ratelimit", written(left, &mut space));
}

/// Bytes of a class's word in quotes and two numbers, each with its name.
const LIMIT_MAX: usize = 64;

/// The strict headers of our own pages. `no-referrer` would make `Origin` `null` on
/// their forms; a page without any may still `say` so itself.
fn own_page(says_referrer: bool, sink: &mut impl HeadSink) {
    sink.field("x-content-type-options", b"nosniff");
    if !says_referrer {
        sink.field("referrer-policy", b"same-origin");
    }
    sink.field("cross-origin-opener-policy", b"same-origin");
    sink.field("cross-origin-resource-policy", b"same-origin");
}

fn decimal(number: u64, space: &mut [u8; 20]) -> &[u8] {
    written(format_args!("{number}"), space)
}

/// The text, in a space that holds it.
fn written<'s>(text: fmt::Arguments<'_>, space: &'s mut [u8]) -> &'s [u8] {
    let size = space.len();
    let mut rest = &mut *space;
    // Writing to a slice moves its start on.
    let whole = rest.write_fmt(text);
    debug_assert!(whole.is_ok(), "the space holds it");
    let used = size - rest.len();
    space.get(..used).unwrap_or_default()
}

/// How the end of an HTTP/1 answer is told to the client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ending {
    /// Nothing follows the head, or a stated number of bytes.
    Stated,
    /// Chunks.
    Chunked,
    /// The end of the connection.
    Close,
}

/// Completes an HTTP/1 head: framing and connection fields, and the empty line.
pub(crate) fn finish_http1(
    hardened: &Hardened,
    version: Version,
    keep: bool,
    out: &mut Vec<u8>,
) -> Ending {
    let ending = match (hardened.length, version) {
        (Length::NoBody | Length::Known(_), _) => Ending::Stated,
        (Length::Unknown, Version::Http10) => Ending::Close,
        (Length::Unknown, _) => Ending::Chunked,
    };
    if ending == Ending::Chunked {
        out.extend_from_slice(b"transfer-encoding: chunked\r\n");
    }
    if hardened.status == 101 {
        out.extend_from_slice(b"connection: upgrade\r\nupgrade: websocket\r\n");
    } else if !keep || ending == Ending::Close {
        out.extend_from_slice(b"connection: close\r\n");
    } else if version == Version::Http10 {
        out.extend_from_slice(b"connection: keep-alive\r\n");
    }
    out.extend_from_slice(b"\r\n");
    ending
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directive_is_found_by_its_whole_name() {
        let check = |policy: &str, directive: &str, expected| {
            assert_eq!(
                states(policy.as_bytes(), directive.as_bytes()),
                expected,
                "{policy}"
            );
        };
        check(
            "default-src 'self'; frame-ancestors 'none'",
            "frame-ancestors",
            true,
        );
        check("Frame-Ancestors 'none'", "frame-ancestors", true);
        check("frame-ancestors-x 'none'", "frame-ancestors", false);
        check("img-src frame-ancestors", "frame-ancestors", false);
    }

    #[test]
    fn numbers_are_written_whole() {
        assert_eq!(decimal(0, &mut [0; 20]), b"0");
        assert_eq!(decimal(u64::MAX, &mut [0; 20]), b"18446744073709551615");
    }
}
