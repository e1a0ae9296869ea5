//! Policies as strangers write them: what is read is written in one order, is read again as
//! the same, and carries nothing into a header but what a header may hold; and the drill's
//! own reader sees the same directives in it.
#![no_main]

use std::collections::BTreeSet;

use guards::csp::{Mode, Policy, Sent};
use libfuzzer_sys::fuzz_target;

#[path = "../../crates/promises/src/csp/policy.rs"]
#[allow(dead_code)]
mod reader;

fuzz_target!(|text: &str| {
    let Ok(policy) = Policy::parse(text) else { return };
    let written = policy.to_string();
    assert!(written.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic()));
    assert_eq!(Policy::parse(&written).as_ref(), Ok(&policy));
    let promised: Vec<(String, Vec<String>)> = policy
        .iter()
        .map(|(directive, sources)| {
            let sources = sources.iter().map(ToString::to_string);
            (directive.name().to_owned(), sources.collect())
        })
        .collect();
    for nonce in [false, true] {
        policy.weaknesses(nonce);
        let Sent::Enforced(value) = Sent::new(Mode::Enforce, &policy, nonce, "/-/csp-report") else {
            panic!("it is enforced")
        };
        let word = if nonce { "AAAAAAAAAAAAAAAAAAAAAA==" } else { "" };
        let whole = [value.before(), word, value.after().unwrap_or_default()].concat();
        let seen = reader::read(&[whole.into_bytes()]);
        assert_eq!(seen.len(), 1);
        let found = reader::holds(&seen, &promised, nonce);
        assert!(found.is_ok(), "{found:?} in {seen:?}");
        let names: BTreeSet<_> = seen.iter().flat_map(|policy| policy.keys()).collect();
        assert!(names.len() <= promised.len() + 3);
    }
});
