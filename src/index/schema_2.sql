PRAGMA user_version = 2;
ALTER TABLE directory ADD COLUMN verified BLOB;                       -- times beside the digests; NULL: none
ALTER TABLE directory ADD COLUMN damaged INTEGER NOT NULL DEFAULT 0;  -- files that digests marks as damaged
CREATE INDEX directory_damaged ON directory (replica, path, damaged) WHERE damaged > 0;
