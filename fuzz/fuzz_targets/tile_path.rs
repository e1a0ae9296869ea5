//! Paths of ledger tiles: only the one spelling is taken, and no arithmetic overflows.
#![no_main]

use ledger::{TilePath, parse_tile_path, tile};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|path: &str| match parse_tile_path(path) {
    Ok(TilePath::Hashes(place)) => {
        assert_eq!(place.path(), path);
        let _ = place.leaves_needed();
        let _ = tile(&[[0; 32]; 300], place);
    }
    Ok(TilePath::Entries(place)) => assert_eq!(place.entries_path(), path),
    Err(_) => {}
});
