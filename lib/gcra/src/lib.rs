//! Rate limits for millions of clients in a table of fixed size, shared by threads without
//! a lock.
//!
//! The generic cell rate algorithm (GCRA, ITU-T I.371) keeps one moment a client: its
//! *arrival*, when its next request would be on time. A request moves it one interval on;
//! it may run ahead of now as far as the burst allows. That moment and a tag of the client
//! share one atomic word of 8 bytes; nothing else is kept, and nothing grows.
//!
//! ```
//! use std::{num::NonZeroU32, time::Duration};
//! use waarborg_gcra::{Moment, Pace, Table, Verdict};
//!
//! let few = |number| NonZeroU32::new(number).ok_or("not zero");
//! let secret = [7; 16]; // from the system's random numbers
//! let table = Table::new(Table::DEFAULT_BYTES, secret)?;
//! let pace = Pace::per_second(few(10)?, few(2)?)?;
//! let client = 0x2001_0db8_0001_0002; // a /64
//! let now = Moment::from_nanos(0);
//!
//! assert!(matches!(table.check(client, pace, now), Verdict::Admitted { remaining: 1, .. }));
//! assert!(matches!(table.check(client, pace, now), Verdict::Admitted { remaining: 0, .. }));
//! let wait = Duration::from_millis(100);
//! assert_eq!(table.check(client, pace, now), Verdict::Limited { retry_after: wait });
//! assert!(table.check(client, pace, now.after(wait)).is_admitted());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # What is promised
//! - **Exactly once.** However many threads judge one client, together they admit its burst
//!   and its rate and no more.
//! - **Who waits as told is admitted**, and a refusal costs nothing.
//! - **Nobody pays for a flood.** A client whose word isn't there is admitted. Where a
//!   bucket of eight is full, the word that has least to remember is replaced: one whose
//!   arrival is past, which remembers nothing, or else the one least ahead. A client that
//!   is limited is as far ahead as anybody can be at its pace: to make the table forget it
//!   takes eight others in its bucket that are ahead as far, and who doesn't know the
//!   table's secret can't choose a bucket.
//! - **Time is an argument**, and one that goes back makes nobody wait for longer than its
//!   interval and 100 ms.
//!
//! # What two clients may share
//! A bucket is chosen by SipHash-1-3 under the table's secret, and within it 18 further
//! bits tell clients apart. So a client is taken for one of the at most eight others in its
//! bucket with a probability of at most 8 / 2^18, 1 in 32,768, when it comes; two given
//! clients, in a table of 64 MiB, share a word in one of 2^38 cases. The consequence is that
//! they share a pace: each is charged with the other's requests until one of them falls
//! silent or is replaced. It takes a client that is limited to harm another by it: of
//! 100,000 such at once in 64 MiB, 1 honest client in 2.7 million meets one. Which clients
//! these are changes with the secret.
//!
//! An arrival is kept on a circle of 81 days. A word that nobody touched or replaced for
//! that long is read wrongly for as long as the burst takes to come back, once: its client
//! may find its burst used up.
//!
//! # What it costs
//! 8 bytes a client and a hash; no division but by constants and one by the interval. On
//! one core of a 2-vCPU AMD EPYC that compilers shared all the while (2026-11-30): 17 ns
//! for a client whose word is cached, admitted or limited. One at random of 8 million, in
//! 64 MiB, waits for main memory besides: 215 to 240 ns at best, where a read of as much
//! memory alone cost 170 to 250 in the same minutes. Two threads at the same client: 33 ns
//! each.
//!
//! No I/O, no clock, no chance, no `unsafe`. Not here: who a client is (an IPv6 client is
//! its /64, not its address), what a refusal looks like, several machines.
//!
//! Measure it: `taskset -c 1 cargo bench -p waarborg-gcra`.
#![forbid(unsafe_code)]

mod moment;
mod pace;
mod siphash;
mod table;
mod word;

#[cfg(test)]
mod tests;

pub use moment::Moment;
pub use pace::{Pace, PaceError};
pub use table::{SizeOutOfRange, Table, Verdict};
