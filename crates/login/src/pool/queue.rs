//! The fair queue before the hashing threads: one client can't take the others' place.
//!
//! Classes come in order: a known device before a quiet network before the rest, and
//! what can wait last. Within a class networks take turns, and within a network its
//! accounts. The queue is bounded; when it is full, the newest job of the network that
//! has most waiting in the lowest class makes room for one of a better class or of a
//! network that has fewer, else the newcomer is refused. So a flood only displaces
//! itself.

use std::collections::{HashMap, VecDeque};

use super::{Account, Class, Network};

/// A queue of at most `room` jobs.
pub(crate) struct Queue<T> {
    classes: [Turns<Network, Turns<Account, VecDeque<T>>>; Class::COUNT],
    waiting: usize,
    room: usize,
}

/// Who takes turns: the keys in their order, and what each has.
struct Turns<K, V> {
    order: VecDeque<K>,
    of: HashMap<K, V>,
}

impl<K, V> Default for Turns<K, V> {
    fn default() -> Self {
        Self {
            order: VecDeque::new(),
            of: HashMap::new(),
        }
    }
}

/// What became of a job that was pushed.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Pushed<T> {
    /// It waits.
    Waits,
    /// It waits, and this one made room for it.
    InsteadOf(T),
    /// There is no room, and nobody who would make some.
    Full,
}

/// Where a job stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) class: Class,
    pub(crate) network: Network,
    pub(crate) account: Account,
}

impl<T> Queue<T> {
    pub(crate) fn new(room: usize) -> Self {
        Self {
            classes: Default::default(),
            waiting: 0,
            room,
        }
    }

    pub(crate) const fn waiting(&self) -> usize {
        self.waiting
    }

    /// Takes a job in, if need be in the place of another.
    pub(crate) fn push(&mut self, place: Place, job: T) -> Pushed<T> {
        let displaced = if self.waiting < self.room {
            None
        } else {
            match self.displace(place) {
                Some(other) => Some(other),
                None => return Pushed::Full,
            }
        };
        let networks = &mut self.classes[place.class.index()];
        let accounts = networks.entry(place.network);
        accounts.entry(place.account).push_back(job);
        self.waiting += 1;
        displaced.map_or(Pushed::Waits, Pushed::InsteadOf)
    }

    /// The next job whose turn it is and that `fits`. Whoever had a turn goes to the end.
    pub(crate) fn pop(&mut self, fits: impl Fn(&T) -> bool) -> Option<T> {
        for networks in &mut self.classes {
            for _ in 0..networks.order.len() {
                let found = networks.turn(|accounts| {
                    for _ in 0..accounts.order.len() {
                        let found = accounts.turn(|jobs| {
                            let job = jobs.pop_front_if(|job| fits(job));
                            (job, jobs.is_empty())
                        });
                        if found.is_some() {
                            return (found, accounts.order.is_empty());
                        }
                    }
                    (None, false)
                });
                if found.is_some() {
                    self.waiting -= 1;
                    return found;
                }
            }
        }
        None
    }

    /// Makes room for a job at `place`, if somebody less deserving has one.
    fn displace(&mut self, place: Place) -> Option<T> {
        let (class, networks) = self
            .classes
            .iter_mut()
            .enumerate()
            .rev()
            .find(|(_, networks)| !networks.order.is_empty())?;
        let size = |accounts: &Turns<Account, VecDeque<T>>| -> usize {
            accounts.of.values().map(VecDeque::len).sum()
        };
        let (network, most) = networks
            .of
            .iter()
            .map(|(network, accounts)| (*network, size(accounts)))
            .max_by_key(|(network, jobs)| (*jobs, network.0))?;
        let own = networks.of.get(&place.network).map_or(0, size);
        let better = place.class.index() < class;
        let fewer = place.class.index() == class && own + 1 < most;
        if !better && !fewer {
            return None;
        }
        let accounts = networks.of.get_mut(&network)?;
        let (account, _) = accounts
            .of
            .iter()
            .max_by_key(|(account, jobs)| (jobs.len(), account.0))?;
        let account = *account;
        let jobs = accounts.of.get_mut(&account)?;
        let job = jobs.pop_back();
        if jobs.is_empty() {
            accounts.remove(account);
        }
        if accounts.order.is_empty() {
            networks.remove(network);
        }
        self.waiting -= usize::from(job.is_some());
        job
    }
}

impl<K: Copy + Eq + std::hash::Hash, V: Default> Turns<K, V> {
    /// What this key has; a new one joins at the end.
    fn entry(&mut self, key: K) -> &mut V {
        self.of.entry(key).or_insert_with(|| {
            self.order.push_back(key);
            V::default()
        })
    }

    /// Gives the first a turn; it then goes to the end, or leaves when it has nothing
    /// more (the second of what `take` returns).
    fn turn<R>(&mut self, take: impl FnOnce(&mut V) -> (R, bool)) -> R
    where
        R: Default,
    {
        let Some(key) = self.order.pop_front() else {
            return R::default();
        };
        let Some(value) = self.of.get_mut(&key) else {
            return R::default();
        };
        let (found, empty) = take(value);
        if empty {
            self.of.remove(&key);
        } else {
            self.order.push_back(key);
        }
        found
    }

    fn remove(&mut self, key: K) {
        self.of.remove(&key);
        self.order.retain(|other| *other != key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(class: Class, network: u64, account: u64) -> Place {
        Place {
            class,
            network: Network(network),
            account: Account(account),
        }
    }

    fn drain(queue: &mut Queue<&'static str>) -> Vec<&'static str> {
        std::iter::from_fn(|| queue.pop(|_| true)).collect()
    }

    #[test]
    fn classes_come_in_order_and_networks_and_accounts_take_turns() {
        let mut queue = Queue::new(100);
        for (class, network, account, job) in [
            (Class::Background, 1, 1, "rehash"),
            (Class::Rest, 1, 1, "a1"),
            (Class::Rest, 1, 1, "a2"),
            (Class::Rest, 1, 2, "b1"),
            (Class::Rest, 2, 3, "c1"),
            (Class::Rest, 2, 3, "c2"),
            (Class::Quiet, 3, 4, "quiet"),
            (Class::Known, 4, 5, "known"),
        ] {
            assert_eq!(
                queue.push(place(class, network, account), job),
                Pushed::Waits
            );
        }
        assert_eq!(queue.waiting(), 8);
        assert_eq!(
            drain(&mut queue),
            ["known", "quiet", "a1", "c1", "b1", "c2", "a2", "rehash"]
        );
        assert_eq!(queue.waiting(), 0);
    }

    #[test]
    fn a_flood_displaces_itself_only() {
        let mut queue = Queue::new(4);
        let flood = place(Class::Rest, 1, 1);
        for job in ["f1", "f2", "f3", "f4"] {
            assert_eq!(queue.push(flood, job), Pushed::Waits);
        }
        assert_eq!(queue.push(flood, "f5"), Pushed::Full);
        assert_eq!(queue.push(place(Class::Rest, 1, 2), "f6"), Pushed::Full);
        // The honest twins: another network, and a known device.
        assert_eq!(
            queue.push(place(Class::Rest, 2, 9), "honest"),
            Pushed::InsteadOf("f4")
        );
        assert_eq!(
            queue.push(place(Class::Known, 1, 1), "known"),
            Pushed::InsteadOf("f3")
        );
        assert_eq!(
            queue.push(place(Class::Background, 3, 1), "rehash"),
            Pushed::Full
        );
        assert_eq!(drain(&mut queue), ["known", "f1", "honest", "f2"]);
    }

    #[test]
    fn what_does_not_fit_keeps_its_place() {
        let mut queue = Queue::new(10);
        for (network, job) in [(1, "dear"), (2, "cheap"), (3, "dear too")] {
            assert_eq!(
                queue.push(place(Class::Rest, network, 1), job),
                Pushed::Waits
            );
        }
        assert_eq!(queue.pop(|job| *job == "cheap"), Some("cheap"));
        assert_eq!(queue.pop(|job| *job == "cheap"), None);
        assert_eq!(drain(&mut queue).len(), 2);
    }
}
