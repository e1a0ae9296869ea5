//! `waarborg prove --target`: attacks are tried only where the target serves the token
//! that was printed. What was really sent is seen by a relay in front of the target.

use std::sync::{Arc, Mutex, PoisonError};

use rustix::process::Signal;
use serde_json::Value;
use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    task::JoinSet,
};
use waarborg_it::{
    gateway::{Gateway, waarborg},
    ground::Ground,
    program::finish,
    upstream::Liar,
};

const HOST: &str = "localhost"; // every client takes it as loopback
const TOKEN: &str = "00112233445566778899aabbccddeeff";
/// A TLS record with a handshake message; anything else is no visitor's.
const HANDSHAKE: u8 = 22;

/// Passes bytes on, and remembers how each connection began.
struct Relay {
    port: u16,
    begun: Arc<Mutex<Vec<Vec<u8>>>>,
    _serving: JoinSet<()>,
}

impl Relay {
    async fn before(gateway: &Gateway) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let port = listener.local_addr().expect("it is bound").port();
        let begun = Arc::new(Mutex::new(Vec::new()));
        let (to, seen) = (gateway.address, begun.clone());
        let mut serving = JoinSet::new();
        // The name has two addresses where there is IPv6, and drills look at each.
        let other = TcpListener::bind(("::1", port)).await.ok();
        for listener in std::iter::once(listener).chain(other) {
            let seen = seen.clone();
            serving.spawn(async move {
                let mut open = JoinSet::new();
                while let Ok((stream, _)) = listener.accept().await {
                    open.spawn(pass(stream, to, seen.clone()));
                    while open.try_join_next().is_some() {}
                }
            });
        }
        Self {
            port,
            begun,
            _serving: serving,
        }
    }

    /// The first bytes of the connections since the last time.
    fn begun(&self) -> Vec<Vec<u8>> {
        std::mem::take(&mut *self.begun.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

async fn pass(mut from: TcpStream, to: std::net::SocketAddr, seen: Arc<Mutex<Vec<Vec<u8>>>>) {
    let mut first = [0; 5];
    // Who hangs up without a word has attacked nobody.
    if matches!(from.peek(&mut first).await, Ok(count) if count > 0) {
        let mut seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.push(first.to_vec());
    }
    if let Ok(mut to) = TcpStream::connect(to).await {
        // Both ends may cut the connection.
        let _ = copy_bidirectional(&mut from, &mut to).await;
    }
}

/// One run: its exit code, its document, and what it said.
async fn prove(ground: &Ground, relay: &Relay, more: &[&str]) -> (Option<i32>, Value, String) {
    let url = format!("https://{HOST}:{}", relay.port);
    let ca = ground.ca().to_string_lossy().into_owned();
    let always = ["prove", "--target", &url, "--ca", &ca, "--json"];
    let done = finish(waarborg(ground, &[&always, more].concat())).await;
    let document = serde_json::from_str(&done.out);
    let document = document.unwrap_or_else(|error| panic!("{error}: {done:?}"));
    (done.code, document, done.err)
}

fn part<'a>(document: &'a Value, name: &str) -> &'a Value {
    let all = document["promises"].as_array().expect("reports");
    let tls = all.iter().find(|report| report["promise"] == "tls");
    let parts = tls.expect("a report of tls")["parts"].as_array();
    let found = parts.and_then(|parts| parts.iter().find(|part| part["part"] == name));
    found.unwrap_or_else(|| panic!("no part {name}: {document:#}"))
}

/// Nothing but ordinary visits was made, and what was left out is said.
fn left_out(document: &Value, relay: &Relay) {
    for name in ["versions", "no-plaintext"] {
        let part = part(document, name);
        assert_eq!(part["verdict"], "inconclusive", "{part:#}");
        assert!(part.to_string().contains("no-consent"), "{part:#}");
    }
    let begun = relay.begun();
    assert!(!begun.is_empty(), "the passive part was run");
    for first in &begun {
        assert_eq!(first[0], HANDSHAKE, "{first:?}");
    }
}

/// The target answers everything with these bytes.
async fn answers(ground: &Ground, gateway: &Gateway, says: &str) -> Liar {
    let application = Liar::start(says.as_bytes()).await;
    let before = gateway.program.lines();
    let text = ground.configuration(&[(HOST, &application.url())], "");
    ground.replace(gateway.config(), &text);
    gateway.program.signal(Signal::HUP);
    let line = "the configuration was reloaded";
    gateway.program.line_after(before, line).await;
    application
}

fn ok(body: &str) -> String {
    let length = body.len();
    format!("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: {length}\r\n\r\n{body}")
}

#[tokio::test]
async fn attacks_are_tried_only_where_the_target_serves_the_printed_token() {
    let ground = Ground::new();
    let config = ground.configure(&[(HOST, "http://127.0.0.1:9")], "");
    let gateway = Gateway::serve(&ground, &config).await;
    let relay = Relay::before(&gateway).await;

    // Without a token: one is offered, and nothing but visits is made.
    let _application = answers(&ground, &gateway, &ok("hello")).await;
    let (code, document, said) = prove(&ground, &relay, &[]).await;
    assert_eq!(code, Some(0), "{document:#}");
    assert!(said.contains("/.well-known/waarborg-prove"), "{said}");
    left_out(&document, &relay);
    let token = said.split("--token ").nth(1).map(str::trim_start);
    let token = token.and_then(|rest| rest.get(..32)).expect("a token");
    let hex = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    assert!(token.bytes().all(hex), "{said}");
    assert_ne!(token, TOKEN, "each is fresh");

    // With one that the target doesn't serve, or not as its own plain answer.
    for says in [
        ok("hello"),
        ok(TOKEN),
        ok(&format!("<p>{token}</p>")),
        ok(&format!("{token}{TOKEN}")),
        ok(&token[..31]),
        ok(&token.to_uppercase()),
        ok(token).replace("200 OK", "404 Not Found"),
        format!(
            "HTTP/1.1 302 Found\r\nLocation: https://{HOST}:{}/elsewhere\r\nContent-Length: 32\r\n\r\n{token}",
            relay.port
        ),
    ] {
        let _application = answers(&ground, &gateway, &says).await;
        let (_, document, said) = prove(&ground, &relay, &["--token", token]).await;
        assert!(said.contains("doesn't serve this token"), "{says}: {said}");
        left_out(&document, &relay);
    }
    // An empty page is no consent to an empty token.
    let _application = answers(&ground, &gateway, &ok("")).await;
    let (_, document, _) = prove(&ground, &relay, &["--token", ""]).await;
    left_out(&document, &relay);

    // The honest twin: the token is served, and everything is tried.
    let _application = answers(&ground, &gateway, &ok(&format!("{token}\n"))).await;
    let (code, document, said) = prove(&ground, &relay, &["--token", token]).await;
    assert_eq!(code, Some(0), "{document:#}");
    assert!(!said.contains("left out"), "{said}");
    for name in ["versions", "no-plaintext"] {
        let part = part(&document, name);
        assert_eq!(part["verdict"], "pass", "{part:#}");
    }
    let begun = relay.begun();
    assert!(
        begun.iter().any(|first| first.starts_with(b"GET ")),
        "{begun:?}"
    );
    let old = |first: &[u8]| first[0] & 0x80 != 0;
    assert!(
        begun.iter().any(|first| old(first)),
        "an SSL 2 hello: {begun:?}"
    );

    // The target takes it back, and no more is tried.
    let _application = answers(&ground, &gateway, &ok("gone")).await;
    let (_, document, _) = prove(&ground, &relay, &["--token", token]).await;
    left_out(&document, &relay);
    gateway.stop().await;
}
