//! A request's markup in an answer: however the answer is cut, the finds and the bytes are the
//! same; what isn't found leaves as it is, and what leaves holds no find.
#![no_main]

use guards::xss::{Body, Needles, Scanner};
use libfuzzer_sys::fuzz_target;

fn read(needles: &Needles, page: &[u8], cut: usize) -> (Vec<u8>, usize) {
    let mut scanner = Scanner::new(needles.clone());
    let mut out = Vec::new();
    for piece in page.chunks(cut.max(1)) {
        scanner.scan(piece, |data| out.extend_from_slice(data));
    }
    scanner.finish(|data| out.extend_from_slice(data));
    (out, scanner.found().count())
}

fuzz_target!(|input: (&[u8], &[u8], &[u8], u8)| {
    let (query, body, page, cut) = input;
    let mut needles = Needles::default();
    needles.target(b"/", Some(query));
    for kind in [Body::Form, Body::Json] {
        needles.body(&kind, body);
    }
    if let Some(kind) = Body::of(b"multipart/form-data; boundary=-") {
        needles.body(&kind, body);
    }
    let whole = read(&needles, page, page.len());
    assert_eq!(read(&needles, page, cut.into()), whole);
    if whole.1 == 0 {
        assert_eq!(whole.0, page);
    }
});
