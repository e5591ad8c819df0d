/*
 * What two entries of one name are to each other: the one judgement that comparing and copying share. Pure.
 */
#ifndef AUTOBACKUP_INDEX_PAIR_H
#define AUTOBACKUP_INDEX_PAIR_H

#include <stdbool.h>
#include <stdint.h>

#include "index/merge.h"
#include "index/traits.h"

enum pair_judgement {
    PAIR_PROVED,      /* files of equal time whose confirmed digests are equal */
    PAIR_SAME,        /* files whose size and time agree, and nothing speaks against that; links and special files that are
                         the same; directories of any times */
    PAIR_TIME,        /* same content by confirmed digests or link targets (or it has none), another time */
    PAIR_AGE,         /* files of equal size and another time, whose contents are not known: taken for different */
    PAIR_SIZE,        /* files of different sizes */
    PAIR_CONTENT,     /* files of equal size whose confirmed digests differ, whatever their times, or one is damaged */
    PAIR_DOUBT,       /* files of equal size and time that have to be read, since these prove nothing: one's inode or ctime
                         moved; a digest is not confirmed and they differ; or one content is known to have become another
                         one, and of the other nothing is known. Or files of equal size where one side keeps no times, or
                         may keep them so coarsely, whose contents are not known */
    PAIR_TARGET,      /* symlinks to different places, devices of different numbers */
    PAIR_TYPE,        /* a file here, a directory or link there */
    PAIR_LEFT,        /* only left has it */
    PAIR_RIGHT,       /* only right has it */
    PAIR_UNREAD,      /* one of them could not be read, or is a mount point that was not entered: no answer */
    PAIR_NOTHING,     /* a socket: there on one side or on both, that is the same (entry_is_nothing). Beside anything else it is as
                         if that side had none of that name */
};

/* A socket holds no data: a replica is the same with it and without it. NULL and what could not be read are not one. */
bool entry_is_nothing(const struct entry *e);

/* The same pair, as if only its left (or right) side were there. */
struct merge_pair pair_left_only(const struct merge_pair *pair);
struct merge_pair pair_right_only(const struct merge_pair *pair);

/* A pair that has a socket on one side and something else, that could be read, on the other: without the socket; else as it is. */
struct merge_pair pair_without_nothing(const struct merge_pair *pair);

/* Judge a pair (at least one side is there). traits: of the two filesystems. */
enum pair_judgement pair_judge(const struct merge_pair *pair, const struct traits_pair *traits);

/*
 * Two files of equal size and time (or whose times say nothing), whose contents differ, and the left one's (or likewise the
 * right one's) is to take the other's place: a person said that it is the right one, else it was written there
 * (DIGEST_WRITTEN), and the other was not, or earlier by its ctime. Pure.
 */
bool pair_left_rules(const struct merge_pair *pair, const struct traits_pair *traits);
bool pair_right_rules(const struct merge_pair *pair, const struct traits_pair *traits);

/*
 * Which of two entries is known to be newer: below 0 left, above 0 right, 0 when their mtimes agree or do not tell. A side
 * that keeps no times has that of a file's arrival: the other side's can be later than that, and it is later than none.
 */
int pair_newer(const struct merge_pair *pair, const struct traits_pair *traits);

/* Which may be newer, by the times that are there: likewise, 0 only when their mtimes agree. */
int pair_later(const struct merge_pair *pair, const struct traits_pair *traits);

/* Is the time of one of them wrong, seen from the other? Not where one side keeps no times. */
bool pair_is_moved(const struct merge_pair *pair, const struct traits_pair *traits);

/* Do their times differ, and is that known to say nothing (TIMES_UNKNOWN)? */
bool pair_is_undated(const struct merge_pair *pair, const struct traits_pair *traits);

/* What an entry is for people: "unreadable", "mount" (one that was not entered), or its type_name. */
const char *entry_kind(const struct entry *e);

/* "file", "directory", "symlink", "fifo", "socket", "device", or "unknown": static. */
const char *type_name(uint32_t mode);

#endif
