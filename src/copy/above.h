/*
 * The folders that lead to a replica: made where they are missing, with the replica's own.
 */
#ifndef AUTOBACKUP_COPY_ABOVE_H
#define AUTOBACKUP_COPY_ABOVE_H

#include "copy/work.h"

/*
 * Make the replica's directory at the destination, and the category's and client's above it with the metadata of
 * their counterparts at the source: what cannot be read or set of that is told as a problem of that folder, and all goes on.
 * A folder that its user may not write is opened for that moment (copy/opened.h). Opens w->target.top. 0 or -errno with err.
 */
int above_make(struct work *w, struct error *err);

#endif
