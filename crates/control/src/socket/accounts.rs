//! What commands ask about accounts, and what they are answered. The rows are also what
//! `--json` prints: their names stay.
//!
//! No password and no hash is in an answer; an address only where it was asked for.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use terms::Secret;

/// Most rows of one [`AccountCommand::UserImport`]: two rows of the audit trail each fit
/// into one change. The command that reads a file cuts it into such pieces.
pub const IMPORT_ROWS: usize = 250;
/// Most bytes of text of its rows together: the line they are sent in has a limit.
pub const IMPORT_BYTES: usize = 1024 * 1024;
/// Longest name of a token, in characters.
pub const TOKEN_NAME_MAX: usize = 64;
/// Most days that a token holds.
pub const TOKEN_DAYS_MAX: u16 = 365;

/// A secret on its way over the socket, which is its user's alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spoken(pub Secret<String>);

impl Serialize for Spoken {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0.expose())
    }
}

impl<'de> Deserialize<'de> for Spoken {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(|text| Self(Secret::new(text)))
    }
}

/// What is asked. `user` is a name or an e-mail address.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "do")]
pub enum AccountCommand {
    /// Make an account.
    UserAdd {
        /// Whose.
        user: NewUser,
        /// Without one nobody can sign in to it yet.
        password: Option<Spoken>,
    },
    /// A page of accounts, by name.
    UserList {
        /// The beginning of a name, or a whole address.
        text: String,
        /// Members of this group only.
        group: Option<String>,
        /// Those that may sign in, or those that may not.
        active: Option<bool>,
        /// Behind this name.
        after: Option<String>,
        /// With their addresses.
        emails: bool,
    },
    /// One account.
    UserShow {
        /// Whose.
        user: String,
        /// With the address.
        emails: bool,
    },
    /// Make accounts with hashes made elsewhere: all of these, or none.
    UserImport {
        /// At most [`IMPORT_ROWS`].
        rows: Vec<ImportRow>,
        /// Only judge them.
        dry_run: bool,
    },
    /// Open an account that is locked.
    UserUnlock {
        /// Whose.
        user: String,
    },
    /// Mail somebody a link by which they choose a password.
    UserInvite {
        /// Whom.
        user: String,
    },
    /// Remove every second factor of somebody who has lost theirs.
    UserResetFactors {
        /// Whose.
        user: String,
    },
    /// Begin to let somebody in who has lost their second factor, or stop that.
    UserLostFactor {
        /// Whom.
        user: String,
        /// Stop it.
        stop: bool,
    },
    /// Choose another password for somebody; their sessions end.
    UserPassword {
        /// Whose.
        user: String,
        /// The new one.
        password: Spoken,
    },
    /// Let somebody sign in, or don't; then their sessions end.
    UserState {
        /// Whose.
        user: String,
        /// Whether they may.
        active: bool,
    },
    /// Remove an account with its sessions and tokens.
    UserRemove {
        /// Whose.
        user: String,
    },
    /// Make a group.
    GroupAdd {
        /// Its name.
        group: String,
        /// Whether its members may stand on the console's threshold, for trying its door.
        #[serde(default)]
        threshold: bool,
    },
    /// Every group.
    GroupList,
    /// Remove a group; its members stay.
    GroupRemove {
        /// Its name.
        group: String,
    },
    /// Put people into a group, or take them out.
    GroupMembers {
        /// Its name.
        group: String,
        /// Who.
        users: Vec<String>,
        /// In, or out.
        joined: bool,
    },
    /// A page of live sessions.
    SessionList {
        /// Of one account.
        user: Option<String>,
        /// Behind this one.
        after: String,
    },
    /// End a session with its whole family.
    SessionRevoke {
        /// Which.
        id: String,
    },
    /// End all sessions of an account.
    SessionRevokeAll {
        /// Whose.
        user: String,
    },
    /// Make a token or an app password.
    TokenAdd {
        /// Whose.
        user: String,
        /// An app password for HTTP Basic rather than a bearer token.
        basic: bool,
        /// What its owner calls it.
        name: String,
        /// The hosts it is for.
        sites: Vec<String>,
        /// How long it holds; at most [`TOKEN_DAYS_MAX`].
        days: u16,
    },
    /// A page of live tokens.
    TokenList {
        /// Of one account.
        user: Option<String>,
        /// Behind this one.
        after: String,
    },
    /// End a token.
    TokenRemove {
        /// Which.
        id: String,
    },
}

/// An account to be made.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct NewUser {
    /// What is typed to sign in.
    pub name: String,
    /// For people to read; the name where it is empty.
    pub display: String,
    /// The address, where one is known.
    pub email: Option<Spoken>,
    /// Groups that exist.
    pub groups: Vec<String>,
}

/// A line of a file with accounts.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ImportRow {
    /// Where it stands.
    pub line: usize,
    /// Whose it is.
    #[serde(flatten)]
    pub user: NewUser,
    /// The hash of a password, where the line has one.
    pub hash: Option<Spoken>,
}

/// What is answered.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "said")]
pub enum AccountReply {
    /// A page of accounts.
    Users {
        /// By name.
        users: Vec<User>,
        /// Ask for what is behind this.
        more: Option<String>,
    },
    /// One account.
    User {
        /// It.
        user: User,
        /// How they sign in.
        standing: Standing,
    },
    /// Every group.
    Groups {
        /// By name.
        groups: Vec<Group>,
    },
    /// A page of sessions.
    Sessions {
        /// By id.
        sessions: Vec<Session>,
        /// Ask for what is behind this.
        more: Option<String>,
    },
    /// A page of tokens.
    Tokens {
        /// By id.
        tokens: Vec<Token>,
        /// Ask for what is behind this.
        more: Option<String>,
    },
    /// A token that was made.
    Token {
        /// It.
        token: Token,
        /// Shown this once.
        secret: Spoken,
    },
    /// What came of rows.
    Imported {
        /// Accounts that were made, or would be.
        taken: usize,
        /// Lines whose hash can't be used: these accounts have no password.
        resets: Vec<usize>,
        /// What is wrong. With any, nothing was written.
        bad: Vec<BadLine>,
    },
    /// A password that may not be chosen.
    PasswordRefused {
        /// What is wrong with it, as sentences.
        why: Vec<String>,
    },
}

/// A mistake in a file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct BadLine {
    /// Where; the first line is 1.
    pub line: usize,
    /// What is wrong and what was expected.
    pub why: String,
}

/// An account, as lists show it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct User {
    /// What is typed to sign in.
    pub name: String,
    /// For people to read.
    pub display: String,
    /// The address; absent unless it was asked for and is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<Spoken>,
    /// By name.
    pub groups: Vec<String>,
    /// `active` or `disabled`.
    pub state: String,
    /// When it was made: RFC 3339, UTC, as all times here.
    pub created: String,
    /// When they last signed in.
    pub last_sign_in: Option<String>,
}

/// How somebody signs in.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Standing {
    /// When the password was chosen or imported.
    pub password_set: Option<String>,
    /// Unknown devices may not guess until then.
    pub locked_until: Option<String>,
    /// Authenticator apps and passkeys.
    pub second_factors: usize,
    /// When the link is mailed that lets them in without, where that was begun.
    pub lost_factor: Option<String>,
}

/// A group.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Group {
    /// Its name.
    pub name: String,
    /// How many are in it.
    pub members: u64,
}

/// A live session.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Session {
    /// 32 hexadecimal digits.
    pub id: String,
    /// The portal session it belongs to; `null` for one of the portal's own.
    pub parent: Option<String>,
    /// Whose.
    pub user: String,
    /// The host it is for.
    pub site: String,
    /// How they were known: names of RFC 8176.
    pub methods: Vec<String>,
    /// When it began.
    pub began: String,
    /// When somebody last did something, as it was written last.
    pub last_seen: String,
    /// When it ends in any case.
    pub expires: String,
    /// The network it came from.
    pub network: String,
    /// What the browser said it is.
    pub agent: String,
}

/// A live token or app password.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Token {
    /// 32 hexadecimal digits.
    pub id: String,
    /// Whose.
    pub user: String,
    /// `bearer` or `basic`.
    pub kind: String,
    /// What its owner calls it.
    pub name: String,
    /// The hosts it is for.
    pub sites: Vec<String>,
    /// When it was made.
    pub created: String,
    /// When it ends.
    pub expires: String,
    /// When it was last used, as it was written last.
    pub last_used: Option<String>,
}
