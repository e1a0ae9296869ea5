//! The text of a file, and where a byte of it stands.

use std::ops::Range;

use crate::mistake::Place;

/// The text with the start of every line. Lines end at `\n`; a `\r` before it belongs
/// to the end, not to the line.
#[derive(Debug)]
pub(crate) struct Source {
    text: String,
    starts: Vec<usize>,
}

impl Source {
    /// A byte order mark isn't part of the text: columns and spans don't count it.
    pub(crate) fn new(text: &str) -> Self {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text).to_owned();
        let ends = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
        let starts = std::iter::once(0)
            .chain(ends.map(|(at, _)| at + 1))
            .collect();
        Self { text, starts }
    }

    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// The place of a span. What lies beyond the text, or within a character, is drawn
    /// back to the nearest character before it.
    pub(crate) fn place(&self, span: &Range<usize>) -> Place {
        let start = self.text.floor_char_boundary(span.start);
        let end = self.text.floor_char_boundary(span.end.max(start));
        let line = self.starts.partition_point(|&first| first <= start);
        let (_, first) = self.line(line);
        let column = self
            .text
            .get(first..start)
            .map_or(0, |before| before.chars().count());
        Place {
            line,
            column: column + 1,
            span: start..end,
        }
    }

    /// The last line before this one that begins a section.
    pub(crate) fn header_before(&self, line: usize) -> Option<usize> {
        (1..line)
            .rev()
            .find(|&above| self.line(above).0.trim_start().starts_with('['))
    }

    /// The text of a line (counted from 1), without its end, and where it begins.
    pub(crate) fn line(&self, line: usize) -> (&str, usize) {
        let first = self
            .starts
            .get(line.saturating_sub(1))
            .copied()
            .unwrap_or_default();
        let rest = self.text.get(first..).unwrap_or_default();
        let text = rest.split('\n').next().unwrap_or_default();
        (text.strip_suffix('\r').unwrap_or(text), first)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_count_characters_lines_end_either_way_and_the_mark_is_no_text() {
        let source = Source::new("\u{feff}a = 1\r\né = \"ü\" # x\n\n");
        let check = |at, line, column| {
            let place = source.place(&(at..at));
            assert_eq!((place.line, place.column), (line, column), "byte {at}");
        };
        check(0, 1, 1);
        check(4, 1, 5);
        check(7, 2, 1);
        check(9, 2, 2);
        check(8, 2, 1);
        check(12, 2, 5);
        check(13, 2, 6);
        check(999, 4, 1);
        assert_eq!(source.line(1).0, "a = 1");
        assert_eq!(source.line(4).0, "");
    }
}
