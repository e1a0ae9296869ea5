//! `multipart/form-data` (RFC 7578) with one file, read as it comes.
//!
//! A state machine without I/O: bytes in, the file's name and its bytes out. It holds
//! at most one head (8 KiB) or one delimiter (74 bytes) back, whatever is sent.
//!
//! ```text
//! Preamble ─delimiter→ Head ─blank line→ File (or Skipped) ─delimiter→ Head … ─`--`→ Done
//! ```

use bytes::{Buf as _, Bytes, BytesMut};

/// Longest boundary (RFC 2046 §5.1.1).
const MAX_BOUNDARY: usize = 70;
/// Longest preamble and longest head of a part.
const MAX_HEAD: usize = 8 * 1024;
/// Most parts; a form of ours has one.
const MAX_PARTS: usize = 16;

/// Something that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Piece {
    /// The wanted file begins; its name as the client sent it.
    Begin(String),
    /// Bytes of the file.
    Data(Bytes),
    /// The file is whole.
    End,
}

/// Why the body isn't a form with one file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum Malformed {
    /// Another content type, or no sound boundary.
    #[error("expected `multipart/form-data` with a boundary")]
    ContentType,
    /// No delimiter where one must be.
    #[error("expected a delimiter")]
    Delimiter,
    /// A part's head is too long or not a head.
    #[error("expected the head of a part")]
    Head,
    /// Too many parts, or a second file.
    #[error("expected one file")]
    Parts,
    /// The body ended early.
    #[error("the body ended before the form did")]
    Cut,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Preamble,
    /// Just after a delimiter: `\r\n` or `--` comes.
    After,
    Head,
    File,
    Skipped,
    Done,
}

/// The reader of one body.
#[derive(Debug)]
pub(super) struct Reader {
    /// `\r\n--boundary`.
    delimiter: Vec<u8>,
    field: &'static str,
    held: BytesMut,
    state: State,
    parts: usize,
    found: bool,
}

impl Reader {
    /// For a body of this `Content-Type`, wanting the file of form field `field`.
    pub(super) fn new(content_type: &str, field: &'static str) -> Result<Self, Malformed> {
        let boundary = boundary(content_type).ok_or(Malformed::ContentType)?;
        // The first delimiter lacks the line end before it; given here, all are alike.
        Ok(Self {
            delimiter: format!("\r\n--{boundary}").into_bytes(),
            field,
            held: BytesMut::from(&b"\r\n"[..]),
            state: State::Preamble,
            parts: 0,
            found: false,
        })
    }

    /// Takes more of the body. Call [`Reader::next`] until it gives `None` before the
    /// next push, or what is held back grows.
    pub(super) fn push(&mut self, bytes: &[u8]) {
        // What follows the form's end is ignored (RFC 2046 §5.1.1, the epilogue).
        if self.state != State::Done {
            self.held.extend_from_slice(bytes);
        }
    }

    /// What can be said now; `None` when more bytes are needed.
    pub(super) fn next(&mut self) -> Result<Option<Piece>, Malformed> {
        loop {
            match self.state {
                State::Preamble => match find(&self.held, &self.delimiter) {
                    Some(at) => self.cross(at),
                    None if MAX_HEAD < self.held.len() => return Err(Malformed::Delimiter),
                    None => return Ok(None),
                },
                State::After => {
                    let Some(next) = self.held.get(..2) else {
                        return Ok(None);
                    };
                    match next {
                        b"\r\n" => self.state = State::Head,
                        b"--" => self.state = State::Done,
                        _ => return Err(Malformed::Delimiter),
                    }
                    // The line end stays: an empty head then ends like every other.
                    if self.state == State::Done {
                        self.held.clear();
                    }
                }
                State::Head => match find(&self.held, b"\r\n\r\n") {
                    Some(at) if at <= MAX_HEAD => {
                        let head = self.held.split_to(at);
                        self.held.advance(4);
                        if let Some(name) = self.part(&head)? {
                            return Ok(Some(Piece::Begin(name)));
                        }
                    }
                    None if self.held.len() <= MAX_HEAD => return Ok(None),
                    _ => return Err(Malformed::Head),
                },
                State::File | State::Skipped => {
                    let wanted = self.state == State::File;
                    let (ready, whole) = match find(&self.held, &self.delimiter) {
                        Some(at) => (at, true),
                        // Any of the last bytes may begin a delimiter.
                        None => (
                            self.held.len().saturating_sub(self.delimiter.len() - 1),
                            false,
                        ),
                    };
                    if ready != 0 {
                        let data = self.held.split_to(ready).freeze();
                        if wanted {
                            return Ok(Some(Piece::Data(data)));
                        }
                    }
                    if !whole {
                        return Ok(None);
                    }
                    self.cross(0);
                    if wanted {
                        return Ok(Some(Piece::End));
                    }
                }
                State::Done => return Ok(None),
            }
        }
    }

    /// Says whether the form was whole, at the body's end.
    pub(super) fn finish(&self) -> Result<(), Malformed> {
        match (self.state, self.found) {
            (State::Done, true) => Ok(()),
            (State::Done, false) => Err(Malformed::Parts),
            _ => Err(Malformed::Cut),
        }
    }

    /// Steps over what comes before the delimiter and the delimiter.
    fn cross(&mut self, at: usize) {
        self.held.advance(at + self.delimiter.len());
        self.state = State::After;
    }

    /// Reads a part's head; the file's name when it is the wanted one.
    fn part(&mut self, head: &[u8]) -> Result<Option<String>, Malformed> {
        self.parts += 1;
        if MAX_PARTS < self.parts {
            return Err(Malformed::Parts);
        }
        let head = String::from_utf8_lossy(head);
        let disposition = head
            .split("\r\n")
            .filter_map(|line| line.split_once(':'))
            .find(|(name, _)| name.eq_ignore_ascii_case("content-disposition"))
            .map(|(_, value)| value)
            .ok_or(Malformed::Head)?;
        let file_name = parameter(disposition, "filename");
        match (parameter(disposition, "name"), file_name) {
            (Some(name), Some(file_name)) if name == self.field => {
                if self.found {
                    return Err(Malformed::Parts);
                }
                self.found = true;
                self.state = State::File;
                Ok(Some(file_name))
            }
            _ => {
                self.state = State::Skipped;
                Ok(None)
            }
        }
    }
}

fn boundary(content_type: &str) -> Option<String> {
    let (kind, _) = content_type.split_once(';')?;
    if !kind.trim().eq_ignore_ascii_case("multipart/form-data") {
        return None;
    }
    parameter(content_type, "boundary").filter(|boundary| {
        (1..=MAX_BOUNDARY).contains(&boundary.len())
            && !boundary.ends_with(' ')
            && boundary
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"'()+_,-./:=? ".contains(&b))
    })
}

/// The value of a parameter, such as `filename` in `form-data; name="a"; filename="b"`.
/// Browsers write `"` in a name as `%22` (HTML §4.10.21.8); it stays so, it is only shown.
fn parameter(value: &str, wanted: &str) -> Option<String> {
    let mut rest = value;
    while let Some((_, after)) = rest.split_once(';') {
        let (name, after) = after.split_once('=')?;
        let (value, after) = match after.strip_prefix('"') {
            Some(quoted) => quoted.split_once('"')?,
            None => after.split_at(after.find(';').unwrap_or(after.len())),
        };
        if name.trim().eq_ignore_ascii_case(wanted) {
            return Some(value.trim().to_owned());
        }
        rest = after;
    }
    None
}

fn find(within: &[u8], wanted: &[u8]) -> Option<usize> {
    let first = *wanted.first()?;
    let mut from = 0;
    // Jumping from candidate to candidate keeps this fast where files are large.
    while let Some(rest) = within.get(from..) {
        let at = from + rest.iter().position(|byte| *byte == first)?;
        if within.get(at..)?.starts_with(wanted) {
            return Some(at);
        }
        from = at + 1;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    const TYPE: &str = "multipart/form-data; boundary=\"x-Y\"";

    fn form(file: &str) -> String {
        format!(
            "preamble\r\n--x-Y\r\nContent-Disposition: form-data; name=\"other\"\r\n\r\nskipped\r\n\
             --x-Y\r\ncontent-disposition: form-data; name=\"file\"; filename=\"a; b.txt\"\r\n\
             Content-Type: text/plain\r\n\r\n{file}\r\n--x-Y--\r\nepilogue"
        )
    }

    /// The file's name and bytes, with the body coming in pieces of `step` bytes.
    fn read(body: &[u8], step: usize) -> Result<(String, Vec<u8>), Malformed> {
        let mut reader = Reader::new(TYPE, "file").unwrap();
        let (mut name, mut data, mut ended) = (String::new(), Vec::new(), false);
        for piece in body.chunks(step) {
            reader.push(piece);
            while let Some(piece) = reader.next()? {
                match piece {
                    Piece::Begin(begun) => name = begun,
                    Piece::Data(bytes) => data.extend_from_slice(&bytes),
                    Piece::End => ended = true,
                }
            }
            assert!(reader.held.len() <= MAX_HEAD + step);
        }
        reader.finish()?;
        assert!(ended);
        Ok((name, data))
    }

    #[test]
    fn a_file_comes_out_the_same_however_the_body_is_cut() {
        for file in ["", "hello", "\r\n--x-\r\n--x-Z\r\n\r", "\r\r\n-", "--x-Y"] {
            let body = form(file);
            for step in 1..=body.len() {
                let (name, data) = read(body.as_bytes(), step).unwrap();
                assert_eq!(name, "a; b.txt");
                assert_eq!(data, file.as_bytes(), "{step}");
            }
        }
    }

    #[test]
    fn a_body_without_preamble_is_read_too() {
        let body = form("hello");
        let bare = body.strip_prefix("preamble\r\n").unwrap();
        assert_eq!(read(bare.as_bytes(), 7).unwrap().1, b"hello");
    }

    #[test]
    fn a_body_cut_short_is_not_taken_for_whole() {
        let body = form("hello");
        let end = body.find("--\r\nepilogue").unwrap() + 1;
        for length in 1..end {
            assert_eq!(
                read(&body.as_bytes()[..length], 16),
                Err(Malformed::Cut),
                "{length}"
            );
        }
    }

    #[test]
    fn what_is_not_a_form_with_one_file_is_refused() {
        let check = |body: &str, expected| assert_eq!(read(body.as_bytes(), 64), Err(expected));
        check(&"x".repeat(10_000), Malformed::Delimiter);
        check("--x-Y--", Malformed::Parts);
        check("--x-Yz\r\n", Malformed::Delimiter);
        check("--x-Y\r\nno head\r\n\r\n", Malformed::Head);
        check(
            &format!("--x-Y\r\na: {}", "y".repeat(10_000)),
            Malformed::Head,
        );
        let part =
            "--x-Y\r\nContent-Disposition: form-data; name=\"file\"; filename=\"f\"\r\n\r\n\r\n";
        check(&format!("{part}{part}"), Malformed::Parts);
        let other = "--x-Y\r\nContent-Disposition: form-data; name=\"n\"\r\n\r\n\r\n";
        check(&other.repeat(17), Malformed::Parts);
    }

    #[test]
    fn only_a_sound_boundary_is_taken() {
        let check = |content_type: &str, expected: bool| {
            assert_eq!(
                Reader::new(content_type, "file").is_ok(),
                expected,
                "{content_type}"
            );
        };
        check("multipart/form-data; boundary=abc", true);
        check("Multipart/Form-Data; charset=utf-8; Boundary=abc", true);
        check("multipart/form-data", false);
        check("multipart/form-data; boundary=", false);
        check("multipart/mixed; boundary=abc", false);
        check("multipart/form-data; boundary=\"a\u{e9}\"", false);
        check(
            &format!("multipart/form-data; boundary={}", "a".repeat(71)),
            false,
        );
    }
}
