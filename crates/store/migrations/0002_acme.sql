-- Certificates from authorities (RFC 8555), and our accounts at them.

-- One per authority: its directory, and the id of an account made elsewhere.
CREATE TABLE acme_account (
    authority TEXT NOT NULL PRIMARY KEY,
    credentials BLOB NOT NULL,
    at INTEGER NOT NULL
) STRICT;

-- The certificate in force of each site. The chain is public, its key is sealed.
CREATE TABLE acme_certificate (
    site TEXT NOT NULL PRIMARY KEY,
    authority TEXT NOT NULL,
    chain TEXT NOT NULL,
    sealed_key BLOB NOT NULL,
    not_after INTEGER NOT NULL,
    at INTEGER NOT NULL
) STRICT;

-- Orders that failed since a site's last certificate: a restart must not begin anew
-- with an authority that counts failures.
CREATE TABLE acme_failure (
    site TEXT NOT NULL PRIMARY KEY,
    failures INTEGER NOT NULL,
    not_before INTEGER NOT NULL,
    error TEXT NOT NULL,
    at INTEGER NOT NULL
) STRICT;
