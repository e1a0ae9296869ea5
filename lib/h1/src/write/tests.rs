//! What is written, byte by byte.

use super::*;
use crate::{Known, Limits, RequestHead};

fn written(write: impl FnOnce(&mut Vec<u8>)) -> String {
    let mut out = Vec::new();
    write(&mut out);
    String::from_utf8(out).unwrap()
}

#[test]
fn heads_are_written_as_the_rfc_writes_them() {
    assert_eq!(
        written(|out| request_line(out, "GET", "/a?b")),
        "GET /a?b HTTP/1.1\r\n"
    );
    assert_eq!(written(|out| status_line(out, 200)), "HTTP/1.1 200 OK\r\n");
    assert_eq!(
        written(|out| status_line(out, 431)),
        "HTTP/1.1 431 Request Header Fields Too Large\r\n"
    );
    assert_eq!(written(|out| status_line(out, 999)), "HTTP/1.1 999 \r\n");
    assert_eq!(written(|out| field(out, "A", b"b c")), "A: b c\r\n");
    assert_eq!(
        written(|out| field_number(out, "Content-Length", 0)),
        "Content-Length: 0\r\n"
    );
    assert_eq!(written(end_of_head), "\r\n");
}

#[test]
fn the_short_cuts_for_common_statuses_say_the_same() {
    for status in 100..600 {
        let line = format!("HTTP/1.1 {status} {}\r\n", reason(status));
        assert_eq!(written(|out| status_line(out, status)), line);
    }
}

#[test]
fn numbers_are_written_without_leading_zeros() {
    for number in [0, 1, 9, 10, 15, 16, 255, 65536, u64::MAX / 10, u64::MAX] {
        assert_eq!(written(|out| decimal(out, number)), number.to_string());
        assert_eq!(written(|out| hex(out, number)), format!("{number:x}"));
    }
}

#[test]
fn an_empty_chunk_is_not_written_for_it_would_end_the_body() {
    assert_eq!(written(|out| chunk(out, b"")), "");
    assert_eq!(
        written(|out| chunk(out, b"0123456789abcdef!")),
        "11\r\n0123456789abcdef!\r\n"
    );
    assert_eq!(written(|out| last_chunk(out, [])), "0\r\n\r\n");
    assert_eq!(
        written(|out| last_chunk(out, [("A", &b"1"[..])])),
        "0\r\nA: 1\r\n\r\n"
    );
}

#[test]
fn kept_fields_are_forwarded_in_order_without_spare_white_space() {
    let bytes = b"GET / HTTP/1.1\r\nHost: h\r\nA: 1\r\nB:2\r\nConnection: close, c\r\nC: 3\r\n\
        D: \t4 \r\nE:\r\nF: \r\nG: 7\t\r\nH:  8\r\nI: 9\r\nJ:\t10\r\n\r\n";
    let mut head = RequestHead::new();
    head.parse(bytes, &Limits::default()).unwrap().unwrap();
    let request = head.view(bytes);
    assert_eq!(
        written(|out| fields(out, request.fields, |field| !field.hop)),
        "Host: h\r\nA: 1\r\nB: 2\r\nD: 4\r\nE: \r\nF: \r\nG: 7\r\nH: 8\r\nI: 9\r\nJ: 10\r\n",
    );
    assert_eq!(
        written(|out| fields(out, request.fields, |field| field.known
            != Some(Known::Host)
            && field.hop)),
        "Connection: close, c\r\nC: 3\r\n",
    );
    assert_eq!(written(|out| fields(out, request.fields, |_| false)), "");
}
