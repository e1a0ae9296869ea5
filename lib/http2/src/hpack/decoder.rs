//! Header blocks into lists of fields (§3, §6).

use super::{
    Entry, FieldLimits, FieldList, HpackError, TABLE_BYTES,
    dynamic::{self, Table},
    huffman, integer, statics,
};

/// How many tables full of names may be copied out of the table, in one block, for fields
/// that aren't kept: [`HpackError::Work`]. Two octets ask for such a copy.
const COPIES: usize = 64;

/// Decodes the header blocks of one connection, in the order they came.
#[derive(Debug)]
pub struct Decoder {
    table: Table,
    /// The largest size the peer may give the table.
    announced: usize,
}

impl Decoder {
    /// For a connection on which we announce this SETTINGS_HEADER_TABLE_SIZE: 4,096,
    /// which every peer may use before it has read our settings, to 65,535 octets; another
    /// number is taken as the nearest of these.
    pub fn new(table_bytes: u32) -> Self {
        Self {
            table: Table::new(TABLE_BYTES),
            announced: (table_bytes as usize).clamp(TABLE_BYTES, dynamic::MOST),
        }
    }

    /// Decodes one whole header block, appending to `into`. Once a limit is passed the
    /// rest is decoded but not kept, see [`FieldList::is_over`].
    ///
    /// The text in `into` stays within its limits but for the field being decoded, which
    /// has at most one name of the table and 1.6 times the block. After an error the connection has to end, and `into` holds some of the
    /// block's fields.
    pub fn decode(
        &mut self,
        block: &[u8],
        limits: &FieldLimits,
        into: &mut FieldList,
    ) -> Result<(), HpackError> {
        let limits = &limits.capped();
        let mut rest = self.sizes(block)?;
        let mut work = 0;
        while let Some((&first, behind)) = rest.split_first() {
            if first & 0x80 != 0 {
                let (index, behind) = integer::decode(first, 0x7f, behind)?;
                rest = behind;
                self.indexed(index, limits, into)?;
                continue;
            }
            let (put, mask) = match first {
                0x40.. => (true, 0x3f),
                0x20.. => return Err(HpackError::SizeTooLate),
                // Never indexed (0x10) is a word to those who encode the field again.
                _ => (false, 0x0f),
            };
            let (index, behind) = integer::decode(first, mask, behind)?;
            let start = into.end();
            let name_end;
            (name_end, rest) = self.literal(index, behind, into)?;
            if into.is_over() && index > statics::LEN {
                work += name_end - start;
                if work > COPIES * self.announced {
                    return Err(HpackError::Work);
                }
            }
            if put {
                let (name, value) = into
                    .since(start)
                    .split_at_checked(name_end - start)
                    .unwrap_or_default();
                self.table.insert(name, value);
            }
            if into.admit(into.end() - start, limits) {
                into.keep(start, name_end);
            } else {
                into.drop_since(start);
            }
        }
        Ok(())
    }

    #[cfg(test)]
    pub(super) fn memory(&self) -> usize {
        self.table.memory()
    }

    /// Takes the table sizes at the start of `block` (§4.2): the smallest there was since
    /// the last block, then the one that counts.
    #[inline(always)]
    fn sizes<'a>(&mut self, block: &'a [u8]) -> Result<&'a [u8], HpackError> {
        let mut rest = block;
        let mut seen = 0;
        while let Some((&first @ 0x20..0x40, behind)) = rest.split_first() {
            let size;
            (size, rest) = integer::decode(first, 0x1f, behind)?;
            if size > self.announced {
                return Err(HpackError::SizeTooLarge);
            }
            seen += 1;
            if seen > 2 {
                return Err(HpackError::SizeTooOften);
            }
            self.table.resize(size);
        }
        Ok(rest)
    }

    /// A field that is in a table (§6.1).
    #[inline(always)]
    fn indexed(
        &self,
        index: usize,
        limits: &FieldLimits,
        into: &mut FieldList,
    ) -> Result<(), HpackError> {
        let entry = match statics::entry(index) {
            Some(entry) => entry,
            None => self.dynamic(index)?,
        };
        if into.admit(entry.len, limits) {
            into.copy(entry);
        }
        Ok(())
    }

    /// The entry at an index beyond the static table.
    #[inline(always)]
    fn dynamic(&self, index: usize) -> Result<Entry<'_>, HpackError> {
        let age = index.checked_sub(statics::LEN).ok_or(HpackError::Index)?;
        self.table.get(age).ok_or(HpackError::Index)
    }

    /// Appends the name and value of a literal (§6.2) to `into`'s text. Where the name
    /// ends there, and what comes behind the literal.
    #[inline]
    fn literal<'a>(
        &self,
        index: usize,
        rest: &'a [u8],
        into: &mut FieldList,
    ) -> Result<(usize, &'a [u8]), HpackError> {
        let text = into.text();
        let rest = match index {
            0 => string(rest, text)?,
            _ => {
                let entry = match statics::entry(index) {
                    Some(entry) => entry,
                    None => self.dynamic(index)?,
                };
                text.extend_from_slice(entry.name());
                rest
            }
        };
        let name_end = text.len();
        Ok((name_end, string(rest, text)?))
    }
}

/// Appends a string (§5.2). What comes behind it.
#[inline(never)]
fn string<'a>(rest: &'a [u8], text: &mut Vec<u8>) -> Result<&'a [u8], HpackError> {
    let (&first, rest) = rest.split_first().ok_or(HpackError::Truncated)?;
    let (len, rest) = integer::decode(first, 0x7f, rest)?;
    let (octets, behind) = rest.split_at_checked(len).ok_or(HpackError::Truncated)?;
    if first & 0x80 != 0 {
        huffman::decode(octets, text)?;
    } else {
        text.extend_from_slice(octets);
    }
    Ok(behind)
}
