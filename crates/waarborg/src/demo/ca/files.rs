//! The CA's files: read whole within a limit, written at once or not at all.

use std::{
    fs::{self, DirBuilder, File, OpenOptions},
    io::{self, Read as _, Write as _},
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    path::Path,
};

use terms::Rng;
use zeroize::Zeroizing;

use super::CaError;

/// A key or certificate of ours has about 1 KiB; more than this isn't one.
const MAX_FILE_BYTES: u64 = 64 * 1024;

/// Makes `path` and its parents, for the owner only.
pub(super) fn make_folder(path: &Path) -> Result<(), CaError> {
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)
        .map_err(|source| CaError::Folder {
            path: path.to_owned(),
            source,
        })
}

/// The file's text, wiped after use; `None` when there is no such file. What isn't
/// UTF-8 or too long comes back cut or altered, so that it fails as PEM.
pub(super) fn read(path: &Path) -> Result<Option<Zeroizing<String>>, CaError> {
    let fail = |source| CaError::Read {
        path: path.to_owned(),
        source,
    };
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(fail(error)),
    };
    let mut bytes = Zeroizing::new(Vec::with_capacity(4096));
    file.take(MAX_FILE_BYTES)
        .read_to_end(&mut bytes)
        .map_err(fail)?;
    Ok(Some(Zeroizing::new(
        String::from_utf8_lossy(&bytes).into_owned(),
    )))
}

/// Puts `text` at `path`, mode 0600: after a crash there is the old file, or the new
/// one, never a part.
pub(super) fn write(path: &Path, text: &str, rng: &Rng) -> Result<(), CaError> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let temporary =
        path.with_file_name(format!(".{name}.{:016x}", u64::from_le_bytes(rng.bytes())));
    replace(path, &temporary, text).map_err(|source| {
        // Best effort: the error that matters is the first.
        let _ = fs::remove_file(&temporary);
        CaError::Write {
            path: path.to_owned(),
            source,
        }
    })
}

fn replace(path: &Path, temporary: &Path, text: &str) -> io::Result<()> {
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(temporary)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    fs::rename(temporary, path)?;
    // The new name itself is durable only with its folder.
    match path.parent() {
        Some(folder) => File::open(folder)?.sync_all(),
        None => Ok(()),
    }
}
