//! What is read from a request head, each whole and byte by byte.

use super::*;

mod oracles;
mod tables;

/// A parse of `bytes` that arrive in one piece and one by one: the same result, or it fails.
fn parse_with<'a>(
    head: &'a mut RequestHead,
    bytes: &'a [u8],
    limits: &Limits,
) -> Result<Option<usize>, Refusal> {
    let mut dripped = RequestHead::new();
    let mut drip = Ok(None);
    for len in 0..=bytes.len() {
        drip = dripped.parse(&bytes[..len], limits);
        if drip != Ok(None) {
            break;
        }
    }
    let whole = head.parse(bytes, limits);
    assert_eq!(
        whole,
        drip,
        "whole and byte by byte differ: {:?}",
        String::from_utf8_lossy(bytes)
    );
    assert_eq!(head.parse(bytes, limits), whole, "said twice, it differs");
    if let Ok(Some(len)) = whole {
        assert_eq!(
            format!("{:?}", head.view(bytes)),
            format!("{:?}", dripped.view(&bytes[..len]))
        );
    }
    whole
}

fn refused(bytes: &[u8]) -> Option<Refusal> {
    parse_with(&mut RequestHead::new(), bytes, &Limits::default()).err()
}

/// Parses a whole head and shows it.
fn seen(bytes: &str, show: impl FnOnce(Request<'_>) -> String) -> String {
    let mut head = RequestHead::new();
    match parse_with(&mut head, bytes.as_bytes(), &Limits::default()) {
        Ok(Some(len)) => {
            assert_eq!(len, bytes.len(), "{bytes:?}");
            show(head.view(bytes.as_bytes()))
        }
        other => panic!("{other:?}: {bytes:?}"),
    }
}

#[test]
fn a_target_has_four_forms() {
    let target = |request: &str| {
        seen(&request.replace('^', "\r\n"), |request| {
            format!("{:?} {}", request.target, request.authority)
        })
    };
    assert_eq!(
        target("GET /a/b?c=d?e HTTP/1.1^Host: h^^"),
        r#"Origin { path: "/a/b", query: Some("c=d?e") } h"#
    );
    assert_eq!(
        target("GET //x? HTTP/1.1^Host: h^^"),
        r#"Origin { path: "//x", query: Some("") } h"#
    );
    assert_eq!(
        target("GET http://H:80/a?b HTTP/1.1^Host: h:80^^"),
        r#"Origin { path: "/a", query: Some("b") } H:80"#
    );
    assert_eq!(
        target("GET HTTPS://h HTTP/1.1^Host: h^^"),
        r#"Origin { path: "/", query: None } h"#
    );
    assert_eq!(
        target("GET http://h?/b HTTP/1.0^^"),
        r#"Origin { path: "/", query: Some("/b") } h"#
    );
    assert_eq!(target("OPTIONS * HTTP/1.1^Host: h^^"), "Asterisk h");
    assert_eq!(target("OPTIONS http://h HTTP/1.1^Host: h^^"), "Asterisk h");
    assert_eq!(
        target("OPTIONS http://h/ HTTP/1.1^Host: h^^"),
        r#"Origin { path: "/", query: None } h"#
    );
    assert_eq!(
        target("CONNECT h:443 HTTP/1.1^Host: H:443^^"),
        r#"Authority("h:443") h:443"#
    );
    assert_eq!(
        target("GET / HTTP/1.0^^"),
        r#"Origin { path: "/", query: None } "#
    );
}

#[test]
fn framing_and_connection_are_read_from_the_fields() {
    let facts = |request: &str| {
        seen(&request.replace('^', "\r\n"), |request| {
            format!(
                "{:?} {} {:?} {}",
                request.framing, request.keep_alive, request.upgrade, request.expect_continue
            )
        })
    };
    assert_eq!(facts("GET / HTTP/1.1^Host: h^^"), "None true None false");
    assert_eq!(facts("GET / HTTP/1.0^^"), "None false None false");
    assert_eq!(
        facts("GET / HTTP/1.0^Connection: Keep-Alive^^"),
        "None true None false"
    );
    assert_eq!(
        facts("GET / HTTP/1.1^Host: h^Connection: keep-alive^Connection: x, Close^^"),
        "None false None false"
    );
    assert_eq!(
        facts("PUT / HTTP/1.1^Host: h^Content-Length: 12^^"),
        "Length(12) true None false"
    );
    assert_eq!(
        facts("PUT / HTTP/1.1^Host: h^Transfer-Encoding:chunked^^"),
        "Chunked true None false"
    );
    assert_eq!(
        facts("GET / HTTP/1.1^Host: h^Connection: keep-alive, Upgrade^Upgrade: websocket^^"),
        r#"None true Some("websocket") false"#,
    );
    assert_eq!(
        facts("GET / HTTP/1.1^Host: h^Upgrade: websocket^^"),
        "None true None false"
    );
    assert_eq!(
        facts("GET / HTTP/1.0^Connection: upgrade^Upgrade: websocket^^"),
        "None false None false"
    );
    assert_eq!(
        facts("PUT / HTTP/1.1^Host: h^Expect: 100-continue^Content-Length: 1^^"),
        "Length(1) true None true"
    );
    assert_eq!(
        facts("PUT / HTTP/1.0^Expect: 100-continue^Content-Length: 1^^"),
        "Length(1) false None false"
    );
    assert_eq!(
        facts("GET / HTTP/1.1^Host: h^Expect: 100-continue^^"),
        "None true None false"
    );
}

#[test]
fn fields_of_the_connection_are_marked_and_others_are_not() {
    let request = "GET / HTTP/1.1\r\nHost: h\r\nconnection: te, X-Private, x-forwarded-for\r\nTE: trailers\r\n\
        X-Private: 1\r\nx-private: 2\r\nX-Public: 3\r\nX-Forwarded-For: 4\r\nKeep-Alive: 5\r\nTrailer: 6\r\n\
        Proxy-Connection: 7\r\nHTTP2-Settings: 8\r\nProxy-Authorization: 9\r\nCookie: 10\r\n\r\n";
    let hops = seen(request, |request| {
        let hops = request
            .fields
            .iter()
            .filter(|field| field.hop)
            .map(|field| field.name);
        hops.collect::<Vec<_>>().join(" ")
    });
    assert_eq!(
        hops,
        "connection TE X-Private x-private X-Forwarded-For Keep-Alive Trailer Proxy-Connection HTTP2-Settings",
    );
}

#[test]
fn fields_are_found_by_name_in_any_case() {
    let request = "GET / HTTP/1.1\r\nHost: h\r\nX: 1\r\nCookie: a\r\nx:\t2 \r\ncookie: b\r\n\r\n";
    seen(request, |request| {
        let fields = request.fields;
        assert_eq!(fields.len(), 5);
        assert_eq!(fields.get("x"), Some(&b"1"[..]));
        assert_eq!(fields.get_all("X").collect::<Vec<_>>(), [b"1", b"2"]);
        assert_eq!(fields.get("y"), None);
        assert_eq!(fields.get_known(Known::Host), Some(&b"h"[..]));
        assert_eq!(
            fields.get_all_known(Known::Cookie).collect::<Vec<_>>(),
            [b"a", b"b"]
        );
        assert!(!fields.has(Known::Origin) && fields.get_known(Known::Origin).is_none());
        String::new()
    });
}

#[test]
fn a_name_is_text_even_when_a_value_is_not() {
    let bytes = b"GET /p?q HTTP/1.1\r\nHost: h\r\nX-Latin: caf\xe9\r\n\r\n";
    let mut head = RequestHead::new();
    assert_eq!(head.parse(bytes, &Limits::default()), Ok(Some(bytes.len())));
    let request = head.view(bytes);
    assert_eq!((request.method, request.authority), ("GET", "h"));
    assert_eq!(
        request.target,
        Target::Origin {
            path: "/p",
            query: Some("q")
        }
    );
    let last = request.fields.iter().last().unwrap();
    assert_eq!((last.name, last.value), ("X-Latin", &b"caf\xe9"[..]));
}

#[test]
fn each_limit_lets_its_measure_pass_and_refuses_one_more() {
    let limits = Limits {
        line: 40,
        head: 100,
        fields: 4,
        ..Limits::default()
    };
    let outcome = |bytes: String| parse_with(&mut RequestHead::new(), bytes.as_bytes(), &limits);
    let path = |len| format!("GET /{} HTTP/1.1\r\nHost: a\r\n\r\n", "p".repeat(len));
    assert_eq!(outcome(path(24)), Ok(Some(51)));
    assert_eq!(outcome(path(25)), Err(Refusal::TargetTooLong));
    assert_eq!(outcome(path(26)), Err(Refusal::TargetTooLong));
    assert_eq!(outcome(path(500)), Err(Refusal::TargetTooLong));
    let query = |len| format!("GET /?{} HTTP/1.1\r\nHost: a\r\n\r\n", "p".repeat(len));
    assert_eq!(outcome(query(23)), Ok(Some(51)));
    assert_eq!(outcome(query(24)), Err(Refusal::TargetTooLong));
    let value = |len| {
        format!(
            "GET / HTTP/1.1\r\nHost: a\r\nX: {}\r\n\r\n",
            "v".repeat(len)
        )
    };
    assert_eq!(outcome(value(35)), Ok(Some(67)));
    assert_eq!(outcome(value(36)), Err(Refusal::FieldTooLong));
    let name = |len| format!("GET / HTTP/1.1\r\nHost: a\r\n{}:\r\n\r\n", "n".repeat(len));
    assert_eq!(outcome(name(37)), Ok(Some(67)));
    assert_eq!(outcome(name(38)), Err(Refusal::FieldTooLong));
    assert_eq!(outcome(name(80)), Err(Refusal::FieldTooLong));
    let spaces = |len| format!("GET / HTTP/1.1\r\nHost: a\r\nX:{}\r\n\r\n", " ".repeat(len));
    assert_eq!(outcome(spaces(36)), Ok(Some(67)));
    assert_eq!(outcome(spaces(37)), Err(Refusal::FieldTooLong));
    let fields = |count| {
        format!(
            "GET / HTTP/1.1\r\nHost: a\r\n{}\r\n",
            "X: y\r\n".repeat(count)
        )
    };
    assert_eq!(outcome(fields(3)), Ok(Some(45)));
    assert_eq!(outcome(fields(4)), Err(Refusal::TooManyFields));
    let head = |len| {
        format!(
            "GET / HTTP/1.1\r\nHost: a\r\nX: {}\r\nY: {}\r\n\r\n",
            "v".repeat(32),
            "v".repeat(len)
        )
    };
    assert_eq!(outcome(head(31)), Ok(Some(100)));
    assert_eq!(outcome(head(32)), Err(Refusal::HeadTooLarge));
    assert_eq!(outcome(head(33)), Err(Refusal::HeadTooLarge));
    assert_eq!(outcome(head(35)), Err(Refusal::HeadTooLarge));
    for tiny in 0..30 {
        let limits = Limits {
            head: tiny,
            ..Limits::default()
        };
        let bytes = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n";
        let expect = if tiny < bytes.len() {
            Err(Refusal::HeadTooLarge)
        } else {
            Ok(Some(bytes.len()))
        };
        assert_eq!(parse_with(&mut RequestHead::new(), bytes, &limits), expect);
    }
}

#[test]
fn after_clear_nothing_of_the_last_message_is_left() {
    let mut head = RequestHead::new();
    assert!(head.is_untouched());
    let first = b"POST http://h/p?q HTTP/1.0\r\nHost: h\r\nConnection: x, keep-alive\r\nContent-Length: 3\r\nX: 1\r\n\r\n";
    assert_eq!(head.parse(first, &Limits::default()), Ok(Some(first.len())));
    assert!(!head.is_untouched());
    for refused in [
        &b"POST / HTTP/1.1\r\nX: 1\r\n\r\n"[..],
        b"\0",
        b"OPTIONS * HTTP/1.1\r\nHost: \r\n\r\n",
    ] {
        head.clear();
        assert!(head.parse(refused, &Limits::default()).is_err());
    }
    head.clear();
    assert!(head.is_untouched());
    let second = b"GET / HTTP/1.1\r\nHost: h\r\nX: 1\r\n\r\n";
    assert_eq!(
        head.parse(second, &Limits::default()),
        Ok(Some(second.len()))
    );
    let mut fresh = RequestHead::new();
    fresh.parse(second, &Limits::default()).unwrap();
    assert_eq!(
        format!("{:?}", head.view(second)),
        format!("{:?}", fresh.view(second))
    );
}

#[test]
fn a_view_of_an_unfinished_head_is_empty() {
    let mut head = RequestHead::new();
    let bytes = b"GET /a HTTP/1.1\r\nHost: h\r\n";
    assert_eq!(head.parse(bytes, &Limits::default()), Ok(None));
    let request = head.view(bytes);
    assert_eq!(
        (request.method, request.authority, request.fields.len()),
        ("", "", 0)
    );
    head.clear();
    let whole = b"GET /a HTTP/1.1\r\nHost: h\r\n\r\n";
    head.parse(whole, &Limits::default()).unwrap();
    assert_eq!(head.view(b"short").fields.get("host"), None);
}

#[test]
fn every_refusal_of_a_request_has_a_status_and_a_word() {
    assert_eq!(
        (
            Refusal::TargetTooLong.status(),
            Refusal::TargetTooLong.code()
        ),
        (414, "target-too-long")
    );
    assert_eq!(
        (Refusal::HeadTooLarge.status(), Refusal::HeadTooLarge.code()),
        (431, "head-too-large")
    );
    assert_eq!(
        (
            Refusal::CodingUnknown.status(),
            Refusal::CodingUnknown.code()
        ),
        (501, "coding-unknown")
    );
    assert_eq!(
        (Refusal::Http2Preface.status(), Refusal::Http2Preface.code()),
        (505, "http2-preface")
    );
    assert_eq!(
        (Refusal::Expectation.status(), Refusal::Expectation.code()),
        (417, "expectation")
    );
    assert_eq!(
        (Refusal::BareLf.status(), Refusal::BareLf.code()),
        (400, "bare-lf")
    );
    assert!(Refusal::HostMissing.to_string().starts_with("expected"));
}
