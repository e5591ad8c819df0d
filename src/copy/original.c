#include "copy/original.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/hash.h"
#include "copy/layers.h"

/* An attribute that was not taken: hashes of its name, of its value, and of what the other disk had instead; 0: nothing. */
struct part {
    uint64_t name, value, has;
};

struct parts {
    unsigned lost;
    struct rights wanted, has;
    size_t count;
    struct part part[];
};

void originals_free(struct originals *o)
{
    map_free(&o->known, free);
    map_free(&o->missed, NULL);
    *o = (struct originals){0};
}

static uint64_t hash_of(const struct buf *value) { return value ? hash64_of(value->data ? value->data : "", value->len) : 0; }

static const struct parts *find(const struct work *w, const char *path)
{
    const struct originals *o = w->originals;
    return o && o->known.count ? map_get(&o->known, hash64_of(path, strlen(path))) : NULL;
}

/* ---- attributes ---- */

static bool is_remembered(const struct parts *parts, const char *name, const struct buf *has, const struct buf *value)
{
    const struct part wanted = {hash64_of(name, strlen(name)), hash_of(value), hash_of(has)};

    for (size_t i = 0; parts && i < parts->count; i++)
        if (parts->part[i].name == wanted.name && parts->part[i].value == wanted.value && parts->part[i].has == wanted.has)
            return true;
    return false;
}

static bool stays(void *arg, struct xattr_file from, const char *name, const struct buf *has, const struct buf *value)
{
    const struct original *o = arg;

    return !o->w->source.holds.xattr || is_remembered(o->parts, name, has, value) ||
           (!has && !xattr_has_room(from, name, value->len));
}

void original_of(const struct work *w, const char *path, bool clean, struct original *ret)
{
    *ret = (struct original){.w = w, .parts = find(w, path), .rules = {.clean = clean && w->source.holds.xattr, .arg = ret,
                                                                      .list = layers_attributes(w->request->layers, path)}};
    if (w->originals)
        ret->rules.stays = stays;
}

/* ---- rights ---- */

/* Make of the source's those of the destination's, where the two differ because they were not taken. */
static void keep_rights(const struct parts *p, const struct rights *to, struct rights *from)
{
    bool owners = from->uid == p->has.uid && from->gid == p->has.gid && to->uid == p->wanted.uid && to->gid == p->wanted.gid;
    bool modes = !((from->mode ^ p->has.mode) & 07777) && !((to->mode ^ p->wanted.mode) & 07777);

    if (p->lost & LOST_MODE && modes)
        from->mode = (from->mode & S_IFMT) | (to->mode & 07777);
    if (p->lost & LOST_OWNER && owners) {
        from->uid = to->uid;
        from->gid = to->gid;
    }
}

void original_give(const struct work *w, const char *path, const struct stat *old, struct stat *st)
{
    const struct parts *parts = find(w, path);
    const struct rights to = {old->st_mode, old->st_uid, old->st_gid};
    struct rights from = {st->st_mode, st->st_uid, st->st_gid};

    if (!parts)
        return;
    keep_rights(parts, &to, &from);
    st->st_mode = from.mode;
    st->st_uid = from.uid;
    st->st_gid = from.gid;
}

bool original_entry(void *arg, const struct plan_name *name, struct entry *left)
{
    const struct originals *o = arg;
    const struct entry *l = name->pair->left, *r = name->pair->right;

    if (!o->known.count || !l || !r || l->err || r->err || ((l->mode ^ r->mode) & S_IFMT))
        return false;
    char *path = plan_join(name->dir->path, name->name);
    const struct parts *parts = find(o->w, path);
    const struct rights to = {r->mode, r->uid, r->gid};
    struct rights from = {l->mode, l->uid, l->gid};
    free(path);
    if (!parts)
        return false;
    keep_rights(parts, &to, &from);
    *left = *l;
    left->mode = from.mode;
    left->uid = from.uid;
    left->gid = from.gid;
    return true;
}

bool original_is_missed(const struct originals *o, const char *path)
{
    return o->missed.count && map_get(&o->missed, hash64_of(path, strlen(path)));
}

/* ---- the catalog ---- */

static void add_part(void *arg, const char *name, const struct buf *value, const struct buf *has)
{
    buf_printf(arg, "%llx %llx %llx\n", (unsigned long long)hash64_of(name, strlen(name)), (unsigned long long)hash_of(value),
               (unsigned long long)hash_of(has));
}

int original_pack(const struct work *w, struct xattr_file from, struct xattr_file to, const struct rights *from_rights,
                  const struct rights *to_rights, struct buf *out)
{
    const struct rights *a = from_rights, *b = to_rights;

    buf_printf(out, "%x %x %x %x %x %x\n", a->mode, a->uid, a->gid, b->mode, b->uid, b->gid);
    return xattr_differences(from, to, w->target.holds.root, add_part, out);
}

static size_t count_lines(const char *text)
{
    size_t count = 0;

    for (; (text = strchr(text, '\n')); text++)
        count++;
    return count;
}

/* NULL when it is malformed: then nothing is known. */
static struct parts *unpack(const char *text)
{
    struct parts *p = mem_zalloc(sizeof *p + count_lines(text) * sizeof *p->part);
    struct rights *a = &p->wanted, *b = &p->has;
    unsigned long long name, value, has;

    if (sscanf(text, "%x %x %x %x %x %x", &a->mode, &a->uid, &a->gid, &b->mode, &b->uid, &b->gid) != 6) {
        free(p);
        return NULL;
    }
    while ((text = strchr(text, '\n')) && sscanf(++text, "%llx %llx %llx", &name, &value, &has) == 3)
        p->part[p->count++] = (struct part){name, value, has};
    return p;
}

static void learn(struct originals *o, sqlite3_stmt *stmt)
{
    const uint64_t name = (uint64_t)sqlite3_column_int64(stmt, 0);
    const char *text = (const char *)sqlite3_column_text(stmt, 2);
    const unsigned lost = (unsigned)sqlite3_column_int(stmt, 1);
    struct parts *parts = text && !(lost & LOST_WHOLE) ? unpack(text) : NULL;

    if (lost & LOST_WHOLE)
        map_set(&o->missed, name, o);
    if (!parts)
        return;
    parts->lost = lost;
    free(map_get(&o->known, name));
    map_set(&o->known, name, parts);
}

int originals_open(struct originals *o, struct work *w, struct catalog *cat, struct error *err)
{
    const struct transfer_request *q = w->request;
    sqlite3_stmt *stmt;
    int step;

    *o = (struct originals){.w = w};
    w->originals = o;
    int code = catalog_prepare(cat, "SELECT name, lost, parts FROM refused WHERE replica = ?2 AND "
                               "database = (SELECT id FROM database WHERE identity = ?1)", &stmt, err);
    if (code)
        return code;
    sqlite3_bind_text(stmt, 1, q->source_identity, -1, SQLITE_STATIC);
    sqlite3_bind_blob(stmt, 2, q->path, (int)strlen(q->path), SQLITE_STATIC);
    while ((step = sqlite3_step(stmt)) == SQLITE_ROW)
        learn(o, stmt);
    if (step != SQLITE_DONE)
        code = catalog_fail(cat, step, err);
    sqlite3_finalize(stmt);
    return code;
}
