//! Everybody's tokens and app passwords.

use terms::Language;

use super::{Console, Room, room};
use crate::{
    Page, Pages,
    views::{
        app_password::{TokenKind, TokenMadeView, TokenView, expiries, made},
        form::{ChoiceView, Field, FieldProblem, Form, Input},
        message::Switcher,
        sheet::{Block, wrong_alert},
        table::{Cell, PagerView, Table},
    },
};

/// `{prefix}admin/tokens`. Buttons POST to `…/revoke`: `token`, `id`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokensView {
    /// What every page of the console has.
    pub console: Console,
    /// Those on this page.
    pub tokens: Vec<TokenView>,
    /// The way to the others.
    pub pager: PagerView,
}

/// `{prefix}admin/tokens/add`. The form POSTs there: `token`, `owner`, `kind`, `name`,
/// `site` once per chosen one (none for all), `days`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenAddView {
    /// What every page of the console has.
    pub console: Console,
    /// The owner's login name that was typed before.
    pub owner: String,
    /// The kind that was chosen before.
    pub kind: TokenKind,
    /// The name that was typed before.
    pub name: String,
    /// Sites to choose from.
    pub sites: Vec<ChoiceView>,
    /// What is wrong.
    pub problems: Vec<(Field, FieldProblem)>,
}

impl Pages {
    /// Everybody's tokens.
    pub fn tokens(&self, view: &TokensView, language: Language) -> Page {
        let frame = self.frame(language, Switcher::Offered);
        let say = frame.say;
        let title = say.text("tokens-title");
        let mut sheet = room(frame, &view.console, Room::Tokens, title);
        sheet.link("admin/tokens/add", say.text("token-add-title"));
        if view.tokens.is_empty() {
            sheet.text(say.text("tokens-none"));
        } else {
            let rows = view
                .tokens
                .iter()
                .map(|token| {
                    let owner = Some(Cell::name(&token.owner));
                    token.row(&sheet.frame, &view.console.token, owner).into()
                })
                .collect();
            sheet.add(Block::Table(Table {
                title: say.text("tokens-title"),
                heads: TokenView::heads(say, true),
                rows,
            }));
        }
        sheet.add(Block::Pager(view.pager.clone()));
        self.done(&sheet)
    }

    /// A new token.
    pub fn token_add(&self, view: &TokenAddView, language: Language) -> Page {
        let frame = self.frame(language, Switcher::Offered);
        let say = frame.say;
        let title = say.text("token-add-title");
        let mut sheet = room(frame, &view.console, Room::Tokens, title);
        sheet.add_some(wrong_alert(say, &view.problems));
        let kinds = TokenKind::ALL.map(|kind| ChoiceView {
            value: kind.word().to_owned(),
            text: kind.said(say),
            chosen: kind == view.kind,
        });
        let wrong = |input: Input, field| input.wrong(say, field, &view.problems);
        let mut form = Form::post(
            &sheet.frame,
            "admin/tokens/add",
            &view.console.token,
            say.text("add-button"),
        )
        .input(wrong(
            Input::plain("owner", say.text("token-owner"), &view.owner)
                .required()
                .hint(say.text("token-owner-hint")),
            Field::Owner,
        ))
        .input(wrong(
            Input::select("kind", say.text("token-kind"), &kinds).hint(say.text("token-kind-hint")),
            Field::Kind,
        ))
        .input(wrong(
            Input::words("name", say.text("token-name"), &view.name).required(),
            Field::Name,
        ));
        if !view.sites.is_empty() {
            form = form.input(wrong(
                Input::checks("site", say.text("token-sites"), &view.sites)
                    .hint(say.text("token-sites-hint")),
                Field::Sites,
            ));
        }
        let form = form.input(wrong(
            Input::select("days", say.text("token-expires"), &expiries(say)),
            Field::Days,
        ));
        sheet.add(Block::Form(form));
        sheet.link("admin/tokens", say.text("tokens-back"));
        self.done(&sheet)
    }

    /// What was just made, once.
    pub fn token_made(&self, console: &Console, view: &TokenMadeView, language: Language) -> Page {
        let frame = self.frame(language, Switcher::Fixed);
        let say = frame.say;
        let title = say.text("token-made-title");
        let mut sheet = room(frame, console, Room::Tokens, title);
        made(&mut sheet, view);
        sheet.link("admin/tokens", say.text("tokens-back"));
        self.done(&sheet)
    }
}
