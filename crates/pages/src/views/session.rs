//! A session, as its owner and an administrator see it.

use terms::{Arg, Micros, Secret};

use super::{
    Frame,
    form::Form,
    table::{Card, Cell},
};
use crate::Speech;

/// What a browser said of itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DeviceView {
    /// Its name: `Firefox`. Absent where nobody can tell.
    pub browser: Option<String>,
    /// The system: `Windows`.
    pub system: Option<String>,
}

impl DeviceView {
    pub(crate) fn said(&self, say: Speech<'_>) -> String {
        match (&self.browser, &self.system) {
            (Some(browser), Some(system)) => say.text_with(
                "device-both",
                &[
                    ("browser", Arg::Text(browser.clone())),
                    ("system", Arg::Text(system.clone())),
                ],
            ),
            (Some(one), None) | (None, Some(one)) => one.clone(),
            (None, None) => say.text("device-unknown"),
        }
    }
}

/// One session at the portal with those of the sites beneath it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionView {
    /// What names it in forms: `id`.
    pub id: String,
    /// The login name of its user, which the console shows.
    pub user: String,
    /// From which device.
    pub device: DeviceView,
    /// From which network.
    pub place: String,
    /// When it began.
    pub begun: Micros,
    /// When it was last used.
    pub last_use: Micros,
    /// Whether it is the reader's, here and now.
    pub is_this: bool,
    /// Hosts of the sites that it has opened.
    pub sites: Vec<String>,
}

impl SessionView {
    fn facts(&self, frame: &Frame<'_>) -> Vec<(String, Cell)> {
        let say = frame.say;
        vec![
            (say.text("session-place"), Cell::name(&self.place)),
            (say.text("session-begun"), Cell::At(frame.time(self.begun))),
            (
                say.text("label-last-use"),
                Cell::At(frame.time(self.last_use)),
            ),
            (
                say.text("session-sites"),
                Cell::names(&self.sites, say.text("session-sites-none")),
            ),
        ]
    }

    /// As a card of its owner's.
    pub(crate) fn card(&self, frame: &Frame<'_>, token: &Secret<String>) -> Card {
        let say = frame.say;
        let title = self.device.said(say);
        let act = Form::button(
            frame,
            "account/sessions/revoke",
            token,
            say.text("session-end"),
        )
        .hidden("id", &self.id)
        .about(&title);
        Card {
            title,
            badge: self.is_this.then(|| say.text("session-this")),
            facts: self.facts(frame),
            act: Some(act),
        }
    }

    /// The heads of its row in the console.
    pub(crate) fn heads(say: Speech<'_>, with_user: bool) -> Vec<String> {
        let mut heads = vec![say.text("session-device")];
        if with_user {
            heads.insert(0, say.text("label-login"));
        }
        heads.extend([
            say.text("session-place"),
            say.text("session-begun"),
            say.text("label-last-use"),
            say.text("session-sites"),
            say.text("table-act"),
        ]);
        heads
    }

    /// As a row of the console.
    pub(crate) fn row(
        &self,
        frame: &Frame<'_>,
        token: &Secret<String>,
        user: Option<Cell>,
    ) -> Vec<Cell> {
        let say = frame.say;
        let device = self.device.said(say);
        let act = Form::button(
            frame,
            "admin/sessions/revoke",
            token,
            say.text("session-end"),
        )
        .hidden("id", &self.id)
        .about(&format!("{}, {device}", self.user));
        let mut cells: Vec<Cell> = user.into_iter().collect();
        cells.push(Cell::Text(if self.is_this {
            format!("{device} · {}", say.text("session-this"))
        } else {
            device
        }));
        cells.extend(self.facts(frame).into_iter().map(|(_, cell)| cell));
        cells.push(Cell::Act(act));
        cells
    }
}
