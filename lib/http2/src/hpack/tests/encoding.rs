//! What the encoder writes, octet for octet.

use super::*;

const ANSWER: &[&str] = &[
    "Content-Type: text/html; charset=utf-8",
    "Cache-Control: private, max-age=0, must-revalidate",
    "Content-Security-Policy: default-src 'self'; object-src 'none'; base-uri 'none'",
    "ETag: \"5f3759df\"",
    "Vary: Accept-Encoding, Cookie",
    "X-Frame-Options: DENY",
];

fn encode(encoder: &mut Encoder, lines: &[&str], indexing: Indexing) -> Vec<u8> {
    let mut block = Vec::new();
    encoder.begin(&mut block);
    for (name, value) in fields(lines) {
        encoder.field(&mut block, &name, value.as_bytes(), indexing);
    }
    block
}

#[test]
fn a_repeated_answer_is_one_octet_a_field_in_any_case_and_order() {
    let mut encoder = Encoder::new();
    encode(&mut encoder, ANSWER, Indexing::Yes);
    for round in 0..3 {
        let block = encode(&mut encoder, ANSWER, Indexing::Yes);
        assert_eq!(block, hex("c3 c2 c1 c0 bf be"), "{round}");
    }
    let lower: Vec<_> = ANSWER
        .iter()
        .map(|line| {
            let (name, value) = line.split_once(':').unwrap();
            format!("{}:{value}", name.to_lowercase())
        })
        .collect();
    let mut lower: Vec<_> = lower.iter().map(String::as_str).collect();
    let block = encode(&mut encoder, &lower, Indexing::Yes);
    assert_eq!(block, hex("c3 c2 c1 c0 bf be"));
    lower.reverse();
    let block = encode(&mut encoder, &lower, Indexing::Yes);
    assert_eq!(block, hex("be bf c0 c1 c2 c3"));
    let block = encode(&mut encoder, &ANSWER[2..], Indexing::Yes);
    assert_eq!(block, hex("c1 c0 bf be"));
}

#[test]
fn a_new_value_costs_itself_only() {
    let mut encoder = Encoder::new();
    encode(&mut encoder, ANSWER, Indexing::Yes);
    let mut changed = ANSWER.to_vec();
    changed[3] = "ETag: \"1\"";
    let block = encode(&mut encoder, &changed, Indexing::Yes);
    assert_eq!(block, hex("c3 c2 c1 62 03 22 31 22 c0 bf"));
    let block = encode(&mut encoder, &changed, Indexing::Yes);
    assert_eq!(block, hex("c4 c3 c2 be c0 bf"));
}

#[test]
fn values_that_share_both_ends_and_the_middle_are_told_apart() {
    let value = |octet: char| {
        let mut value: Vec<char> = vec!['v'; 100];
        value[20] = octet;
        format!("x-a: {}", value.iter().collect::<String>())
    };
    let (one, two) = (value('1'), value('2'));
    let mut encoder = Encoder::new();
    let mut decoder = Decoder::new(4096);
    for line in [&one, &two, &two, &one, &one] {
        let block = encode(&mut encoder, &[line], Indexing::Yes);
        assert_eq!(decode(&mut decoder, &block), Ok(fields(&[line])));
    }
}

#[test]
fn literals_say_whether_others_may_index_them() {
    #[rustfmt::skip]
    let cases = [
        (Indexing::Yes, "Server: a", "76 01 61"),
        (Indexing::No, "Server: a", "0f 27 01 61"),
        (Indexing::Never, "Server: a", "1f 27 01 61"),
        (Indexing::Yes, "X-A: b", "40 03 78 2d 61 01 62"),
        (Indexing::No, "X-A: b", "00 03 78 2d 61 01 62"),
        (Indexing::Never, "X-A: b", "10 03 78 2d 61 01 62"),
        (Indexing::Yes, "Accept-Encoding: gzip, deflate", "90"),
        (Indexing::Yes, "Age: ", "95"),
        (Indexing::Never, "Age: ", "1f 06 00"),
        // Not in the table, for the index takes `^` and `~` for one.
        (Indexing::Yes, "a^: b", "00 02 61 5e 01 62"),
    ];
    for (indexing, line, expect) in cases {
        let block = encode(&mut Encoder::new(), &[line], indexing);
        assert_eq!(block, hex(expect), "{line} {indexing:?}");
    }
}

#[test]
fn a_secret_isnt_referred_to_even_when_the_table_has_it() {
    let mut encoder = Encoder::new();
    encode(&mut encoder, &["x-a: b"], Indexing::Yes);
    assert_eq!(encode(&mut encoder, &["x-a: b"], Indexing::Yes), hex("be"));
    let block = encode(&mut encoder, &["x-a: b"], Indexing::Never);
    assert_eq!(block, hex("1f 2f 01 62"));
}

#[test]
fn a_pair_larger_than_a_quarter_of_the_table_isnt_put_there() {
    let line = |len: usize| format!("x-a: {}", "v".repeat(len));
    for (len, put) in [(1024 - 32 - 3, true), (1024 - 32 - 2, false)] {
        let mut encoder = Encoder::new();
        let first = encode(&mut encoder, &[&line(len)], Indexing::Yes);
        let again = encode(&mut encoder, &[&line(len)], Indexing::Yes);
        assert_eq!(again == hex("be"), put);
        assert_eq!(first == again, !put);
    }
}

#[test]
fn statuses_are_one_octet_or_become_one() {
    let mut encoder = Encoder::new();
    let mut status = |status| {
        let mut block = Vec::new();
        encoder.begin(&mut block);
        encoder.status(&mut block, status);
        block
    };
    for (known, octet) in (0x88..).zip([200, 204, 206, 304, 400, 404, 500]) {
        assert_eq!(status(octet), [known]);
    }
    assert_eq!(status(302), hex("48 03 33 30 32"));
    assert_eq!(status(302), hex("be"));
    assert_eq!(status(503), hex("48 03 35 30 33"));
    assert_eq!(status(302), hex("bf"));
}

#[test]
fn the_least_and_the_last_size_are_announced_once() {
    #[rustfmt::skip]
    let cases: &[(&[u32], &str)] = &[
        (&[], ""),
        (&[4096], ""),
        (&[65_536], ""),
        (&[u32::MAX, 4096], ""),
        (&[0], "20"),
        (&[100], "3f 45"),
        (&[100, 0, 100], "20 3f 45"),
        (&[0, 65_536], "20 3f e1 1f"),
        (&[200, 100], "3f 45"),
    ];
    for (sizes, expect) in cases {
        let mut encoder = Encoder::new();
        for size in *sizes {
            encoder.set_table_size(*size);
        }
        assert_eq!(encode(&mut encoder, &[], Indexing::Yes), hex(expect));
        assert_eq!(encode(&mut encoder, &[], Indexing::Yes), hex(""));
    }
}

#[test]
fn a_smaller_table_forgets_what_the_peer_forgets() {
    let mut encoder = Encoder::new();
    encode(&mut encoder, &["x-a: b"], Indexing::Yes);
    encoder.set_table_size(0);
    encoder.set_table_size(4096);
    let block = encode(&mut encoder, &["x-a: b"], Indexing::Yes);
    assert_eq!(block, hex("20 3f e1 1f 40 03 78 2d 61 01 62"));
}
