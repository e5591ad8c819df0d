/*
 * Whole reads and writes: short counts and EINTR end here.
 */
#ifndef AUTOBACKUP_BASE_IO_H
#define AUTOBACKUP_BASE_IO_H

#include <stddef.h>
#include <sys/types.h>

#include "base/buf.h"

/* Read until len bytes or the end of the file. Returns the bytes read, or -errno. */
ssize_t io_read(int fd, void *data, size_t len);

/* Write all of it. Returns 0 or -errno; -EIO when nothing more is taken. */
int io_write(int fd, const void *data, size_t len);

/* The same at a position of the file, leaving the descriptor's own where it is. */
ssize_t io_read_at(int fd, void *data, size_t len, off_t at);
int io_write_at(int fd, const void *data, size_t len, off_t at);

/* Read a whole file into buf (appended). -EFBIG when it is larger than max bytes. Returns 0 or -errno. */
int io_read_all(int fd, size_t max, struct buf *buf);

/*
 * Replace dirfd/name by these bytes so that a reader sees the old or the new ones, never a mixture:
 * temp, fsync, rename, fsync of the directory. Returns 0 or -errno.
 */
int io_replace_file(int dirfd, const char *name, mode_t mode, const void *data, size_t len);

#endif
