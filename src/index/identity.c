#include "index/identity.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fault.h"
#include "base/hash.h"
#include "base/io.h"
#include "base/ours.h"
#include "base/path.h"
#include "index/mount.h"

#define MARKER_NAME OUR_MARKER
#define MARKER OUR_FOLDER "/" MARKER_NAME
#define MARKER_MAX 65536
#define UNMARKED "fs:"    /* how the identity of a root without a marker begins */

static bool plain_id(const char *text, size_t len)
{
    if (len < 8 || len >= IDENTITY_ID)
        return false;
    for (size_t i = 0; i < len; i++)
        if (!strchr("0123456789abcdefABCDEF-", text[i]))
            return false;
    return true;
}

/* SQLite reads JSON well; a parser of our own would be one more to trust with a disk's bytes. Kept, as each open costs. */
static pthread_mutex_t reading = PTHREAD_MUTEX_INITIALIZER;
static sqlite3 *reader;
static sqlite3_stmt *id_of;

static bool has_reader(void)
{
    if (!reader && sqlite3_open(":memory:", &reader) != SQLITE_OK) {
        sqlite3_close(reader);
        reader = NULL;
    }
    return id_of || (reader && sqlite3_prepare_v2(reader, "SELECT json_extract(?1, '$.id')", -1, &id_of, NULL) == SQLITE_OK);
}

static int marker_id(const struct buf *json, char ret_id[IDENTITY_ID])
{
    int code = -EBADMSG;

    pthread_mutex_lock(&reading);
    if (has_reader()) {
        sqlite3_bind_text64(id_of, 1, json->data, json->len, SQLITE_STATIC, SQLITE_UTF8);
        if (sqlite3_step(id_of) == SQLITE_ROW && sqlite3_column_type(id_of, 0) == SQLITE_TEXT) {
            const char *id = (const char *)sqlite3_column_text(id_of, 0);
            size_t len = (size_t)sqlite3_column_bytes(id_of, 0);
            if (plain_id(id, len)) {
                memcpy(ret_id, id, len + 1);
                code = 0;
            }
        }
        sqlite3_reset(id_of);
        sqlite3_clear_bindings(id_of);
    }
    pthread_mutex_unlock(&reading);
    return code;
}

static int read_marker(int root, char ret_id[IDENTITY_ID], struct error *err)
{
    struct buf json = {0};

    int fd = path_open(root, MARKER, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0);
    if (fd < 0)
        return fd == -ENOENT ? fd : error_set(err, -fd, "%s", MARKER);
    int code = io_read_all(fd, MARKER_MAX, &json);
    close(fd);
    if (!code)
        code = marker_id(&json, ret_id);
    buf_free(&json);
    if (code == -EBADMSG || code == -EFBIG)
        return error_say(err, "EMARKER", EBADMSG, "the marker %s is damaged: it has no id; restore it, or remove it "
                         "and add the database again", MARKER);
    return code ? error_set(err, -code, "%s", MARKER) : 0;
}

int identity_place(int root, char ret_place[IDENTITY_PLACE])
{
    char link[64], path[PATH_MAX];
    struct mount mount;

    ret_place[0] = '\0';
    snprintf(link, sizeof link, "/proc/self/fd/%d", root);
    ssize_t len = readlink(link, path, sizeof path - 1);
    if (len < 0)
        return -errno;
    path[len] = '\0';
    int code = mount_of(root, &mount);
    if (code)
        return code == -ENOENT ? 0 : code;
    size_t above = strcmp(mount.target, "/") == 0 ? 0 : strlen(mount.target);
    const char *below = strncmp(path, mount.target, above) == 0 ? path + above : path;
    const char *top = strcmp(mount.root, "/") == 0 ? "" : mount.root;
    struct buf whole = {0};
    buf_printf(&whole, "%s%s", top, top[0] || below[0] ? below : "/");
    if (whole.len < IDENTITY_PLACE)
        memcpy(ret_place, buf_str(&whole), whole.len + 1);
    buf_free(&whole);
    mount_free(&mount);
    return 0;
}

/* Of a root without a marker. */
static int unmarked(int root, const struct volume *v, char *text, size_t size)
{
    char place[IDENTITY_PLACE];
    struct buf whole = {0};
    int code = v->name[0] ? identity_place(root, place) : 0;

    text[0] = '\0';
    if (code || !v->name[0] || !place[0])
        return code;
    buf_printf(&whole, "%s\n%llu\n%llx\n%s", v->name, (unsigned long long)v->size, (unsigned long long)v->part, place);
    snprintf(text, size, UNMARKED "%s:%016llx", v->format[0] ? v->format : v->type,
             (unsigned long long)hash64_of(buf_str(&whole), whole.len));
    buf_free(&whole);
    return 0;
}

static void join(char *text, size_t size, const char *id, const struct volume *v)
{
    char said[VOLUME_NAME];

    volume_say(v, said);
    if (!v->name[0] && !volume_is_in_memory(said))
        said[0] = '\0';
    snprintf(text, size, "%s%s%s", id, said[0] ? "@" : "", said);
}

int identity_read(int root, struct identity *ret_identity, struct error *err)
{
    char id[IDENTITY_ID];

    *ret_identity = (struct identity){0};
    int code = read_marker(root, id, err);
    if (code && code != -ENOENT)
        return code;
    ret_identity->marker = code == 0;
    code = volume_of(root, &ret_identity->volume);
    if (code == -ENOENT)    /* a root in no table of mounts: nothing is known of it */
        code = 0;
    if (!code && ret_identity->marker)
        join(ret_identity->text, sizeof ret_identity->text, id, &ret_identity->volume);
    else if (!code)
        code = unmarked(root, &ret_identity->volume, ret_identity->text, sizeof ret_identity->text);
    return code ? error_set(err, -code, "the database's root") : 0;
}

size_t identity_id_len(const char *identity) { return strcspn(identity, "@"); }

bool identity_has_id(const char *identity, const char *id)
{
    return strlen(id) == identity_id_len(identity) && strncmp(identity, id, strlen(id)) == 0;
}

static const char *volume_in(const char *identity)
{
    size_t len = identity_id_len(identity);

    return identity[len] ? identity + len + 1 : "";
}

enum identities identity_compare(const char *known, const char *found)
{
    size_t len = identity_id_len(known);

    if (!found[0] || len != identity_id_len(found) || strncmp(known, found, len) != 0)
        return IDENTITIES_OTHER;
    return volumes_compare(volume_in(known), volume_in(found)) == VOLUMES_OTHER ? IDENTITIES_CLONE : IDENTITIES_SAME;
}

/* A random UUID, version 4 of RFC 4122. */
static int make_id(char id[IDENTITY_ID])
{
    unsigned char r[16];

    if (getrandom(r, sizeof r, 0) != sizeof r)
        return -EIO;
    r[6] = (unsigned char)((r[6] & 0x0f) | 0x40);
    r[8] = (unsigned char)((r[8] & 0x3f) | 0x80);
    snprintf(id, IDENTITY_ID, "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", r[0], r[1], r[2],
             r[3], r[4], r[5], r[6], r[7], r[8], r[9], r[10], r[11], r[12], r[13], r[14], r[15]);
    return 0;
}

/* Give a new file its name where nothing has it. 0 or -errno (-EEXIST). */
static int name_exclusively(int dir, const char *temp, const char *name)
{
    if (renameat2(dir, temp, dir, name, RENAME_NOREPLACE) == 0)
        return 0;
    if (errno != EINVAL && errno != ENOSYS)
        return -errno;
    if (linkat(dir, temp, dir, name, 0) == 0)    /* a filesystem that knows no such rename */
        return unlinkat(dir, temp, 0) < 0 ? -errno : 0;
    return -errno;
}

/* One that knows no links either: no two programs create one name. */
static int create_exclusively(int dir, const char *name, const struct buf *text)
{
    int fd = openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);

    if (fd < 0)
        return -errno;
    int code = io_write(fd, text->data, text->len);
    if (!code && fsync(fd) < 0)
        code = -errno;
    close(fd);
    if (code)
        unlinkat(dir, name, 0);
    return code;
}

static int write_new(int dir, const char *id, const struct buf *text)
{
    struct buf temp = {0};

    buf_printf(&temp, "%s.%s", MARKER_NAME, id);
    int code = io_replace_file(dir, buf_str(&temp), 0644, text->data, text->len);
    if (!code) {
        code = name_exclusively(dir, buf_str(&temp), MARKER_NAME);
        if (code)
            unlinkat(dir, buf_str(&temp), 0);
        if (fault_refuses_link(-code))
            code = create_exclusively(dir, MARKER_NAME, text);
    }
    if (!code)
        code = path_sync_dir(dir);
    buf_free(&temp);
    return code;
}

int identity_write(int root, const char *name, bool replace, struct error *err)
{
    struct timespec now = clock_split(clock_now());
    char when[32], id[IDENTITY_ID];
    struct buf json = {0};
    struct tm utc;

    int code = make_id(id);
    if (code)
        return error_set(err, -code, "random numbers");
    strftime(when, sizeof when, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&now.tv_sec, &utc));
    buf_printf(&json, "{\"id\": \"%s\", \"database\": \"%s\", \"created\": \"%s\"}\n", id, name, when);
    int dir = ours_make_dirs(root, OUR_FOLDER, NULL);
    if (dir < 0)
        code = dir;
    else
        code = replace ? io_replace_file(dir, MARKER_NAME, 0644, json.data, json.len) : write_new(dir, id, &json);
    if (dir >= 0)
        close(dir);
    if (!code)
        code = path_sync_dir(root);
    buf_free(&json);
    return code ? error_set(err, -code, "%s", MARKER) : 0;
}

__attribute__((format(printf, 2, 3))) static int offline(struct error *err, const char *fmt, ...)
{
    char *text = NULL;
    va_list args;

    va_start(args, fmt);
    if (vasprintf(&text, fmt, args) < 0)
        abort();
    va_end(args);
    error_say(err, "EOFFLINE", ENXIO, "%s", text);
    free(text);
    return -ENXIO;
}

/* It was known by its filesystem, and somebody has given it a marker since. */
static bool was_marked(int root, const char *known, const struct identity *found)
{
    char text[IDENTITY_ID];

    return found->marker && strncmp(known, UNMARKED, strlen(UNMARKED)) == 0 &&
           unmarked(root, &found->volume, text, sizeof text) == 0 && strcmp(text, known) == 0;
}

static int refuse(const char *path, const char *known, const struct identity *found, struct error *err)
{
    if (!found->marker && !found->text[0])
        return offline(err, "%s has no marker, and nothing tells its filesystem (%s) from another one: if it is the disk, make "
                       "it writable and add it again, so that it gets one", path, found->volume.type);
    if (!found->marker && strncmp(known, UNMARKED, strlen(UNMARKED)) != 0)
        return offline(err, "%s has no marker: its disk is not mounted there", path);
    if (identity_compare(known, found->text) == IDENTITIES_CLONE)
        return offline(err, "%s is a copy of the disk that was added, on another filesystem (%s, not %s): mount the right one, "
                       "or add it with --replace to take its place, or with --new-identity under another name", path,
                       volume_in(found->text), volume_in(known));
    return offline(err, "%s holds another disk than the one added: mount the right one, or add it under another name", path);
}

int identity_open(const char *path, const char *id, struct error *err)
{
    struct error why = {0};
    struct identity found;

    int root = path_open_root(path);
    if (root == -ENOENT || root == -ENOTDIR)
        return offline(err, "%s is not there: plug the disk in or mount it", path);
    if (root < 0)
        return error_say(err, "EOFFLINE", -root, "%s cannot be opened: %s", path, strerrordesc_np(-root));
    int code = identity_read(root, &found, &why);
    if (!code && (identity_compare(id, found.text) == IDENTITIES_SAME || was_marked(root, id, &found)))
        return root;
    close(root);
    if (!code)
        return refuse(path, id, &found, err);
    error_say(err, "EOFFLINE", -code, "%s cannot be identified: %s", path, why.message ? why.message : "");
    error_clear(&why);
    return code;
}
