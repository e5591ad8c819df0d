/*
 * What is ours on a disk is for the same people as the disk: folders and files below a database's .autobackup follow the
 * mode and the group of its root. A group that shares a root shares its versions; a private root keeps them private.
 */
#ifndef AUTOBACKUP_BASE_OURS_H
#define AUTOBACKUP_BASE_OURS_H

#include <stdbool.h>

/*
 * Make the folders of `path` (".autobackup/...") that are missing below root, and open the last one. What is there stays as
 * it is. like: NULL, or the end of `path` that is the path of a folder of the database itself: a new folder on the way there
 * then has no wider rights than the one it stands for. A descriptor the caller closes, or -errno as path_open.
 */
int ours_make_dirs(int root, const char *path, const char *like);

/* Give a file that was just made there the root's group, and those who may write to the root the right to write to it. */
void ours_share(int root, int fd);

/* Those folders at the top of .autobackup that are our user's own and shut out somebody the root lets in are opened. */
void ours_mend(int root);

/* Whose folder keeps us out of `path` below root: its user, with the path in *ret_path, to be freed; -1 when it is none. */
long ours_find_owner(int root, const char *path, char **ret_path);

#endif
