//! Weaknesses that a page and a cookie show: however the page is cut the same are found, few,
//! and under short names.
#![no_main]

use guards::weaknesses::{NAME_MAX, PAGE_MAX, Page, Weakness, cookie};
use libfuzzer_sys::fuzz_target;

fn found(page: &[u8], cut: usize, charset: bool) -> Vec<Weakness> {
    let mut read = Page::new(charset);
    for piece in page.chunks(cut.max(1)) {
        read.read(piece);
    }
    read.finish().to_vec()
}

fuzz_target!(|input: (&[u8], u8, bool)| {
    let (page, cut, charset) = input;
    // A mark at the beginning is looked for in the first piece.
    let cut = usize::from(cut).max(3);
    let mut whole = found(page, page.len(), charset);
    assert_eq!(found(page, cut, charset), whole);
    assert!(whole.len() <= PAGE_MAX);
    cookie(page, |weakness| whole.push(weakness));
    assert!(whole.iter().all(|it| it.name.len() <= NAME_MAX));
});
