//! Values in, HTML out: views, templates, locales and the one style sheet.
//!
//! Guarantees, to whoever serves these pages:
//! - every foreign value is escaped when the template is compiled into code (promise
//!   `xss`): no template marks one as safe;
//! - a page is complete in itself. It loads nothing, runs nothing, and its style sheet
//!   is allowed by hash, so the same bytes may be served for ever and without control.
//!   Only the hand-over of a sign-in runs something, which sends its form, and pages that
//!   ask the browser for a passkey, by one script that is allowed by hash too;
//! - a page says the same in English, Dutch and French.
//!
//! There is no I/O here, no HTTP type and no clock: statuses, headers and moments are
//! the caller's.

mod path;
mod style;
mod texts;
mod views;

pub use path::{OwnPath, SiteOrigin};
pub use style::Nonce;
pub use texts::{CLAUSES, Speech, Texts};
pub use views::{
    account::{AccountSecurityView, AccountSessionsView, AccountView},
    address::{AddressAskView, AddressConfirmView},
    app_password::{EXPIRY_DAYS, TokenKind, TokenMadeView, TokenView},
    console::{
        Console, ConsoleDoor, ConsoleEnterView, Notice,
        addresses::{
            AddressAsked, AddressVerdict, AddressesView, BanEvidence, BanTyped, BanView, DeedView,
            LatelyView,
        },
        admin::{ResumeView, ThresholdView},
        approvals::{ApprovalProblem, ApprovalsView, WaitingFor, WaitingKind, WaitingView},
        audit::{AuditFilter, AuditLine, AuditView, ChangeLine},
        content::{ContentMode, ContentReport, ContentSite, ContentView, ContentWeakness},
        groups::{GroupRemoveView, GroupView, GroupsView},
        origins::{OriginRouteView, OriginsView},
        reflections::{ReflectedAs, ReflectedDone, ReflectedFrom, ReflectionLine, ReflectionsView},
        sessions::ConsoleSessionsView,
        team::{
            EntryFactor, EntryKind, EntryStanding, EntryView, GitHubSaid, TeamAddView,
            TeamEntryView, TeamView,
        },
        tokens::{TokenAddView, TokensView},
        users::{
            PasswordForm, UserAddView, UserFilter, UserInputs, UserLine, UserRemoveView, UserState,
            UserView, UsersView,
        },
        weaknesses::{WeaknessGroup, WeaknessLine, WeaknessesView},
    },
    evidence::{EvidenceView, LedgerProof, TranscriptLine},
    form::{ChoiceView, Field, FieldProblem},
    handover::HandoverView,
    lost_factor::{LostFactor, LostFactorView, LostStopView},
    mails::{AccountMail, MailText},
    message::{FormView, LinkView, MessageView, Switcher},
    passkey::{PasskeyAddView, PasskeyAsk, PasskeyProblem},
    password::{PasswordProblem, Strength},
    portal::{NotForYouView, UnlockView},
    refusal::{RefusalKind, Whose},
    register::{RegisterAskView, RegisterChooseView},
    reset::{ResetAskView, ResetChooseView},
    second_factor::{
        CodeProblem, CodeView, Codes, ConfirmView, FactorAddView, FactorView, Proof,
        RecoveryCodesView,
    },
    session::{DeviceView, SessionView},
    sign_in::{SignInProblem, SignInView, SignOutView},
    table::PagerView,
    tls_report::{
        HstsView, TLS_PROBLEMS, TLS_RULES, TLS_UNEXAMINED, TlsChainView, TlsReportView,
        TlsScanView, TlsSeen, TlsSiteView, TlsSuiteView,
    },
    trust::{ClauseView, LedgerView, PromiseView, RunView, Standing, State, TrustView},
};

use style::Style;
use terms::Language;

/// A page and the policy that belongs to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// The document: `text/html; charset=utf-8`.
    pub html: String,
    /// Its `Content-Security-Policy` (CSP level 3).
    pub csp: String,
}

/// A document with one hole: the request's id goes between the two parts, as its 32 hex
/// digits, which mean the same in HTML and in JSON.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WithHole {
    /// Where the document says until when the refusal holds, what stands before that
    /// moment; it is written as `2026-12-01 05:07 UTC` or `2026-12-01T05:07:00Z`.
    pub lead: Option<String>,
    /// What stands before the id, and behind that moment.
    pub before: String,
    /// What stands behind it.
    pub after: String,
    /// Its `Content-Security-Policy`.
    pub csp: String,
}

/// Everything that pages are made of, parsed once.
#[derive(Debug)]
pub struct Pages {
    texts: Texts,
    style: Style,
    prefix: OwnPath,
}

impl Pages {
    /// Reads the locales and the style sheet that are part of this program; takes a
    /// few milliseconds. `prefix` is where own pages live on every site (`/-/`).
    pub fn load(prefix: OwnPath) -> Self {
        Self {
            texts: Texts::load(),
            style: Style::load(),
            prefix,
        }
    }

    /// The texts, for what is said outside of pages: e-mail, the command line.
    pub const fn texts(&self) -> &Texts {
        &self.texts
    }

    fn frame(&self, language: Language, switcher: Switcher) -> views::Frame<'_> {
        views::Frame {
            say: self.texts.speech(language),
            style: self.style.sheet(),
            icon: self.style.icon(),
            prefix: self.prefix.as_str(),
            switcher,
            kept: String::new(),
        }
    }

    fn page(&self, html: String, forms: style::Forms) -> Page {
        Page {
            html,
            csp: self.style.policy(forms),
        }
    }
}
