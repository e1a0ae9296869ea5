//! What a configuration takes from around it: files, environment variables and the
//! time. The system's, or given by a test.

use std::{collections::BTreeMap, ffi::OsString, fs, io, io::Read, path::Path, path::PathBuf};

use terms::{Clock, Micros, Secret};

use crate::key::{SIZES, in_units};

/// Bytes read of any one file, lists of addresses aside; a larger one is refused.
pub const FILE_MAX: u64 = 1024 * 1024;

/// Where files, variables and the time come from.
#[derive(Debug)]
pub struct Env {
    around: Around,
    clock: Clock,
}

#[derive(Debug)]
enum Around {
    System,
    Given {
        files: BTreeMap<PathBuf, (Vec<u8>, u32)>,
        variables: BTreeMap<String, String>,
    },
}

/// A file's bytes (they may be a key's) and who may read them.
pub(crate) struct File {
    pub(crate) bytes: Secret<Vec<u8>>,
    /// Whether users outside its owner and group can read it.
    pub(crate) exposed: bool,
}

impl Env {
    /// The machine's files and environment.
    pub const fn system(clock: Clock) -> Self {
        Self {
            around: Around::System,
            clock,
        }
    }

    /// Nothing but what is added; the time is `clock`'s.
    pub const fn given(clock: Clock) -> Self {
        Self {
            around: Around::Given {
                files: BTreeMap::new(),
                variables: BTreeMap::new(),
            },
            clock,
        }
    }

    /// Adds a file with its permission bits. Nothing happens to a system's.
    #[must_use]
    pub fn with_file(mut self, path: impl Into<PathBuf>, bytes: &[u8], mode: u32) -> Self {
        if let Around::Given { files, .. } = &mut self.around {
            files.insert(path.into(), (bytes.to_vec(), mode));
        }
        self
    }

    /// Adds a variable. Nothing happens to a system's.
    #[must_use]
    pub fn with_variable(mut self, name: &str, value: &str) -> Self {
        if let Around::Given { variables, .. } = &mut self.around {
            variables.insert(name.to_owned(), value.to_owned());
        }
        self
    }

    pub(crate) fn now(&self) -> Micros {
        self.clock.now()
    }

    pub(crate) fn variable(&self, name: &str) -> Option<OsString> {
        match &self.around {
            Around::System => std::env::var_os(name),
            Around::Given { variables, .. } => variables.get(name).map(OsString::from),
        }
    }

    /// The file's bytes. Only regular files are read: a pipe would hold us up.
    pub(crate) fn read(&self, path: &Path) -> io::Result<File> {
        self.read_up_to(path, FILE_MAX)
    }

    /// The same of a file that may have so many bytes.
    pub(crate) fn read_up_to(&self, path: &Path, most: u64) -> io::Result<File> {
        match &self.around {
            Around::System => read_file(path, most),
            Around::Given { files, .. } => {
                let (bytes, mode) = files.get(path).ok_or(io::ErrorKind::NotFound)?;
                Ok(File {
                    bytes: Secret::new(bytes.clone()),
                    exposed: mode & 0o004 != 0,
                })
            }
        }
    }

    /// Whether a file or folder is there and can be looked into.
    pub(crate) fn look(&self, path: &Path) -> io::Result<Found> {
        match &self.around {
            Around::System => match fs::metadata(path) {
                Ok(meta) if meta.is_dir() => fs::read_dir(path).map(|_| Found::Folder),
                Ok(_) => Ok(Found::File),
                Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Found::Nothing),
                Err(error) => Err(error),
            },
            Around::Given { files, .. } => Ok(if files.contains_key(path) {
                Found::File
            } else if files.keys().any(|file| file.starts_with(path)) {
                Found::Folder
            } else {
                Found::Nothing
            }),
        }
    }
}

/// What stands at a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Found {
    File,
    Folder,
    Nothing,
}

fn read_file(path: &Path, most: u64) -> io::Result<File> {
    let meta = fs::metadata(path)?;
    if meta.is_dir() {
        return Err(io::ErrorKind::IsADirectory.into());
    }
    if !meta.is_file() {
        return Err(io::Error::other("not a regular file"));
    }
    let mut bytes = Vec::new();
    fs::File::open(path)?
        .take(most + 1)
        .read_to_end(&mut bytes)?;
    if bytes.len() as u64 > most {
        let most = in_units(most, &SIZES);
        return Err(io::Error::other(format!("larger than {most}")));
    }
    Ok(File {
        bytes: Secret::new(bytes),
        exposed: exposed(&meta),
    })
}

#[cfg(unix)]
fn exposed(meta: &fs::Metadata) -> bool {
    use std::os::unix::fs::PermissionsExt;
    meta.permissions().mode() & 0o004 != 0
}

#[cfg(not(unix))]
const fn exposed(_: &fs::Metadata) -> bool {
    false
}

/// An I/O error in words that don't change with the platform.
pub(crate) fn in_words(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "it doesn't exist".to_owned(),
        io::ErrorKind::PermissionDenied => "permission denied".to_owned(),
        io::ErrorKind::IsADirectory => "it is a folder".to_owned(),
        io::ErrorKind::NotADirectory => "a part of its path is no folder".to_owned(),
        _ => error.to_string(),
    }
}
