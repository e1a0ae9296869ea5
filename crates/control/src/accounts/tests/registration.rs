//! Accounts that people make themselves: by a link to an address, and without a word about
//! who has one.

use store::LinksOf;

use super::{address::Read, second_factor::from, *};
use crate::accounts::registration::Registered;

fn secret(text: &str) -> Secret<String> {
    Secret::new(text.to_owned())
}

impl Ground {
    /// Asks; what was mailed.
    async fn asks_for(&self, email: &str) -> Vec<Read> {
        let email = secret(email);
        self.accounts
            .send_account_link(&email, &from(), Language::En)
            .await
            .unwrap();
        self.mails().await
    }

    async fn chooses(&self, link: &Secret<String>, password: &str) -> Registered {
        let password = secret(password);
        let made = self.accounts.complete_registration(link, "Kim", &password);
        made.await.unwrap()
    }

    async fn links(&self) -> u64 {
        let mut tx = self.store.tx().await.unwrap();
        tx.address_links(LinksOf::NewAccounts).await.unwrap()
    }
}

#[tokio::test]
async fn an_account_is_made_by_a_link_once_with_the_groups_of_the_configuration() {
    let ground = Ground::start().await;
    let mails = ground.asks_for("kim@new.example").await;
    assert_eq!((mails.len(), mails[0].to.as_str()), (1, "kim@new.example"));
    let link = mails[0].secret("register/choose");
    for _ in 0..2 {
        let email = ground.accounts.account_link(&link).await.unwrap();
        assert_eq!(email, Some(secret("kim@new.example")));
    }
    let weak = ground.chooses(&link, "kim@new.example").await;
    assert!(matches!(weak, Registered::Refused(Choice::Refused { .. })));
    assert!(matches!(ground.chooses(&link, GOOD).await, Registered::Yes));
    let account = ground.account("kim@new.example").await;
    assert_eq!(
        (account.name.as_str(), account.display.as_str()),
        ("kim", "Kim")
    );
    let groups: Vec<_> = account.groups.iter().map(|it| it.as_str()).collect();
    assert_eq!(groups, ["customers"], "made with the first of them");
    assert!(
        matches!(ground.chooses(&link, GOOD).await, Registered::Gone),
        "once"
    );
    ground.enters("kim@new.example", None).await;
    let query = store::AuditQuery {
        action: "account.add".to_owned(),
        limit: 9,
        ..store::AuditQuery::default()
    };
    let rows = ground.store.audit_rows(&query).await.unwrap();
    assert_eq!(rows[0].actor, "system:registration");
    // A name that is taken gets a number, and is told to nobody.
    let mails = ground.asks_for("kim@other.example").await;
    let link = mails[0].secret("register/choose");
    assert!(matches!(ground.chooses(&link, GOOD).await, Registered::Yes));
    let account = ground.account("kim@other.example").await;
    assert!(
        account.name.as_str().starts_with("kim-"),
        "{}",
        account.name
    );
}

#[tokio::test]
async fn who_has_an_account_gets_a_mail_that_says_so_and_as_much_is_written() {
    let ground = Ground::with_ada().await;
    ground.mails().await;
    let new = ground.asks_for("kim@new.example").await;
    assert_eq!(ground.links().await, 1);
    let there = ground.asks_for("ada@example.com").await;
    assert_eq!(ground.links().await, 2);
    assert_eq!((new.len(), there.len()), (1, 1));
    assert_eq!(there[0].to, "ada@example.com");
    assert!(!there[0].text.contains("secret="), "{}", there[0].text);
    assert!(there[0].text.contains("There is one already, ada"));
}

#[tokio::test]
async fn links_are_few_per_address_and_hold_for_nothing_once_somebody_has_it() {
    let ground = Ground::with_ada().await;
    ground.mails().await;
    let mut links = Vec::new();
    for _ in 0..3 {
        let mails = ground.asks_for("kim@new.example").await;
        links.push(mails[0].secret("register/choose"));
    }
    assert_eq!(ground.asks_for("kim@new.example").await.len(), 0);
    assert!(matches!(
        ground.chooses(&links[1], GOOD).await,
        Registered::Yes
    ));
    let gone = ground.chooses(&links[0], GOOD).await;
    assert!(matches!(gone, Registered::Gone), "the address is taken");
    let mails = ground.asks_for("zoe@new.example").await;
    let link = mails[0].secret("register/choose");
    ground.clock.advance(Duration::from_secs(30 * 60));
    assert_eq!(ground.accounts.account_link(&link).await.unwrap(), None);
    assert!(matches!(
        ground.chooses(&link, GOOD).await,
        Registered::Gone
    ));
    // A link to a new address of an account makes none.
    let ada = ground.account("ada").await;
    let new = secret("ada@new.example");
    let from = from();
    let asked = ground
        .accounts
        .ask_address(&ada, &new, (&from, Language::En));
    asked.await.unwrap();
    let mails = ground.mails().await;
    let mail = mails.iter().find(|mail| mail.to == "ada@new.example");
    let link = mail.unwrap().secret("address");
    assert!(matches!(
        ground.chooses(&link, GOOD).await,
        Registered::Gone
    ));
    let found = ground.accounts.address_of_link(&link).await.unwrap();
    assert!(found.is_some(), "it isn't used up by that");
}

#[tokio::test]
async fn a_login_name_that_looks_like_the_address_stands_in_the_way() {
    let ground = Ground::start().await;
    ground.add("eve@example.com", &[]).await;
    ground.mails().await;
    let mails = ground.asks_for("eve@example.com").await;
    assert_eq!(mails.len(), 1);
    assert!(!mails[0].text.contains("secret="), "{}", mails[0].text);
}
