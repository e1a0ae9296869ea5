//! One line of the log. Written by hand: under load this is the most of what control
//! does, and a general serialiser takes four times as long.

use std::{io::Write as _, net::IpAddr};

use seam::{
    Snapshot,
    record::{Outcome, Record},
};
use terms::{Micros, RequestId};

/// Writes lines; remembers the second it last wrote.
#[derive(Default)]
pub(super) struct Lines {
    pub(super) bytes: Vec<u8>,
    pub(super) count: u64,
    second: Option<i64>,
    date: String,
}

impl Lines {
    /// Forgets the lines, keeps the memory.
    pub(super) fn clear(&mut self) {
        self.bytes.clear();
        self.count = 0;
    }

    /// Appends the line of one record. Ids stand before every text that a client chose,
    /// so that finding one by its id can't be misled.
    pub(super) fn push(&mut self, record: &Record, texts: [&[u8]; 5], snapshot: &Snapshot) {
        let [method, host, path, agent, rule] = texts;
        self.raw("{\"time\":\"");
        self.time(record.at);
        self.raw("\",\"id\":\"");
        self.bytes.extend_from_slice(&record.id.hex());
        self.raw("\",\"trace\":\"");
        self.bytes.extend_from_slice(&RequestId(record.trace).hex());
        self.raw("\",\"site\":");
        match snapshot.sites.get(usize::from(record.site)) {
            Some(site) => self.text(site.name.as_bytes()),
            None => self.raw("null"),
        }
        self.raw(",\"client\":");
        self.client(record.client);
        self.raw(",\"method\":");
        self.text(method);
        self.raw(",\"host\":");
        self.text(host);
        self.raw(",\"path\":");
        self.text(path);
        self.raw(",\"version\":\"");
        self.raw(record.version.word());
        self.raw("\",\"status\":");
        self.number(u64::from(record.status));
        let (outcome, reason) = match record.outcome {
            Outcome::Served => ("served", None),
            Outcome::Refused(reason) => ("refused", Some(reason)),
            Outcome::ClientGone => ("client-gone", None),
            Outcome::UpstreamCut => ("upstream-cut", None),
        };
        self.raw(",\"outcome\":\"");
        self.raw(outcome);
        if let Some(reason) = reason {
            self.raw("\",\"reason\":\"");
            self.raw(reason);
        }
        if !rule.is_empty() {
            self.raw("\",\"rule\":");
            self.text(rule);
            // What follows closes a text.
            self.bytes.pop();
        }
        for (name, value) in [
            ("\",\"took_us\":", u64::from(record.took_us)),
            (",\"upstream_us\":", u64::from(record.upstream_us)),
            (",\"bytes_in\":", record.bytes_in),
            (",\"bytes_out\":", record.bytes_out),
        ] {
            self.raw(name);
            self.number(value);
        }
        self.raw(",\"agent\":");
        self.text(agent);
        self.raw("}\n");
        self.count += 1;
    }

    fn raw(&mut self, text: &str) {
        self.bytes.extend_from_slice(text.as_bytes());
    }

    /// RFC 3339; the date is made once a second.
    fn time(&mut self, at: Micros) {
        let second = at.0.div_euclid(1_000_000);
        if self.second != Some(second) {
            self.second = Some(second);
            self.date = Micros(second.saturating_mul(1_000_000)).to_string();
            self.date.truncate("2026-11-23T00:00:00.".len());
        }
        self.bytes.extend_from_slice(self.date.as_bytes());
        let mut rest = u32::try_from(at.0.rem_euclid(1_000_000)).unwrap_or(0);
        let mut digits = [b'0'; 6];
        for digit in digits.iter_mut().rev() {
            *digit = ascii(rest % 10);
            rest /= 10;
        }
        self.bytes.extend_from_slice(&digits);
        self.bytes.push(b'Z');
    }

    fn number(&mut self, mut number: u64) {
        let mut digits = [b'0'; 20];
        let mut used = 0;
        for digit in digits.iter_mut().rev() {
            *digit = ascii(u32::try_from(number % 10).unwrap_or(0));
            number /= 10;
            used += 1;
            if number == 0 {
                break;
            }
        }
        let all = digits.len();
        self.bytes
            .extend_from_slice(digits.get(all - used..).unwrap_or_default());
    }

    fn client(&mut self, client: Option<IpAddr>) {
        match client {
            None => self.raw("null"),
            Some(IpAddr::V4(address)) => {
                self.bytes.push(b'"');
                for (place, octet) in address.octets().into_iter().enumerate() {
                    if place > 0 {
                        self.bytes.push(b'.');
                    }
                    self.number(u64::from(octet));
                }
                self.bytes.push(b'"');
            }
            Some(IpAddr::V6(address)) => {
                let written = write!(self.bytes, "\"{address}\"");
                debug_assert!(written.is_ok(), "writing to memory can't fail");
            }
        }
    }

    /// A JSON string. Plain text, which is nearly all of it, is copied as it is; the
    /// rest is escaped by the library, bytes that aren't UTF-8 replaced.
    fn text(&mut self, text: &[u8]) {
        // Without a way out in the middle, so that many bytes are looked at at once.
        let plain = text.iter().fold(true, |plain, byte| {
            plain & matches!(byte, b' '..=b'~') & (*byte != b'"') & (*byte != b'\\')
        });
        if plain {
            self.bytes.push(b'"');
            self.bytes.extend_from_slice(text);
            self.bytes.push(b'"');
            return;
        }
        let written = serde_json::to_writer(&mut self.bytes, &String::from_utf8_lossy(text));
        debug_assert!(written.is_ok(), "text becomes JSON");
    }
}

const fn ascii(digit: u32) -> u8 {
    match digit {
        1 => b'1',
        2 => b'2',
        3 => b'3',
        4 => b'4',
        5 => b'5',
        6 => b'6',
        7 => b'7',
        8 => b'8',
        9 => b'9',
        _ => b'0',
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_times_are_written_whole() {
        let check = |number: u64| {
            let mut lines = Lines::default();
            lines.number(number);
            assert_eq!(lines.bytes, number.to_string().as_bytes());
        };
        [0, 7, 10, 999, u64::MAX].into_iter().for_each(check);
        let mut lines = Lines::default();
        for at in [
            Micros(0),
            Micros(1_795_392_000_123_456),
            Micros(1_795_392_000_999_999),
        ] {
            lines.bytes.clear();
            lines.time(at);
            assert_eq!(lines.bytes, at.to_string().as_bytes());
        }
    }

    #[test]
    fn texts_are_json_whatever_is_in_them() {
        let check = |text: &[u8], expected: &str| {
            let mut lines = Lines::default();
            lines.text(text);
            let read: String = serde_json::from_slice(&lines.bytes).unwrap();
            assert_eq!(read, expected);
        };
        check(b"/plain path", "/plain path");
        check(b"a\"b\\c\n\x01", "a\"b\\c\n\u{1}");
        check("café".as_bytes(), "café");
        check(b"\xff", "\u{fffd}");
    }

    #[test]
    fn addresses_are_written_as_usual() {
        for address in ["192.0.2.7", "255.0.10.1", "2001:db8::1"] {
            let mut lines = Lines::default();
            lines.client(Some(address.parse().unwrap()));
            assert_eq!(lines.bytes, format!("\"{address}\"").as_bytes());
        }
    }
}
