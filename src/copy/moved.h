/*
 * A replica's folder that somebody gives another name while it is copied to.
 */
#ifndef AUTOBACKUP_COPY_MOVED_H
#define AUTOBACKUP_COPY_MOVED_H

#include "copy/work.h"

/*
 * All was written through descriptors: does the replica's path at the destination still lead to the folder that was written to?
 * Where it does not, nothing of what was written is at the replica's path, and that is a problem (ECHANGED) of the whole
 * replica. To be asked when all is written.
 */
void moved_check(struct work *w);

#endif
