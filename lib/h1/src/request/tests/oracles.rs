//! Properties over generated and spoilt requests; httparse and hyper as second readers.

use std::{convert::Infallible, sync::Mutex};

use bytes::Bytes;
use http_body_util::{BodyExt, Collected, Full};
use hyper::{Response, body::Incoming, service::service_fn};
use hyper_util::rt::TokioIo;
use proptest::prelude::*;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::*;
use crate::BodyDecoder;

fn method() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("GET".into()),
        Just("POST".into()),
        Just("OPTIONS".into()),
        "[A-Z]{1,12}",
        "[!#-&a-z^_|~-]{1,5}"
    ]
}

fn target() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => "/[a-zA-Z0-9/._~%!$&'()*+,;=:@|^{}\\[\\]-]{0,40}(\\?[a-zA-Z0-9/?%&=|^{}`\\\\\\[\\]-]{0,20})?",
        1 => "http://example\\.com(/[a-z]{0,5})?(\\?[a-z]{0,5})?",
        1 => Just("*".into()),
    ]
}

fn field_line() -> impl Strategy<Value = Vec<u8>> {
    let value = prop::collection::vec(
        prop_oneof![8 => 0x20..0x7f_u8, 1 => Just(b'\t'), 1 => 0x80..=0xff_u8],
        0..60,
    );
    (
        "[!#-'*+.0-9A-Z^-z|~-]{1,24}",
        "[ \t]{0,3}",
        value,
        "[ \t]{0,2}",
    )
        .prop_map(|(name, before, value, after)| {
            [
                name.as_bytes(),
                b":",
                before.as_bytes(),
                &value,
                after.as_bytes(),
                b"\r\n",
            ]
            .concat()
        })
}

fn framing_line() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        8 => Just(""),
        2 => Just("Content-Length: 5\r\n"),
        2 => Just("Transfer-Encoding: chunked\r\n"),
        1 => Just("Content-Length: 5, 5\r\n"),
        1 => Just("Transfer-Encoding: gzip, chunked\r\n"),
        1 => Just("Connection: keep-alive, X-A\r\nX-A: 1\r\n"),
        1 => Just("Connection: close\r\n"),
        1 => Just("Expect: 100-continue\r\n"),
        1 => Just("Content-Length : 5\r\n"),
    ]
    .prop_map(|text| text.as_bytes().to_vec())
}

/// Requests that are mostly accepted.
fn request() -> impl Strategy<Value = Vec<u8>> {
    (
        method(),
        target(),
        any::<bool>(),
        prop::collection::vec(field_line(), 0..8),
        framing_line(),
        0..8_usize,
    )
        .prop_map(|(method, target, old, mut lines, framing, place)| {
            lines.insert(place.min(lines.len()), framing);
            let start = format!(
                "{method} {target} HTTP/1.{}\r\nHost: example.com\r\n",
                u8::from(!old)
            );
            [start.into_bytes(), lines.concat(), b"\r\n".to_vec()].concat()
        })
}

/// The same, with a few bytes replaced, put in or taken out.
fn spoilt() -> impl Strategy<Value = Vec<u8>> {
    let byte = prop_oneof![
        Just(b'\r'),
        Just(b'\n'),
        Just(b' '),
        Just(b'\t'),
        Just(b':'),
        Just(0),
        any::<u8>()
    ];
    let spoils = prop::collection::vec((any::<prop::sample::Index>(), byte, 0..3_u8), 0..4);
    (request(), spoils).prop_map(|(mut bytes, spoils)| {
        for (place, byte, kind) in spoils {
            let place = place.index(bytes.len());
            match kind {
                0 => bytes[place] = byte,
                1 => bytes.insert(place, byte),
                _ => drop(bytes.remove(place)),
            }
        }
        bytes
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_accepted_httparse_accepts_and_reads_alike(bytes in spoilt()) {
        let mut head = RequestHead::new();
        if let Ok(Some(len)) = head.parse(&bytes, &Limits::default()) {
            let request = head.view(&bytes);
            let mut storage = [httparse::EMPTY_HEADER; 100];
            let mut other = httparse::Request::new(&mut storage);
            prop_assert_eq!(other.parse(&bytes), Ok(httparse::Status::Complete(len)));
            prop_assert_eq!(Some(request.method), other.method);
            prop_assert_eq!(u8::from(request.version == Version::Http11), other.version.unwrap());
            let theirs = other.path.unwrap();
            match request.target {
                Target::Origin { path, query } => {
                    let ours = match query {
                        Some(query) => format!("{path}?{query}"),
                        None => path.to_owned(),
                    };
                    let theirs = match theirs.split_once("://") {
                        Some((_, rest)) if !theirs.starts_with('/') => {
                            let path = &rest[request.authority.len()..];
                            if path.starts_with('/') { path.to_owned() } else { format!("/{path}") }
                        }
                        _ => theirs.to_owned(),
                    };
                    prop_assert_eq!(ours, theirs);
                }
                Target::Asterisk => prop_assert!(theirs == "*" || theirs.ends_with(request.authority)),
                Target::Authority(authority) => prop_assert_eq!(authority, theirs),
            }
            let ours: Vec<_> = request.fields.iter().map(|field| (field.name, field.value)).collect();
            let theirs: Vec<_> = other.headers.iter().map(|header| (header.name, header.value)).collect();
            prop_assert_eq!(ours, theirs);
        }
    }

    #[test]
    fn cutting_the_input_anywhere_changes_nothing(
        bytes in spoilt(),
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..6),
        limits in prop_oneof![
            3 => Just(Limits::default()),
            1 => (0..80_usize, 0..300_usize, 0..6_usize)
                .prop_map(|(line, head, fields)| Limits { line, head, fields, ..Limits::default() }),
        ],
    ) {
        let mut cuts: Vec<_> = cuts.iter().map(|cut| cut.index(bytes.len() + 1)).collect();
        cuts.push(bytes.len());
        cuts.sort_unstable();
        let mut head = RequestHead::new();
        let mut cut_result = Ok(None);
        for cut in cuts {
            cut_result = head.parse(&bytes[..cut], &limits);
            if cut_result != Ok(None) {
                break;
            }
        }
        prop_assert_eq!(cut_result, parse_with(&mut RequestHead::new(), &bytes, &limits));
    }

    #[test]
    fn random_bytes_are_no_reason_to_panic(bytes in prop::collection::vec(any::<u8>(), 0..300), line in 0..100_usize) {
        let mut head = RequestHead::new();
        let _ = head.parse(&bytes, &Limits { line, ..Limits::default() });
        let _ = format!("{:?}", head.view(&bytes));
    }

    #[test]
    fn most_generated_requests_are_accepted(bytes in request()) {
        // So that the properties above aren't about refusals only. What is refused here,
        // is for a reason that was generated on purpose.
        let refusal = RequestHead::new().parse(&bytes, &Limits::default()).err();
        let on_purpose = [
            Refusal::Target, Refusal::Length, Refusal::CodingUnknown, Refusal::CodingInHttp10,
            Refusal::SpaceInName, Refusal::HostMismatch,
        ];
        prop_assert!(refusal.is_none_or(|refusal| on_purpose.contains(&refusal)), "{:?}", refusal);
    }
}

/// What hyper's server made of a request, in one line, or `None` if it refused it.
async fn hyper_reads(bytes: Vec<u8>) -> Option<String> {
    let (mut client, server) = tokio::io::duplex(1 << 16);
    let heard = Mutex::new(None);
    let service = service_fn(|request: hyper::Request<Incoming>| async {
        let (head, body) = request.into_parts();
        let body = body.collect().await.map(Collected::to_bytes);
        let path = match head.uri.query() {
            None => head.uri.path().to_owned(),
            Some(query) => format!("{}?{query}", head.uri.path()),
        };
        let fields = head.headers.iter();
        let mut fields: Vec<_> = fields
            .map(|(name, value)| show(name.as_str(), value.as_bytes()))
            .collect();
        fields.sort();
        if let Ok(body) = body {
            *heard.lock().unwrap() = Some(format!("{} {path} {fields:?} {body:?}", head.method));
        }
        Ok::<_, Infallible>(Response::new(Full::new(Bytes::new())))
    });
    let serve = hyper::server::conn::http1::Builder::new()
        .keep_alive(false)
        .half_close(true)
        .serve_connection(TokioIo::new(server), service);
    let ask = async {
        // What hyper does with a peer that goes on or hangs up isn't in question.
        let _ = client.write_all(&bytes).await;
        let _ = client.shutdown().await;
        let mut answer = Vec::new();
        let _ = client.read_to_end(&mut answer).await;
    };
    let (_, ()) = tokio::join!(serve, ask);
    heard.into_inner().unwrap()
}

fn show(name: &str, value: &[u8]) -> String {
    format!("{}={}", name.to_ascii_lowercase(), value.escape_ascii())
}

/// The same from this crate.
fn we_read(bytes: &[u8]) -> Option<String> {
    let mut head = RequestHead::new();
    let len = head.parse(bytes, &Limits::default()).ok()??;
    let request = head.view(bytes);
    let path = match request.target {
        Target::Origin { path, query: None } => path.to_owned(),
        Target::Origin {
            path,
            query: Some(query),
        } => format!("{path}?{query}"),
        Target::Asterisk => "*".to_owned(),
        Target::Authority(_) => return None,
    };
    let mut body = BodyDecoder::new(request.framing, &Limits::default());
    let (mut at, mut data) = (len, Vec::new());
    while !body.is_done() {
        let decoded = body.decode(&bytes[at..]).ok()?;
        data.extend_from_slice(&bytes[at..][decoded.data]);
        at += decoded.consumed;
        if decoded.consumed == 0 && !decoded.done {
            return None;
        }
    }
    let mut fields: Vec<_> = request
        .fields
        .iter()
        .map(|field| show(field.name, field.value))
        .collect();
    fields.sort();
    Some(format!(
        "{} {path} {fields:?} {:?}",
        request.method,
        Bytes::from(data)
    ))
}

#[test]
fn hyper_reads_what_is_accepted_alike() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let mut compared = 0;
    let config = ProptestConfig {
        cases: 400,
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    let body = prop_oneof![
        Just(&b"hello"[..]),
        Just(&b"3;x=y\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"[..])
    ];
    let mut runner = proptest::test_runner::TestRunner::new(config);
    let compared_in = std::cell::Cell::new(0);
    runner
        .run(&(spoilt(), body), |(head, body)| {
            let bytes = [&head, body].concat();
            let Some(ours) = we_read(&bytes) else {
                return Ok(());
            };
            // An absolute target without a path is `*` to us (RFC 9112 §3.2.4), `/` to hyper.
            if ours.starts_with("OPTIONS *") && !head.starts_with(b"OPTIONS * ") {
                return Ok(());
            }
            prop_assert_eq!(runtime.block_on(hyper_reads(bytes)), Some(ours));
            compared_in.set(compared_in.get() + 1);
            Ok(())
        })
        .unwrap();
    compared += compared_in.get();
    assert!(compared > 50, "only {compared} requests were compared");
}
