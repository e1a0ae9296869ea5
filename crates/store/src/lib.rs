//! The store: SQLite or PostgreSQL behind the same typed queries.
//!
//! What this crate guarantees to control, and only control and the commands use it:
//! - what was answered is there: a commit that returned `Ok` survives `kill -9` and
//!   power loss;
//! - a change has its row in the audit chain or doesn't happen ([`Change`]);
//! - a sealed column opens only in its own row and column, with the master key;
//! - PostgreSQL gone is [`Error::Unavailable`] within seconds, never a hang.
//!
//! It decides nothing and sends nothing; sqlx appears nowhere else.
//!
//! ```text
//! DataFolder ── lock ── MasterKeys ── Store ─┬─ tx()      work without an author (leases, outbox, ledger)
//!                                            ├─ change()  what a person or command did: audited
//!                                            └─ reads
//! ```

mod accounts;
mod acme;
mod addresses;
mod approvals;
mod audit;
mod bans;
mod change;
mod data;
mod db;
mod devices;
mod drills;
mod error;
mod factors;
mod hex;
mod keys;
mod lease;
mod ledger;
mod lost_factors;
mod outbox;
mod passkeys;
mod retention;
mod rotation;
mod schema;
mod sealed;
mod sessions;
mod settings;
mod store;
mod team;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
mod tokens;

#[cfg(test)]
mod killed;

pub use accounts::{
    Account, AccountDetails, AccountQuery, AccountState, MAX_ACCOUNTS_PAGE, MAX_DISPLAY_BYTES,
    MAX_GROUPS,
};
pub use acme::{AcmeCertificate, AcmeFailure, AcmeMark, MAX_CERTIFICATES, MAX_CHAIN_BYTES};
pub use addresses::{AddressLink, LinksOf};
pub use approvals::{MAX_PENDING, MAX_PENDING_BYTES, NewPending, Pending};
pub use audit::{
    Actor, AuditHead, AuditQuery, AuditRow, Chain, Entry, MAX_AUDIT_PAGE, MAX_ENTRIES_PER_CHANGE,
    MAX_ENTRY_BYTES,
};
pub use bans::{Ban, Evidence, MAX_BANS, MAX_LEARNED_BANS, MAX_REASON_BYTES};
pub use change::{Change, Tx};
pub use data::{DataError, DataFolder, DataLock};
pub use devices::{Guesser, Guesses, MAX_DEVICES};
pub use drills::{Announced, DrillRun, MAX_RUNS_PAGE, MAX_TRANSCRIPT_BYTES};
pub use error::{Backend, Error};
pub use factors::{Factor, FactorKind, MAX_FACTORS};
pub use keys::{KeyError, KeyId, KeySource, MasterKeys};
pub use lease::{Acquisition, Lease};
pub use ledger::{Checkpoint, Leaf, MAX_LEAVES_PAGE, NewLeaf};
pub use lost_factors::LostFactor;
pub use outbox::{
    Claimed, Enqueued, MAX_CLAIM, MAX_MAIL_BYTES, MAX_TRIES, Mail, OutboxCounts, Outcome,
};
pub use passkeys::{MAX_PASSKEYS, NewPasskey, Passkey};
pub use retention::{MAX_PRUNE_ROWS, Pruned};
pub use schema::SCHEMA_VERSION;
pub use sealed::{Cell, Purpose};
pub use sessions::{MAX_SESSIONS_PAGE, NewHandover, SessionQuery, StoredSession};
pub use store::{Inspection, Location, Store};
pub use team::{
    Asset, AssetDetails, AssetFactor, AssetKind, Attestation, MAX_ASSET_TEXT, MAX_ASSETS, Staff,
};
pub use tokens::{MAX_TOKENS, MAX_TOKENS_PAGE, SigningKey, StoredToken, TokenKind};
