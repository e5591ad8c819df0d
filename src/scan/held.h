/*
 * What the kept versions of a database hold. Each operation's folder is counted once and remembered by its ctime: a
 * finished operation's versions only change when it is undone or pruned, and both forget what was counted.
 */
#ifndef AUTOBACKUP_SCAN_HELD_H
#define AUTOBACKUP_SCAN_HELD_H

#include <stdatomic.h>

#include "index/catalog.h"

/*
 * Bring what the catalog remembers of .autobackup/versions up to date, in at most `budget` ns of measuring; what did not
 * fit is remembered as "at least", and tried again the next time. root: the open root of the database. Not for use
 * inside a transaction; nothing is written when nothing changed. 0 or -errno.
 */
int held_count(struct catalog *cat, int64_t database, int root, int64_t budget, const atomic_bool *cancel,
               struct error *err);

#endif
