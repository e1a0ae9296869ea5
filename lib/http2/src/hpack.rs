//! Header compression, RFC 7541, both directions.
//!
//! What this module guarantees to a server:
//!
//! - **In step or over.** A block is decoded whole or the connection is at fault
//!   ([`HpackError`]); a list of fields that grows too long is no such fault: the rest of
//!   its block is read for the table's sake only.
//! - **Bounded.** Text kept for a block stays within [`FieldLimits`], work within a small
//!   multiple of the block's bytes and those limits, tables within their size.
//! - **Quick.** A field the table holds costs one copy or one comparison; nothing is
//!   allocated once lists and tables have reached their size.
//!
//! It doesn't judge names and values (RFC 9113 §8.2): it hands over the octets that came.

#![allow(
    clippy::indexing_slicing,
    reason = "tables are indexed by numbers that can't be larger than they are long"
)]

mod decoder;
mod dynamic;
mod encoder;
mod error;
mod huffman;
mod integer;
mod list;
mod name;
mod statics;

#[cfg(test)]
mod tests;

pub use decoder::Decoder;
pub use encoder::{Encoder, Indexing};
pub use error::HpackError;
pub use list::{FieldLimits, FieldList};

/// What a field counts beyond its octets (§4.1).
const OVERHEAD: usize = 32;

/// The size of a dynamic table as long as nobody says otherwise (RFC 9113 §6.5.2).
const TABLE_BYTES: usize = 4096;

/// An entry of either table.
#[derive(Debug, Clone, Copy)]
struct Entry<'a> {
    /// The name, right behind it the value, and behind that perhaps something else.
    octets: &'a [u8],
    name_len: usize,
    /// Of name and value.
    len: usize,
}

impl<'a> Entry<'a> {
    #[inline(always)]
    fn name(&self) -> &'a [u8] {
        self.octets.get(..self.name_len).unwrap_or_default()
    }

    /// Name and value.
    #[inline(always)]
    fn parts(&self) -> Option<(&'a [u8], &'a [u8])> {
        self.octets.get(..self.len)?.split_at_checked(self.name_len)
    }
}
