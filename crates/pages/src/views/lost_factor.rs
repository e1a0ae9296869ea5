//! A second factor that somebody has lost: let in once without it, and what stops that.

use terms::{Arg, Language, Micros, Secret};

use super::{
    console::users::UserView,
    form::{Form, Input},
    message::Switcher,
    sheet::{Block, Sheet},
    sign_in::problem_alert,
};
use crate::{Page, Pages, SignInProblem};

/// `{prefix}lost-factor`: from a mailed link. The form POSTs there: `token`, `secret`,
/// `password`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LostFactorView {
    /// The form's token.
    pub token: Secret<String>,
    /// What the link brought.
    pub secret: Secret<String>,
    /// The login name, so that password managers know whose password it is.
    pub login: String,
    /// Why nobody was signed in.
    pub problem: Option<SignInProblem>,
}

/// `{prefix}lost-factor/stop`: from a mailed link. The form POSTs there: `token`, `secret`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LostStopView {
    /// The form's token.
    pub token: Secret<String>,
    /// What the link brought.
    pub secret: Secret<String>,
    /// Whose second factor it is about: the login name.
    pub login: String,
}

/// What an administrator can do about somebody's lost second factor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LostFactor {
    /// Nothing: there is none, or they may not sign in.
    Nothing,
    /// Begin to let them in without.
    MayBegin {
        /// When the link would be mailed.
        opens: Micros,
    },
    /// Nothing: it is the reader's own.
    Own,
    /// Nothing: no mail reaches them.
    NoMail,
    /// Stop what was begun; the link isn't mailed yet.
    Waits {
        /// Who has begun it.
        who: String,
        /// When.
        begun: Micros,
        /// When the link is mailed.
        opens: Micros,
    },
    /// Stop what was begun; the link was mailed.
    Open {
        /// Who has begun it.
        who: String,
        /// When.
        begun: Micros,
        /// Until when the link holds.
        until: Micros,
    },
}

/// The part of a user's page about it. Its forms POST to `{path}/lost-factor` and to
/// `{path}/lost-factor/stop`: `token`.
pub(crate) fn lost_factor(sheet: &mut Sheet<'_>, view: &UserView, path: &str) {
    let say = sheet.frame.say;
    let at = |moment| Arg::Text(say.date_time(moment));
    let who = |who: &String| Arg::Text(who.clone());
    let (text, stops) = match &view.lost_factor {
        LostFactor::Nothing => return,
        LostFactor::MayBegin { opens } => (
            say.text_with("lost-begin-text", &[("opens", at(*opens))]),
            false,
        ),
        LostFactor::Own => (say.text("lost-own"), false),
        LostFactor::NoMail => (say.text("lost-no-mail"), false),
        LostFactor::Waits {
            who: by,
            begun,
            opens,
        } => {
            let args = [
                ("who", who(by)),
                ("begun", at(*begun)),
                ("opens", at(*opens)),
            ];
            (say.text_with("lost-waits", &args), true)
        }
        LostFactor::Open {
            who: by,
            begun,
            until,
        } => {
            let args = [
                ("who", who(by)),
                ("begun", at(*begun)),
                ("until", at(*until)),
            ];
            (say.text_with("lost-open", &args), true)
        }
    };
    sheet.add(Block::Heading(say.text("lost-title")));
    sheet.text(text);
    let token = &view.console.token;
    let form = if stops {
        let path = format!("{path}/lost-factor/stop");
        Form::button(&sheet.frame, &path, token, say.text("lost-stop-button"))
    } else if matches!(view.lost_factor, LostFactor::MayBegin { .. }) {
        let path = format!("{path}/lost-factor");
        Form::button(&sheet.frame, &path, token, say.text("lost-begin-button"))
    } else {
        return;
    };
    sheet.add(Block::Form(form));
}

impl Pages {
    /// Asks for the password with which the link lets in.
    pub fn lost_factor(&self, view: &LostFactorView, language: Language) -> Page {
        let frame = self.frame(language, Switcher::Fixed);
        let say = frame.say;
        let mut sheet = Sheet::new(frame, say.text("lost-enter-title"));
        sheet.add(Block::Lead(say.text("lost-enter-lead")));
        let concerns = problem_alert(&mut sheet, view.problem);
        let form = Form::post(
            &sheet.frame,
            "lost-factor",
            &view.token,
            say.text("lost-enter-button"),
        )
        .hidden("secret", view.secret.expose())
        .input(Input::login("login", say.text("label-login"), &view.login).fixed())
        .input(
            Input::password("password", say.text("label-password"), "current-password")
                .required()
                .see("problem", concerns),
        );
        sheet.add(Block::Form(form));
        self.done(&sheet)
    }

    /// Asks before it is stopped: programmes that read mail follow links.
    pub fn lost_stop(&self, view: &LostStopView, language: Language) -> Page {
        let frame = self.frame(language, Switcher::Fixed);
        let say = frame.say;
        let mut sheet = Sheet::new(frame, say.text("lost-stop-title"));
        let login = [("login", Arg::Text(view.login.clone()))];
        sheet.text(say.text_with("lost-stop-text", &login));
        let form = Form::post(
            &sheet.frame,
            "lost-factor/stop",
            &view.token,
            say.text("lost-stop-button"),
        )
        .hidden("secret", view.secret.expose());
        sheet.add(Block::Form(form));
        self.done(&sheet)
    }

    /// It is stopped.
    pub fn lost_stopped(&self, language: Language) -> Page {
        let frame = self.frame(language, Switcher::Fixed);
        let say = frame.say;
        let mut sheet = Sheet::new(frame, say.text("lost-stopped-title"));
        sheet.text(say.text("lost-stopped-text"));
        sheet.link("login", say.text("sign-in-button"));
        self.done(&sheet)
    }
}
