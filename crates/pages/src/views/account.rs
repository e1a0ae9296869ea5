//! Somebody's own account: who they are here, how they sign in, and from where.

use terms::{Language, Micros, Secret};

use super::{
    app_password::{TokenView, expiries},
    count,
    form::{ChoiceView, Field, FieldProblem, Form, Input},
    message::Switcher,
    passkey::passkeys,
    password::{self, PasswordProblem, Strength},
    second_factor::{FactorView, factors},
    session::SessionView,
    sheet::{Block, Sheet, wrong_alert},
    table::Cell,
};
use crate::{Notice, Page, Pages, SiteOrigin};

/// `{prefix}account`. Its button POSTs to `{prefix}logout`: `token`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountView {
    /// The form's token.
    pub token: Secret<String>,
    /// The login name.
    pub login: String,
    /// The name for people.
    pub name: String,
    /// The address of mails; may be empty.
    pub email: String,
    /// Groups.
    pub groups: Vec<String>,
    /// Sites that are open to them: the host and where it is.
    pub sites: Vec<(String, SiteOrigin)>,
    /// Whether they can change their address: mail leaves.
    pub mails: bool,
    /// Whether the console is open to them.
    pub console: bool,
}

/// `{prefix}account/security`. Its forms, each with `token`:
/// - to `{prefix}account/security`: `current`, `new`;
/// - to `{prefix}account/second-factor/remove`: `id`;
/// - to `{prefix}account/second-factor/codes`;
/// - to `{prefix}account/security/app-passwords`: `name`, `site`, `days`;
/// - to `{prefix}account/security/app-passwords/revoke`: `id`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountSecurityView {
    /// The form's token.
    pub token: Secret<String>,
    /// The login name, so that password managers know whose password it is.
    pub login: String,
    /// The fewest characters of a password.
    pub least: u32,
    /// Why the new password wasn't taken.
    pub problems: Vec<PasswordProblem>,
    /// How strong the refused one was.
    pub strength: Option<Strength>,
    /// Authenticator apps.
    pub factors: Vec<FactorView>,
    /// Passkeys.
    pub passkeys: Vec<FactorView>,
    /// Whether browsers make passkeys for the portal: it has a name.
    pub takes_passkeys: bool,
    /// From when on no site is open without one, where the reader has to have one.
    pub factor_due: Option<Micros>,
    /// Recovery codes that weren't used.
    pub recovery_left: u64,
    /// App passwords that aren't revoked.
    pub app_passwords: Vec<TokenView>,
    /// Sites that take app passwords; without any there is no form for one.
    pub sites: Vec<ChoiceView>,
    /// Why the app password wasn't made.
    pub app_problems: Vec<(Field, FieldProblem)>,
    /// What was just done.
    pub notice: Option<Notice>,
}

/// `{prefix}account/sessions`. Two forms, each with `token`: to
/// `{prefix}account/sessions/revoke` with `id`, and to
/// `{prefix}account/sessions/end-others`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountSessionsView {
    /// The form's token.
    pub token: Secret<String>,
    /// Own sessions, as they are to be shown.
    pub sessions: Vec<SessionView>,
    /// What was just done.
    pub notice: Option<Notice>,
}

impl Pages {
    /// Who somebody is here.
    pub fn account(&self, view: &AccountView, language: Language) -> Page {
        let frame = self.frame(language, Switcher::Offered);
        let say = frame.say;
        let mut sheet = Sheet::new(frame, say.text("account-title"));
        sheet.add(Block::Facts(vec![
            (say.text("label-name"), Cell::name(&view.name)),
            (say.text("label-login"), Cell::name(&view.login)),
            (say.text("label-email"), Cell::name(&view.email)),
            (
                say.text("label-groups"),
                Cell::names(&view.groups, say.text("none")),
            ),
        ]));
        sheet.link("account/security", say.text("security-title"));
        if view.mails {
            sheet.link("account/address", say.text("address-title"));
        }
        sheet.link("account/sessions", say.text("sessions-title"));
        if view.console {
            sheet.link("admin/users", say.text("console-rooms"));
        }
        sheet.add(Block::Heading(say.text("account-sites")));
        if view.sites.is_empty() {
            sheet.text(say.text("account-sites-none"));
        }
        for (host, origin) in &view.sites {
            sheet.add(Block::Link {
                to: format!("{}/", origin.as_str()),
                text: host.clone(),
            });
        }
        let form = Form::post(
            &sheet.frame,
            "logout",
            &view.token,
            say.text("sign-out-button"),
        );
        sheet.add(Block::Form(form));
        self.done(&sheet)
    }

    /// Password and app passwords.
    pub fn account_security(&self, view: &AccountSecurityView, language: Language) -> Page {
        let frame = self.frame(language, Switcher::Offered);
        let say = frame.say;
        let mut sheet = Sheet::new(frame, say.text("security-title"));
        sheet.add_some(view.notice.map(|notice| notice.block(say)));
        sheet.add(Block::Heading(say.text("password-title")));
        let mut lines: Vec<String> = view
            .problems
            .iter()
            .map(|problem| problem.said(say))
            .collect();
        lines.extend(view.strength.map(|strength| strength.said(say)));
        if !lines.is_empty() {
            lines.insert(0, say.text("password-not-changed"));
            let id = "problem";
            sheet.add(Block::Alert { id, lines });
        }
        let of_current = view.problems.iter().any(|problem| problem.is_of_current());
        let of_new = view.problems.iter().any(|problem| !problem.is_of_current());
        let form = Form::post(
            &sheet.frame,
            "account/security",
            &view.token,
            say.text("password-button"),
        )
        .input(Input::login("login", say.text("label-login"), &view.login).fixed())
        .input(
            Input::password("current", say.text("password-current"), "current-password")
                .required()
                .see("problem", of_current),
        )
        .input(
            Input::password("new", say.text("password-new"), "new-password")
                .required()
                .hint(password::hint(say, view.least))
                .see("problem", of_new),
        );
        sheet.add(Block::Form(form));
        factors(&mut sheet, view);
        passkeys(&mut sheet, view);
        app_passwords(&mut sheet, view);
        let back = say.text("account-link");
        sheet.link("account", back);
        self.done(&sheet)
    }

    /// Own sessions.
    pub fn account_sessions(&self, view: &AccountSessionsView, language: Language) -> Page {
        let frame = self.frame(language, Switcher::Offered);
        let say = frame.say;
        let mut sheet = Sheet::new(frame, say.text("sessions-title"));
        sheet.add_some(view.notice.map(|notice| notice.block(say)));
        sheet.add(Block::Lead(say.text("sessions-lead")));
        // Above the cards it has a heading of its own, which cards come below.
        sheet.add(Block::Heading(say.text_with(
            "sessions-count",
            &[("count", count(view.sessions.len()))],
        )));
        let cards = view
            .sessions
            .iter()
            .map(|session| session.card(&sheet.frame, &view.token))
            .collect();
        sheet.add(Block::Cards(cards));
        if view.sessions.len() > 1 {
            let form = Form::post(
                &sheet.frame,
                "account/sessions/end-others",
                &view.token,
                say.text("sessions-end-others"),
            );
            sheet.add(Block::Form(form));
        }
        sheet.link("account", say.text("account-link"));
        self.done(&sheet)
    }
}

fn app_passwords(sheet: &mut Sheet<'_>, view: &AccountSecurityView) {
    let say = sheet.frame.say;
    sheet.add(Block::Heading(say.text("app-passwords-title")));
    sheet.text(say.text("app-passwords-lead"));
    if view.app_passwords.is_empty() {
        sheet.text(say.text("app-passwords-none"));
    } else {
        let cards = view
            .app_passwords
            .iter()
            .map(|password| password.card(&sheet.frame, &view.token))
            .collect();
        sheet.add(Block::Cards(cards));
    }
    if view.sites.is_empty() {
        sheet.text(say.text("app-passwords-no-site"));
        return;
    }
    sheet.add(Block::Heading(say.text("app-password-add")));
    sheet.add_some(wrong_alert(say, &view.app_problems));
    let form = Form::post(
        &sheet.frame,
        "account/security/app-passwords",
        &view.token,
        say.text("app-password-button"),
    )
    .input(
        Input::words("name", say.text("token-name"), "")
            .required()
            .hint(say.text("app-password-name-hint"))
            .wrong(say, Field::Name, &view.app_problems),
    )
    .input(
        Input::select("site", say.text("app-password-site"), &view.sites).wrong(
            say,
            Field::Sites,
            &view.app_problems,
        ),
    )
    .input(
        Input::select("days", say.text("token-expires"), &expiries(say)).wrong(
            say,
            Field::Days,
            &view.app_problems,
        ),
    );
    sheet.add(Block::Form(form));
}
