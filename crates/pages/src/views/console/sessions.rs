//! Everybody's sessions.

use terms::Language;

use super::{Console, Room, room};
use crate::{
    Page, Pages,
    views::{
        form::{Form, Input},
        message::Switcher,
        session::SessionView,
        sheet::Block,
        table::{Cell, PagerView, Table},
    },
};

/// `{prefix}admin/sessions`. The filter asks there by GET: `user`, a login name. Buttons
/// POST to `…/revoke`: `token`, `id`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConsoleSessionsView {
    /// What every page of the console has.
    pub console: Console,
    /// The login name that was asked for.
    pub user: String,
    /// Those found, on this page.
    pub sessions: Vec<SessionView>,
    /// The way to the others.
    pub pager: PagerView,
}

impl Pages {
    /// Everybody's sessions.
    pub fn console_sessions(&self, view: &ConsoleSessionsView, language: Language) -> Page {
        let frame = self.frame(language, Switcher::Offered);
        let say = frame.say;
        let title = say.text("console-sessions-title");
        let mut sheet = room(frame, &view.console, Room::Sessions, title);
        let filter = Form::filter(&sheet.frame, "admin/sessions").input(Input::plain(
            "user",
            say.text("label-login"),
            &view.user,
        ));
        sheet.add(Block::Form(filter));
        if view.sessions.is_empty() {
            sheet.text(say.text("console-sessions-none"));
        } else {
            let rows = view
                .sessions
                .iter()
                .map(|session| {
                    let user = Some(Cell::name(&session.user));
                    session.row(&sheet.frame, &view.console.token, user).into()
                })
                .collect();
            sheet.add(Block::Table(Table {
                title: say.text("console-sessions-title"),
                heads: SessionView::heads(say, true),
                rows,
            }));
        }
        sheet.add(Block::Pager(view.pager.clone()));
        self.done(&sheet)
    }
}
