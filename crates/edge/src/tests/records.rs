//! One record for each request, however it ends.

use seam::record::{Outcome, Version};
use terms::AddressKeeping;

use super::{
    client::{nothing, request},
    harness::{Harness, Recorded},
    wire::{Application, OK},
};

#[tokio::test]
async fn a_served_request_is_recorded_as_it_was() {
    let app = Application::start().await;
    let mut harness = Harness::start(app.address);
    let mut client = harness.http1().await;
    let trace = "4bf92f3577b34da6a3ce929d0e0e4736";
    client
        .say(format!(
            "POST /a/b?token=secret HTTP/1.1\r\nHost: app.test\r\nUser-Agent: probe/1\r\n\
             Traceparent: 00-{trace}-00f067aa0ba902b7-01\r\nContent-Length: 3\r\n\r\nabc"
        ))
        .await;
    let _peer = app.answer_one(OK).await;
    let answer = client.answer().await;
    let record = harness.record().await;
    let expected = Recorded {
        id: answer.id().to_owned(),
        trace: record.trace,
        site: 0,
        strike: None,
        client: Some([127, 0, 0, 1].into()),
        version: Version::Http11,
        status: 200,
        outcome: Outcome::Served,
        bytes_in: 3,
        bytes_out: 2,
        method: "POST".to_owned(),
        host: "app.test".to_owned(),
        path: "/a/b".to_owned(),
        agent: "probe/1".to_owned(),
        rule: String::new(),
    };
    assert_eq!(record, expected);
    let hex: String = record
        .trace
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    assert_eq!(hex, trace);
    assert!(harness.has_no_more_records().await);
}

#[tokio::test]
async fn each_request_of_a_connection_has_its_record() {
    let app = Application::start().await;
    let mut harness = Harness::start(app.address);
    app.always(OK);
    let mut client = harness.http1().await;
    for _ in 0..2 {
        client
            .say("GET /1 HTTP/1.1\r\nHost: app.test\r\n\r\n")
            .await;
        let id = client.answer().await.id().to_owned();
        let record = harness.record().await;
        assert_eq!((record.id, record.version), (id, Version::Http11));
    }
    client.say("GET /0 HTTP/1.0\r\n\r\n").await;
    client.answer().await;
    assert_eq!(harness.record().await.version, Version::Http10);
    let mut client = harness.http2().await;
    for path in ["/2", "/3"] {
        let id = client.get(path).await.id().to_owned();
        let record = harness.record().await;
        assert_eq!((record.id, record.version), (id, Version::Http2));
        assert_eq!((record.path, record.bytes_out), (path.to_owned(), 2));
    }
    assert!(harness.has_no_more_records().await);
}

#[tokio::test]
async fn an_anonymous_route_keeps_no_address_and_its_neighbour_does() {
    let mut harness = Harness::alone();
    let mut client = harness.http2().await;
    client.get("/private/x").await;
    assert_eq!(harness.record().await.client, None);
    client.get("/privately").await;
    assert!(harness.record().await.client.is_some());
}

#[tokio::test]
async fn addresses_are_kept_as_told() {
    for (keeping, kept) in [
        (AddressKeeping::Truncated, Some([127, 0, 0, 0].into())),
        (AddressKeeping::None, None),
    ] {
        let mut harness = Harness::with(([127, 0, 0, 1], 9).into(), |setting| {
            setting.addresses = keeping;
        });
        harness.http2().await.get("/").await;
        assert_eq!(harness.record().await.client, kept);
    }
}

#[tokio::test]
async fn a_client_that_leaves_is_recorded_once() {
    let app = Application::start().await;
    let mut harness = Harness::start(app.address);
    let mut client = harness.http1().await;
    client.say("GET / HTTP/1.1\r\nHost: app.test\r\n\r\n").await;
    let (mut peer, _) = app.asked().await;
    drop(client);
    assert_eq!(peer.end().await.0, b"", "the application is told");
    let record = harness.record().await;
    assert_eq!((record.status, record.outcome), (0, Outcome::ClientGone));

    let mut client = harness.http2().await;
    let asked = request("GET", "/").body(nothing()).unwrap();
    let answer = client.spawn(asked).await;
    let (mut peer, _) = app.asked().await;
    answer.abort();
    assert_eq!(peer.end().await.0, b"", "the application is told");
    let record = harness.record().await;
    assert_eq!((record.status, record.outcome), (0, Outcome::ClientGone));

    // In the middle of its answer.
    let asked = request("GET", "/").body(nothing()).unwrap();
    let answer = client.spawn(asked).await;
    let (mut peer, _) = app
        .answer_one("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nbegin")
        .await;
    drop(answer.await.unwrap().unwrap());
    assert_eq!(peer.end().await.0, b"", "the application is told");
    let record = harness.record().await;
    assert_eq!((record.status, record.outcome), (200, Outcome::ClientGone));
    assert!(harness.has_no_more_records().await);
}

#[tokio::test]
async fn a_request_under_way_at_the_end_is_recorded_too() {
    let app = Application::start().await;
    let mut harness = Harness::start(app.address);
    let mut http1 = harness.http1().await;
    http1.say("GET /1 HTTP/1.1\r\nHost: app.test\r\n\r\n").await;
    let _silent = app.asked().await;
    let mut http2 = harness.http2().await;
    let asked = request("GET", "/2").body(nothing()).unwrap();
    let _answer = http2.spawn(asked).await;
    let _silent_too = app.asked().await;
    harness.drain(std::time::Duration::ZERO).await;
    let mut paths = [harness.record().await.path, harness.record().await.path];
    paths.sort();
    assert_eq!(paths, ["/1", "/2"]);
    assert!(harness.has_no_more_records().await);
}
