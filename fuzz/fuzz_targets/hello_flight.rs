//! All that a server says before it waits for the client: what is whole stays the same
//! with more bytes behind it, so it doesn't matter how the network cuts it; and what it
//! says of itself stays within its bounds.
#![no_main]

use libfuzzer_sys::fuzz_target;
use visitor::hello::Reply;

fuzz_target!(|bytes: &[u8]| {
    let whole = Reply::read(bytes);
    // The first beginning that is whole decides.
    let first = (0..=bytes.len()).find_map(|len| Reply::read(&bytes[..len]));
    assert_eq!(first, whole);
    if let Some(Reply::Flight(flight)) = whole {
        assert!(flight.certificates.len() <= 16);
        let sent: usize = flight.certificates.iter().map(Vec::len).sum();
        assert!(sent <= bytes.len());
    }
});
