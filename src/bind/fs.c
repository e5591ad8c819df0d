/*
 * core.fs: files and folders by ordinary paths.
 */
#include "bind/bind.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/path.h"

static const char *kind_of(mode_t mode)
{
    switch (mode & S_IFMT) {
    case S_IFREG: return "file";
    case S_IFDIR: return "directory";
    case S_IFLNK: return "symlink";
    case S_IFIFO: return "fifo";
    case S_IFSOCK: return "socket";
    case S_IFBLK: return "block";
    case S_IFCHR: return "char";
    default: return "other";
    }
}

static int push_stat(lua_State *L, const struct stat *st)
{
    lua_createtable(L, 0, 8);
    lua_pushstring(L, kind_of(st->st_mode));
    lua_setfield(L, -2, "kind");
    lua_pushnumber(L, (double)st->st_mtim.tv_sec + (double)st->st_mtim.tv_nsec / 1e9);
    lua_setfield(L, -2, "mtime");
    bind_set_integer(L, "size", st->st_size);
    bind_set_integer(L, "mode", st->st_mode & 07777);
    bind_set_integer(L, "uid", st->st_uid);
    bind_set_integer(L, "gid", st->st_gid);
    bind_set_integer(L, "dev", (lua_Integer)st->st_dev);
    bind_set_integer(L, "ino", (lua_Integer)st->st_ino);
    return 1;
}

/* stat(path) -> table | nil, message, code: follows symlinks */
static int fs_stat(lua_State *L)
{
    const char *path = bind_check_path(L, 1);
    struct stat st;
    return stat(path, &st) < 0 ? bind_fail_errno(L, errno, path) : push_stat(L, &st);
}

/* lstat(path) -> the same of a symlink itself */
static int fs_lstat(lua_State *L)
{
    const char *path = bind_check_path(L, 1);
    struct stat st;
    return lstat(path, &st) < 0 ? bind_fail_errno(L, errno, path) : push_stat(L, &st);
}

/* written(path) -> bytes from the file's beginning to its first hole (base/file.h) | nil, message, code */
static int fs_written(lua_State *L)
{
    const char *path = bind_check_path(L, 1);
    int64_t bytes = file_written(path);

    if (bytes < 0)
        return bind_fail_errno(L, (int)-bytes, path);
    lua_pushinteger(L, bytes);
    return 1;
}

/* realpath(path) -> absolute path without symlinks */
static int fs_realpath(lua_State *L)
{
    const char *path = bind_check_path(L, 1);
    char real[PATH_MAX];

    if (!realpath(path, real))
        return bind_fail_errno(L, errno, path);
    lua_pushstring(L, real);
    return 1;
}

/* getcwd() -> path */
static int fs_getcwd(lua_State *L)
{
    char path[PATH_MAX];

    if (!getcwd(path, sizeof path))
        return bind_fail_errno(L, errno, "current folder");
    lua_pushstring(L, path);
    return 1;
}

static int push_names(lua_State *L)
{
    const struct names *names = lua_touserdata(L, 1);

    lua_createtable(L, names->count < INT_MAX ? (int)names->count : 0, 0);
    for (size_t i = 0; i < names->count; i++) {
        lua_pushstring(L, names->name[i]);
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
    return 1;
}

/* list(path) -> names sorted by bytes */
static int fs_list(lua_State *L)
{
    const char *path = bind_check_path(L, 1);
    struct names names = {0};
    struct error err = {0};

    if (file_list(path, &names, &err) < 0)
        return bind_fail(L, &err);
    lua_pushcfunction(L, push_names);
    lua_pushlightuserdata(L, &names);
    int code = lua_pcall(L, 1, 1, 0);
    names_free(&names);
    return code == LUA_OK ? 1 : lua_error(L);
}

/* mkdirs(path, mode = 0777) -> true */
static int fs_mkdirs(lua_State *L)
{
    const char *path = bind_check_path(L, 1);
    mode_t mode = (mode_t)bind_opt_integer(L, 2, 0777, 0, 07777);
    struct error err = {0};
    return bind_done(L, file_make_dirs(path, mode, &err), &err);
}

/* statvfs(path) -> {bytes_free, bytes_total, inodes_free, inodes_total}: free for an ordinary user; a total of 0: not counted */
static int fs_statvfs(lua_State *L)
{
    const char *path = bind_check_path(L, 1);
    struct statvfs st;

    if (statvfs(path, &st) < 0)
        return bind_fail_errno(L, errno, path);
    lua_createtable(L, 0, 4);
    bind_set_integer(L, "inodes_total", (lua_Integer)st.f_files);
    bind_set_integer(L, "bytes_free", (lua_Integer)(st.f_bavail * st.f_frsize));
    bind_set_integer(L, "bytes_total", (lua_Integer)(st.f_blocks * st.f_frsize));
    bind_set_integer(L, "inodes_free", (lua_Integer)st.f_favail);
    return 1;
}

/* read(path, max_bytes) -> bytes; code EFBIG when there are more */
static int fs_read(lua_State *L)
{
    const char *path = bind_check_path(L, 1);
    size_t max = (size_t)bind_opt_integer(L, 2, INT32_MAX, 0, INT64_MAX);
    struct buf bytes = {0};
    struct error err = {0};

    if (file_read(path, max, &bytes, &err) < 0) {
        buf_free(&bytes);
        return bind_fail(L, &err);
    }
    bind_push_buf(L, &bytes);
    return 1;
}

/* write(path, bytes, mode = 0666) -> true: replaces the file at once or not at all */
static int fs_write(lua_State *L)
{
    size_t len;
    const char *path = bind_check_path(L, 1), *bytes = luaL_checklstring(L, 2, &len);
    mode_t mode = (mode_t)bind_opt_integer(L, 3, 0666, 0, 07777);
    struct error err = {0};
    return bind_done(L, file_write(path, mode, bytes, len, &err), &err);
}

struct private_file {
    struct buf bytes, path;
};

static int push_private(lua_State *L)
{
    const struct private_file *file = lua_touserdata(L, 1);

    lua_pushlstring(L, file->bytes.data ? file->bytes.data : "", file->bytes.len);
    lua_pushlstring(L, file->path.data, file->path.len);
    return 2;
}

/* read_private(path, max_bytes) -> bytes, canonical_path: see file_read_private */
static int fs_read_private(lua_State *L)
{
    const char *path = bind_check_path(L, 1);
    size_t max = (size_t)bind_opt_integer(L, 2, INT32_MAX, 0, INT64_MAX);
    struct private_file file = {0};
    struct error err = {0};
    int code = file_read_private(path, max, &file.bytes, &file.path, &err), pushed = LUA_OK;

    if (!code) {
        lua_pushcfunction(L, push_private);
        lua_pushlightuserdata(L, &file);
        pushed = lua_pcall(L, 1, 2, 0);
    }
    buf_free(&file.bytes);
    buf_free(&file.path);
    if (code)
        return bind_fail(L, &err);
    return pushed == LUA_OK ? 2 : lua_error(L);
}

int luaopen_core_fs(lua_State *L)
{
    static const luaL_Reg functions[] = {
        {"getcwd", fs_getcwd}, {"list", fs_list}, {"lstat", fs_lstat}, {"mkdirs", fs_mkdirs}, {"read", fs_read},
        {"read_private", fs_read_private}, {"realpath", fs_realpath}, {"stat", fs_stat}, {"statvfs", fs_statvfs},
        {"write", fs_write}, {"written", fs_written}, {NULL, NULL},
    };
    luaL_newlib(L, functions);
    return 1;
}
