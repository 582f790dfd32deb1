-- Which effect a delivery is: it is made once, however often it is asked for. Those that waited get an id of their own.
ALTER TABLE deliveries ADD COLUMN effect_id BLOB CHECK (length(effect_id) = 16);
UPDATE deliveries SET effect_id = randomblob(16);
CREATE UNIQUE INDEX deliveries_by_effect ON deliveries (effect_id);
-- The hash of the one-time entry that the last claim made. Of those claimed before nobody wrote it down.
ALTER TABLE deliveries ADD COLUMN link BLOB CHECK (length(link) = 32);
CREATE INDEX deliveries_by_link ON deliveries (link) WHERE link IS NOT NULL;
-- An effect is known here when its delivery is gone.
ALTER TABLE posted ADD COLUMN effect_id BLOB CHECK (length(effect_id) = 16);
CREATE UNIQUE INDEX posted_by_effect ON posted (effect_id) WHERE effect_id IS NOT NULL;

-- Up to which position of the log it was derived what follows from events: one row.
CREATE TABLE reacted (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    through INTEGER NOT NULL
) STRICT;
