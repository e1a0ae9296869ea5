//! Every site's certificate must verify, today and in fourteen days: whoever renews
//! later than that renews too late.

use std::time::Duration;

use terms::Micros;
use visitor::{Phase, VisitError, http::Opened};

use super::{CERTIFICATE, validity};
use crate::{
    approach::{Approach, STEP, days_until},
    entry::{Finding, Step},
    ground::Ground,
};

/// How long it must still be valid.
pub(super) const AHEAD: Duration = Duration::from_secs(14 * 86_400);

/// `now` judges certificates as of today, `later` as of [`AHEAD`].
pub(super) async fn judge(ground: &Ground, now: &Approach<'_>, later: &Approach<'_>) -> Finding {
    let (mut steps, mut untried) = (Vec::new(), None);
    let mut first_end: Option<Micros> = None;
    for host in &now.sites {
        for (name, approach, twin) in [
            ("verifies", now, true),
            ("verifies-in-14-days", later, false),
        ] {
            let (good, what) = match meet(approach, host).await {
                Met::Verified { version, not_after } => {
                    match not_after {
                        Some(end) => first_end = Some(first_end.map_or(end, |one| one.min(end))),
                        None => untried = Some("no-end-of-validity"),
                    }
                    (true, version)
                }
                Met::Refused => (false, "certificate-refused"),
                Met::Nobody(why) => {
                    untried = Some(why);
                    (true, why)
                }
            };
            let step = Step::new(name, good).saw("site", host).saw("outcome", what);
            steps.push(if twin { step.twin() } else { step });
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
    /// With this version, and a certificate that ends then.
    Verified {
        version: &'static str,
        not_after: Option<Micros>,
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
            not_after: peer.and_then(|peer| validity::not_after(peer.chain.first()?.as_ref())),
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
