//! `Strict-Transport-Security` of an application, merged with ours: exactly one value,
//! never less than either side asked for; and the drill's own reader reads it alike.
#![no_main]

use guards::hsts::{Policy, Scope, Sent, merge, parse};
use libfuzzer_sys::fuzz_target;

#[path = "../../crates/promises/src/hsts/header.rs"]
mod header;

fuzz_target!(|input: (u32, u8, &[u8])| {
    let (seconds, scope, theirs) = input;
    let scope = [Scope::Host, Scope::Subdomains, Scope::Preload][usize::from(scope) % 3];
    let Ok(ours) = Policy::new(u64::from(seconds), scope) else { return };
    let seen = std::str::from_utf8(theirs).ok().and_then(|text| parse(text).ok());
    let sent = merge(Some(theirs), &ours);
    let sent = match &sent {
        Sent::Ours => ours.header_value(),
        Sent::Theirs(text) => text,
        Sent::Both(policy) => policy.header_value(),
    };
    let left = parse(sent).expect("what leaves can be read");
    assert!(left.at_least(&ours), "{sent} is less than {ours}");
    if let Some(seen) = seen {
        assert!(left.max_age_s >= seen.max_age_s);
        // A value that forgets asks for no scope either.
        assert!(seen.max_age_s == 0 || !seen.include_subdomains || left.include_subdomains);
    }
    // Two readers, written apart, of the values that a sane application sends: plain
    // ASCII, no escapes.
    if theirs.iter().all(|byte| matches!(byte, b' '..=b'~') && !b"\\\"".contains(byte)) {
        let told = header::read(&[theirs.to_vec()]).ok();
        let told = told.map(|told| (told.max_age_s, told.subdomains, told.preload));
        let seen = seen.map(|seen| (seen.max_age_s, seen.include_subdomains, seen.preload));
        assert_eq!(told, seen, "{}", String::from_utf8_lossy(theirs));
    }
});
