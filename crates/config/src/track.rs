//! `[track]`: the promise `track`.

use std::{path::PathBuf, time::Duration};

use serde::{Deserialize, Serialize};
use terms::AddressKeeping;

use crate::{
    key::{Absent, DAY_S, Form, GIB, MIB, seconds, section},
    mistake::Kind,
    reader::Say,
    table::Table,
};

section! {
    "[track]",
    "Promise `track`: every request leaves a record, found again by its id.";
    ACCESS_LOG "access_log" Form::Word(&[
            ("file", "JSON lines in `log_dir`, rotated"),
            ("stdout", "JSON lines on standard output"),
            ("journald", "to systemd's journal"),
            ("off", "none: the promise isn't made"),
        ]), Absent::Default("file"), "\"file\"",
        "Where the access log goes.";
    LOG_DIR "log_dir" Form::Path("a folder"), Absent::Means("`log` in `data`"), "\"/var/log/waarborg\"",
        "Folder of the access log; only with `access_log = \"file\"`.";
    ROTATE_SIZE "rotate_size" Form::Size(MIB, 10 * GIB), Absent::Default("64MiB"), "\"64MiB\"",
        "A log file of this size is closed and the next one begun; so is one of yesterday.";
    RETENTION "retention" Form::Duration(seconds(DAY_S), seconds(3650 * DAY_S)), Absent::Default("30d"), "\"30d\"",
        "How long log files and request records are kept: they are personal data.";
    ADDRESSES "addresses" Form::Word(&[
            ("whole", "all of it"),
            ("truncated", "IPv4 to /24, IPv6 to /48"),
            ("none", "nothing"),
        ]), Absent::Default("whole"), "\"truncated\"",
        "How much of a client's address a record keeps. Routes marked `anonymous` keep none.";
}

/// Where the access log goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AccessLog {
    /// Files that rotate.
    File,
    /// Standard output.
    Stdout,
    /// systemd's journal.
    Journald,
    /// Nowhere.
    Off,
}

/// `[track]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Track {
    /// `access_log`.
    pub access_log: AccessLog,
    /// `log_dir`, absolute or beside the file; in `data` by default.
    pub log_dir: PathBuf,
    /// `rotate_size` in bytes.
    pub rotate_bytes: u64,
    /// `retention`: whole seconds, at least a day.
    pub retention: Duration,
    /// `addresses`.
    pub addresses: AddressKeeping,
}

pub(crate) fn read(table: &Table<'_, '_>, data: &std::path::Path) -> Track {
    let access_log = match table.word(&ACCESS_LOG) {
        Some("stdout") => AccessLog::Stdout,
        Some("journald") => AccessLog::Journald,
        Some("off") => AccessLog::Off,
        _ => AccessLog::File,
    };
    let addresses = match table.word(&ADDRESSES) {
        Some("truncated") => AddressKeeping::Truncated,
        Some("none") => AddressKeeping::None,
        _ => AddressKeeping::Whole,
    };
    if access_log != AccessLog::File && table.has(&LOG_DIR) {
        let say = Say::what("`log_dir` without log files")
            .help("leave it out, or write `access_log = \"file\"`");
        let span = table.span(&LOG_DIR);
        table.reader.mistake(Kind::Conflict, &span, say);
    }
    let track = Track {
        access_log,
        log_dir: table.path(&LOG_DIR).unwrap_or_else(|| data.join("log")),
        rotate_bytes: table.size(&ROTATE_SIZE).unwrap_or(64 * MIB),
        retention: table.duration(&RETENTION),
        addresses,
    };
    table.finish();
    track
}
