/*
 * A lock that dies with its holder: an flock on a file, whose text says who has it.
 */
#ifndef AUTOBACKUP_BASE_LOCK_H
#define AUTOBACKUP_BASE_LOCK_H

#include <stdatomic.h>
#include <stdint.h>

#include "base/error.h"

/*
 * Take the lock dir/name, making the file when missing. what: is locked, for messages. text: what others read
 * meanwhile ("copy, pid 4711, since 02:00"). wait: ns to wait for another holder. cancel: may be NULL.
 * Returns a descriptor that lock_release takes, or -errno: -EBUSY with "WORK is busy: copy, pid 4711, since 02:00",
 * -ECANCELED, a system error.
 */
int lock_file(int dir, const char *name, const char *what, const char *text, int64_t wait, const atomic_bool *cancel,
              struct error *err);
void lock_release(int lock);    /* negative is fine */

#endif
