#include "index/traits.h"

#include "base/clock.h"

static uint64_t distance(int64_t a, int64_t b)
{
    return a > b ? (uint64_t)a - (uint64_t)b : (uint64_t)b - (uint64_t)a;
}

bool times_agree(int64_t a, int64_t b, int64_t granularity)
{
    return distance(a, b) < (uint64_t)(granularity > 1 ? granularity : 1);
}

#define EARLIEST (315532800 * NSEC_PER_SEC)          /* 1980: before it FAT has none, others a later end */
#define LATEST (INT64_C(0x7fffffff) * NSEC_PER_SEC)  /* 2038: the first of the ends to come, of 32 bits */
#define LISTED (60 * NSEC_PER_SEC)                   /* FTP and the like tell minutes */

bool times_are_beyond(int64_t a, int64_t b) { return (a < EARLIEST && b < EARLIEST) || (a >= LATEST && b >= LATEST); }

/* The kernel stores the whole first second as its beginning. */
int64_t traits_stored(const struct traits *t, int64_t time)
{
    if (t->has_oldest && time < t->oldest + NSEC_PER_SEC)
        return t->oldest;
    return t->has_newest && time > t->newest ? t->newest : time;
}

struct timespec traits_clamp(const struct traits *t, struct timespec time)
{
    int64_t wanted = clock_join(time.tv_sec, (uint32_t)time.tv_nsec), stored = traits_stored(t, wanted);

    return stored == wanted ? time : clock_split(stored);
}

static int64_t granularity_at(const struct traits *t, int64_t a, int64_t b)
{
    return (a < 0 || b < 0) && t->early > t->granularity ? t->early : t->granularity;
}

/* The granularity that a time may have, at most `most`: those in use are tried, the coarsest first. */
static int64_t shown_by(int64_t time, int64_t most)
{
    static const int64_t steps[] = {LISTED, TRAITS_COARSEST, NSEC_PER_SEC, 10 * NSEC_PER_MSEC, NSEC_PER_MSEC, 1000, 100};

    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++)
        if (steps[i] <= most && time % steps[i] == 0)
            return steps[i];
    return 1;
}

/*
 * With `may_be`: what cannot be excluded. Who writes a format of parts of a second may store less (exFAT through FUSE, a UDF disc),
 * unless it keeps all.
 */
static int64_t step_of(const struct traits *t, int64_t own, int64_t other, bool may_be)
{
    if (t->source == TRAITS_MEASURED)
        return granularity_at(t, own, other);
    if (t->source == TRAITS_BY_TYPE)
        return shown_by(own, may_be && t->granularity > 1 && t->granularity < NSEC_PER_SEC ? TRAITS_COARSEST : t->granularity);
    return may_be ? shown_by(own, LISTED) : 1;
}

int64_t traits_step(const struct traits *t, int64_t time)
{
    return t->source == TRAITS_UNKNOWN ? shown_by(time, TRAITS_COARSEST) : step_of(t, time, time, false);
}

bool traits_hold(const struct traits *t, int64_t wanted, int64_t found)
{
    int64_t granularity = t->source == TRAITS_MEASURED ? granularity_at(t, wanted, found) : traits_step(t, found);

    return t->drops_times || times_agree(wanted, found, granularity) ||
           times_agree(traits_stored(t, wanted), found, granularity);
}

static bool agree(const struct traits_pair *p, int64_t left, int64_t right, int64_t granularity)
{
    return times_agree(left, right, granularity) || distance(left, right) <= (uint64_t)(p->window > 0 ? p->window : 0);
}

static bool all_agree(const struct traits_pair *p, int64_t left, int64_t right, bool may_be)
{
    const struct traits *l = &p->left, *r = &p->right;
    int64_t one = step_of(l, left, right, may_be), other = step_of(r, right, left, may_be);
    int64_t coarser = one > other ? one : other;

    return agree(p, left, right, coarser) || agree(p, traits_stored(r, left), right, coarser) ||
           agree(p, left, traits_stored(l, right), coarser);
}

enum times traits_compare(const struct traits_pair *p, int64_t left, int64_t right)
{
    if (left == right || all_agree(p, left, right, false))
        return TIMES_AGREE;
    bool unmeasured = p->left.source != TRAITS_MEASURED || p->right.source != TRAITS_MEASURED;
    bool unknown = p->left.drops_times || p->right.drops_times || (unmeasured && times_are_beyond(left, right)) ||
                   all_agree(p, left, right, true);
    return unknown ? TIMES_UNKNOWN : TIMES_DIFFER;
}

enum times traits_compare_links(const struct traits_pair *p, int64_t left, int64_t right)
{
    enum times times = traits_compare(p, left, right);
    bool drops = p->left.drops_link_times || p->right.drops_link_times;

    return times == TIMES_DIFFER && drops ? TIMES_UNKNOWN : times;
}
