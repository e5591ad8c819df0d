PRAGMA user_version = 4;
-- Ids that are never given twice: a job that began with one must not meet another disk, category or replica under it.
CREATE TABLE database_4 (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    name        TEXT NOT NULL UNIQUE,
    path        BLOB NOT NULL,             -- absolute
    identity    TEXT,                      -- identity.h; NULL: registered, never seen
    fs_type     TEXT,
    granularity INTEGER NOT NULL DEFAULT 1,-- of its filesystem's times, ns
    added_at    INTEGER NOT NULL,          -- ns since 1970, as all times here
    loaded_at   INTEGER                    -- last whole load; NULL: never
);
INSERT INTO database_4 SELECT * FROM database;
UPDATE database_4 SET identity = NULL      -- two programs at once could give one disk two names: the first keeps it
    WHERE EXISTS (SELECT 1 FROM database_4 d WHERE d.identity = database_4.identity AND d.id < database_4.id);
DROP TABLE database;
ALTER TABLE database_4 RENAME TO database;
ALTER TABLE database ADD COLUMN home BLOB;     -- where it was added, while its disk is mounted at path; NULL: at path
ALTER TABLE database ADD COLUMN place BLOB;    -- of its root within its filesystem; NULL: not known
CREATE UNIQUE INDEX database_disk ON database (substr(identity, 1, instr(identity || '@', '@') - 1));
CREATE TABLE category_4 (
    id   INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL UNIQUE,
    path BLOB NOT NULL                     -- relative, without slashes at its ends
);
INSERT INTO category_4 SELECT * FROM category;
DROP TABLE category;
ALTER TABLE category_4 RENAME TO category;
CREATE TABLE replica_4 (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
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
INSERT INTO replica_4 SELECT * FROM replica;
DROP TABLE replica;
ALTER TABLE replica_4 RENAME TO replica;
CREATE INDEX replica_by_database ON replica (database, category);
CREATE TABLE reading (                     -- when a whole load last read a category: without a row nothing is known
    database INTEGER NOT NULL REFERENCES database ON DELETE CASCADE,
    category INTEGER NOT NULL REFERENCES category ON DELETE CASCADE,
    read_at  INTEGER NOT NULL,
    PRIMARY KEY (database, category)
) WITHOUT ROWID;
INSERT INTO reading SELECT DISTINCT c.database, c.category, d.loaded_at FROM client c JOIN database d ON d.id = c.database
    WHERE d.loaded_at IS NOT NULL;         -- client folders are only known from whole loads
CREATE TABLE unread (                      -- parts of it that the last whole load could not read
    database INTEGER NOT NULL REFERENCES database ON DELETE CASCADE,
    category INTEGER NOT NULL REFERENCES category ON DELETE CASCADE,
    client   BLOB NOT NULL,                -- '': the whole category
    project  BLOB NOT NULL,                -- '': all of the client
    PRIMARY KEY (database, category, client, project)
) WITHOUT ROWID;
CREATE TABLE apart (                       -- categories on a mount of their own below the root (apart.h)
    database INTEGER NOT NULL REFERENCES database ON DELETE CASCADE,
    category INTEGER NOT NULL REFERENCES category ON DELETE CASCADE,
    volume   TEXT,                         -- the filesystem's name; '': it has none; NULL: it moved, what is there now is right
    place    BLOB,                         -- of the category's folder within that
    granularity INTEGER NOT NULL DEFAULT 1,-- of its times, guessed from its type, ns
    PRIMARY KEY (database, category)
) WITHOUT ROWID;
CREATE TABLE outside (                     -- what lies beside the categories
    database INTEGER NOT NULL REFERENCES database ON DELETE CASCADE,
    path     BLOB NOT NULL,                -- relative to the database
    kind     TEXT NOT NULL,                -- directory, file, symlink, fifo, socket, device, unreadable, mount
    files    INTEGER,                      -- NULL: not known, as bytes
    bytes    INTEGER,
    whole    INTEGER NOT NULL,             -- 0: at least so much, it was not counted to the end
    PRIMARY KEY (database, path)
) WITHOUT ROWID;
CREATE TABLE ignored (                     -- paths beside the categories that nobody wants to hear of
    path     BLOB NOT NULL,                -- relative to a database, may hold * and ?
    database INTEGER REFERENCES database ON DELETE CASCADE    -- NULL: in all
);
CREATE UNIQUE INDEX ignored_keys ON ignored (path, COALESCE(database, 0));
CREATE TABLE held (                        -- what each operation's versions hold
    database  INTEGER NOT NULL REFERENCES database ON DELETE CASCADE,
    operation BLOB NOT NULL,               -- its folder below .autobackup/versions
    changed   INTEGER NOT NULL,            -- the folder's own ctime when it was counted, ns
    files     INTEGER NOT NULL,
    bytes     INTEGER NOT NULL,
    whole     INTEGER NOT NULL,            -- 0: at least so much
    PRIMARY KEY (database, operation)
) WITHOUT ROWID;
CREATE TABLE held_seen (                   -- which undos and prunes held knows of
    database INTEGER PRIMARY KEY REFERENCES database ON DELETE CASCADE,
    newest   INTEGER NOT NULL              -- ctime of the newest manifest on the disk, ns
);
CREATE TABLE checked (                     -- when all of the catalog was last found sound, or marked where it is not: one row
    at INTEGER NOT NULL                    -- ns
);
CREATE TABLE replaced (                    -- paths that a typed `add --replace` took the place of
    kind TEXT NOT NULL,                    -- database, category
    name TEXT NOT NULL,
    path BLOB NOT NULL,
    PRIMARY KEY (kind, name, path)
) WITHOUT ROWID;
ALTER TABLE database ADD COLUMN space_total INTEGER;   -- bytes; NULL: never seen
ALTER TABLE database ADD COLUMN space_free INTEGER;
ALTER TABLE database ADD COLUMN space_at INTEGER;      -- when those were seen, ns
ALTER TABLE operation ADD COLUMN run TEXT;             -- shared by the operations of one command; NULL: it was the only one
CREATE INDEX operation_runs ON operation (run) WHERE run IS NOT NULL;
ALTER TABLE operation ADD COLUMN user TEXT;            -- who ran it
ALTER TABLE operation ADD COLUMN boot TEXT;            -- which process it was: the kernel's id of the boot,
ALTER TABLE operation ADD COLUMN began INTEGER;        -- and when the process began, in ticks since that
ALTER TABLE replica ADD COLUMN evidence BLOB;    -- what all its digests say, in one number (evidence.h); NULL: to be added up
UPDATE replica SET evidence = zeroblob(16)       -- no digest says nothing
    WHERE id NOT IN (SELECT replica FROM directory WHERE digests IS NOT NULL);
ALTER TABLE directory ADD COLUMN open INTEGER NOT NULL DEFAULT 0;    -- files of which size and time say nothing (DIGEST_OPEN)
CREATE INDEX directory_open ON directory (replica, open) WHERE open > 0;
CREATE TABLE traits (                      -- what a database's filesystem was measured to keep (measured.h)
    database    INTEGER NOT NULL REFERENCES database ON DELETE CASCADE,
    category    INTEGER NOT NULL,          -- one that lies apart; 0: of the root
    filesystem  TEXT NOT NULL,             -- which one that was; the row counts while they lie on it
    measured_at INTEGER NOT NULL,
    granularity INTEGER NOT NULL,          -- of modification times, ns
    oldest      INTEGER,                   -- what is older or newer is stored as these, ns; NULL: there is no end
    newest      INTEGER,
    keeps_times INTEGER NOT NULL,          -- 0: a time that is set does not stay
    link_times  INTEGER NOT NULL,          -- 0: nor does a symlink's
    early       INTEGER NOT NULL,          -- the granularity before 1970, where it is coarser; 0: it is not
    ctime       INTEGER,                   -- it moves when a mode or a name changes. From here on NULL: not known
    inode       INTEGER,                   -- a file's number stays over a rename, and two files have two
    mode        INTEGER,
    owner       INTEGER,                   -- NULL: only root can find out
    links       INTEGER,                   -- hard links
    symlinks    INTEGER,
    holes       INTEGER,                   -- what was never written takes no room
    xattrs      INTEGER,                   -- user attributes
    exchange    INTEGER,                   -- two names can be exchanged in one step
    folds_case  INTEGER,                   -- A and a are one name
    folds_forms INTEGER,                   -- so are the composed and the decomposed form of one letter
    PRIMARY KEY (database, category)
);
CREATE TRIGGER apart_went AFTER DELETE ON apart
BEGIN
    DELETE FROM traits WHERE database = OLD.database AND category = OLD.category;
END;
CREATE VIEW kept_times AS                  -- of every category in every database: measured, else guessed from the type
    SELECT d.id AS database, c.id AS category, COALESCE(t.granularity, a.granularity, d.granularity) AS granularity,
        t.oldest, t.newest, COALESCE(t.keeps_times, 1) AS keeps_times, COALESCE(t.link_times, 1) AS link_times,
        COALESCE(t.early, 0) AS early
    FROM database d CROSS JOIN (SELECT id FROM category UNION ALL SELECT 0) c    -- 0: of the root
        LEFT JOIN apart a ON a.database = d.id AND a.category = c.id
        LEFT JOIN traits t ON t.database = d.id AND t.category = COALESCE(a.category, 0);
CREATE TABLE judged (    -- what comparing two replicas of one size came to: a cache of compare, evidence.h says when it counts
    a           INTEGER NOT NULL REFERENCES replica ON DELETE CASCADE,
    b           INTEGER NOT NULL REFERENCES replica ON DELETE CASCADE,
    a_print     BLOB NOT NULL,              -- fingerprint and evidence of each when they were compared
    b_print     BLOB NOT NULL,
    times       TEXT NOT NULL,              -- what both filesystems made of times then
    state       TEXT NOT NULL,              -- same, differs, unknown
    content     INTEGER NOT NULL,           -- files that only their digests tell apart
    doubtful    INTEGER NOT NULL,           -- files that have to be read to know
    leads       TEXT,                       -- a, b: has all that the other has, or a later state of it; NULL: neither
    PRIMARY KEY (a, b)
) WITHOUT ROWID;
CREATE INDEX judged_other ON judged (b);
CREATE INDEX judged_content ON judged (content) WHERE content > 0;
CREATE TABLE gone (                        -- replicas with files that are where they were no more
    client   BLOB NOT NULL,
    project  BLOB NOT NULL,
    category INTEGER NOT NULL REFERENCES category ON DELETE CASCADE,
    database INTEGER NOT NULL REFERENCES database ON DELETE CASCADE,
    files    INTEGER NOT NULL,             -- as they were last seen, at seen_at
    bytes    INTEGER NOT NULL,
    seen_at  INTEGER NOT NULL,
    PRIMARY KEY (client, project, category, database)
) WITHOUT ROWID;
CREATE TRIGGER replica_went AFTER DELETE ON replica WHEN OLD.files > 0
    AND EXISTS (SELECT 1 FROM database WHERE id = OLD.database)      -- it goes with a database that is forgotten
    AND EXISTS (SELECT 1 FROM category WHERE id = OLD.category)
BEGIN
    INSERT OR REPLACE INTO gone
    VALUES (OLD.client, OLD.project, OLD.category, OLD.database, OLD.files, OLD.bytes, OLD.loaded_at);
END;
CREATE TRIGGER replica_emptied AFTER UPDATE OF files ON replica WHEN OLD.files > 0 AND NEW.files = 0
BEGIN
    INSERT OR REPLACE INTO gone
    VALUES (OLD.client, OLD.project, OLD.category, OLD.database, OLD.files, OLD.bytes, OLD.loaded_at);
END;
CREATE TRIGGER replica_came AFTER INSERT ON replica WHEN NEW.files > 0
BEGIN
    DELETE FROM gone WHERE client = NEW.client AND project = NEW.project AND category = NEW.category
        AND database = NEW.database;
END;
CREATE TRIGGER replica_filled AFTER UPDATE OF files ON replica WHEN OLD.files = 0 AND NEW.files > 0
BEGIN
    DELETE FROM gone WHERE client = NEW.client AND project = NEW.project AND category = NEW.category
        AND database = NEW.database;
END;
