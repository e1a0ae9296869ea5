-- Written in SQLite's words. For PostgreSQL three of them are replaced when the step
-- runs (see schema.rs): INTEGER, BLOB, and the ending of a table.
-- Times are microseconds since 1970 in UTC; ids are random, in hexadecimal.

CREATE TABLE data_key (
    purpose TEXT NOT NULL,
    role TEXT NOT NULL,
    version INTEGER NOT NULL,
    master TEXT NOT NULL,
    wrapped BLOB NOT NULL,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (purpose, role, version)
) STRICT;

CREATE TABLE audit (
    seq INTEGER NOT NULL PRIMARY KEY,
    at INTEGER NOT NULL,
    actor TEXT NOT NULL,
    action TEXT NOT NULL,
    subject TEXT NOT NULL,
    before_json TEXT,
    after_json TEXT,
    prev_hash BLOB NOT NULL,
    hash BLOB NOT NULL
) STRICT;
CREATE INDEX audit_by_actor ON audit (actor, seq);
CREATE INDEX audit_by_time ON audit (at, seq);

-- One row. The writer of an audit row locks it, so the chain has one order. The anchor
-- is the last row that retention has removed.
CREATE TABLE audit_head (
    one INTEGER NOT NULL PRIMARY KEY CHECK (one = 1),
    seq INTEGER NOT NULL,
    hash BLOB NOT NULL,
    anchor_seq INTEGER NOT NULL,
    anchor_hash BLOB NOT NULL
) STRICT;

CREATE TABLE outbox (
    id TEXT NOT NULL PRIMARY KEY,
    dedupe TEXT NOT NULL UNIQUE,
    message_id TEXT NOT NULL,
    recipient BLOB NOT NULL,
    subject TEXT NOT NULL,
    body BLOB NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('due', 'sent', 'dead')),
    attempts INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    due_at INTEGER NOT NULL,
    settled_at INTEGER,
    error TEXT
) STRICT;
CREATE INDEX outbox_by_due ON outbox (state, due_at);

-- Rows are never removed: the token of a name only grows.
CREATE TABLE lease (
    name TEXT NOT NULL PRIMARY KEY,
    holder TEXT NOT NULL,
    token INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT;

CREATE TABLE setting (
    key TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL,
    at INTEGER NOT NULL
) STRICT;

-- One row, which an append locks.
CREATE TABLE ledger_size (
    one INTEGER NOT NULL PRIMARY KEY CHECK (one = 1),
    size INTEGER NOT NULL
) STRICT;

CREATE TABLE leaf (
    position INTEGER NOT NULL PRIMARY KEY,
    hash BLOB NOT NULL,
    salt BLOB,
    record TEXT,
    at INTEGER NOT NULL
) STRICT;
CREATE INDEX leaf_by_time ON leaf (at);

CREATE TABLE ledger_checkpoint (
    size INTEGER NOT NULL PRIMARY KEY,
    root BLOB NOT NULL,
    note TEXT NOT NULL,
    at INTEGER NOT NULL
) STRICT;

CREATE TABLE drill_run (
    run TEXT NOT NULL,
    promise TEXT NOT NULL,
    clause TEXT NOT NULL,
    verdict TEXT NOT NULL,
    vantage TEXT NOT NULL,
    at INTEGER NOT NULL,
    transcript TEXT NOT NULL,
    leaf_position INTEGER,
    PRIMARY KEY (run, promise, clause)
) STRICT;
CREATE INDEX drill_run_by_promise ON drill_run (promise, at);
CREATE INDEX drill_run_by_time ON drill_run (at);

-- The newest run of each clause from each vantage: what the trust page asks.
CREATE TABLE drill_latest (
    promise TEXT NOT NULL,
    clause TEXT NOT NULL,
    vantage TEXT NOT NULL,
    run TEXT NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (promise, clause, vantage)
) STRICT;

CREATE TABLE drill_due (
    promise TEXT NOT NULL,
    due_at INTEGER NOT NULL,
    run TEXT,
    PRIMARY KEY (promise, due_at)
) STRICT;
CREATE INDEX drill_due_by_time ON drill_due (due_at);
