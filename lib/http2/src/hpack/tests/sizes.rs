//! Limits of lists, and what they save.

use super::*;

/// A field of `name` and a value of `len` octets, put into the table.
fn put(block: &mut Vec<u8>, name: &[u8], len: usize) {
    integer::encode(block, 0x40, 0x3f, 0);
    integer::encode(block, 0, 0x7f, name.len());
    block.extend_from_slice(name);
    integer::encode(block, 0, 0x7f, len);
    block.resize(block.len() + len, b'v');
}

#[test]
fn a_list_counts_32_octets_for_each_field_and_limits_are_inclusive() {
    let block = hex("82 86 40 01 61 01 62");
    let size = (7 + 3) + (7 + 4) + 2 + 3 * 32;
    for (bytes, fields, kept) in [
        (size, 3, 3),
        (size - 1, 3, 2),
        (size, 2, 2),
        (10 + 32, 3, 1),
        (0, 3, 0),
        (size, 0, 0),
    ] {
        let mut list = FieldList::new();
        let limits = FieldLimits { bytes, fields };
        Decoder::new(4096)
            .decode(&block, &limits, &mut list)
            .unwrap();
        assert_eq!(list.len(), kept);
        assert_eq!(list.is_over(), kept < 3);
        assert_eq!(list.size(), size as u64);
        assert_eq!(list.get(kept), None);
    }
}

#[test]
fn a_list_that_is_over_stays_so_until_cleared() {
    let mut decoder = Decoder::new(4096);
    let mut list = FieldList::new();
    let limits = FieldLimits {
        bytes: 100,
        fields: 10,
    };
    let mut block = Vec::new();
    put(&mut block, b"long", 100);
    block.push(0x82);
    decoder.decode(&block, &limits, &mut list).unwrap();
    assert!(list.is_over() && list.is_empty());
    list.clear();
    decoder.decode(&hex("82"), &limits, &mut list).unwrap();
    assert_eq!(owned(&list), fields(&[":method: GET"]));
    assert!(!list.is_over());
}

#[test]
fn a_bomb_of_references_isnt_copied_and_the_table_stays_in_step() {
    let mut decoder = Decoder::new(4096);
    let limits = FieldLimits {
        bytes: 16 << 10,
        fields: 100,
    };
    let mut block = Vec::new();
    put(&mut block, b"bomb", 4096 - 32 - 4);
    // 64 MiB once decoded; in the midst a field that evicts the large one.
    block.resize(block.len() + 16_000, 0xbe);
    put(&mut block, b"small", 3);
    block.push(0xbe);
    let mut list = FieldList::new();
    decoder.decode(&block, &limits, &mut list).unwrap();
    assert!(list.is_over());
    assert_eq!(list.len(), 4);
    assert_eq!(list.size(), 16_001 * 4096 + 2 * 40);
    assert!(list.text().capacity() <= 32 << 10);
    assert_eq!(
        decode(&mut decoder, &hex("be")),
        Ok(fields(&["small: vvv"]))
    );
}

#[test]
fn a_bomb_of_names_is_refused() {
    let limits = FieldLimits {
        bytes: 16 << 10,
        fields: 100,
    };
    // Each field costs two or three octets and makes the decoder copy a name of 4,000.
    let attempt = |field: &[u8], times: usize| {
        let mut block = Vec::new();
        put(&mut block, &[b'n'; 4000], 0);
        block.extend(field.repeat(times));
        Decoder::new(4096).decode(&block, &limits, &mut FieldList::new())
    };
    for field in [&hex("7e 00")[..], &hex("0f 2f 00"), &hex("1f 2f 00")] {
        assert_eq!(attempt(field, 60), Ok(()));
        assert_eq!(attempt(field, 80), Err(HpackError::Work));
    }
}

#[test]
fn memory_of_a_table_stays_within_twice_its_size() {
    let mut decoder = Decoder::new(4096);
    let mut list = FieldList::new();
    for round in 0..2_000 {
        let mut block = Vec::new();
        put(&mut block, b"n", round * 37 % 700);
        put(&mut block, b"name", round % 7);
        list.clear();
        decoder.decode(&block, &WIDE, &mut list).unwrap();
    }
    assert!(decoder.memory() <= 2 * 4096, "{}", decoder.memory());
}
