//! Random requests beside a GCRA that keeps every client in a map.

use std::{collections::HashMap, time::Duration};

use proptest::{collection::vec, prelude::*};

use super::{number, table};
use crate::{Moment, Pace, Verdict};

/// Arrivals in nanoseconds, of which every client has its own.
#[derive(Default)]
struct Naive(HashMap<u128, u64>);

impl Naive {
    fn check(&mut self, client: u128, pace: Pace, now: u64) -> Verdict {
        let nanos = |span: Duration| u64::try_from(span.as_nanos()).unwrap();
        let (interval, most) = (nanos(pace.interval()), nanos(pace.whole()));
        let arrival = self.0.entry(client).or_default();
        let next = (*arrival).max(now) + interval;
        if now + most < next {
            let retry_after = Duration::from_nanos(next - now - most);
            return Verdict::Limited { retry_after };
        }
        *arrival = next;
        Verdict::Admitted {
            remaining: u32::try_from((now + most - next) / interval).unwrap(),
            reset_after: Duration::from_nanos(next - now),
        }
    }
}

fn paces() -> impl Strategy<Value = Pace> {
    let second = (1_u32..=100_000, 1_u32..50)
        .prop_map(|(rate, burst)| Pace::per_second(number(rate), number(burst)).unwrap());
    let minute = (1_u32..=1000, 1_u32..10)
        .prop_map(|(rate, burst)| Pace::per_minute(number(rate), number(burst)).unwrap());
    prop_oneof![second, minute]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn every_verdict_is_as_the_naive_one(
        pace in paces(),
        start in 0_u64..1 << 60,
        requests in vec((0_u128..5, 0_u64..=100), 1..400),
    ) {
        let (table, mut naive) = (table(1 << 16), Naive::default());
        let step = u64::try_from(pace.interval().as_nanos()).unwrap();
        // In whole ticks both reckon alike.
        let mut now = start / 100 * 100;
        for (client, steps) in requests {
            // Mostly several at once, at times a few intervals later.
            now += (steps.saturating_sub(60) * step / 16) / 100 * 100;
            let found = table.check(client, pace, Moment::from_nanos(now));
            prop_assert_eq!(found, naive.check(client, pace, now));
        }
    }

    #[test]
    fn at_any_nanosecond_no_more_than_the_pace_is_admitted_and_waiting_helps(
        pace in paces(),
        steps in vec(0_u64..1 << 32, 1..200),
    ) {
        let table = table(1 << 12);
        let interval = u64::try_from(pace.interval().as_nanos()).unwrap();
        let (mut now, mut admitted) = (0_u64, 0);
        for step in steps {
            now += step % (2 * interval);
            match table.check(1, pace, Moment::from_nanos(now)) {
                Verdict::Admitted { .. } => admitted += 1,
                Verdict::Limited { retry_after } => {
                    let waited = Moment::from_nanos(now).after(retry_after);
                    prop_assert!(table.check(1, pace, waited).is_admitted());
                    admitted += 1;
                    now = waited.nanos();
                }
            }
            prop_assert!(admitted <= u64::from(pace.burst()) + now / interval);
        }
    }

    #[test]
    fn any_client_pace_and_moment_is_no_reason_to_panic(
        client: u128, rate in 1..=u32::MAX, time: u64, burst in 1..=u32::MAX, times in vec(any::<u64>(), 0..20),
    ) {
        let made = Pace::new(number(rate), Duration::from_nanos(time), number(burst));
        if let Ok(pace) = made {
            let table = table(64);
            for now in times {
                let verdict = table.check(client, pace, Moment::from_nanos(now));
                if let Verdict::Limited { retry_after } = verdict {
                    let most = pace.interval() + Duration::from_millis(100);
                    prop_assert!(!retry_after.is_zero() && retry_after <= most);
                }
            }
        }
    }
}
