/*
 * A fan: one source, several destinations. Each destination's transfer has a stream of items, in the order of the
 * source's names; the fan's workers take what stands at the same name in all of them together, so that it is read
 * once. A destination that fails leaves the others; a slow one is waited for, with bounded queues.
 *
 * One destination is a fan of one.
 */
#ifndef AUTOBACKUP_COPY_FAN_H
#define AUTOBACKUP_COPY_FAN_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "copy/item.h"

#define FAN_STREAMS 16    /* destinations at most */

struct fan;
struct stream;
struct work;

struct fan_options {
    int streams;          /* destinations: 1 to FAN_STREAMS */
    int jobs;             /* workers; 0 chooses */
    int64_t rate;         /* bytes per second read at most; 0: no bound */
    bool idle;            /* use disks only when nobody else does */
};

/* A fan with one reference. */
struct fan *fan_new(const struct fan_options *options);
struct fan *fan_ref(struct fan *f);

/* Drop a reference; the last one waits for the workers. All its streams must have been left by then. NULL is fine. */
void fan_unref(struct fan *f);

bool fan_is_idle(const struct fan *f);

/* Take one of its streams: NULL when there are no more. The workers wait for all until each is opened or left. */
struct stream *fan_take(struct fan *f);

/* No more will be taken: nobody waits for the others. */
void fan_seal(struct fan *f);

/*
 * For the owner of a stream, one thread. Open it for a work, whose source lies on the device `source`; its items come
 * out staged in w->stage. 0 or -errno when no worker can be started.
 */
int stream_open(struct stream *s, struct work *w, dev_t source);

/* All before this directory (a path in the replica) was added. */
void stream_enter(struct stream *s, const char *dir);

/* Add items (moved), in order; waits while too many are there. */
void stream_add(struct stream *s, struct items *items);

/* Wait until all is staged. What is added afterwards is another pass over the names. */
void stream_drain(struct stream *s);

/* Nothing more comes; at any time, opened or not, more than once. What was added is drained first. */
void stream_leave(struct stream *s);

#endif
