//! Time that goes on, back, or comes from elsewhere.

use super::{at_ms, ms, pace, table};
use crate::{Moment, Pace, Verdict};

#[test]
fn where_a_clock_begins_does_not_matter() {
    let pace = pace(10, 2);
    // The circle of arrivals ends after 2^46 ticks, and the clock's own numbers at last.
    let circle = (1 << 46) * 100;
    let starts = [
        0,
        1,
        circle - 50_000_000,
        circle,
        1_764_000_000_000_000_000,
        u64::MAX - circle,
    ];
    for start in starts {
        let table = table(4096);
        let at = |ms: u64| Moment::from_nanos(start + ms * 1_000_000);
        assert!(table.check(1, pace, at(0)).is_admitted(), "{start}");
        assert!(table.check(1, pace, at(0)).is_admitted(), "{start}");
        let Verdict::Limited { retry_after } = table.check(1, pace, at(0)) else {
            panic!("admitted three times at {start}");
        };
        assert_eq!(retry_after, ms(100), "{start}");
        assert!(!table.check(1, pace, at(99)).is_admitted(), "{start}");
        assert!(table.check(1, pace, at(100)).is_admitted(), "{start}");
        assert!(!table.check(1, pace, at(100)).is_admitted(), "{start}");
    }
}

#[test]
fn the_last_moment_of_all_is_no_reason_to_panic() {
    let (table, pace) = (table(4096), pace(10, 1));
    let last = Moment::from_nanos(u64::MAX);
    assert!(table.check(1, pace, last).is_admitted());
    assert!(!table.check(1, pace, last).is_admitted());
    assert_eq!(last.after(ms(1)), last);
}

#[test]
fn a_thread_whose_clock_lags_neither_gives_away_nor_takes() {
    let (table, pace) = (table(4096), pace(100, 10));
    let mut admitted = 0;
    // One thread is 90 ms behind the other, which is nine intervals.
    for step in 0..1000 {
        admitted += u32::from(table.check(1, pace, at_ms(1000 + step)).is_admitted());
        admitted += u32::from(table.check(1, pace, at_ms(910 + step)).is_admitted());
    }
    // 999 ms after the burst 99 intervals are over.
    assert_eq!(admitted, 10 + 99);
}

#[test]
fn a_clock_that_goes_back_makes_nobody_wait_longer_than_the_pace() {
    let pace = pace(10, 5);
    let most = pace.interval() + ms(100);
    // From a jump that the burst hides to one of more than the circle.
    for back in [
        0,
        1,
        50,
        99,
        100,
        101,
        400,
        600,
        601,
        5000,
        86_400_000,
        86_402_000,
        9_000_000_000,
    ] {
        for used in 0..=5 {
            let table = table(4096);
            let before = at_ms(10_000_000_000);
            for _ in 0..used {
                assert!(table.check(1, pace, before).is_admitted());
            }
            let after = at_ms(10_000_000_000 - back);
            if let Verdict::Limited { retry_after } = table.check(1, pace, after) {
                assert!(
                    retry_after <= most,
                    "{back} ms back, {used} used: {retry_after:?}"
                );
                let waited = after.after(retry_after);
                assert!(table.check(1, pace, waited).is_admitted(), "{back} ms back");
            }
            // From then on the pace is kept.
            let later = after.after(ms(1000));
            let admitted = (0..20)
                .filter(|_| table.check(1, pace, later).is_admitted())
                .count();
            assert!(
                (4..=5).contains(&admitted),
                "{back} ms back, {used} used: {admitted}"
            );
        }
    }
}

#[test]
fn a_clock_that_jumps_on_gives_one_burst_and_no_more() {
    let (table, pace) = (table(4096), pace(10, 5));
    for days in [0, 1, 40, 80] {
        let now = at_ms(days * 86_400_000);
        let admitted = (0..50)
            .filter(|_| table.check(1, pace, now).is_admitted())
            .count();
        assert_eq!(admitted, 5, "after {days} days");
    }
}

#[test]
fn a_word_of_a_circle_ago_costs_at_most_its_burst_once() {
    let (table, pace) = (table(4096), pace(10, 5));
    let circle = (1 << 46) * 100;
    let first = Moment::from_nanos(1 << 40);
    while table.check(1, pace, first).is_admitted() {}
    let again = Moment::from_nanos((1 << 40) + circle);
    let Verdict::Limited { retry_after } = table.check(1, pace, again) else {
        panic!("what the documentation warns of has been mended: say so there");
    };
    assert_eq!(retry_after, pace.interval());
    assert!(
        table
            .check(1, pace, again.after(pace.whole()))
            .is_admitted()
    );
}

#[test]
fn the_longest_pace_is_kept_to_its_end() {
    let one = std::num::NonZeroU32::MIN;
    let day = Pace::new(one, Pace::LONGEST, one).unwrap();
    let table = table(4096);
    assert!(table.check(1, day, at_ms(200)).is_admitted());
    assert!(
        !table.check(1, day, at_ms(150)).is_admitted(),
        "a thread that lags"
    );
    assert!(!table.check(1, day, at_ms(86_400_199)).is_admitted());
    assert!(table.check(1, day, at_ms(86_400_200)).is_admitted());
}

#[test]
fn a_pace_that_becomes_slower_begins_anew_and_one_that_becomes_faster_goes_on() {
    let (table, wide, narrow) = (table(4096), pace(10, 50), pace(10, 2));
    while table.check(1, wide, at_ms(0)).is_admitted() {}
    assert!(table.check(1, narrow, at_ms(0)).is_admitted());
    assert!(table.check(1, narrow, at_ms(0)).is_admitted());
    assert!(!table.check(1, narrow, at_ms(0)).is_admitted());
    let admitted = (0..100)
        .filter(|_| table.check(1, wide, at_ms(0)).is_admitted())
        .count();
    assert_eq!(admitted, 48);
}
