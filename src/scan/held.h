/*
 * What the kept versions of a database hold. Each operation's folder is counted once, when it is finished, and again when
 * its ctime is another, or an undo or a prune was about it (scan/undone.h): here or on another workstation, to the end or
 * not.
 */
#ifndef AUTOBACKUP_SCAN_HELD_H
#define AUTOBACKUP_SCAN_HELD_H

#include <stdatomic.h>

#include "index/catalog.h"

/*
 * Bring what the catalog remembers of .autobackup/versions up to date, in at most `budget` ns of measuring; what did not
 * fit is remembered as "at least", and tried again the next time. root: the open root of the database. Not for use
 * inside a transaction; nothing is written when nothing changed. Versions that cannot be read stay as they are known.
 * 0, or -errno when the catalog fails.
 */
int held_count(struct catalog *cat, int64_t database, int root, int64_t budget, const atomic_bool *cancel,
               struct error *err);

#endif
