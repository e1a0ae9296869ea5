//! `[store]`: where control keeps what must last.

use terms::Secret;

use crate::{
    key::{Absent, Form, section},
    mistake::Kind,
    reader::Say,
    secret,
    table::Table,
};

section! {
    "[store]",
    "Where control keeps what must last.";
    POSTGRES "postgres" Form::Secret("the address `postgres://user:password@host/database`"), Absent::Means("SQLite, one file in `data`"), "{ file = \"postgres-url\" }",
        "A PostgreSQL database. For several nodes, or where one is at hand; a change needs a restart.";
}

/// `[store]`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Store {
    /// One file in `data`.
    #[default]
    Sqlite,
    /// PostgreSQL at this address, which may hold a password.
    Postgres(Secret<String>),
}

pub(crate) fn read(table: &Table<'_, '_>) -> Store {
    let address = secret::read(table, &POSTGRES);
    table.finish();
    let Some(address) = address else {
        return Store::Sqlite;
    };
    let schemes = ["postgres://", "postgresql://"];
    if !schemes
        .iter()
        .any(|scheme| address.expose().starts_with(scheme))
    {
        let say = Say::what("`postgres` leads to no address of a PostgreSQL database")
            .expected(POSTGRES.form.expected());
        let span = table.span(&POSTGRES);
        table.reader.mistake(Kind::Malformed, &span, say);
    }
    Store::Postgres(address)
}
