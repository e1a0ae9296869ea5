//! One site: the survey of its endpoint, what it says of HSTS, and the grade.

use std::time::Duration;

use visitor::{
    Url,
    http::Protocol,
    survey::{Extent, Survey, survey},
};

use super::{
    grade::{Hsts, grade},
    report::{Roots, SiteReport},
};
use crate::{
    approach::{Approach, STEP, silence},
    ground::Ground,
    hsts::header,
};

/// The time for one site: forty connections take a second nearby, and ten far away. The
/// prober's own limit is ten minutes for all.
const TOTAL: Duration = Duration::from_secs(60);

/// Surveys and grades one site.
pub(super) async fn site(
    ground: &Ground,
    approach: &Approach<'_>,
    host: &str,
) -> Result<SiteReport, &'static str> {
    let url = approach.url(host, "/").map_err(|_| "unusable-name")?;
    let entrance = approach.entrance();
    let extent = Extent {
        step: STEP,
        total: TOTAL,
        ssl2: ground.order.active,
    };
    let found = survey(&approach.visitor, &ground.rng, &url, &entrance, extent)
        .await
        .map_err(|error| silence(&error))?;
    let hsts = hsts(approach, &url, &found).await;
    let roots = if approach.own_roots() {
        Roots::Own
    } else {
        Roots::Public
    };
    let graded = grade(&found, hsts).ok_or("no-handshake")?;
    let mut report = SiteReport::new(host, roots, &found, hsts, graded);
    // Nobody gets to HTTP behind a certificate that isn't believed: the grade says so.
    let believed = report.chains.iter().all(|chain| chain.problems.is_empty());
    if hsts == Hsts::Unknown && believed {
        report.gaps.push("no-answer".to_owned());
    }
    Ok(report)
}

/// What the front page tells browsers.
async fn hsts(approach: &Approach<'_>, url: &Url, found: &Survey) -> Hsts {
    if found.chains.iter().any(|chain| !chain.problems.is_empty()) {
        return Hsts::Unknown;
    }
    let request = approach.get(url.clone(), Protocol::Either);
    let Ok(response) = approach.visitor.fetch(&request).await else {
        return Hsts::Unknown;
    };
    let values = response.headers.get_all("strict-transport-security");
    let values: Vec<Vec<u8>> = values
        .iter()
        .map(|value| value.as_bytes().to_vec())
        .collect();
    match header::read(&values) {
        Ok(told) if told.max_age_s > 0 => Hsts::Yes {
            max_age_s: told.max_age_s,
            subdomains: told.subdomains,
            preload: told.preload,
        },
        _ => Hsts::No,
    }
}
