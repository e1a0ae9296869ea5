//! What the pages of each site may load, and what browsers report of it.

use terms::{Arg, Language, Micros};

use super::{Console, Room, room};
use crate::{
    Page, Pages, Speech,
    views::{
        form::Form,
        message::Switcher,
        sheet::{Block, Sheet},
        table::{Cell, Table},
    },
};

/// What becomes of a site's policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ContentMode {
    /// It isn't sent.
    Off,
    /// Browsers only report on it.
    ReportOnly,
    /// Browsers hold to it.
    Enforce,
}

impl ContentMode {
    fn said(self, say: Speech<'_>) -> String {
        match self {
            Self::Off => say.text("content-mode-off"),
            Self::ReportOnly => say.text("content-mode-report-only"),
            Self::Enforce => say.text("content-mode-enforce"),
        }
    }
}

/// Something that was reported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContentReport {
    /// The directive that doesn't allow it.
    pub directive: &'static str,
    /// What it is.
    pub what: String,
    /// The source that would allow it; `None` where none is proposed.
    pub remedy: Option<String>,
    /// How often.
    pub count: u64,
    /// When first.
    pub first: Micros,
    /// When last.
    pub last: Micros,
}

/// A weakness of a policy: its name, and the source that is to blame, or nothing.
pub type ContentWeakness = (&'static str, String);

/// One site.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContentSite {
    /// Its name.
    pub host: String,
    /// What becomes of its policy.
    pub mode: ContentMode,
    /// The policy, as headers write it.
    pub policy: String,
    /// Whether each answer's has a nonce besides.
    pub nonce: bool,
    /// Where it lets injected code through.
    pub weaknesses: Vec<ContentWeakness>,
    /// What was reported.
    pub reports: Vec<ContentReport>,
    /// What would have to stand in the configuration for it to be allowed (TOML), and where
    /// that would let injected code through.
    pub proposal: Option<(String, Vec<ContentWeakness>)>,
}

/// `{prefix}admin/content`. One site is chosen by `site`. A button POSTs to `…/forget`:
/// `token`, `site`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContentView {
    /// What every page of the console has.
    pub console: Console,
    /// All sites with an application.
    pub sites: Vec<(String, ContentMode)>,
    /// The one that is shown.
    pub site: Option<ContentSite>,
}

impl Pages {
    /// What the pages of each site may load.
    pub fn content(&self, view: &ContentView, language: Language) -> Page {
        let frame = self.frame(language, Switcher::Offered);
        let say = frame.say;
        let title = say.text("content-title");
        let mut sheet = room(frame, &view.console, Room::Content, title);
        sheet.text(say.text("content-lead"));
        let Some(site) = &view.site else {
            sheet.text(say.text("content-none"));
            return self.done(&sheet);
        };
        if view.sites.len() > 1 {
            let to = sheet.frame.path("admin/content");
            let link = |(host, mode): &(String, ContentMode)| {
                let text = format!("{host} ({})", mode.said(say));
                // A host has nothing that needs an escape.
                (format!("{to}?site={host}"), text)
            };
            sheet.add(Block::Names(view.sites.iter().map(link).collect()));
        }
        sheet.add(Block::Heading(site.host.clone()));
        sheet.add(Block::Facts(vec![
            (say.text("content-mode"), Cell::Text(site.mode.said(say))),
            (say.text("content-policy"), Cell::name(&site.policy)),
            (
                say.text("content-nonce"),
                Cell::Text(if site.nonce {
                    say.text("content-nonce-yes")
                } else {
                    say.text("content-nonce-no")
                }),
            ),
        ]));
        weaknesses(&mut sheet, &site.weaknesses, say.text("content-weak"));
        reports(&mut sheet, site);
        if let Some((toml, weak)) = &site.proposal {
            sheet.add(Block::Heading(say.text("content-proposal")));
            sheet.text(say.text("content-proposal-text"));
            sheet.add(Block::Code(toml.clone()));
            weaknesses(&mut sheet, weak, say.text("content-proposal-weak"));
        }
        if !site.reports.is_empty() {
            let forget = Form::button(
                &sheet.frame,
                "admin/content/forget",
                &view.console.token,
                say.text("content-forget"),
            )
            .hidden("site", &site.host)
            .about(&site.host);
            sheet.add(Block::Acts(vec![forget]));
        }
        self.done(&sheet)
    }
}

fn weaknesses(sheet: &mut Sheet<'_>, found: &[ContentWeakness], lead: String) {
    let say = sheet.frame.say;
    if found.is_empty() {
        return;
    }
    sheet.add(Block::Note(lead));
    for (word, source) in found {
        let said = say.text_with(
            "content-weakness",
            &[("weakness", Arg::Text((*word).to_owned()))],
        );
        sheet.text(if source.is_empty() {
            said
        } else {
            format!("{said} ({source})")
        });
    }
}

fn reports(sheet: &mut Sheet<'_>, site: &ContentSite) {
    let say = sheet.frame.say;
    sheet.add(Block::Heading(say.text("content-reports")));
    if site.reports.is_empty() {
        sheet.text(match site.mode {
            ContentMode::Off => say.text("content-reports-off"),
            ContentMode::ReportOnly | ContentMode::Enforce => say.text("content-reports-none"),
        });
        return;
    }
    let frame = &sheet.frame;
    let rows = site.reports.iter().map(|report| {
        let remedy = match &report.remedy {
            Some(source) => Cell::name(source),
            None => Cell::Text(say.text("content-look")),
        };
        let cells = vec![
            Cell::name(report.directive),
            Cell::name(&report.what),
            Cell::name(&report.count.to_string()),
            Cell::At(frame.time(report.first)),
            Cell::At(frame.time(report.last)),
            remedy,
        ];
        cells.into()
    });
    let table = Table {
        title: say.text("content-reports"),
        rows: rows.collect(),
        heads: vec![
            say.text("content-directive"),
            say.text("content-what"),
            say.text("content-count"),
            say.text("content-first"),
            say.text("content-last"),
            say.text("content-remedy"),
        ],
    };
    sheet.add(Block::Table(table));
}
