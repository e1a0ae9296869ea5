//! How long a batch takes, so that one takes as long whatever is in it: hashes of known and
//! unknown names, or tickets that aren't computed.
//!
//! Measured at the start. How much longer things take than they did then is learnt from
//! every batch: quickly up and slowly down, so that nearly all are done before their time.

use std::time::Duration;

use bcrypt_lanes::{Cost, Input, LANES, Password, Salt, digests};
use terms::{Clock, Moment};

/// The cost of the first measurement, small enough for a start.
const MEASURED_COST: u8 = 5;
/// How often each size is measured at first: the best counts.
const MEASURED_TIMES: u32 = 3;
/// The first measurement is short and nothing else runs beside it: this much is added.
const FIRST_MARGIN: u32 = 8;
/// The part of what a batch took longer, or less long, that is learnt from it.
const UP: f64 = 0.25;
const DOWN: f64 = 1.0 / 16.0;
/// Beyond this much longer than by now nothing is learnt: a machine that was asleep, or
/// threads that got no core at all.
const SLOWER_MAX: f64 = 4.0;
/// The least and most that it may take of what it took at the start.
const SLOWER: std::ops::RangeInclusive<f64> = 0.25..=16.0;
/// Answers leave on a grid whose step is this part of a full batch.
const GRID_STEPS: u32 = 8;

/// The time of batches of one to six jobs at the dearest cost there is.
#[derive(Debug, Clone)]
pub struct Pace {
    dearest: Cost,
    /// Of batches of one, two … jobs.
    of: [Duration; LANES],
    /// How much longer it takes by now.
    slower: f64,
}

impl Pace {
    /// Measured on this machine now, in a few hundredths of a second.
    pub fn measured(dearest: Cost, clock: &Clock) -> Self {
        let measured = Cost::new(MEASURED_COST.min(dearest.get())).unwrap_or(dearest);
        let mut pace = Self {
            dearest,
            of: [Duration::ZERO; LANES],
            slower: 1.0,
        };
        let inputs = [(); LANES].map(|()| Input {
            password: Password::truncated(b"measured").expect("it has no NUL"),
            salt: Salt([0; 16]),
        });
        for jobs in 1..=LANES {
            let once = |_| {
                let begin = clock.moment();
                drop(digests(measured, &inputs[..jobs]));
                clock.moment().since(begin)
            };
            let best = (0..MEASURED_TIMES).map(once).min();
            let took = scaled(best.unwrap_or_default(), measured, dearest);
            // A larger batch never takes less: what was disturbed corrects itself so.
            let least = pace.of.get(jobs.wrapping_sub(2)).copied();
            pace.of[jobs - 1] = (took + took / FIRST_MARGIN).max(least.unwrap_or_default());
        }
        pace
    }

    /// Of a machine on which every batch takes this long.
    #[cfg(test)]
    pub(super) const fn of_a_test(dearest: Cost, each: Duration) -> Self {
        Self {
            dearest,
            of: [each; LANES],
            slower: 1.0,
        }
    }

    /// How long a batch of this cost takes.
    pub(super) fn span(&self, jobs: usize, cost: Cost) -> Duration {
        let at_dearest = self.of[jobs.clamp(1, LANES) - 1].mul_f64(self.slower);
        scaled(at_dearest, self.dearest, cost)
    }

    /// After how long the answers of a batch leave: as if it were of the dearest cost.
    pub(super) fn answered(&self, jobs: usize, cost: Cost) -> Duration {
        self.span(jobs, cost.max(self.dearest))
    }

    /// How long a full batch takes at the dearest cost.
    pub(super) fn full(&self) -> Duration {
        self.span(LANES, self.dearest)
    }

    /// So many hashes of this cost, side by side, took so long.
    pub(super) fn learn(&mut self, hashes: usize, cost: Cost, took: Duration) {
        let Some(first) = hashes.checked_sub(1).and_then(|at| self.of.get(at)) else {
            return;
        };
        let slower = scaled(took, cost, self.dearest).as_secs_f64() / first.as_secs_f64();
        if slower > self.slower * SLOWER_MAX {
            return;
        }
        let part = if self.slower < slower { UP } else { DOWN };
        let learnt = self.slower + (slower - self.slower) * part;
        self.slower = learnt.clamp(*SLOWER.start(), *SLOWER.end());
    }

    /// There is a hash of this cost, too.
    pub(super) fn reach(&mut self, cost: Cost) {
        if self.dearest < cost {
            self.of = self.of.map(|time| scaled(time, self.dearest, cost));
            self.dearest = cost;
        }
    }

    /// The grid that goes with it: what is left of a busy machine's unrest hides in a step.
    pub fn grid(&self) -> Grid {
        Grid::new(self.full() / GRID_STEPS)
    }
}

/// A time at one cost as it is at another: each step doubles it.
fn scaled(time: Duration, from: Cost, to: Cost) -> Duration {
    let (from, to) = (u32::from(from.get()), u32::from(to.get()));
    if from <= to {
        time.saturating_mul(1 << (to - from))
    } else {
        time / (1 << (from - to))
    }
}

/// Moments at multiples of a step since a request began.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Grid {
    step: Duration,
}

impl Grid {
    /// A grid of this step, at least one millisecond.
    pub fn new(step: Duration) -> Self {
        Self {
            step: step.max(Duration::from_millis(1)),
        }
    }

    /// The distance between two moments.
    pub const fn step(self) -> Duration {
        self.step
    }

    /// The first moment on the grid of a request that isn't before `done`.
    pub fn next(self, began: Moment, done: Moment) -> Moment {
        let steps = done
            .since(began)
            .as_nanos()
            .div_ceil(self.step.as_nanos())
            .max(1);
        let steps = u32::try_from(steps).unwrap_or(u32::MAX);
        began.after(self.step.saturating_mul(steps))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cost(number: u8) -> Cost {
        Cost::new(number).expect("a cost")
    }

    const MS: Duration = Duration::from_millis(1);

    #[test]
    fn a_time_doubles_with_each_step_of_cost_and_never_leaves_before_the_dearest() {
        let pace = Pace::of_a_test(cost(10), 8 * MS);
        assert_eq!(pace.span(1, cost(12)), 32 * MS);
        assert_eq!(pace.span(LANES, cost(8)), 2 * MS);
        assert_eq!(pace.answered(3, cost(8)), 8 * MS);
        assert_eq!(pace.answered(3, cost(11)), 16 * MS);
    }

    #[test]
    fn it_learns_quickly_up_and_slowly_down_and_nothing_of_a_machine_that_was_asleep() {
        let mut pace = Pace::of_a_test(cost(10), 8 * MS);
        pace.learn(0, cost(10), 100 * MS);
        assert_eq!(pace.full(), 8 * MS, "tickets teach nothing");
        pace.learn(2, cost(11), 32 * MS);
        assert_eq!(pace.span(LANES, cost(10)), 10 * MS);
        pace.learn(1, cost(10), 4 * MS);
        assert!(9 * MS < pace.full() && pace.full() < 10 * MS);
        for _ in 0..1000 {
            pace.learn(1, cost(10), 4 * MS);
        }
        assert!(
            pace.full() < 5 * MS,
            "what was measured too slow corrects itself"
        );
        let before = pace.full();
        pace.learn(3, cost(10), 3600 * 1000 * MS);
        assert_eq!(pace.full(), before);
        for _ in 0..1000 {
            let slower = pace.full() * 3;
            pace.learn(3, cost(10), slower);
        }
        assert!(pace.full() <= 128 * MS, "there is an end to it");
    }

    #[test]
    fn a_dearer_hash_makes_every_answer_later_and_a_cheaper_one_none_sooner() {
        let mut pace = Pace::of_a_test(cost(10), 8 * MS);
        pace.reach(cost(12));
        pace.reach(cost(9));
        assert_eq!(pace.answered(1, cost(10)), 32 * MS);
        assert_eq!(pace.span(1, cost(10)), 8 * MS);
    }

    #[test]
    fn a_measured_pace_grows_with_the_batch_and_its_grid_is_finer() {
        let pace = Pace::measured(cost(8), &Clock::System);
        assert!(Duration::ZERO < pace.of[0]);
        assert!(pace.of.is_sorted());
        assert!(pace.grid().step() < pace.span(LANES, cost(8)).max(2 * MS));
    }

    #[test]
    fn a_moment_is_on_the_grid_of_its_own_beginning() {
        let grid = Grid::new(Duration::from_millis(100));
        let began = Clock::System.moment();
        for (done_ms, expected_ms) in [(0, 100), (1, 100), (100, 100), (101, 200), (950, 1000)] {
            let done = began.after(Duration::from_millis(done_ms));
            let at = grid.next(began, done);
            let expected = Duration::from_millis(expected_ms);
            assert_eq!(at.since(began), expected, "{done_ms}");
        }
    }
}
