//! Step 4, know: whose site, which route, which client, which request.

use std::{rc::Rc, sync::Arc};

use guards::{csrf, forwarded::Told, throttle::Standing, xss};
use seam::{
    Refusal, RefusalPage, Session, Sessions,
    record::Version,
    snapshot::{Route, Site, Tokens},
};
use terms::{ClientAddr, Language, Micros, Moment, RequestId, TraceParent};

use crate::{
    accept::Speaker,
    credentials::{Asker, Credentials},
    csrf::Issued,
    handshake::Facts,
    path,
    read::Request,
    record::Notes,
    worker::{Local, Worker},
    xss::Suspect,
};

/// What stays known of a request after its head was taken from the buffer.
pub(crate) struct Visit {
    pub(crate) local: Rc<Local>,
    pub(crate) id: RequestId,
    /// The trace as the upstream gets it: our span is the parent.
    pub(crate) trace: TraceParent,
    pub(crate) client: ClientAddr,
    pub(crate) at: Micros,
    pub(crate) began: Moment,
    pub(crate) version: Version,
    pub(crate) head_only: bool,
    /// Index of the site; `u16::MAX` where none was found.
    pub(crate) site: u16,
    pub(crate) anonymous: bool,
    /// The largest body of its route, in bytes.
    pub(crate) body_max: u64,
    /// It bears a cookie or credentials: the answer may hold secrets.
    pub(crate) credentials: bool,
    /// It bears a query.
    pub(crate) query: bool,
    /// A browser says that another site's page made it.
    pub(crate) is_cross_site: bool,
    /// Which credentials its route takes.
    pub(crate) tokens: Tokens,
    /// Who asks, where that is known.
    pub(crate) session: Option<Arc<Session>>,
    /// How much of its pace the client has left, where it is told.
    pub(crate) standing: Option<Standing>,
    /// Until when its address is refused, where that ends.
    pub(crate) until: Option<Micros>,
    /// The token of important actions, on a site that has some.
    pub(crate) csrf: Option<Issued>,
    /// The nonce of the answer's policy, on sites whose application is given one.
    pub(crate) nonce: Option<String>,
    /// What its answer is read for.
    pub(crate) suspect: Option<Box<Suspect>>,
    pub(crate) notes: Notes,
}

impl Visit {
    /// Begins the account of a request: before anything about it is judged.
    pub(crate) fn begin(facts: &Facts, worker: &Worker, mut notes: Notes) -> Self {
        let began = worker.now();
        let (id, span) = worker.ids();
        notes.clear();
        Self {
            local: worker.snapshot(),
            id,
            trace: TraceParent::begin(id, span),
            client: facts.client,
            at: worker.utc(began),
            began,
            version: Version::Http11,
            head_only: false,
            site: u16::MAX,
            anonymous: false,
            body_max: 0,
            credentials: false,
            query: false,
            is_cross_site: false,
            tokens: Tokens::None,
            session: None,
            standing: None,
            until: None,
            csrf: None,
            nonce: None,
            suspect: None,
            notes,
        }
    }

    /// The site, where one was found.
    pub(crate) fn site(&self) -> Option<&Site> {
        self.local
            .sites
            .get(usize::from(self.site))
            .map(|site| &**site)
    }

    /// The language for our own words.
    pub(crate) fn language(&self) -> Language {
        std::str::from_utf8(self.notes.language()).map_or(Language::En, Language::preferred)
    }

    /// Whether a person reads the answer, rather than a program.
    pub(crate) fn wants_html(&self) -> bool {
        self.notes
            .accept()
            .windows(9)
            .any(|part| part.eq_ignore_ascii_case(b"text/html"))
    }
}

/// A request of which all is known that the guards need.
pub(crate) struct Known<'a> {
    request: Request<'a>,
    site: &'a Site,
    route: &'a Route,
    own: OwnPath,
    bad_token: bool,
    sent: Sent<'a>,
}

impl<'a> Known<'a> {
    pub(crate) const fn request(&self) -> &Request<'a> {
        &self.request
    }

    pub(crate) const fn site(&self) -> &'a Site {
        self.site
    }

    pub(crate) const fn route(&self) -> &'a Route {
        self.route
    }

    pub(crate) const fn own(&self) -> OwnPath {
        self.own
    }

    /// Whether it bears a token or an app password that holds for nothing here.
    pub(crate) const fn has_bad_token(&self) -> bool {
        self.bad_token
    }

    pub(crate) const fn sent(&self) -> &Sent<'a> {
        &self.sent
    }

    /// Whether a person opens a page: what browsers say, or, of an older one, whether a page
    /// is wanted.
    pub(crate) fn navigates(&self, visit: &Visit) -> bool {
        match self.sent.fetch_mode {
            Some(mode) => mode == b"navigate",
            None => visit.wants_html(),
        }
    }
}

/// What is sent along that guards look at.
#[derive(Default)]
pub(crate) struct Sent<'a> {
    /// `Sec-Fetch-Site` and `Origin`.
    pub(crate) from: csrf::Sent<'a>,
    /// `Sec-Fetch-Mode` (W3C Fetch Metadata).
    pub(crate) fetch_mode: Option<&'a [u8]>,
    /// A field that applications write into pages may carry markup.
    pub(crate) suspect: bool,
    /// `Content-Type`.
    pub(crate) content_type: Option<&'a [u8]>,
}

/// Takes a field that may stand there once: twice it is an empty value, which says nothing
/// good.
pub(crate) fn once<'a>(place: &mut Option<&'a [u8]>, value: &'a [u8]) {
    *place = Some(if place.is_some() { b"" } else { value });
}

/// Whether a path is ours or the application's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OwnPath {
    /// Under the prefix.
    Ours,
    /// Everything else.
    Application,
}

/// Longest host name (RFC 1035 section 2.3.4).
const HOST_MAX: usize = 255;

/// Notes the request's texts and finds its site. `visit` is filled in on the way, so
/// that a refusal says as much as is known; `local` is the visit's own snapshot.
pub(crate) fn know<'a>(
    request: Request<'a>,
    visit: &mut Visit,
    local: &'a Local,
    facts: &Facts,
    sessions: &Sessions,
) -> Result<Known<'a>, Refusal> {
    visit.version = request.version;
    visit.head_only = request.method == "HEAD";
    visit.query = request.query.is_some() || request.method != "GET";
    visit.notes.request(&request);
    let mut credentials = Credentials::default();
    let mut sent = Sent::default();
    request.fields(|field| match field.name.len() {
        6 if field.name.eq_ignore_ascii_case("cookie") => {
            visit.credentials = true;
            credentials.cookie(field.value);
        }
        6 if field.name.eq_ignore_ascii_case("origin") => {
            once(&mut sent.from.origin, field.value);
        }
        13 if field.name.eq_ignore_ascii_case("authorization") => {
            visit.credentials = true;
            credentials.authorization(field.value);
        }
        14 if field.name.eq_ignore_ascii_case("sec-fetch-site") => {
            once(&mut sent.from.fetch_site, field.value);
        }
        14 if field.name.eq_ignore_ascii_case("sec-fetch-mode") => {
            sent.fetch_mode = Some(field.value);
        }
        15 if field.name.eq_ignore_ascii_case("accept-encoding") => {
            visit.notes.set_encoding(field.value);
        }
        6 if field.name.eq_ignore_ascii_case("accept") => visit.notes.set_accept(field.value),
        7 if field.name.eq_ignore_ascii_case("referer") => {
            sent.suspect |= xss::is_suspect(field.value);
        }
        10 if field.name.eq_ignore_ascii_case("user-agent") => {
            visit.notes.set_agent(field.value);
            sent.suspect |= xss::is_suspect(field.value);
        }
        12 if field.name.eq_ignore_ascii_case("content-type") => {
            sent.content_type = Some(field.value);
        }
        11 if field.name.eq_ignore_ascii_case("traceparent") => {
            if let Ok(parent) = TraceParent::parse(field.value) {
                visit.trace = parent.child(visit.trace.parent);
            }
        }
        15 if field.name.eq_ignore_ascii_case("accept-language") => {
            visit.notes.set_language(field.value);
        }
        _ => {}
    });

    visit.is_cross_site = sent.from.fetch_site == Some(b"cross-site");

    if facts.speaker == Speaker::Proxy {
        visit.client = named(&request, facts, local)?;
    }
    let authority = if request.authority.is_empty() {
        &facts.asked
    } else {
        request.authority
    };
    let host = without_port(authority);
    let mut lower = [0; HOST_MAX];
    let host = lower_case(host, &mut lower);
    let Some(index) = host.and_then(|host| local.hosts.get(host)) else {
        return Err(Refusal::new(RefusalPage::Misdirected, "unknown-host"));
    };
    if !host.is_some_and(|host| local.certificates.same(&facts.asked, host)) {
        return Err(Refusal::new(
            RefusalPage::Misdirected,
            "not-this-connection",
        ));
    }
    visit.site = *index;
    let Some(site) = local.sites.get(usize::from(*index)) else {
        return Err(Refusal::new(RefusalPage::Misdirected, "unknown-host"));
    };
    let route = path::route(site, request.path, request.method)
        .ok_or(Refusal::new(RefusalPage::BadRequest, "path-ambiguous"))?;
    visit.anonymous = route.anonymous;
    visit.body_max = route.body_max;
    visit.tokens = route.tokens;
    let own = if request.path.starts_with(&*local.prefix) {
        OwnPath::Ours
    } else {
        OwnPath::Application
    };
    let asker = credentials.find(sessions, &site.name, route.tokens, visit.at);
    let bad_token = matches!(asker, Asker::Refused);
    if let Asker::Somebody(session) = asker {
        // A page that polls is nobody's doing.
        if sent.fetch_mode == Some(b"navigate") || !is_safe(request.method) {
            session.seen(visit.at);
        }
        visit.session = Some(session);
    }
    Ok(Known {
        request,
        site,
        route,
        own,
        bad_token,
        sent,
    })
}

/// Whether a method changes nothing (RFC 9110 section 9.2.1).
pub(crate) fn is_safe(method: &str) -> bool {
    matches!(method, "GET" | "HEAD" | "OPTIONS" | "TRACE")
}

/// The client that a trusted proxy names.
fn named(request: &Request<'_>, facts: &Facts, local: &Local) -> Result<ClientAddr, Refusal> {
    let mut told = Told::default();
    request.fields(|field| match field.name.len() {
        9 if field.name.eq_ignore_ascii_case("forwarded") => told.forwarded(field.value),
        15 if field.name.eq_ignore_ascii_case("x-forwarded-for") => {
            told.x_forwarded_for(field.value);
        }
        _ => {}
    });
    told.client(facts.client.ip(), &local.trusted_proxies)
        .map(ClientAddr::new)
        .map_err(|_| Refusal::new(RefusalPage::BadRequest, "forwarded-fields-disagree"))
}

fn without_port(authority: &str) -> &str {
    if authority.starts_with('[') {
        return authority.split_inclusive(']').next().unwrap_or(authority);
    }
    let end = authority.bytes().position(|byte| byte == b':');
    end.and_then(|end| authority.get(..end))
        .unwrap_or(authority)
}

/// `host` in lower case and without the root's dot, in `space` where it has to change.
fn lower_case<'h>(host: &'h str, space: &'h mut [u8; HOST_MAX]) -> Option<&'h str> {
    let host = host.strip_suffix('.').unwrap_or(host);
    if !host.bytes().any(|byte| byte.is_ascii_uppercase()) {
        return Some(host);
    }
    let space = space.get_mut(..host.len())?;
    space.copy_from_slice(host.as_bytes());
    space.make_ascii_lowercase();
    std::str::from_utf8(space).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_found_however_it_is_spelt() {
        let check = |authority: &str, expected: &str| {
            let mut space = [0; HOST_MAX];
            assert_eq!(
                lower_case(without_port(authority), &mut space),
                Some(expected)
            );
        };
        check("app.example", "app.example");
        check("APP.Example:8443", "app.example");
        check("app.example.", "app.example");
        check("[::1]:443", "[::1]");
    }
}
