//! The people of the demo: accounts made with the same commands as anybody's.

use std::{collections::BTreeSet, path::Path};

use control::socket::{
    self, Command, Reply,
    accounts::{AccountCommand, NewUser, Spoken},
};
use serde_json::{Value, json};
use terms::Secret;

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

async fn ask(data: &Path, what: AccountCommand) -> Result<Reply, PeopleError> {
    let command = Command::Accounts { what };
    Ok(socket::ask(data, &command, |_| {}).await?)
}
