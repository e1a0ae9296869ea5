//! Accounts without a browser: `user`, `group`, `session` and `token`.
//!
//! A password is never an argument: other users of the machine read those. Secrets are
//! shown once, on standard output and nowhere else.

mod arguments;
mod breached;
mod import;
mod password;
pub(crate) mod print;

use std::{io, process::ExitCode};

use control::socket::{
    Command, Reply,
    accounts::{AccountCommand, AccountReply, NewUser, Spoken},
};
use terms::Secret;

pub(crate) use self::arguments::{GroupCommand, SessionCommand, TokenCommand, UserCommand};
use self::{
    arguments::{AddArgs, ListArgs, MembersArgs, State, TokenAddArgs, UserArg},
    print::Print,
};
use crate::{
    ConfigArg,
    commands::{Desk, called_wrongly},
    fault,
};

/// `waarborg user`.
pub(crate) fn user(command: UserCommand) -> ExitCode {
    use UserCommand as C;
    match command {
        C::Add(args) => add(args),
        C::List(args) => list_users(&args),
        C::Show { user, email, json } => {
            let asked = AccountCommand::UserShow {
                user: user.name,
                emails: email,
            };
            one(&user.config, asked, &Print { json })
        }
        C::Import(args) => import::run(&args),
        C::Unlock(of) => told(&of.config, AccountCommand::UserUnlock { user: of.name }),
        C::Invite(of) => told(&of.config, AccountCommand::UserInvite { user: of.name }),
        C::LostFactor { user, stop } => {
            let asked = AccountCommand::UserLostFactor {
                user: user.name,
                stop,
            };
            told(&user.config, asked)
        }
        C::ResetFactors(of) => told(
            &of.config,
            AccountCommand::UserResetFactors { user: of.name },
        ),
        C::Password {
            user,
            password_stdin,
        } => match password::read(password_stdin) {
            Ok(password) => {
                let asked = AccountCommand::UserPassword {
                    user: user.name,
                    password: Spoken(password),
                };
                told(&user.config, asked)
            }
            Err(error) => called_wrongly(&error),
        },
        C::Disable(of) => state(of, false),
        C::Enable(of) => state(of, true),
        C::Remove(of) => told(&of.config, AccountCommand::UserRemove { user: of.name }),
        C::Breached { list, out } => breached::run(&list, &out),
    }
}

fn state(of: UserArg, active: bool) -> ExitCode {
    let asked = AccountCommand::UserState {
        user: of.name,
        active,
    };
    told(&of.config, asked)
}

/// `waarborg group`.
pub(crate) fn group(command: GroupCommand) -> ExitCode {
    use GroupCommand as C;
    match command {
        C::Add { of, threshold } => {
            let group = of.group.to_string();
            told(&of.config, AccountCommand::GroupAdd { group, threshold })
        }
        C::List { json, config } => one(&config, AccountCommand::GroupList, &Print { json }),
        C::Remove(of) => {
            let group = of.group.to_string();
            told(&of.config, AccountCommand::GroupRemove { group })
        }
        C::Join(args) => members(args, true),
        C::Leave(args) => members(args, false),
    }
}

fn members(args: MembersArgs, joined: bool) -> ExitCode {
    let asked = AccountCommand::GroupMembers {
        group: args.group.to_string(),
        users: args.users,
        joined,
    };
    told(&args.config, asked)
}

/// `waarborg session`.
pub(crate) fn session(command: SessionCommand) -> ExitCode {
    match command {
        SessionCommand::List(args) => with_desk(&args.config, async |desk| {
            let mut all = Vec::new();
            let mut after = String::new();
            loop {
                let user = args.user.clone();
                let asked = AccountCommand::SessionList { user, after };
                match ask(desk, asked).await? {
                    AccountReply::Sessions { sessions, more } => {
                        all.extend(sessions);
                        match more {
                            Some(more) => after = more,
                            None => break,
                        }
                    }
                    _ => return Err(misunderstood()),
                }
            }
            Print { json: args.json }.sessions(&all);
            Ok(())
        }),
        SessionCommand::Revoke { id, user, config } => told(
            &config,
            match (id, user) {
                (Some(id), _) => AccountCommand::SessionRevoke { id: id.to_string() },
                (None, user) => AccountCommand::SessionRevokeAll {
                    user: user.unwrap_or_default(),
                },
            },
        ),
    }
}

/// `waarborg token`.
pub(crate) fn token(command: TokenCommand) -> ExitCode {
    match command {
        TokenCommand::Add(args) => add_token(args),
        TokenCommand::List(args) => with_desk(&args.config, async |desk| {
            let mut all = Vec::new();
            let mut after = String::new();
            loop {
                let user = args.user.clone();
                let asked = AccountCommand::TokenList { user, after };
                match ask(desk, asked).await? {
                    AccountReply::Tokens { tokens, more } => {
                        all.extend(tokens);
                        match more {
                            Some(more) => after = more,
                            None => break,
                        }
                    }
                    _ => return Err(misunderstood()),
                }
            }
            Print { json: args.json }.tokens(&all);
            Ok(())
        }),
        TokenCommand::Remove { id, config } => {
            told(&config, AccountCommand::TokenRemove { id: id.to_string() })
        }
    }
}

fn add(args: AddArgs) -> ExitCode {
    let password = if args.no_password {
        None
    } else {
        match password::read(args.password_stdin) {
            Ok(password) => Some(Spoken(password)),
            Err(error) => return called_wrongly(&error),
        }
    };
    let user = NewUser {
        name: args.user.to_string(),
        display: args.name.unwrap_or_default(),
        email: args.email.map(|email| Spoken(Secret::new(email))),
        groups: args.groups.iter().map(ToString::to_string).collect(),
    };
    told(&args.config, AccountCommand::UserAdd { user, password })
}

fn list_users(args: &ListArgs) -> ExitCode {
    with_desk(&args.config, async |desk| {
        let mut all = Vec::new();
        let mut after = None;
        loop {
            let asked = AccountCommand::UserList {
                text: args.text.clone().unwrap_or_default(),
                group: args.group.as_ref().map(ToString::to_string),
                active: args.state.map(|state| state == State::Active),
                after,
                emails: args.email,
            };
            match ask(desk, asked).await? {
                AccountReply::Users { users, more } => {
                    all.extend(users);
                    match more {
                        None => break,
                        more => after = more,
                    }
                }
                _ => return Err(misunderstood()),
            }
        }
        Print { json: args.json }.users(&all, args.email);
        Ok(())
    })
}

fn add_token(args: TokenAddArgs) -> ExitCode {
    let asked = AccountCommand::TokenAdd {
        user: args.user,
        basic: args.basic,
        name: args.name,
        sites: args.sites,
        days: args.days,
    };
    one(&args.config, asked, &Print { json: args.json })
}

/// What a command that was answered otherwise than hoped exits with.
pub(super) struct Stopped(ExitCode);

fn misunderstood() -> Stopped {
    Stopped(fault(&"the server answered something else than was asked"))
}

/// Runs `work` with whoever answers commands.
fn with_desk(
    config: &ConfigArg,
    work: impl AsyncFnOnce(&mut Desk) -> Result<(), Stopped>,
) -> ExitCode {
    Desk::with(&config.config, async |desk| match work(desk).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(Stopped(code)) => code,
    })
}

/// Asks; whatever isn't an answer of its own kind is told here.
async fn ask(desk: &mut Desk, command: AccountCommand) -> Result<AccountReply, Stopped> {
    match desk.ask(&Command::Accounts { what: command }).await {
        Ok(Reply::Accounts { what }) => match *what {
            AccountReply::PasswordRefused { why } => {
                eprintln!("no: this password isn't taken");
                for why in why {
                    eprintln!("  {why}");
                }
                Err(Stopped(ExitCode::from(1)))
            }
            what => Ok(what),
        },
        Ok(Reply::Done { what }) => {
            println!("{what}");
            Err(Stopped(ExitCode::SUCCESS))
        }
        Ok(Reply::No { why }) => {
            eprintln!("no: {why}");
            Err(Stopped(ExitCode::from(1)))
        }
        Ok(Reply::Failed { why }) => Err(Stopped(fault(&why))),
        Ok(_) => Err(misunderstood()),
        Err(why) => Err(Stopped(fault(&why))),
    }
}

/// A command whose answer is a sentence.
fn told(config: &ConfigArg, command: AccountCommand) -> ExitCode {
    with_desk(config, async |desk| match ask(desk, command).await {
        Ok(_) => Err(misunderstood()),
        Err(stopped) => Err(stopped),
    })
}

/// A command whose answer is one thing to print.
fn one(config: &ConfigArg, command: AccountCommand, print: &Print) -> ExitCode {
    with_desk(config, async |desk| {
        match ask(desk, command).await? {
            AccountReply::User { user, standing } => print.user(&user, &standing),
            AccountReply::Groups { groups } => print.groups(&groups),
            AccountReply::Token { token, secret } => print.token_made(&token, &secret.0),
            _ => return Err(misunderstood()),
        }
        Ok(())
    })
}

/// Reads at most `most` bytes; `None` where there are more.
fn bounded(from: impl io::Read, most: u64) -> io::Result<Option<Vec<u8>>> {
    use io::Read as _;
    let mut bytes = Vec::new();
    from.take(most.saturating_add(1)).read_to_end(&mut bytes)?;
    let fits = u64::try_from(bytes.len()).is_ok_and(|length| length <= most);
    Ok(fits.then_some(bytes))
}
