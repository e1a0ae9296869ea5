use terms::Secret;

use super::*;
use crate::{
    AccountDetails, AccountState, Actor,
    testing::{Place, both},
};

const DAY: Duration = Duration::from_secs(86_400);

/// An account of this name, by its id.
pub(crate) async fn account(store: &Store, name: &str) -> String {
    let mut change = store.change(&Actor::command(0)).await.unwrap();
    let details = AccountDetails {
        name: name.parse().unwrap(),
        display: name.to_owned(),
        email: Some(Secret::new(format!("{name}@example.com"))),
        groups: Vec::new(),
        state: AccountState::Active,
    };
    let id = change.add_account(&details).await.unwrap();
    change.commit().await.unwrap();
    id
}

fn session(store: &Store, account: &str, number: u8, parent: Option<&str>) -> StoredSession {
    let now = store.clock().now();
    StoredSession {
        sid: format!("{number:032x}"),
        hash: [number; 32],
        account: account.to_owned(),
        parent: parent.map(str::to_owned),
        site: if parent.is_some() {
            "app.test"
        } else {
            "id.test"
        }
        .to_owned(),
        amr: vec!["pwd".to_owned()],
        auth_time: now,
        created_at: now,
        expires_at: now.after(DAY),
        last_seen: now,
        agent: "x".repeat(300),
        network: "192.0.2.0/24".to_owned(),
    }
}

async fn begin(store: &Store, new: &StoredSession) {
    let mut change = store.change(&Actor::account(&new.account)).await.unwrap();
    change
        .begin_session(new, &"ada".parse().unwrap())
        .await
        .unwrap();
    change.commit().await.unwrap();
}

async fn begin_child(store: &Store, new: &StoredSession) {
    let mut tx = store.tx().await.unwrap();
    tx.begin_child(new).await.unwrap();
    tx.commit().await.unwrap();
}

async fn live(store: &Store, account: &str) -> Vec<u8> {
    let account = Some(account.to_owned());
    let query = SessionQuery {
        account,
        limit: 10,
        ..SessionQuery::default()
    };
    let all = store.sessions(&query).await.unwrap();
    all.iter().map(|it| it.hash[0]).collect()
}

both! {
    async fn families_come_whole_in_pages_of_their_portal_sessions(place: Place) {
        let store = place.open().await;
        let (ada, bob) = (account(&store, "ada").await, account(&store, "bob").await);
        for (number, owner) in [(1, &ada), (2, &bob), (3, &ada)] {
            let root = session(&store, owner, number, None);
            begin(&store, &root).await;
            // Children whose names come before and behind every root's.
            begin_child(&store, &session(&store, owner, 10 + number, Some(&root.sid))).await;
            let mut early = session(&store, owner, 20 + number, Some(&root.sid));
            early.sid = format!("{:032x}", 0) + &number.to_string();
            begin_child(&store, &early).await;
        }
        let sid = |number: u8| format!("{number:032x}");
        let check = async |account: Option<&String>, after: &str, limit, expected: &[u8]| {
            let query = SessionQuery { account: account.cloned(), after: after.to_owned(), limit };
            let found = store.session_families(&query).await.unwrap();
            let mut found: Vec<_> = found.iter().map(|it| it.hash[0]).collect();
            found.sort_unstable();
            assert_eq!(found, expected, "{query:?}");
        };
        check(None, "", 2, &[1, 2, 11, 12, 21, 22]).await;
        check(None, &sid(2), 2, &[3, 13, 23]).await;
        check(Some(&ada), "", 1, &[1, 11, 21]).await;
        check(Some(&ada), &sid(1), 10, &[3, 13, 23]).await;
        check(Some(&ada), &sid(3), 10, &[]).await;
    }

    async fn a_family_of_sessions_ends_together_and_another_lives_on(place: Place) {
        let store = place.open().await;
        let ada = account(&store, "ada").await;
        let (first, other) = (session(&store, &ada, 1, None), session(&store, &ada, 3, None));
        begin(&store, &first).await;
        begin(&store, &other).await;
        begin_child(&store, &session(&store, &ada, 2, Some(&first.sid))).await;
        begin_child(&store, &session(&store, &ada, 4, Some(&other.sid))).await;
        assert_eq!(live(&store, &ada).await, [1, 2, 3, 4]);
        let mut change = store.change(&Actor::account(&ada)).await.unwrap();
        let mut ended = change.end_session(&first.sid).await.unwrap();
        ended.sort_unstable();
        assert_eq!(ended, [[1; 32], [2; 32]]);
        change.commit().await.unwrap();
        assert_eq!(live(&store, &ada).await, [3, 4]);
        assert!(store.account(&ada).await.unwrap().unwrap().last_sign_in.is_some());
    }

    async fn all_but_one_family_can_be_ended_and_an_account_takes_its_sessions_along(place: Place) {
        let store = place.open().await;
        let (ada, bob) = (account(&store, "ada").await, account(&store, "bob").await);
        let kept = session(&store, &ada, 1, None);
        begin(&store, &kept).await;
        begin_child(&store, &session(&store, &ada, 2, Some(&kept.sid))).await;
        let gone = session(&store, &ada, 3, None);
        begin(&store, &gone).await;
        begin_child(&store, &session(&store, &ada, 4, Some(&gone.sid))).await;
        begin(&store, &session(&store, &bob, 5, None)).await;
        let mut change = store.change(&Actor::account(&ada)).await.unwrap();
        let mut ended = change.end_sessions(&ada, Some(&kept.sid)).await.unwrap();
        ended.sort_unstable();
        assert_eq!(ended, [[3; 32], [4; 32]]);
        change.commit().await.unwrap();
        assert_eq!(live(&store, &ada).await, [1, 2]);
        assert_eq!(live(&store, &bob).await, [5]);
        let account = store.account(&ada).await.unwrap().unwrap();
        let mut change = store.change(&Actor::command(0)).await.unwrap();
        change.remove_account(&account).await.unwrap();
        change.commit().await.unwrap();
        assert_eq!(live(&store, &ada).await, [0_u8; 0]);
    }

    async fn a_code_holds_once_for_its_site_and_its_browser(place: Place) {
        let store = place.open().await;
        let ada = account(&store, "ada").await;
        let portal = session(&store, &ada, 1, None);
        begin(&store, &portal).await;
        let keep = async |number: u8| {
            let mut tx = store.tx().await.unwrap();
            tx.keep_handover(NewHandover {
                hash: [number; 32],
                session: &portal.sid,
                site: "app.test",
                start_hash: [9; 32],
                life: Duration::from_secs(120),
            }).await.unwrap();
            tx.commit().await.unwrap();
        };
        let take = async |number: u8, site: &str, start: u8| {
            let mut tx = store.tx().await.unwrap();
            let taken = tx.take_handover([number; 32], site, [start; 32]).await.unwrap();
            tx.commit().await.unwrap();
            taken.map(|session| session.sid)
        };
        for (number, site, start, expected) in [
            (1, "app.test", 9, Some(portal.sid.clone())),
            (2, "other.test", 9, None),
            (3, "app.test", 8, None),
        ] {
            keep(number).await;
            assert_eq!(take(number, site, start).await, expected, "{number}");
            assert_eq!(take(number, "app.test", 9).await, None, "{number}: a second time");
        }
        keep(4).await;
        place.clock.advance(Duration::from_secs(120));
        assert_eq!(take(4, "app.test", 9).await, None, "too late");
    }

    async fn what_is_over_is_not_read_and_is_removed(place: Place) {
        let store = place.open().await;
        let ada = account(&store, "ada").await;
        let one = session(&store, &ada, 1, None);
        begin(&store, &one).await;
        let later = store.clock().now().after(DAY * 2);
        begin(&store, &StoredSession { expires_at: later, ..session(&store, &ada, 2, None) }).await;
        let earlier = Micros(5);
        store.touch_sessions(&[(one.sid.clone(), earlier)]).await.unwrap();
        let query = SessionQuery { limit: 10, ..SessionQuery::default() };
        assert_eq!(store.sessions(&query).await.unwrap()[0].last_seen, one.last_seen);
        assert_eq!(store.sessions(&query).await.unwrap()[0].agent.len(), 256);
        let seen = one.last_seen.after(Duration::from_secs(9));
        store.touch_sessions(&[(one.sid.clone(), seen)]).await.unwrap();
        assert_eq!(store.sessions(&query).await.unwrap()[0].last_seen, seen);
        place.clock.advance(DAY);
        assert_eq!(live(&store, &ada).await, [2]);
        assert_eq!(store.remove_expired().await.unwrap(), 1);
    }
}
