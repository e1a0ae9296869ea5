//! Pages that the edge answers without control, built whenever what they say changes.

use std::{collections::HashMap, sync::Arc};

use aws_lc_rs::digest;
use bytes::Bytes;
use pages::{Page, Pages, RefusalKind, TrustView, WithHole};
use seam::{
    RefusalPage,
    prebuilt::{Document, Holed, Localised, Prebuilt, RefusalDocument, Refusals},
};
use terms::Language;

use crate::tls_report::{self, Published};

const HTML: &str = "text/html; charset=utf-8";
const JSON: &str = "application/json";
const PROBLEM: &str = "application/problem+json";
/// A trust page may be shown for a minute without asking again; the etag then saves
/// the bytes.
const SHORT: &str = "public, max-age=60";

/// Everything that is answered without control.
pub(crate) fn build(
    pages: &Pages,
    prefix: &str,
    trust: &TrustView,
    tls_report: Option<&Published>,
    refusals: &Arc<Refusals>,
) -> Prebuilt {
    Prebuilt {
        pages: trust_pages(pages, prefix, trust, tls_report),
        stale: HashMap::new(),
        refusals: refusals.clone(),
    }
}

/// The trust page and the report on TLS, each with its JSON.
pub(crate) fn trust_pages(
    pages: &Pages,
    prefix: &str,
    trust: &TrustView,
    tls_report: Option<&Published>,
) -> HashMap<Box<str>, Localised> {
    let json_document = |text| document(JSON, SHORT, "default-src 'none'".to_owned(), text);
    let report = tls_report::view(trust, tls_report);
    let of_report = Language::ALL.map(|language| html(pages.tls_report(&report, language), SHORT));
    let security = Language::ALL.map(|language| html(pages.trust(trust, language), SHORT));
    let json = json_document(pages.security_json(trust));
    let report_json = json_document(tls_report::json(prefix, &report, tls_report));
    HashMap::from([
        (
            format!("{prefix}security").into(),
            Localised::Each(Box::new(security)),
        ),
        (
            format!("{prefix}security.json").into(),
            Localised::One(json),
        ),
        (
            format!("{prefix}security/tls").into(),
            Localised::Each(Box::new(of_report)),
        ),
        (
            format!("{prefix}security/tls.json").into(),
            Localised::One(report_json),
        ),
    ])
}

/// What refusals say, whatever the configuration.
pub(crate) fn refusals(pages: &Pages) -> Refusals {
    let mut built = Refusals::new();
    for page in RefusalPage::ALL {
        // A test holds the two lists together.
        let Some(kind) = RefusalKind::from_word(page.word()) else {
            continue;
        };
        for language in Language::ALL {
            let document = RefusalDocument {
                html: holed(HTML, pages.refusal(kind, language)),
                json: holed(PROBLEM, pages.refusal_json(kind, language)),
            };
            built.insert((*page, language), document);
        }
    }
    built
}

fn holed(content_type: &'static str, page: WithHole) -> Holed {
    Holed {
        content_type,
        csp: page.csp,
        lead: page.lead.map(Into::into),
        before: page.before.into(),
        after: page.after.into(),
    }
}

fn html(page: Page, cache_control: &'static str) -> Document {
    document(HTML, cache_control, page.csp, page.html)
}

fn document(
    content_type: &'static str,
    cache_control: &'static str,
    csp: String,
    text: String,
) -> Document {
    let digest = digest::digest(&digest::SHA256, text.as_bytes());
    let mut etag = String::from("\"");
    for byte in digest.as_ref().iter().take(12) {
        etag.push_str(&format!("{byte:02x}"));
    }
    etag.push('"');
    Document {
        content_type,
        csp,
        cache_control,
        etag,
        body: Bytes::from(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_refusal_has_a_page_of_its_own_status() {
        for page in RefusalPage::ALL {
            let kind = RefusalKind::from_word(page.word())
                .unwrap_or_else(|| panic!("no page for `{}`", page.word()));
            assert_eq!(kind.status(), page.status(), "{}", page.word());
        }
    }
}
