use serde_json::json;
use std::time::Duration;

use super::*;
use crate::testing::{Place, both};

async fn add(store: &Store, actor: &Actor, entries: &[&str]) -> AuditHead {
    let mut change = store.change(actor).await.unwrap();
    for subject in entries {
        change
            .record(
                Entry::new("user.add", *subject)
                    .before(json!(null))
                    .after(json!({ "name": subject })),
            )
            .unwrap();
    }
    change.commit().await.unwrap()
}

async fn tamper(store: &Store, sql: &'static str) {
    let mut tx = store.tx().await.unwrap();
    tx.connection.execute(sql, values![]).await.unwrap();
    tx.commit().await.unwrap();
}

both! {
    async fn the_trail_is_a_chain_from_zero_to_its_head(place: Place) {
        let store = place.open().await;
        let zero = AuditHead { seq: 0, hash: [0; 32] };
        assert_eq!(store.audit_head().await.unwrap(), zero);
        assert_eq!(store.audit_verify().await.unwrap(), Chain::Whole { rows: 0, head: zero });
        add(&store, &Actor::account("ann"), &["a", "b"]).await;
        let head = add(&store, &Actor::account("ann"), &["c"]).await;
        assert_eq!(store.audit_head().await.unwrap(), head);
        assert_eq!(store.audit_verify().await.unwrap(), Chain::Whole { rows: 3, head });
        let rows = store.audit_rows(&AuditQuery::default()).await.unwrap();
        assert_eq!(rows.iter().map(|row| row.seq).collect::<Vec<_>>(), [3, 2, 1]);
        assert_eq!((rows[0].prev_hash, rows[2].prev_hash), (rows[1].hash, [0; 32]));
        assert_eq!((rows[0].before.clone(), rows[0].after.clone()), (Some(json!(null)), Some(json!({ "name": "c" }))));
        assert_eq!(rows[0].at, place.clock.now());
    }

    async fn the_first_row_that_was_tampered_with_is_named(place: Place) {
        let actor = Actor::command(0);
        let fresh = async || {
            let store = place.open().await;
            tamper(&store, "DELETE FROM audit").await;
            tamper(&store, "DELETE FROM audit_head").await;
            let mut tx = store.tx().await.unwrap();
            tx.connection.execute(
                "INSERT INTO audit_head (one, seq, hash, anchor_seq, anchor_hash) VALUES (1, 0, $1, 0, $1)",
                values![[0; 32]]).await.unwrap();
            tx.commit().await.unwrap();
            for subject in ["a", "b", "c", "d"] {
                add(&store, &actor, &[subject]).await;
            }
            assert!(matches!(store.audit_verify().await.unwrap(), Chain::Whole { rows: 4, .. }));
            store
        };
        for (sql, seq) in [
            ("UPDATE audit SET subject = 'x' WHERE seq = 3", 3),
            ("UPDATE audit SET actor = 'account:x' WHERE seq IN (2, 4)", 2),
            ("UPDATE audit SET at = at + 1 WHERE seq = 1", 1),
            ("UPDATE audit SET before_json = NULL WHERE seq = 2", 2),
            ("UPDATE audit SET action = 'user.ad', subject = 'da' WHERE seq = 1", 1),
            ("DELETE FROM audit WHERE seq = 2", 2),
            ("DELETE FROM audit WHERE seq = 4", 4),
            ("DELETE FROM audit WHERE seq = 1", 1),
            ("UPDATE audit_head SET seq = 3, hash = (SELECT hash FROM audit WHERE seq = 3)", 4),
            ("UPDATE audit_head SET hash = prev_hash FROM audit WHERE audit.seq = 1", 5),
        ] {
            let store = fresh().await;
            tamper(&store, sql).await;
            match store.audit_verify().await.unwrap() {
                Chain::Broken { seq: named, .. } => assert_eq!(named, seq, "{sql}"),
                whole => panic!("{sql}: {whole:?}"),
            }
            store.close().await;
        }
        // The beginning removed, and the anchor moved to hide it.
        let store = fresh().await;
        tamper(&store, "UPDATE audit_head SET anchor_seq = 2, anchor_hash = (SELECT hash FROM audit WHERE seq = 2)").await;
        tamper(&store, "DELETE FROM audit WHERE seq <= 2").await;
        let why = "rows up to here were removed without a record of it";
        assert_eq!(store.audit_verify().await.unwrap(), Chain::Broken { seq: 2, why });
    }

    async fn many_writers_at_once_make_one_chain(place: Place) {
        let nodes = [place.open().await, place.open().await];
        let writers: Vec<_> = (0..8).map(|number| {
            let store = nodes[number % 2].clone();
            tokio::spawn(async move {
                for round in 0..10 {
                    let subject = format!("{number}-{round}");
                    add(&store, &Actor::account(&number.to_string()), &[&subject, "again"]).await;
                }
            })
        }).collect();
        for writer in writers {
            writer.await.unwrap();
        }
        assert!(matches!(nodes[0].audit_verify().await.unwrap(), Chain::Whole { rows: 160, .. }));
    }

    async fn the_trail_is_listed_by_actor_and_time_in_pages(place: Place) {
        let store = place.open().await;
        let (ann, bob) = (Actor::account("ann"), Actor::account("bob"));
        let begin = place.clock.now();
        for number in 0..6 {
            add(&store, if number % 2 == 0 { &ann } else { &bob }, &["x"]).await;
            place.clock.advance(Duration::from_secs(1));
        }
        let second = |seconds| Some(begin.after(Duration::from_secs(seconds)));
        let all = AuditQuery::default();
        for (query, expected) in [
            (AuditQuery { limit: 2, ..all.clone() }, vec![6, 5]),
            (AuditQuery { limit: 2, before_seq: Some(5), ..all.clone() }, vec![4, 3]),
            (AuditQuery { actor: Some(ann.clone()), ..all.clone() }, vec![5, 3, 1]),
            (AuditQuery { actor: Some(bob), since: second(2), ..all.clone() }, vec![6, 4]),
            (AuditQuery { since: second(1), until: second(3), ..all.clone() }, vec![3, 2]),
            (AuditQuery { actor: Some(Actor::account("an")), ..all.clone() }, vec![]),
            (AuditQuery { limit: 0, ..all }, vec![]),
        ] {
            let rows = store.audit_rows(&query).await.unwrap();
            assert_eq!(rows.iter().map(|row| row.seq).collect::<Vec<_>>(), expected, "{query:?}");
        }
    }

    async fn the_trail_is_listed_by_what_was_done_and_to_what(place: Place) {
        let store = place.open().await;
        let (ann, bob) = (Actor::account("ann"), Actor::command(0));
        for (actor, action, subject) in [
            (&ann, "account.add", "1"),
            (&bob, "account.change", "1"),
            (&ann, "group.add", "staff"),
            (&ann, "account.add", "2"),
        ] {
            let mut change = store.change(actor).await.unwrap();
            change.record(Entry::new(action, subject)).unwrap();
            change.commit().await.unwrap();
        }
        let all = AuditQuery::default();
        let of = |action: &str, subject: Option<[&str; 2]>| AuditQuery {
            action: action.to_owned(),
            subject: subject.map(|names| names.map(str::to_owned)),
            ..all.clone()
        };
        for (query, expected) in [
            (of("account.", None), vec![4, 2, 1]),
            (of("account.add", None), vec![4, 1]),
            (of("ccount", None), vec![]),
            (of("%", None), vec![]),
            (of("", Some(["ada", "1"])), vec![2, 1]),
            (of("account.add", Some(["staff", "2"])), vec![4]),
            (of("", Some(["none", "none"])), vec![]),
            (AuditQuery { actor: Some(ann.clone()), ..of("account.", Some(["1", "1"])) }, vec![1]),
        ] {
            let rows = store.audit_rows(&query).await.unwrap();
            assert_eq!(rows.iter().map(|row| row.seq).collect::<Vec<_>>(), expected, "{query:?}");
        }
    }
}

#[test]
fn an_actor_is_read_back_as_it_is_written() {
    for actor in [
        Actor::system("outbox"),
        Actor::command(1000),
        Actor::account("a:b"),
    ] {
        assert_eq!(Actor::read(actor.as_str()), Some(actor));
    }
    for other in ["", "ada", "account:", "person:ada"] {
        assert_eq!(Actor::read(other), None, "{other}");
    }
}

#[test]
fn an_entry_beyond_its_limit_is_refused() {
    let state = |bytes: usize| Entry::new("a", "b").after(json!("x".repeat(bytes)));
    state(MAX_ENTRY_BYTES - 2).check().unwrap();
    assert!(matches!(
        state(MAX_ENTRY_BYTES - 1).check(),
        Err(Error::TooLarge { .. })
    ));
    assert!(matches!(
        Entry::new("a".repeat(513), "b").check(),
        Err(Error::TooLarge { .. })
    ));
}
