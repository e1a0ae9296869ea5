//! The attack on `track`: requests with traces of our own, served and refused, over
//! HTTP/1.1 and HTTP/2. Each must be found in the access log within a minute, under the
//! id that its answer had.
//!
//! The twins keep the log honest: a trace that was never sent isn't found, and a
//! malformed one is replaced by a fresh one, not believed.

use std::{future, time::Duration};

use serde::Deserialize;
use terms::{RequestId, TraceParent};
use visitor::http::Protocol;

use super::{FOUND, is_promised};
use crate::{
    approach::{Approach, silence},
    entry::{Drilling, Finding, Step},
    ground::{Evidence, Ground, Question},
};

/// How long a trace may take to be found.
pub(super) const PATIENCE: Duration = Duration::from_secs(60);
/// How often the log is asked.
const PAUSE: Duration = Duration::from_millis(500);
/// At most so many lines of one trace are read: it had one request.
const MAX_LINES: usize = 100;

pub(super) fn drill(ground: &Ground) -> Drilling<'_> {
    if !is_promised(&ground.order.reading) {
        return Box::pin(future::ready(Vec::new()));
    }
    Box::pin(async move { vec![seek(ground, PATIENCE).await] })
}

/// The same with another patience.
pub(super) async fn seek(ground: &Ground, patience: Duration) -> Finding {
    let Ok(approach) = Approach::new(ground) else {
        return Finding::inconclusive(FOUND, "roots-unusable");
    };
    if ground.control.is_none() {
        return Finding::inconclusive(FOUND, "no-control");
    }
    let Some(host) = approach.sites.first() else {
        return Finding::inconclusive(FOUND, "no-site");
    };
    match send_and_seek(ground, &approach, host, patience).await {
        Ok(finding) => finding,
        Err(why) => Finding::inconclusive(FOUND, &why),
    }
}

/// A request that was answered.
struct Sent {
    name: &'static str,
    /// The trace to be found: ours, or the answer's id where ours was malformed.
    trace: RequestId,
    /// `X-Request-Id` of the answer.
    id: Option<RequestId>,
    status: u16,
}

async fn send_and_seek(
    ground: &Ground,
    approach: &Approach<'_>,
    host: &str,
    patience: Duration,
) -> Result<Finding, String> {
    let page = format!("{}security", approach.reading().prefix);
    let kinds = [
        ("http1-served", Protocol::Http1, "GET"),
        ("http2-served", Protocol::Http2, "GET"),
        ("http1-refused", Protocol::Http1, "TRACE"),
        ("http2-refused", Protocol::Http2, "TRACE"),
    ];
    let began = ground.clock.moment();
    let mut sent = Vec::new();
    for (name, protocol, method) in kinds {
        let trace = ground.trace();
        let parent = TraceParent::begin(trace, TraceParent::span(&ground.rng));
        let header = String::from_utf8_lossy(&parent.header()).into_owned();
        sent.push(
            send(
                approach,
                host,
                &page,
                (name, protocol, method),
                &header,
                trace,
            )
            .await?,
        );
    }
    // All zero where the span must not be: whoever believes it has read nothing.
    let forged = ground.trace();
    let header = format!("00-{forged}-{:016x}-01", 0);
    let kind = ("malformed-trace", Protocol::Http1, "GET");
    let mut malformed = send(approach, host, &page, kind, &header, forged).await?;
    if let Some(id) = malformed.id {
        malformed.trace = id;
    }
    sent.push(malformed);

    ground.say("track: looking for the traces in the access log");
    let mut steps = Vec::new();
    let mut waited: i64 = 1;
    for sent in &sent {
        let mut step = find(ground, sent, began, patience).await?;
        let seconds = ground
            .clock
            .moment()
            .since(began)
            .as_millis()
            .div_ceil(1000);
        waited = waited.max(i64::try_from(seconds).unwrap_or(i64::MAX));
        step = step.saw("status", sent.status);
        // Fresh where ours was malformed: that is how an honest client is treated.
        steps.push(if sent.name == "malformed-trace" {
            step.twin()
        } else {
            step
        });
    }
    // Last, when lines of all others have had the time to be written.
    for (name, trace) in [
        ("never-sent", ground.trace()),
        ("malformed-trace-believed", forged),
    ] {
        let lines = ask(ground, trace).await?;
        steps.push(
            Step::new(name, lines.is_empty())
                .saw("lines", lines.len())
                .twin(),
        );
    }
    Ok(Finding::by_steps(FOUND, steps).figure("seconds", waited))
}

async fn send(
    approach: &Approach<'_>,
    host: &str,
    path: &str,
    (name, protocol, method): (&'static str, Protocol, &str),
    traceparent: &str,
    trace: RequestId,
) -> Result<Sent, String> {
    let url = approach.url(host, path).map_err(|_| "unusable-name")?;
    let mut request = approach.get(url, protocol);
    request.method = method.parse().map_err(|_| "unusable-method")?;
    let value = traceparent.parse().map_err(|_| "unusable-trace")?;
    request.headers.insert("traceparent", value);
    let response = approach
        .visitor
        .fetch(&request)
        .await
        .map_err(|error| silence(&error))?;
    let id = response
        .headers
        .get("x-request-id")
        .and_then(|id| id.to_str().ok());
    let id = id.and_then(|id| id.parse().ok());
    Ok(Sent {
        name,
        trace,
        id,
        status: response.status.as_u16(),
    })
}

/// What is read of a line of the log; the rest isn't the prober's to know.
#[derive(Deserialize)]
struct Line {
    id: String,
    trace: String,
}

/// Asks until the trace is found or the patience since `began` is over.
async fn find(
    ground: &Ground,
    sent: &Sent,
    began: terms::Moment,
    patience: Duration,
) -> Result<Step, String> {
    let Some(id) = sent.id else {
        return Ok(Step::new(sent.name, false).saw("wrong", "no-request-id"));
    };
    let mut ticks = tokio::time::interval(PAUSE.min(patience));
    loop {
        ticks.tick().await;
        let lines = ask(ground, sent.trace).await?;
        if !lines.is_empty() {
            return Ok(judge(sent, id, &lines));
        }
        if ground.clock.moment().since(began) >= patience {
            return Ok(Step::new(sent.name, false).saw("wrong", "not-found"));
        }
    }
}

/// Whether the lines are of this request: the log's word against the answer's.
fn judge(sent: &Sent, id: RequestId, lines: &[String]) -> Step {
    let (trace, id) = (sent.trace.to_string(), id.to_string());
    let read: Vec<Line> = lines
        .iter()
        .take(MAX_LINES)
        .filter_map(|line| serde_json::from_str(line).ok())
        .collect();
    let wrong = if read.len() != lines.len() {
        Some("unreadable-line")
    } else if read.iter().any(|line| line.trace != trace) {
        Some("another-trace")
    } else if read.iter().all(|line| line.id != id) {
        Some("another-id")
    } else {
        None
    };
    let step = Step::new(sent.name, wrong.is_none()).saw("lines", lines.len());
    match wrong {
        Some(why) => step.saw("wrong", why),
        None => step,
    }
}

async fn ask(ground: &Ground, trace: RequestId) -> Result<Vec<String>, String> {
    match ground
        .ask(Question::Trace {
            trace: trace.to_string(),
        })
        .await
    {
        Evidence::Trace { lines } => Ok(lines),
        Evidence::None { why } => Err(why),
        _ => Err("no-evidence".to_owned()),
    }
}
