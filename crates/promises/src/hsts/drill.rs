//! The attack on `hsts`: answers of every kind, also those that servers write without
//! thinking, over HTTP/1.1 and HTTP/2, on every site. One without the header, with two
//! or with less than promised is enough.

use std::future;

use super::{
    BROWSER, EVERY_ANSWER, SUBDOMAINS, browser,
    header::{self, Told},
};
use crate::{
    approach::Approach,
    census::{Heard, census},
    entry::{Drilling, Finding, Seen},
    ground::Ground,
};

const HEADER: &str = "strict-transport-security";
/// Of the header's value so much stands in the transcript.
const SHOWN: usize = 120;

pub(super) fn drill(ground: &Ground) -> Drilling<'_> {
    if ground.order.reading.hsts.max_age_s == 0 {
        return Box::pin(future::ready(Vec::new()));
    }
    Box::pin(async move {
        let approach = match Approach::new(ground) {
            Ok(approach) => approach,
            Err(_) => {
                let why = "roots-unusable";
                return vec![
                    Finding::inconclusive(EVERY_ANSWER, why),
                    Finding::inconclusive(SUBDOMAINS, why),
                    Finding::inconclusive(BROWSER, why),
                ];
            }
        };
        let mut heard = Vec::new();
        for host in approach.sites.clone() {
            ground.say(format!("hsts: answers of {host}"));
            heard.extend(census(ground, &approach, host, HEADER).await);
        }
        let hsts = ground.order.reading.hsts;
        let long = |told: &Told| {
            if told.max_age_s < hsts.max_age_s {
                Err("max-age-too-small")
            } else if hsts.preload && !told.preload {
                Err("no-preload")
            } else {
                Ok(())
            }
        };
        let wide = |told: &Told| {
            if told.subdomains {
                Ok(())
            } else {
                Err("host-only")
            }
        };
        let mut findings = vec![judge(EVERY_ANSWER, &heard, long)];
        if hsts.include_subdomains {
            findings.push(judge(SUBDOMAINS, &heard, wide));
        }
        ground.say("hsts: an http:// link in a browser");
        findings.push(browser::follow(ground, &approach).await);
        findings
    })
}

fn judge(
    part: &str,
    heard: &[Heard<'_>],
    promised: impl Fn(&Told) -> Result<(), &'static str>,
) -> Finding {
    let mut seen = Seen::default();
    for one in heard {
        one.judge(&mut seen, SHOWN, |values| {
            header::read(values).and_then(|told| promised(&told))
        });
    }
    seen.finding(part)
}
