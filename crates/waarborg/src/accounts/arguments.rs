//! What is typed behind `waarborg user`, `group`, `session` and `token`. A name that can't
//! be one is refused before anybody is asked.

use std::{convert::Infallible, path::PathBuf};

use clap::{Args, Subcommand, ValueEnum, builder::NonEmptyStringValueParser};
use control::socket::accounts::TOKEN_DAYS_MAX;
use terms::{GroupName, RequestId, UserName};

use super::import::Format;
use crate::ConfigArg;

#[derive(Debug, Subcommand)]
pub(crate) enum UserCommand {
    /// Makes an account; asks for its password unless told otherwise.
    ///
    /// waarborg user add ada --name "Ada Lovelace" --email ada@example.com --group staff
    Add(AddArgs),
    /// Lists accounts by name.
    List(ListArgs),
    /// Shows one account: groups, state, whether it has a password, whether it is locked.
    Show {
        #[command(flatten)]
        user: UserArg,
        /// With the e-mail address.
        #[arg(long)]
        email: bool,
        /// One JSON object in place of the table.
        #[arg(long)]
        json: bool,
    },
    /// Makes accounts from a file, and keeps the hashes of their passwords.
    ///
    /// CSV in UTF-8 with a header line: the columns `name`, `email`, `display`, `groups` and
    /// `password_hash` in any order, all but `name` optional, several groups of one account
    /// separated by spaces. Or the file of htpasswd, made with `htpasswd -B`. A hash is
    /// bcrypt (`$2a$`, `$2b$`, `$2y$`) with a cost from 4 to 14; people sign in with the
    /// passwords that they have. Accounts with `$2x$` are taken without a password.
    ///
    /// Every mistake is named with its line. Nothing is written unless the whole file is
    /// good, or `--skip-bad` says otherwise.
    Import(ImportArgs),
    /// Opens an account that too many wrong passwords have locked.
    Unlock(UserArg),
    /// Mails somebody a link by which they choose a password; it holds for half an hour.
    Invite(UserArg),
    /// Begins to let somebody in who has lost their second factor.
    ///
    /// They get a mail at once, with a link that stops it; signing in with the second factor
    /// stops it, too. After `lost_wait` in `[two-factor]` a link goes to them by which, with
    /// their password, they sign in once; only then are their second factors removed.
    LostFactor {
        #[command(flatten)]
        user: UserArg,
        /// Stops it.
        #[arg(long)]
        stop: bool,
    },
    /// Removes every second factor of somebody at once, without a mail that could stop it;
    /// their sessions end. `lost-factor` waits.
    ResetFactors(UserArg),
    /// Sets another password for somebody, whose sessions end.
    Password {
        #[command(flatten)]
        user: UserArg,
        /// Reads it from the first line of standard input rather than ask for it.
        #[arg(long)]
        password_stdin: bool,
    },
    /// Lets somebody sign in no more: sessions end, tokens hold no more, all is kept.
    Disable(UserArg),
    /// Lets somebody sign in again.
    Enable(UserArg),
    /// Removes an account with its sessions and tokens. `disable` keeps them.
    Remove(UserArg),
    /// Builds the filter of leaked passwords that `breached` in `[password]` names.
    ///
    /// From a list of SHA-1 hashes, sorted, as Pwned Passwords has it (`HASH:COUNT` in each
    /// line), or from a list of passwords. Needs no server.
    Breached {
        /// The list.
        #[arg(value_name = "FILE")]
        list: PathBuf,
        /// Where the filter goes; what stands there is replaced.
        #[arg(long, value_name = "FILTER")]
        out: PathBuf,
    },
}

/// Whose account.
#[derive(Debug, Args)]
pub(crate) struct UserArg {
    /// The name or the e-mail address.
    #[arg(value_name = "NAME", value_parser = NonEmptyStringValueParser::new())]
    pub(super) name: String,
    #[command(flatten)]
    pub(super) config: ConfigArg,
}

#[derive(Debug, Args)]
pub(crate) struct AddArgs {
    /// What is typed to sign in: letters a to z, digits and `. _ - @ +`.
    #[arg(value_name = "NAME")]
    pub(super) user: UserName,
    /// For people to read; the name unless it is given.
    #[arg(long, value_name = "DISPLAY")]
    pub(super) name: Option<String>,
    /// The e-mail address.
    #[arg(long, value_name = "ADDRESS")]
    pub(super) email: Option<String>,
    /// A group that exists; may be given several times.
    #[arg(long = "group", value_name = "GROUP")]
    pub(super) groups: Vec<GroupName>,
    /// Reads the password from the first line of standard input rather than ask for it.
    #[arg(long, conflicts_with = "no_password")]
    pub(super) password_stdin: bool,
    /// Without a password: nobody can sign in until there is one.
    #[arg(long)]
    pub(super) no_password: bool,
    #[command(flatten)]
    pub(super) config: ConfigArg,
}

#[derive(Debug, Args)]
pub(crate) struct ListArgs {
    /// Those whose name begins so, or the one with this e-mail address.
    #[arg(value_name = "TEXT")]
    pub(super) text: Option<String>,
    /// Members of this group only.
    #[arg(long, value_name = "GROUP")]
    pub(super) group: Option<GroupName>,
    /// Those that may sign in, or those that may not.
    #[arg(long)]
    pub(super) state: Option<State>,
    /// With the e-mail addresses.
    #[arg(long)]
    pub(super) email: bool,
    /// A JSON array in place of the table.
    #[arg(long)]
    pub(super) json: bool,
    #[command(flatten)]
    pub(super) config: ConfigArg,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum State {
    Active,
    Disabled,
}

#[derive(Debug, Args)]
pub(crate) struct ImportArgs {
    /// The file; `-` is standard input.
    #[arg(value_name = "FILE")]
    pub(super) file: PathBuf,
    /// What it is; told from its first line unless it is given.
    #[arg(long)]
    pub(super) format: Option<Format>,
    /// Judges everything and writes nothing.
    #[arg(long)]
    pub(super) dry_run: bool,
    /// Takes the good lines and lists the others.
    #[arg(long)]
    pub(super) skip_bad: bool,
    #[command(flatten)]
    pub(super) config: ConfigArg,
}

#[derive(Debug, Subcommand)]
pub(crate) enum GroupCommand {
    /// Makes a group, which `groups` of a site or route may then name.
    Add {
        #[command(flatten)]
        of: GroupArg,
        /// Its members may open the console's threshold on the portal, and nothing behind
        /// it: for trying whether its door lets people in.
        #[arg(long)]
        threshold: bool,
    },
    /// Lists groups with the number of their members; `user list --group` names them.
    List {
        /// A JSON array in place of the table.
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        config: ConfigArg,
    },
    /// Removes a group. Its members stay, and lose what only it may see.
    Remove(GroupArg),
    /// Puts people into a group; it holds for their next request.
    Join(MembersArgs),
    /// Takes people out of a group; it holds for their next request.
    Leave(MembersArgs),
}

#[derive(Debug, Args)]
pub(crate) struct GroupArg {
    /// Letters a to z, digits and `. _ - @ +`.
    #[arg(value_name = "GROUP")]
    pub(super) group: GroupName,
    #[command(flatten)]
    pub(super) config: ConfigArg,
}

#[derive(Debug, Args)]
pub(crate) struct MembersArgs {
    /// Which.
    #[arg(value_name = "GROUP")]
    pub(super) group: GroupName,
    /// Names or e-mail addresses.
    #[arg(value_name = "NAME", required = true, value_parser = NonEmptyStringValueParser::new())]
    pub(super) users: Vec<String>,
    #[command(flatten)]
    pub(super) config: ConfigArg,
}

/// What sessions and tokens are listed by.
#[derive(Debug, Args)]
pub(crate) struct OfUserArgs {
    /// Of this account only.
    #[arg(long, value_name = "NAME", value_parser = NonEmptyStringValueParser::new())]
    pub(super) user: Option<String>,
    /// A JSON array in place of the table.
    #[arg(long)]
    pub(super) json: bool,
    #[command(flatten)]
    pub(super) config: ConfigArg,
}

#[derive(Debug, Subcommand)]
pub(crate) enum SessionCommand {
    /// Lists who is signed in, where, since when and from which network. Times of last use
    /// are up to 30 seconds old.
    List(OfUserArgs),
    /// Ends a session and all that belongs to it, or every session of somebody. Open
    /// WebSockets are cut within a second.
    Revoke {
        /// Which, from `waarborg session list`.
        #[arg(
            value_name = "SESSION",
            required_unless_present = "user",
            conflicts_with = "user"
        )]
        id: Option<RequestId>,
        /// All of this account.
        #[arg(long, value_name = "NAME", value_parser = NonEmptyStringValueParser::new())]
        user: Option<String>,
        #[command(flatten)]
        config: ConfigArg,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum TokenCommand {
    /// Makes a token for a program, or an app password for a client that knows only HTTP
    /// Basic, and shows it once.
    ///
    /// Standard output holds the secret and nothing else, so a script may take it:
    /// TOKEN=$(waarborg token add ada --site app.example.com --name backup)
    Add(TokenAddArgs),
    /// Lists tokens without their secrets. Times of last use are up to 30 seconds old.
    List(OfUserArgs),
    /// Ends a token: the next request with it is refused.
    Remove {
        /// Which, from `waarborg token list`.
        #[arg(value_name = "TOKEN")]
        id: RequestId,
        #[command(flatten)]
        config: ConfigArg,
    },
}

#[derive(Debug, Args)]
pub(crate) struct TokenAddArgs {
    /// Whose requests they will be: the name or the e-mail address.
    #[arg(value_name = "USER", value_parser = NonEmptyStringValueParser::new())]
    pub(super) user: String,
    /// A site that it is for, whose `tokens` allow it; may be given several times.
    #[arg(long = "site", value_name = "HOST", required = true, value_parser = lower)]
    pub(super) sites: Vec<String>,
    /// What it is called in lists: the program or device that gets it.
    #[arg(long, value_name = "LABEL", value_parser = NonEmptyStringValueParser::new())]
    pub(super) name: String,
    /// An app password, sent as the password of HTTP Basic with the account's name, rather
    /// than `Authorization: Bearer`.
    #[arg(long)]
    pub(super) basic: bool,
    /// How long it holds.
    #[arg(
        long,
        value_name = "N",
        default_value_t = 90,
        value_parser = clap::value_parser!(u16).range(1..=i64::from(TOKEN_DAYS_MAX))
    )]
    pub(super) days: u16,
    /// One JSON object, with the secret in it.
    #[arg(long)]
    pub(super) json: bool,
    #[command(flatten)]
    pub(super) config: ConfigArg,
}

/// A host, as the configuration has it.
#[allow(clippy::unnecessary_wraps, reason = "the form that clap takes")]
fn lower(host: &str) -> Result<String, Infallible> {
    Ok(host.to_ascii_lowercase())
}
