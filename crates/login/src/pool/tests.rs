use super::*;

const PASSWORD: &str = "vier gele fietsen in het bos";

fn given(text: &str) -> Given {
    Given::new(text).expect("a password")
}

fn cost(number: u8) -> Cost {
    Cost::new(number).expect("a cost")
}

fn settings(threads: usize) -> Settings {
    Settings {
        threads: NonZeroUsize::new(threads).expect("some"),
        pace: Pace::measured(cost(4), &Clock::System),
        pepper: Pepper::new([1; 32]),
        rng: Rng::System,
        clock: Clock::System,
    }
}

fn pool(threads: usize) -> Pool {
    Pool::start(settings(threads)).expect("threads")
}

fn asker(class: Class, network: u64) -> Asker {
    Asker {
        class,
        network: Network(network),
        account: Account(1),
        began: Clock::System.moment(),
    }
}

fn ask(pool: &Pool, work: Work) -> Answer {
    let pending = pool.submit(asker(Class::Rest, 1), work).expect("room");
    pending
        .blocking_recv()
        .expect("an answer")
        .expect("no one is better")
}

fn hashed(pool: &Pool, password: &str, price: u8) -> Stored {
    match ask(pool, Work::Hash(given(password), cost(price))).outcome {
        Outcome::Hashed(stored) => stored,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_hash_verifies_its_password_and_no_other() {
    let pool = pool(2);
    let long =
        "zo lang dat bcrypt alleen er niet genoeg aan heeft, want het leest 72 bytes en niet meer";
    for password in [PASSWORD, long] {
        let stored = hashed(&pool, password, 4);
        let parsed = Stored::parse(&stored.to_string()).expect("our own text");
        assert_eq!(parsed, stored);
        let right = ask(&pool, Work::Verify(given(password), parsed.clone()));
        assert_eq!(right.outcome, Outcome::Right);
        let longer = format!("{password}!");
        let wrong = ask(&pool, Work::Verify(given(&longer), parsed));
        assert_eq!(wrong.outcome, Outcome::Wrong);
    }
    assert_ne!(
        hashed(&pool, PASSWORD, 4),
        hashed(&pool, PASSWORD, 4),
        "salts are new"
    );
    let dummy = Stored::dummy(cost(4), &Rng::System);
    assert_eq!(
        ask(&pool, Work::Verify(given(PASSWORD), dummy)).outcome,
        Outcome::Wrong
    );
    assert_eq!(ask(&pool, Work::Ticket(cost(4))).outcome, Outcome::Waited);
}

#[test]
fn jobs_of_many_costs_each_get_their_own_answer() {
    let pool = pool(2);
    let stored: Vec<Stored> = [4, 5, 6]
        .map(|price| hashed(&pool, PASSWORD, price))
        .to_vec();
    let mut pending = Vec::new();
    for round in 0..60 {
        let stored = stored[round % 3].clone();
        let (password, expected) = match round % 4 {
            0 => ("wrong", Outcome::Wrong),
            _ => (PASSWORD, Outcome::Right),
        };
        let network = u64::try_from(round % 7).expect("small");
        let work = Work::Verify(given(password), stored);
        pending.push((
            pool.submit(asker(Class::Rest, network), work)
                .expect("room"),
            expected,
        ));
    }
    for (pending, expected) in pending {
        let answer = pending.blocking_recv().expect("an answer").expect("room");
        assert_eq!(answer.outcome, expected);
    }
}

#[test]
fn a_full_pool_says_when_to_come_again_and_a_known_device_still_gets_in() {
    let mut pool = Pool::new(settings(1));
    let flood: Vec<Pending> = (0..ROOM)
        .map(|_| {
            pool.submit(asker(Class::Rest, 1), Work::Ticket(cost(4)))
                .expect("room")
        })
        .collect();
    let refused = pool.submit(asker(Class::Rest, 1), Work::Ticket(cost(4)));
    assert!(refused.is_err_and(|busy| Duration::from_secs(1) <= busy.retry_after));
    let known = pool
        .submit(asker(Class::Known, 1), Work::Ticket(cost(4)))
        .expect("room is made");
    pool.staff().expect("threads");
    let answers: Vec<_> = flood
        .into_iter()
        .map(oneshot::Receiver::blocking_recv)
        .collect();
    let displaced = answers
        .iter()
        .filter(|answer| matches!(answer, Ok(Err(_))))
        .count();
    assert_eq!(displaced, 1);
    assert!(matches!(known.blocking_recv(), Ok(Ok(_))));
}

#[test]
fn whoever_has_gone_is_skipped_and_closing_answers_the_rest() {
    let mut pool = Pool::new(settings(1));
    // Ten minutes of work, given up.
    for _ in 0..1000 {
        let stored = Stored::dummy(cost(14), &Rng::System);
        drop(pool.submit(asker(Class::Rest, 1), Work::Verify(given("x"), stored)));
    }
    let last = pool.submit(
        asker(Class::Background, 1),
        Work::Hash(given(PASSWORD), cost(4)),
    );
    pool.staff().expect("threads");
    drop(pool);
    let last = last
        .expect("room")
        .blocking_recv()
        .expect("an answer")
        .expect("room");
    assert!(matches!(last.outcome, Outcome::Hashed(_)));
}

/// Batches of one job and of six, and how long after their common beginning they leave.
fn leaves(work: impl Fn() -> Work) -> [Duration; 2] {
    [1, LANES].map(|jobs| {
        let mut pool = Pool::new(Settings {
            // An hour per hash: nothing that a machine does shows beside it.
            pace: Pace::of_a_test(cost(4), Duration::from_secs(3600)),
            ..settings(1)
        });
        let pending: Vec<Pending> = (0..jobs)
            .map(|_| pool.submit(asker(Class::Rest, 1), work()).expect("room"))
            .collect();
        let began = Clock::System.moment();
        pool.staff().expect("threads");
        let answers = pending.into_iter().map(|it| it.blocking_recv());
        let last = answers.last().expect("some").expect("answered");
        let at = last.expect("room").at;
        at.since(began)
    })
}

#[test]
fn a_batch_leaves_alike_whether_it_was_hashed_or_only_waited() {
    let dummy = Stored::dummy(cost(4), &Rng::System);
    let hashed = leaves(|| Work::Verify(given(PASSWORD), dummy.clone()));
    let waited = leaves(|| Work::Ticket(cost(4)));
    for left in hashed.into_iter().chain(waited) {
        let hour_and_a_step = Duration::from_secs(3600 + 3600 / 8);
        assert!(Duration::from_secs(3500) < left && left < hour_and_a_step);
    }
}
