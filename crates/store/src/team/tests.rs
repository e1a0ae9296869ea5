use std::time::Duration;

use super::*;
use crate::{
    Actor, AuditQuery,
    sessions::tests::account,
    testing::{Place, both},
};

const DAY: Duration = Duration::from_secs(86_400);

fn details(name: &str, account: Option<&str>) -> AssetDetails {
    AssetDetails {
        kind: AssetKind::Service,
        name: name.to_owned(),
        address: "https://github.com/example".to_owned(),
        holder: "ada".to_owned(),
        account: account.map(str::to_owned),
        factor: AssetFactor::App,
    }
}

async fn add(store: &Store, details: &AssetDetails) -> Result<String, Error> {
    let mut change = store.change(&Actor::command(1000)).await?;
    let id = change.add_asset(details).await?;
    change.commit().await?;
    Ok(id)
}

both! {
    async fn an_entry_is_added_attested_and_removed_and_the_trail_says_so(place: Place) {
        let store = place.open().await;
        let ada = account(&store, "ada").await;
        let id = add(&store, &details("github.com", Some(&ada))).await.unwrap();
        assert!(matches!(add(&store, &details("github.com", None)).await, Err(Error::Taken { .. })));
        let asset = store.asset("github.com").await.unwrap().unwrap();
        assert_eq!((&asset.id, &asset.attested), (&id, &None));
        assert_eq!(store.asset(&id).await.unwrap().as_ref(), Some(&asset));

        let until = place.clock.now().after(DAY);
        let mut change = store.change(&Actor::account(&ada)).await.unwrap();
        change.attest_asset(&asset, AssetFactor::Passkey, until).await.unwrap();
        change.commit().await.unwrap();
        let asset = store.assets().await.unwrap().remove(0);
        assert_eq!(asset.details.factor, AssetFactor::Passkey);
        let word = asset.attested.clone().unwrap();
        assert_eq!((word.by, word.until), (format!("account:{ada}"), until));

        let mut change = store.change(&Actor::command(1000)).await.unwrap();
        change.remove_asset(&asset).await.unwrap();
        change.commit().await.unwrap();
        let mut change = store.change(&Actor::command(1000)).await.unwrap();
        assert!(matches!(change.remove_asset(&asset).await, Err(Error::Missing { .. })));
        assert!(matches!(
            change.attest_asset(&asset, AssetFactor::App, until).await,
            Err(Error::Missing { .. })
        ));
        drop(change);

        let query = AuditQuery { action: "team.".to_owned(), limit: 10, ..AuditQuery::default() };
        let rows = store.audit_rows(&query).await.unwrap();
        let actions: Vec<_> = rows.iter().map(|row| (row.action.as_str(), row.subject.as_str())).collect();
        let name = "github.com";
        assert_eq!(actions, [("team.remove", name), ("team.attest", name), ("team.add", name)]);
        let (before, after) = (rows[1].before.as_ref().unwrap(), rows[1].after.as_ref().unwrap());
        assert_eq!((&before["factor"], &after["factor"]), (&"app".into(), &"passkey".into()));
        assert!(before["attested_until"].is_null() && after["attested_until"].is_string());
    }

    async fn what_somebody_held_stays_when_the_account_goes(place: Place) {
        let store = place.open().await;
        let ada = account(&store, "ada").await;
        add(&store, &details("aws", Some(&ada))).await.unwrap();
        let gone = store.account(&ada).await.unwrap().unwrap();
        let mut change = store.change(&Actor::command(1000)).await.unwrap();
        change.remove_account(&gone).await.unwrap();
        change.commit().await.unwrap();
        let left = store.asset("aws").await.unwrap().unwrap().details;
        assert_eq!((left.holder.as_str(), left.account), ("ada", None));
    }

    async fn a_text_without_end_is_refused(place: Place) {
        let store = place.open().await;
        let long = AssetDetails {
            holder: "x".repeat(MAX_ASSET_TEXT + 1),
            ..details("a", None)
        };
        assert!(matches!(add(&store, &long).await, Err(Error::TooLarge { .. })));
        assert!(store.assets().await.unwrap().is_empty());
    }

    async fn staff_is_who_may_sign_in_and_is_in_one_of_the_groups(place: Place) {
        let store = place.open().await;
        let groups: Vec<GroupName> = ["staff", "admins"].map(|it| it.parse().unwrap()).into();
        let mut ids = Vec::new();
        for (name, joins, state) in [
            ("ada", &groups[..], AccountState::Active),
            ("bo", &groups[..1], AccountState::Active),
            ("eve", &groups[..1], AccountState::Disabled),
            ("guest", &[][..], AccountState::Active),
        ] {
            let mut change = store.change(&Actor::system("test")).await.unwrap();
            if ids.is_empty() {
                for group in &groups {
                    change.add_group(group).await.unwrap();
                }
            }
            ids.push(change.add_account(&crate::AccountDetails {
                name: name.parse().unwrap(),
                display: name.to_owned(),
                email: None,
                groups: joins.to_vec(),
                state,
            }).await.unwrap());
            change.commit().await.unwrap();
        }
        let mut change = store.change(&Actor::account(&ids[0])).await.unwrap();
        let app = store.new_id();
        change.add_totp(&ids[0], (&app, b"seed"), "phone", 5).await.unwrap();
        change.commit().await.unwrap();
        let staff = store.staff(&groups).await.unwrap();
        assert_eq!(staff, Staff { people: 2, without: vec![ids[1].clone()] });
        assert_eq!(store.staff(&[]).await.unwrap(), Staff::default());
    }
}
