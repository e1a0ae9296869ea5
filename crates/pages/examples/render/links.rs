//! The portal's pages around links that were mailed, but for those of a lost password.

use terms::{Language, Secret};

use super::{super::api::*, Fill};

pub(super) fn all(pages: &Pages, fill: Fill<'_>, language: Language) -> Vec<(&'static str, Page)> {
    address(pages, fill, language)
}

fn address(pages: &Pages, fill: Fill<'_>, language: Language) -> Vec<(&'static str, Page)> {
    let ask = |problem: Option<FieldProblem>| {
        let view = AddressAskView {
            token: fill.token(),
            now: fill.with("ada@example.com"),
            typed: fill.with(if problem.is_some() { "ada@" } else { "" }),
            problem,
        };
        pages.address_ask(&view, language)
    };
    let confirm = AddressConfirmView {
        token: fill.token(),
        secret: fill.secret("s3cr3t"),
        login: fill.with("ada"),
        email: fill.with("ada@a-rather-long-label.eu.example.com"),
    };
    vec![
        ("address", ask(None)),
        ("address-wrong", ask(Some(FieldProblem::Malformed))),
        ("address-same", ask(Some(FieldProblem::Same))),
        ("address-wait", ask(Some(FieldProblem::Wait))),
        ("address-sent", pages.address_sent(language)),
        ("address-confirm", pages.address_confirm(&confirm, language)),
        ("address-done", pages.address_done(language)),
    ]
}
