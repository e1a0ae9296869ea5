//! The header of the PROXY protocol: no bytes are a reason to panic, and however a header
//! is cut, what is read of it is the same.
#![no_main]

use guards::proxy::{LENGTH_MAX, Start, start};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let whole = start(bytes);
    if let Ok(Start::Whole { length, .. }) = whole {
        assert!((1..=LENGTH_MAX.min(bytes.len())).contains(&length));
        for cut in 1..length {
            assert_eq!(start(&bytes[..cut]), Ok(Start::More), "cut at {cut}");
        }
        assert_eq!(start(&bytes[..length]), whole);
    }
    if whole == Ok(Start::More) {
        assert!(bytes.len() < LENGTH_MAX);
    }
});
