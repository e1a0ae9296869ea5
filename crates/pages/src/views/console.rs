//! The console: what every room of it has, and its doors.
//!
//! Rooms are at `{prefix}admin/users`, `…/groups`, `…/sessions`, `…/tokens`,
//! `…/addresses`, `…/origins`, `…/content`, `…/reflections`, `…/weaknesses`, `…/team`,
//! `…/approvals` and `…/audit`; a button POSTs to `…/leave`. Lists are looked through by GET, everything
//! else is a form with a token.

pub(crate) mod addresses;
pub(crate) mod admin;
pub(crate) mod approvals;
pub(crate) mod audit;
pub(crate) mod content;
pub(crate) mod groups;
pub(crate) mod origins;
pub(crate) mod reflections;
pub(crate) mod sessions;
pub(crate) mod team;
pub(crate) mod tokens;
pub(crate) mod users;
pub(crate) mod weaknesses;

use terms::{Arg, Language, Secret};

use super::{
    Frame,
    form::{FieldProblem, Form},
    message::Switcher,
    sheet::{Block, Sheet},
};
use crate::{Page, Pages, Speech};

/// What every page of the console is given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Console {
    /// The form's token, for all forms of the page.
    pub token: Secret<String>,
    /// Who is signed in.
    pub who: String,
    /// By which door they came in.
    pub door: ConsoleDoor,
    /// What was just done.
    pub notice: Option<Notice>,
}

/// How somebody came into the console.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConsoleDoor {
    /// By a link from the command line: a button ends their session.
    Machine,
    /// By their own account on the portal: a link leads back there.
    Portal,
}

/// What was just done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Notice {
    /// Something new is there.
    Added,
    /// A change was kept.
    Saved,
    /// There was nothing to change.
    Unchanged,
    /// Something is gone.
    Removed,
    /// An account takes sign-ins again.
    Unlocked,
    /// One session ended.
    SessionEnded,
    /// Several sessions ended.
    SessionsEnded,
    /// A token or app password opens nothing any more.
    Revoked,
    /// The password is another now.
    PasswordChanged,
    /// An authenticator app is gone.
    FactorRemoved,
    /// A passkey is gone.
    PasskeyRemoved,
    /// Somebody's word on an entry of the register was kept.
    Attested,
    /// A change waits for another administrator.
    Asked,
    /// What another administrator asked for is done.
    Approved,
    /// A change waits no more.
    Withdrawn,
    /// Nothing was done: the form was too old, or it wasn't ours.
    Stale,
    /// Nothing was done: the login pool is full.
    Busy,
}

impl Notice {
    /// All of them.
    pub const ALL: [Self; 17] = [
        Self::Added,
        Self::Saved,
        Self::Unchanged,
        Self::Removed,
        Self::Unlocked,
        Self::SessionEnded,
        Self::SessionsEnded,
        Self::Revoked,
        Self::PasswordChanged,
        Self::FactorRemoved,
        Self::PasskeyRemoved,
        Self::Attested,
        Self::Asked,
        Self::Approved,
        Self::Withdrawn,
        Self::Stale,
        Self::Busy,
    ];

    pub(crate) fn said(self, say: Speech<'_>) -> String {
        match self {
            Self::Added => say.text("notice-added"),
            Self::Saved => say.text("notice-saved"),
            Self::Unchanged => say.text("notice-unchanged"),
            Self::Removed => say.text("notice-removed"),
            Self::Unlocked => say.text("notice-unlocked"),
            Self::SessionEnded => say.text("notice-session-ended"),
            Self::SessionsEnded => say.text("notice-sessions-ended"),
            Self::Revoked => say.text("notice-revoked"),
            Self::PasswordChanged => say.text("notice-password-changed"),
            Self::FactorRemoved => say.text("notice-factor-removed"),
            Self::PasskeyRemoved => say.text("notice-passkey-removed"),
            Self::Attested => say.text("notice-attested"),
            Self::Asked => say.text("notice-asked"),
            Self::Approved => say.text("notice-approved"),
            Self::Withdrawn => say.text("notice-withdrawn"),
            Self::Stale => say.text("form-stale"),
            Self::Busy => say.text("notice-busy"),
        }
    }

    /// What it looks like: what was done, or that nothing was.
    pub(crate) fn block(self, say: Speech<'_>) -> Block {
        match self {
            Self::Stale | Self::Busy => Block::Alert {
                id: "undone",
                lines: vec![self.said(say)],
            },
            _ => Block::Notice(self.said(say)),
        }
    }
}

/// A room of the console.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Room {
    Users,
    Groups,
    Sessions,
    Tokens,
    Addresses,
    Origins,
    Content,
    Team,
    Approvals,
    Reflections,
    Weaknesses,
    Audit,
}

impl Room {
    const ALL: [Self; 12] = [
        Self::Users,
        Self::Groups,
        Self::Sessions,
        Self::Tokens,
        Self::Addresses,
        Self::Origins,
        Self::Content,
        Self::Team,
        Self::Approvals,
        Self::Reflections,
        Self::Weaknesses,
        Self::Audit,
    ];

    const fn path(self) -> &'static str {
        match self {
            Self::Users => "admin/users",
            Self::Groups => "admin/groups",
            Self::Sessions => "admin/sessions",
            Self::Tokens => "admin/tokens",
            Self::Addresses => "admin/addresses",
            Self::Origins => "admin/origins",
            Self::Content => "admin/content",
            Self::Team => "admin/team",
            Self::Approvals => "admin/approvals",
            Self::Reflections => "admin/reflections",
            Self::Weaknesses => "admin/weaknesses",
            Self::Audit => "admin/audit",
        }
    }

    fn name(self, say: Speech<'_>) -> String {
        match self {
            Self::Users => say.text("users-title"),
            Self::Groups => say.text("groups-title"),
            Self::Sessions => say.text("console-sessions-title"),
            Self::Tokens => say.text("tokens-title"),
            Self::Addresses => say.text("addresses-title"),
            Self::Origins => say.text("origins-title"),
            Self::Content => say.text("content-title"),
            Self::Team => say.text("team-title"),
            Self::Approvals => say.text("approvals-title"),
            Self::Reflections => say.text("reflections-title"),
            Self::Weaknesses => say.text("weaknesses-title"),
            Self::Audit => say.text("audit-title"),
        }
    }
}

/// A link of the navigation.
pub(crate) struct RoomLink {
    pub(crate) to: String,
    pub(crate) name: String,
    pub(crate) current: bool,
}

/// The navigation of the console.
pub(crate) struct Rooms {
    pub(crate) all: [RoomLink; 12],
    pub(crate) who: String,
    /// A button that ends the session.
    pub(crate) leave: Option<Form>,
    /// Where the account is.
    pub(crate) account: Option<(String, String)>,
}

impl Rooms {
    pub(crate) fn new(frame: &Frame<'_>, console: &Console, here: Room) -> Self {
        let say = frame.say;
        Self {
            all: Room::ALL.map(|room| RoomLink {
                to: frame.path(room.path()),
                name: room.name(say),
                current: room == here,
            }),
            who: say.text_with("signed-in-as", &[("who", Arg::Text(console.who.clone()))]),
            leave: (console.door == ConsoleDoor::Machine).then(|| {
                let text = say.text("sign-out-button");
                Form::button(frame, "admin/leave", &console.token, text)
            }),
            account: (console.door == ConsoleDoor::Portal)
                .then(|| (frame.path("account"), say.text("account-title"))),
        }
    }
}

/// A page of the console, with its notice.
pub(crate) fn room<'a>(
    frame: Frame<'a>,
    console: &'a Console,
    here: Room,
    title: String,
) -> Sheet<'a> {
    let say = frame.say;
    let mut sheet = Sheet::new(frame, title);
    sheet.room = Some((console, here));
    sheet.trust = false;
    sheet.add_some(console.notice.map(|notice| notice.block(say)));
    sheet
}

/// Why something wasn't done, announced.
pub(crate) fn undone(say: Speech<'_>, problem: Option<FieldProblem>) -> Option<Block> {
    problem.map(|problem| Block::Alert {
        id: "undone",
        lines: vec![problem.said(say)],
    })
}

/// `{prefix}admin/enter`, from the link that `waarborg console` prints. The form POSTs
/// there: `secret`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConsoleEnterView {
    /// What the link brought.
    pub secret: Secret<String>,
    /// The form's token, where the caller has one.
    pub token: Secret<String>,
}

impl Pages {
    /// The door of the console.
    pub fn console_enter(&self, view: &ConsoleEnterView, language: Language) -> Page {
        let frame = self.frame(language, Switcher::Fixed);
        let say = frame.say;
        let mut sheet = Sheet::new(frame, say.text("console-enter-title"));
        sheet.trust = false;
        sheet.text(say.text("console-enter-text"));
        let form = Form::post(
            &sheet.frame,
            "admin/enter",
            &view.token,
            say.text("console-enter-button"),
        )
        .hidden("secret", view.secret.expose());
        sheet.add(Block::Form(form));
        self.done(&sheet)
    }

    /// The link was used, or is too old; or the session behind it has ended.
    pub fn console_gone(&self, language: Language) -> Page {
        let frame = self.frame(language, Switcher::Fixed);
        let say = frame.say;
        let mut sheet = Sheet::new(frame, say.text("console-gone-title"));
        sheet.trust = false;
        sheet.text(say.text("console-gone-text"));
        sheet.text(say.text("console-gone-todo"));
        sheet.add(Block::Code("waarborg console".to_owned()));
        self.done(&sheet)
    }
}
