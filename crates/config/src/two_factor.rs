//! `[two-factor]`: the promise `two-factor`.

use std::time::Duration;

use terms::GroupName;

use crate::{
    access,
    key::{Absent, DAY_S, Form, seconds, section},
    table::Table,
};

section! {
    "[two-factor]",
    "Promise `two-factor`: a second step at sign-in, with an authenticator app. Everybody can switch it on in their account.";
    GROUPS "groups" Form::Texts("a group such as \"staff\"", access::GROUPS_MAX), Absent::Means("nobody has to"), "[\"staff\"]",
        "Members of these groups have to switch it on. Until they have, their sign-ins reach no site once the `grace` is over; sessions and tokens from before go on.";
    GRACE "grace" Form::Duration(seconds(0), seconds(90 * DAY_S)), Absent::Default("14d"), "\"7d\"",
        "How long they may go on without it, from their first sign-in after it was asked of them.";
}

/// `[two-factor]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TwoFactor {
    /// `groups`.
    pub groups: Vec<GroupName>,
    /// `grace`.
    pub grace: Duration,
}

pub(crate) fn read(table: &Table<'_, '_>) -> TwoFactor {
    let groups = table.texts(&GROUPS, access::group);
    let grace = table.duration(&GRACE);
    table.finish();
    TwoFactor {
        groups: groups.into_iter().map(|at| at.value).collect(),
        grace,
    }
}
