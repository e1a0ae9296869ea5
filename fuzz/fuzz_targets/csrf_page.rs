//! A page into whose forms a token is put: however it is cut it leaves the same, and nothing
//! but the fields is added.
#![no_main]

use guards::csrf::Forms;
use libfuzzer_sys::fuzz_target;

const TOKEN: &[u8] = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMN-_0";

fn filled(page: &[u8], cut: usize) -> (Vec<u8>, u32) {
    let mut forms = Forms::new("t", TOKEN, "app.test");
    let mut out = Vec::new();
    for piece in page.chunks(cut.max(1)) {
        forms.fill(piece, &mut out);
    }
    (out, forms.filled())
}

fuzz_target!(|input: (&[u8], u8)| {
    let (page, cut) = input;
    let whole = filled(page, page.len());
    assert_eq!(filled(page, cut.into()), whole);
    let field = b"<input type=\"hidden\" name=\"t\" value=\"\">".len() + TOKEN.len();
    let filled = usize::try_from(whole.1).expect("fits");
    assert_eq!(whole.0.len(), page.len() + filled * field);
});
