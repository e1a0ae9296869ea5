//! The configuration file: every mistake at once, with its place; compiles to a
//! [`seam::Snapshot`].
//!
//! [`Config::load`] reads the file and everything that it names (certificates, keys,
//! secrets) and says all that is wrong, each with line, column, what was expected and
//! the nearest right name. What it returns is typed and whole: nothing behind it
//! parses text again or fails. It never writes. Each section has a file named after
//! it, in which a list of keys stands beside the code that reads them; the list is also
//! the source of the documents, of suggestions and of `init`'s sample.

mod access;
mod accounts;
mod acme;
mod admin;
mod block;
mod compile;
mod config;
mod csp;
mod csrf;
mod docs;
mod env;
mod hsts;
mod key;
mod later;
mod limits;
mod load;
mod lockout;
mod mail;
mod mistake;
mod nearest;
mod pair;
mod password;
mod prover;
mod reader;
mod reading;
mod scalar;
mod secrecy;
mod secret;
mod session;
mod site;
mod source;
mod store;
mod stored;
mod table;
mod team;
mod throttle;
mod tls;
mod tls_report;
mod track;
mod two_factor;
mod weaknesses;
mod xss;

pub use accounts::Accounts;
pub use acme::{Acme, Authority, DIRECTORY, ExternalAccount};
pub use admin::{Admin, Approval};
pub use block::{Block, FeedSource, LIST_MAX, ListError, read_list};
pub use compile::Issued;
pub use config::Config;
pub use csp::Csp;
pub use docs::{SMALLEST, markdown, sample};
pub use env::{Env, FILE_MAX};
pub use key::{Absent, Form, Key, Section};
pub use load::Loaded;
pub use lockout::Lockout;
pub use mail::{Mail, SmtpSecurity};
pub use mistake::{Kind, MISTAKES_MAX, Mistake, Mistakes, Place};
pub use pair::{CHAIN_MAX, Pair, PairError};
pub use password::Password;
pub use prover::Prover;
pub use reading::{
    AdminReading, AdminRoute, BlockReading, CspReading, CsrfReading, HstsReading, ImportantAction,
    LockoutReading, PaceReading, PasswordReading, Reading, SiteReading, TeamReading,
    ThrottleReading, TlsReportReading, TrackReading, Way, XssReading,
};
pub use session::Session;
pub use site::{Certification, Plaintext, Role, SITES_MAX, Site};
pub use store::Store;
pub use stored::{Ignored, STORABLE, Settled, Stored};
pub use team::{GitHub, Team};
pub use throttle::Throttle;
pub use tls::{Roots, Tls};
pub use tls_report::TlsReport;
pub use track::{AccessLog, Track};
pub use two_factor::TwoFactor;
pub use weaknesses::Weaknesses;
pub use xss::Xss;

/// Every section of the file, in the order of the documents.
pub fn sections() -> [&'static Section; 30] {
    [
        &config::SECTION,
        &store::SECTION,
        &site::SECTION,
        site::ROUTE_SECTION,
        csp::SITE_SECTION,
        &hsts::SECTION,
        &csp::SECTION,
        &acme::SECTION,
        acme::EXTERNAL_SECTION,
        acme::FALLBACK_SECTION,
        &tls::SECTION,
        &tls_report::SECTION,
        &accounts::SECTION,
        &password::SECTION,
        &lockout::SECTION,
        &two_factor::SECTION,
        &admin::SECTION,
        &team::SECTION,
        team::GITHUB_SECTION,
        &block::SECTION,
        block::FEED_SECTION,
        &throttle::SECTION,
        &csrf::SECTION,
        &xss::SECTION,
        &weaknesses::SECTION,
        &session::SECTION,
        &limits::SECTION,
        &track::SECTION,
        &mail::SECTION,
        &prover::SECTION,
    ]
}
