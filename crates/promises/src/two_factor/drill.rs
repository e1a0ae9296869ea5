//! The attack on `two-factor`: an account of the run's own switches it on as people do,
//! on the account's page; then its right password comes without a code, with a wrong one,
//! and with one that was used before.
//!
//! The twins: the right code is let in, and so is another account, which has no second
//! step, by its password alone.

use std::future;

use terms::Secret;

use super::{ASKED, ONCE, SWITCH, totp::App};
use crate::{
    approach::Approach,
    entry::{Drilling, Finding, Step},
    ground::{Canary, Ground},
    portal::{Answer, Browser, Form},
};

/// Where an app is added, below the prefix.
const ADD: &str = "account/second-factor";

pub(super) fn drill(ground: &Ground) -> Drilling<'_> {
    let Some(host) = ground.order.reading.portal() else {
        return Box::pin(future::ready(Vec::new()));
    };
    Box::pin(async move {
        attack(ground, host).await.unwrap_or_else(|why| {
            let parts = [SWITCH, ASKED, ONCE];
            parts.map(|part| Finding::inconclusive(part, &why)).into()
        })
    })
}

async fn attack(ground: &Ground, host: &str) -> Result<Vec<Finding>, String> {
    let approach = Approach::new(ground).map_err(|_| "roots-unusable")?;
    let (target, other) = (ground.canary().await?, ground.canary().await?);
    let fresh = || Browser::new(&approach, host, None);
    let enter = async |who: &Canary| {
        let mut browser = fresh();
        let answer = browser.sign_in(&who.name, &who.password).await?;
        Ok::<_, &str>((browser, answer))
    };

    let went = |name: &str, answer: &Answer, let_in: bool| {
        Step::new(name, answer.is_let_in() == let_in).saw("answer", answer.said())
    };
    ground.say("two-factor: switching it on");
    let (mut browser, before) = enter(&target).await?;
    let switched = switch_on(ground, &mut browser).await?;
    let said = if switched.is_some() { "on" } else { "off" };

    ground.say("two-factor: the password alone");
    let (mut half, alone) = enter(&target).await?;
    // A session that was begun all the same would open the account's page.
    let opened = half.open("account").await?.status.as_u16();
    let mut wrong = None;
    let mut right = None;
    let mut again = Vec::new();
    let mut in_time = true;
    if let (Answer::CodeOwed { form }, Some(app)) = (&alone, &switched) {
        ground.say("two-factor: codes");
        // The code that switched it on is used up: this one is of a later half minute.
        let code = app.code(ground.clock.now(), 1);
        let other = flipped(&code);
        wrong = Some(half.give_code(form, &other).await?);
        right = Some(half.give_code(form, &code).await?);
        let (mut browser, next) = enter(&target).await?;
        let owed = matches!(next, Answer::CodeOwed { .. });
        again.push(Step::new("password-alone-again", owed).saw("answer", next.said()));
        if let Answer::CodeOwed { form } = &next {
            let answer = browser.give_code(form, &code).await?;
            again.push(went("same-code-again", &answer, false));
        }
        // What has run out by itself says nothing of being taken once.
        let now = ground.clock.now();
        in_time = (-1..=1).any(|off| app.code(now, off) == code);
    }
    let (_, twin) = enter(&other).await?;

    let owed = matches!(alone, Answer::CodeOwed { .. }) && opened != 200;
    let alone = || {
        Step::new("password-alone", owed)
            .saw("answer", alone.said())
            .saw("account", opened)
    };
    let twin = || went("another-account", &twin, true).twin();
    let mut asked = vec![alone(), twin()];
    asked.extend(wrong.map(|wrong| went("wrong-code", &wrong, false)));
    let right = right.map(|right| went("right-code", &right, true).twin());
    asked.extend(right.clone());
    let mut once: Vec<_> = right.into_iter().collect();
    if again.is_empty() {
        again.push(alone());
    }
    once.extend(again);
    let once = if in_time {
        Finding::by_steps(ONCE, once)
    } else {
        Finding::inconclusive(ONCE, "code-ran-out")
    };
    Ok(vec![
        Finding::by_steps(
            SWITCH,
            vec![
                went("password-before", &before, true).twin(),
                Step::new("switched-on", switched.is_some()).saw("account", said),
                alone(),
            ],
        ),
        Finding::by_steps(ASKED, asked),
        once,
    ])
}

/// Adds an app on the account's page, as its owner does; `None` where it isn't taken.
pub(crate) async fn switch_on(
    ground: &Ground,
    browser: &mut Browser<'_>,
) -> Result<Option<App>, String> {
    let shown = browser.open(ADD).await?;
    if shown.status.as_u16() != 200 {
        return Ok(None);
    }
    let page = String::from_utf8_lossy(&shown.body);
    let form = Form::of(&page, &browser.path(ADD)).ok_or("no-token")?;
    let key = page.split(" id=\"once\"").nth(1);
    let key = key.and_then(|rest| rest.split(" value=\"").nth(1)?.split('"').next());
    let app = key.and_then(App::new).ok_or("no-key")?;
    let code = app.code(ground.clock.now(), 0);
    let filled = [("name", "drill"), ("code", code.expose().as_str())];
    let answer = browser.submit(ADD, &form, &filled).await?;
    Ok(matches!(answer.status.as_u16(), 200 | 303).then_some(app))
}

/// Another code: the last digit is one more.
fn flipped(code: &Secret<String>) -> Secret<String> {
    let digits = code.expose();
    let (rest, last) = digits.split_at(digits.len().saturating_sub(1));
    let last = last.parse::<u8>().unwrap_or(0);
    Secret::new(format!("{rest}{}", (last + 1) % 10))
}
