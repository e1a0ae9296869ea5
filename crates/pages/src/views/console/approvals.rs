//! Changes that wait until a second administrator approves them.

use terms::{Arg, Language, Micros};

use super::{Console, Room, room};
use crate::{
    Page, Pages, Speech,
    views::{
        form::Form,
        message::Switcher,
        segment,
        sheet::Block,
        table::{Cell, Table},
    },
};

/// What is to be done to a user.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WaitingKind {
    /// The account is to be removed.
    Remove,
    /// It is to be changed, and is an administrator's then.
    Administrator,
    /// It is to be changed.
    Change,
    /// It is to have another password.
    Password,
}

impl WaitingKind {
    /// In words, as a heading.
    pub(in crate::views) fn said(self, say: &Speech<'_>, user: &str) -> String {
        let user = [("user", Arg::Text(user.to_owned()))];
        match self {
            Self::Remove => say.text_with("approvals-remove", &user),
            Self::Administrator => say.text_with("approvals-administrator", &user),
            Self::Change => say.text_with("approvals-change", &user),
            Self::Password => say.text_with("approvals-password", &user),
        }
    }
}

/// What the reader may do about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WaitingFor {
    /// They asked: they may withdraw it.
    Another,
    /// Somebody else did: they may approve or refuse it.
    You,
    /// They came by the machine's door, where nobody approves: they may refuse it.
    Administrators,
}

/// A change that waits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WaitingView {
    /// What names it in addresses.
    pub id: String,
    /// What is to be done.
    pub kind: WaitingKind,
    /// The login name that it is about.
    pub user: String,
    /// The login name of whoever asked.
    pub asked_by: String,
    /// When.
    pub at: Micros,
    /// When it is forgotten.
    pub until: Micros,
    /// What the reader may do.
    pub whose: WaitingFor,
    /// The fields that differ: name, before, after.
    pub changes: Vec<[String; 3]>,
}

/// Why nothing was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ApprovalProblem {
    /// The user, or whoever asked, isn't as they were.
    Lapsed,
    /// It isn't the reader's to approve.
    Own,
}

/// `{prefix}admin/approvals`. Buttons POST to `…/{id}/approve` and `…/{id}/withdraw`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApprovalsView {
    /// What every page of the console has.
    pub console: Console,
    /// Those that wait, the oldest first.
    pub waiting: Vec<WaitingView>,
    /// Why one that was to be approved was not.
    pub problem: Option<ApprovalProblem>,
}

impl Pages {
    /// What waits.
    pub fn approvals(&self, view: &ApprovalsView, language: Language) -> Page {
        let frame = self.frame(language, Switcher::Offered);
        let say = frame.say;
        let title = say.text("approvals-title");
        let mut sheet = room(frame, &view.console, Room::Approvals, title);
        sheet.add_some(view.problem.map(|problem| Block::Alert {
            id: "undone",
            lines: vec![match problem {
                ApprovalProblem::Lapsed => say.text("approvals-lapsed"),
                ApprovalProblem::Own => say.text("approvals-own"),
            }],
        }));
        sheet.text(say.text("approvals-text"));
        if view.waiting.is_empty() {
            sheet.text(say.text("approvals-none"));
        }
        for one in &view.waiting {
            sheet.add(Block::Heading(one.kind.said(&say, &one.user)));
            let moment = |at| Cell::moment(&sheet.frame, Some(at), String::new());
            let facts = vec![
                (say.text("approvals-asked-by"), Cell::name(&one.asked_by)),
                (say.text("approvals-at"), moment(one.at)),
                (say.text("approvals-until"), moment(one.until)),
            ];
            sheet.add(Block::Facts(facts));
            if !one.changes.is_empty() {
                let rows = one.changes.iter().map(|[field, before, after]| {
                    vec![Cell::name(field), Cell::name(before), Cell::name(after)].into()
                });
                sheet.add(Block::Table(Table {
                    title: say.text("audit-changes"),
                    heads: vec![
                        say.text("audit-field"),
                        say.text("audit-before"),
                        say.text("audit-after"),
                    ],
                    rows: rows.collect(),
                }));
            }
            let button = |act: &str, text: String| {
                let path = format!("admin/approvals/{}/{act}", segment(&one.id));
                Form::button(&sheet.frame, &path, &view.console.token, text).about(&one.user)
            };
            let acts = match one.whose {
                WaitingFor::Another => vec![button("withdraw", say.text("approvals-withdraw"))],
                WaitingFor::Administrators => {
                    vec![button("withdraw", say.text("approvals-refuse"))]
                }
                WaitingFor::You => vec![
                    button("approve", say.text("approvals-approve")),
                    button("withdraw", say.text("approvals-refuse")),
                ],
            };
            sheet.add(Block::Acts(acts));
        }
        self.done(&sheet)
    }
}
