PRAGMA user_version = 9;
DROP VIEW kept_times;
CREATE VIEW kept_times AS                  -- of every category in every database: measured, else as the type has it; 0: not known
    SELECT d.id AS database, c.id AS category, COALESCE(t.granularity, a.granularity, d.granularity) AS granularity,
        t.oldest, t.newest, COALESCE(t.keeps_times, 1) AS keeps_times, COALESCE(t.link_times, 1) AS link_times,
        COALESCE(t.early, 0) AS early, t.database IS NOT NULL AS measured
    FROM database d CROSS JOIN (SELECT id FROM category UNION ALL SELECT 0) c    -- 0: of the root
        LEFT JOIN apart a ON a.database = d.id AND a.category = c.id
        LEFT JOIN traits t ON t.database = d.id AND t.category = COALESCE(a.category, 0);
UPDATE database SET granularity = 0        -- until a load has looked: what an older program guessed
    WHERE fs_type IS NULL OR fs_type NOT IN ('xfs', 'btrfs', 'f2fs', 'zfs', 'bcachefs', 'tmpfs', 'vfat', 'exfat', 'ntfs');
UPDATE apart SET granularity = 0;
CREATE VIEW told_replica AS                -- a replica of a folder that the last whole load could not enter is not known either
    SELECT id, database, category, client, project, files, directories, bytes, newest, fingerprint, evidence, loaded_at,
        verified_at, errors + EXISTS (SELECT 1 FROM unread u JOIN reading l ON l.database = u.database AND l.category = u.category
            WHERE u.database = r.database AND u.category = r.category AND u.client = r.client AND u.client <> x''
            AND u.project IN (r.project, x'') AND l.read_at > r.loaded_at) AS errors
    FROM replica r;
