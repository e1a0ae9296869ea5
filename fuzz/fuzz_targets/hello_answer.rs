//! A server's first answer to a ClientHello: what is whole stays the same with more
//! bytes behind it, so it doesn't matter how the network cuts it.
#![no_main]

use libfuzzer_sys::fuzz_target;
use visitor::hello::Outcome;

fuzz_target!(|bytes: &[u8]| {
    let whole = Outcome::read(bytes);
    // The first beginning that is whole decides; `Other` shows the first bytes, of which
    // there are more later.
    let first = (0..=bytes.len()).find_map(|len| Outcome::read(&bytes[..len]));
    match (first, whole) {
        (Some(Outcome::Other(first)), Some(Outcome::Other(whole))) => {
            assert!(whole.starts_with(&first) && whole.len() <= 64);
        }
        (first, whole) => assert_eq!(first, whole),
    }
});
