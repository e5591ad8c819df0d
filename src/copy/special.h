/*
 * What is no regular file and no directory: symlinks, FIFOs, devices.
 */
#ifndef AUTOBACKUP_COPY_SPECIAL_H
#define AUTOBACKUP_COPY_SPECIAL_H

#include <sys/stat.h>

#include "copy/data.h"
#include "copy/temp.h"

/*
 * Make another of from_dir/name (st: what it is) under a temp name in to_dir. 0, or -errno with *ret_side
 * (-ESTALE of the source: it became something else).
 */
int special_make(int from_dir, const char *name, const struct stat *st, int to_dir, char ret_temp[TEMP_NAME_SIZE],
                 enum side *ret_side);

#endif
