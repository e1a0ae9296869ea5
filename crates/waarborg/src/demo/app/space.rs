//! The room that uploads may take on the disk, and the files in it.
//!
//! Bytes are reserved before they are written, so that all uploads together stay
//! within the limit, those in progress included.

use std::{
    fs, io,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use tokio::fs::File;

/// Bytes of one file.
pub(super) const MAX_FILE_BYTES: u64 = 1 << 30;
/// Bytes of all files together.
pub(super) const MAX_SPACE_BYTES: u64 = 2 << 30;

/// The upload folder.
#[derive(Debug)]
pub(super) struct Space {
    folder: PathBuf,
    used: AtomicU64,
}

impl Space {
    /// Makes `folder` if missing and removes the uploads of an earlier run. Files that
    /// don't bear an upload's name are left alone.
    pub(super) async fn open(folder: PathBuf) -> io::Result<Arc<Self>> {
        tokio::fs::create_dir_all(&folder).await?;
        let mut entries = tokio::fs::read_dir(&folder).await?;
        while let Some(entry) = entries.next_entry().await? {
            if entry.file_name().to_str().is_some_and(is_upload) {
                tokio::fs::remove_file(entry.path()).await?;
            }
        }
        Ok(Arc::new(Self {
            folder,
            used: AtomicU64::new(0),
        }))
    }

    fn path(&self, id: u64) -> PathBuf {
        self.folder.join(format!("upload-{id}"))
    }

    /// Begins a new file.
    pub(super) async fn draft(self: &Arc<Self>, id: u64) -> io::Result<(File, Draft)> {
        let file = File::options()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(self.path(id))
            .await?;
        let draft = Draft {
            space: Arc::clone(self),
            id,
            bytes: 0,
            kept: false,
        };
        Ok((file, draft))
    }

    /// Opens a kept file for reading.
    pub(super) async fn read(&self, id: u64) -> io::Result<File> {
        File::open(self.path(id)).await
    }

    /// Removes a kept file of this size. Downloads in progress still get all of it.
    pub(super) async fn remove(&self, id: u64, bytes: u64) -> io::Result<()> {
        tokio::fs::remove_file(self.path(id)).await?;
        self.release(bytes);
        Ok(())
    }

    fn reserve(&self, bytes: u64) -> bool {
        self.used
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |used| {
                used.checked_add(bytes)
                    .filter(|sum| *sum <= MAX_SPACE_BYTES)
            })
            .is_ok()
    }

    fn release(&self, bytes: u64) {
        self.used.fetch_sub(bytes, Ordering::SeqCst);
    }
}

fn is_upload(name: &str) -> bool {
    name.strip_prefix("upload-")
        .is_some_and(|id| !id.is_empty() && id.bytes().all(|b| b.is_ascii_digit()))
}

/// Why more bytes aren't taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Full {
    /// The file is over [`MAX_FILE_BYTES`].
    File,
    /// All files together are over [`MAX_SPACE_BYTES`].
    Space,
}

/// A file in the making: gone with its bytes when dropped before [`Draft::keep`].
#[derive(Debug)]
pub(super) struct Draft {
    space: Arc<Space>,
    id: u64,
    bytes: u64,
    kept: bool,
}

impl Draft {
    /// Reserves `more` bytes, to be called before they are written.
    pub(super) fn grow(&mut self, more: usize) -> Result<(), Full> {
        let more = u64::try_from(more).unwrap_or(u64::MAX);
        if self
            .bytes
            .checked_add(more)
            .is_none_or(|sum| MAX_FILE_BYTES < sum)
        {
            return Err(Full::File);
        }
        if !self.space.reserve(more) {
            return Err(Full::Space);
        }
        self.bytes += more;
        Ok(())
    }

    /// What was reserved so far.
    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Keeps the file.
    pub(super) fn keep(mut self) {
        self.kept = true;
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        if !self.kept {
            // Removing one name takes microseconds. Where it fails, the bytes stay
            // counted, because they may still lie on the disk.
            if fs::remove_file(self.space.path(self.id)).is_ok() {
                self.space.release(self.bytes);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_dropped_draft_gives_its_room_back_and_a_kept_one_takes_it() {
        let folder = tempfile::tempdir().unwrap();
        let space = Space::open(folder.path().join("uploads")).await.unwrap();
        let (_, mut draft) = space.draft(1).await.unwrap();
        draft.grow(7).unwrap();
        drop(draft);
        assert_eq!(space.used.load(Ordering::SeqCst), 0);
        assert!(!space.path(1).exists());
        let (_, mut draft) = space.draft(2).await.unwrap();
        draft.grow(7).unwrap();
        draft.keep();
        assert_eq!(space.used.load(Ordering::SeqCst), 7);
        space.remove(2, 7).await.unwrap();
        assert_eq!(space.used.load(Ordering::SeqCst), 0);
    }

    #[tokio::test]
    async fn a_file_and_all_files_have_a_limit() {
        let folder = tempfile::tempdir().unwrap();
        let space = Space::open(folder.path().to_owned()).await.unwrap();
        let whole = usize::try_from(MAX_FILE_BYTES).unwrap();
        let mut drafts = Vec::new();
        for id in 1..=2 {
            let (_, mut draft) = space.draft(id).await.unwrap();
            draft.grow(whole).unwrap();
            assert_eq!(draft.grow(1), Err(Full::File));
            drafts.push(draft);
        }
        let (_, mut third) = space.draft(3).await.unwrap();
        assert_eq!(third.grow(1), Err(Full::Space));
        drafts.pop();
        third.grow(1).unwrap();
    }

    #[tokio::test]
    async fn opening_removes_earlier_uploads_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["upload-7", "upload-", "upload-7.txt", "diary"] {
            fs::write(folder.path().join(name), "x").unwrap();
        }
        Space::open(folder.path().to_owned()).await.unwrap();
        let left = fs::read_dir(folder.path()).unwrap().count();
        assert_eq!(left, 3);
        assert!(!folder.path().join("upload-7").exists());
    }
}
