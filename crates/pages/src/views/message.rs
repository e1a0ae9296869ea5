//! A plain page: a title, some paragraphs, at most one form with one button.

use askama::Template;
use terms::Language;

use super::{Frame, document};
use crate::{OwnPath, Page, Pages, style::Forms};

/// Whether a page offers itself in the other languages. The links ask for the same path
/// with `?lang=` as its whole query, so they are right only on pages that GET can
/// repeat without a query.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Switcher {
    /// With links to the other languages.
    Offered,
    /// In the one language that was chosen for it.
    Fixed,
}

/// A page without a shape of its own. All texts are in the reader's language already.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MessageView {
    /// The heading, at most some 60 letters.
    pub title: String,
    /// What there is to say.
    pub paragraphs: Vec<String>,
    /// What there is to do: links in mails act only through such a button.
    pub form: Option<FormView>,
    /// Where to go from here.
    pub link: Option<LinkView>,
    /// Whether the page offers other languages.
    pub switcher: Switcher,
}

/// A button that POSTs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FormView {
    /// To where.
    pub action: OwnPath,
    /// What the button says.
    pub button: String,
    /// Names and values that go with it.
    pub hidden: Vec<(String, String)>,
}

/// A link to another page of the same site.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkView {
    /// To where.
    pub to: OwnPath,
    /// What it says.
    pub text: String,
}

#[derive(Template)]
#[template(path = "message.html")]
struct MessagePage<'a> {
    frame: Frame<'a>,
    view: &'a MessageView,
}

impl Pages {
    /// A plain page. Its policy lets it send a form only when it has one.
    pub fn message(&self, view: &MessageView, language: Language) -> Page {
        let forms = match view.form {
            Some(_) => Forms::Own,
            None => Forms::Refused,
        };
        let frame = self.frame(language, view.switcher);
        self.page(document(&MessagePage { frame, view }), forms)
    }
}
