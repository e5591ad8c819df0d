#include "copy/times.h"

int64_t mtime_of(const struct stat *st) { return clock_join(st->st_mtim.tv_sec, (uint32_t)st->st_mtim.tv_nsec); }
int64_t ctime_of(const struct stat *st) { return clock_join(st->st_ctim.tv_sec, (uint32_t)st->st_ctim.tv_nsec); }
