//! The attack on `lockout`: as a stranger, so many wrong passwords as are let in, then
//! the right one, which must be refused.
//!
//! The twins: another account is let in at the same time, and so is the device that had
//! signed in to the locked account before. That the lock ends is read from what control
//! keeps: nobody waits for it here.

use std::future;

use terms::Secret;

use super::{DEVICES, LOCKED, OPENS};
use crate::{
    approach::Approach,
    entry::{Drilling, Finding, Step},
    ground::{Canary, Evidence, Ground, Question},
    portal::{Answer, Browser},
};

pub(super) fn drill(ground: &Ground) -> Drilling<'_> {
    let Some(host) = ground.order.reading.portal() else {
        return Box::pin(future::ready(Vec::new()));
    };
    Box::pin(async move {
        attack(ground, host).await.unwrap_or_else(|why| {
            let parts = [LOCKED, DEVICES, OPENS];
            parts.map(|part| Finding::inconclusive(part, &why)).into()
        })
    })
}

async fn attack(ground: &Ground, host: &str) -> Result<Vec<Finding>, String> {
    let approach = Approach::new(ground).map_err(|_| "roots-unusable")?;
    let (target, other) = (ground.canary().await?, ground.canary().await?);
    let enter = async |who: &Canary, password: &Secret<String>, device: Option<&Secret<String>>| {
        let mut browser = Browser::new(&approach, host, device);
        browser.sign_in(&who.name, password).await
    };

    ground.say("lockout: wrong passwords");
    let before = enter(&target, &target.password, None).await?;
    let guesses = ground.order.reading.lockout.guesses;
    let mut refused = 0_u8;
    for _ in 0..guesses {
        let wrong = Secret::new(ground.trace().to_string());
        refused += u8::from(!enter(&target, &wrong, None).await?.is_let_in());
    }
    ground.say("lockout: the right password");
    let right = enter(&target, &target.password, None).await?;
    let ends = lock(ground, &target).await?;
    let twin = enter(&other, &other.password, None).await?;
    let twin_ends = lock(ground, &other).await?;
    let known = match &before {
        Answer::LetIn { device } => Some(enter(&target, &target.password, Some(device)).await?),
        Answer::CodeOwed { .. } | Answer::Refused { .. } => None,
    };

    let went = |name: &str, answer: &Answer, let_in: bool| {
        Step::new(name, answer.is_let_in() == let_in).saw("answer", answer.said())
    };
    let first = || went("right-password-before", &before, true).twin();
    let stranger = || went("right-password-once-locked", &right, false);
    let locked = vec![
        first(),
        Step::new("wrong-passwords", refused == guesses)
            .saw("tried", guesses)
            .saw("refused", refused),
        stranger(),
        went("another-account", &twin, true).twin(),
    ];
    let mut devices = vec![first(), stranger()];
    if let Some(known) = &known {
        devices.push(went("known-device", known, true).twin());
    }
    let window = ground.order.reading.lockout.window_s;
    let said = |ends: Option<u64>| ends.map_or_else(|| "not-locked".to_owned(), |s| s.to_string());
    let opens = vec![
        Step::new("lock-ends", ends.is_some_and(|ends| ends <= window))
            .saw("seconds", said(ends))
            .saw("promised", window),
        Step::new("another-account", twin_ends.is_none())
            .twin()
            .saw("seconds", said(twin_ends)),
    ];
    let minutes = i64::try_from(ends.unwrap_or(0).div_ceil(60)).unwrap_or(i64::MAX);
    Ok(vec![
        Finding::by_steps(LOCKED, locked),
        Finding::by_steps(DEVICES, devices),
        Finding::by_steps(OPENS, opens).figure("minutes", minutes),
    ])
}

/// In how many seconds strangers may guess again.
async fn lock(ground: &Ground, canary: &Canary) -> Result<Option<u64>, String> {
    let name = canary.name.clone();
    match ground.ask(Question::Lock { name }).await {
        Evidence::Lock { ends_in_s } => Ok(ends_in_s),
        Evidence::None { why } => Err(why),
        _ => Err("no-evidence".to_owned()),
    }
}
