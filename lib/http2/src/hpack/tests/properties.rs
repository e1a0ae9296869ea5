//! Properties: what we encode we decode, and nothing makes the decoder panic.

use proptest::prelude::*;

use super::*;

/// What happens on a connection between two peers.
#[derive(Debug, Clone)]
enum Act {
    Resize(u32),
    Field(String, Vec<u8>, Indexing),
    Status(u16),
    Send,
}

fn name() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => prop::sample::select(vec![
            "Content-Type", "content-length", "DATE", "set-cookie", "accept-encoding", "x-a", "X-B",
        ]).prop_map(str::to_owned),
        2 => "[!#-'*+.0-9A-Z^-z|~-]{1,3}",
        1 => "[a-zA-Z^~_-]{1,40}",
    ]
}

fn value() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        4 => prop::sample::select(vec!["", "a", "gzip, deflate", "text/html; charset=utf-8"])
            .prop_map(|value| value.as_bytes().to_vec()),
        2 => prop::collection::vec(any::<u8>(), 0..40),
        1 => (0..1500_usize).prop_map(|len| vec![b'v'; len]),
    ]
}

fn act() -> impl Strategy<Value = Act> {
    let indexing = prop_oneof![
        6 => Just(Indexing::Yes),
        1 => Just(Indexing::No),
        1 => Just(Indexing::Never)
    ];
    prop_oneof![
        1 => prop_oneof![0..200_u32, 0..10_000_u32].prop_map(Act::Resize),
        20 => (name(), value(), indexing).prop_map(|(name, value, how)| Act::Field(name, value, how)),
        2 => (100..1000_u16).prop_map(Act::Status),
        4 => Just(Act::Send),
    ]
}

/// The Huffman code of `text`, as the RFC's appendix B says.
pub(super) fn huffman_coded(text: &[u8]) -> Vec<u8> {
    let mut bits = Vec::new();
    for octet in text {
        let (code, length) = huffman::code(u16::from(*octet));
        bits.extend((0..length).rev().map(|at| code >> at & 1));
    }
    bits.resize(bits.len().next_multiple_of(8), 1);
    bits.chunks(8)
        .map(|bits| bits.iter().fold(0, |octet, bit| octet << 1 | *bit as u8))
        .collect()
}

proptest! {
    #[test]
    fn whatever_is_encoded_is_decoded_the_same(acts in prop::collection::vec(act(), 0..300)) {
        let (mut encoder, mut decoder) = (Encoder::new(), Decoder::new(4096));
        let (mut block, mut expect) = (None::<Vec<u8>>, Vec::new());
        for act in acts.into_iter().chain([Act::Send]) {
            match act {
                Act::Resize(size) => {
                    encoder.set_table_size(size);
                    continue;
                }
                Act::Send => {
                    if let Some(block) = block.take() {
                        let mut list = FieldList::new();
                        decoder.decode(&block, &WIDE, &mut list).unwrap();
                        let got: Vec<_> = list.iter().map(|(n, v)| (n.to_vec(), v.to_vec())).collect();
                        prop_assert_eq!(got, std::mem::take(&mut expect));
                    }
                    continue;
                }
                _ => {}
            }
            let out = block.get_or_insert_with(|| {
                let mut out = Vec::new();
                encoder.begin(&mut out);
                out
            });
            match act {
                Act::Field(name, value, how) => {
                    encoder.field(out, &name, &value, how);
                    expect.push((name.to_ascii_lowercase().into_bytes(), value));
                }
                Act::Status(status) => {
                    encoder.status(out, status);
                    expect.push((b":status".to_vec(), status.to_string().into_bytes()));
                }
                Act::Resize(_) | Act::Send => {}
            }
        }
    }

    #[test]
    fn arbitrary_blocks_neither_panic_nor_pass_the_limits(
        blocks in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..200), 1..20),
        bytes in 0..500_usize,
        fields in 0..10_usize,
    ) {
        let mut decoder = Decoder::new(4096);
        let limits = FieldLimits { bytes, fields };
        let mut list = FieldList::new();
        for block in blocks {
            list.clear();
            let result = decoder.decode(&block, &limits, &mut list);
            let size: usize = list.iter().map(|(name, value)| name.len() + value.len() + 32).sum();
            prop_assert!(size <= bytes && list.len() <= fields);
            prop_assert_eq!(list.is_over(), list.size() > size as u64);
            if result.is_err() {
                break;
            }
        }
    }

    #[test]
    fn huffman_coded_octets_are_decoded(text in prop::collection::vec(any::<u8>(), 0..100)) {
        let mut out = b"before".to_vec();
        prop_assert_eq!(huffman::decode(&huffman_coded(&text), &mut out), Ok(()));
        prop_assert_eq!(out, [b"before".as_slice(), &text].concat());
    }

    #[test]
    fn huffman_coded_text_is_decoded(text in "[ -~]{0,100}") {
        let mut out = Vec::new();
        prop_assert_eq!(huffman::decode(&huffman_coded(text.as_bytes()), &mut out), Ok(()));
        prop_assert_eq!(out, text.as_bytes());
    }
}

#[test]
fn every_static_name_is_found_in_any_case_and_others_are_not() {
    for index in 1..=statics::LEN {
        let name = statics::entry(index).unwrap().name().to_vec();
        let found = statics::find_name(&name, name::hash(&name)).unwrap();
        assert!(found <= index && statics::entry(found).unwrap().name() == name);
        let upper = name.to_ascii_uppercase();
        assert_eq!(statics::find_name(&upper, name::hash(&upper)), Some(found));
        let other = [&name[..], b"x"].concat();
        assert_eq!(statics::find_name(&other, name::hash(&other)), None);
    }
}

#[test]
fn names_are_the_same_in_any_case_only() {
    for len in 0..40 {
        let name = vec![b'a'; len];
        assert!(name::same(&name, &name.to_ascii_uppercase()));
        assert_eq!(name::hash(&name), name::hash(&name.to_ascii_uppercase()));
        for at in 0..len {
            let mut other = name.clone();
            other[at] = b'b';
            assert!(!name::same(&name, &other), "{len} {at}");
        }
    }
}
