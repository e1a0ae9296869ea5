//! The 23 promises and what a drill can say of one.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

macro_rules! promises {
    ($($variant:ident $word:literal),+ $(,)?) => {
        /// The id of a promise: the word that code, tests, drills, docs and the trust
        /// page use for it.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "kebab-case")]
        pub enum PromiseId {
            $(
                #[doc = concat!("`", $word, "`")]
                $variant,
            )+
        }

        impl PromiseId {
            /// All of them, in the order of the trust page.
            pub const ALL: [Self; 23] = [$(Self::$variant),+];

            /// The word, as it stands in configuration, URLs and JSON.
            pub const fn word(self) -> &'static str {
                match self {
                    $(Self::$variant => $word,)+
                }
            }

            /// The kind of the alarm that its failing drill raises.
            pub const fn alarm(self) -> &'static str {
                match self {
                    $(Self::$variant => concat!("drill-failed-", $word),)+
                }
            }
        }
    };
}

promises! {
    Uptime "uptime",
    Alarm "alarm",
    Status "status",
    Tls "tls",
    Hsts "hsts",
    TlsReport "tls-report",
    Storage "storage",
    Password "password",
    Lockout "lockout",
    TwoFactor "two-factor",
    Block "block",
    Throttle "throttle",
    Track "track",
    Xss "xss",
    Csrf "csrf",
    Csp "csp",
    Hackers "hackers",
    Disclosure "disclosure",
    Team "team",
    Devices "devices",
    Admin "admin",
    Review "review",
    Trust "trust",
}

impl fmt::Display for PromiseId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

/// No promise has this word.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no promise; expected one of the 23 ids, such as `hsts`")]
pub struct UnknownPromise(pub String);

impl FromStr for PromiseId {
    type Err = UnknownPromise;

    fn from_str(word: &str) -> Result<Self, UnknownPromise> {
        Self::ALL
            .into_iter()
            .find(|id| id.word() == word)
            .ok_or_else(|| UnknownPromise(word.to_owned()))
    }
}

/// What one run of a drill has shown. Only a pass that is younger than two periods
/// makes a clause green; inconclusive is never green.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// The attack was refused and its honest twin served.
    Pass,
    /// It couldn't be tried as it must be (vantage, a dead server, no browser).
    Inconclusive,
    /// The attack succeeded, or the honest twin was refused.
    Fail,
}

impl Verdict {
    /// The word in JSON, tables and the ledger.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Inconclusive => "inconclusive",
            Self::Fail => "fail",
        }
    }

    /// The worse of two: fail, then inconclusive, then pass.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        self.max(other)
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

/// From where a drill looked. A clause that needs a farther vantage than the run had
/// is inconclusive. The order is that of distance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Vantage {
    /// From evidence that control gathered.
    Inside,
    /// Over a socket, from the machine that runs the gateway.
    SameHost,
    /// Over a socket, from another machine.
    Outside,
}

impl Vantage {
    /// The word in JSON, tables and the ledger.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Inside => "inside",
            Self::SameHost => "same-host",
            Self::Outside => "outside",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_leads_back_to_its_promise() {
        for id in PromiseId::ALL {
            assert_eq!(id.word().parse::<PromiseId>(), Ok(id));
            assert_eq!(
                serde_json_word(id),
                id.word(),
                "serde and `word` must agree"
            );
        }
        assert!("hst".parse::<PromiseId>().is_err());
    }

    fn serde_json_word(id: PromiseId) -> String {
        struct Word(String);
        impl fmt::Display for Word {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
        let mut word = Word(String::new());
        for (i, letter) in format!("{id:?}").chars().enumerate() {
            if i > 0 && letter.is_uppercase() {
                word.0.push('-');
            }
            word.0.extend(letter.to_lowercase());
        }
        word.to_string()
    }

    #[test]
    fn the_worse_verdict_wins() {
        assert_eq!(
            Verdict::Pass.and(Verdict::Inconclusive),
            Verdict::Inconclusive
        );
        assert_eq!(Verdict::Fail.and(Verdict::Inconclusive), Verdict::Fail);
        assert_eq!(Verdict::Pass.and(Verdict::Pass), Verdict::Pass);
    }
}
