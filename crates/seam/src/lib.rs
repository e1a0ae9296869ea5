//! All that edge and control share.
//!
//! *Down* go the [`Snapshot`] (immutable, swapped whole), the [`Challenges`] of
//! certificate authorities beside it, and the [`Sessions`] table;
//! *both ways* the [`own`] pages' requests and answers; *up* the [`record`]s, the
//! [`Counters`] and [`findings`]. Nothing else crosses: the edge can't name a table of the store, and
//! control can't touch a socket of the edge.

mod challenges;
pub mod counters;
pub mod findings;
pub mod own;
pub mod prebuilt;
pub mod record;
mod refusal;
pub mod renewal;
pub mod sessions;
pub mod snapshot;

pub use challenges::{CHALLENGES_MAX, Challenges, Posted};
pub use counters::Counters;
pub use refusal::{Refusal, RefusalPage, Whose};
pub use sessions::{Credential, Session, Sessions, TokenHash};
pub use snapshot::{Snapshot, SnapshotCell};
