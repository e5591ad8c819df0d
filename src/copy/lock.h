/*
 * One writer per database: an flock on .autobackup/lock, released by the kernel when its holder dies.
 */
#ifndef AUTOBACKUP_COPY_LOCK_H
#define AUTOBACKUP_COPY_LOCK_H

#include <stdatomic.h>
#include <stdint.h>

#include "base/error.h"

/*
 * Take the lock of the database at the descriptor root, making .autobackup when missing. database: its name, for
 * the message. text: what others read meanwhile ("copy, pid 4711, since 02:00"). wait: ns to wait for another
 * holder. cancel: may be NULL. Returns a descriptor that lock_release takes, or -errno: -EBUSY with
 * "WORK is busy: copy, pid 4711, since 02:00", -ECANCELED, a system error.
 */
int lock_take(int root, const char *database, const char *text, int64_t wait, const atomic_bool *cancel,
              struct error *err);
void lock_release(int lock);    /* negative is fine */

#endif
