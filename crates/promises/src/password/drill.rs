//! The attack on `password`: weak passwords are tried where an account of the run's own
//! chooses one, then everything that is stored is counted.
//!
//! The twin is a good password: it must be taken, kept as a hash of today's cost, and
//! open with itself and nothing else. What is stored only control sees; it answers with
//! numbers, and they are judged here.

use std::{fmt::Write as _, future};

use super::{BREACHED, LEAST_COST, LENGTH, STORED};
use crate::{
    entry::{Drilling, Finding, Step},
    ground::{Evidence, Ground, PasswordEvidence, Question},
};

/// Stands in every list of breached passwords since there are such lists.
const COMMONEST: &str = "123456789987654321";
/// Long enough for any configuration, and still the first thing that is guessed.
const GUESSABLE: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
/// So long a random one is strong under any configuration.
const GOOD_AT_LEAST: usize = 24;

pub(super) fn drill(ground: &Ground) -> Drilling<'_> {
    if ground.order.reading.portal().is_none() {
        return Box::pin(future::ready(Vec::new()));
    }
    Box::pin(async move {
        let none = |why: &str| {
            let parts = [STORED, LENGTH, BREACHED];
            parts
                .map(|part| Finding::inconclusive(part, why))
                .into_iter()
                .collect()
        };
        ground.say("password: what is taken, and how it is kept");
        let least = usize::from(ground.order.reading.password.length);
        let candidates = vec![
            random(ground, least.saturating_sub(1)),
            GUESSABLE.to_owned(),
            COMMONEST.to_owned(),
            random(ground, least.max(GOOD_AT_LEAST)),
        ];
        match ground.ask(Question::Passwords { candidates }).await {
            Evidence::Passwords(seen) => judge(ground, &seen),
            Evidence::None { why } => none(&why),
            _ => none("no-evidence"),
        }
    })
}

/// A random text of so many characters.
fn random(ground: &Ground, characters: usize) -> String {
    let mut text = String::new();
    while text.len() < characters {
        let bytes: [u8; 16] = ground.rng.bytes();
        for byte in bytes {
            let written = write!(text, "{byte:02x}");
            debug_assert!(written.is_ok(), "writing to memory can't fail");
        }
    }
    text.truncate(characters);
    text
}

/// Judges what control has seen.
pub(super) fn judge(ground: &Ground, seen: &PasswordEvidence) -> Vec<Finding> {
    let promised = &ground.order.reading.password;
    let [short, guessable, commonest, good] = &seen.choices[..] else {
        return [STORED, LENGTH, BREACHED]
            .map(|part| Finding::inconclusive(part, "not-all-tried"))
            .into();
    };
    let refused = |name, choice: &Vec<String>, for_it: &str| {
        Step::new(name, choice.iter().any(|problem| problem == for_it))
            .saw("refused", choice.join(" "))
    };
    let taken = || {
        Step::new("good-one", good.is_empty())
            .twin()
            .saw("refused", good.join(" "))
    };
    let length = vec![
        refused("one-character-short", short, "too-short").saw("least", promised.length),
        refused("long-but-guessable", guessable, "guessable"),
        taken(),
    ];
    let mut breached = vec![refused("commonest", commonest, "breached")];
    if promised.breached_file {
        breached.push(Step::new("list-in-use", seen.breached_file));
    }
    breached.push(taken());
    vec![
        stored(promised.cost, seen),
        Finding::by_steps(LENGTH, length),
        Finding::by_steps(BREACHED, breached),
    ]
}

/// How many accounts there are isn't public; that all are kept well is.
fn stored(promised: u8, seen: &PasswordEvidence) -> Finding {
    let counts = &seen.stored;
    let least = counts.least_cost.unwrap_or(0);
    let mut steps = vec![
        Step::new("all-are-bcrypt", counts.foreign == 0).saw("others", counts.foreign),
        Step::new("cost", least >= LEAST_COST)
            .saw("least", least)
            .saw("promised", promised)
            .saw("weaker", counts.weaker),
        Step::new("salts-of-their-own", counts.same_salt == 0).saw("shared", counts.same_salt),
    ];
    let Some(fresh) = seen.fresh else {
        return Finding::by_steps(STORED, steps).short_of("nothing-stored");
    };
    let well = fresh.cost == Some(promised) && fresh.opens && !fresh.opens_to_another;
    steps.push(
        Step::new("good-one-kept", well)
            .twin()
            .saw("cost", fresh.cost.unwrap_or(0))
            .saw("opens", fresh.opens)
            .saw("opens-to-another", fresh.opens_to_another),
    );
    // The run's own is one of them.
    let others = counts.total.saturating_sub(1);
    Finding::by_steps(STORED, steps)
        .figure("cost", i64::from(least))
        .figure("any", i64::from(others > 0))
        .figure("weaker", i64::try_from(counts.weaker).unwrap_or(i64::MAX))
}
