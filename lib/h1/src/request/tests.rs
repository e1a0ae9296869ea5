//! Malformed request heads beside their honest twins, each whole and byte by byte.

use super::*;

mod oracles;

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
fn malformed_requests_are_refused() {
    use Refusal as R;
    // `^` stands for CRLF.
    let cases: &[(&str, &str, R)] = &[
        (
            "two empty lines first",
            "^^GET / HTTP/1.1^Host: a^^",
            R::EmptyLines,
        ),
        ("LF first", "\nGET / HTTP/1.1^Host: a^^", R::BareLf),
        ("CR alone first", "\rGET / HTTP/1.1^Host: a^^", R::BareCr),
        ("space first", " GET / HTTP/1.1^Host: a^^", R::Method),
        ("TLS hello", "\x16\x03\x01\x02\0\x01", R::Method),
        ("no method", " / HTTP/1.1^Host: a^^", R::Method),
        (
            "method with a colon",
            "GET: / HTTP/1.1^Host: a^^",
            R::Method,
        ),
        (
            "method with a tab behind",
            "GET\t/ HTTP/1.1^Host: a^^",
            R::Method,
        ),
        ("method with NUL", "GE\0T / HTTP/1.1^Host: a^^", R::Method),
        ("method alone", "GET^Host: a^^", R::Method),
        (
            "method of 33 bytes",
            "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA / HTTP/1.1^Host: a^^",
            R::MethodTooLong,
        ),
        (
            "two spaces before the target",
            "GET  / HTTP/1.1^Host: a^^",
            R::Version,
        ),
        (
            "two spaces before the version",
            "GET /  HTTP/1.1^Host: a^^",
            R::RequestLine,
        ),
        (
            "tab before the version",
            "GET /\tHTTP/1.1^Host: a^^",
            R::TargetByte,
        ),
        (
            "space behind the version",
            "GET / HTTP/1.1 ^Host: a^^",
            R::RequestLine,
        ),
        ("HTTP/0.9", "GET /^", R::RequestLine),
        ("no version", "GET / ^Host: a^^", R::Version),
        ("lower-case version", "GET / http/1.1^Host: a^^", R::Version),
        (
            "version without a dot",
            "GET / HTTP/11^Host: a^^",
            R::Version,
        ),
        (
            "version with a letter",
            "GET / HTTP/1.x^Host: a^^",
            R::Version,
        ),
        ("version 1.10", "GET / HTTP/1.10^Host: a^^", R::Version),
        (
            "version 1.2",
            "GET / HTTP/1.2^Host: a^^",
            R::VersionUnsupported,
        ),
        (
            "version 0.9",
            "GET / HTTP/0.9^Host: a^^",
            R::VersionUnsupported,
        ),
        (
            "version 2.0",
            "GET / HTTP/2.0^Host: a^^",
            R::VersionUnsupported,
        ),
        ("preface of HTTP/2", "PRI * HTTP/2.0^^SM^^", R::Http2Preface),
        (
            "request line ended by LF",
            "GET / HTTP/1.1\nHost: a^^",
            R::BareLf,
        ),
        (
            "request line ended by CR",
            "GET / HTTP/1.1\rHost: a^^",
            R::BareCr,
        ),
        (
            "LF in the target",
            "GET /a\nb HTTP/1.1^Host: a^^",
            R::BareLf,
        ),
        (
            "space in the target",
            "GET /a b HTTP/1.1^Host: a^^",
            R::RequestLine,
        ),
        (
            "NUL in the target",
            "GET /\0 HTTP/1.1^Host: a^^",
            R::TargetByte,
        ),
        (
            "DEL in the target",
            "GET /\x7f HTTP/1.1^Host: a^^",
            R::TargetByte,
        ),
        ("fragment", "GET /a#b HTTP/1.1^Host: a^^", R::TargetByte),
        (
            "fragment behind a query",
            "GET /a?b#c HTTP/1.1^Host: a^^",
            R::TargetByte,
        ),
        (
            "backslash in the path",
            "GET /a\\..\\b HTTP/1.1^Host: a^^",
            R::TargetByte,
        ),
        (
            "quote in the target",
            "GET /\"a\" HTTP/1.1^Host: a^^",
            R::TargetByte,
        ),
        (
            "angle bracket in the query",
            "GET /?<script> HTTP/1.1^Host: a^^",
            R::TargetByte,
        ),
        (
            "letters beyond ASCII in the target",
            "GET /ä HTTP/1.1^Host: a^^",
            R::TargetByte,
        ),
        (
            "target without a slash",
            "GET a HTTP/1.1^Host: a^^",
            R::Target,
        ),
        (
            "target that is a query",
            "GET ?a HTTP/1.1^Host: a^^",
            R::Target,
        ),
        ("asterisk for GET", "GET * HTTP/1.1^Host: a^^", R::Target),
        (
            "asterisk with a query",
            "OPTIONS *?a HTTP/1.1^Host: a^^",
            R::Target,
        ),
        ("other scheme", "GET ftp://a/ HTTP/1.1^Host: a^^", R::Target),
        (
            "script scheme",
            "GET javascript:alert(1) HTTP/1.1^Host: a^^",
            R::Target,
        ),
        (
            "URL without an authority",
            "GET http:/// HTTP/1.1^Host: a^^",
            R::Authority,
        ),
        (
            "URL with user information",
            "GET http://u@a/ HTTP/1.1^Host: a^^",
            R::Authority,
        ),
        (
            "URL with another authority",
            "GET http://b/ HTTP/1.1^Host: a^^",
            R::HostMismatch,
        ),
        (
            "URL with another port",
            "GET http://a:81/ HTTP/1.1^Host: a^^",
            R::HostMismatch,
        ),
        (
            "URL and no Host",
            "GET http://a/ HTTP/1.1^^",
            R::HostMissing,
        ),
        (
            "authority for GET",
            "GET a:80 HTTP/1.1^Host: a:80^^",
            R::Target,
        ),
        (
            "CONNECT with a path",
            "CONNECT / HTTP/1.1^Host: a^^",
            R::Authority,
        ),
        (
            "CONNECT without a port",
            "CONNECT a HTTP/1.1^Host: a^^",
            R::Target,
        ),
        (
            "CONNECT with a query",
            "CONNECT a:1?b HTTP/1.1^Host: a:1^^",
            R::Target,
        ),
        (
            "CONNECT elsewhere than Host",
            "CONNECT a:1 HTTP/1.1^Host: b:1^^",
            R::HostMismatch,
        ),
        ("no Host", "GET / HTTP/1.1^^", R::HostMissing),
        (
            "two Hosts",
            "GET / HTTP/1.1^Host: a^Host: b^^",
            R::HostTwice,
        ),
        (
            "two equal Hosts",
            "GET / HTTP/1.1^Host: a^hOST: a^^",
            R::HostTwice,
        ),
        (
            "two Hosts in HTTP/1.0",
            "GET / HTTP/1.0^Host: a^Host: a^^",
            R::HostTwice,
        ),
        ("empty Host", "GET / HTTP/1.1^Host: ^^", R::Authority),
        ("Host list", "GET / HTTP/1.1^Host: a, b^^", R::Authority),
        (
            "Host with user information",
            "GET / HTTP/1.1^Host: u@a^^",
            R::Authority,
        ),
        (
            "Host with a path",
            "GET / HTTP/1.1^Host: a/b@c^^",
            R::Authority,
        ),
        (
            "Host with port 0",
            "GET / HTTP/1.1^Host: a:0^^",
            R::Authority,
        ),
        (
            "Host with port 65536",
            "GET / HTTP/1.1^Host: a:65536^^",
            R::Authority,
        ),
        (
            "Host with an empty port",
            "GET / HTTP/1.1^Host: a:^^",
            R::Authority,
        ),
        (
            "Host with a space inside",
            "GET / HTTP/1.1^Host: a b^^",
            R::Authority,
        ),
        (
            "Host beyond ASCII",
            "GET / HTTP/1.1^Host: ä.example^^",
            R::Authority,
        ),
        (
            "Host with an open bracket",
            "GET / HTTP/1.1^Host: [::1^^",
            R::Authority,
        ),
        (
            "Host as a number",
            "GET / HTTP/1.1^Host: 2130706433^^",
            R::Authority,
        ),
        (
            "field line ended by LF",
            "GET / HTTP/1.1^Host: a\nX: y^^",
            R::BareLf,
        ),
        (
            "field line ended by CR",
            "GET / HTTP/1.1^Host: a\rX: y^^",
            R::BareCr,
        ),
        ("CR CR LF", "GET / HTTP/1.1^Host: a\r^^^", R::BareCr),
        ("head ended by LF", "GET / HTTP/1.1^Host: a^\n", R::BareLf),
        (
            "head ended by CR and more",
            "GET / HTTP/1.1^Host: a^\rX",
            R::BareCr,
        ),
        (
            "folded line",
            "GET / HTTP/1.1^Host: a^X: b^ c^^",
            R::FoldedLine,
        ),
        (
            "folded by a tab",
            "GET / HTTP/1.1^Host: a^X: b^\tc^^",
            R::FoldedLine,
        ),
        (
            "folded first line",
            "GET / HTTP/1.1^ Host: a^^",
            R::FoldedLine,
        ),
        (
            "space before the colon",
            "GET / HTTP/1.1^Host : a^^",
            R::SpaceInName,
        ),
        (
            "tab before the colon",
            "GET / HTTP/1.1^Host\t: a^^",
            R::SpaceInName,
        ),
        (
            "space in a name",
            "GET / HTTP/1.1^Host: a^X Y: b^^",
            R::SpaceInName,
        ),
        ("empty name", "GET / HTTP/1.1^Host: a^: b^^", R::EmptyName),
        (
            "line without a colon",
            "GET / HTTP/1.1^Host: a^X^^",
            R::NameByte,
        ),
        (
            "name with a slash",
            "GET / HTTP/1.1^Host: a^X/Y: b^^",
            R::NameByte,
        ),
        (
            "name with NUL",
            "GET / HTTP/1.1^Host: a^X\0: b^^",
            R::NameByte,
        ),
        (
            "name beyond ASCII",
            "GET / HTTP/1.1^Host: a^X\u{e4}: b^^",
            R::NameByte,
        ),
        (
            "name in brackets",
            "GET / HTTP/1.1^Host: a^(X): b^^",
            R::NameByte,
        ),
        (
            "NUL in a value",
            "GET / HTTP/1.1^Host: a^X: b\0c^^",
            R::ValueByte,
        ),
        (
            "escape in a value",
            "GET / HTTP/1.1^Host: a^X: b\x1b[0m^^",
            R::ValueByte,
        ),
        (
            "DEL in a value",
            "GET / HTTP/1.1^Host: a^X: b\x7f^^",
            R::ValueByte,
        ),
        (
            "vertical tab before a value",
            "GET / HTTP/1.1^Host: a^X:\x0bb^^",
            R::ValueByte,
        ),
        (
            "length, then coding",
            "POST / HTTP/1.1^Host: a^Content-Length: 5^Transfer-Encoding: chunked^^",
            R::LengthAndCoding,
        ),
        (
            "coding, then length",
            "POST / HTTP/1.1^Host: a^Transfer-Encoding: chunked^Content-Length: 5^^",
            R::LengthAndCoding,
        ),
        (
            "length 0 and coding",
            "POST / HTTP/1.1^Host: a^Content-Length: 0^Transfer-Encoding: chunked^^",
            R::LengthAndCoding,
        ),
        (
            "two equal lengths",
            "POST / HTTP/1.1^Host: a^Content-Length: 5^Content-Length: 5^^",
            R::LengthTwice,
        ),
        (
            "two lengths",
            "POST / HTTP/1.1^Host: a^Content-Length: 5^content-length: 6^^",
            R::LengthTwice,
        ),
        (
            "list of lengths",
            "POST / HTTP/1.1^Host: a^Content-Length: 5, 5^^",
            R::Length,
        ),
        (
            "empty length",
            "POST / HTTP/1.1^Host: a^Content-Length: ^^",
            R::Length,
        ),
        (
            "length with a plus",
            "POST / HTTP/1.1^Host: a^Content-Length: +5^^",
            R::Length,
        ),
        (
            "length with a minus",
            "POST / HTTP/1.1^Host: a^Content-Length: -5^^",
            R::Length,
        ),
        (
            "hex length",
            "POST / HTTP/1.1^Host: a^Content-Length: 0x5^^",
            R::Length,
        ),
        (
            "length with a letter",
            "POST / HTTP/1.1^Host: a^Content-Length: 5a^^",
            R::Length,
        ),
        (
            "length with a space inside",
            "POST / HTTP/1.1^Host: a^Content-Length: 5 5^^",
            R::Length,
        ),
        (
            "length with a point",
            "POST / HTTP/1.1^Host: a^Content-Length: 5.0^^",
            R::Length,
        ),
        (
            "length with an underscore",
            "POST / HTTP/1.1^Host: a^Content-Length: 1_0^^",
            R::Length,
        ),
        (
            "length in quotes",
            "POST / HTTP/1.1^Host: a^Content-Length: \"5\"^^",
            R::Length,
        ),
        (
            "length of other digits",
            "POST / HTTP/1.1^Host: a^Content-Length: \u{665}^^",
            R::Length,
        ),
        (
            "length of 2^63",
            "POST / HTTP/1.1^Host: a^Content-Length: 9223372036854775808^^",
            R::Length,
        ),
        (
            "length of 2^64 + 5",
            "POST / HTTP/1.1^Host: a^Content-Length: 18446744073709551621^^",
            R::Length,
        ),
        (
            "two codings",
            "POST / HTTP/1.1^Host: a^Transfer-Encoding: chunked^Transfer-Encoding: chunked^^",
            R::CodingTwice,
        ),
        (
            "coding twice in one",
            "POST / HTTP/1.1^Host: a^Transfer-Encoding: chunked, chunked^^",
            R::Coding,
        ),
        (
            "chunked not last",
            "POST / HTTP/1.1^Host: a^Transfer-Encoding: chunked, identity^^",
            R::Coding,
        ),
        (
            "chunked with a parameter",
            "POST / HTTP/1.1^Host: a^Transfer-Encoding: chunked;a=b^^",
            R::Coding,
        ),
        (
            "chunked in quotes",
            "POST / HTTP/1.1^Host: a^Transfer-Encoding: \"chunked\"^^",
            R::Coding,
        ),
        (
            "chunked behind a vertical tab",
            "POST / HTTP/1.1^Host: a^Transfer-Encoding: \x0bchunked^^",
            R::ValueByte,
        ),
        (
            "chunked behind a comma",
            "POST / HTTP/1.1^Host: a^Transfer-Encoding: , chunked^^",
            R::Coding,
        ),
        (
            "empty coding",
            "POST / HTTP/1.1^Host: a^Transfer-Encoding:^^",
            R::Coding,
        ),
        (
            "gzip, chunked",
            "POST / HTTP/1.1^Host: a^Transfer-Encoding: gzip, chunked^^",
            R::CodingUnknown,
        ),
        (
            "xchunked",
            "POST / HTTP/1.1^Host: a^Transfer-Encoding: xchunked^^",
            R::CodingUnknown,
        ),
        (
            "identity",
            "POST / HTTP/1.1^Host: a^Transfer-Encoding: identity^^",
            R::CodingUnknown,
        ),
        (
            "coding in HTTP/1.0",
            "POST / HTTP/1.0^Host: a^Transfer-Encoding: chunked^^",
            R::CodingInHttp10,
        ),
        (
            "Content_Length",
            "POST / HTTP/1.1^Host: a^Content_Length: 5^^",
            R::FramingAlias,
        ),
        (
            "Transfer_Encoding",
            "POST / HTTP/1.1^Host: a^Transfer_Encoding: chunked^^",
            R::FramingAlias,
        ),
        (
            "transfer.encoding",
            "POST / HTTP/1.1^Host: a^transfer.encoding: chunked^^",
            R::FramingAlias,
        ),
        (
            "Connection of no tokens",
            "GET / HTTP/1.1^Host: a^Connection: close; x^^",
            R::Connection,
        ),
        (
            "Connection names Host",
            "GET / HTTP/1.1^Host: a^Connection: close, Host^^",
            R::Nomination,
        ),
        (
            "Connection names Content-Length",
            "POST / HTTP/1.1^Host: a^Connection: content-length^Content-Length: 1^^",
            R::Nomination,
        ),
        (
            "Connection names Transfer-Encoding",
            "POST / HTTP/1.1^Host: a^Connection: Transfer-Encoding^Transfer-Encoding: chunked^^",
            R::Nomination,
        ),
        (
            "Connection names Cookie",
            "GET / HTTP/1.1^Host: a^Connection: Cookie^^",
            R::Nomination,
        ),
        (
            "Connection names Authorization",
            "GET / HTTP/1.1^Host: a^Connection: authorization^^",
            R::Nomination,
        ),
        (
            "Connection names 17 fields",
            "GET / HTTP/1.1^Host: a^Connection: a,b,c,d,e,f,g,h,i,j^Connection: k,l,m,n,o,p,q^^",
            R::ConnectionTooLong,
        ),
        (
            "two Upgrades",
            "GET / HTTP/1.1^Host: a^Upgrade: websocket^Upgrade: h2c^^",
            R::Upgrade,
        ),
        (
            "empty Upgrade",
            "GET / HTTP/1.1^Host: a^Upgrade:^^",
            R::Upgrade,
        ),
        (
            "Upgrade with other octets",
            "GET / HTTP/1.1^Host: a^Upgrade: web\"socket^^",
            R::Upgrade,
        ),
        (
            "upgrade with a length",
            "POST / HTTP/1.1^Host: a^Connection: upgrade^Upgrade: websocket^Content-Length: 1^^",
            R::UpgradeWithBody,
        ),
        (
            "upgrade with chunks",
            "POST / HTTP/1.1^Host: a^Transfer-Encoding: chunked^Connection: upgrade^Upgrade: websocket^^",
            R::UpgradeWithBody,
        ),
        (
            "other expectation",
            "POST / HTTP/1.1^Host: a^Expect: 200-ok^Content-Length: 1^^",
            R::Expectation,
        ),
        (
            "empty expectation",
            "POST / HTTP/1.1^Host: a^Expect:^^",
            R::Expectation,
        ),
    ];
    assert!(cases.len() > 100);
    for (name, request, refusal) in cases {
        let bytes = request.replace('^', "\r\n");
        assert_eq!(refused(bytes.as_bytes()), Some(*refusal), "{name}");
    }
}

#[test]
fn honest_requests_beside_them_pass() {
    let cases: &[(&str, &str)] = &[
        ("one empty line first", "^GET / HTTP/1.1^Host: a^^"),
        (
            "method of 32 bytes",
            "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA / HTTP/1.1^Host: a^^",
        ),
        ("unheard-of method", "M-SEARCH / HTTP/1.1^Host: a^^"),
        ("HTTP/1.0 without Host", "GET / HTTP/1.0^^"),
        (
            "characters browsers send raw",
            "GET /[a]|{b}^HTTP/1.1^Host: a^^",
        ),
        ("backslash in the query", "GET /?a\\b HTTP/1.1^Host: a^^"),
        ("lone percent sign", "GET /100% HTTP/1.1^Host: a^^"),
        ("no space behind the colon", "GET / HTTP/1.1^Host:a^^"),
        (
            "much white space around a value",
            "GET / HTTP/1.1^Host: \t a \t ^^",
        ),
        ("tab in a value", "GET / HTTP/1.1^Host: a^X: b\tc^^"),
        ("value beyond ASCII", "GET / HTTP/1.1^Host: a^X: \u{e4}^^"),
        ("empty value", "GET / HTTP/1.1^Host: a^X:^^"),
        (
            "name of odd tokens",
            "GET / HTTP/1.1^Host: a^!#$%&'*+-.|~_`: b^^",
        ),
        ("IPv6 Host", "GET / HTTP/1.1^Host: [2001:db8::1]:8443^^"),
        ("length of 0", "POST / HTTP/1.1^Host: a^Content-Length: 0^^"),
        (
            "length of 2^63 - 1",
            "POST / HTTP/1.1^Host: a^Content-Length: 9223372036854775807^^",
        ),
        (
            "length with leading zeros",
            "POST / HTTP/1.1^Host: a^Content-Length: 005^^",
        ),
        (
            "chunked in capitals",
            "POST / HTTP/1.1^Host: a^TRANSFER-ENCODING: Chunked^^",
        ),
        (
            "a field that looks like a framing field",
            "POST / HTTP/1.1^Host: a^X-Content-Length: 5^Content-Lengths: 7^^",
        ),
        (
            "Connection with gaps",
            "GET / HTTP/1.1^Host: a^Connection: ,close,, ^^",
        ),
        (
            "Connection names 16 fields",
            "GET / HTTP/1.1^Host: a^Connection: a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p^^",
        ),
        (
            "Connection names a proxy's field",
            "GET / HTTP/1.1^Host: a^Connection: X-Forwarded-For^^",
        ),
        (
            "Upgrade not named by Connection, with a body",
            "POST / HTTP/1.1^Host: a^Upgrade: h2c^Content-Length: 1^^",
        ),
        (
            "upgrade with a length of 0",
            "POST / HTTP/1.1^Host: a^Connection: upgrade^Upgrade: h2c^Content-Length: 0^^",
        ),
        (
            "expectation",
            "POST / HTTP/1.1^Host: a^Expect: 100-Continue^Content-Length: 1^^",
        ),
        (
            "URL whose host is in capitals",
            "GET http://EXAMPLE.com/ HTTP/1.1^Host: example.COM^^",
        ),
        ("TRACE", "TRACE / HTTP/1.1^Host: a^^"),
    ];
    for (name, request) in cases {
        let request = request.replace("^HTTP", " HTTP").replace('^', "\r\n");
        assert_eq!(refused(request.as_bytes()), None, "{name}");
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
