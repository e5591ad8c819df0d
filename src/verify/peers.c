#include "verify/peers.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "index/replica.h"

/* A file with a digest, not known as damaged. */
struct holding {
    const char *name;
    uint64_t size;
    struct digest digest;
};

/* One peer, and its files in the directory that was asked for last, in the listing's order. */
struct peer {
    const struct verify_peer *of;
    char *dir;                /* NULL: none yet */
    struct holding *list;
    size_t count;
    struct arena names;
};

struct peers {
    struct catalog *cat;
    size_t count;
    struct peer list[];
};

struct peers *peers_new(struct catalog *cat, const struct verify_peer *list, size_t count)
{
    struct peers *p = mem_zalloc(sizeof *p + count * sizeof *p->list);

    p->cat = cat;
    p->count = count;
    for (size_t i = 0; i < count; i++)
        p->list[i].of = &list[i];
    return p;
}

static void forget(struct peer *peer)
{
    free(peer->dir);
    free(peer->list);
    arena_reset(&peer->names);
    peer->dir = NULL;
    peer->list = NULL;
    peer->count = 0;
}

void peers_free(struct peers *p)
{
    if (!p)
        return;
    for (size_t i = 0; i < p->count; i++) {
        forget(&p->list[i]);
        arena_free(&p->list[i].names);
    }
    free(p);
}

static void take_files(struct peer *peer, struct listing *l)
{
    struct holding h;
    struct entry e;

    peer->list = mem_alloc((l->left + 1) * sizeof *peer->list);
    while (listing_next(l, &e) == 1) {
        if (!S_ISREG(e.mode) || e.err || listing_damaged(l) || listing_digest(l, &h.digest) == DIGEST_NONE)
            continue;
        h.name = arena_strndup(&peer->names, e.name, e.name_len);
        h.size = e.size;
        peer->list[peer->count++] = h;
    }
}

/* A listing that cannot be read holds nothing that could be relied on. */
static void enter(struct peers *p, struct peer *peer, const char *dir)
{
    struct directory row;
    struct listing l;

    if (peer->dir && strcmp(peer->dir, dir) == 0)
        return;
    forget(peer);
    peer->dir = mem_strdup(dir);
    if (replica_directory(p->cat, peer->of->replica, dir, strlen(dir), &row, NULL) != 1)
        return;
    if (directory_open(&row, &l) == 0) {
        take_files(peer, &l);
        listing_close(&l);
    }
    directory_free(&row);
}

static const struct holding *find(const struct peer *peer, const char *name)
{
    size_t low = 0, high = peer->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = strcmp(peer->list[middle].name, name);
        if (order == 0)
            return &peer->list[middle];
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

/* Call each for the peers whose file of the check's path has this digest. */
static void each_with(struct peers *p, const struct check *c, const struct digest *digest,
                      void (*each)(const struct peer *peer, void *arg), void *arg)
{
    const char *slash = strrchr(c->path, '/'), *name = slash ? slash + 1 : c->path;
    char *dir = mem_strndup(c->path, slash ? (size_t)(slash - c->path) : 0);

    for (size_t i = 0; i < p->count; i++) {
        enter(p, &p->list[i], dir);
        const struct holding *h = find(&p->list[i], name);
        if (h && h->size == c->size && memcmp(&h->digest, digest, sizeof *digest) == 0)
            each(&p->list[i], arg);
    }
    free(dir);
}

static void add_name(const struct peer *peer, void *arg)
{
    struct buf *out = arg;
    buf_printf(out, "%s%s", out->len ? ", " : "", peer->of->name);
}

static void note(const struct peer *peer, void *arg)
{
    (void)peer;
    *(bool *)arg = true;
}

void peers_holding(struct peers *p, const struct check *c, struct buf *out)
{
    each_with(p, c, &c->digest, add_name, out);
}

bool peers_have_found(struct peers *p, const struct check *c)
{
    bool have = false;

    each_with(p, c, &c->found, note, &have);
    return have;
}
