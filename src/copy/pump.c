#include "copy/pump.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"

#define SLOTS 4

struct slot {
    char *data;
    size_t len;
    uint64_t at;
};

/* One sink's thread. */
struct lane {
    struct pump *pump;
    struct sink *sink;
    pthread_t thread;
    uint64_t taken;           /* pieces it is done with */
    bool out;                 /* its sink is */
};

struct pump {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    char *memory;             /* of all slots */
    struct slot slots[SLOTS];
    uint64_t given;           /* pieces */
    bool closed;
    int count, out;           /* lanes, and those whose sink is out */
    struct lane lanes[PUMP_SINKS];
};

struct pump *pump_new(void)
{
    struct pump *p = mem_zalloc(sizeof *p);

    pthread_mutex_init(&p->lock, NULL);
    pthread_cond_init(&p->changed, NULL);
    return p;
}

void pump_free(struct pump *p)
{
    if (!p)
        return;
    pthread_cond_destroy(&p->changed);
    pthread_mutex_destroy(&p->lock);
    free(p->memory);
    free(p);
}

static void make_memory(struct pump *p)
{
    p->memory = aligned_alloc(SINK_ALIGNMENT, (size_t)SLOTS * PUMP_PIECE);
    if (!p->memory)
        abort();
    for (int i = 0; i < SLOTS; i++)
        p->slots[i].data = p->memory + (size_t)i * PUMP_PIECE;
}

/* The next piece for a lane, or NULL when there are no more. */
static const struct slot *wait_piece(struct lane *lane)
{
    struct pump *p = lane->pump;

    pthread_mutex_lock(&p->lock);
    while (lane->taken == p->given && !p->closed)
        pthread_cond_wait(&p->changed, &p->lock);
    const struct slot *slot = lane->taken < p->given ? &p->slots[lane->taken % SLOTS] : NULL;
    pthread_mutex_unlock(&p->lock);
    return slot;
}

static void done_piece(struct lane *lane, bool went_out)
{
    struct pump *p = lane->pump;

    pthread_mutex_lock(&p->lock);
    lane->taken++;
    p->out += went_out;
    lane->out |= went_out;
    pthread_cond_broadcast(&p->changed);
    pthread_mutex_unlock(&p->lock);
}

/* A sink that is out goes on taking pieces, so that nobody waits for it. */
static void *lane_main(void *arg)
{
    struct lane *lane = arg;
    const struct slot *slot;
    bool out = false;

    while ((slot = wait_piece(lane))) {
        sink_put(lane->sink, slot->data, slot->len, slot->at, true);
        bool went_out = !out && lane->sink->code != 0;
        out |= went_out;
        done_piece(lane, went_out);
    }
    return NULL;
}

static void close_lanes(struct pump *p)
{
    pthread_mutex_lock(&p->lock);
    p->closed = true;
    pthread_cond_broadcast(&p->changed);
    pthread_mutex_unlock(&p->lock);
    for (int i = 0; i < p->count; i++)
        pthread_join(p->lanes[i].thread, NULL);
}

int pump_start(struct pump *p, struct sink *sinks, int count)
{
    int code = count > PUMP_SINKS ? -E2BIG : 0;

    if (!p->memory)
        make_memory(p);
    p->given = 0;
    p->closed = false;
    p->count = p->out = 0;
    while (!code && p->count < count) {
        struct lane *lane = &p->lanes[p->count];
        *lane = (struct lane){.pump = p, .sink = &sinks[p->count]};
        code = -pthread_create(&lane->thread, NULL, lane_main, lane);
        p->count += !code;
    }
    if (code)
        close_lanes(p);
    return code;
}

static uint64_t slowest(const struct pump *p)
{
    uint64_t least = p->given;

    for (int i = 0; i < p->count; i++)
        if (p->lanes[i].taken < least)
            least = p->lanes[i].taken;
    return least;
}

char *pump_room(struct pump *p)
{
    pthread_mutex_lock(&p->lock);
    while (p->out < p->count && p->given - slowest(p) == SLOTS)
        pthread_cond_wait(&p->changed, &p->lock);
    char *room = p->out < p->count ? p->slots[p->given % SLOTS].data : NULL;
    pthread_mutex_unlock(&p->lock);
    return room;
}

void pump_give(struct pump *p, size_t len, uint64_t at)
{
    struct slot *slot = &p->slots[p->given % SLOTS];

    slot->len = len;
    slot->at = at;
    pthread_mutex_lock(&p->lock);
    p->given++;
    pthread_cond_broadcast(&p->changed);
    pthread_mutex_unlock(&p->lock);
}

bool pump_is_over(struct pump *p)
{
    bool over = true;

    pthread_mutex_lock(&p->lock);
    for (int i = 0; i < p->count; i++)
        over &= p->lanes[i].out || sink_is_asked_to_stop(p->lanes[i].sink);
    pthread_mutex_unlock(&p->lock);
    return over;
}

void pump_finish(struct pump *p) { close_lanes(p); }
