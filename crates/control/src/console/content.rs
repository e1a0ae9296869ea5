//! What the pages of each site may load: its policy, what browsers report of it, and what
//! would have to be allowed.
// promise: csp

use axum::response::Response;
use guards::csp::{Mode, Policy, Weakness, propose};
use pages::{ContentMode, ContentReport, ContentSite, ContentView};
use store::Entry;

use super::{
    rooms::Rooms,
    visit::{Changing, Visit},
};
use crate::{accounts::AccountError, csp::Line};

pub(super) fn rooms(rooms: Rooms) -> Rooms {
    rooms.get("/content", list).post("/content/forget", forget)
}

async fn list(visit: Visit) -> Response {
    let config = visit.state.publisher.config();
    let asked = visit.asked("site");
    let applications = config
        .sites
        .iter()
        .filter(|site| !site.upstreams.is_empty());
    let (mut names, mut chosen) = (Vec::new(), None);
    for site in applications {
        names.push((site.host.clone(), mode(site.csp.mode)));
        let first = chosen.is_none() && asked.is_empty();
        if site.host == asked || first {
            chosen = Some(site);
        }
    }
    let site = chosen.map(|site| {
        let lines = visit.state.tallies.csp.of(&site.host);
        let policy = &config.csp_policy(site);
        ContentSite {
            host: site.host.clone(),
            mode: mode(site.csp.mode),
            policy: policy.to_string(),
            nonce: site.csp.nonce,
            weaknesses: weaknesses(policy, site.csp.nonce),
            proposal: proposal(&site.host, policy, site.csp.nonce, &lines),
            reports: lines.iter().map(report).collect(),
        }
    });
    let view = ContentView {
        console: visit.console(),
        sites: names,
        site,
    };
    visit.page(visit.pages().content(&view, visit.language))
}

const fn mode(mode: Mode) -> ContentMode {
    match mode {
        Mode::Off => ContentMode::Off,
        Mode::ReportOnly => ContentMode::ReportOnly,
        Mode::Enforce => ContentMode::Enforce,
    }
}

/// Each with its name and the source that is to blame, or nothing.
fn weaknesses(policy: &Policy, nonce: bool) -> Vec<(&'static str, String)> {
    let found = policy.weaknesses(nonce).into_iter();
    let line = |found: Weakness| {
        let source = found.source().map(ToString::to_string);
        (found.word(), source.unwrap_or_default())
    };
    found.map(line).collect()
}

fn report(line: &Line) -> ContentReport {
    ContentReport {
        directive: line.violation.directive.name(),
        what: line.violation.what(),
        remedy: line.violation.remedy().map(|source| source.to_string()),
        count: line.count,
        first: line.first,
        last: line.last,
    }
}

/// What a person may take into the configuration, as it stands there; nothing where nothing
/// was reported that may be proposed. What it would weaken comes with it.
fn proposal(
    host: &str,
    current: &Policy,
    nonce: bool,
    lines: &[Line],
) -> Option<(String, Vec<(&'static str, String)>)> {
    let proposed = propose(current, lines.iter().map(|line| &line.violation)).ok()?;
    let changed = proposed
        .iter()
        .filter(|(directive, sources)| current.stated(*directive) != Some(*sources));
    let lines: Vec<_> = changed
        .map(|(directive, sources)| {
            let key = directive.name().replace('-', "_");
            let texts: Vec<_> = sources
                .iter()
                .map(|source| format!("\"{source}\""))
                .collect();
            format!("{key} = [{}]", texts.join(", "))
        })
        .collect();
    if lines.is_empty() {
        return None;
    }
    let text = format!("[site.\"{host}\".csp]\n{}", lines.join("\n"));
    Some((text, weaknesses(&proposed, nonce)))
}

async fn forget(Changing { visit, form }: Changing) -> Response {
    let site = form.text("site").to_owned();
    let known = visit.state.publisher.config();
    if !known.sites.iter().any(|one| one.host == site) {
        return visit.done("content", "unchanged");
    }
    let written = written(&visit, &site).await;
    let answer = written.map(|()| {
        visit.state.tallies.csp.forget(&site);
        visit.done("content", "removed")
    });
    visit.answer(answer)
}

/// Whoever begins anew stands in the trail before it is done.
async fn written(visit: &Visit, site: &str) -> Result<(), AccountError> {
    let mut change = visit.store()?.change(visit.actor()).await?;
    change.record(Entry::new("csp.forget", site))?;
    change.commit().await?;
    Ok(())
}
