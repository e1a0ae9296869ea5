use std::{convert::Infallible, sync::Arc};

use hyper::service::service_fn;
use terms::Micros;
use tokio::{
    io::AsyncReadExt,
    net::{TcpStream, UnixListener},
};
use tokio_rustls::TlsAcceptor;

use super::*;
use crate::{address::Special, testing};

/// 2026-11-23 and 2029-01-01; the tests' certificates live from 2026 to 2028.
const VALID: Micros = Micros(1_795_392_000_000_000);
const EXPIRED: Micros = Micros(1_861_920_000_000_000);

fn visitor(policy: AddressPolicy) -> Visitor {
    Visitor::new(Clock::manual(VALID), policy, testing::trust())
}

fn any() -> Visitor {
    visitor(AddressPolicy::Any)
}

fn url(text: &str) -> Url {
    text.parse().unwrap()
}

/// Answers with what it was asked, or as the path says.
async fn answer(
    request: http::Request<Incoming>,
) -> Result<http::Response<Full<Bytes>>, Infallible> {
    let (head, body) = request.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    let mut response = http::Response::builder();
    let query = head.uri.query().unwrap_or_default().to_owned();
    match head.uri.path() {
        "/large" => {
            return Ok(response
                .body(Full::new(vec![b'x'; 100_000].into()))
                .unwrap());
        }
        "/head" => {
            for n in 0..100 {
                response = response.header(format!("x-field-{n}"), "y".repeat(200));
            }
            return Ok(response.body(Full::default()).unwrap());
        }
        "/silent" => std::future::pending().await,
        path if path.starts_with("/to/") => {
            let status = path.trim_start_matches("/to/");
            response = response.status(status).header(header::LOCATION, query);
            return Ok(response.body(Full::default()).unwrap());
        }
        _ => {}
    }
    let host = head
        .headers
        .get(header::HOST)
        .map_or("-", |host| host.to_str().unwrap());
    let host = head
        .uri
        .authority()
        .map_or(host, http::uri::Authority::as_str);
    let cookie = head
        .headers
        .get(header::COOKIE)
        .map_or("-", |value| value.to_str().unwrap());
    let text = format!(
        "{} {host} {} cookie {cookie} body {}",
        head.method,
        head.uri.path(),
        String::from_utf8_lossy(&body)
    );
    Ok(response.body(Full::new(text.into())).unwrap())
}

async fn serve(stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static, second: bool) {
    let stream = TokioIo::new(stream);
    if second {
        let builder = hyper::server::conn::http2::Builder::new(TokioExecutor::new());
        let _ = builder.serve_connection(stream, service_fn(answer)).await;
    } else {
        let builder = hyper::server::conn::http1::Builder::new();
        let _ = builder.serve_connection(stream, service_fn(answer)).await;
    }
}

async fn secure_server(names: &[&str]) -> SocketAddr {
    let config = testing::server_config(names, &[b"h2", b"http/1.1"]);
    let acceptor = TlsAcceptor::from(config);
    testing::scripted(move |stream| {
        let acceptor = acceptor.clone();
        async move {
            if let Ok(stream) = acceptor.accept(stream).await {
                let second = stream.get_ref().1.alpn_protocol() == Some(b"h2");
                serve(stream, second).await;
            }
        }
    })
    .await
}

async fn plain_server() -> SocketAddr {
    testing::scripted(|stream| serve(stream, false)).await
}

#[tokio::test]
async fn a_visit_over_tls_tells_answer_peer_and_phases() {
    let server = secure_server(&["app.localhost"]).await;
    let target = url(&format!("https://app.localhost:{}/x?y", server.port()));
    let response = any().fetch(&Request::get(target.clone())).await.unwrap();
    assert_eq!(response.version, http::Version::HTTP_2);
    let authority = target.authority();
    assert_eq!(response.body, format!("GET {authority} /x cookie - body "));
    assert_eq!(response.door.to_string(), server.to_string());
    let peer = response.peer.unwrap();
    assert_eq!(peer.version, rustls::ProtocolVersion::TLSv1_3);
    assert_eq!(
        (peer.chain.len(), peer.alpn.as_deref()),
        (2, Some(&b"h2"[..]))
    );
    assert_ne!(peer.spki_sha256, [0; 32]);
    let phases = response.phases;
    let parts = phases.connect_us + phases.tls_us.unwrap() + phases.first_byte_us;
    assert!(phases.resolve_us.is_some());
    assert!(phases.tls_us.unwrap() > 0);
    assert!(parts <= phases.total_us, "{phases:?}");

    let first = Request {
        protocol: Protocol::Http1,
        ..Request::get(target)
    };
    let response = any().fetch(&first).await.unwrap();
    assert_eq!(response.version, http::Version::HTTP_11);
    assert_eq!(response.body, format!("GET {authority} /x cookie - body "));
}

#[tokio::test]
async fn a_certificate_that_does_not_verify_ends_the_visit_in_the_tls_phase() {
    let server = secure_server(&["app.localhost"]).await;
    let port = server.port();
    let request = Request::get(url(&format!("https://app.localhost:{port}/")));
    let check = async |visitor: Visitor, request: &Request, expected: &str| {
        let error = visitor.fetch(request).await.unwrap_err();
        assert_eq!(error.phase, Phase::Tls, "{error}");
        assert!(error.to_string().contains(expected), "{error}");
    };
    any().fetch(&request).await.unwrap();
    let other = Request::get(url(&format!("https://other.localhost:{port}/")));
    check(any(), &other, "not valid for name").await;
    let mozilla = Visitor::new(Clock::manual(VALID), AddressPolicy::Any, Trust::public());
    check(mozilla, &request, "UnknownIssuer").await;
    let late = Visitor::new(Clock::manual(EXPIRED), AddressPolicy::Any, testing::trust());
    check(late, &request, "expired").await;
    // The name in the handshake may be another than the URL's: then it is what counts.
    let entrance = Entrance {
        server_name: Some("app.localhost".parse().unwrap()),
        ..Entrance::default()
    };
    any().fetch(&Request { entrance, ..other }).await.unwrap();
}

#[tokio::test]
async fn a_failure_names_its_phase() {
    let check = async |target: String, phase| {
        let limits = Limits {
            total: Duration::from_millis(500),
            ..Limits::default()
        };
        let request = Request {
            limits,
            ..Request::get(url(&target))
        };
        let error = any().fetch(&request).await.unwrap_err();
        assert_eq!(error.phase, phase, "{error}");
        error
    };
    let silent = testing::scripted(|mut stream: TcpStream| async move {
        let _ = tokio::io::copy(&mut stream, &mut tokio::io::sink()).await;
    })
    .await;
    let error = check(format!("https://{silent}/"), Phase::Tls).await;
    assert!(matches!(error.cause, Cause::Deadline(_)));
    check(format!("http://{silent}/"), Phase::Head).await;
    let server = plain_server().await;
    check(format!("http://{server}/silent"), Phase::Head).await;
    check(format!("https://{server}/"), Phase::Tls).await;
    let cutting = testing::scripted(|mut stream: TcpStream| async move {
        let mut request = [0; 1024];
        let _ = stream.read(&mut request).await;
        let _ = stream
            .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf")
            .await;
    })
    .await;
    check(format!("http://{cutting}/"), Phase::Body).await;
    let garbage = testing::scripted(|mut stream: TcpStream| async move {
        let mut request = [0; 1024];
        let _ = stream.read(&mut request).await;
        let _ = stream.write_all(b"SSH-2.0-x\r\n\r\n").await;
    })
    .await;
    check(format!("http://{garbage}/"), Phase::Head).await;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let free = listener.local_addr().unwrap();
    drop(listener);
    let error = check(format!("http://{free}/"), Phase::Connect).await;
    assert!(error.is_connection_refused());
}

#[tokio::test]
async fn a_long_body_is_cut_off_and_a_long_head_refused() {
    let server = plain_server().await;
    let get = |path, limits| Request {
        limits,
        ..Request::get(url(&format!("http://{server}{path}")))
    };
    let small = Limits {
        body: 1000,
        head: 8192,
        ..Limits::default()
    };
    let cut = any().fetch(&get("/large", small)).await.unwrap();
    assert_eq!((cut.body.len(), cut.truncated), (1000, true));
    let whole = any()
        .fetch(&get("/large", Limits::default()))
        .await
        .unwrap();
    assert_eq!((whole.body.len(), whole.truncated), (100_000, false));
    let exact = Limits {
        body: 100_000,
        ..small
    };
    assert!(!any().fetch(&get("/large", exact)).await.unwrap().truncated);

    let error = any().fetch(&get("/head", small)).await.unwrap_err();
    assert_eq!(error.phase, Phase::Head, "{error}");
    let few = Limits {
        fields: 50,
        ..Limits::default()
    };
    assert_eq!(
        any().fetch(&get("/head", few)).await.unwrap_err().phase,
        Phase::Head
    );
    let response = any().fetch(&get("/head", Limits::default())).await.unwrap();
    assert!(response.headers.len() >= 100);
}

#[tokio::test]
async fn a_redirect_is_an_answer_unless_following_is_asked_for() {
    let server = plain_server().await;
    let start = url(&format!("http://{server}/to/302?/end"));
    let request = Request::get(start);
    assert_eq!(any().fetch(&request).await.unwrap().status, 302);
    let followed = any()
        .fetch(&Request {
            redirects: 1,
            ..request
        })
        .await
        .unwrap();
    assert_eq!(followed.url, url(&format!("http://{server}/end")));
    let endless = Request::get(url(&format!("http://{server}/to/307?/to/307?/to/307")));
    let error = any()
        .fetch(&Request {
            redirects: 1,
            ..endless
        })
        .await
        .unwrap_err();
    assert!(matches!(error.cause, Cause::TooManyRedirects(1)), "{error}");
}

#[tokio::test]
async fn a_redirect_to_a_private_address_is_refused_though_the_first_host_was_named() {
    let server = plain_server().await;
    let named = AddressPolicy::Public {
        named: vec!["named.localhost".parse().unwrap()],
    };
    let start = format!("http://named.localhost:{}", server.port());
    for inner in [
        format!("http://{server}/"),
        format!("http://[::ffff:127.0.0.1]:{}/", server.port()),
        format!("http://other.localhost:{}/", server.port()),
        "http://169.254.169.254/latest/meta-data".to_owned(),
        "http://[fd00::1]/".to_owned(),
        "http://[64:ff9b::a00:1]/".to_owned(),
    ] {
        let request = Request {
            redirects: 3,
            ..Request::get(url(&format!("{start}/to/302?{inner}")))
        };
        let error = visitor(named.clone()).fetch(&request).await.unwrap_err();
        assert_eq!(error.phase, Phase::Resolve, "{error}");
        assert!(matches!(error.cause, Cause::NotAdmitted { .. }), "{error}");
    }
    let within = Request {
        redirects: 3,
        ..Request::get(url(&format!("{start}/to/302?/end")))
    };
    assert_eq!(visitor(named).fetch(&within).await.unwrap().status, 200);
    let direct = visitor(AddressPolicy::public())
        .fetch(&within)
        .await
        .unwrap_err();
    assert!(matches!(
        direct.cause,
        Cause::NotAdmitted {
            special: Special::Loopback,
            ..
        }
    ));
}

#[tokio::test]
async fn secrets_and_bodies_do_not_leave_their_origin() {
    let (here, there) = (plain_server().await, plain_server().await);
    let cookie: HeaderMap = [(header::COOKIE, HeaderValue::from_static("secret"))]
        .into_iter()
        .collect();
    let post = |status: u16, to: SocketAddr| Request {
        headers: cookie.clone(),
        body: Bytes::from_static(b"data"),
        redirects: 1,
        ..Request::new(
            Method::POST,
            url(&format!("http://{here}/to/{status}?http://{to}/end")),
        )
    };
    let body = async |request| any().fetch(&request).await.unwrap().body;
    assert_eq!(
        body(post(307, here)).await,
        format!("POST {here} /end cookie secret body data")
    );
    assert_eq!(
        body(post(303, here)).await,
        format!("GET {here} /end cookie secret body ")
    );
    assert_eq!(
        body(post(303, there)).await,
        format!("GET {there} /end cookie - body ")
    );
    let error = any().fetch(&post(307, there)).await.unwrap_err();
    assert!(matches!(error.cause, Cause::BodyElsewhere(_)), "{error}");

    let secure = secure_server(&["app.localhost"]).await;
    let downgrade = format!(
        "https://app.localhost:{}/to/301?http://{here}/",
        secure.port()
    );
    let request = Request {
        redirects: 1,
        ..Request::get(url(&downgrade))
    };
    let error = any().fetch(&request).await.unwrap_err();
    assert!(matches!(error.cause, Cause::Downgrade(_)), "{error}");
}

#[tokio::test]
async fn a_drill_enters_by_a_unix_socket_as_another_client() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("proxy.sock");
    let listener = UnixListener::bind(&path).unwrap();
    let acceptor = TlsAcceptor::from(Arc::clone(&testing::server_config(&["app.example"], &[])));
    let server = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut header = [0; 28];
        stream.read_exact(&mut header).await.unwrap();
        serve(acceptor.accept(stream).await.unwrap(), false).await;
        header
    });
    let (source, target) = (
        "203.0.113.5:9".parse().unwrap(),
        "198.51.100.1:443".parse().unwrap(),
    );
    let request = Request {
        entrance: Entrance {
            door: Some(Door::Unix(path)),
            announce: Some((source, target)),
            server_name: None,
        },
        ..Request::get(url("https://app.example/in"))
    };
    // No public name is resolved, no policy asked: the door was given.
    let response = visitor(AddressPolicy::public())
        .fetch(&request)
        .await
        .unwrap();
    assert_eq!(response.body, "GET app.example /in cookie - body ");
    assert_eq!(response.phases.resolve_us, None);
    assert_eq!(server.await.unwrap().to_vec(), proxy_v2(source, target));
}

#[tokio::test]
async fn bytes_that_no_library_sends_go_over_an_opened_connection() {
    let server = secure_server(&["app.localhost"]).await;
    let target = url(&format!("https://app.localhost:{}/", server.port()));
    let limit = Duration::from_secs(10);
    let mut opened = any()
        .open(&target, &Entrance::default(), &[b"http/1.1"], limit)
        .await
        .unwrap();
    let limits = crate::raw::Limits {
        bytes: 12,
        deadline: limit,
    };
    let smuggled = b"GET / HTTP/1.1\r\nhost: a\r\nhost : b\r\n\r\n";
    let answer = crate::raw::converse(&mut opened.stream, smuggled, limits, |_| false).await;
    let crate::raw::Answer::Answered { bytes, .. } = answer else {
        panic!("hyper answers: {answer:?}");
    };
    assert_eq!(bytes, "HTTP/1.1 400");
}

#[tokio::test]
async fn a_request_is_repeated_over_one_connection_and_over_another_once_that_is_over() {
    use std::sync::atomic::{AtomicU32, Ordering};

    use tokio::io::AsyncWriteExt as _;

    let connections = Arc::new(AtomicU32::new(0));
    let counted = connections.clone();
    // Two answers on each connection, the second of which is the last.
    let address = testing::scripted(move |mut stream| {
        counted.fetch_add(1, Ordering::SeqCst);
        async move {
            for end in ["", "Connection: close\r\n"] {
                let mut head = Vec::new();
                while !head.ends_with(b"\r\n\r\n") {
                    if !matches!(stream.read_buf(&mut head).await, Ok(count) if count > 0) {
                        return;
                    }
                }
                let answer =
                    format!("HTTP/1.1 404 So\r\n{end}X-Seen: yes\r\nContent-Length: 2\r\n\r\nok");
                stream.write_all(answer.as_bytes()).await.unwrap();
            }
        }
    })
    .await;
    let request = Request::get(url(&format!("http://{address}/x")));
    let mut repeated = any().repeat(request);
    for _ in 0..5 {
        let (status, fields) = repeated.again().await.unwrap();
        assert_eq!(status, 404);
        assert_eq!(fields["x-seen"], "yes");
    }
    assert_eq!(connections.load(Ordering::SeqCst), 3);
    let nobody = url("http://127.0.0.1:1/");
    let error = any().repeat(Request::get(nobody)).again().await;
    assert_eq!(error.unwrap_err().phase, Phase::Connect);
}
