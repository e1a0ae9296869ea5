use std::time::Duration;

use serde_json::json;
use terms::{PromiseId, Secret, Vantage, Verdict};

use super::*;
use crate::{
    audit::{AuditQuery, Chain},
    drills::DrillRun,
    ledger::NewLeaf,
    outbox::{Enqueued, Mail},
    testing::{Place, both},
};

const DAY: Duration = Duration::from_secs(86_400);

fn actor() -> Actor {
    Actor::system("retention")
}

/// One of everything, now.
async fn live(store: &Store, day: u64) {
    let now = store.clock().now();
    let mut change = store.change(&actor()).await.unwrap();
    change.set("day", &day.into()).await.unwrap();
    let leaf = NewLeaf {
        hash: [1; 32],
        salt: [2; 32],
        record: json!(day),
    };
    change.append(day, &[leaf]).await.unwrap();
    let run = DrillRun {
        run: day.to_string(),
        promise: PromiseId::Hsts,
        clause: "header".to_owned(),
        verdict: Verdict::Pass,
        vantage: Vantage::Outside,
        at: now,
        transcript: json!({}),
        leaf: Some(day),
    };
    change.record_run(&run).await.unwrap();
    change.announce(PromiseId::Hsts, now).await.unwrap();
    for kind in ["sent", "due"] {
        let mail = Mail {
            to: Secret::new("a@example.com".to_owned()),
            subject: String::new(),
            text: Secret::new(String::new()),
            dedupe: format!("{kind}-{day}"),
            domain: "example.com".to_owned(),
        };
        assert!(matches!(
            change.enqueue(&mail).await.unwrap(),
            Enqueued::New(_)
        ));
        if kind == "sent" {
            change
                .connection
                .execute("UPDATE outbox SET state = 'sent', settled_at = $1 WHERE state = 'due' AND dedupe LIKE 'sent%'", values![now])
                .await
                .unwrap();
        }
    }
    change.commit().await.unwrap();
}

both! {
    async fn what_is_old_goes_what_must_stay_stays_and_the_trail_still_verifies(place: Place) {
        let store = place.open().await;
        for day in 0..4 {
            live(&store, day).await;
            place.clock.advance(DAY);
        }
        let begin = place.clock.now();
        let before = |days: u32| Micros(begin.0 - i64::try_from((DAY * days).as_micros()).unwrap());
        assert_eq!(store.prune(before(4), &actor()).await.unwrap(), Pruned::default());
        assert_eq!(store.audit_head().await.unwrap().seq, 4, "nothing went, nothing is said");

        let pruned = store.prune(before(2), &actor()).await.unwrap();
        assert_eq!(pruned, Pruned { runs: 2, announced: 2, mails: 2, leaves: 2, audit: 2 });
        assert!(!pruned.more());
        assert!(matches!(store.audit_verify().await.unwrap(), Chain::Whole { rows: 3, .. }));
        let rows = store.audit_rows(&AuditQuery::default()).await.unwrap();
        assert_eq!(rows.iter().map(|row| row.seq).collect::<Vec<_>>(), [5, 4, 3]);
        assert_eq!(rows[0].after.as_ref().unwrap()["audit_through"], json!(2));
        let leaves = store.leaves(0..9).await.unwrap();
        assert_eq!(leaves.iter().map(|leaf| leaf.opened.is_some()).collect::<Vec<_>>(), [false, false, true, true]);
        let counts = store.outbox_counts().await.unwrap();
        assert_eq!((counts.due, counts.sent), (4, 2), "what hasn't left stays");

        place.clock.advance(DAY * 400);
        let pruned = store.prune(place.clock.now(), &actor()).await.unwrap();
        assert_eq!(pruned, Pruned { runs: 1, announced: 2, mails: 2, leaves: 2, audit: 3 });
        let latest = store.latest_runs().await.unwrap();
        assert_eq!(latest.iter().map(|run| run.run.as_str()).collect::<Vec<_>>(), ["3"], "the newest stays");
        assert!(matches!(store.audit_verify().await.unwrap(), Chain::Whole { rows: 1, .. }));
        assert_eq!(store.setting("day").await.unwrap(), Some(json!(3)));
        live(&store, 4).await;
        assert!(matches!(store.audit_verify().await.unwrap(), Chain::Whole { rows: 2, .. }));
    }

    async fn an_anchor_that_the_trail_does_not_confirm_is_found(place: Place) {
        let store = place.open().await;
        for day in 0..3 {
            live(&store, day).await;
            place.clock.advance(DAY);
        }
        let now = place.clock.now();
        store.prune(Micros(now.0 - 1_000_000 * 86_400 * 2), &actor()).await.unwrap();
        assert!(matches!(store.audit_verify().await.unwrap(), Chain::Whole { .. }));
        let mut tx = store.tx().await.unwrap();
        tx.connection.execute(
            "UPDATE audit_head SET anchor_seq = 2, anchor_hash = (SELECT hash FROM audit WHERE seq = 2)", values![]).await.unwrap();
        tx.connection.execute("DELETE FROM audit WHERE seq = 2", values![]).await.unwrap();
        tx.commit().await.unwrap();
        assert!(matches!(store.audit_verify().await.unwrap(), Chain::Broken { seq: 2, .. }));
    }
}

#[tokio::test]
async fn what_was_erased_is_not_left_in_the_file() {
    let place = Place::sqlite();
    let store = place.open().await;
    // Long enough for pages of their own, which erasing only unlinks.
    let leaf = |word: &str| NewLeaf {
        hash: [1; 32],
        salt: [2; 32],
        record: json!(word.repeat(2000)),
    };
    let mut tx = store.tx().await.unwrap();
    tx.append(0, &[leaf("erased-marker"), leaf("kept-marker")])
        .await
        .unwrap();
    tx.commit().await.unwrap();
    let mut tx = store.tx().await.unwrap();
    tx.erase(0).await.unwrap();
    tx.commit().await.unwrap();
    store.close().await;
    let bytes = place.file_bytes();
    let seen = |word: &str| {
        bytes
            .windows(word.len())
            .any(|window| window == word.as_bytes())
    };
    assert!(!seen("erased-marker") && seen("kept-marker"));
}
