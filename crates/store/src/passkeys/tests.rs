use super::*;
use crate::{
    Actor,
    sessions::tests::account,
    testing::{Place, both},
};

async fn add(store: &Store, account: &str, credential: &[u8]) -> Result<(String, bool), Error> {
    let id = store.new_id();
    let new = NewPasskey {
        id: &id,
        credential,
        kept: b"a public key",
        label: "laptop",
    };
    let mut change = store.change(&Actor::account(account)).await?;
    let first = change.add_passkey(account, new).await?;
    change.commit().await?;
    Ok((id, first))
}

async fn shows(store: &Store, id: &str, count: u32) -> bool {
    let mut tx = store.tx().await.unwrap();
    let taken = tx.take_sign_count(id, count).await.unwrap();
    tx.commit().await.unwrap();
    taken
}

async fn take(store: &Store, challenge: &str) -> bool {
    let until = store
        .clock()
        .now()
        .after(std::time::Duration::from_secs(600));
    let mut tx = store.tx().await.unwrap();
    let taken = tx.take_challenge(challenge, until).await.unwrap();
    tx.commit().await.unwrap();
    taken
}

both! {
    async fn a_passkey_is_found_by_its_credential_and_listed_beside_apps(place: Place) {
        let store = place.open().await;
        let (ada, bob) = (account(&store, "ada").await, account(&store, "bob").await);
        let (id, first) = add(&store, &ada, b"one").await.unwrap();
        assert!(first);
        let (_, first) = add(&store, &ada, b"two").await.unwrap();
        assert!(!first);
        let mut change = store.change(&Actor::account(&ada)).await.unwrap();
        let app = store.new_id();
        assert!(!change.add_totp(&ada, (&app, b"seed"), "phone", 5).await.unwrap());
        change.commit().await.unwrap();

        let found = store.passkey(b"one").await.unwrap().unwrap();
        assert_eq!((&found.account, &found.factor.id), (&ada, &id));
        assert_eq!(found.kept.expose().as_slice(), b"a public key");
        assert!(store.passkey(b"three").await.unwrap().is_none());
        assert_eq!(store.passkeys(&ada).await.unwrap().len(), 2);
        let kinds: Vec<_> = store.factors(&ada).await.unwrap().iter().map(|it| it.kind).collect();
        assert_eq!(kinds.iter().filter(|it| **it == FactorKind::Passkey).count(), 2);
        assert_eq!(kinds.len(), 3);
        assert_eq!(store.seeds(&ada).await.unwrap().len(), 1);
        assert!(store.passkeys(&bob).await.unwrap().is_empty());
        let bytes = place.file_bytes();
        assert!(!bytes.windows(12).any(|part| part == b"a public key"), "sealed");
    }

    async fn nobody_gets_a_passkey_that_somebody_has(place: Place) {
        let store = place.open().await;
        let (ada, bob) = (account(&store, "ada").await, account(&store, "bob").await);
        add(&store, &ada, b"one").await.unwrap();
        for whose in [&ada, &bob] {
            let taken = add(&store, whose, b"one").await.unwrap_err();
            assert!(matches!(taken, Error::Taken { .. }), "{taken}");
        }
        for number in 1..MAX_PASSKEYS {
            add(&store, &ada, &number.to_be_bytes()).await.unwrap();
        }
        let full = add(&store, &ada, b"more").await.unwrap_err();
        assert!(matches!(full, Error::TooLarge { .. }), "{full}");
    }

    async fn a_sign_count_only_rises_however_many_come_at_once(place: Place) {
        let store = place.open().await;
        let ada = account(&store, "ada").await;
        let (id, _) = add(&store, &ada, b"one").await.unwrap();
        assert!(shows(&store, &id, 0).await && shows(&store, &id, 0).await, "it doesn't count");
        let mut all = Vec::new();
        for _ in 0..20 {
            let (store, id) = (store.clone(), id.clone());
            all.push(tokio::spawn(async move { shows(&store, &id, 6).await }));
        }
        let mut taken = 0;
        for one in all {
            taken += usize::from(one.await.unwrap());
        }
        assert_eq!(taken, 1);
        for (count, expected) in [(0, false), (5, false), (6, false), (7, true), (u32::MAX, true)] {
            assert_eq!(shows(&store, &id, count).await, expected, "{count}");
        }
        assert!(!shows(&store, "gone", 9).await);
    }

    async fn a_challenge_is_taken_once_and_forgotten_in_time(place: Place) {
        let store = place.open().await;
        let mut all = Vec::new();
        for _ in 0..20 {
            let store = store.clone();
            all.push(tokio::spawn(async move { take(&store, "c").await }));
        }
        let mut taken = 0;
        for one in all {
            taken += usize::from(one.await.unwrap());
        }
        assert_eq!(taken, 1);
        assert!(take(&store, "d").await);
        let rows = async || {
            let sql = "SELECT count(*) FROM passkey_challenge";
            store.pools().row(sql, values![]).await.unwrap().count(0).unwrap()
        };
        place.clock.advance(std::time::Duration::from_secs(599));
        store.remove_expired().await.unwrap();
        assert_eq!(rows().await, 2);
        place.clock.advance(std::time::Duration::from_secs(1));
        store.remove_expired().await.unwrap();
        assert_eq!(rows().await, 0);
    }

    async fn the_owner_hears_of_a_copy_once_in_a_while(place: Place) {
        let store = place.open().await;
        let ada = account(&store, "ada").await;
        let (id, _) = add(&store, &ada, b"one").await.unwrap();
        let told = async |since: Micros| {
            let mut tx = store.tx().await.unwrap();
            let told = tx.tells_of_copy(&id, since).await.unwrap();
            tx.commit().await.unwrap();
            told
        };
        let now = store.clock().now();
        assert!(told(now).await);
        assert!(!told(now).await);
        assert!(told(Micros(now.0 + 1)).await);
    }

    async fn recovery_codes_go_with_the_last_of_apps_and_passkeys(place: Place) {
        let store = place.open().await;
        let (ada, bob) = (account(&store, "ada").await, account(&store, "bob").await);
        let (passkey, _) = add(&store, &ada, b"one").await.unwrap();
        let app = store.new_id();
        let mut change = store.change(&Actor::account(&ada)).await.unwrap();
        change.add_totp(&ada, (&app, b"seed"), "phone", 5).await.unwrap();
        change.keep_recovery_codes(&ada, &[[1; 32]]).await.unwrap();
        change.commit().await.unwrap();
        for (factor, left) in [(&app, 1), (&passkey, 0)] {
            let mut change = store.change(&Actor::account(&ada)).await.unwrap();
            let foreign = change.remove_factor(&bob, factor).await.unwrap_err();
            assert!(matches!(foreign, Error::Missing { .. }));
            change.remove_factor(&ada, factor).await.unwrap();
            change.commit().await.unwrap();
            assert_eq!(store.recovery_codes_left(&ada).await.unwrap(), left);
        }
        assert!(store.passkey(b"one").await.unwrap().is_none());
    }
}
