#include "copy/trial.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/ours.h"
#include "base/path.h"
#include "copy/metadata.h"
#include "copy/temp.h"
#include "index/apart.h"
#include "index/identity.h"
#include "index/volume.h"

#define TRIES 3
#define EXFAT_OLDEST (315619200 * NSEC_PER_SEC)     /* 1980-01-02 */
#define EXFAT_NEWEST (4354646400 * NSEC_PER_SEC)    /* 2107-12-30 */
#define HOLE (4 << 20)
#define PATIENCE (250 * NSEC_PER_MSEC)    /* beyond the granularity, until a ctime has to have moved */
#define LOOK (20 * NSEC_PER_MSEC)

/* The folder of a trial, and what is found in it. */
struct trial {
    int dir;
    struct measured *found;
};

/* An answer as of struct measured; -errno of what says nothing of the filesystem goes to *ret_code. */
static signed char answer(int result, int *ret_code)
{
    if (result == 0)
        return 1;
    if (errno == EIO || errno == ENOSPC || errno == EDQUOT || errno == EROFS)
        *ret_code = -errno;
    return 0;
}

static int make_file(struct trial *t, const char *name)
{
    int fd = openat(t->dir, name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    return fd < 0 ? -errno : fd;
}

static int look(struct trial *t, const char *name, struct statx *ret_st)
{
    int flags = AT_SYMLINK_NOFOLLOW | AT_STATX_FORCE_SYNC;
    return statx(t->dir, name, flags, STATX_BASIC_STATS, ret_st) < 0 ? -errno : 0;
}

/* ---- ctime and inode ---- */

static bool moved(const struct statx *a, const struct statx *b)
{
    return a->stx_ctime.tv_sec != b->stx_ctime.tv_sec || a->stx_ctime.tv_nsec != b->stx_ctime.tv_nsec;
}

/* One that goes with the mtime, or is that of the making, never moves at a chmod or a rename. */
static bool may_have_ctime(struct trial *t, const struct statx *st)
{
    const struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, {.tv_sec = 1000000000}};
    struct statx now;

    if (utimensat(t->dir, "ctime", times, AT_SYMLINK_NOFOLLOW) < 0 || look(t, "ctime", &now) < 0)
        return false;
    return now.stx_ctime.tv_sec > 1000000000 + 3 && st->stx_ctime.tv_sec > 1000000000 + 3;
}

/* Change the mode of one file and the name of another until both show it, or the clock has surely moved on. */
static bool ctime_moves(struct trial *t, const struct statx *mode, const struct statx *name)
{
    int64_t end = clock_monotonic() + t->found->traits.granularity + PATIENCE;
    const struct timespec pause = clock_split(LOOK);
    struct statx now, other;

    for (int i = 0; clock_monotonic() < end; i++) {
        nanosleep(&pause, NULL);
        if (fchmodat(t->dir, "ctime", i % 2 ? 0600 : 0640, 0) < 0 ||
            renameat(t->dir, i % 2 ? "renamed" : "name", t->dir, i % 2 ? "name" : "renamed") < 0 ||
            look(t, "ctime", &now) < 0 || look(t, i % 2 ? "name" : "renamed", &other) < 0)
            return false;
        if (moved(&now, mode) && moved(&other, name))
            return true;
    }
    return false;
}

/* A FUSE program may number its files anew at every mount, which no trial can see. */
static signed char keeps_inode(struct trial *t, const struct statx *a, const struct statx *b, bool fuse)
{
    struct statx now;
    bool renamed = renameat(t->dir, "name", t->dir, "inode") == 0 && look(t, "inode", &now) == 0;
    bool kept = renamed && a->stx_ino != b->stx_ino && now.stx_ino == b->stx_ino;

    (void)renameat(t->dir, "inode", t->dir, "name");
    return !kept ? 0 : fuse ? -1 : 1;
}

static int try_changes(struct trial *t, bool fuse)
{
    int a = make_file(t, "ctime"), b = make_file(t, "name"), code = a < 0 ? a : b < 0 ? b : 0;
    struct statx mode, name;

    if (a >= 0)
        close(a);
    if (b >= 0)
        close(b);
    if (!code)
        code = look(t, "ctime", &mode);
    if (!code)
        code = look(t, "name", &name);
    if (code)
        return code;
    t->found->kept[TRAIT_INODE] = keeps_inode(t, &mode, &name, fuse);
    t->found->kept[TRAIT_CTIME] = may_have_ctime(t, &mode) && ctime_moves(t, &mode, &name);
    return 0;
}

/* ---- links, holes, names ---- */

static int try_symlink(struct trial *t)
{
    int code = 0;
    bool kept = true;

    t->found->kept[TRAIT_SYMLINKS] = answer(symlinkat("times", t->dir, "symlink"), &code);
    if (!code && t->found->kept[TRAIT_SYMLINKS])
        code = trial_link_times(t->dir, "symlink", "times", &kept);
    t->found->traits.drops_link_times = !kept;
    return code;
}

/* Seen from the room: a filesystem that packs zeros has holes too. */
static int try_hole(struct trial *t)
{
    struct stat st;
    int code = 0, fd = make_file(t, "hole");

    if (fd < 0)
        return fd;
    if (answer(ftruncate(fd, HOLE), &code) && pwrite(fd, "x", 1, HOLE - 1) == 1 && fsync(fd) == 0 && fstat(fd, &st) == 0)
        t->found->kept[TRAIT_HOLES] = st.st_blocks * 512 < HOLE / 2;
    close(fd);
    return code;
}

/* Is what was made under one name found under the other? */
static int try_fold(struct trial *t, const char *name, const char *other, enum trait trait)
{
    struct stat a, b;
    int fd = make_file(t, name);

    if (fd < 0)    /* there are servers that refuse what is not plain */
        return fd == -EIO || fd == -ENOSPC || fd == -EDQUOT ? fd : 0;
    if (fstat(fd, &a) == 0)
        t->found->kept[trait] = fstatat(t->dir, other, &b, AT_SYMLINK_NOFOLLOW) == 0;
    close(fd);
    return 0;
}

static int try_holds(struct trial *t)
{
    struct holds h = {0};
    int code = holds_probe(t->dir, &h);
    signed char *kept = t->found->kept;

    if (code)
        return code;
    kept[TRAIT_MODE] = h.mode;
    kept[TRAIT_OWNER] = h.root ? h.owner : -1;
    kept[TRAIT_LINKS] = h.link;
    kept[TRAIT_XATTRS] = h.xattr;
    kept[TRAIT_EXCHANGE] = h.exchange;
    return 0;
}

/*
 * Its FUSE program remembers a time as it was set until it is unmounted, and only then shows what the disk holds of it. The
 * ends are those of the disk format, a day within them: it counts in local time.
 */
static void limit_times(struct trial *t)
{
    struct traits *traits = &t->found->traits;
    struct volume volume;

    if (volume_of(t->dir, &volume) == 0 && strcmp(volume.type, "fuseblk") == 0 && strcmp(volume.format, "exfat") == 0) {
        if (!traits->has_oldest || traits->oldest < EXFAT_OLDEST)
            traits->oldest = EXFAT_OLDEST;
        if (!traits->has_newest || traits->newest > EXFAT_NEWEST)
            traits->newest = EXFAT_NEWEST;
        traits->has_oldest = traits->has_newest = true;
    }
}

static int try_all(struct trial *t)
{
    struct filesystem fs;
    int fd = make_file(t, "times"), code = fd < 0 ? fd : filesystem_of(t->dir, &fs);

    if (fd >= 0)
        close(fd);
    if (!code)
        code = trial_times(t->dir, "times", &t->found->traits);
    if (!code && !t->found->traits.drops_times)
        limit_times(t);
    if (!code)
        code = try_symlink(t);
    if (!code)
        code = try_hole(t);
    if (!code)
        code = try_fold(t, "fold", "FOLD", TRAIT_FOLDS_CASE);
    if (!code)
        code = try_fold(t, "\xc3\xa9", "e\xcc\x81", TRAIT_FOLDS_FORMS);
    if (!code)
        code = try_holds(t);
    return code ? code : try_changes(t, strcmp(fs.type, "fuse") == 0);
}

/* ---- the folder ---- */

static int make_folder(int dir, const char *name, const void *arg)
{
    (void)arg;
    return mkdirat(dir, name, 0700) < 0 ? -errno : 0;
}

static void empty(int dir, const char *name)
{
    int fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    DIR *stream = fd < 0 ? NULL : fdopendir(fd);

    if (!stream && fd >= 0)
        close(fd);
    for (struct dirent *d; stream && (d = readdir(stream));)
        if (strcmp(d->d_name, ".") != 0 && strcmp(d->d_name, "..") != 0)
            (void)unlinkat(fd, d->d_name, 0);
    if (stream)
        closedir(stream);
}

/* There are filesystems that pass over names while others are removed. */
static void remove_folder(int dir, const char *name)
{
    for (int i = 0; i < TRIES; i++) {
        empty(dir, name);
        if (unlinkat(dir, name, AT_REMOVEDIR) == 0 || errno != ENOTEMPTY)
            break;
    }
}

void trial_sweep(int root, const char *path)
{
    int fd = path_open_dir(root, path);
    DIR *stream = fd < 0 ? NULL : fdopendir(fd);

    if (!stream && fd >= 0)
        close(fd);
    for (struct dirent *d; stream && (d = readdir(stream));)
        if (temp_is(d->d_name))
            remove_folder(fd, d->d_name);
    if (stream)
        closedir(stream);
}

int trial_run(int dir, struct measured *ret_measured)
{
    char name[TEMP_NAME_SIZE];
    struct trial t = {.found = ret_measured};

    *ret_measured = (struct measured){.traits = {.granularity = 1}};
    memset(ret_measured->kept, -1, sizeof ret_measured->kept);
    int code = temp_make(dir, make_folder, NULL, name);
    if (code < 0)
        return code;
    t.dir = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    code = t.dir < 0 ? -errno : try_all(&t);
    if (t.dir >= 0)
        close(t.dir);
    remove_folder(dir, name);
    return code;
}

/* ---- of a database ---- */

static int again(int fd)
{
    int other = fcntl(fd, F_DUPFD_CLOEXEC, 0);
    return other < 0 ? -errno : other;
}

/* A category that lies apart is tried in itself. *ret_category: its id; 0: it does not. A descriptor to try in, or -errno. */
static int open_category(const struct trial_request *r, struct catalog *cat, int root, int64_t *ret_category,
                         struct error *err)
{
    struct apart a;
    int code = apart_look(cat, r->identity, root, r->category, &a, err);

    if (!code && apart_judge(&a, r->root, err) == APART_WRONG)
        code = -ENXIO;
    *ret_category = !code && a.own ? a.category : 0;
    error_clear(code ? NULL : err);
    apart_clear(&a);
    int fd = code ? code : *ret_category ? apart_open_nearest(root, r->category, O_RDONLY, NULL) : again(root);
    return fd < 0 && !code ? error_set(err, -fd, "%s/%s", r->root, r->category) : fd;
}

static int measure(const struct trial_request *r, int end, int64_t category, struct catalog *cat, const char *filesystem,
                   struct measured *ret_measured, struct error *err)
{
    int dir = category ? again(end) : ours_make_dirs(end, OUR_FOLDER, NULL);
    int code = dir < 0 ? dir : trial_run(dir, ret_measured);

    if (dir >= 0)
        close(dir);
    if (code)
        return error_set(err, -code, "%s/%s", r->root, category ? r->category : OUR_FOLDER);
    return measured_keep(cat, r->database, category, filesystem, ret_measured, err);
}

/* end: the root, or the folder of a category that lies apart. */
static int ensure_at(const struct trial_request *r, int end, int64_t category, struct catalog *cat,
                     struct measured *ret_measured, struct error *err)
{
    struct measured newer;
    char filesystem[FILESYSTEM_NAME];
    int code = filesystem_name(end, filesystem);

    if (code)
        return error_set(err, -code, "%s", r->root);
    if (!r->anew)
        code = measured_find(cat, r->database, category, filesystem, ret_measured, err);
    bool is_old = code > 0 && ret_measured->trial < TRIAL_VERSION;
    if (is_old && measure(r, end, category, cat, filesystem, &newer, NULL) == 0)
        *ret_measured = newer;    /* else what was known will do */
    return code ? code : measure(r, end, category, cat, filesystem, ret_measured, err);
}

static int ensure(const struct trial_request *r, int root, struct measured *ret_measured, struct error *err)
{
    struct catalog *cat = NULL;
    int64_t category = 0;

    int code = catalog_open(r->catalog, &cat, err);
    int end = code ? code : r->category[0] ? open_category(r, cat, root, &category, err) : again(root);
    code = end < 0 ? end : ensure_at(r, end, category, cat, ret_measured, err);
    if (end >= 0)
        close(end);
    catalog_close(cat);
    return code < 0 ? code : 0;
}

int trial_ensure(const struct trial_request *request, struct measured *ret_measured, struct error *err)
{
    int root = identity_open(request->root, request->identity, err);

    if (root < 0)
        return root;
    int code = ensure(request, root, ret_measured, err);
    close(root);
    return code;
}
