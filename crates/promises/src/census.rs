//! Answers of every kind, also those that servers write without thinking, over HTTP/1.1 and
//! HTTP/2: where a header must be on every answer, it is looked for on these.

use visitor::{
    Url, VisitError,
    http::{Protocol, Request},
    raw::{self, Answer, Limits},
};

use crate::{
    approach::{Approach, STEP, silence, unheard_of},
    entry::{Seen, Step},
    ground::Ground,
    target,
};

/// An answer's head is far shorter.
const MAX_HEAD: usize = 64 << 10;

/// Which status an answer must have to be the one that was asked for.
#[derive(Clone, Copy)]
pub(crate) enum Expected {
    Any,
    Status(u16),
}

impl Expected {
    /// Whether it is.
    pub(crate) const fn is(self, status: u16) -> bool {
        match self {
            Self::Any => true,
            Self::Status(expected) => status == expected,
        }
    }
}

/// Status and the header's values, or why there is none: kebab-case.
pub(crate) type Head = Result<(u16, Vec<Vec<u8>>), &'static str>;

/// One request and what came back.
pub(crate) struct Heard<'a> {
    pub(crate) host: &'a str,
    pub(crate) name: String,
    pub(crate) twin: bool,
    pub(crate) expected: Expected,
    pub(crate) answer: Head,
}

impl Heard<'_> {
    /// Adds what it shows: whether the header's values are as promised, of each of which so
    /// many characters stand in the transcript.
    pub(crate) fn judge(
        &self,
        seen: &mut Seen,
        shown: usize,
        promised: impl FnOnce(&[Vec<u8>]) -> Result<(), &'static str>,
    ) {
        let (status, values) = match &self.answer {
            Ok(answer) => answer,
            Err(why) => {
                seen.untried = Some(*why);
                let step = Step::new(&self.name, true)
                    .saw("site", self.host)
                    .saw("unanswered", why);
                seen.steps.push(step);
                return;
            }
        };
        let as_asked = self.expected.is(*status);
        if !as_asked {
            // Another answer than the one meant proves nothing of the one meant.
            seen.untried = Some("unexpected-status");
        }
        let judged = promised(values);
        let good = judged.is_ok() && (as_asked || !self.twin);
        let mut step = Step::new(&self.name, good)
            .saw("site", self.host)
            .saw("status", status);
        for value in values.iter().take(2) {
            let value: String = String::from_utf8_lossy(value).chars().take(shown).collect();
            step = step.saw("header", value);
        }
        if let Err(why) = judged {
            step = step.saw("wrong", why);
        }
        seen.steps.push(if self.twin { step.twin() } else { step });
    }
}

/// Asks one site for an answer of every kind, and looks at one header of each.
pub(crate) async fn census<'a>(
    ground: &Ground,
    approach: &Approach<'_>,
    host: &'a str,
    header: &'static str,
) -> Vec<Heard<'a>> {
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
                Ok(url) => ask(approach, approach.get(url, protocol), method, header).await,
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
        let answer = misdirected(approach, host, &nowhere, protocol, header).await;
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
        let answer = malformed(approach, host, header).await;
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

/// One request, and one header of its answer.
pub(crate) async fn ask(
    approach: &Approach<'_>,
    mut request: Request,
    method: &str,
    header: &'static str,
) -> Head {
    request.method = method.parse().map_err(|_| "unusable-method")?;
    let response = approach
        .visitor
        .fetch(&request)
        .await
        .map_err(|error| silence(&error))?;
    let values = response.headers.get_all(header);
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
    header: &'static str,
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
    ask(approach, request, "GET", header).await
}

/// A field without a colon, which no HTTP library sends.
async fn malformed(approach: &Approach<'_>, host: &str, header: &'static str) -> Head {
    let url = approach.url(host, "/").map_err(|_| "unusable-name")?;
    let bytes = say_malformed(approach, &url)
        .await
        .map_err(|error| silence(&error))?;
    let bytes = match &bytes {
        Answer::Answered { bytes, .. } => bytes,
        _ => return Err("no-answer"),
    };
    read_head(bytes, header).ok_or("no-answer")
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
fn read_head(bytes: &[u8], header: &str) -> Option<(u16, Vec<Vec<u8>>)> {
    let end = bytes.windows(4).position(|end| end == b"\r\n\r\n")?;
    let mut lines = bytes.get(..end)?.split(|byte| *byte == b'\n');
    let first = std::str::from_utf8(lines.next()?).ok()?;
    let status = first.strip_prefix("HTTP/1.1 ")?.get(..3)?.parse().ok()?;
    let field = |line: &[u8]| {
        let colon = line.iter().position(|byte| *byte == b':')?;
        let (name, value) = line.split_at_checked(colon)?;
        name.eq_ignore_ascii_case(header.as_bytes()).then(|| {
            value
                .strip_prefix(b":")
                .unwrap_or(value)
                .trim_ascii()
                .to_vec()
        })
    };
    Some((status, lines.filter_map(field).collect()))
}
