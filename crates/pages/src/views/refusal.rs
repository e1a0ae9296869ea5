//! Refusals and errors: the pages of a request that isn't served.
//!
//! Each is prebuilt with a hole for the request's id, which leads to the reason; so a
//! refusal costs the edge three writes, and the page gives nothing away but its kind.

use askama::Template;
use serde::Serialize;
use terms::{Arg, Language};

use super::{Frame, document, message::Switcher};
use crate::{
    Pages, WithHole,
    style::{BARE_POLICY, Forms},
};

/// Where the id goes while a page is built. U+FFFC stands for an object that isn't text,
/// and for nothing else on our pages.
const HOLE: &str = "\u{fffc}";
/// Where a refusal's end goes, in the same way. U+FFFB ends an annotation between lines,
/// and stands nowhere on our pages.
const UNTIL: &str = "\u{fffb}";

/// Whose fault a refusal is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Whose {
    /// The client sent what can't be served.
    Client,
    /// The application behind us failed.
    Upstream,
    /// We failed, or are too busy.
    Ours,
}

macro_rules! kinds {
    ($($(#[$doc:meta])* $variant:ident $status:literal $word:literal $whose:ident),+ $(,)?) => {
        /// The kinds of refusals, one page each.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum RefusalKind {
            $($(#[$doc])* $variant,)+
        }

        impl RefusalKind {
            /// All of them, by status.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The HTTP status (RFC 9110 section 15, RFC 6585 for 429 and 431).
            pub const fn status(self) -> u16 {
                match self { $(Self::$variant => $status,)+ }
            }

            /// The word in the type of the JSON form; the same as in logs and metrics.
            pub const fn word(self) -> &'static str {
                match self { $(Self::$variant => $word,)+ }
            }

            /// The key of its message.
            pub(crate) const fn key(self) -> &'static str {
                match self { $(Self::$variant => concat!("refusal-", $word),)+ }
            }

            /// Whose fault it is.
            pub const fn whose(self) -> Whose {
                match self { $(Self::$variant => Whose::$whose,)+ }
            }
        }
    };
}

kinds! {
    /// The request can't be read (RFC 9112).
    BadRequest 400 "bad-request" Client,
    /// Only for people who have signed in.
    Unauthorized 401 "unauthorized" Client,
    /// Not for this visitor.
    Forbidden 403 "forbidden" Client,
    /// Not for this visitor's address.
    Blocked 403 "blocked" Client,
    /// Not for this visitor's address until a moment that the page says.
    Banned 403 "banned" Client,
    /// It doesn't come from this site's own pages.
    CrossSite 403 "cross-site" Client,
    /// No own page has this address.
    NotFound 404 "not-found" Client,
    /// The method is refused here.
    MethodNotAllowed 405 "method-not-allowed" Client,
    /// The client took too long to send its request.
    RequestTimeout 408 "request-timeout" Client,
    /// The body is larger than the site takes.
    PayloadTooLarge 413 "payload-too-large" Client,
    /// The request line is too long.
    UriTooLong 414 "uri-too-long" Client,
    /// An expectation other than 100-continue.
    ExpectationFailed 417 "expectation-failed" Client,
    /// No site has this name here, or the connection's certificate doesn't cover it.
    Misdirected 421 "misdirected" Client,
    /// The client sends more requests than it may.
    TooManyRequests 429 "too-many-requests" Client,
    /// Too many or too large header fields.
    HeadersTooLarge 431 "headers-too-large" Client,
    /// We failed.
    Internal 500 "internal" Ours,
    /// A transfer coding or method that nobody here knows.
    NotImplemented 501 "not-implemented" Client,
    /// The application can't be reached.
    UpstreamDown 502 "upstream-down" Upstream,
    /// The application's answer can't be read.
    UpstreamBroken 502 "upstream-broken" Upstream,
    /// Control is busy or gone, or we are going down.
    Unavailable 503 "unavailable" Ours,
    /// The application took too long.
    UpstreamTimeout 504 "upstream-timeout" Upstream,
    /// A version of HTTP other than 1.0, 1.1 and 2.
    VersionNotSupported 505 "version-not-supported" Client,
}

impl RefusalKind {
    /// The kind that `word` names.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.word() == word)
    }

    /// Whether it ends at a moment that its page says.
    const fn ends(self) -> bool {
        matches!(self, Self::Banned)
    }

    /// After how many seconds trying again makes sense, where that is the same for
    /// everyone: `Retry-After` (RFC 9110 section 10.2.3) says the same. Who sends too
    /// many requests waits as long as the header tells.
    pub const fn retry_after(self) -> Option<u32> {
        match self {
            Self::UpstreamDown | Self::Unavailable => Some(5),
            Self::UpstreamTimeout => Some(30),
            _ => None,
        }
    }
}

#[derive(Template)]
#[template(path = "refusal.html")]
struct RefusalPage<'a> {
    frame: Frame<'a>,
    status: u16,
    title: String,
    what: String,
    /// Until when it holds, where it ends.
    until: Option<String>,
    todo: String,
    whose: String,
    /// Whether own pages can be reached where this page is seen.
    links: bool,
    /// Whether signing in helps.
    sign_in: bool,
    hole: &'static str,
}

/// `application/problem+json` (RFC 9457). The id stands last, so that the edge writes
/// little behind it.
#[derive(Serialize)]
struct Problem<'a> {
    r#type: String,
    title: &'a str,
    status: u16,
    detail: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_after: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    until: Option<&'static str>,
    id: &'static str,
}

impl Pages {
    /// The page of a refusal, for people. It works at every address of every site, so
    /// it has no language links: they would lead to the application.
    pub fn refusal(&self, kind: RefusalKind, language: Language) -> WithHole {
        // Where a name isn't ours, neither are the pages below it; and whoever is refused
        // by address is so on every page.
        let links = !matches!(
            kind,
            RefusalKind::Misdirected | RefusalKind::Blocked | RefusalKind::Banned
        );
        self.refused(kind, language, links)
    }

    /// The same where the console is all there is of own pages: it leads to no other.
    pub fn console_refusal(&self, kind: RefusalKind, language: Language) -> WithHole {
        self.refused(kind, language, false)
    }

    fn refused(&self, kind: RefusalKind, language: Language, links: bool) -> WithHole {
        let say = self.texts.speech(language);
        let html = document(&RefusalPage {
            frame: self.frame(language, Switcher::Fixed),
            status: kind.status(),
            title: say.text(kind.key()),
            what: say.part(kind.key(), "what"),
            until: kind.ends().then(|| {
                let until = Arg::Text(UNTIL.to_owned());
                say.text_with("refusal-until", &[("until", until)])
            }),
            todo: say.part(kind.key(), "todo"),
            whose: match kind.whose() {
                Whose::Client => say.text("whose-client"),
                Whose::Upstream => say.text("whose-upstream"),
                Whose::Ours => say.text("whose-ours"),
            },
            links,
            sign_in: kind == RefusalKind::Unauthorized,
            hole: HOLE,
        });
        holed(&html, self.style.policy(Forms::Refused))
    }

    /// The same for programs: `application/problem+json` with `type`, `title`,
    /// `status`, `detail`, `id`, `retry_after` (seconds) where
    /// [`RefusalKind::retry_after`] has one, and `until` (RFC 3339) where it ends.
    pub fn refusal_json(&self, kind: RefusalKind, language: Language) -> WithHole {
        let say = self.texts.speech(language);
        let problem = Problem {
            r#type: format!("urn:waarborg:refusal:{}", kind.word()),
            title: &say.text(kind.key()),
            status: kind.status(),
            detail: &say.part(kind.key(), "what"),
            retry_after: kind.retry_after(),
            until: kind.ends().then_some(UNTIL),
            id: HOLE,
        };
        // Strings and numbers always serialise.
        let json = serde_json::to_string(&problem).unwrap_or_default();
        holed(&json, BARE_POLICY.to_owned())
    }
}

fn holed(document: &str, csp: String) -> WithHole {
    let (before, after) = document.split_once(HOLE).unwrap_or((document, ""));
    let (lead, before) = match before.split_once(UNTIL) {
        Some((lead, before)) => (Some(lead.to_owned()), before),
        None => (None, before),
    };
    WithHole {
        lead,
        before: before.to_owned(),
        after: after.to_owned(),
        csp,
    }
}
