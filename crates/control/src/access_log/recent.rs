//! The lines of the last minutes, where the log goes to a place that we can't read back
//! from: the drill of `track` and `record find` look here.
//!
//! Bounded in time and in bytes. Where the bytes were too few for the time, that is
//! known, and what isn't found then wasn't necessarily lost.

use std::{
    collections::VecDeque,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use terms::{Micros, RequestId};

use super::{client::Search, find::Wanted};

/// How long lines are kept: twice what the drill waits for one.
pub(crate) const KEPT_FOR: Duration = Duration::from_secs(120);
/// How many bytes of lines are kept: a second or two under full load, days at rest.
const KEPT_BYTES: usize = 8 * 1024 * 1024;

/// Lines that were handed over, newest last.
#[derive(Debug, Default)]
pub(crate) struct Recent {
    kept: Mutex<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    /// When they were handed over, and whole lines.
    batches: VecDeque<(Micros, Box<[u8]>)>,
    bytes: usize,
    /// The time of the youngest lines that had to go for want of room.
    crowded_out: Option<Micros>,
}

/// What was found.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Sought {
    /// The lines.
    pub(crate) lines: Vec<String>,
    /// Whether every line of [`KEPT_FOR`] was still here.
    pub(crate) all_here: bool,
}

impl Recent {
    fn lock(&self) -> MutexGuard<'_, Kept> {
        // A panic while it was held leaves at worst a batch that isn't counted.
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps lines that were handed over.
    pub(crate) fn push(&self, lines: &[u8], now: Micros) {
        let mut kept = self.lock();
        kept.bytes += lines.len();
        kept.batches.push_back((now, lines.into()));
        while let Some((at, oldest)) = kept.batches.front() {
            let (at, length) = (*at, oldest.len());
            let old = now.since(at) > KEPT_FOR;
            if !old && kept.bytes <= KEPT_BYTES {
                break;
            }
            if !old {
                kept.crowded_out = Some(at);
            }
            kept.bytes -= length;
            kept.batches.pop_front();
        }
    }

    /// The lines whose `id` or `trace` this is, at most `most`.
    pub(crate) fn find(&self, wanted: RequestId, most: usize, now: Micros) -> Sought {
        let wanted = Wanted::new(wanted);
        let kept = self.lock();
        let texts = kept.batches.iter().rev();
        let lines = texts
            .flat_map(|(_, lines)| lines.split(|byte| *byte == b'\n'))
            .filter_map(|line| std::str::from_utf8(line).ok())
            .filter(|line| wanted.is(line))
            .take(most)
            .map(str::to_owned);
        Sought {
            lines: lines.collect(),
            all_here: kept.crowded_out.is_none_or(|at| now.since(at) > KEPT_FOR),
        }
    }

    /// Has a search look at all of them, oldest first.
    pub(crate) fn search(&self, search: &mut Search) {
        let kept = self.lock();
        let texts = kept.batches.iter();
        texts
            .flat_map(|(_, lines)| lines.split(|byte| *byte == b'\n'))
            .filter_map(|line| std::str::from_utf8(line).ok())
            .for_each(|line| search.look(line));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(n: u8) -> String {
        format!("{{\"id\":\"{}\",\"trace\":\"x\"}}\n", RequestId([n; 16]))
    }

    #[test]
    fn a_line_is_found_until_its_time_is_over() {
        let (recent, start) = (Recent::default(), Micros(0));
        recent.push((line(1) + &line(2)).as_bytes(), start);
        let later = start.after(KEPT_FOR);
        recent.push(line(3).as_bytes(), later);
        for n in 1..=3 {
            let found = recent.find(RequestId([n; 16]), 9, later);
            assert_eq!(found.lines, [line(n).trim_end()]);
            assert!(found.all_here);
        }
        let after = later.after(Duration::from_secs(1));
        recent.push(line(4).as_bytes(), after);
        let found = recent.find(RequestId([1; 16]), 9, after);
        assert_eq!((found.lines.len(), found.all_here), (0, true));
    }

    #[test]
    fn what_had_to_go_for_want_of_room_is_not_said_to_be_missing() {
        let (recent, now) = (Recent::default(), Micros(0));
        recent.push(line(1).as_bytes(), now);
        recent.push(&vec![b'x'; KEPT_BYTES], now);
        let found = recent.find(RequestId([1; 16]), 9, now);
        assert_eq!((found.lines.len(), found.all_here), (0, false));
        let later = now.after(KEPT_FOR + Duration::from_secs(1));
        recent.push(line(2).as_bytes(), later);
        assert!(recent.find(RequestId([1; 16]), 9, later).all_here);
        assert!(recent.lock().bytes < 100, "the memory is given back");
    }
}
