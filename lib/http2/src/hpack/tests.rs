//! The examples of RFC 7541, malformed blocks, properties, and blocks of another encoder.

mod encoding;
mod malformed;
mod properties;
mod rfc;
mod sizes;
mod vectors;

use super::*;

const WIDE: FieldLimits = FieldLimits {
    bytes: 1 << 20,
    fields: 10_000,
};

type Fields = Vec<(String, String)>;

/// Octets from hex digits; white space doesn't count.
fn hex(digits: &str) -> Vec<u8> {
    let digits: Vec<u8> = digits
        .chars()
        .filter_map(|digit| digit.to_digit(16))
        .map(|digit| digit as u8)
        .collect();
    digits
        .chunks(2)
        .map(|pair| pair[0] << 4 | pair[1])
        .collect()
}

fn owned(list: &FieldList) -> Fields {
    let text = |octets: &[u8]| octets.iter().map(|octet| char::from(*octet)).collect();
    list.iter()
        .map(|(name, value)| (text(name), text(value)))
        .collect()
}

fn decode(decoder: &mut Decoder, block: &[u8]) -> Result<Fields, HpackError> {
    let mut list = FieldList::new();
    decoder.decode(block, &WIDE, &mut list)?;
    assert!(!list.is_over());
    Ok(owned(&list))
}

/// Fields from `name: value` lines.
fn fields(lines: &[&str]) -> Fields {
    lines
        .iter()
        .map(|line| {
            let (name, value) = line.split_once(": ").expect("name: value");
            (name.to_owned(), value.to_owned())
        })
        .collect()
}
