use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use axum::{
    body::Body,
    routing::{get, post},
};
use http_body_util::BodyExt as _;
use seam::own::{OwnKnown, body, queue};
use terms::{ClientAddr, Language, RequestId};
use tokio::sync::{mpsc, oneshot};

use super::*;

fn request(
    method: &str,
    path: &str,
) -> (
    OwnRequest,
    mpsc::Sender<Result<Bytes, BodyCut>>,
    oneshot::Receiver<OwnAnswer>,
) {
    let (reply, answer) = oneshot::channel();
    let (sender, receiver) = body();
    let mut head = Request::new(());
    *head.method_mut() = method.parse().unwrap();
    *head.uri_mut() = path.parse().unwrap();
    let known = OwnKnown {
        id: RequestId([1; 16]),
        site: 0,
        authority: "app.test".into(),
        client: ClientAddr::new("192.0.2.1".parse().unwrap()),
        session: None,
        language: Language::En,
    };
    (
        OwnRequest {
            known,
            head,
            body: receiver,
            reply,
        },
        sender,
        answer,
    )
}

#[tokio::test]
async fn a_gibibyte_goes_up_with_a_few_chunks_in_flight() {
    const PIECES: usize = 16 * 1024;
    let (sender, receiver) = queue();
    let seen = Arc::new(AtomicUsize::new(0));
    let counted = seen.clone();
    let router = Router::new().route(
        "/up",
        post(move |mut body: Body| async move {
            while let Some(Ok(frame)) = body.frame().await {
                counted.fetch_add(
                    frame.into_data().map_or(0, |data| data.len()),
                    Ordering::SeqCst,
                );
            }
            "taken"
        }),
    );
    let serving = tokio::spawn(serve(
        receiver,
        router,
        Arc::default(),
        CancellationToken::new(),
    ));
    let (request, upload, answer) = request("POST", "/up");
    sender.send(request).unwrap();
    // The same 64 KiB again and again: what is in flight is all the memory it takes.
    let piece = Bytes::from(vec![7; CHUNK]);
    for sent in 0..PIECES {
        upload.send(Ok(piece.clone())).await.unwrap();
        let taken = seen.load(Ordering::SeqCst) / CHUNK;
        assert!(
            sent + 1 - taken <= seam::own::CHUNKS + 2,
            "{sent} sent, {taken} taken"
        );
    }
    drop(upload);
    let mut answer = answer.await.unwrap();
    assert_eq!(answer.body.recv().await, Some(Ok(Bytes::from("taken"))));
    assert_eq!(seen.load(Ordering::SeqCst), PIECES * CHUNK);
    drop(sender);
    serving.await.unwrap();
}

#[tokio::test]
async fn events_arrive_one_by_one_and_a_client_that_left_ends_them() {
    let (sender, receiver) = queue();
    let (events, source) = mpsc::channel::<Result<Bytes, BodyCut>>(1);
    let source = Arc::new(std::sync::Mutex::new(Some(source)));
    let router = Router::new().route(
        "/events",
        get(move || async move { Body::new(Upload(source.lock().unwrap().take().unwrap())) }),
    );
    tokio::spawn(serve(
        receiver,
        router,
        Arc::default(),
        CancellationToken::new(),
    ));
    let (request, upload, answer) = request("GET", "/events");
    drop(upload);
    sender.send(request).unwrap();
    let mut answer = answer.await.unwrap();
    for event in ["data: 1\n\n", "data: 2\n\n"] {
        events.send(Ok(Bytes::from(event))).await.unwrap();
        assert_eq!(answer.body.recv().await, Some(Ok(Bytes::from(event))));
    }
    drop(answer);
    events.closed().await;
}

#[tokio::test]
async fn a_client_that_left_cancels_the_handler() {
    let (sender, receiver) = queue();
    let (begun, mut begins) = mpsc::channel::<oneshot::Receiver<()>>(1);
    let router = Router::new().route(
        "/slow",
        get(move || async move {
            let (held, dropped) = oneshot::channel();
            begun.send(dropped).await.unwrap();
            let _held: oneshot::Sender<()> = held;
            std::future::pending::<&str>().await
        }),
    );
    tokio::spawn(serve(
        receiver,
        router,
        Arc::default(),
        CancellationToken::new(),
    ));
    let (request, _upload, answer) = request("GET", "/slow");
    sender.send(request).unwrap();
    let dropped = begins.recv().await.unwrap();
    drop(answer);
    assert!(dropped.await.is_err(), "the handler was dropped");
}

#[tokio::test]
async fn a_page_that_breaks_off_is_seen_as_broken() {
    let (sender, receiver) = queue();
    let router = Router::new().route(
        "/broken",
        get(|| async {
            let (sender, receiver) = body();
            sender.send(Ok(Bytes::from("half"))).await.unwrap();
            sender.send(Err(BodyCut)).await.unwrap();
            Body::new(Upload(receiver))
        }),
    );
    tokio::spawn(serve(
        receiver,
        router,
        Arc::default(),
        CancellationToken::new(),
    ));
    let (request, _upload, answer) = request("GET", "/broken");
    sender.send(request).unwrap();
    let mut answer = answer.await.unwrap();
    assert_eq!(answer.body.recv().await, Some(Ok(Bytes::from("half"))));
    assert_eq!(answer.body.recv().await, Some(Err(BodyCut)));
}

#[tokio::test]
async fn while_another_process_has_control_pages_are_read_and_nothing_is_changed() {
    let (sender, receiver) = queue();
    let router = Router::new().route("/page", get(|| async { "read" }).post(|| async { "done" }));
    let reads_only = Arc::new(AtomicBool::new(true));
    let stop = CancellationToken::new();
    tokio::spawn(serve(receiver, router, reads_only.clone(), stop));
    let ask = async |method: &str| {
        let (request, upload, answer) = request(method, "/page");
        drop(upload);
        sender.send(request).unwrap();
        answer.await.map(|answer| answer.head.status())
    };
    assert_eq!(ask("GET").await, Ok(http::StatusCode::OK));
    // The edge says 503 to whom nobody answers.
    assert!(ask("POST").await.is_err());
    reads_only.store(false, Ordering::SeqCst);
    assert_eq!(ask("POST").await, Ok(http::StatusCode::OK));
}
