use std::time::Duration;

use super::*;
use crate::{
    Actor,
    sessions::tests::account,
    testing::{Place, both},
};

fn token(store: &Store, account: &str, number: u8) -> StoredToken {
    let now = store.clock().now();
    StoredToken {
        id: format!("{number:032x}"),
        hash: [number; 32],
        account: account.to_owned(),
        kind: TokenKind::Basic,
        label: "calendar".to_owned(),
        sites: vec!["app.test".to_owned(), "cal.test".to_owned()],
        created_at: now,
        expires_at: now.after(Duration::from_secs(60)),
        last_used: None,
    }
}

both! {
    async fn a_token_lives_until_it_ends_or_its_owner_removes_it(place: Place) {
        let store = place.open().await;
        let (ada, bob) = (account(&store, "ada").await, account(&store, "bob").await);
        let mut change = store.change(&Actor::account(&ada)).await.unwrap();
        for number in 1..=3 {
            change.add_token(&token(&store, &ada, number)).await.unwrap();
        }
        change.commit().await.unwrap();
        let all = store.tokens(None, "", 10).await.unwrap();
        assert_eq!(all[0], token(&store, &ada, 1));
        assert_eq!(all.len(), 3);
        assert!(store.tokens(Some(&bob), "", 10).await.unwrap().is_empty());
        let at = store.clock().now();
        store.touch_tokens(&[(all[0].id.clone(), at)]).await.unwrap();
        assert_eq!(store.tokens(Some(&ada), "", 1).await.unwrap()[0].last_used, Some(at));

        let mut change = store.change(&Actor::account(&bob)).await.unwrap();
        let foreign = change.remove_token(&all[0].id, Some(&bob)).await.unwrap_err();
        assert!(matches!(foreign, Error::Missing { .. }), "{foreign}");
        assert_eq!(change.remove_token(&all[0].id, Some(&ada)).await.unwrap(), [1; 32]);
        change.commit().await.unwrap();
        assert_eq!(store.tokens(Some(&ada), "", 10).await.unwrap().len(), 2);
        place.clock.advance(Duration::from_secs(60));
        assert!(store.tokens(None, "", 10).await.unwrap().is_empty());
    }

    async fn an_account_has_so_many_tokens_and_no_more(place: Place) {
        let store = place.open().await;
        let ada = account(&store, "ada").await;
        let mut change = store.change(&Actor::account(&ada)).await.unwrap();
        for number in 0..u8::try_from(MAX_TOKENS).unwrap() {
            change.add_token(&token(&store, &ada, number)).await.unwrap();
        }
        let full = change.add_token(&token(&store, &ada, 200)).await.unwrap_err();
        assert!(matches!(full, Error::TooLarge { .. }), "{full}");
    }

    async fn the_newest_signing_key_signs_and_the_one_before_is_published_for_a_while(place: Place) {
        let store = place.open().await;
        for (kid, key) in [("one", b"the first signing key"), ("two", b"the other signing key")] {
            place.clock.advance(Duration::from_secs(1));
            let retire_at = store.clock().now().after(Duration::from_secs(60));
            let mut tx = store.tx().await.unwrap();
            tx.keep_signing_key(kid, &Secret::new(key.to_vec()), retire_at).await.unwrap();
            tx.commit().await.unwrap();
        }
        let keys = store.signing_keys().await.unwrap();
        let kids: Vec<_> = keys.iter().map(|it| (it.kid.as_str(), it.retire_at.is_some())).collect();
        assert_eq!(kids, [("two", false), ("one", true)]);
        assert_eq!(keys[0].key.expose(), b"the other signing key");
        assert!(!place.file_bytes().windows(9).any(|it| it == b"the other"), "sealed");
        place.clock.advance(Duration::from_secs(60));
        assert_eq!(store.signing_keys().await.unwrap().len(), 1);
    }
}
