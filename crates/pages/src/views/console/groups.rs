//! The groups: all of them, one of them, a new one.

use terms::{Arg, Language};

use super::{Console, Room, room, undone};
use crate::{
    Page, Pages,
    views::{
        count,
        form::{Field, FieldProblem, Form, Input},
        message::Switcher,
        segment,
        sheet::{Block, wrong_alert},
        table::{Cell, Table},
    },
};

/// `{prefix}admin/groups`. The form POSTs to `…/add`: `token`, `name`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupsView {
    /// What every page of the console has.
    pub console: Console,
    /// Each group's name and how many members it has.
    pub groups: Vec<(String, u64)>,
    /// The name that was typed before.
    pub name: String,
    /// What is wrong with it.
    pub problems: Vec<(Field, FieldProblem)>,
}

/// `{prefix}admin/groups/{name}`. Forms, each with `token`: there, with the new `name`.
/// A link leads to `…/remove`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupView {
    /// What every page of the console has.
    pub console: Console,
    /// The group.
    pub group: String,
    /// How many members it has.
    pub count: u64,
    /// The first of them: what names each in addresses, and the login name.
    pub members: Vec<(String, String)>,
    /// The new name that was typed, else the group's.
    pub name: String,
    /// What is wrong with it.
    pub problems: Vec<(Field, FieldProblem)>,
}

/// `{prefix}admin/groups/{name}/remove`. The form POSTs there: `token`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupRemoveView {
    /// What every page of the console has.
    pub console: Console,
    /// The group.
    pub group: String,
    /// How many members it has.
    pub count: u64,
    /// Why it wasn't removed.
    pub problem: Option<FieldProblem>,
}

fn members(number: u64) -> [(&'static str, Arg); 1] {
    [(
        "count",
        Arg::Number(i64::try_from(number).unwrap_or(i64::MAX)),
    )]
}

impl Pages {
    /// The groups.
    pub fn groups(&self, view: &GroupsView, language: Language) -> Page {
        let frame = self.frame(language, Switcher::Offered);
        let say = frame.say;
        let title = say.text("groups-title");
        let mut sheet = room(frame, &view.console, Room::Groups, title);
        if view.groups.is_empty() {
            sheet.text(say.text("groups-none"));
        } else {
            let rows = view
                .groups
                .iter()
                .map(|(name, number)| {
                    vec![
                        Cell::Link {
                            to: sheet.frame.path(&format!("admin/groups/{}", segment(name))),
                            text: name.clone(),
                        },
                        Cell::Text(say.text_with("group-members", &members(*number))),
                    ]
                    .into()
                })
                .collect();
            sheet.add(Block::Table(Table {
                title: say.text("groups-title"),
                heads: vec![say.text("label-group"), say.text("group-members-title")],
                rows,
            }));
        }
        sheet.add(Block::Heading(say.text("group-add-title")));
        sheet.add_some(wrong_alert(say, &view.problems));
        let form = Form::post(
            &sheet.frame,
            "admin/groups/add",
            &view.console.token,
            say.text("add-button"),
        )
        .input(
            Input::plain("name", say.text("label-group-name"), &view.name)
                .required()
                .hint(say.text("group-name-hint"))
                .wrong(say, Field::Name, &view.problems),
        );
        sheet.add(Block::Form(form));
        self.done(&sheet)
    }

    /// One group.
    pub fn group(&self, view: &GroupView, language: Language) -> Page {
        let frame = self.frame(language, Switcher::Offered);
        let say = frame.say;
        let path = format!("admin/groups/{}", segment(&view.group));
        let mut sheet = room(frame, &view.console, Room::Groups, view.group.clone());
        sheet.add(Block::Heading(say.text("group-members-title")));
        sheet.text(say.text_with("group-members", &members(view.count)));
        if !view.members.is_empty() {
            let links = view
                .members
                .iter()
                .map(|(id, login)| {
                    (
                        sheet.frame.path(&format!("admin/users/{}", segment(id))),
                        login.clone(),
                    )
                })
                .collect();
            sheet.add(Block::Names(links));
            let shown = [("count", count(view.members.len()))];
            if u64::try_from(view.members.len()).is_ok_and(|shown| shown < view.count) {
                sheet.add(Block::Note(say.text_with("group-members-first", &shown)));
            }
        }
        sheet.add(Block::Heading(say.text("group-rename-title")));
        sheet.add_some(wrong_alert(say, &view.problems));
        let form = Form::post(
            &sheet.frame,
            &path,
            &view.console.token,
            say.text("save-button"),
        )
        .input(
            Input::plain("name", say.text("label-group-name"), &view.name)
                .required()
                .hint(say.text("group-rename-hint"))
                .wrong(say, Field::Name, &view.problems),
        );
        sheet.add(Block::Form(form));
        sheet.add(Block::Heading(say.text("group-remove-title")));
        sheet.link(&format!("{path}/remove"), say.text("group-remove-link"));
        self.done(&sheet)
    }

    /// The question before a group is removed.
    pub fn group_remove(&self, view: &GroupRemoveView, language: Language) -> Page {
        let frame = self.frame(language, Switcher::Offered);
        let say = frame.say;
        let path = format!("admin/groups/{}", segment(&view.group));
        let title = say.text_with(
            "group-remove-question",
            &[("group", Arg::Text(view.group.clone()))],
        );
        let mut sheet = room(frame, &view.console, Room::Groups, title);
        sheet.add_some(undone(say, view.problem));
        sheet.text(say.text_with("group-remove-text", &members(view.count)));
        let form = Form::post(
            &sheet.frame,
            &format!("{path}/remove"),
            &view.console.token,
            say.text("remove-button"),
        )
        .danger();
        sheet.add(Block::Form(form));
        sheet.link(&path, say.text("keep-link"));
        self.done(&sheet)
    }
}
