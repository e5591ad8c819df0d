/*
 * The names of one file. A digest goes with a ctime, and each further name moves that: when all names are there, what is
 * known of the file is recorded for each of them.
 */
#ifndef AUTOBACKUP_COPY_KIN_H
#define AUTOBACKUP_COPY_KIN_H

#include <pthread.h>
#include <stdbool.h>
#include <sys/stat.h>

#include "base/error.h"
#include "base/map.h"
#include "index/merge.h"
#include "index/taken.h"

struct known_file;
struct plan;
struct plan_name;
struct work;

/* Zero it to start. */
struct kin {
    pthread_mutex_t lock;      /* of the fields below */
    struct map files;          /* map_file_key at the destination -> struct known_file, owned */
    struct map listed;         /* hash of a path -> the same, of what the catalog says */
    struct known_file *at;     /* between kin_before and kin_after */
};

struct kin_source {
    uint64_t ino;              /* at the source */
    bool whole;                /* the copy was given all its attributes */
};

/* A file with several names at the source is recorded like this at the destination, where it is `st`. For any thread. */
void kin_note(struct kin *n, const struct taken *target, const struct taken *source, const struct stat *st,
                struct kin_source from);

/* The destination has had this name, the first of a file, whose digest may go to further ones. Only a pass of the plan calls it. */
void kin_expect(struct kin *n, const struct plan_name *name);

/*
 * Around each step of ours that makes a further name: dir/name leads to the file before, and likewise after it. leader: the path
 * of the name it has; NULL where that was said before. What was done to the file besides, since its digest was taken, leaves
 * none. Locked in between: short.
 */
void kin_before(struct kin *n, const char *leader, int dir, const char *name);
void kin_after(struct kin *n, int dir, const char *name);

/* When all names are in place: record what is known, for each name. 0, or -errno with err. */
int kin_record(struct work *w, struct plan *plan, struct error *err);

void kin_free(struct kin *n);

#endif
