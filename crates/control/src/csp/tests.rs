use guards::csp::{Blocked, Directive};
use serde_json::json;

use super::*;

const NOW: Micros = Micros(1_795_435_200_000_000);

fn legacy(directive: &str, blocked: &str) -> Vec<u8> {
    json!({"csp-report": {
        "document-uri": "https://app.example/orders?token=1",
        "referrer": "",
        "violated-directive": directive,
        "effective-directive": directive,
        "original-policy": "default-src 'self'",
        "disposition": "report",
        "blocked-uri": blocked,
        "status-code": 200,
        "script-sample": "",
        "source-file": null,
    }})
    .to_string()
    .into_bytes()
}

fn counts(reports: &Reports) -> Vec<u64> {
    reports.counts().map(|(_, count)| count).collect()
}

#[test]
fn both_kinds_are_counted_under_one_key() {
    let reports = Reports::default();
    let body = legacy("img-src", "https://img.example/a.png");
    reports
        .take("app.example", Kind::Legacy, &body, NOW)
        .unwrap();
    let body = json!([
        {"type": "csp-violation", "age": 5, "url": "https://app.example/", "body": {
            "documentURL": "https://app.example/",
            "blockedURL": "https://img.example/b.png",
            "effectiveDirective": "img-src",
            "disposition": "report",
            "sample": "",
        }},
        {"type": "deprecation", "body": {"id": "x"}},
        {"type": "csp-violation", "body": {
            "effectiveDirective": "script-src-elem",
            "blockedURL": "inline",
            "sample": "go()",
        }},
    ]);
    let later = Micros(NOW.0 + 1);
    let body = body.to_string().into_bytes();
    reports
        .take("app.example", Kind::Reporting, &body, later)
        .unwrap();
    let lines = reports.of("app.example");
    let first = &lines[0];
    assert_eq!((first.count, first.first, first.last), (2, NOW, later));
    assert_eq!(first.violation.directive, Directive::ImgSrc);
    assert_eq!(first.violation.what(), "https://img.example");
    let Blocked::Inline(Some(_)) = lines[1].violation.blocked else {
        panic!("{lines:?}")
    };
    assert_eq!(lines.len(), 2);
    assert_eq!(counts(&reports), [3, 0, 0, 0]);
    assert_eq!(reports.of("other.example"), []);
    assert_eq!(reports.forget("app.example"), 2);
    assert_eq!(reports.of("app.example"), []);
}

#[test]
fn a_sample_that_is_whole_has_its_hash() {
    let reports = Reports::default();
    let body = json!({"csp-report": {
        "effective-directive": "script-src-elem",
        "blocked-uri": "inline",
        "script-sample": "alert(1)",
    }});
    reports
        .take("a", Kind::Legacy, body.to_string().as_bytes(), NOW)
        .unwrap();
    // printf 'alert(1)' | openssl dgst -sha256 -binary | base64
    assert_eq!(
        reports.of("a")[0].violation.what(),
        "inline 'sha256-bhHHL3z2vDgxUt0W3dWQOrprscmda2Y5pLsLg4GF+pI='"
    );
}

#[test]
fn no_flood_of_any_kind_grows_beyond_the_limits() {
    let reports = Reports::default();
    for index in 0..1000 {
        let body = legacy("img-src", &format!("https://h{index}.example/"));
        reports
            .take("app.example", Kind::Legacy, &body, NOW)
            .unwrap();
    }
    assert_eq!(reports.of("app.example").len(), KEYS_MAX);
    assert_eq!(counts(&reports), [200, 0, 0, 800]);
    // What is known goes on being counted.
    let body = legacy("img-src", "https://h7.example/");
    reports
        .take("app.example", Kind::Legacy, &body, NOW)
        .unwrap();
    assert_eq!(reports.of("app.example")[0].count, 2);
    for site in 0..100 {
        for index in 0..KEYS_MAX {
            let body = legacy("img-src", &format!("https://h{index}.example/"));
            reports.take(&format!("{site}.example"), Kind::Legacy, &body, NOW);
        }
    }
    let all: usize = reports
        .sites
        .lock()
        .unwrap()
        .values()
        .map(HashMap::len)
        .sum();
    assert_eq!(all, ALL_KEYS_MAX);
    let many = json!([]).to_string();
    assert!(
        reports
            .take("a", Kind::Reporting, many.as_bytes(), NOW)
            .is_some()
    );
    let one = json!({"type": "csp-violation", "body": {"blockedURL": "eval", "effectiveDirective": "script-src"}});
    let batch = Value::Array(vec![one; 1000]).to_string();
    let before: u64 = counts(&reports).iter().sum();
    reports
        .take("app.example", Kind::Reporting, batch.as_bytes(), NOW)
        .unwrap();
    assert_eq!(
        counts(&reports).iter().sum::<u64>() - before,
        BATCH_MAX as u64
    );
}

#[test]
fn what_is_no_report_is_refused_and_extensions_are_left_out() {
    let reports = Reports::default();
    for body in [
        "",
        "{}",
        "[]",
        "null",
        "{\"csp-report\": 1}",
        "{\"csp-report\": {\"x\": ",
    ] {
        assert_eq!(
            reports.take("a", Kind::Legacy, body.as_bytes(), NOW),
            None,
            "{body}"
        );
    }
    for body in ["", "{}", "[1]", "[{\"body\": 7}]"] {
        assert_eq!(
            reports.take("a", Kind::Reporting, body.as_bytes(), NOW),
            None,
            "{body}"
        );
    }
    let deep = "[".repeat(10_000);
    assert_eq!(
        reports.take("a", Kind::Reporting, deep.as_bytes(), NOW),
        None
    );
    let body = legacy("script-src-elem", "moz-extension");
    reports.take("a", Kind::Legacy, &body, NOW).unwrap();
    let body = legacy("trusted-types", "trusted-types-policy");
    reports.take("a", Kind::Legacy, &body, NOW).unwrap();
    assert_eq!(counts(&reports), [0, 1, 1, 0]);
    assert_eq!(reports.of("a"), []);
    assert_eq!(
        Kind::of("application/csp-report; charset=utf-8"),
        Some(Kind::Legacy)
    );
    assert_eq!(Kind::of("Application/Reports+JSON"), Some(Kind::Reporting));
    assert_eq!(Kind::of("application/json"), None);
}
