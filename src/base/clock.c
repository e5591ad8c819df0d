#include "base/clock.h"

static int64_t read_clock(clockid_t id)
{
    struct timespec ts;
    clock_gettime(id, &ts);
    return clock_join(ts.tv_sec, (uint32_t)ts.tv_nsec);
}

int64_t clock_now(void) { return read_clock(CLOCK_REALTIME); }
int64_t clock_monotonic(void) { return read_clock(CLOCK_MONOTONIC); }

int64_t clock_join(int64_t sec, uint32_t nsec)
{
    int64_t ns;

    if (__builtin_mul_overflow(sec, NSEC_PER_SEC, &ns) || __builtin_add_overflow(ns, (int64_t)nsec, &ns))
        return sec < 0 ? INT64_MIN : INT64_MAX;
    return ns;
}

struct timespec clock_split(int64_t ns)
{
    int64_t sec = ns / NSEC_PER_SEC, rest = ns % NSEC_PER_SEC;

    if (rest < 0) {
        sec--;
        rest += NSEC_PER_SEC;
    }
    return (struct timespec){.tv_sec = (time_t)sec, .tv_nsec = (long)rest};
}
