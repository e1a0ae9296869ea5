use super::*;
use crate::{
    Actor,
    sessions::tests::account,
    testing::{Place, both},
};

const HALF_AN_HOUR: Duration = Duration::from_secs(1800);

fn secret(text: &str) -> Secret<String> {
    Secret::new(text.to_owned())
}

async fn kept(store: &Store, number: u8, account: Option<&str>, email: &str) {
    let link = AddressLink {
        account: account.map(str::to_owned),
        email: secret(email),
    };
    let mut tx = store.tx().await.unwrap();
    tx.keep_address_link([number; 32], &link, HALF_AN_HOUR)
        .await
        .unwrap();
    tx.commit().await.unwrap();
}

async fn counted(store: &Store, of: LinksOf<'_>) -> u64 {
    let mut tx = store.tx().await.unwrap();
    tx.address_links(of).await.unwrap()
}

async fn taken(store: &Store, number: u8) -> bool {
    let mut tx = store.tx().await.unwrap();
    let taken = tx.take_address_link([number; 32]).await.unwrap();
    tx.commit().await.unwrap();
    taken
}

both! {
    async fn a_link_to_an_address_says_for_what_and_is_taken_once_and_in_time(place: Place) {
        let store = place.open().await;
        let ada = account(&store, "ada").await;
        kept(&store, 1, Some(&ada), "new@example.com").await;
        kept(&store, 2, None, "eve@example.com").await;
        kept(&store, 3, None, "eve@example.com").await;
        let link = store.address_link([1; 32]).await.unwrap().unwrap();
        assert_eq!(link.account.as_ref(), Some(&ada));
        assert_eq!(link.email, secret("new@example.com"));
        assert_eq!(store.address_link([2; 32]).await.unwrap().unwrap().account, None);
        assert_eq!(store.address_link([9; 32]).await.unwrap(), None);
        assert_eq!(counted(&store, LinksOf::Account(&ada)).await, 1);
        assert_eq!(counted(&store, LinksOf::Address(&secret("Eve@example.com"))).await, 2);
        assert_eq!(counted(&store, LinksOf::NewAccounts).await, 2);
        assert!(taken(&store, 1).await);
        assert!(!taken(&store, 1).await, "once");
        assert!(!taken(&store, 9).await);
        place.clock.advance(HALF_AN_HOUR);
        assert_eq!(store.address_link([2; 32]).await.unwrap(), None);
        assert_eq!(counted(&store, LinksOf::NewAccounts).await, 0);
        assert!(!taken(&store, 2).await, "too late");
        store.remove_expired().await.unwrap();
        assert!(!taken(&store, 3).await);
    }

    async fn another_address_is_nobody_elses_and_ends_every_link_of_the_account(place: Place) {
        let store = place.open().await;
        let (ada, bob) = (account(&store, "ada").await, account(&store, "bob").await);
        kept(&store, 1, Some(&ada), "new@example.com").await;
        kept(&store, 2, Some(&bob), "new@example.com").await;
        let before = store.account(&ada).await.unwrap().unwrap();
        let mut change = store.change(&Actor::account(&ada)).await.unwrap();
        let taken = change.change_address(&ada, &secret("bob@example.com")).await;
        assert!(matches!(taken, Err(Error::Taken { .. })), "{taken:?}");
        drop(change);
        let mut change = store.change(&Actor::account(&ada)).await.unwrap();
        change.change_address(&ada, &secret("new@example.com")).await.unwrap();
        change.commit().await.unwrap();
        let after = store.account_named("New@example.com").await.unwrap().unwrap();
        assert_eq!(after.id, ada);
        let same = crate::AccountDetails { email: after.email.clone(), ..before.details() };
        assert_eq!(after.details(), same, "nothing else");
        assert_eq!(store.account_named("ada@example.com").await.unwrap(), None);
        assert_eq!(store.address_link([1; 32]).await.unwrap(), None);
        assert!(store.address_link([2; 32]).await.unwrap().is_some(), "another's");
        let query = crate::AuditQuery { action: "account.address".to_owned(), limit: 9, ..Default::default() };
        let rows = store.audit_rows(&query).await.unwrap();
        assert_eq!(rows.len(), 1);
        assert!(!format!("{rows:?}").contains("example.com"), "{rows:?}");
    }
}
