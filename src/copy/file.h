/*
 * One name to a temp at each destination: opened, checked, copied, complete with its metadata.
 */
#ifndef AUTOBACKUP_COPY_FILE_H
#define AUTOBACKUP_COPY_FILE_H

#include "copy/work.h"

/*
 * Stage the NEW or CHANGED items of a group: a regular file, symlink, FIFO or device, read once. Where it worked
 * item->staged, temp, fresh and the source's times are set. Where it failed the problem is reported and no temp is
 * left, but for the beginning of a large file that was cancelled. An error that ends a whole destination is told with
 * work_fail.
 */
void file_stage(struct data *data, struct group *group);

#endif
