//! Weaknesses: what applications do that they shouldn't, and what to do about it.

use terms::{Arg, Language, Micros};

use super::{Console, Room, room};
use crate::{
    Page, Pages,
    views::{
        message::Switcher,
        sheet::Block,
        table::{Cell, Table},
    },
};

/// A weakness of an application.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WeaknessLine {
    /// Site and route.
    pub page: String,
    /// Which cookie, attribute, host or path; may be empty.
    pub name: String,
    /// The path of the last request.
    pub path: String,
    /// In how many answers.
    pub count: u64,
    /// When for the first time.
    pub first: Micros,
    /// When for the last time.
    pub last: Micros,
    /// The last request's id.
    pub id: String,
}

/// Those of one kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WeaknessGroup {
    /// The kind: kebab-case.
    pub kind: &'static str,
    /// The last first.
    pub lines: Vec<WeaknessLine>,
}

/// `{prefix}admin/weaknesses`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WeaknessesView {
    /// What every page of the console has.
    pub console: Console,
    /// The worst kinds first.
    pub groups: Vec<WeaknessGroup>,
    /// Whether there were more than are kept.
    pub more: bool,
    /// Whether nobody looks.
    pub off: bool,
}

impl Pages {
    /// What applications do that they shouldn't.
    pub fn weaknesses(&self, view: &WeaknessesView, language: Language) -> Page {
        let frame = self.frame(language, Switcher::Offered);
        let say = frame.say;
        let title = say.text("weaknesses-title");
        let mut sheet = room(frame, &view.console, Room::Weaknesses, title);
        sheet.text(say.text("weaknesses-text"));
        if view.off {
            sheet.text(say.text("weaknesses-off"));
        } else if view.groups.is_empty() {
            sheet.text(say.text("weaknesses-none"));
        }
        for group in &view.groups {
            let kind = [("kind", Arg::Text(group.kind.to_owned()))];
            let name = say.text_with("weaknesses-kind", &kind);
            sheet.add(Block::Heading(name.clone()));
            sheet.text(say.text_with("weaknesses-remedy", &kind));
            let rows = group.lines.iter().map(|line| {
                vec![
                    Cell::name(&line.page),
                    Cell::name(&line.name),
                    Cell::name(&line.path),
                    Cell::Text(line.count.to_string()),
                    Cell::At(sheet.frame.time(line.first)),
                    Cell::At(sheet.frame.time(line.last)),
                    Cell::name(&line.id),
                ]
                .into()
            });
            let rows = rows.collect();
            sheet.add(Block::Table(Table {
                title: name,
                heads: vec![
                    say.text("weaknesses-page"),
                    say.text("weaknesses-name"),
                    say.text("weaknesses-path"),
                    say.text("weaknesses-count"),
                    say.text("weaknesses-first"),
                    say.text("weaknesses-last"),
                    say.text("weaknesses-id"),
                ],
                rows,
            }));
        }
        if view.more {
            sheet.text(say.text("weaknesses-more"));
        }
        self.done(&sheet)
    }
}
