//! The attack on `hsts`: answers of every kind, also those that servers write without
//! thinking, over HTTP/1.1 and HTTP/2, on every site. One without the header, with two
//! or with less than promised is enough.

use std::future;

use visitor::{
    Url, VisitError,
    http::{Protocol, Request},
    raw::{self, Answer, Limits},
};

use super::{
    BROWSER, EVERY_ANSWER, SUBDOMAINS, browser,
    header::{self, Told},
};
use crate::{
    approach::{Approach, STEP, silence, unheard_of},
    entry::{Drilling, Finding, Step},
    ground::Ground,
    target,
};

/// An answer's head is far shorter.
const MAX_HEAD: usize = 64 << 10;
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
            heard.extend(census(ground, &approach, host).await);
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

/// Which status an answer must have to be the one that was asked for.
#[derive(Clone, Copy)]
enum Expected {
    Any,
    Status(u16),
}

/// One request and what came back.
struct Heard<'a> {
    host: &'a str,
    name: String,
    twin: bool,
    expected: Expected,
    /// Status and the header's values, or why there is none.
    answer: Result<(u16, Vec<Vec<u8>>), &'static str>,
}

/// Asks for an answer of every kind.
async fn census<'a>(ground: &Ground, approach: &Approach<'_>, host: &'a str) -> Vec<Heard<'a>> {
    let reading = approach.reading();
    let foreign = target::is_foreign(reading);
    let nowhere = unheard_of(ground);
    let page = format!("{}security", reading.prefix);
    let missing = format!("{}no-such-{nowhere}", reading.prefix);
    let mut heard = Vec::new();
    for (way, protocol) in [("http1", Protocol::Http1), ("http2", Protocol::Http2)] {
        // The twin comes first: where it isn't answered, the rest would say nothing.
        let kinds: Vec<(&str, bool, Expected, &str, String)> = if foreign {
            vec![
                ("front", true, Expected::Any, "GET", "/".to_owned()),
                (
                    "missing",
                    false,
                    Expected::Any,
                    "GET",
                    format!("/waarborg-{nowhere}"),
                ),
            ]
        } else {
            vec![
                ("own-page", true, Expected::Status(200), "GET", page.clone()),
                (
                    "own-page-head",
                    false,
                    Expected::Status(200),
                    "HEAD",
                    page.clone(),
                ),
                ("front", false, Expected::Any, "GET", "/".to_owned()),
                (
                    "own-missing",
                    false,
                    Expected::Status(404),
                    "GET",
                    missing.clone(),
                ),
                ("trace", false, Expected::Status(405), "TRACE", page.clone()),
            ]
        };
        let mut silent = false;
        for (kind, twin, expected, method, path) in kinds {
            let answer = match approach.url(host, &path) {
                Ok(url) => ask(approach, approach.get(url, protocol), method).await,
                Err(_) => Err("unusable-name"),
            };
            if foreign && protocol == Protocol::Http2 && answer.is_err() {
                continue; // nobody promised HTTP/2
            }
            silent = twin && answer.is_err();
            heard.push(Heard {
                host,
                name: format!("{way}-{kind}"),
                twin,
                expected,
                answer,
            });
            if silent {
                break;
            }
        }
        if foreign || silent {
            continue;
        }
        let answer = misdirected(approach, host, &nowhere, protocol).await;
        let (name, expected) = (format!("{way}-unknown-host"), Expected::Status(421));
        heard.push(Heard {
            host,
            name,
            twin: false,
            expected,
            answer,
        });
    }
    if !foreign {
        let answer = malformed(approach, host).await;
        let (name, expected) = ("http1-malformed".to_owned(), Expected::Status(400));
        heard.push(Heard {
            host,
            name,
            twin: false,
            expected,
            answer,
        });
    }
    heard
}

type Head = Result<(u16, Vec<Vec<u8>>), &'static str>;

async fn ask(approach: &Approach<'_>, mut request: Request, method: &str) -> Head {
    request.method = method.parse().map_err(|_| "unusable-method")?;
    let response = approach
        .visitor
        .fetch(&request)
        .await
        .map_err(|error| silence(&error))?;
    let values = response.headers.get_all("strict-transport-security");
    let values = values
        .iter()
        .map(|value| value.as_bytes().to_vec())
        .collect();
    Ok((response.status.as_u16(), values))
}

/// A host that no site has, over a connection for one that there is.
async fn misdirected(
    approach: &Approach<'_>,
    host: &str,
    nowhere: &str,
    protocol: Protocol,
) -> Head {
    let url = approach.url(host, "/").map_err(|_| "unusable-name")?;
    let found = approach
        .addresses(&url)
        .await
        .map_err(|error| silence(&error))?;
    let address = found.first().ok_or("not-resolved")?;
    let elsewhere = approach
        .url(&format!("{nowhere}.invalid"), "/")
        .map_err(|_| "unusable-name")?;
    let mut request = approach.get(elsewhere, protocol);
    request.entrance.door = Some(raw::Door::Tcp(*address));
    request.entrance.server_name = Some(url.host().clone());
    ask(approach, request, "GET").await
}

/// A field without a colon, which no HTTP library sends.
async fn malformed(approach: &Approach<'_>, host: &str) -> Head {
    let url = approach.url(host, "/").map_err(|_| "unusable-name")?;
    let bytes = say_malformed(approach, &url)
        .await
        .map_err(|error| silence(&error))?;
    let bytes = match &bytes {
        Answer::Answered { bytes, .. } => bytes,
        _ => return Err("no-answer"),
    };
    read_head(bytes).ok_or("no-answer")
}

async fn say_malformed(approach: &Approach<'_>, url: &Url) -> Result<Answer, VisitError> {
    let entrance = approach.entrance();
    let mut opened = approach
        .visitor
        .open(url, &entrance, &[b"http/1.1"], STEP)
        .await?;
    let request = format!(
        "GET / HTTP/1.1\r\nHost: {}\r\nno colon\r\n\r\n",
        url.authority()
    );
    let limits = Limits {
        bytes: MAX_HEAD,
        deadline: STEP,
    };
    let whole = |bytes: &[u8]| bytes.windows(4).any(|end| end == b"\r\n\r\n");
    Ok(raw::converse(&mut opened.stream, request.as_bytes(), limits, whole).await)
}

/// Status and the header's values of an answer in HTTP/1.
fn read_head(bytes: &[u8]) -> Option<(u16, Vec<Vec<u8>>)> {
    let end = bytes.windows(4).position(|end| end == b"\r\n\r\n")?;
    let mut lines = bytes.get(..end)?.split(|byte| *byte == b'\n');
    let first = std::str::from_utf8(lines.next()?).ok()?;
    let status = first.strip_prefix("HTTP/1.1 ")?.get(..3)?.parse().ok()?;
    let field = |line: &[u8]| {
        let colon = line.iter().position(|byte| *byte == b':')?;
        let (name, value) = line.split_at_checked(colon)?;
        name.eq_ignore_ascii_case(b"strict-transport-security")
            .then(|| {
                value
                    .strip_prefix(b":")
                    .unwrap_or(value)
                    .trim_ascii()
                    .to_vec()
            })
    };
    Some((status, lines.filter_map(field).collect()))
}

fn judge(
    part: &str,
    heard: &[Heard<'_>],
    promised: impl Fn(&Told) -> Result<(), &'static str>,
) -> Finding {
    let mut untried = None;
    let mut steps = Vec::new();
    for one in heard {
        let (status, values) = match &one.answer {
            Ok(answer) => answer,
            Err(why) => {
                untried = Some(*why);
                let step = Step::new(&one.name, true)
                    .saw("site", one.host)
                    .saw("unanswered", why);
                steps.push(step);
                continue;
            }
        };
        let as_asked = match one.expected {
            Expected::Any => true,
            Expected::Status(expected) => *status == expected,
        };
        let judged = header::read(values).and_then(|told| promised(&told));
        if !as_asked {
            // Another answer than the one meant proves nothing of the one meant.
            untried = Some("unexpected-status");
        }
        let good = judged.is_ok() && (as_asked || !one.twin);
        let mut step = Step::new(&one.name, good)
            .saw("site", one.host)
            .saw("status", status);
        for value in values.iter().take(2) {
            let shown: String = String::from_utf8_lossy(value).chars().take(SHOWN).collect();
            step = step.saw("header", shown);
        }
        if let Err(why) = judged {
            step = step.saw("wrong", why);
        }
        steps.push(if one.twin { step.twin() } else { step });
    }
    let finding = Finding::by_steps(part, steps);
    match untried {
        Some(why) => finding.short_of(why),
        None => finding,
    }
}
