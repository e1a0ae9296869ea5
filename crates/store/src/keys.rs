//! The master key: wraps the data keys, and lives outside the store.
//!
//! The file is text, so that an administrator can print it and put it in a safe:
//! ```text
//! current 6f0d…(16 digits) 9c41…(64 digits)
//! previous 11be…           77a0…
//! ```
//! The id of a key is computed from it, so a mistyped line is noticed. `previous` is
//! there only while a rotation runs: the new key is on the disk before the first data
//! key is wrapped by it, and the old one leaves after the last.

use std::{
    fmt,
    io::{self, Read},
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

use aws_lc_rs::digest;
use terms::{Rng, Secret};
use zeroize::Zeroizing;

use crate::{data::replace_file, hex};

/// Largest key file that is read, in bytes.
const MAX_FILE_BYTES: u64 = 4096;
/// The name of the systemd credential that holds what `master.key` would.
const CREDENTIAL: &str = "waarborg-master-key";
/// The head of every file we write.
const COMMENT: &str =
    "# Waarborg master key. Whoever has it can read the sealed columns; without it nobody can.\n";

/// The name of a master key: safe to log.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct KeyId(String);

impl KeyId {
    /// 16 hexadecimal digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Debug for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Why the master key can't be used.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// Nothing there.
    #[error(
        "there is no master key at {path}; `waarborg serve` makes one for a new store, \
         an existing store needs its own back"
    )]
    Missing {
        /// The file.
        path: PathBuf,
    },
    /// One is there already, and is never overwritten.
    #[error("a master key exists at {path} and is not overwritten")]
    Exists {
        /// The file.
        path: PathBuf,
    },
    /// Can't be read or written.
    #[error("the master key {path}: {source}")]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Others may read it.
    #[error(
        "the master key {path} has mode {mode:o}; other users could read it: run `chmod 600 {path}`"
    )]
    Exposed {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// Not our format.
    #[error("the master key {path}, line {line}: expected {expected}")]
    Malformed {
        /// The file.
        path: PathBuf,
        /// Counted from 1; 0 for the file as a whole.
        line: usize,
        /// What should stand there.
        expected: &'static str,
    },
    /// Not ours to write.
    #[error(
        "the master key comes from {from}, which this program can't change; put the new key there \
         as `current` and the present one as `previous`, then restart"
    )]
    NotOurs {
        /// Where it comes from.
        from: String,
    },
}

/// One key of 256 bits.
#[derive(Clone)]
pub(crate) struct MasterKey {
    id: KeyId,
    secret: Secret<[u8; 32]>,
}

impl MasterKey {
    fn new(secret: Secret<[u8; 32]>) -> Self {
        let mut context = digest::Context::new(&digest::SHA256);
        context.update(b"waarborg master key id\n");
        context.update(secret.expose());
        let hash = context.finish();
        let id = hash.as_ref().get(..8).map(hex::encode).unwrap_or_default();
        Self {
            id: KeyId(id),
            secret,
        }
    }

    pub(crate) fn generate(rng: &Rng) -> Self {
        Self::new(Secret::new(rng.bytes()))
    }

    pub(crate) const fn id(&self) -> &KeyId {
        &self.id
    }

    pub(crate) const fn secret(&self) -> &Secret<[u8; 32]> {
        &self.secret
    }
}

/// Where a master key comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeySource {
    /// A file of ours: rotation rewrites it.
    File(PathBuf),
    /// A file that someone else provides, such as a systemd credential.
    Provided(PathBuf),
    /// Nowhere: it goes with the process (the demo, tests).
    Memory,
}

/// The key in use, and the one before while a rotation runs.
#[derive(Clone)]
pub struct MasterKeys {
    pub(crate) current: MasterKey,
    pub(crate) previous: Option<MasterKey>,
    source: KeySource,
}

impl fmt::Debug for MasterKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MasterKeys")
            .field("current", &self.current.id)
            .field("previous", &self.previous.as_ref().map(|key| &key.id))
            .field("source", &self.source)
            .finish()
    }
}

impl MasterKeys {
    /// A key that is kept nowhere.
    pub fn ephemeral(rng: &Rng) -> Self {
        Self {
            current: MasterKey::generate(rng),
            previous: None,
            source: KeySource::Memory,
        }
    }

    /// Makes a key and writes its file (0600).
    ///
    /// # Errors
    /// [`KeyError::Exists`] rather than overwrite one.
    pub fn create(path: &Path, rng: &Rng) -> Result<Self, KeyError> {
        if path.exists() {
            return Err(KeyError::Exists {
                path: path.to_owned(),
            });
        }
        let keys = Self {
            current: MasterKey::generate(rng),
            previous: None,
            source: KeySource::File(path.to_owned()),
        };
        keys.write()?;
        Ok(keys)
    }

    /// Reads the key: from `waarborg-master-key` in the folder of systemd's credentials
    /// (`$CREDENTIALS_DIRECTORY`) if it is there, else from `path`.
    ///
    /// # Errors
    /// When there is none, it can't be read, others may read it, or it is malformed.
    pub fn load(path: &Path, credentials: Option<&Path>) -> Result<Self, KeyError> {
        if let Some(provided) = credentials.map(|folder| folder.join(CREDENTIAL))
            && provided.exists()
        {
            // systemd sees to its permissions.
            return Self::read(&provided, KeySource::Provided(provided.clone()));
        }
        let meta = match path.metadata() {
            Ok(meta) => meta,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(KeyError::Missing {
                    path: path.to_owned(),
                });
            }
            Err(source) => {
                return Err(KeyError::File {
                    path: path.to_owned(),
                    source,
                });
            }
        };
        if meta.mode() & 0o077 != 0 {
            let mode = meta.mode() & 0o777;
            return Err(KeyError::Exposed {
                path: path.to_owned(),
                mode,
            });
        }
        Self::read(path, KeySource::File(path.to_owned()))
    }

    fn read(path: &Path, source: KeySource) -> Result<Self, KeyError> {
        let mut text = Zeroizing::new(String::new());
        std::fs::File::open(path)
            .and_then(|file| file.take(MAX_FILE_BYTES).read_to_string(&mut text))
            .map_err(|source| KeyError::File {
                path: path.to_owned(),
                source,
            })?;
        let (current, previous) = parse(&text).map_err(|(line, expected)| KeyError::Malformed {
            path: path.to_owned(),
            line,
            expected,
        })?;
        Ok(Self {
            current,
            previous,
            source,
        })
    }

    /// The key that wraps.
    pub const fn current(&self) -> &KeyId {
        &self.current.id
    }

    /// The key that is being replaced, while a rotation runs.
    pub fn previous(&self) -> Option<&KeyId> {
        self.previous.as_ref().map(|key| &key.id)
    }

    /// Where they come from.
    pub const fn source(&self) -> &KeySource {
        &self.source
    }

    /// Whether a key with this id is here.
    pub fn has(&self, id: &str) -> bool {
        self.find(id).is_some()
    }

    pub(crate) fn find(&self, id: &str) -> Option<&MasterKey> {
        [Some(&self.current), self.previous.as_ref()]
            .into_iter()
            .flatten()
            .find(|key| key.id.0 == id)
    }

    /// The ids, for a message.
    pub(crate) fn names(&self) -> String {
        match &self.previous {
            None => self.current.id.0.clone(),
            Some(previous) => format!("{} (before: {})", self.current.id, previous.id),
        }
    }

    /// A new key in front of the present one.
    pub(crate) fn advanced(&self, rng: &Rng) -> Self {
        Self {
            current: MasterKey::generate(rng),
            previous: Some(self.current.clone()),
            source: self.source.clone(),
        }
    }

    /// Without the key before.
    pub(crate) fn settled(&self) -> Self {
        Self {
            current: self.current.clone(),
            previous: None,
            source: self.source.clone(),
        }
    }

    /// Whether this program may replace the key.
    pub(crate) fn replaceable(&self) -> Result<(), KeyError> {
        match &self.source {
            KeySource::Provided(path) => Err(KeyError::NotOurs {
                from: path.display().to_string(),
            }),
            KeySource::File(_) | KeySource::Memory => Ok(()),
        }
    }

    /// Puts what is here on the disk; does nothing where the file isn't ours.
    pub(crate) fn write(&self) -> Result<(), KeyError> {
        let KeySource::File(path) = &self.source else {
            return Ok(());
        };
        // Room for all of it, so that no copy of a key stays behind in freed memory.
        let mut text = Zeroizing::new(String::with_capacity(512));
        text.push_str(COMMENT);
        for (word, key) in [
            ("current", Some(&self.current)),
            ("previous", self.previous.as_ref()),
        ] {
            let Some(key) = key else { continue };
            let digits = Zeroizing::new(hex::encode(key.secret.expose()));
            for part in [word, " ", &key.id.0, " ", &digits, "\n"] {
                text.push_str(part);
            }
        }
        replace_file(path, text.as_bytes()).map_err(|source| KeyError::File {
            path: path.clone(),
            source,
        })
    }
}

type Parsed = (MasterKey, Option<MasterKey>);

fn parse(text: &str) -> Result<Parsed, (usize, &'static str)> {
    const LINE: &str =
        "`current` or `previous`, the key's id (16 hexadecimal digits) and the key (64)";
    let (mut current, mut previous) = (None, None);
    for (index, line) in text.lines().enumerate() {
        let number = index.saturating_add(1);
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let mut words = line.split_ascii_whitespace();
        let (Some(word), Some(id), Some(digits), None) =
            (words.next(), words.next(), words.next(), words.next())
        else {
            return Err((number, LINE));
        };
        let place = match word {
            "current" => &mut current,
            "previous" => &mut previous,
            _ => return Err((number, LINE)),
        };
        let key = MasterKey::new(Secret::new(
            hex::decode::<32>(digits).ok_or((number, LINE))?,
        ));
        if key.id.0 != id {
            return Err((
                number,
                "the id that belongs to this key: one of the two was altered",
            ));
        }
        if place.replace(key).is_some() {
            return Err((number, "each of `current` and `previous` once"));
        }
    }
    Ok((
        current.ok_or((0, "a line that begins with `current`"))?,
        previous,
    ))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use proptest::proptest;

    use super::*;

    fn folder() -> (tempfile::TempDir, PathBuf) {
        let temp = tempfile::tempdir().unwrap();
        let path = temp.path().join("master.key");
        (temp, path)
    }

    #[test]
    fn a_created_key_is_private_reads_back_and_is_never_overwritten() {
        let (_temp, path) = folder();
        assert!(matches!(
            MasterKeys::load(&path, None),
            Err(KeyError::Missing { .. })
        ));
        let made = MasterKeys::create(&path, &Rng::System).unwrap();
        assert_eq!(path.metadata().unwrap().mode() & 0o777, 0o600);
        let read = MasterKeys::load(&path, None).unwrap();
        assert_eq!(read.current(), made.current());
        assert_eq!(read.current.secret, made.current.secret);
        assert!(matches!(
            MasterKeys::create(&path, &Rng::System),
            Err(KeyError::Exists { .. })
        ));
        assert!(!format!("{read:?}").contains(&hex::encode(read.current.secret.expose())));
    }

    #[test]
    fn a_rotation_in_flight_keeps_both_keys_in_the_file() {
        let (_temp, path) = folder();
        let old = MasterKeys::create(&path, &Rng::System).unwrap();
        let both = old.advanced(&Rng::System);
        both.write().unwrap();
        let read = MasterKeys::load(&path, None).unwrap();
        assert_eq!(read.current(), both.current());
        assert_eq!(read.previous(), Some(old.current()));
        read.settled().write().unwrap();
        let last = MasterKeys::load(&path, None).unwrap();
        assert_eq!((last.current(), last.previous()), (both.current(), None));
    }

    #[test]
    fn a_credential_goes_before_the_file_and_is_not_rewritten() {
        let (temp, path) = folder();
        let provided = MasterKeys::create(&temp.path().join(CREDENTIAL), &Rng::System).unwrap();
        MasterKeys::create(&path, &Rng::System).unwrap();
        let read = MasterKeys::load(&path, Some(temp.path())).unwrap();
        assert_eq!(read.current(), provided.current());
        assert!(matches!(read.replaceable(), Err(KeyError::NotOurs { .. })));
        let elsewhere = temp.path().join("none");
        let read = MasterKeys::load(&path, Some(&elsewhere)).unwrap();
        assert_eq!(read.source(), &KeySource::File(path));
    }

    #[test]
    fn a_key_that_others_can_read_or_that_was_altered_is_refused() {
        let (_temp, path) = folder();
        MasterKeys::create(&path, &Rng::System).unwrap();
        let whole = std::fs::read_to_string(&path).unwrap();
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o640)).unwrap();
        let error = MasterKeys::load(&path, None).unwrap_err().to_string();
        assert!(
            error.contains("640") && error.contains("chmod 600"),
            "{error}"
        );
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o600)).unwrap();

        let check = |text: &str, expected: &str| {
            std::fs::write(&path, text).unwrap();
            let error = MasterKeys::load(&path, None).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        };
        let last = whole.trim_end().chars().next_back().unwrap();
        let other = if last == '0' { '1' } else { '0' };
        let altered = format!(
            "{}{other}\n",
            &whole.trim_end()[..whole.trim_end().len() - 1]
        );
        check(&altered, "line 2: expected the id that belongs to this key");
        check("", "a line that begins with `current`");
        check("current abc\n", "line 1: expected `current` or `previous`");
        check(&format!("{whole}{}", whole.lines().last().unwrap()), "once");
        std::fs::write(&path, &whole).unwrap();
        MasterKeys::load(&path, None).unwrap();
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused_without_a_panic(text in "(current|previous|#|[0-9a-f]{0,64}| |\n){0,12}") {
            let _ = parse(&text);
        }
    }
}
