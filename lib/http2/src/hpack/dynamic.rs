//! The dynamic table (§2.3.2, §4): entries in one stretch of octets, the newest last.

use super::{Entry, OVERHEAD};

/// The largest size of a table: lengths have sixteen bits.
pub(super) const MOST: usize = u16::MAX as usize;

/// Where an entry stands.
#[derive(Debug, Clone, Copy, Default)]
struct Place {
    /// Of its name, counted from [`Table::base`], modulo 2^32; the value stands behind.
    start: u32,
    name: u16,
    value: u16,
}

impl Place {
    #[inline(always)]
    fn len(self) -> usize {
        usize::from(self.name) + usize::from(self.value)
    }
}

/// A table of at most `max` octets as §4.1 counts them.
///
/// Entries are numbered in the order of their insertion, modulo 2^32. Evicted ones leave a
/// gap at the front of the octets; it is closed when the end of the memory is reached,
/// which is at most twice `max`: once for so many octets inserted as moved.
#[derive(Debug)]
pub(super) struct Table {
    octets: Vec<u8>,
    /// What the first of `octets` is called in [`Place::start`].
    base: u32,
    /// A ring, its length a power of two: an entry is at its number modulo that.
    places: Vec<Place>,
    /// The number of the next entry.
    next: u32,
    count: u32,
    size: usize,
    max: usize,
}

impl Table {
    /// An empty table of at most [`MOST`] octets. It takes memory as it fills.
    pub(super) const fn new(max: usize) -> Self {
        Self {
            octets: Vec::new(),
            base: 0,
            places: Vec::new(),
            next: 0,
            count: 0,
            size: 0,
            max,
        }
    }

    pub(super) const fn max(&self) -> usize {
        self.max
    }

    /// The number the next entry will have.
    #[inline(always)]
    pub(super) const fn next(&self) -> u32 {
        self.next
    }

    /// Octets of memory taken for the entries' text.
    #[cfg(test)]
    pub(super) fn memory(&self) -> usize {
        self.octets.capacity()
    }

    /// The entry of this age: 1 is the newest.
    #[inline(always)]
    pub(super) fn get(&self, age: usize) -> Option<Entry<'_>> {
        if age.wrapping_sub(1) >= self.count as usize {
            return None;
        }
        let place = self.place(self.next.wrapping_sub(age as u32))?;
        let start = place.start.wrapping_sub(self.base) as usize;
        Some(Entry {
            octets: self.octets.get(start..)?,
            name_len: usize::from(place.name),
            len: place.len(),
        })
    }

    #[inline(always)]
    fn place(&self, number: u32) -> Option<Place> {
        let at = number as usize & self.places.len().wrapping_sub(1);
        self.places.get(at).copied()
    }

    /// Sets a new size, at most [`MOST`], and evicts what no longer fits (§4.3).
    pub(super) fn resize(&mut self, max: usize) {
        self.max = max;
        self.make_room(0);
    }

    /// Inserts an entry and evicts as many of the oldest ones as it takes; if it is larger
    /// than the table, all (§4.4).
    pub(super) fn insert(&mut self, name: &[u8], value: &[u8]) {
        let len = name.len() + value.len();
        self.make_room(len + OVERHEAD);
        if len + OVERHEAD > self.max {
            return;
        }
        if self.octets.capacity() - self.octets.len() < len {
            self.make_space(len);
        }
        if self.count as usize == self.places.len() {
            self.make_places();
        }
        let place = Place {
            start: self.base.wrapping_add(self.octets.len() as u32),
            name: name.len() as u16,
            value: value.len() as u16,
        };
        let at = self.next as usize & self.places.len().wrapping_sub(1);
        if let Some(free) = self.places.get_mut(at) {
            *free = place;
        }
        self.octets.extend_from_slice(name);
        self.octets.extend_from_slice(value);
        self.size += len + OVERHEAD;
        self.next = self.next.wrapping_add(1);
        self.count += 1;
    }

    fn oldest(&self) -> Option<Place> {
        match self.count {
            0 => None,
            count => self.place(self.next.wrapping_sub(count)),
        }
    }

    fn make_room(&mut self, size: usize) {
        while self.size + size > self.max {
            let Some(place) = self.oldest() else {
                break;
            };
            self.size -= place.len() + OVERHEAD;
            self.count -= 1;
        }
        if self.count == 0 {
            self.octets.clear();
        }
    }

    /// Makes space for `len` octets: moves the entries to the front, or takes more memory.
    #[cold]
    fn make_space(&mut self, len: usize) {
        let gap = match self.oldest() {
            Some(oldest) => oldest.start.wrapping_sub(self.base) as usize,
            None => self.octets.len(),
        };
        let limit = 2 * self.max;
        if gap * 2 >= self.octets.len() || self.octets.len() + len > limit {
            self.octets.drain(..gap);
            self.base = self.base.wrapping_add(gap as u32);
        }
        let needed = self.octets.len() + len;
        if needed > self.octets.capacity() {
            let room = (needed * 2).max(256).min(limit.max(needed));
            self.octets.reserve_exact(room - self.octets.len());
        }
    }

    /// Doubles the ring. All its entries are there, so each has one of two places in the
    /// new one.
    #[cold]
    fn make_places(&mut self) {
        let mut places = vec![Place::default(); (self.places.len() * 2).max(16)];
        let mask = places.len() - 1;
        for age in 1..=self.count {
            let number = self.next.wrapping_sub(age);
            if let (Some(new), Some(old)) =
                (places.get_mut(number as usize & mask), self.place(number))
            {
                *new = old;
            }
        }
        self.places = places;
    }
}
