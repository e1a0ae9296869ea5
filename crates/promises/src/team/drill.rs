//! The attack on `team`: a member of a group that may stand on the console's threshold
//! tries it by the password alone; an entry of the run's own is put into the register,
//! where it must not count before somebody's word or after its end; and whatever stands
//! there has to count.
//!
//! The twins: with a code the same member is let in, and with a word that holds the same
//! entry counts. What only control sees comes as numbers, and is judged here.

use std::future;

use visitor::http::Response;

use super::{FACTOR, GITHUB, MANAGERS, PEOPLE, REGISTER};
use crate::{
    approach::Approach,
    entry::{Drilling, Finding, Step},
    ground::{Evidence, GitHubAnswer, Ground, Question, TeamEvidence},
    portal::Browser,
    threshold,
};

/// Leads password managers to where a password is changed
/// (<https://w3c.github.io/webappsec-change-password-url/>).
const CHANGE: &str = "/.well-known/change-password";
/// What isn't there: by it they see that an answer to the other means something.
const NOTHING: &str =
    "/.well-known/resource-that-should-not-exist-whose-status-code-should-not-be-200";

pub(super) fn drill(ground: &Ground) -> Drilling<'_> {
    let Some(host) = ground.order.reading.portal() else {
        return Box::pin(future::ready(Vec::new()));
    };
    Box::pin(async move {
        let mut findings = kept(ground).await;
        findings.extend(signing_in(ground, host).await.unwrap_or_else(|why| {
            let parts = [FACTOR, MANAGERS];
            parts.map(|part| Finding::inconclusive(part, &why)).into()
        }));
        findings
    })
}

/// What only control sees.
async fn kept(ground: &Ground) -> Vec<Finding> {
    ground.say("team: the register, and what is asked beside it");
    let why = match ground.ask(Question::Team).await {
        Evidence::Team(seen) => return judge(&seen),
        Evidence::None { why } => why,
        _ => "no-evidence".to_owned(),
    };
    let parts = [REGISTER, PEOPLE, GITHUB];
    parts.map(|part| Finding::inconclusive(part, &why)).into()
}

fn number(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// Judges what control has seen.
fn judge(seen: &TeamEvidence) -> Vec<Finding> {
    let (counts, own, people) = (&seen.register, seen.own, seen.people);
    let register = vec![
        Step::new("own-entry-without-a-word", !own.bare),
        Step::new("own-entry-after-its-end", !own.ended),
        Step::new("own-entry-attested", own.attested).twin(),
        Step::new("a-word-on-all", counts.missing == 0 && counts.ended == 0)
            .saw("entries", counts.all)
            .saw("without", counts.missing)
            .saw("ended", counts.ended),
        Step::new("second-factor-everywhere", counts.without_factor == 0)
            .saw("without", counts.without_factor),
    ];
    let register = Finding::by_steps(REGISTER, register)
        .figure("all", number(counts.all))
        .figure("proven", number(counts.proven))
        .figure("days", number(counts.oldest_days));
    let people = Finding::by_steps(
        PEOPLE,
        vec![
            Step::new("people-without-second-factor", people.without == 0)
                .saw("without", people.without),
            // Of nobody there is nothing to say.
            Step::new("people-with-one", true)
                .saw("people", people.people)
                .twin(),
        ],
    )
    .figure("people", number(people.people));
    let mut findings = vec![
        if counts.all == 0 {
            register.short_of("nothing-registered")
        } else {
            register
        },
        if seen.people.people == 0 {
            people.short_of("nobody-in-the-groups")
        } else {
            people
        },
    ];
    findings.extend(seen.github.as_ref().map(github));
    findings
}

fn github(answer: &GitHubAnswer) -> Finding {
    match answer {
        GitHubAnswer::Silent { why } => Finding::inconclusive(GITHUB, why),
        GitHubAnswer::Members { seen, without } => {
            let steps = vec![
                Step::new("members-without-second-factor", *without == 0).saw("without", without),
                // Who is shown no member would be shown none without a second factor.
                Step::new("members-shown", *seen > 0)
                    .saw("members", seen)
                    .twin(),
            ];
            Finding::by_steps(GITHUB, steps).figure("members", number(*seen))
        }
    }
}

/// How the portal is signed in to.
async fn signing_in(ground: &Ground, host: &str) -> Result<Vec<Finding>, String> {
    let approach = Approach::new(ground).map_err(|_| "roots-unusable")?;
    let member = ground.canary().await?;
    let tried = threshold::tried(ground, &approach, host, &member).await?;
    let factor = Finding::by_steps(FACTOR, vec![tried.attack, tried.twin]);
    ground.say("team: what password managers need");
    let mut stranger = Browser::new(&approach, host, None);
    let managers = managers(&mut stranger, tried.browser).await?;
    Ok(vec![factor, Finding::by_steps(MANAGERS, managers)])
}

/// Where an answer leads; empty where nowhere.
fn location(answer: &Response) -> &str {
    let to = answer.headers.get("location");
    to.and_then(|it| it.to_str().ok()).unwrap_or_default()
}

/// What password managers need: fields that they know, nothing in the way of pasting, and
/// the way to where a password is changed.
async fn managers(
    stranger: &mut Browser<'_>,
    mut owner: Browser<'_>,
) -> Result<Vec<Step>, &'static str> {
    let nothing = stranger.visit(NOTHING).await?.status.as_u16();
    let led = stranger.visit(CHANGE).await?;
    let own = stranger.path("");
    let page = location(&led)
        .strip_prefix(&own)
        .unwrap_or_default()
        .to_owned();
    // Its owner has signed in: the page itself is there.
    let changing = if page.is_empty() {
        None
    } else {
        Some(owner.open(&page).await?)
    };
    let opened = changing.as_ref().map_or(0, |page| page.status.as_u16());
    let shown = stranger.open("login").await?;
    let login = String::from_utf8_lossy(&shown.body);
    let changing = changing.map_or_else(String::new, |page| {
        String::from_utf8_lossy(&page.body).into_owned()
    });
    let known = has_field(&login, "username") && has_field(&login, "current-password");
    let new = has_field(&changing, "new-password") && has_field(&changing, "current-password");
    let pasting = lets_paste(&login) && lets_paste(&changing);
    Ok(vec![
        Step::new("nothing-is-nothing", nothing == 404).saw("status", nothing),
        Step::new("change-password", opened == 200)
            .saw("status", led.status.as_u16())
            .saw("opened", opened)
            .twin(),
        Step::new("fields-of-signing-in", known).saw("status", shown.status.as_u16()),
        Step::new("fields-of-a-new-password", new),
        Step::new("pasting", pasting),
    ])
}

/// Whether a page has an input with this `autocomplete` (HTML section 4.10.18.7).
fn has_field(page: &str, token: &str) -> bool {
    let mark = format!(" autocomplete=\"{token}\"");
    let mut inputs = page.split("<input").skip(1);
    inputs.any(|input| {
        input
            .split('>')
            .next()
            .is_some_and(|input| input.contains(&mark))
    })
}

/// Whether nothing in a page could keep somebody from pasting a password.
fn lets_paste(page: &str) -> bool {
    let page = page.to_ascii_lowercase();
    let hinders = ["onpaste", "onbeforeinput", "ondrop", "\"paste\"", "'paste'"];
    !hinders.iter().any(|word| page.contains(word))
}
