/*
 * What a filesystem keeps of a file's modification time, and when two times of different filesystems are one. Pure.
 */
#ifndef AUTOBACKUP_INDEX_TRAITS_H
#define AUTOBACKUP_INDEX_TRAITS_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "base/clock.h"

#define TRAITS_COARSEST (2 * NSEC_PER_SEC)    /* granularity of what disks store: FAT */

/* How the granularity is known. */
enum traits_source {
    TRAITS_MEASURED,
    TRAITS_BY_TYPE,           /* the format stores no more: a time that is no multiple of it shows a finer one */
    TRAITS_UNKNOWN,           /* any may lie behind this type: how coarse a time may be is what it itself shows */
};

/* Times are ns since 1970, as clock_join gives them. Zeroed, it keeps all exactly. */
struct traits {
    enum traits_source source;
    int64_t granularity;      /* ns; 1 and below: exact. Where it is not known, what one run of a program reckons with */
    int64_t early;            /* that before 1970, where it is coarser (some divide as if there were nothing); 0: it is not */
    bool has_oldest, has_newest;    /* there is an end: */
    int64_t oldest, newest;   /* what is older or newer is stored as these */
    bool drops_times;         /* a time that is set does not stay: what is there says nothing of the file's age */
    bool drops_link_times;    /* nor does a symlink's */
};

/* Those of two sides, and what is passed over besides. */
struct traits_pair {
    struct traits left, right;
    int64_t window;           /* times this near to each other agree, ns (--modify-window) */
};

enum times {
    TIMES_AGREE,
    TIMES_DIFFER,
    TIMES_UNKNOWN,            /* they differ, and one side keeps no times, or may keep them so coarsely: that says nothing */
};

/* The granularity that a time has that was found there: ns. Where it was not measured, what the time itself shows. */
int64_t traits_step(const struct traits *t, int64_t time);

/* What becomes of a time there, its granularity aside. */
int64_t traits_stored(const struct traits *t, int64_t time);

/* The same for a time that is about to be set. */
struct timespec traits_clamp(const struct traits *t, struct timespec time);

/* May a file that has the time `found` there be the one that got the time `wanted`? */
bool traits_hold(const struct traits *t, int64_t wanted, int64_t found);

/* What two files' times say, each of its own side: whichever was copied from the other. */
enum times traits_compare(const struct traits_pair *pair, int64_t left, int64_t right);
enum times traits_compare_links(const struct traits_pair *pair, int64_t left, int64_t right);    /* of symlinks */

/* Are both times before 1980, or both from 2038 on, where there are filesystems that store an end of theirs instead? */
bool times_are_beyond(int64_t a, int64_t b);

/* Do two times agree on a filesystem that stores them this coarsely (ns; 1 and below: exactly)? */
bool times_agree(int64_t a, int64_t b, int64_t granularity);

#endif
