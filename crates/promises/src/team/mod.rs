//! Promise `team`: the team signs in with a second factor, here and to whatever else it
//! uses, and password managers are welcome.
//!
//! Where there is no portal nobody signs in, and nothing is promised. What the register
//! says of services elsewhere is people's word but for GitHub, and the sentence says so.

mod drill;
#[cfg(test)]
mod tests;

use config::Reading;
use terms::{Arg, Clause, PromiseId, Vantage};

use crate::entry::{Entry, Part};

/// The promise.
pub const ENTRY: Entry = Entry {
    id: PromiseId::Team,
    parts,
    drill: drill::drill,
};

pub(crate) const FACTOR: &str = "second-factor";
pub(crate) const REGISTER: &str = "register";
pub(crate) const PEOPLE: &str = "people";
pub(crate) const GITHUB: &str = "github";
pub(crate) const MANAGERS: &str = "password-managers";
pub(crate) const WORD: &str = "word";

fn parts(reading: &Reading) -> Vec<Part> {
    if reading.portal().is_none() {
        return Vec::new();
    }
    let drilled = |name, clause, measured, vantage| Part {
        name,
        clause,
        measured,
        core: true,
        drilled: true,
        vantage,
    };
    let none = Arg::Number(0);
    let register = Clause::new("team-register")
        .with("all", none.clone())
        .with("proven", none.clone())
        .with("days", none.clone());
    let figures = &[("all", "all"), ("proven", "proven"), ("days", "days")];
    let mut parts = vec![
        drilled(
            FACTOR,
            Clause::new("team-second-factor"),
            &[],
            Vantage::SameHost,
        ),
        drilled(REGISTER, register, figures, Vantage::Inside),
    ];
    if reading.team.people {
        let people = Clause::new("team-people").with("people", none.clone());
        parts.push(drilled(
            PEOPLE,
            people,
            &[("people", "people")],
            Vantage::Inside,
        ));
    }
    if reading.team.github {
        let members = Clause::new("team-github").with("members", none);
        parts.push(drilled(
            GITHUB,
            members,
            &[("members", "members")],
            Vantage::Inside,
        ));
    }
    parts.push(drilled(
        MANAGERS,
        Clause::new("team-password-managers"),
        &[],
        Vantage::SameHost,
    ));
    parts.push(Part::stated(WORD, Clause::new("team-word")));
    parts
}
