//! Plain text: at the TLS port nothing may answer it, and at port 80 nothing more than
//! a redirect to HTTPS.

use visitor::{
    Cause, Phase, Scheme, Url,
    http::{Protocol, Request},
    raw::{self, Answer, Door, Limits},
};

use super::{NO_PLAINTEXT, REDIRECT};
use crate::{
    approach::{Approach, STEP, silence},
    entry::{Finding, Step},
    ground::Ground,
    target,
};

/// Where browsers ask in plain text.
pub(super) const PORT: u16 = 80;

const HTTP2_PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";

/// What came back in plain text.
enum Plain {
    /// Closed, cut, or an alert of TLS.
    Refused(&'static str),
    /// Bytes that are no alert: an answer, of whatever kind.
    Answered,
    /// Nothing can be said.
    Unknown(&'static str),
}

/// Plain requests at every address of every site.
pub(super) async fn at_tls_port(approach: &Approach<'_>) -> Finding {
    let (mut steps, mut untried) = (Vec::new(), None);
    for host in &approach.sites {
        let Ok(url) = approach.url(host, "/") else {
            untried = Some("unusable-name");
            continue;
        };
        let addresses = match approach.addresses(&url).await {
            Ok(addresses) => addresses,
            Err(error) => {
                untried = Some(silence(&error));
                continue;
            }
        };
        let first = format!(
            "GET / HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n",
            url.authority()
        );
        for address in addresses {
            for (name, bytes) in [
                ("plain-http1", first.as_bytes()),
                ("plain-http2", HTTP2_PREFACE),
            ] {
                let plain = say(&Door::Tcp(address), bytes).await;
                let (good, what) = match plain {
                    Plain::Refused(how) => (true, how),
                    Plain::Answered => (false, "answered"),
                    Plain::Unknown(why) => {
                        untried = Some(why);
                        (true, why)
                    }
                };
                steps.push(Step::new(name, good).saw("site", host).saw("answer", what));
            }
        }
        match over_tls(approach, &url).await {
            Ok(step) => steps.push(step.saw("site", host)),
            Err(why) => untried = Some(why),
        }
    }
    let finding = Finding::by_steps(NO_PLAINTEXT, steps);
    match untried {
        Some(why) => finding.short_of(why),
        None => finding,
    }
}

/// The honest twin: the same request, encrypted. Any answer will do.
async fn over_tls(approach: &Approach<'_>, url: &Url) -> Result<Step, &'static str> {
    let request = approach.get(url.clone(), Protocol::Http1);
    let response = approach
        .visitor
        .fetch(&request)
        .await
        .map_err(|error| silence(&error))?;
    Ok(Step::new("https", true)
        .twin()
        .saw("status", response.status.as_u16()))
}

async fn say(door: &Door, bytes: &[u8]) -> Plain {
    let limits = Limits {
        bytes: 512,
        deadline: STEP,
    };
    match raw::exchange(door, bytes, limits).await {
        Ok(Answer::Closed) => Plain::Refused("closed"),
        Ok(Answer::Reset) => Plain::Refused("cut"),
        Ok(Answer::Answered { bytes, .. }) if is_alert(&bytes) => Plain::Refused("tls-alert"),
        Ok(Answer::Answered { .. }) => Plain::Answered,
        // A port that keeps silent may be one that waits for more.
        Ok(Answer::Silent) => Plain::Unknown("no-answer"),
        Ok(Answer::Refused | Answer::Filtered | Answer::Unreachable) | Err(_) => {
            Plain::Unknown("no-connection")
        }
    }
}

/// One alert record and nothing else (RFC 8446 section 5.1).
const fn is_alert(bytes: &[u8]) -> bool {
    matches!(bytes, [21, 3, _, 0, 2, _, _])
}

/// What port 80 does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum At80 {
    /// Nobody answers.
    Closed,
    /// A redirect to HTTPS and nothing else.
    Redirects,
    /// Something is said in plain text.
    Answers,
    /// It can't be said.
    Unknown,
}

/// Asks as any browser would, at `port` of every site.
pub(super) async fn at_port<'a>(approach: &Approach<'a>, port: u16) -> Vec<(&'a str, At80)> {
    let mut found = Vec::new();
    for host in &approach.sites {
        let at_80 = match host.parse() {
            Ok(host) => ask(approach, Url::root(Scheme::Http, host, port)).await,
            Err(_) => At80::Unknown,
        };
        found.push((*host, at_80));
    }
    found
}

async fn ask(approach: &Approach<'_>, url: Url) -> At80 {
    let mut request = Request::get(url.clone());
    request.limits.total = STEP;
    let response = match approach.visitor.fetch(&request).await {
        Ok(response) => response,
        Err(error) => {
            return match (error.phase, &error.cause) {
                (Phase::Resolve, _) => At80::Unknown,
                // Connected, but nothing came that is HTTP: an error in reading it.
                (Phase::Head, Cause::Http(broken)) if broken.is_parse() => At80::Answers,
                _ => At80::Closed,
            };
        }
    };
    let to = response
        .headers
        .get("location")
        .and_then(|to| to.to_str().ok());
    let to = to.and_then(|to| url.join(to).ok());
    let encrypted = to.is_some_and(|to| to.scheme() == Scheme::Https);
    // A cookie set here travels in plain text.
    let bare = !response.headers.contains_key("set-cookie");
    if response.status.is_redirection() && encrypted && bare {
        At80::Redirects
    } else {
        At80::Answers
    }
}

/// Judges what port 80 does; with a twin over TLS.
pub(super) async fn judge(
    ground: &Ground,
    approach: &Approach<'_>,
    found: &[(&str, At80)],
) -> Finding {
    let foreign = target::is_foreign(&ground.order.reading);
    if foreign && ground.order.reading.public_port != Scheme::Https.default_port() {
        return Finding::inconclusive(REDIRECT, "port-80-is-another-site");
    }
    let (mut steps, mut untried) = (Vec::new(), None);
    for (host, at_80) in found {
        let (good, what) = match at_80 {
            At80::Redirects => (true, "redirects-to-https"),
            At80::Answers => (false, "answers-in-plain-text"),
            At80::Closed => {
                // Our own sentence says that there is a redirect.
                if !foreign {
                    untried = Some("port-80-is-closed");
                }
                (true, "closed")
            }
            At80::Unknown => {
                untried = Some("not-resolved");
                (true, "not-resolved")
            }
        };
        steps.push(
            Step::new("plain-http", good)
                .saw("site", host)
                .saw("answer", what),
        );
        match approach.url(host, "/") {
            Ok(url) => match over_tls(approach, &url).await {
                Ok(step) => steps.push(step.saw("site", host)),
                Err(why) => untried = Some(why),
            },
            Err(_) => untried = Some("unusable-name"),
        }
    }
    let finding = Finding::by_steps(REDIRECT, steps);
    match untried {
        Some(why) => finding.short_of(why),
        None => finding,
    }
}
