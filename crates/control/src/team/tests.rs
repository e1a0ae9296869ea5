//! What counts in the register, who is reminded, and what the drill is told.

use std::{path::Path, sync::Arc, time::Duration};

use config::{Config, Env};
use seam::{
    Credential, Session,
    sessions::{Person, of_ada},
};
use store::{AccountDetails, AccountState, testing::Place};
use tempfile::TempDir;
use terms::Rng;

use super::{remind::Reminder, *};
use crate::{Offline, alarms::Alarms, socket::Reply};

const DAY: Duration = Duration::from_secs(86_400);

struct Ground {
    accounts: Accounts,
    place: Place,
    alarms: Alarms,
    _folder: TempDir,
}

fn actor() -> Actor {
    Actor::command(1000)
}

impl Ground {
    async fn start(rest: &str) -> Self {
        let place = Place::sqlite();
        let (store, clock) = (place.open().await, place.clock.clone());
        let text = format!(
            "data = \"data\"\nportal = \"id.test\"\n[acme]\nemail = \"ops@id.test\"\n\
             [site.\"id.test\"]\n[site.\"app.test\"]\nupstream = \"http://127.0.0.1:9\"\n\
             access = \"login\"\n{rest}"
        );
        let env = Env::given(clock.clone());
        let loaded = Config::parse(Path::new("waarborg.toml"), &text, &env);
        let config = loaded.unwrap_or_else(|wrong| panic!("{wrong}")).config;
        let folder = tempfile::tempdir().unwrap();
        let alarms = Alarms::open(folder.path(), clock.clone(), Rng::System).unwrap();
        let data = folder.path().to_owned();
        let offline = Offline::new(store, config, data, clock, Rng::System);
        Self {
            accounts: offline.accounts,
            place,
            alarms,
            _folder: folder,
        }
    }

    async fn ask(&self, what: TeamCommand) -> Reply {
        carry_out(&self.accounts, what, &actor()).await
    }

    async fn add(&self, name: &str, factor: &str) -> Reply {
        self.ask(TeamCommand::Add {
            kind: "service".to_owned(),
            name: name.to_owned(),
            address: String::new(),
            holder: "Grace Hopper".to_owned(),
            factor: factor.to_owned(),
        })
        .await
    }

    async fn attest(&self, name: &str, days: Option<u16>) -> Reply {
        let name = name.to_owned();
        let factor = None;
        self.ask(TeamCommand::Attest { name, factor, days }).await
    }

    async fn standing_of(&self, name: &str) -> Standing {
        let register = self.accounts.register().await.unwrap();
        let mut found = register.iter();
        let found = found.find(|(asset, _)| asset.details.name == name);
        found.unwrap().1
    }

    async fn account(&self, name: &str, groups: &[&str]) -> String {
        for group in groups {
            let group = group.parse().unwrap();
            // It may be there already.
            let _ = self.accounts.add_group(&group, false, &actor()).await;
        }
        let details = AccountDetails {
            name: name.parse().unwrap(),
            display: name.to_owned(),
            email: None,
            groups: groups.iter().map(|it| it.parse().unwrap()).collect(),
            state: AccountState::Active,
        };
        self.accounts.add(&details, None, &actor()).await.unwrap()
    }
}

fn is_done(reply: &Reply) -> bool {
    matches!(reply, Reply::Done { .. })
}

#[tokio::test]
async fn an_entry_counts_from_somebodys_word_until_that_ends() {
    let ground = Ground::start("[team]\nattest_for = \"60d\"\n").await;
    assert!(is_done(&ground.add("github", "passkey").await));
    assert_eq!(ground.standing_of("github").await, Standing::Missing);
    assert!(is_done(&ground.attest("github", None).await));
    assert_eq!(ground.standing_of("github").await, Standing::Proven);
    ground.place.clock.advance(45 * DAY);
    assert_eq!(ground.standing_of("github").await, Standing::Proven);
    ground.place.clock.advance(DAY);
    assert_eq!(ground.standing_of("github").await, Standing::Ending);
    ground.place.clock.advance(14 * DAY);
    assert_eq!(ground.standing_of("github").await, Standing::Ended);
    // Nobody's word counts for longer than is configured, but for less it may.
    assert!(is_done(&ground.attest("github", Some(365)).await));
    ground.place.clock.advance(60 * DAY);
    assert_eq!(ground.standing_of("github").await, Standing::Ended);
    assert!(is_done(&ground.attest("github", Some(2)).await));
    assert_eq!(ground.standing_of("github").await, Standing::Proven);
    ground.place.clock.advance(2 * DAY);
    assert_eq!(ground.standing_of("github").await, Standing::Ended);
}

#[tokio::test]
async fn what_has_no_second_factor_never_counts_whatever_is_attested() {
    let ground = Ground::start("").await;
    ground.add("old forum", "none").await;
    assert!(is_done(&ground.attest("old forum", None).await));
    assert_eq!(
        ground.standing_of("old forum").await,
        Standing::WithoutFactor
    );
    let factor = Some("app".to_owned());
    let name = "old forum".to_owned();
    let days = None;
    let now = ground.ask(TeamCommand::Attest { name, factor, days }).await;
    assert!(is_done(&now), "{now:?}");
    assert_eq!(ground.standing_of("old forum").await, Standing::Proven);
}

#[tokio::test]
async fn what_can_not_be_kept_is_a_no_with_its_reason() {
    let ground = Ground::start("").await;
    ground.add("github", "passkey").await;
    let check = |reply: Reply, word: &str| match reply {
        Reply::No { why } => assert!(why.contains(word), "{why}"),
        other => panic!("{other:?}"),
    };
    check(ground.add("github", "passkey").await, "taken");
    check(ground.add("gitlab", "prayer").await, "second factor");
    check(ground.add(" ", "app").await, "name is missing");
    check(ground.add("a\nb", "app").await, "one line");
    check(
        ground.add(&"x".repeat(MAX_ASSET_TEXT + 1), "app").await,
        "longer than 200",
    );
    check(ground.attest("nothing", None).await, "no entry `nothing`");
    let name = "nothing".to_owned();
    check(ground.ask(TeamCommand::Remove { name }).await, "no entry");
    assert_eq!(ground.accounts.register().await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_holder_who_has_an_account_is_named_by_it() {
    let ground = Ground::start("").await;
    let ada = ground.account("ada", &[]).await;
    let typed = Typed {
        kind: "device",
        name: " Laptop ",
        address: "",
        holder: "Ada",
        factor: "platform",
    };
    let details = ground.accounts.asset_details(&typed).await.unwrap();
    let details = details.unwrap();
    assert_eq!((&*details.holder, details.account), ("ada", Some(ada)));
    assert_eq!(details.name, "Laptop");
}

#[tokio::test]
async fn the_team_is_reminded_once_of_what_is_new_and_told_when_it_is_over() {
    let ground = Ground::start("").await;
    let mut reminder = Reminder::new(ground.accounts.clone(), ground.alarms.clone());
    for name in ["one", "two"] {
        ground.add(name, "app").await;
        ground.attest(name, None).await;
    }
    ground.add("three", "app").await;
    reminder.look().await.unwrap();
    let waiting = || ground.alarms.waiting();
    assert_eq!(waiting(), 0, "nothing ends yet");

    ground.place.clock.advance(76 * DAY);
    reminder.look().await.unwrap();
    assert!(ground.alarms.is_open("team-evidence"));
    assert_eq!(waiting(), 1, "one alarm for both");
    let told = ground.alarms.pending()[0].clone();
    let told = format!("{told:?}");
    assert!(
        told.contains("0 attestations have ended, 2 end soon"),
        "{told}"
    );
    assert!(!told.contains("Grace"), "{told}");
    reminder.look().await.unwrap();
    assert_eq!(waiting(), 1, "they know");

    // What ends is said again, and that all of it counts.
    ground.place.clock.advance(14 * DAY);
    reminder.look().await.unwrap();
    assert_eq!(waiting(), 2);
    for name in ["one", "two"] {
        ground.attest(name, None).await;
    }
    reminder.look().await.unwrap();
    assert!(!ground.alarms.is_open("team-evidence"));
}

#[tokio::test]
async fn people_of_the_team_without_a_second_factor_are_an_alarm_without_their_names() {
    let ground = Ground::start("[admin]\ngroups = [\"admins\"]\n").await;
    let mut reminder = Reminder::new(ground.accounts.clone(), ground.alarms.clone());
    ground.account("guest", &["customers"]).await;
    reminder.look().await.unwrap();
    assert_eq!(ground.alarms.waiting(), 0);
    let ada = ground.account("ada", &["admins"]).await;
    reminder.look().await.unwrap();
    assert!(ground.alarms.is_open("team-without-second-factor"));
    let told = ground.alarms.pending()[0].clone();
    let told = format!("{}\n{}", told.subject, told.text);
    assert!(!told.contains("ada") && !told.contains(&ada), "{told}");

    let store = ground.accounts.store().unwrap();
    let mut change = store.change(&Actor::account(&ada)).await.unwrap();
    let app = store.new_id();
    let added = change.add_totp(&ada, (&app, b"seed"), "phone", 5).await;
    added.unwrap();
    change.commit().await.unwrap();
    reminder.look().await.unwrap();
    assert!(!ground.alarms.is_open("team-without-second-factor"));
}

#[tokio::test]
async fn whoever_is_of_the_team_has_to_switch_on_a_second_factor() {
    let ground = Ground::start("[team]\ngroups = [\"staff\"]\n").await;
    let due = async |name: &str, groups: &[&str]| {
        let id = ground.account(name, groups).await;
        let session = Session {
            person: Arc::new(Person {
                account: id.into(),
                name: name.into(),
                display: name.into(),
                email: "".into(),
                groups: groups.join(",").into(),
            }),
            ..of_ada(Credential::Cookie, &["id.test"])
        };
        ground.accounts.factor_due(&session).await.unwrap()
    };
    let grace = ground.accounts.publisher.config().two_factor.grace;
    let now = ground.place.clock.now();
    assert_eq!(due("ada", &["staff"]).await, Some(now.after(grace)));
    assert_eq!(due("bo", &["customers"]).await, None);
}

#[tokio::test]
async fn the_drill_is_told_numbers_and_its_own_entry_is_gone() {
    let ground = Ground::start("[team]\ngroups = [\"staff\"]\n").await;
    ground.account("ada", &["staff"]).await;
    for name in ["proven", "ended"] {
        ground.add(name, "app").await;
    }
    ground.attest("proven", None).await;
    ground.attest("ended", Some(1)).await;
    ground.add("missing", "app").await;
    ground.add("bare", "none").await;
    ground.place.clock.advance(3 * DAY);
    let seen = evidence(&ground.accounts).await.unwrap();
    let counts = seen.register;
    assert_eq!((counts.all, counts.proven, counts.oldest_days), (4, 1, 3));
    assert_eq!((counts.ended, counts.missing), (1, 1));
    assert_eq!(counts.without_factor, 1);
    let own = seen.own;
    assert_eq!((own.bare, own.attested, own.ended), (false, true, false));
    assert_eq!((seen.people.people, seen.people.without), (1, 1));
    assert_eq!(seen.github, None);
    assert_eq!(ground.accounts.register().await.unwrap().len(), 4);
    let counted = ground.accounts.tallies.team.counts();
    assert_eq!(counted.at(Standing::Missing), 1);

    // One that a killed run left behind is gone with the next.
    let left = AssetDetails {
        kind: AssetKind::Service,
        name: "canary-left".to_owned(),
        address: String::new(),
        holder: "A drill’s own entry".to_owned(),
        account: None,
        factor: AssetFactor::App,
    };
    ground.accounts.add_asset(&left, &actor()).await.unwrap();
    let seen = evidence(&ground.accounts).await.unwrap();
    assert_eq!((seen.register.all, seen.register.missing), (4, 1));
}
