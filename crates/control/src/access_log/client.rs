//! What one client has asked lately: an IPv4 address, or an IPv6 /64, since whoever has one
//! address of a /64 has them all. Read from the access log, so it knows what that keeps.

use std::{
    collections::{BTreeMap, VecDeque},
    io,
    net::IpAddr,
    path::Path,
};

use serde::{Deserialize, Serialize};
use terms::Micros;

use super::files::{Lines, newest_first};

/// Most requests that are shown.
pub const SHOWN: usize = 100;

/// What a client has asked.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Doings {
    /// How many requests.
    pub total: u64,
    /// How many of them got a status of each class, by its first digit.
    pub classes: BTreeMap<String, u64>,
    /// How many were refused, by the reason.
    pub refused: BTreeMap<String, u64>,
    /// The newest, newest first: at most [`SHOWN`].
    pub newest: VecDeque<Deed>,
}

/// One request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deed {
    /// When it came, in UTC (RFC 3339).
    pub time: String,
    /// Its id.
    pub id: String,
    /// The site; `None` for a host of nobody's.
    pub site: Option<String>,
    /// The method.
    pub method: String,
    /// The path, without its query.
    pub path: String,
    /// What it was answered.
    pub status: u16,
    /// Why it was refused.
    #[serde(default)]
    pub reason: Option<String>,
}

/// A line, as far as it is needed here.
#[derive(Deserialize)]
struct Line {
    client: Option<IpAddr>,
    #[serde(flatten)]
    deed: Deed,
}

/// A client and a time, and what was found of them.
pub(crate) struct Search {
    address: IpAddr,
    /// What every line of an IPv4 client holds before any text that clients choose.
    mark: String,
    since: String,
    found: Doings,
}

impl Search {
    /// Of whoever has this address, from then on.
    pub(crate) fn new(address: IpAddr, since: Micros) -> Self {
        let address = address.to_canonical();
        Self {
            mark: match address {
                IpAddr::V4(v4) => format!("\"client\":\"{v4}\""),
                IpAddr::V6(_) => "\"client\":\"".to_owned(),
            },
            address,
            since: since.to_string(),
            found: Doings::default(),
        }
    }

    fn is_same(&self, other: IpAddr) -> bool {
        match (self.address, other) {
            (IpAddr::V6(one), IpAddr::V6(other)) => one.to_bits() >> 64 == other.to_bits() >> 64,
            (one, other) => one == other,
        }
    }

    /// Looks at a line; older ones have to come before younger ones.
    pub(crate) fn look(&mut self, line: &str) {
        if !line.contains(&self.mark) {
            return;
        }
        // Half a line after a crash is nobody's.
        let Ok(Line { client, deed }) = serde_json::from_str(line) else {
            return;
        };
        // Times are of one length, so they sort as texts do.
        if deed.time < self.since || !client.is_some_and(|client| self.is_same(client)) {
            return;
        }
        let found = &mut self.found;
        found.total += 1;
        let class = (deed.status / 100).to_string();
        *found.classes.entry(class).or_default() += 1;
        if let Some(reason) = &deed.reason {
            *found.refused.entry(reason.clone()).or_default() += 1;
        }
        found.newest.push_front(deed);
        found.newest.truncate(SHOWN);
    }

    /// What was found.
    pub(crate) fn found(self) -> Doings {
        self.found
    }

    /// Looks through the files that have anything of that time.
    ///
    /// # Errors
    /// A file can't be read. A file that vanished meanwhile (retention) is passed over.
    pub(crate) fn through(mut self, folder: &Path) -> io::Result<Doings> {
        let mut files = newest_first(folder);
        for (place, path) in files.iter().enumerate() {
            let Some(mut lines) = Lines::of(path)? else {
                continue;
            };
            let first = lines.next()?;
            if first.is_some_and(|first| begins_before(first, &self.since)) {
                files.truncate(place + 1);
                break;
            }
        }
        for path in files.iter().rev() {
            let Some(mut lines) = Lines::of(path)? else {
                continue;
            };
            while let Some(line) = lines.next()? {
                self.look(line);
            }
        }
        Ok(self.found)
    }
}

/// Whether a file that begins with this line has some of an earlier time.
fn begins_before(line: &str, since: &str) -> bool {
    let time = line.strip_prefix("{\"time\":\"");
    let time = time.and_then(|rest| rest.get(..since.len()));
    time.is_some_and(|time| time < since)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn line(second: u8, client: &str, status: u16, more: &str) -> String {
        format!(
            "{{\"time\":\"2026-12-01T12:00:{second:02}.000000Z\",\"id\":\"{second}\",\"trace\":\"t\",\
             \"site\":\"app.test\",\"client\":{client},\"method\":\"GET\",\"host\":\"app.test\",\
             \"path\":\"/{second}\",\"status\":{status}{more}}}\n"
        )
    }

    fn at(second: i64) -> Micros {
        // 2026-12-01T12:00:00Z
        Micros((1_796_126_400 + second) * 1_000_000)
    }

    #[test]
    fn a_client_is_an_address_or_a_64_and_nobody_else_is_counted() {
        assert_eq!(at(0).to_string(), "2026-12-01T12:00:00.000000Z");
        let folder = tempfile::tempdir().unwrap();
        let refused = ",\"outcome\":\"refused\",\"reason\":\"throttled\"";
        let text = [
            line(1, "\"192.0.2.7\"", 200, ""),
            line(2, "\"192.0.2.7\"", 429, refused),
            line(3, "\"192.0.2.70\"", 200, ""),
            line(4, "null", 200, ""),
            line(5, "\"2001:db8:0:7::1\"", 200, ""),
            line(6, "\"2001:db8:0:7:9::2\"", 404, ""),
            line(7, "\"2001:db8:0:8::1\"", 200, ""),
            // A path that pretends.
            line(8, "\"192.0.2.9\"", 200, "").replace("/8", "\\\"client\\\":\\\"192.0.2.7\\\""),
            "{\"time\":\"2026-12-01T12:0".to_owned(),
        ];
        fs::write(folder.path().join("access.jsonl"), text.concat()).unwrap();
        let find = |address: &str, since| {
            let search = Search::new(address.parse().unwrap(), at(since));
            search.through(folder.path()).unwrap()
        };
        let found = find("::ffff:192.0.2.7", 0);
        assert_eq!(found.total, 2);
        assert_eq!(
            found.classes,
            BTreeMap::from([("2".to_owned(), 1), ("4".to_owned(), 1)])
        );
        assert_eq!(found.refused, BTreeMap::from([("throttled".to_owned(), 1)]));
        let paths: Vec<_> = found.newest.iter().map(|deed| &*deed.path).collect();
        assert_eq!(paths, ["/2", "/1"]);
        assert_eq!(find("192.0.2.7", 2).total, 1);
        assert_eq!(find("2001:db8:0:7:ffff::3", 0).total, 2);
        assert_eq!(find("192.0.2.8", 0), Doings::default());
    }

    #[test]
    fn older_files_are_read_as_far_as_the_time_goes_and_only_the_newest_are_shown() {
        let folder = tempfile::tempdir().unwrap();
        let many: String = (0..60)
            .map(|at| line(at, "\"192.0.2.7\"", 200, ""))
            .collect();
        for name in ["access-2026-11-30T000000.jsonl", "access.jsonl"] {
            fs::write(folder.path().join(name), &many).unwrap();
        }
        let search = Search::new([192, 0, 2, 7].into(), at(0));
        let found = search.through(folder.path()).unwrap();
        assert!(
            found.newest.len() <= SHOWN && found.total >= 60,
            "{}",
            found.total
        );
        assert_eq!(found.newest[0].path, "/59");
    }
}
