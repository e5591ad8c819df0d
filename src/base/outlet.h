/*
 * Where standard output goes while one command runs: into programs, a file, or through programs into a file.
 * One at a time.
 */
#ifndef AUTOBACKUP_BASE_OUTLET_H
#define AUTOBACKUP_BASE_OUTLET_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/error.h"
#include "base/list_file.h"

#define OUTLET_MOST 32    /* programs */

struct outlet {
    struct list_file file;
    bool has_file;
    int ours;                      /* standard output as it was; -1: it is in its place */
    pid_t pids[OUTLET_MOST];       /* of our own process group, so that the keys of the terminal reach all */
    int status[OUTLET_MOST];       /* once waited for: exit statuses, 128+n: killed by signal n */
    size_t count;                  /* programs that were started */
    bool interrupted;              /* Ctrl-C ended one of them while it was waited for */
};

/*
 * Open the file, start the programs, each reading what the one before it writes, and put standard output in front of
 * them. argvs: count argument lists, NULL at the end of each; path may be NULL. 0 or -errno with err, then nothing is open.
 */
int outlet_open(struct outlet *o, char *const *const argvs[], size_t count, const char *path, bool append,
                struct error *err);

/* Standard output is ours again; what it could not write is forgotten. 0, or -errno of what was still to be written. */
int outlet_restore(struct outlet *o);

/* Restore, and wait for the programs. A Ctrl-C meanwhile is theirs; SIGTERM and SIGHUP are passed on. */
void outlet_wait(struct outlet *o);

/* The file is whole. 0 or -errno with err. */
int outlet_keep(struct outlet *o, struct error *err);

/* Restore, wait and close; a file that was not kept is dropped. */
void outlet_close(struct outlet *o);

#endif
