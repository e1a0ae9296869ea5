//! `[team]`: the promise `team`.

use std::time::Duration;

use terms::{GroupName, Secret};

use crate::{
    access,
    key::{Absent, DAY_S, Form, seconds, section},
    scalar::{self, Wrong},
    secret,
    table::Table,
    tls::{self, Roots},
};

/// Longest name of an organisation on GitHub, in characters.
const ORGANISATION_MAX: usize = 39;

section! {
    "[team]",
    "Promise `team`: the team signs in everywhere with a second factor. Which services and devices it uses stands in a register, in the console and by `waarborg team`.";
    GROUPS "groups" Form::Texts("a group such as \"staff\"", access::GROUPS_MAX), Absent::Means("nobody: alarms are about administrators, and the promise doesn't speak of people"), "[\"staff\"]",
        "Members of these groups are the team. They have to switch on a second factor here, as those of `groups` in `[two-factor]` do, and the promise says that all of them have.";
    ATTEST_FOR "attest_for" Form::Duration(seconds(DAY_S), seconds(365 * DAY_S)), Absent::Default("90d"), "\"60d\"",
        "How long somebody's word counts that a service or device is signed in to with a second factor. Fourteen days before its end the team is reminded.";
    GITHUB "github" Form::Section(&github::SECTION), Absent::Means("GitHub isn't asked"), "{}", "An organisation that is asked itself.";
}

mod github {
    use super::{Absent, Form, section};

    section! {
        "[team.github]",
        "With each run of the drills GitHub is asked whether a member of the organisation has no second factor.";
        ORGANISATION "organisation" Form::Text("a name on GitHub: letters, digits and `-`"), Absent::Required(""), "\"example\"",
            "Which one.";
        ACCESS_TOKEN "access_token" Form::Secret("a token of one of its owners"), Absent::Required(""), "{ file = \"github-token\" }",
            "A fine-grained token with the permission to read members is enough. GitHub tells only owners who has no second factor.";
        API "api" Form::Text("an `https://` address"), Absent::Default("https://api.github.com"), "\"https://github.example.com/api/v3\"",
            "Where the API is, for a server of your own. The host named here may have a private address.";
        CA "ca" Form::Path("a PEM file with certificates"), Absent::Means("the public ones (Mozilla's)"), "\"company-ca.pem\"",
            "The only roots that its certificate may come from.";
    }

    pub(super) const KEYS: [&crate::key::Key; 4] = [&ORGANISATION, &ACCESS_TOKEN, &API, &CA];
}

/// The section below, for the list of all sections.
pub(crate) const GITHUB_SECTION: &crate::key::Section = &github::SECTION;

/// `[team]`.
#[derive(Debug, Clone)]
pub struct Team {
    /// `groups`; nobody is counted where it is empty.
    pub groups: Vec<GroupName>,
    /// `attest_for`.
    pub attest_for: Duration,
    /// `[team.github]`.
    pub github: Option<GitHub>,
}

/// `[team.github]`.
#[derive(Debug, Clone)]
pub struct GitHub {
    /// `organisation`.
    pub organisation: String,
    /// `access_token`.
    pub token: Secret<String>,
    /// `api`, without a slash at its end.
    pub api: String,
    /// `ca`.
    pub roots: Roots,
}

fn organisation(text: &str) -> Result<String, Wrong> {
    let sound = |c: char| c.is_ascii_alphanumeric() || c == '-';
    if text.is_empty() || text.len() > ORGANISATION_MAX || !text.chars().all(sound) {
        return Err(Wrong::PLAIN);
    }
    Ok(text.to_owned())
}

fn github(table: &Table<'_, '_>) -> Option<GitHub> {
    let [name, token, api, ca] = github::KEYS;
    let name = table.text(name, organisation);
    let token = secret::read(table, token);
    let api = table.text(api, scalar::https);
    let roots = tls::roots(table, ca);
    table.finish();
    Some(GitHub {
        organisation: name?,
        token: token?,
        api: api?.trim_end_matches('/').to_owned(),
        roots,
    })
}

pub(crate) fn read(table: &Table<'_, '_>) -> Team {
    let groups = table.texts(&GROUPS, access::group);
    let attest_for = table.duration(&ATTEST_FOR);
    let github = table
        .has(&GITHUB)
        .then(|| github(&table.part(&GITHUB)))
        .flatten();
    table.finish();
    Team {
        groups: groups.into_iter().map(|at| at.value).collect(),
        attest_for,
        github,
    }
}
