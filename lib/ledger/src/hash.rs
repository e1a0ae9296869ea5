//! Hashing after RFC 6962 §2.1: SHA-256 with a first byte that keeps leaves and nodes
//! apart (else a node could be passed off as a leaf).

use aws_lc_rs::digest::{Context, SHA256};

/// Bytes in a hash.
pub const HASH_LEN: usize = 32;

/// A SHA-256 digest: a leaf hash, a node or a root.
pub type Hash = [u8; HASH_LEN];

/// The root of a log without leaves: SHA-256 of nothing (RFC 6962 §2.1).
pub const EMPTY_ROOT: Hash = [
    0xe3, 0xb0, 0xc4, 0x42, 0x98, 0xfc, 0x1c, 0x14, 0x9a, 0xfb, 0xf4, 0xc8, 0x99, 0x6f, 0xb9, 0x24,
    0x27, 0xae, 0x41, 0xe4, 0x64, 0x9b, 0x93, 0x4c, 0xa4, 0x95, 0x99, 0x1b, 0x78, 0x52, 0xb8, 0x55,
];

pub(crate) fn sha256(parts: &[&[u8]]) -> Hash {
    let mut context = Context::new(&SHA256);
    for part in parts {
        context.update(part);
    }
    let mut out = [0; HASH_LEN];
    for (to, from) in out.iter_mut().zip(context.finish().as_ref()) {
        *to = *from;
    }
    out
}

/// The hash under which an entry stands in the tree: SHA-256(0x00 ‖ entry).
///
/// Our entries are commitments (see [`commit`]), 32 bytes each; the hash takes any.
pub fn leaf_hash(entry: &[u8]) -> Hash {
    sha256(&[&[0x00], entry])
}

/// The hash of an inner node: SHA-256(0x01 ‖ left ‖ right).
pub fn node_hash(left: &Hash, right: &Hash) -> Hash {
    sha256(&[&[0x01], left, right])
}

/// A salted commitment to a record: SHA-256(salt ‖ record).
///
/// The salt has a fixed length, so no two pairs of salt and record run together. It
/// must be 32 fresh random bytes per record: then the commitment in the public log
/// tells nothing about the record, and once salt and record are erased it never will.
/// Whoever holds both can show that they are what was logged.
pub fn commit(salt: &[u8; 32], record: &[u8]) -> Hash {
    sha256(&[salt, record])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hex(hash: &Hash) -> String {
        hash.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    #[test]
    fn leaves_and_nodes_hash_as_certificate_transparency_does() {
        // The vectors of google/certificate-transparency, merkletree tests.
        assert_eq!(sha256(&[]), EMPTY_ROOT);
        assert_eq!(
            hex(&leaf_hash(b"")),
            "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"
        );
        assert_eq!(
            hex(&node_hash(&leaf_hash(b""), &leaf_hash(&[0]))),
            "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"
        );
    }

    #[test]
    fn a_commitment_depends_on_salt_and_record_and_on_nothing_else() {
        let salt = [7; 32];
        assert_eq!(commit(&salt, b"record"), commit(&salt, b"record"));
        assert_ne!(commit(&salt, b"record"), commit(&[8; 32], b"record"));
        assert_ne!(commit(&salt, b"record"), commit(&salt, b"recorD"));
    }
}
