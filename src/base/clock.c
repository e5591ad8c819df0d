#include "base/clock.h"

static int64_t read_clock(clockid_t id)
{
    struct timespec ts;
    clock_gettime(id, &ts);
    return clock_join(ts.tv_sec, (uint32_t)ts.tv_nsec);
}

int64_t clock_now(void) { return read_clock(CLOCK_REALTIME); }
int64_t clock_monotonic(void) { return read_clock(CLOCK_MONOTONIC); }

/*
 * What 64 bits hold of nanoseconds ends some hours after FAR seconds. The numbers from there on are counted in 1024ths of a
 * second.
 */
#define FAR INT64_C(9223354443)
#define FIRST_FAR ((FAR + 1) * NSEC_PER_SEC)
#define PARTS 1024
#define PART_SHIFT 20    /* nanoseconds >> this: below PARTS */

/* Parts of a second after FAR, or before it on the other side. */
static int64_t far_number(int64_t parts)
{
    return parts < INT64_MAX - FIRST_FAR ? FIRST_FAR + parts : INT64_MAX;
}

int64_t clock_join(int64_t sec, uint32_t nsec)
{
    const int64_t most = INT64_MAX / PARTS, part = nsec >> PART_SHIFT;
    int64_t beyond;

    if (sec > FAR) {
        beyond = sec - FAR - 1;
        return far_number(beyond < most ? beyond * PARTS + part : INT64_MAX);
    }
    if (sec < -FAR) {
        beyond = sec < -most ? most : -FAR - sec;
        return -far_number(beyond * PARTS - part);
    }
    return sec * NSEC_PER_SEC + nsec;
}

static struct timespec split_far(int64_t ns)
{
    int64_t parts = (ns > 0 ? ns : -ns) - FIRST_FAR, up = (parts + PARTS - 1) / PARTS;

    if (ns > 0)
        return (struct timespec){.tv_sec = FAR + 1 + parts / PARTS, .tv_nsec = (parts % PARTS) << PART_SHIFT};
    return (struct timespec){.tv_sec = -FAR - up, .tv_nsec = (up * PARTS - parts) << PART_SHIFT};
}

struct timespec clock_split(int64_t ns)
{
    int64_t sec = ns / NSEC_PER_SEC, rest = ns % NSEC_PER_SEC;

    if (ns >= FIRST_FAR || ns <= -FIRST_FAR)
        return split_far(ns > INT64_MIN ? ns : ns + 1);
    if (rest < 0) {
        sec--;
        rest += NSEC_PER_SEC;
    }
    return (struct timespec){.tv_sec = (time_t)sec, .tv_nsec = (long)rest};
}
