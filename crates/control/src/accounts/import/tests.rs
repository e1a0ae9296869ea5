use store::{
    AuditQuery, Store,
    testing::{Place, both},
};
use terms::Secret;

use super::*;
use crate::socket::accounts::{NewUser, Spoken};

/// Of the password `U*U`, as other libraries wrote it.
const HASH: &str = "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW";

fn of_cost(cost: &str) -> String {
    HASH.replace("$05$", &format!("${cost}$"))
}

fn row(line: usize, name: &str, hash: &str) -> ImportRow {
    ImportRow {
        line,
        user: NewUser {
            name: name.to_owned(),
            display: String::new(),
            email: Some(Spoken(Secret::new(format!("{line}@example.com")))),
            groups: Vec::new(),
        },
        hash: (!hash.is_empty()).then(|| Spoken(Secret::new(hash.to_owned()))),
    }
}

#[test]
fn hashes_of_bcrypt_are_kept_and_every_other_kind_is_named_without_its_text() {
    let check = |text: &str, expected: Result<Hash, &str>| match (judge(text), expected) {
        (Ok(found), Ok(expected)) => assert_eq!(found, expected, "{text}"),
        (Err(why), Err(expected)) => {
            assert!(why.contains(expected), "{text}: {why}");
            let end = text.len().saturating_sub(10);
            assert!(text.len() < 20 || !why.contains(&text[end..]), "{why}");
        }
        (found, expected) => panic!("{text}: {found:?} is not {expected:?}"),
    };
    for version in ["$2a$", "$2b$", "$2y$"] {
        check(&HASH.replace("$2a$", version), Ok(Hash::Kept));
    }
    check(&HASH.replace("$2a$", "$2x$"), Ok(Hash::Reset));
    for cost in ["04", "14"] {
        check(&of_cost(cost), Ok(Hash::Kept));
    }
    check(&of_cost("15"), Err("cost 15"));
    check(&of_cost("31"), Err("cost 31: expected 4 to 14"));
    check(&of_cost("03"), Err("cost"));
    check(&of_cost("32"), Err("cost"));
    check(&of_cost("5"), Err("60 characters"));
    check("$apr1$salt$QKjE0cIGNvdLuCAfvFpxi0", Err("Apache's MD5"));
    check("{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=", Err("SHA-1"));
    check("$6$salt$QKjE0cIGNvdLuCAfvFpxi0", Err("SHA-512"));
    check("rqXexS6ZhobKA", Err("crypt"));
    check(&format!("$wb1${HASH}"), Err("another Waarborg"));
    check("password", Err("no bcrypt hash"));
    check("", Err("no bcrypt hash"));
}

async fn imported(store: &Store, rows: Vec<ImportRow>, dry_run: bool) -> AccountReply {
    let actor = Actor::command(0);
    match import(store, rows, dry_run, &actor).await {
        Ok(Reply::Accounts { what }) => what,
        _ => panic!("rows are judged"),
    }
}

async fn with_staff(place: &Place) -> Store {
    let store = place.open().await;
    let mut change = store.change(&Actor::command(0)).await.unwrap();
    change.add_group(&"staff".parse().unwrap()).await.unwrap();
    change.commit().await.unwrap();
    store
}

async fn hash_of(store: &Store, name: &str) -> Option<String> {
    let account = store.account_named(name).await.unwrap()?;
    let hash = store.password_hash(&account.id).await.unwrap();
    hash.map(|(hash, _)| hash.expose().clone())
}

both! {
    async fn hashes_are_kept_to_the_letter_and_the_trail_holds_none_of_them(place: Place) {
        let store = with_staff(&place).await;
        let mut staff = row(1, "ada", &HASH.replace("$2a$", "$2y$"));
        staff.user.groups = vec!["Staff".to_owned()];
        let rows = vec![staff, row(2, "bob", &HASH.replace("$2a$", "$2x$")), row(3, "eve", "")];
        match imported(&store, rows, false).await {
            AccountReply::Imported { taken: 3, resets, bad } => {
                assert_eq!(resets, [2]);
                assert_eq!(bad, []);
            }
            other => panic!("{other:?}"),
        }
        assert_eq!(hash_of(&store, "ada").await, Some(HASH.replace("$2a$", "$2y$")));
        assert_eq!(hash_of(&store, "bob").await, None);
        assert_eq!(hash_of(&store, "eve").await, None);
        let ada = store.account_named("1@example.com").await.unwrap().unwrap();
        assert_eq!(ada.groups, ["staff".parse().unwrap()]);
        let trail = store.audit_rows(&AuditQuery::default()).await.unwrap();
        let actions: Vec<_> = trail.iter().rev().map(|it| it.action.as_str()).collect();
        assert_eq!(
            actions,
            ["group.add", "account.add", "password.import", "account.add", "account.add"]
        );
        let trail = format!("{trail:?}");
        assert!(!trail.contains("$2") && !trail.contains("example.com"), "{trail}");
    }

    async fn every_mistake_is_named_with_its_line_and_one_keeps_all_from_being_written(place: Place) {
        let store = with_staff(&place).await;
        imported(&store, vec![row(1, "taken", "")], false).await;
        let mut two = row(5, "x y", &of_cost("31"));
        two.user.groups = vec!["ops".to_owned(), "o ps".to_owned()];
        let rows = vec![
            row(2, "good", HASH),
            row(3, "Taken", HASH),
            row(1, "other", HASH),
            two,
            row(6, "bob", "$apr1$salt$QKjE0cIGNvdLuCAfvFpxi0"),
        ];
        for dry_run in [true, false] {
            match imported(&store, rows.clone(), dry_run).await {
                AccountReply::Imported { taken: 1, bad, .. } => {
                    let lines: Vec<_> = bad.iter().map(|it| it.line).collect();
                    assert_eq!(lines, [3, 1, 5, 5, 5, 5, 6], "{bad:?}");
                    assert!(bad[0].why.contains("`taken` already"), "{bad:?}");
                    assert!(bad[1].why.contains("e-mail"), "{bad:?}");
                }
                other => panic!("{other:?}"),
            }
            assert_eq!(store.account_count().await.unwrap(), 1);
        }
        // The good line by itself is its honest twin.
        imported(&store, rows[..1].to_vec(), true).await;
        assert_eq!(store.account_count().await.unwrap(), 1);
        imported(&store, rows[..1].to_vec(), false).await;
        assert_eq!(hash_of(&store, "good").await.as_deref(), Some(HASH));
    }

    async fn a_piece_as_large_as_may_be_is_one_change_and_a_larger_one_is_refused(place: Place) {
        let store = with_staff(&place).await;
        let rows = |count| (0..count).map(|line| row(line, &format!("u{line}"), HASH)).collect::<Vec<_>>();
        let large = import(&store, rows(IMPORT_ROWS + 1), false, &Actor::command(0)).await;
        assert!(matches!(large, Err(Trouble::Failed(_))));
        match imported(&store, rows(IMPORT_ROWS), false).await {
            AccountReply::Imported { taken, .. } => assert_eq!(taken, IMPORT_ROWS),
            other => panic!("{other:?}"),
        }
        assert_eq!(store.account_count().await.unwrap(), IMPORT_ROWS as u64);
    }
}
