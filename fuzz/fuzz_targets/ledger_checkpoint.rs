//! A signed note and the checkpoint in it: what is taken prints as the same bytes, and
//! nothing is taken that our key didn't sign.
#![no_main]

use std::sync::LazyLock;

use ledger::{Checkpoint, Note, SigningKey, VerifierKey};
use libfuzzer_sys::fuzz_target;
use zeroize::Zeroizing;

const ORIGIN: &str = "example.com/log";

static KEY: LazyLock<SigningKey> = LazyLock::new(|| {
    SigningKey::from_seed(ORIGIN, &Zeroizing::new([7; 32])).expect("a sound name")
});

fuzz_target!(|bytes: &[u8]| {
    let known = [KEY.verifier().clone()];
    if let Ok(note) = Note::open(bytes, &known) {
        assert_eq!(note.to_string().as_bytes(), bytes);
    }
    let _ = Checkpoint::open(bytes, ORIGIN, &known);
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    if let Ok(checkpoint) = Checkpoint::parse(text) {
        assert_eq!(checkpoint.text(), text);
        // Signed by us it comes back from bytes.
        if let Ok(note) = checkpoint.sign(&KEY) {
            let note = note.to_string();
            assert_eq!(Checkpoint::open(note.as_bytes(), &checkpoint.origin, &known), Ok(checkpoint));
        }
    }
    if let Ok(key) = text.parse::<VerifierKey>() {
        assert_eq!(key.to_string(), text);
    }
});
