//! Where a password comes from: a terminal that doesn't show it, twice, or one line of
//! standard input. Never an argument.

use std::{
    fs::File,
    io::{self, Read, Write as _},
    os::fd::AsFd as _,
};

use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};
use terms::Secret;
use zeroize::Zeroizing;

/// Longest line that is read, in bytes; the policy decides about shorter ones.
const LINE_MAX: usize = 8192;

/// There is no password.
#[derive(Debug, thiserror::Error)]
pub(super) enum PasswordError {
    #[error(
        "there is no terminal to ask for a password: give it with `--password-stdin`, or for \
         `user add` say `--no-password`"
    )]
    NoTerminal,
    #[error("the two passwords aren't the same: try again")]
    Differ,
    #[error("no password was given")]
    None,
    #[error("a password of more than {LINE_MAX} bytes is none")]
    TooLong,
    #[error("the password isn't text in UTF-8")]
    NotText,
    #[error("the password can't be read: {0}")]
    Io(#[from] io::Error),
}

/// From standard input, or asked for twice.
pub(super) fn read(stdin: bool) -> Result<Secret<String>, PasswordError> {
    if stdin {
        return text(&line(io::stdin().lock(), false)?);
    }
    let mut terminal = Terminal::open()?;
    let first = text(&terminal.ask("Password: ")?)?;
    let again = text(&terminal.ask("The same again: ")?)?;
    if first == again {
        Ok(first)
    } else {
        Err(PasswordError::Differ)
    }
}

fn text(line: &[u8]) -> Result<Secret<String>, PasswordError> {
    match std::str::from_utf8(line) {
        Ok("") => Err(PasswordError::None),
        Ok(text) => Ok(Secret::new(text.to_owned())),
        Err(_) => Err(PasswordError::NotText),
    }
}

/// Reads to the end of a line, without it. What is `typed` may also be taken back (by
/// Backspace, and all of it by Ctrl-U) and given up (Ctrl-C, Ctrl-D).
fn line(from: impl Read, typed: bool) -> Result<Zeroizing<Vec<u8>>, PasswordError> {
    // Set aside at once: a text that grew would leave copies behind.
    let mut line = Zeroizing::new(Vec::with_capacity(LINE_MAX));
    for byte in from.bytes() {
        match byte? {
            b'\n' => break,
            b'\r' if typed => break,
            3 | 4 if typed => return Err(PasswordError::None),
            8 | 127 if typed => {
                // A letter may be several bytes.
                while let Some(byte) = line.pop() {
                    if byte & 0xc0 != 0x80 {
                        break;
                    }
                }
            }
            0x15 if typed => line.clear(),
            _ if line.len() == LINE_MAX => return Err(PasswordError::TooLong),
            byte => line.push(byte),
        }
    }
    if line.last() == Some(&b'\r') {
        line.pop();
    }
    Ok(line)
}

/// The terminal of whoever runs this, silent until dropped.
struct Terminal {
    tty: File,
    before: Termios,
}

impl Terminal {
    fn open() -> Result<Self, PasswordError> {
        let tty = File::options().read(true).write(true).open("/dev/tty");
        let tty = tty.map_err(|_| PasswordError::NoTerminal)?;
        let before = tcgetattr(tty.as_fd()).map_err(io::Error::from)?;
        let mut silent = before.clone();
        // Keys come as they are, Ctrl-C too: it can't leave the terminal silent.
        silent.local_modes &= !(LocalModes::ECHO | LocalModes::ICANON | LocalModes::ISIG);
        tcsetattr(tty.as_fd(), OptionalActions::Flush, &silent).map_err(io::Error::from)?;
        Ok(Self { tty, before })
    }

    fn ask(&mut self, what: &str) -> Result<Zeroizing<Vec<u8>>, PasswordError> {
        self.tty.write_all(what.as_bytes())?;
        let line = line(&self.tty, true);
        self.tty.write_all(b"\n")?;
        line
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // A terminal that is gone has nothing to be put back.
        let _ = tcsetattr(self.tty.as_fd(), OptionalActions::Flush, &self.before);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(keys: &[u8]) -> Option<Vec<u8>> {
        line(keys, true).ok().map(|line| line.to_vec())
    }

    #[test]
    fn what_is_typed_can_be_taken_back_letter_by_letter_and_given_up() {
        assert_eq!(typed(b"secret\r"), Some(b"secret".to_vec()));
        assert_eq!(
            typed("n\u{e9}\u{7f}\u{7f}o\n".as_bytes()),
            Some(b"o".to_vec())
        );
        assert_eq!(typed(b"wrong\x15right\n"), Some(b"right".to_vec()));
        assert_eq!(typed(b"\x7f\x7fa\n"), Some(b"a".to_vec()));
        assert_eq!(typed(b"half\x03"), None);
        assert_eq!(typed(b"half\x04"), None);
    }

    #[test]
    fn one_line_is_read_of_what_is_piped_whatever_ends_it() {
        let piped = |bytes: &[u8]| line(bytes, false).and_then(|line| text(&line));
        for line in [
            "pass word\n",
            "pass word\r\n",
            "pass word",
            "pass word\nmore\n",
        ] {
            let read = piped(line.as_bytes()).unwrap();
            assert_eq!(read.expose(), "pass word", "{line:?}");
        }
        assert!(matches!(piped(b"\n"), Err(PasswordError::None)));
        assert!(matches!(piped(b"\xff\n"), Err(PasswordError::NotText)));
        let long = vec![b'a'; LINE_MAX + 1];
        assert!(matches!(piped(&long), Err(PasswordError::TooLong)));
        assert!(piped(&long[1..]).is_ok());
    }
}
