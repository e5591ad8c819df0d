/*
 * Temps: files under names of our own in the destination's directories, until they are whole and synced.
 *
 * Files without a name (O_TMPFILE) would be a few per cent quicker on ext4 and leave nothing behind. But ext4 keeps a
 * list of them that (without its feature orphan_file) begins in the superblock: that changes with every batch then, and
 * a disk whose power is cut while it is written may hold half of it, so that the filesystem cannot be mounted until it is
 * repaired. Without a journal, a name can reach the disk before the inode counts it.
 */
#ifndef AUTOBACKUP_COPY_TEMP_H
#define AUTOBACKUP_COPY_TEMP_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define TEMP_NAME_SIZE 40    /* room for a temp's name and its NUL */

/* A fresh random name: ".autobackup-" and 16 hex digits. */
void temp_name(char ret_name[TEMP_NAME_SIZE]);

/* The name under which a replaced file waits to be moved to the versions: ".autobackup-x-" and 16 hex digits. */
void temp_exchange_name(char ret_name[TEMP_NAME_SIZE]);

/*
 * The name of the temp of a large file, from its path relative to the database: ".autobackup-p-" and 16 hex digits.
 * Cut short, it is found again and gone on with.
 */
void temp_partial_name(const char *path, char ret_name[TEMP_NAME_SIZE]);
bool temp_is_partial(const char *name);

/* Is it a temp that may be removed when its operation is dead; is it a replaced file that must be kept? */
bool temp_is(const char *name);
bool temp_is_exchange(const char *name);

/* Create an empty temp (read and write) in dir, its mode less the umask. A descriptor with ret_name, or -errno. */
int temp_create(int dir, mode_t mode, char ret_name[TEMP_NAME_SIZE]);

/*
 * Open the temp of a large file in dir (read and write), or create it, in place of another user's file. *ret_resume: it was
 * there, and is a file of our own that nobody else has open so. A descriptor with ret_name, or -errno: -EEXIST when something else has its
 * name.
 */
int temp_open_partial(int dir, const char *path, char ret_name[TEMP_NAME_SIZE], bool *ret_resume);

/*
 * Make something that is no regular file under a temp name: `make` returns 0 or -errno and is called again with
 * another name on -EEXIST. 0 with ret_name, or -errno.
 */
int temp_make(int dir, int (*make)(int dir, const char *name, const void *arg), const void *arg,
              char ret_name[TEMP_NAME_SIZE]);

/*
 * Remove a temp and empty its name; nothing when the name is empty. *left (the operation's; may be NULL) becomes true when
 * it stays: then the operation stays open, so that the next one sweeps up behind it.
 */
void temp_remove(int dir, char name[TEMP_NAME_SIZE], atomic_bool *left);

/*
 * Leave a file that is not ours to remove: under the name of a replaced one, which the next copy keeps as a version. *left
 * becomes true.
 */
void temp_leave(int dir, char name[TEMP_NAME_SIZE], atomic_bool *left);

#endif
