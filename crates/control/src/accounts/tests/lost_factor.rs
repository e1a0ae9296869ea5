//! A second factor that was lost: an administrator, a while, a mail and the password, and
//! never less.

use super::{
    address::Read,
    second_factor::{from, is_in},
    *,
};
use crate::accounts::{
    lost_factor::{LetIn, NotBegun},
    second_factor::Coded,
};

const DAY: Duration = Duration::from_secs(86_400);

impl Ground {
    async fn begins(&self, actor: &Actor) -> Result<Micros, NotBegun> {
        let account = self.account("ada").await;
        let begun = self.accounts.begin_lost(&account, actor, Language::En);
        begun.await.unwrap()
    }

    /// Begun by a command; the mail to the owner.
    async fn begun(&self) -> Read {
        self.mails().await;
        self.begins(&Actor::command(0)).await.unwrap();
        let mut mails = self.mails().await;
        assert_eq!(mails.len(), 1, "at once");
        mails.remove(0)
    }

    /// The day later; the link that lets in.
    async fn opened(&self) -> Secret<String> {
        self.clock.advance(DAY);
        self.accounts.open_lost().await.unwrap();
        let mails = self.mails().await;
        assert_eq!(mails.len(), 1);
        assert_eq!(mails[0].to, "ada@example.com");
        mails[0].secret("lost-factor")
    }

    async fn comes_in(&self, link: &Secret<String>, password: &str) -> LetIn {
        let attempt = self.attempt("somebody else", password, "192.0.2.7", None);
        let let_in = self.accounts.sign_in_without_factor(link, attempt);
        let_in.await.unwrap()
    }

    async fn stops(&self, link: &Secret<String>) -> bool {
        let account = self.accounts.lost_stopped_by(link).await.unwrap();
        let Some(account) = account else {
            return false;
        };
        let actor = Actor::account(&account.id);
        self.accounts.stop_lost(&account, &actor).await.unwrap()
    }

    async fn factors(&self) -> usize {
        let account = self.account("ada").await;
        self.store.factors(&account.id).await.unwrap().len()
    }

    async fn is_under_way(&self) -> bool {
        let account = self.account("ada").await;
        let lost = self.store.lost_factor(&account.id).await.unwrap();
        lost.is_some()
    }
}

#[tokio::test]
async fn who_has_lost_it_is_let_in_once_by_link_and_password_after_a_day() {
    let ground = Ground::with_ada().await;
    let (seed, _) = ground.with_app().await;
    let half = ground.halves(None).await;
    let coded = ground.gives(&half, &ground.code(&seed)).await;
    let Coded::Yes { begun, .. } = coded else {
        panic!("the code is right")
    };
    let before = secret::hash(begun.secret.expose().as_bytes());
    let told = ground.begun().await;
    assert!(!told.text.contains("/-/lost-factor?"), "no way in yet");
    ground.clock.advance(DAY - Duration::from_secs(1));
    ground.accounts.open_lost().await.unwrap();
    assert_eq!(ground.mails().await.len(), 0, "not before the day is over");
    ground.clock.advance(Duration::from_secs(1));
    ground.accounts.open_lost().await.unwrap();
    let link = ground.mails().await[0].secret("lost-factor");
    ground.accounts.open_lost().await.unwrap();
    assert_eq!(ground.mails().await.len(), 0, "one link");
    assert_eq!(ground.factors().await, 1, "it is there until the end");
    assert!(matches!(
        ground.comes_in(&link, BAD).await,
        LetIn::No(SignedIn::No)
    ));
    let wrong = Secret::new("A".repeat(43));
    assert!(matches!(ground.comes_in(&wrong, GOOD).await, LetIn::Gone));
    assert_eq!(ground.factors().await, 1);
    let LetIn::Yes { begun, .. } = ground.comes_in(&link, GOOD).await else {
        panic!("both are right")
    };
    assert!(!begun.session.has_second_factor());
    assert_eq!(&*begun.session.person.name, "ada");
    assert_eq!(ground.factors().await, 0);
    let codes = ground.account("ada").await.id;
    assert_eq!(ground.store.recovery_codes_left(&codes).await.unwrap(), 0);
    let now = ground.clock.now();
    assert!(ground.accounts.sessions.find(&before, now).is_none());
    assert!(
        matches!(ground.comes_in(&link, GOOD).await, LetIn::Gone),
        "once"
    );
    assert_eq!(ground.mails().await.len(), 1, "of the factor that is gone");
    let actions = ground.actions().await;
    for action in ["begin", "open", "use"] {
        let action = format!("lost-factor.{action}");
        assert!(actions.contains(&action), "{actions:?}");
    }
}

#[tokio::test]
async fn the_owner_stops_it_by_the_link_or_by_showing_the_factor() {
    let ground = Ground::with_ada().await;
    let (seed, codes) = ground.with_app().await;
    for opened in [false, true] {
        let stop = ground.begun().await.secret("lost-factor/stop");
        let link = match opened {
            true => Some(ground.opened().await),
            false => None,
        };
        assert!(ground.stops(&stop).await);
        assert!(!ground.stops(&stop).await, "once");
        let told = ground.mails().await;
        assert!(told[0].text.contains("stopped"), "{}", told[0].text);
        if let Some(link) = link {
            assert!(matches!(ground.comes_in(&link, GOOD).await, LetIn::Gone));
        }
    }
    // A code of the app, one from paper, and one that is given again in a session.
    for (code, again) in [
        (ground.code(&seed), false),
        (codes[0].expose().clone(), false),
        (codes[1].expose().clone(), true),
    ] {
        let half = ground.halves(None).await;
        if again {
            let coded = ground.gives(&half, codes[2].expose()).await;
            let session = is_in(&coded).unwrap();
            ground.begun().await;
            let (account, code) = (ground.account("ada").await, Secret::new(code));
            let from = from();
            let confirmed = ground.accounts.confirm_by_code(
                &account,
                session,
                &code,
                None,
                (&from, Language::En),
            );
            assert!(confirmed.await.unwrap().is_ok());
        } else {
            ground.begun().await;
            assert!(ground.is_under_way().await);
            assert!(is_in(&ground.gives(&half, &code).await).is_some());
        }
        assert!(!ground.is_under_way().await);
    }
    ground.clock.advance(DAY);
    ground.accounts.open_lost().await.unwrap();
    let mails = ground.mails().await;
    assert!(mails.iter().all(|mail| !mail.text.contains("lost-factor?")));
    assert_eq!(ground.factors().await, 1);
}

#[tokio::test]
async fn a_password_or_address_that_is_chosen_meanwhile_stops_it_and_so_does_time() {
    let ground = Ground::with_ada().await;
    ground.with_app().await;
    for how in ["password", "address", "administrator", "time"] {
        ground.begun().await;
        let link = ground.opened().await;
        let (account, actor) = (ground.account("ada").await, Actor::command(0));
        match how {
            "password" => {
                let hash = ground.store.password_hash(&account.id).await.unwrap();
                let (hash, own) = (hash.unwrap().0, "password.reset");
                let set = ground
                    .accounts
                    .set_password(&account, &hash, own, None, &actor);
                set.await.unwrap();
            }
            "address" => {
                let mut details = account.details();
                details.email = Some(Secret::new("ada@new.example".to_owned()));
                let changed = ground.accounts.change(&account, &details, &actor);
                changed.await.unwrap();
                let (account, back) = (ground.account("ada").await, account.details());
                let changed = ground.accounts.change(&account, &back, &actor);
                changed.await.unwrap();
            }
            "administrator" => {
                assert!(ground.accounts.stop_lost(&account, &actor).await.unwrap());
            }
            _ => ground.clock.advance(DAY * 3),
        }
        let let_in = ground.comes_in(&link, GOOD).await;
        assert!(matches!(let_in, LetIn::Gone), "{how}");
        assert_eq!(ground.factors().await, 1, "{how}");
        assert!(!ground.is_under_way().await, "{how}");
    }
}

#[tokio::test]
async fn it_is_begun_for_others_only_and_where_a_mail_reaches_them() {
    let ground = Ground::with_ada().await;
    let command = Actor::command(0);
    assert_eq!(ground.begins(&command).await, Err(NotBegun::NoFactor));
    ground.with_app().await;
    let ada = ground.account("ada").await;
    let own = Actor::account(&ada.id);
    assert_eq!(ground.begins(&own).await, Err(NotBegun::Own));
    let change = async |change: &dyn Fn(&mut AccountDetails)| {
        let before = ground.account("ada").await;
        let mut details = before.details();
        change(&mut details);
        let changed = ground.accounts.change(&before, &details, &command);
        changed.await.unwrap();
    };
    change(&|details| details.email = None).await;
    assert_eq!(ground.begins(&command).await, Err(NotBegun::NoMail));
    change(&|details| details.email = Some(Secret::new("ada@example.com".to_owned()))).await;
    change(&|details| details.state = AccountState::Disabled).await;
    assert_eq!(ground.begins(&command).await, Err(NotBegun::Disabled));
    change(&|details| details.state = AccountState::Active).await;
    let grace = Actor::account(&ground.add("grace", &[]).await);
    assert!(ground.begins(&grace).await.is_ok());
    assert_eq!(ground.begins(&command).await, Err(NotBegun::Before));
}

#[tokio::test]
async fn of_two_who_follow_the_link_at_once_one_is_let_in_and_it_survives_a_restart() {
    let ground = Ground::with_ada().await;
    ground.with_app().await;
    ground.begun().await;
    // What is in the store is there for the next process.
    let Ground { place, store, .. } = ground;
    store.close().await;
    let store = place.open().await;
    let ground = Ground::on(place, store).await;
    assert!(ground.is_under_way().await);
    let link = ground.opened().await;
    let (one, other) = tokio::join!(ground.comes_in(&link, GOOD), ground.comes_in(&link, GOOD));
    let entered = [one, other]
        .iter()
        .filter(|it| matches!(it, LetIn::Yes { .. }))
        .count();
    assert_eq!(entered, 1);
    assert_eq!(ground.factors().await, 0);
}
