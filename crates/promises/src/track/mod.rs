//! Promise `track`: every request gets an id and leaves a record that is found again by
//! it (W3C Trace Context level 1).
//!
//! Says nothing of what the application itself writes down.

mod drill;
#[cfg(test)]
mod tests;

use config::{AccessLog, Reading};
use terms::{AddressKeeping, Arg, Clause, PromiseId};

use crate::{
    entry::{Entry, Part},
    target,
};

/// The promise.
pub const ENTRY: Entry = Entry {
    id: PromiseId::Track,
    parts,
    drill: drill::drill,
};

pub(crate) const FOUND: &str = "found";

/// Whether it is promised at all: a site that keeps no log, or whose configuration
/// isn't known, doesn't.
fn is_promised(reading: &Reading) -> bool {
    reading.track.access_log != AccessLog::Off && !target::is_foreign(reading)
}

/// What can be shown: files are read back, of other places only that each record was
/// handed over.
fn found(log: AccessLog) -> Clause {
    match log {
        AccessLog::Stdout => Clause::new("track-handed").with("to", Arg::Word("stdout")),
        AccessLog::Journald => Clause::new("track-handed").with("to", Arg::Word("journald")),
        AccessLog::File | AccessLog::Off => Clause::new("track-found"),
    }
}

fn parts(reading: &Reading) -> Vec<Part> {
    if !is_promised(reading) {
        return Vec::new();
    }
    let days = i64::try_from(reading.track.retention_s / 86_400).unwrap_or(i64::MAX);
    let keeping = match reading.track.addresses {
        AddressKeeping::Whole => "whole",
        AddressKeeping::Truncated => "truncated",
        AddressKeeping::None => "none",
    };
    let mut parts = vec![
        Part {
            measured: &[("seconds", "seconds")],
            ..Part::core(
                FOUND,
                found(reading.track.access_log).with("seconds", Arg::Number(0)),
            )
        },
        Part::stated(
            "addresses",
            Clause::new("track-addresses").with("keeping", Arg::Word(keeping)),
        ),
    ];
    if reading.track.access_log == AccessLog::File {
        // Elsewhere others decide how long.
        let kept = Clause::new("track-kept").with("days", Arg::Number(days));
        parts.insert(1, Part::stated("kept", kept));
    }
    parts
}
