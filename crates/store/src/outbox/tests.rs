use super::*;
use crate::testing::{Place, both};

const LEASE: Duration = Duration::from_secs(60);

fn mail(dedupe: &str) -> Mail {
    Mail {
        to: Secret::new(format!("{dedupe}@example.com")),
        subject: "Your invitation".to_owned(),
        text: Secret::new(format!("Hello {dedupe}")),
        dedupe: dedupe.to_owned(),
        domain: "id.example.com".to_owned(),
    }
}

async fn enqueue(store: &Store, dedupe: &str) -> Enqueued {
    let mut tx = store.tx().await.unwrap();
    let enqueued = tx.enqueue(&mail(dedupe)).await.unwrap();
    tx.commit().await.unwrap();
    enqueued
}

both! {
    async fn a_mail_leaves_only_with_its_transaction_and_once_per_key(place: Place) {
        let store = place.open().await;
        let mut dropped = store.tx().await.unwrap();
        dropped.enqueue(&mail("dropped")).await.unwrap();
        drop(dropped);
        assert_eq!(store.claim(9, LEASE).await.unwrap().len(), 0);
        assert_eq!(store.next_mail_due().await.unwrap(), None);

        let Enqueued::New(id) = enqueue(&store, "ann").await else { panic!("it is new") };
        store.mail_enqueued().await;
        assert_eq!(enqueue(&store, "ann").await, Enqueued::Already);
        assert_eq!(store.next_mail_due().await.unwrap(), Some(place.clock.now()));
        let claimed = store.claim(9, LEASE).await.unwrap();
        assert_eq!(claimed.len(), 1);
        let it = &claimed[0];
        assert_eq!((it.to.expose().as_str(), it.text.expose().as_str()), ("ann@example.com", "Hello ann"));
        assert_eq!((it.id.as_str(), it.attempt), (id.as_str(), 1));
        assert_eq!(it.message_id, format!("<{id}@id.example.com>"));
        assert_eq!(store.sent(it).await.unwrap(), Outcome::Sent);
        place.clock.advance(LEASE * 2);
        assert_eq!(store.claim(9, LEASE).await.unwrap().len(), 0);
        assert_eq!(enqueue(&store, "ann").await, Enqueued::Already, "it is still known");
    }

    async fn a_sender_that_dies_loses_nothing_and_the_message_id_stays(place: Place) {
        let store = place.open().await;
        enqueue(&store, "ann").await;
        let first = store.claim(9, LEASE).await.unwrap();
        assert_eq!(store.claim(9, LEASE).await.unwrap().len(), 0, "another sender leaves it alone");
        place.clock.advance(LEASE);
        let second = store.claim(9, LEASE).await.unwrap();
        assert_eq!((second[0].attempt, &second[0].message_id), (2, &first[0].message_id));
        assert_eq!(store.sent(&first[0]).await.unwrap(), Outcome::Stale, "late news of the dead one");
        assert_eq!(store.failed(&first[0], "late", place.clock.now()).await.unwrap(), Outcome::Stale);
        assert_eq!(store.sent(&second[0]).await.unwrap(), Outcome::Sent);
        assert_eq!(store.sent(&second[0]).await.unwrap(), Outcome::Stale);
    }

    async fn a_failed_mail_is_tried_again_later_and_at_last_given_up(place: Place) {
        let store = place.open().await;
        enqueue(&store, "ann").await;
        for attempt in 1..=MAX_TRIES {
            let claimed = store.claim(9, LEASE).await.unwrap();
            assert_eq!(claimed[0].attempt, attempt);
            let next = place.clock.now().after(LEASE / 2);
            let outcome = store.failed(&claimed[0], &"550 ".repeat(1000), next).await.unwrap();
            assert_eq!(outcome, if attempt < MAX_TRIES { Outcome::Later } else { Outcome::Dead });
            assert_eq!(store.claim(9, LEASE).await.unwrap().len(), 0, "not before its time");
            place.clock.advance(LEASE / 2);
        }
        assert_eq!(store.claim(9, LEASE).await.unwrap().len(), 0);
        let counts = store.outbox_counts().await.unwrap();
        assert_eq!(counts, OutboxCounts { dead: 1, ..OutboxCounts::default() });
    }

    async fn two_senders_never_have_the_same_mail(place: Place) {
        let nodes = [place.open().await, place.open().await];
        for number in 0..20 {
            enqueue(&nodes[0], &number.to_string()).await;
        }
        let begin = place.clock.now();
        let senders: Vec<_> = (0..6).map(|number| {
            let store = nodes[number % 2].clone();
            tokio::spawn(async move { store.claim(5, LEASE).await.unwrap() })
        }).collect();
        let mut ids = Vec::new();
        for sender in senders {
            ids.extend(sender.await.unwrap().into_iter().map(|mail| mail.id));
        }
        // Senders that raced for the same five leave the rest to the next round.
        ids.extend(nodes[0].claim(20, LEASE).await.unwrap().into_iter().map(|mail| mail.id));
        let count = ids.len();
        ids.sort();
        ids.dedup();
        assert_eq!((ids.len(), count), (20, 20));
        let counts = nodes[0].outbox_counts().await.unwrap();
        assert_eq!(counts, OutboxCounts { due: 20, oldest_due: Some(begin), ..OutboxCounts::default() });
    }

    async fn a_mail_whose_parts_were_exchanged_is_given_up_and_the_others_leave(place: Place) {
        let store = place.open().await;
        for name in ["ann", "bob"] {
            enqueue(&store, name).await;
            place.clock.advance(Duration::from_secs(1));
        }
        let mut tx = store.tx().await.unwrap();
        tx.connection.execute(
            "UPDATE outbox SET recipient = (SELECT o.recipient FROM outbox o WHERE o.dedupe = 'bob') WHERE dedupe = 'ann'",
            values![]).await.unwrap();
        tx.commit().await.unwrap();
        let claimed = store.claim(9, LEASE).await.unwrap();
        assert_eq!(claimed.iter().map(|mail| mail.to.expose().as_str()).collect::<Vec<_>>(), ["bob@example.com"]);
        let counts = store.outbox_counts().await.unwrap();
        assert_eq!((counts.due, counts.dead), (1, 1));
    }

    async fn a_mail_beyond_its_limits_is_refused(place: Place) {
        let store = place.open().await;
        let mut tx = store.tx().await.unwrap();
        let text = |bytes: usize| Mail { text: Secret::new("x".repeat(bytes)), ..mail("ann") };
        let error = tx.enqueue(&text(MAX_MAIL_BYTES + 1)).await.unwrap_err();
        assert!(matches!(error, Error::TooLarge { .. }), "{error}");
        assert!(matches!(tx.enqueue(&text(MAX_MAIL_BYTES)).await.unwrap(), Enqueued::New(_)));
    }
}
