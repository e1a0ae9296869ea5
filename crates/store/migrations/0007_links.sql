-- Links in mails to addresses that are nobody's yet: once, for minutes, hashed.
CREATE TABLE address_link (
    hash BLOB NOT NULL PRIMARY KEY,
    -- What its address is sealed under.
    id TEXT NOT NULL,
    -- Whose address it is to become; none where an account is to be made with it.
    account TEXT REFERENCES account (id) ON DELETE CASCADE,
    -- Sealed, and a keyed hash to count by.
    email BLOB NOT NULL,
    email_hash BLOB NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT;
CREATE INDEX address_link_by_account ON address_link (account, expires_at);
CREATE INDEX address_link_by_email ON address_link (email_hash, expires_at);
CREATE INDEX address_link_by_end ON address_link (expires_at);

-- Second factors that somebody has lost, since an administrator has begun to let them in
-- without.
CREATE TABLE lost_factor (
    account TEXT NOT NULL PRIMARY KEY REFERENCES account (id) ON DELETE CASCADE,
    -- Who has begun it, as in the trail, and in which language its owner is written to.
    begun_by TEXT NOT NULL,
    language TEXT NOT NULL,
    begun_at INTEGER NOT NULL,
    -- When the link that lets them in is mailed.
    opens_at INTEGER NOT NULL,
    -- Of the link that stops it.
    stop_hash BLOB NOT NULL UNIQUE,
    -- Of the link that lets them in, once it was mailed, and until when it holds.
    enter_hash BLOB UNIQUE,
    ends_at INTEGER
) STRICT;
