use super::*;
use crate::{
    Actor,
    sessions::tests::account,
    testing::{Place, both},
};

async fn added(store: &Store, account: &str, step: i64) -> String {
    let mut change = store.change(&Actor::account(account)).await.unwrap();
    let id = store.new_id();
    let first = change.add_totp(account, (&id, b"seed"), "phone", step);
    first.await.unwrap();
    change.commit().await.unwrap();
    id
}

async fn take(store: &Store, id: &str, step: i64) -> bool {
    let mut tx = store.tx().await.unwrap();
    let taken = tx.take_step(id, step).await.unwrap();
    tx.commit().await.unwrap();
    taken
}

/// As of two processes, each with pools of its own.
#[test]
fn a_code_reused_in_parallel_from_two_processes_on_one_postgresql_is_taken_once() {
    crate::testing::run(async {
        let place = Place::postgres();
        let (one, other) = (place.open().await, place.open().await);
        let ada = account(&one, "ada").await;
        let id = added(&one, &ada, 5).await;
        for step in 6..16 {
            let (here, there) = tokio::join!(take(&one, &id, step), take(&other, &id, step));
            assert!(here != there, "step {step}: {here}, {there}");
        }
    });
}

both! {
    async fn a_seed_comes_back_and_its_trail_is_silent_about_it(place: Place) {
        let store = place.open().await;
        let (ada, bob) = (account(&store, "ada").await, account(&store, "bob").await);
        let id = added(&store, &ada, 5).await;
        let seeds = store.seeds(&ada).await.unwrap();
        assert_eq!(seeds.len(), 1);
        assert_eq!((&seeds[0].0.id, seeds[0].1.expose().as_slice()), (&id, &b"seed"[..]));
        assert_eq!(store.factors(&ada).await.unwrap()[0].label, "phone");
        assert_eq!(store.factors(&bob).await.unwrap(), []);
        let query = crate::AuditQuery { action: "factor.add".to_owned(), ..crate::AuditQuery::default() };
        let trail = store.audit_rows(&query).await.unwrap();
        let said = trail[0].after.as_ref().unwrap().to_string();
        assert!(said.contains("phone") && !said.contains("seed"), "{said}");
    }

    async fn a_step_is_taken_once_however_many_come_at_once(place: Place) {
        let store = place.open().await;
        let ada = account(&store, "ada").await;
        let id = added(&store, &ada, 5).await;
        assert!(!take(&store, &id, 5).await, "the one it was added with");
        let mut all = Vec::new();
        for _ in 0..20 {
            let (store, id) = (store.clone(), id.clone());
            all.push(tokio::spawn(async move { take(&store, &id, 6).await }));
        }
        let mut taken = 0;
        for one in all {
            taken += usize::from(one.await.unwrap());
        }
        assert_eq!(taken, 1);
        assert!(!take(&store, &id, 4).await);
        assert!(take(&store, &id, 7).await);
    }

    async fn recovery_codes_are_taken_once_and_go_with_the_last_factor(place: Place) {
        let store = place.open().await;
        let (ada, bob) = (account(&store, "ada").await, account(&store, "bob").await);
        let (one, two) = (added(&store, &ada, 5).await, added(&store, &ada, 5).await);
        let mut change = store.change(&Actor::account(&ada)).await.unwrap();
        change.keep_recovery_codes(&ada, &[[1; 32], [2; 32], [3; 32]]).await.unwrap();
        change.commit().await.unwrap();
        for (account, code, expected) in
            [(&ada, 1, true), (&ada, 1, false), (&bob, 2, false), (&ada, 9, false)]
        {
            let mut tx = store.tx().await.unwrap();
            let taken = tx.take_recovery_code(account, [code; 32]).await.unwrap();
            tx.commit().await.unwrap();
            assert_eq!(taken, expected, "{code}");
        }
        for (factor, left) in [(&one, 2), (&two, 0)] {
            assert_eq!(store.recovery_codes_left(&ada).await.unwrap(), 2);
            let mut change = store.change(&Actor::account(&ada)).await.unwrap();
            let missing = change.remove_factor(&bob, factor).await.unwrap_err();
            assert!(matches!(missing, Error::Missing { .. }));
            drop(change);
            let mut change = store.change(&Actor::account(&ada)).await.unwrap();
            change.remove_factor(&ada, factor).await.unwrap();
            change.commit().await.unwrap();
            assert_eq!(store.recovery_codes_left(&ada).await.unwrap(), left);
        }
    }

    async fn a_seed_that_was_offered_once_is_added_once(place: Place) {
        let store = place.open().await;
        let ada = account(&store, "ada").await;
        let id = store.new_id();
        let mut all = Vec::new();
        for _ in 0..4 {
            let (store, ada, id) = (store.clone(), ada.clone(), id.clone());
            all.push(tokio::spawn(async move {
                let mut change = store.change(&Actor::account(&ada)).await.unwrap();
                let first = change.add_totp(&ada, (&id, b"seed"), "phone", 5).await?;
                change.commit().await?;
                Ok::<_, Error>(first)
            }));
        }
        let mut added = 0;
        for one in all {
            match one.await.unwrap() {
                Ok(first) => added += usize::from(first),
                Err(error) => assert!(matches!(error, Error::Taken { .. }), "{error}"),
            }
        }
        assert_eq!(added, 1);
        assert_eq!(store.factors(&ada).await.unwrap().len(), 1);
    }

    async fn when_a_factor_is_due_is_said_once(place: Place) {
        let store = place.open().await;
        let ada = account(&store, "ada").await;
        for first in [70, 80] {
            let mut tx = store.tx().await.unwrap();
            assert_eq!(tx.factor_due(&ada, Micros(first)).await.unwrap(), Micros(70));
            tx.commit().await.unwrap();
        }
    }

    async fn an_account_has_at_most_ten(place: Place) {
        let store = place.open().await;
        let ada = account(&store, "ada").await;
        for _ in 0..MAX_FACTORS {
            added(&store, &ada, 5).await;
        }
        let mut change = store.change(&Actor::account(&ada)).await.unwrap();
        let id = store.new_id();
        let full = change.add_totp(&ada, (&id, b"seed"), "one more", 5).await.unwrap_err();
        assert!(matches!(full, Error::TooLarge { .. }), "{full}");
    }
}
