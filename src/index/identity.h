/*
 * Which disk is this? A database's marker.
 */
#ifndef AUTOBACKUP_INDEX_IDENTITY_H
#define AUTOBACKUP_INDEX_IDENTITY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "index/filesystem.h"

#define IDENTITY_SIZE 64    /* room for an identity and its NUL */

/*
 * The identity of the database rooted at the descriptor: from its marker (`id` in
 * .autobackup/database.json), else "fs:TYPE:ID:INODE" of its filesystem. *ret_marker says which.
 * 0 or -errno (-EBADMSG: there is a marker and it is damaged).
 */
int identity_read(int root, char ret_id[IDENTITY_SIZE], bool *ret_marker, struct error *err);

/*
 * Write a marker with a new random id. name: the database's, for people who look. -EROFS and -EACCES are
 * for the caller to judge. 0 or -errno.
 */
int identity_write(int root, const char *name, char ret_id[IDENTITY_SIZE], struct error *err);

/*
 * Open a database's root and check that it is the one we know: path as registered, id as identity_read gave
 * it then. Returns a descriptor, or -errno with a message that says whether it is not mounted or another disk
 * (code EOFFLINE for both).
 */
int identity_open(const char *path, const char *id, struct error *err);

#endif
