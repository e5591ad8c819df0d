/*
 * A source file while it is read: what it was when it was opened, and whether it stayed so.
 */
#ifndef AUTOBACKUP_COPY_READING_H
#define AUTOBACKUP_COPY_READING_H

#include <stdint.h>
#include <sys/stat.h>

#include "copy/data.h"
#include "index/filesystem.h"

struct reading {
    int fd;                /* or -1 */
    struct stat before;
    int64_t opened_at;     /* ns since 1970 */
};

/* Open dir/name, a regular file. 0 or -errno: -ESTALE when it is something else by now, -FILE_HIDES (base/file.h). */
int reading_open(int dir, const char *name, struct reading *r);

/*
 * Was it the same file, unchanged, from its opening to now, and read to its end? digest, size: of what was read. A
 * source that was written a moment before is read once more. 0, -ESTALE when it changed, or -errno.
 */
int reading_check(const struct reading *r, const struct filesystem *fs, struct data *data, const struct digest *digest,
                  uint64_t size);

void reading_close(struct reading *r);

#endif
