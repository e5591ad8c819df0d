/*
 * The committer: the thread of one destination that gives what was staged its names, batch by batch.
 */
#ifndef AUTOBACKUP_COPY_COMMITTER_H
#define AUTOBACKUP_COPY_COMMITTER_H

#include "copy/journal.h"
#include "copy/work.h"

struct committer;

/* Start it. journal may be NULL. 0 or -errno with err. */
int committer_start(struct work *w, struct journal *journal, struct committer **ret_committer, struct error *err);

/* End it, which first commits what is staged, and free. NULL is fine. */
void committer_stop(struct committer *c);

#endif
