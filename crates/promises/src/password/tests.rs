use std::sync::{Arc, Mutex};

use terms::Verdict;

use super::{BREACHED, ENTRY, LENGTH, STORED};
use crate::{
    entry::Finding,
    ground::{Evidence, Fresh, PasswordEvidence, Question, StoredCounts},
    target,
    testing::{field, nobody, reading, verdict, wrong},
};

fn promised() -> config::Reading {
    let mut reading = reading();
    reading.sites[0].portal = true;
    reading
}

/// What an honest server sees: three weak ones refused, the good one kept.
fn honest() -> PasswordEvidence {
    let words = |words: &[&str]| words.iter().map(|it| (*it).to_owned()).collect();
    PasswordEvidence {
        choices: vec![
            words(&["too-short"]),
            words(&["guessable"]),
            words(&["guessable", "breached"]),
            Vec::new(),
        ],
        breached_file: false,
        stored: StoredCounts {
            total: 41,
            foreign: 0,
            weaker: 0,
            same_salt: 0,
            least_cost: Some(12),
        },
        fresh: Some(Fresh {
            cost: Some(12),
            opens: true,
            opens_to_another: false,
        }),
    }
}

async fn attack_on(reading: config::Reading, seen: PasswordEvidence) -> Vec<Finding> {
    let field = field(nobody().await, reading)
        .with_control(move |_| Evidence::Passwords(Box::new(seen.clone())));
    (ENTRY.drill)(&field.ground).await
}

async fn attack(change: impl FnOnce(&mut PasswordEvidence)) -> Vec<Finding> {
    let mut seen = honest();
    change(&mut seen);
    attack_on(promised(), seen).await
}

#[tokio::test]
async fn an_honest_server_passes_and_no_password_or_number_of_accounts_is_told() {
    let findings = attack(|_| {}).await;
    for part in [STORED, LENGTH, BREACHED] {
        assert_eq!(
            verdict(&findings, part),
            Verdict::Pass,
            "{part}: {findings:#?}"
        );
    }
    let figures = [("cost", 12), ("any", 1), ("weaker", 0)];
    let figures = figures.map(|(name, value)| (name.to_owned(), value));
    assert_eq!(findings[0].figures, figures);
    let written = serde_json::to_string(&findings).unwrap();
    for private in ["41", "40", "12345678998", "aaaa"] {
        assert!(!written.contains(private), "{private}: {written}");
    }
}

#[tokio::test]
async fn weak_candidates_are_sent_and_the_good_one_is_new_each_time() {
    let heard = Arc::new(Mutex::new(Vec::new()));
    for _ in 0..2 {
        let told = heard.clone();
        let field = field(nobody().await, promised()).with_control(move |question| {
            if let Question::Passwords { candidates } = question {
                told.lock().unwrap().push(candidates.clone());
            }
            Evidence::Passwords(Box::new(honest()))
        });
        (ENTRY.drill)(&field.ground).await;
    }
    let heard = heard.lock().unwrap();
    let lengths: Vec<usize> = heard[0].iter().map(String::len).collect();
    assert_eq!((lengths[0], lengths[3]), (14, 24));
    assert_eq!(heard[0][1..3], heard[1][1..3]);
    assert_ne!(heard[0][3], heard[1][3]);
}

#[tokio::test]
async fn a_hash_that_is_none_a_cheap_one_or_a_shared_salt_fails() {
    let check = |findings: Vec<Finding>, step: &str| {
        assert_eq!(verdict(&findings, STORED), Verdict::Fail, "{step}");
        assert_eq!(wrong(&findings, STORED), [step]);
        assert_eq!(verdict(&findings, LENGTH), Verdict::Pass);
    };
    check(attack(|it| it.stored.foreign = 1).await, "all-are-bcrypt");
    check(attack(|it| it.stored.least_cost = Some(9)).await, "cost");
    check(
        attack(|it| it.stored.same_salt = 1).await,
        "salts-of-their-own",
    );
    for fresh in [
        (None, true, false),
        (Some(11), true, false),
        (Some(12), false, false),
        (Some(12), true, true),
    ] {
        let (cost, opens, opens_to_another) = fresh;
        let fresh = Some(Fresh {
            cost,
            opens,
            opens_to_another,
        });
        check(attack(|it| it.fresh = fresh).await, "good-one-kept");
    }
}

#[tokio::test]
async fn imports_that_are_cheaper_than_new_ones_are_told_and_pass_from_cost_10() {
    let findings = attack(|it| {
        it.stored.least_cost = Some(10);
        it.stored.weaker = 7;
    })
    .await;
    assert_eq!(verdict(&findings, STORED), Verdict::Pass);
    let parts = (ENTRY.parts)(&promised());
    let said =
        pages::Texts::load().clause(terms::Language::En, &parts[0].said(&findings[0].figures));
    assert!(said.contains("of cost 10 or more; 7 of them"), "{said}");
}

#[tokio::test]
async fn a_weak_password_that_is_taken_fails() {
    for (place, part, step) in [
        (0, LENGTH, "one-character-short"),
        (1, LENGTH, "long-but-guessable"),
        (2, BREACHED, "commonest"),
    ] {
        let findings = attack(|it| it.choices[place].clear()).await;
        assert_eq!(verdict(&findings, part), Verdict::Fail, "{step}");
        assert_eq!(wrong(&findings, part), [step]);
        // Refused for another reason is no proof either.
        let findings = attack(|it| it.choices[place] = vec!["contains-name".to_owned()]).await;
        assert_eq!(verdict(&findings, part), Verdict::Fail, "{step}");
    }
    let findings = attack(|it| it.choices[3] = vec!["guessable".to_owned()]).await;
    assert_eq!(wrong(&findings, LENGTH), ["good-one"]);
    assert_eq!(wrong(&findings, BREACHED), ["good-one"]);
}

#[tokio::test]
async fn a_list_of_breaches_that_is_promised_must_be_in_use() {
    let mut reading = promised();
    reading.password.breached_file = true;
    let idle = attack_on(reading.clone(), honest()).await;
    assert_eq!(wrong(&idle, BREACHED), ["list-in-use"]);
    let mut seen = honest();
    seen.breached_file = true;
    let used = attack_on(reading, seen).await;
    assert_eq!(verdict(&used, BREACHED), Verdict::Pass);
}

#[tokio::test]
async fn without_evidence_nothing_is_proven() {
    let all = |findings: &[Finding]| {
        assert_eq!(findings.len(), 3);
        for found in findings {
            assert_eq!(found.verdict, Verdict::Inconclusive, "{findings:#?}");
        }
    };
    let alone = field(nobody().await, promised());
    all(&(ENTRY.drill)(&alone.ground).await);
    let silent = field(nobody().await, promised()).with_control(|_| Evidence::None {
        why: "store-away".to_owned(),
    });
    all(&(ENTRY.drill)(&silent.ground).await);
    all(&attack(|it| it.choices.truncate(3)).await);
    let nothing = attack(|it| it.fresh = None).await;
    assert_eq!(verdict(&nothing, STORED), Verdict::Inconclusive);
}

#[tokio::test]
async fn where_nobody_chooses_a_password_nothing_is_promised_or_attacked() {
    for reading in [reading(), target::reading("a.test", 443)] {
        assert_eq!((ENTRY.parts)(&reading), []);
        let field = field(nobody().await, reading);
        assert_eq!((ENTRY.drill)(&field.ground).await, []);
    }
}
