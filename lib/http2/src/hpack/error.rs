//! Why a header block can't be decoded.

/// Why a header block can't be decoded. The two sides' tables are no longer the same, so
/// the connection has to end with COMPRESSION_ERROR (RFC 9113 §4.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum HpackError {
    /// The block ends inside a field.
    #[error("expected more of the header block")]
    Truncated,
    /// An integer above what any length or index here can be, or padded with zeros (§5.1).
    #[error("expected an integer of at most four octets behind its prefix")]
    Integer,
    /// Index 0, or one beyond both tables (§2.3.3, §6.1).
    #[error("expected an index of the static or the dynamic table")]
    Index,
    /// A table size behind the block's first field (§4.2).
    #[error("expected a new table size at the start of a header block only")]
    SizeTooLate,
    /// More than two table sizes in one block (§4.2).
    #[error("expected at most two new table sizes in a header block")]
    SizeTooOften,
    /// A table size above SETTINGS_HEADER_TABLE_SIZE (§6.3).
    #[error("expected a table size within SETTINGS_HEADER_TABLE_SIZE")]
    SizeTooLarge,
    /// The symbol EOS inside a string (§5.2).
    #[error("expected no EOS inside a Huffman-coded string")]
    Eos,
    /// Padding of more than seven bits, or not of ones; a cut code is the same (§5.2).
    #[error("expected a Huffman-coded string to end with at most seven ones")]
    Padding,
    /// A list of fields beyond its limits that goes on with names of the table, in sum 64
    /// tables full of them in one block. No honest client comes near.
    #[error("expected fewer names of the table behind the limits of a list of fields")]
    Work,
}
