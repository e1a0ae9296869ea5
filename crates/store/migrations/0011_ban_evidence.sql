-- What a ban that nobody made rests on; a person's has no cause.
ALTER TABLE ban ADD COLUMN cause TEXT NOT NULL DEFAULT '';
ALTER TABLE ban ADD COLUMN strikes INTEGER NOT NULL DEFAULT 0;
ALTER TABLE ban ADD COLUMN first_at INTEGER NOT NULL DEFAULT 0;
ALTER TABLE ban ADD COLUMN last_at INTEGER NOT NULL DEFAULT 0;
-- The id of the last request.
ALTER TABLE ban ADD COLUMN request TEXT NOT NULL DEFAULT '';
-- 1 where a person ended it: it doesn't make the next one longer.
ALTER TABLE ban ADD COLUMN lifted INTEGER NOT NULL DEFAULT 0;
