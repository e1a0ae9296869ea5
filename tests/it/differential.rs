//! Raw requests to ours and to Debian's nginx as proxies, and to hyper itself: whatever
//! ours accepts is read alike by all of them, and what nginx refuses ours refuses too.

use serde_json::Value;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};
use visitor::http::Duplex;
use waarborg_it::{
    gateway::Gateway,
    ground::Ground,
    in_time,
    program::{Program, command},
    tools,
    upstream::Upstream,
};

const HOST: &str = "app.example.test";

/// Requests by a name. `@` stands for the host; every request ends its connection.
const REQUESTS: &[(&str, &[u8])] = &[
    ("plain", b"GET / HTTP/1.1\r\nHost: @\r\nConnection: close\r\n\r\n"),
    ("path and query", b"GET /a/b?c=d&e=%20 HTTP/1.1\r\nHost: @\r\nConnection: close\r\n\r\n"),
    ("percent kept", b"GET /a/%2e%2E/%41 HTTP/1.1\r\nHost: @\r\nConnection: close\r\n\r\n"),
    ("two slashes", b"GET //a//b HTTP/1.1\r\nHost: @\r\nConnection: close\r\n\r\n"),
    ("empty query", b"GET /a? HTTP/1.1\r\nHost: @\r\nConnection: close\r\n\r\n"),
    ("two question marks", b"GET /a?b?c HTTP/1.1\r\nHost: @\r\nConnection: close\r\n\r\n"),
    ("absolute form", b"GET http://@/a?b HTTP/1.1\r\nHost: @\r\nConnection: close\r\n\r\n"),
    ("absolute form of another host", b"GET http://other.example.test/ HTTP/1.1\r\nHost: @\r\nConnection: close\r\n\r\n"),
    ("options star", b"OPTIONS * HTTP/1.1\r\nHost: @\r\nConnection: close\r\n\r\n"),
    ("star for get", b"GET * HTTP/1.1\r\nHost: @\r\nConnection: close\r\n\r\n"),
    ("lower-case method", b"get / HTTP/1.1\r\nHost: @\r\nConnection: close\r\n\r\n"),
    ("method of webdav", b"PROPFIND /a HTTP/1.1\r\nHost: @\r\nDepth: 0\r\nConnection: close\r\n\r\n"),
    ("length", b"POST / HTTP/1.1\r\nHost: @\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello"),
    ("length of nothing", b"POST / HTTP/1.1\r\nHost: @\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"),
    ("length with zeros", b"POST / HTTP/1.1\r\nHost: @\r\nContent-Length: 005\r\nConnection: close\r\n\r\nhello"),
    ("chunks", b"POST / HTTP/1.1\r\nHost: @\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n5\r\nhello\r\n3\r\n you\r\n0\r\n\r\n"),
    ("chunks in capitals", b"POST / HTTP/1.1\r\nHost: @\r\nTransfer-Encoding: CHUNKED\r\nConnection: close\r\n\r\nA\r\n0123456789\r\n0\r\n\r\n"),
    ("chunk with extension", b"POST / HTTP/1.1\r\nHost: @\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n5;a=b\r\nhello\r\n0\r\n\r\n"),
    ("chunks with trailer", b"POST / HTTP/1.1\r\nHost: @\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n5\r\nhello\r\n0\r\nX-Sum: 1\r\n\r\n"),
    ("get with a body", b"GET / HTTP/1.1\r\nHost: @\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello"),
    ("value with tabs and spaces", b"GET / HTTP/1.1\r\nHost: @\r\nX-A:  \t b c \t \r\nConnection: close\r\n\r\n"),
    ("value in UTF-8", b"GET / HTTP/1.1\r\nHost: @\r\nX-A: \xc3\xa9\r\nConnection: close\r\n\r\n"),
    ("empty value", b"GET / HTTP/1.1\r\nHost: @\r\nX-A:\r\nConnection: close\r\n\r\n"),
    ("version 1.0", b"GET / HTTP/1.0\r\nHost: @\r\n\r\n"),
    ("empty line first", b"\r\nGET / HTTP/1.1\r\nHost: @\r\nConnection: close\r\n\r\n"),
    ("host in capitals", b"GET / HTTP/1.1\r\nHost: APP.EXAMPLE.TEST\r\nConnection: close\r\n\r\n"),
    ("connection names a field", b"GET / HTTP/1.1\r\nHost: @\r\nX-Hop: 1\r\nConnection: close, X-Hop\r\n\r\n"),
    ("no host", b"GET / HTTP/1.1\r\nConnection: close\r\n\r\n"),
    ("two hosts", b"GET / HTTP/1.1\r\nHost: @\r\nHost: other.example.test\r\nConnection: close\r\n\r\n"),
    ("host twice the same", b"GET / HTTP/1.1\r\nHost: @\r\nHost: @\r\nConnection: close\r\n\r\n"),
    ("host with a space", b"GET / HTTP/1.1\r\nHost: app example\r\nConnection: close\r\n\r\n"),
    ("host with a slash", b"GET / HTTP/1.1\r\nHost: @/x\r\nConnection: close\r\n\r\n"),
    ("two lengths", b"POST / HTTP/1.1\r\nHost: @\r\nContent-Length: 5\r\nContent-Length: 6\r\nConnection: close\r\n\r\nhello"),
    ("two equal lengths", b"POST / HTTP/1.1\r\nHost: @\r\nContent-Length: 5\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello"),
    ("length as a list", b"POST / HTTP/1.1\r\nHost: @\r\nContent-Length: 5, 5\r\nConnection: close\r\n\r\nhello"),
    ("signed length", b"POST / HTTP/1.1\r\nHost: @\r\nContent-Length: +5\r\nConnection: close\r\n\r\nhello"),
    ("negative length", b"POST / HTTP/1.1\r\nHost: @\r\nContent-Length: -5\r\nConnection: close\r\n\r\nhello"),
    ("length in hex", b"POST / HTTP/1.1\r\nHost: @\r\nContent-Length: 0x5\r\nConnection: close\r\n\r\nhello"),
    ("length past any number", b"POST / HTTP/1.1\r\nHost: @\r\nContent-Length: 99999999999999999999\r\nConnection: close\r\n\r\nhello"),
    ("length and chunks", b"POST / HTTP/1.1\r\nHost: @\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n0\r\n\r\n"),
    ("chunked twice", b"POST / HTTP/1.1\r\nHost: @\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n0\r\n\r\n"),
    ("identity coding", b"POST / HTTP/1.1\r\nHost: @\r\nTransfer-Encoding: identity\r\nConnection: close\r\n\r\n"),
    ("gzip, chunked", b"POST / HTTP/1.1\r\nHost: @\r\nTransfer-Encoding: gzip, chunked\r\nConnection: close\r\n\r\n0\r\n\r\n"),
    ("chunked, then more", b"POST / HTTP/1.1\r\nHost: @\r\nTransfer-Encoding: chunked, gzip\r\nConnection: close\r\n\r\n0\r\n\r\n"),
    ("coding with a tab", b"POST / HTTP/1.1\r\nHost: @\r\nTransfer-Encoding: \x0bchunked\r\nConnection: close\r\n\r\n0\r\n\r\n"),
    ("chunks in version 1.0", b"POST / HTTP/1.0\r\nHost: @\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
    ("chunk size in nonsense", b"POST / HTTP/1.1\r\nHost: @\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\nzz\r\nhello\r\n0\r\n\r\n"),
    ("chunk size with 0x", b"POST / HTTP/1.1\r\nHost: @\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n0x5\r\nhello\r\n0\r\n\r\n"),
    ("chunk size past any number", b"POST / HTTP/1.1\r\nHost: @\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\nfffffffffffffffff\r\nhello\r\n0\r\n\r\n"),
    ("chunk longer than told", b"POST / HTTP/1.1\r\nHost: @\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n3\r\nhello\r\n0\r\n\r\n"),
    ("space before the colon", b"GET / HTTP/1.1\r\nHost: @\r\nX-A : b\r\nConnection: close\r\n\r\n"),
    ("line folded", b"GET / HTTP/1.1\r\nHost: @\r\nX-A: b\r\n c\r\nConnection: close\r\n\r\n"),
    ("field without a colon", b"GET / HTTP/1.1\r\nHost: @\r\nnonsense\r\nConnection: close\r\n\r\n"),
    ("field without a name", b"GET / HTTP/1.1\r\nHost: @\r\n: b\r\nConnection: close\r\n\r\n"),
    ("field with NUL", b"GET / HTTP/1.1\r\nHost: @\r\nX-A: b\0c\r\nConnection: close\r\n\r\n"),
    ("name with NUL", b"GET / HTTP/1.1\r\nHost: @\r\nX\0A: b\r\nConnection: close\r\n\r\n"),
    ("bare CR in a value", b"GET / HTTP/1.1\r\nHost: @\r\nX-A: b\rc\r\nConnection: close\r\n\r\n"),
    ("bare LF line ends", b"GET / HTTP/1.1\nHost: @\nConnection: close\n\n"),
    ("space in the path", b"GET /a b HTTP/1.1\r\nHost: @\r\nConnection: close\r\n\r\n"),
    ("control in the path", b"GET /a\x01b HTTP/1.1\r\nHost: @\r\nConnection: close\r\n\r\n"),
    ("NUL in the path", b"GET /a\0b HTTP/1.1\r\nHost: @\r\nConnection: close\r\n\r\n"),
    ("path that leaves the root", b"GET /../../etc/passwd HTTP/1.1\r\nHost: @\r\nConnection: close\r\n\r\n"),
    ("path without a slash", b"GET a HTTP/1.1\r\nHost: @\r\nConnection: close\r\n\r\n"),
    ("fragment", b"GET /a#b HTTP/1.1\r\nHost: @\r\nConnection: close\r\n\r\n"),
    ("two spaces", b"GET  / HTTP/1.1\r\nHost: @\r\nConnection: close\r\n\r\n"),
    ("version 0.9", b"GET /\r\n\r\n"),
    ("version 1.2", b"GET / HTTP/1.2\r\nHost: @\r\nConnection: close\r\n\r\n"),
    ("version 3.0", b"GET / HTTP/3.0\r\nHost: @\r\nConnection: close\r\n\r\n"),
    ("version in lower case", b"GET / http/1.1\r\nHost: @\r\nConnection: close\r\n\r\n"),
    ("connect", b"CONNECT @:443 HTTP/1.1\r\nHost: @:443\r\nConnection: close\r\n\r\n"),
    ("method with a control", b"G\x01T / HTTP/1.1\r\nHost: @\r\nConnection: close\r\n\r\n"),
    ("colon first", b": / HTTP/1.1\r\nHost: @\r\nConnection: close\r\n\r\n"),
];

/// What nginx 1.22 refuses and ours takes, each with its reason.
const TAKEN_BY_US: &[(&str, &str)] = &[
    (
        "path that leaves the root",
        "nginx maps paths to files; ours maps none and passes it on as it stands",
    ),
    (
        "options star",
        "asks about the server as a whole (RFC 9112 section 3.2.4); nginx 1.22 knows no such target",
    ),
    (
        "lower-case method",
        "methods are tokens in any case (RFC 9110 section 9.1): the application's to judge",
    ),
];

/// Where ours and another read something differently on purpose, each with its reason.
const READ_OTHERWISE: &[(&str, &str)] = &[(
    "connection names a field",
    "it ends here (RFC 9110 section 7.6.1); nginx passes it on, hyper is where it ends",
)];

async fn converse(stream: &mut (impl Duplex + ?Sized), bytes: &[u8]) -> Option<u16> {
    if stream.write_all(bytes).await.is_err() {
        return None;
    }
    let mut answer = Vec::new();
    // A cut connection ends the answer as well.
    let _ = in_time("the answer ends", stream.read_to_end(&mut answer)).await;
    let text = String::from_utf8_lossy(&answer).into_owned();
    // 100 Continue isn't the answer.
    let last = text
        .split("\r\n\r\n")
        .find(|head| !head.starts_with("HTTP/1.1 1"))?;
    last.strip_prefix("HTTP/1.")?
        .split(' ')
        .nth(1)?
        .parse()
        .ok()
}

/// The parts of a request that must be read alike.
fn essence(heard: &Value) -> Value {
    let fields = heard["fields"].as_array().cloned().unwrap_or_default();
    let of = |name: &str| -> Vec<Value> {
        fields
            .iter()
            .filter(|field| field[0] == name)
            .map(|field| field[1].clone())
            .collect()
    };
    let host = of("host")
        .iter()
        .filter_map(Value::as_str)
        .map(str::to_ascii_lowercase)
        .collect::<Vec<_>>();
    // hyper gives a target in absolute form whole.
    let target = heard["target"].as_str().unwrap_or_default();
    let target = target
        .strip_prefix(&format!("http://{HOST}"))
        .unwrap_or(target);
    serde_json::json!({
        "method": heard["method"], "target": target, "host": host,
        "body": heard["body"], "length": heard["length"], "x-a": of("x-a"), "x-hop": of("x-hop"),
    })
}

async fn nginx(ground: &Ground, upstream: &Upstream) -> (Program, u16) {
    let port = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
        listener.local_addr().expect("it is bound").port()
    };
    let folder = ground.path("nginx");
    std::fs::create_dir(&folder).expect("a writable folder");
    let at = folder.display();
    let config = format!(
        "daemon off; pid {at}/pid; error_log stderr notice; worker_processes 1; events {{ worker_connections 64; }}\n\
         http {{ access_log off; client_body_temp_path {at}/b; proxy_temp_path {at}/p; fastcgi_temp_path {at}/f;\n\
         uwsgi_temp_path {at}/u; scgi_temp_path {at}/s;\n\
         server {{ listen 127.0.0.1:{port}; location / {{ proxy_pass http://{}; proxy_http_version 1.1;\n\
         proxy_set_header Host $http_host; proxy_set_header Connection \"\"; }} }} }}\n",
        upstream.address
    );
    let file = ground.write("nginx.conf", &config);
    let mut nginx = command(tools::nginx());
    nginx.arg("-c").arg(file).arg("-p").arg(&folder);
    let nginx = Program::start("nginx", nginx);
    nginx.line("start worker process ").await;
    (nginx, port)
}

#[tokio::test]
async fn what_ours_accepts_is_read_alike_by_nginx_and_hyper_and_what_nginx_refuses_is_refused() {
    let ground = Ground::new();
    let (behind_ours, behind_nginx, hyper) = (
        Upstream::start().await,
        Upstream::start().await,
        Upstream::start().await,
    );
    let config = ground.configure(&[(HOST, &behind_ours.url())], "");
    let gateway = Gateway::serve(&ground, &config).await;
    let (_nginx, port) = nginx(&ground, &behind_nginx).await;
    assert!(REQUESTS.len() >= 40);
    let mut wrong = Vec::new();
    let (mut accepted, mut stricter) = (0, Vec::new());
    for (name, bytes) in REQUESTS {
        let bytes: Vec<u8> = bytes
            .iter()
            .flat_map(|byte| {
                if *byte == b'@' {
                    HOST.as_bytes()
                } else {
                    std::slice::from_ref(byte)
                }
            })
            .copied()
            .collect();
        let ours = converse(&mut *gateway.tls(HOST).await, &bytes).await;
        let mut plain = TcpStream::connect(("127.0.0.1", port))
            .await
            .expect("nginx listens");
        let theirs = converse(&mut plain, &bytes).await;
        let mut direct = TcpStream::connect(hyper.address)
            .await
            .expect("hyper listens");
        let directly = converse(&mut direct, &bytes).await;
        let [by_us, by_nginx, by_hyper] =
            [&behind_ours, &behind_nginx, &hyper].map(|upstream| upstream.heard());
        println!("{name}: ours {ours:?}, nginx {theirs:?}, hyper {directly:?}");
        if by_us.len() > 1 {
            wrong.push(format!("{name}: ours made {} requests of one", by_us.len()));
        }
        let Some(us) = by_us.first() else {
            if ours.is_none_or(|status| status < 400) {
                wrong.push(format!("{name}: neither passed on nor refused: {ours:?}"));
            }
            if !by_nginx.is_empty() {
                stricter.push(*name);
            }
            continue;
        };
        accepted += 1;
        let excused = |list: &[(&str, &str)]| list.iter().any(|(excused, _)| excused == name);
        if theirs == Some(400) && !excused(TAKEN_BY_US) {
            wrong.push(format!("{name}: nginx refuses it, ours passed it on: {us}"));
        }
        for (who, heard) in [("nginx", by_nginx), ("hyper", by_hyper)] {
            if let Some(heard) = heard.first()
                && essence(us) != essence(heard)
                && !excused(READ_OTHERWISE)
            {
                wrong.push(format!(
                    "{name}: ours {}\n    {who} {}",
                    essence(us),
                    essence(heard)
                ));
            }
        }
    }
    println!(
        "{accepted} of {} accepted; ours refuses what nginx takes: {stricter:?}",
        REQUESTS.len()
    );
    for (name, _) in TAKEN_BY_US.iter().chain(READ_OTHERWISE) {
        assert!(
            REQUESTS.iter().any(|(known, _)| known == name),
            "{name} is no request any more"
        );
    }
    assert!(accepted >= 20, "the honest ones are accepted");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
