//! Reports that strangers send: whatever they say, their key is short, and the proposal
//! that is made of it lets no injected script through.
#![no_main]

use guards::csp::{Fields, Policy, Violation, Weakness, propose};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (&str, &str, &str, &str, &str)| {
    let (directive, blocked, document, source_file, sample) = input;
    let fields = Fields { directive, blocked, document, source_file, sample };
    let Ok(found) = Violation::read(&fields, |_| [1; 32]) else { return };
    let what = found.what();
    assert!(what.len() <= 400 && !what.chars().any(char::is_control), "{what}");
    let current = Policy::parse("default-src 'self'; object-src 'none'; base-uri 'self'");
    let current = current.expect("a policy");
    let proposed = propose(&current, [&found]).expect("one source more");
    let written = proposed.to_string();
    assert_eq!(Policy::parse(&written), Ok(proposed.clone()), "{written}");
    // A host may be one of those that serve whatever is asked for, which is then said.
    let harmless = |it: &Weakness| matches!(it, Weakness::ScriptsFromGadgets(_));
    assert!(proposed.weaknesses(false).iter().all(harmless), "{written}");
});
