use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};

use config::AccessLog;
use terms::{Rng, TraceParent, Verdict};

use super::{ENTRY, FOUND, drill::seek};
use crate::{
    entry::Finding,
    ground::{Evidence, Question},
    target,
    testing::{field, gateway, nobody, reading, server},
};

type Log = Arc<Mutex<Vec<(String, String)>>>;

/// A gateway that gives ids and writes a log of traces and ids.
async fn logging() -> (SocketAddr, Log) {
    let log = Log::default();
    let written = log.clone();
    let address = server(move |heard| {
        let id = terms::RequestId(Rng::System.bytes());
        let parsed = heard
            .traceparent
            .as_deref()
            .map(|value| TraceParent::parse(value.as_bytes()));
        let trace = match parsed {
            Some(Ok(parent)) => terms::RequestId(parent.trace),
            _ => id,
        };
        written
            .lock()
            .unwrap()
            .push((trace.to_string(), id.to_string()));
        let mut said = gateway(heard);
        said.fields.push(("x-request-id", id.to_string()));
        said
    })
    .await;
    (address, log)
}

fn line(trace: &str, id: &str) -> String {
    format!(r#"{{"time":"t","id":"{id}","trace":"{trace}","client":"192.0.2.1","status":200}}"#)
}

/// Runs the drill against a gateway whose log is shown as `show` says.
async fn attack(
    show: impl Fn(&str, &[(String, String)]) -> Vec<String> + Send + 'static,
) -> Finding {
    let (address, log) = logging().await;
    let field = field(address, reading()).with_control(move |question| {
        let Question::Trace { trace } = question else {
            return Evidence::None {
                why: "another-question".to_owned(),
            };
        };
        Evidence::Trace {
            lines: show(trace, &log.lock().unwrap()),
        }
    });
    seek(&field.ground, Duration::from_millis(20)).await
}

fn honest(asked: &str, log: &[(String, String)]) -> Vec<String> {
    let found = log.iter().filter(|(trace, _)| trace == asked);
    found.map(|(trace, id)| line(trace, id)).collect()
}

fn wrong(finding: &Finding) -> Vec<&str> {
    finding
        .steps
        .iter()
        .filter(|step| !step.good)
        .map(|step| step.step.as_str())
        .collect()
}

#[tokio::test]
async fn an_honest_log_passes_and_says_how_long_it_took() {
    let finding = attack(honest).await;
    assert_eq!(finding.verdict, Verdict::Pass, "{finding:#?}");
    assert!(matches!(&finding.figures[..], [(name, 1..)] if name == "seconds"));
    assert_eq!(finding.steps.iter().filter(|step| step.twin).count(), 3);
    let written = serde_json::to_string(&finding).unwrap();
    assert!(
        !written.contains("192.0.2.1"),
        "no line of the log is in the transcript"
    );
}

#[tokio::test]
async fn a_log_without_the_trace_fails() {
    let finding = attack(|_, _| Vec::new()).await;
    assert_eq!(finding.verdict, Verdict::Fail);
    let served = attack(|asked, log| {
        // What came first is there, what came later isn't.
        honest(asked, log.get(..2).unwrap_or_default())
    });
    let finding = served.await;
    assert_eq!(
        wrong(&finding),
        ["http1-refused", "http2-refused", "malformed-trace"]
    );
}

#[tokio::test]
async fn a_log_that_has_every_trace_fails() {
    let finding = attack(|asked, log| match honest(asked, log) {
        found if found.is_empty() => vec![line(asked, &"0".repeat(32))],
        found => found,
    })
    .await;
    assert_eq!(finding.verdict, Verdict::Fail);
    assert_eq!(wrong(&finding), ["never-sent", "malformed-trace-believed"]);
}

#[tokio::test]
async fn lines_of_another_request_or_trace_fail() {
    let finding = attack(|asked, _| vec![line(asked, &"0".repeat(32))]).await;
    assert_eq!(finding.verdict, Verdict::Fail);
    let finding = attack(|asked, log| {
        let id = &honest_id(asked, log);
        vec![line(&"0".repeat(32), id)]
    })
    .await;
    assert_eq!(finding.verdict, Verdict::Fail);
    let finding = attack(|asked, log| {
        let found = honest(asked, log);
        if found.is_empty() {
            found
        } else {
            vec!["no JSON".to_owned()]
        }
    })
    .await;
    assert_eq!(finding.verdict, Verdict::Fail);
}

fn honest_id(asked: &str, log: &[(String, String)]) -> String {
    let found = log.iter().find(|(trace, _)| trace == asked);
    found.map(|(_, id)| id.clone()).unwrap_or_default()
}

#[tokio::test]
async fn answers_without_an_id_fail() {
    let address = server(gateway).await;
    let field = field(address, reading()).with_control(|_| Evidence::Trace { lines: Vec::new() });
    let finding = seek(&field.ground, Duration::from_millis(20)).await;
    assert_eq!(finding.verdict, Verdict::Fail);
}

#[tokio::test]
async fn a_trace_that_is_written_later_is_waited_for() {
    let (address, log) = logging().await;
    let asked = Mutex::new(0);
    let field = field(address, reading()).with_control(move |question| {
        let Question::Trace { trace } = question else {
            return Evidence::None {
                why: "another-question".to_owned(),
            };
        };
        let mut asked = asked.lock().unwrap();
        *asked += 1;
        let lines = if *asked < 3 {
            Vec::new()
        } else {
            honest(trace, &log.lock().unwrap())
        };
        Evidence::Trace { lines }
    });
    let finding = seek(&field.ground, super::drill::PATIENCE).await;
    assert_eq!(finding.verdict, Verdict::Pass, "{finding:#?}");
}

#[tokio::test]
async fn without_server_or_evidence_nothing_is_proven() {
    let patience = Duration::from_millis(20);
    let dead =
        field(nobody().await, reading()).with_control(|_| Evidence::Trace { lines: Vec::new() });
    assert_eq!(
        seek(&dead.ground, patience).await.verdict,
        Verdict::Inconclusive
    );
    let (address, _log) = logging().await;
    let alone = field(address, reading());
    assert_eq!(
        seek(&alone.ground, patience).await.verdict,
        Verdict::Inconclusive
    );
    let silent = field(address, reading()).with_control(|_| Evidence::None {
        why: "log-not-readable".to_owned(),
    });
    assert_eq!(
        seek(&silent.ground, patience).await.verdict,
        Verdict::Inconclusive
    );
}

#[tokio::test]
async fn what_is_not_promised_is_neither_said_nor_attacked() {
    let mut off = reading();
    off.track.access_log = AccessLog::Off;
    for reading in [off, target::reading("a.test", 443)] {
        assert_eq!((ENTRY.parts)(&reading), []);
        let field = field(nobody().await, reading);
        assert_eq!((ENTRY.drill)(&field.ground).await, []);
    }
    let said = (ENTRY.parts)(&reading());
    assert_eq!(
        said.iter().map(|part| part.name).collect::<Vec<_>>(),
        [FOUND, "kept", "addresses"]
    );
}
