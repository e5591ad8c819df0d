/*
 * Which replicas that the catalog knows are no longer on the disk, and whether so many that somebody should be asked.
 */
#ifndef AUTOBACKUP_SCAN_MISSING_H
#define AUTOBACKUP_SCAN_MISSING_H

#include "index/roster.h"
#include "scan/levels.h"
#include "scan/load.h"

struct missing {
    const struct roster *roster;          /* what was known */
    const struct levels *levels;          /* what was found */
    const struct load_request *request;   /* what was looked at */
};

/* Marks for each of the roster's replicas: was it looked for, was it found. The caller frees them. */
char *missing_mark(const struct missing *m);

/* Gone: looked for, not found, and not below a folder that could not be read. at: position in the roster. */
bool missing_is_gone(const struct missing *m, const char *marks, size_t at);

/* 0, or -ECANCELED (code ECONFIRM) when over half of a database's replicas, and at least five, are gone. */
int missing_check(const struct missing *m, const char *marks, struct error *err);

#endif
