#include "index/identity.h"

#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/io.h"
#include "base/path.h"
#include "index/filesystem.h"

#define MARKER OUR_FOLDER "/database.json"
#define MARKER_MAX 65536

static bool plain_id(const char *text, size_t len)
{
    if (len < 8 || len >= IDENTITY_SIZE)
        return false;
    for (size_t i = 0; i < len; i++)
        if (!strchr("0123456789abcdefABCDEF-", text[i]))
            return false;
    return true;
}

/* SQLite reads JSON well; a parser of our own would be one more to trust with a disk's bytes. */
static int marker_id(const struct buf *json, char ret_id[IDENTITY_SIZE])
{
    sqlite3 *db = NULL;
    sqlite3_stmt *stmt = NULL;
    int code = -EBADMSG;

    if (sqlite3_open(":memory:", &db) == SQLITE_OK &&
        sqlite3_prepare_v2(db, "SELECT json_extract(?1, '$.id')", -1, &stmt, NULL) == SQLITE_OK) {
        sqlite3_bind_text64(stmt, 1, json->data, json->len, SQLITE_STATIC, SQLITE_UTF8);
        if (sqlite3_step(stmt) == SQLITE_ROW && sqlite3_column_type(stmt, 0) == SQLITE_TEXT) {
            const char *id = (const char *)sqlite3_column_text(stmt, 0);
            size_t len = (size_t)sqlite3_column_bytes(stmt, 0);
            if (plain_id(id, len)) {
                memcpy(ret_id, id, len + 1);
                code = 0;
            }
        }
    }
    sqlite3_finalize(stmt);
    sqlite3_close(db);
    return code;
}

static int read_marker(int root, char ret_id[IDENTITY_SIZE], struct error *err)
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

int identity_read(int root, char ret_id[IDENTITY_SIZE], bool *ret_marker, struct error *err)
{
    struct filesystem fs;
    struct stat st;

    int code = read_marker(root, ret_id, err);
    *ret_marker = code == 0;
    if (code != -ENOENT)
        return code;
    code = filesystem_of(root, &fs);
    if (code)
        return error_set(err, -code, "the database's root");
    if (fstat(root, &st) < 0)
        return error_set(err, errno, "the database's root");
    snprintf(ret_id, IDENTITY_SIZE, "fs:%s:%016llx:%llu", fs.type, (unsigned long long)fs.id,
             (unsigned long long)st.st_ino);
    return 0;
}

/* A random UUID, version 4 of RFC 4122. */
static int make_id(char id[IDENTITY_SIZE])
{
    unsigned char r[16];

    if (getrandom(r, sizeof r, 0) != sizeof r)
        return -EIO;
    r[6] = (unsigned char)((r[6] & 0x0f) | 0x40);
    r[8] = (unsigned char)((r[8] & 0x3f) | 0x80);
    snprintf(id, IDENTITY_SIZE, "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", r[0], r[1], r[2],
             r[3], r[4], r[5], r[6], r[7], r[8], r[9], r[10], r[11], r[12], r[13], r[14], r[15]);
    return 0;
}

int identity_write(int root, const char *name, char ret_id[IDENTITY_SIZE], struct error *err)
{
    struct timespec now = clock_split(clock_now());
    struct buf json = {0};
    char when[32];
    struct tm utc;

    int code = make_id(ret_id);
    if (code)
        return error_set(err, -code, "random numbers");
    strftime(when, sizeof when, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&now.tv_sec, &utc));
    buf_printf(&json, "{\"id\": \"%s\", \"database\": \"%s\", \"created\": \"%s\"}\n", ret_id, name, when);
    int dir = path_make_dirs(root, OUR_FOLDER, 0755);
    code = dir < 0 ? dir : io_replace_file(dir, "database.json", 0644, json.data, json.len);
    if (dir >= 0)
        close(dir);
    if (!code && fsync(root) < 0)
        code = -errno;
    buf_free(&json);
    return code ? error_set(err, -code, "%s", MARKER) : 0;
}

static int offline(struct error *err, const char *fmt, const char *path)
{
    char *text = NULL;

    if (asprintf(&text, fmt, path) < 0)
        text = NULL;
    error_say(err, "EOFFLINE", ENXIO, "%s", text ? text : path);
    free(text);
    return -ENXIO;
}

int identity_open(const char *path, const char *id, struct error *err)
{
    char found[IDENTITY_SIZE];
    struct error why = {0};
    bool marker;

    int root = path_open_root(path);
    if (root == -ENOENT || root == -ENOTDIR)
        return offline(err, "%s is not there: plug the disk in or mount it", path);
    if (root < 0)
        return error_say(err, "EOFFLINE", -root, "%s cannot be opened: %s", path, strerrordesc_np(-root));
    int code = identity_read(root, found, &marker, &why);
    if (!code && strcmp(found, id) == 0)
        return root;
    close(root);
    if (code) {
        error_say(err, "EOFFLINE", -code, "%s cannot be identified: %s", path, why.message ? why.message : "");
        error_clear(&why);
        return code;
    }
    if (!marker)
        return offline(err, "%s has no marker: its disk is not mounted there", path);
    return offline(err, "%s holds another disk than the one added: mount the right one, or add it under another name",
                   path);
}
