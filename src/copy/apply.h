/*
 * The three moments of one item in a batch: prepared before the sync, applied after it, settled when its name is
 * durable.
 */
#ifndef AUTOBACKUP_COPY_APPLY_H
#define AUTOBACKUP_COPY_APPLY_H

#include "copy/commit.h"

/*
 * Check that the destination's name still is what the listing said, keep what will be replaced as a version,
 * announce it in the manifest. False when it must not go on: reported.
 */
bool apply_prepare(struct commit *c, struct item *item);

/* From any thread: the item, announced under this path, is not done. */
void apply_void(struct commit *c, const struct item *item, const char *path);

/* From any thread: announce what the directory of the twin was, before names in it change. */
void apply_announce_folder(struct work *w, struct twin *twin);

/*
 * From any thread: announce in the manifest, and write there, that the item, a directory, is about to be made, and
 * what the one it lies in was.
 */
void apply_announce_directory(struct work *w, const struct item *item);

/*
 * Give the temp its name (a NEW one from any thread, each item from one), move the extra file away, or correct the
 * metadata. False: reported, nothing changed.
 */
bool apply_item(struct commit *c, struct item *item);

/* From any thread: count it, and write down its digest where it is still the file that was placed, with its times. */
void apply_settle(struct commit *c, struct item *item);

#endif
