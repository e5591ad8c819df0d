/*
 * A filesystem that shows a folder at a mount point: what each of these tests' filesystems does otherwise is set here.
 */
#ifndef AUTOBACKUP_TESTS_PASSING_H
#define AUTOBACKUP_TESTS_PASSING_H

#include <stdbool.h>

struct passing {
    int folder;                                  /* the one behind, open */
    const char *(*below)(const char *path);      /* a path to that of what is there; valid for some calls. NULL: the same */
    const char *(*renamed)(const char *source, const char *to);    /* what a rename calls it. NULL: as it was asked for */
    unsigned owner;                              /* the user and group that all is of, as far as is seen. 0: as it is */
    bool solid;                                  /* files take the room of their size */
    bool drops_times;                            /* setting one goes well and changes nothing */
};

extern struct passing passing;

/* Serve FOLDER at MOUNTPOINT (the two words of a command line) until it is unmounted. An absolute FOLDER is the
 * mount's source, as that of bindfs is. An exit status. */
int passing_serve(int argc, char **argv);

#endif
