//! Chunked bodies: cut into pieces of any one length as in one piece.
#![no_main]

use h1::{BodyDecoder, Framing, Limits, Refusal};
use libfuzzer_sys::fuzz_target;

/// The data, and how many bytes the body took if it ended.
fn decode(bytes: &[u8], piece: usize) -> Result<(Vec<u8>, Option<usize>), Refusal> {
    let mut body = BodyDecoder::new(Framing::Chunked, &Limits::default());
    let (mut at, mut data) = (0, Vec::new());
    while at < bytes.len() && !body.is_done() {
        let rest = &bytes[at..bytes.len().min(at + piece)];
        let decoded = body.decode(rest)?;
        assert!(decoded.consumed > 0 || decoded.done, "neither progress nor end");
        data.extend_from_slice(&rest[decoded.data]);
        at += decoded.consumed;
    }
    Ok((data, body.is_done().then_some(at)))
}

fuzz_target!(|bytes: &[u8]| {
    let Some((piece, bytes)) = bytes.split_first() else { return };
    let whole = decode(bytes, usize::MAX - bytes.len());
    assert_eq!(whole, decode(bytes, 1 + usize::from(*piece)));
    assert_eq!(whole, decode(bytes, 1));
});
