/*
 * A file's times as one number each: ns since 1970.
 */
#ifndef AUTOBACKUP_COPY_TIMES_H
#define AUTOBACKUP_COPY_TIMES_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

#include "base/clock.h"

int64_t mtime_of(const struct stat *st);
int64_t ctime_of(const struct stat *st);

/* Do two times agree on a filesystem that stores them this coarsely (ns; 1 and below: exactly)? */
bool times_agree(int64_t a, int64_t b, int64_t granularity);

#endif
