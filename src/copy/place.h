/*
 * Giving a finished file its final name, so that no name is ever without a file and no file of others is lost.
 */
#ifndef AUTOBACKUP_COPY_PLACE_H
#define AUTOBACKUP_COPY_PLACE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <sys/stat.h>

/*
 * Rename from_dir/from to to_dir/to where no such name is. Where the filesystem has no RENAME_NOREPLACE a link
 * does the same. 0, -EEXIST, or -errno.
 */
int place_new(int from_dir, const char *from, int to_dir, const char *to);

/*
 * Exchange dir/temp and dir/name, then look at what came out: it must be the file `expected` (STILL_SAME), else they
 * are exchanged back and -ESTALE is returned. On success the old file is dir/temp; on
 * failure that is ours again, but for *ret_foreign: it is another's file that could not be put back.
 * -EINVAL or -ENOSYS where the filesystem cannot. 0 or -errno.
 */
int place_exchange(int dir, const char *temp, const char *name, const struct stat *expected, bool *ret_foreign);

/* The same where the temp lies in another directory of the same filesystem. */
int place_exchange_from(int temp_dir, const char *temp, int dir, const char *name, const struct stat *expected,
                        bool *ret_foreign);

/*
 * Remove dir/name when it is the file `expected`, of which there is a copy. It is looked at under a name of ours, as
 * another may take its place in the last moment: that one goes back; where it
 * cannot, *left becomes true (temp_leave). 0, -ESTALE, or -errno.
 */
int place_remove(int dir, const char *name, const struct stat *expected, atomic_bool *left);

#endif
