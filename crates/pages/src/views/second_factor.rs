//! Second factors: asked for at sign-in, and looked after in the account.

use qrcode::{Color, EcLevel, QrCode};
use terms::{Arg, Language, Micros, Secret};

use super::{
    account::AccountSecurityView,
    form::{Form, Input},
    message::Switcher,
    passkey::PasskeyAsk,
    segment,
    sheet::{Block, Sheet},
    table::{Card, Cell},
};
use crate::{Page, Pages};

/// Why a code wasn't taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CodeProblem {
    /// It isn't the one of now, or was used already.
    Wrong,
    /// There were too many tries.
    Locked {
        /// How long none is taken, in minutes.
        minutes: u32,
    },
    /// The form is too old.
    Stale,
    /// No passkey was taken, for whatever reason.
    Passkey,
}

/// Which codes somebody has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Codes {
    /// Those of an authenticator app, and recovery codes.
    App,
    /// Recovery codes alone, beside passkeys.
    Recovery,
}

/// The second step of signing in. The form POSTs to `{prefix}login/code`: `token`,
/// `request`, `half`, and `code`, or `sealed` and `answer` of a passkey.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CodeView {
    /// The form's token.
    pub token: Secret<String>,
    /// Where the reader goes on to, as the first step had it.
    pub request: Option<String>,
    /// What says that the password was right.
    pub half: Secret<String>,
    /// The host of the portal, under which the app has its code.
    pub portal: String,
    /// Which codes the reader has.
    pub codes: Codes,
    /// What the browser of a reader with passkeys is asked for.
    pub passkey: Option<PasskeyAsk>,
    /// Why the last code wasn't taken.
    pub problem: Option<CodeProblem>,
}

/// A second factor, without its secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FactorView {
    /// What names it in forms: `id`.
    pub id: String,
    /// What its owner calls it.
    pub name: String,
    /// When it was added.
    pub created: Micros,
    /// When it was last used.
    pub last_use: Option<Micros>,
}

/// `{prefix}account/second-factor`. The form POSTs there: `token`, `sealed`, `name`,
/// `code`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FactorAddView {
    /// The form's token.
    pub token: Secret<String>,
    /// The seed, sealed: it goes through the reader's hands until it is confirmed.
    pub sealed: Secret<String>,
    /// The seed as it is typed.
    pub seed: Secret<String>,
    /// The seed as the QR code says it.
    pub uri: Secret<String>,
    /// What the reader calls the app.
    pub name: String,
    /// Why the code wasn't taken.
    pub problem: Option<CodeProblem>,
}

/// New recovery codes, shown once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecoveryCodesView {
    /// As they are to be typed.
    pub codes: Vec<Secret<String>>,
}

/// What shows that a reader is whose session it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Proof {
    /// The password.
    Password,
    /// A code of the second factor.
    Code(Codes),
}

/// `{prefix}account/confirm`. The form POSTs there: `token`, `return`, `request`, and
/// `password`, or `code`, or `sealed` and `answer` of a passkey.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfirmView {
    /// The form's token.
    pub token: Secret<String>,
    /// The login name, so that password managers know whose password it is.
    pub login: String,
    /// What is asked for.
    pub proof: Proof,
    /// What the browser of a reader with passkeys is asked for instead.
    pub passkey: Option<PasskeyAsk>,
    /// Where the reader goes on to: below the prefix.
    pub back: String,
    /// Or to which page of a site: what it sent along, as it is.
    pub request: Option<String>,
    /// Why it wasn't taken.
    pub problem: Option<CodeProblem>,
}

/// A QR code (ISO/IEC 18004) as the path of an SVG, one unit to a module, with the quiet
/// zone around it.
pub(crate) struct Qr {
    pub(crate) size: usize,
    pub(crate) path: String,
    pub(crate) label: String,
}

/// Factors of one account.
const FACTORS_MAX: usize = 10;
/// Light modules around the code.
const QUIET: usize = 4;

impl Qr {
    /// `None` for more than a code can hold, which no seed comes near.
    fn new(text: &Secret<String>, label: String) -> Option<Self> {
        let code = QrCode::with_error_correction_level(text.expose(), EcLevel::M).ok()?;
        let width = code.width();
        let mut path = String::new();
        for (row, modules) in code.to_colors().chunks(width).enumerate() {
            let mut column = QUIET;
            // Neighbours of one colour are one rectangle.
            for run in modules.chunk_by(|one, next| one == next) {
                let long = run.len();
                if run.first() == Some(&Color::Dark) {
                    path.push_str(&format!("M{column} {}h{long}v1h-{long}z", row + QUIET));
                }
                column += long;
            }
        }
        Some(Self {
            size: width + 2 * QUIET,
            path,
            label,
        })
    }
}

/// What went wrong, as a block, and whether the code is concerned.
fn problem(sheet: &mut Sheet<'_>, problem: Option<CodeProblem>, wrong: String) -> bool {
    let say = sheet.frame.say;
    let line = problem.map(|problem| match problem {
        CodeProblem::Wrong => wrong,
        CodeProblem::Locked { minutes } => {
            say.text_with("code-locked", &[("minutes", Arg::Number(minutes.into()))])
        }
        CodeProblem::Stale => say.text("code-stale"),
        CodeProblem::Passkey => say.text("passkey-refused"),
    });
    sheet.add_some(line.map(|line| Block::Alert {
        id: "problem",
        lines: vec![line],
    }));
    matches!(
        problem,
        Some(CodeProblem::Wrong | CodeProblem::Locked { .. })
    )
}

/// The part of the account's page about second factors.
pub(crate) fn factors(sheet: &mut Sheet<'_>, view: &AccountSecurityView) {
    let say = sheet.frame.say;
    let (factors, token) = (&view.factors, &view.token);
    sheet.add(Block::Heading(say.text("factors-title")));
    if factors.is_empty() && view.passkeys.is_empty() {
        sheet.text(say.text("factors-off"));
        if let Some(due) = view.factor_due {
            let at = [("at", Arg::Text(say.date_time(due)))];
            sheet.add(Block::Note(say.text_with("factors-due", &at)));
        }
        sheet.link("account/second-factor", say.text("factors-switch-on"));
        return;
    }
    sheet.text(say.text("factors-on"));
    if !factors.is_empty() {
        let cards = factor_cards(sheet, factors, token);
        sheet.add(cards);
    }
    if factors.is_empty() {
        sheet.link("account/second-factor", say.text("factor-add-title"));
    } else if factors.len() < FACTORS_MAX {
        sheet.link("account/second-factor", say.text("factors-add"));
    }
    let left = i64::try_from(view.recovery_left).unwrap_or(i64::MAX);
    sheet.text(say.text_with("recovery-left", &[("left", Arg::Number(left))]));
    let renew = Form::button(
        &sheet.frame,
        "account/second-factor/codes",
        token,
        say.text("recovery-renew"),
    );
    sheet.add(Block::Form(renew));
}

/// Apps or passkeys, each with its button.
pub(crate) fn factor_cards(
    sheet: &Sheet<'_>,
    factors: &[FactorView],
    token: &Secret<String>,
) -> Block {
    let say = sheet.frame.say;
    let card = |factor: &FactorView| {
        let act = Form::button(
            &sheet.frame,
            "account/second-factor/remove",
            token,
            say.text("factor-remove"),
        )
        .hidden("id", &factor.id)
        .about(&factor.name);
        let moment = |at, none| Cell::moment(&sheet.frame, at, none);
        Card {
            title: factor.name.clone(),
            badge: None,
            facts: vec![
                (
                    say.text("label-created"),
                    moment(Some(factor.created), String::new()),
                ),
                (
                    say.text("label-last-use"),
                    moment(factor.last_use, say.text("never")),
                ),
            ],
            act: Some(act),
        }
    };
    Block::Cards(factors.iter().map(card).collect())
}

/// Where a code is typed, of whichever the reader has.
fn code_input(sheet: &Sheet<'_>, codes: Codes, concerns: bool) -> Input {
    let say = sheet.frame.say;
    let (label, hint) = match codes {
        Codes::App => (say.text("label-code"), say.text("code-hint")),
        Codes::Recovery => (say.text("label-recovery"), say.text("recovery-hint")),
    };
    Input::code("code", label)
        .required()
        .hint(hint)
        .see("problem", concerns)
}

impl Pages {
    /// Asks for a code behind a right password.
    pub fn code(&self, view: &CodeView, language: Language) -> Page {
        let frame = self.frame(language, Switcher::Fixed);
        let say = frame.say;
        let mut sheet = Sheet::new(frame, say.text("code-title"));
        let portal = [("portal", Arg::Text(view.portal.clone()))];
        let app = say.text_with("code-lead", &portal);
        let lead = match (&view.passkey, view.codes) {
            (Some(_), _) => say.text_with("code-lead-passkey", &portal),
            (None, Codes::App) => app.clone(),
            (None, Codes::Recovery) => say.text("recovery-hint"),
        };
        sheet.add(Block::Lead(lead));
        let concerns = problem(&mut sheet, view.problem, say.text("code-wrong"));
        let mut again = sheet.frame.path("login");
        if let Some(request) = &view.request {
            again.push_str(&format!("?request={}", segment(request)));
        }
        let form = |sheet: &Sheet<'_>, button| {
            let form = Form::post(&sheet.frame, "login/code", &view.token, button)
                .hidden("half", view.half.expose());
            match &view.request {
                Some(request) => form.hidden("request", request),
                None => form,
            }
        };
        if let Some(ask) = &view.passkey {
            let form = form(&sheet, say.text("passkey-use")).get_passkey(say, ask);
            sheet.add(Block::Form(form));
            sheet.add(Block::Heading(say.text("code-instead")));
            if view.codes == Codes::App {
                sheet.text(app);
            }
        }
        let form = form(&sheet, say.text("sign-in-button"));
        let form = form.input(code_input(&sheet, view.codes, concerns));
        sheet.add(Block::Form(form));
        sheet.add(Block::Link {
            to: again,
            text: say.text("code-again"),
        });
        self.done(&sheet)
    }

    /// Adds an authenticator app.
    pub fn factor_add(&self, view: &FactorAddView, language: Language) -> Page {
        let frame = self.frame(language, Switcher::Fixed);
        let say = frame.say;
        let mut sheet = Sheet::new(frame, say.text("factor-add-title"));
        let concerns = problem(&mut sheet, view.problem, say.text("factor-code-wrong"));
        sheet.add(Block::Lead(say.text("factor-add-lead")));
        let qr = Qr::new(&view.uri, say.text("factor-qr"));
        sheet.add_some(qr.map(Block::Qr));
        sheet.add(Block::Once {
            label: say.text("factor-seed"),
            value: view.seed.expose().clone(),
        });
        let form = Form::post(
            &sheet.frame,
            "account/second-factor",
            &view.token,
            say.text("factor-add-button"),
        )
        .hidden("sealed", view.sealed.expose())
        .input(
            Input::words("name", say.text("factor-name"), &view.name)
                .required()
                .hint(say.text("factor-name-hint")),
        )
        .input(
            Input::code("code", say.text("label-code"))
                .required()
                .hint(say.text("factor-code-hint"))
                .see("problem", concerns),
        );
        sheet.add(Block::Form(form));
        sheet.link("account/security", say.text("security-back"));
        self.done(&sheet)
    }

    /// New recovery codes.
    pub fn recovery_codes(&self, view: &RecoveryCodesView, language: Language) -> Page {
        let frame = self.frame(language, Switcher::Fixed);
        let say = frame.say;
        let mut sheet = Sheet::new(frame, say.text("recovery-title"));
        sheet.add(Block::Notice(say.text("recovery-once")));
        sheet.text(say.text("recovery-lead"));
        let codes = view.codes.iter().map(|code| code.expose().clone());
        sheet.add(Block::Codes(codes.collect()));
        sheet.text(say.text("recovery-keep"));
        sheet.link("account/security", say.text("recovery-done"));
        self.done(&sheet)
    }

    /// Asks whose session it is once more.
    pub fn confirm(&self, view: &ConfirmView, language: Language) -> Page {
        let frame = self.frame(language, Switcher::Fixed);
        let say = frame.say;
        let mut sheet = Sheet::new(frame, say.text("confirm-title"));
        sheet.add(Block::Lead(match view.request {
            Some(_) => say.text("confirm-lead-page"),
            None => say.text("confirm-lead"),
        }));
        let wrong = match view.proof {
            Proof::Password => say.text("password-current-wrong"),
            Proof::Code(_) => say.text("code-wrong"),
        };
        let concerns = problem(&mut sheet, view.problem, wrong);
        let form = |sheet: &Sheet<'_>, button| {
            let form = Form::post(&sheet.frame, "account/confirm", &view.token, button)
                .hidden("return", &view.back);
            match &view.request {
                Some(request) => form.hidden("request", request),
                None => form,
            }
        };
        if let Some(ask) = &view.passkey {
            let form = form(&sheet, say.text("passkey-use")).get_passkey(say, ask);
            sheet.add(Block::Form(form));
            sheet.add(Block::Heading(say.text("code-instead")));
        }
        let form = form(&sheet, say.text("confirm-button"));
        let form = match view.proof {
            Proof::Password => form
                .input(Input::login("login", say.text("label-login"), &view.login).fixed())
                .input(
                    Input::password("password", say.text("label-password"), "current-password")
                        .required()
                        .see("problem", concerns),
                ),
            Proof::Code(codes) => form.input(code_input(&sheet, codes, concerns)),
        };
        sheet.add(Block::Form(form));
        sheet.link("account", say.text("account-link"));
        self.done(&sheet)
    }
}
