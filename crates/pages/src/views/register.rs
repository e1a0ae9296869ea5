//! An account that somebody makes themselves: an address, then by a link that went to it a
//! name and a password. Asking says nothing of whether the address has an account.

use terms::{Language, Secret};

use super::{
    form::{Field, FieldProblem, Form, Input},
    message::Switcher,
    password::{self, PasswordProblem, Strength},
    sheet::{Block, Sheet, wrong_alert},
};
use crate::{Page, Pages};

/// `{prefix}register`. The form POSTs there: `token`, `email`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegisterAskView {
    /// The form's token.
    pub token: Secret<String>,
    /// What was typed before.
    pub typed: String,
    /// What is wrong with it.
    pub problem: Option<FieldProblem>,
    /// The form that was sent was too old.
    pub stale: bool,
}

/// `{prefix}register/choose`: from a mailed link. The form POSTs there: `token`, `secret`,
/// `name`, `new`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegisterChooseView {
    /// The form's token.
    pub token: Secret<String>,
    /// What the link brought.
    pub secret: Secret<String>,
    /// The address, so that password managers know whose password it is.
    pub email: String,
    /// The name for people, as it was typed before.
    pub name: String,
    /// What is wrong with it.
    pub name_problem: Option<FieldProblem>,
    /// The fewest characters of a password.
    pub least: u32,
    /// Why the password wasn't taken.
    pub problems: Vec<PasswordProblem>,
    /// How strong the refused one was.
    pub strength: Option<Strength>,
}

impl Pages {
    /// Asks for the address.
    pub fn register_ask(&self, view: &RegisterAskView, language: Language) -> Page {
        let frame = self.frame(language, Switcher::Offered);
        let say = frame.say;
        let mut sheet = Sheet::new(frame, say.text("register-title"));
        sheet.add(Block::Lead(say.text("register-lead")));
        sheet.add_some(view.stale.then(|| Block::Alert {
            id: "problem",
            lines: vec![say.text("form-stale")],
        }));
        let problems: Vec<_> = view
            .problem
            .map(|it| (Field::Email, it))
            .into_iter()
            .collect();
        sheet.add_some(wrong_alert(say, &problems));
        let form = Form::post(
            &sheet.frame,
            "register",
            &view.token,
            say.text("register-button"),
        )
        .input(
            Input::email("email", say.text("label-email"), &view.typed)
                .required()
                .wrong(say, Field::Email, &problems),
        );
        sheet.add(Block::Form(form));
        sheet.link("login", say.text("register-sign-in"));
        self.done(&sheet)
    }

    /// The same whether the address has an account or not.
    pub fn register_sent(&self, language: Language) -> Page {
        let frame = self.frame(language, Switcher::Fixed);
        let say = frame.say;
        let mut sheet = Sheet::new(frame, say.text("reset-sent-title"));
        sheet.text(say.text("register-sent-text"));
        sheet.text(say.text("address-sent-todo"));
        sheet.link("login", say.text("sign-in-button"));
        self.done(&sheet)
    }

    /// Asks for name and password.
    pub fn register_choose(&self, view: &RegisterChooseView, language: Language) -> Page {
        let frame = self.frame(language, Switcher::Fixed);
        let say = frame.say;
        let mut sheet = Sheet::new(frame, say.text("register-choose-title"));
        let wrong: Vec<_> = view
            .name_problem
            .map(|it| (Field::Name, it))
            .into_iter()
            .collect();
        sheet.add_some(wrong_alert(say, &wrong));
        let mut lines: Vec<String> = view.problems.iter().map(|it| it.said(say)).collect();
        lines.extend(view.strength.map(|strength| strength.said(say)));
        let weak = !lines.is_empty();
        if weak {
            lines.insert(0, say.text("register-not-made"));
            let id = "problem";
            sheet.add(Block::Alert { id, lines });
        }
        let form = Form::post(
            &sheet.frame,
            "register/choose",
            &view.token,
            say.text("register-choose-button"),
        )
        .hidden("secret", view.secret.expose())
        .input(Input::login("login", say.text("label-email"), &view.email).fixed())
        .input(
            Input::words("name", say.text("label-name"), &view.name)
                .required()
                .hint(say.text("register-name-hint"))
                .wrong(say, Field::Name, &wrong),
        )
        .input(
            Input::password("new", say.text("label-password"), "new-password")
                .required()
                .hint(password::hint(say, view.least))
                .see("problem", weak),
        );
        sheet.add(Block::Form(form));
        self.done(&sheet)
    }

    /// There is an account.
    pub fn register_done(&self, language: Language) -> Page {
        let frame = self.frame(language, Switcher::Fixed);
        let say = frame.say;
        let mut sheet = Sheet::new(frame, say.text("register-done-title"));
        sheet.text(say.text("register-done-text"));
        sheet.link("login", say.text("sign-in-button"));
        self.done(&sheet)
    }
}
