#include "index/opening.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"

static int open_folder(const char *path)
{
    const char *slash = strrchr(path, '/');
    char *folder = slash == path ? mem_strdup("/") : slash ? mem_strndup(path, (size_t)(slash - path)) : mem_strdup(".");
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    free(folder);
    return fd;
}

static int lock(int fd, int how)
{
    int code;

    while ((code = flock(fd, how)) < 0 && errno == EINTR)
        ;
    return code;
}

static bool is_empty(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 ? st.st_size == 0 : errno == ENOENT;
}

int opening_turn(const char *path)
{
    int fd = open_folder(path);

    if (fd < 0)
        return -1;
    if (lock(fd, LOCK_SH) < 0 || (is_empty(path) && lock(fd, LOCK_EX) < 0)) {
        close(fd);
        return -1;
    }
    return fd;
}

/* Is there anything to be read? */
static int look(sqlite3 *db) { return sqlite3_exec(db, "SELECT count(*) FROM sqlite_master", NULL, NULL, NULL); }

static bool has_unwritten(const char *path)
{
    struct buf name = {0};
    struct stat st;

    buf_printf(&name, "%s-wal", path);
    bool found = stat(buf_str(&name), &st) == 0 && st.st_size > 0;
    buf_free(&name);
    return found;
}

/* As a file that nobody changes: the only way where its -wal and -shm are neither there nor to be made. */
static int open_immutable(const char *path, sqlite3 **ret_db)
{
    struct buf uri = {0};

    buf_printf(&uri, "file:");
    for (const unsigned char *at = (const unsigned char *)path; *at; at++)
        buf_printf(&uri, *at <= ' ' || *at >= 127 || strchr("?#%&", *at) ? "%%%02x" : "%c", *at);
    buf_printf(&uri, "?immutable=1");
    int code = sqlite3_open_v2(buf_str(&uri), ret_db, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX, NULL);
    buf_free(&uri);
    return code == SQLITE_OK ? look(*ret_db) : code;
}

int opening_readonly(const char *path, sqlite3 **ret_db)
{
    int code = sqlite3_open_v2(path, ret_db, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, NULL);

    if (code == SQLITE_OK)
        code = look(*ret_db);
    int kind = code & 0xff;
    if (kind != SQLITE_CANTOPEN && kind != SQLITE_READONLY)
        return code;
    if (has_unwritten(path))
        return SQLITE_READONLY_RECOVERY;
    sqlite3_close_v2(*ret_db);
    return open_immutable(path, ret_db);
}
