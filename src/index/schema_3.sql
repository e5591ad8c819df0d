PRAGMA user_version = 3;
ALTER TABLE operation ADD COLUMN created INTEGER;      -- what its manifest counts, known at its end; NULL: not known
ALTER TABLE operation ADD COLUMN replaced INTEGER;
ALTER TABLE operation ADD COLUMN removed INTEGER;
ALTER TABLE operation ADD COLUMN touched INTEGER;
ALTER TABLE operation ADD COLUMN directories INTEGER;
