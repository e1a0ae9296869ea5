-- Passkeys, and the challenges that were answered.

CREATE TABLE passkey (
    id TEXT NOT NULL PRIMARY KEY,
    account TEXT NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    label TEXT NOT NULL,
    -- A keyed hash of what the authenticator calls it.
    credential BLOB NOT NULL UNIQUE,
    -- Sealed: that name, the public key and what was said of it.
    kept BLOB NOT NULL,
    -- The highest that it has shown: it only rises. Zero for those that don't count.
    sign_count INTEGER NOT NULL,
    -- When its owner was last told of a copy.
    told_at INTEGER,
    created_at INTEGER NOT NULL,
    last_used INTEGER
) STRICT;
CREATE INDEX passkey_by_account ON passkey (account, created_at);

-- Each is taken once. A challenge that nobody answers is in no table.
CREATE TABLE passkey_challenge (
    id TEXT NOT NULL PRIMARY KEY,
    -- When it is too old to be taken anyway, on every node.
    forget_at INTEGER NOT NULL
) STRICT;
CREATE INDEX passkey_challenge_by_age ON passkey_challenge (forget_at);
