//! Header blocks: within the limits whatever comes, and what was kept is read the same
//! after another encoding.
#![no_main]

use http2::hpack::{Decoder, Encoder, FieldLimits, FieldList, Indexing};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|blocks: Vec<Vec<u8>>| {
    let limits = FieldLimits {
        bytes: 4096,
        fields: 50,
    };
    let mut decoder = Decoder::new(4096);
    let (mut encoder, mut other) = (Encoder::new(), Decoder::new(4096));
    for block in blocks {
        let mut list = FieldList::new();
        if decoder.decode(&block, &limits, &mut list).is_err() {
            return;
        }
        assert!(list.len() <= 50);
        let kept: usize = list.iter().map(|(name, value)| name.len() + value.len()).sum();
        assert!(kept <= 4096);
        // The encoder is given tokens, and writes them in lower case.
        let lower = |name: &[u8]| {
            h1::grammar::is_token(name) && !name.iter().any(u8::is_ascii_uppercase)
        };
        let mut again = Vec::new();
        encoder.begin(&mut again);
        let mut expected = Vec::new();
        for (name, value) in list.iter().filter(|(name, _)| lower(name)) {
            let name = std::str::from_utf8(name).expect("ASCII");
            encoder.field(&mut again, name, value, Indexing::Yes);
            expected.push((name.as_bytes(), value));
        }
        let mut back = FieldList::new();
        other.decode(&again, &limits, &mut back).expect("our own block");
        assert!(back.iter().eq(expected));
    }
});
