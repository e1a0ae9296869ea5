//! Text leaves compressed where the client takes it, and nowhere where that tells of
//! secrets or makes anybody wait.

use compression_codecs::{
    BrotliDecoder, DecodeV2, GzipDecoder, ZstdDecoder,
    core::util::{PartialBuffer, WriteBuffer},
};
use seam::snapshot::Compression;

use super::{
    client::{nothing, request},
    harness::Harness,
    wire::{Answer, Application, Wire},
};

pub(super) fn decoded(coding: &str, body: &[u8]) -> Vec<u8> {
    let mut decoder: Box<dyn DecodeV2> = match coding {
        "gzip" => Box::new(GzipDecoder::new()),
        "br" => Box::new(BrotliDecoder::new()),
        "zstd" => Box::new(ZstdDecoder::new()),
        other => panic!("{other} isn't one of ours"),
    };
    let mut input = PartialBuffer::new(body);
    let mut plain = Vec::new();
    loop {
        let mut space = [0; 65_536];
        let mut room = WriteBuffer::new_initialized(&mut space);
        let ended = decoder.decode(&mut input, &mut room).unwrap();
        plain.extend_from_slice(room.written());
        if ended {
            return plain;
        }
        assert!(
            !room.written().is_empty() || !input.unwritten().is_empty(),
            "cut"
        );
    }
}

/// What an application answers: a type, further fields, and a text.
fn page(fields: &str, text: &str) -> String {
    format!(
        "HTTP/1.1 200 OK\r\n{fields}Content-Length: {}\r\n\r\n{text}",
        text.len()
    )
}

fn text() -> String {
    (0..2000)
        .map(|n| format!("line {n} of a long page\n"))
        .collect()
}

async fn asked(compression: Compression, ask: &str, answer: &str) -> Answer {
    let app = Application::start().await;
    let harness = Harness::with(app.address, |setting| setting.compression = compression);
    let mut client = harness.http1().await;
    client.say(format!("{ask}Host: app.test\r\n\r\n")).await;
    let _peer = app.answer_one(answer).await;
    client.answer().await
}

const PLAIN: &str = "Content-Type: text/html\r\n";
const GET: &str = "GET / HTTP/1.1\r\nAccept-Encoding: gzip, br, zstd\r\n";

#[tokio::test]
async fn text_leaves_in_the_coding_that_the_client_takes_on_both_ways() {
    let text = text();
    let fields =
        "Content-Type: text/html\r\nETag: \"a\"\r\nAccept-Ranges: bytes\r\nContent-MD5: x\r\n";
    for coding in ["gzip", "br", "zstd"] {
        let app = Application::start().await;
        let mut harness = Harness::start(app.address);
        let mut client = harness.http1().await;
        client
            .say(format!(
                "GET / HTTP/1.1\r\nHost: app.test\r\nAccept-Encoding: {coding}\r\n\r\n"
            ))
            .await;
        let (mut peer, _) = app.answer_one(page(fields, &text)).await;
        let over_http1 = client.answer().await;
        let sent = harness.record().await.bytes_out;
        assert_eq!(sent, u64::try_from(over_http1.body.len()).unwrap());
        let mut client = harness.http2().await;
        let ask = request("GET", "/").header("accept-encoding", coding);
        let ask = client.ask(ask.body(nothing()).unwrap());
        let serve = async {
            peer.head().await;
            peer.say(page(fields, &text)).await;
        };
        let (over_http2, ()) = tokio::join!(ask, serve);
        for answer in [over_http1, over_http2] {
            answer.assert_hardened();
            let check = |name, expected| assert_eq!(answer.field(name), expected, "{name}");
            check("content-encoding", Some(coding));
            check("vary", Some("accept-encoding"));
            check("etag", Some("W/\"a\""));
            check("content-length", None);
            check("accept-ranges", None);
            check("content-md5", None);
            assert!(answer.body.len() < text.len() / 4, "{}", answer.body.len());
            assert_eq!(decoded(coding, &answer.body), text.as_bytes());
        }
    }
}

#[tokio::test]
async fn what_must_not_be_compressed_leaves_as_it_is() {
    let text = text();
    let check = async |ask: &str, fields: &str| {
        let answer = asked(Compression::All, ask, &page(fields, &text)).await;
        let coding = answer.field("content-encoding");
        assert!(matches!(coding, None | Some("theirs")), "{ask} {fields}");
        assert_eq!(answer.text(), text, "{ask} {fields}");
    };
    check("GET / HTTP/1.1\r\n", PLAIN).await;
    check(
        "GET / HTTP/1.1\r\nAccept-Encoding: gzip;q=0, identity\r\n",
        PLAIN,
    )
    .await;
    check(GET, "Content-Type: image/png\r\n").await;
    check(GET, "").await;
    check(GET, "Content-Type: text/event-stream\r\n").await;
    check(
        GET,
        "Content-Type: text/html\r\nContent-Encoding: theirs\r\n",
    )
    .await;
    check(
        GET,
        "Content-Type: text/html\r\nCache-Control: private, No-Transform\r\n",
    )
    .await;
    check(
        GET,
        "Content-Type: text/html\r\nContent-Range: bytes 0-9/10\r\n",
    )
    .await;
    let short = asked(Compression::All, GET, &page(PLAIN, "short")).await;
    assert_eq!(
        (short.field("content-encoding"), short.text()),
        (None, "short")
    );
    let off = asked(Compression::Off, GET, &page(PLAIN, &text)).await;
    assert_eq!(
        (off.field("content-encoding"), off.field("vary")),
        (None, None)
    );
    // An older client would learn the length only by the end of its connection.
    let ask = GET.replace("1.1", "1.0");
    let older = asked(Compression::All, &ask, &page(PLAIN, &text)).await;
    assert_eq!(older.field("content-encoding"), None);
}

#[tokio::test]
async fn fields_without_a_body_say_that_the_body_varies() {
    let unchanged = "HTTP/1.1 304 Not Modified\r\nETag: \"a\"\r\n\r\n";
    let answer = asked(Compression::Safe, GET, unchanged).await;
    assert_eq!(
        (answer.status, answer.field("vary")),
        (304, Some("accept-encoding"))
    );
    let app = Application::start().await;
    let harness = Harness::start(app.address);
    let mut client = harness.http1().await;
    let ask = GET.replace("GET", "HEAD");
    client.say(format!("{ask}Host: app.test\r\n\r\n")).await;
    let head = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 9000\r\n\r\n";
    let _peer = app.answer_one(head).await;
    let answer = client.answer_to("HEAD").await;
    let check = |name, expected| assert_eq!(answer.field(name), expected, "{name}");
    check("vary", Some("accept-encoding"));
    check("content-encoding", None);
    check("content-length", Some("9000"));
}

#[tokio::test]
async fn where_secrets_and_input_may_meet_nothing_is_compressed_unless_chosen() {
    let text = text();
    let check = async |compression, ask: &str, fields: &str, expected: Option<&str>| {
        let ask = format!("{ask}Accept-Encoding: gzip\r\n");
        let answer = asked(compression, &ask, &page(fields, &text)).await;
        assert_eq!(answer.field("content-encoding"), expected, "{ask} {fields}");
        assert_eq!(answer.field("vary"), Some("accept-encoding"));
    };
    let (cookie, css) = (
        "GET /?q=x HTTP/1.1\r\nCookie: a=1\r\n",
        "Content-Type: text/css\r\n",
    );
    let basic = "GET / HTTP/1.1\r\nAuthorization: Basic YTpi\r\n";
    let asset = "GET /a.css HTTP/1.1\r\nCookie: a=1\r\n";
    check(Compression::Safe, cookie, PLAIN, None).await;
    check(Compression::Safe, basic, PLAIN, None).await;
    check(Compression::Safe, cookie, css, None).await;
    check(Compression::Safe, asset, css, Some("gzip")).await;
    check(
        Compression::Safe,
        "GET /?q=x HTTP/1.1\r\n",
        PLAIN,
        Some("gzip"),
    )
    .await;
    check(Compression::All, cookie, PLAIN, Some("gzip")).await;
}

/// Reads chunks until they decode to `expected`.
async fn heard<S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin>(
    client: &mut Wire<S>,
    expected: &str,
) {
    let mut decoder = GzipDecoder::new();
    let mut plain = Vec::new();
    while plain != expected.as_bytes() {
        let line = client.until(b"\r\n").await;
        let size = usize::from_str_radix(line.trim_end(), 16).unwrap();
        assert!(size > 0, "it ended");
        let chunk = client.take(size).await;
        client.take(2).await;
        let mut input = PartialBuffer::new(&chunk[..]);
        let mut space = [0; 4096];
        let mut room = WriteBuffer::new_initialized(&mut space);
        decoder.decode(&mut input, &mut room).unwrap();
        plain.extend_from_slice(room.written());
    }
}

#[tokio::test]
async fn what_has_come_is_passed_on_while_the_application_thinks() {
    let app = Application::start().await;
    let harness = Harness::start(app.address);
    let mut client = harness.http1().await;
    client
        .say("GET / HTTP/1.1\r\nHost: app.test\r\nAccept-Encoding: gzip\r\n\r\n")
        .await;
    let head =
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n";
    let (mut peer, _) = app.answer_one(format!("{head}7\r\nfirst, \r\n")).await;
    assert!(
        client
            .head()
            .await
            .contains("\r\ncontent-encoding: gzip\r\n")
    );
    heard(&mut client, "first, ").await;
    peer.say("7\r\nsecond.\r\n").await;
    let line = client.until(b"\r\n").await;
    assert_ne!(line, "0\r\n");
}

#[tokio::test]
async fn a_broken_answer_is_seen_as_broken_though_compressed() {
    let text = text();
    let cut = page(PLAIN, &text).replace("Content-Length: ", "Content-Length: 1");
    let app = Application::start().await;
    let harness = Harness::start(app.address);
    let mut client = harness.http1().await;
    client.say(format!("{GET}Host: app.test\r\n\r\n")).await;
    let (peer, _) = app.answer_one(cut.as_str()).await;
    drop(peer);
    client.head().await;
    let (body, _) = client.end().await;
    assert!(!body.ends_with(b"0\r\n\r\n"), "no last chunk");
    let mut client = harness.http2().await;
    let ask = request("GET", "/").header("accept-encoding", "br");
    let asked = client.spawn(ask.body(nothing()).unwrap()).await;
    let (peer, _) = app.answer_one(cut.as_str()).await;
    drop(peer);
    let answer = asked.await.unwrap().unwrap();
    assert!(super::client::collect(answer).await.is_err());
}
