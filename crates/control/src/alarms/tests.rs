use std::{fs, os::unix::fs::MetadataExt as _};

use proptest::prelude::*;
use terms::{Micros, Rng};

use super::*;

struct Bench {
    folder: tempfile::TempDir,
    clock: Clock,
}

impl Bench {
    fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
            clock: Clock::manual(Micros(1_795_392_000_000_000)),
        }
    }

    fn open(&self) -> Alarms {
        Alarms::open(self.folder.path(), self.clock.clone(), Rng::System).unwrap()
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join(FILE)
    }
}

fn alarm(kind: &'static str) -> Alarm {
    Alarm {
        kind,
        subject: format!("About {kind}"),
        text: "What to do.".to_owned(),
    }
}

fn subjects(alarms: &Alarms) -> Vec<(String, bool)> {
    let told = |entry: &Arc<Entry>| (entry.subject.clone(), entry.cause == Cause::Raised);
    alarms.pending().iter().map(told).collect()
}

#[tokio::test]
async fn what_was_raised_told_and_cleared_is_there_after_a_restart() {
    let bench = Bench::new();
    let alarms = bench.open();
    let Raised::New(first) = alarms.raise(alarm("disk")).await.unwrap() else {
        panic!("it is new");
    };
    let Raised::New(second) = alarms.raise(alarm("feed")).await.unwrap() else {
        panic!("it is new");
    };
    assert!(alarms.clear("disk").await.unwrap());
    assert!(!alarms.clear("disk").await.unwrap(), "once");
    assert!(!alarms.clear("never").await.unwrap());
    let ann = alarms.pending()[1].recipient("ann@example.com");
    alarms.sent(&second, "mail", &ann).await.unwrap();
    assert_eq!((alarms.failed(&second), alarms.failed(&second)), (1, 2));
    alarms.settle(&first);
    drop(alarms.raise(alarm("last"))); // written after the others, even if nobody waits
    alarms.raise(alarm("last")).await.unwrap();
    let before = alarms.pending();
    drop(alarms);

    let alarms = bench.open();
    assert_eq!(alarms.pending(), before);
    let expected = [
        ("About feed", true),
        ("About disk", false),
        ("About last", true),
    ];
    assert_eq!(
        subjects(&alarms),
        expected.map(|(subject, raised)| (subject.to_owned(), raised))
    );
    let feed = &alarms.pending()[0];
    assert_eq!((feed.failures, feed.told.len()), (2, 1));
    assert!(feed.told.contains(&feed.recipient("Ann@example.com")));
    assert!(!feed.told.contains(&feed.recipient("bob@example.com")));
    assert!(alarms.is_open("feed") && !alarms.is_open("disk"));
    let Cause::Cleared {
        raised, times: 1, ..
    } = &alarms.pending()[1].cause
    else {
        panic!("{:?}", alarms.pending()[1]);
    };
    assert_eq!(*raised, first);
    let text = fs::read_to_string(bench.file()).unwrap();
    assert!(!text.contains("ann@"), "no address is written");
    assert_eq!(bench.file().metadata().unwrap().mode() & 0o777, 0o600);
}

#[tokio::test]
async fn the_same_kind_within_ten_minutes_is_counted_and_later_told_again() {
    let bench = Bench::new();
    let alarms = bench.open();
    let Raised::New(id) = alarms.raise(alarm("disk")).await.unwrap() else {
        panic!("it is new");
    };
    for times in 2..5 {
        bench.clock.advance(SAME_WITHIN / 4);
        assert_eq!(
            alarms.raise(alarm("disk")).await.unwrap(),
            Raised::Counted(id.clone())
        );
        assert_eq!(alarms.open_alarm("disk").unwrap().times, times);
    }
    assert_eq!(alarms.waiting(), 1);
    assert!(
        matches!(alarms.raise(alarm("feed")).await.unwrap(), Raised::New(_)),
        "another kind"
    );
    bench.clock.advance(SAME_WITHIN / 4);
    assert!(
        matches!(alarms.raise(alarm("disk")).await.unwrap(), Raised::New(_)),
        "a reminder"
    );
    assert_eq!(alarms.open_alarm("disk").unwrap().times, 5);
    drop(alarms);
    let alarms = bench.open();
    assert_eq!(alarms.open_alarm("disk").unwrap().times, 5);
    alarms.clear("disk").await.unwrap();
    assert!(
        matches!(alarms.raise(alarm("disk")).await.unwrap(), Raised::New(_)),
        "new trouble"
    );
    assert_eq!(alarms.waiting(), 5);
}

#[tokio::test]
async fn of_one_kind_only_so_many_wait_and_the_last_state_is_still_known() {
    let bench = Bench::new();
    let alarms = bench.open();
    for _ in 0..MAX_UNHEARD_PER_KIND {
        alarms.raise(alarm("flapping")).await.unwrap();
        alarms.clear("flapping").await.unwrap();
    }
    assert_eq!(alarms.waiting(), MAX_UNHEARD_PER_KIND);
    assert!(matches!(
        alarms.raise(alarm("flapping")).await.unwrap(),
        Raised::Counted(_)
    ));
    assert!(alarms.is_open("flapping"));
    assert!(matches!(
        alarms.raise(alarm("other")).await.unwrap(),
        Raised::New(_)
    ));
    drop(alarms);
    let alarms = bench.open();
    assert!(alarms.is_open("flapping"));
    assert!(alarms.clear("flapping").await.unwrap());
    assert!(!alarms.is_open("flapping"));
    assert_eq!(alarms.waiting(), MAX_UNHEARD_PER_KIND + 1);
    // Once somebody has heard of one, there is room again.
    let id = alarms.pending()[0].id.clone();
    alarms.sent(&id, "mail", "somebody").await.unwrap();
    assert!(matches!(
        alarms.raise(alarm("flapping")).await.unwrap(),
        Raised::New(_)
    ));
}

#[tokio::test]
async fn what_some_have_heard_is_given_up_for_the_others_before_it_becomes_too_much() {
    let bench = Bench::new();
    let alarms = bench.open();
    let unheard = "nobody-has-heard-this";
    alarms.raise(alarm(unheard)).await.unwrap();
    for _ in 0..MAX_HALF_HEARD + 5 {
        let Raised::New(id) = alarms.raise(alarm("disk")).await.unwrap() else {
            panic!("it is new");
        };
        alarms.sent(&id, "mail", "somebody").await.unwrap();
        alarms.clear("disk").await.unwrap();
        let notice = alarms.pending().last().unwrap().id.clone();
        alarms.settle(&notice);
    }
    assert_eq!(alarms.waiting(), MAX_HALF_HEARD + 1);
    assert_eq!(alarms.pending()[0].kind, unheard);
}

#[tokio::test]
async fn a_line_cut_short_is_removed_and_the_next_one_stands_by_itself() {
    let bench = Bench::new();
    let alarms = bench.open();
    alarms.raise(alarm("first")).await.unwrap();
    drop(alarms);
    let whole = fs::read(bench.file()).unwrap();
    let line = whole.clone();
    for cut in 1..line.len() {
        let torn = [&whole[..], &line[..cut]].concat();
        fs::write(bench.file(), torn).unwrap();
        let alarms = bench.open();
        assert_eq!(fs::read(bench.file()).unwrap(), whole, "cut at {cut}");
        assert_eq!(alarms.waiting(), 1);
    }
    let alarms = bench.open();
    alarms.raise(alarm("second")).await.unwrap();
    drop(alarms);
    assert_eq!(bench.open().waiting(), 2);
}

#[tokio::test]
async fn damaged_lines_are_skipped_kept_aside_and_said() {
    let bench = Bench::new();
    let alarms = bench.open();
    for kind in ["first", "second", "third"] {
        alarms.raise(alarm(kind)).await.unwrap();
    }
    drop(alarms);
    let text = fs::read_to_string(bench.file()).unwrap();
    let mut damaged = text.replace("About second", "About Second").into_bytes();
    damaged.extend_from_slice(b"\n\xff\xfe not ours\n");
    damaged.extend_from_slice(&[b'x'; 300_000]);
    damaged.push(b'\n');
    fs::write(bench.file(), &damaged).unwrap();
    let alarms = bench.open();
    let kinds: Vec<_> = alarms
        .pending()
        .iter()
        .map(|entry| entry.kind.clone())
        .collect();
    assert_eq!(kinds, ["first", "third", DAMAGED]);
    assert!(
        alarms.pending()[2].text.starts_with("4 lines"),
        "{:?}",
        alarms.pending()[2]
    );
    let aside = bench.folder.path().join("alarms.log.damaged");
    assert_eq!(fs::read(aside).unwrap(), damaged);
    alarms.raise(alarm("fourth")).await.unwrap();
    drop(alarms);
    assert_eq!(bench.open().waiting(), 4, "and it isn't said twice");
}

#[tokio::test]
async fn the_file_stays_small_and_loses_nothing_that_waits() {
    let bench = Bench::new();
    let alarms = bench.open();
    alarms.raise(alarm("stays")).await.unwrap();
    let mut grown = 0;
    for _ in 0..600 {
        let long = Alarm {
            text: "x".repeat(MAX_TEXT_CHARS * 2),
            ..alarm("comes-and-goes")
        };
        let Raised::New(id) = alarms.raise(long).await.unwrap() else {
            panic!("it was settled");
        };
        alarms.settle(&id);
        alarms.clear("comes-and-goes").await.unwrap();
        let notice = alarms.pending().last().unwrap().id.clone();
        alarms.settle(&notice);
        grown = grown.max(bench.file().metadata().unwrap().len());
    }
    assert!(
        (1_000_000..(1 << 20) + 20_000).contains(&grown),
        "at most {grown} bytes"
    );
    alarms.synced().await.unwrap();
    drop(alarms);
    let alarms = bench.open();
    assert_eq!(subjects(&alarms), [("About stays".to_owned(), true)]);
    assert!(alarms.is_open("stays") && !alarms.is_open("comes-and-goes"));
}

#[tokio::test]
async fn an_alarm_leaves_from_memory_when_it_cannot_be_written_and_is_kept_once_it_can() {
    let bench = Bench::new();
    let alarms = bench.open();
    alarms.raise(alarm("before")).await.unwrap();
    // The file isn't trusted any more, and the place of the new one is taken.
    let obstacle = bench.folder.path().join("alarms.log.new");
    fs::create_dir(&obstacle).unwrap();
    alarms.shared.missed.store(true, Ordering::SeqCst);
    let error = alarms.raise(alarm("disk-full")).await.unwrap_err();
    assert!(matches!(error, AlarmError::NotKept { .. }), "{error}");
    assert!(alarms.is_open("disk-full"));
    assert_eq!(alarms.waiting(), 2, "it leaves from memory");
    fs::remove_dir(obstacle).unwrap();
    alarms.raise(alarm("after")).await.unwrap();
    drop(alarms);
    let kinds: Vec<_> = bench
        .open()
        .pending()
        .iter()
        .map(|entry| entry.kind.clone())
        .collect();
    assert_eq!(kinds, ["before", "disk-full", "after"]);
}

#[test]
fn a_folder_or_file_that_is_not_ours_is_refused_with_its_name() {
    let bench = Bench::new();
    fs::create_dir(bench.file()).unwrap();
    let error = Alarms::open(bench.folder.path(), Clock::System, Rng::System).unwrap_err();
    assert!(error.to_string().contains(FILE), "{error}");
    let nowhere = bench.folder.path().join("nowhere");
    assert!(matches!(
        Alarms::open(&nowhere, Clock::System, Rng::System),
        Err(AlarmError::Open { .. })
    ));
}

#[tokio::test]
async fn long_texts_are_cut_and_control_characters_left_out() {
    let bench = Bench::new();
    let alarms = bench.open();
    let long = Alarm {
        kind: "long",
        subject: "a\r\nb\0".to_owned() + &"ü".repeat(1000),
        text: "c\u{1b}[31m\r\n\td".to_owned() + &"\u{1}".repeat(100_000),
    };
    alarms.raise(long).await.unwrap();
    let entry = alarms.pending()[0].clone();
    assert_eq!(entry.subject.chars().count(), MAX_SUBJECT_CHARS);
    assert!(entry.subject.starts_with("a  b ü"));
    assert_eq!(entry.text, "c[31m\n\td");
    drop(alarms);
    assert_eq!(bench.open().pending(), [entry]);
}

#[derive(Debug, Clone)]
enum Step {
    Raise(usize),
    Clear(usize),
    Sent(usize),
    Failed(usize),
    Settle(usize),
    Later(u64),
    Restart,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        6 => (0..3_usize).prop_map(Step::Raise),
        4 => (0..3_usize).prop_map(Step::Clear),
        2 => (0..9_usize).prop_map(Step::Sent),
        1 => (0..9_usize).prop_map(Step::Failed),
        2 => (0..9_usize).prop_map(Step::Settle),
        2 => (1..700_u64).prop_map(Step::Later),
        1 => Just(Step::Restart),
    ];
    proptest::collection::vec(step, 0..80)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Whatever happens in whatever order: the file and memory agree, an alarm is gone
    /// only when it was settled, and a kind is open exactly between raise and clear.
    #[test]
    fn the_file_says_what_memory_says(steps in steps()) {
        const KINDS: [&str; 3] = ["a", "b", "c"];
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let bench = Bench::new();
        let mut alarms = bench.open();
        let mut open = [false; 3];
        let mut ids: Vec<String> = Vec::new();
        for step in steps {
            let nth = |at: usize| alarms.pending().get(at).map(|entry| entry.id.clone());
            match step {
                Step::Raise(kind) => {
                    runtime.block_on(alarms.raise(alarm(KINDS[kind]))).unwrap();
                    open[kind] = true;
                }
                Step::Clear(kind) => {
                    let was = runtime.block_on(alarms.clear(KINDS[kind])).unwrap();
                    prop_assert_eq!(was, open[kind]);
                    open[kind] = false;
                }
                Step::Sent(at) => if let Some(id) = nth(at) {
                    runtime.block_on(alarms.sent(&id, "mail", "somebody")).unwrap();
                },
                Step::Failed(at) => if let Some(id) = nth(at) {
                    alarms.failed(&id);
                },
                Step::Settle(at) => if let Some(id) = nth(at) {
                    alarms.settle(&id);
                    ids.retain(|known| *known != id);
                },
                Step::Later(seconds) => bench.clock.advance(Duration::from_secs(seconds)),
                Step::Restart => {
                    runtime.block_on(alarms.synced()).unwrap();
                    let before = (alarms.pending(), alarms.open_alarm("a"));
                    drop(alarms);
                    alarms = bench.open();
                    prop_assert_eq!((alarms.pending(), alarms.open_alarm("a")), before);
                }
            }
            let pending = alarms.pending();
            for id in &ids {
                prop_assert!(pending.iter().any(|entry| entry.id == *id), "{} is lost", id);
            }
            ids = pending.iter().map(|entry| entry.id.clone()).collect();
            for (kind, open) in KINDS.iter().zip(open) {
                prop_assert_eq!(alarms.is_open(kind), open);
            }
        }
    }
}
