//! The register of what the team uses: all of it, one entry, a new one.

use terms::{Arg, Language, Micros};

use super::{Console, Room, room};
use crate::{
    Page, Pages, Speech,
    views::{
        form::{ChoiceView, Field, FieldProblem, Form, Input},
        message::Switcher,
        segment,
        sheet::{Block, wrong_alert},
        table::{Cell, Table},
    },
};

/// What an entry is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EntryKind {
    /// Something that is signed in to elsewhere.
    Service,
    /// A machine.
    Device,
}

impl EntryKind {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Service, Self::Device];

    /// The word that forms send.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Service => "service",
            Self::Device => "device",
        }
    }

    fn said(self, say: Speech<'_>) -> String {
        match self {
            Self::Service => say.text("team-kind-service"),
            Self::Device => say.text("team-kind-device"),
        }
    }
}

/// With which second factor an entry is signed in to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EntryFactor {
    /// A passkey.
    Passkey,
    /// A key that is plugged in or held to it.
    SecurityKey,
    /// An authenticator app.
    App,
    /// A PIN, finger or face that is bound to the machine.
    Platform,
    /// That of another entry.
    SingleSignOn,
    /// A code by text message or telephone.
    Sms,
    /// None.
    None,
}

impl EntryFactor {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Passkey,
        Self::SecurityKey,
        Self::App,
        Self::Platform,
        Self::SingleSignOn,
        Self::Sms,
        Self::None,
    ];

    /// The word that forms send.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Passkey => "passkey",
            Self::SecurityKey => "security-key",
            Self::App => "app",
            Self::Platform => "platform",
            Self::SingleSignOn => "single-sign-on",
            Self::Sms => "sms",
            Self::None => "none",
        }
    }

    fn said(self, say: Speech<'_>) -> String {
        match self {
            Self::Passkey => say.text("team-factor-passkey"),
            Self::SecurityKey => say.text("team-factor-security-key"),
            Self::App => say.text("team-factor-app"),
            Self::Platform => say.text("team-factor-platform"),
            Self::SingleSignOn => say.text("team-factor-single-sign-on"),
            Self::Sms => say.text("team-factor-sms"),
            Self::None => say.text("team-factor-none"),
        }
    }
}

/// How an entry stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EntryStanding {
    /// It counts.
    Proven,
    /// It counts, and what is attested ends soon.
    Ending,
    /// What was attested has ended.
    Ended,
    /// Nobody has attested anything.
    Missing,
    /// It is signed in to without a second factor.
    WithoutFactor,
}

impl EntryStanding {
    fn said(self, say: Speech<'_>) -> String {
        match self {
            Self::Proven => say.text("team-standing-proven"),
            Self::Ending => say.text("team-standing-ending"),
            Self::Ended => say.text("team-standing-ended"),
            Self::Missing => say.text("team-standing-missing"),
            Self::WithoutFactor => say.text("team-standing-without"),
        }
    }
}

/// An entry of the register.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntryView {
    /// What names it in addresses.
    pub id: String,
    /// What it is.
    pub kind: EntryKind,
    /// What it is called.
    pub name: String,
    /// Where it is; empty where nothing is known.
    pub address: String,
    /// Who has it.
    pub holder: String,
    /// With which second factor it is signed in to.
    pub factor: EntryFactor,
    /// How it stands.
    pub standing: EntryStanding,
    /// Who attested it last, when, and until when that counts.
    pub attested: Option<(String, Micros, Micros)>,
}

/// What GitHub said last of the team's organisation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GitHubSaid {
    /// It isn't asked.
    NotAsked,
    /// It will be, with the next run of the drills.
    NotYet,
    /// It told.
    Members {
        /// When.
        at: Micros,
        /// How many members it shows.
        seen: u64,
        /// How many of them have no second factor.
        without: u64,
    },
    /// It didn't.
    Silent {
        /// When.
        at: Micros,
    },
}

/// `{prefix}admin/team`. A link leads to `…/add`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TeamView {
    /// What every page of the console has.
    pub console: Console,
    /// The register, by name.
    pub entries: Vec<EntryView>,
    /// How many people the team has here, and how many of them have no second factor.
    pub people: (u64, u64),
    /// What GitHub said.
    pub github: GitHubSaid,
}

/// `{prefix}admin/team/add`. The form POSTs there: `token`, `kind`, `name`, `address`,
/// `holder`, `factor`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TeamAddView {
    /// What every page of the console has.
    pub console: Console,
    /// The kind that was chosen before.
    pub kind: EntryKind,
    /// The name that was typed before.
    pub name: String,
    /// The address that was typed before.
    pub address: String,
    /// The holder that was typed before.
    pub holder: String,
    /// The second factor that was chosen before.
    pub factor: EntryFactor,
    /// What is wrong.
    pub problems: Vec<(Field, FieldProblem)>,
}

/// `{prefix}admin/team/{id}`. Forms, each with `token`: `…/attest` with `factor`. A link
/// leads to `…/remove`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TeamEntryView {
    /// What every page of the console has.
    pub console: Console,
    /// It.
    pub entry: EntryView,
    /// For how many days an attestation counts.
    pub days: u64,
    /// What is wrong with what was attested.
    pub problems: Vec<(Field, FieldProblem)>,
}

fn number(count: u64) -> Arg {
    Arg::Number(i64::try_from(count).unwrap_or(i64::MAX))
}

fn factors(say: Speech<'_>, chosen: EntryFactor) -> Vec<ChoiceView> {
    let choice = |factor: EntryFactor| ChoiceView {
        value: factor.word().to_owned(),
        text: factor.said(say),
        chosen: factor == chosen,
    };
    EntryFactor::ALL.into_iter().map(choice).collect()
}

impl Pages {
    /// The register.
    pub fn team(&self, view: &TeamView, language: Language) -> Page {
        let frame = self.frame(language, Switcher::Offered);
        let say = frame.say;
        let mut sheet = room(frame, &view.console, Room::Team, say.text("team-title"));
        sheet.text(say.text("team-text"));
        sheet.link("admin/team/add", say.text("team-add-title"));
        if view.entries.is_empty() {
            sheet.text(say.text("team-none"));
        } else {
            let row = |entry: &EntryView| {
                let until = entry.attested.as_ref().map(|(_, _, until)| *until);
                vec![
                    Cell::Link {
                        to: sheet
                            .frame
                            .path(&format!("admin/team/{}", segment(&entry.id))),
                        text: entry.name.clone(),
                    },
                    Cell::Text(entry.kind.said(say)),
                    Cell::name(&entry.holder),
                    Cell::Text(entry.factor.said(say)),
                    Cell::Text(entry.standing.said(say)),
                    Cell::moment(&sheet.frame, until, "–".to_owned()),
                ]
                .into()
            };
            let rows = view.entries.iter().map(row).collect();
            sheet.add(Block::Table(Table {
                title: say.text("team-title"),
                heads: vec![
                    say.text("team-name"),
                    say.text("team-kind"),
                    say.text("team-holder"),
                    say.text("team-factor"),
                    say.text("team-standing"),
                    say.text("team-until"),
                ],
                rows,
            }));
        }
        sheet.add(Block::Heading(say.text("team-beside")));
        let (people, without) = view.people;
        let args = [("people", number(people)), ("without", number(without))];
        let mut facts = vec![(
            say.text("team-people-title"),
            Cell::Text(say.text_with("team-people-counted", &args)),
        )];
        let said = match view.github {
            GitHubSaid::NotAsked => None,
            GitHubSaid::NotYet => Some((say.text("team-github-not-yet"), None)),
            GitHubSaid::Members { at, seen, without } => {
                let args = [("members", number(seen)), ("without", number(without))];
                Some((say.text_with("team-github-counted", &args), Some(at)))
            }
            GitHubSaid::Silent { at } => Some((say.text("team-github-silent"), Some(at))),
        };
        if let Some((said, at)) = said {
            facts.push((say.text("team-github-title"), Cell::Text(said)));
            if let Some(at) = at {
                let at = Cell::moment(&sheet.frame, Some(at), String::new());
                facts.push((say.text("team-github-at"), at));
            }
        }
        sheet.add(Block::Facts(facts));
        self.done(&sheet)
    }

    /// A new entry.
    pub fn team_add(&self, view: &TeamAddView, language: Language) -> Page {
        let frame = self.frame(language, Switcher::Offered);
        let say = frame.say;
        let title = say.text("team-add-title");
        let mut sheet = room(frame, &view.console, Room::Team, title);
        sheet.add_some(wrong_alert(say, &view.problems));
        let kinds = EntryKind::ALL.map(|kind| ChoiceView {
            value: kind.word().to_owned(),
            text: kind.said(say),
            chosen: kind == view.kind,
        });
        let wrong = |input: Input, field| input.wrong(say, field, &view.problems);
        let form = Form::post(
            &sheet.frame,
            "admin/team/add",
            &view.console.token,
            say.text("add-button"),
        )
        .input(wrong(
            Input::select("kind", say.text("team-kind"), &kinds),
            Field::Kind,
        ))
        .input(wrong(
            Input::words("name", say.text("team-name"), &view.name)
                .required()
                .hint(say.text("team-name-hint")),
            Field::Name,
        ))
        .input(wrong(
            Input::plain("address", say.text("team-address"), &view.address)
                .hint(say.text("team-address-hint")),
            Field::Address,
        ))
        .input(wrong(
            Input::plain("holder", say.text("team-holder"), &view.holder)
                .required()
                .hint(say.text("team-holder-hint")),
            Field::Holder,
        ))
        .input(wrong(
            Input::select(
                "factor",
                say.text("team-factor"),
                &factors(say, view.factor),
            ),
            Field::Factor,
        ));
        sheet.add(Block::Form(form));
        sheet.link("admin/team", say.text("team-back"));
        self.done(&sheet)
    }

    /// One entry.
    pub fn team_entry(&self, view: &TeamEntryView, language: Language) -> Page {
        let frame = self.frame(language, Switcher::Offered);
        let say = frame.say;
        let entry = &view.entry;
        let path = format!("admin/team/{}", segment(&entry.id));
        let mut sheet = room(frame, &view.console, Room::Team, entry.name.clone());
        let mut facts = vec![
            (say.text("team-kind"), Cell::Text(entry.kind.said(say))),
            (say.text("team-address"), Cell::name(&entry.address)),
            (say.text("team-holder"), Cell::name(&entry.holder)),
            (say.text("team-factor"), Cell::Text(entry.factor.said(say))),
            (
                say.text("team-standing"),
                Cell::Text(entry.standing.said(say)),
            ),
        ];
        if let Some((by, at, until)) = &entry.attested {
            let moment = |at: &Micros| Cell::moment(&sheet.frame, Some(*at), String::new());
            facts.extend([
                (say.text("team-attested-by"), Cell::name(by)),
                (say.text("team-attested-at"), moment(at)),
                (say.text("team-until"), moment(until)),
            ]);
        }
        sheet.add(Block::Facts(facts));
        sheet.add(Block::Heading(say.text("team-attest-title")));
        sheet.add_some(wrong_alert(say, &view.problems));
        sheet.text(say.text_with("team-attest-text", &[("days", number(view.days))]));
        let form = Form::post(
            &sheet.frame,
            &format!("{path}/attest"),
            &view.console.token,
            say.text("team-attest-button"),
        )
        .input(
            Input::select(
                "factor",
                say.text("team-factor"),
                &factors(say, entry.factor),
            )
            .wrong(say, Field::Factor, &view.problems),
        );
        sheet.add(Block::Form(form));
        sheet.add(Block::Heading(say.text("team-remove-title")));
        sheet.link(&format!("{path}/remove"), say.text("team-remove-link"));
        sheet.link("admin/team", say.text("team-back"));
        self.done(&sheet)
    }

    /// The question before an entry is removed.
    pub fn team_remove(&self, console: &Console, entry: &EntryView, language: Language) -> Page {
        let frame = self.frame(language, Switcher::Offered);
        let say = frame.say;
        let path = format!("admin/team/{}", segment(&entry.id));
        let name = [("name", Arg::Text(entry.name.clone()))];
        let title = say.text_with("team-remove-question", &name);
        let mut sheet = room(frame, console, Room::Team, title);
        sheet.text(say.text("team-remove-text"));
        let form = Form::post(
            &sheet.frame,
            &format!("{path}/remove"),
            &console.token,
            say.text("remove-button"),
        )
        .danger();
        sheet.add(Block::Form(form));
        sheet.link(&path, say.text("keep-link"));
        self.done(&sheet)
    }
}
