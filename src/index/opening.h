/*
 * Opening the catalog's file where that is not a matter of course: while another process makes it, and where it can only
 * be read.
 */
#ifndef AUTOBACKUP_INDEX_OPENING_H
#define AUTOBACKUP_INDEX_OPENING_H

#include <sqlite3.h>

/*
 * Wait until no other process is making the catalog at path, and keep the others waiting where it is not made yet. To be
 * closed when it is open and its schema is there. A descriptor, or -1 where its folder cannot be locked.
 */
int opening_turn(const char *path);

/*
 * Open one that cannot be written, also where not even the files beside it can be made (a read-only disk, another
 * user's folder). An SQLite result code; SQLITE_READONLY_RECOVERY when what was written last lies in its -wal file,
 * which only somebody who may write can bring home. *ret_db is to be closed in any case.
 */
int opening_readonly(const char *path, sqlite3 **ret_db);

#endif
