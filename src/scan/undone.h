/*
 * Which operations' kept versions may have changed since they were counted: those that run, and those that an undo or a
 * prune was about, from this workstation or another. Their manifests (copy/manifest.h) tell.
 */
#ifndef AUTOBACKUP_SCAN_UNDONE_H
#define AUTOBACKUP_SCAN_UNDONE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct undone_name {
    char *name;              /* of an operation */
    bool running;            /* it runs, or what changes its versions does; or that died */
};

/* Zero it to start. */
struct undone {
    struct undone_name *list;
    size_t count, room;
    bool all, all_running;   /* as if all operations were in the list: a prune, or a manifest that cannot be read */
    int64_t newest;          /* the newest ctime of a manifest, ns; 0: there is none */
};

/*
 * Look at the manifests below a database's open root that were not there, or were not finished, when the newest one was
 * of `since`. What cannot be read may be about any operation.
 */
void undone_read(int root, int64_t since, struct undone *ret_undone);

bool undone_has(const struct undone *u, const char *operation);
bool undone_is_running(const struct undone *u, const char *operation);

/*
 * The replicas (paths relative to the database) that operations are at work in, or died in. False when that is not known of all:
 * a manifest of one cannot be read.
 */
bool undone_at_work(int root, void (*see)(void *arg, const char *replica), void *arg);

void undone_free(struct undone *u);

#endif
