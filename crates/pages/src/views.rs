//! What each page is given, and how it becomes a document.

pub(crate) mod account;
pub(crate) mod address;
pub(crate) mod app_password;
pub(crate) mod console;
pub(crate) mod evidence;
pub(crate) mod form;
pub(crate) mod handover;
pub(crate) mod lost_factor;
pub(crate) mod mails;
pub(crate) mod message;
pub(crate) mod passkey;
pub(crate) mod password;
pub(crate) mod portal;
pub(crate) mod refusal;
pub(crate) mod register;
pub(crate) mod reset;
pub(crate) mod second_factor;
pub(crate) mod session;
mod sheet;
pub(crate) mod sign_in;
pub(crate) mod table;
pub(crate) mod tls_report;
pub(crate) mod trust;

use askama::Template;
use terms::{Arg, Language, Micros};

use crate::Speech;
use message::Switcher;

/// What every page has around its own content.
pub(crate) struct Frame<'a> {
    pub(crate) say: Speech<'a>,
    pub(crate) style: &'a str,
    pub(crate) icon: &'a str,
    pub(crate) prefix: &'a str,
    pub(crate) switcher: Switcher,
    /// What of the address a link to another language keeps, with `&` behind it.
    pub(crate) kept: String,
}

impl Frame<'_> {
    fn tag(&self) -> &'static str {
        self.say.language().tag()
    }

    fn offers_languages(&self) -> bool {
        self.switcher == Switcher::Offered
    }

    fn is_current(&self, language: &Language) -> bool {
        self.say.language() == *language
    }

    /// A language under its own name, as its readers look for it.
    fn own_name(&self, language: &Language) -> &'static str {
        match language {
            Language::En => "English",
            Language::Nl => "Nederlands",
            Language::Fr => "Français",
        }
    }

    /// The address of an own page.
    fn path(&self, below_prefix: &str) -> String {
        format!("{}{below_prefix}", self.prefix)
    }

    fn time(&self, at: Micros) -> Time {
        Time {
            machine: machine_time(at),
            human: self.say.date_time(at),
        }
    }
}

/// A moment for `<time>`: machines read the attribute, people the content.
pub(crate) struct Time {
    machine: String,
    human: String,
}

/// RFC 3339 to the second, which HTML's `datetime` and everybody's parser take.
pub(crate) fn machine_time(at: Micros) -> String {
    let written = at.to_string();
    let whole = written.split('.').next().unwrap_or_default();
    format!("{whole}Z")
}

/// How many there are, for a text.
fn count(count: usize) -> Arg {
    Arg::Number(i64::try_from(count).unwrap_or(i64::MAX))
}

/// The document of a template.
pub(crate) fn document(template: &impl Template) -> String {
    // Rendering fails only when a filter or a `Display` of a value does, and ours don't;
    // tests render every template.
    template.render().unwrap_or_default()
}

/// Text as one segment of a path (RFC 3986 section 2.1).
pub(crate) fn segment(text: &str) -> String {
    crate::style::percent_encoded(text, "-._~")
}

#[cfg(test)]
mod tests;
