/*
 * Further names of a file that was copied under its first one.
 */
#ifndef AUTOBACKUP_COPY_HARDLINK_H
#define AUTOBACKUP_COPY_HARDLINK_H

#include "copy/work.h"

/*
 * Stage a file (no directory) as a hard link to `leader` (a path relative to the replica at the target). 0; -ESTALE when
 * the leader is not the file it should be, the two are not one file at the source, or the destination cannot link it:
 * copy it, then; -EALREADY: it is that file already; another -errno of the destination.
 */
int hardlink_stage(struct work *w, struct item *item, const char *leader);

/*
 * For grouping_rules.is_one, arg: the struct work. Are two names of its source (left), or of its destination, one file now? Where
 * that cannot be seen they are what the listings say: true.
 */
bool hardlink_is_one(void *arg, bool left, const char *path, const char *dir, const char *name);

/* For grouping_rules.device, likewise. Where no folder can be on a device of its own none is looked at. */
uint64_t hardlink_device(void *arg, bool left, const char *dir);

#endif
