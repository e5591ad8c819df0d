/*
 * One writer per database: a lock on .autobackup/lock, and for those who do not see it the holder's file beside it
 * (copy/holder.h).
 */
#ifndef AUTOBACKUP_COPY_LOCK_H
#define AUTOBACKUP_COPY_LOCK_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "copy/report.h"

/* Who hears what goes on while a lock is taken. Zero it for nobody. */
struct lock_ear {
    bool (*is_over)(void *arg);                                /* end the waiting; may be NULL */
    void (*tell)(void *arg, const char *code, const char *text);    /* a note about the database; may be NULL */
    void *arg;
};

/* One that tells in notes of a report. */
struct lock_ear lock_report(struct report *report);

/*
 * Take the lock of the database at the descriptor root, making .autobackup when missing. database: its name, for
 * messages. text: what others read meanwhile ("copy, pid 4711, since 02:00"). wait: ns to wait for another holder. cancel may
 * be NULL. A holder on another machine is looked at until it is seen at work, or for some 20 s when it is not: then its lock is
 * taken over, and a note says so, as it does when the disk takes no holder's file.
 * Returns a descriptor for lock_give_back, or -errno: -EBUSY with "WORK is busy: copy, pid 4711, since 02:00", -ECANCELED,
 * -EINTR (is_over), a system error. A database that cannot be written is said to be so (EROFS, EACCES).
 */
int lock_take(int root, const char *database, const char *text, int64_t wait, const atomic_bool *cancel,
              const struct lock_ear *ear, struct error *err);

/* The same for the database at the path `root`, if it has this identity. */
int lock_open(const char *root, const char *identity, const char *database, const char *text, int64_t wait,
              const struct lock_ear *ear, struct error *err);

void lock_give_back(int lock);    /* negative is fine */

#endif
