/*
 * Files that belong to the user or to this program itself (history, startup file, catalog's folder), by ordinary
 * paths that may go through symlinks. What lies in a database is reached through path.h instead.
 */
#ifndef AUTOBACKUP_BASE_FILE_H
#define AUTOBACKUP_BASE_FILE_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/buf.h"
#include "base/error.h"

/* Append a whole file to ret_bytes. 0 or -errno with err; -EFBIG when it has more than max bytes. */
int file_read(const char *path, size_t max, struct buf *ret_bytes, struct error *err);

/* Replace a file by these bytes, atomically and durably; through a symlink, its target. 0 or -errno with err. */
int file_write(const char *path, mode_t mode, const void *data, size_t len, struct error *err);

/*
 * How many bytes of a regular file are there from its beginning on: up to its first hole. Room that was reserved and
 * never written is one, where the filesystem tells. Follows no symlink at the end of the path. -errno when it cannot
 * be read or is no regular file.
 */
int64_t file_written(const char *path);

/*
 * Has a regular file content although it says that its size is 0, as files of the kernel's have (/proc, /sys)? FILE_HIDES stands
 * for that where an errno is told.
 */
#define FILE_HIDES EMEDIUMTYPE
bool file_hides(int fd);

/* Make a directory with `mode` and its missing parents. One that exists is fine. 0 or -errno with err. */
int file_make_dirs(const char *path, mode_t mode, struct error *err);

/*
 * Read a file that nobody but the user and root can have written: opened once, without following a symlink or
 * waiting for a FIFO, and judged by that descriptor: regular, owned by the user or root, writable by neither
 * group nor others, at most max bytes. ret_bytes and ret_path (its canonical path) are appended to.
 * 0 or -errno with err; code EUNSAFE for a file that fails the judgement, EFBIG for one too large.
 */
int file_read_private(const char *path, size_t max, struct buf *ret_bytes, struct buf *ret_path,
                      struct error *err);

/* Names in a directory without "." and "..", sorted by their bytes. */
struct names {
    char **name;      /* owned */
    size_t count;
};
int file_list(const char *path, struct names *ret_names, struct error *err);    /* 0 or -errno with err */
void names_free(struct names *names);

#endif
