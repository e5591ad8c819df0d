PRAGMA user_version = 5;
ALTER TABLE directory ADD COLUMN linked INTEGER NOT NULL DEFAULT 0;    -- names in it whose file has others too (hard links)
CREATE INDEX directory_linked ON directory (replica, path, linked) WHERE linked > 0;
UPDATE directory SET sum = 0;              -- what is not known of them yet, the next load writes
