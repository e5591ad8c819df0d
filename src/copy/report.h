/*
 * What a running copy tells: problems, notes, progress, and its counts. Safe from any of its threads.
 */
#ifndef AUTOBACKUP_COPY_REPORT_H
#define AUTOBACKUP_COPY_REPORT_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"
#include "base/job.h"
#include "copy/data.h"

/* What a plan comes to. */
struct plan_counts {
    int64_t files_new, files_changed, files_unchanged, files_extra, metadata_only, conflicts, problems;
    int64_t others_new, others_changed;    /* symlinks, FIFOs, devices */
    int64_t directories_new, directories_stale, directories_extra;
    int64_t retyped;                       /* folders against something else, which a mirror clears away first */
    int64_t files;                         /* regular files of the source, below blocked directories too */
    int64_t sockets;                       /* of the source, which hold no data: never copied, no problem */
    int64_t owned;                         /* names whose rights or times only their owner there may set: they stay */
    int64_t refused;                       /* names that lack what the destination does not take: they stay (refusals.h) */
    int64_t again;                         /* of these: tried again, which is no promise */
    unsigned lost;                         /* of what: bits of enum lost */
    int64_t staying;                       /* extras that a mirror leaves, since the source could not have them (unheld.h) */
    char *stays;                           /* the path of the first of these, owned by who has the counts */
    int64_t bytes, inodes;
    bool source_incomplete;                /* something of the source could not be read */
    bool has_links;                        /* hard links inside the replica */
};

/* What was done. Counted when durable, but for `at`, which is for progress. */
struct tally {
    atomic_llong files_copied, bytes_copied, files_replaced, files_removed, metadata_only, others_copied,
        directories_made, directories_removed, conflicts, failed, recorded, damaged;
    atomic_llong files_conflicting, files_failed;    /* the problems of regular files of the source */
    atomic_llong files_unfixed;                      /* of these, unchanged ones: their metadata was the problem */
    atomic_llong refused;                            /* names that did not take all, but for what the plan said of them */
    atomic_llong files_at, bytes_at;
    atomic_llong bytes_kept;                         /* of these: found at the destination, from a copy cut short */
};

/* Whose problem it is. */
struct subject {
    const char *dir, *name;                /* as in the replica's listing; of a folder above it dir is "/" and its path in the database */
    bool file;                             /* a regular file at the source */
    bool unchanged;                        /* only its metadata was to be corrected */
    uint32_t missing;                      /* the mode of what only the source has; else 0 */
    bool at_target;                        /* told by its path at the destination: the trouble is there, or only that has it */
};

struct report {
    struct job *job;                       /* NULL: nobody listens */
    const char *replica;                   /* its path, relative to both databases */
    const char *source_root, *target_root; /* for messages */
    const char *target_name;
    const int *target_top;                 /* the folder that `dir` of a subject begins at, to see why something is not permitted; may be NULL */
    void (*missed)(void *arg, const struct subject *subject, const char *code);    /* told of each that is missing and stays so; NULL */
    void *missed_arg;
    struct plan_counts plan;
    size_t respelled;                      /* a dry run's: names at the destination that first get the source's spelling */
    struct tally tally;
    atomic_uint noted;                     /* bits of enum lost already told */
};

/*
 * A problem with one name. conflict: it was left alone on purpose. message: the sentence without the path, which
 * is put in front.
 */
void report_problem(struct report *r, struct subject subject, const char *code, const char *message,
                    bool conflict);

/* The same for a system error. errnum: positive; side: which of the two files it is about. */
void report_errno(struct report *r, struct subject subject, int errnum, enum side side);

/* Is it a name that FAT, exFAT, NTFS and shares of Windows refuse, with EINVAL as a rule? */
bool report_is_odd_name(const char *name);

/*
 * Is this errnum (positive) of making `name`, of this mode, the filesystem's word that it has no such kinds, or no such names? Then
 * text gets the sentence that says so, without the path.
 */
bool report_cannot_hold(const struct report *r, const char *name, int errnum, mode_t mode, char *text, size_t size);

/*
 * The destination would not make a symlink, FIFO or device (mode says which). False when errnum (positive) is no
 * refusal as filesystems have them: nothing was reported.
 */
bool report_refusal(struct report *r, struct subject subject, int errnum, mode_t mode);

/* Tell once each what the destination cannot hold. lost: bits of enum lost. */
void report_lost(struct report *r, unsigned lost);

/* Tell something about the destination, whose name the reader puts in front. */
void report_note(struct report *r, const char *code, const char *message);

/* Say how far it is; dir and name: the file at work, or NULL. Cheap when the last time is short ago. */
void report_progress(struct report *r, const char *dir, const char *name);

/* Add the fields of `done` to an event. */
void report_counts(struct report *r, struct event *ev);

#endif
