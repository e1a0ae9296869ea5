//! Request heads: byte by byte as in one piece, and never read otherwise than httparse does.
#![no_main]

use h1::{Limits, RequestHead};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let limits = Limits::default();
    let mut head = RequestHead::new();
    let whole = head.parse(bytes, &limits);

    let mut dripped = RequestHead::new();
    let drip = (0..=bytes.len()).map(|len| dripped.parse(&bytes[..len], &limits));
    assert_eq!(drip.into_iter().find(|result| *result != Ok(None)).unwrap_or(Ok(None)), whole);

    if let Ok(Some(len)) = whole {
        let request = head.view(bytes);
        let mut storage = [httparse::EMPTY_HEADER; 100];
        let mut other = httparse::Request::new(&mut storage);
        assert_eq!(other.parse(bytes), Ok(httparse::Status::Complete(len)));
        assert_eq!(Some(request.method), other.method);
        let ours = request.fields.iter().map(|field| (field.name, field.value));
        assert!(ours.eq(other.headers.iter().map(|header| (header.name, header.value))));
    }
});
