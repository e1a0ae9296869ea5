//! Which new passwords are taken.
//!
//! A least length, counted in characters (Unicode scalar values after NFC); a strength,
//! by zxcvbn with Dutch and French words and the person's own added; and not one that
//! has leaked. There is no rule of composition, and no upper limit under
//! [`password::BYTES_MAX`](crate::password::BYTES_MAX) (OWASP ASVS 5.0 §6.2, NIST SP
//! 800-63B-4).
//!
//! zxcvbn copies what it looks at; those copies aren't wiped.

use std::sync::LazyLock;

use thiserror::Error;
use unicode_normalization::{UnicodeNormalization as _, char::is_combining_mark};
use zxcvbn::{Score, feedback::Warning, matching::patterns::MatchPattern, zxcvbn};

use crate::{
    breached::{Breached, LookUpError},
    password::Given,
};

/// Under this no configuration goes.
pub const LENGTH_FLOOR: usize = 6;

/// How much of a person's own words counts: the rest is left out.
const OWN_MAX: usize = 32;

/// Own words of fewer letters are in too many honest passwords.
const OWN_LETTERS: usize = 3;

const DUTCH: &str = include_str!("words/nl.txt");
const FRENCH: &str = include_str!("words/fr.txt");

/// The words of both lists, the commonest first, with and without accents.
static WORDS: LazyLock<Vec<String>> = LazyLock::new(|| {
    // Line by line in turns, since the place of a word is how soon it is guessed.
    let (mut dutch, mut french) = (DUTCH.lines(), FRENCH.lines());
    let mut words = Vec::new();
    loop {
        let lines = [dutch.next(), french.next()];
        if lines.iter().all(Option::is_none) {
            return words;
        }
        for word in lines.into_iter().flatten().flat_map(str::split_whitespace) {
            let bare = without_accents(word);
            if bare != word {
                words.push(bare);
            }
            words.push(word.to_owned());
        }
    }
});

/// The least lengths, in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lengths {
    alone: usize,
    with_second_factor: usize,
}

/// A least length under [`LENGTH_FLOOR`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("a least length of {0}: it is at least {LENGTH_FLOOR}")]
pub struct LengthTooLow(pub usize);

impl Default for Lengths {
    fn default() -> Self {
        Self {
            alone: 15,
            with_second_factor: 8,
        }
    }
}

impl Lengths {
    /// The least length of a password alone, and of one beside a second factor.
    ///
    /// # Errors
    /// When one is under the floor.
    pub const fn new(alone: usize, with_second_factor: usize) -> Result<Self, LengthTooLow> {
        if alone < LENGTH_FLOOR {
            return Err(LengthTooLow(alone));
        }
        if with_second_factor < LENGTH_FLOOR {
            return Err(LengthTooLow(with_second_factor));
        }
        Ok(Self {
            alone,
            with_second_factor,
        })
    }

    /// The one that holds for this person.
    pub const fn least(self, factors: Factors) -> usize {
        match factors {
            Factors::PasswordOnly => self.alone,
            Factors::SecondEnrolled => self.with_second_factor,
        }
    }
}

/// Whether the password stands alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Factors {
    /// It does.
    PasswordOnly,
    /// A second factor is enrolled.
    SecondEnrolled,
}

/// A strength as people are told it; the words are the pages'.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Strength {
    /// Among the first thousand guesses.
    VeryWeak,
    /// Guessed online.
    Weak,
    /// Withstands online guessing only.
    Fair,
    /// Withstands offline guessing of a slow hash: what we ask for.
    Strong,
    /// More than that.
    VeryStrong,
}

/// Why a password isn't taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Weakness {
    /// Fewer characters than these.
    TooShort {
        /// The least number.
        least: usize,
    },
    /// Guessed too soon.
    Guessable(Hint),
    /// It is the person's or the site's own name, or hardly more.
    ContainsName,
    /// It has leaked somewhere.
    Breached,
}

/// What makes a password guessable: a sentence of the pages' each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hint {
    /// It is a common password, or like one.
    Common,
    /// It is made of words that are easy to guess.
    Words,
    /// Names.
    Names,
    /// Keys side by side.
    Keyboard,
    /// Repetitions.
    Repeats,
    /// Rows such as `abc` or `6543`.
    Sequence,
    /// Years and dates.
    Dates,
    /// Nothing special: more words would help.
    AddWords,
}

/// What was found of a new password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judgement {
    /// For the hint beside the field.
    pub strength: Strength,
    /// Empty when it is taken.
    pub weaknesses: Vec<Weakness>,
}

/// Judges a new password.
///
/// `own` is what others know of the person: name, e-mail address, the sites' names.
///
/// # Errors
/// When the filter can't be read: its file is at fault, not the password.
pub fn judge(
    given: &Given,
    least: usize,
    own: &[&str],
    breached: &[&Breached],
) -> Result<Judgement, LookUpError> {
    let own = own_words(own);
    let mut inputs: Vec<&str> = own.iter().map(String::as_str).collect();
    inputs.extend(WORDS.iter().map(String::as_str));
    let entropy = zxcvbn(given.text(), &inputs);
    let strength = match entropy.score() {
        Score::Zero => Strength::VeryWeak,
        Score::One => Strength::Weak,
        Score::Two => Strength::Fair,
        Score::Three => Strength::Strong,
        _ => Strength::VeryStrong,
    };
    let mut weaknesses = Vec::new();
    if given.characters() < least {
        weaknesses.push(Weakness::TooShort { least });
    }
    if strength < Strength::Strong {
        let named = entropy.sequence().iter().any(|found| match &found.pattern {
            MatchPattern::Dictionary(word) => own.contains(&word.matched_word),
            _ => false,
        });
        let warning = entropy.feedback().and_then(|feedback| feedback.warning());
        weaknesses.push(if named {
            Weakness::ContainsName
        } else {
            Weakness::Guessable(hint(warning))
        });
    }
    for filter in breached {
        if filter.holds(given)? {
            weaknesses.push(Weakness::Breached);
            break;
        }
    }
    Ok(Judgement {
        strength,
        weaknesses,
    })
}

const fn hint(warning: Option<Warning>) -> Hint {
    use Warning as W;
    match warning {
        Some(
            W::ThisIsATop10Password
            | W::ThisIsATop100Password
            | W::ThisIsACommonPassword
            | W::ThisIsSimilarToACommonlyUsedPassword,
        ) => Hint::Common,
        Some(W::AWordByItselfIsEasyToGuess) => Hint::Words,
        Some(
            W::NamesAndSurnamesByThemselvesAreEasyToGuess | W::CommonNamesAndSurnamesAreEasyToGuess,
        ) => Hint::Names,
        Some(W::StraightRowsOfKeysAreEasyToGuess | W::ShortKeyboardPatternsAreEasyToGuess) => {
            Hint::Keyboard
        }
        Some(
            W::RepeatsLikeAaaAreEasyToGuess | W::RepeatsLikeAbcAbcAreOnlySlightlyHarderToGuess,
        ) => Hint::Repeats,
        Some(W::SequencesLikeAbcAreEasyToGuess) => Hint::Sequence,
        Some(W::RecentYearsAreEasyToGuess | W::DatesAreOftenEasyToGuess) => Hint::Dates,
        None => Hint::AddWords,
    }
}

/// Names, addresses and hosts, taken apart into words, lower case, with and without
/// accents.
fn own_words(own: &[&str]) -> Vec<String> {
    let mut words = Vec::new();
    for text in own.iter().take(OWN_MAX) {
        let text = text.to_lowercase();
        let parts = text.split(|letter: char| !letter.is_alphanumeric());
        for word in parts.chain([text.as_str()]) {
            if OWN_LETTERS <= word.chars().count() && words.len() < OWN_MAX {
                words.push(word.to_owned());
                let bare = without_accents(word);
                if bare != word {
                    words.push(bare);
                }
            }
        }
    }
    words
}

fn without_accents(word: &str) -> String {
    word.nfd()
        .filter(|letter| !is_combining_mark(*letter))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(password: &str, least: usize, own: &[&str]) -> Judgement {
        let given = Given::new(password).expect("a password");
        judge(&given, least, own, &[&Breached::commonest()]).expect("it is embedded")
    }

    #[test]
    fn words_of_all_three_languages_with_a_year_are_weak() {
        for password in [
            "Zomer2026!",
            "Welkom01",
            "Été2026!",
            "Ete2026!",
            "Bienvenue1",
            "Summer2026!",
            "W3lk0m2026",
            "Motdepasse123",
            "Wachtwoord2026!",
            "Amsterdam2026",
            "azertyuiop1",
        ] {
            let judgement = found(password, 8, &[]);
            assert!(
                judgement.strength < Strength::Strong,
                "{password}: {judgement:?}"
            );
            assert!(!judgement.weaknesses.is_empty());
        }
    }

    #[test]
    fn several_words_and_what_a_password_manager_makes_are_taken() {
        for password in [
            "vier gele fietsen in het bos",
            "le renard mange trois nuages",
            "gT7#qLw9!xRz2Vb",
            "correct horse battery staple",
            "🔑 raam potlood wolkje 9",
        ] {
            assert_eq!(
                found(password, 15, &["Jan de Vries"]).weaknesses,
                [],
                "{password}"
            );
        }
    }

    #[test]
    fn length_is_counted_in_characters_and_64_of_them_are_taken() {
        let short = found("gT7#qLw9!xRz2V", 15, &[]);
        assert_eq!(short.weaknesses, [Weakness::TooShort { least: 15 }]);
        assert_eq!(found("gT7#qLw9!xRz2V", 8, &[]).weaknesses, []);
        // Seven characters of twenty-eight bytes.
        let keys = found("🔑🚲🌧🎹🦊🧀⛵", 8, &[]);
        assert!(keys.weaknesses.contains(&Weakness::TooShort { least: 8 }));
        let long = "vier gele fietsen in het bos, en een vijfde die rood is! klaar..";
        assert_eq!(long.chars().count(), 64);
        assert_eq!(found(long, 15, &[]).weaknesses, []);
        assert_eq!(found(&long.repeat(20), 15, &[]).weaknesses, []);
    }

    #[test]
    fn ones_own_name_and_address_are_weak_in_a_password_and_fine_beside_three_words() {
        let own = [
            "Annelies Vandermeersch",
            "a.vandermeersch@voorbeeldbedrijf.be",
        ];
        for password in ["Vandermeersch2026", "Annelies!", "voorbeeldbedrijf1"] {
            let judgement = found(password, 8, &own);
            assert!(
                judgement.weaknesses.contains(&Weakness::ContainsName),
                "{judgement:?}"
            );
        }
        assert_eq!(
            found("annelies telt paarse wolken", 15, &own).weaknesses,
            []
        );
    }

    #[test]
    fn a_common_password_is_said_to_have_leaked() {
        assert!(
            found("Password1", 6, &[])
                .weaknesses
                .contains(&Weakness::Breached)
        );
        assert!(
            found("qwertyuiop", 6, &[])
                .weaknesses
                .contains(&Weakness::Breached)
        );
        assert!(
            !found("gT7#qLw9!xRz2Vb", 6, &[])
                .weaknesses
                .contains(&Weakness::Breached)
        );
    }

    #[test]
    fn lengths_never_go_under_the_floor() {
        assert_eq!(Lengths::new(5, 8), Err(LengthTooLow(5)));
        assert_eq!(Lengths::new(15, 5), Err(LengthTooLow(5)));
        let lengths = Lengths::new(6, 6).expect("the floor");
        assert_eq!(lengths.least(Factors::PasswordOnly), 6);
        assert_eq!(Lengths::default().least(Factors::PasswordOnly), 15);
        assert_eq!(Lengths::default().least(Factors::SecondEnrolled), 8);
    }
}
