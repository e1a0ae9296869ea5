//! The file: appended to, replayed at the start, written anew when it has grown. Blocking.

use std::{
    ffi::OsString,
    fs::{self, File, OpenOptions},
    io::{self, BufRead as _, BufReader, Read as _, Seek as _, SeekFrom, Write as _},
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
};

use crate::alarms::record::{self, Event, MAX_LINE_BYTES};

/// The file is written anew beyond this size, and beyond twice its size after that.
const COMPACT_BYTES: u64 = 1 << 20;

/// What a replay came upon.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Found {
    /// Lines that aren't ours, or not as we wrote them.
    pub(super) damaged: u64,
    /// The last line had no end and was cut off.
    pub(super) torn: bool,
}

/// The open file.
pub(super) struct Log {
    path: PathBuf,
    file: File,
    bytes: u64,
    compact_at: u64,
    /// A write failed: what stands at the end isn't known, so the next one replaces all.
    distrusted: bool,
}

fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(ending);
    name.into()
}

fn options() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.read(true).append(true).create(true).mode(0o600);
    options
}

fn sync_folder(path: &Path) -> io::Result<()> {
    path.parent()
        .map_or(Ok(()), |folder| File::open(folder)?.sync_all())
}

impl Log {
    /// Opens the file, or makes it.
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        let file = options().open(path)?;
        if !file.metadata()?.is_file() {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "not a file"));
        }
        file.sync_all()?;
        sync_folder(path)?;
        Ok(Self {
            path: path.to_owned(),
            file,
            bytes: 0,
            compact_at: COMPACT_BYTES,
            distrusted: false,
        })
    }

    /// Hands out every event that reads, in order, and cuts a torn end off.
    pub(super) fn replay(&mut self, mut each: impl FnMut(Event)) -> io::Result<Found> {
        let mut found = Found::default();
        self.file.seek(SeekFrom::Start(0))?;
        let mut reader = BufReader::new(&self.file);
        let (mut line, mut end) = (Vec::new(), 0_u64);
        loop {
            let (read, whole) = next_line(&mut reader, &mut line)?;
            if read == 0 {
                break;
            }
            if !whole {
                found.torn = true;
                break;
            }
            end = end.saturating_add(read);
            match record::decode(&line) {
                Some(event) => each(event),
                None => found.damaged += 1,
            }
        }
        if found.torn {
            self.file.set_len(end)?;
            self.file.sync_all()?;
        }
        self.bytes = end;
        Ok(found)
    }

    /// Keeps the damaged file under another name, in place of an earlier one, and goes on
    /// with a new one that holds `lines`.
    pub(super) fn put_aside(&mut self, lines: &str) -> io::Result<()> {
        let aside = beside(&self.path, ".damaged");
        match fs::remove_file(&aside) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        // A second name rather than a new one: at no moment is the file missing.
        fs::hard_link(&self.path, &aside)?;
        self.replace(lines)
    }

    /// The next [`Log::keep`] writes the whole file.
    pub(super) const fn distrust(&mut self) {
        self.distrusted = true;
    }

    /// Appends `lines` and waits for the disk. `all` gives the whole state, for when the
    /// file is written anew.
    pub(super) fn keep(&mut self, lines: &[u8], all: impl Fn() -> String) -> io::Result<()> {
        if !self.distrusted {
            let appended = self
                .file
                .write_all(lines)
                .and_then(|()| self.file.sync_data());
            if appended.is_ok() {
                let added = u64::try_from(lines.len()).unwrap_or(u64::MAX);
                self.bytes = self.bytes.saturating_add(added);
                if self.bytes > self.compact_at
                    && let Err(error) = self.replace(&all())
                {
                    // The lines are kept; only the file stays long.
                    tracing::warn!(%error, "the alarms' file can't be written anew");
                    self.compact_at = self.bytes.saturating_mul(2);
                }
                return Ok(());
            }
            self.distrusted = true;
        }
        self.replace(&all())
    }

    /// Writes a new file and puts it in the place of the old one.
    fn replace(&mut self, lines: &str) -> io::Result<()> {
        let new = beside(&self.path, ".new");
        match fs::remove_file(&new) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let mut file = options().create_new(true).open(&new)?;
        file.write_all(lines.as_bytes())?;
        file.sync_all()?;
        fs::rename(&new, &self.path)?;
        // From here on the new file is the one to append to, whether or not the folder
        // could be synced; if not, the next write does all of this again.
        self.file = file;
        self.bytes = u64::try_from(lines.len()).unwrap_or(u64::MAX);
        self.compact_at = COMPACT_BYTES.max(self.bytes.saturating_mul(2));
        self.distrusted = true;
        sync_folder(&self.path)?;
        self.distrusted = false;
        Ok(())
    }
}

/// Reads a line without its line feed; says how many bytes it took, and whether it had
/// one. A line beyond the limit comes cut, so that it doesn't decode.
fn next_line(reader: &mut BufReader<&File>, line: &mut Vec<u8>) -> io::Result<(u64, bool)> {
    line.clear();
    let limit = u64::try_from(MAX_LINE_BYTES).unwrap_or(u64::MAX);
    let mut read = reader.by_ref().take(limit).read_until(b'\n', line)?;
    let mut whole = line.pop_if(|last| *last == b'\n').is_some();
    let mut rest = Vec::new();
    while !whole && read > 0 && line.len() >= MAX_LINE_BYTES {
        rest.clear();
        let more = reader.by_ref().take(limit).read_until(b'\n', &mut rest)?;
        if more == 0 {
            break;
        }
        read = read.saturating_add(more);
        whole = rest.last() == Some(&b'\n');
    }
    Ok((u64::try_from(read).unwrap_or(u64::MAX), whole))
}
