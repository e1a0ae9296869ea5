//! A file with accounts: any bytes are read or refused, no line is told of twice, and what
//! was read stands there the same when it is written quoted and read again.
#![no_main]

use libfuzzer_sys::fuzz_target;

#[allow(dead_code, reason = "the product uses all of it")]
#[path = "../../crates/waarborg/src/accounts/import/file.rs"]
mod file;

use file::{Form, read};

fn quoted(value: &str) -> String {
    format!("\"{}\"", value.replace('"', "\"\""))
}

fuzz_target!(|bytes: &[u8]| {
    let _ = read(bytes, Some(Form::Htpasswd));
    let Ok(content) = read(bytes, None) else {
        return;
    };
    let mut numbers: Vec<_> = content.lines.iter().map(|line| line.number).collect();
    numbers.extend(content.mistakes.iter().map(|mistake| mistake.number));
    let all = numbers.len();
    numbers.sort_unstable();
    numbers.dedup();
    assert_eq!(numbers.len(), all, "a line is told of twice");
    let mut text = "name,email,display,groups,password_hash\n".to_owned();
    for line in &content.lines {
        let groups = line.groups.join(" ");
        let values = [
            &line.name,
            &line.email,
            &line.display,
            &groups,
            line.hash.expose(),
        ];
        text.push_str(&values.map(|value| quoted(value)).join(","));
        text.push('\n');
    }
    let again = read(text.as_bytes(), None).expect("what was read can be written");
    assert_eq!(again.mistakes, []);
    assert_eq!(again.lines.len(), content.lines.len());
    for (one, other) in content.lines.iter().zip(&again.lines) {
        assert_eq!(
            (&one.name, &one.email, &one.display, &one.groups, &one.hash),
            (&other.name, &other.email, &other.display, &other.groups, &other.hash)
        );
    }
});
