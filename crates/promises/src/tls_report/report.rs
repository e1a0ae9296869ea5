//! The report as it is kept and shown: the list of what is public. No address of a
//! server or a person stands in it, and nothing that a visitor couldn't see.

use serde::{Deserialize, Serialize};
use terms::{Grade, Micros, Vantage};
use visitor::{
    certificate::{Certificate, Chain, Problem},
    groups::group_name,
    suites::{Exchange, Suite},
    survey::{Seen, Survey, Taken},
};

use super::grade::{Graded, Hsts, Rule, Scores, Unexamined, unexamined};

/// All sites of one run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TlsReport {
    /// The guide's version.
    pub guide: String,
    /// When the run began.
    pub at: Micros,
    /// From where it looked.
    pub vantage: Vantage,
    /// The least grade that is promised.
    pub least: Grade,
    /// Each site.
    pub sites: Vec<SiteReport>,
    /// Sites that there was no room for.
    #[serde(default)]
    pub left_out: u32,
}

impl TlsReport {
    /// The worst grade of all.
    pub fn worst(&self) -> Option<Grade> {
        self.sites.iter().map(|site| site.grade).max()
    }
}

/// Whose certificate authorities were believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Roots {
    /// Those of browsers.
    Public,
    /// This installation's own.
    Own,
}

/// One site.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SiteReport {
    /// Its name.
    pub host: String,
    /// The grade.
    pub grade: Grade,
    /// The scores.
    pub scores: Scores,
    /// The rules that lowered it.
    pub rules: Vec<Rule>,
    /// What wasn't examined.
    pub unexamined: Vec<Unexamined>,
    /// What couldn't be found out although it was tried: kebab-case.
    pub gaps: Vec<String>,
    /// Every version, oldest first.
    pub versions: Vec<VersionReport>,
    /// Every suite, those of the newest version first.
    pub suites: Vec<SuiteReport>,
    /// The groups by version.
    pub groups: Vec<GroupsReport>,
    /// The certificates, each chain once.
    pub chains: Vec<ChainReport>,
    /// Whom certificates were believed from.
    pub roots: Roots,
    /// What browsers are told.
    pub hsts: Hsts,
    /// Whether HSTS is what preload lists ask for.
    pub preload_ready: bool,
    /// Whether a proof of the certificate's validity is stapled to it.
    pub ocsp_stapling: Seen,
    /// Whether sessions of TLS 1.2 are resumed.
    pub resumption_tls12: Seen,
    /// Whether sessions of TLS 1.3 are resumed.
    pub resumption_tls13: Seen,
    /// Whether secure renegotiation is announced.
    pub secure_renegotiation: Seen,
    /// Whether compression is taken.
    pub compression: Seen,
    /// Whether heartbeats are taken.
    pub heartbeat: Seen,
    /// How many connections it took.
    pub connections: u32,
}

/// A version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VersionReport {
    /// Such as `TLS 1.3`.
    pub version: String,
    /// Whether it is spoken.
    pub spoken: Seen,
}

/// A suite.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SuiteReport {
    /// In which version.
    pub version: String,
    /// Its name in IANA's registry.
    pub suite: String,
    /// Bits of the cipher's key.
    pub bits: u16,
    /// How keys are exchanged: a group, `DH 2048`, or `RSA`.
    pub exchange: String,
    /// Whether it has forward secrecy.
    pub forward_secrecy: bool,
    /// Whether encryption and authentication are one.
    pub aead: bool,
}

/// The groups of a version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupsReport {
    /// The version.
    pub version: String,
    /// Their names in IANA's registry.
    pub groups: Vec<String>,
}

/// A chain of certificates.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChainReport {
    /// The site's own.
    pub own: Certificate,
    /// How many were sent in all.
    pub sent: usize,
    /// Subjects of the others, as sent.
    pub others: Vec<String>,
    /// When the first of all ends.
    pub not_after: Micros,
    /// What is wrong.
    pub problems: Vec<Problem>,
}

impl SiteReport {
    /// The public form of what was found.
    pub fn new(host: &str, roots: Roots, survey: &Survey, hsts: Hsts, graded: Graded) -> Self {
        let mut suites: Vec<&Taken> = survey.suites.iter().collect();
        suites.sort_by_key(|taken| std::cmp::Reverse(taken.version));
        Self {
            host: host.to_owned(),
            grade: graded.grade,
            scores: graded.scores,
            rules: graded.rules,
            unexamined: unexamined(survey, hsts),
            gaps: survey.gaps.iter().cloned().collect(),
            versions: survey
                .versions
                .iter()
                .map(|it| VersionReport {
                    version: it.version.to_string(),
                    spoken: it.spoken,
                })
                .collect(),
            suites: suites.into_iter().filter_map(suite).collect(),
            groups: survey
                .groups
                .iter()
                .map(|of| GroupsReport {
                    version: of.version.to_string(),
                    groups: of.groups.iter().map(|code| group_name(*code)).collect(),
                })
                .collect(),
            chains: survey.chains.iter().map(chain).collect(),
            roots,
            hsts,
            preload_ready: hsts.is_ready_for_preload(),
            ocsp_stapling: survey.stapled,
            resumption_tls12: survey.resumed12,
            resumption_tls13: survey.resumed13,
            secure_renegotiation: survey.secure_renegotiation,
            compression: survey.compression,
            heartbeat: survey.heartbeat,
            connections: survey.connections,
        }
    }
}

fn suite(taken: &Taken) -> Option<SuiteReport> {
    let suite = Suite::of(taken.suite)?;
    let exchange = match (suite.exchange(), taken.group, taken.bits) {
        (_, Some(group), _) => group_name(group),
        (Exchange::Rsa, _, Some(bits)) => format!("RSA {bits}"),
        (Exchange::Rsa, _, None) => "RSA".to_owned(),
        (_, _, Some(bits)) => format!("DH {bits}"),
        (_, _, None) => String::new(),
    };
    Some(SuiteReport {
        version: taken.version.to_string(),
        suite: suite.name(),
        bits: suite.bits(),
        exchange,
        forward_secrecy: suite.is_forward_secret(),
        aead: suite.is_aead(),
    })
}

fn chain(chain: &Chain) -> ChainReport {
    let ends = chain.others.iter().map(|other| other.not_after);
    ChainReport {
        own: chain.own.clone(),
        sent: chain.others.len() + 1,
        others: chain.others.iter().map(|it| it.subject.clone()).collect(),
        not_after: ends.fold(chain.own.not_after, Micros::min),
        problems: chain.problems.clone(),
    }
}
