/*
 * One writer per database: a lock on .autobackup/lock.
 */
#ifndef AUTOBACKUP_COPY_LOCK_H
#define AUTOBACKUP_COPY_LOCK_H

#include "base/lock.h"

/*
 * Take the lock of the database at the descriptor root, making .autobackup when missing. database: its name, for
 * messages. The rest and the result are those of lock_file; lock_release gives it back. A database that cannot be
 * written is said to be so (EROFS, EACCES).
 */
int lock_take(int root, const char *database, const char *text, int64_t wait, const atomic_bool *cancel,
              struct error *err);

/* The same for the database at the path `root`, if it has this identity; without waiting. */
int lock_open(const char *root, const char *identity, const char *database, const char *text, struct error *err);

#endif
