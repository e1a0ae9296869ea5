use std::{path::Path, sync::atomic::Ordering};

use config::{Config, Env};
use seam::TokenHash;
use store::{AccountDetails, AccountState, Actor, SessionQuery, testing::Place};
use terms::{ClientAddr, Language, Secret};

use super::{
    choice::Choice,
    sign_in::{Attempt, SignedIn},
    *,
};

mod address;
mod canary;
mod lost_factor;
mod passkey;
mod registration;
mod second_factor;

const GOOD: &str = "vier gele fietsen in het bos";
const BAD: &str = "drie gele fietsen in het bos";

struct Ground {
    accounts: Accounts,
    clock: Clock,
    store: Store,
    place: Place,
    _store: watch::Sender<Option<Store>>,
}

fn configuration(clock: &Clock) -> Config {
    // Cost 10 is the least that the file takes.
    let text = "data = \"data\"\nportal = \"id.test\"\n[acme]\nemail = \"ops@id.test\"\n\
                [mail]\nsmtp = \"smtp-plain://127.0.0.1:9\"\nfrom = \"waarborg@id.test\"\n\
                to = [\"ops@id.test\"]\n[accounts]\nregistration = true\n\
                registration_groups = [\"customers\"]\n[password]\ncost = 10\n[site.\"id.test\"]\n[site.\"app.test\"]\n\
                upstream = \"http://127.0.0.1:9\"\naccess = \"login\"\n";
    let loaded = Config::parse(Path::new("waarborg.toml"), text, &Env::given(clock.clone()));
    loaded
        .unwrap_or_else(|mistakes| panic!("{mistakes}"))
        .config
}

impl Ground {
    async fn start() -> Self {
        let place = Place::sqlite();
        let store = place.open().await;
        Self::on(place, store).await
    }

    async fn on(place: Place, store: Store) -> Self {
        let clock = place.clock.clone();
        let config = Arc::new(configuration(&clock));
        let publisher = Arc::new(Publisher::new(config, String::new(), clock.clone()));
        let (kept, store_seen) = watch::channel(Some(store.clone()));
        let sessions = Arc::new(Sessions::default());
        let accounts = Accounts {
            publisher,
            store: store_seen,
            revocations: Revocations::new(sessions.clone()),
            sessions,
            doors: Arc::default(),
            signer: Arc::default(),
            tallies: Arc::default(),
            clock: clock.clone(),
            rng: Rng::System,
        };
        accounts.load(&store).await.unwrap();
        Self {
            accounts,
            clock,
            store,
            place,
            _store: kept,
        }
    }

    /// `ada`, whose password is [`GOOD`].
    async fn with_ada() -> Self {
        let ground = Self::start().await;
        ground.add("ada", &["staff"]).await;
        ground
    }

    async fn add(&self, name: &str, groups: &[&str]) -> String {
        let actor = Actor::command(0);
        for group in groups {
            let group = group.parse().unwrap();
            // It may be there already.
            let _ = self.accounts.add_group(&group, false, &actor).await;
        }
        let details = AccountDetails {
            name: name.parse().unwrap(),
            display: "Ada Lovelace".to_owned(),
            email: Some(Secret::new(format!("{name}@example.com"))),
            groups: groups.iter().map(|it| it.parse().unwrap()).collect(),
            state: AccountState::Active,
        };
        let id = self.accounts.add(&details, None, &actor).await.unwrap();
        let account = self.store.account(&id).await.unwrap().unwrap();
        let new = Secret::new(GOOD.to_owned());
        let Choice::Taken(hash) = self
            .accounts
            .choose_password(&account, None, &new)
            .await
            .unwrap()
        else {
            panic!("a good password is taken");
        };
        let set = self
            .accounts
            .set_password(&account, &hash, "password.set", None, &actor);
        set.await.unwrap();
        id
    }

    fn attempt(&self, name: &str, password: &str, from: &str, device: Option<&str>) -> Attempt {
        Attempt {
            name: name.to_owned(),
            password: Secret::new(password.to_owned()),
            device: device.map(|text| Secret::new(text.to_owned())),
            start: secret::hash(b"start"),
            portal: "id.test".to_owned(),
            from: session::From {
                client: ClientAddr::new(from.parse().unwrap()),
                agent: "curl/8".to_owned(),
            },
            language: Language::En,
        }
    }

    async fn tries(&self, name: &str, password: &str, device: Option<&str>) -> SignedIn {
        let attempt = self.attempt(name, password, "192.0.2.7", device);
        self.accounts.sign_in(attempt).await.unwrap()
    }

    /// Signs in; the session's cookie and the device's.
    async fn enters(&self, name: &str, device: Option<&str>) -> (TokenHash, String) {
        match self.tries(name, GOOD, device).await {
            SignedIn::Yes { begun, device } => {
                let token = secret::hash(begun.secret.expose().as_bytes());
                (token, device.expose().clone())
            }
            _ => panic!("{name} may enter"),
        }
    }

    async fn is_refused(&self, name: &str, password: &str, device: Option<&str>) -> bool {
        matches!(self.tries(name, password, device).await, SignedIn::No)
    }

    async fn actions(&self) -> Vec<String> {
        let query = store::AuditQuery {
            limit: 100,
            ..store::AuditQuery::default()
        };
        let rows = self.store.audit_rows(&query).await.unwrap();
        rows.into_iter().map(|row| row.action).collect()
    }
}

#[tokio::test]
async fn the_right_password_enters_by_name_or_address_and_everything_else_is_one_refusal() {
    let ground = Ground::with_ada().await;
    let (token, _) = ground.enters("ada", None).await;
    ground.enters(" Ada@Example.com ", None).await;
    let session = ground
        .accounts
        .sessions
        .find(&token, ground.clock.now())
        .unwrap();
    assert_eq!(&*session.person.name, "ada");
    assert_eq!(&*session.person.groups, "staff");
    assert!(session.on("id.test").is_some() && session.on("app.test").is_none());
    for (name, password) in [
        ("ada", BAD),
        ("ada", ""),
        ("ada", "vier gele\0fietsen"),
        ("nobody", GOOD),
        ("", GOOD),
    ] {
        assert!(
            ground.is_refused(name, password, None).await,
            "{name} {password}"
        );
    }
    let long = "x".repeat(5000);
    assert!(matches!(
        ground.tries("ada", &long, None).await,
        SignedIn::TooLong
    ));
    assert!(matches!(
        ground.tries(&long, GOOD, None).await,
        SignedIn::TooLong
    ));
}

#[tokio::test]
async fn strangers_lock_themselves_out_and_never_a_device_that_has_been_here() {
    let ground = Ground::with_ada().await;
    let (_, device) = ground.enters("ada", None).await;
    for _ in 0..10 {
        assert!(ground.is_refused("ada", BAD, None).await);
    }
    assert!(ground.is_refused("ada", GOOD, None).await, "locked");
    ground.enters("ada", Some(&device)).await;
    assert!(
        ground.is_refused("ada", GOOD, None).await,
        "still, for strangers"
    );
    let forged = "B".repeat(43);
    assert!(ground.is_refused("ada", GOOD, Some(&forged)).await);
    ground.clock.advance(Duration::from_secs(15 * 60));
    ground.enters("ada", None).await;
}

#[tokio::test]
async fn a_device_has_a_count_of_its_own_and_another_accounts_device_is_a_stranger() {
    let ground = Ground::with_ada().await;
    ground.add("eve", &[]).await;
    let (_, adas) = ground.enters("ada", None).await;
    let (_, eves) = ground.enters("eve", None).await;
    for _ in 0..10 {
        assert!(ground.is_refused("ada", BAD, Some(&eves)).await);
        // Her own success changes nothing about another's count.
        ground.enters("eve", Some(&eves)).await;
    }
    assert!(
        ground.is_refused("ada", GOOD, Some(&eves)).await,
        "locked with all strangers"
    );
    for _ in 0..10 {
        assert!(ground.is_refused("ada", BAD, Some(&adas)).await);
    }
    assert!(
        ground.is_refused("ada", GOOD, Some(&adas)).await,
        "her own count is full"
    );
}

#[tokio::test]
async fn of_guesses_that_come_at_once_exactly_ten_are_looked_at() {
    let ground = Ground::with_ada().await;
    let mut all = Vec::new();
    for number in 0..50 {
        let accounts = ground.accounts.clone();
        let attempt = ground.attempt("ada", BAD, &format!("198.51.100.{number}"), None);
        all.push(tokio::spawn(async move {
            accounts.sign_in(attempt).await.unwrap()
        }));
    }
    for one in all {
        assert!(matches!(one.await.unwrap(), SignedIn::No));
    }
    let account = ground.store.account_named("ada").await.unwrap().unwrap();
    assert_eq!(ground.store.guesses(&account.id).await.unwrap().total, 10);
}

#[tokio::test]
async fn the_owner_hears_of_the_first_lock_once_and_the_link_opens_it_once() {
    let ground = Ground::with_ada().await;
    for _ in 0..12 {
        assert!(ground.is_refused("ada", BAD, None).await);
    }
    let mails = ground
        .store
        .claim(10, Duration::from_secs(60))
        .await
        .unwrap();
    let [mail] = mails.as_slice() else {
        panic!("one mail, not {}", mails.len())
    };
    assert_eq!(mail.to.expose(), "ada@example.com");
    let text = mail.text.expose();
    let link = text
        .split("https://id.test/-/unlock?secret=")
        .nth(1)
        .unwrap();
    let link: String = link.chars().take(43).collect();
    assert!(text.contains("192.0.2.0/24"), "{text}");
    let open = async |link: &str| {
        let link = Secret::new(link.to_owned());
        ground.accounts.unlock_by_link(link).await.unwrap()
    };
    assert!(!open(&"A".repeat(43)).await);
    assert!(ground.is_refused("ada", GOOD, None).await);
    assert!(open(&link).await);
    assert!(!open(&link).await, "once");
    ground.enters("ada", None).await;
    let actions = ground.actions().await;
    for action in ["account.lock", "account.unlock", "session.begin"] {
        assert!(actions.iter().any(|it| it == action), "{actions:?}");
    }
}

#[tokio::test]
async fn who_may_not_be_signed_in_is_refused_and_what_they_had_is_over() {
    let ground = Ground::with_ada().await;
    let (token, _) = ground.enters("ada", None).await;
    let held = ground
        .accounts
        .sessions
        .find(&token, ground.clock.now())
        .unwrap();
    let account = ground.store.account_named("ada").await.unwrap().unwrap();
    let mut details = account.details();
    details.state = AccountState::Disabled;
    let actor = Actor::command(0);
    let changed = ground
        .accounts
        .change(&account, &details, &actor)
        .await
        .unwrap();
    assert_eq!(changed, Changed::Yes);
    assert!(held.cut.is_cut());
    assert!(ground.accounts.sessions.is_empty());
    assert!(ground.is_refused("ada", GOOD, None).await);
    let account = ground.store.account_named("ada").await.unwrap().unwrap();
    let changed = ground
        .accounts
        .change(&account, &details, &actor)
        .await
        .unwrap();
    assert_eq!(changed, Changed::No);
}

#[tokio::test]
async fn an_imported_hash_is_renewed_at_the_first_sign_in() {
    let ground = Ground::with_ada().await;
    let account = ground.store.account_named("ada").await.unwrap().unwrap();
    let (today, _) = ground
        .store
        .password_hash(&account.id)
        .await
        .unwrap()
        .unwrap();
    // The same digest under the older name verifies alike.
    let older = today.expose().replacen("$2b$", "$2y$", 1);
    let actor = Actor::command(0);
    let hash = Secret::new(older.clone());
    let set = ground
        .accounts
        .set_password(&account, &hash, "password.import", None, &actor);
    set.await.unwrap();
    ground.enters("ada", None).await;
    // It is done behind the answer: awaited by its row in the trail.
    let renewed = async {
        while !ground
            .actions()
            .await
            .iter()
            .any(|it| it == "password.renew")
        {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), renewed)
        .await
        .unwrap();
    let (now, _) = ground
        .store
        .password_hash(&account.id)
        .await
        .unwrap()
        .unwrap();
    assert!(now.expose().starts_with("$2b$10$") && *now.expose() != older);
    ground.enters("ada", None).await;
}

#[tokio::test]
async fn sessions_and_tokens_are_there_again_after_a_restart_and_what_ended_is_not() {
    let ground = Ground::with_ada().await;
    let (kept, _) = ground.enters("ada", None).await;
    let (ended, _) = ground.enters("ada", None).await;
    let account = ground.store.account_named("ada").await.unwrap().unwrap();
    let actor = Actor::account(&account.id);
    let session = ground
        .accounts
        .sessions
        .find(&ended, ground.clock.now())
        .unwrap();
    let sid = terms::RequestId(session.sid).to_string();
    assert!(ground.accounts.end(&sid, &actor).await.unwrap());
    let token = NewToken {
        account,
        kind: store::TokenKind::Basic,
        label: "calendar".to_owned(),
        sites: vec!["app.test".to_owned()],
        expires_at: ground.clock.now().after(Duration::from_secs(60)),
    };
    let (_, secret) = ground
        .accounts
        .add_token(&token, None, &actor)
        .await
        .unwrap();
    let Ground { place, store, .. } = ground;
    let again = Ground::on(place, store).await;
    let now = again.clock.now();
    assert_eq!(again.accounts.sessions.len(), 2);
    assert!(again.accounts.sessions.find(&kept, now).is_some());
    assert!(again.accounts.sessions.find(&ended, now).is_none());
    let hash = secret::hash(secret.expose().as_bytes());
    assert_eq!(
        again.accounts.sessions.find(&hash, now).unwrap().credential,
        seam::Credential::Basic
    );
}

#[tokio::test]
async fn a_change_of_groups_reaches_open_sessions_and_cuts_what_they_had_open() {
    let ground = Ground::with_ada().await;
    let (token, _) = ground.enters("ada", None).await;
    let before = ground
        .accounts
        .sessions
        .find(&token, ground.clock.now())
        .unwrap();
    let actor = Actor::command(0);
    ground
        .accounts
        .remove_group(&"staff".parse().unwrap(), &actor)
        .await
        .unwrap();
    assert!(before.cut.is_cut());
    let after = ground
        .accounts
        .sessions
        .find(&token, ground.clock.now())
        .unwrap();
    assert_eq!(&*after.person.groups, "");
    assert_eq!(after.sid, before.sid);
}

#[tokio::test]
async fn a_code_carries_a_session_to_its_site_once_and_the_family_ends_together() {
    let ground = Ground::with_ada().await;
    let (portal, _) = ground.enters("ada", None).await;
    let now = ground.clock.now();
    let session = ground.accounts.sessions.find(&portal, now).unwrap();
    let start = secret::made(&Rng::System).hash;
    let code = ground
        .accounts
        .hand_over(&session, "app.test", start)
        .await
        .unwrap();
    let from = ground.attempt("", "", "192.0.2.7", None).from;
    let arrive = async |code: &str| {
        ground
            .accounts
            .arrive(code, "app.test", start, &from)
            .await
            .unwrap()
    };
    let begun = arrive(code.expose()).await.unwrap();
    assert!(arrive(code.expose()).await.is_none(), "once");
    let child = secret::hash(begun.secret.expose().as_bytes());
    assert!(
        ground
            .accounts
            .sessions
            .find(&child, now)
            .unwrap()
            .on("app.test")
            .is_some()
    );
    // Whoever is active on the site keeps the portal open, too.
    begun.session.seen(now.after(Duration::from_secs(5)));
    assert_eq!(
        session.last_seen.load(Ordering::Relaxed),
        now.after(Duration::from_secs(5)).0
    );
    // Signing out on the site ends all of it.
    let sid = terms::RequestId(begun.session.sid).to_string();
    let actor = Actor::account(&session.person.account);
    assert!(ground.accounts.end(&sid, &actor).await.unwrap());
    assert!(ground.accounts.sessions.is_empty());
    let query = SessionQuery {
        limit: 10,
        ..SessionQuery::default()
    };
    assert!(ground.store.sessions(&query).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_new_password_ends_other_sessions_and_needs_the_old_one_and_strength() {
    let ground = Ground::with_ada().await;
    let (here, _) = ground.enters("ada", None).await;
    let (other, _) = ground.enters("ada", None).await;
    let account = ground.store.account_named("ada").await.unwrap().unwrap();
    let from = ground.attempt("", "", "192.0.2.7", None).from;
    let choose = async |current: &str, new: &str| {
        let (current, new) = (Secret::new(current.to_owned()), Secret::new(new.to_owned()));
        let chosen =
            ground
                .accounts
                .choose_password(&account, Some((&current, &from, Language::En)), &new);
        chosen.await.unwrap()
    };
    use pages::PasswordProblem as Problem;
    for (current, new, expected) in [
        (BAD, "zeven paarse ezels op zee", Problem::CurrentWrong),
        (GOOD, GOOD, Problem::SameAsOld),
        (GOOD, "gT7#qLw9!xRz2V", Problem::TooShort { least: 15 }),
        (GOOD, "Wachtwoord2026!", Problem::Guessable),
        (GOOD, "a\0bcdefghijklmnopq", Problem::ForbiddenCharacter),
    ] {
        match choose(current, new).await {
            Choice::Refused { problems, .. } => {
                assert!(problems.contains(&expected), "{new}: {problems:?}");
            }
            _ => panic!("{new} isn't taken"),
        }
    }
    let Choice::Taken(hash) = choose(GOOD, "zeven paarse ezels op zee").await else {
        panic!("a good one is taken");
    };
    assert!(hash.expose().starts_with("$2b$10$"));
    let now = ground.clock.now();
    let session = ground.accounts.sessions.find(&here, now).unwrap();
    let sid = terms::RequestId(session.sid).to_string();
    let own = Own {
        session: &sid,
        from: &from,
        language: Language::Nl,
    };
    let actor = Actor::account(&account.id);
    let set = ground
        .accounts
        .set_password(&account, &hash, "password.change", Some(own), &actor);
    set.await.unwrap();
    assert!(ground.accounts.sessions.find(&here, now).is_some());
    assert!(ground.accounts.sessions.find(&other, now).is_none());
    let mails = ground
        .store
        .claim(10, Duration::from_secs(60))
        .await
        .unwrap();
    assert_eq!(mails.len(), 1, "its owner is told");
    assert!(ground.is_refused("ada", GOOD, None).await);
}

#[tokio::test]
async fn assertions_say_who_asks_and_their_key_is_published_and_renewed() {
    let ground = Ground::with_ada().await;
    let (lease_in, lease) = watch::channel(None);
    let stop = tokio_util::sync::CancellationToken::new();
    let keeping = tokio::spawn(assertion::keep_keys(
        ground.accounts.clone(),
        lease,
        stop.clone(),
    ));
    let store::Acquisition::Ours(ours) = ground
        .store
        .acquire("writer", "test", Duration::from_secs(900))
        .await
        .unwrap()
    else {
        panic!("nobody else is there");
    };
    lease_in.send_replace(Some(ours));
    let published = async {
        while ground.accounts.signer.jwks()["keys"]
            .as_array()
            .unwrap()
            .is_empty()
        {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), published)
        .await
        .unwrap();
    stop.cancel();
    keeping.await.unwrap();
    let (portal, _) = ground.enters("ada", None).await;
    let session = ground
        .accounts
        .sessions
        .find(&portal, ground.clock.now())
        .unwrap();
    let assertion = session
        .on("id.test")
        .unwrap()
        .assertion
        .load_full()
        .unwrap();
    let parts: Vec<_> = assertion.text.split('.').collect();
    let read = |part: &str| -> serde_json::Value {
        serde_json::from_slice(&terms::from_base64url(part.as_bytes()).unwrap()).unwrap()
    };
    let (head, claims) = (read(parts[0]), read(parts[1]));
    let jwk = ground.accounts.signer.jwks()["keys"][0].clone();
    assert_eq!((&head["alg"], &head["kid"]), (&"ES256".into(), &jwk["kid"]));
    assert_eq!(claims["aud"], "https://id.test");
    assert_eq!(claims["preferred_username"], "ada");
    assert_eq!(claims["groups"][0], "staff");
    assert_eq!(
        claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(),
        60
    );
    let half = |name: &str| terms::from_base64url(jwk[name].as_str().unwrap().as_bytes()).unwrap();
    let point = [&[4][..], &half("x"), &half("y")].concat();
    let key = aws_lc_rs::signature::UnparsedPublicKey::new(
        &aws_lc_rs::signature::ECDSA_P256_SHA256_FIXED,
        point,
    );
    let signed = format!("{}.{}", parts[0], parts[1]);
    let signature = terms::from_base64url(parts[2].as_bytes()).unwrap();
    key.verify(signed.as_bytes(), &signature).unwrap();
    assert!(
        key.verify(format!("{signed}x").as_bytes(), &signature)
            .is_err()
    );
}
