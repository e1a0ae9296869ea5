//! Log files that rotate by size and by day, and are removed when they are too old.
//!
//! During an upgrade two processes write to one file: whole lines in one append each, so
//! neither tears the other's. One of them rotates; the other looks for the current file
//! with every append.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, BufRead as _, BufReader, Read as _, Seek as _, SeekFrom, Write as _},
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
    time::Duration,
};

use terms::Micros;

/// The file that is being written.
const CURRENT: &str = "access.jsonl";
const DAY_US: i64 = 86_400_000_000;
/// Longest line that is read back; ours are at most 2 KiB.
const LINE_MAX: u64 = 16 * 1024;

/// The folder of the access log.
#[derive(Debug)]
pub struct LogFiles {
    folder: PathBuf,
    rotate_bytes: u64,
    retention: Duration,
    file: File,
    size: u64,
    day: i64,
    /// Whether the last write failed and may have left half a line.
    torn: bool,
    /// Another process rotates.
    shared: bool,
}

/// Who else writes when the files are opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Company {
    /// Nobody.
    None,
    /// The old process of an upgrade.
    Predecessor,
}

impl LogFiles {
    /// Opens the current file, going on where the last process stopped. A line that was
    /// cut off by a crash is ended, so that the next begins on a line of its own; one that
    /// another process is just writing looks alike, and is left alone.
    ///
    /// # Errors
    /// The folder or the file can't be made or written.
    pub fn open(
        folder: PathBuf,
        rotate_bytes: u64,
        retention: Duration,
        now: Micros,
        company: Company,
    ) -> io::Result<Self> {
        fs::create_dir_all(&folder)?;
        let mut file = open_current(&folder)?;
        let size = file.metadata()?.len();
        if size > 0 && company == Company::None {
            let mut last = [0];
            file.seek(SeekFrom::End(-1))?;
            file.read_exact(&mut last)?;
            if last != *b"\n" {
                file.write_all(b"\n")?;
            }
        }
        let modified = if size == 0 {
            now
        } else {
            modified(&file).unwrap_or(now)
        };
        let mut files = Self {
            torn: false,
            shared: false,
            folder,
            rotate_bytes,
            retention,
            file,
            size,
            day: modified.0.div_euclid(DAY_US),
        };
        files.look(now)?;
        Ok(files)
    }

    /// Takes other limits for the same folder.
    pub fn limit(&mut self, rotate_bytes: u64, retention: Duration) {
        self.rotate_bytes = rotate_bytes;
        self.retention = retention;
    }

    /// Leaves rotating to another process, or takes it up again.
    ///
    /// # Errors
    /// The current file can't be opened anew.
    pub fn share(&mut self, shared: bool) -> io::Result<()> {
        self.shared = shared;
        self.file = open_current(&self.folder)?;
        self.size = self.file.metadata()?.len();
        Ok(())
    }

    /// Closes a file of another day, also where nothing is written any more, and removes
    /// what is too old.
    ///
    /// # Errors
    /// As [`LogFiles::append`].
    pub fn look(&mut self, now: Micros) -> io::Result<()> {
        if self.shared {
            return Ok(());
        }
        if self.size > 0 && now.0.div_euclid(DAY_US) != self.day {
            self.rotate(now)?;
        }
        self.prune(now);
        Ok(())
    }

    /// Appends whole lines, in a new file where it is time for one.
    ///
    /// # Errors
    /// What the file system says; the lines are then lost.
    pub fn append(&mut self, lines: &[u8], now: Micros) -> io::Result<()> {
        let day = now.0.div_euclid(DAY_US);
        if self.shared {
            self.file = open_current(&self.folder)?;
        } else if self.size > 0 && (self.size >= self.rotate_bytes || day != self.day) {
            self.rotate(now)?;
        }
        self.day = day;
        if self.torn {
            // Half a line must not swallow the next.
            self.file.write_all(b"\n")?;
        }
        self.torn = true;
        self.file.write_all(lines)?;
        self.torn = false;
        self.size += u64::try_from(lines.len()).unwrap_or(0);
        Ok(())
    }

    fn rotate(&mut self, now: Micros) -> io::Result<()> {
        let stamp: String = now
            .to_string()
            .chars()
            .filter(|c| c.is_ascii_alphanumeric())
            .collect();
        let closed = self.folder.join(format!("access-{stamp}.jsonl"));
        fs::rename(self.folder.join(CURRENT), closed)?;
        self.file = open_current(&self.folder)?;
        self.size = 0;
        self.torn = false;
        self.prune(now);
        Ok(())
    }

    /// Removes closed files whose last line is older than the retention.
    fn prune(&mut self, now: Micros) {
        for path in closed(&self.folder) {
            let last = File::open(&path).ok().and_then(|file| modified(&file));
            if last.is_some_and(|last| now.since(last) > self.retention)
                && let Err(error) = fs::remove_file(&path)
            {
                tracing::error!(%error, file = %path.display(), "an old access log could not be removed");
            }
        }
    }
}

fn open_current(folder: &Path) -> io::Result<File> {
    OpenOptions::new()
        .create(true)
        .read(true)
        .append(true)
        .mode(0o640)
        .open(folder.join(CURRENT))
}

fn modified(file: &File) -> Option<Micros> {
    let since = file
        .metadata()
        .ok()?
        .modified()
        .ok()?
        .duration_since(std::time::UNIX_EPOCH)
        .ok()?;
    Some(Micros(i64::try_from(since.as_micros()).unwrap_or(i64::MAX)))
}

/// Reads one file back, line by line.
pub(super) struct Lines {
    file: BufReader<File>,
    line: String,
}

impl Lines {
    /// `None` for a file that vanished meanwhile (retention).
    ///
    /// # Errors
    /// It can't be opened.
    pub(super) fn of(path: &Path) -> io::Result<Option<Self>> {
        let file = match File::open(path) {
            Err(gone) if gone.kind() == io::ErrorKind::NotFound => return Ok(None),
            file => BufReader::with_capacity(256 * 1024, file?),
        };
        let line = String::new();
        Ok(Some(Self { file, line }))
    }

    /// The next line; what isn't UTF-8 is none of ours, and passed over.
    ///
    /// # Errors
    /// It can't be read.
    pub(super) fn next(&mut self) -> io::Result<Option<&str>> {
        loop {
            self.line.clear();
            let mut limited = io::Read::take(&mut self.file, LINE_MAX);
            match limited.read_line(&mut self.line) {
                Ok(0) => return Ok(None),
                Ok(_) => return Ok(Some(&self.line)),
                Err(error) if error.kind() == io::ErrorKind::InvalidData => {}
                Err(error) => return Err(error),
            }
        }
    }
}

/// Closed files, oldest first: their names are their times.
pub(super) fn closed(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else {
        return Vec::new();
    };
    let mut paths: Vec<_> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| {
            path.file_name()
                .and_then(|name| name.to_str())
                .is_some_and(|name| name.starts_with("access-") && name.ends_with(".jsonl"))
        })
        .collect();
    paths.sort();
    paths
}

/// All files, newest first.
pub(super) fn newest_first(folder: &Path) -> Vec<PathBuf> {
    let mut paths = closed(folder);
    paths.push(folder.join(CURRENT));
    paths.reverse();
    paths
}
