-- The register of services and devices that the team uses. What is attested of one is
-- somebody's word that it is signed in to with this second factor: dated, and it ends.

CREATE TABLE asset (
    id TEXT NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL CHECK (kind IN ('service', 'device')),
    name TEXT NOT NULL UNIQUE,
    -- Empty where none is known.
    address TEXT NOT NULL,
    -- Who has it: the login name of the account, or a name of somebody who has none.
    holder TEXT NOT NULL,
    account TEXT REFERENCES account (id) ON DELETE SET NULL,
    factor TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    -- The actor as in the audit trail; none before the first attestation.
    attested_by TEXT,
    attested_at INTEGER,
    attested_until INTEGER
) STRICT;
