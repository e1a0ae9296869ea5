//! The application as a client meets it: a real server on a free port, raw HTTP/1.1.

use std::time::Duration;

use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    task::JoinHandle,
};

use super::*;

/// Nothing here takes so long unless it hangs.
const PATIENCE: Duration = Duration::from_secs(20);

struct Server {
    address: std::net::SocketAddr,
    stop: CancellationToken,
    serving: JoinHandle<io::Result<()>>,
    folder: TempDir,
}

impl Server {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        let stop = CancellationToken::new();
        Self {
            address: listener.local_addr().unwrap(),
            serving: tokio::spawn(serve(listener, folder.path().join("up"), stop.clone())),
            stop,
            folder,
        }
    }

    async fn open(&self, request: &[u8]) -> TcpStream {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        stream.write_all(request).await.unwrap();
        stream
    }

    /// One request on a connection of its own; head and body of the answer.
    async fn ask(&self, line: &str, headers: &str, body: &[u8]) -> (String, Vec<u8>) {
        let mut request =
            format!("{line} HTTP/1.1\r\nHost: app\r\nConnection: close\r\n{headers}").into_bytes();
        if !body.is_empty() {
            request.extend_from_slice(format!("Content-Length: {}\r\n", body.len()).as_bytes());
        }
        request.extend_from_slice(b"\r\n");
        request.extend_from_slice(body);
        let mut stream = self.open(&request).await;
        let mut answer = Vec::new();
        timeout(PATIENCE, stream.read_to_end(&mut answer))
            .await
            .expect("an answer in time")
            .unwrap();
        let end = answer
            .windows(4)
            .position(|four| four == b"\r\n\r\n")
            .expect("a head");
        let head = String::from_utf8(answer[..end].to_vec()).unwrap();
        (head.to_lowercase(), answer[end + 4..].to_vec())
    }

    async fn get(&self, path: &str) -> (String, String) {
        let (head, body) = self.ask(&format!("GET {path}"), "", b"").await;
        (head, String::from_utf8(body).unwrap())
    }

    async fn post(&self, path: &str, form: &str) -> (String, String) {
        let headers = "Content-Type: application/x-www-form-urlencoded\r\nRemote-User: emma\r\n";
        let (head, body) = self
            .ask(&format!("POST {path}"), headers, form.as_bytes())
            .await;
        (head, String::from_utf8(body).unwrap())
    }

    async fn upload(&self, customer: u32, name: &str, bytes: &[u8]) -> (String, String) {
        let mut body = format!(
            "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n\r\n"
        )
        .into_bytes();
        body.extend_from_slice(bytes);
        body.extend_from_slice(b"\r\n--b--\r\n");
        let headers = "Content-Type: multipart/form-data; boundary=b\r\n";
        let path = format!("POST /customers/{customer}/files");
        let (head, body) = self.ask(&path, headers, &body).await;
        (head, String::from_utf8(body).unwrap())
    }

    fn stored(&self) -> usize {
        std::fs::read_dir(self.folder.path().join("up"))
            .unwrap()
            .count()
    }

    async fn stop(self) {
        self.stop.cancel();
        timeout(PATIENCE, self.serving)
            .await
            .expect("stops in time")
            .unwrap()
            .unwrap();
    }
}

fn status(head: &str) -> u16 {
    head.split(' ').nth(1).unwrap().parse().unwrap()
}

/// Reads up to and with `wanted`, and not a byte further.
async fn read_until(stream: &mut TcpStream, wanted: &[u8]) -> Vec<u8> {
    let mut seen = Vec::new();
    while !seen.ends_with(wanted) {
        match timeout(PATIENCE, stream.read_u8()).await {
            Ok(Ok(byte)) => seen.push(byte),
            other => panic!(
                "waited for {:?}, saw {:?}, then {other:?}",
                String::from_utf8_lossy(wanted),
                String::from_utf8_lossy(&seen)
            ),
        }
    }
    seen
}

#[tokio::test]
async fn every_page_answers_with_its_type_and_is_not_kept() {
    let server = Server::start().await;
    let check = async |path: &str, expected: u16, kind: &str, cache: &str| {
        let (head, body) = server.get(path).await;
        assert_eq!(status(&head), expected, "{path}");
        assert!(
            head.contains(&format!("content-type: {kind}")),
            "{path}: {head}"
        );
        assert!(
            head.contains(&format!("cache-control: {cache}")),
            "{path}: {head}"
        );
        assert!(!body.is_empty(), "{path}");
        let (head, body) = server.ask(&format!("HEAD {path}"), "", b"").await;
        assert_eq!(status(&head), expected, "HEAD {path}");
        assert!(body.is_empty(), "HEAD {path}");
    };
    let html = "text/html; charset=utf-8";
    check("/", 200, html, "no-store").await;
    check("/?q=brugge", 200, html, "no-store").await;
    check("/?q=%ff&q=2", 200, html, "no-store").await;
    check("/customers/1", 200, html, "no-store").await;
    check("/customers/2/notes/1", 200, html, "no-store").await;
    check("/chat", 200, html, "no-store").await;
    check("/whoami", 200, "application/json", "no-store").await;
    check("/health", 200, "text/plain", "no-store").await;
    check("/static/app.js", 200, "text/javascript", "public").await;
    check("/static/style.css", 200, "text/css", "public").await;
    check("/static/icon.svg", 200, "image/svg+xml", "public").await;
    for path in [
        "/nothing",
        "/customers/99",
        "/customers/x",
        "/customers/%ff",
        "/customers/1/notes/1",
        "/customers/1/files/7",
        "/static/../Cargo.toml",
    ] {
        check(path, 404, html, "no-store").await;
    }
    server.stop().await;
}

#[tokio::test]
async fn a_known_address_with_another_method_names_those_it_takes() {
    let server = Server::start().await;
    let (head, _) = server.ask("DELETE /customers/1", "", b"").await;
    assert_eq!(status(&head), 405);
    assert!(head.contains("allow: get,head"), "{head}");
    let (head, _) = server.get("/customers/1/notes").await;
    assert_eq!(status(&head), 405);
    assert!(head.contains("allow: post"), "{head}");
    server.stop().await;
}

#[tokio::test]
async fn a_note_is_added_changed_and_deleted_by_plain_forms() {
    let server = Server::start().await;
    let (head, _) = server
        .post("/customers/1/notes", "text=%3Cb%3Ehello%3C%2Fb%3E")
        .await;
    assert_eq!(status(&head), 303);
    assert!(head.contains("location: /customers/1#notes"), "{head}");
    let (_, page) = server.get("/customers/1").await;
    assert!(page.contains("&#60;b&#62;hello"), "{page}");
    assert!(page.contains("emma"));
    // Two sample notes came before.
    let (head, _) = server.post("/customers/1/notes/3", "text=goodbye").await;
    assert_eq!(status(&head), 303);
    let (_, page) = server.get("/customers/1").await;
    assert!(page.contains("goodbye") && !page.contains("hello"));
    let (head, _) = server.post("/customers/1/notes/3/delete", "").await;
    assert_eq!(status(&head), 303);
    assert!(server.get("/customers/1").await.1.contains("No notes yet."));
    let (head, _) = server.post("/customers/1/notes/3/delete", "").await;
    assert_eq!(status(&head), 404);
    server.stop().await;
}

#[tokio::test]
async fn a_form_that_is_not_taken_comes_back_with_the_reason() {
    let server = Server::start().await;
    let check = async |path: &str, form: &str, expected: u16, says: &str| {
        let (head, page) = server.post(path, form).await;
        assert_eq!(status(&head), expected, "{path}");
        assert!(page.contains(says), "{page}");
    };
    check("/customers/1/notes", "text=+", 422, "needs some text").await;
    check("/customers/2/notes/1", "text=+", 422, "needs some text").await;
    check("/customers/1/notes", "other=x", 422, "Not understood").await;
    let long = format!("text={}", "x".repeat(2001));
    check("/customers/1/notes", &long, 422, "at most 2000").await;
    let huge = format!("text={}", "x".repeat(70_000));
    check("/customers/1/notes", &huge, 413, "Not understood").await;
    check("/customers/99/notes", "text=x", 404, "Not found").await;
    server.stop().await;
}

#[tokio::test]
async fn identity_headers_name_the_visitor_and_whoami_repeats_what_came() {
    let server = Server::start().await;
    assert!(server.get("/").await.1.contains("visitor"));
    let headers = "Remote-User: emma\r\nRemote-Name: Emma <3\r\nRemote-Groups: staff,admins\r\n\
                   X-Request-Id: 42\r\nX-Forwarded-For: 192.0.2.7\r\nCookie: sid=secret; b=c\r\n\
                   Authorization: Bearer secret\r\n";
    let (_, page) = server.ask("GET /", headers, b"").await;
    let page = String::from_utf8(page).unwrap();
    assert!(page.contains("Signed in as") && page.contains("Emma &#60;3"));
    assert!(page.contains(">admins<"));
    let (_, body) = server.ask("GET /whoami", headers, b"").await;
    assert!(!String::from_utf8_lossy(&body).contains("secret"));
    let answer: serde_json::Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(answer["signed_in"], true);
    assert_eq!(answer["user"], "emma");
    assert_eq!(answer["groups"], serde_json::json!(["staff", "admins"]));
    assert_eq!(answer["headers"]["x-request-id"][0], "42");
    assert_eq!(answer["headers"]["x-forwarded-for"][0], "192.0.2.7");
    assert_eq!(answer["cookie_names"], serde_json::json!(["sid", "b"]));
    server.stop().await;
}

#[tokio::test]
async fn a_file_goes_in_and_comes_out_whole_or_in_part() {
    let server = Server::start().await;
    let bytes: Vec<u8> = (0..3_000_000_u32).map(|at| (at % 251) as u8).collect();
    let (head, _) = server.upload(1, "caf\u{e9}.html", &bytes).await;
    assert_eq!(status(&head), 303, "{head}");
    let (_, page) = server.get("/customers/1").await;
    assert!(page.contains("caf\u{e9}.html") && page.contains("2.9 MiB"));
    let path = "/customers/1/files/3";
    let (head, body) = server.ask(&format!("GET {path}"), "", b"").await;
    assert_eq!(status(&head), 200);
    assert!(body == bytes, "the same bytes");
    for header in [
        "content-type: application/octet-stream",
        "x-content-type-options: nosniff",
        "content-disposition: attachment; filename=\"caf_.html\"; filename*=utf-8''caf%c3%a9.html",
        "content-length: 3000000",
        "accept-ranges: bytes",
    ] {
        assert!(head.contains(header), "{header}: {head}");
    }
    let (head, body) = server
        .ask(
            &format!("GET {path}"),
            "Range: bytes=100000-299999\r\n",
            b"",
        )
        .await;
    assert_eq!(status(&head), 206);
    assert!(head.contains("content-range: bytes 100000-299999/3000000"));
    assert!(body == bytes[100_000..300_000], "the same part");
    let (head, _) = server
        .ask(&format!("GET {path}"), "Range: bytes=3000000-\r\n", b"")
        .await;
    assert_eq!(status(&head), 416);
    let (head, body) = server.ask(&format!("HEAD {path}"), "", b"").await;
    assert!(head.contains("content-length: 3000000") && body.is_empty());
    assert_eq!(server.stored(), 1);
    let (head, _) = server.post(&format!("{path}/delete"), "").await;
    assert_eq!(status(&head), 303);
    assert_eq!(server.stored(), 0);
    assert_eq!(status(&server.get(path).await.0), 404);
    server.stop().await;
}

#[tokio::test]
async fn an_upload_that_is_not_taken_leaves_nothing_behind() {
    let server = Server::start().await;
    let (head, page) = server.upload(1, "", b"").await;
    assert_eq!(status(&head), 422);
    assert!(page.contains("Choose a file first."));
    let (head, _) = server.upload(99, "a", b"a").await;
    assert_eq!(status(&head), 404);
    let (head, _) = server
        .ask(
            "POST /customers/1/files",
            "Content-Type: text/plain\r\n",
            b"x",
        )
        .await;
    assert_eq!(status(&head), 415);
    let cut = "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"f\"\r\n\r\nhalf";
    let multipart = "Content-Type: multipart/form-data; boundary=b\r\n";
    let (head, _) = server
        .ask("POST /customers/1/files", multipart, cut.as_bytes())
        .await;
    assert_eq!(status(&head), 400);
    let (head, page) = server
        .ask(
            "POST /customers/1/files",
            &format!("{multipart}Content-Length: 1200000000\r\n"),
            b"",
        )
        .await;
    assert_eq!(status(&head), 413);
    assert!(String::from_utf8_lossy(&page).contains("at most 1 GiB"));
    assert_eq!(server.stored(), 0);
    server.stop().await;
}

#[tokio::test]
async fn an_empty_file_is_a_file() {
    let server = Server::start().await;
    assert_eq!(status(&server.upload(1, "empty", b"").await.0), 303);
    let (head, body) = server.get("/customers/1/files/3").await;
    assert_eq!((status(&head), body.as_str()), (200, ""));
    server.stop().await;
}

#[tokio::test]
async fn one_connection_serves_several_requests() {
    let server = Server::start().await;
    let mut stream = server.open(b"").await;
    for _ in 0..3 {
        stream
            .write_all(b"GET /health HTTP/1.1\r\nHost: app\r\n\r\n")
            .await
            .unwrap();
        read_until(&mut stream, b"ok\n").await;
    }
    drop(stream);
    server.stop().await;
}

#[tokio::test]
async fn listeners_hear_the_clock_and_new_notes_until_the_stop() {
    let server = Server::start().await;
    let mut stream = server
        .open(b"GET /live HTTP/1.1\r\nHost: app\r\n\r\n")
        .await;
    let head = read_until(&mut stream, b"event: tick\ndata: ").await;
    let head = String::from_utf8_lossy(&head).to_lowercase();
    assert!(head.contains("content-type: text/event-stream"), "{head}");
    server.post("/customers/3/notes", "text=hello").await;
    let news = read_until(&mut stream, b"#notes").await;
    let news = String::from_utf8_lossy(&news).into_owned();
    assert!(news.contains("event: note"), "{news}");
    assert!(news.contains("Caf\u{e9} & Zonen"), "{news}");
    server.stop().await;
    // The stream ends as a whole one: with the last chunk.
    let mut rest = Vec::new();
    timeout(PATIENCE, stream.read_to_end(&mut rest))
        .await
        .unwrap()
        .unwrap();
    assert!(rest.ends_with(b"0\r\n\r\n"));
}

async fn join(server: &Server, name: &str) -> TcpStream {
    let request = format!(
        "GET /chat HTTP/1.1\r\nHost: app\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
         Remote-User: {name}\r\n\r\n"
    );
    let mut stream = server.open(request.as_bytes()).await;
    // The key and its answer are RFC 6455's own example.
    let head = read_until(&mut stream, b"\r\n\r\n").await;
    let head = String::from_utf8_lossy(&head).into_owned();
    assert!(head.contains("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="), "{head}");
    stream
}

/// A client's text frame, masked with zeros.
fn frame(text: &str) -> Vec<u8> {
    let mut frame = vec![0x81, 0x80 | u8::try_from(text.len()).unwrap(), 0, 0, 0, 0];
    frame.extend_from_slice(text.as_bytes());
    frame
}

#[tokio::test]
async fn what_one_says_in_the_chat_comes_to_all_and_to_newcomers() {
    let server = Server::start().await;
    let (mut emma, mut daan) = (join(&server, "emma").await, join(&server, "daan").await);
    emma.write_all(&frame("hello <b>")).await.unwrap();
    for stream in [&mut emma, &mut daan] {
        let seen = read_until(stream, b"hello <b>\"").await;
        assert!(String::from_utf8_lossy(&seen).contains("\"from\":\"emma\""));
    }
    let mut late = join(&server, "late").await;
    read_until(&mut late, b"hello <b>").await;
    server.stop().await;
    // Close, 1001: going away.
    read_until(&mut daan, &[0x03, 0xe9]).await;
}

#[tokio::test]
async fn the_chat_refuses_what_it_can_not_hold() {
    let server = Server::start().await;
    let mut binary = join(&server, "emma").await;
    binary.write_all(&[0x82, 0x80, 0, 0, 0, 0]).await.unwrap();
    // Close, 1003: expected text.
    read_until(&mut binary, &[0x03, 0xeb]).await;
    let mut long = join(&server, "emma").await;
    // A frame that says to be 1 MiB.
    long.write_all(&[0x81, 0xff, 0, 0, 0, 0, 0, 0x10, 0, 0, 0, 0, 0, 0])
        .await
        .unwrap();
    let mut rest = Vec::new();
    // Closed, with or without a reset: only that it ends matters.
    let _ = timeout(PATIENCE, long.read_to_end(&mut rest))
        .await
        .expect("the socket ends");
    let (head, _) = server.ask("GET /chat", "Upgrade: websocket\r\n", b"").await;
    assert!((400..500).contains(&status(&head)), "{head}");
    server.stop().await;
}

#[tokio::test]
async fn a_stop_does_not_wait_for_a_client_that_is_silent() {
    let server = Server::start().await;
    let mut half = server
        .open(
            b"POST /customers/1/files HTTP/1.1\r\nHost: app\r\nContent-Length: 9\r\n\
              Expect: 100-continue\r\nContent-Type: multipart/form-data; boundary=b\r\n\r\n",
        )
        .await;
    // The upload is being waited for now.
    read_until(&mut half, b"100 Continue\r\n\r\n").await;
    let _idle = server.open(b"").await;
    server.stop().await;
}
