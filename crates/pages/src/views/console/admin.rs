//! Pages around the console's door on the portal.

use terms::{Language, Secret};

use crate::{
    Page, Pages,
    views::{
        form::Form,
        message::Switcher,
        sheet::{Block, Sheet},
    },
};

/// `{prefix}admin/threshold`, for trying the door: it leads nowhere. The form POSTs there:
/// `token`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ThresholdView {
    /// The form's token.
    pub token: Secret<String>,
    /// Whether the form was sent, which changed nothing.
    pub knocked: bool,
}

/// What somebody was about to change before they showed who they are. The form POSTs to
/// `path`: `token` and `fields`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResumeView {
    /// The form's token.
    pub token: Secret<String>,
    /// Below the prefix.
    pub path: String,
    /// As they were sent.
    pub fields: Vec<(String, Secret<String>)>,
}

impl Pages {
    /// The console's threshold.
    pub fn threshold(&self, view: &ThresholdView, language: Language) -> Page {
        let frame = self.frame(language, Switcher::Offered);
        let say = frame.say;
        let mut sheet = Sheet::new(frame, say.text("threshold-title"));
        if view.knocked {
            sheet.add(Block::Notice(say.text("threshold-knocked")));
        }
        sheet.text(say.text("threshold-text"));
        let form = Form::post(
            &sheet.frame,
            "admin/threshold",
            &view.token,
            say.text("threshold-button"),
        );
        sheet.add(Block::Form(form));
        sheet.link("account", say.text("account-title"));
        self.done(&sheet)
    }

    /// A change that goes on.
    pub fn resume(&self, view: &ResumeView, language: Language) -> Page {
        let frame = self.frame(language, Switcher::Fixed);
        let say = frame.say;
        let mut sheet = Sheet::new(frame, say.text("resume-title"));
        sheet.add(Block::Lead(say.text("resume-lead")));
        let mut form = Form::post(
            &sheet.frame,
            &view.path,
            &view.token,
            say.text("resume-button"),
        );
        for (name, value) in &view.fields {
            form = form.hidden(name, value.expose());
        }
        sheet.add(Block::Form(form));
        sheet.link("admin/users", say.text("resume-not"));
        self.done(&sheet)
    }
}
