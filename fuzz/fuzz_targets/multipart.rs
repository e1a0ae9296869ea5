//! The sample application's upload: however the body is cut, the same file comes out,
//! and what is held back stays small.
#![no_main]

use libfuzzer_sys::fuzz_target;

#[path = "../../crates/waarborg/src/demo/app/multipart.rs"]
mod multipart;

use multipart::{Malformed, Piece, Reader};

fn read(content_type: &str, body: &[u8], step: usize) -> Result<(Vec<String>, Vec<u8>), Malformed> {
    let mut reader = Reader::new(content_type, "file")?;
    let (mut names, mut data) = (Vec::new(), Vec::new());
    for piece in body.chunks(step) {
        reader.push(piece);
        while let Some(piece) = reader.next()? {
            match piece {
                Piece::Begin(name) => names.push(name),
                Piece::Data(bytes) => data.extend_from_slice(&bytes),
                Piece::End => {}
            }
        }
    }
    reader.finish()?;
    Ok((names, data))
}

fuzz_target!(|input: (u8, &str, &[u8])| {
    let (step, content_type, body) = input;
    let _ = Reader::new(content_type, "file");
    let sound = "multipart/form-data; boundary=x";
    // Where the form is refused it matters not at which byte.
    let one = read(sound, body, 1 + usize::from(step));
    let other = read(sound, body, usize::MAX);
    assert_eq!(one.is_ok(), other.is_ok(), "{one:?} {other:?}");
    if let (Ok(one), Ok(other)) = (one, other) {
        assert_eq!(one, other);
        assert_eq!(one.0.len(), 1, "one file");
    }
});
