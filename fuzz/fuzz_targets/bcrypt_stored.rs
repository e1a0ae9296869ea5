//! A stored bcrypt hash, as an import brings it: it is refused, or written again as the
//! same text but for the four bits behind the salt.
#![no_main]

use bcrypt_lanes::Stored;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let Ok(stored) = text.parse::<Stored>() else { return };
    assert!(text.len() == Stored::LENGTH && text.is_ascii());
    let written = stored.to_string().replacen("$2b$", &text[..4], 1);
    assert_eq!(written[..28], text[..28]);
    assert_eq!(written[29..], text[29..]);
    assert!(written.parse::<Stored>() == Ok(stored));
});
