//! How many connections each client has, over all workers: no client can take the places
//! of all others.
//!
//! A table of fixed size without a lock. Two clients may share a place and are then counted
//! together; which ones, nobody outside can choose, since the hash is keyed.

use std::{
    hash::{BuildHasher as _, RandomState},
    net::IpAddr,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
};

use terms::ClientAddr;

/// Places of the table: 256 KiB of memory.
const PLACES: usize = 1 << 16;

/// The connections of all clients; one for all workers.
#[derive(Debug, Clone)]
pub struct Crowd(Arc<Table>);

#[derive(Debug)]
struct Table {
    counts: Box<[AtomicU32]>,
    hash: RandomState,
}

impl Default for Crowd {
    fn default() -> Self {
        Self(Arc::new(Table {
            counts: (0..PLACES).map(|_| AtomicU32::new(0)).collect(),
            hash: RandomState::new(),
        }))
    }
}

impl Crowd {
    /// A seat for one more connection of the client, where it has fewer than `most`. An
    /// IPv6 client is its /64: it can choose any address of that.
    pub(crate) fn seat(&self, client: ClientAddr, most: u32) -> Option<Seat> {
        let hash = self.0.hash.hash_one(match client.ip() {
            IpAddr::V4(v4) => u128::from(v4.to_bits()),
            IpAddr::V6(v6) => v6.to_bits() >> 64 << 64,
        });
        // The low bits: as many as there are places.
        let place = usize::from(u16::try_from(hash & 0xffff).unwrap_or(0));
        let count = self.0.counts.get(place)?;
        let taken = count.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |count| {
            (count < most).then_some(count + 1)
        });
        taken.ok().map(|_| Seat {
            crowd: self.clone(),
            place,
        })
    }
}

/// A connection's place in the crowd, until dropped.
#[derive(Debug)]
pub(crate) struct Seat {
    crowd: Crowd,
    place: usize,
}

impl Drop for Seat {
    fn drop(&mut self) {
        if let Some(count) = self.crowd.0.counts.get(self.place) {
            count.fetch_sub(1, Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(text: &str) -> ClientAddr {
        ClientAddr::new(text.parse().unwrap())
    }

    #[test]
    fn a_client_has_at_most_so_many_and_its_neighbour_as_many() {
        let crowd = Crowd::default();
        let (one, neighbour) = (client("192.0.2.7"), client("192.0.2.8"));
        let first = crowd.seat(one, 2);
        let second = crowd.seat(one, 2);
        assert!(first.is_some() && second.is_some());
        assert!(crowd.seat(one, 2).is_none());
        assert!(crowd.seat(neighbour, 2).is_some());
        drop(first);
        assert!(crowd.seat(one, 2).is_some());
    }

    #[test]
    fn an_ipv6_client_is_its_network() {
        let crowd = Crowd::default();
        let seat = crowd.seat(client("2001:db8::1"), 1);
        assert!(seat.is_some());
        assert!(crowd.seat(client("2001:db8::ffff:1"), 1).is_none());
        assert!(crowd.seat(client("2001:db8:0:1::1"), 1).is_some());
    }
}
