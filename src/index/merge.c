#include "index/merge.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define CHUNK 256

/* A directory's key: what the index over the directories covers. */
struct key {
    char *path;
    size_t path_len;
    struct digest print;
};

/* One replica: its keys a chunk at a time, and the listing of the directory at hand. */
struct half {
    int64_t replica;
    const struct snapshot *snapshot;    /* instead of a replica; NULL */
    size_t taken;             /* directories of it whose keys were read */
    struct key keys[CHUNK];
    size_t count, at;
    bool ended;               /* no keys behind this chunk */
    struct directory dir;
    struct listing listing;
    struct entry entry;
    int have;                 /* entry is there: 1, 0 at the end, -EBADMSG */
};

struct merge {
    struct catalog *cat;
    struct half left, right;
    struct half *current[2];  /* the sides that have the directory at hand */
    struct merge_dir dir;
    bool opened;              /* its listings were fetched */
    char *path;
};

int merge_open(struct catalog *cat, int64_t left, int64_t right, struct merge **ret_merge, struct error *err)
{
    struct merge *m = mem_zalloc(sizeof *m);

    (void)err;
    m->cat = cat;
    m->left.replica = left;
    m->right.replica = right;
    m->left.ended = !left;
    m->right.ended = !right;
    *ret_merge = m;
    return 0;
}

void merge_set_left(struct merge *m, const struct snapshot *snapshot)
{
    m->left.snapshot = snapshot;
    m->left.ended = false;
}

static void drop_keys(struct half *h)
{
    for (size_t i = 0; i < h->count; i++)
        free(h->keys[i].path);
    h->count = h->at = 0;
}

static void close_directory(struct half *h)
{
    listing_close(&h->listing);
    directory_free(&h->dir);
    h->have = 0;
}

void merge_close(struct merge *m)
{
    if (!m)
        return;
    drop_keys(&m->left);
    drop_keys(&m->right);
    close_directory(&m->left);
    close_directory(&m->right);
    free(m->path);
    free(m);
}

/* ---- keys ---- */

static void take_key(sqlite3_stmt *stmt, struct key *k)
{
    k->path_len = (size_t)sqlite3_column_bytes(stmt, 0);
    k->path = mem_strndup(k->path_len ? sqlite3_column_blob(stmt, 0) : "", k->path_len);
    memset(&k->print, 0, sizeof k->print);
    if (sqlite3_column_bytes(stmt, 1) == DIGEST_SIZE)
        memcpy(k->print.bytes, sqlite3_column_blob(stmt, 1), DIGEST_SIZE);
}

static int read_keys(struct merge *m, struct half *h, const struct key *last, struct error *err)
{
    static const char first[] = "SELECT path, print FROM directory WHERE replica = ?1 ORDER BY path LIMIT ?2";
    static const char more[] = "SELECT path, print FROM directory WHERE replica = ?1 AND path > ?3 ORDER BY path LIMIT ?2";
    sqlite3_stmt *stmt;
    int step;

    int code = catalog_borrow(m->cat, last ? more : first, &stmt, err);
    if (code)
        return code;
    sqlite3_bind_int64(stmt, 1, h->replica);
    sqlite3_bind_int(stmt, 2, CHUNK);
    if (last)
        sqlite3_bind_blob64(stmt, 3, last->path, last->path_len, SQLITE_STATIC);
    struct key *fresh = mem_alloc(CHUNK * sizeof *fresh);
    size_t count = 0;
    while ((step = sqlite3_step(stmt)) == SQLITE_ROW && count < CHUNK)
        take_key(stmt, &fresh[count++]);
    if (step != SQLITE_DONE && step != SQLITE_ROW)
        code = catalog_fail(m->cat, step, err);
    catalog_give_back(stmt);
    drop_keys(h);
    memcpy(h->keys, fresh, count * sizeof *fresh);
    free(fresh);
    h->count = count;
    h->ended = count < CHUNK;
    return code;
}

/* Prints of a snapshot are not known: no directory of it is called the same. */
static void take_keys(struct half *h)
{
    drop_keys(h);
    for (; h->count < CHUNK && h->taken < h->snapshot->count; h->taken++) {
        const struct snapshot_dir *d = &h->snapshot->dirs[h->taken];
        h->keys[h->count++] = (struct key){.path = mem_strndup(d->path, d->path_len), .path_len = d->path_len};
    }
    h->ended = h->taken == h->snapshot->count;
}

static int fill_keys(struct merge *m, struct half *h, struct error *err)
{
    if (h->at < h->count || h->ended)
        return 0;
    if (h->snapshot) {
        take_keys(h);
        return 0;
    }
    return read_keys(m, h, h->count ? &h->keys[h->count - 1] : NULL, err);
}

static const struct key *key_at(const struct half *h) { return h->at < h->count ? &h->keys[h->at] : NULL; }

/* ---- directories ---- */

static int order_keys(const struct key *a, const struct key *b)
{
    if (!a || !b)
        return a ? -1 : 1;
    return entry_compare_names(a->path, a->path_len, b->path, b->path_len);
}

static void set_directory(struct merge *m, const struct key *k)
{
    free(m->path);
    m->path = mem_strndup(k->path, k->path_len);
    m->dir.path = m->path;
    m->dir.path_len = k->path_len;
}

int merge_next_dir(struct merge *m, struct merge_dir *ret_dir, struct error *err)
{
    int code;

    close_directory(&m->left);
    close_directory(&m->right);
    m->opened = false;
    if ((code = fill_keys(m, &m->left, err)) < 0 || (code = fill_keys(m, &m->right, err)) < 0)
        return code;
    const struct key *l = key_at(&m->left), *r = key_at(&m->right);
    if (!l && !r)
        return 0;
    int order = order_keys(l, r);
    m->dir.in_left = order <= 0;
    m->dir.in_right = order >= 0;
    m->dir.same = order == 0 && memcmp(l->print.bytes, r->print.bytes, DIGEST_SIZE) == 0;
    set_directory(m, order <= 0 ? l : r);
    if (order <= 0)
        m->left.at++;
    if (order >= 0)
        m->right.at++;
    *ret_dir = m->dir;
    return 1;
}

/* ---- entries ---- */

static int damaged(struct merge *m, const struct half *h, struct error *err)
{
    if (h->snapshot)
        return error_say(err, "ECORRUPT", EBADMSG, "what was put together of the folder '%s' as it was then is damaged; "
                         "run it again", m->path);
    return replica_damaged(m->cat, h->replica, m->path, m->dir.path_len, err);
}

static int open_snapshot(struct merge *m, struct half *h, struct error *err)
{
    const struct snapshot_dir *d = snapshot_find(h->snapshot, m->path, m->dir.path_len);

    if (!d || listing_open(&h->listing, d->listing.data, d->listing.len, d->digests.data, d->digests.len) < 0)
        return damaged(m, h, err);
    h->have = listing_next(&h->listing, &h->entry);
    return 0;
}

static int open_half(struct merge *m, struct half *h, bool in, struct error *err)
{
    if (!in)
        return 0;
    if (h->snapshot)
        return open_snapshot(m, h, err);
    int found = replica_directory(m->cat, h->replica, m->path, m->dir.path_len, &h->dir, err);
    if (found < 0)
        return found;
    if (!found)    /* its key was seen: that it is gone says nothing of the disk */
        return error_say(err, "ECHANGED", ESTALE, "what the catalog knew of the folder '%s' went while it was read (a load "
                         "or a remove of another program is at work): run it again", m->path);
    if (directory_open(&h->dir, &h->listing) < 0)
        return damaged(m, h, err);
    h->have = listing_next(&h->listing, &h->entry);
    return 0;
}

static int open_directory(struct merge *m, struct error *err)
{
    int code = open_half(m, &m->left, m->dir.in_left, err);

    m->opened = true;
    return code ? code : open_half(m, &m->right, m->dir.in_right, err);
}

/* Entries handed out stay valid until the next call: so each side advances at the start of that call. */
static void step_over(struct half *h, bool used)
{
    if (used && h->have == 1)
        h->have = listing_next(&h->listing, &h->entry);
}

static void take_left(struct merge_pair *pair, const struct listing *l, const struct entry *e)
{
    int marks = listing_marks(l);

    pair->left = e;
    pair->left_state = listing_digest(l, &pair->left_digest);
    pair->left_damaged = marks & DIGEST_DAMAGED;
    pair->left_accepted = marks & DIGEST_ACCEPTED;
    pair->left_renewed = marks & DIGEST_RENEWED;
    pair->left_written = marks & DIGEST_WRITTEN;
    pair->left_touched = marks & DIGEST_TOUCHED;
    pair->left_moved = marks & DIGEST_MOVED;
    pair->left_verified = listing_verified(l);
}

static void take_right(struct merge_pair *pair, const struct listing *l, const struct entry *e)
{
    int marks = listing_marks(l);

    pair->right = e;
    pair->right_state = listing_digest(l, &pair->right_digest);
    pair->right_damaged = marks & DIGEST_DAMAGED;
    pair->right_accepted = marks & DIGEST_ACCEPTED;
    pair->right_renewed = marks & DIGEST_RENEWED;
    pair->right_written = marks & DIGEST_WRITTEN;
    pair->right_touched = marks & DIGEST_TOUCHED;
    pair->right_moved = marks & DIGEST_MOVED;
    pair->right_verified = listing_verified(l);
}

int merge_next(struct merge *m, struct merge_pair *ret_pair, struct error *err)
{
    if (!m->opened) {
        int code = open_directory(m, err);
        if (code)
            return code;
    } else {
        step_over(&m->left, m->current[0] != NULL);
        step_over(&m->right, m->current[1] != NULL);
    }
    m->current[0] = m->current[1] = NULL;
    if (m->left.have < 0 || m->right.have < 0)
        return damaged(m, m->left.have < 0 ? &m->left : &m->right, err);
    if (!m->left.have && !m->right.have)
        return 0;
    const struct entry *l = &m->left.entry, *r = &m->right.entry;
    int order = !m->right.have ? -1 : !m->left.have ? 1 : entry_compare_names(l->name, l->name_len, r->name, r->name_len);
    *ret_pair = (struct merge_pair){0};
    if (order <= 0) {
        m->current[0] = &m->left;
        take_left(ret_pair, &m->left.listing, l);
    }
    if (order >= 0) {
        m->current[1] = &m->right;
        take_right(ret_pair, &m->right.listing, r);
    }
    return 1;
}

int merge_gone(int code, struct error *err)
{
    if (code != -ESTALE)
        return code;
    error_clear(err);
    return 0;
}
