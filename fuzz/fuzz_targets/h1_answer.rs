//! Answer heads: byte by byte as in one piece, and never read otherwise than httparse does.
#![no_main]

use h1::{AnswerHead, Asked, Limits};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Some((first, bytes)) = bytes.split_first() else { return };
    let asked = Asked { head: first & 1 != 0, connect: first & 2 != 0 };
    let limits = Limits::default();
    let mut head = AnswerHead::new();
    let whole = head.parse(bytes, &limits, asked);

    let mut dripped = AnswerHead::new();
    let drip = (0..=bytes.len()).map(|len| dripped.parse(&bytes[..len], &limits, asked));
    assert_eq!(drip.into_iter().find(|result| *result != Ok(None)).unwrap_or(Ok(None)), whole);

    if let Ok(Some(len)) = whole {
        let answer = head.view(bytes);
        let mut storage = [httparse::EMPTY_HEADER; 100];
        let mut other = httparse::Response::new(&mut storage);
        assert_eq!(other.parse(bytes), Ok(httparse::Status::Complete(len)));
        assert_eq!(Some(answer.status), other.code);
        let ours = answer.fields.iter().map(|field| (field.name, field.value));
        assert!(ours.eq(other.headers.iter().map(|header| (header.name, header.value))));
    }
});
