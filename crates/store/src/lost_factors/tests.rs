use std::time::Duration;

use super::*;
use crate::{
    sessions::tests::account,
    testing::{Place, both},
};

const DAY: Duration = Duration::from_secs(86_400);

async fn begun(store: &Store, account: &str, stop: u8) -> Result<(), Error> {
    let now = store.clock().now();
    let by = Actor::command(0);
    let mut change = store.change(&by).await?;
    let lost = LostFactor {
        account: account.to_owned(),
        begun_by: by,
        language: Language::Nl,
        begun_at: now,
        opens_at: now.after(DAY),
        ends_at: None,
    };
    change.begin_lost_factor(&lost, [stop; 32]).await?;
    change.commit().await.map(drop)
}

async fn opened(store: &Store, account: &str, enter: u8) -> bool {
    let until = store.clock().now().after(DAY);
    let mut change = store.change(&Actor::system("lost-factor")).await.unwrap();
    let opened = change.open_lost_factor(account, [enter; 32], until).await;
    let opened = opened.unwrap();
    if opened {
        change.commit().await.unwrap();
    }
    opened
}

async fn entered(store: &Store, enter: u8) -> Option<String> {
    let mut tx = store.tx().await.unwrap();
    let taken = tx.take_lost_factor([enter; 32]).await.unwrap();
    tx.commit().await.unwrap();
    taken
}

both! {
    async fn it_waits_then_opens_once_and_is_taken_once(place: Place) {
        let store = place.open().await;
        let (ada, bob) = (account(&store, "ada").await, account(&store, "bob").await);
        begun(&store, &ada, 1).await.unwrap();
        assert!(matches!(begun(&store, &ada, 2).await, Err(Error::Taken { .. })));
        begun(&store, &bob, 3).await.unwrap();
        let lost = store.lost_factor(&ada).await.unwrap().unwrap();
        assert_eq!((lost.language, lost.ends_at), (Language::Nl, None));
        assert_eq!(store.lost_factor_stopped_by([1; 32]).await.unwrap().as_ref(), Some(&ada));
        assert_eq!(store.due_lost_factors(9).await.unwrap(), []);
        assert!(!opened(&store, &ada, 7).await, "not yet");
        place.clock.advance(DAY);
        assert_eq!(store.due_lost_factors(9).await.unwrap().len(), 2);
        assert_eq!(store.due_lost_factors(1).await.unwrap().len(), 1);
        assert!(opened(&store, &ada, 7).await);
        assert!(!opened(&store, &ada, 8).await, "once");
        let due = store.due_lost_factors(9).await.unwrap();
        assert_eq!(due.iter().map(|it| &it.account).collect::<Vec<_>>(), [&bob]);
        assert_eq!(store.lost_factor_entered_by([7; 32]).await.unwrap().as_ref(), Some(&ada));
        assert_eq!(store.lost_factor_entered_by([8; 32]).await.unwrap(), None);
        assert_eq!(entered(&store, 7).await, Some(ada));
        assert_eq!(entered(&store, 7).await, None);
    }

    async fn it_is_stopped_by_hand_and_by_another_password_or_address_and_ends(place: Place) {
        let store = place.open().await;
        let ada = account(&store, "ada").await;
        for how in ["hand", "password", "address", "details", "disabled", "time"] {
            begun(&store, &ada, 1).await.unwrap();
            place.clock.advance(DAY);
            assert!(opened(&store, &ada, 7).await, "{how}");
            let before = store.account(&ada).await.unwrap().unwrap();
            let mut change = store.change(&Actor::command(0)).await.unwrap();
            let other = terms::Secret::new(format!("{how}@example.com"));
            match how {
                "hand" => {
                    let told = change.stop_lost_factor(&ada).await.unwrap();
                    assert_eq!(told, Some(Language::Nl));
                    assert_eq!(change.stop_lost_factor(&ada).await.unwrap(), None);
                }
                "password" => {
                    let hash = terms::Secret::new("$2b$10$x".to_owned());
                    change.set_password(&ada, &hash, "password.set").await.unwrap();
                }
                "address" => change.change_address(&ada, &other).await.unwrap(),
                "details" => {
                    let mut details = before.details();
                    details.email = Some(other);
                    change.change_account(&before, &details).await.unwrap();
                }
                "disabled" => {
                    let mut details = before.details();
                    details.state = crate::AccountState::Disabled;
                    change.change_account(&before, &details).await.unwrap();
                }
                _ => place.clock.advance(DAY),
            }
            if how == "time" {
                drop(change);
            } else {
                change.commit().await.unwrap();
            }
            assert_eq!(store.lost_factor(&ada).await.unwrap(), None, "{how}");
            assert_eq!(store.lost_factor_stopped_by([1; 32]).await.unwrap(), None);
            assert_eq!(store.lost_factor_entered_by([7; 32]).await.unwrap(), None);
            if how != "time" {
                assert_eq!(entered(&store, 7).await, None, "{how}");
            }
        }
        // Over, it doesn't stand in the way of another.
        begun(&store, &ada, 1).await.unwrap();
        let query = crate::AuditQuery {
            action: "lost-factor.stop".to_owned(),
            limit: 9,
            ..Default::default()
        };
        assert_eq!(store.audit_rows(&query).await.unwrap().len(), 5);
    }
}
