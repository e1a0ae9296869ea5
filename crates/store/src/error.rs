//! What can go wrong in the store, sorted by what the caller can do about it.

use std::{error::Error as StdError, fmt};

use crate::keys::KeyError;

/// Which engine holds the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Backend {
    /// One file in the data folder.
    Sqlite,
    /// A server, named by its URL.
    Postgres,
}

impl fmt::Display for Backend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Sqlite => "SQLite",
            Self::Postgres => "PostgreSQL",
        })
    }
}

/// The cause underneath, kept without naming the library.
pub(crate) type Cause = Box<dyn StdError + Send + Sync>;

/// Why the store didn't do what was asked. Nothing of a failed change remains, with one
/// exception: [`Error::Unavailable`] out of `commit` leaves open whether it happened.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The engine is gone, full or too slow. Answer 503 and try again later.
    #[error("the {backend} store can't be reached ({doing}): {cause}")]
    Unavailable {
        /// The engine.
        backend: Backend,
        /// What was tried.
        doing: &'static str,
        /// What the engine or the system said.
        cause: Cause,
    },
    /// Someone else was first. Read again and decide anew.
    #[error("{what} was changed by someone else in between; read it again and retry")]
    Conflict {
        /// The row or statement.
        what: String,
    },
    /// It is somebody else's already.
    #[error("the {what} `{name}` is taken; choose another")]
    Taken {
        /// What it is.
        what: &'static str,
        /// Which.
        name: String,
    },
    /// It isn't there.
    #[error("there is no {what} `{name}`")]
    Missing {
        /// What it is.
        what: &'static str,
        /// Which.
        name: String,
    },
    /// The bytes aren't what this program wrote.
    #[error("the store is damaged: {what}; restore it from a backup")]
    Corrupt {
        /// Where, and what was expected.
        what: String,
    },
    /// Written by a newer program; nothing was touched.
    #[error(
        "the store has schema version {found}, but this program knows versions up to {known}; \
         run the newer program, or restore the backup made before it first ran"
    )]
    NewerSchema {
        /// What the store has.
        found: u64,
        /// What this program knows.
        known: u64,
    },
    /// A file that isn't ours stands where the store should be; nothing was touched.
    #[error("{place} is not a Waarborg store ({why}); name another place for it")]
    NotAStore {
        /// The path.
        place: String,
        /// What it is instead.
        why: String,
    },
    /// The URL of the store can't be read. It isn't repeated: it may hold a password.
    #[error(
        "the URL of the PostgreSQL store can't be read; expected \
         `postgres://user:password@host:5432/database`"
    )]
    MalformedUrl,
    /// A sealed value doesn't open here.
    #[error(
        "{table}.{column} of row {row} doesn't open: it was altered, moved from another place, \
         or sealed with a key that is gone"
    )]
    Unsealable {
        /// The table.
        table: &'static str,
        /// The column.
        column: &'static str,
        /// The row's id.
        row: String,
    },
    /// The data keys are wrapped by a master key that isn't here.
    #[error(
        "the store's keys are wrapped by master key {needed}, but the master key here is {present}; \
         put the right key file back (`data/master.key` or the credential)"
    )]
    WrongMasterKey {
        /// Id of the key that is needed.
        needed: String,
        /// Ids of those that are here.
        present: String,
    },
    /// The master key can't be read, written or replaced.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The lease expired or another node holds it: stop working under it.
    #[error("the lease `{name}` with token {token} is lost; acquire it again before writing")]
    LeaseLost {
        /// The lease.
        name: String,
        /// The token that is no longer valid.
        token: u64,
    },
    /// Committed without an audit row: a bug in the caller. Nothing was changed.
    #[error("a change was committed without an audit row, so it was rolled back")]
    Unrecorded,
    /// Larger than its limit.
    #[error("{what} is {size} long; at most {limit} is kept")]
    TooLarge {
        /// What was handed in.
        what: &'static str,
        /// Its size.
        size: usize,
        /// The limit.
        limit: usize,
    },
    /// An append expected another size: another writer was first.
    #[error("the ledger has {found} leaves, not {expected}; read its size again")]
    LedgerMoved {
        /// What the caller believed.
        expected: u64,
        /// What is.
        found: u64,
    },
    /// The engine refused a statement: a bug of this crate.
    #[error("the {backend} store refused `{sql}`: {cause}")]
    Statement {
        /// The engine.
        backend: Backend,
        /// The statement, without its values.
        sql: &'static str,
        /// What the engine said.
        cause: Cause,
    },
}

impl Error {
    /// Whether trying again later, unchanged, may help.
    pub const fn is_unavailable(&self) -> bool {
        matches!(self, Self::Unavailable { .. })
    }

    /// Whether someone else was first.
    pub const fn is_conflict(&self) -> bool {
        matches!(self, Self::Conflict { .. } | Self::LedgerMoved { .. })
    }

    pub(crate) fn taken(what: &'static str, name: &str) -> Self {
        let name = name.to_owned();
        Self::Taken { what, name }
    }

    pub(crate) fn missing(what: &'static str, name: &str) -> Self {
        let name = name.to_owned();
        Self::Missing { what, name }
    }

    pub(crate) fn corrupt(what: impl Into<String>) -> Self {
        Self::Corrupt { what: what.into() }
    }

    pub(crate) fn late(backend: Backend, doing: &'static str) -> Self {
        Self::Unavailable {
            backend,
            doing,
            cause: "no answer in time".into(),
        }
    }

    /// Sorts what the engine said.
    pub(crate) fn from_engine(backend: Backend, sql: &'static str, error: sqlx::Error) -> Self {
        use sqlx::Error as E;
        let kind = match &error {
            E::Database(said) => match backend {
                Backend::Sqlite => sqlite_kind(said.code().as_deref().unwrap_or_default()),
                Backend::Postgres => postgres_kind(said.code().as_deref().unwrap_or_default()),
            },
            E::Io(_) | E::Tls(_) | E::PoolTimedOut | E::PoolClosed | E::WorkerCrashed => {
                Kind::Unavailable
            }
            // A server that dies while it answers ends in the middle of a message.
            E::Protocol(_) | E::BeginFailed => Kind::Unavailable,
            E::ColumnDecode { .. } | E::Decode(_) => Kind::Corrupt,
            _ => Kind::Statement,
        };
        match kind {
            Kind::Unavailable => Self::Unavailable {
                backend,
                doing: sql,
                cause: error.into(),
            },
            Kind::Conflict => Self::Conflict {
                what: format!("what `{sql}` writes"),
            },
            Kind::Corrupt => Self::Corrupt {
                what: format!("`{sql}`: {error}"),
            },
            Kind::Statement => Self::Statement {
                backend,
                sql,
                cause: error.into(),
            },
        }
    }
}

enum Kind {
    Unavailable,
    Conflict,
    Corrupt,
    Statement,
}

/// By SQLite's primary result code (<https://sqlite.org/rescode.html>); the upper bits
/// of the extended code only refine it.
fn sqlite_kind(code: &str) -> Kind {
    match code.parse::<u32>().unwrap_or_default() & 0xff {
        // BUSY, LOCKED, NOMEM, READONLY, INTERRUPT, IOERR, FULL, CANTOPEN, PROTOCOL
        5 | 6 | 7 | 8 | 9 | 10 | 13 | 14 | 15 => Kind::Unavailable,
        11 | 26 => Kind::Corrupt, // CORRUPT, NOTADB
        19 => Kind::Conflict,     // CONSTRAINT
        _ => Kind::Statement,
    }
}

/// By SQLSTATE (PostgreSQL manual, appendix A).
fn postgres_kind(code: &str) -> Kind {
    match code {
        "40001" | "40P01" | "55P03" => Kind::Conflict, // serialisation, deadlock, lock timeout
        "57014" | "25P03" | "25006" => Kind::Unavailable, // cancelled, idle too long, read only
        "3D000" => Kind::Unavailable,                  // the database doesn't exist (yet)
        "XX001" | "XX002" => Kind::Corrupt,
        _ => match code.get(..2) {
            Some("23") => Kind::Conflict,
            // connection, authorisation, resources, operator, system
            Some("08" | "28" | "53" | "57" | "58") => Kind::Unavailable,
            _ => Kind::Statement,
        },
    }
}
