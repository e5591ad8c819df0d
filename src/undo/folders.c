#include "undo/folders.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/path.h"
#include "copy/attributes.h"
#include "copy/plan.h"
#include "copy/times.h"
#include "undo/state.h"

#define RIGHTS ((mode_t)07777)
#define SET_ID ((mode_t)(S_ISUID | S_ISGID))

struct folder *folders_get(struct folders *list, enum folder_place place, const char *path)
{
    uint64_t key = hash64_of(path, strlen(path));
    struct folder *f = map_get(&list->index[place], key);

    if (f)
        return f;
    if (list->count == list->room) {
        list->room = list->room ? list->room * 2 : 64;
        list->list = mem_realloc(list->list, list->room * sizeof *list->list);
    }
    f = mem_zalloc(sizeof *f);
    f->place = place;
    f->path = mem_strdup(path);
    list->list[list->count++] = f;
    map_set(&list->index[place], key, f);
    return f;
}

void folders_free(struct folders *list)
{
    for (size_t i = 0; i < list->count; i++) {
        free(list->list[i]->path);
        free(list->list[i]);
    }
    free(list->list);
    map_free(&list->index[0], NULL);
    map_free(&list->index[1], NULL);
    *list = (struct folders){0};
}

void folder_was(struct folder *f, const struct manifest_file *was)
{
    int64_t mtime = f->known ? f->was.mtime : was->mtime;

    f->was = *was;
    f->was.mtime = mtime;
    f->known = true;
}

static int compare(const void *a, const void *b)
{
    const struct folder *x = *(struct folder *const *)a, *y = *(struct folder *const *)b;

    if (x->place != y->place)
        return x->place == FOLDER_ABOVE ? -1 : 1;
    return strcmp(x->path, y->path);
}

void folders_sort(struct folders *list)
{
    if (list->count)
        qsort(list->list, list->count, sizeof *list->list, compare);
}

/* Only what leads to the replica is above it. */
static bool leads_to(const char *path, const char *replica)
{
    size_t len = strlen(path);
    return len && strncmp(path, replica, len) == 0 && replica[len] == '/';
}

static char *full_path(const struct undo *u, const struct folder *f)
{
    return f->place == FOLDER_ABOVE ? mem_strdup(f->path) : plan_join(u->past.replica, f->path);
}

static bool is_ours_to_touch(const struct undo *u, const struct folder *f)
{
    return f->place == FOLDER_IN_REPLICA || leads_to(f->path, u->past.replica);
}

/* The directory in which it lies. A descriptor, or -errno. */
static int open_parent(const struct undo *u, const struct folder *f, char **ret_path, const char **ret_name)
{
    *ret_path = full_path(u, f);
    int dir = path_open_parent(u->root, *ret_path, ret_name);
    if (dir < 0)
        free(*ret_path);
    return dir;
}

/* As copy/opened.h and copy/report.h name it. Caller frees. */
static char *told_path(const struct folder *f)
{
    return f->place == FOLDER_ABOVE ? opened_above(f->path, strlen(f->path)) : mem_strdup(f->path);
}

static int tell_folder_errno(struct undo *u, const struct folder *f, int code)
{
    char *path = told_path(f);
    int told = tell_errno(u, path, code);

    free(path);
    return told;
}

/* The folder around it, likewise. */
static char *told_parent(const struct undo *u, const struct folder *f)
{
    bool above = f->place == FOLDER_ABOVE || !*f->path;
    const char *path = !above ? f->path : f->place == FOLDER_ABOVE ? f->path : u->past.replica;
    const char *slash = strrchr(path, '/');
    size_t len = slash ? (size_t)(slash - path) : 0;

    return above ? opened_above(path, len) : mem_strndup(path, len);
}

/* Before a name in the folder around it changes. 0 or -errno. */
static int note_parent(struct undo *u, const struct folder *f, int dir)
{
    char *parent = told_parent(u, f);

    if (*parent != '/')
        announce_folder(u, parent, strlen(parent), dir);
    int code = opened_open(&u->opened, parent, dir);
    free(parent);
    return code;
}

/* What it shall be, that is `now`. Where another wrote so, it gets no bit that it has not by itself, from a group's share. */
static struct stat wanted(const struct undo *u, const struct folder *f, const struct stat *now)
{
    struct stat st = {.st_mode = f->was.mode, .st_uid = f->was.uid, .st_gid = f->was.gid,
                      .st_mtim = clock_split(f->was.mtime), .st_atim = {.tv_nsec = UTIME_OMIT}};

    if (!u->past.trusted)
        st.st_mode &= ~SET_ID | (now->st_mode & S_ISGID);
    return st;
}

static void announce_made(struct undo *u, const struct folder *f)
{
    if (f->place == FOLDER_ABOVE)
        manifest_add_above(&u->manifest, f->path, &f->was);
    else
        manifest_add_create(&u->manifest, f->path, &f->was);
}

/* A void takes back all that is announced of a path: what was taken from the folder's place before, too, if anything was. */
static int make_in(struct undo *u, const struct folder *f, int dir, const char *name)
{
    if (faccessat(dir, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
        return 0;
    int code = note_parent(u, f, dir);
    if (code)
        return code;
    announce_made(u, f);
    code = manifest_write(&u->manifest);
    if (!code && mkdirat(dir, name, 0700) < 0) {
        code = errno == EEXIST ? 0 : -errno;
        if (f->place == FOLDER_IN_REPLICA && !f->replaced)    /* it is somebody else's, whenever it is there */
            manifest_add_void(&u->manifest, MANIFEST_CREATE, f->was.mode, f->path);
    }
    if (!code && (u->elsewhere || !u->fs.syncfs_reliable))
        code = path_sync_dir(dir);
    u->counts.made += !code;
    u->dirty = true;
    return code;
}

static int make(struct undo *u, const struct folder *f)
{
    char *path;
    const char *name;
    int dir = open_parent(u, f, &path, &name);

    if (dir < 0)
        return tell_folder_errno(u, f, dir);
    int code = make_in(u, f, dir, name);
    close(dir);
    free(path);
    return code ? tell_folder_errno(u, f, code) : 0;
}

int folders_make(struct undo *u)
{
    struct folders *list = &u->past.folders;
    int code = 0;

    folders_sort(list);
    for (size_t i = 0; !code && i < list->count; i++) {
        struct folder *f = list->list[i];
        if (f->removed && !f->created && !f->voided && is_ours_to_touch(u, f))
            code = make(u, f);
    }
    return code;
}

static void announce_unmade(struct undo *u, const struct folder *f, const struct stat *st, int dir, const char *name)
{
    struct manifest_file was = described(st, NULL);
    char *path = told_path(f);

    was.mode = opened_was(&u->opened, path, st->st_mode);
    free(path);
    if (f->place == FOLDER_ABOVE) {
        manifest_add_gone(&u->manifest, f->path, &was);
        return;
    }
    manifest_add_remove(&u->manifest, f->path, &was);
    attributes_announce(&u->manifest, f->path, dir, name, u->holds.root);
}

static int unmake_in(struct undo *u, const struct folder *f, int dir, const char *name)
{
    struct stat st;

    if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
        return errno == ENOENT ? 0 : -errno;
    if (!S_ISDIR(st.st_mode))
        return 0;
    int code = note_parent(u, f, dir);
    if (code)
        return code;
    announce_unmade(u, f, &st, dir, name);
    code = manifest_write(&u->manifest);
    if (code)
        return code;
    if (unlinkat(dir, name, AT_REMOVEDIR) < 0) {
        code = errno == ENOTEMPTY || errno == EEXIST || errno == EBUSY ? 0 : -errno;
        if (f->place == FOLDER_IN_REPLICA)
            manifest_add_void(&u->manifest, MANIFEST_REMOVE, st.st_mode, f->path);
        return code;
    }
    u->counts.unmade++;
    u->dirty = true;
    return u->elsewhere || !u->fs.syncfs_reliable ? path_sync_dir(dir) : 0;
}

static int unmake(struct undo *u, const struct folder *f)
{
    char *path;
    const char *name;
    int dir = open_parent(u, f, &path, &name);

    if (dir < 0)
        return path_is_absent(dir) ? 0 : tell_folder_errno(u, f, dir);
    int code = unmake_in(u, f, dir, name);
    close(dir);
    free(path);
    return code ? tell_folder_errno(u, f, code) : 0;
}

static bool part_is(uint32_t now, uint32_t was, uint32_t fresh) { return now == was || now == fresh; }

/* As in judge.c: either as the operation left it or as it was. */
static bool is_corrected(const struct folder *f, const struct stat *st)
{
    const struct manifest_file *was = &f->was, *fresh = &f->fresh;

    return (part_is(st->st_mode & RIGHTS, was->mode & RIGHTS, fresh->mode & RIGHTS) ||
            part_is(st->st_mode & RIGHTS, was->mode & RIGHTS & ~SET_ID, fresh->mode & RIGHTS & ~SET_ID)) &&
           part_is(st->st_uid, was->uid, fresh->uid) && part_is(st->st_gid, was->gid, fresh->gid);
}

static bool rights_differ(const struct stat *a, const struct stat *b)
{
    return ((a->st_mode ^ b->st_mode) & RIGHTS) || a->st_uid != b->st_uid || a->st_gid != b->st_gid;
}

/* Has it others than it had? */
static bool attributes_differ(const struct undo *u, const struct folder *f, int dir)
{
    struct buf now = {0};
    bool differ = f->attributes && attributes_pack(dir, ".", u->holds.root, &now) == 0 && strcmp(buf_str(&now), f->attributes) != 0;

    buf_free(&now);
    return differ;
}

static bool is_changed(const struct undo *u, const struct folder *f, int dir, const struct stat *now)
{
    struct stat st = wanted(u, f, now);
    return f->touched && (rights_differ(&st, now) || attributes_differ(u, f, dir));
}

/* What of its rights it did not take, and said nothing. */
static unsigned missed(const struct undo *u, int dir, const struct stat *st, unsigned lost)
{
    struct stat now;
    return fstat(dir, &now) < 0 ? 0 : metadata_missed(st, &now, &u->holds, lost);
}

static int correct(struct undo *u, const struct folder *f, int dir, const struct stat *now)
{
    bool changed = is_changed(u, f, dir, now);
    struct stat st = wanted(u, f, now);
    struct manifest_file before = described(now, NULL), after = f->was;
    struct given given = {0};

    after.mode = st.st_mode;
    if (!f->removed)    /* else it was made just now, and that was announced */
        announce_folder(u, f->path, strlen(f->path), dir);
    if (f->touched && !f->removed) {
        manifest_add_touch(&u->manifest, f->path, &after, &before);
        attributes_announce(&u->manifest, f->path, dir, ".", u->holds.root);
    } else if (!f->removed) {    /* only its time: the rights are whoever's changed them */
        st.st_mode = now->st_mode;
        st.st_uid = now->st_uid;
        st.st_gid = now->st_gid;
    }
    int code = manifest_write(&u->manifest);
    if (!code)
        code = metadata_put(dir, ".", &st, f->touched || f->removed ? f->attributes : NULL, &u->holds, &given);
    report_lost(&u->report, given.lost | (code ? 0 : missed(u, dir, &st, given.lost)));
    u->counts.metadata += !code && changed;
    u->dirty = true;
    return code;
}

/* May it be put back? 1, 0 where it is left alone, which is told, or -errno. */
static int may_correct(struct undo *u, const struct folder *f, const struct stat *now)
{
    struct step s = {.deed.path = f->path, .dir_len = strlen(f->path)};

    if (map_get(&u->conflicts, hash64_of(f->path, s.dir_len)))
        return 0;
    if (!holds_may_correct(&u->holds, now->st_uid))    /* its time is its user's */
        return f->touched ? -EPERM : 0;
    if (f->touched && !f->removed && !is_corrected(f, now)) {
        tell_conflict(u, &s, "ECHANGED", "changed since: left alone");
        return 0;
    }
    return 1;
}

static int finish_open(struct undo *u, const struct folder *f, int dir)
{
    struct stat now;

    if (fstat(dir, &now) < 0)
        return -errno;
    int code = may_correct(u, f, &now);
    return code == 1 ? correct(u, f, dir, &now) : code;
}

static int put_back(struct undo *u, const struct folder *f)
{
    char *path = full_path(u, f);
    int dir = path_open_dir(u->root, path);
    char *told = told_path(f);
    int code = dir < 0 ? dir : opened_shut(&u->opened, told);

    if (!code)
        code = finish_open(u, f, dir);

    free(told);
    free(path);
    if (dir >= 0)
        close(dir);
    return code && code != -ENOENT ? tell_folder_errno(u, f, code) : 0;
}

static bool is_made(const struct folder *f) { return f->created && !f->removed; }

/* From the deepest on. */
static int each_folder(struct undo *u, bool made, int (*what)(struct undo *, const struct folder *))
{
    struct folders *list = &u->past.folders;
    int code = 0;

    for (size_t i = list->count; !code && i > 0; i--) {
        struct folder *f = list->list[i - 1];
        if (is_ours_to_touch(u, f) && (!f->voided || f->touched) && is_made(f) == made && (made || f->known))
            code = what(u, f);
    }
    return code;
}

int folders_unmake(struct undo *u) { return each_folder(u, true, unmake); }

int folders_finish(struct undo *u)
{
    int code = each_folder(u, false, put_back);
    return code ? code : manifest_write(&u->manifest);
}

/* ---- what would be done ---- */

static void tell_folder(struct undo *u, const struct folder *f, const char *kind)
{
    if (f->place == FOLDER_IN_REPLICA)
        tell_action(u, kind, f->path, S_IFDIR, 0);
}

static int tell_made(struct undo *u, const struct folder *f)
{
    char *path;
    const char *name;
    int dir = open_parent(u, f, &path, &name);

    if (dir < 0 || faccessat(dir, name, F_OK, AT_SYMLINK_NOFOLLOW) < 0) {
        tell_folder(u, f, "make");
        u->counts.made++;
    }
    if (dir >= 0) {
        close(dir);
        free(path);
    }
    return 0;
}

/* Does nothing stay in it, when all goes that the plan takes away? The descriptor is closed. */
static bool would_be_empty(const struct undo *u, const char *path, int fd)
{
    DIR *dir = fdopendir(fd);
    bool empty = dir != NULL;
    const struct dirent *e;

    if (!dir)
        close(fd);
    while (empty && (e = readdir(dir))) {
        char *name = plan_join(path, e->d_name);
        empty = strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0 || map_get(&u->taken, hash64_of(name, strlen(name)));
        free(name);
    }
    if (dir)
        closedir(dir);
    return empty;
}

static int tell_unmade(struct undo *u, const struct folder *f)
{
    char *path = full_path(u, f);
    int fd = path_open_dir(u->root, path);

    if (fd >= 0 && would_be_empty(u, path, fd)) {
        map_set(&u->taken, hash64_of(path, strlen(path)), u);
        tell_folder(u, f, "unmake");
        u->counts.unmade++;
    }
    free(path);
    return 0;
}

static int tell_corrected(struct undo *u, const struct folder *f)
{
    char *path = full_path(u, f);
    int dir = f->touched && !f->removed ? path_open_dir(u->root, path) : -ENOENT;
    struct stat now;

    free(path);
    if (dir < 0)
        return 0;
    int code = fstat(dir, &now) < 0 ? -errno : may_correct(u, f, &now);
    if (code == 1 && is_changed(u, f, dir, &now)) {
        tell_folder(u, f, "correct");
        u->counts.metadata++;
    }
    close(dir);
    return code < 0 ? tell_folder_errno(u, f, code) : 0;
}

int folders_tell(struct undo *u)
{
    const struct folders *list = &u->past.folders;
    int code = 0;

    for (size_t i = 0; !code && i < list->count; i++) {
        const struct folder *f = list->list[i];
        if (f->removed && !f->created && !f->voided && is_ours_to_touch(u, f))
            code = tell_made(u, f);
    }
    if (!code)
        code = each_folder(u, true, tell_unmade);
    return code ? code : each_folder(u, false, tell_corrected);
}
