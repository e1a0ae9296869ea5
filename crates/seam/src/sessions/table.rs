//! Sessions by the hash of their secret, found without a lock and with few reads of main
//! memory: one for the slot, one for the session. With a million of them nothing else
//! counts.
//!
//! Open addressing with linear probing. A slot that has been taken stays its token's until
//! the table is built anew, so whoever has found a slot by its token finds that token's
//! session or none, whatever is written meanwhile.

use std::sync::{
    Arc, Mutex, MutexGuard, PoisonError,
    atomic::{AtomicU64, AtomicUsize, Ordering},
};

use arc_swap::{ArcSwap, ArcSwapOption};

use super::{Session, TokenHash};

/// Slots of a table that hardly holds anything.
const LEAST: usize = 64;

/// A token's hash in four words, all of which are zero where the slot is free: nobody knows
/// what has that SHA-256.
#[derive(Debug, Default)]
struct Slot {
    words: [AtomicU64; 4],
    session: ArcSwapOption<Session>,
}

type Words = [u64; 4];

fn words(token: &TokenHash) -> Words {
    let (chunks, _) = token.0.as_chunks();
    let mut words = Words::default();
    for (word, bytes) in words.iter_mut().zip(chunks) {
        *word = u64::from_ne_bytes(*bytes);
    }
    words
}

fn token(words: &Words) -> TokenHash {
    let mut token = [0; 32];
    for (bytes, word) in token.as_chunks_mut().0.iter_mut().zip(words) {
        *bytes = word.to_ne_bytes();
    }
    TokenHash(token)
}

impl Slot {
    fn words(&self) -> Words {
        // What was written before a word is seen by whoever sees the word.
        self.words
            .each_ref()
            .map(|word| word.load(Ordering::Acquire))
    }

    /// Takes a slot that was free. Until its last word is there, nobody finds it.
    fn take(&self, words: &Words, session: Arc<Session>) {
        self.session.store(Some(session));
        for (to, word) in self.words.iter().zip(words) {
            to.store(*word, Ordering::Release);
        }
    }
}

/// A power of two of slots, at most half of which are taken.
#[derive(Debug)]
struct Slots(Box<[Slot]>);

impl Slots {
    /// Room for so many.
    fn holding(sessions: usize) -> Self {
        let slots = (2 * sessions).next_power_of_two().max(LEAST);
        Self((0..slots).map(|_| Slot::default()).collect())
    }

    /// The slot of a token, or the free one where it would be. Nobody can choose the
    /// secrets that stand in the table, so their hashes need no other.
    fn find(&self, wanted: &Words) -> Result<&Slot, Option<&Slot>> {
        let mask = self.0.len().wrapping_sub(1);
        let [first, ..] = *wanted;
        let start = usize::try_from(first & 0xffff_ffff).unwrap_or(0);
        let places = (0..self.0.len()).map(|step| start.wrapping_add(step) & mask);
        for slot in places.filter_map(|place| self.0.get(place)) {
            let found = slot.words();
            if found == *wanted {
                return Ok(slot);
            }
            if found == Words::default() {
                return Err(Some(slot));
            }
        }
        Err(None)
    }

    /// Every session that is there.
    fn all(&self) -> impl Iterator<Item = (Words, Arc<Session>)> {
        let slots = self.0.iter();
        slots.filter_map(|slot| Some((slot.words(), slot.session.load_full()?)))
    }
}

/// The table. Reading takes no lock; those who write take turns.
#[derive(Debug)]
pub(super) struct Table {
    slots: ArcSwap<Slots>,
    /// Slots that are taken, whether or not a session is in them.
    taken: Mutex<usize>,
    live: AtomicUsize,
}

impl Default for Table {
    fn default() -> Self {
        Self {
            slots: ArcSwap::from_pointee(Slots::holding(0)),
            taken: Mutex::new(0),
            live: AtomicUsize::new(0),
        }
    }
}

impl Table {
    pub(super) fn get(&self, token: &TokenHash) -> Option<Arc<Session>> {
        let slots = self.slots.load();
        slots.find(&words(token)).ok()?.session.load_full()
    }

    /// Gives back what was there.
    pub(super) fn insert(&self, token: &TokenHash, session: Arc<Session>) -> Option<Arc<Session>> {
        let mut taken = self.turn();
        let words = words(token);
        let slots = self.slots.load();
        let before = match slots.find(&words) {
            Ok(slot) => slot.session.swap(Some(session)),
            Err(Some(slot)) if *taken < slots.0.len() / 2 => {
                slot.take(&words, session);
                *taken += 1;
                None
            }
            Err(_) => {
                let new = Slots::holding(self.len() + 1);
                *taken = 0;
                for (words, session) in slots.all().chain([(words, session)]) {
                    if let Err(Some(slot)) = new.find(&words) {
                        slot.take(&words, session);
                        *taken += 1;
                    }
                }
                self.slots.store(Arc::new(new));
                None
            }
        };
        if before.is_none() {
            self.live.fetch_add(1, Ordering::Relaxed);
        }
        before
    }

    /// Gives back what was there.
    pub(super) fn remove(&self, token: &TokenHash) -> Option<Arc<Session>> {
        let _turn = self.turn();
        let slots = self.slots.load();
        let before = slots.find(&words(token)).ok()?.session.swap(None)?;
        self.live.fetch_sub(1, Ordering::Relaxed);
        Some(before)
    }

    /// Takes everything out.
    pub(super) fn clear(&self) -> Vec<Arc<Session>> {
        let mut taken = self.turn();
        *taken = 0;
        self.live.store(0, Ordering::Relaxed);
        let before = self.slots.swap(Arc::new(Slots::holding(0)));
        let slots = before.0.iter();
        slots.filter_map(|slot| slot.session.swap(None)).collect()
    }

    /// Those that are wanted, with what they are found by. Looks at every one.
    pub(super) fn filter(
        &self,
        wanted: impl Fn(&Session) -> bool,
    ) -> Vec<(TokenHash, Arc<Session>)> {
        let slots = self.slots.load();
        let sessions = slots.all().filter(|(_, session)| wanted(session));
        sessions
            .map(|(words, session)| (token(&words), session))
            .collect()
    }

    pub(super) fn len(&self) -> usize {
        self.live.load(Ordering::Relaxed)
    }

    fn turn(&self) -> MutexGuard<'_, usize> {
        // A number that is written at once can't be half-written.
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use proptest::prelude::*;

    use super::*;
    use crate::sessions::{Credential, of_ada};

    fn session() -> Arc<Session> {
        Arc::new(of_ada(Credential::Cookie, &["app.test"]))
    }

    /// Few, of which many share the place where they are looked for first.
    fn of(number: u8) -> TokenHash {
        let mut token = [0; 32];
        token[0] = number % 4;
        token[31] = number + 1;
        TokenHash(token)
    }

    proptest! {
        #[test]
        fn it_holds_what_a_map_holds(steps in prop::collection::vec((0..200_u8, 0..4_u8), 0..600)) {
            let (table, mut model) = (Table::default(), HashMap::new());
            for (number, what) in steps {
                let token = of(number);
                let same = |one: Option<Arc<Session>>, other: Option<&Arc<Session>>| match (one, other) {
                    (Some(one), Some(other)) => Arc::ptr_eq(&one, other),
                    (one, other) => one.is_none() && other.is_none(),
                };
                match what {
                    0 => prop_assert!(same(table.remove(&token), model.remove(&number).as_ref())),
                    1 => prop_assert!(same(table.get(&token), model.get(&number))),
                    _ => {
                        let new = session();
                        let before = table.insert(&token, new.clone());
                        prop_assert!(same(before, model.insert(number, new).as_ref()));
                    }
                }
                prop_assert_eq!(table.len(), model.len());
            }
            for number in 0..200 {
                prop_assert_eq!(table.get(&of(number)).is_some(), model.contains_key(&number));
            }
            let mut all: Vec<_> = table.filter(|_| true).into_iter().map(|(token, _)| token.0).collect();
            let mut expected: Vec<_> = model.keys().map(|number| of(*number).0).collect();
            all.sort_unstable();
            expected.sort_unstable();
            prop_assert_eq!(all, expected);
            prop_assert_eq!(table.clear().len(), model.len());
            prop_assert_eq!(table.len(), 0);
        }
    }

    #[test]
    fn whoever_reads_meanwhile_finds_what_stays_and_nothing_of_others() {
        let table = Table::default();
        let stays = session();
        table.insert(&of(7), stays.clone());
        let over = AtomicU64::new(0);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                for round in 0..200_u64 {
                    for number in (0..200).filter(|number| *number != 7) {
                        table.insert(&of(number), session());
                    }
                    for number in (0..200).filter(|number| *number != 7) {
                        assert!(table.remove(&of(number)).is_some(), "{round}");
                    }
                }
                over.store(1, Ordering::Release);
            });
            while over.load(Ordering::Acquire) == 0 {
                let found = table.get(&of(7));
                assert!(found.is_some_and(|found| Arc::ptr_eq(&found, &stays)));
                assert!(table.get(&TokenHash([9; 32])).is_none());
            }
        });
    }

    #[test]
    fn what_goes_makes_room() {
        let table = Table::default();
        for round in 0..10_000_u32 {
            let mut token = [1; 32];
            token[..4].copy_from_slice(&round.to_ne_bytes());
            table.insert(&TokenHash(token), session());
            table.remove(&TokenHash(token));
        }
        assert!(table.slots.load().0.len() <= LEAST);
    }
}
