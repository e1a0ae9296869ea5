//! An append-only Merkle log: hashing and proofs after RFC 6962 and RFC 9162,
//! signed checkpoints (C2SP `tlog-checkpoint`, `signed-note`) and static tiles
//! (C2SP `tlog-tiles`), so that tools of others can verify what we publish.
//!
//! No I/O and nothing async: bytes in, bytes out. The caller stores leaf hashes in
//! order and hands them in as a slice; a [`Tree`] needs only its frontier (at most 64
//! hashes) to go on appending. Computing a proof or a high tile hashes the whole
//! slice once (a million leaves: a few tenths of a second), so callers cache tiles.
//!
//! The log doesn't defend against an operator who shows two histories to two
//! readers: that takes witnesses outside, whose signature lines [`Note`] carries.

mod base64;
mod checkpoint;
mod hash;
mod key;
mod note;
mod proof;
mod tile;
mod tree;

pub use checkpoint::{Checkpoint, CheckpointError, MAX_EXTENSIONS};
pub use hash::{EMPTY_ROOT, HASH_LEN, Hash, commit, leaf_hash, node_hash};
pub use key::{KeyError, MAX_KEY_NAME, SigningKey, VerifierKey};
pub use note::{MAX_NOTE, MAX_SIGNATURES, Note, NoteError, Signature};
pub use proof::{
    ProofError, VerifyError, consistency_proof, inclusion_proof, verify_consistency,
    verify_inclusion,
};
pub use tile::{
    MalformedTilePath, TILE_WIDTH, Tile, TileError, TilePath, entry_bundle, parse_tile_path, tile,
};
pub use tree::{FrontierError, MAX_SIZE, Tree, root};
