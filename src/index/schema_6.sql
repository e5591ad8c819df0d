PRAGMA user_version = 6;
CREATE TABLE refused (                     -- rights, times and attributes that a destination did not take (copy/refusals.h)
    database INTEGER NOT NULL REFERENCES database ON DELETE CASCADE,
    replica  BLOB NOT NULL,                -- its path below the root
    name     INTEGER NOT NULL,             -- hash of the path in it
    state    INTEGER NOT NULL,             -- hash of what both sides had of these then
    lost     INTEGER NOT NULL,             -- which: enum lost
    room     INTEGER NOT NULL,             -- bytes that were free: it is tried again with more; -1: it is refused with any
    PRIMARY KEY (database, replica, name)
) WITHOUT ROWID;
ALTER TABLE traits ADD COLUMN trial INTEGER NOT NULL DEFAULT 0;    -- which version of the trial measured it (measured.h)
