//! Passkeys: whose they are, what they were asked for, and how often.

use login::passkey::testing::Authenticator;
use seam::{Session, sessions::of_ada};

use super::{
    super::{
        passkey::{Keyed, PasskeyAdded, PasskeyAttempt, Said},
        second_factor::{CodeAttempt, Coded},
    },
    second_factor::from,
    *,
};

const ORIGIN: &str = "https://id.test";

fn said(sealed: &Secret<String>, answer: String) -> Said {
    Said {
        sealed: sealed.expose().clone(),
        answer: Secret::new(answer),
    }
}

impl Ground {
    pub(super) async fn account(&self, name: &str) -> store::Account {
        self.store.account_named(name).await.unwrap().unwrap()
    }

    /// Registers `device` for an account; what comes of it.
    async fn registers(&self, name: &str, device: &mut Authenticator) -> PasskeyAdded {
        let account = self.account(name).await;
        let session = of_ada(seam::Credential::Cookie, &["id.test"]);
        let ask = self.accounts.offer_passkey(&account, &session).await;
        let ask = ask.unwrap().unwrap();
        let said = said(&ask.sealed, device.create(&ask.options));
        let from = from();
        let by = (&from, Language::En);
        let added = self
            .accounts
            .add_passkey(&account, &session, &said, "laptop", by);
        added.await.unwrap()
    }

    /// `ada` has a passkey, and its recovery codes.
    async fn with_passkey(&self, count: u32) -> (Authenticator, Vec<Secret<String>>) {
        let mut device = Authenticator::new("id.test", ORIGIN);
        device.count = count;
        match self.registers("ada", &mut device).await {
            PasskeyAdded::Yes(Some(codes)) => (device, codes),
            _ => panic!("it is the first"),
        }
    }

    fn passkey_attempt(&self, said: Said, browser: &[u8]) -> PasskeyAttempt {
        PasskeyAttempt {
            said,
            start: secret::hash(browser),
            device: None,
            portal: "id.test".to_owned(),
            from: from(),
            language: Language::En,
        }
    }

    /// What a sign-in page of this browser asks `device`, and what it says.
    fn answers(&self, device: &mut Authenticator, browser: &[u8]) -> Said {
        let ask = self.accounts.ask_passkey(secret::hash(browser)).unwrap();
        let ask = ask.unwrap();
        said(&ask.sealed, device.get(&ask.options))
    }

    async fn keys(&self, said: Said) -> Keyed {
        let attempt = self.passkey_attempt(said, b"start");
        self.accounts.sign_in_with_passkey(attempt).await.unwrap()
    }

    async fn shows(&self, device: &mut Authenticator) -> Keyed {
        let said = self.answers(device, b"start");
        self.keys(said).await
    }

    async fn asked_behind_password(&self) -> (String, pages::Codes, Option<pages::PasskeyAsk>) {
        let SignedIn::Half(half) = self.tries("ada", GOOD, None).await else {
            panic!("the password alone isn't enough");
        };
        let half = half.expose().clone();
        let start = secret::hash(b"start");
        let asked = self.accounts.ask_behind_password(&half, start).await;
        let (codes, ask) = asked.unwrap();
        (half, codes, ask)
    }
}

fn again(said: &Said) -> Said {
    Said {
        sealed: said.sealed.clone(),
        answer: said.answer.clone(),
    }
}

fn is_in(keyed: &Keyed) -> Option<&Session> {
    match keyed {
        Keyed::Yes { begun, .. } => Some(&begun.session),
        _ => None,
    }
}

fn amr(session: &Session) -> Vec<&str> {
    session.amr.iter().map(AsRef::as_ref).collect()
}

#[tokio::test]
async fn a_passkey_signs_in_without_name_password_or_login_pool_and_is_a_second_factor() {
    let ground = Ground::with_ada().await;
    let (mut device, _) = ground.with_passkey(0).await;
    // A pool that was never opened.
    let bare = Accounts {
        doors: Arc::default(),
        ..ground.accounts.clone()
    };
    for _ in 0..2 {
        let said = ground.answers(&mut device, b"start");
        let attempt = ground.passkey_attempt(said, b"start");
        let keyed = bare.sign_in_with_passkey(attempt).await.unwrap();
        let session = is_in(&keyed).expect("it is ada's");
        assert_eq!(&*session.person.name, "ada");
        assert_eq!(amr(session), ["pop", "user", "mfa"]);
        assert_eq!(bare.factor_due(session).await.unwrap(), None);
    }
    let asker = login::pool::Asker {
        class: login::pool::Class::Known,
        network: doors::network("192.0.2.7".parse().unwrap()),
        account: doors::account_key(&[0; 32]),
        began: ground.clock.moment(),
    };
    let ticket = login::pool::Work::Ticket(bare.cost());
    let pool = bare.computed(asker, ticket).await;
    assert!(matches!(pool, Err(AccountError::Away)), "still not");
    let used = ground.store.factors(&ground.account("ada").await.id).await;
    assert!(used.unwrap()[0].last_used.is_some());
    let signed_in = ground.actions().await;
    assert!(signed_in.iter().any(|it| it == "factor.add"));
}

#[tokio::test]
async fn a_passkey_opens_an_account_that_strangers_have_locked_and_none_that_is_off() {
    let ground = Ground::with_ada().await;
    let (mut device, _) = ground.with_passkey(0).await;
    for _ in 0..10 {
        assert!(ground.is_refused("ada", BAD, None).await);
    }
    assert!(ground.is_refused("ada", GOOD, None).await, "locked");
    assert!(is_in(&ground.shows(&mut device).await).is_some());
    let account = ground.account("ada").await;
    let off = AccountDetails {
        name: account.name.clone(),
        display: account.display.clone(),
        email: account.email.clone(),
        groups: account.groups.clone(),
        state: AccountState::Disabled,
    };
    let actor = Actor::command(0);
    let changed = ground.accounts.change(&account, &off, &actor).await;
    changed.unwrap();
    assert!(is_in(&ground.shows(&mut device).await).is_none());
}

#[tokio::test]
async fn the_password_alone_isnt_enough_with_a_passkey_and_the_passkey_ends_it() {
    let ground = Ground::with_ada().await;
    let (mut device, recovery) = ground.with_passkey(0).await;
    let (half, codes, ask) = ground.asked_behind_password().await;
    assert_eq!(codes, pages::Codes::Recovery);
    let ask = ask.expect("there is a passkey");
    let answer = said(&ask.sealed, device.get(&ask.options));
    // What was asked behind a password isn't the answer to what was asked without.
    assert!(is_in(&ground.keys(again(&answer)).await).is_none());
    for wrong in ["", "AAAA"] {
        let attempt = ground.passkey_attempt(again(&answer), b"start");
        let keyed = ground.accounts.sign_in_with_both(wrong, attempt).await;
        assert!(matches!(keyed.unwrap(), Keyed::Stale));
    }
    let other = ground.answers(&mut device, b"start");
    let attempt = ground.passkey_attempt(other, b"start");
    let keyed = ground.accounts.sign_in_with_both(&half, attempt).await;
    assert!(matches!(keyed.unwrap(), Keyed::No), "nor the other way");
    let attempt = ground.passkey_attempt(answer, b"start");
    let keyed = ground.accounts.sign_in_with_both(&half, attempt).await;
    let keyed = keyed.unwrap();
    let session = is_in(&keyed).expect("password and passkey are right");
    assert_eq!(amr(session), ["pwd", "pop", "user", "mfa"]);
    let coded = ground.accounts.sign_in_with_code(CodeAttempt {
        half,
        code: recovery[0].clone(),
        start: secret::hash(b"start"),
        device: None,
        portal: "id.test".to_owned(),
        from: from(),
        language: Language::En,
    });
    assert!(
        matches!(coded.await.unwrap(), Coded::Yes { .. }),
        "for when it is lost"
    );
}

#[tokio::test]
async fn passkey_clone_counter_going_back_is_refused_and_the_owner_gets_a_mail() {
    let ground = Ground::with_ada().await;
    let (mut device, _) = ground.with_passkey(5).await;
    assert!(is_in(&ground.shows(&mut device).await).is_some());
    assert!(is_in(&ground.shows(&mut device).await).is_some());
    ground.subjects().await;
    let reached = device.count;
    let told = "There may be a copy of your passkey";
    // As it was at registration, as it was shown last, and one that counts no more.
    for (count, mails) in [(5, 1), (reached - 1, 0), (0, 0)] {
        device.count = count;
        assert!(is_in(&ground.shows(&mut device).await).is_none(), "{count}");
        let subjects = ground.subjects().await;
        let subjects = subjects.iter().filter(|it| *it == told);
        assert_eq!(subjects.count(), mails, "{count}: once in a while");
    }
    let actions = ground.actions().await;
    let rows = actions.iter().filter(|it| *it == "passkey.copy").count();
    assert_eq!(rows, 1, "{actions:?}");
    ground.clock.advance(Duration::from_secs(3601));
    device.count = reached - 1;
    assert!(is_in(&ground.shows(&mut device).await).is_none());
    assert_eq!(ground.subjects().await, [told]);
    // The honest one goes on.
    device.count = reached;
    assert!(is_in(&ground.shows(&mut device).await).is_some());
}

#[tokio::test]
async fn passkey_of_wrong_origin_wrong_rp_id_or_unverified_owner_is_refused_and_nobody_is_told() {
    type Spoil = fn(&mut Authenticator);
    let ground = Ground::with_ada().await;
    let (mut device, _) = ground.with_passkey(0).await;
    ground.subjects().await;
    let spoils: [(Spoil, Spoil); 4] = [
        (
            |it| it.origin = "https://evil.test".to_owned(),
            |it| {
                it.origin = ORIGIN.to_owned();
            },
        ),
        (
            |it| it.host = "evil.test".to_owned(),
            |it| {
                it.host = "id.test".to_owned();
            },
        ),
        (|it| it.verified = false, |it| it.verified = true),
        (|it| it.framed = true, |it| it.framed = false),
    ];
    for (spoil, mend) in spoils {
        spoil(&mut device);
        assert!(is_in(&ground.shows(&mut device).await).is_none());
        let mut other = Authenticator::new("id.test", ORIGIN);
        spoil(&mut other);
        let added = ground.registers("ada", &mut other).await;
        assert!(matches!(added, PasskeyAdded::Refused));
        mend(&mut device);
        assert!(
            is_in(&ground.shows(&mut device).await).is_some(),
            "the twin"
        );
    }
    assert_eq!(ground.subjects().await, [""; 0]);
}

#[tokio::test]
async fn passkey_replayed_challenge_is_refused_also_at_once_and_on_two_nodes() {
    let ground = Ground::with_ada().await;
    let (mut device, _) = ground.with_passkey(0).await;
    let answer = ground.answers(&mut device, b"start");
    let mut all = Vec::new();
    for number in 0..6 {
        let node = Accounts {
            // Another node knows nothing of this one but the store.
            sessions: if number % 2 == 0 {
                ground.accounts.sessions.clone()
            } else {
                Arc::default()
            },
            ..ground.accounts.clone()
        };
        let attempt = ground.passkey_attempt(again(&answer), b"start");
        all.push(tokio::spawn(async move {
            node.sign_in_with_passkey(attempt).await.unwrap()
        }));
    }
    let mut entered = 0;
    for one in all {
        entered += usize::from(is_in(&one.await.unwrap()).is_some());
    }
    assert_eq!(entered, 1);
    // Nor does the same question take another answer.
    let ask = ground.accounts.ask_passkey(secret::hash(b"start"));
    let ask = ask.unwrap().unwrap();
    for expected in [true, false] {
        let said = said(&ask.sealed, device.get(&ask.options));
        assert_eq!(is_in(&ground.keys(said).await).is_some(), expected);
    }
}

#[tokio::test]
async fn passkey_challenge_of_another_browser_or_account_is_refused() {
    let ground = Ground::with_ada().await;
    ground.add("eve", &[]).await;
    let (mut adas, _) = ground.with_passkey(0).await;
    let mut eves = Authenticator::new("id.test", ORIGIN);
    let added = ground.registers("eve", &mut eves).await;
    assert!(matches!(added, PasskeyAdded::Yes(Some(_))));
    // Somebody else's browser.
    let answer = ground.answers(&mut adas, b"another browser");
    assert!(is_in(&ground.keys(answer).await).is_none());
    // Eve has ada's password: her own passkey is no second step of ada's.
    let (half, _, ask) = ground.asked_behind_password().await;
    let ask = ask.unwrap();
    let attempt = ground.passkey_attempt(said(&ask.sealed, eves.get(&ask.options)), b"start");
    let keyed = ground.accounts.sign_in_with_both(&half, attempt).await;
    assert!(matches!(keyed.unwrap(), Keyed::No));
    // Nor does it open ada's account by saying that it is hers, or her passkey by name.
    let own = std::mem::replace(&mut eves.handle, adas.handle.clone());
    assert!(is_in(&ground.shows(&mut eves).await).is_none());
    eves.handle = Vec::new();
    assert!(is_in(&ground.shows(&mut eves).await).is_none(), "nobody's");
    eves.handle = own;
    let credential = std::mem::replace(&mut eves.credential, adas.credential.clone());
    assert!(is_in(&ground.shows(&mut eves).await).is_none());
    eves.credential = credential;
    let keyed = ground.shows(&mut eves).await;
    assert_eq!(&*is_in(&keyed).unwrap().person.name, "eve", "the twin");
    // A session's question is no other session's.
    let mut other = of_ada(seam::Credential::Cookie, &["id.test"]);
    other.sid = [9; 16];
    let session = of_ada(seam::Credential::Cookie, &["id.test"]);
    let account = ground.account("ada").await;
    let ask = ground.accounts.offer_passkey(&account, &other).await;
    let ask = ask.unwrap().unwrap();
    let mut new = Authenticator::new("id.test", ORIGIN);
    let said = said(&ask.sealed, new.create(&ask.options));
    let from = from();
    let by = (&from, Language::En);
    let added = ground
        .accounts
        .add_passkey(&account, &session, &said, "x", by);
    assert!(matches!(added.await.unwrap(), PasskeyAdded::Stale));
}

#[tokio::test]
async fn passkey_challenge_that_expired_is_refused() {
    let ground = Ground::with_ada().await;
    let (mut device, _) = ground.with_passkey(0).await;
    for (seconds, expected) in [(299, true), (300, false)] {
        let answer = ground.answers(&mut device, b"start");
        ground.clock.advance(Duration::from_secs(seconds));
        let keyed = ground.keys(answer).await;
        assert_eq!(is_in(&keyed).is_some(), expected, "{seconds}");
    }
    let account = ground.account("ada").await;
    let session = of_ada(seam::Credential::Cookie, &["id.test"]);
    let ask = ground.accounts.offer_passkey(&account, &session).await;
    let ask = ask.unwrap().unwrap();
    let mut new = Authenticator::new("id.test", ORIGIN);
    let said = said(&ask.sealed, new.create(&ask.options));
    ground.clock.advance(Duration::from_secs(300));
    let from = from();
    let by = (&from, Language::En);
    let added = ground
        .accounts
        .add_passkey(&account, &session, &said, "x", by);
    assert!(matches!(added.await.unwrap(), PasskeyAdded::Stale));
}

#[tokio::test]
async fn what_no_passkey_of_ours_says_is_one_refusal_and_takes_as_long() {
    let ground = Ground::with_ada().await;
    let (mut device, _) = ground.with_passkey(0).await;
    let mut unknown = Authenticator::new("id.test", ORIGIN);
    unknown.handle.clone_from(&device.handle);
    let good = ground.answers(&mut device, b"start");
    let unknown = ground.answers(&mut unknown, b"start");
    device.verified = false;
    let unverified = ground.answers(&mut device, b"start");
    let nonsense = |answer: &str| Said {
        answer: Secret::new(answer.to_owned()),
        ..again(&good)
    };
    let forged = Said {
        sealed: "AAAA".to_owned(),
        ..again(&good)
    };
    for said in [unknown, unverified, nonsense(""), nonsense("{}"), forged] {
        let began = Clock::System.moment();
        assert!(matches!(ground.keys(said).await, Keyed::No));
        let took = Clock::System.moment().since(began);
        assert!(took >= Duration::from_millis(240), "{took:?}");
    }
}

#[tokio::test]
async fn the_first_passkey_brings_recovery_codes_ends_other_sessions_and_is_told() {
    let ground = Ground::with_ada().await;
    let (token, _) = ground.enters("ada", None).await;
    ground.subjects().await;
    let (_, codes) = ground.with_passkey(0).await;
    assert_eq!(codes.len(), 10);
    assert!(
        ground
            .accounts
            .sessions
            .find(&token, ground.clock.now())
            .is_none()
    );
    assert_eq!(ground.subjects().await, ["A passkey was added"]);
    let mut second = Authenticator::new("id.test", ORIGIN);
    let added = ground.registers("ada", &mut second).await;
    assert!(matches!(added, PasskeyAdded::Yes(None)));
    // Nobody gets one that somebody has, nor hears that somebody has it.
    ground.add("eve", &[]).await;
    second.handle.clear();
    let added = ground.registers("eve", &mut second).await;
    assert!(matches!(added, PasskeyAdded::Refused));

    let account = ground.account("ada").await;
    let factor = ground.store.factors(&account.id).await.unwrap().remove(0);
    ground.subjects().await;
    let (from, actor) = (from(), Actor::account(&account.id));
    let removed = ground
        .accounts
        .remove_factor(&account, &factor.id, &from, Language::En, &actor);
    removed.await.unwrap();
    assert_eq!(ground.subjects().await, ["A passkey was removed"]);
    let reset = ground.accounts.reset_factors(&account, &actor).await;
    assert_eq!(reset.unwrap(), 1);
    assert!(ground.store.passkeys(&account.id).await.unwrap().is_empty());
    assert_eq!(
        ground.store.recovery_codes_left(&account.id).await.unwrap(),
        0
    );
    ground.enters("ada", None).await;
}

#[tokio::test]
async fn who_is_signed_in_shows_a_passkey_once_more_under_a_new_secret() {
    let ground = Ground::with_ada().await;
    let (mut device, _) = ground.with_passkey(0).await;
    let keyed = ground.shows(&mut device).await;
    let Keyed::Yes { begun, .. } = keyed else {
        panic!("it is ada's");
    };
    let account = ground.account("ada").await;
    ground.clock.advance(Duration::from_secs(3600));
    let (_, ask) = ground
        .accounts
        .ask_to_confirm(&begun.session)
        .await
        .unwrap();
    let ask = ask.unwrap();
    let answer = said(&ask.sealed, device.get(&ask.options));
    let from = from();
    for expected in [true, false] {
        let confirmed = ground.accounts.confirm_by_passkey(
            &account,
            &begun.session,
            &answer,
            (&from, Language::En),
        );
        let renewed = confirmed.await.unwrap();
        assert_eq!(renewed.is_some(), expected, "once");
        if let Some(renewed) = renewed {
            assert_ne!(renewed.secret.expose(), begun.secret.expose());
            assert_eq!(renewed.session.auth_time, ground.clock.now());
            assert_eq!(amr(&renewed.session), ["pop", "user", "mfa"]);
        }
    }
}
