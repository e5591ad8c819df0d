/*
 * What an operation's manifest names: the folders that it worked in, and what it replaced or removed there. A file that a
 * dead operation left under a name of ours goes to the versions of the one that names it, and of no other.
 */
#ifndef AUTOBACKUP_COPY_CLAIMS_H
#define AUTOBACKUP_COPY_CLAIMS_H

#include <stdbool.h>
#include <sys/stat.h>

#include "base/map.h"

/* Zero it to make an empty one. */
struct claims {
    struct map folders, olds;
    bool all;                  /* a part of the manifest is damaged: it may have named any folder */
};

/* Read them from a manifest. 0 or -errno; claims_free is needed in both cases. */
int claims_read(int root, const char *operation, struct claims *ret_claims);
void claims_free(struct claims *c);

/* Did it work in this folder (relative to its replica)? */
bool claims_folder(const struct claims *c, const char *path);

/* Did it replace or remove something in this folder that was like this: type, size and time? */
bool claims_old(const struct claims *c, const char *path, const struct stat *st);

#endif
