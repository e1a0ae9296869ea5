//! Where decoded fields go: one stretch of text and where each field stands in it.

use super::{Entry, OVERHEAD};

/// Short entries are copied with what is behind them, for a number of octets known
/// beforehand costs less than the right one. Room for every entry of the static table.
pub(super) const CHUNK: usize = 32;

/// How much of one list of fields is kept.
///
/// Both are inclusive. Beyond either the list [is over](FieldList::is_over).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FieldLimits {
    /// Octets as [`FieldList::size`] counts them: what SETTINGS_MAX_HEADER_LIST_SIZE
    /// announces.
    pub bytes: usize,
    /// Fields, those whose names begin with a colon counted too.
    pub fields: usize,
}

impl FieldLimits {
    /// So that positions in the text, no longer than `bytes`, have 32 bits.
    #[inline(always)]
    pub(super) fn capped(&self) -> Self {
        Self {
            bytes: self.bytes.min(u32::MAX as usize),
            fields: self.fields,
        }
    }
}

/// Positions in [`FieldList::text`]; the value stands right behind the name.
#[derive(Debug, Clone, Copy)]
struct Line {
    start: u32,
    name_end: u32,
    end: u32,
}

/// Decoded fields in their order, to be reused: [`FieldList::clear`] keeps the memory.
#[derive(Debug, Default)]
pub struct FieldList {
    text: Vec<u8>,
    lines: Vec<Line>,
    size: u64,
    over: bool,
}

impl FieldList {
    /// An empty list without memory of its own yet.
    pub const fn new() -> Self {
        Self {
            text: Vec::new(),
            lines: Vec::new(),
            size: 0,
            over: false,
        }
    }

    /// Forgets everything but the memory.
    pub fn clear(&mut self) {
        self.text.clear();
        self.lines.clear();
        self.size = 0;
        self.over = false;
    }

    /// How many fields were kept.
    pub const fn len(&self) -> usize {
        self.lines.len()
    }

    /// Whether none was kept.
    pub const fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// Names and values in order, as they came: names are not judged.
    pub fn iter(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        self.lines.iter().map(|line| self.field(line))
    }

    /// The name and value of the field at `index`, counted from 0.
    pub fn get(&self, index: usize) -> Option<(&[u8], &[u8])> {
        self.lines.get(index).map(|line| self.field(line))
    }

    /// Octets of all names and values and 32 for each field (§4.1, RFC 9113 §10.5.1):
    /// also of those beyond the limits.
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// Whether a limit was passed. What came from there on isn't in the list.
    pub const fn is_over(&self) -> bool {
        self.over
    }

    #[inline]
    fn field(&self, line: &Line) -> (&[u8], &[u8]) {
        let part = |from: u32, to: u32| self.text.get(from as usize..to as usize);
        (
            part(line.start, line.name_end).unwrap_or_default(),
            part(line.name_end, line.end).unwrap_or_default(),
        )
    }

    /// Where the next field's text begins. What stands behind it isn't a field yet.
    #[inline(always)]
    pub(super) fn end(&self) -> usize {
        self.text.len()
    }

    /// The text, for a field to be appended: then [`FieldList::keep`] it.
    #[inline(always)]
    pub(super) fn text(&mut self) -> &mut Vec<u8> {
        &mut self.text
    }

    /// The text from `start` on.
    #[inline(always)]
    pub(super) fn since(&self, start: usize) -> &[u8] {
        self.text.get(start..).unwrap_or_default()
    }

    /// Counts a field of `octets` and says whether it may be kept. `limits` are the same
    /// for the whole list and [capped](FieldLimits::capped).
    #[inline(always)]
    pub(super) fn admit(&mut self, octets: usize, limits: &FieldLimits) -> bool {
        self.size += (octets + OVERHEAD) as u64;
        // Neither becomes true again: the size only grows, and then no field is kept.
        let fits = self.size <= limits.bytes as u64 && self.lines.len() < limits.fields;
        if !fits {
            self.over = true;
        }
        fits
    }

    /// Makes the text from `start` on a field; it has been admitted.
    #[inline(always)]
    pub(super) fn keep(&mut self, start: usize, name_end: usize) {
        self.lines.push(Line {
            start: start as u32,
            name_end: name_end as u32,
            end: self.text.len() as u32,
        });
    }

    /// Appends an entry as a field; it has been admitted.
    #[inline(always)]
    pub(super) fn copy(&mut self, entry: Entry<'_>) {
        let start = self.text.len();
        match entry.octets.first_chunk::<CHUNK>() {
            Some(chunk) if entry.len <= CHUNK => {
                self.text.extend_from_slice(chunk);
                self.text.truncate(start + entry.len);
            }
            _ => {
                let octets = entry.octets.get(..entry.len).unwrap_or_default();
                self.text.extend_from_slice(octets);
            }
        }
        self.keep(start, start + entry.name_len);
    }

    /// Drops the text from `start` on: it wasn't admitted.
    pub(super) fn drop_since(&mut self, start: usize) {
        self.text.truncate(start);
    }
}
