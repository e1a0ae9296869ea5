use std::net::SocketAddr;

use http::StatusCode;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
    sync::{mpsc, oneshot},
};
use visitor::{Cause, Phase, address::Special, raw::Door};

use super::*;

fn client(named: &[&str]) -> Outgoing {
    let named = named.iter().map(|host| host.parse().unwrap()).collect();
    Outgoing::new(Clock::System, Trust::nobody(), named)
}

fn get(url: &str) -> Request {
    Request::get(url.parse().unwrap())
}

/// A server whose answer depends on the path.
async fn server(answer: impl Fn(&str) -> String + Send + 'static) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut tcp, _)) = listener.accept().await {
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") {
                head.push(tcp.read_u8().await.unwrap());
            }
            let head = String::from_utf8(head).unwrap();
            let path = head.split(' ').nth(1).unwrap();
            tcp.write_all(answer(path).as_bytes()).await.unwrap();
        }
    });
    address
}

fn not_admitted(error: &OutgoingError) -> Special {
    match error {
        OutgoingError::Visit(VisitError {
            phase: Phase::Resolve,
            cause: Cause::NotAdmitted { special, .. },
            ..
        }) => *special,
        other => panic!("{other}"),
    }
}

#[tokio::test]
async fn a_private_address_is_connected_to_only_where_its_host_is_named() {
    let ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
    let port = server(move |_| ok.to_owned()).await.port();
    for (host, special) in [
        ("localhost", Special::Loopback),
        ("127.0.0.1", Special::Loopback),
        ("169.254.169.254", Special::LinkLocal),
        ("10.0.0.1", Special::Private),
    ] {
        let url = format!("http://{host}:{port}/");
        let error = client(&["other.example"])
            .fetch(get(&url))
            .await
            .unwrap_err();
        assert_eq!(not_admitted(&error), special, "{host}");
    }
    let url = format!("http://localhost:{port}/");
    let answer = client(&["localhost"]).fetch(get(&url)).await.unwrap();
    assert_eq!((answer.status, &*answer.body), (StatusCode::OK, &b"ok"[..]));
}

#[tokio::test]
async fn a_redirect_to_a_private_address_is_refused_and_one_to_a_named_host_followed() {
    let address = server(|path| match path {
        "/there" => "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nthere".to_owned(),
        path => format!(
            "HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: {}\r\n\r\n",
            &path[1..]
        ),
    })
    .await;
    let port = address.port();
    let client = client(&["localhost"]);
    let through = |to: &str| {
        let mut request = get(&format!("http://localhost:{port}/{to}"));
        request.redirects = 3;
        client.fetch(request)
    };
    let metadata = "http://169.254.169.254/latest/meta-data/";
    for (to, special) in [
        (format!("http://127.0.0.1:{port}/there"), Special::Loopback),
        (format!("http://[::1]:{port}/there"), Special::Loopback),
        (metadata.to_owned(), Special::LinkLocal),
    ] {
        assert_eq!(
            not_admitted(&through(&to).await.unwrap_err()),
            special,
            "{to}"
        );
    }
    let answer = through("/there").await.unwrap();
    assert_eq!(&*answer.body, b"there");
}

#[tokio::test]
async fn a_request_cannot_bring_its_own_way_past_the_policy() {
    let client = client(&["localhost"]);
    let address = server(|_| "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n".to_owned()).await;
    let mut request = get("http://public.example/");
    let checked = AddressPolicy::Any.admit_address(address).unwrap();
    request.entrance.door = Some(Door::Tcp(checked));
    let error = client.fetch(request.clone()).await.unwrap_err();
    assert!(matches!(error, OutgoingError::Entrance { .. }), "{error}");
}

/// A server that says when it is visited, and answers when it is told.
async fn held_server() -> (u16, mpsc::UnboundedReceiver<oneshot::Sender<()>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let (visits, visited) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        while let Ok((mut tcp, _)) = listener.accept().await {
            let (go, wait) = oneshot::channel();
            visits.send(go).unwrap();
            tokio::spawn(async move {
                wait.await.unwrap();
                let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
                tcp.write_all(answer).await.unwrap();
                // Until the client has gone, so that nothing is reset.
                let _ = tokio::io::copy(&mut tcp, &mut tokio::io::sink()).await;
            });
        }
    });
    (port, visited)
}

#[tokio::test]
async fn a_host_gets_four_visits_at_once_and_others_are_visited_meanwhile() {
    let (port, mut visited) = held_server().await;
    let client = Arc::new(client(&["localhost", "a.localhost"]));
    let visit = |host: &str, limit: Duration| {
        let client = client.clone();
        let mut request = get(&format!("http://{host}:{port}/"));
        request.limits.total = limit;
        tokio::spawn(async move { client.fetch(request).await })
    };
    let long = Duration::from_secs(60);
    let visits: Vec<_> = (0..MAX_PER_HOST)
        .map(|_| visit("localhost", long))
        .collect();
    let mut held = Vec::new();
    for _ in 0..MAX_PER_HOST {
        held.push(visited.recv().await.unwrap());
    }
    // The fifth doesn't get through, and says so.
    let fifth = visit("localhost", Duration::from_millis(200))
        .await
        .unwrap();
    assert!(
        matches!(fifth, Err(OutgoingError::Busy { .. })),
        "{fifth:?}"
    );
    assert!(visited.try_recv().is_err());
    // Another host does, and a sixth when there is room.
    let other = visit("a.localhost", long);
    visited.recv().await.unwrap().send(()).unwrap();
    other.await.unwrap().unwrap();
    let sixth = visit("localhost", long);
    for go in held {
        go.send(()).unwrap();
    }
    visited.recv().await.unwrap().send(()).unwrap();
    for visit in visits.into_iter().chain([sixth]) {
        visit.await.unwrap().unwrap();
    }
    assert!(
        client.hosts.lock().unwrap().is_empty(),
        "idle hosts are forgotten"
    );
}

#[tokio::test]
async fn visits_to_all_hosts_together_are_limited() {
    let (port, mut visited) = held_server().await;
    let names: Vec<String> = (0..9)
        .map(|number| format!("h{number}.localhost"))
        .collect();
    let named: Vec<&str> = names.iter().map(String::as_str).collect();
    let client = Arc::new(client(&named));
    let mut visits = Vec::new();
    for name in names.iter().flat_map(|name| [name; MAX_PER_HOST]) {
        let client = client.clone();
        let request = get(&format!("http://{name}:{port}/"));
        visits.push(tokio::spawn(async move { client.fetch(request).await }));
    }
    let mut held = Vec::new();
    for _ in 0..MAX_VISITS {
        held.push(visited.recv().await.unwrap());
    }
    assert_eq!(client.total.available_permits(), 0);
    assert!(visited.try_recv().is_err(), "no more than {MAX_VISITS}");
    held.into_iter().for_each(|go| go.send(()).unwrap());
    while visits.len() > MAX_VISITS {
        visited.recv().await.unwrap().send(()).unwrap();
        visits.pop();
    }
    for visit in visits {
        visit.await.unwrap().unwrap();
    }
}
