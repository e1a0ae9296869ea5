//! Who may ask: `access`, `groups` and `tokens` of a site, and of its routes.

use std::time::Duration;

use seam::snapshot::{Access, Tokens};
use terms::{GroupName, MalformedName};

use crate::{
    key::{Absent, DAY_S, Form, Key, seconds},
    mistake::Kind,
    reader::Say,
    scalar::Wrong,
    table::Table,
};

/// Groups of one rule.
pub(crate) const GROUPS_MAX: usize = 32;

const WORDS: Form = Form::Word(&[
    ("public", "everyone may ask"),
    ("login", "whoever has signed in may ask"),
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
}

impl Rule {
    /// Nobody is asked who they are: the portal's, where every page decides by itself.
    pub(crate) const OPEN: Self = Self {
        access: Access::Public,
        tokens: Tokens::None,
        step_up: None,
    };
}

/// Reads the rule of a site, whose keys are there or said to be missing.
pub(crate) fn read(table: &Table<'_, '_>, portal: bool) -> Rule {
    let access = access(table, [&ACCESS, &GROUPS], portal).unwrap_or(Access::Public);
    Rule {
        step_up: step_up(table, &STEP_UP, &access),
        access,
        tokens: tokens(table, &TOKENS).unwrap_or(Tokens::None),
    }
}

/// Reads the rule of a route of a site with the rule `site`.
pub(crate) fn of_route(table: &Table<'_, '_>, site: &Rule, portal: bool) -> Rule {
    let access = access(table, [&ROUTE_ACCESS, &ROUTE_GROUPS], portal);
    let access = access.unwrap_or_else(|| site.access.clone());
    let own = step_up(table, &ROUTE_STEP_UP, &access);
    // What is open to everybody asks nobody for anything.
    let inherited = site.step_up.filter(|_| access != Access::Public);
    Rule {
        access,
        tokens: tokens(table, &ROUTE_TOKENS).unwrap_or(site.tokens),
        step_up: own.or(inherited),
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

fn access(table: &Table<'_, '_>, [word, names]: [&'static Key; 2], portal: bool) -> Option<Access> {
    let groups = table.texts(names, group);
    let access = table.word(word);
    if access == Some("login") && !portal {
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
