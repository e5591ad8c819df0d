#include "index/taken.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/arena.h"
#include "base/clock.h"
#include "index/evidence.h"
#include "index/replica.h"

/* Where a file lies, and what was taken of it. */
struct place {
    const char *dir, *name;
    size_t dir_len;
    const struct taken *taken;
};

static struct place place_of(const struct taken *taken)
{
    const char *slash = strrchr(taken->path, '/');

    if (!slash)
        return (struct place){.dir = "", .name = taken->path, .taken = taken};
    return (struct place){
        .dir = taken->path, .name = slash + 1, .dir_len = (size_t)(slash - taken->path), .taken = taken};
}

static bool is_same_directory(const struct place *x, const struct place *y)
{
    return x->dir_len == y->dir_len && memcmp(x->dir, y->dir, x->dir_len) == 0;
}

/* By directory, then by name: the order of directories does not matter, that of names is the listing's. */
static int by_place(const void *a, const void *b)
{
    const struct place *x = a, *y = b;
    size_t shorter = x->dir_len < y->dir_len ? x->dir_len : y->dir_len;
    int order = memcmp(x->dir, y->dir, shorter);

    if (!order)
        order = (x->dir_len > y->dir_len) - (x->dir_len < y->dir_len);
    return order ? order : strcmp(x->name, y->name);
}

static bool still_holds(const struct entry *e, const struct taken *t)
{
    if (t->superseded)
        return S_ISREG(e->mode) && !e->err;
    if (!S_ISREG(e->mode) || e->err || e->size != t->size || e->mtime != t->mtime)
        return false;
    if (t->unknown)
        return true;
    return e->ctime == (t->moved ? t->listed_ctime : t->ctime);
}

/* ---- one directory ---- */

/* What is written of one directory. */
struct change {
    struct directory *dir;
    bool set;                 /* slots were */
    struct buf listing;       /* with ctimes brought up to date; empty: as it was */
    uint64_t sum;
};

static void make_room(struct buf *slots, size_t size)
{
    if (slots->len == size)
        return;
    buf_clear(slots);
    buf_reserve(slots, size);
    memset(slots->data, 0, size);
    slots->len = size;
}

static void set_time(struct slots *slots, uint64_t entries, uint64_t at, int64_t verified_at)
{
    uint32_t seconds = (uint32_t)(verified_at / NSEC_PER_SEC);

    if (!verified_at)
        return;
    make_room(&slots->times, entries * TIME_SLOT);
    unsigned char *time = (unsigned char *)slots->times.data + at * TIME_SLOT;
    for (int i = 0; i < TIME_SLOT; i++)
        time[i] = (unsigned char)(seconds >> (24 - 8 * i));
}

static bool take_mark_away(char *slot)
{
    if (!(*slot & DIGEST_ACCEPTED))
        return false;
    *slot = (char)(*slot & ~DIGEST_ACCEPTED);
    return true;
}

/* Only what the correction itself moved: what was known of the content is known still. */
static bool keep_content(char *slot)
{
    if (!(*slot & DIGEST_MOVED))
        return false;
    *slot = (char)((*slot & ~DIGEST_MOVED) | DIGEST_TOUCHED);
    return true;
}

static bool has_digest(int was) { return (was & ~DIGEST_MARKS) != DIGEST_NONE; }

/*
 * The marks of a file that was read whole: what was accepted stays so while the content does. That it is not what it was
 * stays with it as long as its size and time do; so it is with one that moved, of which nobody knows what it was. One
 * that moved may have other attributes, whatever its content is. What had been found damaged is not taken for written.
 */
static int marks_of(int was, bool is_known, const struct taken *t)
{
    bool accepted = t->accepted || (is_known && was & DIGEST_ACCEPTED);
    bool another = has_digest(was) ? !is_known : was & DIGEST_MOVED;
    bool renewed = t->renewed || was & DIGEST_RENEWED || another;
    bool written = has_digest(was) && !is_known ? (was & DIGEST_MOVED || t->moved) && !(was & DIGEST_DAMAGED) : was & DIGEST_WRITTEN;
    bool touched = was & (DIGEST_MOVED | DIGEST_TOUCHED) || t->moved;

    return (accepted ? DIGEST_ACCEPTED : 0) | (renewed ? DIGEST_RENEWED : 0) | (written ? DIGEST_WRITTEN : 0) |
           (touched ? DIGEST_TOUCHED : 0);
}

/* Of what comes nothing is known, but that it is not what was there; or that it should be just that, and is it or is it not. */
static bool expect_another(char *slot, int was, bool is_known, const struct taken *t)
{
    if (!has_digest(was))
        return false;
    if (is_known && t->damaged) {
        *slot = (char)(DIGEST_UNCONFIRMED | (was & (DIGEST_MARKS & ~DIGEST_MOVED)) | DIGEST_DAMAGED);
    } else if (is_known && t->has_digest) {
        *slot = (char)(DIGEST_UNCONFIRMED | (was & (DIGEST_MARKS & ~(DIGEST_DAMAGED | DIGEST_MOVED))));
    } else {
        memset(slot, 0, DIGEST_SLOT);
        *slot = DIGEST_RENEWED;
    }
    return true;
}

/* Damage is a mark on the digest that is known, of the file that was looked at; anything else takes its place. */
static bool set_digest(char *slot, const struct taken *t)
{
    int was = (unsigned char)*slot;
    bool is_known = has_digest(was) && memcmp(slot + 1, t->digest.bytes, DIGEST_SIZE) == 0;

    if (t->superseded)
        return take_mark_away(slot);
    if (t->kept)
        return keep_content(slot);
    if (t->unknown)
        return expect_another(slot, was, is_known, t);
    if (t->damaged && (!is_known || was & DIGEST_MOVED))
        return false;
    if (t->damaged) {
        *slot = (char)((t->moved ? DIGEST_UNCONFIRMED | (was & DIGEST_MARKS) : was) | DIGEST_DAMAGED);
        return true;
    }
    *slot = (char)((t->young ? DIGEST_UNCONFIRMED : DIGEST_CONFIRMED) | marks_of(was, is_known, t));
    memcpy(slot + 1, t->digest.bytes, DIGEST_SIZE);
    return true;
}

/* Call each for the entries of the directory that one of the places is about. -EBADMSG when the listing is damaged. */
static int match(const struct directory *dir, const struct place *places, size_t count,
                 void (*each)(void *arg, const struct listing *l, const struct taken *t), void *arg)
{
    struct listing l;
    struct entry e;
    size_t at = 0;
    int code = directory_open(dir, &l);

    if (code)
        return code;
    while (at < count && (code = listing_next(&l, &e)) == 1) {
        while (at < count && strcmp(places[at].name, e.name) < 0)
            at++;
        for (; at < count && strcmp(places[at].name, e.name) == 0; at++)    /* it may have been taken more than once */
            if (still_holds(&e, places[at].taken))
                each(arg, &l, places[at].taken);
    }
    listing_close(&l);
    return code < 0 ? code : 0;
}

static void fill_slot(void *arg, const struct listing *l, const struct taken *t)
{
    struct change *c = arg;
    struct slots *slots = &c->dir->slots;
    uint64_t entries = l->at + l->left;

    make_room(&slots->digests, entries * DIGEST_SLOT);
    if (!set_digest(slots->digests.data + (l->at - 1) * DIGEST_SLOT, t))
        return;
    set_time(slots, entries, l->at - 1, t->verified_at);
    c->set = true;
}

/* All entries of a directory, their strings in the arena. */
static struct entry *read_entries(const struct directory *dir, struct arena *arena, size_t *ret_count)
{
    struct entry *list = NULL, e;
    struct listing l;
    size_t count = 0;

    if (directory_open(dir, &l) < 0)
        return NULL;
    list = mem_alloc((l.left + 1) * sizeof *list);
    while (listing_next(&l, &e) == 1) {
        e.name = arena_strndup(arena, e.name, e.name_len);
        if (e.target)
            e.target = arena_strndup(arena, e.target, e.target_len);
        list[count++] = e;
    }
    listing_close(&l);
    *ret_count = count;
    return list;
}

struct relisting {
    struct entry *list;
    bool changed;
};

static void set_signs(void *arg, const struct listing *l, const struct taken *t)
{
    struct relisting *r = arg;

    if (!t->moved)
        return;
    r->list[l->at - 1].ctime = t->ctime;
    if (t->ino)
        r->list[l->at - 1].ino = t->ino;
    r->changed = true;
}

/* The listing with the signs that were seen now: the next load finds them so, and the digests stay confirmed. */
static void relist(struct change *c, const struct place *places, size_t count)
{
    struct arena arena = {0};
    size_t entries = 0;
    struct relisting r = {.list = read_entries(c->dir, &arena, &entries)};

    if (r.list && match(c->dir, places, count, set_signs, &r) == 0 && r.changed)
        c->sum = listing_encode(r.list, entries, &c->listing);
    free(r.list);
    arena_free(&arena);
}

static bool has_moved(const struct place *places, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (places[i].taken->moved)
            return true;
    return false;
}

static void bind_bytes(sqlite3_stmt *stmt, int at, const struct buf *bytes)
{
    if (bytes->len)
        sqlite3_bind_blob64(stmt, at, bytes->data, bytes->len, SQLITE_STATIC);
}

static int write_change(struct catalog *cat, int64_t replica, const struct change *c, struct error *err)
{
    static const char sql[] = "UPDATE directory SET digests = ?3, verified = ?4, damaged = ?5, open = ?8, "
                              "listing = COALESCE(?6, listing), sum = COALESCE(?7, sum) WHERE replica = ?1 AND path = ?2";
    const struct directory *dir = c->dir;
    sqlite3_stmt *stmt;

    int code = catalog_borrow(cat, sql, &stmt, err);
    if (code)
        return code;
    sqlite3_bind_int64(stmt, 1, replica);
    sqlite3_bind_blob64(stmt, 2, dir->path, dir->path_len, SQLITE_STATIC);
    bind_bytes(stmt, 3, &dir->slots.digests);
    bind_bytes(stmt, 4, &dir->slots.times);
    sqlite3_bind_int64(stmt, 5, slots_marked(&dir->slots, DIGEST_DAMAGED));
    sqlite3_bind_int64(stmt, 8, slots_marked(&dir->slots, DIGEST_OPEN));
    bind_bytes(stmt, 6, &c->listing);
    if (c->listing.len)
        sqlite3_bind_int64(stmt, 7, (int64_t)c->sum);
    int step = sqlite3_step(stmt);
    code = step == SQLITE_DONE ? 0 : catalog_fail(cat, step, err);
    catalog_give_back(stmt);
    return code;
}

static int record_directory(struct catalog *cat, int64_t replica, const struct place *places, size_t count,
                            struct evidence *evidence, struct error *err)
{
    struct directory dir;
    struct change change = {.dir = &dir};
    struct buf old = {0};

    int code = replica_directory(cat, replica, places->dir, places->dir_len, &dir, err);
    if (code != 1)
        return code;
    code = 0;
    buf_add(&old, dir.slots.digests.data, dir.slots.digests.len);
    if (match(&dir, places, count, fill_slot, &change) == 0 && change.set) {
        if (has_moved(places, count))
            relist(&change, places, count);
        code = write_change(cat, replica, &change, err);
        evidence_replace(evidence, dir.path, dir.path_len, old.data, old.len, dir.slots.digests.data,
                         dir.slots.digests.len);
    }
    buf_free(&old);
    buf_free(&change.listing);
    directory_free(&dir);
    return code;
}

/* ---- all ---- */

static struct place *sort_places(const struct taken *taken, size_t count)
{
    struct place *places = mem_alloc((count + 1) * sizeof *places);

    for (size_t i = 0; i < count; i++)
        places[i] = place_of(&taken[i]);
    qsort(places, count, sizeof *places, by_place);
    return places;
}

static size_t same_directory(const struct place *places, size_t count)
{
    size_t n = 1;

    while (n < count && is_same_directory(&places[0], &places[n]))
        n++;
    return n;
}

int replica_record_digests(struct catalog *cat, int64_t replica, const struct taken *taken, size_t count,
                           struct error *err)
{
    struct place *places = sort_places(taken, count);
    struct evidence evidence = {0};
    size_t run;

    int code = catalog_begin(cat, err);
    for (size_t at = 0; at < count && !code; at += run) {
        run = same_directory(places + at, count - at);
        code = record_directory(cat, replica, places + at, run, &evidence, err);
    }
    if (!code)
        code = evidence_write(cat, replica, &evidence, err);
    if (!code)
        code = catalog_commit(cat, err);
    if (code)
        catalog_rollback(cat);
    free(places);
    return code;
}
