//! From where requests may come that would change something: own domains, exceptions, and
//! what needs a token besides.

use terms::Language;

use super::{Console, Room, room};
use crate::{
    Page, Pages,
    views::{
        message::Switcher,
        sheet::Block,
        table::{Cell, Table},
    },
};

/// A part of a site with a rule of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OriginRouteView {
    /// The site.
    pub site: String,
    /// Methods, where it isn't all, and the path.
    pub path: String,
    /// Why requests may come from elsewhere; empty for an important action.
    pub why: String,
}

/// `{prefix}admin/origins`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OriginsView {
    /// What every page of the console has.
    pub console: Console,
    /// Whether nobody is refused at the moment.
    pub observe: bool,
    /// Own domains beside the sites.
    pub origins: Vec<String>,
    /// Routes that take requests from elsewhere.
    pub exceptions: Vec<OriginRouteView>,
    /// Routes whose actions need a token.
    pub important: Vec<OriginRouteView>,
}

impl Pages {
    /// From where requests may come that would change something.
    pub fn origins(&self, view: &OriginsView, language: Language) -> Page {
        let frame = self.frame(language, Switcher::Offered);
        let say = frame.say;
        let mut sheet = room(
            frame,
            &view.console,
            Room::Origins,
            say.text("origins-title"),
        );
        if view.observe {
            sheet.add(Block::Note(say.text("origins-observe")));
        }
        sheet.text(say.text("origins-text"));
        let heads = [say.text("origins-site"), say.text("origins-path")];
        let row = |route: &OriginRouteView| vec![Cell::name(&route.site), Cell::name(&route.path)];

        sheet.add(Block::Heading(say.text("origins-own")));
        if view.origins.is_empty() {
            sheet.text(say.text("origins-no-own"));
        } else {
            sheet.add(Block::Table(Table {
                title: say.text("origins-own"),
                heads: vec![say.text("origins-origin")],
                rows: view
                    .origins
                    .iter()
                    .map(|origin| vec![Cell::name(origin)].into())
                    .collect(),
            }));
        }

        sheet.add(Block::Heading(say.text("origins-exceptions")));
        if view.exceptions.is_empty() {
            sheet.text(say.text("origins-no-exceptions"));
        } else {
            let rows = view.exceptions.iter().map(|route| {
                let mut cells = row(route);
                cells.push(Cell::name(&route.why));
                cells.into()
            });
            sheet.add(Block::Table(Table {
                title: say.text("origins-exceptions"),
                heads: [&heads[..], &[say.text("origins-why")]].concat(),
                rows: rows.collect(),
            }));
        }

        sheet.add(Block::Heading(say.text("origins-important")));
        if view.important.is_empty() {
            sheet.text(say.text("origins-no-important"));
        } else {
            sheet.add(Block::Table(Table {
                title: say.text("origins-important"),
                heads: heads.into(),
                rows: view
                    .important
                    .iter()
                    .map(|route| row(route).into())
                    .collect(),
            }));
        }
        self.done(&sheet)
    }
}
