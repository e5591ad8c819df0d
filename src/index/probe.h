/*
 * Is a database there? A question that must not hang, as a dead network mount makes it.
 */
#ifndef AUTOBACKUP_INDEX_PROBE_H
#define AUTOBACKUP_INDEX_PROBE_H

#include <stdint.h>

#include "base/error.h"

/*
 * identity_open and close, but on a thread of its own that is left behind when it takes longer than `timeout`
 * nanoseconds. 0 or -errno as identity_open; -ETIMEDOUT with code EOFFLINE.
 */
int probe_online(const char *path, const char *id, int64_t timeout, struct error *err);

/* Does the filesystem answer that a path (absolute) lies on? In the same way; 0 also where nothing is there. */
int probe_answers(const char *path, int64_t timeout, struct error *err);

#endif
