//! Promise `csrf`: what could change something comes from our own pages, and important
//! actions bear a token.
//!
//! Whether a request is our own is [`guards::csrf`]'s business; here is what is asked about
//! it: everything but GET, HEAD and OPTIONS, and every WebSocket, on each site and on own
//! pages. A bearer token is exempt, since no browser sends one by itself.
//!
//! The token of an important action is an HMAC of the session's cookie and the site, so
//! nothing is kept of it, every node knows it, and it ends with the session. The
//! application gets it in a request header, scripts in a cookie that only they can read;
//! it comes back in `X-CSRF-Token`, or as a field within the first 64 KiB of a form. Where
//! the owner wants it, it is put into the forms of pages as they stream by: of HTML that
//! comes whole, uncompressed and in a charset that has ASCII in it. Such a page is kept by
//! nobody, since it bears a secret.
// promise: csrf

use aws_lc_rs::{
    constant_time::verify_slices_are_equal,
    hmac::{self, HMAC_SHA256},
};
use guards::{
    csp::REPORT_PATH,
    csrf::{self, Field, Form, Forms, Sent, TOKEN, is_origin_of},
    html,
};
use seam::{Counters, Credential, Refusal, RefusalPage};

use crate::{
    credentials::Credentials,
    know::{Known, OwnPath, Visit, is_safe, once},
    signin, teeth,
};

/// The cookie that scripts of the site's own pages read the token from.
pub(crate) const COOKIE: &str = "__Host-waarborg-csrf";

/// The field of a form.
const FIELD: &str = "waarborg_csrf";

/// An important action comes without its token.
pub(crate) const WITHOUT: Refusal = refuse("token-missing");

const fn refuse(reason: &'static str) -> Refusal {
    Refusal::new(RefusalPage::CrossSite, reason)
}

/// The token of one session on one site.
#[derive(Clone, Copy)]
pub(crate) struct Token([u8; TOKEN]);

impl Token {
    fn of(secret: &[u8], site: &str) -> Self {
        let key = hmac::Key::new(HMAC_SHA256, secret);
        let text = ["csrf token of ", site].concat();
        let tag = hmac::sign(&key, text.as_bytes());
        let text = terms::base64url(tag.as_ref());
        // SHA-256 has 32 bytes: 43 characters.
        Self(text.as_bytes().try_into().unwrap_or([b'-'; TOKEN]))
    }

    fn is(&self, given: &[u8]) -> bool {
        verify_slices_are_equal(given, &self.0).is_ok()
    }

    pub(crate) const fn text(&self) -> &[u8] {
        &self.0
    }
}

/// What a request of somebody's session has to do with the token.
pub(crate) struct Issued {
    pub(crate) token: Token,
    /// The answer tells the browser.
    pub(crate) told: bool,
    /// The request's body has to bear it, in this form.
    pub(crate) wanted: Option<Form>,
    /// It is put into the forms of this authority.
    fills: Option<Box<str>>,
}

impl Issued {
    /// Whether a body that begins like this bears the token; `None` while that isn't known.
    pub(crate) fn look(&self, body: &[u8], whole: bool) -> Option<Result<(), Refusal>> {
        let form = self.wanted?;
        match csrf::field(form, FIELD, body, whole) {
            Field::Found(given) if self.token.is(given) => Some(Ok(())),
            Field::Found(_) => Some(Err(refuse("token-foreign"))),
            Field::Missing => Some(Err(WITHOUT)),
            Field::NotYet => None,
        }
    }
}

/// Lets a request in that comes from where it has to, or can't change anything.
pub(crate) fn judge(
    known: &Known<'_>,
    visit: &mut Visit,
    counters: &Counters,
) -> Result<(), Refusal> {
    if known.own() == OwnPath::Ours {
        return own_page(known, visit);
    }
    let request = known.request();
    let credential = visit.session.as_ref().map(|session| session.credential);
    if is_safe(request.method) && request.upgrade.is_none()
        || credential == Some(Credential::Bearer)
    {
        return Ok(());
    }
    let cookie = credential == Some(Credential::Cookie);
    let judged = visit
        .local
        .csrf
        .judge(known.sent().from, request.authority, cookie);
    let Err(foreign) = judged else {
        return Ok(());
    };
    if teeth::cut("csrf") {
        return Ok(());
    }
    if let Some(why) = &known.route().cross_site {
        visit.notes.set_rule(&format_args!("cross-site:{why}"));
        return Ok(());
    }
    if visit.local.csrf.observe {
        visit.notes.set_rule(&foreign.reason());
        counters.csrf_observed.add(1);
        return Ok(());
    }
    counters.csrf_refused.add(1);
    Err(refuse(foreign.reason()))
}

/// Own pages: no exceptions, and nobody is only observed.
fn own_page(known: &Known<'_>, visit: &Visit) -> Result<(), Refusal> {
    let (request, Sent { fetch_site, origin }) = (known.request(), known.sent().from);
    if is_safe(request.method) {
        return Ok(());
    }
    // What the portal hands over comes from there, and from nowhere else.
    let local = &visit.local;
    if signin::is_callback(request.path, &local.prefix) {
        let portal = local.portal.as_deref().map(str::as_bytes);
        return if portal.is_some() && origin == portal {
            Ok(())
        } else {
            Err(refuse("callback-from-elsewhere"))
        };
    }
    let own = origin.map_or_else(
        || fetch_site == Some(b"same-origin"),
        |origin| is_origin_of(origin, request.authority),
    );
    // Browsers send reports without saying where from, and anybody may: they are counted as
    // a stranger's word.
    if own || is_csp_report(request.path, &local.prefix) || teeth::cut("csrf") {
        Ok(())
    } else {
        Err(refuse("origin-not-ours"))
    }
}

/// Whether it is where browsers report on policies.
pub(crate) fn is_csp_report(path: &str, prefix: &str) -> bool {
    path.strip_prefix(prefix) == Some(REPORT_PATH)
}

/// Refuses an important action without its token; notes what application and browser are
/// told, and whether the token is still to be looked for in the body.
pub(crate) fn issue(known: &Known<'_>, visit: &mut Visit) -> Result<(), Refusal> {
    let (request, site) = (known.request(), known.site());
    if !site.important || teeth::cut("csrf") {
        return Ok(());
    }
    let acts = known.route().important && !is_safe(request.method);
    let credential = visit.session.as_ref().map(|session| session.credential);
    match credential {
        Some(Credential::Cookie) => {}
        Some(Credential::Bearer) => return Ok(()),
        // A browser sends it by itself, and there is no token to go with it.
        Some(Credential::Basic) if acts => return Err(refuse("action-by-app-password")),
        None if acts => return Err(WITHOUT),
        Some(Credential::Basic) | None => return Ok(()),
    }
    let mut credentials = Credentials::default();
    let (mut given, mut form, mut has_it) = (None, None, None);
    request.fields(|field| match field.name.len() {
        6 if field.name.eq_ignore_ascii_case("cookie") => {
            credentials.cookie(field.value);
            has_it = has_it.or_else(|| cookie(field.value));
        }
        12 if field.name.eq_ignore_ascii_case("x-csrf-token") => {
            once(&mut given, field.value);
        }
        12 if field.name.eq_ignore_ascii_case("content-type") => form = Form::of(field.value),
        _ => {}
    });
    let Some(secret) = credentials.secret() else {
        return Ok(());
    };
    let token = Token::of(secret, &site.name);
    let mut wanted = None;
    if acts {
        match (given, form) {
            (Some(given), _) if token.is(given) => {}
            (Some(_), _) => return Err(refuse("token-foreign")),
            (None, Some(_)) if request.framing != h1::Framing::None => wanted = form,
            (None, _) => return Err(WITHOUT),
        }
    }
    visit.csrf = Some(Issued {
        told: known.navigates(visit) && !has_it.is_some_and(|it| token.is(it)),
        token,
        wanted,
        fills: visit.local.csrf.forms.then(|| match request.authority {
            "" => site.name.clone(),
            authority => authority.into(),
        }),
    });
    Ok(())
}

/// Whether the answer is wanted in a form that can be written into: a page may come.
pub(crate) fn wants_plain(visit: &Visit) -> bool {
    let fills = visit.csrf.as_ref().is_some_and(|it| it.fills.is_some());
    fills && visit.wants_html()
}

/// What puts the token into the forms of an answer, where that is to be done.
pub(crate) fn forms(visit: &Visit, answer: &h1::Answer<'_>, counters: &Counters) -> Option<Forms> {
    let issued = visit.csrf.as_ref()?;
    let authority = issued.fills.as_deref()?;
    if !answer.framing.has_body() {
        return None;
    }
    let (mut content_type, mut plain) = (None, answer.status != 206);
    for field in answer.fields.iter() {
        match field.name.len() {
            12 if field.name.eq_ignore_ascii_case("content-type") => {
                once(&mut content_type, field.value);
            }
            16 if field.name.eq_ignore_ascii_case("content-encoding") => {
                plain &= field.value.eq_ignore_ascii_case(b"identity");
            }
            _ => {}
        }
    }
    let charset = html::charset_of_page(content_type?)?;
    if !plain || !html::has_ascii(charset) {
        counters.csrf_pages_unread.add(1);
        return None;
    }
    Some(Forms::new(FIELD, issued.token.text(), authority))
}

/// The token that a `Cookie` field bears.
fn cookie(value: &[u8]) -> Option<&[u8]> {
    let mut pairs = value.split(|byte| *byte == b';');
    pairs.find_map(|pair| {
        let rest = pair.trim_ascii().strip_prefix(COOKIE.as_bytes())?;
        rest.strip_prefix(b"=")
    })
}
