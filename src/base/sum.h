/*
 * Sums of sizes as a disk tells them: a sparse file may claim 8 EiB, and two of them are more than a number holds.
 */
#ifndef AUTOBACKUP_BASE_SUM_H
#define AUTOBACKUP_BASE_SUM_H

#include <stdint.h>

/* sum + more, at most INT64_MAX. sum: not negative; a negative `more` is a size beyond INT64_MAX as well. */
static inline int64_t sum_add(int64_t sum, int64_t more)
{
    int64_t all;

    return more < 0 || __builtin_add_overflow(sum, more, &all) ? INT64_MAX : all;
}

#endif
