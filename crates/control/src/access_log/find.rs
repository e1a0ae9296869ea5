//! Finding a request again by its id or its trace.

use std::{io, path::Path};

use terms::RequestId;

use super::files::{Lines, newest_first};

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
        let Some(mut lines) = Lines::of(&path)? else {
            continue;
        };
        while let Some(line) = lines.next()? {
            if wanted.is(line) {
                found.push(line.trim_end().to_owned());
                if found.len() == most {
                    return Ok(found);
                }
            }
        }
    }
    Ok(found)
}
