//! Grades by the SSL Server Rating Guide of SSL Labs, version 2009r of 16 May 2025
//! (github.com/ssllabs/research/wiki): three scores, and the rules of its changes 2009c
//! to 2009r that a scan like ours can apply.
//!
//! Where the guide asks what browsers would come to, all that the server takes counts
//! here: of two readings the worse. `docs/promises/tls-report.md` lists every rule, and
//! what isn't examined.

use serde::{Deserialize, Serialize};
use terms::Grade;
use visitor::{
    certificate::{Hash, Problem},
    groups::Group,
    hello::Version,
    suites::{Exchange, Suite},
    survey::{Seen, Survey, Taken},
};

/// Which version of the guide.
pub const GUIDE: &str = "2009r";
/// HSTS as long as this earns an A+: half a year, in seconds.
pub const LONG_HSTS_S: u64 = 15_768_000;

/// What browsers are told by HSTS.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "told")]
pub enum Hsts {
    /// To use HTTPS only.
    Yes {
        /// For so many seconds.
        max_age_s: u64,
        /// For every host below, too.
        subdomains: bool,
        /// With consent to being built into browsers.
        preload: bool,
    },
    /// Nothing, or nothing that counts.
    No,
    /// It couldn't be asked.
    Unknown,
}

impl Hsts {
    /// Whether it is what preload lists ask for (hstspreload.org): a year, every host
    /// below, and consent. Whether a list has it is another matter.
    pub const fn is_ready_for_preload(self) -> bool {
        matches!(
            self,
            Self::Yes {
                max_age_s: 31_536_000..,
                subdomains: true,
                preload: true,
            }
        )
    }
}

/// The guide's scores, each from 0 to 100.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scores {
    /// Protocol support: 30 % of the whole.
    pub protocol: u8,
    /// Key exchange: 30 %.
    pub key_exchange: u8,
    /// Cipher strength: 40 %.
    pub cipher: u8,
    /// The whole, rounded down; 0 where one of them is.
    pub total: u8,
}

macro_rules! rules {
    ($($rule:ident $word:literal $cap:ident $doc:literal;)+) => {
        /// A rule of the guide that lowers the grade.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(rename_all = "kebab-case")]
        pub enum Rule {
            $(#[doc = $doc] $rule,)+
        }

        impl Rule {
            /// All of them, the worst first.
            pub const ALL: &[Self] = &[$(Self::$rule),+];

            /// The word in JSON and in the locales.
            pub const fn word(self) -> &'static str {
                match self { $(Self::$rule => $word,)+ }
            }

            /// No grade is better than this once the rule applies.
            pub const fn cap(self) -> Grade {
                match self { $(Self::$rule => Grade::$cap,)+ }
            }
        }
    };
}

rules! {
    Untrusted "untrusted" T "The certificate isn't valid or trusted.";
    Sha1Signature "sha1-signature" T "A certificate is signed with SHA-1.";
    OtherName "other-name" M "The certificate is for another name.";
    Ssl2 "ssl2" F "SSL 2.0 is spoken.";
    Export "export" F "Export suites are taken.";
    Anonymous "anonymous" F "Suites without authentication are taken.";
    NoEncryption "no-encryption" F "Suites without encryption are taken.";
    Md5Signature "md5-signature" F "A certificate is signed with MD5 or MD2.";
    KeyBroken "key-broken" F "A certificate's key is shorter than 1,024 bits.";
    DhBroken "dh-broken" F "Diffie-Hellman primes are shorter than 1,024 bits.";
    NoTls12 "no-tls12" C "Neither TLS 1.2 nor TLS 1.3 is spoken.";
    Poodle "poodle" C "SSL 3.0 is spoken with CBC suites.";
    Rc4Modern "rc4-modern" C "RC4 is taken with TLS 1.1 or newer.";
    Block64 "block64" C "Ciphers with blocks of 64 bits are taken with TLS 1.1 or newer.";
    Compression "compression" C "Compression is taken.";
    Ssl3 "ssl3" B "SSL 3.0 is spoken.";
    OldTls "old-tls" B "TLS 1.0 or TLS 1.1 is spoken.";
    Rc4 "rc4" B "RC4 is taken.";
    KeyWeak "key-weak" B "A certificate's key is shorter than 2,048 bits.";
    DhWeak "dh-weak" B "Diffie-Hellman primes are shorter than 2,048 bits.";
    NoForwardSecrecy "no-forward-secrecy" B "The newest version takes no suite with forward secrecy.";
    NoAead "no-aead" B "No suite with authenticated encryption is taken.";
    NoTls13 "no-tls13" AMinus "TLS 1.3 isn't spoken.";
    NoSecureRenegotiation "no-secure-renegotiation" AMinus "Secure renegotiation isn't announced.";
    NoHsts "no-hsts" AMinus "HSTS isn't sent.";
    ShortHsts "short-hsts" A "HSTS is sent for less than half a year.";
}

/// What it came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Graded {
    /// The grade.
    pub grade: Grade,
    /// The scores behind it.
    pub scores: Scores,
    /// The rules that applied, the worst first.
    pub rules: Vec<Rule>,
}

/// Grades a survey; `None` where no version was spoken at all.
pub fn grade(survey: &Survey, hsts: Hsts) -> Option<Graded> {
    let facts = Facts::new(survey, hsts)?;
    let scores = facts.scores();
    let rules: Vec<Rule> = Rule::ALL
        .iter()
        .copied()
        .filter(|rule| facts.applies(*rule))
        .collect();
    let mut grade = letter(scores.total);
    for rule in &rules {
        grade = grade.max(rule.cap());
    }
    if grade == Grade::A && rules.is_empty() {
        grade = Grade::APlus;
    }
    Some(Graded {
        grade,
        scores,
        rules,
    })
}

/// Table 1 of the guide.
const fn letter(total: u8) -> Grade {
    match total {
        80.. => Grade::A,
        65.. => Grade::B,
        50.. => Grade::C,
        35.. => Grade::D,
        20.. => Grade::E,
        _ => Grade::F,
    }
}

/// Table 3: protocols.
const fn protocol(version: Version) -> u8 {
    match version {
        Version::Ssl2 => 0,
        Version::Ssl3 => 80,
        Version::Tls10 => 90,
        Version::Tls11 => 95,
        Version::Tls12 | Version::Tls13 => 100,
    }
}

/// Table 4: bits of an RSA key or a prime.
const fn exchange(bits: u32) -> u8 {
    match bits {
        0..512 => 20,
        512..1024 => 40,
        1024..2048 => 80,
        2048..4096 => 90,
        _ => 100,
    }
}

/// Table 5: bits of a cipher's key.
const fn cipher(bits: u16) -> u8 {
    match bits {
        0 => 0,
        1..128 => 20,
        128..256 => 80,
        _ => 100,
    }
}

/// The average of the best and the worst.
fn halfway(scores: impl Iterator<Item = u8> + Clone) -> u8 {
    match (scores.clone().min(), scores.max()) {
        (Some(worst), Some(best)) => worst.midpoint(best),
        _ => 0,
    }
}

/// What the rules ask about.
struct Facts<'a> {
    survey: &'a Survey,
    hsts: Hsts,
    spoken: Vec<Version>,
    suites: Vec<(Suite, &'a Taken)>,
}

impl<'a> Facts<'a> {
    fn new(survey: &'a Survey, hsts: Hsts) -> Option<Self> {
        let spoken = survey.versions.iter().filter(|it| it.spoken == Seen::Yes);
        let spoken: Vec<Version> = spoken.map(|it| it.version).collect();
        let suites = survey.suites.iter();
        let suites = suites.filter_map(|taken| Some((Suite::of(taken.suite)?, taken)));
        (!spoken.is_empty()).then(|| Self {
            survey,
            hsts,
            spoken,
            suites: suites.collect(),
        })
    }

    fn speaks(&self, version: Version) -> bool {
        self.spoken.contains(&version)
    }

    fn takes(&self, fits: impl Fn(Suite) -> bool) -> bool {
        self.suites.iter().any(|(suite, _)| fits(*suite))
    }

    fn takes_since(&self, first: Version, fits: impl Fn(Suite) -> bool) -> bool {
        self.suites
            .iter()
            .any(|(suite, taken)| taken.version >= first && fits(*suite))
    }

    /// Bits of the keys that certificates are for, as RSA; those that can't be told aren't
    /// among them.
    fn keys(&self) -> impl Iterator<Item = u32> {
        let keys = self
            .survey
            .chains
            .iter()
            .map(|chain| chain.own.key_rsa_bits);
        keys.filter(|bits| *bits > 0)
    }

    /// Bits of primes.
    fn primes(&self) -> impl Iterator<Item = u32> {
        let diffie_hellman = self
            .suites
            .iter()
            .filter(|(suite, _)| matches!(suite.exchange(), Exchange::Dhe | Exchange::DhAnonymous));
        let bits = diffie_hellman.filter_map(|(_, taken)| taken.bits);
        bits.map(u32::from)
    }

    /// Bits of groups, as RSA.
    fn groups(&self) -> impl Iterator<Item = u32> {
        let groups = self.survey.groups.iter().flat_map(|of| &of.groups);
        let chosen = self
            .suites
            .iter()
            .filter_map(|(_, taken)| taken.group.as_ref());
        let groups = groups.chain(chosen).filter_map(|code| Group::of(*code));
        groups.map(|group| group.rsa_bits.into())
    }

    fn scores(&self) -> Scores {
        let protocol = halfway(self.spoken.iter().map(|version| protocol(*version)));
        let least = self.keys().chain(self.primes()).chain(self.groups()).min();
        let key_exchange = if self.takes(Suite::is_anonymous) {
            0
        } else if self.takes(Suite::is_export) {
            exchange(least.unwrap_or(0)).min(40)
        } else {
            exchange(least.unwrap_or(0))
        };
        let cipher = halfway(self.suites.iter().map(|(suite, _)| cipher(suite.bits())));
        let whole = [(protocol, 30_u16), (key_exchange, 30), (cipher, 40)];
        let total = whole
            .iter()
            .map(|(score, share)| u16::from(*score) * share)
            .sum::<u16>()
            / 100;
        let nothing = whole.iter().any(|(score, _)| *score == 0);
        Scores {
            protocol,
            key_exchange,
            cipher,
            total: if nothing {
                0
            } else {
                u8::try_from(total).unwrap_or(100)
            },
        }
    }

    fn hash(&self, fits: Hash) -> bool {
        let chains = self.survey.chains.iter();
        let mut certificates =
            chains.flat_map(|chain| [&chain.own].into_iter().chain(&chain.others));
        // A root is believed for being known, not for its signature.
        certificates.any(|one| !one.self_issued && one.hash == fits)
    }

    fn problem(&self, fits: impl Fn(Problem) -> bool) -> bool {
        let chains = self.survey.chains.iter();
        chains
            .flat_map(|chain| &chain.problems)
            .any(|problem| fits(*problem))
    }

    fn applies(&self, rule: Rule) -> bool {
        let newest = self.spoken.iter().max().copied();
        match rule {
            Rule::Untrusted => self.problem(|problem| problem != Problem::OtherName),
            Rule::Sha1Signature => self.hash(Hash::Sha1),
            Rule::OtherName => self.problem(|problem| problem == Problem::OtherName),
            Rule::Ssl2 => self.speaks(Version::Ssl2),
            Rule::Export => self.takes(Suite::is_export),
            Rule::Anonymous => self.takes(Suite::is_anonymous),
            Rule::NoEncryption => self.takes(|suite| suite.bits() == 0),
            Rule::Md5Signature => self.hash(Hash::Broken),
            Rule::KeyBroken => self.keys().any(|bits| bits < 1024),
            Rule::DhBroken => self.primes().any(|bits| bits < 1024),
            Rule::NoTls12 => newest.is_some_and(|newest| newest < Version::Tls12),
            Rule::Poodle => self
                .suites
                .iter()
                .any(|(suite, taken)| taken.version == Version::Ssl3 && suite.is_cbc()),
            Rule::Rc4Modern => self.takes_since(Version::Tls11, Suite::is_rc4),
            Rule::Block64 => self.takes_since(Version::Tls11, Suite::is_block64),
            Rule::Compression => self.survey.compression == Seen::Yes,
            Rule::Ssl3 => self.speaks(Version::Ssl3),
            Rule::OldTls => self.speaks(Version::Tls10) || self.speaks(Version::Tls11),
            Rule::Rc4 => self.takes(Suite::is_rc4),
            Rule::KeyWeak => self.keys().any(|bits| bits < 2048),
            Rule::DhWeak => self.primes().any(|bits| bits < 2048),
            Rule::NoForwardSecrecy => {
                let newest = newest.unwrap_or(Version::Ssl2);
                !self.takes_since(newest, Suite::is_forward_secret)
            }
            Rule::NoAead => !self.takes(Suite::is_aead),
            Rule::NoTls13 => !self.speaks(Version::Tls13),
            Rule::NoSecureRenegotiation => self.survey.secure_renegotiation == Seen::No,
            Rule::NoHsts => self.hsts == Hsts::No,
            Rule::ShortHsts => {
                matches!(self.hsts, Hsts::Yes { max_age_s, .. } if max_age_s < LONG_HSTS_S)
            }
        }
    }
}

macro_rules! unexamined {
    ($($what:ident $word:literal $doc:literal;)+) => {
        /// Something that the guide looks at and that wasn't examined, or that somebody
        /// might think was.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(rename_all = "kebab-case")]
        pub enum Unexamined {
            $(#[doc = $doc] $what,)+
        }

        impl Unexamined {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$what),+];

            /// The word in JSON and in the locales.
            pub const fn word(self) -> &'static str {
                match self { $(Self::$what => $word,)+ }
            }
        }
    };
}

unexamined! {
    Ssl2 "ssl2" "SSL 2.0, whose hello no visitor sends, without consent.";
    Hsts "hsts" "HSTS: the site didn't answer.";
    Key "key" "The strength of a certificate's key, of a kind not known here.";
    Renegotiation "renegotiation" "Whether insecure renegotiation is possible.";
    Robot "robot" "ROBOT, an oracle of RSA key exchange (CVE-2017-13099 and others).";
    CbcOracles "cbc-oracles" "Oracles of CBC padding (POODLE over TLS, Zombie POODLE, GOLDENDOODLE and others).";
    Heartbleed "heartbleed" "Heartbleed (CVE-2014-0160).";
    Programs "programs" "Flaws of particular programs (CVE-2014-0224, CVE-2016-9244).";
    DebianKey "debian-key" "Whether the RSA key is one of Debian's predictable ones (CVE-2008-0166).";
    Revocation "revocation" "Whether a certificate was revoked.";
    Simulations "simulations" "What particular browsers would come to.";
    Addresses "addresses" "Other addresses of the same name.";
    PreloadList "preload-list" "Whether browsers' preload lists have the site.";
}

/// What wasn't examined of this endpoint. What a server doesn't offer can't be attacked,
/// so it isn't among them.
pub fn unexamined(survey: &Survey, hsts: Hsts) -> Vec<Unexamined> {
    let old = survey
        .versions
        .iter()
        .any(|it| it.version < Version::Tls13 && it.spoken != Seen::No);
    let takes = |fits: fn(Suite) -> bool| {
        let mut suites = survey.suites.iter().filter_map(|it| Suite::of(it.suite));
        suites.any(fits)
    };
    let open = |what: &Unexamined| match what {
        Unexamined::Ssl2 => survey.speaks(Version::Ssl2) == Seen::Unknown,
        Unexamined::Hsts => hsts == Hsts::Unknown,
        Unexamined::Key => survey.chains.iter().any(|it| it.own.key_rsa_bits == 0),
        Unexamined::Renegotiation => old && survey.secure_renegotiation != Seen::Yes,
        Unexamined::Robot => takes(|suite| suite.exchange() == Exchange::Rsa),
        Unexamined::CbcOracles => takes(Suite::is_cbc),
        Unexamined::Heartbleed => old && survey.heartbeat != Seen::No,
        Unexamined::Programs => old,
        Unexamined::DebianKey => survey.chains.iter().any(|it| it.own.key == "RSA"),
        Unexamined::Revocation
        | Unexamined::Simulations
        | Unexamined::Addresses
        | Unexamined::PreloadList => true,
    };
    Unexamined::ALL.iter().copied().filter(open).collect()
}
