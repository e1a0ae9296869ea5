//! Who is refused by address: the lists, and which rule decides about one.

use terms::{Arg, Language, Micros};

use super::{Console, Room, room};
use crate::{
    Page, Pages,
    views::{
        form::{Form, Input},
        message::Switcher,
        sheet::Block,
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

/// `{prefix}admin/addresses`. The form asks there by GET: `address`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddressesView {
    /// What every page of the console has.
    pub console: Console,
    /// What was typed.
    pub address: String,
    /// What is known of it.
    pub asked: AddressAsked,
    /// Whether nobody is refused at the moment.
    pub observe: bool,
    /// Each list's kind, its file where it has one, and how many entries it has.
    pub lists: Vec<(String, String, usize)>,
    /// Entries that end by themselves: the range, and when.
    pub temporary: Vec<(String, Micros)>,
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
        if !view.temporary.is_empty() {
            let row = |(range, until): &(String, Micros)| {
                let until = Cell::moment(&sheet.frame, Some(*until), String::new());
                vec![Cell::name(range), until].into()
            };
            let rows = view.temporary.iter().map(row).collect();
            sheet.add(Block::Heading(say.text("addresses-temporary")));
            sheet.add(Block::Table(Table {
                title: say.text("addresses-temporary"),
                heads: vec![say.text("addresses-range"), say.text("addresses-until")],
                rows,
            }));
        }
        self.done(&sheet)
    }
}
