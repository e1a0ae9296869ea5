//! A client's bytes against the connection, frame by frame.

use std::time::Duration;

use proptest::{collection::vec, prelude::*};

use crate::{
    Code, Connection, Event, HeadWriter, Indexing, Limits, Malformed, Room,
    frame::{self, Header, kind},
    hpack::{Decoder, Encoder, FieldLimits, FieldList},
};

mod client;
mod requests;

use client::{Client, PREFACE, frame_bytes};

const LIMITS: Limits = Limits {
    streams: 4,
    head_bytes: 1024,
    fields: 20,
    block_bytes: 40_000,
    stream_window: 70_000,
    connection_window: 100_000,
    out: 64 * 1024,
};

/// What a connection made of some frames: events in words, and what it answered.
fn check(frames: impl FnOnce(&mut Client), expected: &[&str]) {
    let mut client = Client::new(LIMITS);
    frames(&mut client);
    assert_eq!(client.said, expected);
}

#[test]
fn a_request_is_answered_and_the_stream_is_over() {
    let mut client = Client::new(LIMITS);
    client.get(1);
    let head = client.connection.head().unwrap();
    assert_eq!((head.method, head.scheme, head.path), ("GET", "https", "/"));
    assert_eq!(head.authority, Some("a.test"));
    assert_eq!(
        head.fields.iter().collect::<Vec<_>>(),
        [(&b"accept"[..], &b"*/*"[..])]
    );
    client.answer(1, false);
    assert_eq!(client.connection.room(1), Room::Now(16_384));
    client.connection.send_data(1, b"hello", true);
    assert_eq!(client.connection.open(), 0);
    assert_eq!(client.connection.room(1), Room::Gone);
    let frames = client.sent();
    assert_eq!(frames.len(), 2);
    assert_eq!(frames[0].header.kind, kind::HEADERS);
    assert_eq!(frames[0].header.flags, frame::END_HEADERS);
    assert_eq!(frames[1].header.flags, frame::END_STREAM);
    assert_eq!(frames[1].payload, b"hello");
}

#[test]
fn what_breaks_the_connection_is_told_by_its_code() {
    let error = |frames: fn(&mut Client), code: Code, reason: &str| {
        let mut client = Client::new(LIMITS);
        frames(&mut client);
        let failed = client.failed.expect(reason);
        assert_eq!((failed.code, failed.reason), (code, reason));
        let last = client.sent().pop().expect("a GOAWAY");
        assert_eq!(last.header.kind, kind::GOAWAY, "{reason}");
        assert_eq!(frame::number(&last.payload[4..]), Some(code as u32));
    };
    use Code::{
        CompressionError, EnhanceYourCalm, FlowControlError, FrameSizeError, ProtocolError,
        StreamClosed,
    };
    let p = ProtocolError;
    error(|c| c.raw(kind::DATA, 0, 0, b"x"), p, "data-on-idle-stream");
    error(|c| c.raw(kind::DATA, 0, 1, b"x"), p, "data-on-idle-stream");
    error(
        |c| c.raw(kind::HEADERS, 5, 2, &[0x82]),
        p,
        "headers-on-even-stream",
    );
    error(
        |c| c.raw(kind::HEADERS, 5, 0, &[0x82]),
        p,
        "headers-on-even-stream",
    );
    error(
        |c| c.raw(kind::HEADERS, 5 | 8, 1, &[9, 0x82]),
        p,
        "padding-too-long",
    );
    error(
        |c| c.raw(kind::HEADERS, 5 | 8, 1, &[]),
        FrameSizeError,
        "padding-missing",
    );
    error(
        |c| c.raw(kind::HEADERS, 5 | 0x20, 1, &[0, 0]),
        FrameSizeError,
        "headers-priority-size",
    );
    error(
        |c| c.raw(kind::HEADERS, 5 | 0x20, 3, &[0, 0, 0, 3, 0, 0x82]),
        p,
        "priority-on-itself",
    );
    error(
        |c| c.raw(kind::HEADERS, 5, 1, &[0xff, 0xff, 0xff, 0xff, 0xff, 0xff]),
        CompressionError,
        "block-malformed",
    );
    error(
        |c| c.raw(kind::CONTINUATION, 4, 1, b""),
        p,
        "continuation-unasked",
    );
    error(
        |c| {
            c.raw(kind::HEADERS, 1, 1, &[0x82]);
            c.raw(kind::PING, 0, 0, &[0; 8]);
        },
        p,
        "block-interrupted",
    );
    error(
        |c| {
            c.raw(kind::HEADERS, 1, 1, &[0x82]);
            c.raw(kind::CONTINUATION, 4, 3, b"");
        },
        p,
        "block-interrupted",
    );
    error(
        |c| {
            c.raw(kind::HEADERS, 1, 1, &[0x82]);
            for _ in 0..65 {
                c.raw(kind::CONTINUATION, 0, 1, b"");
            }
        },
        EnhanceYourCalm,
        "block-too-large",
    );
    error(
        |c| {
            c.raw(kind::HEADERS, 1, 1, &[0x82]);
            for _ in 0..3 {
                c.raw(kind::CONTINUATION, 0, 1, &[0x82; 16_384]);
            }
        },
        EnhanceYourCalm,
        "block-too-large",
    );
    error(
        |c| {
            c.get(3);
            c.get(1);
        },
        StreamClosed,
        "headers-on-closed-stream",
    );
    error(
        |c| {
            c.get(1);
            c.get(1);
        },
        StreamClosed,
        "headers-after-end",
    );
    error(
        |c| c.raw(kind::PRIORITY, 0, 0, &[0; 5]),
        p,
        "priority-on-connection",
    );
    error(
        |c| c.raw(kind::PRIORITY, 0, 1, &[0; 4]),
        FrameSizeError,
        "priority-size",
    );
    error(
        |c| c.raw(kind::PRIORITY, 0, 1, &[0, 0, 0, 1, 0]),
        p,
        "priority-on-itself",
    );
    error(
        |c| c.raw(kind::RST_STREAM, 0, 0, &[0; 4]),
        p,
        "rst-stream-on-idle-stream",
    );
    error(
        |c| c.raw(kind::RST_STREAM, 0, 1, &[0; 4]),
        p,
        "rst-stream-on-idle-stream",
    );
    error(
        |c| c.raw(kind::RST_STREAM, 0, 1, &[0; 3]),
        FrameSizeError,
        "rst-stream-size",
    );
    error(
        |c| c.raw(kind::SETTINGS, 0, 1, &[]),
        p,
        "settings-on-stream",
    );
    error(
        |c| c.raw(kind::SETTINGS, 0, 0, &[0; 5]),
        FrameSizeError,
        "settings-size",
    );
    error(
        |c| c.raw(kind::SETTINGS, 1, 0, &[0; 6]),
        FrameSizeError,
        "settings-ack-size",
    );
    error(
        |c| c.raw(kind::SETTINGS, 0, 0, &[0, 2, 0, 0, 0, 2]),
        p,
        "setting-enable-push",
    );
    error(
        |c| c.raw(kind::SETTINGS, 0, 0, &[0, 4, 0x80, 0, 0, 0]),
        FlowControlError,
        "setting-initial-window",
    );
    error(
        |c| c.raw(kind::SETTINGS, 0, 0, &[0, 5, 0, 0, 0x3f, 0xff]),
        p,
        "setting-max-frame-size",
    );
    error(
        |c| c.raw(kind::SETTINGS, 0, 0, &[0, 5, 1, 0, 0, 0]),
        p,
        "setting-max-frame-size",
    );
    error(
        |c| c.raw(kind::PUSH_PROMISE, 4, 1, &[0; 8]),
        p,
        "push-promise",
    );
    error(|c| c.raw(kind::PING, 0, 1, &[0; 8]), p, "ping-on-stream");
    error(
        |c| c.raw(kind::PING, 0, 0, &[0; 7]),
        FrameSizeError,
        "ping-size",
    );
    error(
        |c| c.raw(kind::GOAWAY, 0, 1, &[0; 8]),
        p,
        "goaway-on-stream",
    );
    error(
        |c| c.raw(kind::GOAWAY, 0, 0, &[0; 7]),
        FrameSizeError,
        "goaway-size",
    );
    error(
        |c| c.raw(kind::WINDOW_UPDATE, 0, 0, &[0; 4]),
        p,
        "window-update-of-nothing",
    );
    error(
        |c| c.raw(kind::WINDOW_UPDATE, 0, 0, &[0; 3]),
        FrameSizeError,
        "window-update-size",
    );
    error(
        |c| c.raw(kind::WINDOW_UPDATE, 0, 1, &[0, 0, 0, 1]),
        p,
        "window-update-on-idle-stream",
    );
    error(
        |c| c.raw(kind::WINDOW_UPDATE, 0, 0, &[0x7f, 0xff, 0xff, 0xff]),
        FlowControlError,
        "window-too-large",
    );
    error(
        |c| {
            c.get(1);
            c.raw(kind::SETTINGS, 0, 0, &[0, 4, 0x7f, 0xff, 0xff, 0xff]);
            c.raw(kind::WINDOW_UPDATE, 0, 1, &[0, 0, 0, 0]);
            c.raw(kind::PING, 0, 0, &[]);
        },
        FrameSizeError,
        "ping-size",
    );
    error(
        |c| c.bytes(&[0, 0x40, 1, 0, 0, 0, 0, 0, 1]),
        FrameSizeError,
        "frame-too-large",
    );
    error(
        |c| {
            c.post(1);
            c.post(3);
            for n in 0..7 {
                c.raw(kind::DATA, 0, n / 4 * 2 + 1, &[0; 16_384]);
            }
        },
        FlowControlError,
        "connection-window-exceeded",
    );
}

#[test]
fn what_comes_before_the_first_settings_ends_the_connection() {
    for (bytes, reason) in [
        (&b"GET / HTTP/1.1\r\n"[..], "preface-malformed"),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r ", "preface-malformed"),
        (
            b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\x08\x06\0\0\0\0\0",
            "settings-not-first",
        ),
    ] {
        let mut client = Client::silent(LIMITS);
        client.bytes(bytes);
        assert_eq!(client.failed.map(|error| error.reason), Some(reason));
    }
    let mut slow = Client::silent(LIMITS);
    for byte in PREFACE {
        slow.bytes(&[*byte]);
    }
    assert!(slow.connection.is_in_head());
    slow.raw(kind::SETTINGS, 0, 0, &[]);
    assert!(!slow.connection.is_in_head());
    assert_eq!(slow.failed, None);
}

#[test]
fn what_breaks_a_stream_leaves_the_others() {
    let reset = |frames: fn(&mut Client), code: Code| {
        let mut client = Client::new(LIMITS);
        client.post(1);
        client.post(3);
        frames(&mut client);
        assert_eq!(client.failed, None);
        assert_eq!(client.said.last().map(String::as_str), Some("reset 1"));
        let mut sent = client.sent().into_iter();
        let reset = sent.find(|frame| frame.header.kind == kind::RST_STREAM);
        let reset = reset.expect("an RST_STREAM");
        assert_eq!(reset.header.stream, 1);
        assert_eq!(frame::number(&reset.payload), Some(code as u32));
        client.raw(kind::DATA, 1, 3, b"end");
        assert_eq!(client.said.last().map(String::as_str), Some("data 3 end."));
    };
    reset(
        |c| c.raw(kind::WINDOW_UPDATE, 0, 1, &[0; 4]),
        Code::ProtocolError,
    );
    reset(
        |c| c.raw(kind::WINDOW_UPDATE, 0, 1, &[0x7f, 0xff, 0xff, 0xff]),
        Code::FlowControlError,
    );
    reset(|c| c.head(1, &[("x", "y")], false), Code::ProtocolError);
    reset(|c| c.head(1, &[(":path", "/")], true), Code::ProtocolError);
    reset(
        |c| {
            for _ in 0..5 {
                c.raw(kind::DATA, 0, 1, &[b'x'; 15_000]);
            }
        },
        Code::FlowControlError,
    );
}

#[test]
fn a_stream_too_many_is_refused_and_may_be_sent_again() {
    let mut client = Client::new(LIMITS);
    for stream in [1, 3, 5, 7, 9] {
        client.get(stream);
    }
    let last = client.sent().pop().expect("an RST_STREAM");
    assert_eq!(
        (last.header.kind, last.header.stream),
        (kind::RST_STREAM, 9)
    );
    assert_eq!(
        frame::number(&last.payload),
        Some(Code::RefusedStream as u32)
    );
    client.answer(1, true);
    client.get(11);
    assert_eq!(client.said.last().map(String::as_str), Some("request 11."));
}

#[test]
fn frames_on_streams_that_we_closed_are_left_alone_for_a_while() {
    let mut client = Client::new(LIMITS);
    client.post(1);
    client.answer(1, true);
    assert_eq!(client.sent().len(), 1, "the answer alone");
    let mut told = Vec::new();
    for _ in 0..260 {
        client.raw(kind::DATA, 0, 1, &[0; 16_384]);
        told.extend(client.sent());
    }
    let opened = told
        .iter()
        .filter(|frame| (frame.header.kind, frame.header.stream) == (kind::WINDOW_UPDATE, 1));
    assert!(opened.count() > 100, "its window is kept open");
    let told: Vec<_> = told
        .iter()
        .filter(|frame| frame.header.kind == kind::RST_STREAM)
        .map(|frame| frame::number(&frame.payload))
        .collect();
    assert_eq!(told, [Some(Code::NoError as u32)], "once, after 4 MiB");
    client.raw(kind::WINDOW_UPDATE, 0, 1, &[0, 0, 0, 1]);
    client.head(1, &[("x", "late")], true);
    assert_eq!(client.failed, None);
    assert!(client.sent().is_empty());
    // One that the client had ended itself: its own error.
    client.get(3);
    client.answer(3, true);
    client.sent();
    client.raw(kind::DATA, 0, 3, b"after the end");
    let last = client.sent().pop().expect("an RST_STREAM");
    assert_eq!(
        frame::number(&last.payload),
        Some(Code::StreamClosed as u32)
    );
}

#[test]
fn a_client_that_waits_for_its_window_can_go_on() {
    let mut client = Client::new(LIMITS);
    client.post(1);
    for _ in 0..4 {
        client.raw(kind::DATA, 0, 1, &[0; 16_384]);
    }
    client.raw(kind::DATA, 0, 1, &[0; 70_000 - 4 * 16_384]);
    client.sent();
    client.answer(1, true);
    let more: Vec<_> = client
        .sent()
        .into_iter()
        .filter(|frame| (frame.header.kind, frame.header.stream) == (kind::WINDOW_UPDATE, 1))
        .map(|frame| frame::number(&frame.payload))
        .collect();
    assert_eq!(more, [Some(65_536)]);
}

#[test]
fn a_body_arrives_piece_by_piece_and_its_window_opens_as_it_is_dealt_with() {
    let mut client = Client::new(LIMITS);
    client.post(1);
    client.raw(kind::DATA, 8, 1, b"\x03abc\0\0\0");
    assert_eq!(client.said.last().map(String::as_str), Some("data 1 abc"));
    for _ in 0..3 {
        client.raw(kind::DATA, 0, 1, &[b'x'; 16_000]);
    }
    assert!(client.sent().is_empty(), "nothing was dealt with yet");
    client.connection.release(1, 48_003);
    let updates = client.sent();
    assert_eq!(
        updates.len(),
        1,
        "half of the stream's window, not of the connection's"
    );
    assert_eq!(updates[0].header.stream, 1);
    // What is held when a stream ends counts as dealt with.
    client.raw(kind::DATA, 0, 1, &[b'x'; 10_000]);
    client.raw(kind::RST_STREAM, 0, 1, &[0, 0, 0, 8]);
    assert_eq!(client.said.last().map(String::as_str), Some("reset 1"));
    let updates = client.sent();
    assert_eq!((updates.len(), updates[0].header.stream), (1, 0));
    client.post(3);
    client.raw(kind::DATA, 0, 3, b"a");
    client.head(3, &[("trailer", "x")], true);
    assert_eq!(client.said.last().map(String::as_str), Some("ended 3"));
}

#[test]
fn what_may_be_sent_is_the_least_of_all_windows() {
    let mut client = Client::new(LIMITS);
    client.raw(kind::SETTINGS, 0, 0, &[0, 4, 0, 0, 0, 10]);
    client.get(1);
    client.answer(1, false);
    assert_eq!(client.connection.room(1), Room::Now(10));
    client.connection.send_data(1, b"0123456789", false);
    assert_eq!(client.connection.room(1), Room::Stream);
    client.raw(kind::SETTINGS, 0, 0, &[0, 4, 0, 0, 0, 11]);
    assert_eq!(client.said.last().map(String::as_str), Some("windows"));
    assert_eq!(client.connection.room(1), Room::Now(1));
    client.raw(kind::SETTINGS, 0, 0, &[0, 4, 0, 0, 0, 10]);
    // A smaller initial window makes it negative (RFC 9113 §6.9.2).
    client.raw(kind::SETTINGS, 0, 0, &[0, 4, 0, 0, 0, 0]);
    client.raw(kind::WINDOW_UPDATE, 0, 1, &[0, 0, 0, 10]);
    assert_eq!(client.connection.room(1), Room::Stream);
    client.raw(kind::WINDOW_UPDATE, 0, 1, &[0, 1, 0, 0]);
    assert_eq!(client.said.last().map(String::as_str), Some("room 1"));
    assert_eq!(client.connection.room(1), Room::Now(16_384));
    client.sent();
    for _ in 0..3 {
        client.connection.send_data(1, &[0; 16_384], false);
    }
    assert_eq!(
        client.connection.room(1),
        Room::Now(65_536 - 3 * 16_393),
        "what waits to be written"
    );
    client.sent();
    assert_eq!(
        client.connection.room(1),
        Room::Now(16_373),
        "the connection's window"
    );
    client.connection.send_data(1, &[0; 16_373], false);
    client.sent();
    assert_eq!(client.connection.room(1), Room::Connection);
}

#[test]
fn a_head_larger_than_a_frame_goes_on_in_continuations() {
    let mut client = Client::new(LIMITS);
    client.get(1);
    let mut head = client.connection.begin_head(1).unwrap();
    HeadWriter::status(&mut head, 200);
    let long = vec![b'v'; 20_000];
    HeadWriter::field(&mut head, "x-one", &long, Indexing::No);
    HeadWriter::field(&mut head, "x-two", &long, Indexing::No);
    head.finish(true);
    let frames = client.sent();
    let kinds: Vec<_> = frames
        .iter()
        .map(|frame| (frame.header.kind, frame.header.flags))
        .collect();
    assert_eq!(kinds, [(1, 1), (9, 0), (9, 4)]);
    let block: Vec<_> = frames
        .iter()
        .flat_map(|frame| frame.payload.clone())
        .collect();
    let mut list = FieldList::new();
    let limits = FieldLimits {
        bytes: 1 << 20,
        fields: 10,
    };
    Decoder::new(4096)
        .decode(&block, &limits, &mut list)
        .unwrap();
    assert_eq!(list.get(2), Some((&b"x-two"[..], &long[..])));
}

#[test]
fn a_head_over_the_limit_is_told_and_the_next_is_read_as_ever() {
    let mut client = Client::new(LIMITS);
    let long = "v".repeat(2000);
    client.head(
        1,
        &[
            (":method", "GET"),
            (":scheme", "https"),
            (":path", "/"),
            ("x", &long),
        ],
        true,
    );
    assert!(client.connection.head_is_over());
    client.get(3);
    assert!(!client.connection.head_is_over());
    assert_eq!(client.connection.head().unwrap().path, "/");
}

#[test]
fn malformed_heads_are_named() {
    let whole = [
        (":method", "GET"),
        (":scheme", "https"),
        (":authority", "a.test"),
        (":path", "/"),
    ];
    let judge = |fields: &[(&str, &str)], expected: Result<(), Malformed>| {
        let mut client = Client::new(LIMITS);
        client.head(1, fields, true);
        assert_eq!(client.connection.head().map(drop), expected, "{fields:?}");
    };
    let with = |more: &[(&'static str, &'static str)]| [&whole[..], more].concat();
    judge(&whole, Ok(()));
    judge(&with(&[("te", "trailers"), ("x", "y")]), Ok(()));
    judge(&with(&[(":path", "/b")]), Err(Malformed::PseudoRepeated));
    judge(&with(&[(":status", "200")]), Err(Malformed::PseudoUnknown));
    judge(&with(&[(":x", "y")]), Err(Malformed::PseudoUnknown));
    judge(
        &with(&[("x", "y"), (":path", "/")]),
        Err(Malformed::PseudoLate),
    );
    judge(&with(&[("X", "y")]), Err(Malformed::UpperCase));
    judge(&with(&[("te", "gzip")]), Err(Malformed::Te));
    judge(&with(&[("x", " y")]), Err(Malformed::ValueSpace));
    judge(&with(&[("x", "y\t")]), Err(Malformed::ValueSpace));
    for field in [
        "connection",
        "keep-alive",
        "proxy-connection",
        "transfer-encoding",
        "upgrade",
    ] {
        judge(&with(&[(field, "x")]), Err(Malformed::ConnectionField));
    }
    judge(&whole[1..], Err(Malformed::PseudoMissing));
    judge(
        &[whole[0], whole[2], whole[3]],
        Err(Malformed::PseudoMissing),
    );
    judge(&whole[..3], Err(Malformed::PseudoMissing));
    judge(&[], Err(Malformed::PseudoMissing));
    judge(
        &[(":method", "CONNECT"), (":authority", "a.test:1")],
        Ok(()),
    );
    judge(&[(":method", "CONNECT")], Err(Malformed::PseudoMissing));
    judge(
        &[(":method", "CONNECT"), whole[1], whole[2], whole[3]],
        Err(Malformed::PseudoMissing),
    );
    judge(
        &[
            (":method", "CONNECT"),
            whole[1],
            whole[2],
            whole[3],
            (":protocol", "websocket"),
        ],
        Ok(()),
    );
    judge(
        &with(&[(":protocol", "websocket")]),
        Err(Malformed::PseudoUnknown),
    );
    judge(
        &[(":method", "GÉT"), whole[1], whole[2], whole[3]],
        Err(Malformed::NotAscii),
    );
}

#[test]
fn floods_end_the_connection_and_honest_use_does_not() {
    let flood = |frame: fn(&mut Client, u32)| {
        let mut client = Client::new(LIMITS);
        client.post(1);
        for n in 0..3000 {
            frame(&mut client, n);
            client.sent();
        }
        assert_eq!(
            client.failed.map(|error| error.code),
            Some(Code::EnhanceYourCalm)
        );
    };
    flood(|c, _| c.raw(kind::PING, 0, 0, &[0; 8]));
    flood(|c, _| c.raw(kind::PING, 1, 0, &[0; 8]));
    flood(|c, _| c.raw(kind::SETTINGS, 0, 0, &[]));
    flood(|c, _| c.raw(kind::SETTINGS, 1, 0, &[]));
    flood(|c, _| c.raw(kind::PRIORITY, 0, 99, &[0; 5]));
    flood(|c, _| c.raw(kind::DATA, 0, 1, b""));
    flood(|c, _| c.raw(kind::WINDOW_UPDATE, 0, 1, &[0, 0, 0, 1]));
    flood(|c, _| c.raw(200, 0, 0, b"unknown"));
    flood(|c, _| c.raw(kind::GOAWAY, 0, 0, &[0; 8]));
    // Rapid reset, and streams that we are made to reset.
    flood(|c, n| {
        c.get(3 + 2 * n);
        c.raw(kind::RST_STREAM, 0, 3 + 2 * n, &[0, 0, 0, 8]);
    });
    flood(|c, n| {
        c.get(3 + 2 * n);
        c.raw(kind::WINDOW_UPDATE, 0, 3 + 2 * n, &[0; 4]);
    });
    flood(|c, n| c.get(3 + 2 * n));

    // A long download: an update for each frame.
    let mut client = Client::new(LIMITS);
    client.get(1);
    client.answer(1, false);
    for _ in 0..5000 {
        client.connection.send_data(1, &[0; 1000], false);
        client.raw(kind::WINDOW_UPDATE, 0, 1, &[0, 0, 3, 0xe8]);
        client.raw(kind::WINDOW_UPDATE, 0, 0, &[0, 0, 3, 0xe8]);
        client.sent();
    }
    assert_eq!(client.failed, None);
    // Go's client gives back each 4 KiB, of the stream and of all, long after they came.
    let mut client = Client::new(LIMITS);
    client.raw(kind::SETTINGS, 0, 0, &[0, 4, 0x00, 0x40, 0, 0]);
    client.raw(kind::WINDOW_UPDATE, 0, 0, &[0x3f, 0, 0, 0]);
    client.get(1);
    client.answer(1, false);
    for _ in 0..100 {
        for _ in 0..64 {
            client.connection.send_data(1, &[0; 16_384], false);
            client.connection.out.clear();
        }
        for _ in 0..64 * 4 {
            client.raw(kind::WINDOW_UPDATE, 0, 1, &[0, 0, 0x10, 0]);
            client.raw(kind::WINDOW_UPDATE, 0, 0, &[0, 0, 0x10, 0]);
        }
    }
    assert_eq!(client.failed, None);
    // A ping now and then, for hours.
    for second in 0..10_000 {
        client.now = Duration::from_secs(second);
        client.raw(kind::PING, 0, 0, &[0; 8]);
        client.sent();
    }
    assert_eq!(client.failed, None);
}

#[test]
fn a_farewell_serves_what_was_sent_before_it_was_known() {
    let mut client = Client::new(LIMITS);
    client.get(1);
    client.connection.say_farewell();
    let farewell = client.sent();
    assert_eq!(frame::number(&farewell[0].payload), Some(0x7fff_ffff));
    assert_eq!(farewell[1].header.kind, kind::PING);
    client.get(3);
    assert_eq!(client.said.last().map(String::as_str), Some("request 3."));
    client.raw(kind::PING, 1, 0, &farewell[1].payload);
    let last = client.sent();
    assert_eq!(frame::number(&last[0].payload), Some(3));
    client.post(5);
    client.raw(kind::DATA, 1, 5, b"too late");
    assert_eq!(client.said.last().map(String::as_str), Some("handled"));
    assert_eq!(client.failed, None);
    assert!(!client.connection.is_over());
    client.answer(1, true);
    client.answer(3, true);
    assert!(client.connection.is_over());
}

#[test]
fn a_table_that_the_client_makes_smaller_is_made_smaller() {
    let mut client = Client::new(LIMITS);
    client.raw(kind::SETTINGS, 0, 0, &[0, 1, 0, 0, 0, 0]);
    for stream in [1, 3] {
        client.get(stream);
        client.answer(stream, true);
    }
    // A decoder without a table reads both.
    let mut decoder = Decoder::new(0);
    for frame in client.sent() {
        if frame.header.kind == kind::HEADERS {
            let mut list = FieldList::new();
            let limits = FieldLimits {
                bytes: 4096,
                fields: 10,
            };
            decoder.decode(&frame.payload, &limits, &mut list).unwrap();
            assert_eq!(list.get(1), Some((&b"server-timing"[..], &b"a;dur=1"[..])));
        }
    }
}

#[test]
fn an_extension_is_ignored() {
    check(
        |client| {
            client.raw(0xfe, 0xff, 0x7fff_ffff, b"whatever");
            client.raw(kind::SETTINGS, 0, 0, &[0xff, 0xff, 0, 0, 0, 1]);
            client.get(1);
        },
        &["handled", "handled", "request 1."],
    );
}

/// A frame that is nearly right: kinds, flags and streams as they are used.
fn nearly() -> impl Strategy<Value = Vec<u8>> {
    let kind = prop_oneof![0_u8..10, any::<u8>()];
    let flags = prop_oneof![
        Just(0_u8),
        Just(1),
        Just(4),
        Just(5),
        Just(0x25),
        any::<u8>()
    ];
    let stream = prop_oneof![0_u32..8, any::<u32>()];
    let payload = prop_oneof![
        vec(any::<u8>(), 0..40),
        Just(vec![0; 4]),
        Just(vec![0, 0, 0, 9]),
        Just(vec![0x82, 0x84, 0x87, 0x41, 1, b'a']),
        Just(vec![0, 4, 0, 1, 0, 0]),
    ];
    (kind, flags, stream, payload)
        .prop_map(|(kind, flags, stream, payload)| frame_bytes(kind, flags, stream, &payload))
}

proptest! {
    #[test]
    fn whatever_comes_and_however_it_is_cut_the_outcome_is_the_same(
        frames in vec(nearly(), 0..40),
        cuts in vec(1_usize..60, 1..20),
    ) {
        let mut bytes = PREFACE.to_vec();
        bytes.extend(frame_bytes(kind::SETTINGS, 0, 0, &[]));
        bytes.extend(frames.concat());
        let mut whole = Client::silent(LIMITS);
        whole.bytes(&bytes);
        let mut cut = Client::silent(LIMITS);
        let mut rest = &bytes[..];
        for size in cuts.iter().cycle() {
            let (piece, more) = rest.split_at(rest.len().min(*size));
            if piece.is_empty() {
                break;
            }
            cut.bytes(piece);
            rest = more;
        }
        prop_assert_eq!(&whole.said, &cut.said);
        prop_assert_eq!(whole.failed, cut.failed);
        prop_assert_eq!(&whole.connection.out, &cut.connection.out);
        prop_assert!(whole.connection.open() <= 4);
    }
}
