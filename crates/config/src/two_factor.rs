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
    LOST_WAIT "lost_wait" Form::Duration(seconds(3600), seconds(30 * DAY_S)), Absent::Default("24h"), "\"48h\"",
        "How long somebody waits for whom an administrator has begun to let them in without their second factor. Until then they can stop it: the mail to them must have time to be read.";
}

/// `[two-factor]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TwoFactor {
    /// `groups`.
    pub groups: Vec<GroupName>,
    /// `grace`.
    pub grace: Duration,
    /// `lost_wait`.
    pub lost_wait: Duration,
}

pub(crate) fn read(table: &Table<'_, '_>) -> TwoFactor {
    let groups = table.texts(&GROUPS, access::group);
    let grace = table.duration(&GRACE);
    let lost_wait = table.duration(&LOST_WAIT);
    table.finish();
    TwoFactor {
        groups: groups.into_iter().map(|at| at.value).collect(),
        grace,
        lost_wait,
    }
}
