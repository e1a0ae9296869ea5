//! The data folder: everything a node keeps, readable by its own user alone.
//!
//! One process at a time works in it. The lock is `flock(2)`, so it ends with the
//! process that held it, however that ended; the number in the file only says who.

use std::{
    fs::{DirBuilder, File, OpenOptions},
    io::{self, Read, Seek, Write},
    os::{
        fd::{AsFd, BorrowedFd, OwnedFd},
        unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt},
    },
    path::{Path, PathBuf},
};

use rustix::fs::{Access, AtFlags, CWD, FlockOperation};

/// Longest content of a lock file that is read: a process number.
const MAX_LOCK_BYTES: u64 = 32;

/// Why the data folder can't be used.
#[derive(Debug, thiserror::Error)]
pub enum DataError {
    /// Neither there nor creatable.
    #[error("the data folder {path} can't be created: {source}")]
    Create {
        /// The folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Something else bears its name.
    #[error("{path} is not a folder; expected a folder that this user may write in")]
    NotAFolder {
        /// The path.
        path: PathBuf,
    },
    /// This user may not work in it.
    #[error(
        "the data folder {path} can't be read and written by this user ({source}); \
         it belongs to user {owner}: run as that user, or give the folder to this one"
    )]
    Forbidden {
        /// The folder.
        path: PathBuf,
        /// Number of the user that owns it.
        owner: u32,
        /// What the system said.
        source: io::Error,
    },
    /// Any user of the machine could replace the keys in it.
    #[error("the data folder {path} can be written by every user; run `chmod 700 {path}`")]
    Exposed {
        /// The folder.
        path: PathBuf,
    },
    /// Another process works in it.
    #[error("the data folder {path} is in use by {}", holder(.pid))]
    InUse {
        /// The folder.
        path: PathBuf,
        /// That process; `None` while it hasn't written its number yet.
        pid: Option<u32>,
    },
    /// What was handed over is no lock of this folder.
    #[error("what the running server handed over isn't {path}: it serves another data folder")]
    NotTheLock {
        /// The lock's file.
        path: PathBuf,
    },
    /// A file in it can't be read or written.
    #[error("{path}: {source}")]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

fn holder(pid: &Option<u32>) -> String {
    pid.map_or_else(
        || "another process".to_owned(),
        |pid| format!("process {pid}"),
    )
}

/// A folder that exists and that this process may work in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DataFolder {
    path: PathBuf,
}

impl DataFolder {
    /// Opens the folder, creating it (0700) where it is missing.
    ///
    /// # Errors
    /// When it can't be created, is no folder, or this user may not read and write it.
    pub fn open(path: impl Into<PathBuf>) -> Result<Self, DataError> {
        let path = path.into();
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&path)
            .or_else(|source| if path.exists() { Ok(()) } else { Err(source) })
            .map_err(|source| DataError::Create {
                path: path.clone(),
                source,
            })?;
        Self::existing(&path)?.ok_or(DataError::NotAFolder { path })
    }

    /// The folder if there is one; touches nothing: what `check` asks.
    ///
    /// # Errors
    /// As [`DataFolder::open`].
    pub fn existing(path: impl Into<PathBuf>) -> Result<Option<Self>, DataError> {
        let path = path.into();
        let meta = match path.metadata() {
            Ok(meta) => meta,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(source) => return Err(DataError::File { path, source }),
        };
        if !meta.is_dir() {
            return Err(DataError::NotAFolder { path });
        }
        let wanted = Access::READ_OK | Access::WRITE_OK | Access::EXEC_OK;
        if let Err(refused) = rustix::fs::accessat(CWD, &path, wanted, AtFlags::EACCESS) {
            let source = refused.into();
            return Err(DataError::Forbidden {
                path,
                owner: meta.uid(),
                source,
            });
        }
        if meta.mode() & 0o002 != 0 {
            return Err(DataError::Exposed { path });
        }
        Ok(Some(Self { path }))
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The SQLite store in it.
    pub fn store_file(&self) -> PathBuf {
        self.path.join("store.sqlite")
    }

    /// The file of the master key in it.
    pub fn key_file(&self) -> PathBuf {
        self.path.join("master.key")
    }

    /// Takes the folder for this process, until the lock is dropped.
    ///
    /// # Errors
    /// [`DataError::InUse`] names the process that has it.
    pub fn lock(&self) -> Result<DataLock, DataError> {
        let path = self.path.join("lock");
        let failed = |source| DataError::File {
            path: path.clone(),
            source,
        };
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(&path)
            .map_err(failed)?;
        match rustix::fs::flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => {}
            Err(rustix::io::Errno::WOULDBLOCK) => {
                let mut text = String::new();
                // Unreadable content only costs the name in the message.
                let _ = file.take(MAX_LOCK_BYTES).read_to_string(&mut text);
                return Err(DataError::InUse {
                    path: self.path.clone(),
                    pid: text.trim().parse().ok(),
                });
            }
            Err(refused) => return Err(failed(refused.into())),
        }
        let mut lock = DataLock { path, file };
        lock.sign()?;
        Ok(lock)
    }

    /// Takes the folder with the lock that another process holds and has handed over as
    /// `descriptor`: at no moment is the folder free. It is until both have dropped it.
    ///
    /// # Errors
    /// [`DataError::NotTheLock`] where the descriptor is another file's.
    pub fn join(&self, descriptor: OwnedFd) -> Result<DataLock, DataError> {
        let path = self.path.join("lock");
        let file = File::from(descriptor);
        let failed = |source| DataError::File {
            path: path.clone(),
            source,
        };
        let (handed, named) = (file.metadata(), path.metadata());
        let (handed, named) = (handed.map_err(failed)?, named.map_err(failed)?);
        if (handed.dev(), handed.ino()) != (named.dev(), named.ino()) {
            return Err(DataError::NotTheLock { path });
        }
        let mut lock = DataLock { path, file };
        lock.sign()?;
        Ok(lock)
    }
}

/// The data folder is this process's until this is dropped.
#[derive(Debug)]
pub struct DataLock {
    path: PathBuf,
    file: File,
}

impl DataLock {
    /// Writes this process's number into the file, for whoever is refused.
    ///
    /// # Errors
    /// [`DataError::File`].
    pub fn sign(&mut self) -> Result<(), DataError> {
        let signed = self
            .file
            .set_len(0)
            .and_then(|()| self.file.rewind())
            .and_then(|()| writeln!(self.file, "{}", std::process::id()));
        signed.map_err(|source| DataError::File {
            path: self.path.clone(),
            source,
        })
    }
}

impl AsFd for DataLock {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.file.as_fd()
    }
}

/// Writes `content` so that a reader, or a start after a crash at any point, finds
/// either the old file or the new one whole: temporary file, fsync, rename, fsync of
/// the folder. The file is readable by its owner alone.
pub(crate) fn replace_file(path: &Path, content: &[u8]) -> io::Result<()> {
    let folder = path
        .parent()
        .ok_or_else(|| io::Error::other("a file needs a folder"))?;
    let temporary = path.with_extension("new");
    // A leftover of a crash may have any mode; a fresh file has ours.
    match std::fs::remove_file(&temporary) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&temporary)?;
    file.write_all(content)?;
    file.sync_all()?;
    drop(file);
    std::fs::rename(&temporary, path)?;
    File::open(folder)?.sync_all()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_missing_folder_is_created_for_its_owner_alone() {
        let temp = tempfile::tempdir().unwrap();
        let path = temp.path().join("var/waarborg");
        assert_eq!(DataFolder::existing(&path).unwrap(), None);
        let folder = DataFolder::open(&path).unwrap();
        assert_eq!(path.metadata().unwrap().mode() & 0o777, 0o700);
        assert_eq!(DataFolder::existing(&path).unwrap(), Some(folder));
    }

    #[test]
    fn a_file_or_an_open_folder_in_its_place_is_refused() {
        let temp = tempfile::tempdir().unwrap();
        let file = temp.path().join("file");
        std::fs::write(&file, "").unwrap();
        let error = DataFolder::open(&file).unwrap_err().to_string();
        assert!(error.contains("is not a folder"), "{error}");
        let below = DataFolder::open(file.join("data")).unwrap_err().to_string();
        assert!(below.contains("can't be created"), "{below}");

        let open = temp.path().join("open");
        std::fs::create_dir(&open).unwrap();
        let mode = |mode| std::fs::set_permissions(&open, PermissionsExt::from_mode(mode)).unwrap();
        mode(0o777);
        let error = DataFolder::open(&open).unwrap_err().to_string();
        assert!(error.contains("chmod 700"), "{error}");
        mode(0o750);
        DataFolder::open(&open).unwrap();
    }

    #[test]
    fn the_second_to_lock_learns_who_was_first_and_gets_it_afterwards() {
        let temp = tempfile::tempdir().unwrap();
        let folder = DataFolder::open(temp.path().join("data")).unwrap();
        let lock = folder.lock().unwrap();
        let error = folder.lock().unwrap_err().to_string();
        let mine = format!("is in use by process {}", std::process::id());
        assert!(error.contains(&mine), "{error}");
        drop(lock);
        folder.lock().unwrap();
    }

    #[test]
    fn a_lock_that_was_handed_over_is_free_only_when_both_have_dropped_it() {
        let temp = tempfile::tempdir().unwrap();
        let folder = DataFolder::open(temp.path().join("data")).unwrap();
        let old = folder.lock().unwrap();
        let handed = || old.as_fd().try_clone_to_owned().unwrap();
        let new = folder.join(handed()).unwrap();
        let other = DataFolder::open(temp.path().join("other")).unwrap();
        drop(other.lock().unwrap());
        assert!(matches!(
            other.join(handed()),
            Err(DataError::NotTheLock { .. })
        ));
        drop(old);
        assert!(matches!(folder.lock(), Err(DataError::InUse { .. })));
        drop(new);
        folder.lock().unwrap();
    }

    #[test]
    fn a_replaced_file_is_whole_and_private_even_over_a_crashs_leftover() {
        let temp = tempfile::tempdir().unwrap();
        let path = temp.path().join("master.key");
        std::fs::write(temp.path().join("master.new"), "half").unwrap();
        replace_file(&path, b"whole").unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"whole");
        assert_eq!(path.metadata().unwrap().mode() & 0o777, 0o600);
        assert!(!temp.path().join("master.new").exists());
    }

    /// The folder that [`the_forbidden_folder`] opens, as a user who may not.
    const FORBIDDEN: &str = "WAARBORG_TEST_FORBIDDEN_FOLDER";

    /// Not a test of its own: root may do everything, so the test below runs this one as
    /// nobody. Without the variable it does nothing.
    #[test]
    fn the_forbidden_folder() {
        let Some(path) = std::env::var_os(FORBIDDEN) else {
            return;
        };
        let error = DataFolder::open(&path).unwrap_err();
        assert!(matches!(error, DataError::Forbidden { .. }), "{error}");
        assert!(error.to_string().contains("it belongs to user"), "{error}");
        println!("refused");
    }

    #[test]
    fn a_folder_of_another_user_is_refused_and_its_owner_named() {
        use std::os::unix::process::CommandExt;

        let temp = tempfile::tempdir().unwrap();
        let mode = |path: &Path, mode| {
            std::fs::set_permissions(path, PermissionsExt::from_mode(mode)).unwrap();
        };
        mode(temp.path(), 0o755);
        let data = temp.path().join("data");
        std::fs::create_dir(&data).unwrap();
        mode(&data, 0o500);
        let mut child = if rustix::process::geteuid().is_root() {
            let copy = temp.path().join("test");
            std::fs::copy(std::env::current_exe().unwrap(), &copy).unwrap();
            mode(&copy, 0o755);
            let mut child = std::process::Command::new(copy);
            child.current_dir("/").uid(65_534).gid(65_534);
            child
        } else {
            std::process::Command::new(std::env::current_exe().unwrap())
        };
        let output = child
            .args([
                "--exact",
                "data::tests::the_forbidden_folder",
                "--nocapture",
            ])
            .env(FORBIDDEN, &data)
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(
            output.status.success() && said.contains("refused"),
            "{said}"
        );
    }
}
