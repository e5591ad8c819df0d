/*
 * Extended attributes in the manifest: what a file or directory had before a copy corrected or removed it.
 */
#ifndef AUTOBACKUP_COPY_ATTRIBUTES_H
#define AUTOBACKUP_COPY_ATTRIBUTES_H

#include <stdbool.h>

#include "base/buf.h"
#include "copy/manifest.h"
#include "copy/xattr.h"

/* Append the attributes of dir/name (not followed; "." for dir itself), as xattr_pack. 0 or -errno. */
int attributes_pack(int dir, const char *name, bool root, struct buf *out);

/* Has this file the attributes of a list, whatever their order? 1 or 0, or -errno. root: as in xattr_pack. */
int attributes_agree(struct xattr_file file, bool root, const char *list);

/*
 * Add the attributes of dir/name (not followed; "." for dir itself) to the manifest as those of `path`. root: as in
 * xattr_pack. What cannot be read, or is above 1 MiB, is left out: then undo leaves attributes alone.
 */
void attributes_announce(struct manifest *m, const char *path, int dir, const char *name, bool root);

#endif
