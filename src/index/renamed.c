#include "index/renamed.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "base/fold.h"
#include "base/hash.h"
#include "base/map.h"

/* A name that only the new reading has. */
struct arrival {
    char *name;
    uint64_t size, at;             /* at: its position there */
    int64_t mtime;
    bool known;                    /* the old reading has the name, of another inode */
    bool marked;
    struct arrival *other;         /* a further name of the inode */
};

struct arrivals {
    struct map by_inode;
    uint64_t entries;              /* of the new reading */
};

static void free_arrivals(void *first)
{
    for (struct arrival *a = first; a;) {
        struct arrival *other = a->other;
        free(a->name);
        free(a);
        a = other;
    }
}

/* An empty file has the content of every other one. */
static bool has_content(const struct entry *e) { return S_ISREG(e->mode) && !e->err && e->size; }

static void add(struct arrivals *list, const struct entry *e, uint64_t at, bool known)
{
    struct arrival *a = mem_zalloc(sizeof *a);

    *a = (struct arrival){.name = mem_strdup(e->name), .size = e->size, .mtime = e->mtime, .at = at,
                          .known = known, .other = map_get(&list->by_inode, e->ino)};
    map_set(&list->by_inode, e->ino, a);
}

static int open_both(const struct packed *old, const struct packed *now, struct listing *ret_old, struct listing *ret_now)
{
    int code = listing_open(ret_old, old->data, old->len, old->digests, old->digests_len);
    return code ? code : listing_open(ret_now, now->data, now->len, NULL, 0);
}

static int find(const struct packed *old, const struct packed *now, struct arrivals *list)
{
    struct listing before = {0}, after = {0};
    struct entry was, is;

    int code = open_both(old, now, &before, &after), had = code ? code : listing_next(&before, &was);
    list->entries = after.left;
    while (!code && (code = listing_next(&after, &is)) == 1) {
        int order = -1;
        while (had == 1 && (order = entry_compare_names(was.name, was.name_len, is.name, is.name_len)) < 0)
            had = listing_next(&before, &was);
        bool known = had == 1 && order == 0;
        if (has_content(&is) && (!known || was.ino != is.ino))
            add(list, &is, after.at - 1, known);
        code = 0;
    }
    listing_close(&before);
    listing_close(&after);
    return code < 0 ? code : had < 0 ? had : 0;
}

/*
 * What had been found damaged, or to be another content that nobody wrote for sure, is not written by being renamed: what is
 * good under that name elsewhere must not give way to it.
 */
static int marks_of(int was)
{
    bool rotted = was & DIGEST_DAMAGED || (was & DIGEST_RENEWED && !(was & DIGEST_WRITTEN));

    return DIGEST_MOVED | DIGEST_RENEWED | (rotted ? was & DIGEST_DAMAGED : DIGEST_WRITTEN);
}

static void mark(struct arrival *a, const struct listing *old, const struct entry *was, uint64_t entries, struct slots *out)
{
    struct digest d = {0};
    int marks = listing_marks(old);
    char *slot = a->known && !(marks & DIGEST_DAMAGED) ? NULL : slots_digest(out, entries, a->at);

    if (a->known) {    /* of the name it is known already that its file moved */
        if (slot)
            *slot = (char)(*slot | DIGEST_MOVED | DIGEST_DAMAGED);
    } else if (!fold_same(a->name, was->name)) {
        *slot = (char)marks_of(marks);
    } else {
        enum digest_state state = listing_digest(old, &d);
        *slot = (char)((state == DIGEST_NONE ? DIGEST_NONE : DIGEST_UNCONFIRMED) | marks | DIGEST_MOVED);
        memcpy(slot + 1, d.bytes, DIGEST_SIZE);
    }
    a->marked = true;
}

static int mark_all(const struct packed *old, const struct arrivals *list, struct slots *out)
{
    struct listing before = {0};
    struct entry was;

    int code = listing_open(&before, old->data, old->len, old->digests, old->digests_len);
    while (!code && (code = listing_next(&before, &was)) == 1) {
        for (struct arrival *a = has_content(&was) ? map_get(&list->by_inode, was.ino) : NULL; a; a = a->other)
            if (!a->marked && a->size == was.size && a->mtime == was.mtime)
                mark(a, &before, &was, list->entries, out);
        code = 0;
    }
    listing_close(&before);
    return code;
}

int renamed_mark(const struct packed *old, const struct packed *now, struct slots *out)
{
    struct arrivals list = {0};

    int code = find(old, now, &list);
    if (!code && list.by_inode.count)
        code = mark_all(old, &list, out);
    map_free(&list.by_inode, free_arrivals);
    return code;
}

/* ---- without inode numbers ---- */

/* Files of one size and time in the old reading. */
struct twins {
    uint64_t size;
    int64_t mtime;
    uint64_t count;
    struct twins *other;           /* of the same hash */
};

static uint64_t hash_of(const struct entry *e)
{
    const uint64_t sign[2] = {e->size, (uint64_t)e->mtime};
    return hash64_of(sign, sizeof sign);
}

static struct twins *twins_of(const struct map *m, const struct entry *e)
{
    struct twins *t = map_get(m, hash_of(e));

    while (t && (t->size != e->size || t->mtime != e->mtime))
        t = t->other;
    return t;
}

static void free_twins(void *first)
{
    for (struct twins *t = first; t;) {
        struct twins *other = t->other;
        free(t);
        t = other;
    }
}

static int count_twins(const struct packed *old, struct map *m)
{
    struct listing before = {0};
    struct entry was;

    int code = listing_open(&before, old->data, old->len, NULL, 0);
    while (!code && (code = listing_next(&before, &was)) == 1) {
        struct twins *t = has_content(&was) ? twins_of(m, &was) : NULL;
        if (!t && has_content(&was)) {
            t = mem_zalloc(sizeof *t);
            *t = (struct twins){.size = was.size, .mtime = was.mtime, .other = map_get(m, hash_of(&was))};
            map_set(m, hash_of(&was), t);
        }
        if (t)
            t->count++;
        code = 0;
    }
    listing_close(&before);
    return code;
}

/* A slot of a name that may be another file now. */
static void doubt(char *slot, bool is_new)
{
    int state = *slot & ~DIGEST_MARKS, marks = *slot & DIGEST_MARKS;

    if (is_new)
        *slot = DIGEST_MOVED | DIGEST_RENEWED;
    else
        *slot = (char)((state == DIGEST_CONFIRMED ? DIGEST_UNCONFIRMED : state) | marks | DIGEST_MOVED);
}

static int doubt_all(const struct packed *old, const struct packed *now, const struct map *m, bool keeps_ctime, struct slots *out)
{
    struct listing before = {0}, after = {0};
    struct entry was, is;

    int code = open_both(old, now, &before, &after), had = code ? code : listing_next(&before, &was);
    const uint64_t entries = after.left;
    while (!code && (code = listing_next(&after, &is)) == 1) {
        int order = -1;
        while (had == 1 && (order = entry_compare_names(was.name, was.name_len, is.name, is.name_len)) < 0)
            had = listing_next(&before, &was);
        bool is_new = had != 1 || order > 0;
        const struct twins *t = has_content(&is) ? twins_of(m, &is) : NULL;
        if (t && (is_new || (t->count > 1 && !keeps_ctime)))
            doubt(slots_digest(out, entries, after.at - 1), is_new);
        code = 0;
    }
    listing_close(&before);
    listing_close(&after);
    return code < 0 ? code : had < 0 ? had : 0;
}

int renamed_guess(const struct packed *old, const struct packed *now, bool keeps_ctime, struct slots *out)
{
    struct map m = {0};

    int code = count_twins(old, &m);
    if (!code)
        code = doubt_all(old, now, &m, keeps_ctime, out);
    map_free(&m, free_twins);
    return code;
}
