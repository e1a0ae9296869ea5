//! The second factor: what a right password doesn't open, and codes that are taken once.

use login::two_factor::{Seed, Step};
use seam::{Session, sessions::of_ada};

use super::{
    super::second_factor::{Added, CodeAttempt, Coded},
    *,
};

pub(super) fn from() -> session::From {
    session::From {
        client: ClientAddr::new("192.0.2.7".parse().unwrap()),
        agent: String::new(),
    }
}

impl Ground {
    pub(super) fn code(&self, seed: &Seed) -> String {
        seed.code(Step::at(self.clock.now())).expose().clone()
    }

    /// Switches `ada`'s second factor on.
    pub(super) async fn with_app(&self) -> (Seed, Vec<Secret<String>>) {
        let account = self.store.account_named("ada").await.unwrap().unwrap();
        let session = of_ada(seam::Credential::Cookie, &["id.test"]);
        let offer = self.accounts.offer_app(&session).unwrap();
        let code = Secret::new(self.code(&offer.seed));
        let from = from();
        let added = self.accounts.add_app(
            &account,
            &session,
            &offer.sealed,
            ("phone", &code),
            &from,
            Language::En,
        );
        let Added::Yes(Some(codes)) = added.await.unwrap() else {
            panic!("the code is right");
        };
        // The one that switched it on is used up.
        self.clock.advance(Duration::from_secs(30));
        (offer.seed, codes)
    }

    pub(super) async fn halves(&self, device: Option<&str>) -> String {
        match self.tries("ada", GOOD, device).await {
            SignedIn::Half(half) => half.expose().clone(),
            _ => panic!("a code is owed"),
        }
    }

    fn code_attempt(&self, half: &str, code: &str) -> CodeAttempt {
        CodeAttempt {
            half: half.to_owned(),
            code: Secret::new(code.to_owned()),
            start: secret::hash(b"start"),
            device: None,
            portal: "id.test".to_owned(),
            from: from(),
            language: Language::En,
        }
    }

    pub(super) async fn gives(&self, half: &str, code: &str) -> Coded {
        let attempt = self.code_attempt(half, code);
        self.accounts.sign_in_with_code(attempt).await.unwrap()
    }

    pub(super) async fn subjects(&self) -> Vec<String> {
        let mails = self
            .store
            .claim(50, Duration::from_secs(86_400))
            .await
            .unwrap();
        mails.into_iter().map(|mail| mail.subject).collect()
    }
}

pub(super) fn is_in(coded: &Coded) -> Option<&Session> {
    match coded {
        Coded::Yes { begun, .. } => Some(&begun.session),
        _ => None,
    }
}

#[tokio::test]
async fn a_right_password_opens_nothing_before_the_code_which_is_taken_once() {
    let ground = Ground::with_ada().await;
    let (seed, _) = ground.with_app().await;
    let half = ground.halves(None).await;
    assert!(ground.accounts.sessions.is_empty());
    assert!(ground.is_refused("ada", BAD, None).await);
    for wrong in ["", "000000", GOOD] {
        assert!(matches!(ground.gives(&half, wrong).await, Coded::Wrong));
    }
    let code = ground.code(&seed);
    let coded = ground.gives(&half, &code).await;
    let session = is_in(&coded).expect("both are right");
    let amr: Vec<&str> = session.amr.iter().map(AsRef::as_ref).collect();
    assert_eq!(amr, ["pwd", "otp", "mfa"]);
    let again = ground.halves(None).await;
    assert!(matches!(ground.gives(&again, &code).await, Coded::Wrong));
    ground.clock.advance(Duration::from_secs(30));
    let next = ground.code(&seed);
    assert!(is_in(&ground.gives(&again, &next).await).is_some());
}

#[tokio::test]
async fn of_one_code_in_many_half_sign_ins_at_once_one_is_taken() {
    let ground = Ground::with_ada().await;
    let (seed, _) = ground.with_app().await;
    let code = ground.code(&seed);
    let mut all = Vec::new();
    for _ in 0..4 {
        let half = ground.halves(None).await;
        let (accounts, attempt) = (ground.accounts.clone(), ground.code_attempt(&half, &code));
        all.push(tokio::spawn(async move {
            accounts.sign_in_with_code(attempt).await.unwrap()
        }));
    }
    let mut entered = 0;
    for one in all {
        entered += usize::from(is_in(&one.await.unwrap()).is_some());
    }
    assert_eq!(entered, 1);
}

#[tokio::test]
async fn half_a_sign_in_holds_for_its_browser_its_password_and_ten_minutes() {
    let ground = Ground::with_ada().await;
    let (seed, _) = ground.with_app().await;
    let half = ground.halves(None).await;
    let other = CodeAttempt {
        start: secret::hash(b"another browser"),
        ..ground.code_attempt(&half, &ground.code(&seed))
    };
    let other = ground.accounts.sign_in_with_code(other).await.unwrap();
    assert!(matches!(other, Coded::Stale));
    for forged in ["", "AAAA", &half[1..]] {
        let code = ground.code(&seed);
        assert!(matches!(ground.gives(forged, &code).await, Coded::Stale));
    }
    ground.clock.advance(Duration::from_secs(600));
    let late = ground.gives(&half, &ground.code(&seed)).await;
    assert!(matches!(late, Coded::Stale));
    let half = ground.halves(None).await;
    let account = ground.store.account_named("ada").await.unwrap().unwrap();
    let hash = ground.store.password_hash(&account.id).await.unwrap();
    let (hash, _) = hash.unwrap();
    let actor = Actor::command(0);
    ground.clock.advance(Duration::from_secs(1));
    let set = ground
        .accounts
        .set_password(&account, &hash, "password.set", None, &actor);
    set.await.unwrap();
    let old = ground.gives(&half, &ground.code(&seed)).await;
    assert!(matches!(old, Coded::Stale), "another password since");
}

#[tokio::test]
async fn five_wrong_codes_in_whichever_half_lock_the_code_and_the_owner_hears_why() {
    let ground = Ground::with_ada().await;
    let (seed, _) = ground.with_app().await;
    let added = ["A second step at sign-in was added"];
    assert_eq!(ground.subjects().await, added);
    for _ in 0..5 {
        let half = ground.halves(None).await;
        assert!(matches!(ground.gives(&half, "000000").await, Coded::Wrong));
    }
    let half = ground.halves(None).await;
    let right = ground.gives(&half, &ground.code(&seed)).await;
    assert!(matches!(right, Coded::Locked(_)));
    assert_eq!(ground.subjects().await, ["Somebody knows your password"]);
    ground.clock.advance(Duration::from_secs(300));
    assert!(is_in(&ground.gives(&half, &ground.code(&seed)).await).is_some());
}

#[tokio::test]
async fn a_recovery_code_opens_once_and_new_ones_end_the_old() {
    let ground = Ground::with_ada().await;
    let (_, codes) = ground.with_app().await;
    assert_eq!(codes.len(), 10);
    ground.subjects().await;
    let first = codes[0].expose().to_uppercase();
    let half = ground.halves(None).await;
    assert!(is_in(&ground.gives(&half, &first).await).is_some());
    assert_eq!(ground.subjects().await, ["A recovery code was used"]);
    assert!(matches!(ground.gives(&half, &first).await, Coded::Wrong));
    let mut all = Vec::new();
    for _ in 0..2 {
        let attempt = ground.code_attempt(&half, codes[1].expose());
        let accounts = ground.accounts.clone();
        all.push(tokio::spawn(async move {
            accounts.sign_in_with_code(attempt).await.unwrap()
        }));
    }
    let mut entered = 0;
    for one in all {
        entered += usize::from(is_in(&one.await.unwrap()).is_some());
    }
    assert_eq!(entered, 1, "at once, too");
    let account = ground.store.account_named("ada").await.unwrap().unwrap();
    let new = ground
        .accounts
        .renew_codes(&account, &from(), Language::En)
        .await
        .unwrap();
    assert!(matches!(
        ground.gives(&half, codes[2].expose()).await,
        Coded::Wrong
    ));
    assert!(is_in(&ground.gives(&half, new[0].expose()).await).is_some());
}

#[tokio::test]
async fn an_app_is_added_only_by_its_code_in_the_session_and_the_time_it_was_offered() {
    let ground = Ground::with_ada().await;
    let account = ground.store.account_named("ada").await.unwrap().unwrap();
    let session = of_ada(seam::Credential::Cookie, &["id.test"]);
    let other = Session {
        sid: [9; 16],
        ..of_ada(seam::Credential::Cookie, &["id.test"])
    };
    let offer = ground.accounts.offer_app(&session).unwrap();
    let add = async |session: &Session, code: String| {
        let code = Secret::new(code);
        let (label, from) = (("phone", &code), from());
        let added =
            ground
                .accounts
                .add_app(&account, session, &offer.sealed, label, &from, Language::En);
        added.await.unwrap()
    };
    let code = || ground.code(&offer.seed);
    assert!(matches!(add(&other, code()).await, Added::Stale));
    let Added::Wrong(_) = add(&session, "000000".to_owned()).await else {
        panic!("another code");
    };
    ground.clock.advance(Duration::from_secs(600));
    assert!(matches!(add(&session, code()).await, Added::Stale));
    ground.enters("ada", None).await;
}

#[tokio::test]
async fn without_its_last_factor_a_password_is_enough_again() {
    let ground = Ground::with_ada().await;
    let (_, codes) = ground.with_app().await;
    let account = ground.store.account_named("ada").await.unwrap().unwrap();
    let factor = ground.store.factors(&account.id).await.unwrap().remove(0);
    let half = ground.halves(None).await;
    let actor = Actor::account(&account.id);
    let (accounts, from) = (&ground.accounts, from());
    let removed = accounts.remove_factor(&account, &factor.id, &from, Language::En, &actor);
    removed.await.unwrap();
    let late = ground.gives(&half, codes[0].expose()).await;
    assert!(
        matches!(late, Coded::Wrong),
        "its recovery codes went with it"
    );
    ground.enters("ada", None).await;
    let said = ground.subjects().await;
    assert!(said.contains(&"A second step at sign-in was removed".to_owned()));
}

#[tokio::test]
async fn a_stranger_who_knows_the_password_locks_no_code_of_a_known_device() {
    let ground = Ground::with_ada().await;
    let (_, known) = ground.enters("ada", None).await;
    let (seed, _) = ground.with_app().await;
    for _ in 0..5 {
        let half = ground.halves(None).await;
        assert!(matches!(ground.gives(&half, "000000").await, Coded::Wrong));
    }
    let half = ground.halves(None).await;
    let code = ground.code(&seed);
    assert!(matches!(ground.gives(&half, &code).await, Coded::Locked(_)));
    let half = ground.halves(Some(&known)).await;
    let attempt = CodeAttempt {
        device: Some(Secret::new(known)),
        ..ground.code_attempt(&half, &code)
    };
    let coded = ground.accounts.sign_in_with_code(attempt).await.unwrap();
    assert!(is_in(&coded).is_some());
}

#[tokio::test]
async fn codes_that_are_guessed_slowly_are_told_of_at_the_tenth_and_end_at_the_hundredth() {
    let ground = Ground::with_ada().await;
    let (_, known) = ground.enters("ada", None).await;
    let (seed, _) = ground.with_app().await;
    ground.subjects().await;
    let gives = async |code: &str| {
        let half = ground.halves(Some(&known)).await;
        let attempt = CodeAttempt {
            device: Some(Secret::new(known.clone())),
            ..ground.code_attempt(&half, code)
        };
        ground.accounts.sign_in_with_code(attempt).await.unwrap()
    };
    for number in 1..=100 {
        // Never five within five minutes: no lock comes of it.
        ground.clock.advance(Duration::from_secs(100));
        assert!(matches!(gives("000000").await, Coded::Wrong), "{number}");
        let told = ground.subjects().await;
        let of_codes = told.iter().filter(|it| it.contains("knows your password"));
        assert_eq!(of_codes.count(), usize::from(number == 10), "{number}");
    }
    ground.clock.advance(Duration::from_secs(100));
    assert!(matches!(gives(&ground.code(&seed)).await, Coded::Locked(_)));
}

#[tokio::test]
async fn a_form_that_is_sent_twice_adds_one_app_and_ends_what_the_password_alone_opened() {
    let ground = Ground::with_ada().await;
    let account = ground.store.account_named("ada").await.unwrap().unwrap();
    ground.enters("ada", None).await;
    assert!(!ground.accounts.sessions.is_empty());
    let session = of_ada(seam::Credential::Cookie, &["id.test"]);
    let offer = ground.accounts.offer_app(&session).unwrap();
    let code = Secret::new(ground.code(&offer.seed));
    for first in [true, false] {
        let from = from();
        let label = ("phone", &code);
        let added = ground.accounts.add_app(
            &account,
            &session,
            &offer.sealed,
            label,
            &from,
            Language::En,
        );
        match added.await.unwrap() {
            Added::Yes(Some(_)) => assert!(first),
            Added::Before => assert!(!first),
            _ => panic!("the code is right"),
        }
    }
    assert_eq!(ground.store.factors(&account.id).await.unwrap().len(), 1);
    assert!(ground.accounts.sessions.is_empty());
}
