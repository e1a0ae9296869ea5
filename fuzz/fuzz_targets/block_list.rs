//! Lists of addresses in whichever form: what is read stands in the set that is made of
//! it, each entry at its line, and nobody is refused whom no line names.
#![no_main]

use config::{ListError, read_list};
use guards::block::{Action, File, Lists, Set};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let entries = match read_list(bytes) {
        Ok(entries) => entries,
        Err(ListError { what, expected, .. }) => {
            assert!(!what.is_empty() && !expected.is_empty());
            return;
        }
    };
    let lines = bytes.split(|byte| *byte == b'\n').count();
    assert!(!entries.is_empty() && entries.len() <= lines);
    let file = File { name: "list".to_owned(), entries };
    let lists = Lists::new(&[], &[], std::slice::from_ref(&file), false);
    let set = Set::new(lists.expect("fewer than may be").into(), Action::Refuse, false);
    for entry in &file.entries {
        let first = entry.range.first();
        if let Some(rule) = set.refuses(first) {
            assert!(rule.range.contains(first));
        }
    }
});
