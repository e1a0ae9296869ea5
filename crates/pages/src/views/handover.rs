//! From the portal to a site, and into it: the two pages between signing in and the
//! application (SIGN-IN: a POST across sites, then a page instead of a redirect, since
//! browsers keep cookies of `SameSite=Lax` from both).

use askama::Template;
use terms::{Arg, Language, Secret};

use super::{Frame, document, message::Switcher};
use crate::{
    OwnPath, Page, Pages, SiteOrigin,
    style::{Forms, Nonce},
};

/// The portal's answer to a good sign-in: a form that POSTs to the site's
/// `{prefix}callback`, by its script at once, by its button without.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HandoverView {
    /// The site.
    pub site: SiteOrigin,
    /// Its host, for people.
    pub host: String,
    /// Where its own pages live.
    pub callback: OwnPath,
    /// The one-use code: `code`.
    pub code: Secret<String>,
    /// Whatever else goes along.
    pub hidden: Vec<(String, String)>,
    /// Made by chance for this one answer.
    pub nonce: Nonce,
}

#[derive(Template)]
#[template(path = "handover.html")]
struct HandoverPage<'a> {
    frame: Frame<'a>,
    view: &'a HandoverView,
    title: String,
}

#[derive(Template)]
#[template(path = "arrived.html")]
struct ArrivedPage<'a> {
    frame: Frame<'a>,
    to: &'a OwnPath,
}

impl Pages {
    /// The hand-over. Its policy allows its script and this one site.
    pub fn handover(&self, view: &HandoverView, language: Language) -> Page {
        let frame = self.frame(language, Switcher::Fixed);
        let host = [("site", Arg::Text(view.host.clone()))];
        let title = frame.say.text_with("handover-title", &host);
        let html = document(&HandoverPage { frame, view, title });
        Page {
            html,
            csp: self.style.handover(&view.site, &view.nonce),
        }
    }

    /// The site's answer to a good code: it leads on to `to` at once.
    pub fn arrived(&self, to: &OwnPath, language: Language) -> Page {
        let frame = self.frame(language, Switcher::Fixed);
        self.page(document(&ArrivedPage { frame, to }), Forms::Refused)
    }
}
