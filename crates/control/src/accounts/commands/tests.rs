use std::path::Path;

use config::{Config, Env};
use rcgen::{CertificateParams, KeyPair};
use seam::TokenHash;
use store::{
    AuditQuery, Guesses, StoredSession,
    testing::{Place, both},
};
use terms::{Clock, RequestId, Rng};

use super::*;
use crate::{
    Offline,
    accounts::secret,
    socket::{
        Command,
        accounts::{IMPORT_ROWS, ImportRow, User},
    },
};

const HOUR: Duration = Duration::from_secs(3600);

/// A portal, a site for each kind of token, and one for none.
fn config() -> Config {
    let hosts = ["id.example", "app.example", "api.example", "www.example"];
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new(hosts.map(str::to_owned)).unwrap();
    let certificate = params.self_signed(&key).unwrap().pem();
    let env = Env::given(Clock::System)
        .with_file("all.pem", certificate.as_bytes(), 0o644)
        .with_file("all.key", key.serialize_pem().as_bytes(), 0o600);
    let mut text = "data = \"d\"\nportal = \"id.example\"\n".to_owned();
    for (host, keys) in hosts.into_iter().zip([
        "",
        "tokens = \"basic\"\n",
        "tokens = \"bearer\"\n",
        "tokens = \"none\"\n",
    ]) {
        text.push_str(&format!(
            "[site.\"{host}\"]\ncertificate = \"all.pem\"\nkey = \"all.key\"\n{keys}"
        ));
        if host != "id.example" {
            text.push_str("upstream = \"http://127.0.0.1:1\"\naccess = \"login\"\n");
        }
    }
    let loaded = Config::parse(Path::new("waarborg.toml"), &text, &env);
    loaded
        .unwrap_or_else(|mistakes| panic!("{mistakes}"))
        .config
}

struct Ground {
    place: Place,
    store: Store,
    offline: Offline,
}

impl Ground {
    async fn at(place: Place) -> Self {
        let store = place.open().await;
        let data = place.folder.path().to_owned();
        let (clock, rng) = (place.clock.clone(), Rng::System);
        let offline = Offline::new(store.clone(), config(), data, clock, rng);
        Self {
            place,
            store,
            offline,
        }
    }

    async fn ask(&self, what: AccountCommand) -> Reply {
        self.offline.carry_out(&Command::Accounts { what }).await
    }

    async fn done(&self, what: AccountCommand) -> String {
        match self.ask(what).await {
            Reply::Done { what } => what,
            other => panic!("{other:?}"),
        }
    }

    async fn no(&self, what: AccountCommand) -> String {
        match self.ask(what).await {
            Reply::No { why } => why,
            other => panic!("{other:?}"),
        }
    }

    async fn said(&self, what: AccountCommand) -> AccountReply {
        match self.ask(what).await {
            Reply::Accounts { what } => *what,
            other => panic!("{other:?}"),
        }
    }

    async fn users(&self, text: &str, emails: bool) -> Vec<User> {
        let (mut all, mut after) = (Vec::new(), None);
        loop {
            let asked = AccountCommand::UserList {
                text: text.to_owned(),
                group: None,
                active: None,
                after,
                emails,
            };
            match self.said(asked).await {
                AccountReply::Users { users, more } => {
                    all.extend(users);
                    if more.is_none() {
                        return all;
                    }
                    after = more;
                }
                other => panic!("{other:?}"),
            }
        }
    }

    async fn show(&self, user: &str) -> (User, Option<String>, Option<String>) {
        let user = user.to_owned();
        match self
            .said(AccountCommand::UserShow { user, emails: true })
            .await
        {
            AccountReply::User { user, standing, .. } => {
                (user, standing.password_set, standing.locked_until)
            }
            other => panic!("{other:?}"),
        }
    }

    async fn ada(&self) -> Account {
        self.done(AccountCommand::GroupAdd {
            group: "staff".to_owned(),
            threshold: false,
        })
        .await;
        self.done(add("ada", Some("Ada@Example.com"), &["staff"]))
            .await;
        self.store.account_named("ada").await.unwrap().unwrap()
    }

    /// A session of the portal and its child, in the store and before the edge.
    async fn sessions_of(&self, account: &Account, number: u8) -> [TokenHash; 2] {
        let now = self.place.clock.now();
        let row = |number: u8, parent: Option<u8>| {
            let sid = |number: u8| RequestId([number; 16]).to_string();
            StoredSession {
                sid: sid(number),
                hash: [number; 32],
                account: account.id.clone(),
                parent: parent.map(sid),
                site: "app.example".to_owned(),
                amr: vec!["pwd".to_owned()],
                auth_time: now,
                created_at: now,
                expires_at: now.after(HOUR),
                last_seen: now,
                agent: "A browser".to_owned(),
                network: "192.0.2.0/24".to_owned(),
            }
        };
        let actor = Actor::account(&account.id);
        let mut change = self.store.change(&actor).await.unwrap();
        change
            .begin_session(&row(number, None), &account.name)
            .await
            .unwrap();
        change
            .begin_child(&row(number + 1, Some(number)))
            .await
            .unwrap();
        change.commit().await.unwrap();
        self.offline.accounts.load(&self.store).await.unwrap();
        [TokenHash([number; 32]), TokenHash([number + 1; 32])]
    }

    fn live(&self, token: &TokenHash) -> Option<String> {
        let found = self
            .offline
            .accounts
            .sessions
            .find(token, self.place.clock.now());
        found.map(|session| session.person.groups.to_string())
    }

    async fn trail(&self) -> Vec<(String, String)> {
        let query = AuditQuery {
            limit: 500,
            ..AuditQuery::default()
        };
        let mut rows = self.store.audit_rows(&query).await.unwrap();
        rows.reverse();
        let of = |row: &store::AuditRow| {
            (
                row.action.clone(),
                format!("{:?} {:?}", row.before, row.after),
            )
        };
        rows.iter().map(of).collect()
    }
}

fn new(name: &str, email: Option<&str>, groups: &[&str]) -> NewUser {
    NewUser {
        name: name.to_owned(),
        display: String::new(),
        email: email.map(|it| Spoken(Secret::new(it.to_owned()))),
        groups: groups.iter().map(|it| (*it).to_owned()).collect(),
    }
}

fn add(name: &str, email: Option<&str>, groups: &[&str]) -> AccountCommand {
    AccountCommand::UserAdd {
        user: new(name, email, groups),
        password: None,
    }
}

fn names(users: &[User]) -> Vec<&str> {
    users.iter().map(|user| user.name.as_str()).collect()
}

fn token(sites: &[&str], basic: bool, days: u16) -> AccountCommand {
    AccountCommand::TokenAdd {
        user: "ada".to_owned(),
        basic,
        name: "backup".to_owned(),
        sites: sites.iter().map(|it| (*it).to_owned()).collect(),
        days,
    }
}

both! {
    async fn who_is_added_is_found_by_name_and_address_which_is_shown_only_where_asked_for(place: Place) {
        let ground = Ground::at(place).await;
        ground.ada().await;
        ground.done(add("bob", None, &[])).await;
        assert_eq!(names(&ground.users("", false).await), ["ada", "bob"]);
        assert_eq!(names(&ground.users("a", false).await), ["ada"]);
        let found = ground.users("ADA@example.com", true).await;
        assert_eq!(names(&found), ["ada"]);
        let email = found[0].email.as_ref().map(|it| it.0.expose().as_str());
        assert_eq!(email, Some("ada@example.com"));
        assert!(ground.users("", false).await.iter().all(|user| user.email.is_none()));
        let (shown, password, locked) = ground.show("ada@example.com").await;
        assert_eq!((shown.name.as_str(), shown.display.as_str()), ("ada", "ada"));
        assert_eq!(shown.groups, ["staff"]);
        assert_eq!((password, locked), (None, None));
        let said: Vec<_> = ground.trail().await;
        assert!(said.iter().all(|(_, states)| !states.contains("example.com")), "{said:?}");
    }

    async fn a_no_says_what_is_wrong_and_what_to_do(place: Place) {
        let ground = Ground::at(place).await;
        ground.ada().await;
        let check = |why: String, expected: &str| assert!(why.contains(expected), "{why}");
        check(ground.no(add("ada", None, &[])).await, "taken");
        let same = add("eve", Some("ADA@example.com"), &[]);
        check(ground.no(same).await, "e-mail address");
        check(ground.no(add("eve", None, &["ops"])).await, "waarborg group add ops");
        check(ground.no(add("e v e", None, &[])).await, "expected 1 to 64");
        check(ground.no(add("eve", Some("eve"), &[])).await, "ada@example.com");
        let unknown = || "eve".to_owned();
        check(ground.no(AccountCommand::UserRemove { user: unknown() }).await, "waarborg user list");
        check(ground.no(AccountCommand::TokenRemove { id: unknown() }).await, "no token");
        check(ground.no(AccountCommand::SessionRevoke { id: unknown() }).await, "waarborg session list");
        check(ground.no(AccountCommand::GroupRemove { group: unknown() }).await, "no group");
        assert_eq!(names(&ground.users("", false).await), ["ada"]);
    }

    async fn who_is_disabled_has_no_session_any_more_and_may_sign_in_again_once_enabled(place: Place) {
        let ground = Ground::at(place).await;
        let account = ground.ada().await;
        let tokens = ground.sessions_of(&account, 1).await;
        assert!(tokens.iter().all(|token| ground.live(token).is_some()));
        let state = |active| AccountCommand::UserState { user: "ada".to_owned(), active };
        ground.done(state(false)).await;
        assert!(tokens.iter().all(|token| ground.live(token).is_none()));
        assert_eq!(ground.show("ada").await.0.state, "disabled");
        assert!(ground.done(state(false)).await.contains("already"));
        ground.done(state(true)).await;
        assert_eq!(ground.show("ada").await.0.state, "active");
        ground.done(AccountCommand::UserRemove { user: "ada".to_owned() }).await;
        assert!(ground.users("", false).await.is_empty());
    }

    async fn members_come_and_go_at_once_and_a_mistyped_name_changes_nobody(place: Place) {
        let ground = Ground::at(place).await;
        let account = ground.ada().await;
        ground.done(add("bob", None, &[])).await;
        ground.done(AccountCommand::GroupAdd { group: "ops".to_owned(), threshold: false }).await;
        let [token, _] = ground.sessions_of(&account, 1).await;
        let members = |users: &[&str], joined| AccountCommand::GroupMembers {
            group: "ops".to_owned(),
            users: users.iter().map(|it| (*it).to_owned()).collect(),
            joined,
        };
        ground.no(members(&["ada", "bbo"], true)).await;
        assert_eq!(ground.live(&token).as_deref(), Some("staff"));
        let said = ground.done(members(&["ada", "bob"], true)).await;
        assert_eq!(said.lines().count(), 2, "{said}");
        assert_eq!(ground.live(&token).as_deref(), Some("ops,staff"));
        assert!(ground.done(members(&["bob"], true)).await.contains("already"));
        match ground.said(AccountCommand::GroupList).await {
            AccountReply::Groups { groups } => {
                let groups: Vec<_> = groups.iter().map(|it| (it.name.as_str(), it.members)).collect();
                assert_eq!(groups, [("ops", 2), ("staff", 1)]);
            }
            other => panic!("{other:?}"),
        }
        ground.done(members(&["ada"], false)).await;
        assert_eq!(ground.live(&token).as_deref(), Some("staff"));
        ground.done(AccountCommand::GroupRemove { group: "staff".to_owned() }).await;
        assert_eq!(ground.live(&token).as_deref(), Some(""));
    }

    async fn a_session_is_listed_and_ends_with_its_family_or_with_all_of_its_account(place: Place) {
        let ground = Ground::at(place).await;
        let account = ground.ada().await;
        let first = ground.sessions_of(&account, 1).await;
        let second = ground.sessions_of(&account, 3).await;
        let list = |user: Option<&str>| AccountCommand::SessionList {
            user: user.map(str::to_owned),
            after: String::new(),
        };
        let listed = match ground.said(list(Some("ada"))).await {
            AccountReply::Sessions { sessions, more: None } => sessions,
            other => panic!("{other:?}"),
        };
        assert_eq!(listed.len(), 4);
        assert!(listed.iter().all(|it| it.user == "ada" && it.network == "192.0.2.0/24"));
        assert_eq!(listed[1].parent.as_ref(), Some(&listed[0].id));
        // Named by the child, the whole family ends.
        ground.done(AccountCommand::SessionRevoke { id: listed[1].id.clone() }).await;
        assert!(first.iter().all(|token| ground.live(token).is_none()));
        assert!(second.iter().all(|token| ground.live(token).is_some()));
        let all = AccountCommand::SessionRevokeAll { user: "ada".to_owned() };
        assert!(ground.done(all).await.ends_with(": 2"));
        assert!(second.iter().all(|token| ground.live(token).is_none()));
        ground.no(list(Some("eve"))).await;
    }

    async fn a_token_is_made_for_sites_that_take_it_shown_once_and_ends_when_removed(place: Place) {
        let ground = Ground::at(place).await;
        ground.ada().await;
        let (made, text) = match ground.said(token(&["app.example", "api.example"], false, 30)).await {
            AccountReply::Token { token, secret } => (token, secret.0),
            other => panic!("{other:?}"),
        };
        assert_eq!((made.kind.as_str(), made.name.as_str()), ("bearer", "backup"));
        let hash = secret::hash(text.expose().as_bytes());
        assert!(ground.live(&hash).is_some());
        ground.said(token(&["app.example"], true, 30)).await;
        let check = |why: String, expected: &str| assert!(why.contains(expected), "{why}");
        check(ground.no(token(&["api.example"], true, 30)).await, "tokens = \"basic\"");
        check(ground.no(token(&["www.example"], false, 30)).await, "tokens = \"bearer\"");
        check(ground.no(token(&["old.example"], false, 30)).await, "`app.example`, `api.example`");
        check(ground.no(token(&[], false, 30)).await, "one site");
        check(ground.no(token(&["app.example"], false, 0)).await, "1 to 365");
        check(ground.no(token(&["app.example"], false, 366)).await, "1 to 365");
        let list = AccountCommand::TokenList { user: Some("ada".to_owned()), after: String::new() };
        let listed = ground.said(list).await;
        assert!(!serde_json::to_string(&listed).unwrap().contains(text.expose().as_str()));
        match listed {
            AccountReply::Tokens { tokens, more: None } => assert_eq!(tokens.len(), 2),
            other => panic!("{other:?}"),
        }
        ground.done(AccountCommand::TokenRemove { id: made.id }).await;
        assert!(ground.live(&hash).is_none());
    }

    async fn a_locked_account_is_shown_as_such_until_it_is_unlocked(place: Place) {
        let ground = Ground::at(place).await;
        let account = ground.ada().await;
        let mut tx = ground.store.tx().await.unwrap();
        tx.guesses_locked(&account.id, store::Guesser::Strangers).await.unwrap();
        let locked = Guesses { locked_until: ground.place.clock.now().after(HOUR), ..Guesses::default() };
        tx.keep_guesses(&account.id, store::Guesser::Strangers, &locked).await.unwrap();
        tx.commit().await.unwrap();
        let until = ground.show("ada").await.2;
        assert_eq!(until, Some(locked.locked_until.to_string()));
        ground.done(AccountCommand::UserUnlock { user: "ada".to_owned() }).await;
        assert_eq!(ground.show("ada").await.2, None);
        let (action, _) = ground.trail().await.pop().unwrap();
        assert_eq!(action, "account.unlock");
    }

    async fn lists_of_any_length_come_in_pages(place: Place) {
        let ground = Ground::at(place).await;
        let rows = (0..IMPORT_ROWS).map(|number| ImportRow {
            line: number,
            user: new(&format!("user{number:03}"), None, &[]),
            hash: None,
        });
        let asked = AccountCommand::UserImport { rows: rows.collect(), dry_run: false };
        assert!(matches!(ground.said(asked).await, AccountReply::Imported { taken: IMPORT_ROWS, .. }));
        let users = ground.users("", false).await;
        assert_eq!(users.len(), IMPORT_ROWS);
        assert!(users.windows(2).all(|two| two[0].name < two[1].name));
    }
}

#[test]
fn what_is_asked_and_answered_is_read_as_it_was_written_and_debug_shows_no_secret() {
    let spoken = |text: &str| Spoken(Secret::new(text.to_owned()));
    let asked = Command::Accounts {
        what: AccountCommand::UserAdd {
            user: new("ada", Some("ada@example.com"), &["staff"]),
            password: Some(spoken("correct horse")),
        },
    };
    let text = serde_json::to_string(&asked).unwrap();
    let back: Command = serde_json::from_str(&text).unwrap();
    let said = format!("{back:?}");
    assert_eq!(said, format!("{asked:?}"));
    assert!(!said.contains("horse") && !said.contains("ada@"), "{said}");
    let row = ImportRow {
        line: 7,
        user: new("ada", None, &[]),
        hash: Some(spoken("$2b$x")),
    };
    let text = serde_json::to_string(&row).unwrap();
    let back: ImportRow = serde_json::from_str(&text).unwrap();
    assert_eq!((back.line, back.hash), (7, row.hash));
}

#[test]
fn text_of_others_in_a_message_is_short_and_steers_nothing() {
    assert_eq!(shown("ada"), "ada");
    assert_eq!(shown("a\u{1b}[31m"), "a\u{fffd}[31m");
    assert!(shown(&"é".repeat(100)).chars().count() <= 41);
}
