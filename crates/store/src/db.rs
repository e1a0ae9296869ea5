//! One SQL text, two engines: pools, values in, rows out.
//!
//! Placeholders are `$1`, which both engines read by number. Values are 64-bit
//! integers, texts and bytes, nothing else, so that both mean the same by them.
//! Nothing here waits longer than [`ACQUIRE_LIMIT`] for a connection and
//! [`STATEMENT_LIMIT`] for an answer; what takes longer is `Unavailable`.

use std::{path::Path, str::FromStr, time::Duration};

use sqlx::{
    AssertSqlSafe, ConnectOptions, PgPool, Postgres, Row as _, Sqlite, SqlitePool, Transaction,
    pool::PoolConnection,
    postgres::{PgConnectOptions, PgPoolOptions, PgRow},
    sqlite::{
        SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteRow, SqliteSynchronous,
    },
};
use terms::Micros;
use tokio::time::timeout;

use crate::error::{Backend, Error};

/// Longest wait for a free connection.
const ACQUIRE_LIMIT: Duration = Duration::from_secs(2);
/// Longest wait for one answer of PostgreSQL; its own `statement_timeout` is 10 s, so
/// this one is met only when the network swallows it.
const STATEMENT_LIMIT: Duration = Duration::from_secs(15);
/// How long SQLite waits for a lock of another process (a backup, an inspector).
const BUSY_LIMIT: Duration = Duration::from_secs(5);
/// Connections to PostgreSQL per process.
const POSTGRES_CONNECTIONS: u32 = 8;
/// Readers of the SQLite file; there is one writer, and others queue fairly for it.
const SQLITE_READERS: u32 = 4;

/// One value of a statement.
#[derive(Debug)]
pub(crate) enum Value {
    Int(Option<i64>),
    Text(Option<String>),
    Bytes(Option<Vec<u8>>),
}

/// The values of a statement, in the order of its placeholders.
macro_rules! values {
    ($($value:expr),* $(,)?) => { vec![$($crate::db::Value::from($value)),*] };
}
pub(crate) use values;

macro_rules! value_from {
    ($($from:ty => |$it:ident| $variant:ident $made:expr;)+) => {
        $(impl From<$from> for Value {
            fn from($it: $from) -> Self { Self::$variant($made) }
        })+
    };
}
value_from! {
    i64 => |it| Int Some(it);
    // Counters beyond 2^63 can't be reached; one stays at the greatest.
    u64 => |it| Int Some(i64::try_from(it).unwrap_or(i64::MAX));
    Option<u64> => |it| Int it.map(|it| i64::try_from(it).unwrap_or(i64::MAX));
    Micros => |it| Int Some(it.0);
    Option<Micros> => |it| Int it.map(|it| it.0);
    &str => |it| Text Some(it.to_owned());
    &String => |it| Text Some(it.clone());
    String => |it| Text Some(it);
    Option<String> => |it| Text it;
    Vec<u8> => |it| Bytes Some(it);
    Option<Vec<u8>> => |it| Bytes it;
    &[u8] => |it| Bytes Some(it.to_vec());
    [u8; 32] => |it| Bytes Some(it.to_vec());
    Option<[u8; 32]> => |it| Bytes it.map(Vec::from);
}

/// One row of an answer, columns counted from 0.
pub(crate) enum Row {
    Sqlite(SqliteRow),
    Postgres(PgRow),
}

macro_rules! column {
    ($row:expr, $column:expr, $type:ty) => {
        match $row {
            Row::Sqlite(row) => row.try_get::<Option<$type>, _>($column),
            Row::Postgres(row) => row.try_get::<Option<$type>, _>($column),
        }
        .map_err(|error| Error::corrupt(format!("column {}: {error}", $column)))
    };
}

fn present<T>(value: Option<T>, column: usize) -> Result<T, Error> {
    value.ok_or_else(|| Error::corrupt(format!("column {column} is empty")))
}

impl Row {
    pub(crate) fn int_or_null(&self, column: usize) -> Result<Option<i64>, Error> {
        column!(self, column, i64)
    }

    pub(crate) fn int(&self, column: usize) -> Result<i64, Error> {
        present(self.int_or_null(column)?, column)
    }

    /// A count, size or position: never negative.
    pub(crate) fn count(&self, column: usize) -> Result<u64, Error> {
        u64::try_from(self.int(column)?)
            .map_err(|_| Error::corrupt(format!("column {column} is negative")))
    }

    pub(crate) fn count_or_null(&self, column: usize) -> Result<Option<u64>, Error> {
        self.int_or_null(column)?
            .map(|_| self.count(column))
            .transpose()
    }

    pub(crate) fn time(&self, column: usize) -> Result<Micros, Error> {
        self.int(column).map(Micros)
    }

    pub(crate) fn text_or_null(&self, column: usize) -> Result<Option<String>, Error> {
        column!(self, column, String)
    }

    pub(crate) fn text(&self, column: usize) -> Result<String, Error> {
        present(self.text_or_null(column)?, column)
    }

    pub(crate) fn bytes_or_null(&self, column: usize) -> Result<Option<Vec<u8>>, Error> {
        column!(self, column, Vec<u8>)
    }

    pub(crate) fn bytes(&self, column: usize) -> Result<Vec<u8>, Error> {
        present(self.bytes_or_null(column)?, column)
    }

    /// A SHA-256 hash or a salt.
    pub(crate) fn hash(&self, column: usize) -> Result<[u8; 32], Error> {
        <[u8; 32]>::try_from(self.bytes(column)?).map_err(|other| {
            Error::corrupt(format!("column {column} has {} bytes, not 32", other.len()))
        })
    }

    pub(crate) fn hash_or_null(&self, column: usize) -> Result<Option<[u8; 32]>, Error> {
        self.bytes_or_null(column)?
            .map(|_| self.hash(column))
            .transpose()
    }

    pub(crate) fn json(&self, column: usize) -> Result<serde_json::Value, Error> {
        serde_json::from_str(&self.text(column)?)
            .map_err(|error| Error::corrupt(format!("column {column} is not JSON: {error}")))
    }

    pub(crate) fn json_or_null(&self, column: usize) -> Result<Option<serde_json::Value>, Error> {
        self.text_or_null(column)?
            .map(|_| self.json(column))
            .transpose()
    }
}

macro_rules! bound {
    ($sql:expr, $values:expr) => {{
        let mut query = sqlx::query($sql);
        for value in $values {
            query = match value {
                Value::Int(value) => query.bind(value),
                Value::Text(value) => query.bind(value),
                Value::Bytes(value) => query.bind(value),
            };
        }
        query
    }};
}

/// The connections.
#[derive(Debug, Clone)]
pub(crate) enum Pools {
    Sqlite { write: SqlitePool, read: SqlitePool },
    Postgres(PgPool),
}

/// How a transaction begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Begin {
    /// Takes the write lock at once, so that it never fails half-way for want of it.
    Write,
    /// One unmoving view for several reads.
    Snapshot,
}

impl Pools {
    /// The pools for a file that exists. Nothing is opened yet.
    pub(crate) fn sqlite(path: &Path) -> Self {
        let options = SqliteConnectOptions::new()
            .filename(path)
            .journal_mode(SqliteJournalMode::Wal)
            // FULL: a commit is on the disk before it returns, in WAL mode too.
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(BUSY_LIMIT)
            // What retention or `erase` removes is overwritten, not only unlinked.
            .pragma("secure_delete", "ON")
            .pragma("trusted_schema", "OFF")
            .disable_statement_logging();
        let pool = |connections| {
            SqlitePoolOptions::new()
                .max_connections(connections)
                .acquire_timeout(ACQUIRE_LIMIT)
                .connect_lazy_with(options.clone())
        };
        Self::Sqlite {
            write: pool(1),
            read: pool(SQLITE_READERS),
        }
    }

    /// One reader of a file that exists, which neither locks nor writes. Without a WAL
    /// beside it the file is all there is, and is read as if it could never change.
    pub(crate) fn sqlite_reader(path: &Path) -> Self {
        let mut wal = path.as_os_str().to_owned();
        wal.push("-wal");
        let at_rest = !Path::new(&wal).metadata().is_ok_and(|meta| meta.len() > 0);
        let options = SqliteConnectOptions::new()
            .filename(path)
            .read_only(true)
            .immutable(at_rest)
            .busy_timeout(BUSY_LIMIT)
            .disable_statement_logging();
        let pool = SqlitePoolOptions::new()
            .max_connections(1)
            .acquire_timeout(ACQUIRE_LIMIT)
            .connect_lazy_with(options);
        Self::Sqlite {
            write: pool.clone(),
            read: pool,
        }
    }

    /// The pool for a server. Nothing is connected yet.
    pub(crate) fn postgres(url: &str) -> Result<Self, Error> {
        let options = PgConnectOptions::from_str(url)
            .map_err(|_| Error::MalformedUrl)?
            .application_name("waarborg")
            .options([
                ("statement_timeout", "10s"),
                ("lock_timeout", "5s"),
                ("idle_in_transaction_session_timeout", "60s"),
                // A server set to `off` would forget what we have answered.
                ("synchronous_commit", "on"),
            ])
            .disable_statement_logging();
        Ok(Self::Postgres(
            PgPoolOptions::new()
                .max_connections(POSTGRES_CONNECTIONS)
                .acquire_timeout(ACQUIRE_LIMIT)
                .connect_lazy_with(options),
        ))
    }

    pub(crate) const fn backend(&self) -> Backend {
        match self {
            Self::Sqlite { .. } => Backend::Sqlite,
            Self::Postgres(_) => Backend::Postgres,
        }
    }

    /// Runs one read outside a transaction.
    pub(crate) async fn rows(
        &self,
        sql: &'static str,
        values: Vec<Value>,
    ) -> Result<Vec<Row>, Error> {
        match self {
            Self::Sqlite { read, .. } => bound!(sql, values)
                .fetch_all(read)
                .await
                .map(|rows| rows.into_iter().map(Row::Sqlite).collect())
                .map_err(|error| Error::from_engine(Backend::Sqlite, sql, error)),
            Self::Postgres(pool) => {
                let mut lent = Lent::from(pool).await?;
                let rows = bound!(sql, values).fetch_all(&mut *lent.held);
                let rows = answered(sql, timeout(STATEMENT_LIMIT, rows).await)?;
                lent.clean = true;
                Ok(rows.into_iter().map(Row::Postgres).collect())
            }
        }
    }

    /// The single row of a read that always has one.
    pub(crate) async fn row(&self, sql: &'static str, values: Vec<Value>) -> Result<Row, Error> {
        one(sql, self.rows(sql, values).await?)
    }

    pub(crate) async fn begin(&self, how: Begin) -> Result<Connection, Error> {
        match self {
            Self::Sqlite { write, read } => {
                let (pool, sql) = match how {
                    Begin::Write => (write, "BEGIN IMMEDIATE"),
                    Begin::Snapshot => (read, "BEGIN DEFERRED"),
                };
                let transaction = pool
                    .begin_with(sql)
                    .await
                    .map_err(|error| Error::from_engine(Backend::Sqlite, sql, error))?;
                Ok(Connection {
                    held: Held::Sqlite(transaction),
                    failed: false,
                })
            }
            Self::Postgres(pool) => {
                let sql = match how {
                    Begin::Write => "BEGIN",
                    Begin::Snapshot => "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
                };
                let mut lent = Lent::from(pool).await?;
                let begun = sqlx::raw_sql(sql).execute(&mut *lent.held);
                answered(sql, timeout(STATEMENT_LIMIT, begun).await)?;
                Ok(Connection {
                    held: Held::Postgres(lent),
                    failed: false,
                })
            }
        }
    }

    /// Closes all connections; SQLite's last one folds the WAL into the file.
    pub(crate) async fn close(&self) {
        match self {
            Self::Sqlite { write, read } => {
                read.close().await;
                write.close().await;
            }
            Self::Postgres(pool) => {
                // A dead server must not keep us from leaving.
                let _ = timeout(ACQUIRE_LIMIT, pool.close()).await;
            }
        }
    }
}

/// A connection lent by PostgreSQL's pool. Unless it is `clean` when dropped, it is
/// closed, which rolls back on the server: nothing half-done returns to the pool, and
/// a connection whose other end has vanished isn't waited for.
struct Lent {
    held: PoolConnection<Postgres>,
    clean: bool,
}

impl Lent {
    async fn from(pool: &PgPool) -> Result<Self, Error> {
        let held = pool
            .acquire()
            .await
            .map_err(|error| Error::from_engine(Backend::Postgres, "connect", error))?;
        Ok(Self { held, clean: false })
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        if !self.clean {
            self.held.close_on_drop();
        }
    }
}

/// PostgreSQL's answer, or its absence.
fn answered<T>(
    sql: &'static str,
    answer: Result<Result<T, sqlx::Error>, tokio::time::error::Elapsed>,
) -> Result<T, Error> {
    answer
        .map_err(|_| Error::late(Backend::Postgres, sql))?
        .map_err(|error| Error::from_engine(Backend::Postgres, sql, error))
}

fn one(sql: &'static str, rows: Vec<Row>) -> Result<Row, Error> {
    rows.into_iter()
        .next()
        .ok_or_else(|| Error::corrupt(format!("`{sql}` found no row, where there is always one")))
}

enum Held {
    Sqlite(Transaction<'static, Sqlite>),
    Postgres(Lent),
}

/// One open transaction. Dropped without [`Connection::commit`] it leaves nothing.
pub(crate) struct Connection {
    held: Held,
    /// A statement failed. PostgreSQL would answer the commit with a silent rollback.
    failed: bool,
}

impl Connection {
    pub(crate) const fn backend(&self) -> Backend {
        match self.held {
            Held::Sqlite(_) => Backend::Sqlite,
            Held::Postgres(_) => Backend::Postgres,
        }
    }

    pub(crate) async fn rows(
        &mut self,
        sql: &'static str,
        values: Vec<Value>,
    ) -> Result<Vec<Row>, Error> {
        let answer = match &mut self.held {
            Held::Sqlite(transaction) => bound!(sql, values)
                .fetch_all(&mut **transaction)
                .await
                .map(|rows| rows.into_iter().map(Row::Sqlite).collect())
                .map_err(|error| Error::from_engine(Backend::Sqlite, sql, error)),
            Held::Postgres(lent) => {
                let rows = bound!(sql, values).fetch_all(&mut *lent.held);
                answered(sql, timeout(STATEMENT_LIMIT, rows).await)
                    .map(|rows| rows.into_iter().map(Row::Postgres).collect())
            }
        };
        answer.inspect_err(|_| self.failed = true)
    }

    pub(crate) async fn row(
        &mut self,
        sql: &'static str,
        values: Vec<Value>,
    ) -> Result<Row, Error> {
        one(sql, self.rows(sql, values).await?)
    }

    /// Runs a statement; returns how many rows it changed.
    pub(crate) async fn execute(
        &mut self,
        sql: &'static str,
        values: Vec<Value>,
    ) -> Result<u64, Error> {
        let answer = match &mut self.held {
            Held::Sqlite(transaction) => bound!(sql, values)
                .execute(&mut **transaction)
                .await
                .map(|done| done.rows_affected())
                .map_err(|error| Error::from_engine(Backend::Sqlite, sql, error)),
            Held::Postgres(lent) => {
                let done = bound!(sql, values).execute(&mut *lent.held);
                answered(sql, timeout(STATEMENT_LIMIT, done).await).map(|done| done.rows_affected())
            }
        };
        answer.inspect_err(|_| self.failed = true)
    }

    /// Runs several statements without values: a migration step.
    pub(crate) async fn script(&mut self, name: &'static str, script: String) -> Result<(), Error> {
        let script = sqlx::raw_sql(AssertSqlSafe(script));
        let answer = match &mut self.held {
            Held::Sqlite(transaction) => script
                .execute(&mut **transaction)
                .await
                .map(|_| ())
                .map_err(|error| Error::from_engine(Backend::Sqlite, name, error)),
            // No limit of our own: a migration may rewrite a table.
            Held::Postgres(lent) => script
                .execute(&mut *lent.held)
                .await
                .map(|_| ())
                .map_err(|error| Error::from_engine(Backend::Postgres, name, error)),
        };
        answer.inspect_err(|_| self.failed = true)
    }

    /// Makes the commit fail, for a caller that found a reason against it.
    pub(crate) const fn spoil(&mut self) {
        self.failed = true;
    }

    /// Makes it last. After `Ok` it survives `kill -9` and loss of power.
    pub(crate) async fn commit(self) -> Result<(), Error> {
        let backend = self.backend();
        if self.failed {
            return Err(Error::Statement {
                backend,
                sql: "COMMIT",
                cause: "an earlier statement of this transaction failed".into(),
            });
        }
        match self.held {
            Held::Sqlite(transaction) => transaction
                .commit()
                .await
                .map_err(|error| Error::from_engine(backend, "COMMIT", error)),
            Held::Postgres(mut lent) => {
                let done = sqlx::raw_sql("COMMIT").execute(&mut *lent.held);
                answered("COMMIT", timeout(STATEMENT_LIMIT, done).await)?;
                lent.clean = true;
                Ok(())
            }
        }
    }
}
