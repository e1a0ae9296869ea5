//! What can stand in the way of signing in, and what a mailed link does about it.

use terms::{Arg, Language, Secret};

use super::{
    form::Form,
    message::Switcher,
    sheet::{Block, Sheet},
};
use crate::{OwnPath, Page, Pages};

/// Signed in, but without a right to the site: 403 on the portal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotForYouView {
    /// The form's token.
    pub token: Secret<String>,
    /// Who is signed in.
    pub who: String,
    /// The site's host.
    pub site: String,
}

/// `{prefix}unlock`: from a mailed link. The form POSTs there: `secret`, and `token`
/// where the caller has one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnlockView {
    /// The form's token.
    pub token: Secret<String>,
    /// What the link brought.
    pub secret: Secret<String>,
}

impl Pages {
    /// A site's callback without the cookie that its login set; `again` begins anew.
    pub fn no_cookie(&self, again: &OwnPath, language: Language) -> Page {
        let frame = self.frame(language, Switcher::Fixed);
        let say = frame.say;
        let mut sheet = Sheet::new(frame, say.text("no-cookie-title"));
        sheet.text(say.text("no-cookie-text"));
        sheet.text(say.text("no-cookie-todo"));
        sheet.add(Block::Link {
            to: again.as_str().to_owned(),
            text: say.text("begin-again"),
        });
        self.done(&sheet)
    }

    /// No right to the site.
    pub fn not_for_you(&self, view: &NotForYouView, language: Language) -> Page {
        let frame = self.frame(language, Switcher::Fixed);
        let say = frame.say;
        let site = [("site", Arg::Text(view.site.clone()))];
        let mut sheet = Sheet::new(frame, say.text("not-for-you-title"));
        sheet.add(Block::Lead(say.text_with("not-for-you-lead", &site)));
        sheet.text(say.text_with("signed-in-as", &[("who", Arg::Text(view.who.clone()))]));
        sheet.text(say.text("not-for-you-todo"));
        sheet.link("account", say.text("account-link"));
        let form = Form::post(
            &sheet.frame,
            "logout",
            &view.token,
            say.text("sign-out-button"),
        );
        sheet.add(Block::Form(form));
        self.done(&sheet)
    }

    /// Asks before an account is unlocked: programmes that read mail follow links.
    pub fn unlock(&self, view: &UnlockView, language: Language) -> Page {
        let frame = self.frame(language, Switcher::Fixed);
        let say = frame.say;
        let mut sheet = Sheet::new(frame, say.text("unlock-title"));
        sheet.text(say.text("unlock-text"));
        let form = Form::post(
            &sheet.frame,
            "unlock",
            &view.token,
            say.text("unlock-button"),
        )
        .hidden("secret", view.secret.expose());
        sheet.add(Block::Form(form));
        self.done(&sheet)
    }

    /// The account is unlocked.
    pub fn unlocked(&self, language: Language) -> Page {
        let frame = self.frame(language, Switcher::Fixed);
        let say = frame.say;
        let mut sheet = Sheet::new(frame, say.text("unlocked-title"));
        sheet.text(say.text("unlocked-text"));
        sheet.link("login", say.text("sign-in-button"));
        self.done(&sheet)
    }

    /// A mailed link that was used, is too old, or never was one.
    pub fn link_gone(&self, language: Language) -> Page {
        let frame = self.frame(language, Switcher::Fixed);
        let say = frame.say;
        let mut sheet = Sheet::new(frame, say.text("link-gone-title"));
        sheet.text(say.text("link-gone-text"));
        sheet.link("login", say.text("sign-in-button"));
        self.done(&sheet)
    }
}
