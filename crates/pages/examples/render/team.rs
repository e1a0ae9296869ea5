//! The console's pages about the team's register.

use terms::Language;

use super::{super::api::*, Fill, NOW};

fn entry(
    fill: Fill<'_>,
    kind: EntryKind,
    factor: EntryFactor,
    standing: EntryStanding,
) -> EntryView {
    let word = !matches!(standing, EntryStanding::Missing);
    EntryView {
        id: fill.with("e1"),
        kind,
        name: fill.with("github.com"),
        address: fill.with("https://github.com/a-rather-long-label"),
        holder: fill.with("ada"),
        factor,
        standing,
        attested: word.then(|| (fill.with("bo"), NOW, NOW)),
    }
}

pub(super) fn all(pages: &Pages, fill: Fill<'_>, language: Language) -> Vec<(&'static str, Page)> {
    use EntryFactor as F;
    let standings = [
        (F::Passkey, EntryStanding::Proven),
        (F::SecurityKey, EntryStanding::Ending),
        (F::App, EntryStanding::Ended),
        (F::SingleSignOn, EntryStanding::Missing),
        (F::None, EntryStanding::WithoutFactor),
    ];
    let some = standings.map(|(factor, at)| entry(fill, EntryKind::Service, factor, at));
    let list = |entries, people, github| {
        let view = TeamView {
            console: fill.console(None),
            entries,
            people,
            github,
        };
        pages.team(&view, language)
    };
    let told = GitHubSaid::Members {
        at: NOW,
        seen: 7,
        without: 1,
    };
    let add = TeamAddView {
        console: fill.console(None),
        kind: EntryKind::Device,
        name: fill.with("github.com"),
        address: fill.with(""),
        holder: fill.with("ada"),
        factor: F::Sms,
        problems: vec![
            (Field::Name, FieldProblem::Taken),
            (Field::Address, FieldProblem::Malformed),
            (Field::Holder, FieldProblem::Missing),
        ],
    };
    let one = |standing, problems| {
        let view = TeamEntryView {
            console: fill.console(Some(Notice::Attested)),
            entry: entry(fill, EntryKind::Device, F::Platform, standing),
            days: 90,
            problems,
        };
        pages.team_entry(&view, language)
    };
    let wrong = vec![(Field::Factor, FieldProblem::Unknown)];
    let gone = entry(fill, EntryKind::Service, F::App, EntryStanding::Ended);
    vec![
        ("team", list(some.into(), (5, 1), told)),
        ("team-none", list(Vec::new(), (0, 0), GitHubSaid::NotYet)),
        (
            "team-silent",
            list(Vec::new(), (1, 0), GitHubSaid::Silent { at: NOW }),
        ),
        ("team-add", pages.team_add(&add, language)),
        ("team-entry", one(EntryStanding::Proven, Vec::new())),
        ("team-entry-missing", one(EntryStanding::Missing, wrong)),
        (
            "team-remove",
            pages.team_remove(&fill.console(None), &gone, language),
        ),
    ]
}
