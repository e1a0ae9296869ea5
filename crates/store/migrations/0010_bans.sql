-- Addresses that are refused for a while. Rows stay when they are over: records name them.
CREATE TABLE ban (
    number INTEGER NOT NULL PRIMARY KEY,
    -- A range in its one form.
    addresses TEXT NOT NULL,
    reason TEXT NOT NULL,
    -- Who wanted it, as in the audit trail.
    made_by TEXT NOT NULL,
    made_at INTEGER NOT NULL,
    until INTEGER NOT NULL
) STRICT;
CREATE INDEX ban_by_end ON ban (until);
