//! One line of the alarms' file: a checksum, a space, an event in JSON, a line feed.
//!
//! The checksum is the first eight bytes of SHA-256 in hexadecimal: it finds what a crash
//! or a failing disk leaves, not what someone with access to the folder writes.

use aws_lc_rs::digest::{SHA256, digest};
use serde::{Deserialize, Serialize};
use terms::Micros;

use crate::{
    alarms::book::{Entry, Open},
    prober::hex,
};

/// Longest line, in bytes; a longer one isn't ours.
pub(super) const MAX_LINE_BYTES: usize = 128 * 1024;
const CHECKSUM_CHARS: usize = 16;

/// What happened. Every event sets, none adds, so one that is read twice does no harm.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub(super) enum Event {
    /// An alarm was raised.
    Raised { entry: Entry },
    /// It was raised again, and counted.
    Again { kind: String, open: Open },
    /// The trouble is over, and a notice is due.
    Cleared { entry: Entry },
    /// The trouble is over, and the last pending mail of its kind tells it.
    Over { kind: String },
    /// A recipient's server has taken it.
    Sent {
        id: String,
        channel: String,
        to: String,
    },
    /// So many attempts have failed.
    Failed { id: String, attempts: u32 },
    /// Nothing is left to do for it.
    Settled { id: String },
    /// When the file is written anew: an entry as it stands.
    Kept { entry: Entry },
    /// When the file is written anew: an open alarm as it stands.
    Open { kind: String, open: Open },
}

/// The line, with its line feed.
pub(super) fn encode(event: &Event) -> String {
    // Strings, numbers and lists always serialise; an empty line would be reported as
    // damaged at the next start.
    let json = serde_json::to_string(event).unwrap_or_default();
    format!("{} {json}\n", checksum(json.as_bytes()))
}

/// The event of a line without its line feed; `None` for anything we didn't write.
pub(super) fn decode(line: &[u8]) -> Option<Event> {
    let (sum, rest) = line.split_at_checked(CHECKSUM_CHARS)?;
    let json = rest.strip_prefix(b" ")?;
    if sum != checksum(json).as_bytes() {
        return None;
    }
    serde_json::from_slice(json).ok()
}

fn checksum(bytes: &[u8]) -> String {
    short_hash(&[bytes])
}

/// Who of the recipients of alarm `id`, without telling the address.
pub(super) fn recipient(id: &str, address: &str) -> String {
    short_hash(&[id.as_bytes(), b"\0", address.to_lowercase().as_bytes()])
}

fn short_hash(parts: &[&[u8]]) -> String {
    let hash = digest(&SHA256, &parts.concat());
    hash.as_ref()
        .get(..CHECKSUM_CHARS / 2)
        .map(hex)
        .unwrap_or_default()
}

/// A time for humans: RFC 3339 without the fraction.
pub(crate) fn to_the_second(at: Micros) -> String {
    let text = at.to_string();
    text.split_once('.')
        .map_or(text.clone(), |(seconds, _)| format!("{seconds}Z"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::alarms::book::Cause;

    fn raised(subject: &str, text: &str) -> Event {
        Event::Raised {
            entry: Entry {
                id: "ab".repeat(16),
                kind: "disk-full".to_owned(),
                cause: Cause::Raised,
                subject: subject.to_owned(),
                text: text.to_owned(),
                at: Micros(5),
                told: vec!["0123456789abcdef".to_owned()],
                failures: 3,
            },
        }
    }

    #[test]
    fn times_are_told_to_the_second() {
        assert_eq!(
            to_the_second(Micros(1_795_392_000_123_456)),
            "2026-11-23T00:00:00Z"
        );
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back_and_any_flipped_bit_is_noticed(
            subject in ".{0,40}", text in "(?s).{0,200}", at in any::<usize>(), bit in 0..8u8,
        ) {
            let event = raised(&subject, &text);
            let line = encode(&event);
            prop_assert_eq!(line.matches('\n').count(), 1, "one line");
            let mut bytes = line.into_bytes();
            bytes.pop();
            prop_assert_eq!(decode(&bytes), Some(event));
            let at = at % bytes.len();
            bytes[at] ^= 1 << bit;
            prop_assert_eq!(decode(&bytes), None);
        }

        #[test]
        fn foreign_bytes_are_no_event(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            prop_assert_eq!(decode(&bytes), None);
        }
    }
}
