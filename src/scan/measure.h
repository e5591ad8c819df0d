/*
 * How much lies below a folder: what `find -type f -printf %s` adds up to, for as long as there is time.
 */
#ifndef AUTOBACKUP_SCAN_MEASURE_H
#define AUTOBACKUP_SCAN_MEASURE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct measured {
    int64_t files, bytes;    /* regular files, the sum of their sizes (at most INT64_MAX) */
    bool whole;              /* false: there is at least so much; time was up, or something could not be read */
};

/*
 * Add up what lies below `path` (relative to root), without following symlinks or entering other mounts.
 * deadline: monotonic ns, when to stop; looked at before each entry, as one may take long on a slow disk. cancel: may be NULL.
 */
struct measured measure_tree(int root, const char *path, int64_t deadline, const atomic_bool *cancel);

#endif
