//! The attack on the token of important actions: somebody who has signed in asks from the
//! site's own pages, but without a token, with a guessed one and with that of another
//! session, in the header and in a form, over HTTP/1.1 and HTTP/2.
//!
//! The twin bears the right one, and isn't refused by us. The application is asked below
//! the route at a path that nobody has, without any field but the token, so nothing of it
//! changes: what it answers doesn't matter.

use terms::Secret;
use visitor::http::Protocol;

use config::ImportantAction;

use super::{
    ACTIONS,
    drill::{FORM, is_away, is_refused},
};
use crate::{
    approach::{Approach, unheard_of},
    entry::{Finding, Seen, Step},
    ground::Ground,
    portal::{Acting, Browser},
    threshold::entered,
};

/// Most routes that are tried in one run. With more, each run begins at another one.
const ROUTES_MAX: usize = 20;

/// Where a token is told, and where it comes back.
const COOKIE: &str = "__Host-waarborg-csrf";
const FIELD: &str = "waarborg_csrf";
const HEADER: &str = "x-csrf-token";

/// As long as one.
const GUESSED: &str = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

const VERSIONS: [(&str, Protocol); 2] = [("http1", Protocol::Http1), ("http2", Protocol::Http2)];

pub(super) async fn actions(ground: &Ground, portal: &str) -> Result<Finding, String> {
    let approach = Approach::new(ground).map_err(|_| "roots-unusable")?;
    let mut routes: Vec<_> = approach.reading().csrf.actions.iter().collect();
    if routes.len() > ROUTES_MAX {
        let chance = usize::from_be_bytes(ground.rng.bytes());
        let first = chance % routes.len();
        routes.rotate_left(first);
        routes.truncate(ROUTES_MAX);
    }
    let (one, other) = (ground.canary().await?, ground.canary().await?);
    let fresh = || Browser::new(&approach, portal, None);
    let (mut one, _) = entered(fresh(), &one).await?;
    let (mut other, _) = entered(fresh(), &other).await?;
    let mut seen = Seen::default();
    for route in routes {
        ground.say(format!("csrf: important actions at {}", route.host));
        let path = format!("{}/waarborg-{}", route.path, unheard_of(ground));
        let tried = at(&approach, route, &path, [&mut one, &mut other], &mut seen).await;
        if let Err(why) = tried {
            seen.untried = Some(why);
        }
    }
    Ok(seen.finding(ACTIONS))
}

/// Where a token is sent, if it is.
#[derive(Clone, Copy)]
enum Sent<'a> {
    Nowhere,
    Header(&'a str),
    Field(&'a str),
}

async fn at(
    approach: &Approach<'_>,
    route: &ImportantAction,
    path: &str,
    portal: [&mut Browser<'_>; 2],
    seen: &mut Seen,
) -> Result<(), &'static str> {
    let mut browsers = [(); 2].map(|()| Browser::new(approach, &route.host, None));
    for (browser, portal) in browsers.iter_mut().zip(portal) {
        if !browser.arrive(portal, path).await? {
            return Err("not-let-onto-the-site");
        }
    }
    let [mut owner, mut stranger] = browsers;
    for (version, protocol) in VERSIONS {
        for (name, sent) in [
            ("token-missing", Sent::Nowhere),
            ("token-guessed-in-header", Sent::Header(GUESSED)),
            ("token-guessed-in-form", Sent::Field(GUESSED)),
        ] {
            let step = act(&mut owner, route, path, protocol, sent).await?;
            seen.steps.push(step.named(version, name, route, false));
        }
    }
    let theirs = told(&mut stranger, path).await?;
    let ours = told(&mut owner, path).await?;
    for (version, protocol) in VERSIONS {
        for (name, token, twin) in [
            ("token-of-another-session", &theirs, false),
            ("token-right", &ours, true),
        ] {
            let token = token.expose();
            for (place, sent) in [
                ("in-header", Sent::Header(token)),
                ("in-form", Sent::Field(token)),
            ] {
                let answer = act(&mut owner, route, path, protocol, sent).await?;
                if twin && answer.away {
                    return Err("application-away");
                }
                let name = format!("{name}-{place}");
                seen.steps.push(answer.named(version, &name, route, twin));
            }
        }
    }
    Ok(())
}

/// The token that a browser is told on the site's own pages.
async fn told(browser: &mut Browser<'_>, path: &str) -> Result<Secret<String>, &'static str> {
    browser.navigate(path).await?;
    browser.cookie(COOKIE).cloned().ok_or("no-token-told")
}

/// What came of an action.
struct Answered {
    refused: bool,
    away: bool,
    status: u16,
}

impl Answered {
    fn named(&self, version: &str, name: &str, route: &ImportantAction, twin: bool) -> Step {
        let step = Step::new(format!("{version}-{name}"), self.refused != twin)
            .saw("site", &route.host)
            .saw("status", self.status);
        if twin { step.twin() } else { step }
    }
}

async fn act(
    browser: &mut Browser<'_>,
    route: &ImportantAction,
    path: &str,
    protocol: Protocol,
    sent: Sent<'_>,
) -> Result<Answered, &'static str> {
    let (header, body) = match sent {
        Sent::Nowhere => (None, String::new()),
        Sent::Header(token) => (Some((HEADER, token)), String::new()),
        Sent::Field(token) => (None, format!("{FIELD}={token}")),
    };
    let acting = Acting {
        method: &route.method,
        protocol,
        kind: FORM,
        header,
        body,
    };
    let answer = browser.act(path, acting).await?;
    Ok(Answered {
        refused: is_refused(&answer),
        away: is_away(answer.status),
        status: answer.status.as_u16(),
    })
}
