//! The examples of RFC 7541, appendix C.

use super::*;

const GET_HTTP: &[&str] = &[
    ":method: GET",
    ":scheme: http",
    ":path: /",
    ":authority: www.example.com",
];
const GET_HTTP_AGAIN: &[&str] = &[
    ":method: GET",
    ":scheme: http",
    ":path: /",
    ":authority: www.example.com",
    "cache-control: no-cache",
];
const GET_HTTPS: &[&str] = &[
    ":method: GET",
    ":scheme: https",
    ":path: /index.html",
    ":authority: www.example.com",
    "custom-key: custom-value",
];
const REDIRECT: &[&str] = &[
    ":status: 302",
    "cache-control: private",
    "date: Mon, 21 Oct 2013 20:13:21 GMT",
    "location: https://www.example.com",
];
const REDIRECT_307: &[&str] = &[
    ":status: 307",
    "cache-control: private",
    "date: Mon, 21 Oct 2013 20:13:21 GMT",
    "location: https://www.example.com",
];
const OK: &[&str] = &[
    ":status: 200",
    "cache-control: private",
    "date: Mon, 21 Oct 2013 20:13:22 GMT",
    "location: https://www.example.com",
    "content-encoding: gzip",
    "set-cookie: foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1",
];

#[test]
fn integers_of_c_1_are_read_and_written() {
    for (octets, mask, value) in [
        (&[0x0a_u8][..], 0x1f, 10),
        (&[0x1f, 0x9a, 0x0a], 0x1f, 1337),
        (&[0x2a], 0xff, 42),
    ] {
        let (&first, rest) = octets.split_first().unwrap();
        assert_eq!(integer::decode(first, mask, rest), Ok((value, &[][..])));
        let mut out = Vec::new();
        integer::encode(&mut out, 0, mask, value);
        assert_eq!(out, octets);
    }
}

/// Blocks in sequence on one connection, whose table is given this size first.
fn check(table: usize, blocks: &[(&str, &[&str])]) {
    let mut decoder = Decoder::new(4096);
    let mut resize = Vec::new();
    integer::encode(&mut resize, 0x20, 0x1f, table);
    decode(&mut decoder, &resize).unwrap();
    for (digits, lines) in blocks {
        assert_eq!(decode(&mut decoder, &hex(digits)), Ok(fields(lines)));
    }
}

#[test]
fn single_fields_of_c_2_are_decoded() {
    #[rustfmt::skip]
    let cases: &[(&str, &str)] = &[
        ("400a 6375 7374 6f6d 2d6b 6579 0d63 7573 746f 6d2d 6865 6164 6572", "custom-key: custom-header"),
        ("040c 2f73 616d 706c 652f 7061 7468", ":path: /sample/path"),
        ("1008 7061 7373 776f 7264 0673 6563 7265 74", "password: secret"),
        ("82", ":method: GET"),
    ];
    for (digits, line) in cases {
        check(4096, &[(digits, &[line])]);
    }
}

#[test]
fn requests_of_c_3_are_decoded_in_sequence() {
    #[rustfmt::skip]
    check(4096, &[
        ("8286 8441 0f77 7777 2e65 7861 6d70 6c65 2e63 6f6d", GET_HTTP),
        ("8286 84be 5808 6e6f 2d63 6163 6865", GET_HTTP_AGAIN),
        ("8287 85bf 400a 6375 7374 6f6d 2d6b 6579 0c63 7573 746f 6d2d 7661 6c75 65", GET_HTTPS),
    ]);
}

#[test]
fn huffman_coded_requests_of_c_4_are_decoded_in_sequence() {
    #[rustfmt::skip]
    check(4096, &[
        ("8286 8441 8cf1 e3c2 e5f2 3a6b a0ab 90f4 ff", GET_HTTP),
        ("8286 84be 5886 a8eb 1064 9cbf", GET_HTTP_AGAIN),
        ("8287 85bf 4088 25a8 49e9 5ba9 7d7f 8925 a849 e95b b8e8 b4bf", GET_HTTPS),
    ]);
}

#[test]
fn answers_of_c_5_are_decoded_in_sequence_with_eviction() {
    #[rustfmt::skip]
    check(256, &[
        ("4803 3330 3258 0770 7269 7661 7465 611d 4d6f 6e2c 2032 3120 4f63 7420 3230 3133
          2032 303a 3133 3a32 3120 474d 546e 1768 7474 7073 3a2f 2f77 7777 2e65 7861 6d70
          6c65 2e63 6f6d", REDIRECT),
        ("4803 3330 37c1 c0bf", REDIRECT_307),
        ("88c1 611d 4d6f 6e2c 2032 3120 4f63 7420 3230 3133 2032 303a 3133 3a32 3220 474d
          54c0 5a04 677a 6970 7738 666f 6f3d 4153 444a 4b48 514b 425a 584f 5157 454f 5049
          5541 5851 5745 4f49 553b 206d 6178 2d61 6765 3d33 3630 303b 2076 6572 7369 6f6e
          3d31", OK),
    ]);
}

#[test]
fn huffman_coded_answers_of_c_6_are_decoded_in_sequence_with_eviction() {
    #[rustfmt::skip]
    check(256, &[
        ("4882 6402 5885 aec3 771a 4b61 96d0 7abe 9410 54d4 44a8 2005 9504 0b81 66e0 82a6
          2d1b ff6e 919d 29ad 1718 63c7 8f0b 97c8 e9ae 82ae 43d3", REDIRECT),
        ("4883 640e ffc1 c0bf", REDIRECT_307),
        ("88c1 6196 d07a be94 1054 d444 a820 0595 040b 8166 e084 a62d 1bff c05a 839b d9ab
          77ad 94e7 821d d7f2 e6c7 b335 dfdf cd5b 3960 d5af 2708 7f36 72c1 ab27 0fb5 291f
          9587 3160 65c0 03ed 4ee5 b106 3d50 07", OK),
    ]);
}

/// With the default table: in one of 256 octets these fields are too large to be put.
#[test]
fn answers_of_c_5_are_encoded_as_short_as_there() {
    let mut encoder = Encoder::new();
    let mut decoder = Decoder::new(4096);
    for (lines, len) in [(REDIRECT, 70), (REDIRECT_307, 8), (OK, 98)] {
        let mut block = Vec::new();
        encoder.begin(&mut block);
        for (name, value) in fields(lines) {
            match name.as_str() {
                ":status" => encoder.status(&mut block, value.parse().unwrap()),
                name => encoder.field(&mut block, name, value.as_bytes(), Indexing::Yes),
            }
        }
        assert_eq!(block.len(), len);
        assert_eq!(decode(&mut decoder, &block), Ok(fields(lines)));
    }
}
