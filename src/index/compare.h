/*
 * Two replicas set against each other, from the catalog alone: every name judged (pair.h) and counted, and those
 * that differ handed out one by one.
 *
 * Directories of equal prints are passed over unless the digests beside their listings differ or a file in them is
 * damaged or was accepted, so the cost is that of the differing ones. What nobody could read is never taken for the same, nor what lies below it for missing.
 */
#ifndef AUTOBACKUP_INDEX_COMPARE_H
#define AUTOBACKUP_INDEX_COMPARE_H

#include "index/pair.h"

struct compare;

struct compare_request {
    int64_t left, right;      /* replica ids; 0: that side has nothing */
    int64_t window;           /* mtimes this near to each other agree (ns), besides what the filesystems make of them */
    bool list;                /* hand out what differs; else everything is only counted */
    bool list_same;           /* likewise what does not, which reads every listing */
    bool list_rot;            /* hand out only files that count as `content` */
};

struct compare_sum {
    int64_t files, bytes;     /* regular files, and their st_size on the left (on the right where left has none) */
    int64_t others;           /* symlinks and special files */
};

struct compare_counts {
    struct compare_sum same;        /* its others are those of the listings that were read, no more */
    struct compare_sum only_left, only_right, different;
    struct compare_sum doubt;       /* files that have to be read to know (PAIR_DOUBT) */
    struct compare_sum unread;      /* names of which one side could not be read */
    int64_t content;                /* of different: files that only their digests tell apart, and none is known as damaged or newer */
    int64_t other_time;             /* of same: files whose digests agree though their times do not */
    int64_t regrouped;              /* of same: names that are one file with others on one side, and not on the other */
    int64_t newer_left, newer_right;        /* of different: files that are newer there, or rule */
    int64_t directories_left, directories_right;    /* directories below the top, only there */
    int64_t errors_left, errors_right;      /* entries that a load could not read: above 0 it is incomplete */
    bool found_left, found_right;           /* the catalog has that replica */
};

/* One name. Valid until the next call. */
struct compare_item {
    enum pair_judgement judgement;
    const char *path;               /* relative to the replica */
    const struct entry *left, *right;   /* NULL: that side lacks it */
    int newer;                      /* below 0 left, above 0 right, 0 neither is known to be */
    int rules;                      /* likewise: whose content is to take the other's place (pair_left_rules) */
    bool undated;                   /* their times differ, and do not tell whether one is newer */
};

/*
 * Start. Reads inside one transaction of cat, so that both sides stay as they are until compare_close; cat must be
 * in none, and must outlive it. 0 or -errno.
 */
int compare_open(struct catalog *cat, const struct compare_request *request, struct compare **ret_compare,
                 struct error *err);

enum compare_step {
    COMPARE_END,        /* all is judged and counted */
    COMPARE_ITEM,       /* *ret_item is set */
    COMPARE_BUSY,       /* nothing to hand out yet; call again (some ten milliseconds have passed) */
};

/*
 * Go on: an enum compare_step, or -errno (-EBADMSG, code ECORRUPT: a damaged listing). A directory that only one
 * side has comes as an item of its own when it is empty (its entry then has a name and mode only); else its
 * content does.
 */
int compare_next(struct compare *c, struct compare_item *ret_item, struct error *err);

/* What was counted; whole after COMPARE_END. */
const struct compare_counts *compare_counts(const struct compare *c);

void compare_close(struct compare *c);    /* NULL is fine */

#endif
