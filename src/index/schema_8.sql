PRAGMA user_version = 8;
CREATE TABLE compared (                    -- whose attributes were found equal on two disks (copy/compared.h)
    target  INTEGER NOT NULL REFERENCES database ON DELETE CASCADE,
    source  INTEGER NOT NULL REFERENCES database ON DELETE CASCADE,
    replica BLOB NOT NULL,                 -- its path below both roots
    folder  INTEGER NOT NULL,              -- hash of the folder's path in it
    names   BLOB NOT NULL,                 -- hashes of a name and both ctimes, 8 bytes each, in their order
    PRIMARY KEY (target, source, replica, folder)
);
