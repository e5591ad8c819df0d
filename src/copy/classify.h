/*
 * What to do about one name: a pure decision from both sides' listings.
 */
#ifndef AUTOBACKUP_COPY_CLASSIFY_H
#define AUTOBACKUP_COPY_CLASSIFY_H

#include <stdbool.h>
#include <stdint.h>

#include "index/pair.h"

enum verdict_kind {
    VERDICT_SAME,        /* nothing to do */
    VERDICT_NEW,         /* missing at the destination */
    VERDICT_CHANGED,     /* content or link target differs: replace, keep the old one as a version */
    VERDICT_METADATA,    /* content is the same: correct mode, owner or times */
    VERDICT_EXTRA,       /* only at the destination */
    VERDICT_RETYPED,     /* of a mirror: a folder against something else. The destination's goes to the versions first (retype.h) */
    VERDICT_CONFLICT,    /* left alone and reported */
    VERDICT_PROBLEM,     /* cannot be copied, reported */
};

struct verdict {
    enum verdict_kind kind;
    bool block;             /* a directory (or what may be one) below which nothing may be touched */
    bool times_only;        /* a directory that is the same but for its mtime, which is set at the end anyway */
    bool owned;             /* its rights or times differ, and only its owner there may set them: they stay */
    unsigned refused;       /* bits of enum lost, which the destination did not take: the same, or tried again (refusals.h) */
    bool at_target;         /* a conflict or a problem of what the destination has */
    bool regroups;          /* changed only in which names are one file (index/grouping.h) */
    const char *code;       /* of a conflict, a problem, or an extra with block: symbolic, static */
    char why[160];          /* the sentence behind it */
};

struct classify_options {
    struct traits_pair traits;    /* of the two filesystems: what is no difference of times */
    bool overwrite_newer;   /* a file newer at the destination is replaced */
    bool keeps_mode;        /* the destination can hold modes; else they are not compared */
    bool keeps_owner;
    bool only_own;          /* at the destination we may set rights and times of this user's files alone: */
    uint32_t uid;
    bool joins_links, parts_links;    /* how names that are one file are treated (index/grouping.h) */
    bool mirror;            /* what is of another type at the destination is replaced like a changed file */
    bool may_mirror;        /* it could be asked to be one */
    bool shows_change;      /* a ctime of the source moves when the attributes do */
    bool attributes;        /* those of all that looks the same may differ */
    bool repair;            /* replace files that are damaged at the destination by good ones, and do nothing else */
};

/* Judge a pair (at least one side is there). */
void classify(const struct merge_pair *pair, const struct classify_options *options, struct verdict *ret_verdict);

/*
 * A pair that would go from the destination (EXTRA, RETYPED), where the source's folder, or what is to come in its place, could
 * not be read (errnum, positive): what is not known to be gone stays, and what cannot be had does not come.
 */
void classify_gap(const struct merge_pair *pair, int errnum, struct verdict *verdict);

/* A RETYPED pair that is not to be touched: a conflict. */
void classify_keep_type(const struct merge_pair *pair, struct verdict *verdict);

/* Two regular files whose sizes and times agree and that nothing but their contents, or what is known of them, divides. */
bool classify_is_alike(const struct merge_pair *pair, const struct classify_options *options,
                       const struct verdict *verdict);

/* Judge such a pair anew, both having been read. */
void classify_read(const struct merge_pair *pair, const struct classify_options *options, bool same,
                   struct verdict *verdict);

/*
 * Two of one type that are the same may have other attributes all the same: no time and no content tells which one was made from
 * which. But a folder's ctime, which moves with each name in it, is not well before its copy's when these were changed since.
 */
bool classify_may_differ(const struct merge_pair *pair, const struct classify_options *options, const struct verdict *verdict);

/* One side's cannot be read (errnum: positive), so nobody knows. */
void classify_unsaid(int errnum, bool source, struct verdict *verdict);

/* They did. */
void classify_differs(const struct merge_pair *pair, const struct classify_options *options, struct verdict *verdict);

/* What differs is what the destination does not take: it stays, or is tried again (LOST_AGAIN). lost: bits of enum lost. */
void classify_refused(const struct merge_pair *pair, const struct classify_options *options, unsigned lost,
                      struct verdict *verdict);

/* One of them cannot be read. errnum: positive. */
void classify_unread(int errnum, struct verdict *verdict);

#endif
