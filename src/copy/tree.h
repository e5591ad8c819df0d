/*
 * Going through a tree below a database's root, one thread, one directory at a time: no symlink is followed, no other
 * filesystem entered, and the memory does not grow with the number of files.
 */
#ifndef AUTOBACKUP_COPY_TREE_H
#define AUTOBACKUP_COPY_TREE_H

#include <stdatomic.h>
#include <stdint.h>
#include <sys/stat.h>

struct tree_visitor {
    /* A name that is no directory; dir: open, path: of dir below the top. What is not 0 ends the walk. */
    int (*name)(void *arg, int dir, const char *path, const char *name);
    /*
     * A directory that cannot be read (path: below the top, "" for that itself), with -errno: what is not 0 ends the walk.
     * NULL: one without the right to read it is passed by, another ends it.
     */
    int (*refused)(void *arg, const char *path, int code);
    /* When all names of a directory were seen; before: what it was. May be NULL. */
    void (*left)(void *arg, int dir, const struct stat *before);
    void *arg;
    const atomic_bool *cancel;     /* may be NULL */
};

/* Names that are no directories, and the bytes of regular files that have no other name. */
struct tree_sum {
    int64_t files, bytes;
};

/* Visit all below root/top, if it is there. 0, -ECANCELED, what the visitor returned, or -errno. */
int tree_walk(int root, const char *top, const struct tree_visitor *visitor);

/*
 * For `left`: what was taken out of a directory was never part of it, so its time goes back to what the listing says.
 */
void tree_restore_time(void *arg, int dir, const struct stat *before);

/* Add up what is below root/top. 0 or -errno (-ECANCELED). cancel may be NULL, here and below. */
int tree_measure(int root, const char *top, const atomic_bool *cancel, struct tree_sum *sum);

/* Remove root/top and all below it, adding up what is removed. Gone already is fine. 0 or -errno (-ECANCELED). */
int tree_remove(int root, const char *top, const atomic_bool *cancel, struct tree_sum *sum);

/* Remove root/top and the directories below it as far as there is nothing else in them. */
void tree_remove_folders(int root, const char *top);

#endif
