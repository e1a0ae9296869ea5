//! Authorities, targets, fields: what passes stands beside what doesn't.

use super::*;

#[test]
fn an_authority_is_a_name_or_an_address_and_perhaps_a_port() {
    let long = format!("{}.example", "a".repeat(63));
    for (text, host, port) in [
        ("example.com", "example.com", None),
        ("EXAMPLE.com.", "EXAMPLE.com.", None),
        ("localhost:8080", "localhost", Some(8080)),
        ("a_b-c.example:1", "a_b-c.example", Some(1)),
        ("192.0.2.1", "192.0.2.1", None),
        ("192.0.2.1:65535", "192.0.2.1", Some(65535)),
        ("[::1]", "[::1]", None),
        (
            "[2001:db8::ffff:192.0.2.1]:443",
            "[2001:db8::ffff:192.0.2.1]",
            Some(443),
        ),
        ("1and1.example", "1and1.example", None),
        ("4.example", "4.example", None),
        ("0xyz", "0xyz", None),
        (long.as_str(), long.as_str(), None),
    ] {
        assert_eq!(authority(text), Ok(Authority { host, port }), "{text}");
    }
}

#[test]
fn anything_else_is_no_authority() {
    let label = format!("{}.example", "a".repeat(64));
    let name = "a.".repeat(128);
    for text in [
        "",
        ":80",
        "example.com:",
        "example.com:0",
        "example.com:65536",
        "example.com:080",
        "example.com:+80",
        "example.com:80 ",
        "example.com:8a",
        "example.com:80:80",
        "user@example.com",
        "user:pw@example.com",
        "example.com/",
        "example.com/a@b",
        "example.com?x",
        "example.com#x",
        "example.com\\x",
        "a b",
        "a\tb",
        "a,b",
        "a;b",
        "a%2eb",
        ".",
        "..",
        ".example.com",
        "example..com",
        "example.com..",
        "exämple.com",
        "*.example.com",
        "192.0.2",
        "192.0.2.256",
        "192.0.2.01",
        "2130706433",
        "0x7f000001",
        "127.0x1",
        "0x",
        "1.2.3.4.",
        "1.2.3.4.5",
        "::1",
        "[::1",
        "[::1]x",
        "[::1]:",
        "[::1]:0",
        "[]",
        "[::g]",
        "[fe80::1%eth0]",
        "[fe80::1%25eth0]",
        "[192.0.2.1]",
        "[v1.a]",
        "'example'",
        "\"example\"",
        "a|b",
        "a^b",
        "a{b}",
        label.as_str(),
        name.as_str(),
    ] {
        assert_eq!(authority(text), Err(Refusal::Authority), "{text:?}");
    }
}

#[test]
fn a_target_is_split_at_its_first_question_mark() {
    for (target, path, query) in [
        ("/", "/", None),
        ("/?", "/", Some("")),
        ("/a?b?c=/d", "/a", Some("b?c=/d")),
        ("//a/../b;c=1", "//a/../b;c=1", None),
        ("/a%zz%", "/a%zz%", None),
        ("/[x]^{|}", "/[x]^{|}", None),
        ("/?a=[x]^`{|}\\'", "/", Some("a=[x]^`{|}\\'")),
    ] {
        assert_eq!(path_and_query(target), Ok((path, query)), "{target}");
    }
}

#[test]
fn a_target_with_a_byte_out_of_place_is_refused() {
    for target in [
        "/a b", "/a\tb", "/a#b", "/?a#b", "/a\\b", "/a`b", "/a\"b", "/<a>", "/?<a>", "/\u{7f}",
        "/ä", "/\0",
    ] {
        assert_eq!(
            path_and_query(target),
            Err(Refusal::TargetByte),
            "{target:?}"
        );
    }
    for target in ["", "a", "*", "?a", "http://a/"] {
        assert_eq!(path_and_query(target), Err(Refusal::Target), "{target:?}");
    }
}

#[test]
fn a_field_is_judged_by_name_and_value() {
    assert_eq!(judge_field(b"x-a", b"caf\xc3\xa9 \t ok"), Ok(()));
    assert_eq!(judge_field(b"content_type", b""), Ok(()));
    assert_eq!(judge_field(b"", b""), Err(Refusal::EmptyName));
    assert_eq!(judge_field(b"x a", b""), Err(Refusal::NameByte));
    assert_eq!(judge_field(b":path", b""), Err(Refusal::NameByte));
    assert_eq!(judge_field(b"x", b"a\r\nb: c"), Err(Refusal::ValueByte));
    assert_eq!(judge_field(b"x", b"\0"), Err(Refusal::ValueByte));
    assert_eq!(
        judge_field(b"content_length", b"1"),
        Err(Refusal::FramingAlias)
    );
    assert_eq!(
        judge_field(b"Transfer.Encoding", b"chunked"),
        Err(Refusal::FramingAlias)
    );
}

#[test]
fn a_method_is_a_short_token() {
    assert_eq!(judge_method(b"GET"), Ok(()));
    assert_eq!(judge_method(&[b'A'; 32]), Ok(()));
    assert_eq!(judge_method(&[b'A'; 33]), Err(Refusal::MethodTooLong));
    assert_eq!(judge_method(b""), Err(Refusal::Method));
    assert_eq!(judge_method(b"GET "), Err(Refusal::Method));
}

#[test]
fn a_trailer_can_say_what_is_known_at_the_end_only() {
    for name in [
        "Server-Timing",
        "Digest",
        "grpc-status",
        "ETag",
        "X-Checksum",
    ] {
        assert!(is_trailer(name.as_bytes()), "{name}");
    }
    for name in [
        "Host",
        "content-length",
        "Transfer-Encoding",
        "Transfer_Encoding",
        "Authorization",
        "Cookie",
        "cookie",
        "Set-Cookie",
        "X-Forwarded-For",
        "X_Forwarded_For",
        "Content-Type",
        "Connection",
        "Trailer",
        "TE",
        "If-Match",
        "Max-Forwards",
        "Clear-Site-Data",
    ] {
        assert!(!is_trailer(name.as_bytes()), "{name}");
    }
}
