/*
 * One name to a temp at the destination: opened, checked, copied, complete with its metadata.
 */
#ifndef AUTOBACKUP_COPY_FILE_H
#define AUTOBACKUP_COPY_FILE_H

#include "copy/work.h"

/*
 * Stage a NEW or CHANGED item: a regular file, symlink, FIFO or device. On success item->temp, fresh and the
 * source's times are set. False when it failed: the problem is reported, no temp is left. An error that ends the
 * whole destination is told with work_fail.
 */
bool file_stage(struct work *w, struct data *data, struct item *item);

/*
 * Stage a regular file as a hard link to `leader` (a path relative to the replica at the target) instead. 0,
 * -ESTALE when the leader is not the file it should be or the destination has no links: copy it, then.
 */
int file_stage_link(struct work *w, struct item *item, const char *leader);

#endif
