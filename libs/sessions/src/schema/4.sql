-- From where a try failed, by a keyed digest of it. Of those before nobody wrote it down.
ALTER TABLE failures ADD COLUMN origin TEXT NOT NULL DEFAULT '';

-- From where an account has signed in, by the same digest.
CREATE TABLE places (
    account BLOB NOT NULL CHECK (length(account) = 16),
    origin TEXT NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (account, origin)
) STRICT, WITHOUT ROWID;
CREATE INDEX places_by_time ON places (at);
