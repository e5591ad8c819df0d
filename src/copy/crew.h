/*
 * Several threads go through the items of a batch together.
 */
#ifndef AUTOBACKUP_COPY_CREW_H
#define AUTOBACKUP_COPY_CREW_H

#include <stddef.h>

#include "copy/item.h"

struct crew;

/*
 * Call `work` on so many threads (4 at most), this one among them, until each has returned. Fewer do where no more can
 * be started. A work calls crew_take until there is nothing left.
 */
void crew_run(const struct items *batch, int threads, void (*work)(struct crew *crew, void *arg), void *arg);

/*
 * The next items that are this thread's: from the returned one to before *ret_end, all of one directory, `most` at
 * most. NULL when there are no more.
 */
struct item *crew_take(struct crew *crew, size_t most, struct item **ret_end);

/* Threads that are worth it for so many items of which each needs the processor, not the disk. */
int crew_size(size_t items);

#endif
