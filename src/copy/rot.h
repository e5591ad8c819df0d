/*
 * A source that rots must not replace a good copy, and what one copy saw of it is not forgotten: the catalog gets the mark that
 * verify would give it, so that from then on nobody takes the file for the same as a good one.
 */
#ifndef AUTOBACKUP_COPY_ROT_H
#define AUTOBACKUP_COPY_ROT_H

#include "copy/item.h"
#include "copy/reading.h"
#include "copy/work.h"

/*
 * The source of an item was read from end to end: digest and size of what came. Has it the content that it must have: that of the
 * digest which the catalog confirms for this very file (size, mtime, ctime), in a repair that of the file to be mended? 0; -EBADMSG
 * when not, and the first kind is noted; -ESTALE or -errno when it changed under the reading (reading_check).
 */
int rot_check(const struct item *item, const struct reading *from, struct data *data, const struct digest *digest, uint64_t size);

/* Write what was noted of the request's source to the catalog. When nobody notes any more. 0 or -errno with err. */
int rot_write(struct work *w, struct catalog *cat, struct error *err);
void rot_free(struct work *w);

#endif
