/*
 * Correcting the metadata of a file whose content is the same on both sides.
 */
#ifndef AUTOBACKUP_COPY_FIX_H
#define AUTOBACKUP_COPY_FIX_H

#include "copy/work.h"

/*
 * Give the item's name in target_dir the metadata of its source in source_dir, as far as that has any. A
 * confirmed digest of the destination stays one: item->fresh then has it. 0, -ESTALE when either is not what the
 * listing said any more, or -errno; then *ret_side is whose error it is.
 */
int fix_metadata(struct work *w, struct item *item, int source_dir, int target_dir, enum side *ret_side);

#endif
