//! `[admin]`: the promise `admin`.

use std::time::Duration;

use guards::network::Networks;
use terms::GroupName;

use crate::{
    access,
    key::{Absent, Form, seconds, section},
    mistake::Kind,
    reader::Say,
    scalar::{self, Wrong},
    table::Table,
};

section! {
    "[admin]",
    "Promise `admin`: who may use the console on the portal, and the parts of applications with `access = \"admin\"`.";
    GROUPS "groups" Form::Texts("a group such as \"admins\"", access::GROUPS_MAX), Absent::Means("nobody: the console is on the operations listener only"), "[\"admins\"]",
        "Members of these groups, once they have signed in with a second factor. They need a `portal`.";
    FRESH "fresh" Form::Duration(seconds(60), seconds(3600)), Absent::Default("10m"), "\"5m\"",
        "How old their second factor may be when they change something; in applications, when they ask for anything. Older: they are asked for it once more.";
    NETWORKS "networks" Form::Texts("an address or range such as \"10.0.0.0/8\"", Networks::MAX), Absent::Means("from anywhere"), "[\"192.0.2.0/24\", \"2001:db8:1::/48\"]",
        "Only from these networks. The console on the operations listener is reached over loopback alone, whatever stands here.";
    APPROVAL "approval" Form::Texts("\"remove-user\", \"administrators\" or \"credentials\"", 3), Absent::Means("nothing waits"), "[\"remove-user\", \"administrators\", \"credentials\"]",
        "What an administrator asks for waits, for a day at most, until another one approves it: removing a user, making somebody an administrator, giving somebody else another password or e-mail address. The other administrators hear of it by mail. The command line on the machine is the way round it.";
}

/// What another administrator has to approve.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Approval {
    /// An account is removed.
    RemoveUser,
    /// Somebody becomes an administrator.
    Administrators,
    /// Somebody else gets another password or address: by either one becomes them.
    Credentials,
}

impl Approval {
    /// All of them.
    const ALL: [Self; 3] = [Self::RemoveUser, Self::Administrators, Self::Credentials];

    /// The word in the file and in the trail.
    pub const fn word(self) -> &'static str {
        match self {
            Self::RemoveUser => "remove-user",
            Self::Administrators => "administrators",
            Self::Credentials => "credentials",
        }
    }
}

fn approval(text: &str) -> Result<Approval, Wrong> {
    let mut all = Approval::ALL.into_iter();
    all.find(|it| it.word() == text).ok_or(Wrong::PLAIN)
}

/// `[admin]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Admin {
    /// `groups`; nobody is an administrator where it is empty.
    pub groups: Vec<GroupName>,
    /// `fresh`.
    pub fresh: Duration,
    /// `networks`; `None` for anywhere.
    pub networks: Option<Networks>,
    /// `approval`.
    pub approval: Vec<Approval>,
}

pub(crate) fn read(table: &Table<'_, '_>, portal: bool) -> Admin {
    let groups = table.texts(&GROUPS, access::group);
    let fresh = table.duration(&FRESH);
    let networks = table.texts(&NETWORKS, scalar::network);
    let approval = table.texts(&APPROVAL, approval);
    if !groups.is_empty() && !portal {
        let say = Say::what("administrators could not sign in: there is no `portal`")
            .expected("a host for sign-in at the top of the file")
            .help("add `portal = \"id.example.com\"` and a section `[site.\"id.example.com\"]` for it");
        table
            .reader
            .mistake(Kind::Missing, &table.span(&GROUPS), say);
    }
    table.finish();
    let networks = Networks::new(networks.into_iter().map(|at| at.value));
    Admin {
        groups: groups.into_iter().map(|at| at.value).collect(),
        fresh,
        networks: (!networks.is_empty()).then_some(networks),
        approval: approval.into_iter().map(|at| at.value).collect(),
    }
}
