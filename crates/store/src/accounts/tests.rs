use super::*;
use crate::{
    Actor,
    testing::{Place, both},
};

fn details(name: &str, email: Option<&str>, groups: &[&str]) -> AccountDetails {
    AccountDetails {
        name: name.parse().unwrap(),
        display: name.to_uppercase(),
        email: email.map(|it| Secret::new(it.to_owned())),
        groups: groups.iter().map(|it| it.parse().unwrap()).collect(),
        state: AccountState::Active,
    }
}

async fn change(store: &Store) -> Change {
    store.change(&Actor::command(0)).await.unwrap()
}

async fn with_groups(store: &Store, groups: &[&str]) {
    let mut change = change(store).await;
    for group in groups {
        change.add_group(&group.parse().unwrap()).await.unwrap();
    }
    change.commit().await.unwrap();
}

async fn add(store: &Store, details: &AccountDetails) -> Result<String, Error> {
    let mut change = change(store).await;
    let id = change.add_account(details).await?;
    change.commit().await.unwrap();
    Ok(id)
}

fn names(accounts: &[Account]) -> Vec<&str> {
    accounts.iter().map(|it| it.name.as_str()).collect()
}

async fn beside(store: &Store, groups: &[GroupName], account: &str) -> u64 {
    let mut change = store.change(&Actor::system("test")).await.unwrap();
    change.members_beside(groups, account).await.unwrap()
}

both! {
    async fn an_account_is_found_by_its_name_and_by_its_address_and_nothing_shows_the_address(place: Place) {
        let store = place.open().await;
        with_groups(&store, &["staff", "finance"]).await;
        let ada = details("ada", Some("ada@example.com"), &["staff", "finance"]);
        let id = add(&store, &ada).await.unwrap();
        for typed in ["ada", "ADA", "ada@example.com", "Ada@Example.com"] {
            let found = store.account_named(typed).await.unwrap().unwrap();
            assert_eq!(found.id, id, "{typed}");
            assert_eq!(found.email, ada.email);
            assert_eq!(found.groups.iter().map(GroupName::as_str).collect::<Vec<_>>(), ["finance", "staff"]);
        }
        for typed in ["", "grace", "grace@example.com", "a b", "ada@example.com "] {
            assert_eq!(store.account_named(typed).await.unwrap(), None, "{typed}");
        }
        assert!(!place.file_bytes().windows(16).any(|it| it == b"ada@example.com\0" || it.starts_with(b"ada@example.com")));
    }

    async fn a_name_or_address_of_another_is_refused_and_so_is_a_group_that_is_not_there(place: Place) {
        let store = place.open().await;
        with_groups(&store, &["staff"]).await;
        add(&store, &details("ada", Some("ada@example.com"), &[])).await.unwrap();
        let taken = add(&store, &details("ada", None, &[])).await.unwrap_err();
        assert!(matches!(taken, Error::Taken { what: "name", .. }), "{taken}");
        let taken = add(&store, &details("grace", Some("ada@example.com"), &[])).await.unwrap_err();
        assert!(matches!(&taken, Error::Taken { what: "e-mail address", name } if name == "…"), "{taken}");
        let missing = add(&store, &details("grace", None, &["nobody"])).await.unwrap_err();
        assert!(matches!(missing, Error::Missing { what: "group", .. }), "{missing}");
        assert_eq!(store.account_count().await.unwrap(), 1);
        add(&store, &details("grace", None, &["staff"])).await.unwrap();
    }

    async fn a_change_says_before_and_after_and_no_address(place: Place) {
        let store = place.open().await;
        with_groups(&store, &["staff"]).await;
        add(&store, &details("ada", Some("ada@example.com"), &[])).await.unwrap();
        let before = store.account_named("ada").await.unwrap().unwrap();
        let mut next = before.details();
        next.groups = vec!["staff".parse().unwrap()];
        next.state = AccountState::Disabled;
        let mut change = change(&store).await;
        change.change_account(&before, &next).await.unwrap();
        change.set_password(&before.id, &Secret::new("$2b$12$x".to_owned()), "password.set").await.unwrap();
        change.commit().await.unwrap();
        let after = store.account(&before.id).await.unwrap().unwrap();
        assert_eq!(after.details(), next);
        let (hash, _) = store.password_hash(&before.id).await.unwrap().unwrap();
        assert_eq!(hash.expose(), "$2b$12$x");
        let trail = store.audit_rows(&crate::AuditQuery { limit: 10, ..crate::AuditQuery::default() }).await.unwrap();
        let row = trail.iter().find(|row| row.action == "account.change").unwrap();
        assert_eq!(row.before.as_ref().unwrap()["state"], "active");
        assert_eq!(row.after.as_ref().unwrap()["groups"][0], "staff");
        let whole = format!("{trail:?}");
        assert!(!whole.contains("example.com") && !whole.contains("$2b$"), "{whole}");
    }

    async fn pages_are_in_the_order_of_names_and_filtered(place: Place) {
        let store = place.open().await;
        with_groups(&store, &["staff"]).await;
        for (name, email, groups) in [
            ("ada", Some("ada@example.com"), &["staff"][..]),
            ("adam", None, &[]),
            ("bob", None, &["staff"]),
        ] {
            add(&store, &details(name, email, groups)).await.unwrap();
        }
        let query = AccountQuery { limit: 10, ..AccountQuery::default() };
        let all = store.accounts(&query).await.unwrap();
        assert_eq!(names(&all), ["ada", "adam", "bob"]);
        let page = AccountQuery { after: Some("ada".parse().unwrap()), limit: 1, ..query.clone() };
        assert_eq!(names(&store.accounts(&page).await.unwrap()), ["adam"]);
        let prefix = AccountQuery { text: "Ad".to_owned(), ..query.clone() };
        assert_eq!(names(&store.accounts(&prefix).await.unwrap()), ["ada", "adam"]);
        let email = AccountQuery { text: "ADA@example.com".to_owned(), ..query.clone() };
        assert_eq!(names(&store.accounts(&email).await.unwrap()), ["ada"]);
        let staff = AccountQuery { group: Some("staff".parse().unwrap()), ..query.clone() };
        assert_eq!(names(&store.accounts(&staff).await.unwrap()), ["ada", "bob"]);
        let disabled = AccountQuery { state: Some(AccountState::Disabled), ..query };
        assert!(store.accounts(&disabled).await.unwrap().is_empty());
        assert_eq!(store.groups().await.unwrap(), [("staff".parse().unwrap(), 2)]);
    }

    async fn a_group_may_be_let_onto_the_threshold_and_keeps_it_under_another_name(place: Place) {
        let store = place.open().await;
        with_groups(&store, &["trial", "staff"]).await;
        let on = add(&store, &details("on", None, &["trial"])).await.unwrap();
        let off = add(&store, &details("off", None, &["staff"])).await.unwrap();
        assert!(!store.may_stand_on_threshold(&on).await.unwrap());
        let (trial, tried) = ("trial".parse().unwrap(), "tried".parse().unwrap());
        let mut change = store.change(&Actor::system("test")).await.unwrap();
        change.allow_threshold(&trial).await.unwrap();
        change.rename_group(&trial, &tried).await.unwrap();
        change.commit().await.unwrap();
        assert!(store.may_stand_on_threshold(&on).await.unwrap());
        assert!(!store.may_stand_on_threshold(&off).await.unwrap());
        let mut change = store.change(&Actor::system("test")).await.unwrap();
        let missing = change.allow_threshold(&trial).await.unwrap_err();
        assert!(matches!(missing, Error::Missing { what: "group", .. }), "{missing}");
    }

    async fn who_else_is_in_one_of_some_groups_is_counted_and_only_who_may_sign_in(place: Place) {
        let store = place.open().await;
        with_groups(&store, &["admins", "owners", "staff"]).await;
        let groups = ["admins".parse().unwrap(), "owners".parse().unwrap()];
        let first = add(&store, &details("first", None, &["admins"])).await.unwrap();
        assert_eq!(beside(&store, &groups, &first).await, 0);
        add(&store, &details("other", None, &["staff"])).await.unwrap();
        let mut out = details("out", None, &["admins"]);
        out.state = AccountState::Disabled;
        add(&store, &out).await.unwrap();
        assert_eq!(beside(&store, &groups, &first).await, 0);
        let second = add(&store, &details("second", None, &["admins", "owners"])).await.unwrap();
        assert_eq!(beside(&store, &groups, &first).await, 1);
        assert_eq!(beside(&store, &groups, &second).await, 1);
    }

    async fn what_is_removed_is_gone_with_what_it_has_and_a_group_leaves_its_members(place: Place) {
        let store = place.open().await;
        with_groups(&store, &["staff"]).await;
        add(&store, &details("ada", None, &["staff"])).await.unwrap();
        add(&store, &details("bob", None, &["staff"])).await.unwrap();
        let ada = store.account_named("ada").await.unwrap().unwrap();
        let mut change = change(&store).await;
        change.remove_account(&ada).await.unwrap();
        change.remove_group(&"staff".parse().unwrap()).await.unwrap();
        change.commit().await.unwrap();
        assert_eq!(store.account(&ada.id).await.unwrap(), None);
        let bob = store.account_named("bob").await.unwrap().unwrap();
        assert!(bob.groups.is_empty());
        let mut change = store.change(&Actor::command(0)).await.unwrap();
        let missing = change.remove_account(&ada).await.unwrap_err();
        assert!(matches!(missing, Error::Missing { .. }), "{missing}");
    }

    async fn a_group_is_renamed_with_its_members_and_takes_no_name_of_another(place: Place) {
        let store = place.open().await;
        with_groups(&store, &["staff", "finance"]).await;
        add(&store, &details("ada", None, &["staff"])).await.unwrap();
        let [staff, finance, team, none] =
            ["staff", "finance", "team", "none"].map(|name| name.parse::<GroupName>().unwrap());
        let mut change = change(&store).await;
        let taken = change.rename_group(&staff, &finance).await.unwrap_err();
        assert!(matches!(taken, Error::Taken { what: "group", .. }), "{taken}");
        let missing = change.rename_group(&none, &team).await.unwrap_err();
        assert!(matches!(missing, Error::Missing { what: "group", .. }), "{missing}");
        change.rename_group(&staff, &team).await.unwrap();
        change.commit().await.unwrap();
        assert_eq!(store.groups().await.unwrap(), [(finance, 0), (team.clone(), 1)]);
        let ada = store.account_named("ada").await.unwrap().unwrap();
        assert_eq!(ada.groups, [team]);
        let query = crate::AuditQuery { action: "group.rename".to_owned(), ..crate::AuditQuery::default() };
        let trail = store.audit_rows(&query).await.unwrap();
        assert_eq!(trail.len(), 1);
        assert_eq!(trail[0].subject, "staff");
        assert_eq!(trail[0].after.as_ref().unwrap()["name"], "team");
    }

    async fn who_is_locked_is_found_until_the_lock_ends(place: Place) {
        let store = place.open().await;
        let id = add(&store, &details("ada", None, &[])).await.unwrap();
        add(&store, &details("bob", None, &[])).await.unwrap();
        let now = place.clock.now();
        let until = now.after(std::time::Duration::from_secs(60));
        let mut tx = store.tx().await.unwrap();
        // A lock of one known device isn't one of the account.
        for (guesser, locked_until) in [
            (crate::Guesser::Strangers, until),
            (crate::Guesser::Device([7; 32]), Micros(i64::MAX)),
            (crate::Guesser::Codes, Micros(i64::MAX)),
        ] {
            let mut guesses = tx.guesses_locked(&id, guesser).await.unwrap();
            guesses.locked_until = locked_until;
            tx.keep_guesses(&id, guesser, &guesses).await.unwrap();
        }
        tx.commit().await.unwrap();
        let check = async |at, expected: &[&str]| {
            let query = AccountQuery { locked: Some((at, 100)), limit: 10, ..AccountQuery::default() };
            assert_eq!(names(&store.accounts(&query).await.unwrap()), expected);
        };
        check(now, &["ada"]).await;
        check(until, &[]).await;
        for (total, expected) in [(99, &[][..]), (100, &["ada"])] {
            let mut tx = store.tx().await.unwrap();
            let mut guesses = tx.guesses_locked(&id, crate::Guesser::Strangers).await.unwrap();
            guesses.total = total;
            tx.keep_guesses(&id, crate::Guesser::Strangers, &guesses).await.unwrap();
            tx.commit().await.unwrap();
            check(until, expected).await;
        }
    }

    async fn another_address_shows_in_the_trail_as_another_and_no_more(place: Place) {
        let store = place.open().await;
        add(&store, &details("ada", Some("ada@example.com"), &[])).await.unwrap();
        let before = store.account_named("ada").await.unwrap().unwrap();
        let mut next = before.details();
        next.email = Some(Secret::new("new@example.com".to_owned()));
        let mut change = change(&store).await;
        change.change_account(&before, &next).await.unwrap();
        change.commit().await.unwrap();
        let trail = store.audit_rows(&crate::AuditQuery::default()).await.unwrap();
        let row = trail.iter().find(|row| row.action == "account.change").unwrap();
        assert_ne!(row.before.as_ref().unwrap()["email"], row.after.as_ref().unwrap()["email"]);
        assert!(!format!("{trail:?}").contains("example.com"));
    }

    async fn a_hash_is_renewed_unless_it_was_replaced_and_the_dearest_cost_is_known(place: Place) {
        let store = place.open().await;
        assert_eq!(store.dearest_password_cost().await.unwrap(), None);
        let id = add(&store, &details("ada", None, &[])).await.unwrap();
        let other = add(&store, &details("bob", None, &[])).await.unwrap();
        let hash = |text: &str| Secret::new(text.to_owned());
        let mut change = change(&store).await;
        change.set_password(&id, &hash("$2b$10$old"), "password.set").await.unwrap();
        change.set_password(&other, &hash("$wb1$$2b$13$other"), "password.set").await.unwrap();
        change.commit().await.unwrap();
        assert_eq!(store.dearest_password_cost().await.unwrap(), Some(13));
        let mut change = store.change(&Actor::system("sign-in")).await.unwrap();
        assert!(!change.renew_password(&id, &hash("$2b$10$other"), &hash("$2b$12$x")).await.unwrap());
        assert!(change.renew_password(&id, &hash("$2b$10$old"), &hash("$2b$12$new")).await.unwrap());
        change.commit().await.unwrap();
        let (now, _) = store.password_hash(&id).await.unwrap().unwrap();
        assert_eq!(now.expose(), "$2b$12$new");
    }

    async fn every_hash_is_read_once_by_the_census(place: Place) {
        let store = place.open().await;
        for name in ["ada", "bob", "eve"] {
            let id = add(&store, &details(name, None, &[])).await.unwrap();
            if name != "eve" {
                let mut change = change(&store).await;
                change.set_password(&id, &Secret::new(format!("hash of {name}")), "password.set").await.unwrap();
                change.commit().await.unwrap();
            }
        }
        let (mut seen, mut after) = (Vec::new(), String::new());
        loop {
            let (hashes, last) = store.password_hashes(&after, 1).await.unwrap();
            seen.extend(hashes.iter().map(|it| it.expose().clone()));
            match last {
                Some(last) => after = last,
                None => break,
            }
        }
        seen.sort();
        assert_eq!(seen, ["hash of ada", "hash of bob"]);
    }
}
