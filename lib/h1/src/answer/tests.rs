//! Malformed answer heads beside their honest twins, each whole and byte by byte.

use proptest::prelude::*;

use super::*;

fn parse_with(
    head: &mut AnswerHead,
    bytes: &[u8],
    limits: &Limits,
    asked: Asked,
) -> Result<Option<usize>, Refusal> {
    let mut dripped = AnswerHead::new();
    let mut drip = Ok(None);
    for len in 0..=bytes.len() {
        drip = dripped.parse(&bytes[..len], limits, asked);
        if drip != Ok(None) {
            break;
        }
    }
    let whole = head.parse(bytes, limits, asked);
    assert_eq!(
        whole,
        drip,
        "whole and byte by byte differ: {:?}",
        String::from_utf8_lossy(bytes)
    );
    assert_eq!(
        head.parse(bytes, limits, asked),
        whole,
        "said twice, it differs"
    );
    whole
}

const GET: Asked = Asked {
    head: false,
    connect: false,
};
const HEAD: Asked = Asked {
    head: true,
    connect: false,
};
const CONNECT: Asked = Asked {
    head: false,
    connect: true,
};

#[test]
fn malformed_answers_are_refused() {
    use Refusal as R;
    // `^` stands for CRLF.
    #[rustfmt::skip]
    let cases: &[(&str, &str, R)] = &[
        ("empty line first", "^HTTP/1.1 200 OK^^", R::StatusLine),
        ("LF first", "\nHTTP/1.1 200 OK^^", R::BareLf),
        ("no version", "200 OK^^", R::StatusLine),
        ("lower-case version", "http/1.1 200 OK^^", R::StatusLine),
        ("other protocol", "ICY 200 OK^^", R::StatusLine),
        ("longer version", "HTTP/1.10 200 OK^^", R::StatusLine),
        ("version 1.2", "HTTP/1.2 200 OK^^", R::VersionUnsupported),
        ("version 2.0", "HTTP/2.0 200 OK^^", R::VersionUnsupported),
        ("two spaces before the status", "HTTP/1.1  200 OK^^", R::StatusLine),
        ("tab before the status", "HTTP/1.1\t200 OK^^", R::StatusLine),
        ("status of two digits", "HTTP/1.1 20 OK^^", R::StatusLine),
        ("status of four digits", "HTTP/1.1 2000 OK^^", R::StatusLine),
        ("status below 100", "HTTP/1.1 099 OK^^", R::StatusLine),
        ("status with a sign", "HTTP/1.1 +20 OK^^", R::StatusLine),
        ("status with a letter", "HTTP/1.1 2x0 OK^^", R::StatusLine),
        ("no status", "HTTP/1.1 ^^", R::StatusLine),
        ("tab behind the status", "HTTP/1.1 200\tOK^^", R::StatusLine),
        ("NUL in the reason", "HTTP/1.1 200 O\0K^^", R::StatusLine),
        ("status line ended by LF", "HTTP/1.1 200 OK\nA: b^^", R::BareLf),
        ("status line ended by CR", "HTTP/1.1 200 OK\rA: b^^", R::BareCr),
        ("field line ended by LF", "HTTP/1.1 200 OK^A: b\nC: d^^", R::BareLf),
        ("CR in a value", "HTTP/1.1 200 OK^A: b\rc^^", R::BareCr),
        ("folded line", "HTTP/1.1 200 OK^A: b^ c^^", R::FoldedLine),
        ("space before the colon", "HTTP/1.1 200 OK^Content-Length : 1^^", R::SpaceInName),
        ("empty name", "HTTP/1.1 200 OK^: 1^^", R::EmptyName),
        ("name with a bracket", "HTTP/1.1 200 OK^A[: 1^^", R::NameByte),
        ("NUL in a value", "HTTP/1.1 200 OK^A: \0^^", R::ValueByte),
        ("length, then coding", "HTTP/1.1 200 OK^Content-Length: 1^Transfer-Encoding: chunked^^", R::LengthAndCoding),
        ("coding, then length", "HTTP/1.1 200 OK^Transfer-Encoding: chunked^Content-Length: 1^^", R::LengthAndCoding),
        ("two equal lengths", "HTTP/1.1 200 OK^Content-Length: 1^Content-Length: 1^^", R::LengthTwice),
        ("list of lengths", "HTTP/1.1 200 OK^Content-Length: 1, 1^^", R::Length),
        ("length with a sign", "HTTP/1.1 200 OK^Content-Length: +1^^", R::Length),
        ("empty length", "HTTP/1.1 200 OK^Content-Length:^^", R::Length),
        ("malformed length answering HEAD", "HTTP/1.1 304 OK^Content-Length: x^^", R::Length),
        ("two codings", "HTTP/1.1 200 OK^Transfer-Encoding: chunked^Transfer-Encoding: chunked^^", R::CodingTwice),
        ("coding twice in one", "HTTP/1.1 200 OK^Transfer-Encoding: chunked, chunked^^", R::Coding),
        ("other coding", "HTTP/1.1 200 OK^Transfer-Encoding: gzip^^", R::CodingUnknown),
        ("coding in HTTP/1.0", "HTTP/1.0 200 OK^Transfer-Encoding: chunked^^", R::CodingInHttp10),
        ("Content_Length", "HTTP/1.1 200 OK^Content_Length: 1^^", R::FramingAlias),
        ("Connection names Content-Length", "HTTP/1.1 200 OK^Connection: Content-Length^^", R::Nomination),
        ("Connection names Set-Cookie", "HTTP/1.1 200 OK^Connection: set-cookie^^", R::Nomination),
        ("204 with a length", "HTTP/1.1 204 No Content^Content-Length: 5^^", R::BodyForbidden),
        ("204 with chunks", "HTTP/1.1 204 No Content^Transfer-Encoding: chunked^^", R::BodyForbidden),
        ("100 with a length", "HTTP/1.1 100 Continue^Content-Length: 5^^", R::BodyForbidden),
        ("101 with chunks", "HTTP/1.1 101 S^Connection: upgrade^Upgrade: websocket^Transfer-Encoding: chunked^^", R::BodyForbidden),
        ("101 without Upgrade", "HTTP/1.1 101 S^Connection: upgrade^^", R::SwitchWithoutUpgrade),
        ("101 without Connection", "HTTP/1.1 101 S^Upgrade: websocket^^", R::SwitchWithoutUpgrade),
        ("101 in HTTP/1.0", "HTTP/1.0 101 S^Connection: upgrade^Upgrade: websocket^^", R::SwitchWithoutUpgrade),
    ];
    for (name, answer, refusal) in cases {
        let bytes = answer.replace('^', "\r\n");
        let result = parse_with(
            &mut AnswerHead::new(),
            bytes.as_bytes(),
            &Limits::default(),
            GET,
        );
        assert_eq!(result, Err(*refusal), "{name}");
    }
}

#[test]
fn honest_answers_are_read_by_what_was_asked() {
    let facts = |answer: &str, asked: Asked| {
        let bytes = answer.replace('^', "\r\n");
        let mut head = AnswerHead::new();
        let result = parse_with(&mut head, bytes.as_bytes(), &Limits::default(), asked);
        assert_eq!(result, Ok(Some(bytes.len())), "{answer}");
        let answer = head.view(bytes.as_bytes());
        let reason = String::from_utf8_lossy(answer.reason);
        format!(
            "{} {reason}|{:?} {} {:?}",
            answer.status, answer.framing, answer.keep_alive, answer.upgrade
        )
    };
    assert_eq!(
        facts("HTTP/1.1 200 OK^Content-Length: 5^^", GET),
        "200 OK|Length(5) true None"
    );
    assert_eq!(
        facts("HTTP/1.1 200 OK^Content-Length: 5^^", HEAD),
        "200 OK|None true None"
    );
    assert_eq!(
        facts("HTTP/1.1 200 OK^Transfer-Encoding: chunked^^", GET),
        "200 OK|Chunked true None"
    );
    assert_eq!(
        facts("HTTP/1.1 200 OK^Transfer-Encoding: chunked^^", HEAD),
        "200 OK|None true None"
    );
    assert_eq!(
        facts("HTTP/1.1 200 OK^^", GET),
        "200 OK|UntilClose false None"
    );
    assert_eq!(facts("HTTP/1.1 200 OK^^", HEAD), "200 OK|None true None");
    assert_eq!(
        facts("HTTP/1.1 200 OK^Connection: close^Content-Length: 0^^", GET),
        "200 OK|Length(0) false None"
    );
    assert_eq!(
        facts("HTTP/1.0 200 OK^Content-Length: 5^^", GET),
        "200 OK|Length(5) false None"
    );
    assert_eq!(
        facts(
            "HTTP/1.0 200 OK^Connection: keep-alive^Content-Length: 5^^",
            GET
        ),
        "200 OK|Length(5) true None"
    );
    assert_eq!(
        facts("HTTP/1.0 200 OK^Connection: keep-alive^^", GET),
        "200 OK|UntilClose false None"
    );
    assert_eq!(
        facts("HTTP/1.1 304 Not Modified^Content-Length: 5^^", GET),
        "304 Not Modified|None true None"
    );
    assert_eq!(
        facts("HTTP/1.1 204 No Content^Content-Length: 0^^", GET),
        "204 No Content|None true None"
    );
    assert_eq!(
        facts("HTTP/1.1 103 Early Hints^Link: </a>^^", GET),
        "103 Early Hints|None true None"
    );
    assert_eq!(facts("HTTP/1.1 100 ^^", GET), "100 |None true None");
    assert_eq!(
        facts("HTTP/1.1 200^Content-Length: 1^^", GET),
        "200 |Length(1) true None"
    );
    assert_eq!(
        facts("HTTP/1.1 999 \u{e4}\t b^Content-Length: 1^^", GET),
        "999 \u{e4}\t b|Length(1) true None"
    );
    assert_eq!(
        facts("HTTP/1.1 205 R^Content-Length: 0^^", GET),
        "205 R|Length(0) true None"
    );
    assert_eq!(
        facts(
            "HTTP/1.1 101 S^Connection: Upgrade^Upgrade: websocket^^",
            GET
        ),
        r#"101 S|None false Some("websocket")"#,
    );
    assert_eq!(
        facts("HTTP/1.1 200 OK^Content-Length: 1^Upgrade: h2^^", GET),
        "200 OK|Length(1) true None"
    );
    assert_eq!(
        facts("HTTP/1.1 200 OK^^", CONNECT),
        "200 OK|None false None"
    );
    assert_eq!(
        facts("HTTP/1.1 403 No^Content-Length: 5^^", CONNECT),
        "403 No|Length(5) true None"
    );
    assert_eq!(
        facts(
            "HTTP/1.1 200 OK^Connection: keep-alive^Connection: Transfer-Encoding^Transfer-Encoding: chunked^^",
            GET
        ),
        "200 OK|Chunked true None",
    );
    assert_eq!(
        facts(
            "HTTP/1.1 200 OK^Host: a^Host: b^Expect: x^Content-Length: 1^^",
            GET
        ),
        "200 OK|Length(1) true None"
    );
}

#[test]
fn interim_answers_are_heads_one_after_the_other() {
    let bytes = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n\
        HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-A: 1\r\n\r\nok";
    let (mut head, mut at, mut statuses) = (AnswerHead::new(), 0, Vec::new());
    loop {
        head.clear();
        at += head
            .parse(&bytes[at..], &Limits::default(), GET)
            .unwrap()
            .unwrap();
        let status = head.view(&bytes[..at]).status;
        statuses.push(status);
        if status >= 200 {
            break;
        }
    }
    assert_eq!((statuses, &bytes[at..]), (vec![100, 103, 200], &b"ok"[..]));
}

#[test]
fn each_limit_lets_its_measure_pass_and_refuses_one_more() {
    let limits = Limits {
        line: 30,
        head: 60,
        fields: 2,
        ..Limits::default()
    };
    let outcome =
        |bytes: String| parse_with(&mut AnswerHead::new(), bytes.as_bytes(), &limits, GET);
    let reason = |len| format!("HTTP/1.1 200 {}\r\n\r\n", "r".repeat(len));
    assert_eq!(outcome(reason(15)), Ok(Some(32)));
    assert_eq!(outcome(reason(16)), Err(Refusal::FieldTooLong));
    assert_eq!(outcome(reason(90)), Err(Refusal::FieldTooLong));
    assert_eq!(
        outcome(format!("HTTP/1.1 200 OK\r\n{}\r\n", "a: b\r\n".repeat(2))),
        Ok(Some(31))
    );
    assert_eq!(
        outcome(format!("HTTP/1.1 200 OK\r\n{}\r\n", "a: b\r\n".repeat(3))),
        Err(Refusal::TooManyFields)
    );
    let head = |len| {
        format!(
            "HTTP/1.1 200 OK\r\nA: {}\r\nB: {}\r\n\r\n",
            "v".repeat(15),
            "v".repeat(len)
        )
    };
    assert_eq!(outcome(head(16)), Ok(Some(60)));
    assert_eq!(outcome(head(17)), Err(Refusal::HeadTooLarge));
}

#[test]
fn after_clear_nothing_of_the_last_message_is_left() {
    let mut head = AnswerHead::new();
    let first = b"HTTP/1.0 101 S\r\nConnection: x, close\r\nUpgrade: a\r\n\r\n";
    assert_eq!(
        head.parse(first, &Limits::default(), GET),
        Err(Refusal::SwitchWithoutUpgrade)
    );
    head.clear();
    let second = b"HTTP/1.1 200 OK\r\nX: 1\r\nContent-Length: 1\r\n\r\n";
    head.parse(second, &Limits::default(), GET).unwrap();
    let mut fresh = AnswerHead::new();
    fresh.parse(second, &Limits::default(), GET).unwrap();
    assert_eq!(
        format!("{:?}", head.view(second)),
        format!("{:?}", fresh.view(second))
    );
    assert!(head.view(second).keep_alive);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_accepted_httparse_accepts_and_reads_alike(
        version in "HTTP/1\\.[01]",
        status in 90..1010_u16,
        reason in "[ -~]{0,10}",
        lines in prop::collection::vec("[A-Za-z-]{1,16}:[ \t]{0,2}[ -~]{0,20}\r\n", 0..6),
        spoil in prop::option::of((any::<prop::sample::Index>(), any::<u8>())),
    ) {
        let mut bytes = format!("{version} {status} {reason}\r\n{}\r\n", lines.concat()).into_bytes();
        if let Some((place, byte)) = spoil {
            let place = place.index(bytes.len());
            bytes[place] = byte;
        }
        let mut head = AnswerHead::new();
        if let Ok(Some(len)) = parse_with(&mut head, &bytes, &Limits::default(), GET) {
            let answer = head.view(&bytes);
            let mut storage = [httparse::EMPTY_HEADER; 100];
            let mut other = httparse::Response::new(&mut storage);
            prop_assert_eq!(other.parse(&bytes), Ok(httparse::Status::Complete(len)));
            prop_assert_eq!(Some(answer.status), other.code);
            let ours: Vec<_> = answer.fields.iter().map(|field| (field.name, field.value)).collect();
            let theirs: Vec<_> = other.headers.iter().map(|header| (header.name, header.value)).collect();
            prop_assert_eq!(ours, theirs);
        }
    }

    #[test]
    fn random_bytes_are_no_reason_to_panic(
        start in prop_oneof![Just(&b""[..]), Just(&b"HTTP/1.1 200 OK\r\n"[..])],
        bytes in prop::collection::vec(any::<u8>(), 0..200),
        head_asked in any::<bool>(),
    ) {
        let bytes = [start, &bytes].concat();
        let mut head = AnswerHead::new();
        let _ = parse_with(&mut head, &bytes, &Limits::default(), Asked { head: head_asked, connect: false });
        let _ = format!("{:?}", head.view(&bytes));
    }
}
