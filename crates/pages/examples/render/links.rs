//! The portal's pages around links that were mailed.

use terms::Language;

use super::{super::api::*, Fill, NOW};

pub(super) fn all(pages: &Pages, fill: Fill<'_>, language: Language) -> Vec<(&'static str, Page)> {
    let mut all = reset(pages, fill, language);
    all.extend(address(pages, fill, language));
    all.extend(lost_factor(pages, fill, language));
    all.extend(register(pages, fill, language));
    all
}

fn register(pages: &Pages, fill: Fill<'_>, language: Language) -> Vec<(&'static str, Page)> {
    let ask = |problem: Option<FieldProblem>, stale| {
        let view = RegisterAskView {
            token: fill.token(),
            typed: fill.with(if problem.is_some() { "ada@" } else { "" }),
            problem,
            stale,
        };
        pages.register_ask(&view, language)
    };
    let choose = |wrong: bool| {
        let view = RegisterChooseView {
            token: fill.token(),
            secret: fill.secret("s3cr3t"),
            email: fill.with("ada@a-rather-long-label.eu.example.com"),
            name: fill.with(""),
            name_problem: wrong.then_some(FieldProblem::Missing),
            least: 15,
            problems: if wrong {
                vec![PasswordProblem::Breached]
            } else {
                Vec::new()
            },
            strength: wrong.then_some(Strength::VeryWeak),
        };
        pages.register_choose(&view, language)
    };
    vec![
        ("register", ask(None, false)),
        ("register-wrong", ask(Some(FieldProblem::Malformed), false)),
        ("register-stale", ask(None, true)),
        ("register-sent", pages.register_sent(language)),
        ("register-choose", choose(false)),
        ("register-choose-wrong", choose(true)),
        ("register-done", pages.register_done(language)),
    ]
}

fn reset(pages: &Pages, fill: Fill<'_>, language: Language) -> Vec<(&'static str, Page)> {
    let ask = |stale| {
        let view = ResetAskView {
            token: fill.token(),
            stale,
        };
        pages.reset_ask(&view, language)
    };
    let choose = |problems: Vec<PasswordProblem>| {
        let view = ResetChooseView {
            token: fill.token(),
            secret: fill.secret("s3cr3t"),
            login: fill.with("ada"),
            least: 15,
            strength: (!problems.is_empty()).then_some(Strength::Weak),
            problems,
        };
        pages.reset_choose(&view, language)
    };
    let weak = vec![PasswordProblem::TooShort { least: 15 }];
    vec![
        ("reset", ask(false)),
        ("reset-stale", ask(true)),
        ("reset-sent", pages.reset_sent(language)),
        ("reset-choose", choose(Vec::new())),
        ("reset-choose-weak", choose(weak)),
        ("reset-done", pages.reset_done(language)),
    ]
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

fn lost_factor(pages: &Pages, fill: Fill<'_>, language: Language) -> Vec<(&'static str, Page)> {
    let enter = |problem| {
        let view = LostFactorView {
            token: fill.token(),
            secret: fill.secret("s3cr3t"),
            login: fill.with("ada"),
            problem,
        };
        pages.lost_factor(&view, language)
    };
    let stop = LostStopView {
        token: fill.token(),
        secret: fill.secret("s3cr3t"),
        login: fill.with("ada"),
    };
    vec![
        ("lost-factor", enter(None)),
        ("lost-factor-wrong", enter(Some(SignInProblem::Wrong))),
        ("lost-stop", pages.lost_stop(&stop, language)),
        ("lost-stopped", pages.lost_stopped(language)),
    ]
}

/// What stands on a user's page while the link isn't mailed yet.
pub(super) fn waits(fill: Fill<'_>) -> LostFactor {
    LostFactor::Waits {
        who: fill.with("grace"),
        begun: NOW,
        opens: NOW,
    }
}

/// A user's page on which it can be begun.
pub(super) fn user_lost(pages: &Pages, user: UserView, language: Language) -> Page {
    let view = UserView {
        factors: 1,
        lost_factor: LostFactor::MayBegin { opens: NOW },
        ..user
    };
    pages.user(&view, language)
}
