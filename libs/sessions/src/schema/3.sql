-- Whom an entry or a delivery is about who has no account: the holder of an address, by a keyed digest of it, so that they
-- can be found when a person is forgotten.
ALTER TABLE one_time ADD COLUMN about BLOB CHECK (length(about) = 16);
ALTER TABLE deliveries ADD COLUMN about BLOB CHECK (length(about) = 16);
CREATE INDEX one_time_about ON one_time (about) WHERE about IS NOT NULL;
CREATE INDEX deliveries_about ON deliveries (about) WHERE about IS NOT NULL;
