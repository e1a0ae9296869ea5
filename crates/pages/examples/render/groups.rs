//! The console's pages about groups.

use terms::Language;

use super::{super::api::*, Fill};

pub(super) fn all(pages: &Pages, fill: Fill<'_>, language: Language) -> Vec<(&'static str, Page)> {
    let list = |groups: Vec<(String, u64)>, problems| {
        let view = GroupsView {
            console: fill.console(Some(Notice::Saved)),
            groups,
            name: fill.with(""),
            problems,
        };
        pages.groups(&view, language)
    };
    let some = vec![(fill.with("staff"), 1), (fill.with("support"), 12_345)];
    let group = GroupView {
        console: fill.console(None),
        group: fill.with("staff"),
        count: 1_234,
        members: vec![
            (fill.with("u1"), fill.with("ada")),
            (fill.with("u2"), fill.with("bo")),
        ],
        name: fill.with("staff"),
        problems: Vec::new(),
    };
    let remove = GroupRemoveView {
        console: fill.console(None),
        group: fill.with("staff"),
        count: 2,
        problem: Some(FieldProblem::OfAdministrators),
    };
    vec![
        ("groups", list(some, Vec::new())),
        (
            "groups-none",
            list(
                Vec::new(),
                vec![(Field::Name, FieldProblem::LastAdministrator)],
            ),
        ),
        ("group", pages.group(&group, language)),
        ("group-remove", pages.group_remove(&remove, language)),
    ]
}
