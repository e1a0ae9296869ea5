use proptest::prelude::*;

use super::*;

fn whole(bytes: &[u8], source: Option<&str>) -> Result<Start, ProxyHeaderError> {
    Ok(Start::Whole {
        length: bytes.len(),
        source: source.map(|source| source.parse().unwrap()),
    })
}

fn v2(command: u8, family: u8, body: &[u8]) -> Vec<u8> {
    let mut header = SIGNATURE.to_vec();
    header.extend_from_slice(&[command, family]);
    header.extend_from_slice(&u16::try_from(body.len()).unwrap().to_be_bytes());
    header.extend_from_slice(body);
    header
}

const V4: [u8; 12] = [198, 51, 100, 7, 203, 0, 113, 9, 0x12, 0x34, 1, 0xbb];

#[test]
fn a_line_of_version_1_names_its_source() {
    let check = |line: &str, source| {
        assert_eq!(
            start(line.as_bytes()),
            whole(line.as_bytes(), source),
            "{line}"
        );
    };
    check(
        "PROXY TCP4 198.51.100.7 203.0.113.9 4660 443\r\n",
        Some("198.51.100.7"),
    );
    check(
        "PROXY TCP6 2001:db8::7 2001:db8::9 4660 443\r\n",
        Some("2001:db8::7"),
    );
    check(
        "PROXY TCP6 ::ffff:198.51.100.7 ::1 0 65535\r\n",
        Some("::ffff:198.51.100.7"),
    );
    check("PROXY UNKNOWN\r\n", None);
    check("PROXY UNKNOWN ffff::1 ffff::2 1 2\r\n", None);
    check("PROXY UNKNOWN whatever it says\r\n", None);
}

#[test]
fn a_malformed_line_is_refused() {
    for line in [
        "PROXY TCP4 198.51.100.7 203.0.113.9 4660 443\n",
        "PROXY TCP4 198.51.100.7 203.0.113.9 4660\r\n",
        "PROXY TCP4 198.51.100.7 203.0.113.9 4660 443 1\r\n",
        "PROXY TCP4  198.51.100.7 203.0.113.9 4660 443\r\n",
        "PROXY TCP4 198.51.100.7 203.0.113.9 4660 443 \r\n",
        "PROXY TCP4 198.51.100.07 203.0.113.9 4660 443\r\n",
        "PROXY TCP4 198.51.100.7 203.0.113.9 04660 443\r\n",
        "PROXY TCP4 198.51.100.7 203.0.113.9 65536 443\r\n",
        "PROXY TCP4 198.51.100.7 203.0.113.9 +1 443\r\n",
        "PROXY TCP4 2001:db8::7 2001:db8::9 4660 443\r\n",
        "PROXY TCP6 198.51.100.7 203.0.113.9 4660 443\r\n",
        "PROXY tcp4 198.51.100.7 203.0.113.9 4660 443\r\n",
        "PROXY TCP5 198.51.100.7 203.0.113.9 4660 443\r\n",
        "PROXY \r\n",
        "PROXY UNKNOWN\n",
        "PROXY UNKNOWNS\r\n",
    ] {
        assert_eq!(
            start(line.as_bytes()),
            Err(ProxyHeaderError::Line),
            "{line:?}"
        );
    }
    let endless = format!("PROXY UNKNOWN {}", "x".repeat(LINE_MAX));
    assert_eq!(start(endless.as_bytes()), Err(ProxyHeaderError::Line));
}

#[test]
fn a_header_of_version_2_names_its_source_and_its_fields_are_skipped() {
    let check = |bytes: &[u8], source| assert_eq!(start(bytes), whole(bytes, source));
    check(&v2(0x21, 0x11, &V4), Some("198.51.100.7"));
    let mut v6 = [0; 36];
    v6[..4].copy_from_slice(&[0x20, 1, 0xd, 0xb8]);
    v6[15] = 7;
    check(&v2(0x21, 0x21, &v6), Some("2001:db8::7"));
    let with_fields = [&V4[..], &[4, 0, 3, 1, 2, 3]].concat();
    check(&v2(0x21, 0x11, &with_fields), Some("198.51.100.7"));
    check(&v2(0x21, 0x00, &[]), None);
    check(&v2(0x21, 0x31, &[0; 216]), None);
    // LOCAL: the proxy speaks for itself.
    check(&v2(0x20, 0x00, &[]), None);
    check(&v2(0x20, 0x11, &V4), None);
    check(&v2(0x20, 0x11, &[1]), None);
    check(
        &v2(0x21, 0x11, &[&V4[..], &[0; LENGTH_MAX - 28]].concat()),
        Some("198.51.100.7"),
    );
}

#[test]
fn a_malformed_header_of_version_2_is_refused() {
    use ProxyHeaderError as E;
    let check = |bytes: &[u8], expected| assert_eq!(start(bytes), Err(expected));
    check(&v2(0x11, 0x11, &V4), E::Command);
    check(&v2(0x22, 0x11, &V4), E::Command);
    check(&v2(0x21, 0x12, &V4), E::Family);
    check(&v2(0x21, 0x41, &V4), E::Family);
    check(&v2(0x21, 0x11, &V4[..11]), E::Length);
    check(&v2(0x21, 0x21, &V4), E::Length);
    // 64 KiB of fields are refused before they are read.
    let mut huge = v2(0x21, 0x11, &V4);
    huge[14..16].copy_from_slice(&[0xff, 0xff]);
    check(&huge, E::Length);
}

#[test]
fn what_is_no_header_is_left_alone() {
    for bytes in [&b""[..], b"\x16\x03\x01", b"GET / HTTP/1.1\r\n", b"proxy "] {
        assert_eq!(start(bytes), Ok(Start::Other), "{bytes:?}");
    }
}

proptest! {
    #[test]
    fn however_a_header_is_cut_the_rest_is_awaited(
        source: [u8; 4], fields in proptest::collection::vec(any::<u8>(), 0..40), one: bool,
    ) {
        let source = Ipv4Addr::from(source);
        let header = if one {
            format!("PROXY TCP4 {source} 192.0.2.1 1 443\r\n").into_bytes()
        } else {
            let mut body = V4.to_vec();
            body[..4].copy_from_slice(&source.octets());
            body.extend_from_slice(&fields);
            v2(0x21, 0x11, &body)
        };
        for cut in 1..header.len() {
            prop_assert_eq!(start(&header[..cut]), Ok(Start::More));
        }
        let behind = [&header[..], b"\x16\x03"].concat();
        let expected = Start::Whole { length: header.len(), source: Some(source.into()) };
        prop_assert_eq!(start(&behind), Ok(expected));
    }

    #[test]
    fn random_bytes_are_no_reason_to_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200), v2: bool) {
        let bytes = [if v2 { &SIGNATURE[..] } else { WORD }, &bytes].concat();
        let _ = start(&bytes);
    }
}
