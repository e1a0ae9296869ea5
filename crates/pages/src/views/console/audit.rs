//! The audit trail: who changed what, and when.

use terms::{Language, Micros};

use super::{Console, Room, room};
use crate::{
    Page, Pages,
    views::{
        form::{Form, Input},
        message::Switcher,
        sheet::{Block, Sheet},
        table::{Cell, Changes, PagerView, Row, Table},
    },
};

/// What was asked for, as it was asked.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AuditFilter {
    /// `actor`.
    pub actor: String,
    /// `action`.
    pub action: String,
    /// `target`.
    pub target: String,
    /// `from`: `2026-11-23`.
    pub from: String,
    /// `until`: `2026-11-23`, which is still in it.
    pub until: String,
}

/// What a change made of one field. Secrets are left out by whoever wrote it down.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangeLine {
    /// The field.
    pub field: String,
    /// The value before; absent where there was none.
    pub before: Option<String>,
    /// The value after; absent where there is none.
    pub after: Option<String>,
}

/// A change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditLine {
    /// When.
    pub at: Micros,
    /// Who.
    pub actor: String,
    /// What was done: a fixed word, the same in every language.
    pub action: String,
    /// To whom or what.
    pub target: String,
    /// What it made of which field.
    pub changes: Vec<ChangeLine>,
}

/// `{prefix}admin/audit`. The filter asks there by GET.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditView {
    /// What every page of the console has.
    pub console: Console,
    /// What was asked for.
    pub filter: AuditFilter,
    /// Those found, on this page, the newest first.
    pub lines: Vec<AuditLine>,
    /// The way to the others.
    pub pager: PagerView,
}

impl AuditView {
    fn filter(&self, sheet: &Sheet<'_>) -> Form {
        let say = sheet.frame.say;
        let filter = &self.filter;
        Form::filter(&sheet.frame, "admin/audit")
            .input(Input::plain(
                "actor",
                say.text("audit-actor"),
                &filter.actor,
            ))
            .input(Input::plain(
                "action",
                say.text("audit-action"),
                &filter.action,
            ))
            .input(Input::plain(
                "target",
                say.text("audit-target"),
                &filter.target,
            ))
            .input(Input::date("from", say.text("audit-from"), &filter.from))
            .input(Input::date("until", say.text("audit-until"), &filter.until))
    }

    fn table(&self, sheet: &Sheet<'_>) -> Table {
        let say = sheet.frame.say;
        let value = |value: &Option<String>| value.clone().unwrap_or_else(|| "–".to_owned());
        Table {
            title: say.text("audit-title"),
            heads: vec![
                say.text("audit-at"),
                say.text("audit-actor"),
                say.text("audit-action"),
                say.text("audit-target"),
            ],
            rows: self
                .lines
                .iter()
                .map(|line| Row {
                    cells: vec![
                        Cell::At(sheet.frame.time(line.at)),
                        Cell::name(&line.actor),
                        Cell::name(&line.action),
                        Cell::name(&line.target),
                    ],
                    below: (!line.changes.is_empty()).then(|| Changes {
                        summary: say.text("audit-changes"),
                        heads: [
                            say.text("audit-field"),
                            say.text("audit-before"),
                            say.text("audit-after"),
                        ],
                        fields: line
                            .changes
                            .iter()
                            .map(|change| {
                                [
                                    change.field.clone(),
                                    value(&change.before),
                                    value(&change.after),
                                ]
                            })
                            .collect(),
                    }),
                })
                .collect(),
        }
    }
}

impl Pages {
    /// The audit trail.
    pub fn audit(&self, view: &AuditView, language: Language) -> Page {
        let frame = self.frame(language, Switcher::Offered);
        let say = frame.say;
        let title = say.text("audit-title");
        let mut sheet = room(frame, &view.console, Room::Audit, title);
        let filter = view.filter(&sheet);
        sheet.add(Block::Form(filter));
        if view.lines.is_empty() {
            sheet.text(say.text("audit-none"));
        } else {
            let table = view.table(&sheet);
            sheet.add(Block::Table(table));
        }
        sheet.add(Block::Pager(view.pager.clone()));
        self.done(&sheet)
    }
}
