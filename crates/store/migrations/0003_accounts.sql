-- Accounts, groups, sessions, devices, tokens. Hashes of tokens are SHA-256: the tokens
-- are 256 random bits, so nothing can be guessed from them.

CREATE TABLE account (
    id TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    display TEXT NOT NULL,
    -- Sealed, and a keyed hash to find it by.
    email BLOB,
    email_hash BLOB UNIQUE,
    -- bcrypt in one of our forms; none until one is chosen.
    password TEXT,
    password_at INTEGER,
    state TEXT NOT NULL CHECK (state IN ('active', 'disabled')),
    created_at INTEGER NOT NULL,
    last_sign_in INTEGER
) STRICT;

CREATE TABLE team (
    name TEXT NOT NULL PRIMARY KEY,
    created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE membership (
    account TEXT NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    team TEXT NOT NULL REFERENCES team (name) ON DELETE CASCADE,
    PRIMARY KEY (account, team)
) STRICT;
CREATE INDEX membership_by_team ON membership (team, account);

-- Browsers that have signed in before (OWASP: device cookies).
CREATE TABLE device (
    hash BLOB NOT NULL,
    account TEXT NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    created_at INTEGER NOT NULL,
    last_used INTEGER NOT NULL,
    PRIMARY KEY (hash, account)
) STRICT;
CREATE INDEX device_by_account ON device (account, last_used);

-- Guesses at an account's password: of one known device, or of all others together
-- (the empty device).
CREATE TABLE guess (
    account TEXT NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    device BLOB NOT NULL,
    guesses INTEGER NOT NULL,
    since INTEGER NOT NULL,
    locks INTEGER NOT NULL,
    locked_until INTEGER NOT NULL,
    total INTEGER NOT NULL,
    PRIMARY KEY (account, device)
) STRICT;

-- A session of the portal has no parent; those of sites end with theirs.
CREATE TABLE session (
    sid TEXT NOT NULL PRIMARY KEY,
    hash BLOB NOT NULL UNIQUE,
    account TEXT NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    parent TEXT REFERENCES session (sid) ON DELETE CASCADE,
    site TEXT NOT NULL,
    amr TEXT NOT NULL,
    auth_time INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    last_seen INTEGER NOT NULL,
    agent TEXT NOT NULL,
    network TEXT NOT NULL
) STRICT;
CREATE INDEX session_by_account ON session (account, created_at);
CREATE INDEX session_by_parent ON session (parent);
CREATE INDEX session_by_end ON session (expires_at);

-- Codes that carry a sign-in from the portal to a site: once, for seconds.
CREATE TABLE handover (
    hash BLOB NOT NULL PRIMARY KEY,
    session TEXT NOT NULL REFERENCES session (sid) ON DELETE CASCADE,
    site TEXT NOT NULL,
    start_hash BLOB NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT;
CREATE INDEX handover_by_end ON handover (expires_at);

-- Bearer tokens and app passwords; the sites they are for, separated by spaces.
CREATE TABLE token (
    id TEXT NOT NULL PRIMARY KEY,
    hash BLOB NOT NULL UNIQUE,
    account TEXT NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    kind TEXT NOT NULL CHECK (kind IN ('bearer', 'basic')),
    label TEXT NOT NULL,
    sites TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    last_used INTEGER
) STRICT;
CREATE INDEX token_by_account ON token (account, created_at);

-- Links in mails: once, for minutes, hashed.
CREATE TABLE link (
    hash BLOB NOT NULL PRIMARY KEY,
    account TEXT NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    purpose TEXT NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT;
CREATE INDEX link_by_end ON link (expires_at);

-- Keys that sign assertions (ES256); the public half is published until `retire_at`.
CREATE TABLE signing_key (
    kid TEXT NOT NULL PRIMARY KEY,
    sealed_key BLOB NOT NULL,
    created_at INTEGER NOT NULL,
    retire_at INTEGER
) STRICT;
