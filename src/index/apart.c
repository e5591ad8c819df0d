#include "index/apart.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/path.h"
#include "index/filesystem.h"
#include "index/mount.h"

void apart_clear(struct apart *a)
{
    free(a->database_name);
    free(a->name);
    free(a->path);
    *a = (struct apart){0};
}

/* ---- what the catalog says ---- */

static char *column(sqlite3_stmt *stmt, int at)
{
    const void *text = sqlite3_column_blob(stmt, at);
    return mem_strndup(text ? text : "", (size_t)sqlite3_column_bytes(stmt, at));
}

static void take_text(sqlite3_stmt *stmt, int at, char *room, size_t size)
{
    char *text = column(stmt, at);

    if (strlen(text) < size)
        memcpy(room, text, strlen(text) + 1);
    free(text);
}

static void take(sqlite3_stmt *stmt, struct apart *a)
{
    a->database = sqlite3_column_int64(stmt, 0);
    a->category = sqlite3_column_int64(stmt, 1);
    a->database_name = column(stmt, 2);
    a->name = column(stmt, 3);
    a->path = column(stmt, 4);
    a->holds = sqlite3_column_int(stmt, 5);
    a->recorded = sqlite3_column_int(stmt, 6);
    a->any = a->recorded && sqlite3_column_type(stmt, 7) == SQLITE_NULL;
    take_text(stmt, 7, a->volume, sizeof a->volume);
    take_text(stmt, 8, a->place, sizeof a->place);
    a->was_granularity = sqlite3_column_int64(stmt, 9);
}

/* The innermost category around a path. */
static int ask(struct catalog *cat, const char *identity, const char *path, struct apart *a, struct error *err)
{
    static const char sql[] =
        "SELECT d.id, c.id, d.name, c.name, c.path, "
        "EXISTS (SELECT 1 FROM replica r WHERE r.database = d.id AND r.category = c.id), "
        "m.category IS NOT NULL, m.volume, m.place, m.granularity FROM database d "
        "JOIN category c ON ?2 = c.path OR substr(?2, 1, length(c.path) + 1) = CAST(c.path || '/' AS BLOB) "
        "LEFT JOIN apart m ON m.database = d.id AND m.category = c.id "
        "WHERE d.identity = ?1 ORDER BY length(c.path) DESC LIMIT 1";
    sqlite3_stmt *stmt;
    int code = catalog_borrow(cat, sql, &stmt, err);

    if (code)
        return code;
    sqlite3_bind_text(stmt, 1, identity, -1, SQLITE_STATIC);
    sqlite3_bind_blob64(stmt, 2, path, strlen(path), SQLITE_STATIC);
    int step = sqlite3_step(stmt);
    if (step == SQLITE_ROW)
        take(stmt, a);
    else if (step != SQLITE_DONE)
        code = catalog_fail(cat, step, err);
    catalog_give_back(stmt);
    return code;
}

/* ---- what is there ---- */

int apart_open_nearest(int root, const char *path, int flags, size_t *ret_len)
{
    char *copy = mem_strdup(path);
    int fd = -ENOENT;

    for (bool more = true; more && path_is_absent(fd);) {
        fd = path_open(root, copy[0] ? copy : ".", flags | O_DIRECTORY, 0);
        if (ret_len)
            *ret_len = strlen(copy);
        char *slash = strrchr(copy, '/');
        more = copy[0] != '\0';
        *(slash ? slash : copy) = '\0';
    }
    free(copy);
    return fd;
}

/* The place of a folder that is still to be made is below the nearest one. */
static int place_of(int fd, const char *rest, char place[IDENTITY_PLACE])
{
    struct buf whole = {0};
    int code = identity_place(fd, place);

    if (code || !place[0] || !rest[0])
        return code;
    buf_printf(&whole, "%s%s%s", place, strcmp(place, "/") == 0 ? "" : "/", rest);
    place[0] = '\0';
    if (whole.len < IDENTITY_PLACE)
        memcpy(place, buf_str(&whole), whole.len + 1);
    buf_free(&whole);
    return 0;
}

static int look(int root, struct apart *a)
{
    struct filesystem fs;
    struct volume volume;
    size_t len = 0;
    int fd = apart_open_nearest(root, a->path, O_PATH, &len), code = 0;

    if (fd < 0)
        return path_is_absent(fd) ? 0 : fd;
    int here = mount_number(fd), there = mount_number(root);
    a->own = here >= 0 && there >= 0 && here != there;
    if (a->own)
        code = volume_of(fd, &volume);
    if (a->own && !code)
        code = filesystem_of(fd, &fs);
    if (a->own && !code) {
        a->granularity = filesystem_granularity(&fs);
        const char *rest = a->path + len;
        volume_say(&volume, a->volume_now);
        code = place_of(fd, *rest == '/' ? rest + 1 : rest, a->place_now);
    }
    close(fd);
    return code == -ENOENT ? 0 : code;
}

/*
 * Nothing is known of the filesystem but that it has no name, or nothing at all: then what it holds is all there is. Where one
 * of both has a name, or another type, it was or is another kind of mount, and no folder's name makes up for that.
 */
static bool is_as_nameless(const struct apart *a)
{
    return volume_is_nameless(a->volume) && volume_is_nameless(a->volume_now) &&
           (!a->volume[0] || strcmp(a->volume, a->volume_now) == 0);
}

static bool needs_witnesses(const struct apart *a)
{
    return !a->failed && a->own && a->holds && !a->any && (!a->recorded || is_as_nameless(a));
}

/* Is the folder there, on the mount (a number) that the category is on? */
static bool is_there(int root, const char *path, int mount)
{
    int fd = path_open(root, path, O_PATH | O_DIRECTORY, 0);
    bool found = fd >= 0 && mount_number(fd) == mount;

    if (fd >= 0)
        close(fd);
    return found;
}

/* A project's name says little, all of them together much. */
static int count_witnesses(struct catalog *cat, int root, struct apart *a, struct error *err)
{
    sqlite3_stmt *stmt;
    struct buf path = {0};
    size_t known = 0, found = 0;
    int step = SQLITE_DONE, end = apart_open_nearest(root, a->path, O_PATH, NULL);
    int mount = end < 0 ? -1 : mount_number(end);
    int code = catalog_prepare(cat, "SELECT client, project FROM replica WHERE database = ?1 AND category = ?2", &stmt, err);

    if (end >= 0)
        close(end);
    if (code)
        return code;
    sqlite3_bind_int64(stmt, 1, a->database);
    sqlite3_bind_int64(stmt, 2, a->category);
    while ((step = sqlite3_step(stmt)) == SQLITE_ROW) {
        char *client = column(stmt, 0), *project = column(stmt, 1);
        buf_clear(&path);
        buf_printf(&path, "%s/%s/%s", a->path, client, project);
        found += is_there(root, buf_str(&path), mount);
        known++;
        free(client);
        free(project);
    }
    if (step != SQLITE_DONE)
        code = catalog_fail(cat, step, err);
    sqlite3_finalize(stmt);
    buf_free(&path);
    a->holds_half = found * 2 >= known;
    return code;
}

int apart_look(struct catalog *cat, const char *identity, int root, const char *path, struct apart *ret_apart,
               struct error *err)
{
    *ret_apart = (struct apart){0};
    int code = ask(cat, identity, path, ret_apart, err);

    if (!code && ret_apart->category)
        ret_apart->failed = look(root, ret_apart);
    if (!code && needs_witnesses(ret_apart))
        code = count_witnesses(cat, root, ret_apart, err);
    return code;
}

/* A client's folder, and a project's in it. */
#define LEVELS 2

size_t apart_find_mount(int root, const char *category, const char *path)
{
    size_t len = strlen(category), found = 0;
    char *part = mem_strdup(path);
    int end = apart_open_nearest(root, category, O_PATH, NULL);
    int around = end < 0 ? -1 : mount_number(end);

    if (end >= 0)
        close(end);
    for (int level = 0; level < LEVELS && around >= 0 && !found && path[len] == '/'; level++) {
        len += 1 + strcspn(path + len + 1, "/");
        part[len] = '\0';
        int fd = path_open(root, part, O_PATH | O_DIRECTORY, 0);
        int number = fd < 0 ? -1 : mount_number(fd);
        found = number >= 0 && number != around ? len : 0;
        around = number;
        part[len] = path[len];
        if (fd >= 0)
            close(fd);
    }
    free(part);
    return found;
}

/* ---- the judgement ---- */

static const char *named(const char *volume)
{
    if (!volume[0])
        return "no name";
    return volume_is_nameless(volume) ? strchr(volume, ':') + 1 : volume;
}

#define MOVED "if it lies there for good now, 'load %s --moved %s' says so"

static void say_unsure(const struct apart *a, const char *root, struct error *err)
{
    error_say(err, "EOFFLINE", ENXIO, "%s/%s is on a disk of its own (%s), and nothing tells whether that is the one that "
              "%s of %s was seen on%s%s%s: mount the right one; " MOVED, root, a->path, named(a->volume_now), a->name,
              a->database_name, a->volume[0] ? " (" : "", a->volume[0] ? named(a->volume) : "", a->volume[0] ? ")" : "", a->database_name, a->name);
}

static enum apart_state judge_recorded(const struct apart *a, const char *root, struct error *err)
{
    enum volumes volumes = volumes_compare(a->volume, a->volume_now);

    if (!a->own) {
        error_say(err, "EOFFLINE", ENXIO, "%s of %s is on a disk of its own (%s), which is not mounted at %s/%s: mount it; "
                  MOVED, a->name, a->database_name, named(a->volume), root, a->path, a->database_name, a->name);
        return APART_WRONG;
    }
    if (volumes != VOLUMES_OTHER && (!a->place[0] || !a->place_now[0] || strcmp(a->place, a->place_now) == 0)) {
        if (volumes == VOLUMES_SAME || (is_as_nameless(a) && (!a->holds || a->holds_half)))
            return APART_RIGHT;
        say_unsure(a, root, err);
        return APART_WRONG;
    }
    error_say(err, "EOFFLINE", ENXIO, "%s/%s is on another disk (%s, %s) than the one that %s of %s is on (%s, %s): mount that; "
              MOVED, root, a->path, named(a->volume_now), a->place_now, a->name, a->database_name, named(a->volume),
              a->place, a->database_name, a->name);
    return APART_WRONG;
}

enum apart_state apart_judge(const struct apart *a, const char *root_path, struct error *err)
{
    if (a->failed) {
        error_set(err, -a->failed, "%s/%s", root_path, a->path);
        return APART_WRONG;
    }
    if (!a->category || a->any)
        return APART_RIGHT;
    if (a->recorded)
        return judge_recorded(a, root_path, err);
    if (!a->own || !a->holds)
        return APART_RIGHT;
    say_unsure(a, root_path, err);
    return a->holds_half ? APART_UNSURE : APART_WRONG;
}

bool apart_is_missing(const struct apart *a, const char *root_path, struct error *err)
{
    char *source, *target;
    struct buf path = {0};

    if (!a->category || a->own || a->holds || a->recorded)
        return false;
    buf_printf(&path, "%s/%s", strcmp(root_path, "/") == 0 ? "" : root_path, a->path);
    bool missing = mount_is_missing(buf_str(&path), &source, &target);
    buf_free(&path);
    if (!missing)
        return false;
    bool below = strlen(target) > strlen(root_path);
    if (below)
        error_say(err, "EOFFLINE", ENXIO, "%s belongs at %s (/etc/fstab), and is not mounted there: mount it before %s of %s "
                  "is used", source, target, a->name, a->database_name);
    free(source);
    free(target);
    return below;
}

/* ---- recording ---- */

bool apart_is_news(const struct apart *a)
{
    if (!a->category)
        return false;
    return a->own != a->recorded || a->any || (a->own && a->granularity != a->was_granularity) || strcmp(a->volume, a->volume_now) != 0 || strcmp(a->place, a->place_now) != 0;
}

/* The database or the category may have been forgotten meanwhile: then there is nothing to remember. */
static const char record[] =
    "INSERT OR REPLACE INTO apart (database, category, volume, place, granularity) SELECT ?1, ?2, ?3, ?4, ?5 "
    "WHERE EXISTS (SELECT 1 FROM database WHERE id = ?1) AND EXISTS (SELECT 1 FROM category WHERE id = ?2)";
static const char forget[] = "DELETE FROM apart WHERE database = ?1 AND category = ?2";

int apart_note(struct catalog *cat, const struct apart *a, struct error *err)
{
    sqlite3_stmt *stmt;
    int code = catalog_prepare(cat, a->own ? record : forget, &stmt, err);

    if (code)
        return code;
    sqlite3_bind_int64(stmt, 1, a->database);
    sqlite3_bind_int64(stmt, 2, a->category);
    if (a->own) {
        sqlite3_bind_text(stmt, 3, a->volume_now, -1, SQLITE_STATIC);
        sqlite3_bind_blob64(stmt, 4, a->place_now, strlen(a->place_now), SQLITE_STATIC);
        sqlite3_bind_int64(stmt, 5, a->granularity);
    }
    int step = sqlite3_step(stmt);
    code = step == SQLITE_DONE ? 0 : catalog_fail(cat, step, err);
    sqlite3_finalize(stmt);
    return code;
}

static int check_mount(const struct apart *a, int root, const char *root_path, const char *path, struct error *err)
{
    size_t len = a->category ? apart_find_mount(root, a->path, path) : 0;

    if (!len)
        return 0;
    return error_say(err, "EMOUNT", EXDEV, "%s/%.*s is a mount point and was not entered: " APART_MOUNT_HINT, root_path,
                     (int)len, path);
}

int apart_check(struct catalog *cat, const char *identity, int root, const char *root_path, const char *path,
                struct error *err)
{
    struct apart a;
    int code = apart_look(cat, identity, root, path, &a, err);

    if (code)
        return code;
    if (apart_judge(&a, root_path, err) != APART_RIGHT)
        code = -(err && err->errnum ? err->errnum : ENXIO);
    if (!code && a.own && !a.recorded && !catalog_is_readonly(cat))
        code = apart_note(cat, &a, err);
    if (!code)
        code = check_mount(&a, root, root_path, path, err);
    apart_clear(&a);
    return code;
}

int apart_check_at(const char *catalog, const char *identity, int root, const char *root_path, const char *path,
                   struct error *err)
{
    struct catalog *cat = NULL;
    int code = catalog_open(catalog, &cat, err);

    if (!code)
        code = apart_check(cat, identity, root, root_path, path, err);
    catalog_close(cat);
    return code;
}
