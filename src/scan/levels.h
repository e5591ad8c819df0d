/*
 * The upper levels of a database: category, client, project. Finds the replicas to walk, and what is loose.
 */
#ifndef AUTOBACKUP_SCAN_LEVELS_H
#define AUTOBACKUP_SCAN_LEVELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "index/listing.h"
#include "scan/litter.h"

struct level_category {
    int64_t id;
    const char *path;         /* relative to the database */
};

/* A project's folder in a category: a replica. */
struct level_replica {
    const struct level_category *category;
    const char *client, *project, *path;    /* path: relative to the database */
};

struct level_client {
    int64_t category;
    const char *name;
};

struct level_loose {
    int64_t category;
    const char *path;         /* relative to the category */
    const char *kind;         /* static: file, symlink, fifo, socket, device, unreadable, mount */
    uint64_t size;
};

/* A part of the levels that could not be read: what is known below it is kept. */
struct level_unread {
    int64_t category;
    const char *client;       /* NULL: the whole category */
    const char *project;      /* NULL: all of the client */
    const char *path;
    int err;
    const char *code, *message;    /* NULL: as err says */
};

struct levels {
    struct arena strings;
    struct level_replica *replicas;
    struct level_client *clients;
    struct level_loose *loose;
    struct level_unread *unread;
    size_t replica_count, client_count, loose_count, unread_count;
    struct litter litter;     /* of the levels themselves */
};

/* A category that is not to be read: its disk is not there. The texts of err are copied. Adds to *l. */
void levels_refuse(struct levels *l, const struct level_category *category, const struct error *err);

/* Read a category's clients and projects. A category that is not there has none. Adds to *l. */
void levels_read(struct levels *l, int root, const struct level_category *category);

/* Look for one project only; nothing but its replica (or its being unreadable) is added. */
void levels_look(struct levels *l, int root, const struct level_category *category, const char *client,
                 const char *project);

void levels_free(struct levels *l);

#endif
