-- When a refresh token was replaced. Of those replaced before nobody wrote it down, so they are not answered a second time.
ALTER TABLE refresh_tokens ADD COLUMN rotated_at INTEGER;

-- What a sign-in through an identity provider needs to sign out there too; sealed. It goes as soon as the sign-in ends,
-- however it ends.
CREATE TABLE provider_sessions (
    sign_in BLOB PRIMARY KEY REFERENCES sign_ins (id) ON DELETE CASCADE,
    provider TEXT NOT NULL,
    sealed BLOB
) STRICT, WITHOUT ROWID;
CREATE TRIGGER provider_session_ends AFTER UPDATE OF revoked ON sign_ins WHEN NEW.revoked = 1
BEGIN DELETE FROM provider_sessions WHERE sign_in = NEW.id; END;
