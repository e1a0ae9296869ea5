//! The grades of the public SSL Labs guide, for the promise `tls-report`.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// A grade, the best first. The last two say that the rest doesn't matter: whoever can't
/// be recognised may as well not encrypt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Grade {
    /// Exceptional.
    #[serde(rename = "A+")]
    APlus,
    /// Good.
    A,
    /// Good, with warnings.
    #[serde(rename = "A-")]
    AMinus,
    /// Outdated.
    B,
    /// Weak.
    C,
    /// Weaker.
    D,
    /// Weakest of what isn't broken.
    E,
    /// Broken.
    F,
    /// The certificate is for another name.
    M,
    /// The certificate isn't trusted.
    T,
}

impl Grade {
    /// All of them, the best first.
    pub const ALL: [Self; 10] = [
        Self::APlus,
        Self::A,
        Self::AMinus,
        Self::B,
        Self::C,
        Self::D,
        Self::E,
        Self::F,
        Self::M,
        Self::T,
    ];

    /// As it is written.
    pub const fn word(self) -> &'static str {
        match self {
            Self::APlus => "A+",
            Self::A => "A",
            Self::AMinus => "A-",
            Self::B => "B",
            Self::C => "C",
            Self::D => "D",
            Self::E => "E",
            Self::F => "F",
            Self::M => "M",
            Self::T => "T",
        }
    }

    /// Its place among [`Grade::ALL`], counted from 1: the figure of a sentence.
    pub const fn place(self) -> i64 {
        match self {
            Self::APlus => 1,
            Self::A => 2,
            Self::AMinus => 3,
            Self::B => 4,
            Self::C => 5,
            Self::D => 6,
            Self::E => 7,
            Self::F => 8,
            Self::M => 9,
            Self::T => 10,
        }
    }
}

impl fmt::Display for Grade {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

/// No grade is written like this.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no grade; expected one from `A+` to `F`, `M` or `T`")]
pub struct UnknownGrade(pub String);

impl FromStr for Grade {
    type Err = UnknownGrade;

    fn from_str(word: &str) -> Result<Self, UnknownGrade> {
        Self::ALL
            .into_iter()
            .find(|grade| grade.word() == word)
            .ok_or_else(|| UnknownGrade(word.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_grade_is_read_as_it_is_written_and_the_best_comes_first() {
        for (at, grade) in (1..).zip(Grade::ALL) {
            assert_eq!(grade.word().parse(), Ok(grade));
            assert_eq!(grade.place(), at);
        }
        assert!(Grade::APlus < Grade::A && Grade::F < Grade::T);
        assert!("a+".parse::<Grade>().is_err());
    }
}
