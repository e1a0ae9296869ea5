-- Second factors, and the codes for when they are lost.

CREATE TABLE factor (
    id TEXT NOT NULL PRIMARY KEY,
    account TEXT NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    kind TEXT NOT NULL CHECK (kind IN ('totp')),
    label TEXT NOT NULL,
    -- Sealed: the seed.
    secret BLOB NOT NULL,
    -- The half minute of the last code that was taken: it and those before are used up.
    last_step INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    last_used INTEGER
) STRICT;
CREATE INDEX factor_by_account ON factor (account, created_at);

-- Each is taken once. Keyed hashes, of the account's id and the code.
CREATE TABLE recovery_code (
    account TEXT NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    hash BLOB NOT NULL,
    PRIMARY KEY (account, hash)
) STRICT;

-- From when on no site is open without a second factor, to members of groups that have to
-- have one.
ALTER TABLE account ADD COLUMN factor_due INTEGER;
