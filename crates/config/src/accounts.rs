//! `[accounts]`: whether people make accounts themselves.

use terms::GroupName;

use crate::{
    access,
    admin::Admin,
    key::{Absent, Form, section},
    mistake::Kind,
    reader::Say,
    table::Table,
};

section! {
    "[accounts]",
    "Whether people make accounts themselves. Without this only administrators and commands make them.";
    REGISTRATION "registration" Form::Switch, Absent::Default("false"), "true",
        "Whoever reads the mail of an address may make an account with it, by a page of the portal. It needs a `portal` and `[mail]`.";
    GROUPS "registration_groups" Form::Texts("a group such as \"customers\"", access::GROUPS_MAX), Absent::Means("none"), "[\"customers\"]",
        "The groups of accounts that were made so; those that don't exist yet are made. None of `[admin]` may be among them.";
}

/// `[accounts]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accounts {
    /// `registration`.
    pub registration: bool,
    /// `registration_groups`: none of them is one of administrators.
    pub groups: Vec<GroupName>,
}

/// What the section is read beside.
pub(crate) struct Around<'a> {
    /// Whether there is a portal.
    pub(crate) portal: bool,
    /// Whether mail leaves.
    pub(crate) mail: bool,
    pub(crate) admin: &'a Admin,
}

pub(crate) fn read(table: &Table<'_, '_>, around: &Around<'_>) -> Accounts {
    let registration = table.switch(&REGISTRATION);
    let groups = table.texts(&GROUPS, access::group);
    let reader = table.reader;
    if registration && !around.portal {
        let say = Say::what("nobody could make an account: there is no `portal`")
            .expected("a host for sign-in at the top of the file")
            .help("add `portal = \"id.example.com\"` and a section `[site.\"id.example.com\"]` for it");
        reader.mistake(Kind::Missing, &table.span(&REGISTRATION), say);
    }
    if registration && !around.mail {
        let say = Say::what("nobody could make an account: no mail leaves")
            .expected("a section `[mail]`")
            .help("an address is confirmed by a link that is mailed to it");
        reader.mistake(Kind::Missing, &table.span(&REGISTRATION), say);
    }
    for group in &groups {
        if around.admin.groups.contains(&group.value) {
            let say = Say::what(format!(
                "whoever makes an account would be an administrator: `[admin]` names `{}`",
                group.value
            ))
            .expected("groups that `[admin]` doesn't name");
            reader.mistake(Kind::Conflict, &group.span, say);
        }
    }
    table.finish();
    Accounts {
        registration,
        groups: groups.into_iter().map(|at| at.value).collect(),
    }
}
