//! Who may ask: `access`, `groups` and `tokens` of a site, and of its routes.

use std::time::Duration;

use seam::snapshot::{Access, Tokens};
use terms::{GroupName, MalformedName};

use crate::{
    key::{Absent, DAY_S, Form, Key, seconds},
    mistake::Kind,
    reader::Say,
    scalar::Wrong,
    site::Around,
    table::Table,
};

/// Groups of one rule.
pub(crate) const GROUPS_MAX: usize = 32;

const WORDS: Form = Form::Word(&[
    ("public", "everyone may ask"),
    ("login", "whoever has signed in may ask"),
    (
        "admin",
        "only those whom `[admin]` names, with a second factor that is `fresh`, from its `networks`",
    ),
]);
const GROUP: Form = Form::Texts("a group such as \"staff\"", GROUPS_MAX);
const TOKEN_WORDS: Form = Form::Word(&[
    ("none", "only who has signed in with a browser"),
    ("bearer", "programs too, with a bearer token"),
    (
        "basic",
        "clients that know only HTTP Basic too, with an app password",
    ),
]);
const GROUPS_DOC: &str = "With `access = \"login\"`: only members of one of these groups may ask.";
const TOKENS_DOC: &str = "Which credentials count beside a browser's session. Tokens and app passwords are made in the account or by `waarborg token`, for some sites and some time.";

pub(crate) const ACCESS: Key = Key {
    name: "access",
    form: WORDS,
    absent: Absent::Required("but for the portal"),
    example: "\"public\"",
    doc: "Who may ask. Required, so that nothing is public by oversight. `login` needs a `portal`.",
};
pub(crate) const GROUPS: Key = Key {
    name: "groups",
    form: GROUP,
    absent: Absent::Means("everyone who has signed in"),
    example: "[\"staff\"]",
    doc: GROUPS_DOC,
};
pub(crate) const TOKENS: Key = Key {
    name: "tokens",
    form: TOKEN_WORDS,
    absent: Absent::Default("none"),
    example: "\"bearer\"",
    doc: TOKENS_DOC,
};

/// The same keys of a route, where each is that of the site unless it is there.
pub(crate) const ROUTE_ACCESS: Key = Key {
    absent: Absent::Means("that of the site, with its groups"),
    example: "\"login\"",
    doc: "Who may ask.",
    ..ACCESS
};
pub(crate) const ROUTE_GROUPS: Key = GROUPS;
pub(crate) const ROUTE_TOKENS: Key = Key {
    absent: Absent::Means("those of the site"),
    ..TOKENS
};

pub(crate) const STEP_UP: Key = Key {
    name: "step_up",
    form: Form::Duration(seconds(60), seconds(DAY_S)),
    absent: Absent::Means("the sign-in is enough, however long ago"),
    example: "\"10m\"",
    doc: "With `access = \"login\"`: whoever asks has given a second factor within this time, and is asked for one otherwise. Tokens and app passwords open nothing there. A page that somebody opens is come back to; what was being sent isn't.",
};
pub(crate) const ROUTE_STEP_UP: Key = Key {
    absent: Absent::Means("that of the site"),
    ..STEP_UP
};

/// A rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Rule {
    pub(crate) access: Access,
    pub(crate) tokens: Tokens,
    pub(crate) step_up: Option<Duration>,
    /// `access = "admin"`.
    pub(crate) admin: bool,
}

impl Rule {
    /// Nobody is asked who they are: the portal's, where every page decides by itself.
    pub(crate) const OPEN: Self = Self {
        access: Access::Public,
        tokens: Tokens::None,
        step_up: None,
        admin: false,
    };
}

/// Reads the rule of a site, whose keys are there or said to be missing.
pub(crate) fn read(table: &Table<'_, '_>, around: &Around<'_>) -> Rule {
    let word = table.word(&ACCESS);
    if word == Some("admin") {
        return admin(table, [&ACCESS, &GROUPS, &TOKENS, &STEP_UP], around);
    }
    let access = access(table, word, [&ACCESS, &GROUPS], around).unwrap_or(Access::Public);
    Rule {
        step_up: step_up(table, &STEP_UP, &access),
        access,
        tokens: tokens(table, &TOKENS).unwrap_or(Tokens::None),
        admin: false,
    }
}

/// Beside `access = "admin"` these keys would say otherwise.
fn alone(table: &Table<'_, '_>, others: &[&'static Key]) {
    for key in others {
        if table.has(key) {
            let say = Say::what(format!("`{}` beside `access = \"admin\"`", key.name))
                .expected("one of them")
                .help("`[admin]` says who may ask there, and how");
            table.reader.mistake(Kind::Conflict, &table.span(key), say);
        }
    }
}

/// The rule of `access = "admin"`, which says everything.
fn admin(
    table: &Table<'_, '_>,
    [word, others @ ..]: [&'static Key; 4],
    around: &Around<'_>,
) -> Rule {
    let admin = around.admin;
    if admin.groups.is_empty() {
        let say = Say::what("nobody is an administrator: `[admin]` names no `groups`")
            .expected("a group such as \"admins\"")
            .help("add a section `[admin]` with `groups = [\"admins\"]`");
        table.reader.mistake(Kind::Missing, &table.span(word), say);
    }
    alone(table, &others);
    let groups = admin.groups.iter().map(|group| group.as_str().into());
    Rule {
        access: Access::Groups(groups.collect()),
        tokens: Tokens::None,
        step_up: Some(admin.fresh),
        admin: true,
    }
}

/// Reads the rule of a route of a site with the rule `site`.
pub(crate) fn of_route(table: &Table<'_, '_>, site: &Rule, around: &Around<'_>) -> Rule {
    let word = table.word(&ROUTE_ACCESS);
    if word == Some("admin") {
        let keys = [&ROUTE_ACCESS, &ROUTE_GROUPS, &ROUTE_TOKENS, &ROUTE_STEP_UP];
        return admin(table, keys, around);
    }
    let own = access(table, word, [&ROUTE_ACCESS, &ROUTE_GROUPS], around);
    let admin = site.admin && own.is_none();
    if admin {
        alone(table, &[&ROUTE_TOKENS, &ROUTE_STEP_UP]);
    }
    let access = own.unwrap_or_else(|| site.access.clone());
    let own = step_up(table, &ROUTE_STEP_UP, &access);
    // What is open to everybody asks nobody for anything.
    let inherited = site.step_up.filter(|_| access != Access::Public);
    Rule {
        access,
        tokens: tokens(table, &ROUTE_TOKENS).unwrap_or(site.tokens),
        step_up: own.or(inherited),
        admin,
    }
}

fn step_up(table: &Table<'_, '_>, key: &'static Key, access: &Access) -> Option<Duration> {
    if !table.has(key) {
        return None;
    }
    let within = table.duration(key);
    if *access == Access::Public {
        let say = Say::what("`step_up` without `access = \"login\"`")
            .expected("both, or neither")
            .help("only who has signed in can be asked for a second factor");
        table.reader.mistake(Kind::Conflict, &table.span(key), say);
    }
    Some(within)
}

fn access(
    table: &Table<'_, '_>,
    access: Option<&str>,
    [word, names]: [&'static Key; 2],
    around: &Around<'_>,
) -> Option<Access> {
    let groups = table.texts(names, group);
    if access == Some("login") && around.portal.is_none() {
        let say = Say::what("nobody could sign in: there is no `portal`")
            .expected("a host for sign-in at the top of the file")
            .help("add `portal = \"id.example.com\"` and a section `[site.\"id.example.com\"]` for it");
        table.reader.mistake(Kind::Missing, &table.span(word), say);
    }
    if access != Some("login") && table.has(names) {
        let say = Say::what("`groups` without `access = \"login\"`")
            .expected("both, or neither")
            .help("only who has signed in is in a group");
        table
            .reader
            .mistake(Kind::Conflict, &table.span(names), say);
    }
    match access? {
        "login" if groups.is_empty() => Some(Access::Login),
        "login" => {
            let names = groups.into_iter().map(|at| at.value.as_str().into());
            Some(Access::Groups(names.collect()))
        }
        _ => Some(Access::Public),
    }
}

fn tokens(table: &Table<'_, '_>, key: &'static Key) -> Option<Tokens> {
    Some(match table.word(key)? {
        "basic" => Tokens::Basic,
        "bearer" => Tokens::Bearer,
        _ => Tokens::None,
    })
}

pub(crate) fn group(text: &str) -> Result<GroupName, Wrong> {
    text.parse()
        .map_err(|MalformedName| Wrong::expected(MalformedName::EXPECTED))
}
