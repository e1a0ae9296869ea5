-- Groups whose members may open the page that the console has for trying its door, and
-- nothing behind it.
ALTER TABLE team ADD COLUMN threshold INTEGER NOT NULL DEFAULT 0;
