//! Another address: by a link that goes to it, and with nothing that tells whose it is.

use super::{second_factor::from, *};
use crate::accounts::address::AddressAsked;

/// A mail as its reader has it.
pub(super) struct Read {
    pub(super) to: String,
    pub(super) text: String,
}

impl Read {
    /// The secret of its link to this page.
    pub(super) fn secret(&self, page: &str) -> Secret<String> {
        let rest = self
            .text
            .split(&format!("https://id.test/-/{page}?secret="))
            .nth(1);
        let rest = rest.unwrap_or_else(|| panic!("no link to {page}: {}", self.text));
        Secret::new(rest.chars().take(43).collect())
    }
}

impl Ground {
    /// Every mail since the last time.
    pub(super) async fn mails(&self) -> Vec<Read> {
        let a_year = Duration::from_secs(365 * 86_400);
        let mails = self.store.claim(50, a_year).await;
        let read = |mail: store::Claimed| Read {
            to: mail.to.expose().clone(),
            text: mail.text.expose().clone(),
        };
        mails.unwrap().into_iter().map(read).collect()
    }

    async fn asks(&self, name: &str, new: &str) -> AddressAsked {
        let (account, new) = (self.account(name).await, Secret::new(new.to_owned()));
        let from = from();
        let asked = self
            .accounts
            .ask_address(&account, &new, (&from, Language::En));
        asked.await.unwrap()
    }

    async fn follows(&self, link: &Secret<String>, session: Option<TokenHash>) -> bool {
        let session = session.and_then(|it| self.accounts.sessions.find(&it, self.clock.now()));
        let from = from();
        let changed =
            self.accounts
                .change_address_by_link(link, &from, session.as_deref(), Language::En);
        changed.await.unwrap()
    }

    async fn email(&self, name: &str) -> String {
        let email = self.account(name).await.email;
        email.map_or_else(String::new, |email| email.expose().clone())
    }
}

/// Mails to this address.
fn to<'a>(mails: &'a [Read], address: &str) -> Vec<&'a Read> {
    mails.iter().filter(|mail| mail.to == address).collect()
}

#[tokio::test]
async fn an_address_is_changed_once_it_has_answered_and_the_one_before_hears_of_both() {
    let ground = Ground::with_ada().await;
    let (own, _) = ground.enters("ada", None).await;
    let (other, _) = ground.enters("ada", None).await;
    let same = ground.asks("ada", "ada@example.com").await;
    assert_eq!(same, AddressAsked::Same);
    assert_eq!(
        ground.asks("ada", "ada@new.example").await,
        AddressAsked::Yes
    );
    let mails = ground.mails().await;
    assert_eq!(mails.len(), 2);
    let (old, new) = (to(&mails, "ada@example.com"), to(&mails, "ada@new.example"));
    assert!(old[0].text.contains("ada@new.example") && !old[0].text.contains("secret="));
    let link = new[0].secret("address");
    // Looking takes nothing.
    for _ in 0..2 {
        let found = ground.accounts.address_of_link(&link).await.unwrap();
        assert_eq!(found.unwrap().1.expose(), "ada@new.example");
    }
    assert_eq!(ground.email("ada").await, "ada@example.com");
    assert!(ground.follows(&link, Some(own)).await);
    assert_eq!(ground.email("ada").await, "ada@new.example");
    assert!(!ground.follows(&link, Some(own)).await, "once");
    let told = ground.mails().await;
    assert_eq!(told.len(), 1);
    assert_eq!(told[0].to, "ada@example.com");
    let live = |token| ground.accounts.sessions.find(token, ground.clock.now());
    assert_eq!(&*live(&own).unwrap().person.email, "ada@new.example");
    assert!(live(&other).is_none(), "sessions elsewhere have ended");
    ground.enters("ada@new.example", None).await;
    assert!(ground.is_refused("ada@example.com", GOOD, None).await);
    let actions = ground.actions().await;
    for action in ["address.link", "account.address"] {
        assert!(actions.iter().any(|it| it == action), "{actions:?}");
    }
}

#[tokio::test]
async fn followed_elsewhere_a_link_ends_every_session() {
    let ground = Ground::with_ada().await;
    ground.add("eve", &[]).await;
    let (hers, _) = ground.enters("ada", None).await;
    let (eves, _) = ground.enters("eve", None).await;
    ground.asks("ada", "ada@new.example").await;
    let mails = ground.mails().await;
    let link = to(&mails, "ada@new.example")[0].secret("address");
    assert!(ground.follows(&link, Some(eves)).await);
    let live = |token| ground.accounts.sessions.find(token, ground.clock.now());
    assert!(live(&hers).is_none() && live(&eves).is_some());
    assert_eq!(ground.email("eve").await, "eve@example.com");
}

#[tokio::test]
async fn the_address_of_another_is_told_to_nobody_but_them() {
    let ground = Ground::with_ada().await;
    ground.add("eve", &[]).await;
    assert_eq!(
        ground.asks("ada", "eve@example.com").await,
        AddressAsked::Yes
    );
    let mails = ground.mails().await;
    assert_eq!(mails.len(), 2, "as many as to an address of nobody");
    let eves = to(&mails, "eve@example.com");
    assert!(!eves[0].text.contains("secret="), "{}", eves[0].text);
    assert!(eves[0].text.contains("eve") && !eves[0].text.contains("ada"));
    let hers = to(&mails, "ada@example.com");
    assert!(hers[0].text.contains("eve@example.com"));
    assert_eq!(ground.email("eve").await, "eve@example.com");
}

#[tokio::test]
async fn of_links_to_two_addresses_one_is_taken_and_none_holds_for_ever() {
    let ground = Ground::with_ada().await;
    ground.add("eve", &[]).await;
    for new in ["one@new.example", "two@new.example", "three@new.example"] {
        assert_eq!(ground.asks("ada", new).await, AddressAsked::Yes);
    }
    assert_eq!(
        ground.asks("ada", "four@new.example").await,
        AddressAsked::Wait
    );
    let mails = ground.mails().await;
    let link = |address| to(&mails, address)[0].secret("address");
    assert!(ground.follows(&link("two@new.example"), None).await);
    assert!(!ground.follows(&link("one@new.example"), None).await);
    // A password that is chosen ends them too; so does time, and whoever was faster.
    for change in ["password", "time", "eve"] {
        ground.asks("ada", "ada@third.example").await;
        let mails = ground.mails().await;
        let link = to(&mails, "ada@third.example")[0].secret("address");
        match change {
            "password" => {
                let (account, actor) = (ground.account("ada").await, Actor::command(0));
                let hash = ground.store.password_hash(&account.id).await.unwrap();
                let (hash, why) = (hash.unwrap().0, "password.set");
                let set = ground
                    .accounts
                    .set_password(&account, &hash, why, None, &actor);
                set.await.unwrap();
            }
            "time" => ground.clock.advance(Duration::from_secs(30 * 60)),
            _ => {
                ground.asks("eve", "ada@third.example").await;
                let mails = ground.mails().await;
                let eves = to(&mails, "ada@third.example")[0].secret("address");
                assert!(ground.follows(&eves, None).await);
            }
        }
        assert!(!ground.follows(&link, None).await, "{change}");
        assert_eq!(ground.email("ada").await, "two@new.example");
    }
}

#[tokio::test]
async fn nobodys_mailbox_is_filled_by_asking() {
    let ground = Ground::with_ada().await;
    for name in ["eve", "bob", "zoe", "kim"] {
        ground.add(name, &[]).await;
        assert_eq!(
            ground.asks(name, "ada@example.com").await,
            AddressAsked::Yes
        );
    }
    let mails = ground.mails().await;
    assert_eq!(to(&mails, "ada@example.com").len(), 3);
}
