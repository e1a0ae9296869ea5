//! Whether the public address shows the report that control has, with its date and
//! grades, as JSON and as a page in each language; and whether those grades are what was
//! found just now.

use std::time::Duration;

use serde_json::Value;
use terms::{Language, Micros};
use visitor::http::Protocol;

use super::{PUBLISHED, report::TlsReport};
use crate::{
    approach::{Approach, silence, unheard_of},
    entry::{Finding, Step},
    ground::{Evidence, Ground, Question},
};

/// Two scans so close must come to the same; of an older one the configuration may have
/// changed, or a certificate run out.
const CLOSE: Duration = Duration::from_secs(300);
/// Why a report that isn't there yet proves nothing: the run that looks again finds it.
pub(crate) const NOT_YET: &str = "not-published-yet";

pub(super) async fn judge(
    ground: &Ground,
    approach: &Approach<'_>,
    measured: &TlsReport,
) -> Finding {
    let kept = match ground.ask(Question::TlsReport).await {
        Evidence::TlsReport { at } => at,
        Evidence::None { why } => return Finding::inconclusive(PUBLISHED, &why),
        _ => return Finding::inconclusive(PUBLISHED, "no-evidence"),
    };
    let Some(host) = approach.sites.first() else {
        return Finding::inconclusive(PUBLISHED, "no-site");
    };
    match look(ground, approach, host, measured, kept).await {
        Ok(finding) => finding,
        Err(why) => Finding::inconclusive(PUBLISHED, why),
    }
}

/// A page that came back.
struct Page {
    status: u16,
    body: String,
}

async fn fetch(
    approach: &Approach<'_>,
    host: &str,
    path: &str,
    language: &'static str,
) -> Result<Page, &'static str> {
    let path = format!("{}security/{path}", approach.reading().prefix);
    let url = approach.url(host, &path).map_err(|_| "unusable-name")?;
    let mut request = approach.get(url, Protocol::Either);
    let language = language.parse().map_err(|_| "unusable-language")?;
    request.headers.insert("accept-language", language);
    let answer = approach.visitor.fetch(&request).await;
    let answer = answer.map_err(|error| silence(&error))?;
    Ok(Page {
        status: answer.status.as_u16(),
        body: String::from_utf8_lossy(&answer.body).into_owned(),
    })
}

async fn look(
    ground: &Ground,
    approach: &Approach<'_>,
    host: &str,
    measured: &TlsReport,
    kept: Option<Micros>,
) -> Result<Finding, &'static str> {
    // What isn't published anywhere mustn't be "found" by a server that answers anything.
    let nowhere = fetch(approach, host, &format!("tls-{}", unheard_of(ground)), "en").await?;
    let twin = Step::new("another-address", nowhere.status == 404)
        .twin()
        .saw("status", nowhere.status);
    let json = fetch(approach, host, "tls.json", "en").await?;
    let Some(kept) = kept else {
        // The page must be there all the same, and must not show what nobody has found.
        let empty = json.status == 200 && shown_at(&json.body).is_none();
        let step = Step::new("json", empty).saw("status", json.status);
        return Ok(Finding::by_steps(PUBLISHED, vec![step, twin]).short_of(NOT_YET));
    };
    let (shown, date) = (shown_at(&json.body), written(kept));
    let dated = json.status == 200 && shown.as_deref() == Some(date.as_str());
    let mut steps = vec![
        twin,
        Step::new("json", dated)
            .saw("status", json.status)
            .saw("scanned", shown.as_deref().unwrap_or("undated")),
    ];
    let grades = grades(&json.body);
    let mut changed = false;
    for site in &measured.sites {
        let Some((_, shown)) = grades.iter().find(|(host, _)| *host == site.host) else {
            // With very many sites each run reports others.
            continue;
        };
        let same = *shown == site.grade.word();
        changed |= !same;
        let close = ground.clock.now().since(kept) < CLOSE;
        steps.push(
            Step::new("grade", same || !close)
                .saw("site", &site.host)
                .saw("published", shown)
                .saw("found", site.grade),
        );
    }
    for language in Language::ALL {
        let page = fetch(approach, host, "tls", language.tag()).await?;
        let says = page.status == 200
            && page.body.contains(&format!("datetime=\"{date}\""))
            && page
                .body
                .contains(&format!("<html lang=\"{}\"", language.tag()))
            && grades
                .iter()
                .all(|(_, grade)| page.body.contains(&format!(">{grade}</")));
        steps.push(Step::new(format!("page-{}", language.tag()), says).saw("status", page.status));
    }
    let finding = Finding::by_steps(PUBLISHED, steps);
    Ok(if changed {
        finding.short_of(NOT_YET)
    } else {
        finding
    })
}

/// As pages and JSON write it: RFC 3339 to the second.
fn written(at: Micros) -> String {
    let text = at.to_string();
    format!("{}Z", text.split('.').next().unwrap_or_default())
}

fn shown_at(body: &str) -> Option<String> {
    let document: Value = serde_json::from_str(body).ok()?;
    Some(document.get("scanned_at")?.as_str()?.to_owned())
}

/// Hosts and the grades shown for them.
fn grades(body: &str) -> Vec<(String, String)> {
    let document: Value = serde_json::from_str(body).unwrap_or_default();
    let sites = document.get("sites").and_then(Value::as_array);
    let text = |site: &Value, name: &str| Some(site.get(name)?.as_str()?.to_owned());
    let sites = sites.into_iter().flatten();
    sites
        .filter_map(|site| Some((text(site, "host")?, text(site, "grade")?)))
        .collect()
}
