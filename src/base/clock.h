/*
 * Times are nanoseconds since 1970 UTC in an int64_t, durations nanoseconds too. Before the year 1677 and after 2262 that number
 * stands for milliseconds instead, so that times there are told apart and in their order, until the year 1133 and 2806.
 */
#ifndef AUTOBACKUP_BASE_CLOCK_H
#define AUTOBACKUP_BASE_CLOCK_H

#include <stdint.h>
#include <sys/stat.h>
#include <time.h>

#define NSEC_PER_SEC 1000000000LL
#define NSEC_PER_MSEC 1000000LL

int64_t clock_now(void);          /* wall clock */
int64_t clock_monotonic(void);    /* for measuring and waiting */

/* Seconds and nanoseconds to one number; what is farther away is the last one (never INT64_MIN, which no time has). */
int64_t clock_join(int64_t sec, uint32_t nsec);

/* The inverse, to the millisecond where the number stands for those; nsec is 0..999999999 for times before 1970 too. */
struct timespec clock_split(int64_t ns);

#endif
