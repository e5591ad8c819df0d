/*
 * Directories of the destination: made before what lies in them, finished after it.
 */
#ifndef AUTOBACKUP_COPY_DIRECTORIES_H
#define AUTOBACKUP_COPY_DIRECTORIES_H

#include "copy/plan.h"
#include "copy/work.h"

/*
 * The mode to make a directory with in `parent` that shall get the rights of `wanted`: what is left when a copy is killed
 * must not shut out those who share the disk, nor let in anybody who may not in the end.
 */
mode_t directories_first_mode(const struct stat *parent, const struct stat *wanted);

/*
 * When all files are in place, give every directory its metadata, deepest first, and (mirror) remove those that
 * the source has not and that are empty by now. 0, -ECANCELED, or -errno with err.
 */
int directories_finish(struct work *w, struct plan *plan, struct error *err);

/*
 * Directories that a copy works in and is not about (all of a repair's, those that lead to what --only covers) get
 * nothing but their own time back; folders that were read-only, and were opened, their mode. directories_remember: what one is, before a name in it changes; the first time
 * counts. directories_put_back: when no name in them changes any more; forgets them too.
 */
void directories_remember(struct work *w, const char *path, const struct stat *before);
void directories_put_back(struct work *w);

/*
 * Remove an empty directory of the destination, announced like those that a mirror removes. 0, -ENOTEMPTY (or -EEXIST: not
 * empty), or -errno.
 */
int directories_remove(struct work *w, const char *path);

#endif
