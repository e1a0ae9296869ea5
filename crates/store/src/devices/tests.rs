use super::*;
use crate::{
    Actor,
    sessions::tests::account,
    testing::{Place, both},
};

both! {
    async fn guesses_count_per_account_and_device_until_they_are_forgotten(place: Place) {
        let store = place.open().await;
        let (ada, bob) = (account(&store, "ada").await, account(&store, "bob").await);
        for guesser in [
            Guesser::Strangers,
            Guesser::Device([7; 32]),
            Guesser::Codes,
            Guesser::Strangers,
        ] {
            let mut tx = store.tx().await.unwrap();
            let mut now = tx.guesses_locked(&ada, guesser).await.unwrap();
            now.guesses += 1;
            now.locked_until = Micros(77);
            tx.keep_guesses(&ada, guesser, &now).await.unwrap();
            tx.commit().await.unwrap();
        }
        let expected = Guesses { guesses: 2, locked_until: Micros(77), ..Guesses::default() };
        assert_eq!(store.guesses(&ada).await.unwrap(), expected);
        assert_eq!(store.guesses(&bob).await.unwrap(), Guesses::default());
        let mut change = store.change(&Actor::command(0)).await.unwrap();
        change.unlock(&ada).await.unwrap();
        change.commit().await.unwrap();
        assert_eq!(store.guesses(&ada).await.unwrap(), Guesses::default());
        let mut tx = store.tx().await.unwrap();
        let missing = tx.guesses_locked("nobody", Guesser::Strangers).await.unwrap_err();
        assert!(matches!(missing, Error::Missing { .. }), "{missing}");
    }

    async fn guesses_that_come_at_once_are_all_counted(place: Place) {
        let store = place.open().await;
        let ada = account(&store, "ada").await;
        let mut all = Vec::new();
        for _ in 0..50 {
            let (store, ada) = (store.clone(), ada.clone());
            all.push(tokio::spawn(async move {
                let mut tx = store.tx().await.unwrap();
                let mut now = tx.guesses_locked(&ada, Guesser::Strangers).await.unwrap();
                now.guesses += 1;
                tx.keep_guesses(&ada, Guesser::Strangers, &now).await.unwrap();
                tx.commit().await.unwrap();
            }));
        }
        for one in all {
            one.await.unwrap();
        }
        assert_eq!(store.guesses(&ada).await.unwrap().guesses, 50);
    }

    async fn devices_are_known_to_their_account_and_the_oldest_give_way(place: Place) {
        let store = place.open().await;
        let (ada, bob) = (account(&store, "ada").await, account(&store, "bob").await);
        for number in 0..=u8::try_from(MAX_DEVICES).unwrap() {
            place.clock.advance(Duration::from_secs(1));
            let mut tx = store.tx().await.unwrap();
            tx.keep_device(&ada, [number; 32]).await.unwrap();
            tx.commit().await.unwrap();
        }
        assert!(!store.knows_device(&ada, [0; 32]).await.unwrap(), "the oldest");
        assert!(store.knows_device(&ada, [1; 32]).await.unwrap());
        assert!(!store.knows_device(&bob, [1; 32]).await.unwrap());
        let mut tx = store.tx().await.unwrap();
        tx.keep_device(&bob, [1; 32]).await.unwrap();
        tx.commit().await.unwrap();
        assert!(store.knows_device(&bob, [1; 32]).await.unwrap(), "shared");
        assert!(store.knows_device(&ada, [1; 32]).await.unwrap());
        assert!(store.has_seen_device([1; 32]).await.unwrap());
        assert!(!store.has_seen_device([99; 32]).await.unwrap());
    }

    async fn a_link_holds_once_for_its_purpose_and_not_for_ever(place: Place) {
        let store = place.open().await;
        let ada = account(&store, "ada").await;
        let half_an_hour = Duration::from_secs(1800);
        for number in 1..=3 {
            let mut tx = store.tx().await.unwrap();
            tx.keep_link([number; 32], &ada, "unlock", half_an_hour).await.unwrap();
            tx.commit().await.unwrap();
        }
        let take = async |number: u8, purpose: &'static str| {
            let mut tx = store.tx().await.unwrap();
            let taken = tx.take_link([number; 32], purpose).await.unwrap();
            tx.commit().await.unwrap();
            taken
        };
        assert_eq!(take(1, "unlock").await, Some(ada.clone()));
        assert_eq!(take(1, "unlock").await, None);
        assert_eq!(take(2, "reset").await, None);
        assert_eq!(take(2, "unlock").await, Some(ada));
        place.clock.advance(half_an_hour);
        assert_eq!(take(3, "unlock").await, None);
    }

    async fn links_die_with_the_password_or_the_address_that_they_were_mailed_for(place: Place) {
        let store = place.open().await;
        let ada = account(&store, "ada").await;
        let before = store.account(&ada).await.unwrap().unwrap();
        for (number, with_address) in [(1, false), (2, true)] {
            let mut tx = store.tx().await.unwrap();
            assert!(!tx.has_links(&ada, "reset", 1).await.unwrap());
            tx.keep_link([number; 32], &ada, "reset", Duration::from_secs(60)).await.unwrap();
            assert!(tx.has_links(&ada, "reset", 1).await.unwrap());
            tx.commit().await.unwrap();
            assert_eq!(store.link([number; 32], "reset").await.unwrap().as_ref(), Some(&ada));
            assert_eq!(store.link([number; 32], "unlock").await.unwrap(), None);
            let mut change = store.change(&Actor::command(0)).await.unwrap();
            if with_address {
                let mut details = before.details();
                details.email = Some(terms::Secret::new("other@example.com".to_owned()));
                change.change_account(&before, &details).await.unwrap();
            } else {
                let hash = terms::Secret::new("$2b$10$x".to_owned());
                change.set_password(&ada, &hash, "password.set").await.unwrap();
            }
            change.commit().await.unwrap();
            assert_eq!(store.link([number; 32], "reset").await.unwrap(), None);
        }
    }
}
