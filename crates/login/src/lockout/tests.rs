use proptest::prelude::*;

use super::*;

const RULE: Rule = Rule {
    guesses: 10,
    window: Duration::from_secs(900),
};
const START: Micros = Micros(1_795_392_000_000_000);

fn minutes(count: u64) -> Duration {
    Duration::from_secs(60 * count)
}

fn is_counted(attempt: Attempt) -> bool {
    matches!(attempt, Attempt::Counted(_))
}

#[test]
fn of_fifty_guesses_at_once_exactly_ten_pass() {
    let mut door = Door::default();
    let passed = (0..50)
        .filter(|_| is_counted(door.attempt(START, RULE)))
        .count();
    assert_eq!(passed, 10);
    // The honest twin: nine, and a pause.
    let mut door = Door::default();
    for day in 0..20 {
        let now = START.after(minutes(15 * day));
        assert!((0..9).all(|_| door.attempt(now, RULE) == Attempt::Counted(Notice::None)));
    }
}

#[test]
fn each_lock_doubles_to_a_day_and_a_quiet_day_forgets_them() {
    let mut door = Door::default();
    let mut now = START;
    for expected in [15, 30, 60, 120, 240, 480, 960, 1440, 1440] {
        while is_counted(door.attempt(now, RULE)) {}
        assert_eq!(
            door.attempt(now, RULE),
            Attempt::Locked(Until::Time(now.after(minutes(expected))))
        );
        now = now.after(minutes(expected));
    }
    now = now.after(minutes(1440));
    while is_counted(door.attempt(now, RULE)) {}
    assert_eq!(
        door.attempt(now, RULE),
        Attempt::Locked(Until::Time(now.after(minutes(15))))
    );
}

#[test]
fn a_stranger_can_not_lock_a_known_device_out() {
    let (mut strangers, mut own) = (Strangers::default(), Door::default());
    while is_counted(strangers.attempt(START, RULE)) {}
    assert!(is_counted(own.attempt(START, RULE)));
    own.succeeded();
    strangers.reopened();
    // The owner's success opens no door for the stranger before its time.
    assert!(!is_counted(strangers.attempt(START, RULE)));
    assert!(is_counted(
        strangers.attempt(START.after(RULE.window), RULE)
    ));
}

#[test]
fn the_owner_is_told_once() {
    let mut strangers = Strangers::default();
    let mut told = 0;
    let mut now = START;
    for _ in 0..200 {
        if strangers.attempt(now, RULE) == Attempt::Counted(Notice::TellOwner) {
            told += 1;
        }
        now = now.after(minutes(10));
    }
    assert_eq!(told, 0, "ten minutes between guesses lock nothing");
    strangers.succeeded();
    for _ in 0..2000 {
        if strangers.attempt(now, RULE) == Attempt::Counted(Notice::TellOwner) {
            told += 1;
        }
        now = now.after(minutes(1));
    }
    assert_eq!(told, 1);
}

#[test]
fn after_a_hundred_failures_only_a_known_device_or_a_link_opens() {
    let mut strangers = Strangers::default();
    let mut now = START;
    let mut passed = 0;
    for _ in 0..1000 {
        passed += u32::from(is_counted(strangers.attempt(now, RULE)));
        now = now.after(LOCK_MAX);
    }
    assert_eq!(passed, CAP);
    assert_eq!(
        strangers.attempt(now, RULE),
        Attempt::Locked(Until::Reopened)
    );
    strangers.reopened();
    assert!(is_counted(strangers.attempt(now, RULE)));
}

#[test]
fn a_clock_set_back_prolongs_no_lock_and_forgives_no_attempt() {
    let mut door = Door::default();
    while is_counted(door.attempt(START, RULE)) {}
    let back = Micros(START.0 - 365 * 24 * 3600 * 1_000_000);
    assert_eq!(
        door.attempt(back, RULE),
        Attempt::Locked(Until::Time(back.after(RULE.window)))
    );
    assert!(is_counted(door.attempt(back.after(RULE.window), RULE)));
    let mut door = Door::default();
    assert!((0..9).all(|_| is_counted(door.attempt(START, RULE))));
    assert!(is_counted(door.attempt(back, RULE)));
    assert!(!is_counted(door.attempt(back, RULE)));
}

/// The rule told anew, in whole minutes, over a list of everything that happened.
#[derive(Default)]
struct Naive {
    counted: Vec<i64>,
    locks: Vec<(i64, i64)>,
}

impl Naive {
    fn attempt(&mut self, now: i64) -> bool {
        if self.locks.last().is_some_and(|(_, end)| now < *end) {
            return false;
        }
        // A window is what its first attempt opened.
        if self.counted.first().is_some_and(|first| first + 15 <= now) {
            self.counted.clear();
        }
        self.counted.push(now);
        if self.counted.len() == 10 {
            self.counted.clear();
            if self.locks.last().is_some_and(|(_, end)| end + 1440 <= now) {
                self.locks.clear();
            }
            let last = self.locks.last().map(|(begin, end)| end - begin);
            let span = last.map_or(15, |last| (2 * last).min(1440));
            self.locks.push((now, now + span));
        }
        true
    }
}

proptest! {
    #[test]
    fn a_door_does_as_a_naive_list_of_events(
        steps in prop::collection::vec((prop_oneof![9 => 0_i64..4, 1 => 0_i64..3000], 0..40_u8), 1..400)
    ) {
        let (mut door, mut naive) = (Door::default(), Naive::default());
        let mut minute = 0;
        for (pause, event) in steps {
            minute += pause;
            let now = Micros(START.0 + minute * 60_000_000);
            if event == 0 {
                door.succeeded();
                naive = Naive::default();
            }
            prop_assert_eq!(is_counted(door.attempt(now, RULE)), naive.attempt(minute));
        }
    }
}
