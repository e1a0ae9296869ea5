//! Who is refused by address: the lists, and which rule decides about one.

use terms::{Arg, Language, Micros, Secret};

use super::{Console, Room, room};
use crate::{
    Page, Pages, Speech,
    views::{
        Frame,
        form::{ChoiceView, Field, FieldProblem, Form, Input},
        message::Switcher,
        sheet::{Block, Sheet, wrong_alert},
        table::{Cell, Table},
    },
};

/// What becomes of an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AddressVerdict {
    /// It is let in.
    LetIn,
    /// It would be refused, but nobody is at the moment.
    Observed,
    /// It is refused.
    Refused,
}

/// An address that was asked about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AddressAsked {
    /// None was.
    Nothing,
    /// What was typed is none.
    Malformed,
    /// It was looked up.
    Judged {
        /// What becomes of it.
        verdict: AddressVerdict,
        /// The rule that decides, as records name it, and its range.
        rule: Option<(String, String)>,
    },
}

/// Hours that addresses may be refused for, by choice; the second at first.
const HOURS: [u32; 5] = [1, 24, 7 * 24, 30 * 24, 365 * 24];
const HOURS_FIRST: u32 = 24;

/// Addresses that are refused until then.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BanView {
    /// The range.
    pub range: String,
    /// When that ends.
    pub until: Micros,
    /// Why; empty where nobody said.
    pub reason: String,
    /// Who wanted it, as in the audit trail.
    pub made_by: String,
    /// Whether it can be ended here; not those of drills.
    pub lifts: bool,
    /// What it rests on, where no person made it.
    pub evidence: Option<BanEvidence>,
}

/// What a ban that no person made rests on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BanEvidence {
    /// For what: `throttled`, `scan` or `lock-out`.
    pub cause: &'static str,
    /// How often that happened.
    pub strikes: u64,
    /// The first time.
    pub first: Micros,
    /// The last time.
    pub last: Micros,
    /// The id of the last request.
    pub request: String,
}

/// One request of a client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeedView {
    /// When it came, in UTC: day and time.
    pub time: String,
    /// What it was answered.
    pub status: String,
    /// The site; empty for a host of nobody's.
    pub site: String,
    /// Method and path.
    pub what: String,
    /// Why it was refused; empty where it wasn't.
    pub reason: String,
    /// Its id.
    pub id: String,
}

/// What a client has asked in the last hour.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LatelyView {
    /// How many requests.
    pub total: u64,
    /// How many of them were refused.
    pub refused: u64,
    /// The newest, newest first.
    pub newest: Vec<DeedView>,
}

/// What was typed to have addresses refused.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BanTyped {
    /// `range`.
    pub range: String,
    /// `reason`.
    pub reason: String,
    /// `hours`; 0 for those that are chosen at first.
    pub hours: u32,
    /// What is wrong with it.
    pub problems: Vec<(Field, FieldProblem)>,
}

/// `{prefix}admin/addresses`. One form asks there by GET: `address`. One POSTs to `…/add`:
/// `token`, `range`, `hours`, `reason`. Buttons POST to `…/remove`: `token`, `range`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddressesView {
    /// What every page of the console has.
    pub console: Console,
    /// What was typed.
    pub address: String,
    /// What is known of it.
    pub asked: AddressAsked,
    /// What it has asked lately, where records tell.
    pub lately: Option<LatelyView>,
    /// Whether nobody is refused at the moment.
    pub observe: bool,
    /// Each list's kind, its file where it has one, and how many entries it has.
    pub lists: Vec<(String, String, usize)>,
    /// Entries that end by themselves.
    pub bans: Vec<BanView>,
    /// What was typed to add one.
    pub typed: BanTyped,
}

impl Pages {
    /// Who is refused by address.
    pub fn addresses(&self, view: &AddressesView, language: Language) -> Page {
        let frame = self.frame(language, Switcher::Offered);
        let say = frame.say;
        let title = say.text("addresses-title");
        let mut sheet = room(frame, &view.console, Room::Addresses, title);
        if view.observe {
            sheet.add(Block::Note(say.text("addresses-observe")));
        }
        let input = Input::plain("address", say.text("addresses-address"), &view.address);
        let wrong = view.asked == AddressAsked::Malformed;
        let filter = Form::filter(&sheet.frame, "admin/addresses")
            .input(input.hint(say.text("addresses-hint")).see("wrong", wrong));
        match &view.asked {
            AddressAsked::Nothing => {}
            AddressAsked::Malformed => sheet.add(Block::Alert {
                id: "wrong",
                lines: vec![say.text("addresses-malformed")],
            }),
            AddressAsked::Judged { verdict, rule } => {
                let mut lines = vec![match verdict {
                    AddressVerdict::LetIn => say.text("addresses-let-in"),
                    AddressVerdict::Observed => say.text("addresses-observed"),
                    AddressVerdict::Refused => say.text("addresses-refused"),
                }];
                lines.push(match rule {
                    Some((id, range)) => {
                        let rule = Arg::Text(id.clone());
                        let range = Arg::Text(range.clone());
                        say.text_with("addresses-rule", &[("rule", rule), ("range", range)])
                    }
                    None => say.text("addresses-no-rule"),
                });
                for line in lines {
                    sheet.add(Block::Notice(line));
                }
            }
        }
        sheet.add(Block::Form(filter));
        if let Some(lately) = &view.lately {
            add_lately(&mut sheet, lately);
        }
        if view.lists.is_empty() {
            sheet.text(say.text("addresses-none"));
        } else {
            let row = |(kind, file, entries): &(String, String, usize)| {
                let cells = vec![
                    Cell::name(kind),
                    Cell::name(file),
                    Cell::name(&entries.to_string()),
                ];
                cells.into()
            };
            sheet.add(Block::Table(Table {
                title: say.text("addresses-lists"),
                heads: vec![
                    say.text("addresses-list"),
                    say.text("addresses-file"),
                    say.text("addresses-entries"),
                ],
                rows: view.lists.iter().map(row).collect(),
            }));
        }
        sheet.add(Block::Heading(say.text("addresses-temporary")));
        if view.bans.is_empty() {
            sheet.text(say.text("addresses-no-temporary"));
        } else {
            let rows = view.bans.iter();
            let rows = rows.map(|ban| row(ban, &sheet.frame, &view.console.token).into());
            let table = Table {
                title: say.text("addresses-temporary"),
                heads: vec![
                    say.text("addresses-range"),
                    say.text("addresses-until"),
                    say.text("addresses-reason"),
                    say.text("addresses-by"),
                    say.text("addresses-act"),
                ],
                rows: rows.collect(),
            };
            sheet.add(Block::Table(table));
        }
        let typed = &view.typed;
        sheet.add_some(wrong_alert(say, &typed.problems));
        let wrong = |input: Input, field| input.wrong(say, field, &typed.problems);
        let chosen = if HOURS.contains(&typed.hours) {
            typed.hours
        } else {
            HOURS_FIRST
        };
        let hours = HOURS.map(|hours| ChoiceView {
            value: hours.to_string(),
            text: match hours % 24 {
                0 => say.text_with(
                    "addresses-days",
                    &[("days", Arg::Number((hours / 24).into()))],
                ),
                _ => say.text_with("addresses-hours", &[("hours", Arg::Number(hours.into()))]),
            },
            chosen: hours == chosen,
        });
        let button = say.text("addresses-add");
        let form = Form::post(
            &sheet.frame,
            "admin/addresses/add",
            &view.console.token,
            button,
        )
        .input(wrong(
            Input::plain("range", say.text("addresses-range"), &typed.range)
                .required()
                .hint(say.text("addresses-range-hint")),
            Field::Range,
        ))
        .input(wrong(
            Input::select("hours", say.text("addresses-time"), &hours),
            Field::Hours,
        ))
        .input(wrong(
            Input::words("reason", say.text("addresses-reason"), &typed.reason),
            Field::Reason,
        ));
        sheet.add(Block::Form(form));
        self.done(&sheet)
    }
}

fn add_lately(sheet: &mut Sheet<'_>, lately: &LatelyView) {
    let say = sheet.frame.say;
    sheet.add(Block::Heading(say.text("addresses-lately")));
    let number = |count: u64| Arg::Number(i64::try_from(count).unwrap_or(i64::MAX));
    let counts = [
        ("total", number(lately.total)),
        ("refused", number(lately.refused)),
    ];
    sheet.text(say.text_with("addresses-asked", &counts));
    if lately.newest.is_empty() {
        return;
    }
    let row = |deed: &DeedView| {
        let texts = [
            &deed.time,
            &deed.status,
            &deed.site,
            &deed.what,
            &deed.reason,
            &deed.id,
        ];
        texts
            .map(|text| Cell::name(text))
            .into_iter()
            .collect::<Vec<_>>()
            .into()
    };
    sheet.add(Block::Table(Table {
        title: say.text("addresses-lately"),
        heads: vec![
            say.text("addresses-time-of"),
            say.text("addresses-status"),
            say.text("addresses-site"),
            say.text("addresses-request"),
            say.text("addresses-refused-for"),
            say.text("addresses-id"),
        ],
        rows: lately.newest.iter().map(row).collect(),
    }));
}

/// Why somebody is refused: a person's words, or what it rests on.
fn reason(ban: &BanView, say: Speech<'_>) -> String {
    let Some(evidence) = &ban.evidence else {
        return ban.reason.clone();
    };
    let strikes = i64::try_from(evidence.strikes).unwrap_or(i64::MAX);
    let arguments = [
        ("count", Arg::Number(strikes)),
        ("first", Arg::Text(say.date_time(evidence.first))),
        ("last", Arg::Text(say.date_time(evidence.last))),
        ("request", Arg::Text(evidence.request.clone())),
    ];
    match evidence.cause {
        "throttled" => say.text_with("addresses-cause-throttled", &arguments),
        "scan" => say.text_with("addresses-cause-scan", &arguments),
        _ => say.text_with("addresses-cause-lock-out", &arguments),
    }
}

fn row(ban: &BanView, frame: &Frame<'_>, token: &Secret<String>) -> Vec<Cell> {
    let say = frame.say;
    let act = Form::button(
        frame,
        "admin/addresses/remove",
        token,
        say.text("addresses-lift"),
    )
    .hidden("range", &ban.range)
    .about(&ban.range);
    vec![
        Cell::name(&ban.range),
        Cell::moment(frame, Some(ban.until), String::new()),
        Cell::name(&reason(ban, say)),
        Cell::name(&ban.made_by),
        if ban.lifts {
            Cell::Act(act)
        } else {
            Cell::name("")
        },
    ]
}
