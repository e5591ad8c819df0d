/*
 * Nameless temps: files that exist in a directory's filesystem without a name until they are whole and synced. Nothing
 * of them is left when the machine stops, and giving them a name costs less than changing one. Each holds a descriptor
 * until it has its name, so only so many may exist in this process; all others have names (copy/temp.h).
 */
#ifndef AUTOBACKUP_COPY_NAMELESS_H
#define AUTOBACKUP_COPY_NAMELESS_H

#include <stdbool.h>
#include <sys/types.h>

#include "index/filesystem.h"

/* Are they quicker on such a filesystem, and does a sync of it cover them? Measured: on ext4 they are, not on xfs. */
bool nameless_is_better(const struct filesystem *fs);

/* Can `dir` (a directory of our own) hold them, and can we name them? Tries it. */
bool nameless_probe(int dir);

/* An empty one (read and write), its mode less the umask. A descriptor, or -errno: -EMFILE when there are too many. */
int nameless_create(int dir, mode_t mode);

/* Give it the name dir/name, which must be free. 0 or -errno: -EEXIST. */
int nameless_place(int fd, int dir, const char *name);

/* Done with it: without a name it is gone. *fd becomes -1; nothing when it is. */
void nameless_close(int *fd);

#endif
