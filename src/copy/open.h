/*
 * Opening both ends of a copy: the right disks, the lock, and what the destination can do.
 */
#ifndef AUTOBACKUP_COPY_OPEN_H
#define AUTOBACKUP_COPY_OPEN_H

#include "copy/journal.h"
#include "copy/work.h"

/*
 * Fill a work for its request: roots by identity, the replica's directories (the target's may be missing), the
 * lock and a sweep of dead operations unless it is a dry run. cat: for names. journal may be NULL; in it dead
 * operations become failed ones. 0 or -errno with err; work_close is needed in both cases.
 */
int work_open(struct work *w, const struct transfer_request *request, struct job *job, struct catalog *cat,
              struct journal *journal, struct error *err);
void work_close(struct work *w);

/* When the target's directory exists: a descriptor to sync by, and folders. 0 or -errno. */
int work_ready(struct work *w);

#endif
