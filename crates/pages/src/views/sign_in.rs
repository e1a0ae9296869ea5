//! Signing in and out. Nothing here tells whether a name exists or is locked: a wrong
//! name, a wrong password and a locked account are one sentence.

use terms::{Arg, Language, Secret};

use super::{
    form::{Form, Input},
    message::Switcher,
    passkey::PasskeyAsk,
    segment,
    sheet::{Block, Sheet},
};
use crate::{Page, Pages};

/// Why nobody was signed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignInProblem {
    /// The name or the password is wrong, or there were too many tries.
    Wrong,
    /// Too many sign in at once.
    Busy {
        /// `Retry-After`.
        retry_after_s: u32,
    },
    /// The form's token is too old, or isn't this browser's.
    Stale,
    /// Name or password are longer than any that we take.
    TooLong,
    /// No passkey was taken, for whatever reason.
    Passkey,
}

/// `{prefix}login`. The form POSTs there: `token`, `request`, `name`, `password`. That for
/// passkeys POSTs to `{prefix}login/passkey`: `token`, `request`, `sealed`, `answer`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignInView {
    /// The form's token.
    pub token: Secret<String>,
    /// What the site sent along, as it is: it goes back with the form and with the links
    /// to other languages.
    pub request: Option<String>,
    /// The host of the site that the reader goes on to.
    pub toward: Option<String>,
    /// The login name that was typed before.
    pub name: String,
    /// Whether a link by mail helps whoever has forgotten the password.
    pub resets: bool,
    /// Whether people make accounts themselves.
    pub registers: bool,
    /// What the browser is asked for by whoever signs in with a passkey.
    pub passkey: Option<PasskeyAsk>,
    /// Why the last attempt failed.
    pub problem: Option<SignInProblem>,
}

/// `{prefix}logout`, on the portal and on sites. The form POSTs there: `token`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignOutView {
    /// The form's token.
    pub token: Secret<String>,
    /// Who is signed in.
    pub who: String,
}

/// Says why nobody was signed in; whether name and password are concerned.
pub(crate) fn problem_alert(sheet: &mut Sheet<'_>, problem: Option<SignInProblem>) -> bool {
    let say = sheet.frame.say;
    let line = problem.map(|problem| match problem {
        SignInProblem::Wrong => say.text("sign-in-wrong"),
        SignInProblem::Busy { retry_after_s } => say.text_with(
            "sign-in-busy",
            &[("seconds", Arg::Number(retry_after_s.into()))],
        ),
        SignInProblem::Stale => say.text("form-stale"),
        SignInProblem::TooLong => say.text("sign-in-too-long"),
        SignInProblem::Passkey => say.text("passkey-refused"),
    });
    sheet.add_some(line.map(|line| Block::Alert {
        id: "problem",
        lines: vec![line],
    }));
    matches!(problem, Some(SignInProblem::Wrong | SignInProblem::TooLong))
}

impl Pages {
    /// The form to sign in.
    pub fn sign_in(&self, view: &SignInView, language: Language) -> Page {
        let mut frame = self.frame(language, Switcher::Offered);
        if let Some(request) = &view.request {
            frame.kept = format!("request={}&", segment(request));
        }
        let say = frame.say;
        let mut sheet = Sheet::new(frame, say.text("sign-in-title"));
        if let Some(site) = &view.toward {
            let site = [("site", Arg::Text(site.clone()))];
            sheet.add(Block::Lead(say.text_with("sign-in-toward", &site)));
        }
        let concerns = problem_alert(&mut sheet, view.problem);
        let mut form = Form::post(
            &sheet.frame,
            "login",
            &view.token,
            say.text("sign-in-button"),
        );
        if let Some(request) = &view.request {
            form = form.hidden("request", request);
        }
        let form = form
            .input(
                Input::login("name", say.text("label-login"), &view.name)
                    .required()
                    .see("problem", concerns),
            )
            .input(
                Input::password("password", say.text("label-password"), "current-password")
                    .required()
                    .see("problem", concerns),
            );
        sheet.add(Block::Form(form));
        if let Some(ask) = &view.passkey {
            let mut form = Form::post(
                &sheet.frame,
                "login/passkey",
                &view.token,
                say.text("passkey-sign-in"),
            )
            .quiet()
            .get_passkey(say, ask);
            if let Some(request) = &view.request {
                form = form.hidden("request", request);
            }
            sheet.add(Block::Form(form));
        }
        if view.resets {
            sheet.link("reset", say.text("reset-link"));
        }
        if view.registers {
            sheet.link("register", say.text("register-link"));
        }
        self.done(&sheet)
    }

    /// The question before signing out.
    pub fn sign_out(&self, view: &SignOutView, language: Language) -> Page {
        let frame = self.frame(language, Switcher::Offered);
        let say = frame.say;
        let mut sheet = Sheet::new(frame, say.text("sign-out-title"));
        sheet.text(say.text_with("signed-in-as", &[("who", Arg::Text(view.who.clone()))]));
        sheet.text(say.text("sign-out-text"));
        let form = Form::post(
            &sheet.frame,
            "logout",
            &view.token,
            say.text("sign-out-button"),
        );
        sheet.add(Block::Form(form));
        self.done(&sheet)
    }

    /// After signing out.
    pub fn signed_out(&self, language: Language) -> Page {
        let frame = self.frame(language, Switcher::Fixed);
        let say = frame.say;
        let mut sheet = Sheet::new(frame, say.text("signed-out-title"));
        sheet.text(say.text("signed-out-text"));
        sheet.link("login", say.text("sign-in-again"));
        self.done(&sheet)
    }
}
