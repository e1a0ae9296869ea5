//! What may be wrong with a new password, and how strong it is, in words.

use terms::Arg;

use crate::Speech;

/// Why a password isn't taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PasswordProblem {
    /// It has fewer than `least` characters.
    TooShort {
        /// How many it needs.
        least: u32,
    },
    /// It has more than `most` bytes.
    TooLong {
        /// How many it may have.
        most: u32,
    },
    /// A programme would guess it soon.
    Guessable,
    /// It stands in lists of passwords that became known elsewhere.
    Breached,
    /// It is made of the name, the e-mail address or the site.
    ContainsName,
    /// It has a sign that can't be kept: NUL.
    ForbiddenCharacter,
    /// The password that it shall replace is another.
    CurrentWrong,
    /// It is the one it shall replace.
    SameAsOld,
}

impl PasswordProblem {
    /// What is wrong, as a sentence.
    pub(crate) fn said(self, say: Speech<'_>) -> String {
        match self {
            Self::TooShort { least } => say.text_with(
                "password-too-short",
                &[("least", Arg::Number(least.into()))],
            ),
            Self::TooLong { most } => {
                say.text_with("password-too-long", &[("most", Arg::Number(most.into()))])
            }
            Self::Guessable => say.text("password-guessable"),
            Self::Breached => say.text("password-breached"),
            Self::ContainsName => say.text("password-contains-name"),
            Self::ForbiddenCharacter => say.text("password-forbidden-character"),
            Self::CurrentWrong => say.text("password-current-wrong"),
            Self::SameAsOld => say.text("password-same-as-old"),
        }
    }

    /// Whether it concerns the password that is to be replaced.
    pub(crate) const fn is_of_current(self) -> bool {
        matches!(self, Self::CurrentWrong)
    }
}

/// How strong a password is, in the five steps of zxcvbn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Strength {
    /// Guessed at once.
    VeryWeak,
    /// Guessed within minutes.
    Weak,
    /// Withstands somebody who tries by hand.
    Fair,
    /// Withstands a programme for long.
    Strong,
    /// Withstands more than anybody will try.
    VeryStrong,
}

impl Strength {
    /// All five, the weakest first.
    pub const ALL: [Self; 5] = [
        Self::VeryWeak,
        Self::Weak,
        Self::Fair,
        Self::Strong,
        Self::VeryStrong,
    ];

    /// How strong it is, as a sentence.
    pub(crate) fn said(self, say: Speech<'_>) -> String {
        match self {
            Self::VeryWeak => say.text("strength-very-weak"),
            Self::Weak => say.text("strength-weak"),
            Self::Fair => say.text("strength-fair"),
            Self::Strong => say.text("strength-strong"),
            Self::VeryStrong => say.text("strength-very-strong"),
        }
    }
}

/// The policy and how to meet it: what stands below an input for a new password.
pub(crate) fn hint(say: Speech<'_>, least: u32) -> String {
    say.text_with("password-hint", &[("least", Arg::Number(least.into()))])
}
