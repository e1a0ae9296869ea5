//! Passkeys: asked for at sign-in, and looked after in the account. The browser is asked
//! by the script of `static/passkey.js`; everything else goes on without it.

use terms::{Language, Secret};

use super::{
    account::AccountSecurityView,
    form::{Form, Input},
    message::Switcher,
    second_factor::factor_cards,
    sheet::{Block, Sheet},
};
use crate::{Page, Pages, Speech};

/// A question to the reader's browser.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PasskeyAsk {
    /// What `navigator.credentials` takes as `publicKey`, as JSON.
    pub options: String,
    /// What the answer is compared with: it goes through the reader's hands as `sealed`.
    pub sealed: Secret<String>,
}

/// Why no passkey was added.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PasskeyProblem {
    /// The browser's answer wasn't one to the question, or there was none.
    Refused,
    /// The page is too old.
    Stale,
}

/// `{prefix}account/passkey`. The form POSTs there: `token`, `sealed`, `name`, `answer`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PasskeyAddView {
    /// The form's token.
    pub token: Secret<String>,
    /// What the browser is asked for.
    pub ask: PasskeyAsk,
    /// What the reader calls it.
    pub name: String,
    /// Why the last one wasn't added.
    pub problem: Option<PasskeyProblem>,
}

/// What a form asks the browser for, with what is said where that can't be.
pub(crate) struct Ceremony {
    /// The method of `navigator.credentials`.
    pub(crate) kind: &'static str,
    pub(crate) options: String,
    /// Where there is no script.
    pub(crate) plain: String,
    /// Where the browser gave none.
    pub(crate) failed: String,
}

impl Form {
    fn ceremony(mut self, say: Speech<'_>, kind: &'static str, ask: &PasskeyAsk) -> Self {
        self.hidden
            .push(("sealed".to_owned(), ask.sealed.expose().clone()));
        self.hidden.push(("answer".to_owned(), String::new()));
        self.ceremony = Some(Box::new(Ceremony {
            kind,
            options: ask.options.clone(),
            plain: say.text("passkey-no-script"),
            failed: say.text("passkey-failed"),
        }));
        self
    }

    /// Asks the browser for one of the passkeys that it has.
    pub(crate) fn get_passkey(self, say: Speech<'_>, ask: &PasskeyAsk) -> Self {
        self.ceremony(say, "get", ask)
    }
}

/// Passkeys of one account.
const PASSKEYS_MAX: usize = 10;

/// The part of the account's page about passkeys.
pub(crate) fn passkeys(sheet: &mut Sheet<'_>, view: &AccountSecurityView) {
    let say = sheet.frame.say;
    sheet.add(Block::Heading(say.text("passkeys-title")));
    sheet.text(say.text("passkeys-lead"));
    if !view.passkeys.is_empty() {
        let cards = factor_cards(sheet, &view.passkeys, &view.token);
        sheet.add(cards);
    }
    if view.takes_passkeys && view.passkeys.len() < PASSKEYS_MAX {
        sheet.link("account/passkey", say.text("passkey-add"));
    }
}

impl Pages {
    /// Adds a passkey.
    pub fn passkey_add(&self, view: &PasskeyAddView, language: Language) -> Page {
        let frame = self.frame(language, Switcher::Fixed);
        let say = frame.say;
        let mut sheet = Sheet::new(frame, say.text("passkey-add"));
        let problem = view.problem.map(|problem| match problem {
            PasskeyProblem::Refused => say.text("passkey-not-added"),
            PasskeyProblem::Stale => say.text("code-stale"),
        });
        sheet.add_some(problem.map(|line| Block::Alert {
            id: "problem",
            lines: vec![line],
        }));
        sheet.add(Block::Lead(say.text("passkey-add-lead")));
        let form = Form::post(
            &sheet.frame,
            "account/passkey",
            &view.token,
            say.text("passkey-add-button"),
        )
        .ceremony(say, "create", &view.ask)
        .input(
            Input::words("name", say.text("passkey-name"), &view.name)
                .required()
                .hint(say.text("passkey-name-hint")),
        );
        sheet.add(Block::Form(form));
        sheet.link("account/security", say.text("security-back"));
        self.done(&sheet)
    }
}
