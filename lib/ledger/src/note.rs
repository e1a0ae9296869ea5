//! Signed notes (C2SP `signed-note`): a text, a blank line, lines of signatures.

use crate::{
    base64,
    key::{SigningKey, VerifierKey, check_name},
};

/// The longest note taken, in bytes. Post-quantum signatures of witnesses have 5 kB.
pub const MAX_NOTE: usize = 256 * 1024;
/// The most signature lines taken; the specification asks for at least 16.
pub const MAX_SIGNATURES: usize = 64;

const DASH: &str = "— ";

/// A note isn't one, or isn't signed by whom it should.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum NoteError {
    /// Larger than [`MAX_NOTE`].
    #[error("the note has {found} bytes: at most {MAX_NOTE} are read")]
    TooLong {
        /// Bytes in the note.
        found: usize,
    },
    /// Not UTF-8, or with control characters other than the newline.
    #[error("the note isn't UTF-8 text without control characters")]
    Text,
    /// No blank line, or no text before it, or nothing after.
    #[error("the note isn't a text, a blank line and signature lines, each ending in a newline")]
    Form,
    /// A line after the blank line isn't a signature.
    #[error("line {line} of the note's signatures isn't `— <name> <base64>`")]
    SignatureLine {
        /// Counted from 1.
        line: usize,
    },
    /// More than [`MAX_SIGNATURES`].
    #[error("the note has more than {MAX_SIGNATURES} signatures")]
    TooManySignatures,
    /// None of the known keys signed.
    #[error("the note is signed by none of the {known} known keys")]
    Unsigned {
        /// How many keys were known.
        known: usize,
    },
    /// A line of a known key doesn't verify.
    #[error("the signature of {name} doesn't verify: the note was altered or the key is wrong")]
    Forged {
        /// The key's name.
        name: String,
    },
}

/// One signature line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signature {
    /// The key's name.
    pub name: String,
    /// The key's id.
    pub id: u32,
    /// The signature itself: 64 bytes for Ed25519, whatever else for others.
    pub bytes: Vec<u8>,
}

/// A note that was read or written, **not necessarily verified**: see [`Note::open`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    text: String,
    signatures: Vec<Signature>,
}

impl Note {
    /// A note over `text`, signed by `key`; further lines by [`Note::countersign`].
    ///
    /// # Errors
    /// When the text is empty or too long, doesn't end in a newline, or holds control
    /// characters.
    pub fn sign(text: &str, key: &SigningKey) -> Result<Self, NoteError> {
        check_text(text)?;
        if !text.ends_with('\n') {
            return Err(NoteError::Form);
        }
        let mut note = Self {
            text: text.to_owned(),
            signatures: Vec::new(),
        };
        note.countersign(key)?;
        Ok(note)
    }

    /// Adds the signature of another key, as when keys are rotated.
    ///
    /// # Errors
    /// When the note is full.
    pub fn countersign(&mut self, key: &SigningKey) -> Result<(), NoteError> {
        if self.signatures.len() >= MAX_SIGNATURES {
            return Err(NoteError::TooManySignatures);
        }
        self.signatures.push(Signature {
            name: key.verifier().name().to_owned(),
            id: key.verifier().id(),
            bytes: key.sign(self.text.as_bytes()),
        });
        Ok(())
    }

    /// Reads a note without looking at who signed it.
    ///
    /// # Errors
    /// When it isn't exactly of the specified form, or beyond the limits.
    pub fn parse(note: &[u8]) -> Result<Self, NoteError> {
        if note.len() > MAX_NOTE {
            return Err(NoteError::TooLong { found: note.len() });
        }
        let note = std::str::from_utf8(note).map_err(|_| NoteError::Text)?;
        check_text(note)?;
        // The text may hold empty lines itself: the last one divides.
        let divide = note.rfind("\n\n").ok_or(NoteError::Form)?;
        let (text, rest) = note.split_at_checked(divide + 1).ok_or(NoteError::Form)?;
        let lines = rest
            .strip_prefix('\n')
            .and_then(|rest| rest.strip_suffix('\n'));
        let lines = lines.ok_or(NoteError::Form)?;
        let mut signatures = Vec::new();
        for (at, line) in lines.split('\n').enumerate() {
            if at >= MAX_SIGNATURES {
                return Err(NoteError::TooManySignatures);
            }
            let signature = parse_line(line).ok_or(NoteError::SignatureLine { line: at + 1 })?;
            signatures.push(signature);
        }
        Ok(Self {
            text: text.to_owned(),
            signatures,
        })
    }

    /// Reads a note and verifies it: at least one of `known` keys must have signed.
    /// Lines of other keys are ignored, a line of a known key that doesn't verify
    /// spoils the note.
    ///
    /// # Errors
    /// As [`Note::parse`], and when no known key signed or one was forged.
    pub fn open(note: &[u8], known: &[VerifierKey]) -> Result<Self, NoteError> {
        let note = Self::parse(note)?;
        note.verify(known)?;
        Ok(note)
    }

    /// As [`Note::open`], for a note already read.
    ///
    /// # Errors
    /// When no known key signed, or a known key's line doesn't verify.
    pub fn verify(&self, known: &[VerifierKey]) -> Result<(), NoteError> {
        let mut verified = false;
        for signature in &self.signatures {
            let matching = known
                .iter()
                .find(|key| key.name() == signature.name && key.id() == signature.id);
            let Some(key) = matching else { continue };
            if !key.verifies(self.text.as_bytes(), &signature.bytes) {
                return Err(NoteError::Forged {
                    name: signature.name.clone(),
                });
            }
            verified = true;
        }
        if verified {
            Ok(())
        } else {
            Err(NoteError::Unsigned { known: known.len() })
        }
    }

    /// The signed text, with its last newline.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// All signature lines, those of unknown keys too.
    pub fn signatures(&self) -> &[Signature] {
        &self.signatures
    }
}

/// The note as it is published.
impl std::fmt::Display for Note {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(f, "{}", self.text)?;
        for signature in &self.signatures {
            let mut bytes = signature.id.to_be_bytes().to_vec();
            bytes.extend_from_slice(&signature.bytes);
            writeln!(f, "{DASH}{} {}", signature.name, base64::encode(&bytes))?;
        }
        Ok(())
    }
}

fn check_text(text: &str) -> Result<(), NoteError> {
    if text.len() > MAX_NOTE {
        return Err(NoteError::TooLong { found: text.len() });
    }
    if text.is_empty() {
        return Err(NoteError::Form);
    }
    if text.bytes().any(|byte| byte < 0x20 && byte != b'\n') {
        return Err(NoteError::Text);
    }
    Ok(())
}

fn parse_line(line: &str) -> Option<Signature> {
    let (name, text) = line.strip_prefix(DASH)?.split_once(' ')?;
    check_name(name).ok()?;
    let bytes = base64::decode(text)?;
    let (id, bytes) = bytes.split_first_chunk::<4>()?;
    if bytes.is_empty() {
        return None;
    }
    Some(Signature {
        name: name.to_owned(),
        id: u32::from_be_bytes(*id),
        bytes: bytes.to_vec(),
    })
}

#[cfg(test)]
mod tests;
