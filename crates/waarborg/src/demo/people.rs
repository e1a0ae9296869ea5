//! The people of the demo and what its team uses: made with the same commands as anybody's.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

use control::{
    socket::{
        self, Command, Reply,
        accounts::{AccountCommand, NewUser, Spoken},
    },
    team::{TeamCommand, TeamReply},
};
use serde_json::{Value, json};
use terms::{PromiseId, Secret};

/// Somebody whose password everybody may know.
pub(super) struct Person {
    pub(super) name: &'static str,
    display: &'static str,
    email: &'static str,
    pub(super) password: &'static str,
    pub(super) groups: &'static [&'static str],
}

/// Who is there.
pub(super) const PEOPLE: [Person; 2] = [
    Person {
        name: "ada",
        display: "Ada Lovelace",
        email: "ada@example.com",
        password: "seven paper lanterns at dusk",
        groups: &["admins", "finance", "staff"],
    },
    Person {
        name: "bob",
        display: "Bob Kahn",
        email: "bob@example.com",
        password: "a walnut boat on the canal",
        groups: &["customers"],
    },
];

/// The demo's people could not be made.
#[derive(Debug, thiserror::Error)]
pub(super) enum PeopleError {
    #[error(transparent)]
    Socket(#[from] socket::SocketError),
    #[error("the demo's people could not be made: {0}")]
    Refused(String),
}

impl Person {
    /// As the one line of JSON tells.
    pub(super) fn told(&self) -> Value {
        json!({
            "name": self.name,
            "email": self.email,
            "password": self.password,
            "groups": self.groups,
        })
    }
}

/// Makes those who aren't there yet, and their groups.
pub(super) async fn make(data: &Path) -> Result<(), PeopleError> {
    let mut missing = Vec::new();
    for person in &PEOPLE {
        let shown = AccountCommand::UserShow {
            user: person.name.to_owned(),
            emails: false,
        };
        if let Reply::No { .. } | Reply::Failed { .. } = ask(data, shown).await? {
            missing.push(person);
        }
    }
    let groups: BTreeSet<_> = missing.iter().flat_map(|person| person.groups).collect();
    for group in groups {
        // It may be there from a start before.
        ask(
            data,
            AccountCommand::GroupAdd {
                group: (*group).to_owned(),
                threshold: false,
            },
        )
        .await?;
    }
    for person in missing {
        let added = AccountCommand::UserAdd {
            user: NewUser {
                name: person.name.to_owned(),
                display: person.display.to_owned(),
                email: Some(Spoken(Secret::new(person.email.to_owned()))),
                groups: person.groups.iter().map(|it| (*it).to_owned()).collect(),
            },
            password: Some(Spoken(Secret::new(person.password.to_owned()))),
        };
        match ask(data, added).await? {
            Reply::Done { .. } | Reply::Accounts { .. } => {}
            Reply::No { why } | Reply::Failed { why } => return Err(PeopleError::Refused(why)),
            other => return Err(PeopleError::Refused(format!("{other:?}"))),
        }
    }
    Ok(())
}

/// What the demo's team would use: kind, name, address, holder, second factor.
const REGISTER: [[&str; 5]; 3] = [
    [
        "service",
        "The demo’s repository",
        "https://git.example.com",
        "ada",
        "passkey",
    ],
    [
        "service",
        "The demo’s hosting",
        "https://hosting.example.net",
        "ada",
        "app",
    ],
    ["device", "Ada’s laptop", "", "ada", "platform"],
];

/// Fills the register where there is nothing in it: whether it did.
pub(super) async fn register(data: &Path) -> Result<bool, PeopleError> {
    let there = match team(data, TeamCommand::List).await? {
        Reply::Team { what } => {
            let TeamReply::Register { entries } = *what;
            !entries.is_empty()
        }
        other => return Err(PeopleError::Refused(format!("{other:?}"))),
    };
    if there {
        return Ok(false);
    }
    for [kind, name, address, holder, factor] in REGISTER.map(|row| row.map(str::to_owned)) {
        let attested = TeamCommand::Attest {
            name: name.clone(),
            factor: None,
            days: None,
        };
        let added = TeamCommand::Add {
            kind,
            name,
            address,
            holder,
            factor,
        };
        for command in [added, attested] {
            match team(data, command).await? {
                Reply::Done { .. } => {}
                other => return Err(PeopleError::Refused(format!("{other:?}"))),
            }
        }
    }
    Ok(true)
}

/// Runs the drill of `team` once more: the first may have come before there was anything
/// in the register.
pub(super) async fn prove(data: PathBuf) {
    let promises = vec![PromiseId::Team];
    // Should it not be possible, the next run comes by itself.
    let _ = socket::ask(&data, &Command::Prove { promises }, |_| {}).await;
}

async fn team(data: &Path, what: TeamCommand) -> Result<Reply, PeopleError> {
    Ok(socket::ask(data, &Command::Team { what }, |_| {}).await?)
}

async fn ask(data: &Path, what: AccountCommand) -> Result<Reply, PeopleError> {
    let command = Command::Accounts { what };
    Ok(socket::ask(data, &command, |_| {}).await?)
}
