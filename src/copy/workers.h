/*
 * The threads of a copy: workers that stage files, and the committer.
 */
#ifndef AUTOBACKUP_COPY_WORKERS_H
#define AUTOBACKUP_COPY_WORKERS_H

#include "copy/journal.h"
#include "copy/work.h"

struct workers;

/* Start `count` workers (0 chooses) and the committer. journal may be NULL. 0 or -errno with err. */
int workers_start(struct work *w, struct journal *journal, int count, struct workers **ret_workers,
                  struct error *err);

/* Wait until all that was fed is staged and committed. */
void workers_drain(struct work *w);

/* End the threads, which first finish what they have, and free. NULL is fine. */
void workers_stop(struct workers *workers);

#endif
