/*
 * The file that a user names behind `>`: made beside it under a name of ours, and put in its place once it is whole.
 * `>>` writes at the end of the file itself.
 */
#ifndef AUTOBACKUP_BASE_LIST_FILE_H
#define AUTOBACKUP_BASE_LIST_FILE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

#include "base/error.h"

struct list_file {
    int dirfd, fd;          /* -1: not open; fd is where to write */
    char name[256], temp[64];
    bool append, existed;
    struct stat was;        /* the file that is to be replaced */
};

/*
 * Whether a file may be written at `path`: nothing there, or a regular file that this user may write. Everything else
 * (a symlink, FIFO, device or directory) and every folder of ours is refused. Returns its size, -ENOENT without err when
 * nothing is there, another -errno with err (-ENOTDIR when its folder is not there).
 */
int64_t list_file_look(const char *path, struct error *err);

/* Open it for writing; mode by umask. Closed with list_file_close. 0 or -errno with err. */
int list_file_open(struct list_file *f, const char *path, bool append, struct error *err);

/* It is whole: put it in its place, if that is as it was. 0 or -errno with err. */
int list_file_keep(struct list_file *f, struct error *err);

/* Close it; what was not kept leaves nothing behind, but for what `>>` has written. */
void list_file_close(struct list_file *f);

#endif
