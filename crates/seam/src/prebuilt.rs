//! Pages that the edge answers without control: they survive a database that is gone.

use std::{collections::HashMap, sync::Arc};

use bytes::Bytes;
use terms::{Language, Micros};

use crate::RefusalPage;

/// A complete document: what it says and the headers that belong to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    /// `Content-Type`.
    pub content_type: &'static str,
    /// `Content-Security-Policy`; own pages are strict.
    pub csp: String,
    /// `Cache-Control`.
    pub cache_control: &'static str,
    /// Strong validator, with its quotes (RFC 9110 section 8.8.3).
    pub etag: String,
    /// The bytes.
    pub body: Bytes,
}

/// A document in one or in all languages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Localised {
    /// The same for everyone.
    One(Document),
    /// By `Accept-Language` (or `?lang=`), in the order of [`Language::ALL`].
    Each(Box<[Document; 3]>),
}

impl Localised {
    /// The document for somebody who reads `language`.
    pub const fn in_language(&self, language: Language) -> &Document {
        match self {
            Self::One(document) => document,
            Self::Each(each) => {
                let [en, nl, fr] = &**each;
                match language {
                    Language::En => en,
                    Language::Nl => nl,
                    Language::Fr => fr,
                }
            }
        }
    }
}

/// A refusal page with a hole for the request's id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holed {
    /// `Content-Type`.
    pub content_type: &'static str,
    /// `Content-Security-Policy`.
    pub csp: String,
    /// Where it says until when it holds, what stands before that moment: 20 bytes.
    pub lead: Option<Bytes>,
    /// What stands before the id, and behind that moment.
    pub before: Bytes,
    /// What stands behind it.
    pub after: Bytes,
}

/// One refusal in one language.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefusalDocument {
    /// For people.
    pub html: Holed,
    /// For programs: `application/problem+json` (RFC 9457).
    pub json: Holed,
}

/// Every [`RefusalPage`] in every language.
pub type Refusals = HashMap<(RefusalPage, Language), RefusalDocument>;

/// All prebuilt bytes of one snapshot.
#[derive(Debug, Clone, Default)]
pub struct Prebuilt {
    /// By path, whole (`/-/security`); on every site.
    pub pages: HashMap<Box<str>, Localised>,
    /// What a page says from a time on: control replaces it earlier, but should it have
    /// stopped, nobody is shown a proof that has become too old.
    pub stale: HashMap<Box<str>, (Micros, Localised)>,
    /// What a refusal says; the same in every snapshot of a process.
    pub refusals: Arc<Refusals>,
}

impl Prebuilt {
    /// The page at `path`, if one is prebuilt, as it reads at `now`.
    pub fn page(&self, path: &str, now: Micros) -> Option<&Localised> {
        let page = self.pages.get(path)?;
        match self.stale.get(path) {
            Some((from, later)) if *from < now => Some(later),
            _ => Some(page),
        }
    }

    /// The document of a refusal; `None` only before the pages were built.
    pub fn refusal(&self, page: RefusalPage, language: Language) -> Option<&RefusalDocument> {
        self.refusals.get(&(page, language))
    }
}
