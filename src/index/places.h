/*
 * What a whole load finds besides replicas: client folders, loose entries, what lies beside the categories. Only what
 * changed is written, a few thousand rows at a time, so that the write lock is never held for long.
 */
#ifndef AUTOBACKUP_INDEX_PLACES_H
#define AUTOBACKUP_INDEX_PLACES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "index/catalog.h"

enum place_table { PLACES_CLIENT, PLACES_LOOSE, PLACES_OUTSIDE, PLACES_TABLES };

/* A row; strings are borrowed. What a table does not have is zero. */
struct place {
    int64_t category;         /* catalog id; 0 beside the categories */
    const char *path;         /* a client's name; relative to the category; relative to the database */
    const char *kind;         /* NULL for a client */
    int64_t files, bytes;     /* -1: not known */
    bool whole;               /* false: at least so much */
};

/* Rows of a database in one table, to become what was found. */
struct places {
    enum place_table table;
    int64_t database;
    struct place *found;      /* sorted in place; no two with the same category and path */
    size_t count;
    /* Whether a known row that was not found stays, since its surroundings could not be read. May be NULL. */
    bool (*stays)(const struct place *known, void *arg);
    void *arg;
};

/*
 * Bring the table up to date (of a directory beside the categories that was not measured to the end the larger sums that
 * are known stay), in transactions of its own. Not for use inside one. A failure leaves what was written so
 * far: some rows new, the others as they were. 0 or -errno.
 */
int places_write(struct catalog *cat, struct places *p, struct error *err);

/* Inside the caller's transaction: a whole load read this category at that time (ns). */
int places_read(struct catalog *cat, int64_t database, int64_t category, int64_t at, struct error *err);

/* The same: forget, then note which parts could not be read. client, project: NULL for all of them. */
int places_forget_unread(struct catalog *cat, int64_t database, struct error *err);
int places_unread(struct catalog *cat, int64_t database, int64_t category, const char *client, const char *project,
                  struct error *err);

/* The same: how much room the disk has. */
int places_space(struct catalog *cat, int64_t database, int64_t total, int64_t free, int64_t at, struct error *err);

#endif
