//! Every site's certificate must verify, today and for as long as it takes to notice that
//! renewing it has failed.

use terms::Micros;
use visitor::{Phase, VisitError, http::Opened};

use super::{
    CERTIFICATE,
    validity::{self, Validity},
};
use crate::{
    approach::{Approach, STEP, days_until},
    entry::{Finding, Step},
    ground::Ground,
};

/// `now` judges certificates as of today; each is judged again as of [`Validity::ahead`].
pub(super) async fn judge(ground: &Ground, now: &Approach<'_>) -> Finding {
    let (mut steps, mut untried) = (Vec::new(), None);
    let mut first_end: Option<Micros> = None;
    let step = |name, host: &str, met: &Met| {
        let (good, what) = match met {
            Met::Verified { version, .. } => (true, *version),
            Met::Refused => (false, "certificate-refused"),
            Met::Nobody(why) => (true, *why),
        };
        Step::new(name, good).saw("site", host).saw("outcome", what)
    };
    for host in &now.sites {
        let met = meet(now, host).await;
        steps.push(step("verifies", host, &met).twin());
        match met {
            Met::Verified {
                validity: Some(validity),
                ..
            } => {
                let end = validity.not_after;
                first_end = Some(first_end.map_or(end, |one| one.min(end)));
                let Ok(later) = Approach::ahead(ground, validity.ahead()) else {
                    return Finding::inconclusive(CERTIFICATE, "roots-unusable");
                };
                let met = meet(&later, host).await;
                if let Met::Nobody(why) = met {
                    untried = Some(why);
                }
                let hours = validity.ahead().as_secs() / 3600;
                let step = step("verifies-ahead", host, &met);
                steps.push(step.saw("hours-ahead", hours.to_string()));
            }
            Met::Verified { validity: None, .. } => untried = Some("no-end-of-validity"),
            Met::Nobody(why) => untried = Some(why),
            Met::Refused => {}
        }
    }
    let mut finding = Finding::by_steps(CERTIFICATE, steps);
    if let Some(end) = first_end {
        finding = finding.figure("days", days_until(end, ground.clock.now()));
    }
    match untried {
        Some(why) => finding.short_of(why),
        None => finding,
    }
}

enum Met {
    /// With this version, and a certificate that holds so long.
    Verified {
        version: &'static str,
        validity: Option<Validity>,
    },
    /// An ordinary client turns away.
    Refused,
    /// Nothing can be said.
    Nobody(&'static str),
}

async fn meet(approach: &Approach<'_>, host: &str) -> Met {
    let Ok(url) = approach.url(host, "/") else {
        return Met::Nobody("unusable-name");
    };
    let opened = approach
        .visitor
        .open(&url, &approach.entrance(), &[b"h2", b"http/1.1"], STEP)
        .await;
    match opened {
        Ok(Opened { peer, .. }) => Met::Verified {
            version: peer
                .as_ref()
                .and_then(|peer| peer.version.as_str())
                .unwrap_or("TLS"),
            validity: peer.and_then(|peer| validity::of(peer.chain.first()?.as_ref())),
        },
        Err(error) if is_judgement(&error) => Met::Refused,
        Err(_) => Met::Nobody("no-handshake"),
    }
}

/// Whether it is our word on the certificate, rather than the server's on the hello.
fn is_judgement(error: &VisitError) -> bool {
    // By the error's own words: naming its type would take rustls into this crate.
    error.phase == Phase::Tls
        && matches!(&error.cause, visitor::Cause::Tls(cause) if cause.to_string().contains("certificate"))
}
