//! Pages of portal and console: a heading, then blocks one below the other.
//!
//! They have one template, so what holds for one holds for all: every value is escaped,
//! every form carries its token, what went wrong is announced.

use askama::Template;

use super::{
    Frame,
    console::{Console, Room, Rooms},
    document,
    form::{Field, FieldProblem, Form, Kind, Need},
    second_factor::Qr,
    table::{Card, Cell, PagerView, Table},
};
use terms::Language;

use crate::{
    Page, Pages, Speech,
    style::{Forms, Style},
};

/// A part of a page.
pub(crate) enum Block {
    /// What the page is about.
    Lead(String),
    Text(String),
    /// An aside.
    Note(String),
    Heading(String),
    /// What went wrong, announced at once. Inputs name its id.
    Alert {
        id: &'static str,
        lines: Vec<String>,
    },
    /// What was done.
    Notice(String),
    Form(Form),
    Facts(Vec<(String, Cell)>),
    Cards(Vec<Card>),
    Table(Table),
    Pager(PagerView),
    Link {
        to: String,
        text: String,
    },
    /// A secret, to be copied now or never.
    Once {
        label: String,
        value: String,
    },
    /// A command to be typed, or lines of a file.
    Code(String),
    /// Codes to be kept, one to a line.
    Codes(Vec<String>),
    /// A QR code.
    Qr(Qr),
    /// Buttons side by side.
    Acts(Vec<Form>),
    /// Names, and where each leads.
    Names(Vec<(String, String)>),
}

/// A page on its way to becoming a document.
pub(crate) struct Sheet<'a> {
    pub(crate) frame: Frame<'a>,
    pub(crate) title: String,
    pub(crate) blocks: Vec<Block>,
    pub(crate) room: Option<(&'a Console, Room)>,
    /// Whether the foot leads to the trust page: where the console answers it may not be.
    pub(crate) trust: bool,
}

impl<'a> Sheet<'a> {
    pub(crate) fn new(frame: Frame<'a>, title: String) -> Self {
        Self {
            frame,
            title,
            blocks: Vec::new(),
            room: None,
            trust: true,
        }
    }

    pub(crate) fn add(&mut self, block: Block) {
        self.blocks.push(block);
    }

    pub(crate) fn add_some(&mut self, block: Option<Block>) {
        self.blocks.extend(block);
    }

    pub(crate) fn text(&mut self, text: String) {
        self.add(Block::Text(text));
    }

    pub(crate) fn link(&mut self, path: &str, text: String) {
        let to = self.frame.path(path);
        self.add(Block::Link { to, text });
    }
}

/// The announcement that inputs are marked.
pub(crate) fn wrong_alert(say: Speech<'_>, problems: &[(Field, FieldProblem)]) -> Option<Block> {
    (!problems.is_empty()).then(|| Block::Alert {
        id: "wrong",
        lines: vec![say.text("form-wrong")],
    })
}

#[derive(Template)]
#[template(path = "sheet.html")]
struct SheetPage<'a> {
    /// Ours, and allowed by its hash.
    script: Option<&'static str>,
    rooms: Option<Rooms>,
    frame: &'a Frame<'a>,
    sheet: &'a Sheet<'a>,
}

impl Pages {
    /// A sheet that is done.
    pub(crate) fn done(&self, sheet: &Sheet<'_>) -> Page {
        let rooms = sheet
            .room
            .map(|(console, here)| Rooms::new(&sheet.frame, console, here));
        let forms = if rooms.is_some()
            || sheet.blocks.iter().any(|block| match block {
                Block::Form(_) => true,
                Block::Cards(cards) => cards.iter().any(|card| card.act.is_some()),
                _ => false,
            }) {
            Forms::Own
        } else {
            Forms::Refused
        };
        let asks = |block: &Block| matches!(block, Block::Form(form) if form.ceremony.is_some());
        let asks = sheet.blocks.iter().any(asks);
        let html = document(&SheetPage {
            script: asks.then(Style::script),
            rooms,
            frame: &sheet.frame,
            sheet,
        });
        if asks {
            let csp = self.style.asking(forms);
            return Page { html, csp };
        }
        self.page(html, forms)
    }
}
