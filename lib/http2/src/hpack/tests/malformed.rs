//! Malformed blocks beside their honest twins.

use super::*;

fn check(digits: &str, expect: Result<usize, HpackError>) {
    let got = decode(&mut Decoder::new(4096), &hex(digits)).map(|fields| fields.len());
    assert_eq!(got, expect, "{digits}");
}

#[test]
fn malformed_blocks_are_refused_and_their_twins_are_not() {
    use HpackError as E;
    #[rustfmt::skip]
    let cases: &[(&str, Result<usize, E>)] = &[
        ("", Ok(0)),
        // Indices.
        ("80", Err(E::Index)),
        ("82", Ok(1)),
        ("bd", Ok(1)), // 61, the last static one
        ("be", Err(E::Index)), // 62 with an empty table
        ("40 01 61 01 62 be", Ok(2)),
        ("40 01 61 01 62 bf", Err(E::Index)),
        ("7e 01 62", Err(E::Index)), // a literal with name 62
        ("0f 2f 01 62", Err(E::Index)),
        ("ff 80 80 80 01", Err(E::Index)),
        // Integers.
        ("ff", Err(E::Truncated)),
        ("ff 80", Err(E::Truncated)),
        ("ff 80 80 80 80 01", Err(E::Integer)),
        ("ff ff ff ff ff 0f", Err(E::Integer)),
        ("ff ff ff ff ff ff ff ff ff ff ff", Err(E::Integer)),
        ("82 0f 80 00 01 61", Ok(2)), // index 15 the long way
        ("82 0f 80 80 80 00 01 61", Ok(2)),
        ("82 0f 80 80 80 80 00 01 61", Err(E::Integer)),
        // Strings.
        ("00", Err(E::Truncated)),
        ("00 01", Err(E::Truncated)),
        ("00 01 61", Err(E::Truncated)),
        ("00 01 61 01", Err(E::Truncated)),
        ("00 01 61 01 62", Ok(1)),
        ("00 01 61 7f ff ff ff 7f", Err(E::Truncated)),
        ("00 00 00", Ok(1)),
        ("04", Err(E::Truncated)),
        ("10 01 61 01 62", Ok(1)),
        // Table sizes: 0x3f 0xe1 0x1f is 4,096.
        ("20", Ok(0)),
        ("20 82", Ok(1)),
        ("20 20 82", Ok(1)),
        ("20 3f e1 1f 82", Ok(1)),
        ("20 20 20 82", Err(E::SizeTooOften)),
        ("3f e2 1f", Err(E::SizeTooLarge)),
        ("3f ff ff ff 7f", Err(E::SizeTooLarge)),
        ("82 20", Err(E::SizeTooLate)),
        ("20 82 20", Err(E::SizeTooLate)),
        ("3f", Err(E::Truncated)),
        // Huffman: `a` is 00011, `0` is 00000.
        ("00 01 61 81 1f", Ok(1)),
        ("00 01 61 80", Ok(1)),
        ("00 01 61 81 18", Err(E::Padding)), // padded with zeros
        ("00 01 61 81 1e", Err(E::Padding)),
        ("00 01 61 82 1f ff", Err(E::Padding)), // eleven ones
        ("00 01 61 81 ff", Err(E::Padding)), // eight ones
        ("00 01 61 82 ff ff", Err(E::Padding)),
        ("00 01 61 81 fe", Err(E::Padding)), // the start of `!`
        ("00 01 61 82 fe 3f", Ok(1)), // `!`, ten bits
        ("00 01 61 84 ff ff ff ff", Err(E::Eos)),
        ("00 01 61 84 ff ff ff fc", Err(E::Eos)),
        ("00 01 61 89 ff ff ff ff ff ff ff ff ff", Err(E::Eos)),
        ("00 01 61 89 00 00 00 00 00 00 00 00 00", Err(E::Padding)), // 14 `0` and 00
        ("00 01 61 85 00 00 00 00 00", Ok(1)), // 8 `0`
    ];
    for (digits, expect) in cases {
        check(digits, *expect);
    }
}

#[test]
fn every_cut_of_a_block_is_an_error_or_fewer_fields() {
    let block = hex(
        "8286 8441 8cf1 e3c2 e5f2 3a6b a0ab 90f4 ff 4088 25a8 49e9 5ba9 7d7f 8925 a849 e95b b8e8 b4bf",
    );
    for end in 0..block.len() {
        let got = decode(&mut Decoder::new(4096), &block[..end]);
        assert_ne!(got.map(|fields| fields.len()), Ok(5), "{end}");
    }
}

#[test]
fn an_entry_larger_than_the_table_empties_it() {
    let mut decoder = Decoder::new(4096);
    decode(&mut decoder, &hex("40 01 61 01 62")).unwrap();
    assert_eq!(
        decoder.decode(&hex("be"), &WIDE, &mut FieldList::new()),
        Ok(())
    );
    // 34 octets of table, an entry of 35.
    decode(&mut decoder, &hex("3f 03 40 01 61 02 62 62")).unwrap();
    let got = decoder.decode(&hex("be"), &WIDE, &mut FieldList::new());
    assert_eq!(got, Err(HpackError::Index));
}

#[test]
fn entries_that_fill_the_table_exactly_stay() {
    let mut decoder = Decoder::new(4096);
    let got = decode(
        &mut decoder,
        &hex("3f 25 40 01 61 01 62 40 01 63 01 64 bf be"),
    );
    assert_eq!(got, Ok(fields(&["a: b", "c: d", "a: b", "c: d"])));
    let got = decode(&mut decoder, &hex("40 01 65 00 be bf"));
    assert_eq!(got, Ok(fields(&["e: ", "e: ", "c: d"])));
}

#[test]
fn a_name_may_come_from_the_entry_its_field_evicts() {
    let mut decoder = Decoder::new(4096);
    decode(&mut decoder, &hex("3f 04 40 02 61 62 01 62")).unwrap();
    let got = decode(&mut decoder, &hex("7e 01 63 be"));
    assert_eq!(got, Ok(fields(&["ab: c", "ab: c"])));
}
