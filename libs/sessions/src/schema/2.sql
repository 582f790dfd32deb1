-- What was signed in before was signed in by password, and stayed. When it was last used nobody wrote down.
ALTER TABLE sign_ins ADD COLUMN method TEXT NOT NULL DEFAULT 'password';
ALTER TABLE sign_ins ADD COLUMN stays INTEGER NOT NULL DEFAULT 1 CHECK (stays IN (0, 1));
ALTER TABLE sign_ins ADD COLUMN address TEXT;
ALTER TABLE sign_ins ADD COLUMN last_used_at INTEGER NOT NULL DEFAULT 0;
UPDATE sign_ins SET last_used_at = at;

-- Payloads stand last, so that what is searched and counted is read without them.

CREATE TABLE one_time (
    purpose TEXT NOT NULL,
    hash BLOB NOT NULL CHECK (length(hash) = 32),
    account BLOB CHECK (length(account) = 16),
    made_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    payload TEXT,
    UNIQUE (purpose, hash)
) STRICT;
CREATE UNIQUE INDEX one_time_by_account ON one_time (account, purpose) WHERE account IS NOT NULL;
CREATE INDEX one_time_without_account ON one_time (purpose, made_at) WHERE account IS NULL;
CREATE INDEX one_time_by_expiry ON one_time (expires_at);

CREATE TABLE spent (
    hash BLOB PRIMARY KEY CHECK (length(hash) = 32),
    until INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX spent_by_end ON spent (until);

-- AUTOINCREMENT: a number that was given to the courier never means another delivery later.
CREATE TABLE deliveries (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    account BLOB CHECK (length(account) = 16),
    effect TEXT NOT NULL,
    made_at INTEGER NOT NULL,
    due_at INTEGER NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    claimed_until INTEGER,
    payload TEXT
) STRICT;
CREATE INDEX deliveries_by_account ON deliveries (account) WHERE account IS NOT NULL;
CREATE INDEX deliveries_by_age ON deliveries (made_at);
-- Answers what is due without reading a row that is not.
CREATE INDEX deliveries_waiting ON deliveries (id, due_at, claimed_until);

CREATE TABLE posted (
    account BLOB NOT NULL CHECK (length(account) = 16),
    effect TEXT NOT NULL,
    at INTEGER NOT NULL
) STRICT;
CREATE INDEX posted_by_account ON posted (account, effect, at);
CREATE INDEX posted_by_time ON posted (at);
