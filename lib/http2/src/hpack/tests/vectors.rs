//! Forty blocks in sequence by another encoder, the Python package hpack 4.2.0, which
//! uses Huffman code, the dynamic table and new sizes of it (300, then 4,096 again).

use super::*;

/// `block`, its hex digits, and below it the fields. `\x` and two digits are an octet.
const VECTORS: &str = include_str!("vectors.txt");

fn plain(value: &str) -> String {
    let mut parts = value.split("\\x");
    let mut plain = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (digits, rest) = part.split_at(2);
        plain.push(char::from(u8::from_str_radix(digits, 16).unwrap()));
        plain.push_str(rest);
    }
    plain
}

#[test]
fn blocks_of_another_encoder_are_decoded() {
    let mut decoder = Decoder::new(4096);
    let mut blocks = 0;
    for record in VECTORS.trim_end().split("\n\n") {
        let mut lines = record.lines();
        let block = hex(lines.next().unwrap().strip_prefix("block ").unwrap());
        let mut expect = fields(&lines.collect::<Vec<_>>());
        for (_, value) in &mut expect {
            *value = plain(value);
        }
        assert_eq!(decode(&mut decoder, &block), Ok(expect));
        blocks += 1;
    }
    assert_eq!(blocks, 40);
}
