//! The console's page of changes that wait.

use terms::Language;

use super::{super::api::*, Fill, NOW};

pub(super) fn all(pages: &Pages, fill: Fill<'_>, language: Language) -> Vec<(&'static str, Page)> {
    let one = |id: &str, kind, whose, changes| WaitingView {
        id: fill.with(id),
        kind,
        user: fill.with("bo"),
        asked_by: fill.with("ada"),
        at: NOW,
        until: NOW,
        whose,
        changes,
    };
    let change = [
        fill.with("groups"),
        fill.with("staff"),
        fill.with("admins, staff"),
    ];
    let some = vec![
        one("p1", WaitingKind::Remove, WaitingFor::You, Vec::new()),
        one(
            "p2",
            WaitingKind::Administrator,
            WaitingFor::Another,
            vec![change],
        ),
        one(
            "p3",
            WaitingKind::Remove,
            WaitingFor::Administrators,
            Vec::new(),
        ),
    ];
    let list = |waiting, problem, notice| {
        let view = ApprovalsView {
            console: fill.console(notice),
            waiting,
            problem,
        };
        pages.approvals(&view, language)
    };
    vec![
        (
            "approvals",
            list(some, Some(ApprovalProblem::Own), Some(Notice::Asked)),
        ),
        (
            "approvals-none",
            list(Vec::new(), Some(ApprovalProblem::Lapsed), None),
        ),
    ]
}
