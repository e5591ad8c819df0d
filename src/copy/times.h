/*
 * A file's times as one number each: ns since 1970.
 */
#ifndef AUTOBACKUP_COPY_TIMES_H
#define AUTOBACKUP_COPY_TIMES_H

#include <stdint.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "index/traits.h"    /* times_agree */

int64_t mtime_of(const struct stat *st);
int64_t ctime_of(const struct stat *st);

#endif
