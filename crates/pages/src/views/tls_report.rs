//! The report of promise `tls-report`: how each site encrypts, graded and dated.
//!
//! The page is a list of facts from the last scan. How it stands now (proven, too old,
//! worse than promised) is said first, and is that of the trust page.

use askama::Template;
use terms::{Arg, Grade, Language, Micros, Vantage};

use super::{Frame, Time, document, message::Switcher, segment, trust::State};
use crate::{Page, Pages, Speech, style::Forms};

/// The rules that the page can say, the worst first.
pub const TLS_RULES: &[&str] = &[
    "untrusted",
    "sha1-signature",
    "other-name",
    "ssl2",
    "export",
    "anonymous",
    "no-encryption",
    "md5-signature",
    "key-broken",
    "dh-broken",
    "no-tls12",
    "poodle",
    "rc4-modern",
    "block64",
    "compression",
    "ssl3",
    "old-tls",
    "rc4",
    "key-weak",
    "dh-weak",
    "no-forward-secrecy",
    "no-aead",
    "no-tls13",
    "no-secure-renegotiation",
    "no-hsts",
    "short-hsts",
];

/// What the page can say of things that weren't examined.
pub const TLS_UNEXAMINED: &[&str] = &[
    "ssl2",
    "hsts",
    "key",
    "renegotiation",
    "robot",
    "cbc-oracles",
    "heartbleed",
    "programs",
    "debian-key",
    "revocation",
    "simulations",
    "addresses",
    "preload-list",
];

/// The problems of certificates that the page can say.
pub const TLS_PROBLEMS: &[&str] = &[
    "not-yet-valid",
    "expired",
    "other-name",
    "self-signed",
    "unknown-issuer",
    "unusable",
];

/// What was seen of something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TlsSeen {
    /// It is so.
    Yes,
    /// It isn't.
    No,
    /// It couldn't be seen.
    Unknown,
}

impl TlsSeen {
    fn said_by(self, say: Speech<'_>) -> String {
        match self {
            Self::Yes => say.text("tls-seen-yes"),
            Self::No => say.text("tls-seen-no"),
            Self::Unknown => say.text("tls-seen-unknown"),
        }
    }
}

/// What browsers are told by HSTS.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HstsView {
    /// To use HTTPS only.
    Told {
        /// For so many whole days.
        days: i64,
        /// For every host below, too.
        subdomains: bool,
        /// Whether it is what preload lists ask for.
        preload_ready: bool,
    },
    /// Nothing.
    Nothing,
    /// It couldn't be asked.
    Unknown,
}

/// A suite that is taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsSuiteView {
    /// In which version.
    pub version: String,
    /// Its name.
    pub name: String,
    /// How keys are exchanged.
    pub exchange: String,
    /// Bits of the cipher's key.
    pub bits: u16,
    /// Whether it is as today's should be: forward secrecy, and encryption and
    /// authentication as one.
    pub modern: bool,
}

/// A certificate and what came with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsChainView {
    /// Whose.
    pub subject: String,
    /// By whom.
    pub issuer: String,
    /// The names it covers.
    pub names: Vec<String>,
    /// Valid from.
    pub not_before: Micros,
    /// Valid until.
    pub not_after: Micros,
    /// Its key.
    pub key: String,
    /// How it is signed.
    pub signature: String,
    /// How many certificates were sent.
    pub sent: usize,
    /// What is wrong: words of [`TLS_PROBLEMS`].
    pub problems: Vec<&'static str>,
}

/// One site.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsSiteView {
    /// Its name.
    pub host: String,
    /// Its grade.
    pub grade: Grade,
    /// Whether that is as good as promised.
    pub kept: bool,
    /// Protocols, key exchange, ciphers, and the whole: 0 to 100.
    pub scores: [u8; 4],
    /// What lowered the grade: words of [`TLS_RULES`].
    pub rules: Vec<&'static str>,
    /// What wasn't examined: words of [`TLS_UNEXAMINED`].
    pub unexamined: Vec<&'static str>,
    /// Whether everything that was tried could be found out.
    pub complete: bool,
    /// Versions, oldest first.
    pub versions: Vec<(String, TlsSeen)>,
    /// Suites.
    pub suites: Vec<TlsSuiteView>,
    /// Groups for key exchange by version.
    pub groups: Vec<(String, Vec<String>)>,
    /// Certificates.
    pub chains: Vec<TlsChainView>,
    /// Whether they were believed by authorities of this installation's own.
    pub own_roots: bool,
    /// HSTS.
    pub hsts: HstsView,
    /// OCSP stapling.
    pub stapled: TlsSeen,
    /// Resumption in TLS 1.2.
    pub resumed12: TlsSeen,
    /// Resumption in TLS 1.3.
    pub resumed13: TlsSeen,
    /// Secure renegotiation.
    pub renegotiation: TlsSeen,
    /// Compression.
    pub compression: TlsSeen,
}

/// One scan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsScanView {
    /// When.
    pub at: Micros,
    /// From where.
    pub vantage: Vantage,
    /// The guide's version.
    pub guide: String,
    /// The least grade that is promised.
    pub least: Grade,
    /// Its id, as in `security/evidence/{drill}`.
    pub drill: String,
    /// Each site.
    pub sites: Vec<TlsSiteView>,
    /// Sites that there was no room for.
    pub left_out: u32,
}

/// All that the page is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsReportView {
    /// The host whose promises these are.
    pub site: String,
    /// How the promise stands now.
    pub state: State,
    /// The last scan of this configuration; absent before the first.
    pub scan: Option<TlsScanView>,
}

struct ChainLines<'a> {
    view: &'a TlsChainView,
    not_before: Time,
    not_after: Time,
    names: String,
    problems: Vec<String>,
    trust: String,
}

struct SiteLines<'a> {
    view: &'a TlsSiteView,
    id: String,
    shape: &'static str,
    rules: Vec<String>,
    unexamined: Vec<String>,
    versions: Vec<(&'a str, String)>,
    groups: Vec<(&'a str, String)>,
    chains: Vec<ChainLines<'a>>,
    hsts: Vec<String>,
    facts: Vec<(String, String)>,
}

impl<'a> SiteLines<'a> {
    fn new(frame: &Frame<'_>, at: usize, view: &'a TlsSiteView) -> Self {
        let say = frame.say;
        let words = |family: &str, words: &[&str]| -> Vec<String> {
            let said = words
                .iter()
                .map(|word| say.text(&format!("{family}-{word}")));
            said.collect()
        };
        let [protocol, exchange, cipher, total] = view.scores;
        let score = |text: String, score: u8| (text, score.to_string());
        let fact = |text: String, seen: TlsSeen| (text, seen.said_by(say));
        Self {
            view,
            id: format!("site-{at}"),
            shape: if view.kept { "green" } else { "red" },
            rules: words("tls-rule", &view.rules),
            unexamined: words("tls-open", &view.unexamined),
            versions: view
                .versions
                .iter()
                .map(|(version, seen)| (version.as_str(), seen.said_by(say)))
                .collect(),
            groups: view
                .groups
                .iter()
                .map(|(version, groups)| (version.as_str(), groups.join(", ")))
                .collect(),
            chains: view
                .chains
                .iter()
                .map(|chain| ChainLines {
                    view: chain,
                    not_before: frame.time(chain.not_before),
                    not_after: frame.time(chain.not_after),
                    names: chain.names.join(", "),
                    problems: words("tls-problem", &chain.problems),
                    trust: if view.own_roots {
                        say.text("tls-trusted-own")
                    } else {
                        say.text("tls-trusted-public")
                    },
                })
                .collect(),
            hsts: hsts(say, view.hsts),
            facts: vec![
                score(say.text("tls-score-protocol"), protocol),
                score(say.text("tls-score-exchange"), exchange),
                score(say.text("tls-score-cipher"), cipher),
                score(say.text("tls-score-total"), total),
                fact(say.text("tls-fact-resumption13"), view.resumed13),
                fact(say.text("tls-fact-resumption12"), view.resumed12),
                fact(say.text("tls-fact-stapling"), view.stapled),
                fact(say.text("tls-fact-renegotiation"), view.renegotiation),
                fact(say.text("tls-fact-compression"), view.compression),
            ],
        }
    }
}

fn hsts(say: Speech<'_>, view: HstsView) -> Vec<String> {
    match view {
        HstsView::Unknown => vec![say.text("tls-hsts-unknown")],
        HstsView::Nothing => vec![say.text("tls-hsts-none")],
        HstsView::Told {
            days,
            subdomains,
            preload_ready,
        } => {
            let mut lines = vec![say.text_with("tls-hsts-days", &[("days", Arg::Number(days))])];
            if subdomains {
                lines.push(say.text("tls-hsts-subdomains"));
            }
            lines.push(if preload_ready {
                say.text("tls-hsts-preload-ready")
            } else {
                say.text("tls-hsts-preload-not-ready")
            });
            lines
        }
    }
}

struct ScanLines<'a> {
    at: Time,
    from: String,
    least: String,
    graded: String,
    drill: String,
    left_out: Option<String>,
    sites: Vec<SiteLines<'a>>,
}

#[derive(Template)]
#[template(path = "tls_report.html")]
struct TlsReportPage<'a> {
    view: &'a TlsReportView,
    state: String,
    meaning: String,
    scan: Option<ScanLines<'a>>,
    frame: Frame<'a>,
}

impl Pages {
    /// The page `{prefix}security/tls`.
    pub fn tls_report(&self, view: &TlsReportView, language: Language) -> Page {
        let frame = self.frame(language, Switcher::Offered);
        let say = frame.say;
        let scan = view.scan.as_ref().map(|scan| ScanLines {
            at: frame.time(scan.at),
            from: say.text_with("trust-from", &[("vantage", Arg::Word(scan.vantage.word()))]),
            least: say.text_with("tls-least", &[("grade", Arg::Word(scan.least.word()))]),
            graded: say.text_with("tls-graded", &[("guide", Arg::Text(scan.guide.clone()))]),
            drill: segment(&scan.drill),
            left_out: (scan.left_out > 0).then(|| {
                let count = Arg::Number(scan.left_out.into());
                say.text_with("tls-left-out", &[("count", count)])
            }),
            sites: (1..)
                .zip(&scan.sites)
                .map(|(at, site)| SiteLines::new(&frame, at, site))
                .collect(),
        });
        let (state, meaning) = (
            say.text(view.state.key()),
            say.part(view.state.key(), "meaning"),
        );
        let html = document(&TlsReportPage {
            view,
            state,
            meaning,
            scan,
            frame,
        });
        self.page(html, Forms::Refused)
    }
}
