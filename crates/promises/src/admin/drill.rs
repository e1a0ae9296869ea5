//! The attack on `admin`: every room of the console is tried as nobody, as a user, and as
//! a member of a group that is let onto the console's threshold and no further; the
//! threshold itself by a password alone; and the applications' own administration as
//! nobody and as a user.
//!
//! The twin: with a second factor the same member stands on the threshold, which is behind
//! the same door as the rooms. No robot holds an administrator's rights.

use std::future;

use visitor::http::Response;

use super::{FACTOR, ROOMS, ROUTES};
use crate::{
    approach::Approach,
    entry::{Drilling, Finding, Step},
    ground::Ground,
    portal::{Browser, Form},
    threshold,
};

/// What stands for an id or a name in an address: nobody's.
const NOBODYS: &str = "x";

pub(super) fn drill(ground: &Ground) -> Drilling<'_> {
    let Some(host) = ground.order.reading.portal() else {
        return Box::pin(future::ready(Vec::new()));
    };
    Box::pin(async move {
        attack(ground, host).await.unwrap_or_else(|why| {
            let parts = [ROOMS, FACTOR, ROUTES];
            parts.map(|part| Finding::inconclusive(part, &why)).into()
        })
    })
}

/// Whether an answer shuts somebody out: who hasn't signed in may be sent to do so.
fn is_shut(answer: &Response, signed_in: bool) -> bool {
    let to = answer.headers.get("location");
    let to = to.and_then(|it| it.to_str().ok()).unwrap_or_default();
    match answer.status.as_u16() {
        401 | 403 => true,
        303 => !signed_in && !to.contains("/admin/"),
        _ => false,
    }
}

/// Whether it is our own refusal, or the way to our own sign-in: an application that shuts
/// itself shows nothing of us.
fn is_ours(answer: &Response, login: &str) -> bool {
    let to = answer.headers.get("location");
    let to = to.and_then(|it| it.to_str().ok()).unwrap_or_default();
    let body = String::from_utf8_lossy(&answer.body);
    match answer.status.as_u16() {
        401 | 403 => body.contains("urn:waarborg:refusal:"),
        303 => to.starts_with(login),
        _ => false,
    }
}

/// Somebody at every room's door.
async fn tries(
    browser: &mut Browser<'_>,
    who: &str,
    rooms: &[(String, String)],
    form: Option<&Form>,
) -> Result<Step, &'static str> {
    let mut open = Vec::new();
    let guessed = Form::guessed();
    for (method, path) in rooms {
        let below = format!("admin{path}");
        let answer = match method.as_str() {
            "POST" => {
                browser
                    .submit(&below, form.unwrap_or(&guessed), &[])
                    .await?
            }
            _ => browser.open(&below).await?,
        };
        if !is_shut(&answer, form.is_some()) {
            open.push(format!("{method} {path}"));
        }
    }
    let first = open.first().cloned().unwrap_or_else(|| "none".to_owned());
    Ok(Step::new(format!("every-room-as-{who}"), open.is_empty())
        .saw("tried", rooms.len())
        .saw("open", open.len())
        .saw("first", first))
}

async fn attack(ground: &Ground, host: &str) -> Result<Vec<Finding>, String> {
    let approach = Approach::new(ground).map_err(|_| "roots-unusable")?;
    let rooms = ground.console().await?;
    let rooms: Vec<_> = rooms
        .into_iter()
        .map(|(method, path)| {
            (
                method,
                path.replace("{id}", NOBODYS).replace("{name}", NOBODYS),
            )
        })
        .collect();
    let (user, member) = (ground.canary().await?, ground.canary().await?);
    let fresh = || Browser::new(&approach, host, None);

    ground.say("admin: every room, as nobody");
    let mut seen = vec![tries(&mut fresh(), "nobody", &rooms, None).await?];
    ground.say("admin: every room, as a user");
    let (mut browser, form) = threshold::entered(fresh(), &user).await?;
    seen.push(tries(&mut browser, "user", &rooms, Some(&form)).await?);
    let mut routes = routes(ground, &approach, &mut browser).await?;

    let tried = threshold::tried(ground, &approach, host, &member).await?;
    let (mut browser, twin) = (tried.browser, tried.twin);
    if let Some(form) = &tried.form {
        seen.push(tries(&mut browser, "member", &rooms, Some(form)).await?);
    }
    seen.push(twin.clone());
    let count = i64::try_from(rooms.len()).unwrap_or(i64::MAX);
    let mut findings = vec![
        Finding::by_steps(ROOMS, seen).figure("rooms", count),
        Finding::by_steps(FACTOR, vec![tried.attack, twin.clone()]),
    ];
    if !routes.is_empty() {
        routes.push(twin);
        findings.push(Finding::by_steps(ROUTES, routes));
    }
    Ok(findings)
}

/// The applications' own administration, as nobody and as a user of the portal.
async fn routes(
    ground: &Ground,
    approach: &Approach<'_>,
    portal: &mut Browser<'_>,
) -> Result<Vec<Step>, &'static str> {
    let routes = &ground.order.reading.admin.routes;
    if routes.is_empty() {
        return Ok(Vec::new());
    }
    ground.say("admin: the applications' own administration");
    let (mut open, mut let_through) = (Vec::new(), Vec::new());
    for route in routes {
        let mut browser = Browser::new(approach, &route.host, None);
        let login = browser.path("login?return=");
        let answer = browser.visit(&route.path).await?;
        if !is_ours(&answer, &login) {
            open.push(route.path.clone());
        }
        // Who has signed in, on the way to this very page; some get nowhere on this site.
        browser.arrive(portal, &route.path).await?;
        if !is_ours(&browser.visit(&route.path).await?, &login) {
            let_through.push(route.path.clone());
        }
    }
    let step = |who: &str, open: &[String]| {
        Step::new(format!("every-route-as-{who}"), open.is_empty())
            .saw("tried", routes.len())
            .saw("open", open.len())
    };
    Ok(vec![step("nobody", &open), step("user", &let_through)])
}
