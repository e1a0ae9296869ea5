//! Checkpoints (C2SP `tlog-checkpoint`): the note in which a log commits to its size
//! and root.

use crate::{
    base64,
    hash::Hash,
    key::{SigningKey, VerifierKey},
    note::{Note, NoteError},
    tree::MAX_SIZE,
};

/// The most extension lines taken.
pub const MAX_EXTENSIONS: usize = 16;

/// A note isn't a checkpoint, or not the one expected.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum CheckpointError {
    /// The note itself is malformed, unsigned or forged.
    #[error(transparent)]
    Note(#[from] NoteError),
    /// The first line is empty, or holds control characters.
    #[error("the checkpoint's first line, the origin, is empty or no text")]
    Origin,
    /// The log is another.
    #[error("the checkpoint is of the log {found:?}, expected {expected:?}")]
    OtherLog {
        /// What the first line says.
        found: String,
        /// The log asked for.
        expected: String,
    },
    /// The second line isn't a size.
    #[error("the checkpoint's second line isn't a decimal size up to {MAX_SIZE}")]
    Size,
    /// The third line isn't a root.
    #[error("the checkpoint's third line isn't the base64 of 32 bytes")]
    Root,
    /// An extension line is empty, or there are too many.
    #[error("the checkpoint has an empty extension line, or more than {MAX_EXTENSIONS}")]
    Extension,
}

/// What a log says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// Which log: by custom its address without scheme, `example.com/trust/ledger`.
    pub origin: String,
    /// Number of leaves.
    pub size: u64,
    /// Root of the tree of all leaves.
    pub root: Hash,
    /// Further lines: the specification advises against them. We write none, and read
    /// up to [`MAX_EXTENSIONS`].
    pub extensions: Vec<String>,
}

impl Checkpoint {
    /// A checkpoint without extension lines.
    pub fn new(origin: impl Into<String>, size: u64, root: Hash) -> Self {
        Self {
            origin: origin.into(),
            size,
            root,
            extensions: Vec::new(),
        }
    }

    /// The note's text.
    pub fn text(&self) -> String {
        let mut text = format!(
            "{}\n{}\n{}\n",
            self.origin,
            self.size,
            base64::encode(&self.root)
        );
        for line in &self.extensions {
            text.push_str(line);
            text.push('\n');
        }
        text
    }

    /// Signs. The log must never sign two checkpoints of which one doesn't continue
    /// the other: that is for the caller to see to.
    ///
    /// # Errors
    /// When a field wouldn't come back when read.
    pub fn sign(&self, key: &SigningKey) -> Result<Note, CheckpointError> {
        let text = self.text();
        if Self::parse(&text)? != *self {
            return Err(CheckpointError::Origin);
        }
        Ok(Note::sign(&text, key)?)
    }

    /// Reads and verifies the checkpoint of the log `origin`, signed by one of `known`.
    ///
    /// # Errors
    /// When the note isn't well formed, signed by a known key and of that log.
    pub fn open(note: &[u8], origin: &str, known: &[VerifierKey]) -> Result<Self, CheckpointError> {
        let checkpoint = Self::parse(Note::open(note, known)?.text())?;
        if checkpoint.origin != origin {
            return Err(CheckpointError::OtherLog {
                found: checkpoint.origin,
                expected: origin.to_owned(),
            });
        }
        Ok(checkpoint)
    }

    /// Reads a note's text. Whether it was signed is not looked at.
    ///
    /// # Errors
    /// When a line isn't exactly as specified.
    pub fn parse(text: &str) -> Result<Self, CheckpointError> {
        let mut lines = text.strip_suffix('\n').ok_or(NoteError::Form)?.split('\n');
        let origin = lines.next().unwrap_or_default();
        if origin.is_empty() || origin.bytes().any(|byte| byte < 0x20) {
            return Err(CheckpointError::Origin);
        }
        let size = lines
            .next()
            .and_then(parse_size)
            .ok_or(CheckpointError::Size)?;
        let root = lines.next().filter(|line| line.len() == 44);
        let root = root
            .and_then(base64::decode)
            .and_then(|bytes| bytes.try_into().ok());
        let root = root.ok_or(CheckpointError::Root)?;
        let mut extensions = Vec::new();
        for line in lines {
            if line.is_empty() || extensions.len() >= MAX_EXTENSIONS {
                return Err(CheckpointError::Extension);
            }
            extensions.push(line.to_owned());
        }
        Ok(Self {
            origin: origin.to_owned(),
            size,
            root,
            extensions,
        })
    }
}

/// Decimal digits without a leading zero, up to [`MAX_SIZE`].
fn parse_size(text: &str) -> Option<u64> {
    let canonical = text == "0" || !text.starts_with('0');
    if !canonical || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    text.parse().ok().filter(|size| *size <= MAX_SIZE)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use zeroize::Zeroizing;

    use super::*;
    use crate::{EMPTY_ROOT, Tree, leaf_hash};

    fn key(byte: u8) -> SigningKey {
        SigningKey::from_seed("example.com/log", &Zeroizing::new([byte; 32])).unwrap()
    }

    /// The example of the specification.
    const SOFA: &str = "example.com/behind-the-sofa\n20852163\n\
                        CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n";

    #[test]
    fn the_specifications_example_reads_and_prints_the_same() {
        let checkpoint = Checkpoint::parse(SOFA).unwrap();
        assert_eq!(checkpoint.size, 20_852_163);
        assert_eq!(checkpoint.text(), SOFA);
    }

    #[test]
    fn a_signed_checkpoint_comes_back_and_only_from_its_own_log() {
        let tree = Tree::of(&[leaf_hash(b"one"), leaf_hash(b"two")]);
        let checkpoint = Checkpoint::new("example.com/log", tree.size(), tree.root());
        let note = checkpoint.sign(&key(1)).unwrap().to_string();
        let known = [key(1).verifier().clone()];
        assert_eq!(
            Checkpoint::open(note.as_bytes(), "example.com/log", &known),
            Ok(checkpoint)
        );
        assert!(matches!(
            Checkpoint::open(note.as_bytes(), "example.org/log", &known),
            Err(CheckpointError::OtherLog { .. })
        ));
        assert_eq!(
            Checkpoint::open(
                note.as_bytes(),
                "example.com/log",
                &[key(2).verifier().clone()]
            ),
            Err(CheckpointError::Note(NoteError::Unsigned { known: 1 }))
        );
        let grown = note.replacen("\n2\n", "\n3\n", 1);
        assert!(matches!(
            Checkpoint::open(grown.as_bytes(), "example.com/log", &known),
            Err(CheckpointError::Note(NoteError::Forged { .. }))
        ));
    }

    #[test]
    fn a_line_out_of_form_is_refused() {
        let check = |from: &str, to: &str, expected: CheckpointError| {
            assert_eq!(
                Checkpoint::parse(&SOFA.replace(from, to)),
                Err(expected),
                "{to:?}"
            );
        };
        check("example.com/behind-the-sofa", "", CheckpointError::Origin);
        check("20852163", "020852163", CheckpointError::Size);
        check("20852163", "+20852163", CheckpointError::Size);
        check("20852163", "", CheckpointError::Size);
        check("20852163", "72057594037927937", CheckpointError::Size);
        check("CsUY", "CsU", CheckpointError::Root);
        check("q2I=\n", "q2J=\n", CheckpointError::Root);
        check("q2I=\n", "q2I=\n\n", CheckpointError::Extension);
        check("q2I=\n", "q2I=", NoteError::Form.into());
        check(
            "q2I=\n",
            &format!("q2I=\n{}", "e\n".repeat(17)),
            CheckpointError::Extension,
        );
        let extended = Checkpoint::parse(&SOFA.replace("q2I=\n", "q2I=\nmore\n")).unwrap();
        assert_eq!(extended.extensions, ["more"]);
    }

    #[test]
    fn a_checkpoint_that_would_read_as_another_is_not_signed() {
        assert!(
            Checkpoint::new("a\n5", 0, EMPTY_ROOT)
                .sign(&key(1))
                .is_err()
        );
        assert!(Checkpoint::new("", 0, EMPTY_ROOT).sign(&key(1)).is_err());
        assert!(
            Checkpoint::new("a", MAX_SIZE + 1, EMPTY_ROOT)
                .sign(&key(1))
                .is_err()
        );
        assert!(Checkpoint::new("a", 0, EMPTY_ROOT).sign(&key(1)).is_ok());
    }

    proptest! {
        #[test]
        fn reading_never_panics_and_is_exact(text in "[a-c]{0,2}\n{0,2}[0-9]{0,3}\n?[A-Za-z0-9+/=]{40,46}\n{0,2}e?\n?") {
            if let Ok(checkpoint) = Checkpoint::parse(&text) {
                prop_assert_eq!(checkpoint.text(), text);
            }
        }
    }
}
