//! The attack on `csp`: answers of every kind on every site, over HTTP/1.1 and HTTP/2. One
//! own answer without a strict policy is enough, or one of an application without what its
//! site enforces; a policy that is only reported on is none. Then a browser gets a page
//! with scripts that somebody put into it, under the policy that was just seen.

use std::{collections::BTreeSet, future};

use visitor::http::Protocol;

use super::{
    APPLICATIONS, BROWSER, OWN_PAGES, browser, enforced,
    policy::{Stated, holds, loads_nothing, read, strict},
};
use crate::{
    approach::{Approach, unheard_of},
    census::{Expected, Heard, ask, census},
    entry::{Drilling, Finding, Seen},
    ground::Ground,
    target,
};

pub(super) const HEADER: &str = "content-security-policy";
/// Of a value so much stands in the transcript.
const SHOWN: usize = 200;

pub(super) fn drill(ground: &Ground) -> Drilling<'_> {
    if target::is_foreign(&ground.order.reading) {
        return Box::pin(future::ready(Vec::new()));
    }
    Box::pin(async move {
        let Ok(approach) = Approach::new(ground) else {
            let all = [OWN_PAGES, APPLICATIONS, BROWSER];
            return all
                .map(|part| Finding::inconclusive(part, "roots-unusable"))
                .into();
        };
        let mut findings = vec![own_pages(ground, &approach).await];
        if enforced(approach.reading()).next().is_some() {
            findings.push(applications(ground, &approach).await);
        }
        ground.say("csp: scripts put into a page, in a browser");
        findings.push(browser::inject(ground, &approach).await);
        findings
    })
}

async fn own_pages(ground: &Ground, approach: &Approach<'_>) -> Finding {
    let mut seen = Seen::default();
    for host in approach.sites.clone() {
        ground.say(format!("csp: answers of {host}"));
        for heard in census(ground, approach, host, HEADER).await {
            // What the application answers is the other part's.
            if !heard.name.ends_with("-front") {
                judge(&heard, &mut seen, strict);
            }
        }
    }
    seen.finding(OWN_PAGES)
}

/// Judges one answer by its policies.
fn judge(
    heard: &Heard<'_>,
    seen: &mut Seen,
    promised: impl FnOnce(&[Stated]) -> Result<(), &'static str>,
) {
    heard.judge(seen, SHOWN, |values| promised(&read(values)));
}

/// Front page and a page that isn't there, of each site that enforces a policy.
async fn applications(ground: &Ground, approach: &Approach<'_>) -> Finding {
    let mut seen = Seen::default();
    for site in enforced(approach.reading()) {
        let Some(host) = approach.sites.iter().find(|host| **host == site.host) else {
            // With more sites than one run visits, it is another run's.
            continue;
        };
        ground.say(format!("csp: the application of {host}"));
        let missing = format!("/waarborg-{}", unheard_of(ground));
        let mut nonces = BTreeSet::new();
        let mut answered = false;
        for (way, protocol) in [("http1", Protocol::Http1), ("http2", Protocol::Http2)] {
            for (kind, path, twin) in [("front", "/", true), ("missing", &*missing, false)] {
                let answer = match approach.url(host, path) {
                    Ok(url) => ask(approach, approach.get(url, protocol), "GET", HEADER).await,
                    Err(_) => Err("unusable-name"),
                };
                // What we answer in its place, such as the way to sign in, isn't its own.
                let ours = |(_, values): &(u16, Vec<Vec<u8>>)| loads_nothing(&read(values));
                if answer.as_ref().is_ok_and(ours) {
                    continue;
                }
                answered = true;
                let heard = Heard {
                    host,
                    name: format!("{way}-{kind}"),
                    twin,
                    expected: Expected::Any,
                    answer,
                };
                judge(&heard, &mut seen, |policies| {
                    let nonce = holds(policies, &site.policy, site.nonce)?;
                    match nonce {
                        Some(nonce) if !nonces.insert(nonce.to_owned()) => Err("nonce-twice"),
                        _ => Ok(()),
                    }
                });
            }
        }
        if !answered {
            seen.untried = Some("no-answer-of-the-application");
        }
    }
    seen.finding(APPLICATIONS)
}
