#include "scan/outside.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/path.h"
#include "index/pair.h"
#include "scan/folder.h"
#include "scan/measure.h"

/* What operating systems and file managers keep on a disk. Compared without case, as some of those disks do. */
static const char *const system_names[] = {
    "lost+found", "System Volume Information", "$RECYCLE.BIN", "RECYCLER", "#recycle", "@eaDir", ".Trash", ".Trashes",
    ".DS_Store", ".Spotlight-V100", ".fseventsd", ".TemporaryItems", ".DocumentRevisions-V100", "Thumbs.db", "desktop.ini",
};

static bool is_trash_of_a_user(const char *name)
{
    static const char begin[] = ".Trash-";
    const char *id = name + sizeof begin - 1;
    return strncmp(name, begin, sizeof begin - 1) == 0 && *id && strspn(id, "0123456789") == strlen(id);
}

static bool is_system(const char *name)
{
    for (size_t i = 0; i < sizeof system_names / sizeof *system_names; i++)
        if (strcasecmp(name, system_names[i]) == 0)
            return true;
    return is_trash_of_a_user(name);
}

static bool is_one_folder(int root, const char *a, const char *b)
{
    struct stat x, y;
    int fd = path_open(root, a, O_PATH, 0), other = path_open(root, b, O_PATH, 0);
    bool same = fd >= 0 && other >= 0 && fstat(fd, &x) == 0 && fstat(other, &y) == 0 && x.st_dev == y.st_dev &&
                x.st_ino == y.st_ino;

    if (fd >= 0)
        close(fd);
    if (other >= 0)
        close(other);
    return same;
}

enum relation { BESIDE, ABOVE, CATEGORY };

/* A disk without case may call the category's folder otherwise than the catalog does. */
static enum relation relation_to(int root, const char *path, const char *category)
{
    size_t len = strlen(path);

    if (strncasecmp(path, category, len) != 0 || (category[len] != '\0' && category[len] != '/'))
        return BESIDE;
    if (memcmp(path, category, len) != 0) {
        char *spelt = mem_strndup(category, len);
        bool same = is_one_folder(root, path, spelt);
        free(spelt);
        if (!same)
            return BESIDE;
    }
    return category[len] ? ABOVE : CATEGORY;
}

static enum relation relation_of(int root, const char *path, const struct roster *roster)
{
    enum relation best = BESIDE;

    for (size_t i = 0; i < roster->category_count; i++) {
        enum relation r = relation_to(root, path, roster->categories[i].path);
        best = r > best ? r : best;
    }
    return best;
}

static void add(struct outside *o, const char *path, const struct entry *e)
{
    if (o->count == o->room) {
        o->room = o->room ? o->room * 2 : 16;
        o->places = mem_realloc(o->places, o->room * sizeof *o->places);
    }
    bool is_known = !e->err && !S_ISDIR(e->mode);
    o->places[o->count++] = (struct place){
        .path = arena_strndup(&o->strings, path, strlen(path)),
        .kind = entry_kind(e),
        .files = is_known ? S_ISREG(e->mode) : -1,
        .bytes = is_known ? (int64_t)e->size : -1,
        .whole = is_known,
    };
}

static void add_unread(struct outside *o, const char *path)
{
    o->unread = mem_realloc(o->unread, (o->unread_count + 1) * sizeof *o->unread);
    o->unread[o->unread_count++] = arena_strndup(&o->strings, path, strlen(path));
}

static void look(int root, const char *path, const struct roster *roster, struct outside *o);

static void judge(int root, const char *path, const struct entry *e, const struct roster *roster, struct outside *o)
{
    enum relation relation = is_system(e->name) ? CATEGORY : relation_of(root, path, roster);

    if (relation == ABOVE && (S_ISDIR(e->mode) || e->err))
        look(root, path, roster, o);
    else if (relation == BESIDE)
        add(o, path, e);
}

static void look(int root, const char *path, const struct roster *roster, struct outside *o)
{
    struct folder f = {0};
    struct entry self;
    struct buf joined = {0};
    uint64_t mount;

    int fd = path_open_dir(root, path);
    int code = fd < 0 ? fd : folder_self(fd, &self, &mount);
    if (!code)
        code = folder_read(&f, fd, mount);
    if (code)
        add_unread(o, path);
    if (code && *path)
        add(o, path, &(struct entry){.mode = S_IFDIR, .err = -code});
    for (size_t i = 0; i < f.count; i++) {
        if (!*path && path_is_our_folder(f.entries[i].name, f.entries[i].name_len))
            continue;
        buf_clear(&joined);
        buf_printf(&joined, "%s%s%s", path, *path ? "/" : "", f.entries[i].name);
        judge(root, buf_str(&joined), &f.entries[i], roster, o);
    }
    if (fd >= 0)
        close(fd);
    buf_free(&joined);
    folder_free(&f);
}

void outside_find(int root, const struct roster *roster, struct outside *ret_outside)
{
    look(root, "", roster, ret_outside);
}

void outside_measure(int root, struct outside *o, int64_t budget, const atomic_bool *cancel)
{
    int64_t end = clock_monotonic() + budget;
    size_t left = 0;

    for (size_t i = 0; i < o->count; i++)
        left += strcmp(o->places[i].kind, "directory") == 0;
    for (size_t i = 0; i < o->count && left; i++) {
        struct place *p = &o->places[i];
        if (strcmp(p->kind, "directory") != 0)
            continue;
        int64_t now = clock_monotonic();
        if (now >= end)
            return;
        struct measured m = measure_tree(root, p->path, now + (end - now) / (int64_t)left--, cancel);
        p->files = m.files || m.whole ? m.files : -1;    /* of nothing counted nothing is known */
        p->bytes = m.files || m.whole ? m.bytes : -1;
        p->whole = m.whole;
    }
}

void outside_free(struct outside *o)
{
    free(o->places);
    free(o->unread);
    arena_free(&o->strings);
    *o = (struct outside){0};
}
