/*
 * What the source's filesystem can hold. What a mount makes up for every file alike (the modes and owners of
 * exFAT) is no news about a file, and never a reason to correct the destination.
 */
#ifndef AUTOBACKUP_COPY_SOURCE_H
#define AUTOBACKUP_COPY_SOURCE_H

#include <sys/stat.h>

#include "copy/work.h"

/* A descriptor on its filesystem: the replica's directory, or the root where that is gone. */
int source_end(const struct source *s);

/*
 * Fill w->source.holds. Where the type of the filesystem does not tell (FUSE, CIFS, NTFS), the listing does: modes
 * or owners that differ are real; that it has no links says nothing there. cat: has the source's listing. 0, -ECANCELED, or
 * -errno with err.
 */
int source_describe(struct work *w, struct catalog *cat, struct error *err);

/* st, of the source: make it what a name that is new at the destination gets. */
void source_give_new(const struct source *s, struct stat *st);

/* The same for one that replaces `old`, at path in the replica, which keeps its mode and owner where the source holds none, or did not take them. */
void source_give_replaced(const struct work *w, const char *path, const struct stat *old, struct stat *st);

/* The same for one that stays and is corrected: a time that agrees, or cannot be had there, stays, too. */
void source_give_corrected(const struct work *w, const char *path, const struct stat *old, struct stat *st);

#endif
