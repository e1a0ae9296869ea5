//! The accounts that drills make: few, ordinary, and gone with the run.

use super::{super::canary::Canaries, *};

fn candidates(texts: &[&str]) -> Vec<Secret<String>> {
    let secret = |text: &&str| Secret::new((*text).to_owned());
    texts.iter().map(secret).collect()
}

async fn names(ground: &Ground) -> Vec<String> {
    let query = store::AccountQuery {
        limit: 100,
        ..store::AccountQuery::default()
    };
    let all = ground.store.accounts(&query).await.unwrap().into_iter();
    all.map(|account| account.name.as_str().to_owned())
        .collect()
}

#[tokio::test]
async fn weak_candidates_are_refused_for_their_reasons_and_what_is_stored_is_counted() {
    let ground = Ground::with_ada().await;
    let canaries = Canaries::new(ground.accounts.clone());
    let tried = candidates(&[
        "kort",
        "aaaaaaaaaaaaaaaaaaaaaaaa",
        "123456789987654321",
        BAD,
    ]);
    let seen = canaries.passwords(&tried).await.unwrap();
    let [short, guessable, commonest, good] = &seen.choices[..] else {
        panic!("{seen:?}")
    };
    assert!(short.contains(&"too-short".to_owned()), "{short:?}");
    assert!(guessable.contains(&"guessable".to_owned()), "{guessable:?}");
    assert!(commonest.contains(&"breached".to_owned()), "{commonest:?}");
    assert!(good.is_empty(), "{good:?}");
    assert_eq!((seen.stored.total, seen.stored.foreign), (2, 0));
    assert_eq!(seen.stored.least_cost, Some(10));
    let fresh = seen.fresh.unwrap();
    assert_eq!(fresh.cost, Some(10));
    assert!(fresh.opens && !fresh.opens_to_another);
    assert_eq!(names(&ground).await, ["ada"], "its own account is gone");

    // What somebody put into the store in another form is seen.
    let ada = ground.store.account_named("ada").await.unwrap().unwrap();
    let bare = Secret::new(crate::digest(GOOD.as_bytes()));
    let actor = Actor::command(0);
    let set = ground
        .accounts
        .set_password(&ada, &bare, "password.import", None, &actor);
    set.await.unwrap();
    let seen = canaries.passwords(&candidates(&["kort"])).await.unwrap();
    assert_eq!((seen.stored.total, seen.stored.foreign), (1, 1));
    assert_eq!(seen.fresh, None, "none of them was taken");
}

#[tokio::test]
async fn the_accounts_of_a_run_are_few_and_go_with_it() {
    let ground = Ground::with_ada().await;
    let canaries = Canaries::new(ground.accounts.clone());
    let (name, password) = canaries.with_password().await.unwrap();
    let account = ground.store.account_named(&name).await.unwrap().unwrap();
    assert!(account.groups.is_empty());
    let attempt = ground.attempt(&name, password.expose(), "192.0.2.1", None);
    let entered = ground.accounts.sign_in(attempt).await.unwrap();
    assert!(matches!(entered, SignedIn::Yes { .. }));
    assert_eq!(canaries.locked_for(&name).await.unwrap(), None);
    assert!(
        canaries.locked_for("ada").await.is_err(),
        "of other people's accounts nothing is told"
    );
    for _ in 1..12 {
        canaries.make().await.unwrap();
    }
    assert!(canaries.make().await.is_err());
    canaries.remove().await;
    assert_eq!(names(&ground).await, ["ada"]);
    assert_eq!(
        ground.accounts.sessions.len(),
        0,
        "its session went with it"
    );
}

#[tokio::test]
async fn what_a_killed_process_left_goes_with_the_next_run() {
    let ground = Ground::with_ada().await;
    let killed = Canaries::new(ground.accounts.clone());
    killed.make().await.unwrap();
    std::mem::forget(killed);
    let canaries = Canaries::new(ground.accounts.clone());
    canaries.make().await.unwrap();
    canaries.remove().await;
    assert_eq!(names(&ground).await.len(), 2, "it may be another run's");
    ground.clock.advance(Duration::from_secs(3601));
    canaries.make().await.unwrap();
    canaries.remove().await;
    assert_eq!(names(&ground).await, ["ada"]);
}

#[tokio::test]
async fn a_run_that_is_broken_off_leaves_no_account() {
    let ground = Ground::with_ada().await;
    let canaries = Canaries::new(ground.accounts.clone());
    canaries.make().await.unwrap();
    assert_eq!(names(&ground).await.len(), 2);
    drop(canaries);
    while names(&ground).await.len() > 1 {
        tokio::task::yield_now().await;
    }
    assert_eq!(names(&ground).await, ["ada"]);
}
