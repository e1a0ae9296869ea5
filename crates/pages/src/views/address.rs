//! Another e-mail address for an account: asked for by its owner, and confirmed by a link
//! that went to it. Nothing here tells whether the address is another account's.

use terms::{Language, Secret};

use super::{
    form::{Field, FieldProblem, Form, Input},
    message::Switcher,
    sheet::{Block, Sheet, wrong_alert},
    table::Cell,
};
use crate::{Page, Pages};

/// `{prefix}account/address`. The form POSTs there: `token`, `email`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddressAskView {
    /// The form's token.
    pub token: Secret<String>,
    /// The address until now; may be empty.
    pub now: String,
    /// What was typed before.
    pub typed: String,
    /// What is wrong with it.
    pub problem: Option<FieldProblem>,
}

/// `{prefix}address`: from a mailed link. The form POSTs there: `token`, `secret`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddressConfirmView {
    /// The form's token.
    pub token: Secret<String>,
    /// What the link brought.
    pub secret: Secret<String>,
    /// Whose address it becomes: the login name.
    pub login: String,
    /// The address.
    pub email: String,
}

impl Pages {
    /// Asks for the address.
    pub fn address_ask(&self, view: &AddressAskView, language: Language) -> Page {
        let frame = self.frame(language, Switcher::Offered);
        let say = frame.say;
        let mut sheet = Sheet::new(frame, say.text("address-title"));
        sheet.add(Block::Lead(say.text("address-lead")));
        sheet.add(Block::Facts(vec![(
            say.text("address-now"),
            Cell::name(&view.now),
        )]));
        let problems: Vec<_> = view
            .problem
            .map(|it| (Field::Email, it))
            .into_iter()
            .collect();
        sheet.add_some(wrong_alert(say, &problems));
        let form = Form::post(
            &sheet.frame,
            "account/address",
            &view.token,
            say.text("address-button"),
        )
        .input(
            Input::email("email", say.text("address-new"), &view.typed)
                .required()
                .wrong(say, Field::Email, &problems),
        );
        sheet.add(Block::Form(form));
        sheet.link("account", say.text("account-link"));
        self.done(&sheet)
    }

    /// A link is on its way: the same page whosever the address is.
    pub fn address_sent(&self, language: Language) -> Page {
        let frame = self.frame(language, Switcher::Fixed);
        let say = frame.say;
        let mut sheet = Sheet::new(frame, say.text("reset-sent-title"));
        sheet.text(say.text("address-sent-text"));
        sheet.text(say.text("address-sent-todo"));
        sheet.link("account", say.text("account-link"));
        self.done(&sheet)
    }

    /// Asks before the address becomes the account's: programmes that read mail follow
    /// links.
    pub fn address_confirm(&self, view: &AddressConfirmView, language: Language) -> Page {
        let frame = self.frame(language, Switcher::Fixed);
        let say = frame.say;
        let mut sheet = Sheet::new(frame, say.text("address-confirm-title"));
        sheet.text(say.text("address-confirm-text"));
        sheet.add(Block::Facts(vec![
            (say.text("label-login"), Cell::name(&view.login)),
            (say.text("address-new"), Cell::name(&view.email)),
        ]));
        let form = Form::post(
            &sheet.frame,
            "address",
            &view.token,
            say.text("address-confirm-button"),
        )
        .hidden("secret", view.secret.expose());
        sheet.add(Block::Form(form));
        self.done(&sheet)
    }

    /// The address is the account's.
    pub fn address_done(&self, language: Language) -> Page {
        let frame = self.frame(language, Switcher::Fixed);
        let say = frame.say;
        let mut sheet = Sheet::new(frame, say.text("address-done-title"));
        sheet.text(say.text("address-done-text"));
        sheet.link("account", say.text("account-link"));
        self.done(&sheet)
    }
}
