//! `waarborg user lost-factor`: begins to let somebody in without it, or stops that.

use store::Actor;
use terms::Language;

use super::{Accounts, Trouble, done, named};
use crate::{accounts::lost_factor::NotBegun, socket::Reply};

pub(super) async fn lost_factor(
    accounts: &Accounts,
    user: &str,
    stop: bool,
    actor: &Actor,
) -> Result<Reply, Trouble> {
    let account = named(&accounts.store()?, user).await?;
    let name = &account.name;
    if stop {
        return if accounts.stop_lost(&account, actor).await? {
            done(format!("`{name}` keeps the second factor: it is stopped"))
        } else {
            Err(Trouble::No(format!("nothing was begun for `{name}`")))
        };
    }
    let begun = accounts.begin_lost(&account, actor, Language::En).await?;
    let not = match begun {
        Ok(opens) => {
            return done(format!(
                "`{name}` was told, and may stop it; a link goes to them on {opens}"
            ));
        }
        Err(not) => not,
    };
    let why = match not {
        NotBegun::NoFactor => "there is no second factor",
        NotBegun::Disabled => "the account is disabled",
        NotBegun::Own => "for oneself another administrator does it",
        NotBegun::NoMail => {
            "no mail reaches them: there is no address, no [mail] or no portal; \
             `waarborg user reset-factors` removes it at once"
        }
        NotBegun::Before => "it was begun already; `--stop` stops it",
    };
    Err(Trouble::No(format!("`{name}`: {why}")))
}
