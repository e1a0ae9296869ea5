//! Another password for whoever has forgotten theirs, and the first one of whoever was
//! invited: both by a mailed link. Asking says nothing of whether there is an account.

use terms::{Language, Secret};

use super::{
    form::{Form, Input},
    message::Switcher,
    password::{self, PasswordProblem, Strength},
    sheet::{Block, Sheet},
};
use crate::{Page, Pages};

/// `{prefix}reset`. The form POSTs there: `token`, `name`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResetAskView {
    /// The form's token.
    pub token: Secret<String>,
    /// The form that was sent was too old.
    pub stale: bool,
}

/// `{prefix}reset/choose`: from a mailed link. The form POSTs there: `token`, `secret`,
/// `new`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResetChooseView {
    /// The form's token.
    pub token: Secret<String>,
    /// What the link brought.
    pub secret: Secret<String>,
    /// The login name, so that password managers know whose password it is.
    pub login: String,
    /// The fewest characters of a password.
    pub least: u32,
    /// Why the new password wasn't taken.
    pub problems: Vec<PasswordProblem>,
    /// How strong the refused one was.
    pub strength: Option<Strength>,
}

impl Pages {
    /// Asks for whom.
    pub fn reset_ask(&self, view: &ResetAskView, language: Language) -> Page {
        let frame = self.frame(language, Switcher::Offered);
        let say = frame.say;
        let mut sheet = Sheet::new(frame, say.text("reset-title"));
        sheet.add(Block::Lead(say.text("reset-lead")));
        sheet.add_some(view.stale.then(|| Block::Alert {
            id: "problem",
            lines: vec![say.text("form-stale")],
        }));
        let form = Form::post(&sheet.frame, "reset", &view.token, say.text("reset-button"))
            .input(Input::login("name", say.text("reset-name"), "").required());
        sheet.add(Block::Form(form));
        sheet.link("login", say.text("sign-in-button"));
        self.done(&sheet)
    }

    /// The same whether there is such an account or not.
    pub fn reset_sent(&self, language: Language) -> Page {
        let frame = self.frame(language, Switcher::Fixed);
        let say = frame.say;
        let mut sheet = Sheet::new(frame, say.text("reset-sent-title"));
        sheet.text(say.text("reset-sent-text"));
        sheet.text(say.text("reset-sent-todo"));
        sheet.link("login", say.text("sign-in-button"));
        self.done(&sheet)
    }

    /// Asks for the new password.
    pub fn reset_choose(&self, view: &ResetChooseView, language: Language) -> Page {
        let frame = self.frame(language, Switcher::Fixed);
        let say = frame.say;
        let mut sheet = Sheet::new(frame, say.text("reset-choose-title"));
        let mut lines: Vec<String> = view.problems.iter().map(|it| it.said(say)).collect();
        lines.extend(view.strength.map(|strength| strength.said(say)));
        let wrong = !lines.is_empty();
        if wrong {
            lines.insert(0, say.text("password-not-changed"));
            let id = "problem";
            sheet.add(Block::Alert { id, lines });
        }
        let form = Form::post(
            &sheet.frame,
            "reset/choose",
            &view.token,
            say.text("reset-choose-button"),
        )
        .hidden("secret", view.secret.expose())
        .input(Input::login("login", say.text("label-login"), &view.login).fixed())
        .input(
            Input::password("new", say.text("password-new"), "new-password")
                .required()
                .hint(password::hint(say, view.least))
                .see("problem", wrong),
        );
        sheet.add(Block::Form(form));
        self.done(&sheet)
    }

    /// The password is chosen.
    pub fn reset_done(&self, language: Language) -> Page {
        let frame = self.frame(language, Switcher::Fixed);
        let say = frame.say;
        let mut sheet = Sheet::new(frame, say.text("reset-done-title"));
        sheet.text(say.text("reset-done-text"));
        sheet.link("login", say.text("sign-in-button"));
        self.done(&sheet)
    }
}
