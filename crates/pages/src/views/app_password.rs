//! App passwords and tokens: for programmes that can't fill in a form.

use terms::{Arg, Language, Micros, Secret};

use super::{
    Frame,
    form::{ChoiceView, Form},
    message::Switcher,
    sheet::{Block, Sheet},
    table::{Card, Cell},
};
use crate::{Page, Pages, Speech};

/// After how many days an app password or token may end: the choices of `days`.
pub const EXPIRY_DAYS: [u16; 3] = [30, 90, 365];
/// The one that is chosen at first.
const EXPIRY_FIRST: u16 = 90;

/// How a programme shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenKind {
    /// `Authorization: Bearer`: the value `bearer`.
    Bearer,
    /// As password beside the login name (HTTP Basic): the value `app`.
    App,
}

impl TokenKind {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Bearer, Self::App];

    /// The value in forms.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Bearer => "bearer",
            Self::App => "app",
        }
    }

    pub(crate) fn said(self, say: Speech<'_>) -> String {
        match self {
            Self::Bearer => say.text("token-bearer"),
            Self::App => say.text("token-app"),
        }
    }
}

/// A token or app password, without its secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenView {
    /// What names it in forms: `id`.
    pub id: String,
    /// Which of the two.
    pub kind: TokenKind,
    /// What its owner calls it.
    pub name: String,
    /// The login name of its owner, which the console shows.
    pub owner: String,
    /// Hosts of the sites that take it; empty for all.
    pub sites: Vec<String>,
    /// When it was made.
    pub created: Micros,
    /// When it was last used.
    pub last_use: Option<Micros>,
    /// When it ends.
    pub expires: Option<Micros>,
}

impl TokenView {
    fn facts(&self, frame: &Frame<'_>) -> Vec<(String, Cell)> {
        let say = frame.say;
        let moment = |at, none| Cell::moment(frame, at, none);
        vec![
            (
                say.text("token-sites"),
                Cell::names(&self.sites, say.text("token-sites-all")),
            ),
            (
                say.text("label-created"),
                moment(Some(self.created), String::new()),
            ),
            (
                say.text("label-last-use"),
                moment(self.last_use, say.text("never")),
            ),
            (
                say.text("token-expires"),
                moment(self.expires, say.text("never")),
            ),
        ]
    }

    /// As a card of its owner's.
    pub(crate) fn card(&self, frame: &Frame<'_>, token: &Secret<String>) -> Card {
        let act = Form::button(
            frame,
            "account/security/app-passwords/revoke",
            token,
            frame.say.text("token-revoke"),
        )
        .hidden("id", &self.id)
        .about(&self.name);
        Card {
            title: self.name.clone(),
            badge: None,
            facts: self.facts(frame),
            act: Some(act),
        }
    }

    /// The heads of its row in the console.
    pub(crate) fn heads(say: Speech<'_>, with_owner: bool) -> Vec<String> {
        let mut heads = vec![say.text("token-name"), say.text("token-kind")];
        if with_owner {
            heads.push(say.text("token-owner"));
        }
        heads.extend([
            say.text("token-sites"),
            say.text("label-created"),
            say.text("label-last-use"),
            say.text("token-expires"),
            say.text("table-act"),
        ]);
        heads
    }

    /// As a row of the console.
    pub(crate) fn row(
        &self,
        frame: &Frame<'_>,
        token: &Secret<String>,
        owner: Option<Cell>,
    ) -> Vec<Cell> {
        let say = frame.say;
        let act = Form::button(
            frame,
            "admin/tokens/revoke",
            token,
            say.text("token-revoke"),
        )
        .hidden("id", &self.id)
        .about(&format!("{}, {}", self.owner, self.name));
        let mut cells = vec![Cell::name(&self.name), Cell::Text(self.kind.said(say))];
        cells.extend(owner);
        cells.extend(self.facts(frame).into_iter().map(|(_, cell)| cell));
        cells.push(Cell::Act(act));
        cells
    }
}

/// What was just made; shown once, on the answer to the POST that made it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenMadeView {
    /// Which of the two.
    pub kind: TokenKind,
    /// What its owner calls it.
    pub name: String,
    /// The login name that goes with it.
    pub login: String,
    /// As it is to be typed or copied, in groups where that is how it is read.
    pub secret: Secret<String>,
}

/// The choices of `days`.
pub(crate) fn expiries(say: Speech<'_>) -> Vec<ChoiceView> {
    EXPIRY_DAYS
        .map(|days| ChoiceView {
            value: days.to_string(),
            text: say.text_with("expiry-days", &[("days", Arg::Number(days.into()))]),
            chosen: days == EXPIRY_FIRST,
        })
        .into()
}

/// What there is to see of it, and to do.
pub(crate) fn made(sheet: &mut Sheet<'_>, view: &TokenMadeView) {
    let say = sheet.frame.say;
    sheet.add(Block::Notice(say.text("made-once")));
    let mut facts = vec![(say.text("token-name"), Cell::name(&view.name))];
    let owner = match view.kind {
        TokenKind::App => say.text("label-login"),
        TokenKind::Bearer => say.text("token-owner"),
    };
    facts.push((owner, Cell::name(&view.login)));
    sheet.add(Block::Facts(facts));
    sheet.add(Block::Once {
        label: view.kind.said(say),
        value: view.secret.expose().clone(),
    });
    sheet.text(match view.kind {
        TokenKind::App => say.text("made-app"),
        TokenKind::Bearer => say.text("made-bearer"),
    });
}

impl Pages {
    /// A new app password, for its owner.
    pub fn app_password_made(&self, view: &TokenMadeView, language: Language) -> Page {
        let frame = self.frame(language, Switcher::Fixed);
        let title = frame.say.text("app-password-made-title");
        let mut sheet = Sheet::new(frame, title);
        made(&mut sheet, view);
        let back = sheet.frame.say.text("security-back");
        sheet.link("account/security", back);
        self.done(&sheet)
    }
}
