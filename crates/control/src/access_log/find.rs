//! Finding a request again by its id or its trace.

use std::{
    fs::File,
    io::{self, BufRead as _, BufReader},
    path::Path,
};

use terms::RequestId;

use super::files::newest_first;

/// Longest line that is read; ours are at most 2 KiB.
const LINE_MAX: u64 = 16 * 1024;

/// A request that is sought by its id or its trace.
pub(super) struct Wanted {
    id: String,
    trace: String,
}

impl Wanted {
    pub(super) fn new(wanted: RequestId) -> Self {
        Self {
            id: format!("\"id\":\"{wanted}\""),
            trace: format!("\"trace\":\"{wanted}\""),
        }
    }

    /// Ids stand before every text that a client chose.
    pub(super) fn is(&self, line: &str) -> bool {
        line.contains(&self.id) || line.contains(&self.trace)
    }
}

/// The lines whose `id` or `trace` this is, newest file first, at most `most`.
///
/// # Errors
/// A file can't be read. A file that vanished meanwhile (retention) is passed over.
pub fn find(folder: &Path, wanted: RequestId, most: usize) -> io::Result<Vec<String>> {
    let wanted = Wanted::new(wanted);
    let mut found = Vec::new();
    for path in newest_first(folder) {
        let file = match File::open(&path) {
            Err(gone) if gone.kind() == io::ErrorKind::NotFound => continue,
            other => other?,
        };
        let mut lines = BufReader::with_capacity(256 * 1024, file);
        let mut line = String::new();
        loop {
            line.clear();
            let mut limited = io::Read::take(&mut lines, LINE_MAX);
            match limited.read_line(&mut line) {
                Ok(0) => break,
                Ok(_) => {}
                // Not UTF-8: no line of ours.
                Err(error) if error.kind() == io::ErrorKind::InvalidData => continue,
                Err(error) => return Err(error),
            }
            if wanted.is(&line) {
                found.push(line.trim_end().to_owned());
                if found.len() == most {
                    return Ok(found);
                }
            }
        }
    }
    Ok(found)
}
