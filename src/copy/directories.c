#include "copy/directories.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/hash.h"
#include "base/path.h"
#include "copy/absent.h"
#include "copy/attributes.h"
#include "copy/extras.h"
#include "copy/frozen.h"
#include "copy/layers.h"
#include "copy/original.h"
#include "copy/refusals.h"
#include "copy/source.h"
#include "copy/times.h"

/* A directory that was entered and not left yet. */
struct level {
    struct level *above;      /* entered before it: around it, or beside one that is still to come (stays_open) */
    char *path;
    bool finish, fresh;       /* it gets the source's metadata; it was made */
    bool remove;              /* the source has none */
    bool whole;               /* its own metadata is what the copy is about */
};

struct finish {
    struct work *w;
    struct plan *plan;
    struct level *deepest;
    bool mirror;
};

/* from: what the directory shall have. */
static bool lacks_rights(const struct holds *holds, const struct stat *from, const struct stat *to)
{
    const struct rights wanted = {from->st_mode, from->st_uid, from->st_gid}, has = {to->st_mode, to->st_uid, to->st_gid};
    return metadata_lacks(&wanted, &has, holds->owner, holds->mode);
}

static struct manifest_file described(const struct stat *st)
{
    return (struct manifest_file){.mode = st->st_mode, .mtime = mtime_of(st), .uid = st->st_uid,
                                  .gid = st->st_gid};
}

/* Before the directory `to` is corrected: what it is, and where more than its time changes, what it will be. */
static int announce_touch(struct work *w, const char *path, const struct stat *from_st, const struct stat *to_st,
                          int to, bool rights)
{
    struct manifest *m = &w->target.manifest;
    struct manifest_file fresh = described(from_st), old = described(to_st);

    if (rights) {
        manifest_add_touch(m, path, &fresh, &old);
        attributes_announce(m, path, to, ".", w->target.holds.root);
    } else {
        manifest_add_folder(m, path, &old);
    }
    return manifest_write(m);
}

static const struct xattr_rules clean = {.clean = true};    /* of what a new one inherits */

/* fresh: it was made by this copy, and its metadata is only provisional. */
static int finish_open(struct work *w, const char *path, int from, int to, bool fresh, enum side *ret_side)
{
    struct stat from_st, to_st, now;
    struct given given = {0};
    struct original original;

    if (fstat(from, &from_st) < 0 || fstat(to, &to_st) < 0)
        return -errno;
    original_of(w, path, true, &original);
    const int64_t ctime = ctime_of(&from_st);
    layers_give(w->request->layers, path, &from_st);
    if (fresh)
        source_give_new(&w->source, &from_st);
    else
        source_give_corrected(w, path, &to_st, &from_st);
    if (!fresh && !holds_may_correct(&w->target.holds, to_st.st_uid))
        return 0;
    bool refused = mtime_of(&from_st) == mtime_of(&to_st) && refusals_stand(w->refusals, path);
    bool extras = !fresh && !refused && extras_differ(w, path, from, to);
    bool rights = extras || (!fresh && lacks_rights(&w->target.holds, &from_st, &to_st));
    if (!fresh && !rights && (mtime_of(&from_st) == mtime_of(&to_st) || frozen_is(to, ".")))    /* no plan tells a folder's time */
        return 0;
    int code = fresh ? 0 : announce_touch(w, path, &from_st, &to_st, to, rights);
    if (code)
        return code;
    code = metadata_copy(from, to, &from_st, &w->target.holds, fresh && !original.rules.list ? &clean : &original.rules, &given);
    if (code && given.side == SIDE_SOURCE)
        *ret_side = SIDE_SOURCE;
    if (!code && fstat(to, &now) < 0)
        code = -errno;
    if (!code && given.lost && frozen_is(to, "."))
        code = -EPERM;
    const unsigned missed = code ? 0 : metadata_missed(&from_st, &now, &w->target.holds, given.lost);
    if (!code)
        report_lost(&w->report, given.lost | missed);
    if (!code)
        refusals_note(w->refusals, path, (struct refused_pair){.from = from, .to = to}, ctime,
                      missed | (given.lost & (LOST_XATTR | LOST_ACL | LOST_ROOM | LOST_QUOTA | LOST_AGAIN)));
    bool moved = (extras && !(given.lost & (LOST_XATTR | LOST_ACL))) || (!code && (now.st_mode != to_st.st_mode || now.st_uid != to_st.st_uid || now.st_gid != to_st.st_gid));
    atomic_fetch_add(&w->report.tally.metadata_only, !code && rights && moved);
    return code;
}

/* A directory that is gone from the source's replica, made again: as the manifest of what removed it says. */
static int finish_gone(struct work *w, const char *path, int to)
{
    const struct manifest_file *f = map_get(&w->request->layers->folders, hash64_of(path, strlen(path)));
    struct given given = {0};
    struct original original;
    struct stat st;

    if (fstat(to, &st) < 0)
        return -errno;
    original_of(w, path, true, &original);
    st.st_mode = S_IFDIR | (f ? f->mode & 07777 : 0755);
    if (f) {
        st.st_uid = f->uid;
        st.st_gid = f->gid;
        st.st_mtim = clock_split(f->mtime);
    }
    int code = metadata_copy(to, to, &st, &w->target.holds, original.rules.list ? &original.rules : &clean, &given);
    report_lost(&w->report, given.lost);
    return code;
}

static void finish_one(struct work *w, const char *path, bool fresh)
{
    int from = w->source.top < 0 ? -ENOENT : path_open_dir(w->source.top, path);
    int to = path_open_dir(w->target.top, path);

    if (path_is_absent(from) && to >= 0 && w->request->layers && fresh) {
        int gone = finish_gone(w, path, to);
        close(to);
        if (gone)
            report_errno(&w->report, (struct subject){.dir = path, .name = ""}, -gone, SIDE_TARGET);
        return;
    }
    enum side side = from < 0 ? SIDE_SOURCE : SIDE_TARGET;
    int code = from < 0 ? from : to < 0 ? to : finish_open(w, path, from, to, fresh, &side);

    if (from >= 0)
        close(from);
    if (to >= 0)
        close(to);
    if (code && code != -ENOENT)
        report_errno(&w->report, (struct subject){.dir = path, .name = ""}, -code, side);
}

/* The directory that `path` lies in, before its time moves and a name in it goes. lasting: that time it gets back. */
static int announce_parent(struct work *w, const char *path, int dir, const struct stat *st, bool lasting)
{
    const char *slash = strrchr(path, '/');
    char *parent = mem_strndup(path, slash ? (size_t)(slash - path) : 0);
    struct manifest_file old = described(st);

    manifest_add_folder(&w->target.manifest, parent, &old);
    if (lasting)
        directories_remember(w, parent, st);
    int code = opened_open(&w->target.opened, parent, dir);
    free(parent);
    return code;
}

static int remove_in(struct work *w, const char *path, int dir, const char *name, bool lasting)
{
    struct manifest *m = &w->target.manifest;
    struct stat st, parent;

    if (fstat(dir, &parent) < 0 || fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
        return -errno;
    struct manifest_file old = described(&st);
    int code = announce_parent(w, path, dir, &parent, lasting);
    if (code)
        return code;
    old.mode = opened_was(&w->target.opened, path, st.st_mode);
    manifest_add_remove(m, path, &old);
    attributes_announce(m, path, dir, name, w->target.holds.root);
    code = manifest_write(m);
    if (!code && unlinkat(dir, name, AT_REMOVEDIR) < 0)
        code = -errno;
    if (code)
        manifest_add_void(m, MANIFEST_REMOVE, st.st_mode, path);
    return code;
}

static int remove_at(struct work *w, const char *path, bool lasting)
{
    const char *name;
    int dir = path_open_parent(w->target.top, path, &name);
    int code = dir < 0 ? dir : remove_in(w, path, dir, name, lasting);

    if (dir >= 0)
        close(dir);
    atomic_fetch_add(&w->report.tally.directories_removed, !code);
    return code;
}

int directories_remove(struct work *w, const char *path) { return remove_at(w, path, false); }

/* Only empty ones go: what is left in one was a conflict, or came since. */
static void remove_one(struct work *w, const char *path, bool lasting)
{
    if (!absent_directory(w, path))
        return;
    int code = remove_at(w, path, lasting);
    if (code && code != -ENOENT && code != -ENOTEMPTY && code != -EEXIST)
        report_errno(&w->report, (struct subject){.dir = path, .name = ""}, -code, SIDE_TARGET);
}

static bool begins(const struct level *level, const char *path, size_t len)
{
    size_t own = strlen(level->path);
    return !own || (len > own && memcmp(path, level->path, own) == 0);
}

static bool contains(const struct level *level, const char *path, size_t len)
{
    return begins(level, path, len) && (!*level->path || path[strlen(level->path)] == '/');
}

/* May it, or what is in it, still come? In the order of paths "a-b" comes between "a" and "a/b". */
static bool stays_open(const struct level *level, const struct merge_dir *dir)
{
    return begins(level, dir->path, dir->path_len) && (!*level->path || dir->path[strlen(level->path)] <= '/');
}

/* The directory that a level lies in. */
static const struct level *parent_of(const struct level *level)
{
    const struct level *above = level->above;

    while (above && !contains(above, level->path, strlen(level->path)))
        above = above->above;
    return above;
}

static void tell_shut(void *arg, const char *path, int code)
{
    struct work *w = arg;

    report_errno(&w->report, (struct subject){.dir = path, .name = ""}, -code, SIDE_TARGET);
}

/* Before its own metadata is looked at. */
static void shut(struct work *w, const char *path)
{
    int code = opened_shut(&w->target.opened, path);

    if (code)
        tell_shut(w, path, code);
}

static void leave_level(struct finish *f)
{
    struct level *level = f->deepest;
    const struct level *parent = parent_of(level);

    f->deepest = level->above;
    if (!level->remove)
        shut(f->w, level->path);
    if (level->finish)
        finish_one(f->w, level->path, level->fresh);
    else if (level->remove)
        remove_one(f->w, level->path, parent && !parent->whole);
    free(level->path);
    free(level);
}

static int enter(void *arg, const struct merge_dir *dir)
{
    struct finish *f = arg;
    struct level *level = mem_zalloc(sizeof *level);

    while (f->deepest && !stays_open(f->deepest, dir))
        leave_level(f);
    bool whole = plan_is_whole(f->plan), fresh = dir->in_left && !dir->in_right;
    bool needed = fresh && plan_is_needed(f->plan, dir->path, dir->path_len);
    *level = (struct level){.above = f->deepest, .path = mem_strndup(dir->path, dir->path_len), .fresh = fresh,
                            .finish = dir->in_left && (whole || needed), .whole = whole,
                            .remove = !dir->in_left && whole && f->mirror};
    f->deepest = level;
    return 0;
}

/* A directory that cannot be read was told with its own entry. */
static int see_name(void *arg, const struct plan_name *name)
{
    struct finish *f = arg;

    if (!*name->name && name->pair->left && name->pair->left->err)
        f->deepest->finish = false;
    return 0;
}

int directories_finish(struct work *w, struct plan *plan, struct error *err)
{
    struct finish f = {.w = w, .plan = plan, .mirror = w->request->mirror};
    struct plan_visitor visitor = {.dir = enter, .name = see_name, .arg = &f};
    int code = plan_pass(plan, &visitor, err);

    while (f.deepest)
        leave_level(&f);
    return code;
}

void directories_remember(struct work *w, const char *path, const struct stat *before)
{
    struct remembered *r = mem_alloc(sizeof *r);
    *r = (struct remembered){.next = w->remembered, .path = mem_strdup(path), .before = *before};
    w->remembered = r;
}

static int put_back(struct work *w, const struct remembered *r)
{
    struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, r->before.st_mtim};
    struct stat now;
    int dir = path_open_dir(w->target.top, r->path);

    if (dir < 0)
        return dir;
    int code = fstat(dir, &now) < 0 ? -errno : 0;
    bool same = !code && now.st_dev == r->before.st_dev && now.st_ino == r->before.st_ino;
    if (same && mtime_of(&now) != mtime_of(&r->before) && futimens(dir, times) < 0)
        code = -errno;
    close(dir);
    return code;
}

/* The last one first: of a directory that was opened twice, what it was at first stays. */
void directories_put_back(struct work *w)
{
    opened_shut_all(&w->target.opened, tell_shut, w);
    for (struct remembered *r = w->remembered, *next; r; r = next) {
        int code = put_back(w, r);
        if (code && code != -ENOENT)
            report_errno(&w->report, (struct subject){.dir = r->path, .name = ""}, -code, SIDE_TARGET);
        next = r->next;
        free(r->path);
        free(r);
    }
    w->remembered = NULL;
}

mode_t directories_first_mode(const struct stat *parent, const struct stat *wanted)
{
    gid_t group = parent->st_mode & S_ISGID ? parent->st_gid : getegid();
    return group == wanted->st_gid ? (wanted->st_mode & 0777) | 0700 : 0700;
}
