//! The console's threshold: a page behind the console's door that leads nowhere. Who may
//! stand on it is let in with a second factor and not without: the drills of `admin` and
//! `team` both show that.

use visitor::http::Response;

use crate::{
    approach::Approach,
    entry::Step,
    ground::{Canary, Ground},
    portal::{Answer, Browser, Form},
    two_factor::{App, switch_on},
};

/// The page, below the prefix.
const THRESHOLD: &str = "admin/threshold";

/// What came of trying it.
pub(crate) struct Tried<'a> {
    /// By the password alone.
    pub(crate) attack: Step,
    /// With a code.
    pub(crate) twin: Step,
    /// Where a code was given.
    pub(crate) browser: Browser<'a>,
    /// The threshold's form, where it was shown.
    pub(crate) form: Option<Form>,
}

/// Somebody who is let onto the threshold tries it by the password alone, switches on a
/// second factor, and tries it again.
///
/// # Errors
/// Why it couldn't be tried: kebab-case.
pub(crate) async fn tried<'a>(
    ground: &Ground,
    approach: &'a Approach<'a>,
    host: &'a str,
    member: &Canary,
) -> Result<Tried<'a>, String> {
    ground.onto_threshold(&member.name).await?;
    let fresh = || Browser::new(approach, host, None);
    ground.say("the console's threshold: a password alone");
    let (mut browser, form) = entered(fresh(), member).await?;
    let opened = browser.open(THRESHOLD).await?;
    let sent = browser.submit(THRESHOLD, &form, &[]).await?;
    let is_in = |answer: &Response| answer.status.as_u16() == 200;
    let attack = Step::new("password-alone", !is_in(&opened) && !is_in(&sent))
        .saw("opened", opened.status.as_u16())
        .saw("changed", sent.status.as_u16());

    ground.say("the console's threshold: with a second factor");
    let app = switch_on(ground, &mut browser).await?;
    let app = app.ok_or("no-second-factor")?;
    let mut browser = fresh();
    with_code(ground, &mut browser, member, &app).await?;
    let opened = browser.open(THRESHOLD).await?;
    let page = String::from_utf8_lossy(&opened.body);
    let form = Form::of(&page, &browser.path(THRESHOLD));
    let changed = match &form {
        Some(form) => Some(browser.submit(THRESHOLD, form, &[]).await?),
        None => None,
    };
    let let_in = is_in(&opened) && changed.as_ref().is_some_and(is_in);
    let changed = changed.map_or(0, |it| it.status.as_u16());
    Ok(Tried {
        attack,
        twin: Step::new("second-factor-on-the-threshold", let_in)
            .saw("opened", opened.status.as_u16())
            .saw("changed", changed)
            .twin(),
        browser,
        form,
    })
}

/// Signs somebody in who has no second factor; gives a form of theirs, with its token.
///
/// # Errors
/// Why they aren't in: kebab-case.
pub(crate) async fn entered<'a>(
    mut browser: Browser<'a>,
    who: &Canary,
) -> Result<(Browser<'a>, Form), &'static str> {
    let answer = browser.sign_in(&who.name, &who.password).await?;
    if !answer.is_let_in() {
        return Err("not-let-in");
    }
    let shown = browser.open("account").await?;
    let page = String::from_utf8_lossy(&shown.body);
    let form = Form::of(&page, &browser.path("logout")).ok_or("no-token")?;
    Ok((browser, form))
}

/// Signs somebody in who has one.
async fn with_code(
    ground: &Ground,
    browser: &mut Browser<'_>,
    who: &Canary,
    app: &App,
) -> Result<(), &'static str> {
    let Answer::CodeOwed { form } = browser.sign_in(&who.name, &who.password).await? else {
        return Err("no-code-owed");
    };
    // The code that switched it on is used up: this one is of a later half minute.
    let code = app.code(ground.clock.now(), 1);
    if browser.give_code(&form, &code).await?.is_let_in() {
        Ok(())
    } else {
        Err("code-refused")
    }
}
