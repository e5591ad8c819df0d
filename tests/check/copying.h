/*
 * Whole copies between the databases A and B of a library, for suites: the replica P, from A to B.
 */
#ifndef AUTOBACKUP_TESTS_COPYING_H
#define AUTOBACKUP_TESTS_COPYING_H

#include "copy/transfer.h"
#include "library.h"

#define P "one/acme/spot"

/* What a transfer ended with. Texts are those of the last event of their kind; problem is the first one. */
struct outcome {
    char type[16], code[16], problem_code[16], operation[64], action[16];
    char message[400], problem[400], note[400];
    int64_t copied, bytes, unchanged, replaced, removed, metadata, others, made, conflicts, failed, recorded,
        cancelled, conflicting_files, failed_files, left;
    int problems, notes, actions;
    int64_t planned_new, planned_changed, planned_bytes;
    int64_t progress_bytes;    /* the most that was shown */
};

extern struct library lib;
extern struct outcome out;
extern struct transfer_request copying;    /* the options of the next transfer */
extern int64_t copying_granularity;    /* of the source, as if it had been measured; 0: as its type says */
extern int operations;                     /* started so far */

void copying_open(void);
void copying_close(void);

char *copying_identity(const char *name);  /* of A or B, to be freed */
char *copying_root(const char *name);      /* its path, to be freed */

void copying_load(void);                   /* both databases */
void copying_read(const char *path);       /* A/P's, after a load of A: its content is known, as verify makes it known */
struct job *copying_start(void);
void copying_finish(struct job *job);      /* fills out; no temp may be left */
void copying_run(void);                    /* load, start, finish */

void copying_plant(void);                  /* 203 files, 2 others in A/P */
void copying_is_done(void);                /* it ended as `done` */
void copying_is_same(void);                /* A/P and B/P are the same but for what is ours */
void copying_adds_up(void);                /* the counts of files come to all that are in A/P */

#endif
