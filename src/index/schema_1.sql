PRAGMA user_version = 1;
CREATE TABLE database (
    id          INTEGER PRIMARY KEY,
    name        TEXT NOT NULL UNIQUE,
    path        BLOB NOT NULL,             -- absolute
    identity    TEXT,                      -- marker's id or "fs:..."; NULL: registered, never seen
    fs_type     TEXT,
    granularity INTEGER NOT NULL DEFAULT 1,-- of its filesystem's times, ns
    added_at    INTEGER NOT NULL,          -- ns since 1970, as all times here
    loaded_at   INTEGER                    -- last whole load; NULL: never
);
CREATE TABLE category (
    id   INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    path BLOB NOT NULL                     -- relative, without slashes at its ends
);
CREATE TABLE client (                      -- client folders, empty ones too
    database INTEGER NOT NULL REFERENCES database ON DELETE CASCADE,
    category INTEGER NOT NULL REFERENCES category ON DELETE CASCADE,
    name     BLOB NOT NULL,
    PRIMARY KEY (database, category, name)
) WITHOUT ROWID;
CREATE TABLE replica (
    id          INTEGER PRIMARY KEY,
    database    INTEGER NOT NULL REFERENCES database ON DELETE CASCADE,
    category    INTEGER NOT NULL REFERENCES category ON DELETE CASCADE,
    client      BLOB NOT NULL,
    project     BLOB NOT NULL,             -- the project's own folder name
    files       INTEGER NOT NULL,
    directories INTEGER NOT NULL,
    bytes       INTEGER NOT NULL,
    newest      INTEGER,                   -- newest mtime of a file; NULL without files
    fingerprint BLOB NOT NULL,
    errors      INTEGER NOT NULL,          -- entries that could not be read: above 0 it is incomplete
    loaded_at   INTEGER NOT NULL,
    verified_at INTEGER,
    UNIQUE (client, project, category, database)
);
CREATE INDEX replica_by_database ON replica (database, category);
CREATE TABLE directory (
    id      INTEGER PRIMARY KEY,
    replica INTEGER NOT NULL REFERENCES replica ON DELETE CASCADE,
    path    BLOB NOT NULL,                 -- relative to the replica, '' for its top
    print   BLOB NOT NULL,                 -- its part of the fingerprint
    sum     INTEGER NOT NULL,              -- the listing's checksum: tells whether it changed
    listing BLOB NOT NULL,
    digests BLOB
);
CREATE UNIQUE INDEX directory_keys ON directory (replica, path, sum, print);    -- covers what load and compare scan
CREATE TABLE loose (
    database INTEGER NOT NULL REFERENCES database ON DELETE CASCADE,
    category INTEGER NOT NULL REFERENCES category ON DELETE CASCADE,
    path     BLOB NOT NULL,                -- relative to the category
    kind     TEXT NOT NULL,                -- file, symlink, fifo, socket, device, unreadable, mount
    size     INTEGER NOT NULL,
    PRIMARY KEY (database, category, path)
) WITHOUT ROWID;
CREATE TABLE operation (
    id          TEXT PRIMARY KEY,
    kind        TEXT NOT NULL,             -- copy, ...
    state       TEXT NOT NULL,             -- running, done, partial, failed, cancelled
    project     BLOB NOT NULL,             -- client/project
    category    TEXT NOT NULL,
    source      TEXT NOT NULL,             -- database names
    target      TEXT NOT NULL,
    host        TEXT NOT NULL,
    pid         INTEGER NOT NULL,
    started_at  INTEGER NOT NULL,
    finished_at INTEGER,
    files       INTEGER NOT NULL DEFAULT 0,-- copied, durable
    bytes       INTEGER NOT NULL DEFAULT 0,
    message     TEXT
) WITHOUT ROWID;
CREATE TABLE trusted (
    path       BLOB PRIMARY KEY,           -- absolute
    content    BLOB NOT NULL,              -- the very bytes that were shown
    trusted_at INTEGER NOT NULL
) WITHOUT ROWID;
