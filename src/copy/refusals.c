#include "copy/refusals.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/hash.h"
#include "base/path.h"
#include "copy/attributes.h"
#include "copy/frozen.h"
#include "copy/original.h"
#include "copy/times.h"
#include "index/filesystem.h"

#define PROC_PATH 320      /* "/proc/self/fd/N/NAME" */
#define NEVER (-1)         /* room: none would do */
#define TRY_AGAIN (7 * 86400 * NSEC_PER_SEC)    /* after that a kind or a name is tried anew: a server may have been set up otherwise */

enum seen { UNSEEN, STANDS, FALLEN };

struct refusal {
    uint64_t name, state;
    unsigned lost;
    int64_t room;          /* bytes, or NEVER; of LOST_WHOLE when it was tried: ns since 1970 */
    char *parts;           /* for the way back (copy/original.h); of what is noted only. Of LOST_WHOLE the errno's name */
    int errnum;            /* of LOST_WHOLE: why */
    atomic_int seen;       /* enum seen */
};

static void free_refusal(void *arg)
{
    struct refusal *f = arg;

    if (f)
        free(f->parts);
    free(f);
}

void refusals_free(struct refusals *r)
{
    map_free(&r->known, free_refusal);
    map_free(&r->noted, free_refusal);
    if (r->w) {
        r->w->report.missed = NULL;
        pthread_mutex_destroy(&r->lock);
    }
    *r = (struct refusals){0};
}

static uint64_t key_of(const char *path) { return hash64_of(path, strlen(path)); }

/* ---- what both sides have ---- */

static bool keeps_attributes(const struct work *w) { return w->source.holds.xattr && w->target.holds.xattr; }

static void add_rights(struct buf *text, uint32_t mode, uint32_t uid, uint32_t gid, int64_t mtime)
{
    buf_printf(text, "%o %u %u %lld\n", mode, uid, gid, (long long)(S_ISDIR(mode) ? 0 : mtime));
}

static int add_attributes(const struct work *w, struct buf *text, int fd, const char *name)
{
    if (!keeps_attributes(w))
        return 0;
    buf_add_byte(text, '\n');
    return attributes_pack(fd, name ? name : ".", w->target.holds.root, text);
}

/* Another filesystem, or this one mounted otherwise or used by somebody else, may take what was refused. */
static uint64_t where_of(const struct work *w, int fd)
{
    const struct holds *h = &w->target.holds;
    char name[FILESYSTEM_NAME] = "";
    struct buf text = {0};

    (void)filesystem_name(fd, name);
    buf_printf(&text, "%s %d %d %d %d", name, h->owner, h->mode, h->root, h->traits.drops_times);
    uint64_t hash = hash64_of(buf_str(&text), text.len);
    buf_free(&text);
    return hash;
}

/* text: the rights of both. 0 or -errno. */
static int state_of(const struct work *w, struct buf *text, struct refused_pair pair, uint64_t *ret_state)
{
    if (!w->refusals->where)
        w->refusals->where = where_of(w, pair.to) | 1;
    buf_printf(text, "%llx\n", (unsigned long long)w->refusals->where);
    int code = add_attributes(w, text, pair.from, pair.name);

    if (!code)
        code = add_attributes(w, text, pair.to, pair.name);
    *ret_state = hash64_of(buf_str(text), text->len);
    return code;
}

/* ---- judging ---- */

/* A folder itself, else the folder that the name is in. */
static int open_side(int top, const char *path, bool folder, const char **ret_name)
{
    if (!folder)
        return path_open_parent(top, path, ret_name);
    *ret_name = NULL;
    return path_open_dir(top, path);
}

/* As both listings have them. 0 or -errno. */
static int look(const struct work *w, const char *path, const struct merge_pair *p, uint64_t *ret_state)
{
    const struct entry *l = p->left, *r = p->right;
    struct refused_pair pair;
    struct buf text = {0};

    pair.from = open_side(w->source.top, path, S_ISDIR(l->mode), &pair.name);
    pair.to = pair.from < 0 ? pair.from : open_side(w->target.top, path, S_ISDIR(l->mode), &pair.name);
    add_rights(&text, l->mode, l->uid, l->gid, l->mtime);
    add_rights(&text, r->mode, r->uid, r->gid, r->mtime);
    int code = pair.to < 0 ? pair.to : state_of(w, &text, pair, ret_state);
    if (pair.from >= 0)
        close(pair.from);
    if (pair.to >= 0)
        close(pair.to);
    buf_free(&text);
    return code;
}

static int64_t free_room(int fd)
{
    struct statvfs st;

    return fstatvfs(fd, &st) < 0 ? 0 : (int64_t)(st.f_bavail * st.f_frsize);
}

/* What is free goes up and down a little all the time. */
static bool has_more_room(const struct refusal *f, int fd) { return f->room != NEVER && free_room(fd) > f->room + f->room / 8; }

int refusals_judge(void *arg, const struct plan_name *name)
{
    struct refusals *r = arg;

    if (!r->known.count)
        return 0;
    char *path = plan_join(name->dir->path, name->name);
    struct refusal *f = map_get(&r->known, key_of(path));
    if (f && f->lost & LOST_WHOLE)    /* both have it by now */
        f->seen = FALLEN;
    if (f && f->seen == UNSEEN) {
        uint64_t state;
        bool same = !has_more_room(f, r->w->target.top) && look(r->w, path, name->pair, &state) == 0 && state == f->state;
        f->seen = same ? STANDS : FALLEN;
    }
    free(path);
    return !f ? 0 : f->seen == FALLEN ? -1 : (int)f->lost;
}

bool refusals_stand(const struct refusals *r, const char *path)
{
    const struct refusal *f = r && r->known.count ? map_get(&r->known, key_of(path)) : NULL;
    return f && f->seen == STANDS && !(f->lost & LOST_AGAIN);
}

/* ---- noting ---- */

static int64_t room_of(unsigned lost, int fd)
{
    return lost & LOST_ROOM && !(lost & LOST_AGAIN) ? free_room(fd) : NEVER;
}

static int stat_side(int fd, const char *name, struct stat *ret_st)
{
    return name ? fstatat(fd, name, ret_st, AT_SYMLINK_NOFOLLOW) : fstat(fd, ret_st);
}

/* Takes its parts. */
static void keep(struct refusals *r, const struct refusal *refusal)
{
    struct refusal *f = mem_zalloc(sizeof *f);

    f->name = refusal->name;
    f->state = refusal->state;
    f->lost = refusal->lost;
    f->room = refusal->room;
    f->parts = refusal->parts;
    pthread_mutex_lock(&r->lock);
    free_refusal(map_get(&r->noted, f->name));
    map_set(&r->noted, f->name, f);
    pthread_mutex_unlock(&r->lock);
}

/* NULL: nobody can tell. */
static char *parts_of(const struct work *w, struct refused_pair pair, const struct stat *from, const struct stat *to)
{
    const struct rights wanted = {from->st_mode, from->st_uid, from->st_gid}, has = {to->st_mode, to->st_uid, to->st_gid};
    char from_path[PROC_PATH], to_path[PROC_PATH];
    struct buf parts = {0};

    snprintf(from_path, sizeof from_path, "/proc/self/fd/%d/%s", pair.from, pair.name ? pair.name : ".");
    snprintf(to_path, sizeof to_path, "/proc/self/fd/%d/%s", pair.to, pair.name ? pair.name : ".");
    int code = original_pack(w, (struct xattr_file){.path = from_path}, (struct xattr_file){.path = to_path}, &wanted, &has, &parts);
    char *text = code ? NULL : buf_take(&parts);
    buf_free(&parts);
    return text;
}

static void note_lost(struct refusals *r, struct refusal *f, struct refused_pair pair, int64_t ctime)
{
    struct buf text = {0};
    struct stat from, to;

    if (stat_side(pair.from, pair.name, &from) < 0 || stat_side(pair.to, pair.name, &to) < 0)
        return;
    add_rights(&text, from.st_mode, from.st_uid, from.st_gid, mtime_of(&from));
    add_rights(&text, to.st_mode, to.st_uid, to.st_gid, mtime_of(&to));
    f->room = room_of(f->lost, pair.to);
    f->parts = parts_of(r->w, pair, &from, &to);
    if (state_of(r->w, &text, pair, &f->state) == 0 && stat_side(pair.from, pair.name, &from) == 0 && ctime_of(&from) == ctime)
        keep(r, f);
    else
        free(f->parts);
    buf_free(&text);
}

/* Of what it keeps as a rule. Times of folders are set by each copy. */
static unsigned kept_of(const struct work *w, unsigned lost)
{
    const struct holds *h = &w->target.holds;
    unsigned kept = lost & ((keeps_attributes(w) ? LOST_XATTR | LOST_ACL : 0) | (h->owner ? LOST_OWNER : 0) |
                            (h->mode ? LOST_MODE : 0) | (h->traits.drops_times ? 0 : LOST_TIMES));

    bool again = lost & (LOST_QUOTA | LOST_AGAIN) || kept & ~(unsigned)(LOST_XATTR | LOST_ACL);

    return kept ? kept | (lost & (LOST_ROOM | LOST_QUOTA)) | (again ? LOST_AGAIN : 0) : 0;
}

void refusals_note(struct refusals *r, const char *path, struct refused_pair pair, int64_t ctime, unsigned lost)
{
    lost = r ? kept_of(r->w, lost) : 0;
    if (!r || (!lost && !r->known.count))
        return;
    struct refusal f = {.name = key_of(path), .lost = lost};
    const struct refusal *known = map_get(&r->known, f.name);
    if (lost)
        note_lost(r, &f, pair, ctime);
    else if (known)
        keep(r, &f);
    bool is_counted = known && known->seen == STANDS;    /* with the plan */
    atomic_fetch_add(&r->w->report.tally.refused, (lost != 0) - is_counted);
}

/* ---- what was not made ---- */

/* A filesystem may have such a kind or such a name where another one has not, and root may make what others may not. */
static uint64_t whole_state(const struct work *w, uint32_t mode)
{
    char name[FILESYSTEM_NAME] = "";
    struct buf text = {0};

    (void)filesystem_name(w->target.top >= 0 ? w->target.top : w->target.root, name);
    buf_printf(&text, "%s %d %o", name, geteuid() == 0, mode & S_IFMT);
    uint64_t hash = hash64_of(buf_str(&text), text.len);
    buf_free(&text);
    return hash;
}

static bool is_recent(int64_t at)
{
    int64_t now = clock_now();
    return at <= now && at > now - TRY_AGAIN;
}

int refusals_unmade(const struct refusals *r, const char *path, uint32_t mode)
{
    const struct refusal *f = r->known.count ? map_get(&r->known, key_of(path)) : NULL;
    bool lasts = f && f->lost & LOST_WHOLE && f->errnum && f->errnum != EIO && is_recent(f->room);

    return lasts && f->state == whole_state(r->w, mode) ? f->errnum : 0;
}

static int errnum_of(const char *code)
{
    for (int i = 1; i < 134; i++)
        if (strcmp(error_name(i), code) == 0)
            return i;
    return 0;
}

/* A mark on the folder says nothing of the filesystem. */
static bool is_frozen(const struct work *w, const char *path)
{
    char why[160];
    return w->target.top >= 0 && frozen_why(w->target.top, path, why, sizeof why);
}

void refusals_missed(void *arg, const struct subject *subject, const char *code)
{
    struct refusals *r = arg;
    char *path = plan_join(subject->dir, subject->name);
    int errnum = errnum_of(code);

    if (!refusals_unmade(r, path, subject->missing)) {
        bool counts = errnum != EPERM || !is_frozen(r->w, path);
        keep(r, &(struct refusal){.name = key_of(path), .state = counts ? whole_state(r->w, subject->missing) : 0,
                                  .lost = LOST_WHOLE, .room = clock_now(), .parts = mem_strdup(code)});
    }
    free(path);
}

/* ---- the catalog ---- */

/* Of the database with this identity: the parameters 1 and 2. */
#define OURS "database = (SELECT id FROM database WHERE identity = ?1) AND replica = ?2"

static void bind_place(const struct refusals *r, sqlite3_stmt *stmt)
{
    const struct transfer_request *q = r->w->request;

    sqlite3_bind_text(stmt, 1, q->target_identity, -1, SQLITE_STATIC);
    sqlite3_bind_blob(stmt, 2, q->path, (int)strlen(q->path), SQLITE_STATIC);
}

static void learn(struct refusals *r, sqlite3_stmt *stmt)
{
    struct refusal *f = mem_zalloc(sizeof *f);

    f->name = (uint64_t)sqlite3_column_int64(stmt, 0);
    f->state = (uint64_t)sqlite3_column_int64(stmt, 1);
    f->lost = (unsigned)sqlite3_column_int(stmt, 2);
    f->room = sqlite3_column_int64(stmt, 3);
    if (f->lost & LOST_WHOLE && sqlite3_column_text(stmt, 4))
        f->errnum = errnum_of((const char *)sqlite3_column_text(stmt, 4));
    free(map_get(&r->known, f->name));
    map_set(&r->known, f->name, f);
}

int refusals_open(struct refusals *r, struct work *w, struct catalog *cat, struct error *err)
{
    sqlite3_stmt *stmt;
    int step;

    *r = (struct refusals){.w = w};
    pthread_mutex_init(&r->lock, NULL);
    w->refusals = r;
    w->report.missed = refusals_missed;
    w->report.missed_arg = r;
    int code = catalog_prepare(cat, "SELECT name, state, lost, room, parts FROM refused WHERE " OURS, &stmt, err);

    if (code)
        return code;
    bind_place(r, stmt);
    while ((step = sqlite3_step(stmt)) == SQLITE_ROW)
        learn(r, stmt);
    if (step != SQLITE_DONE)
        code = catalog_fail(cat, step, err);
    sqlite3_finalize(stmt);
    return code;
}

static int write_one(const struct refusals *r, struct catalog *cat, const struct refusal *f, struct error *err)
{
    static const char set[] = "INSERT OR REPLACE INTO refused (database, replica, name, state, lost, room, parts) "
                              "SELECT id, ?2, ?3, ?4, ?5, ?6, ?7 FROM database WHERE identity = ?1";
    static const char forget[] = "DELETE FROM refused WHERE " OURS " AND name = ?3";
    sqlite3_stmt *stmt;
    int code = catalog_borrow(cat, f->lost ? set : forget, &stmt, err);

    if (code)
        return code;
    bind_place(r, stmt);
    sqlite3_bind_int64(stmt, 3, (int64_t)f->name);
    if (f->lost) {
        sqlite3_bind_int64(stmt, 4, (int64_t)f->state);
        sqlite3_bind_int(stmt, 5, (int)f->lost);
        sqlite3_bind_int64(stmt, 6, f->room);
        sqlite3_bind_text(stmt, 7, f->parts, -1, SQLITE_STATIC);    /* NULL where there is none */
    }
    int step = sqlite3_step(stmt);
    code = step == SQLITE_DONE ? 0 : catalog_fail(cat, step, err);
    catalog_give_back(stmt);
    return code;
}

/* What is as it should be by now, or not there any more, is not asked about again. */
static void forget_fallen(struct refusals *r)
{
    for (size_t i = 0; i < r->known.room; i++) {
        const struct refusal *f = r->known.slots[i].value;
        if (f && f->seen != STANDS && !map_get(&r->noted, f->name))
            keep(r, &(struct refusal){.name = f->name});
    }
}

int refusals_write(struct refusals *r, struct catalog *cat, bool all, struct error *err)
{
    if (all)
        forget_fallen(r);
    if (!r->noted.count)
        return 0;
    int code = catalog_begin(cat, err);
    for (size_t i = 0; i < r->noted.room && !code; i++)
        if (r->noted.slots[i].value)
            code = write_one(r, cat, r->noted.slots[i].value, err);
    if (!code)
        code = catalog_commit(cat, err);
    if (code)
        catalog_rollback(cat);
    return code;
}
