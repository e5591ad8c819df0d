PRAGMA user_version = 7;
ALTER TABLE refused ADD COLUMN parts TEXT;    -- what both sides had of them (copy/original.h): so they differ, and the first is right
