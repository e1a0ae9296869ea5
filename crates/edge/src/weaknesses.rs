//! Weaknesses that the answers of applications show while they go by.
//!
//! What is weak is [`guards::weaknesses`]'s business; here is how much is read and told: of
//! each worker a few pages a second, uncompressed and whole ones, their first 256 KiB; and
//! every `Set-Cookie`, whose attributes are read anyway. A thing goes up once, and then at
//! most every [`AGAIN`] with how often it was seen meanwhile. Nothing is changed or held up.

use std::{collections::HashMap, time::Duration};

use guards::{
    html,
    weaknesses::{self, Kind, Page, Weakness},
};
use seam::findings::{Found, Shown};
use terms::Moment;

use crate::{forward::sets_our_cookie, know::Visit, worker::Worker};

/// How long before the same thing is told again.
const AGAIN: Duration = Duration::from_secs(10);
/// Things that one worker remembers to have told. Beyond them it forgets what it told
/// [`AGAIN`] ago; where that frees nothing a thing is dropped and counted.
const REMEMBERED_MAX: usize = 1024;
/// Longest path that is told, in bytes.
const PATH_MAX: usize = 128;

/// What one worker has read and told.
#[derive(Default)]
pub(crate) struct Told {
    /// The second under way, and the pages read in it.
    second: Option<(Moment, u16)>,
    told: HashMap<(u16, Box<str>, Weakness), Since>,
}

/// When a thing was told, and how often it was seen since.
struct Since {
    told: Moment,
    seen: u32,
}

impl Told {
    /// Takes one of the pages that may be read in this second, where one is left.
    fn may_read(&mut self, most: u16, now: Moment) -> bool {
        let (began, read) = match self.second {
            Some((began, read)) if now.since(began) < Duration::from_secs(1) => (began, read),
            _ => (now, 0),
        };
        if read >= most {
            return false;
        }
        self.second = Some((began, read + 1));
        true
    }

    /// How often a thing was seen since it was told, where it is to be told now; `Err` where
    /// it can't be remembered.
    fn seen(&mut self, key: (u16, Box<str>, Weakness), now: Moment) -> Result<Option<u32>, ()> {
        if let Some(since) = self.told.get_mut(&key) {
            since.seen = since.seen.saturating_add(1);
            if now.since(since.told) < AGAIN {
                return Ok(None);
            }
            since.told = now;
            return Ok(Some(std::mem::take(&mut since.seen)));
        }
        if self.told.len() >= REMEMBERED_MAX {
            self.told.retain(|_, since| now.since(since.told) < AGAIN);
            if self.told.len() >= REMEMBERED_MAX {
                return Err(());
            }
        }
        self.told.insert(key, Since { told: now, seen: 0 });
        Ok(Some(1))
    }
}

/// Decides whether an answer is read.
pub(crate) fn begin(visit: &Visit, answer: &h1::Answer<'_>, worker: &Worker) -> Option<Page> {
    let most = visit.local.weakness_pages;
    if most == 0 || !answer.framing.has_body() || answer.status == 206 {
        return None;
    }
    let content_type = answer.fields.get("content-type")?;
    let charset = html::charset_of_page(content_type)?;
    if !html::has_ascii(charset) || answer.fields.get("content-encoding").is_some() {
        return None;
    }
    let may = worker
        .weaknesses
        .borrow_mut()
        .may_read(most, worker.recent());
    may.then(|| Page::new(!charset.is_empty()))
}

/// Looks at a field of the application's answer: it may set a cookie.
pub(crate) fn field(visit: &Visit, name: &str, value: &[u8], worker: &Worker) {
    let sets = || name.len() == 10 && name.eq_ignore_ascii_case("set-cookie");
    if visit.local.weakness_pages > 0 && sets() && !sets_our_cookie(value) {
        weaknesses::cookie(value, |weakness| tell(visit, weakness, worker));
    }
}

/// Tells what a page has shown, once it is over or cut.
pub(crate) fn report(page: &mut Page, visit: &Visit, worker: &Worker) {
    for weakness in page.finish() {
        tell(visit, weakness.clone(), worker);
    }
}

fn tell(visit: &Visit, weakness: Weakness, worker: &Worker) {
    let Some(site) = visit.site() else { return };
    let (method, path) = visit.notes.asked();
    let route = &site.route(path, method).path;
    let key = (visit.site, route.clone(), weakness.clone());
    let counters = &worker.counters;
    let seen = worker.weaknesses.borrow_mut().seen(key, worker.recent());
    let count = match seen {
        Ok(Some(count)) => count,
        Ok(None) => return,
        Err(()) => return counters.findings_dropped.add(1),
    };
    for (counter, kind) in counters.weaknesses.iter().zip(Kind::ALL) {
        if kind == weakness.kind {
            counter.add(u64::from(count));
        }
    }
    let path = path.get(..path.floor_char_boundary(PATH_MAX));
    let shown = Shown {
        at: visit.at,
        id: visit.id,
        site: site.name.clone(),
        route: route.clone(),
        path: path.unwrap_or_default().into(),
        weakness,
        count,
    };
    if worker.findings.try_send(Found::Weakness(shown)).is_err() {
        counters.findings_dropped.add(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn thing(name: &str) -> (u16, Box<str>, Weakness) {
        let weakness = Weakness {
            kind: Kind::CookieReadable,
            name: name.into(),
        };
        (0, "".into(), weakness)
    }

    #[test]
    fn a_few_pages_of_a_second_are_read() {
        let mut told = Told::default();
        let start = terms::Clock::System.moment();
        let read = |told: &mut Told, at| {
            let now = start.after(Duration::from_millis(at));
            (0..10).filter(|_| told.may_read(3, now)).count()
        };
        assert_eq!(read(&mut told, 0), 3);
        assert_eq!(read(&mut told, 999), 0);
        assert_eq!(read(&mut told, 1000), 3);
        assert_eq!(read(&mut told, 60_000), 3);
    }

    #[test]
    fn a_thing_is_told_at_once_and_then_with_its_number_now_and_then() {
        let mut told = Told::default();
        let start = terms::Clock::System.moment();
        let at = |seconds| start.after(Duration::from_secs(seconds));
        assert_eq!(told.seen(thing("a"), at(0)), Ok(Some(1)));
        assert_eq!(told.seen(thing("b"), at(0)), Ok(Some(1)));
        for second in 1..10 {
            assert_eq!(told.seen(thing("a"), at(second)), Ok(None));
        }
        assert_eq!(told.seen(thing("a"), at(10)), Ok(Some(10)));
        // A flood of names.
        for number in 0..2 * REMEMBERED_MAX {
            let _ = told.seen(thing(&number.to_string()), at(11));
        }
        assert_eq!(told.told.len(), REMEMBERED_MAX);
        assert_eq!(told.seen(thing("new"), at(12)), Err(()));
        assert_eq!(told.seen(thing("new"), at(30)), Ok(Some(1)));
    }
}
