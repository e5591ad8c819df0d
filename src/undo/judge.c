#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/path.h"
#include "copy/times.h"
#include "index/catalog.h"
#include "undo/state.h"

#define CHANGED "changed since: left alone"
#define SET_ID ((mode_t)(S_ISUID | S_ISGID))

/* By what lstat says. */
static bool looks_like(const struct undo *u, const struct stat *st, const struct manifest_file *f)
{
    const struct was was = manifest_was(f);
    return still_is(&was, st, STILL_ALIKE, &u->holds.traits);
}

/* Has dir/name, which looks like it, the content of f? Where none is known what it looks like has to do. 1, 0 or -errno. */
static int has_content(struct undo *u, int dir, const char *name, const struct manifest_file *f)
{
    struct digest digest;

    if (!S_ISREG(f->mode) || !f->has_digest)
        return 1;
    int fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    int code = data_digest(&u->data, fd, f->size, &digest);
    close(fd);
    return code ? code : memcmp(&digest, &f->digest, sizeof digest) == 0;
}

/*
 * Is the file that lies there the one that the operation put there? Its ctime tells; where that has moved, as by a
 * link or a chmod, its content. 1, 0 or -errno.
 */
static int is_still(struct undo *u, const struct step *s)
{
    const struct manifest_file *fresh = &s->deed.fresh;
    const struct stat *st = &s->now;
    bool same = (st->st_mode & S_IFMT) == (fresh->mode & S_IFMT) &&
                (!S_ISREG(st->st_mode) || (uint64_t)st->st_size == fresh->size);

    if (same && s->deed.stamp && s->deed.stamp == past_stamp(mtime_of(st), ctime_of(st)))
        return 1;
    return looks_like(u, st, fresh) ? has_content(u, u->spot.live, s->name, fresh) : 0;
}

/* Is what lies there the old one again? 1, 0 or -errno. */
static int is_old(struct undo *u, const struct step *s)
{
    return looks_like(u, &s->now, &s->deed.old) ? has_content(u, u->spot.live, s->name, &s->deed.old) : 0;
}

/* Is dir/name, a name of ours, the old version? Sets s->kept. 1, 0 or -errno. */
static int is_stray(struct undo *u, struct step *s, int dir, const char *name)
{
    struct stat st;

    if (!temp_is_exchange(name) || fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0 || !looks_like(u, &st, &s->deed.old))
        return 0;
    int same = has_content(u, dir, name, &s->deed.old);
    if (same != 1)
        return same;
    s->kept = st;
    snprintf(s->kept_name, sizeof s->kept_name, "%.*s", TEMP_NAME_SIZE - 1, name);
    return 1;
}

/*
 * A file that a crash left under a name of ours: of those that look like the old version the one with its content, or the
 * only one where that is not known. 1, 0 or -errno.
 */
static int find_stray(struct undo *u, struct step *s, int dir)
{
    int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), found = 0, code = 0;
    DIR *stream = fd < 0 ? NULL : fdopendir(fd);
    bool known = S_ISREG(s->deed.old.mode) && s->deed.old.has_digest;

    if (!stream && fd >= 0)
        close(fd);
    for (struct dirent *d; stream && code >= 0 && !(known && found) && (d = readdir(stream));) {
        code = is_stray(u, s, dir, d->d_name);
        found += code > 0;
    }
    if (stream)
        closedir(stream);
    if (code < 0 || found != 1)
        s->kept_name[0] = 0;
    return code < 0 ? code : found == 1;
}

/* Look for the old version. 0 with s->kept, -ENOENT, -ESTALE when what is there is another, or -errno. */
static int find_kept(struct undo *u, struct step *s)
{
    int other = -ENOENT;

    for (int i = 0; i < 2; i++) {
        int dir = u->spot.kept[i];
        if (dir < 0)
            continue;
        s->kept_elsewhere = i == 1;
        if (fstatat(dir, s->name, &s->kept, AT_SYMLINK_NOFOLLOW) == 0) {
            if (looks_like(u, &s->kept, &s->deed.old))
                return 0;
            other = -ESTALE;
        } else if (errno != ENOENT) {
            return -errno;
        }
        int stray = find_stray(u, s, dir);
        if (stray)
            return stray < 0 ? stray : 0;
    }
    return other;
}

static int tell_kept(struct undo *u, const struct step *s, int code)
{
    if (code == -ENOENT)
        tell_problem(u, s, "EGONE", "its old version is not kept any more: left as it is");
    else if (code == -ESTALE)
        tell_problem(u, s, "EVERSION", "what is kept is not its old version: left as it is");
    else
        return tell_errno(u, s->deed.path, code);
    return 0;
}

static int unchanged(struct undo *u, struct step *s)
{
    s->act = ACT_NONE;
    u->counts.unchanged++;
    links_remember(u, s);
    return 0;
}

static int conflict(struct undo *u, struct step *s, const char *why)
{
    s->act = ACT_NONE;
    tell_conflict(u, s, "ECHANGED", why);
    return 0;
}

static int judge_created(struct undo *u, struct step *s, bool there)
{
    bool is_folder_again = there && S_ISDIR(s->now.st_mode) && past_turn_of(&u->past, &s->deed) == PAST_BEFORE_FOLDERS;
    if (!there || is_folder_again)    /* an undo that broke off was here before */
        return unchanged(u, s);
    int still = is_still(u, s);
    if (still < 0)
        return tell_errno(u, s->deed.path, still);
    if (!still)
        return conflict(u, s, CHANGED);
    s->act = ACT_TAKE;
    return 0;
}

/* An operation that died may have kept the old file as a version, and never replaced it. */
static bool was_never_done(const struct step *s, int kept)
{
    return kept == 0 && s->kept.st_ino == s->now.st_ino && s->kept.st_dev == s->now.st_dev;
}

static int judge_replaced(struct undo *u, struct step *s, bool there)
{
    if (!there)
        return conflict(u, s, "removed since: left so");
    int kept = find_kept(u, s);
    if (was_never_done(s, kept))
        return unchanged(u, s);
    int still = is_still(u, s);
    if (still < 0)
        return tell_errno(u, s->deed.path, still);
    if (!still) {
        int old = is_old(u, s);
        return old < 0 ? tell_errno(u, s->deed.path, old) : old ? unchanged(u, s) : conflict(u, s, CHANGED);
    }
    if (kept)
        return tell_kept(u, s, kept);
    s->act = ACT_SWAP;
    return 0;
}

static int judge_removed(struct undo *u, struct step *s, bool there)
{
    int old = there ? is_old(u, s) : 0;
    if (old < 0)
        return tell_errno(u, s->deed.path, old);
    if (old)
        return unchanged(u, s);
    bool goes = there && u->request.dry_run && S_ISDIR(s->now.st_mode) && past_turn_of(&u->past, &s->deed) == PAST_AFTER_FOLDERS;
    if (there && !goes)
        return conflict(u, s, "there is another one by now: left alone");
    int kept = find_kept(u, s);
    if (kept)
        return tell_kept(u, s, kept);
    s->act = ACT_PUT;
    return 0;
}

static bool mode_is(mode_t mode, uint32_t wanted)
{
    return ((mode ^ wanted) & 07777) == 0 || ((mode ^ (wanted & ~SET_ID)) & 07777) == 0;
}

/* Each part is either as the operation left it or as it was before: a second undo meets both. */
static bool is_corrected(const struct undo *u, const struct step *s)
{
    const struct manifest_file *old = &s->deed.old, *fresh = &s->deed.fresh;
    const struct stat *st = &s->now;

    if ((st->st_mode & S_IFMT) != (old->mode & S_IFMT))
        return false;
    if (S_ISREG(st->st_mode) && (uint64_t)st->st_size != old->size)
        return false;
    return (mode_is(st->st_mode, old->mode) || mode_is(st->st_mode, fresh->mode)) &&
           (st->st_uid == old->uid || st->st_uid == fresh->uid) &&
           (st->st_gid == old->gid || st->st_gid == fresh->gid) &&
           (traits_hold(&u->holds.traits, old->mtime, mtime_of(st)) ||
            traits_hold(&u->holds.traits, fresh->mtime, mtime_of(st)));
}

static int judge_touched(struct undo *u, struct step *s, bool there)
{
    if (!there)
        return conflict(u, s, "removed since: left so");
    if (!is_corrected(u, s))
        return conflict(u, s, CHANGED);
    s->act = ACT_CORRECT;
    return 0;
}

static bool is_catalog(const struct undo *u, const struct step *s)
{
    return s->now.st_dev == u->catalog.dev && catalog_owns(&u->catalog, s->now.st_dev, s->now.st_ino);
}

static bool is_dir(int top, const char *path, size_t len)
{
    char *copy = mem_strndup(path, len);
    int dir = path_open_dir(top, copy);

    free(copy);
    if (dir >= 0)
        close(dir);
    return dir >= 0;
}

/*
 * Did it lie in a folder that stood in the place of something else, and is none any more? An undo that broke off took that away,
 * with all that was in it. Whether it is the old one that lies there now is judged where that one comes back.
 */
static bool went_with_folder(const struct undo *u, const struct deed *d)
{
    for (const char *slash = strchr(d->path, '/'); slash; slash = strchr(slash + 1, '/')) {
        size_t len = (size_t)(slash - d->path);
        if (!is_dir(u->top, d->path, len))
            return d->verb == MANIFEST_CREATE && past_made_folder_of(&u->past, d->path, len);
    }
    return false;
}

int judge(struct undo *u, struct step *s)
{
    spot_enter(u, s);
    s->act = ACT_NONE;
    int live = u->spot.live;
    int code = live < 0 ? live : fstatat(live, s->name, &s->now, AT_SYMLINK_NOFOLLOW) < 0 ? -errno : 0;
    if ((code == -ENOTDIR || code == -ELOOP) && u->request.dry_run && u->past.retyped)    /* what is in the way goes first */
        code = -ENOENT;
    if ((code == -ENOTDIR || code == -ELOOP) && went_with_folder(u, &s->deed))
        return unchanged(u, s);
    if (code == -ENOTDIR || code == -ELOOP)
        return conflict(u, s, "a folder on the way to it is none any more: left alone");
    if (code && code != -ENOENT)
        return tell_errno(u, s->deed.path, code);
    if (!code && is_catalog(u, s)) {
        tell_conflict(u, s, "EINUSE", "belongs to the catalog in use: left alone");
        return 0;
    }
    switch (s->deed.verb) {
    case MANIFEST_CREATE: return judge_created(u, s, !code);
    case MANIFEST_REPLACE: return judge_replaced(u, s, !code);
    case MANIFEST_REMOVE: return judge_removed(u, s, !code);
    default: return judge_touched(u, s, !code);
    }
}
