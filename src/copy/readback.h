/*
 * Reading back what was written, from the disk and not from memory, before it gets its name.
 */
#ifndef AUTOBACKUP_COPY_READBACK_H
#define AUTOBACKUP_COPY_READBACK_H

#include "copy/work.h"

/*
 * Check the temps of a batch that was synced against the digests of what was read. Those that differ, or cannot be
 * read, are reported and get item->failed; their temps stay for the caller to remove.
 */
void readback_check(struct work *w, struct items *batch);

#endif
