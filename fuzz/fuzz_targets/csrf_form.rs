//! A token in the beginning of a form: looking ends, finds only what stands there, and more
//! of the body takes back nothing that was found.
#![no_main]

use guards::csrf::{Field, Form, TOKEN, field};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (&[u8], &[u8], bool)| {
    let (beginning, rest, multipart) = input;
    let form = if multipart { Form::Multipart } else { Form::UrlEncoded };
    let whole = [beginning, rest].concat();
    let early = field(form, "t", beginning, false);
    let late = field(form, "t", &whole, true);
    assert_ne!(late, Field::NotYet);
    if let Field::Found(value) = early {
        assert_eq!(value.len(), TOKEN);
        assert_eq!(late, early);
    }
});
