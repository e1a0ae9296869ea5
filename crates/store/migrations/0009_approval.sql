-- Changes that wait until a second administrator approves them. What is to be done, and
-- what it is to be done to, is sealed.

CREATE TABLE pending_change (
    id TEXT NOT NULL PRIMARY KEY,
    what TEXT NOT NULL,
    -- The account that it is about.
    subject TEXT NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    asker TEXT NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    kept BLOB NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    -- One of a kind at a time.
    UNIQUE (subject, what)
) STRICT;
CREATE INDEX pending_change_by_end ON pending_change (expires_at);
