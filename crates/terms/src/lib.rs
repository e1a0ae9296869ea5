//! The words every crate shares: promises and verdicts, units, identifiers,
//! secrets, the clock and chance, names of metrics and log fields.
//!
//! Nothing here does I/O, and nothing here is specific to one plane. A change in
//! this crate rebuilds everything, so it stays dull.

mod account;
mod address;
mod base64;
mod chance;
mod clause;
mod clock;
mod grade;
mod language;
pub mod names;
mod promise;
mod request_id;
mod secret;

pub use account::{GroupName, MalformedName, NAME_MAX, UserName};
pub use address::{AddressKeeping, ClientAddr};
pub use base64::{base64, base64url, from_base64, from_base64url};
pub use chance::Rng;
pub use clause::{Arg, Clause};
pub use clock::{Clock, Micros, Moment};
pub use grade::{Grade, UnknownGrade};
pub use language::Language;
pub use promise::{PromiseId, UnknownPromise, Vantage, Verdict};
pub use request_id::{MalformedRequestId, MalformedTraceparent, RequestId, TraceParent};
pub use secret::Secret;
