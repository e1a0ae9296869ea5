//! Applications that speak HTTP/2 over TLS, by servers that nobody here wrote: nginx and
//! Hypercorn.

use http::Method;
use waarborg_it::{
    free_port,
    gateway::{Gateway, text},
    ground::Ground,
    nginx::Nginx,
    program::{Program, command},
    tools,
};

const HOST: &str = "app.example.test";
const ROOTS: &str = "[tls]\nupstream_ca = \"ca.pem\"";

#[tokio::test]
async fn nginx_is_spoken_to_in_http2_and_loses_nothing_when_it_ends_connections() {
    let ground = Ground::new();
    let large = "0123456789abcdef".repeat(1 << 16);
    ground.write("large.txt", &large);
    // It leaves each connection after fifty requests, whatever was asked beyond them.
    let server = format!(
        "keepalive_requests 50;\nroot {};\n\
         location /told {{ return 200 \"$server_protocol $request_method $args\"; }}\n\
         location /none {{ return 204; }}",
        ground.path("").display()
    );
    let nginx = Nginx::application(&ground, &server).await;
    let url = format!("https://localhost:{}", nginx.port);
    let config = ground.configure(&[(HOST, &url)], ROOTS);
    let gateway = Gateway::serve(&ground, &config).await;

    let mut asking = Vec::new();
    for number in 0..200 {
        let method = if number % 2 == 0 {
            Method::GET
        } else {
            Method::POST
        };
        let mut request = gateway.request(method.clone(), HOST, &format!("/told?{number}"));
        if method == Method::POST {
            request.body = "a body".into();
        }
        let expected = format!("HTTP/2.0 {method} {number}");
        let visitor = gateway.visitor();
        asking.push(tokio::spawn(async move {
            let told = visitor.fetch(&request).await;
            let told = told.unwrap_or_else(|error| panic!("{expected}: {error}"));
            assert_eq!((told.status.as_u16(), text(&told.body)), (200, &*expected));
        }));
    }
    for asked in asking {
        asked.await.expect("each is answered, none twice");
    }

    let whole = gateway.get(HOST, "/large.txt").await;
    assert!(text(&whole.body) == large, "1 MiB over HTTP/1.1");
    let whole = gateway.get2(HOST, "/large.txt").await;
    assert!(text(&whole.body) == large, "1 MiB over HTTP/2");
    let tag = whole.headers["etag"].clone();
    let mut request = gateway.request(Method::GET, HOST, "/large.txt");
    request.headers.insert("if-none-match", tag);
    let unchanged = gateway.fetch(&request).await;
    assert_eq!((unchanged.status.as_u16(), unchanged.body.len()), (304, 0));
    let mut request = gateway.request(Method::GET, HOST, "/large.txt");
    let range = "bytes=16-31".parse().expect("a value");
    request.headers.insert("range", range);
    let part = gateway.fetch(&request).await;
    assert_eq!(
        (part.status.as_u16(), text(&part.body)),
        (206, "0123456789abcdef")
    );
    let head = gateway
        .fetch(&gateway.request(Method::HEAD, HOST, "/large.txt"))
        .await;
    assert_eq!(head.headers["content-length"], "1048576");
    assert_eq!(gateway.get2(HOST, "/none").await.status, 204);
    gateway.stop().await;
}

#[tokio::test]
async fn hypercorn_is_spoken_to_in_http2_and_its_websockets_in_what_the_way_allows() {
    for (secured, socket) in [(true, "1.1 hello"), (false, "2 hello")] {
        hypercorn(secured, socket).await;
    }
}

async fn hypercorn(secured: bool, socket: &str) {
    let ground = Ground::new();
    let leaf = ground.leaf(&["localhost"]);
    let port = free_port().await;
    let mut hypercorn = command(tools::http2("hypercorn"));
    if secured {
        hypercorn.arg("--certfile").arg(&leaf.certificate);
        hypercorn.arg("--keyfile").arg(&leaf.key);
    }
    hypercorn
        .args(["--bind", &format!("127.0.0.1:{port}"), "asgi:app"])
        .current_dir(tools::repository().join("judges"))
        .env("PYTHONDONTWRITEBYTECODE", "1");
    let hypercorn = Program::start("hypercorn", hypercorn);
    hypercorn.line("Running on").await;
    let url = if secured {
        format!("https://localhost:{port}")
    } else {
        format!("h2c://127.0.0.1:{port}")
    };
    let config = ground.configure(&[(HOST, &url)], ROOTS);
    let gateway = Gateway::serve(&ground, &config).await;
    for protocol in ["--http1.1", "--http2"] {
        let body = "x".repeat(300_000);
        let body = ground.write("body", &body);
        let sent = format!("@{}", body.display());
        let done = gateway
            .curl(&[
                protocol,
                "-D",
                "-",
                "--data-binary",
                &sent,
                &format!("https://{HOST}/echo"),
            ])
            .await
            .good();
        assert!(done.out.contains("\"version\": \"2\""), "{}", done.out);
        assert!(done.out.ends_with(&"x".repeat(300_000)), "{protocol}");
    }
    assert_eq!(gateway.get(HOST, "/empty").await.status, 204);
    assert_eq!(gateway.get2(HOST, "/").await.body.len(), 6000);
    let mut check = command(tools::python("python"));
    check
        .arg("-c")
        .arg(SOCKET)
        .args([HOST, &gateway.port().to_string()])
        .arg(ground.ca());
    let judged = waarborg_it::program::finish(check).await.good();
    assert_eq!(judged.out.trim(), socket);
    gateway.stop().await;
}

/// One message by the library `websockets`, and its echo.
const SOCKET: &str = r#"
import socket, ssl, sys
from websockets.sync.client import connect
host, port, ca = sys.argv[1:]
trust = ssl.create_default_context(cafile=ca)
way = socket.create_connection(("127.0.0.1", int(port)))
with connect(f"wss://{host}/", sock=way, ssl=trust, server_hostname=host) as messages:
    messages.send("hello")
    print(messages.recv())
"#;
